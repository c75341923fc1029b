"""Whether a session may draw from a lot on a day (domain.md section 5, traceability)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.utils.translation import gettext_noop

from treatments.rules.cadence import Reason
from treatments.terms import LotState

SOON_DAYS = 30  # before its last day, a lot is said to expire soon


@dataclass(frozen=True, slots=True, kw_only=True)
class LotFacts:
    """One lot: its days, and how much of it is left, in ml.

    `discard_on` is the last day on which the opened lot may be used, None while it is closed or
    where it keeps until it expires. `recalled_on` is the day on which the recall was entered.
    """

    received_on: date
    expires_on: date
    left_ml: Decimal
    is_opened: bool = False
    discard_on: date | None = None
    recalled_on: date | None = None


def why_not(lot: LotFacts, on: date) -> Reason | None:
    """Return why no session of the day `on` may draw from the lot; None where it may.

    A recall blocks from its own day on: what was given before it must still be recorded, or the
    trace would miss a patient. The most serious reason comes first.
    """
    if lot.recalled_on is not None and on >= lot.recalled_on:
        return Reason(gettext_noop("Recalled on %(day)s. Set it apart"), {"day": lot.recalled_on})
    if on > lot.expires_on:
        return Reason(gettext_noop("Expired on %(day)s. Discard it"), {"day": lot.expires_on})
    if lot.discard_on is not None and on > lot.discard_on:
        template = gettext_noop("Opened, and to be used up by %(day)s. Discard it")
        return Reason(template, {"day": lot.discard_on})
    if on < lot.received_on:
        template = gettext_noop("Came on %(day)s, after the session")
        return Reason(template, {"day": lot.received_on})
    if lot.left_ml <= 0:
        return Reason(gettext_noop("Empty: all of it is recorded as drawn or lost"))
    return None


def state_of(lot: LotFacts, today: date) -> LotState:
    """Return how a lot stands today, in one word; what asks for a hand comes first."""
    if lot.recalled_on is not None:
        return LotState.RECALLED
    if lot.left_ml <= 0:
        return LotState.EMPTY
    if today > lot.expires_on:
        return LotState.EXPIRED
    if lot.discard_on is not None and today > lot.discard_on:
        return LotState.DISCARD
    if min(lot.expires_on, lot.discard_on or lot.expires_on) <= today + timedelta(SOON_DAYS):
        return LotState.SOON
    return LotState.OPENED if lot.is_opened else LotState.CLOSED
