"""What is asked before a session, what today's answers come to, and the six ticks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from patients.rules import DRAFT
from patients.rules.safety_list import SafetyList
from patients.terms import SafetyItem
from tests.pure.session_samples import TODAY, facts
from treatments.rules.cadence import REVIEW_AFTER
from treatments.rules.checks import (
    Progress,
    TickState,
    is_milestone,
    measures_due,
    not_asked,
    ticks,
    to_ask,
    todays_answers,
)
from treatments.terms import MeasureKind, Tick, VisitKind

NEW = TODAY - timedelta(1)
ASKED = {row.code: NEW for row in DRAFT.rows}
GIRTHS = {MeasureKind.THIGH_LEFT, MeasureKind.THIGH_RIGHT, MeasureKind.HIP}


def asked(**days_ago: int) -> list[str]:
    on = {**ASKED, **{code: TODAY - timedelta(days) for code, days in days_ago.items()}}
    return [row.code for row in to_ask(DRAFT, on, TODAY, "F")]


def test_each_session_asks_what_can_change_overnight() -> None:
    assert asked() == [row.code for row in DRAFT.rows if row.each_session and row.block is not None]


def test_what_was_asked_today_is_not_asked_twice() -> None:
    assert SafetyItem.PREGNANCY in asked()
    assert SafetyItem.PREGNANCY not in asked(pregnancy=0)


def test_consent_is_not_asked_because_it_is_known() -> None:
    assert DRAFT.by_code[SafetyItem.CONSENT_INCOMPLETE].each_session is True
    assert SafetyItem.CONSENT_INCOMPLETE not in asked()


@pytest.mark.parametrize(("days", "due"), [(90, False), (91, True)])
def test_answer_that_has_aged_is_asked_again(days: int, due: bool) -> None:
    row = replace(DRAFT.by_code[SafetyItem.ACTIVE_CANCER], holds_days=90)
    rows = tuple(row if each.code == row.code else each for each in DRAFT.rows)
    lists = SafetyList(version=1, rows=rows, exclusions=DRAFT.exclusions)
    on = ASKED | {row.code: TODAY - timedelta(days)}
    assert (row in to_ask(lists, on, TODAY, "F")) is due


# Today's answers ----------------------------------------------------------------------------------

DUE = to_ask(DRAFT, ASKED, TODAY, "F")
CANCER = DRAFT.by_code[SafetyItem.ACTIVE_CANCER]


def today(said: dict[str, str], **changes: Any) -> dict[str, str]:
    options = {"last": facts().last, "nothing_changed": True, **changes}
    return todays_answers([*DUE, CANCER], said, **options)


def test_nothing_changed_answers_what_is_asked_each_session_with_no() -> None:
    assert today({}) == dict.fromkeys([row.code for row in DUE], "no")


def test_nothing_changed_leaves_a_yes_as_it_was() -> None:
    item = SafetyItem.ANTIPLATELET_OR_NSAID.value
    assert today({}, last={item: "yes"})[item] == "yes"


def test_nothing_changed_turns_not_known_into_no() -> None:
    item = SafetyItem.PREGNANCY.value
    assert today({}, last={item: "unknown"})[item] == "no"


def test_nothing_changed_does_not_answer_what_has_aged() -> None:
    assert [row.code for row in not_asked([*DUE, CANCER], today({}))] == [CANCER.code]


def test_what_was_said_in_particular_wins_over_nothing_changed() -> None:
    assert today({SafetyItem.PREGNANCY.value: "yes"})[SafetyItem.PREGNANCY] == "yes"


@pytest.mark.parametrize("nothing_changed", [None, False])
def test_without_nothing_changed_only_what_was_said_counts(nothing_changed: bool | None) -> None:
    said = {SafetyItem.PREGNANCY.value: "no"}
    assert today(said, nothing_changed=nothing_changed) == said


# What is due --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "due"),
    [
        (1, False),
        (4, False),
        (5, True),
        (6, False),
        (10, True),
        (11, False),
        (12, True),
        (13, True),
    ],
)
def test_girths_and_photographs_are_due_at_5_10_and_the_end_of_12(number: int, due: bool) -> None:
    assert is_milestone(VisitKind.TREATMENT, number, 12, REVIEW_AFTER) is due
    wanted = {MeasureKind.WEIGHT} | (GIRTHS if due else set())
    assert measures_due(VisitKind.TREATMENT, number, 12, REVIEW_AFTER) == wanted


@pytest.mark.parametrize("kind", [VisitKind.BASELINE, VisitKind.REVIEW, VisitKind.FOLLOW_UP])
def test_girths_are_due_at_every_visit_that_is_no_session(kind: VisitKind) -> None:
    assert measures_due(kind, None, 12, REVIEW_AFTER) == {MeasureKind.WEIGHT} | GIRTHS


def test_reviews_of_the_protocol_move_what_is_due() -> None:
    assert is_milestone(VisitKind.TREATMENT, 5, 12, {6}) is False
    assert is_milestone(VisitKind.TREATMENT, 6, 12, {6}) is True


# The six ticks ------------------------------------------------------------------------------------

WEIGHT = frozenset({MeasureKind.WEIGHT})
DONE = Progress(
    asked=True,
    counted=True,
    confirmed=True,
    measures_due=WEIGHT,
    measured=WEIGHT,
    photos_due=True,
    photographed=True,
    noted=True,
)


def test_everything_done_is_six_ticks() -> None:
    assert ticks(DONE) == dict.fromkeys(Tick, TickState.DONE)


def test_nothing_done_is_missing_except_photographs_that_are_not_due() -> None:
    wanted = {**dict.fromkeys(Tick, TickState.MISSING), Tick.PHOTOS: TickState.NOT_DUE}
    assert ticks(Progress(measures_due=WEIGHT)) == wanted


@pytest.mark.parametrize(
    ("change", "tick"),
    [
        ({"asked": False}, Tick.CHECKS),
        ({"counted": False}, Tick.AREAS),
        ({"confirmed": False}, Tick.LOTS),
        ({"measured": frozenset()}, Tick.MEASURES),
        ({"measures_due": frozenset(GIRTHS)}, Tick.MEASURES),
        ({"photographed": False}, Tick.PHOTOS),
        ({"noted": False}, Tick.NOTE),
    ],
)
def test_what_is_left_out_is_missing(change: dict[str, Any], tick: Tick) -> None:
    found = ticks(replace(DONE, **change))
    assert [name for name, state in found.items() if state == TickState.MISSING] == [tick]


def test_more_measures_than_were_due_are_done() -> None:
    assert ticks(replace(DONE, measured=WEIGHT | GIRTHS))[Tick.MEASURES] == TickState.DONE
