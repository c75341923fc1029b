"""The questions of a screening and the fields they are answered in. Nothing is preselected, and a
missing answer stays None."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
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


def pcss(label: StrOrPromise, help_text: StrOrPromise = "") -> forms.TypedChoiceField:
    """Return a 0 to 4 number of a licensed photo scale; its pictures are not ours to show."""
    field = graded(label, help_text)
    field.choices = [(str(value), str(value)) for value in range(5)]
    return field


def numbered(
    label: StrOrPromise, numerals: tuple[str, ...], help_text: StrOrPromise = ""
) -> forms.TypedChoiceField:
    """Return a scale that counts from 1 and is written in Roman numerals."""
    return forms.TypedChoiceField(
        label=label,
        choices=[(str(number), numeral) for number, numeral in enumerate(numerals, start=1)],
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


def some_of(
    label: StrOrPromise, choices: list[tuple[str, Any]], help_text: StrOrPromise = ""
) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        choices=choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=help_text,
    )


NONE_SEEN = "none"


class SignsField(forms.MultipleChoiceField):
    """Signs that were looked for: a list of codes, [] where none was seen, None where nobody looked."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, label: StrOrPromise, choices: list[tuple[str, Any]]) -> None:
        super().__init__(
            label=label, choices=[(NONE_SEEN, _("None of these")), *choices], required=False
        )

    def prepare_value(self, value: Any) -> Any:
        return [NONE_SEEN] if value == [] else value

    def bound_data(self, data: Any, initial: Any) -> Any:
        return data or None  # nothing ticked is no answer, not "none of these"

    def clean(self, value: Any) -> Any:
        codes = super().clean(value)
        if NONE_SEEN in codes and len(codes) > 1:
            raise forms.ValidationError(_("“None of these” and a sign are both ticked."))
        if not codes:
            return None
        return [code for code in codes if code != NONE_SEEN]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


def count(label: StrOrPromise, highest: int, help_text: StrOrPromise = "") -> forms.IntegerField:
    """Return a whole number from 0 to `highest` whose missing answer stays None."""
    return forms.IntegerField(
        label=label, min_value=0, max_value=highest, required=False, help_text=help_text
    )


def day(label: StrOrPromise, help_text: StrOrPromise = "") -> forms.DateField:
    """Return a day in the past."""
    return PastDateField(
        label=label,
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=help_text,
    )


class PastDateField(forms.DateField):
    """A day that has come."""

    def clean(self, value: Any) -> Any:
        given = super().clean(value)
        if given and given > timezone.localdate():
            raise forms.ValidationError(_("The date lies in the future."))
        return given
