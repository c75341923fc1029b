"""The missed sessions that courses were told of, compared with the diary."""

from __future__ import annotations

from collections.abc import Collection

from appointments.models import Appointment
from appointments.terms import Kind, Status
from treatments.models import Course, MissedSession


def differences(courses: Collection[Course]) -> list[str]:
    """Name each miss that the diary and the course do not agree on. Two queries."""
    known = {course.pk: course for course in courses}
    rows = Appointment.objects.filter(
        course__in=known, kind=Kind.SESSION, status__in=(Status.NO_SHOW, Status.CANCELLED)
    )
    diary = {(row.course_id, row.pk, row.starts_on) for row in rows if row.is_missed}
    told = {
        (row.course_id, row.promise, row.missed_on)
        for row in MissedSession.objects.filter(course__in=known, taken_back_at=None)
    }
    found = [(key, "missed in the diary, the course was not told") for key in diary - told]
    found += [(key, "missed by the course, not in the diary") for key in told - diary]
    return [
        f"{known[course].patient_code} course {course}: appointment {promise} of {day} {words}"
        for (course, promise, day), words in sorted(found)
        if course is not None
    ]
