"""The questions of a screening and the fields they are answered in. Nothing is preselected, and a
missing answer stays None."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.terms import Answer

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

YES_NO = [("True", _("Yes")), ("False", _("No"))]
ANSWERS = [(Answer.YES.value, _("Yes")), (Answer.NO.value, _("No")), (Answer.UNKNOWN.value, _("?"))]
GRADES = [(str(value), str(value)) for value in range(4)]


def yes_no(label: StrOrPromise, help_text: StrOrPromise = "") -> forms.TypedChoiceField:
    """Return a question whose missing answer stays None."""
    return forms.TypedChoiceField(
        label=label,
        choices=YES_NO,
        coerce=lambda value: value == "True",
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
        help_text=help_text,
    )


def graded(label: StrOrPromise, help_text: StrOrPromise = "") -> forms.TypedChoiceField:
    """Return a 0 to 3 grade whose missing answer stays None."""
    return forms.TypedChoiceField(
        label=label,
        choices=GRADES,
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
        help_text=help_text,
    )


def one_of(
    label: StrOrPromise, choices: list[tuple[str, Any]], help_text: StrOrPromise = ""
) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=choices, required=False, widget=forms.RadioSelect, help_text=help_text
    )


def some_of(label: StrOrPromise, choices: list[tuple[str, Any]]) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, choices=choices, required=False, widget=forms.CheckboxSelectMultiple
    )
