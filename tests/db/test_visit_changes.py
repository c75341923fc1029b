"""Saving over a visit that is not signed: what is refused, and what of its rows stays the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from clinic.models import AuditEvent
from clinic.refusal import Refused, Stale
from patients.terms import Answer, Area
from tests import make
from treatments.actions import change_course_state, change_visit, record_visit, void_visit
from treatments.findings import Drawn, Findings, Seen, Treated
from treatments.models import Course, CourseArea, Visit
from treatments.models.course import CourseState
from treatments.terms import (
    Confirmed,
    MeasureKind,
    ReactionKind,
    ReactionOutcome,
    Tick,
    VisitKind,
)

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY = timedelta(1)


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def course() -> Course:
    return make.course(visits=1, last_on=TODAY - 7 * DAY)


@pytest.fixture
def visit(course: Course) -> Visit:
    """Return the second session, as it was just recorded."""
    return record_visit(
        course=course,
        kind=VisitKind.TREATMENT,
        held_on=TODAY,
        findings=full(course),
        by=course.practitioner,
    )


def full(course: Course, **changed: Any) -> Findings:
    """Return a session with a row of everything."""
    rows: dict[str, Any] = {
        "answers": {"pregnancy": Answer.NO},
        "is_without_reaction": False,
        "reactions": [Seen(kind=ReactionKind.BRUISE, grade=1, area=Area.BUTTOCK_LEFT)],
        "missing": {Tick.PHOTOS: "The tablet was empty."},
    }
    return make.found(course, **rows | changed)


def changed(visit: Visit, findings: Findings | None = None, **details: Any) -> Visit:
    stored = Visit.objects.get(pk=visit.pk)
    values: dict[str, Any] = {
        "version": stored.version,
        "held_on": stored.held_on,
        "by": stored.practitioner,
        "findings": full(stored.course) if findings is None else findings,
    }
    return change_visit(visit=visit, **values | details)


def rows_of(visit: Visit) -> dict[str, list[dict[str, Any]]]:
    """Return everything that hangs on a visit, keys included."""
    names = ("visit_areas", "products", "answers", "missing", "measures", "reactions")
    return {name: list(getattr(visit, name).order_by("pk").values()) for name in names}


def refusal(visit: Visit, *args: Any, **details: Any) -> tuple[str, str | None]:
    """Return the refusal of a change, which must have written nothing."""

    def state() -> Any:
        stored = Visit.objects.filter(pk=visit.pk).values().get()
        return stored, rows_of(visit), AuditEvent.objects.count()

    before = state()
    with pytest.raises(Refused) as refused:
        changed(visit, *args, **details)
    assert state() == before
    return refused.value.message, refused.value.field


# What is refused ---------------------------------------------------------------------------------


def test_change_raises_the_version_and_is_written_down(visit: Visit) -> None:
    with time_machine.travel(NOON + DAY):
        changed(visit, full(visit.course, note="Slept badly."), by=make.practitioner())
    stored = Visit.objects.get(pk=visit.pk)
    assert (stored.version, stored.note) == (2, "Slept badly.")
    assert (stored.recorded_at, stored.practitioner) == (NOON, visit.practitioner)
    last = AuditEvent.objects.order_by("pk").last()
    assert last is not None
    assert (last.action, last.target) == ("visit changed", f"visit {visit.pk}")


def test_change_of_what_somebody_saved_meanwhile_is_stale(visit: Visit) -> None:
    changed(visit, full(visit.course, note="Theirs."))
    with pytest.raises(Stale) as stale:
        changed(visit, full(visit.course, note="Ours."), version=1)
    saved = AuditEvent.objects.filter(action="visit changed").latest("pk")
    assert (stale.value.message, stale.value.version) == (
        f"{saved.by} saved this visit at {timezone.localtime(saved.at):%H:%M}, after you opened it."
        " What differs stands beside your answers.",
        2,
    )
    assert Visit.objects.get(pk=visit.pk).note == "Theirs."
    assert changed(visit, full(visit.course, note="Ours."), version=2).note == "Ours."


def test_signed_visit_is_not_changed(visit: Visit) -> None:
    make.sign(visit)
    sentence = "This visit is signed. Add to it instead of changing it."
    assert refusal(visit) == (sentence, None)


def test_struck_out_visit_is_not_changed(visit: Visit) -> None:
    void_visit(visit=visit, reason="Wrong day.", by=visit.practitioner)
    assert refusal(visit) == ("This visit is struck out.", None)


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        (1, "The visit lies in the future. Record it on the day."),
        (-15, "The course was opened on 10 Nov 2026; a visit cannot be earlier."),
        (
            -1,
            "Session 1 was 6 days earlier, on 17 Nov 2026; at least 7 days are needed between sessions.",
        ),
        (-8, "Session 1 was held on 17 Nov 2026. Enter sessions in their order."),
    ],
)
def test_day_is_checked_when_it_changes(visit: Visit, days: int, sentence: str) -> None:
    assert refusal(visit, held_on=TODAY + days * DAY) == (sentence, "held_on")


def test_session_does_not_stand_in_its_own_way(visit: Visit) -> None:
    """It is one day after itself, which is no interval between two sessions."""
    with time_machine.travel(NOON + DAY):
        moved = changed(visit, held_on=TODAY + DAY)
    assert (moved.held_on, moved.number) == (TODAY + DAY, 2)


def test_session_of_a_day_that_stays_is_not_judged_again(visit: Visit) -> None:
    """What was recorded stays correctable, also where a rule of today would refuse its day."""
    Course.objects.update(interval_days=10, state=CourseState.PAUSED)
    assert changed(visit, full(visit.course, note="Corrected.")).note == "Corrected."


def test_area_beyond_its_own_count_is_not_added(visit: Visit) -> None:
    left_out = Area.THIGH_POSTERIOR_LEFT
    CourseArea.objects.filter(course=visit.course, area=left_out).update(planned_sessions=1)
    more = full(visit.course, areas={area: Treated(20) for area in visit.course.areas})
    sentence, field = refusal(visit, more)
    assert sentence.endswith("has had its 1 session. Leave it out, or change its count.")
    assert (sentence.split(" has")[0], field) == (str(left_out.label), "areas")


def test_area_that_is_on_the_note_stays_when_its_count_is_made_smaller(visit: Visit) -> None:
    CourseArea.objects.filter(course=visit.course).update(planned_sessions=1)
    assert changed(visit).version == 2


def test_lot_that_stands_twice_is_refused(visit: Visit) -> None:
    (drawn,) = full(visit.course).products
    sentence = "Lot L2409 stands there twice. Put what was drawn from it on one line."
    assert refusal(visit, full(visit.course, products=[drawn, drawn])) == (sentence, None)


def test_reaction_that_was_looked_at_again_stays_on_the_note(visit: Visit) -> None:
    reaction = visit.reactions.get()
    reaction.checks.create(outcome=ReactionOutcome.ONGOING, by=visit.practitioner)
    sentence = "A reaction that somebody has looked at again cannot be taken off the note."
    none = full(visit.course, reactions=[], is_without_reaction=True)
    assert refusal(visit, none) == (sentence, None)
    graver = Seen(kind=ReactionKind.BRUISE, grade=2, area=Area.BUTTOCK_LEFT)
    changed(visit, full(visit.course, reactions=[graver]))
    reaction.refresh_from_db()
    assert (reaction.grade, reaction.checks.count()) == (2, 1)


def test_grave_reaction_that_is_added_pauses_the_course(visit: Visit) -> None:
    grave = [Seen(kind=ReactionKind.ALLERGY, grade=1, action="Stopped.")]
    changed(visit, full(visit.course, reactions=grave))
    assert Course.objects.get().state == CourseState.PAUSED


def test_course_that_went_on_is_not_paused_again_by_a_typo_that_is_corrected(visit: Visit) -> None:
    grave = Seen(kind=ReactionKind.SWELLING, grade=3, area=Area.BUTTOCK_LEFT)
    found = full(visit.course, reactions=[grave])
    changed(visit, found)
    change_course_state(
        course=Course.objects.get(), to=CourseState.ACTIVE, by=visit.course.practitioner
    )
    changed(visit, replace(found, note="Slept well, not bad."), version=2)
    assert Course.objects.get().state == CourseState.ACTIVE
    worse = replace(found, reactions=[replace(grave, grade=4)])
    changed(visit, worse, version=3)
    assert Course.objects.get().state == CourseState.PAUSED


def test_moving_the_last_session_moves_what_is_due(visit: Visit) -> None:
    before = Course.objects.get().due_from
    with time_machine.travel(NOON + DAY):
        changed(visit, held_on=TODAY + DAY)
    assert before is not None
    assert Course.objects.get().due_from == before + DAY


# Its rows ----------------------------------------------------------------------------------------


def test_saving_the_same_again_leaves_every_row_as_it_was(visit: Visit) -> None:
    before = rows_of(visit)
    assert [len(rows) for rows in before.values()] == [2, 1, 1, 1, 1, 1]
    with time_machine.travel(NOON + DAY):
        changed(visit)
    assert rows_of(visit) == before


def test_row_that_changes_keeps_its_key(visit: Visit) -> None:
    before = rows_of(visit)
    (drawn,) = full(visit.course).products
    changed(
        visit,
        full(
            visit.course,
            answers={"pregnancy": Answer.YES},
            areas={area: Treated(25, [(0.5, 0.5)]) for area in make.BUTTOCKS},
            products=[replace(drawn, drawn_ml=Decimal("5.0"), wasted_ml=Decimal("1.0"))],
            measures={MeasureKind.WEIGHT: [Decimal("62.0")]},
            reactions=[Seen(kind=ReactionKind.BRUISE, grade=2, area=Area.BUTTOCK_LEFT)],
            missing={Tick.PHOTOS: "She declined."},
        ),
    )
    after = rows_of(visit)
    keys = {name: [row["id"] for row in rows] for name, rows in before.items()}
    assert {name: [row["id"] for row in rows] for name, rows in after.items()} == keys
    assert [row["answer"] for row in after["answers"]] == ["yes"]
    areas = [(row["point_count"], row["points"]) for row in after["visit_areas"]]
    assert areas == [(25, [[0.5, 0.5]])] * 2
    assert [(row["drawn_ml"], row["wasted_ml"]) for row in after["products"]] == [(5, 1)]
    weights = [(row["value"], row["readings"]) for row in after["measures"]]
    assert weights == [(Decimal("62.0"), ["62.0"])]
    assert [row["grade"] for row in after["reactions"]] == [2]
    assert [row["reason"] for row in after["missing"]] == ["She declined."]


def test_rows_that_are_no_longer_said_go(visit: Visit) -> None:
    changed(visit, Findings())
    assert [rows for rows in rows_of(visit).values() if rows] == []


def test_lot_stays_confirmed_when_it_was_and_not_when_the_page_was_saved(visit: Visit) -> None:
    (drawn,) = full(visit.course).products
    later = NOON + timedelta(hours=1)
    with time_machine.travel(later, tick=False):
        changed(visit, full(visit.course, products=[replace(drawn, drawn_ml=Decimal(3))]))
        assert visit.products.get().confirmed_at == NOON
        changed(visit, full(visit.course, products=[replace(drawn, confirmed=None)]))
        row = visit.products.get()
        assert (row.confirmed, row.confirmed_at) == ("", None)
        changed(visit, full(visit.course, products=[replace(drawn, confirmed=Confirmed.SCAN)]))
        row = visit.products.get()
        assert (row.confirmed, row.confirmed_at) == ("scan", later)


def test_other_lot_is_confirmed_anew(visit: Visit) -> None:
    (drawn,) = full(visit.course).products
    other = make.lot(drawn.product)
    later = NOON + timedelta(hours=1)
    with time_machine.travel(later, tick=False):
        changed(visit, full(visit.course, products=[replace(drawn, lot=other)]))
    row = visit.products.get()
    assert (row.lot, row.confirmed_at) == (other, later)


def test_product_may_stand_twice_while_its_lots_are_not_chosen(visit: Visit) -> None:
    product = visit.products.get().product
    rows = [
        Drawn(product=product, lot=None, drawn_ml=Decimal(ml), confirmed=None)
        for ml in ("1.0", "2.0")
    ]
    for _ in range(2):
        changed(visit, full(visit.course, products=rows))
        volumes = visit.products.order_by("pk").values_list("drawn_ml", flat=True)
        assert list(volumes) == [Decimal("1.0"), Decimal("2.0")]
    changed(visit, full(visit.course, products=rows[:1]))
    assert visit.products.count() == 1


def test_change_keeps_what_the_form_does_not_show(visit: Visit) -> None:
    make.photo(visit)
    visit.reactions.update(related="probable")
    changed(visit, full(visit.course))
    assert visit.photos.count() == 1
    assert visit.reactions.get().related == "probable"
