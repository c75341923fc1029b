"""How much may be given in one session, by volume (domain.md section 5). Millilitres."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

ASK_ABOVE_ML = Decimal(20)
REFUSE_ABOVE_ML = Decimal(60)


class Volume(StrEnum):
    FINE = "fine"
    ASK = "ask"
    REFUSE = "refuse"


def judge_volume(ml: Decimal) -> Volume:
    """Refuse more than 60 ml in a session, ask about more than 20."""
    if ml > REFUSE_ABOVE_ML:
        return Volume.REFUSE
    return Volume.ASK if ml > ASK_ABOVE_ML else Volume.FINE
