"""What a measure may be, what is worth a second look, and what is only measuring error.

Ranges, warnings and errors: domain.md section 7. Centimetres and kilograms, never converted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from treatments.terms import MeasureKind

# What a tape measures, and is due together.
GIRTHS = frozenset({MeasureKind.THIGH_LEFT, MeasureKind.THIGH_RIGHT, MeasureKind.HIP})
THIRD_ABOVE = Decimal("0.5")  # cm between two readings
TENTH = Decimal("0.1")
WEIGHT_SHARE = Decimal("0.05")  # a change of more than 5 % of the body weight is asked about
SIDES_APART = Decimal(3)  # cm; more between left and right is worth a second look
SWAPPED_ABOVE = Decimal(1)  # cm; a smaller difference of the sides changes by itself
INCH, POUND = Decimal("2.54"), Decimal("0.4536")


@dataclass(frozen=True, slots=True)
class Scale:
    """One kind of measure: unit, hard range, and the change since last time that asks "sure?".

    `noise_same` and `noise_other` are the changes that the same observer, or another one, cannot
    tell from measuring error.
    """

    unit: str
    low: Decimal
    high: Decimal
    jump: Decimal
    noise_same: Decimal
    noise_other: Decimal


SCALES = {
    "weight": Scale("kg", Decimal(30), Decimal(250), Decimal(3), Decimal(1), Decimal(1)),
    "thigh_left": Scale("cm", Decimal(30), Decimal(110), Decimal(3), Decimal(2), Decimal(3)),
    "thigh_right": Scale("cm", Decimal(30), Decimal(110), Decimal(3), Decimal(2), Decimal(3)),
    "hip": Scale("cm", Decimal(60), Decimal(180), Decimal(4), Decimal(2), Decimal(3)),
    "waist": Scale("cm", Decimal(45), Decimal(200), Decimal(4), Decimal(2), Decimal(3)),
}


def is_possible(kind: str, value: Decimal) -> bool:
    """Return whether `value` lies in the hard range of `kind`."""
    return SCALES[kind].low <= value <= SCALES[kind].high


def likely_meant(kind: str, value: Decimal) -> Decimal | None:
    """Return the value with its decimal point restored (585 -> 58.5), where that is possible."""
    for factor in (Decimal(10), Decimal(100)):
        meant = value / factor
        if is_possible(kind, meant):
            return meant
    return None


def is_jump(kind: str, value: Decimal, last: Decimal | None) -> bool:
    """Return whether `value` differs so much from the last one that it should be looked at again."""
    if last is None:
        return False
    too_far = abs(value - last) > SCALES[kind].jump
    return too_far or (kind == MeasureKind.WEIGHT and is_weight_change(value, last))


def is_weight_change(value: Decimal, before: Decimal) -> bool:
    """Return whether the weight differs by more than 5 % of what it was (domain.md 4.7)."""
    return abs(value - before) > before * WEIGHT_SHARE


def mean(readings: Sequence[Decimal]) -> Decimal:
    """Return the mean of all readings to one decimal, half up. Raises ValueError for none."""
    if not readings:
        raise ValueError("There is no mean of no readings.")
    return (sum(readings, Decimal(0)) / len(readings)).quantize(TENTH, ROUND_HALF_UP)


def other_unit(kind: str, value: Decimal, last: Decimal | None) -> Decimal | None:
    """Return what `value` would be in cm or kg if it was read in inches or pounds.

    None where it is believable as it stands. It is for a question: nothing is ever converted.
    """
    meant = (value * (POUND if kind == MeasureKind.WEIGHT else INCH)).quantize(TENTH, ROUND_HALF_UP)
    if not is_possible(kind, meant):
        return None
    if not is_possible(kind, value):
        return meant
    fits_better = last is not None and is_jump(kind, value, last) and not is_jump(kind, meant, last)
    return meant if fits_better else None


def are_swapped(left: Decimal, right: Decimal, last_left: Decimal, last_right: Decimal) -> bool:
    """Return whether left and right look exchanged: their difference has turned round.

    Only differences of at least 1 cm count, then and now.
    """
    before, now = last_left - last_right, left - right
    return min(abs(before), abs(now)) >= SWAPPED_ABOVE and (before > 0) != (now > 0)


def are_uneven(left: Decimal, right: Decimal) -> bool:
    """Return whether the sides differ by more than 3 cm."""
    return abs(left - right) > SIDES_APART


@dataclass(frozen=True, slots=True)
class Change:
    """A measure against its baseline: the difference and whether it exceeds the error."""

    difference: Decimal
    error: Decimal

    @property
    def is_noise(self) -> bool:
        return abs(self.difference) < self.error


def change(kind: str, baseline: Decimal, value: Decimal, *, same_observer: bool) -> Change:
    """Compare a measure with the course's baseline, with the error of one or two observers."""
    scale = SCALES[kind]
    return Change(value - baseline, scale.noise_same if same_observer else scale.noise_other)
