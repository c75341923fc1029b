"""The dose ledger: how much of each substance this session, and the course so far, come to.

A dose is given ml x share of the volume x strength, in the unit of the agent. Agents of one
substance add up, whatever their products, and the lowest ceiling of those that were given counts.
What somebody was given in other sessions of the same day belongs to the ceilings of a session,
because the body does not know about courses (domain.md section 5: "total from all sources that
day"). What cannot be counted is unknown, never nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from treatments.rules.formulary import AgentFacts, FormularyFacts, ProductFacts

NEAR = Decimal("0.8")  # of a ceiling; a proposal, for the medical lead to confirm


class Scope(StrEnum):
    """What a ceiling is for: ml, amount and amount per kg of a day's session, or a whole course."""

    ML = "ml"
    SESSION = "session"
    KG = "kg"
    COURSE = "course"


class State(StrEnum):
    """How an amount stands to its ceiling. UNKNOWN: it cannot be told that it is not over."""

    FINE = "fine"
    NEAR = "near"
    OVER = "over"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Given:
    """So many ml of a product that went into the skin."""

    product: ProductFacts
    ml: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One substance against one ceiling.

    `amount` and `ceiling` are in `unit` ("ml", "mg", "iu"; "" where the agent is not known).
    `amount` is what could be counted, `is_complete` whether that is all. `ceiling` is None where
    there is none, or where it needs a weight that nobody took (then the state is UNKNOWN).
    `is_given`: this session gives some of it; other lines only tell of the course.
    """

    substance: str
    scope: Scope
    unit: str
    amount: Decimal
    ceiling: Decimal | None
    state: State
    is_complete: bool = True
    is_given: bool = True

    @property
    def share(self) -> Decimal | None:
        """The part of the ceiling that the amount is; 1 is all of it."""
        return self.amount / self.ceiling if self.ceiling else None


@dataclass(frozen=True, slots=True)
class _Dose:
    code: str
    agent: AgentFacts | None
    ml: Decimal

    @property
    def substance(self) -> str:
        return self.agent.substance if self.agent else self.code

    @property
    def unit(self) -> str:
        return self.agent.unit.value if self.agent else ""

    @property
    def amount(self) -> Decimal | None:
        if self.agent is None or self.agent.strength is None:
            return None
        return self.ml * self.agent.strength


def ledger(
    formulary: FormularyFacts,
    now: Sequence[Given],
    *,
    same_day: Sequence[Given] = (),
    course: Sequence[Given] = (),
    undocumented: int = 0,
    weight_kg: Decimal | None = None,
) -> tuple[Line, ...]:
    """Lay out every substance of this session, and of the course, against its ceilings.

    `same_day` are the patient's other sessions of the day, `course` the earlier ones of this
    course, of which `undocumented` have no products on record. The lines stand by substance, then
    by scope; the order in which things were given makes no difference.
    """
    today = list(_doses(formulary, [*now, *same_day]))
    so_far = list(_doses(formulary, [*course, *now]))
    given = {(dose.substance, dose.unit) for dose in _doses(formulary, now)}
    lines: list[Line] = []
    for key in sorted(given | {(dose.substance, dose.unit) for dose in so_far}):
        if key in given:
            lines += _day_lines(key, today, weight_kg)
        lines.append(_course_line(key, so_far, undocumented, is_given=key in given))
    return tuple(lines)


def _doses(formulary: FormularyFacts, given: Iterable[Given]) -> Iterator[_Dose]:
    for each in given:
        for code, share in each.product.shares.items():
            yield _Dose(code, formulary.agents.get(code), each.ml * share)


def _day_lines(
    key: tuple[str, str], today: Sequence[_Dose], weight_kg: Decimal | None
) -> Iterator[Line]:
    substance, unit = key
    ours = [dose for dose in today if (dose.substance, dose.unit) == key]
    agents = [dose.agent for dose in ours if dose.agent]
    amount, is_complete = _total(key, today)
    most_ml = _lowest(agent.ceiling_ml for agent in agents)
    if most_ml is not None:
        all_ml = sum((dose.ml for dose in today if dose.substance == substance), Decimal(0))
        yield _line(substance, Scope.ML, "ml", all_ml, most_ml)
    yield _line(
        substance,
        Scope.SESSION,
        unit,
        amount,
        _lowest(agent.ceiling_session for agent in agents),
        is_complete=is_complete,
    )
    per_kg = _lowest(agent.ceiling_kg for agent in agents)
    if per_kg is not None:
        ceiling = None if weight_kg is None else per_kg * weight_kg
        yield _line(
            substance,
            Scope.KG,
            unit,
            amount,
            ceiling,
            is_complete=is_complete and ceiling is not None,
        )


def _course_line(
    key: tuple[str, str], so_far: Sequence[_Dose], undocumented: int, *, is_given: bool
) -> Line:
    substance, unit = key
    agents = [dose.agent for dose in so_far if (dose.substance, dose.unit) == key and dose.agent]
    ceiling = _lowest(agent.ceiling_course for agent in agents)
    amount, is_complete = _total(key, so_far)
    return _line(
        substance,
        Scope.COURSE,
        unit,
        amount,
        ceiling,
        is_complete=is_complete and not undocumented,
        is_given=is_given,
    )


def _total(key: tuple[str, str], doses: Sequence[_Dose]) -> tuple[Decimal, bool]:
    """Add up what can be counted; say whether it is all, and all in one unit."""
    ours = [dose.amount for dose in doses if (dose.substance, dose.unit) == key]
    units = {dose.unit for dose in doses if dose.substance == key[0]}
    known = [amount for amount in ours if amount is not None]
    return sum(known, Decimal(0)), len(known) == len(ours) and len(units) == 1


def _line(
    substance: str,
    scope: Scope,
    unit: str,
    amount: Decimal,
    ceiling: Decimal | None,
    *,
    is_complete: bool = True,
    is_given: bool = True,
) -> Line:
    return Line(
        substance=substance,
        scope=scope,
        unit=unit,
        amount=amount,
        ceiling=ceiling,
        state=_state(scope, amount, ceiling, is_complete),
        is_complete=is_complete,
        is_given=is_given,
    )


def _state(scope: Scope, amount: Decimal, ceiling: Decimal | None, is_complete: bool) -> State:
    if ceiling is None:
        # Nothing to be over, except where the ceiling exists and only the weight is missing.
        return State.UNKNOWN if scope == Scope.KG else State.FINE
    if amount > ceiling:
        return State.OVER  # what is missing could only add to it
    if not is_complete:
        return State.UNKNOWN
    return State.NEAR if amount >= ceiling * NEAR else State.FINE


def _lowest(ceilings: Iterable[Decimal | None]) -> Decimal | None:
    return min((ceiling for ceiling in ceilings if ceiling is not None), default=None)
