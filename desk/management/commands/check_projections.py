"""Compare what is stored besides the facts with what the facts say, for every course."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from appointments import misses
from treatments.models import Course
from treatments.selectors.projections import differences


class Command(BaseCommand):
    """Compare due dates, states, plans, areas and missed sessions with the sessions, the moves
    and the diary; end with 1 and name the courses that differ."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        rows = Course.objects.with_sessions().prefetch_related("moves").order_by("pk")
        courses = list(rows)
        differing = [line for course in courses for line in differences(course)]
        differing += misses.differences(courses)
        if differing:
            raise CommandError("\n".join(differing))
        self.stdout.write(f"{len(courses)} courses checked, all as the facts say.")
