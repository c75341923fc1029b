"""Forms of the screens that join apps."""

from __future__ import annotations

from typing import Any

from clinic.forms import ActionForm
from clinic.models import User
from desk.actions import archive_patient, log_visit
from patients.actions import restore_patient
from patients.models import Patient
from treatments.forms.visits import VisitForm
from treatments.models import Visit


class ArchiveForm(ActionForm):
    """One button: archive, or bring back."""

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        self.patient = patient
        super().__init__(*args, **kwargs)

    def act(self, by: User) -> Patient:
        if self.patient.archived_at:
            return restore_patient(patient=self.patient, by=by)
        return archive_patient(patient=self.patient, by=by)


class LogVisitForm(VisitForm):
    """The visit form, which also closes the appointment that the visit fulfils."""

    def act(self, by: User) -> Visit:
        return log_visit(by=by, **self.details)
