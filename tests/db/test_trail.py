"""The trail of a lot, both ways, against a naive recomputation from the rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import make
from treatments.models import (
    Lot,
    Reaction,
    ReactionCheck,
    RecallContact,
    Visit,
    VisitProduct,
)
from treatments.rules.trail import Given, Seen, comes_after, reactions_after
from treatments.selectors.trail import (
    compared_lots,
    lot_trail,
    patient_trail,
    recent_reactions,
    shared_lots,
)
from treatments.terms import ContactOutcome, Noticed, ReactionOutcome

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
DAY = timedelta(1)


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def lots() -> list[Lot]:
    product = make.product("Formula B")
    return [
        make.lot(product, f"L{name}", received_on=TODAY - 200 * DAY, volume_ml=Decimal(900))
        for name in (1, 2, 3)
    ]


def clinic_of(lots: list[Lot], rng: Random, patients: int = 6) -> None:
    """Give patients sessions from random lots, some struck out, some with reactions."""
    for _ in range(patients):
        course = make.course(visits=rng.randint(1, 5), every=7, last_on=TODAY)
        for visit in course.visits.treatments():
            for lot in rng.sample(lots, rng.randint(0, 2)):
                make.drawn(visit, lot, f"{rng.randint(40, 99) / 10}", wasted="0.3")
            if rng.random() < 0.4:
                Reaction.objects.create(
                    visit=visit,
                    kind=rng.choice(["bruise", "nodule"]),
                    grade=rng.randint(1, 2),
                    noticed=rng.choice(list(Noticed)),
                )
        if rng.random() < 0.5:
            last = course.visits.treatments().last()
            Visit.objects.filter(pk=last.pk).update(
                voided_at=timezone.now(), voided_by=course.practitioner, void_reason="Slip."
            )


def naive(lot: Lot) -> dict[str, list[tuple[date, str, str, list[int]]]]:
    """Walk every row of the database: patient code -> (day, areas, ml, reactions after it)."""
    found: dict[str, list[tuple[date, str, str, list[int]]]] = {}
    for visit in Visit.objects.order_by("held_on", "pk"):
        for row in visit.products.all():
            if row.lot_id == lot.pk and visit.voided_at is None:
                lines = found.setdefault(visit.course.patient.code, [])
                lines.append((visit.held_on, visit.areas_text, str(row.given_ml), []))
    for reaction in Reaction.objects.order_by("visit__held_on", "pk"):
        if reaction.visit.voided_at is not None:
            continue
        nearest = None
        for line in found.get(reaction.visit.course.patient.code, []):
            days = (reaction.visit.held_on - line[0]).days
            if 84 >= days >= (1 if reaction.noticed == Noticed.SINCE_LAST else 0):
                nearest = line
        if nearest:
            nearest[3].append(reaction.pk)
    return found


def shown(lot: Lot) -> dict[str, list[tuple[date, str, str, list[int]]]]:
    return {
        recipient.patient.code: [
            (
                use.visit.held_on,
                use.visit.areas_text,
                str(use.given_ml),
                [reaction.pk for reaction in use.reactions],
            )
            for use in recipient.uses
        ]
        for recipient in lot_trail(lot).recipients
    }


@pytest.mark.parametrize("seed", range(6))
def test_trail_of_a_lot_is_what_the_rows_say(lots: list[Lot], seed: int) -> None:
    clinic_of(lots, Random(seed))
    for lot in Lot.objects.with_left():
        wanted = naive(lot)
        trail = lot_trail(lot)
        lines = [line for rows in wanted.values() for line in rows]
        assert shown(lot) == wanted
        assert len(trail.sessions) == len(lines)
        assert trail.given_ml == sum((Decimal(line[2]) for line in lines), Decimal(0))
        assert trail.given_ml + trail.wasted_ml == lot.drawn_ml.quantize(Decimal("0.1"))
        assert len(trail.sessions_with_reaction) == sum(bool(line[3]) for line in lines)
        voided = VisitProduct.objects.filter(lot=lot, visit__voided_at__isnull=False)
        assert trail.struck_out == voided.count()


@pytest.mark.parametrize("seed", range(3))
def test_trail_of_a_patient_is_what_the_trails_of_the_lots_say(lots: list[Lot], seed: int) -> None:
    clinic_of(lots, Random(seed))
    by_lot = {
        (recipient.patient.pk, use.row.pk): [reaction.pk for reaction in use.reactions]
        for lot in lots
        for recipient in lot_trail(lot).recipients
        for use in recipient.uses
    }
    patients = {use.visit.course.patient for lot in lots for use in lot_trail(lot).sessions}
    by_patient = {
        (patient.pk, use.row.pk): [reaction.pk for reaction in use.reactions]
        for patient in patients
        for use in patient_trail(patient)
    }
    assert by_patient == by_lot != {}


def test_trail_of_a_patient_begins_with_the_newest(lots: list[Lot]) -> None:
    course = make.course(visits=3, last_on=TODAY)
    for visit in course.visits.treatments():
        make.drawn(visit, lots[0])
    days = [use.visit.held_on for use in patient_trail(course.patient)]
    assert days == [TODAY, TODAY - 7 * DAY, TODAY - 14 * DAY]
    assert patient_trail(make.patient(given_name="Anna")) == []


def test_telling_a_patient_stands_in_words(lots: list[Lot]) -> None:
    course = make.course(visits=1)
    make.drawn(course.visits.get(), lots[0])
    words = []

    def log(outcome: ContactOutcome) -> None:
        RecallContact.objects.create(
            lot=lots[0], patient=course.patient, outcome=outcome, by=course.practitioner
        )

    for outcome in (
        None,
        ContactOutcome.NO_ANSWER,
        ContactOutcome.NO_ANSWER,
        ContactOutcome.REACHED,
    ):
        if outcome:
            log(outcome)
        (recipient,) = lot_trail(lots[0]).recipients
        words.append((recipient.state, recipient.is_told))
    assert words == [
        ("Not tried yet", False),
        ("No answer", False),
        ("No answer, 2 tries", False),
        ("Reached", True),
    ]
    log(ContactOutcome.NO_ANSWER)  # whoever was told stays told
    (recipient,) = lot_trail(lots[0]).recipients
    assert (recipient.state, recipient.is_told) == ("Reached", True)
    assert (lot_trail(lots[0]).told_count, lot_trail(lots[0]).to_tell) == (1, [])


@pytest.mark.parametrize(
    ("days", "is_before", "expected"),
    [
        (-1, False, False),
        (0, False, True),
        (0, True, False),
        (1, True, True),
        (84, False, True),
        (85, False, False),
    ],
)
def test_reaction_comes_after_a_session_within_12_weeks(
    days: int, is_before: bool, expected: bool
) -> None:
    given, seen = Given(1, "P", TODAY), Seen(9, "P", TODAY + days * DAY, is_before)
    assert comes_after(given, seen) is expected
    assert reactions_after([given], [seen]) == ({1: [9]} if expected else {})
    assert reactions_after([Given(1, "Q", TODAY)], [seen]) == {}


def test_reaction_that_began_earlier_counts_from_its_own_day(lots: list[Lot]) -> None:
    course = make.course(visits=2, last_on=TODAY)
    first, second = course.visits.treatments()
    make.drawn(first, lots[0])
    make.drawn(second, lots[1])
    began = make.at(first.held_on + 2 * DAY, "10:00")
    Reaction.objects.create(
        visit=second, kind="nodule", grade=2, noticed=Noticed.SINCE_LAST, began_at=began
    )
    counts = [len(lot_trail(lot).sessions_with_reaction) for lot in lots]
    assert counts == [1, 0, 0]


def test_list_stays_open_for_12_weeks_after_the_last_session(lots: list[Lot]) -> None:
    make.drawn(make.course(visits=1, last_on=TODAY).visits.get(), lots[0])
    assert lot_trail(lots[0]).open_until == date(2027, 2, 16)
    assert lot_trail(lots[1]).open_until is None


def test_lots_of_a_product_are_compared_by_session(lots: list[Lot]) -> None:
    course = make.course(visits=3, last_on=TODAY)
    for visit, lot in zip(course.visits.treatments(), (lots[0], lots[0], lots[1]), strict=True):
        make.drawn(visit, lot)
    make.drawn(course.visits.treatments()[0], make.lot(make.product("Other")))
    second = course.visits.treatments()[1]
    Reaction.objects.create(visit=second, kind="bruise", grade=1)
    found = compared_lots(lots[0])
    assert [(row.lot.number, row.sessions, row.reactions) for row in found.rows] == [
        ("L1", 2, 1),
        ("L3", 0, 0),
        ("L2", 1, 0),
    ]
    assert found.is_too_few is True


def test_shared_lots_are_those_given_before_the_reactions(lots: list[Lot]) -> None:
    first, second, well = (make.course(visits=2, last_on=TODAY) for _ in range(3))
    for course in (first, second):
        before, after = course.visits.treatments()
        make.drawn(before, lots[0])
        make.drawn(before, lots[1]) if course is first else make.drawn(after, lots[2])
        Reaction.objects.create(visit=after, kind="nodule", grade=2, noticed=Noticed.SINCE_LAST)
    make.drawn(well.visits.treatments()[0], lots[0])
    found = shared_lots(recent_reactions(TODAY))
    assert [(row.lot.number, len(row.patients), row.sessions, row.given_to) for row in found] == [
        ("L1", 2, 2, 3),
        ("L2", 1, 1, 1),
    ]
    assert shared_lots([]) == []


def test_reaction_is_over_when_the_last_look_said_so(lots: list[Lot]) -> None:
    visit = make.course(visits=1).visits.get()
    reaction = Reaction.objects.create(visit=visit, kind="bruise", grade=1)
    assert reaction.is_open is True
    for outcome, over in ((ReactionOutcome.ONGOING, False), (ReactionOutcome.RESOLVED, True)):
        ReactionCheck.objects.create(reaction=reaction, outcome=outcome, by=visit.practitioner)
        assert reaction.is_open is not over


def test_trails_cost_the_same_however_many_were_given(lots: list[Lot]) -> None:
    patient = make.patient()
    found = []
    for rows in (1, 6):
        for _ in range(rows):
            course = make.course(visits=1, last_on=TODAY)
            make.drawn(course.visits.get(), lots[0])
            Reaction.objects.create(visit=course.visits.get(), kind="bruise", grade=1)
            RecallContact.objects.create(
                lot=lots[0], patient=course.patient, outcome="reached", by=course.practitioner
            )
            patient = course.patient
        costs = []
        for ask in (
            lambda: lot_trail(lots[0]),
            lambda patient=patient: patient_trail(patient),
            lambda: compared_lots(lots[0]),
            lambda: shared_lots(recent_reactions(TODAY)),
        ):
            with CaptureQueriesContext(connection) as queries:
                ask()
            costs.append(len(queries))
        found.append(costs)
    assert found == [[6, 4, 4, 4], [6, 4, 4, 4]]
