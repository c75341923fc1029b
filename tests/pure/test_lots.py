"""Whether a session may draw from a lot, and the one word for how a lot stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from treatments.rules.lots import SOON_DAYS, LotFacts, state_of, why_not
from treatments.terms import LotState

TODAY = date(2026, 11, 24)
DAY = timedelta(1)
FULL = LotFacts(
    received_on=date(2026, 10, 12), expires_on=date(2027, 3, 31), left_ml=Decimal("62.9")
)


def said(lot: LotFacts, on: date = TODAY) -> str | None:
    reason = why_not(lot, on)
    return reason.template % reason.values if reason else None


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({}, None),
        ({"expires_on": TODAY}, None),
        ({"expires_on": TODAY - DAY}, "Expired on 2026-11-23. Discard it"),
        ({"discard_on": TODAY}, None),
        (
            {"discard_on": TODAY - DAY},
            "Opened, and to be used up by 2026-11-23. Discard it",
        ),
        ({"received_on": TODAY}, None),
        ({"received_on": TODAY + DAY}, "Came on 2026-11-25, after the session"),
        ({"left_ml": Decimal("0.1")}, None),
        ({"left_ml": Decimal("0.0")}, "Empty: all of it is recorded as drawn or lost"),
        ({"left_ml": Decimal("-2.3")}, "Empty: all of it is recorded as drawn or lost"),
        ({"recalled_on": TODAY}, "Recalled on 2026-11-24. Set it apart"),
        ({"recalled_on": TODAY - DAY}, "Recalled on 2026-11-23. Set it apart"),
        ({"recalled_on": TODAY + DAY}, None),  # given before the recall, so it is recorded
    ],
)
def test_lot_is_drawn_from_unless_something_stands_against_it(
    changed: dict[str, object], sentence: str | None
) -> None:
    assert said(replace(FULL, **changed)) == sentence


def test_most_serious_reason_comes_first() -> None:
    worst = replace(
        FULL,
        recalled_on=TODAY,
        expires_on=TODAY - DAY,
        discard_on=TODAY - 2 * DAY,
        left_ml=Decimal(0),
    )
    found = []
    for cure in (
        {"recalled_on": None},
        {"expires_on": TODAY},
        {"discard_on": None},
        {"left_ml": Decimal(1)},
    ):
        found.append(str(said(worst)).split(maxsplit=1)[0].strip(",:"))
        worst = replace(worst, **cure)
    assert (found, said(worst)) == (["Recalled", "Expired", "Opened", "Empty"], None)


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({}, LotState.CLOSED),
        ({"is_opened": True}, LotState.OPENED),
        ({"expires_on": TODAY + SOON_DAYS * DAY}, LotState.SOON),
        ({"expires_on": TODAY + (SOON_DAYS + 1) * DAY}, LotState.CLOSED),
        ({"is_opened": True, "discard_on": TODAY}, LotState.SOON),
        ({"is_opened": True, "discard_on": TODAY - DAY}, LotState.DISCARD),
        ({"expires_on": TODAY - DAY}, LotState.EXPIRED),
        ({"expires_on": TODAY - DAY, "left_ml": Decimal(0)}, LotState.EMPTY),
        ({"left_ml": Decimal(0), "recalled_on": TODAY}, LotState.RECALLED),
    ],
)
def test_lot_has_one_word_for_how_it_stands(changed: dict[str, object], state: LotState) -> None:
    assert state_of(replace(FULL, **changed), TODAY) == state


def test_word_and_reason_agree() -> None:
    """What may be drawn from has one of three words, on every day around every limit."""
    usable = {LotState.CLOSED, LotState.OPENED, LotState.SOON}
    for days in range(-40, 41):
        for left in (Decimal(0), Decimal(5)):
            for recalled in (None, TODAY - DAY):
                for discard in (None, TODAY + (days // 2) * DAY):
                    lot = replace(
                        FULL,
                        expires_on=TODAY + days * DAY,
                        left_ml=left,
                        recalled_on=recalled,
                        is_opened=discard is not None,
                        discard_on=discard,
                    )
                    assert (said(lot) is None) == (state_of(lot, TODAY) in usable)
