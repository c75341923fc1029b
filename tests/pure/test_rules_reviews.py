"""Which gates a course has, which is due since when, and which review stands at which."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.rules.cadence import CourseFacts, CourseState, Earlier, Held
from treatments.rules.reviews import (
    CHECKS,
    GateState,
    Review,
    ended_on,
    gates,
    point_of,
    stands_after,
)
from treatments.terms import ReviewPoint

START = date(2026, 1, 5)
COURSE = CourseFacts(planned_sessions=12, opened_on=START)
TODAY = START + timedelta(400)


def held(count: int, first: int = 1) -> list[Held]:
    """Hold sessions weekly, with numbers from `first` on."""
    return [Held(first + index, START + timedelta(7 * index)) for index in range(count)]


def told(
    course: CourseFacts, sessions: list[Held], reviews: list[Review] | None = None
) -> dict[str, str]:
    """Return the state of each gate of a session, by its number."""
    found = gates(course, sessions, reviews or [], TODAY)
    return {str(gate.after): gate.state.value for gate in found if gate.after is not None}


def test_protocol_may_ask_for_other_sessions() -> None:
    course = replace(COURSE, review_after=frozenset({6}))
    assert told(course, held(7)) == {"6": "due", "12": "ahead"}
    named = [gate.point for gate in gates(course, held(7), [], TODAY)]
    assert named[:2] == [ReviewPoint.OTHER, ReviewPoint.END]


def test_gate_of_a_session_held_elsewhere_is_not_ours() -> None:
    course = replace(COURSE, earlier=Earlier(6, START, START))
    assert told(course, held(4, first=7)) == {"10": "due", "12": "ahead"}


def test_missed_sessions_that_count_bring_the_end_nearer() -> None:
    course = replace(COURSE, missed=1)
    assert told(course, held(11)) == {"5": "due", "10": "due", "11": "due"}
    assert ended_on(course, held(11)) == held(11)[-1].on
    assert ended_on(COURSE, held(11)) is None


def test_review_before_the_first_session_here_stands_after_those_held_elsewhere() -> None:
    course = replace(COURSE, earlier=Earlier(4, START, START))
    assert stands_after(course, [], Review(START)) == 4
    assert stands_after(COURSE, [], Review(START)) == 0


@pytest.mark.parametrize(
    ("days", "point"),
    [
        (0, ReviewPoint.OTHER),
        (1, ReviewPoint.WEEKS_4),
        (60, ReviewPoint.WEEKS_4),
        (61, ReviewPoint.MONTHS_3),
        (138, ReviewPoint.MONTHS_3),
        (139, ReviewPoint.MONTHS_6),
        (500, ReviewPoint.MONTHS_6),
    ],
)
def test_follow_up_belongs_to_the_check_whose_day_is_nearest(days: int, point: ReviewPoint) -> None:
    sessions = held(12)
    on = sessions[-1].on + timedelta(days)
    assert point_of(COURSE, sessions, Review(on, is_follow_up=True)) == point


def test_course_closed_early_ends_where_it_was_closed() -> None:
    closed = replace(COURSE, state=CourseState.COMPLETED)
    assert told(closed, held(7)) == {"5": "passed", "7": "due"}


def test_check_after_the_end_stands_for_the_gates_that_were_left_out() -> None:
    sessions = held(12)
    check = Review(sessions[-1].on + timedelta(28), is_follow_up=True)
    assert told(COURSE, sessions) == {"5": "due", "10": "due", "12": "due"}
    assert told(COURSE, sessions, [check]) == {"5": "passed", "10": "passed", "12": "passed"}


SESSIONS = st.integers(0, 12).map(held)
REVIEWS = st.lists(
    st.builds(
        Review,
        on=st.integers(0, 300).map(lambda days: START + timedelta(days)),
        point=st.sampled_from(["", *ReviewPoint.values]),
        is_follow_up=st.booleans(),
        key=st.integers(1, 99),
    ),
    max_size=5,
)
STATES = st.sampled_from(CourseState)


@given(SESSIONS, REVIEWS, STATES, st.integers(0, 500))
def test_gate_is_written_exactly_where_a_review_stands(
    sessions: list[Held], reviews: list[Review], state: CourseState, days: int
) -> None:
    course = replace(COURSE, state=state)
    for gate in gates(course, sessions, reviews, START + timedelta(days)):
        assert (gate.state == GateState.WRITTEN) == (gate.review is not None)
        if gate.review and gate.after is not None:
            assert stands_after(course, sessions, gate.review) == gate.after
        elif gate.review:
            assert point_of(course, sessions, gate.review) == gate.point


@given(SESSIONS, REVIEWS, STATES, st.integers(0, 500))
def test_no_more_than_one_check_is_due_and_none_before_its_day(
    sessions: list[Held], reviews: list[Review], state: CourseState, days: int
) -> None:
    today = START + timedelta(days)
    found = gates(replace(COURSE, state=state), sessions, reviews, today)
    due = [gate for gate in found if gate.state == GateState.DUE]
    assert all(
        gate.due_on is not None and gate.due_on <= today for gate in due if gate.point in CHECKS
    )
    assert sum(gate.point in CHECKS for gate in due) <= 1
