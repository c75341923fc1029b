"""Strips of many courses at once: sessions held, reviews written and dates promised, in a
constant number of queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from django.urls import reverse

from appointments.models import Appointment
from appointments.terms import Kind, Status
from clinic.strip import State, Strip
from treatments.models import Course
from treatments.rules import cadence
from treatments.rules.strip import plan
from treatments.selectors.progress import reviews_written
from treatments.terms import VisitKind


def strips_of(
    courses: Iterable[Course], today: date, *, books: bool = False, reads: bool = False
) -> dict[int, Strip]:
    """Return the strip of each course, by its key.

    The courses come from `Course.objects.with_sessions()`. For people who `books`, the marks that
    wait for a date lead to booking. For people who `reads` the record, sessions lead to their
    visits and it is said why a course was closed, which may be clinical.
    """
    rows = list(courses)
    promises: dict[int | None, list[cadence.Promise]] = {course.pk: [] for course in rows}
    booked = Appointment.objects.filter(course__in=rows).order_by("starts_at")
    for appointment in booked:
        promises[appointment.course_id].append(appointment.as_promise)
    booking = reverse("appointments:appointment-add")
    strips = {}
    for course in rows:
        strip = plan(
            course.facts,
            course.sessions,
            promises[course.pk],
            today=today,
            reviews_written=reviews_written(course),
            checks=[cadence.Check(visit.held_on) for visit in course.held(VisitKind.FOLLOW_UP)],
            book_url=f"{booking}?course={course.pk}" if books else None,
        )
        strips[course.pk] = strip if reads else without_record(strip)
    return strips


def without_record(strip: Strip) -> Strip:
    """Leave out what only readers of the record may know or open."""
    marks = tuple(
        replace(mark, url=None) if mark.state == State.DONE else mark for mark in strip.marks
    )
    return replace(strip, marks=marks, closed_reason="")


def number_of(row: Appointment, strip: Strip | None) -> int | None:
    """Return which session of its course an appointment is for, None where that is not known."""
    if strip is None or row.kind != Kind.SESSION:
        return None
    for mark in strip.marks:
        if mark.on == row.starts_on or row.starts_on in {miss.on for miss in mark.missed_before}:
            return mark.number
    # Kept today, but not recorded yet: it is the first session without a date.
    if row.status == Status.DONE and row.visit_id is None:
        return next((mark.number for mark in strip.marks if mark.state != State.DONE), None)
    return None
