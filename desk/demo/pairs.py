"""What was done with pairs of photographs in the demo: graded blind by two people, one taken out."""

from __future__ import annotations

from datetime import date
from random import Random

from clinic.models import User
from patients.consents import standings_of
from patients.terms import Purpose
from treatments.actions.ratings import rate_pair
from treatments.actions.uses import export_pair
from treatments.models import Course, Photo
from treatments.rules.blind import Side
from treatments.terms import STANDARD_VIEWS, ExportKind

MOST = 24  # courses, of the newest
DISAGREE = 0.4
NO_GUESS = 0.2
WRONG_GUESS = 0.3


def grade_and_export(raters: tuple[User, User], today: date) -> None:
    """Let two people grade the first and last photographs of some courses, and take one pair out."""
    rng = Random(f"pairs of {today}")  # noqa: S311  repeatable on purpose
    is_exported = False
    for course in Course.objects.select_related("patient").order_by("-pk")[:MOST]:
        for first, last in ends_of(course):
            grade = rng.choice((0, 0, 1, 1, 2))
            for rater in raters:
                differs = rng.choice((-1, 1)) if rng.random() < DISAGREE else 0
                _rate(first, last, grade + differs, rater, rng)
            if not is_exported and standings_of(course.patient, today)[Purpose.REVIEW].holds:
                export_pair(
                    one=first,
                    other=last,
                    kind=ExportKind.PRINT,
                    purpose=Purpose.REVIEW,
                    whereto="Monday meeting, collected and shredded afterwards",
                    by=raters[0],
                )
                is_exported = True


def ends_of(course: Course) -> list[tuple[Photo, Photo]]:
    """Return the first and the last photograph of the two views from behind, where there are two."""
    found = []
    for view in STANDARD_VIEWS[:2]:
        rows = Photo.objects.standing().of_patient(course.patient_id)
        taken = list(rows.filter(course=course, view=view))
        if len(taken) > 1:
            found.append((taken[0], taken[-1]))
    return found


def _rate(first: Photo, last: Photo, grade: int, rater: User, rng: Random) -> None:
    is_left = rng.random() < 0.5
    left, right = (last, first) if is_left else (first, last)
    later = Side.LEFT if is_left else Side.RIGHT
    other = Side.RIGHT if is_left else Side.LEFT
    guess = None if rng.random() < NO_GUESS else other if rng.random() < WRONG_GUESS else later
    rate_pair(
        left=left,
        right=right,
        right_better=-grade if is_left else grade,
        guess=guess,
        by=rater,
    )
