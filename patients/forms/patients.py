"""Registering a patient and changing her contact details."""

from __future__ import annotations

from copy import copy
from typing import Any

from crispy_forms.layout import HTML, Div
from django import forms
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from clinic.forms import Versioned, helper, submission_key
from clinic.layout import Plain, Segmented, Tick
from clinic.models import User
from patients.actions import change_patient, register_patient
from patients.models import Patient, PatientQuerySet
from patients.terms import Sex

OLDEST = 120  # years


class PatientForm(Versioned, forms.ModelForm):  # type: ignore[type-arg]
    """Contact details. A patient who may be registered already is asked about first."""

    submission = submission_key()
    not_the_same = forms.BooleanField(
        label=_("I have looked: this is somebody else"), required=False
    )
    sex_at_birth = forms.ChoiceField(
        label=_("Sex at birth"),
        choices=Sex.choices,
        widget=forms.RadioSelect,
        help_text=_("Decides whether pregnancy is asked about."),
    )

    class Meta:
        model = Patient
        fields = [
            "given_name",
            "family_name",
            "birth_date",
            "sex_at_birth",
            "phone",
            "email",
            "language",
            "may_be_texted",
            "may_be_emailed",
            "emergency_contact",
        ]
        widgets = {"birth_date": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, hint in {
            "given_name": "given-name",
            "family_name": "family-name",
            "email": "email",
        }.items():
            # The patient's details are not those of the person who types: no autofill.
            self.fields[name].widget.attrs["autocomplete"] = "off"
            self.fields[name].widget.attrs["data-kind"] = hint
        self.fields["phone"].widget.attrs.update({"type": "tel", "autocomplete": "off"})
        self.fields["birth_date"].widget.attrs["max"] = timezone.localdate().isoformat()
        self.maybe_same: PatientQuerySet = Patient.objects.none()
        self.helper = helper(self)

    def layout(self) -> list[Any]:
        return [
            Div(Plain("given_name"), Plain("family_name"), css_class="row-fields"),
            Div(
                Plain("birth_date", width="mid"), Segmented("sex_at_birth"), css_class="row-fields"
            ),
            Div(Plain("phone"), Plain("language"), css_class="row-fields"),
            HTML(f'<h2 class="section-head section">{gettext("Reaching her or him")}</h2>'),
            Plain("email"),
            Tick("may_be_texted"),
            Tick("may_be_emailed"),
            Plain("emergency_contact"),
        ]

    def clean_birth_date(self) -> Any:
        born = self.cleaned_data["birth_date"]
        today = timezone.localdate()
        if born > today:
            raise forms.ValidationError(_("The birth date lies in the future."))
        if today.year - born.year > OLDEST:
            raise forms.ValidationError(
                _("The birth date is more than 120 years ago. Check the year.")
            )
        return born

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("may_be_emailed") and not cleaned.get("email"):
            self.add_error("email", _("Give an e-mail address, or untick reminders by e-mail."))
        if not self.errors and not cleaned.get("not_the_same"):
            self.ask_about_the_same()
        return cleaned

    def ask_about_the_same(self) -> None:
        """Stop at somebody who may be the same person, until the desk has looked."""
        new = self.cleaned_data
        same = Patient.objects.maybe_same(
            name=f"{new['given_name']} {new['family_name']}",
            birth_date=new["birth_date"],
            phone=str(new["phone"]),
        )
        if self.instance.pk:
            if not {"given_name", "family_name", "birth_date", "phone"} & set(self.changed_data):
                return
            same = same.exclude(pk=self.instance.pk)
        self.maybe_same = same[:5]
        if self.maybe_same:
            count = len(self.maybe_same)
            raise forms.ValidationError(
                ngettext(
                    "Maybe the same person: %(count)d patient shares the name and birth date, or the phone.",
                    "Maybe the same person: %(count)d patients share the name and birth date, or the phone.",
                    count,
                )
                % {"count": count}
            )

    @property
    def details(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.Meta.fields}

    def act(self, by: User) -> Patient:
        return register_patient(by=by, **self.details)


class ChangePatientForm(PatientForm):
    """The same, for a patient who is registered; refuses to overwrite what others saved."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    opened = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, instance: Patient, **kwargs: Any) -> None:
        initial = {"version": instance.version}
        # Validation writes what was typed onto the instance, and the page shows the patient too.
        super().__init__(*args, instance=copy(instance), initial=initial, **kwargs)
        self.remember()

    def reopened(self) -> ChangePatientForm:
        return ChangePatientForm(instance=Patient.objects.get(pk=self.instance.pk))

    def act(self, by: User) -> Patient:
        version = self.cleaned_data["version"]
        return change_patient(patient=self.instance, version=version, by=by, **self.details)
