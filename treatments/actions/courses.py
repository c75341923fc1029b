"""The only writers of courses."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic import audit
from clinic.models import User
from clinic.refusal import Refused
from patients.models import Patient, Screening
from patients.terms import Area
from patients.wording import area_names
from treatments.models import Course, CourseArea
from treatments.models.course import OPEN, CourseState
from treatments.rules import cadence

# From each state, the states that may follow. A closed course is not opened again.
MOVES: dict[CourseState, frozenset[CourseState]] = {
    CourseState.ACTIVE: frozenset({CourseState.PAUSED, CourseState.COMPLETED, CourseState.STOPPED}),
    CourseState.PAUSED: frozenset({CourseState.ACTIVE, CourseState.STOPPED}),
    CourseState.COMPLETED: frozenset(),
    CourseState.STOPPED: frozenset(),
}


@transaction.atomic
def open_course(
    *,
    screening: Screening,
    areas: Collection[Area],
    planned_sessions: int,
    interval_days: int,
    practitioner: User,
    by: User,
) -> Course:
    """Open a course from an accepted screening, for some of the areas it accepted.

    Refused while another course treats one of them, and once a newer screening was decided.
    """
    patient = Patient.objects.select_for_update().get(pk=screening.patient_id)
    if not screening.is_accepted:
        raise Refused(_("A course starts with an accepted screening."))
    newer = screening.newer
    if newer:
        raise Refused(
            _("The screening of %(day)s has superseded this one. Start from that one.")
            % {"day": date_format(newer.started_on)}
        )
    if patient.archived_at:
        raise Refused(_("This patient is archived. Bring the patient back first."))
    outside = [area for area in areas if area not in screening.accepted_areas]
    if outside or not areas:
        raise Refused(_("Choose among the areas that the screening accepted."), field="areas")
    taken = CourseArea.objects.filter(patient=patient, area__in=areas, is_open=True)
    clash = [Area(row.area) for row in taken]
    if clash:
        raise Refused(
            _("A course for %(areas)s is open already. Complete or stop it first.")
            % {"areas": area_names(clash)},
            field="areas",
        )
    course = Course.objects.create(
        patient=patient,
        screening=screening,
        practitioner=practitioner,
        planned_sessions=planned_sessions,
        interval_days=interval_days,
        interval_max_days=max(21, interval_days * 3),
        opened_by=by,
    )
    CourseArea.objects.bulk_create(
        CourseArea(course=course, patient=patient, area=area) for area in areas
    )
    project_due(course)
    audit.record("course opened", by=by, patient=patient.code, target=f"course {course.pk}")
    return course


@transaction.atomic
def change_course_state(
    *, course: Course, to: CourseState, by: User, reason: str = "", on: date | None = None
) -> Course:
    """Pause, resume, complete or stop a course. Pausing, stopping and completing early ask why."""
    current = Course.objects.select_for_update().select_related("patient").get(pk=course.pk)
    if to not in MOVES[CourseState(current.state)]:
        raise Refused(
            _("The course is %(state)s, so this cannot be done.")
            % {"state": current.get_state_display().lower()}
        )
    if to in (CourseState.PAUSED, CourseState.STOPPED) and not reason.strip():
        raise Refused(_("Give the reason."), field="reason")
    left = current.planned_sessions - current.visits.treatments().count()
    if to == CourseState.COMPLETED and left and not reason.strip():
        raise Refused(
            ngettext(
                "%(left)d session is left. Give the reason to complete without it.",
                "%(left)d sessions are left. Give the reason to complete without them.",
                left,
            )
            % {"left": left},
            field="reason",
        )
    current.state, current.state_reason = to, reason.strip()
    current.state_changed_on = on or timezone.localdate()
    current.save(update_fields=["state", "state_reason", "state_changed_on"])
    # In step with the state of the course: closed areas are free for a new one.
    CourseArea.objects.filter(course=current).update(is_open=to in OPEN)
    project_due(current)
    audit.record(
        f"course {to.value}", by=by, patient=current.patient.code, target=f"course {current.pk}"
    )
    return current


def project_due(course: Course) -> None:
    """Store when the next session is due. The only writer of the projection."""
    held = [visit.as_held for visit in course.visits.treatments()]
    window = cadence.window(course.facts, held)
    course.due_from = window.due_from if window else None
    course.due_by = window.due_by if window else None
    course.save(update_fields=["due_from", "due_by"])
