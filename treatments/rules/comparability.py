"""What stands between two photographs of the same view (domain.md 6.5, as far as the record
knows it: days since the last injections, and weight)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from django.utils.translation import gettext_noop

from treatments.rules.sentence import Sentence

SETTLED_AFTER_DAYS = 14
WEIGHT_KG = Decimal(2)
CONFOUNDING_SHARE = Decimal("0.03")  # of the body weight, which alone can change the look


@dataclass(frozen=True, slots=True)
class Shot:
    """One photograph: the day, the sessions held before or on it, and the weight in kg."""

    on: date
    sessions: tuple[date, ...] = ()
    weight_kg: Decimal | None = None


def caveats(first: Shot, second: Shot) -> tuple[Sentence, ...]:
    """List what makes a pair harder to read. Dates of the pair in any order."""
    return (*swelling((first, second)), *_weight(first, second))


class Pair(StrEnum):
    """Whether two days can be held against each other by their photographs."""

    COMPARABLE = "comparable"
    WITH_CAVEATS = "with_caveats"
    NOT_COMPARABLE = "not_comparable"
    NONE = "none"


def can_grade(pair: Pair) -> bool:
    """Say whether anybody grades by such a pair (GAIS)."""
    return pair in (Pair.COMPARABLE, Pair.WITH_CAVEATS)


def days_since_session(shot: Shot) -> int | None:
    """Days since the last session before the photograph was taken, None before the first.

    On the day of a session the photograph is taken before the injections.
    """
    earlier = [day for day in shot.sessions if day < shot.on]
    return (shot.on - max(earlier)).days if earlier else None


def swelling(shots: Sequence[Shot]) -> list[Sentence]:
    """List the photographs that were taken too soon after injections."""
    found = []
    for shot in shots:
        days = days_since_session(shot)
        if days is not None and days < SETTLED_AFTER_DAYS:
            template = gettext_noop(
                "Taken %(days)d days after a session: swelling or bruises may still show."
            )
            found.append(Sentence(template, {"days": days}))
    return found


def weighs(before: Decimal, now: Decimal) -> bool:
    """Say whether a change of weight, in kg, can change the look by itself."""
    change = abs(now - before)
    return change >= WEIGHT_KG or change >= before * CONFOUNDING_SHARE


def _weight(first: Shot, second: Shot) -> list[Sentence]:
    if first.weight_kg is None or second.weight_kg is None:
        return [Sentence(gettext_noop("Weight is not known on both days."))]
    if not weighs(first.weight_kg, second.weight_kg):
        return []
    change = second.weight_kg - first.weight_kg
    template = gettext_noop("Weight differs by %(kg)s kg, which alone can change the look.")
    return [Sentence(template, {"kg": f"{abs(change):.1f}"})]
