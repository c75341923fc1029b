"""What a measure may be, what is worth a second look, and what is only measuring error.

Ranges, warnings and errors: domain.md section 7. Centimetres and kilograms, never converted.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


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
    return last is not None and abs(value - last) > SCALES[kind].jump


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
