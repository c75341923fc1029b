"""The points of one area, as the body map writes them into a field."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from treatments.point_map import Point, read_marks


class MarksField(forms.CharField):
    """Points on the drawing as JSON pairs from 0 to 1, as the map writes them."""

    # Not a hidden field to Django: what two people marked must be merged like any answer.
    widget = forms.TextInput(attrs={"hidden": True})

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else json.dumps(value or [])

    def clean(self, value: Any) -> list[Point]:
        try:
            return read_marks(super().clean(value))
        except ValueError as error:
            words = _("The points on the map could not be read. Mark them again.")
            raise forms.ValidationError(words) from error


def marks_in(text: Any) -> list[Point]:
    """Return the points that stand in a field, none where they cannot be read."""
    try:
        return read_marks(str(text or ""))
    except ValueError:
        return []
