"""Compare the stored due dates of every course with what the cadence works out."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from treatments.models import Course
from treatments.rules import cadence
from treatments.terms import VisitKind


class Command(BaseCommand):
    """Compare the stored due dates with the cadence; end with 1 and name courses that differ."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        courses = list(Course.objects.with_sessions().order_by("pk"))
        differing = [line for course in courses if (line := difference(course))]
        if differing:
            raise CommandError("\n".join(differing))
        self.stdout.write(f"{len(courses)} courses checked, all as the cadence works them out.")


def difference(course: Course) -> str:
    """Say how the stored dates of a course differ; "" when they do not."""
    held = course.held(VisitKind.TREATMENT)
    window = cadence.window(course.facts, [visit.as_held for visit in held])
    right = (window.due_from, window.due_by) if window else (None, None)
    stored = (course.due_from, course.due_by)
    if stored == right:
        return ""
    return (
        f"{course.patient_code} course {course.pk}: stored {span(stored)}, worked out {span(right)}"
    )


def span(days: tuple[date | None, date | None]) -> str:
    """Write a window of days; one without a day is "not due"."""
    return f"{days[0]} to {days[1]}" if any(days) else "not due"
