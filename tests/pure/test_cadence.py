"""The cadence rule: which mark says what, where the windows end, and what never shifts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic import samples
from clinic.strip import FollowUpKey, Gate, GateState, Miss, State, Strip
from treatments.rules.cadence import (
    FALLING_DUE,
    AreaCount,
    Check,
    CourseFacts,
    CourseState,
    Earlier,
    Forecast,
    Held,
    Lateness,
    Promise,
    PromiseKind,
    PromiseStatus,
    Window,
    area_counts,
    check_interval,
    done,
    earliest,
    flag_interval,
    forecast,
    left,
    next_number,
    to_hold,
    window,
)
from treatments.rules.strip import plan

TODAY = date(2026, 11, 24)
OPENED = date(2026, 10, 2)


def day(days_ago: int) -> date:
    return TODAY - timedelta(days=days_ago)


def course(planned: int = 12, **changes: object) -> CourseFacts:
    return replace(CourseFacts(planned_sessions=planned, opened_on=OPENED), **changes)  # type: ignore[arg-type]


def held(*days_ago: int) -> list[Held]:
    return [Held(number, day(ago)) for number, ago in enumerate(days_ago, start=1)]


def held_on(*days: date) -> list[Held]:
    return [Held(number, on) for number, on in enumerate(days, start=1)]


def missed(on: date, **facts: object) -> Promise:
    return Promise(on, status=PromiseStatus.MISSED, **facts)  # type: ignore[arg-type]


def states(strip: Strip) -> list[State]:
    return [mark.state for mark in strip.marks]


# The courses of the grammar ---------------------------------------------------------------------


def test_plan_running_course_equals_the_sample() -> None:
    strip = plan(
        course(12),
        held_on(date(2026, 10, 20), date(2026, 10, 27), date(2026, 11, 3), date(2026, 11, 17)),
        [
            missed(date(2026, 11, 10)),
            Promise(TODAY, time(10, 15), PromiseStatus.ARRIVED),
            Promise(date(2026, 12, 1), time(10, 15)),
            Promise(date(2026, 12, 8), time(10, 15)),
        ],
        today=TODAY,
    )
    assert strip == samples.running()


def test_plan_late_course_equals_the_sample() -> None:
    strip = plan(
        course(10),
        held_on(
            date(2026, 9, 1),
            date(2026, 9, 8),
            date(2026, 9, 15),
            date(2026, 10, 9),
            date(2026, 10, 16),
        ),
        [],
        today=TODAY,
        reviews_written=frozenset({5}),
    )
    assert strip == samples.late()


def test_plan_missed_and_not_rebooked_equals_the_sample() -> None:
    strip = plan(
        course(10),
        held(42, 35, 28, 21, 14),
        [missed(date(2026, 11, 17))],
        today=TODAY,
        reviews_written=frozenset({5}),
    )
    assert strip == samples.missed()


def test_plan_paused_course_equals_the_sample() -> None:
    facts = course(10, state=CourseState.PAUSED, changed_on=date(2026, 10, 24))
    strip = plan(
        facts,
        held_on(date(2026, 10, 6), date(2026, 10, 13), date(2026, 10, 20)),
        [],
        today=TODAY,
    )
    assert strip == samples.paused()


def test_plan_stopped_course_equals_the_sample() -> None:
    facts = course(10, state=CourseState.STOPPED, changed_on=date(2026, 11, 2), reason="moved away")
    strip = plan(
        facts,
        held_on(date(2026, 10, 6), date(2026, 10, 13), date(2026, 10, 20)),
        [],
        today=TODAY,
    )
    assert strip == samples.closed_early()


def test_plan_finished_course_equals_the_sample() -> None:
    days = [mark.on for mark in samples.finished().marks if mark.on]
    strip = plan(
        course(10, state=CourseState.COMPLETED, changed_on=date(2026, 8, 4)),
        held_on(*days),
        [missed(date(2026, 7, 14))],
        today=TODAY,
        reviews_written=frozenset({5, 10}),
        checks=[Check(date(2026, 9, 1))],
    )
    assert strip == samples.finished()


# First match wins -------------------------------------------------------------------------------


def test_mark_held_today_is_done_even_if_its_appointment_is_still_open() -> None:
    strip = plan(course(), held(7, 0), [Promise(TODAY)], today=TODAY)
    assert states(strip)[:3] == [State.DONE, State.DONE, State.NEXT]


def test_mark_past_due_with_a_date_ahead_is_booked() -> None:
    strip = plan(course(), held(40), [Promise(day(-3))], today=TODAY)
    assert states(strip)[1] == State.BOOKED


def test_mark_missed_and_past_due_is_overdue_and_keeps_the_miss_on_the_line() -> None:
    strip = plan(course(), held(40), [missed(day(30))], today=TODAY)
    assert (strip.marks[1].state, strip.marks[1].days_late) == (State.OVERDUE, 19)
    assert strip.marks[1].missed_before == (Miss(day(30)),)


def test_mark_missed_twice_shows_the_last_and_keeps_the_first_on_the_line() -> None:
    strip = plan(course(), held(20), [missed(day(13)), missed(day(6))], today=TODAY)
    assert (strip.marks[1].state, strip.marks[1].on) == (State.MISSED, day(6))
    assert strip.marks[1].missed_before == (Miss(day(13), day(6)),)


def test_miss_later_on_the_same_day_as_a_booking_is_not_followed_by_it() -> None:
    promises = [missed(TODAY, at=time(11, 0)), Promise(TODAY, time(9, 0))]
    strip = plan(course(), held(7), promises, today=TODAY)
    assert states(strip)[1:3] == [State.TODAY, State.MISSED]


def test_miss_with_a_visit_the_same_day_was_moved_to_that_day() -> None:
    strip = plan(course(), held(14, 7), [missed(day(7), at=time(9, 0))], today=TODAY)
    assert strip.marks[1].missed_before == (Miss(day(7), day(7)),)


def test_appointment_of_yesterday_that_nobody_closed_is_no_date() -> None:
    strip = plan(course(), held(8), [Promise(day(1))], today=TODAY)
    assert states(strip)[1] == State.NEXT


def test_patient_is_here_only_on_the_day_of_the_appointment() -> None:
    promises = [Promise(on, status=PromiseStatus.ARRIVED) for on in (TODAY, day(-7))]
    strip = plan(course(), held(7), promises, today=TODAY)
    assert [mark.arrived for mark in strip.marks[1:3]] == [True, False]


def test_cancelled_and_foreign_appointments_leave_no_trace() -> None:
    promises = [
        Promise(day(-3), status=PromiseStatus.CANCELLED),
        Promise(day(-4), kind=PromiseKind.OTHER),
        missed(day(3), kind=PromiseKind.OTHER),
    ]
    with_them = plan(course(), held(7), promises, today=TODAY)
    assert with_them == plan(course(), held(7), [], today=TODAY)


def test_visits_are_numbered_by_date_when_one_in_the_middle_was_struck() -> None:
    strip = plan(course(), [Held(4, day(7)), Held(1, day(28)), Held(2, day(21))], [], today=TODAY)
    assert [(mark.number, mark.on) for mark in strip.marks[:3]] == [
        (1, day(28)),
        (2, day(21)),
        (3, day(7)),
    ]


def test_links_pass_through_to_their_marks() -> None:
    strip = plan(
        course(),
        [Held(1, day(7), url="/visit/1")],
        [Promise(TODAY, url="/appointment/2")],
        today=TODAY,
        book_url="/book",
    )
    assert [mark.url for mark in strip.marks[:4]] == ["/visit/1", "/appointment/2", "/book", None]


# Boundaries -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days_since", "state", "days_late"),
    [(21, State.NEXT, None), (22, State.OVERDUE, 1)],
    ids=["due_by_today_is_not_overdue", "one_day_later_is_overdue"],
)
def test_overdue(days_since: int, state: State, days_late: int | None) -> None:
    mark = plan(course(), held(days_since), [], today=TODAY).marks[1]
    assert (mark.state, mark.days_late) == (state, days_late)


@pytest.mark.parametrize(
    ("days_since", "is_open"),
    [(6, False), (7, True)],
    ids=["day_before_due_from_is_not_open", "due_from_today_is_open"],
)
def test_window_opens(days_since: int, is_open: bool) -> None:
    assert plan(course(), held(days_since), [], today=TODAY).marks[1].is_open is is_open


@pytest.mark.parametrize(
    ("days", "is_refused"),
    [(0, True), (1, True), (6, True), (7, False), (-6, True), (-7, False)],
    ids=[
        "same_day",
        "next_day",
        "day_6",
        "day_7_is_fine",
        "6_days_before",
        "7_days_before_is_fine",
    ],
)
def test_interval_too_short(days: int, is_refused: bool) -> None:
    reason = check_interval(course(), held(28), day(28) + timedelta(days=days))
    assert (reason is not None) is is_refused


def test_interval_too_short_says_which_session_when_and_how_many_days() -> None:
    reason = check_interval(course(), held(21, 14, 7), day(3))
    assert reason is not None
    assert reason.template % reason.values == (
        f"Session 3 was 4 days earlier, on {day(7)}; at least 7 days are needed between sessions"
    )


def test_interval_before_the_first_session_is_free() -> None:
    assert check_interval(course(), [], TODAY) is None
    assert flag_interval(course(), [], TODAY) is None


@pytest.mark.parametrize(
    ("days", "level"),
    [(21, None), (22, Lateness.LATE), (56, Lateness.LATE), (57, Lateness.RESCREEN)],
    ids=["day_21_is_fine", "day_22_is_late", "day_56_is_late", "day_57_screens_again"],
)
def test_interval_too_long(days: int, level: Lateness | None) -> None:
    flag = flag_interval(course(), held(days), TODAY)
    assert (flag.level if flag else None) == level


def test_interval_is_counted_from_a_visit_of_the_same_day() -> None:
    assert flag_interval(course(), held(57, 0), TODAY) is None


@pytest.mark.parametrize(
    ("gap", "is_outside"),
    [(6, True), (7, False), (21, False), (22, True)],
    ids=["gap_6", "gap_7", "gap_21", "gap_22"],
)
def test_gap_outside_the_protocol(gap: int, is_outside: bool) -> None:
    mark = plan(course(), held(gap, 0), [], today=TODAY).marks[1]
    assert (mark.gap, mark.gap_is_outside) == (gap, is_outside)


def test_window_before_the_first_session_starts_when_the_course_was_opened() -> None:
    assert window(course(), []) == Window(OPENED, OPENED, OPENED + timedelta(days=21))
    assert earliest(course(), []) == OPENED


def test_window_after_a_session_follows_the_protocol_of_the_course() -> None:
    facts = course(interval_min_days=21, interval_days=28, interval_max_days=42)
    assert window(facts, held(40, 10)) == Window(day(-11), day(-18), day(-32))
    assert earliest(facts, held(40, 10)) == day(-11)


@pytest.mark.parametrize("state", CourseState)
def test_window_only_of_a_course_that_falls_due(state: CourseState) -> None:
    due = window(course(state=state), held(7))
    assert (due is not None) is (state in ("planned", "active"))


def test_window_when_all_are_done_is_none() -> None:
    days = range(70, 0, -7)
    assert window(course(10), held(*days)) is None
    assert window(course(11), held(*days)) == Window(TODAY, TODAY, day(-14))


# Reviews and follow-ups -------------------------------------------------------------------------


def test_gate_of_the_session_held_today_is_due() -> None:
    strip = plan(course(), held(28, 21, 14, 7), [Promise(TODAY)], today=TODAY)
    assert strip.gates == (
        Gate(5, GateState.DUE),
        Gate(10, GateState.AHEAD),
        Gate(12, GateState.AHEAD),
    )


def test_gate_written_at_the_old_end_stays_when_the_course_is_extended() -> None:
    days = range(84, 0, -7)
    strip = plan(course(13), held(*days), [], today=TODAY, reviews_written=frozenset({5, 10, 12}))
    assert [gate.after for gate in strip.gates] == [5, 10, 12, 13]


def ended(days_ago: int) -> list[Held]:
    return held(*range(days_ago + 63, days_ago - 1, -7))


def check_states(strip: Strip) -> dict[FollowUpKey, State]:
    return {follow_up.key: follow_up.mark.state for follow_up in strip.follow_ups}


def test_follow_ups_start_when_the_last_session_was_held() -> None:
    strip = plan(course(10), ended(28), [], today=TODAY)
    first = strip.follow_ups[0].mark
    assert (first.state, first.due_from, first.due_by) == (State.NEXT, TODAY, TODAY)
    assert list(check_states(strip).values()) == [State.NEXT, State.FREE, State.FREE]


def test_follow_up_one_day_after_its_day_is_overdue() -> None:
    strip = plan(course(10), ended(29), [], today=TODAY)
    assert strip.follow_ups[0].mark.days_late == 1
    assert list(check_states(strip).values()) == [State.OVERDUE, State.FREE, State.FREE]


def test_follow_up_passed_over_no_longer_falls_due() -> None:
    strip = plan(course(10), ended(100), [], today=TODAY)
    assert list(check_states(strip).values()) == [State.FREE, State.OVERDUE, State.FREE]


def test_follow_up_is_passed_over_one_day_after_the_next_one_was_due() -> None:
    been = held_on(*(date(2026, 2, 17) + timedelta(weeks=week) for week in range(10)))
    third_month = date(2026, 7, 21)
    on_the_day = plan(course(10), been, [], today=third_month)
    day_after = plan(course(10), been, [], today=third_month + timedelta(days=1))
    assert on_the_day.follow_ups[1].mark.due_by == third_month
    assert list(check_states(on_the_day).values()) == [State.OVERDUE, State.FREE, State.FREE]
    assert list(check_states(day_after).values()) == [State.FREE, State.OVERDUE, State.FREE]


def test_follow_up_is_passed_over_when_the_next_one_was_held_early() -> None:
    strip = plan(course(10), ended(70), [], today=TODAY, checks=[Check(day(5))])
    assert list(check_states(strip).values()) == [State.FREE, State.DONE, State.NEXT]


def test_follow_up_takes_the_place_that_is_nearest_to_its_day() -> None:
    strip = plan(course(10), ended(100), [], today=TODAY, checks=[Check(day(5))])
    assert list(check_states(strip).values()) == [State.FREE, State.DONE, State.NEXT]


def test_follow_up_booked_and_missed() -> None:
    promises = [
        missed(day(2), kind=PromiseKind.FOLLOW_UP),
        Promise(day(-9), kind=PromiseKind.FOLLOW_UP),
    ]
    strip = plan(course(10), ended(26), promises[:1], today=TODAY)
    assert (strip.follow_ups[0].mark.state, strip.follow_ups[0].mark.on) == (State.MISSED, day(2))
    strip = plan(course(10), ended(26), promises, today=TODAY)
    assert strip.follow_ups[0].mark.state == State.BOOKED
    assert strip.follow_ups[0].mark.missed_before == (Miss(day(2), day(-9)),)


def test_follow_up_three_months_after_the_end_of_november_is_the_last_of_february() -> None:
    days = [date(2026, 11, 30) - timedelta(days=7 * weeks) for weeks in range(10)]
    strip = plan(course(10), held_on(*sorted(days)), [], today=date(2026, 11, 30))
    assert [follow_up.mark.due_by for follow_up in strip.follow_ups] == [
        date(2026, 12, 28),
        date(2027, 2, 28),
        date(2027, 5, 30),
    ]


def test_course_completed_early_ends_in_a_bar_and_is_still_followed_up() -> None:
    facts = course(12, state=CourseState.COMPLETED, changed_on=day(1), reason="goal reached")
    strip = plan(facts, held(21, 14, 7), [], today=TODAY)
    assert (len(strip.marks), strip.closed_after, strip.closed_reason) == (3, 3, "goal reached")
    assert strip.gates == (Gate(3, GateState.DUE),)
    assert strip.follow_ups[0].mark.due_by == day(7) + timedelta(days=28)


def test_pause_after_a_miss_keeps_the_miss_on_the_line() -> None:
    strip = plan(course(state=CourseState.PAUSED), held(14), [missed(day(7))], today=TODAY)
    assert strip.marks[1].state == State.FREE
    assert strip.marks[1].missed_before == (Miss(day(7)),)


# What always holds ------------------------------------------------------------------------------

PLANNED = st.integers(10, 15)
GAPS = st.lists(st.integers(0, 70), max_size=17)
SESSION_PROMISES = st.lists(
    st.builds(
        Promise,
        starts_on=st.dates(day(400), day(-200)),
        at=st.none() | st.times(),
        status=st.sampled_from(PromiseStatus),
        kind=st.sampled_from(PromiseKind),
    ),
    max_size=12,
)
COURSE_STATES = st.sampled_from(CourseState)


def visits(gaps: list[int]) -> list[Held]:
    """Visits held; the first gap lies between the last of them and today."""
    return held_on(*sorted(day(ago) for ago in accumulate(gaps)))


@given(PLANNED, GAPS, SESSION_PROMISES, COURSE_STATES)
def test_marks_stand_in_number_order_and_are_complete_unless_closed_early(
    planned: int, gaps: list[int], promises: list[Promise], state: CourseState
) -> None:
    strip = plan(course(planned, state=state), visits(gaps), promises, today=TODAY)
    expected = planned if strip.closed_after is None else strip.closed_after
    assert [mark.number for mark in strip.marks] == list(range(1, expected + 1))


@given(PLANNED, GAPS, SESSION_PROMISES, COURSE_STATES)
def test_done_counts_the_visits_held_and_comes_first(
    planned: int, gaps: list[int], promises: list[Promise], state: CourseState
) -> None:
    strip = plan(course(planned, state=state), visits(gaps), promises, today=TODAY)
    assert strip.done == min(len(gaps), planned)
    assert [mark.state == State.DONE for mark in strip.marks] == [
        number <= strip.done for number in range(1, len(strip.marks) + 1)
    ]


@given(PLANNED, GAPS, SESSION_PROMISES)
def test_first_mark_after_done_in_an_active_course_is_never_free(
    planned: int, gaps: list[int], promises: list[Promise]
) -> None:
    strip = plan(course(planned), visits(gaps), promises, today=TODAY)
    waiting = (State.OVERDUE, State.MISSED, State.NEXT)
    for mark in strip.marks[strip.done : strip.done + 1]:
        assert mark.state in (*waiting, State.TODAY, State.BOOKED)
    assert sum(state in waiting for state in states(strip)) <= 1


@given(PLANNED, GAPS, SESSION_PROMISES)
def test_dates_never_run_backwards(planned: int, gaps: list[int], promises: list[Promise]) -> None:
    strip = plan(course(planned), visits(gaps), promises, today=TODAY)
    dated = [mark.on for mark in strip.marks if mark.on and mark.state != State.MISSED]
    assert dated == sorted(dated)


@given(st.lists(st.integers(0, 70), max_size=10), SESSION_PROMISES)
def test_extending_from_10_to_13_leaves_the_held_sessions_unchanged(
    gaps: list[int], promises: list[Promise]
) -> None:
    before = plan(course(10), visits(gaps), promises, today=TODAY)
    after = plan(course(13), visits(gaps), promises, today=TODAY)
    assert after.marks[: before.done] == before.marks[: before.done]


@given(PLANNED, GAPS, SESSION_PROMISES)
def test_pausing_shifts_nothing_held_and_lets_nothing_fall_due(
    planned: int, gaps: list[int], promises: list[Promise]
) -> None:
    active = plan(course(planned), visits(gaps), promises, today=TODAY)
    paused = plan(course(planned, state=CourseState.PAUSED), visits(gaps), promises, today=TODAY)
    assert paused.marks[: active.done] == active.marks[: active.done]
    assert {State.NEXT, State.OVERDUE, State.MISSED}.isdisjoint(states(paused))


@given(PLANNED, GAPS, SESSION_PROMISES)
def test_window_and_plan_agree_while_nothing_is_booked(
    planned: int, gaps: list[int], promises: list[Promise]
) -> None:
    missed_only = [promise for promise in promises if promise.status == PromiseStatus.MISSED]
    strip = plan(course(planned), visits(gaps), missed_only, today=TODAY)
    due = window(course(planned), visits(gaps))
    waiting = [mark for mark in strip.marks if mark.due_from]
    assert [(mark.due_from, mark.due_by) for mark in waiting] == (
        [(due.due_from, due.due_by)] if due else []
    )


@given(GAPS)
def test_earliest_is_the_first_day_that_is_not_refused(gaps: list[int]) -> None:
    facts, been = course(15), visits(gaps)
    first = earliest(facts, been)
    assert check_interval(facts, been, first) is None
    if been:
        assert check_interval(facts, been, first - timedelta(days=1)) is not None


# What the agents given ask for ------------------------------------------------------------------


def gave(days_ago: int, floor: int, *areas: str) -> Held:
    """A session after which `floor` days must pass, in some areas or in areas nobody knows."""
    return Held(1, day(days_ago), floor_days=floor, areas=frozenset(areas) if areas else None)


def test_agents_push_the_window_and_its_end() -> None:
    assert window(course(), [gave(10, 14)]) == Window(day(-4), day(-4), day(-11))
    assert window(course(), [gave(10, 28)]) == Window(day(-18), day(-18), day(-18))


def test_agents_of_an_earlier_session_still_count() -> None:
    visits = [gave(20, 28), Held(2, day(10))]
    assert earliest(course(), visits) == day(-8)


def test_session_too_early_for_the_agents_names_the_session_that_asks_for_most() -> None:
    reason = check_interval(course(), [gave(12, 28), Held(2, day(5))], TODAY)
    assert reason is not None
    assert reason.template % reason.values == (
        f"Session 1 was 12 days earlier, on {day(12)}; at least 28 days are needed between sessions"
    )


@pytest.mark.parametrize(("floor", "is_refused"), [(10, False), (11, True)])
def test_agents_of_the_new_session_look_ahead(floor: int, is_refused: bool) -> None:
    reason = check_interval(course(), held(0), day(10), floor_days=floor)
    assert (reason is not None) is is_refused


@pytest.mark.parametrize(("days", "is_late"), [(28, False), (29, True)])
def test_session_is_late_only_after_what_the_agents_ask_for(days: int, is_late: bool) -> None:
    flag = flag_interval(course(), [gave(days, 28)], TODAY)
    assert (flag is not None) is is_late
    if flag:
        assert flag.reason.values["limit"] == 28


def test_gap_of_three_weeks_is_inside_where_the_agents_ask_for_four() -> None:
    marks = plan(course(), [gave(28, 28), Held(2, TODAY)], [], today=TODAY).marks
    assert (marks[1].gap, marks[1].gap_is_outside) == (28, False)
    marks = plan(course(), [gave(21, 28), Held(2, TODAY)], [], today=TODAY).marks
    assert (marks[1].gap, marks[1].gap_is_outside) == (21, True)


@pytest.mark.parametrize(
    ("before", "now", "is_refused"),
    [
        (["buttock_left"], ["thigh_left"], False),
        (["buttock_left", "thigh_left"], ["thigh_left"], True),
        ([], ["thigh_left"], True),
        (["buttock_left"], None, True),
    ],
    ids=["other_area", "shared_area", "areas_of_before_unknown", "areas_of_now_unknown"],
)
def test_interval_is_asked_of_the_same_area(
    before: list[str], now: list[str] | None, is_refused: bool
) -> None:
    reason = check_interval(course(), [gave(2, 0, *before)], TODAY, areas=now)
    assert (reason is not None) is is_refused


# Held elsewhere before --------------------------------------------------------------------------

MARCH = date(2026, 3, 3)


def transferred(count: int = 4, until: int = 14, **changes: object) -> CourseFacts:
    return course(opened_on=day(10), earlier=Earlier(count, MARCH, day(until)), **changes)


def test_sessions_held_elsewhere_are_done_and_only_the_last_has_a_day() -> None:
    strip = plan(transferred(), [Held(5, day(7))], [], today=TODAY)
    assert [(mark.number, mark.state, mark.on, mark.is_earlier) for mark in strip.marks[:6]] == [
        (1, State.DONE, None, True),
        (2, State.DONE, None, True),
        (3, State.DONE, None, True),
        (4, State.DONE, day(14), True),
        (5, State.DONE, day(7), False),
        (6, State.NEXT, None, False),
    ]
    assert (strip.done, strip.planned, strip.marks[4].gap) == (5, 12, 7)


def test_gates_count_the_sessions_held_elsewhere() -> None:
    strip = plan(transferred(), [Held(5, day(7))], [], today=TODAY)
    assert strip.gates[0] == Gate(5, GateState.DUE)


def test_numbers_and_dates_go_on_from_the_sessions_held_elsewhere() -> None:
    facts = transferred()
    assert (done(facts, []), left(facts, []), next_number(facts, [])) == (4, 8, 5)
    assert window(facts, []) == Window(day(7), day(7), day(-7))
    assert next_number(facts, [Held(5, TODAY)]) == 6


def test_window_after_sessions_elsewhere_starts_when_the_course_was_entered() -> None:
    facts = replace(transferred(until=40), opened_on=day(2))
    assert window(facts, []) == Window(day(2), day(2), day(2))


def test_session_too_soon_after_one_elsewhere_is_refused() -> None:
    reason = check_interval(transferred(until=3), [], TODAY)
    assert reason is not None
    assert reason.template % reason.values == (
        f"Session 4 was 3 days earlier, on {day(3)}; at least 7 days are needed between sessions"
    )
    assert check_interval(transferred(until=3), [], TODAY, areas=["buttock_left"]) is not None


def test_session_long_after_one_elsewhere_screens_again() -> None:
    flag = flag_interval(transferred(until=57), [], TODAY)
    assert flag is not None
    assert (flag.level, flag.reason.values["number"]) == (Lateness.RESCREEN, 4)


# Missed ones that count, areas of their own ------------------------------------------------------


def test_missed_session_that_counts_takes_a_place_off_the_end() -> None:
    strip = plan(course(12, missed=1), held(14, 7), [missed(day(3))], today=TODAY)
    assert (strip.planned, len(strip.marks), strip.done) == (11, 11, 2)


def test_missed_sessions_never_take_what_was_held() -> None:
    visits = held(*range(70, 0, -7))
    facts = course(10, missed=3)
    assert (to_hold(facts, visits), left(facts, visits), window(facts, visits)) == (10, 0, None)


def test_areas_are_counted_by_themselves() -> None:
    facts = course(10, areas={"buttock_left": 6, "thigh_left": None, "abdomen": 12})
    visits = [gave(14, 0, "buttock_left"), gave(7, 0, "buttock_left", "thigh_left"), gave(0, 0)]
    counts = area_counts(facts, visits)
    assert counts == {
        "buttock_left": AreaCount(3, 6),
        "thigh_left": AreaCount(2, 10),
        "abdomen": AreaCount(1, 10),
    }
    assert [count.left for count in counts.values()] == [3, 8, 9]


def test_sessions_elsewhere_count_for_every_area() -> None:
    facts = replace(transferred(), areas={"buttock_left": 6})
    assert area_counts(facts, []) == {"buttock_left": AreaCount(4, 6)}


# About when it ends ------------------------------------------------------------------------------


def test_forecast_takes_the_ideal_of_the_protocol_until_two_gaps_are_known() -> None:
    facts = course(10, interval_days=10)
    assert forecast(facts, held(14, 0), TODAY) == Forecast(
        TODAY + timedelta(80), pace_days=10, is_own=False, gaps=1, left=8
    )


def test_forecast_takes_the_middle_of_the_own_gaps() -> None:
    assert forecast(course(10), held(47, 37, 7, 0), TODAY) == Forecast(
        TODAY + timedelta(60), pace_days=10, is_own=True, gaps=3, left=6
    )


def test_forecast_counts_the_gap_since_the_sessions_elsewhere() -> None:
    found = forecast(transferred(until=26), [Held(5, day(14)), Held(6, TODAY)], TODAY)
    assert found == Forecast(TODAY + timedelta(78), pace_days=13, is_own=True, gaps=2, left=6)


def test_forecast_of_a_late_course_starts_today() -> None:
    found = forecast(course(10), held(54, 47, 40), TODAY)
    assert found == Forecast(TODAY + timedelta(42), pace_days=7, is_own=True, gaps=2, left=7)


def test_forecast_waits_for_the_agents() -> None:
    found = forecast(course(11), [*held(*range(63, 0, -7)), gave(0, 28)], TODAY)
    assert found is not None
    assert (found.on, found.left) == (TODAY + timedelta(28), 1)


def test_forecast_ends_with_the_booked_day_once_all_are_booked() -> None:
    booked = [Promise(day(-10)), Promise(day(-21))]
    found = forecast(course(10), held(*range(56, 0, -7)), TODAY, booked)
    assert found is not None
    assert (found.on, found.left, found.is_booked) == (TODAY + timedelta(21), 2, True)


def test_forecast_goes_on_at_the_pace_after_the_last_booked_day() -> None:
    others = [
        Promise(day(7)),
        Promise(day(-50), kind=PromiseKind.FOLLOW_UP),
        Promise(day(-60), status=PromiseStatus.CANCELLED),
    ]
    found = forecast(course(10), held(*range(56, 7, -7)), TODAY, [Promise(day(-10)), *others])
    assert found is not None
    assert (found.on, found.left, found.booked) == (TODAY + timedelta(24), 3, 1)


@pytest.mark.parametrize("state", sorted(set(CourseState) - FALLING_DUE))
def test_forecast_of_a_course_that_does_not_go_on_is_none(state: CourseState) -> None:
    assert forecast(course(state=state), held(7), TODAY) is None


def test_forecast_when_nothing_is_left_is_none() -> None:
    assert forecast(course(10), held(*range(70, 0, -7)), TODAY) is None


# What always holds of all this -------------------------------------------------------------------

EARLIER = st.none() | st.builds(
    Earlier, count=st.integers(1, 9), since=st.just(MARCH), until=st.dates(MARCH, day(10))
)
FLOORS = st.lists(st.tuples(st.integers(1, 40), st.sampled_from((0, 7, 21, 28))), max_size=10)


@st.composite
def lives(draw: st.DrawFn) -> tuple[CourseFacts, list[Held]]:
    """A course with its sessions, here and elsewhere, its misses and the agents' floors."""
    first, ideal, last = sorted(draw(st.tuples(*[st.integers(7, 42)] * 3)))
    earlier = draw(EARLIER)
    opened = day(10) if earlier else OPENED
    facts = course(
        draw(PLANNED),
        opened_on=opened,
        interval_min_days=first,
        interval_days=ideal,
        interval_max_days=last,
        missed=draw(st.integers(0, 4)),
        earlier=earlier,
    )
    on, visits = opened, []
    for number, (gap, floor) in enumerate(draw(FLOORS), start=1):
        on += timedelta(gap)
        visits.append(Held(facts.held_before + number, on, floor_days=floor))
    return facts, visits


@given(lives())
def test_window_opens_on_the_first_day_that_is_allowed(
    life: tuple[CourseFacts, list[Held]],
) -> None:
    facts, visits = life
    due = window(facts, visits)
    assert (due is None) is (left(facts, visits) == 0)
    if due:
        assert due.due_from == earliest(facts, visits)
        assert due.due_from <= due.ideal <= due.due_by
        assert check_interval(facts, visits, due.due_from) is None
        assert flag_interval(facts, visits, due.due_by + timedelta(1)) is not None or not (
            visits or facts.earlier
        )
    if visits:
        assert check_interval(facts, visits, earliest(facts, visits) - timedelta(1)) is not None


@given(lives())
def test_strip_counts_what_the_counts_say(life: tuple[CourseFacts, list[Held]]) -> None:
    facts, visits = life
    strip = plan(facts, visits, [], today=TODAY)
    if done(facts, visits) <= facts.planned_sessions:
        assert (strip.done, strip.planned) == (done(facts, visits), to_hold(facts, visits))
    assert [mark.number for mark in strip.marks] == list(range(1, strip.planned + 1))
    assert sum(mark.is_earlier for mark in strip.marks) == min(facts.held_before, strip.planned)


@given(lives())
def test_forecast_is_never_before_today_or_the_window(life: tuple[CourseFacts, list[Held]]) -> None:
    facts, visits = life
    found = forecast(facts, visits, TODAY)
    due = window(facts, visits)
    assert (found is None) is (due is None)
    if found and due:
        weeks = timedelta(facts.interval_min_days * (found.left - 1))
        assert found.on >= max(TODAY, due.due_from) + weeks


# Reviews that were passed over -------------------------------------------------------------------


def gate_states(strip: Strip) -> dict[int, GateState]:
    return {gate.after: gate.state for gate in strip.gates}


def test_review_that_a_later_one_stands_for_is_passed_and_not_due() -> None:
    weekly = held(*range(70, -7, -7))
    strip = plan(course(12), weekly, [], today=TODAY, reviews_written=frozenset({10}))
    assert gate_states(strip) == {
        5: GateState.PASSED,
        10: GateState.WRITTEN,
        12: GateState.AHEAD,
    }
    nothing_written = gate_states(plan(course(12), weekly, [], today=TODAY))
    assert (nothing_written[5], nothing_written[10]) == (GateState.DUE, GateState.DUE)


@pytest.mark.parametrize("state", [CourseState.STOPPED, CourseState.COMPLETED])
def test_review_of_a_course_that_ended_early_is_passed(state: CourseState) -> None:
    facts = course(12, state=state)
    assert gate_states(plan(facts, held(*range(49, 0, -7)), [], today=TODAY))[5] == GateState.PASSED
