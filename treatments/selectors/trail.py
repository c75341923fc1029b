"""The trail of a lot, both ways: from a lot to patients, from a patient to lots.

`uses` is the one queryset behind every answer. Its joins run along foreign keys, which are indexed
on both engines: lot -> visit product -> visit -> course -> patient, and back.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Count, Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients.models import Patient
from treatments.models import Lot, Product, Reaction, RecallContact, Visit, VisitArea, VisitProduct
from treatments.rules.trail import (
    FEW_REACTIONS,
    WITHIN_DAYS,
    Given,
    Seen,
    comes_after,
    reactions_after,
)
from treatments.terms import ContactOutcome, Noticed

TOLD = {ContactOutcome.REACHED, ContactOutcome.IN_PERSON}
COMPARED_LOTS = 3
WINDOW = timedelta(days=WITHIN_DAYS)


# A trail may be long: only what it shows is read, no notes and no points.
SHOWN = (
    "drawn_ml",
    "wasted_ml",
    "lot__number",
    "lot__recalled_at",
    "product__name",
    "visit__held_on",
    "visit__kind",
    "visit__number",
    "visit__course__planned_sessions",
    "visit__course__patient__code",
    "visit__course__patient__given_name",
    "visit__course__patient__family_name",
    "visit__course__patient__phone",
)
SHOWN_OF_REACTION = (
    "kind",
    "grade",
    "area",
    "noticed",
    "began_at",
    "visit__held_on",
    "visit__course__patient",
)


def uses() -> QuerySet[VisitProduct]:
    """Return what was drawn from lots in sessions that stand, with lot, session and patient."""
    return (
        VisitProduct.objects.filter(lot__isnull=False, visit__voided_at=None)
        .select_related("visit__course__patient", "lot", "product")
        .only(*SHOWN)
        .order_by("visit__held_on", "visit")
    )


def _areas() -> Prefetch[str]:
    return Prefetch("visit__visit_areas", queryset=VisitArea.objects.only("visit", "area"))


@dataclass(slots=True)
class Use:
    """One session that drew from a lot, and the reactions that came after it."""

    row: VisitProduct
    reactions: list[Reaction] = field(default_factory=list)

    @property
    def visit(self) -> Visit:
        return self.row.visit

    @property
    def given_ml(self) -> Decimal:
        return self.row.given_ml


@dataclass(slots=True)
class Recipient:
    """One patient of a lot: her sessions with it, and what came of telling her."""

    patient: Patient
    uses: list[Use] = field(default_factory=list)
    contacts: list[RecallContact] = field(default_factory=list)

    @property
    def is_told(self) -> bool:
        return any(contact.outcome in TOLD for contact in self.contacts)

    @property
    def told(self) -> RecallContact | None:
        """The last attempt that reached her, or else the last one."""
        reached = [contact for contact in self.contacts if contact.outcome in TOLD]
        tried = reached or self.contacts
        return tried[-1] if tried else None

    @property
    def tries(self) -> int:
        """How often somebody tried since without reaching her."""
        return 0 if self.is_told else len(self.contacts)

    @property
    def state(self) -> str:
        """Where telling her stands, in words."""
        if self.told is None:
            return _("Not tried yet")
        words = self.told.get_outcome_display()
        if self.tries < 2:
            return words
        tries = ngettext("%(count)d try", "%(count)d tries", self.tries) % {"count": self.tries}
        return f"{words}, {tries}"


@dataclass(slots=True)
class LotTrail:
    """Everything that is recorded of one lot that was fetched `with_left`."""

    lot: Lot
    recipients: list[Recipient]
    struck_out: int

    @property
    def sessions(self) -> list[Use]:
        return [use for recipient in self.recipients for use in recipient.uses]

    @property
    def given_ml(self) -> Decimal:
        return sum((use.given_ml for use in self.sessions), Decimal(0))

    @property
    def wasted_ml(self) -> Decimal:
        return sum((use.row.wasted_ml for use in self.sessions), Decimal(0))

    @property
    def to_tell(self) -> list[Recipient]:
        return [recipient for recipient in self.recipients if not recipient.is_told]

    @property
    def told_count(self) -> int:
        return len(self.recipients) - len(self.to_tell)

    @property
    def sessions_with_reaction(self) -> list[Use]:
        return [use for use in self.sessions if use.reactions]

    @property
    def open_until(self) -> date | None:
        """The last day on which a reaction can still count for the last session."""
        days = [use.visit.held_on for use in self.sessions]
        return max(days) + WINDOW if days else None


def lot_trail(lot: Lot) -> LotTrail:
    """Return every patient and session of a lot that stands. Six queries, whatever its size."""
    rows = list(uses().filter(lot=lot).prefetch_related(_areas()))
    after = _reactions_of(rows)
    recipients: dict[int, Recipient] = {}
    for row in rows:
        patient = row.visit.course.patient
        recipient = recipients.setdefault(patient.pk, Recipient(patient))
        recipient.uses.append(Use(row, after.get(row.pk, [])))
    for contact in lot.contacts.select_related("by"):
        if contact.patient_id in recipients:
            recipients[contact.patient_id].contacts.append(contact)
    struck_out = VisitProduct.objects.filter(lot=lot, visit__voided_at__isnull=False).count()
    return LotTrail(lot, list(recipients.values()), struck_out)


def patient_trail(patient: Patient) -> list[Use]:
    """Return everything a patient was given from lots, the newest first. Four queries."""
    rows = list(
        uses()
        .filter(visit__course__patient=patient)
        .order_by("-visit__held_on", "-visit", "product__name")
        .prefetch_related(_areas())
    )
    after = _reactions_of(rows, each_lot=True)
    return [Use(row, after.get(row.pk, [])) for row in rows]


# Reactions ---------------------------------------------------------------------------------------


def _reactions_of(
    rows: Collection[VisitProduct], *, each_lot: bool = False
) -> dict[int, list[Reaction]]:
    """Return the reactions after each use, by the key of the use.

    Among the uses of one lot, or of `each_lot` by itself, a reaction stands at the nearest one.
    """
    if not rows:
        return {}
    days = [row.visit.held_on for row in rows]
    found = {
        reaction.pk: reaction
        for reaction in Reaction.objects.filter(
            visit__voided_at=None,
            visit__course__patient__in={row.visit.course.patient_id for row in rows},
            visit__held_on__range=(min(days), max(days) + WINDOW),
        )
        .select_related("visit__course")
        .only(*SHOWN_OF_REACTION)
        .prefetch_related("checks")
        .order_by("visit__held_on", "pk")
    }
    seen = [_seen(reaction) for reaction in found.values()]
    groups: dict[int | None, list[Given]] = defaultdict(list)
    for row in rows:
        groups[row.lot_id if each_lot else None].append(_given(row))
    return {
        key: [found[reaction] for reaction in reactions]
        for given in groups.values()
        for key, reactions in reactions_after(given, seen).items()
    }


def _given(row: VisitProduct) -> Given:
    return Given(row.pk, row.visit.course.patient_id, row.visit.held_on)


def _seen(reaction: Reaction) -> Seen:
    began = reaction.began_at
    return Seen(
        reaction.pk,
        reaction.visit.course.patient_id,
        timezone.localdate(began) if began else reaction.visit.held_on,
        is_before=reaction.noticed == Noticed.SINCE_LAST and began is None,
    )


# The other way round -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Compared:
    """One lot of a product beside the others: sessions, and how many had a reaction after it."""

    lot: Lot
    sessions: int
    reactions: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Lots of one product side by side."""

    rows: list[Compared]

    @property
    def is_too_few(self) -> bool:
        return sum(row.reactions for row in self.rows) < FEW_REACTIONS


def compared_lots(lot: Lot) -> Comparison:
    """Compare a lot with the lots of its product that came last. Four queries."""
    others = Lot.objects.filter(product=lot.product_id).exclude(pk=lot.pk)
    lots = [lot, *others.order_by("-received_on", "-pk")[: COMPARED_LOTS - 1]]
    rows = list(uses().filter(lot__in=lots))
    after = _reactions_of(rows, each_lot=True)
    sessions = Counter(row.lot_id for row in rows)
    reacted = Counter(row.lot_id for row in rows if row.pk in after)
    return Comparison([Compared(row, sessions[row.pk], reacted[row.pk]) for row in lots])


@dataclass(slots=True)
class SharedLot:
    """A lot that patients with a reaction were given before it."""

    lot: Lot
    product: Product
    patients: dict[int, Patient] = field(default_factory=dict)
    sessions: int = 0
    given_to: int = 0  # patients in all


def recent_reactions(on: date) -> QuerySet[Reaction]:
    """Return the reactions recorded in the last 12 weeks, the newest first."""
    return (
        Reaction.objects.standing()
        .filter(visit__held_on__range=(on - WINDOW, on))
        .select_related("visit__course__patient")
        .prefetch_related("checks")
        .order_by("-visit__held_on", "-pk")
    )


def shared_lots(reactions: Collection[Reaction]) -> list[SharedLot]:
    """Return the lots given in the 12 weeks before these reactions, the most shared first.

    Two queries. What `given_to` says is the measure: a lot that everybody was given is shared by
    those with a reaction as well.
    """
    if not reactions:
        return []
    seen = [_seen(reaction) for reaction in reactions]
    days = [reaction.on for reaction in seen]
    rows = uses().filter(
        visit__course__patient__in={reaction.patient for reaction in seen},
        visit__held_on__range=(min(days) - WINDOW, max(days)),
    )
    found: dict[int, SharedLot] = {}
    for row in rows:
        if row.lot is None or not any(comes_after(_given(row), reaction) for reaction in seen):
            continue
        shared = found.setdefault(row.lot.pk, SharedLot(row.lot, row.product))
        shared.patients[row.visit.course.patient_id] = row.visit.course.patient
        shared.sessions += 1
    for pk, count in _patients_by_lot(found):
        found[pk].given_to = count
    return sorted(
        found.values(),
        key=lambda shared: (-len(shared.patients), shared.given_to, shared.lot.number),
    )


def _patients_by_lot(lots: Iterable[int]) -> Iterable[tuple[int, int]]:
    """Return how many patients each lot was given to."""
    rows = VisitProduct.objects.filter(lot__in=list(lots), visit__voided_at=None)
    counted = (
        rows.order_by().values("lot").annotate(n=Count("visit__course__patient", distinct=True))
    )
    return [(row["lot"], row["n"]) for row in counted]
