"""The table of moves: legal ways through it, and what it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.rules.cadence import CourseState
from treatments.rules.lifecycle import (
    BY_KIND,
    MOVES,
    Ask,
    is_legal,
    leading_to,
    legal,
    state_after,
)
from treatments.terms import MoveKind


def test_every_kind_of_move_stands_in_the_table_once() -> None:
    assert [move.kind for move in MOVES] == list(BY_KIND)
    assert set(BY_KIND) == set(MoveKind)


def test_every_state_is_reached() -> None:
    assert {move.after for move in MOVES} - {None} == set(CourseState)


@pytest.mark.parametrize("state", [CourseState.COMPLETED, CourseState.STOPPED])
def test_closed_course_allows_nothing(state: CourseState) -> None:
    assert legal(state) == ()


def test_begun_has_no_button_so_nobody_makes_it_by_hand() -> None:
    assert leading_to(CourseState.PLANNED, CourseState.ACTIVE) is None
    assert {move.kind for move in MOVES if not move.button} == {
        MoveKind.OPENED,
        MoveKind.TRANSFERRED,
        MoveKind.BEGUN,
    }


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.kind)
def test_what_closes_or_interrupts_asks_why(move: object) -> None:
    target = BY_KIND[move.kind].after  # type: ignore[attr-defined]
    asks = BY_KIND[move.kind].asks  # type: ignore[attr-defined]
    asked = bool({Ask.REASON, Ask.REASON_IF_LEFT} & set(asks))
    assert asked or target not in (
        CourseState.PAUSED,
        CourseState.STOPPED,
        CourseState.COMPLETED,
    )


@pytest.mark.parametrize(
    ("kinds", "state"),
    [
        ([], None),
        ([MoveKind.OPENED], CourseState.PLANNED),
        ([MoveKind.TRANSFERRED, MoveKind.PAUSED], CourseState.PAUSED),
        ([MoveKind.OPENED, MoveKind.BEGUN, MoveKind.EXTENDED], CourseState.ACTIVE),
        ([MoveKind.BEGUN], None),
        ([MoveKind.OPENED, MoveKind.OPENED], None),
        ([MoveKind.OPENED, MoveKind.PAUSED], None),
        ([MoveKind.OPENED, MoveKind.STOPPED, MoveKind.RESUMED], None),
    ],
)
def test_moves_are_replayed(kinds: list[MoveKind], state: CourseState | None) -> None:
    assert state_after(kinds) == state


@given(st.lists(st.sampled_from(MoveKind), max_size=12))
def test_replay_knows_a_state_exactly_when_every_move_was_legal(kinds: list[MoveKind]) -> None:
    state: CourseState | None = None
    sound = bool(kinds)
    for kind in kinds:
        allowed = is_legal(kind, state) if state else not BY_KIND[kind].before
        if not allowed:
            sound = False
            break
        state = BY_KIND[kind].after or state
    assert state_after(kinds) == (state if sound else None)
