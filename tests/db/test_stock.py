"""Products, lots, losses, recalls and calls: what is written, and every refusal in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from clinic.models import AuditEvent, User
from clinic.refusal import Refused, Stale
from clinic.roles import Role
from tests import make
from treatments.actions import (
    add_product,
    change_product,
    correct_lot,
    log_contact,
    open_lot,
    recall_lot,
    receive_lot,
    receive_more,
    record_export,
    record_loss,
    retire_product,
)
from treatments.models import Lot, LotLoss, Product, RecallContact, Visit
from treatments.terms import ContactOutcome

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
DAY = timedelta(1)
HALF = {"caffeine": Decimal("0.5")}


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def lead() -> User:
    made = make.user(Role.MEDICAL_LEAD, name="Dr Okafor")
    make.formulary(
        make.agent("caffeine"),
        make.agent("collagenase", status="blocked", status_reason="Discontinued in 2022."),
        by=made,
    )
    return made


@pytest.fixture
def keeper() -> User:
    return make.practitioner()


def refusal(action: Callable[..., Any], /, **details: Any) -> tuple[str, str | None]:
    with pytest.raises(Refused) as refused, transaction.atomic():
        action(**details)
    return refused.value.message, refused.value.field


# Products -----------------------------------------------------------------------------------------


def product_details(**changed: Any) -> dict[str, Any]:
    return {"name": "Mix", "maker": "Halden", "is_diluent": False, "shares": HALF} | changed


def test_product_is_added_with_its_shares(lead: User) -> None:
    made = add_product(by=lead, **product_details())
    assert made.as_rule().shares == HALF
    saline = add_product(by=lead, **product_details(name="Saline", is_diluent=True, shares={}))
    assert saline.as_rule().shares == {}


@pytest.mark.parametrize(
    ("changed", "sentence", "field"),
    [
        ({"name": " formula b "}, "There is a product of that name.", "name"),
        (
            {"shares": {"caffeine": Decimal("0.6"), "x": Decimal("0.5")}},
            "The shares add up to more than the whole.",
            "agent_0",
        ),
        ({"shares": {"caffeine": Decimal(0)}}, "A share is more than nothing.", "agent_0"),
        ({"shares": {}}, "Name at least one agent, or say that it is a diluent.", "agent_0"),
        ({"is_diluent": True}, "A diluent has no agent. Take the agents out.", "is_diluent"),
        ({"shares": {"yohimbine": Decimal(1)}}, "yohimbine is not in the formulary.", "agent_0"),
        (
            {"shares": {"collagenase": Decimal(1)}},
            "Collagenase is blocked: Discontinued in 2022.",
            "agent_0",
        ),
    ],
)
def test_product_that_cannot_be_is_refused(
    lead: User, changed: dict[str, Any], sentence: str, field: str
) -> None:
    made = add_product(by=lead, **product_details(name="Formula B"))
    other = add_product(by=lead, **product_details(name="Other"))
    details = product_details(**changed)
    assert refusal(add_product, by=lead, **details) == (sentence, field)
    assert refusal(change_product, product=other, version=1, by=lead, **details) == (
        sentence,
        field,
    )
    assert Product.objects.get(pk=made.pk).as_rule().shares == HALF


def test_composition_is_final_with_the_first_lot(lead: User, keeper: User) -> None:
    product = add_product(by=lead, **product_details())
    changed = product_details(shares={"caffeine": Decimal("0.4")})
    change_product(product=product, version=1, by=lead, **changed)
    with pytest.raises(Stale), transaction.atomic():
        change_product(product=product, version=1, by=lead, **changed)
    make.lot(product)
    assert refusal(change_product, product=product, version=2, by=lead, **product_details())[0] == (
        "Lots of it are entered, so it stays as it is. Another mix is another product."
    )
    assert Product.objects.get().as_rule().shares == {"caffeine": Decimal("0.4")}


def test_retired_product_takes_no_lot(lead: User, keeper: User) -> None:
    product = add_product(by=lead, **product_details())
    retire_product(product=product, is_active=False, by=lead)
    assert refusal(receive_lot, product=product, by=keeper, **delivered()) == (
        "Mix is out of use.",
        "product",
    )
    retire_product(product=product, is_active=True, by=lead)
    assert receive_lot(product=product, by=keeper, **delivered()).number == "L2377"


def test_only_the_medical_lead_changes_products(lead: User, keeper: User) -> None:
    product = add_product(by=lead, **product_details())
    sentence = "Only the medical lead changes and approves the formulary, protocols and products."
    for action, details in (
        (add_product, product_details()),
        (change_product, {"product": product, "version": 1, **product_details()}),
        (retire_product, {"product": product, "is_active": False}),
    ):
        assert refusal(action, by=keeper, **details)[0] == sentence


# Lots ---------------------------------------------------------------------------------------------


def delivered(**changed: Any) -> dict[str, Any]:
    return {
        "number": " L2377 ",
        "expires_on": date(2027, 3, 31),
        "received_on": TODAY,
        "volume_ml": Decimal("200.0"),
        "discard_after_days": 28,
    } | changed


def left(lot: Lot) -> Decimal:
    return Lot.objects.with_left().get(pk=lot.pk).left_ml


@pytest.mark.parametrize(
    ("changed", "sentence", "field"),
    [
        ({"number": " "}, "Enter the number that stands on the label.", "number"),
        (
            {"number": "l100"},
            "This lot is entered already. If more of it came, enter that on its page.",
            "number",
        ),
        (
            {"received_on": TODAY + DAY},
            "This day lies ahead. Enter the lot when it is here.",
            "received_on",
        ),
        (
            {"expires_on": TODAY - DAY},
            "It had expired before it came. Check both days.",
            "expires_on",
        ),
        ({"volume_ml": Decimal(0)}, "Enter how much came, in ml.", "volume_ml"),
    ],
)
def test_lot_that_cannot_have_come_is_refused(
    keeper: User, changed: dict[str, Any], sentence: str, field: str
) -> None:
    product = make.product("Mix")
    make.lot(product, "L100")
    mine = make.lot(product, "L200")
    details = delivered(**changed)
    assert refusal(receive_lot, product=product, by=keeper, **details) == (sentence, field)
    details["number"] = details["number"].strip()
    assert refusal(correct_lot, lot=mine, version=1, by=keeper, **details) == (sentence, field)


def test_lot_is_corrected_until_a_session_drew_from_it(keeper: User) -> None:
    lot = make.lot()
    corrected = correct_lot(lot=lot, version=1, by=keeper, volume_ml=Decimal(100))
    assert (corrected.version, left(lot)) == (2, Decimal(100))
    with pytest.raises(Stale), transaction.atomic():
        correct_lot(lot=lot, version=1, by=keeper, volume_ml=Decimal(90))
    visit = make.course(visits=1).visits.get()
    make.drawn(visit, lot)
    Visit.objects.update(voided_at=timezone.now(), voided_by=keeper, void_reason="Slip.")
    assert refusal(correct_lot, lot=lot, version=2, by=keeper, volume_ml=Decimal(90))[0] == (
        "A session drew from this lot, so it stays as it is."
    )


def test_correction_does_not_contradict_what_is_known(keeper: User) -> None:
    lot = make.lot(received_on=TODAY - DAY)
    record_loss(lot=lot, ml=Decimal(50), reason="Broken.", by=keeper)
    assert refusal(correct_lot, lot=lot, version=1, by=keeper, opened_on=TODAY - 2 * DAY) == (
        "A lot is opened on or after the day it came.",
        "opened_on",
    )
    assert refusal(correct_lot, lot=lot, version=1, by=keeper, volume_ml=Decimal(49)) == (
        "More is recorded as lost than came.",
        "volume_ml",
    )


def test_lot_is_opened_once(keeper: User) -> None:
    lot = make.lot()
    opened = open_lot(lot=lot, opened_on=TODAY - DAY, discard_after_days=28, by=keeper)
    assert opened.discard_on == TODAY + 27 * DAY
    assert refusal(open_lot, lot=lot, opened_on=TODAY, discard_after_days=1, by=keeper)[0] == (
        "It was opened on 23 Nov 2026 already."
    )


@pytest.mark.parametrize(
    ("lot", "opened_on", "sentence"),
    [
        ({}, TODAY + DAY, "This day lies ahead. Note it on the day."),
        ({"received_on": TODAY}, TODAY - DAY, "A lot is opened on or after the day it came."),
        ({"expires_on": TODAY - DAY}, TODAY, "Expired on 23 Nov 2026. Discard it."),
    ],
)
def test_lot_is_not_opened_on_a_day_on_which_it_cannot_be(
    keeper: User, lot: dict[str, Any], opened_on: date, sentence: str
) -> None:
    made = make.lot(**lot)
    details = {"lot": made, "opened_on": opened_on, "discard_after_days": None, "by": keeper}
    assert refusal(open_lot, **details) == (sentence, "opened_on")


def test_recalled_lot_is_not_opened_corrected_or_filled_up(keeper: User) -> None:
    lot = make.lot(recalled_at=timezone.now())
    opening = {"lot": lot, "opened_on": TODAY, "discard_after_days": None, "by": keeper}
    assert refusal(open_lot, **opening)[0] == "Recalled on 24 Nov 2026. Set it apart."
    stays = "This lot is recalled; it stays as it is."
    assert refusal(correct_lot, lot=lot, version=1, by=keeper)[0] == stays
    assert refusal(receive_more, lot=lot, ml=Decimal(5), by=keeper)[0] == stays


def test_loss_takes_from_a_lot_and_is_put_back(keeper: User) -> None:
    lot = make.lot(volume_ml=Decimal("20.0"))
    record_loss(lot=lot, ml=Decimal("15.0"), reason=" Broken. ", by=keeper)
    assert (left(lot), LotLoss.objects.get().reason) == (Decimal("5.0"), "Broken.")
    for ml, reason, refused in (
        ("5.1", "Broken.", ("Only 5.0 ml are left of it.", "ml")),
        ("-15.1", "A slip.", ("Only 15.0 ml are entered as lost.", "ml")),
        ("0", "Nothing.", ("Enter how much, in ml.", "ml")),
        ("1", "  ", ("Say what became of it.", "reason")),
    ):
        details = {"lot": lot, "ml": Decimal(ml), "reason": reason, "by": keeper}
        assert refusal(record_loss, **details) == refused
    record_loss(lot=lot, ml=Decimal("-10.0"), reason="It was 5.", by=keeper)
    assert left(lot) == Decimal("15.0")


def test_more_of_a_lot_comes(keeper: User) -> None:
    lot = make.lot(volume_ml=Decimal("20.0"))
    receive_more(lot=lot, ml=Decimal("30.5"), by=keeper)
    assert left(lot) == Decimal("50.5")
    assert refusal(receive_more, lot=lot, ml=Decimal(0), by=keeper) == (
        "Enter how much came, in ml.",
        "ml",
    )
    assert AuditEvent.objects.get().target == f"lot {lot.pk}, 30.5 ml"


def test_more_than_a_lot_holds_is_refused_in_words(keeper: User) -> None:
    lot = make.lot(volume_ml=Decimal("999999.8"))
    assert refusal(receive_more, lot=lot, ml=Decimal("0.2"), by=keeper) == (
        "A lot holds 999999.9 ml at most. Check the number.",
        "ml",
    )
    receive_more(lot=lot, ml=Decimal("0.1"), by=keeper)
    assert left(lot) == Decimal("999999.9")


def test_recall_marks_the_lot_and_blocks_it_from_its_day_on(keeper: User) -> None:
    lot = make.lot()
    assert refusal(recall_lot, lot=lot, reason=" ", by=keeper) == (
        "Say why, and where the notice came from.",
        "reason",
    )
    recall_lot(lot=lot, reason=" Seal defect. ", by=keeper)
    marked = Lot.objects.with_left().get()
    assert (marked.recalled_by, marked.recalled_at, marked.recall_reason) == (
        keeper,
        timezone.now(),
        "Seal defect.",
    )
    assert (marked.why_not(TODAY), marked.why_not(TODAY - DAY)) == (
        "Recalled on 24 Nov 2026. Set it apart.",
        "",
    )
    assert refusal(recall_lot, lot=lot, reason="Again.", by=keeper)[0] == (
        "This lot is recalled already."
    )


def test_call_is_logged_for_patients_of_a_recalled_lot_only(keeper: User) -> None:
    lot = make.lot()
    course = make.course(visits=1)
    patient, stranger = course.patient, make.patient(given_name="Anna")
    make.drawn(course.visits.get(), lot)
    details = {"lot": lot, "outcome": ContactOutcome.REACHED, "note": " Well. ", "by": keeper}
    assert refusal(log_contact, patient=patient, **details)[0] == (
        "This lot is not recalled, so there is nobody to tell."
    )
    recall_lot(lot=lot, reason="Seal defect.", by=keeper)
    assert refusal(log_contact, patient=stranger, **details)[0] == (
        "No session of this patient drew from the lot."
    )
    log_contact(patient=patient, **details)
    assert RecallContact.objects.get().note == "Well."
    assert AuditEvent.objects.latest("pk").patient == patient.code


def test_desk_keeps_no_stock() -> None:
    lot, desk = make.lot(), make.user(Role.FRONT_DESK)
    sentence = "Your role does not keep the stock. Ask a practitioner or the manager."
    for action, details in (
        (correct_lot, {"version": 1}),
        (open_lot, {"opened_on": TODAY, "discard_after_days": None}),
        (record_loss, {"ml": Decimal(1), "reason": "x"}),
        (receive_more, {"ml": Decimal(1)}),
        (recall_lot, {"reason": "x"}),
        (log_contact, {"patient": make.patient(), "outcome": "reached", "note": ""}),
        (record_export, {"reason": "calls"}),
    ):
        assert refusal(action, lot=lot, by=desk, **details)[0] == sentence
    assert refusal(receive_lot, product=lot.product, by=desk, **delivered())[0] == sentence


# What the database keeps --------------------------------------------------------------------------

TAMPERING: dict[str, Callable[[], Any]] = {
    "loss changed": lambda: LotLoss.objects.update(ml=1),
    "loss deleted": lambda: LotLoss.objects.all().delete(),
    "call changed": lambda: RecallContact.objects.update(outcome="reached"),
    "call deleted": lambda: RecallContact.objects.all()._raw_delete("default"),
}


@pytest.mark.parametrize("name", TAMPERING)
def test_losses_and_calls_are_append_only(keeper: User, name: str) -> None:
    lot = make.lot()
    LotLoss.objects.create(lot=lot, ml=5, reason="Broken.", by=keeper)
    RecallContact.objects.create(lot=lot, patient=make.patient(), outcome="letter", by=keeper)
    with pytest.raises(IntegrityError, match="is append-only"), transaction.atomic():
        TAMPERING[name]()
    assert (LotLoss.objects.get().ml, RecallContact.objects.get().outcome) == (5, "letter")
