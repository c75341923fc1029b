"""What the rows say of two photographs: their days, weights, bruises, and how they lie."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.models import AuditEvent
from clinic.refusal import Refused
from tests import make
from treatments.actions.pairs import align_pair, reset_alignment
from treatments.models import Course, Photo, PhotoAlignment, Reaction
from treatments.rules.comparability import Pair
from treatments.selectors.pairs import days_of, judge_pairs, judged
from treatments.terms import STANDARD_VIEWS, MeasureKind, ReactionKind, View, VisitKind

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
WEIGHT = MeasureKind.WEIGHT
A, B = (0.3, 0.2), (0.6, 0.8)


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def pair() -> tuple[Photo, Photo]:
    """A baseline, and a review two weeks after the last of three sessions."""
    course = make.course(visits=3, last_on=TODAY - timedelta(14))
    baseline = make.visit(course, kind=VisitKind.BASELINE, on=course.opened_on)
    setup = make.setup()
    review = make.visit(course, kind=VisitKind.REVIEW, measures={WEIGHT: "62.0"})
    return make.photo(baseline, setup=setup), make.photo(review, setup=setup)


def aligned(pair: tuple[Photo, Photo]) -> PhotoAlignment:
    first, second = pair
    return align_pair(
        first=first, second=second, on_first=(A, B), on_second=(A, B), by=first.added_by
    )


def said(pair: tuple[Photo, Photo]) -> list[str]:
    found = judged(*pair)
    return [*found.obstacles, *found.caveats]


def test_pair_with_nothing_against_it_is_comparable(pair: tuple[Photo, Photo]) -> None:
    assert said(pair) == ["Scale and turn are not checked: set two marks on both."]
    aligned(pair)
    assert judged(*pair).judgement.pair == Pair.COMPARABLE
    assert judged(*reversed(pair)).first == pair[0]


def test_baseline_without_a_weight_has_that_of_its_screening(pair: tuple[Photo, Photo]) -> None:
    first, second = days_of(*pair)
    assert (first.weight_kg, second.weight_kg) == (Decimal("62.0"), Decimal("62.0"))
    pair[0].at_visit.measures.create(kind=WEIGHT, value="70.0")
    assert said(pair)[0] == "The weight differs by more than 5 of 100."


def test_weight_of_the_day_counts_whichever_visit_it_was_measured_at(
    pair: tuple[Photo, Photo],
) -> None:
    pair[1].at_visit.measures.all().delete()
    assert "Weight is not known on both days." in said(pair)
    session = make.visit(pair[1].course, number=4)
    session.measures.create(kind=WEIGHT, value="62.5")
    assert days_of(*pair)[1].weight_kg == Decimal("62.5")


def test_sessions_of_another_course_count_too(pair: tuple[Photo, Photo]) -> None:
    patient = pair[0].course.patient
    make.course(patient, visits=1, areas=[make.Area.ABDOMEN], last_on=TODAY - timedelta(3))
    sentence = "Taken 3 days after a session: swelling or bruises may still show."
    assert sentence in said(pair)


@pytest.mark.parametrize("kind", [ReactionKind.BRUISE, ReactionKind.SWELLING])
def test_bruise_on_record_of_the_visit_is_a_caveat(
    pair: tuple[Photo, Photo], kind: ReactionKind
) -> None:
    Reaction.objects.create(visit=pair[1].at_visit, kind=kind, grade=1)
    assert "A bruise or swelling was recorded on 24 Nov 2026." in said(pair)
    Reaction.objects.all().delete()
    Reaction.objects.create(visit=pair[1].at_visit, kind=ReactionKind.ITCH, grade=1)
    assert len(said(pair)) == 1


@pytest.mark.parametrize("harm", ["gone", "changed"])
def test_photograph_that_cannot_be_read_is_not_comparable(
    pair: tuple[Photo, Photo], private_photos: Path, harm: str
) -> None:
    file = next(iter(private_photos.rglob("thumb.sealed")))
    file.unlink() if harm == "gone" else file.write_bytes(b"something else")
    assert said(pair)[0] == "One of the two cannot be read."


def test_four_pairs_cost_as_many_queries_as_one(pair: tuple[Photo, Photo]) -> None:
    for view in STANDARD_VIEWS[1:]:
        for photo in pair:
            make.photo(photo.at_visit, view)
    rows = Photo.objects.select_related("course", "key").order_by("visit__held_on")
    found = [tuple(rows.filter(view=view)) for view in STANDARD_VIEWS]
    days, costs = days_of(*pair), []
    for wanted in (found[:1], found):
        with CaptureQueriesContext(connection) as queries:
            assert len(judge_pairs(wanted, days)) == len(wanted)  # type: ignore[arg-type]
        costs.append(len(queries))
    assert costs[0] == costs[1]


# Marks --------------------------------------------------------------------------------------------


def test_marks_are_kept_once_and_can_be_set_anew(pair: tuple[Photo, Photo]) -> None:
    aligned(pair)
    kept = align_pair(
        first=pair[0],
        second=pair[1],
        on_first=(A, B),
        on_second=(B, A),
        by=pair[0].added_by,
    )
    assert PhotoAlignment.objects.get() == kept
    assert kept.on_second == (B, A)
    assert AuditEvent.objects.filter(action="pair aligned").count() == 2
    reset_alignment(first=pair[0], second=pair[1], by=pair[0].added_by)
    reset_alignment(first=pair[0], second=pair[1], by=pair[0].added_by)
    assert PhotoAlignment.objects.count() == 0
    assert AuditEvent.objects.filter(action="pair alignment reset").count() == 1


def other_view(pair: tuple[Photo, Photo]) -> tuple[Photo, Photo]:
    return pair[0], make.photo(pair[1].at_visit, View.LEFT_RELAXED)


def other_patient(pair: tuple[Photo, Photo]) -> tuple[Photo, Photo]:
    course: Course = make.course(visits=1)
    return pair[0], make.photo(course.visits.get())


def struck_out(pair: tuple[Photo, Photo]) -> tuple[Photo, Photo]:
    pair[1].voided_at = datetime(2026, 11, 24, tzinfo=UTC)
    return pair


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda pair: (pair[0], pair[0]), "A photograph is not aligned with itself."),
        (other_view, "These are two views, which are not laid over each other."),
        (other_patient, "These are photographs of two patients."),
        (struck_out, "One of the two is struck out."),
    ],
)
def test_what_is_no_pair_is_not_aligned(
    pair: tuple[Photo, Photo], change: object, sentence: str
) -> None:
    with pytest.raises(Refused) as refused:
        aligned(change(pair))  # type: ignore[operator]
    assert refused.value.message == sentence
    assert PhotoAlignment.objects.count() == 0
