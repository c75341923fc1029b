"""What the session form is offered: products, lots in order, and why the others are not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import make
from treatments.models import Lot, LotLoss, Product, Visit
from treatments.selectors.shelf import ProductToDraw, products_to_draw

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
DAY = timedelta(1)


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def formula() -> Product:
    return make.product("Formula B")


def only(on: date = TODAY, for_visit: Visit | None = None) -> ProductToDraw:
    (found,) = products_to_draw(on, for_visit=for_visit)
    return found


def left(lot: Lot) -> Decimal:
    return Lot.objects.with_left().get(pk=lot.pk).left_ml


def test_left_is_what_came_less_what_was_drawn_and_lost(formula: Product) -> None:
    lot = make.lot(formula, volume_ml=Decimal("50.0"))
    course = make.course(visits=2, last_on=TODAY)
    first, second = course.visits.treatments()
    make.drawn(first, lot, "8.3", wasted="0.4")  # what was wasted is gone as well
    make.drawn(second, lot, "7.1")
    LotLoss.objects.create(lot=lot, ml=Decimal("5.0"), reason="Broken.", by=lot.added_by)
    assert left(lot) == Decimal("29.6")


def test_struck_out_session_drew_nothing(formula: Product) -> None:
    lot = make.lot(formula, volume_ml=Decimal(50))
    course = make.course(visits=1, last_on=TODAY)
    visit = course.visits.get()
    make.drawn(visit, lot, "8.0")
    Visit.objects.update(voided_at=timezone.now(), voided_by=lot.added_by, void_reason="Slip.")
    assert left(lot) == Decimal("50.0")


def test_many_tenths_leave_exactly_nothing(formula: Product) -> None:
    lot = make.lot(formula, volume_ml=Decimal("7.0"))
    for _ in range(70):
        LotLoss.objects.create(lot=lot, ml=Decimal("0.1"), reason="Slow.", by=lot.added_by)
    assert left(lot) == 0
    assert Lot.objects.with_left().get().why_not(TODAY) == (
        "Empty: all of it is recorded as drawn or lost."
    )


def test_lot_that_expires_first_comes_first(formula: Product) -> None:
    late = make.lot(formula, expires_on=TODAY + 300 * DAY)
    soon = make.lot(formula, expires_on=TODAY)
    assert [row.lot for row in only().lots] == [soon, late]
    assert only().set_aside == []


def test_lot_that_cannot_be_used_says_why(formula: Product) -> None:
    make.lot(formula, "L1", expires_on=TODAY - DAY)
    make.lot(
        formula, "L2", opened_on=TODAY - 9 * DAY, received_on=TODAY - 9 * DAY, discard_after_days=7
    )
    make.lot(formula, "L3", recalled_at=timezone.now())
    empty = make.lot(formula, "L4", volume_ml=Decimal(8))
    make.drawn(make.course(visits=1).visits.get(), empty, "8.0")
    assert {row.lot.number: row.why_not for row in only().set_aside} == {
        "L1": "Expired on 23 Nov 2026. Discard it.",
        "L2": "Opened, and to be used up by 22 Nov 2026. Discard it.",
        "L3": "Recalled on 24 Nov 2026. Set it apart.",
        "L4": "Empty: all of it is recorded as drawn or lost.",
    }
    assert only().lots == []


def test_lot_that_is_long_gone_is_not_offered(formula: Product) -> None:
    gone = make.lot(formula, expires_on=TODAY - 91 * DAY)
    visit = make.course(visits=1).visits.get()
    assert only().set_aside == []
    make.drawn(visit, gone)
    assert [row.lot for row in only(for_visit=visit).set_aside] == [gone]  # its own is always here


def test_visit_that_is_changed_may_draw_its_own_again(formula: Product) -> None:
    lot = make.lot(formula, volume_ml=Decimal("8.0"))
    visit = make.course(visits=1).visits.get()
    make.drawn(visit, lot, "8.0")
    assert [row.lot for row in only().set_aside] == [lot]
    found = only(for_visit=visit)
    assert [(row.lot, row.left_ml) for row in found.lots] == [(lot, Decimal("8.0"))]


def test_product_out_of_use_is_offered_only_to_its_own_visit(formula: Product) -> None:
    lot = make.lot(formula)
    visit = make.course(visits=1).visits.get()
    make.drawn(visit, lot)
    Product.objects.update(is_active=False)
    assert products_to_draw(TODAY) == []
    assert only(for_visit=visit).product == formula


def test_product_comes_with_its_shares() -> None:
    make.product("Mix", {"caffeine": "0.25", "lidocaine": "0.1"})
    make.product("Saline", is_diluent=True)
    mix, saline = products_to_draw(TODAY)
    assert dict(mix.facts.shares) == {"caffeine": Decimal("0.25"), "lidocaine": Decimal("0.1")}
    assert (saline.facts.is_diluent, dict(saline.facts.shares)) == (True, {})


def test_number_of_queries_does_not_grow() -> None:
    def add() -> None:
        product = make.product()
        for visit in make.course(visits=2, last_on=TODAY).visits.all():
            make.drawn(visit, make.lot(product))

    found = []
    for rows in (1, 5):
        for _ in range(rows):
            add()
        with CaptureQueriesContext(connection) as queries:
            offered = products_to_draw(TODAY)
        found.append((len(queries), len(offered)))
    assert found == [(3, 1), (3, 6)]
