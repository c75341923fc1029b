"""The shelf of the demo: products, and lots with a story each.

Lots take turns by date. How much of each came is set at the end from what was drawn (`settle`),
so that every size of clinic has a lot that is nearly empty, one that expired with something left,
and one that was recalled yesterday.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_UP, Decimal
from itertools import cycle

from clinic.models import User
from desk.demo.diary import moment
from desk.demo.formulary import fill_in, write_protocol
from desk.demo.story import before
from patients.models import Patient
from treatments.models import (
    Lot,
    LotLoss,
    Product,
    ProductAgent,
    ProtocolVersion,
    RecallContact,
    VisitProduct,
)
from treatments.terms import ContactOutcome

FORMULA_A, FORMULA_B = "Formula A (demo)", "Formula B (demo)"
SALINE, ENZYME = "Sodium chloride 0.9 % (demo)", "Hyaluronidase 150 IU (demo)"
MIXES: dict[str, dict[str, str]] = {
    FORMULA_A: {
        "pentoxifylline": "0.300",
        "l_carnitine": "0.300",
        "organic_silicium": "0.300",
        "lidocaine": "0.100",
    },
    FORMULA_B: {
        "melilotus_rutin": "0.250",
        "caffeine": "0.250",
        "artichoke": "0.250",
        "lidocaine": "0.100",
    },
    SALINE: {},
    ENZYME: {"hyaluronidase": "1.000"},
}
LONG_AGO = 540  # days, longer than any course of the demo
VIAL = Decimal(5)  # ml
RECALLED = "L2377"
RECALL_REASON = "Maker's notice: the seal of some vials may leak."
APART = "Set apart in the locked drawer, for the maker."
# What came of telling one patient after the other; None: nobody tried yet.
TOLD: tuple[tuple[ContactOutcome, str] | None, ...] = (
    (ContactOutcome.IN_PERSON, "Shown the area. Nothing to see."),
    (ContactOutcome.REACHED, "No complaints."),
    (ContactOutcome.NO_ANSWER, ""),
    (ContactOutcome.REACHED, ""),
    None,
    (ContactOutcome.CALL_BACK, "Was driving."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One lot: in use from so many days ago until so many, and how much of it is left, in ml.

    `expires` is in days from today; `keeps` in days once opened. A lot that no session drew from
    is in use on no day.
    """

    product: str
    number: str
    since: int
    until: int = 0
    expires: int
    left: str
    keeps: int | None = None
    broken: bool = False


BATCHES = (
    Batch(product=FORMULA_A, number="L2318", since=LONG_AGO, until=121, expires=-20, left="42.5"),
    Batch(product=FORMULA_A, number="L2391", since=120, until=9, expires=130, left="6.5"),
    Batch(product=FORMULA_A, number="L2418", since=8, expires=410, left="187.5"),
    Batch(product=FORMULA_B, number="L2340", since=LONG_AGO, until=43, expires=21, left="16.0"),
    Batch(
        product=FORMULA_B,
        number=RECALLED,
        since=42,
        until=15,
        expires=127,
        left="40.0",
        broken=True,
    ),
    Batch(product=FORMULA_B, number="L2409", since=14, expires=240, left="152.5"),
)
NEVER_DRAWN = (
    Batch(product=SALINE, number="L2366", since=3, expires=600, left="480.0", keeps=28),
    Batch(product=SALINE, number="L2367", since=3, expires=600, left="500.0"),
    Batch(product=ENZYME, number="L2371", since=35, expires=90, left="12.0", keeps=28),
)


class Shelf:
    """Products and lots by name, and the lot that was in use on a day."""

    def __init__(self, lead: User, keeper: User, today: date) -> None:
        self.lead, self.keeper, self.today = lead, keeper, today
        self.products: dict[str, Product] = {}
        self.lots: dict[str, Lot] = {}
        self.protocols: dict[str, ProtocolVersion] = {}

    @classmethod
    def filled(cls, lead: User, keeper: User, *, approved_on: date, today: date) -> Shelf:
        """Fill the formulary in, and put products and lots on the shelf."""
        shelf = cls(lead, keeper, today)
        at = moment(approved_on, 14 * 4)
        fill_in(lead, at, moment(before(today, 25, today), 18 * 4))
        for name, shares in MIXES.items():
            shelf.products[name] = shelf._product(name, shares)
        for batch in (*BATCHES, *NEVER_DRAWN):
            shelf.lots[batch.number] = shelf._lot(batch)
        for name, product, sessions in (
            ("Weekly, Formula A (demo)", FORMULA_A, 12),
            ("Weekly, Formula B (demo)", FORMULA_B, 10),
        ):
            shelf.protocols[product] = write_protocol(
                name, shelf.products[product], "8.0", lead=lead, at=at, sessions=sessions
            )
        return shelf

    def lot_on(self, product: str, day: date) -> Lot:
        """Return the lot of a formula that was in use on the day."""
        ago = (self.today - day).days
        return next(
            self.lots[batch.number]
            for batch in BATCHES
            if batch.product == product and batch.until <= ago <= batch.since
        )

    def settle(self) -> None:
        """Set how much of each lot came, from what was drawn; then recall one of them."""
        for batch in (*BATCHES, *NEVER_DRAWN):
            lot = Lot.objects.with_left().get(pk=self.lots[batch.number].pk)
            if batch.broken:
                self._lose(lot, VIAL, "A vial broke in the drawer.", days_ago=batch.since - 3)
            gone = lot.drawn_ml + (VIAL if batch.broken else 0) + Decimal(batch.left)
            vials = (gone / VIAL).quantize(Decimal(1), ROUND_UP)
            lot.volume_ml = vials * VIAL
            lot.save(update_fields=["volume_ml"])
        self._recall()

    def _product(self, name: str, shares: dict[str, str]) -> Product:
        product = Product.objects.create(
            name=name, maker="Halden", is_diluent=not shares, added_by=self.lead
        )
        ProductAgent.objects.bulk_create(
            ProductAgent(product=product, agent_code=code, share=Decimal(share))
            for code, share in shares.items()
        )
        return product

    def _lot(self, batch: Batch) -> Lot:
        """Write a lot that is large enough for whatever is drawn; `settle` cuts it to size."""
        opened = self.today - timedelta(batch.since)
        received = before(opened, 5, self.today)
        is_open = batch in BATCHES or batch.keeps is not None
        return Lot.objects.create(
            product=self.products[batch.product],
            number=batch.number,
            expires_on=self.today + timedelta(batch.expires),
            received_on=received,
            volume_ml=Decimal(99_000),
            opened_on=opened if is_open else None,
            discard_after_days=batch.keeps,
            added_by=self.keeper,
            added_at=moment(received, 9 * 4),
        )

    def _lose(self, lot: Lot, ml: Decimal, reason: str, *, days_ago: int) -> None:
        day = before(self.today, days_ago, self.today)
        LotLoss.objects.create(
            lot=lot, ml=ml, reason=reason, at=moment(day, 11 * 4), by=self.keeper
        )

    def _recall(self) -> None:
        """Recall a lot yesterday afternoon, set the rest apart, and tell most of its patients."""
        lot = Lot.objects.with_left().get(pk=self.lots[RECALLED].pk)
        day = before(self.today, 1, self.today)
        self._lose(lot, lot.left_ml, APART, days_ago=1)
        lot.recalled_at, lot.recalled_by = moment(day, 16 * 4 + 1), self.lead
        lot.recall_reason = RECALL_REASON
        lot.save(update_fields=["recalled_at", "recalled_by", "recall_reason"])
        uses = VisitProduct.objects.filter(lot=lot, visit__voided_at=None)
        given = Patient.objects.filter(courses__visits__products__in=uses).distinct()
        for place, (patient, told) in enumerate(
            zip(given.order_by("registered_at", "pk"), cycle(TOLD), strict=False)
        ):
            if told:
                outcome, note = told
                RecallContact.objects.create(
                    lot=lot,
                    patient=patient,
                    outcome=outcome,
                    note=note,
                    at=moment(day, 16 * 4 + 2) + timedelta(minutes=7 * place),
                    by=self.keeper,
                )
