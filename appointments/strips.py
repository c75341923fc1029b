"""Strips of many courses at once: sessions held and dates promised, in a constant number of
queries."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.urls import reverse

from appointments.models import Appointment
from clinic.strip import Strip
from treatments.models import Course, Visit
from treatments.rules import cadence
from treatments.terms import VisitKind


def strips_of(courses: Iterable[Course], today: date, *, links: bool = False) -> dict[int, Strip]:
    """Return the strip of each course, by its key.

    The courses come from `Course.objects.with_sessions()`. With `links` the marks lead to visits
    and to booking, which only large strips show.
    """
    rows = list(courses)
    promises: dict[int | None, list[cadence.Promise]] = {course.pk: [] for course in rows}
    booked = Appointment.objects.filter(course__in=rows).order_by("starts_at")
    for appointment in booked:
        promises[appointment.course_id].append(appointment.as_promise)
    return {
        course.pk: cadence.plan(
            course.facts,
            [visit.as_held for visit in held(course, VisitKind.TREATMENT)],
            promises[course.pk],
            today=today,
            checks=[cadence.Check(visit.held_on) for visit in held(course, VisitKind.FOLLOW_UP)],
            book_url=f"{reverse('appointments:appointment-add')}?course={course.pk}"
            if links
            else None,
        )
        for course in rows
    }


def held(course: Any, kind: VisitKind) -> list[Visit]:
    """Return the prefetched visits of one kind, in their order."""
    return [visit for visit in course.held if visit.kind == kind]
