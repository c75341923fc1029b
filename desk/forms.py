"""Forms of the screens that join apps."""

from __future__ import annotations

from typing import Any

from clinic import drafts
from clinic.forms import ActionForm
from clinic.models import User
from desk.actions import archive_patient, log_visit
from patients.actions import restore_patient
from patients.models import Patient
from treatments.actions import change_visit, sign_visit
from treatments.forms.visits import VisitForm
from treatments.models import Course, Visit
from treatments.terms import VisitKind


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
    """The visit form: saves the note and closes the appointment it fulfils, and signs if asked."""

    @property
    def draft_name(self) -> str:
        return draft_of(self.course, self.kind, self.visit)

    def act(self, by: User) -> Visit:
        if self.visit is None:
            saved = log_visit(course=self.course, kind=self.kind, by=by, **self.details)
        else:
            version = self.cleaned_data["version"] or 0
            saved = change_visit(visit=self.visit, version=version, by=by, **self.details)
        if self.is_signing:
            saved = sign_visit(visit=saved, by=by, passed=self.passed)
        drafts.drop(form=self.draft_name, by=by)
        return saved


def draft_of(course: Course, kind: VisitKind, visit: Visit | None) -> str:
    """Name the draft of a visit's form: of the note, or of the next one of its kind."""
    return f"visit {visit.pk}" if visit else f"course {course.pk} {kind}"
