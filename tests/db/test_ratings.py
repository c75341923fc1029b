"""Blind ratings: once by each, of pairs that can be graded, and how far people agree."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, transaction

from clinic.models import AuditEvent, User
from clinic.refusal import Refused
from clinic.roles import Role
from tests import make
from treatments.actions.photos import void_photo
from treatments.actions.ratings import rate_pair
from treatments.models import BlindRating, Course, Measure, Photo
from treatments.rules.blind import Side
from treatments.selectors.ratings import overview
from treatments.terms import Gais, MeasureKind, View, VisitKind

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def lin() -> User:
    return make.practitioner()


@pytest.fixture
def course(lin: User) -> Course:
    return make.course(visits=2, every=35, by=lin)


@pytest.fixture
def pair(course: Course) -> tuple[Photo, Photo]:
    first, last = course.visits.treatments()
    return make.photo(first), make.photo(last)


def refused(left: Photo, right: Photo, by: User) -> str:
    with pytest.raises(Refused) as caught, transaction.atomic():
        rate_pair(left=left, right=right, right_better=1, guess=None, by=by)
    return caught.value.message


@pytest.mark.parametrize("later_left", [True, False])
@pytest.mark.parametrize(
    ("guess", "guessed"), [(Side.LEFT, True), (Side.RIGHT, False), (None, None)]
)
def test_grade_is_kept_as_the_later_against_the_earlier(
    pair: tuple[Photo, Photo], lin: User, later_left: bool, guess: Side | None, guessed: bool | None
) -> None:
    earlier, later = pair
    left, right = (later, earlier) if later_left else (earlier, later)
    rate_pair(left=left, right=right, right_better=2, guess=guess, by=lin)
    row = BlindRating.objects.get()
    assert (row.first, row.second, row.rater) == (earlier, later, lin)
    assert (row.later_was_left, row.grade) == (later_left, -2 if later_left else 2)
    wanted = guessed if later_left or guessed is None else not guessed
    assert row.guessed_later is wanted
    event = AuditEvent.objects.get(action="pair graded blind")
    assert (event.by, event.patient) == (lin, earlier.patient_code)
    assert event.target == f"blind rating {row.pk}"


def test_second_grade_by_the_same_person_is_refused(pair: tuple[Photo, Photo], lin: User) -> None:
    rate_pair(left=pair[0], right=pair[1], right_better=1, guess=None, by=lin)
    sentence = "You have graded this pair already. What was graded blind stays as it is."
    assert refused(pair[0], pair[1], lin) == sentence
    assert refused(pair[1], pair[0], lin) == sentence
    rate_pair(left=pair[1], right=pair[0], right_better=1, guess=None, by=make.practitioner())
    assert BlindRating.objects.count() == 2


def test_database_keeps_a_grade_as_it_was_given(pair: tuple[Photo, Photo], lin: User) -> None:
    row = rate_pair(left=pair[0], right=pair[1], right_better=1, guess=None, by=lin)
    with pytest.raises(DatabaseError), transaction.atomic():
        BlindRating.objects.filter(pk=row.pk).update(grade=3)
    with pytest.raises(IntegrityError), transaction.atomic():
        BlindRating.objects.create(
            first=pair[0], second=pair[1], rater=lin, later_was_left=True, grade=0
        )


def test_pair_that_is_not_comparable_is_not_graded(
    pair: tuple[Photo, Photo], course: Course, lin: User
) -> None:
    for visit, kg in zip(course.visits.treatments(), ("61.5", "70.0"), strict=True):
        Measure.objects.create(visit=visit, kind=MeasureKind.WEIGHT, value=kg)
    assert refused(*pair, lin) == (
        "Not comparable, so nobody grades by this pair. The weight differs by more than 5 of 100."
    )


def test_pair_of_one_day_is_not_graded(
    pair: tuple[Photo, Photo], course: Course, lin: User
) -> None:
    other = make.photo(make.visit(course, kind=VisitKind.REVIEW, on=TODAY))
    assert refused(pair[1], other, lin) == (
        "Both were taken on the same day, so neither is the later one."
    )


def test_pair_with_one_struck_out_or_of_two_views_is_not_graded(
    pair: tuple[Photo, Photo], course: Course, lin: User
) -> None:
    side = make.photo(course.visits.treatments()[0], View.LEFT_RELAXED)
    assert refused(side, pair[1], lin) == "These two show different views."
    void_photo(photo=pair[0], reason="Wrong patient.", by=lin)
    assert refused(*pair, lin) == "One of the two is struck out."


# All of them --------------------------------------------------------------------------------------


def test_overview_of_nothing_is_empty() -> None:
    found = overview()
    assert (found.pairs, found.ratings, found.raters, found.matches) == (0, 0, (), ())
    assert {count for _grade, count in found.grades} == {0}


def test_overview_holds_two_people_against_each_other(lin: User) -> None:
    """The six pairs of `test_agreement`, whose kappa is 11/29 by hand, and one of Lin's alone."""
    okafor = make.user(Role.MEDICAL_LEAD, name="Dr Okafor")
    course = make.course(visits=8, every=30, by=lin)
    photos = [make.photo(visit) for visit in course.visits.treatments()]
    pairs = [(photos[0], later) for later in photos[1:]]
    graded = zip(pairs, [0, 0, 1, 1, 2, 3, -1], [0, 1, 1, 2, 2, 1, None], strict=True)
    for (earlier, later), one, other in graded:
        guess = Side.RIGHT if one else None
        rate_pair(left=earlier, right=later, right_better=one, guess=guess, by=lin)
        if other is not None:
            rate_pair(left=later, right=earlier, right_better=-other, guess=Side.RIGHT, by=okafor)
    found = overview()
    assert (found.pairs, found.ratings) == (7, 13)
    [match] = found.matches
    assert (match.one, match.other) == (lin, okafor)
    assert (match.found.n, match.found.kappa, match.kappa) == (6, Fraction(11, 29), "0.38")
    # Lin guessed five times, always right; Okafor six times, never; two could not tell.
    assert (found.guesses, found.guessed_right, found.no_guess) == (11, 5, 2)
    counts = {grade: count for grade, count in found.grades if count}
    assert counts == {
        Gais.VERY_MUCH_BETTER: 1,
        Gais.MUCH_BETTER: 3,
        Gais.BETTER: 5,
        Gais.NO_CHANGE: 3,
        Gais.WORSE: 1,
    }
    void_photo(photo=photos[7], reason="Wrong view.", by=lin)
    found = overview()
    assert (found.pairs, found.ratings) == (6, 12)
