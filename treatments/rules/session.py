"""A session as the rules read it: what is proposed, and what is known before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from patients.rules.safety_list import SafetyList, SafetyRow
from patients.terms import Area
from treatments.rules import checks, ledger
from treatments.rules.formulary import FormularyFacts, ProductFacts
from treatments.rules.lots import LotFacts
from treatments.rules.reactions import ReactionFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnLot:
    """The lot that a product was drawn from, as it stood before this session."""

    key: int
    number: str
    product: int
    facts: LotFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One product of the session, in ml. `confirmed`: the lot was held against the vial."""

    product: ProductFacts
    drawn_ml: Decimal
    wasted_ml: Decimal = Decimal(0)
    lot: DrawnLot | None = None
    confirmed: bool = False

    @property
    def given_ml(self) -> Decimal:
        return self.drawn_ml - self.wasted_ml


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A session as it stands on the form. None: not asked, not counted, not weighed.

    `areas` gives the points of each area; `answers` what was said of single safety items (code ->
    yes, no, unknown), also of allergens; `reactions` those that the patient reports since the
    last session, for they stand before what is done today.
    """

    on: date
    areas: Mapping[Area, int | None] = field(default_factory=dict)
    ml_per_point: Decimal | None = None
    products: tuple[Drawn, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    nothing_changed: bool | None = None
    skin_clear: bool | None = None
    weight: Decimal | None = None
    reactions: tuple[ReactionFacts, ...] = ()

    @property
    def given_ml(self) -> Decimal:
        return sum((each.given_ml for each in self.products), Decimal(0))

    @property
    def points(self) -> int | None:
        """All points, None while one area is not counted."""
        counts = [count for count in self.areas.values() if count is not None]
        return sum(counts) if self.areas and len(counts) == len(self.areas) else None

    @property
    def area_ml(self) -> dict[Area, Decimal]:
        """What each counted area gets, by its points."""
        if self.ml_per_point is None:
            return {}
        return {
            area: points * self.ml_per_point
            for area, points in self.areas.items()
            if points is not None
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFacts:
    """What is known of the patient and the course before the session, on its day.

    `consent`, `too_early` and `rescreen` are whole sentences that say why not, "" where nothing
    stands against it. `accepted` are the items that were "yes" in the screening that accepted the
    course; `since` the latest answers given at visits after it; `last` the latest of all, with
    their days in `answered_on`. `allergies` are the allergens and conditions that were named,
    `allergies_asked` what was said to the question. `same_day` and `course` are earlier doses,
    `undocumented` the sessions whose doses nobody has on record.
    """

    age: int
    sex: str | None
    consent: str
    too_early: str
    rescreen: str
    declined_on: date | None
    lists: SafetyList
    formulary: FormularyFacts
    accepted: frozenset[str]
    since: Mapping[str, str]
    last: Mapping[str, str]
    answered_on: Mapping[str, date]
    allergies: frozenset[str]
    allergies_asked: str | None
    reactions: tuple[ReactionFacts, ...]
    same_day: tuple[ledger.Given, ...]
    course: tuple[ledger.Given, ...]
    undocumented: int
    weight_first: Decimal | None
    weight_last: Decimal | None
    needs_reason_to_continue: bool


def answers_today(proposed: Proposed, facts: SessionFacts) -> dict[str, str]:
    """Return today's answers, with those that "nothing changed" gives."""
    return checks.todays_answers(
        due_today(proposed, facts),
        proposed.answers,
        last=facts.last,
        nothing_changed=proposed.nothing_changed,
    )


def due_today(proposed: Proposed, facts: SessionFacts) -> tuple[SafetyRow, ...]:
    """List the safety questions that are due on the day of the session."""
    return checks.to_ask(facts.lists, facts.answered_on, proposed.on, facts.sex)


def ledger_of(proposed: Proposed, facts: SessionFacts) -> tuple[ledger.Line, ...]:
    """Lay out the doses of the session against their ceilings."""
    return ledger.ledger(
        facts.formulary,
        [ledger.Given(each.product, each.given_ml) for each in proposed.products],
        same_day=facts.same_day,
        course=facts.course,
        undocumented=facts.undocumented,
        weight_kg=proposed.weight,
    )


def standing(proposed: Proposed, facts: SessionFacts) -> dict[str, str]:
    """Return what holds today beyond the screening: answers of later visits, and of today."""
    return {**facts.since, **answers_today(proposed, facts)}
