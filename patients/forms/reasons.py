"""Why somebody came and which areas bother her: at the start, and changed while it is open."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from clinic.forms import ActionForm
from clinic.models import User
from patients.actions import change_reason, start_screening
from patients.models import Patient, Screening
from patients.terms import Area
from patients.wording import BOTH_SIDES


class ReasonForm(ActionForm):
    """Why somebody came, and the regions that bother her; both sides are examined."""

    her_words = forms.CharField(
        label=_("Reason for the visit, in her or his own words"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    deadline_on = forms.DateField(
        label=_("Wanted by"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("A course of 10 to 15 weekly sessions takes about three months."),
    )
    regions = forms.MultipleChoiceField(
        label=_("Which areas?"),
        choices=[(base, capfirst(name)) for base, name in BOTH_SIDES.items()],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one area.")},
    )

    def layout(self) -> list[Any]:
        return []

    def clean_deadline_on(self) -> Any:
        day = self.cleaned_data["deadline_on"]
        if day and day < timezone.localdate():
            raise forms.ValidationError(_("This day has passed."))
        return day

    @property
    def areas(self) -> list[Area]:
        return [area for area in Area if area.base in self.cleaned_data["regions"]]

    def locate(self, result: Any) -> str:
        return reverse("patients:screening-findings", args=[result.pk])


class StartScreeningForm(ReasonForm):
    """The reason of a new screening."""

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        self.patient = patient
        super().__init__(*args, **kwargs)

    def act(self, by: User) -> Screening:
        return start_screening(
            patient=self.patient,
            areas=self.areas,
            her_words=self.cleaned_data["her_words"],
            deadline_on=self.cleaned_data["deadline_on"],
            by=by,
        )


class ChangeReasonForm(ReasonForm):
    """Another reason or other areas, while the screening is open."""

    drop_examined = forms.BooleanField(
        label=_("Leave out what was seen on the areas that are taken away"), required=False
    )

    def __init__(self, *args: Any, screening: Screening, **kwargs: Any) -> None:
        self.screening = screening
        initial = {
            "her_words": screening.her_words,
            "deadline_on": screening.deadline_on,
            "regions": sorted({area.base for area in screening.areas}),
        }
        super().__init__(*args, initial=initial, **kwargs)

    def clean_deadline_on(self) -> Any:
        day = self.cleaned_data["deadline_on"]
        # A date that was given earlier may have passed by now, and stays what she said.
        return day if day == self.screening.deadline_on else super().clean_deadline_on()

    def act(self, by: User) -> Screening:
        return change_reason(
            screening=self.screening,
            areas=self.areas,
            her_words=self.cleaned_data["her_words"],
            deadline_on=self.cleaned_data["deadline_on"],
            drop_examined=self.cleaned_data["drop_examined"],
            by=by,
        )
