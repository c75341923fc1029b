"""Where each course stands today, in the words and groups of the boards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.utils.translation import gettext as _

from appointments.models import Appointment
from appointments.strips import strips_of
from clinic.strip import GateState, Mark, State, Strip
from clinic.templatetags.components import short_day
from treatments.models import Course
from treatments.models.course import CourseQuerySet
from treatments.terms import CourseState

FINISHING = 2  # sessions left


class Group(StrEnum):
    """Groups of the course board, in the order in which they need a person."""

    OVERDUE = "overdue"
    DUE = "due"
    FINISHING = "finishing"
    ON_TRACK = "on_track"
    PAUSED = "paused"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Standing:
    """One course on a board: its strip, its group, and what to say about it."""

    course: Course
    strip: Strip
    group: Group
    kind: str
    words: str
    next: Appointment | None


def standings(courses: CourseQuerySet, today: date) -> list[Standing]:
    """Say where each open course stands; a constant number of queries."""
    rows = list(courses.with_sessions())
    strips = strips_of(rows, today)
    coming: dict[int, Appointment] = {}
    booked = Appointment.objects.live().filter(course__in=rows, starts_at__date__gte=today)
    for appointment in booked.not_done().select_related("practitioner").order_by("starts_at"):
        if appointment.course_id:
            coming.setdefault(appointment.course_id, appointment)
    return [standing_of(course, strips[course.pk], coming.get(course.pk)) for course in rows]


def standing_of(course: Course, strip: Strip, coming: Appointment | None) -> Standing:
    """Say where one course stands, from its strip."""
    group, kind, words = said(course, strip, waiting(strip))
    return Standing(course, strip, group, kind, words, coming)


def waiting(strip: Strip) -> Mark | None:
    """Return the first session that was not held."""
    return next((mark for mark in strip.marks if mark.state != State.DONE), None)


def said(course: Course, strip: Strip, mark: Mark | None) -> tuple[Group, str, str]:
    """Return the group, the kind of state and its words."""
    if not course.is_open:
        closed = {"state": course.get_state_display(), "day": short_day(course.state_changed_on)}
        return Group.CLOSED, "none", _("%(state)s %(day)s") % closed
    if course.state == CourseState.PAUSED:
        # The reason may be clinical, and this line stands on the desk's screens too.
        return (
            Group.PAUSED,
            "none",
            _("Paused since %(day)s") % {"day": short_day(course.state_changed_on)},
        )
    if mark is None:
        return Group.FINISHING, "attention", _("All sessions held. Complete the course")
    if mark.state == State.OVERDUE:
        return Group.OVERDUE, "attention", _("%(days)d days late") % {"days": mark.days_late or 0}
    if mark.state == State.MISSED:
        return (
            Group.DUE,
            "stop",
            _("Missed %(day)s, nothing booked since") % {"day": short_day(mark.on)},
        )
    if mark.state == State.NEXT and mark.is_open:
        words = _("Not booked, due by %(day)s")
        if course.state == CourseState.PLANNED:
            words = _("Planned, not booked, due by %(day)s")
        return Group.DUE, "attention", words % {"day": short_day(mark.due_by)}
    if mark.gap_is_outside and mark.gap is not None:
        odd = _("Booked %(days)d days after the session before, allowed %(low)d to %(high)d") % {
            "days": mark.gap,
            "low": course.interval_min_days,
            "high": course.interval_max_days,
        }
        return Group.ON_TRACK, "attention", odd
    left = strip.planned - strip.done
    group = Group.FINISHING if left <= FINISHING else Group.ON_TRACK
    if mark.state == State.NEXT:
        return group, "plain", _("Not booked, due from %(day)s") % {"day": short_day(mark.due_from)}
    return group, "fine", _("Today") if mark.state == State.TODAY else _("On track")


def review_is_due(strip: Strip) -> bool:
    return any(gate.state == GateState.DUE for gate in strip.gates)
