"""How much may be given in one session, by volume (domain.md section 5). Millilitres."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

ASK_ABOVE_ML = Decimal(20)
ASK_ABOVE_ML_IN_AREA = Decimal(10)
REFUSE_ABOVE_ML = Decimal(60)
LEAST_ML_PER_POINT = Decimal("0.02")
MOST_ML_PER_POINT = Decimal("0.5")
TOLERANCE = Decimal("0.1")  # of what was drawn


class Volume(StrEnum):
    FINE = "fine"
    ASK = "ask"
    REFUSE = "refuse"


def judge_volume(ml: Decimal) -> Volume:
    """Refuse more than 60 ml in a session, ask about more than 20."""
    if ml > REFUSE_ABOVE_ML:
        return Volume.REFUSE
    return Volume.ASK if ml > ASK_ABOVE_ML else Volume.FINE


def is_much_for_area(ml: Decimal) -> bool:
    """Say whether more than 10 ml go into one area; the hard stop is that of the session."""
    return ml > ASK_ABOVE_ML_IN_AREA


def is_usual_point(ml: Decimal) -> bool:
    """Say whether a point of this volume is a usual one: 0.02 to 0.5 ml, both included."""
    return LEAST_ML_PER_POINT <= ml <= MOST_ML_PER_POINT


def accounts_for(*, placed_ml: Decimal, wasted_ml: Decimal, drawn_ml: Decimal) -> bool:
    """Say whether what was placed and thrown away is what was drawn, within 10 % of the drawn."""
    return abs(placed_ml + wasted_ml - drawn_ml) <= drawn_ml * TOLERANCE
