"""The cadence, asked about dates that are only booked: what is too early, what is late."""

from __future__ import annotations

from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from appointments.models import Appointment
from appointments.terms import OPEN, Kind, Status
from treatments.models import Course
from treatments.rules import cadence
from treatments.wording import sentence, written


def next_day(course: Course) -> date:
    """Return the first day on which another session may be booked."""
    return max(timezone.localdate(), cadence.earliest(course.facts, dates(course)))


def lateness(appointment: Appointment) -> str:
    """Say that a session is booked later than its protocol allows; "" when it is not."""
    course = appointment.course
    if course is None or appointment.kind != Kind.SESSION:
        return ""
    others = dates(course, but=appointment)
    flag = cadence.flag_interval(course.facts, others, appointment.starts_on)
    return sentence(flag.reason) if flag else ""


def earliness(appointment: Appointment) -> str:
    """Say that a session is too close to another of its course, held or booked; "" when not."""
    course = appointment.course
    if course is None or appointment.kind != Kind.SESSION:
        return ""
    held = [visit.as_held for visit in course.visits.treatments().with_floor()]
    early = cadence.check_interval(course.facts, held, appointment.starts_on)
    if early is not None:
        return sentence(early)
    all_dates = dates(course, but=appointment)
    near = cadence.check_interval(course.facts, all_dates, appointment.starts_on)
    if near is None:
        return ""
    words = _(
        "Session %(number)d is booked on %(date)s; "
        "at least %(floor)d days are needed between sessions."
    )
    return words % written(near)


def is_full(course: Course, *, but: Appointment | None = None) -> bool:
    """Whether every session that the course comes to is held or booked."""
    held = [visit.as_held for visit in course.visits.treatments().with_floor()]
    return course.earlier_sessions + len(dates(course, but=but)) >= cadence.to_hold(
        course.facts, held
    )


def dates(course: Course, *, but: Appointment | None = None) -> list[cadence.Held]:
    """Return the days of all sessions: held, kept but not recorded yet, and booked.

    An appointment of an earlier day that nobody closed is not a date, as in the cadence.
    """
    held = [visit.as_held for visit in course.visits.treatments().with_floor()]
    recorded = {visit.on for visit in held}
    today = timezone.localdate()
    rows = course.appointments.filter(kind=Kind.SESSION, visit=None).order_by("starts_at")
    if but is not None and but.pk:
        rows = rows.exclude(pk=but.pk)
    promised = [
        row.starts_on
        for row in rows
        if row.starts_on not in recorded
        and (row.status == Status.DONE or (row.status in OPEN and row.starts_on >= today))
    ]
    return [*held, *(cadence.Held(len(held) + n, on) for n, on in enumerate(promised, start=1))]
