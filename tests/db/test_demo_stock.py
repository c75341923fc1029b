"""The shelf of the demo has one of everything, whatever was drawn from it."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest

from clinic.roles import Role
from desk.demo.stock import FORMULA_B, RECALLED, Shelf
from desk.demo.story import before
from tests import make
from treatments.models import Formulary, Lot, ProtocolVersion, RecallContact
from treatments.models.formulary import current_formulary
from treatments.selectors.shelf import products_to_draw
from treatments.terms import AgentStatus, LotState

pytestmark = pytest.mark.django_db

WEDNESDAY = date(2025, 3, 19)


@pytest.fixture
def shelf() -> Shelf:
    lead = make.user(Role.MEDICAL_LEAD, name="Dr Okafor")
    approved_on = before(WEDNESDAY, 400, WEDNESDAY)
    return Shelf.filled(lead, make.practitioner(), approved_on=approved_on, today=WEDNESDAY)


def test_every_day_of_a_course_has_a_lot_in_use(shelf: Shelf) -> None:
    for days in range(500):
        day = WEDNESDAY - timedelta(days)
        for product in ("Formula A (demo)", "Formula B (demo)"):
            lot = Lot.objects.with_left().get(pk=shelf.lot_on(product, day).pk)
            assert (lot.product.name, lot.why_not(day)) == (product, "")


def test_settled_shelf_has_one_of_everything(shelf: Shelf) -> None:
    day = WEDNESDAY - timedelta(20)
    course = make.course(visits=2, last_on=day)
    for visit in course.visits.all():
        make.drawn(visit, shelf.lot_on(FORMULA_B, visit.held_on), "8.5")
    shelf.settle()
    lots = {lot.number: lot for lot in Lot.objects.with_left()}
    states = {number: lot.state_on(WEDNESDAY) for number, lot in lots.items()}
    assert set(states.values()) == set(LotState) - {LotState.EMPTY}
    assert (states[RECALLED], lots[RECALLED].left_ml) == (LotState.RECALLED, 0)
    assert [contact.outcome for contact in RecallContact.objects.all()] == ["in_person"]
    assert min(lot.left_ml for lot in lots.values() if states[lot.number] == "opened") < 12
    assert all(lot.volume_ml % Decimal(5) == 0 for lot in lots.values())
    assert [product.product.name for product in products_to_draw(WEDNESDAY) if product.lots] == [
        "Formula A (demo)",
        "Formula B (demo)",
        "Sodium chloride 0.9 % (demo)",
    ]


def test_formulary_of_the_demo_is_approved_and_covers_the_mixes(shelf: Shelf) -> None:
    facts = current_formulary()
    assert (facts.version, Formulary.objects.approved().count()) == (2, 2)
    assert Counter(agent.status for agent in facts.agents.values()) == {
        AgentStatus.ACTIVE: 10,
        AgentStatus.BLOCKED: 3,
        AgentStatus.DRAFT: 1,
    }
    for product in products_to_draw(WEDNESDAY):
        for code in product.facts.shares:
            assert facts.agents[code].status == AgentStatus.ACTIVE
    assert ProtocolVersion.objects.in_force().count() == 2
