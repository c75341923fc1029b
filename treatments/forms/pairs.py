"""The marks of a pair, as the page sends them."""

from __future__ import annotations

import math
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.models import User
from clinic.refusal import Refused
from treatments.actions.pairs import align_pair, reset_alignment
from treatments.models import Photo
from treatments.models.pair import COORDINATES


class AlignForm(forms.Form):
    """Two marks on both photographs, in shares of width and height; or `reset`.

    It may be sent again and again while somebody nudges, so it carries no submission key.
    """

    reset = forms.BooleanField(required=False)

    def __init__(self, *args: Any, first: Photo, second: Photo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.first, self.second = first, second
        self.refusal = ""
        for name in COORDINATES:
            self.fields[name] = forms.FloatField(required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        values = [cleaned.get(name) for name in COORDINATES]
        if not cleaned.get("reset") and not all(
            value is not None and math.isfinite(value) for value in values
        ):
            raise forms.ValidationError(_("Set both marks on both photographs."))
        return cleaned

    def keep(self, *, by: User) -> bool:
        """Keep the marks, or reset them; return whether that is done."""
        if not self.is_valid():
            self.refusal = str(_("Set both marks on both photographs."))
            return False
        if self.cleaned_data["reset"]:
            reset_alignment(first=self.first, second=self.second, by=by)
            return True
        x = self.cleaned_data
        try:
            align_pair(
                first=self.first,
                second=self.second,
                on_first=((x["first_ax"], x["first_ay"]), (x["first_bx"], x["first_by"])),
                on_second=((x["second_ax"], x["second_ay"]), (x["second_bx"], x["second_by"])),
                by=by,
            )
        except Refused as refused:
            self.refusal = refused.message
            return False
        return True
