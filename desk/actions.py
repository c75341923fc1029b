"""Actions whose rule needs several floors; the writing is done by the floor below."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from appointments.actions import link_visit
from appointments.models import Appointment
from appointments.terms import LIVE, Kind
from clinic import files
from clinic.models import User
from clinic.refusal import Refused
from patients import actions
from patients.models import Patient
from treatments.actions import record_visit
from treatments.findings import Findings
from treatments.imaging import Prepared
from treatments.models import Course, Visit
from treatments.terms import View, VisitKind

# The appointments that a visit of each kind keeps. A baseline is taken on the way to session 1.
FULFILS: dict[VisitKind, tuple[Kind, ...]] = {
    VisitKind.BASELINE: (),
    VisitKind.TREATMENT: (Kind.SESSION,),
    VisitKind.REVIEW: (Kind.REVIEW,),
    VisitKind.FOLLOW_UP: (Kind.FOLLOW_UP,),
}


@transaction.atomic
def archive_patient(*, patient: Patient, by: User) -> Patient:
    """Take a patient out of the lists, unless a course is open or a date is booked."""
    if Course.objects.open().filter(patient=patient).exists():
        raise Refused(_("A course is open. Complete or stop it before archiving."))
    if Appointment.objects.coming(timezone.now()).filter(patient=patient).exists():
        raise Refused(_("A date is booked. Cancel it before archiving."))
    return actions.archive_patient(patient=patient, by=by)


@files.following_rows()
@transaction.atomic
def log_visit(
    *,
    course: Course,
    kind: VisitKind,
    held_on: date,
    findings: Findings,
    by: User,
    photos: Mapping[View, Prepared] | None = None,
) -> Visit:
    """Record a visit and close the appointment of that day which it fulfils, if there is one."""
    visit = record_visit(
        course=course, kind=kind, held_on=held_on, findings=findings, photos=photos, by=by
    )
    promised = (
        Appointment.objects.on_day(held_on)
        .filter(course=course, kind__in=FULFILS[kind], visit=None, status__in=LIVE)
        .order_by("starts_at")
        .first()
    )
    if promised is not None:
        link_visit(appointment=promised, visit=visit, by=by)
    return visit
