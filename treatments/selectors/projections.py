"""What is stored besides the facts, compared with what the facts say."""

from __future__ import annotations

from datetime import date

from treatments.models import Course
from treatments.rules import cadence, lifecycle
from treatments.terms import MoveKind


def differences(course: Course) -> list[str]:
    """Say how what is stored of a course differs from its sessions and moves.

    The course comes from `Course.objects.with_sessions().prefetch_related("moves")`.
    """
    name = f"{course.patient_code} course {course.pk}"
    found = [_of_due(course), _of_state(course), _of_plan(course), _of_areas(course)]
    return [f"{name}: {difference}" for difference in found if difference]


def _of_due(course: Course) -> str:
    window = cadence.window(course.facts, course.sessions)
    right = (window.due_from, window.due_by) if window else (None, None)
    stored = (course.due_from, course.due_by)
    return "" if stored == right else f"stored {span(stored)}, worked out {span(right)}"


def _of_state(course: Course) -> str:
    moves = [MoveKind(move.kind) for move in course.moves.all()]
    state = lifecycle.state_after(moves)
    if state is None:
        return f"its moves make no course: {', '.join(moves) or 'there are none'}"
    return "" if course.state == state else f"stored {course.state}, its moves say {state}"


def _of_plan(course: Course) -> str:
    last = list(course.moves.all())[-1:]
    if not last or last[0].sessions == course.planned_sessions:
        return ""
    return f"stored {course.planned_sessions} sessions, its moves say {last[0].sessions}"


def _of_areas(course: Course) -> str:
    wrong = [row.area for row in course.course_areas.all() if row.is_open != course.is_open]
    state = "open" if course.is_open else "closed"
    return f"the course is {state}, {', '.join(wrong)} not" if wrong else ""


def span(days: tuple[date | None, date | None]) -> str:
    """Write a window of days; one without a day is "not due"."""
    return f"{days[0]} to {days[1]}" if any(days) else "not due"
