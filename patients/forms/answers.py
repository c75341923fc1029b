"""The questions of a screening and the fields they are answered in. Nothing is preselected, and a
missing answer stays None."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.terms import Answer, SafetyItem

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

YES_NO = [("True", _("Yes")), ("False", _("No"))]
ANSWERS = [(Answer.YES.value, _("Yes")), (Answer.NO.value, _("No")), (Answer.UNKNOWN.value, _("?"))]
GRADES = [(str(value), str(value)) for value in range(4)]

QUESTIONS: tuple[tuple[StrOrPromise, tuple[SafetyItem, ...]], ...] = (
    (
        _("Now"),
        (
            SafetyItem.PREGNANCY,
            SafetyItem.BREASTFEEDING,
            SafetyItem.TRYING_TO_CONCEIVE,
            SafetyItem.FEVER_OR_INFECTION,
            SafetyItem.AUTOIMMUNE_FLARE,
            SafetyItem.SUNBURN_OR_FRESH_TAN,
            SafetyItem.PROCEDURE_UNDER_4_WEEKS,
        ),
    ),
    (
        _("Illness"),
        (
            SafetyItem.ACTIVE_CANCER,
            SafetyItem.INSULIN_TREATED_DIABETES,
            SafetyItem.UNCONTROLLED_DIABETES,
            SafetyItem.STROKE_OR_CLOT_HISTORY,
            SafetyItem.CLOTTING_DISORDER,
            SafetyItem.SERIOUS_HEART_DISEASE,
            SafetyItem.CARDIAC_ARRHYTHMIA,
            SafetyItem.SERIOUS_KIDNEY_DISEASE,
            SafetyItem.SERIOUS_LIVER_DISEASE,
            SafetyItem.ORGAN_TRANSPLANT,
            SafetyItem.IMMUNOSUPPRESSION,
            SafetyItem.UNCONTROLLED_HIV,
            SafetyItem.LYMPHOEDEMA_OF_LIMB,
        ),
    ),
    (
        _("Medicines and tendencies"),
        (
            SafetyItem.THERAPEUTIC_ANTICOAGULANT,
            SafetyItem.ANTIPLATELET_OR_NSAID,
            SafetyItem.PREVIOUS_GRANULOMATOUS_REACTION,
            SafetyItem.PREVIOUS_ANAPHYLAXIS,
            SafetyItem.KELOID_TENDENCY,
            SafetyItem.EPILEPSY,
            SafetyItem.SMOKER,
            SafetyItem.NEEDLE_FAINT,
        ),
    ),
)


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
