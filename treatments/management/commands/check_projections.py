"""Compare the stored due dates of every course with what the cadence works out."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Prefetch

from treatments.models import Course, Visit
from treatments.rules import cadence


class Command(BaseCommand):
    """`manage.py check_projections`; ends with 1 and names the courses that differ."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        courses = list(
            Course.objects.select_related("patient")
            .prefetch_related(Prefetch("visits", Visit.objects.treatments(), "sessions"))
            .order_by("pk")
        )
        differing = [line for course in courses if (line := difference(course))]
        if differing:
            raise CommandError("\n".join(differing))
        self.stdout.write(f"{len(courses)} courses checked, all as the cadence works them out.")


def difference(course: Any) -> str:
    """Say how the stored dates of a course differ; "" when they do not."""
    held = [cadence.Held(visit.number or 0, visit.held_on) for visit in course.sessions]
    window = cadence.window(course.facts, held)
    right = (window.due_from, window.due_by) if window else (None, None)
    stored = (course.due_from, course.due_by)
    if stored == right:
        return ""
    return (
        f"{course.patient_code} course {course.pk}: stored {span(stored)}, worked out {span(right)}"
    )


def span(days: tuple[Any, Any]) -> str:
    """Write a window of days; one without a day is "not due"."""
    return f"{days[0]} to {days[1]}" if any(days) else "not due"
