"""Form fields that several floors use."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms

# No exponents: 1e9999999 is a number that no database and no patient can hold.
PLAIN_NUMBER = re.compile(r"[+-]?\d{1,6}(\.\d{0,6})?")


class DecimalEntry(forms.DecimalField):
    """A number typed with a comma or a point, on a keypad of digits."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"inputmode": "decimal", "autocomplete": "off"}
        super().__init__(widget=forms.TextInput(attrs=attrs), **kwargs)

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        if isinstance(value, str):
            value = value.strip().replace(",", ".")
            if value and not PLAIN_NUMBER.fullmatch(value):
                raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)
