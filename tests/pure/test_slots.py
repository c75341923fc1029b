"""Times that touch or overlap, what is free, the grid of a day, and the clocks that change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appointments.rules.slots import (
    Block,
    Reading,
    Slot,
    blocks,
    clock_of,
    first_clash,
    grid,
    is_outside_hours,
    nearest_free,
    overlaps,
    quarters_of,
    reading,
)
from appointments.rules.states import MOVES, is_late_cancel, refuse_move, refuse_turn
from appointments.terms import LIVE, Status

DAY = date(2026, 11, 24)
LONDON = ZoneInfo("Europe/London")


def at(clock: str) -> datetime:
    return datetime.combine(DAY, time.fromisoformat(clock), tzinfo=UTC)


def slot(start: str, end: str) -> Slot:
    return Slot(at(start), at(end))


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (slot("10:00", "11:00"), True),
        (slot("10:15", "10:45"), True),
        (slot("09:30", "11:30"), True),
        (slot("09:30", "10:01"), True),
        (slot("10:59", "11:30"), True),
        (slot("09:00", "10:00"), False),
        (slot("11:00", "12:00"), False),
        (slot("08:00", "09:00"), False),
    ],
)
def test_overlap_is_half_open(other: Slot, expected: bool) -> None:
    hour = slot("10:00", "11:00")
    assert overlaps(hour, other) == overlaps(other, hour) == expected


minutes = st.integers(0, 600)
spans = st.builds(
    lambda start, length: Slot(
        at("08:00") + timedelta(minutes=start), at("08:00") + timedelta(minutes=start + length)
    ),
    minutes,
    st.integers(1, 180),
)


@given(spans, spans)
def test_overlap_means_a_shared_minute(a: Slot, b: Slot) -> None:
    def of(slot: Slot) -> set[int]:
        start, end = (
            (instant - at("08:00")).total_seconds() // 60 for instant in (slot.start, slot.end)
        )
        return set(range(int(start), int(end)))

    assert overlaps(a, b) == bool(of(a) & of(b))


def test_first_clash_is_the_earliest() -> None:
    taken = [slot("11:00", "11:30"), slot("10:15", "10:45"), slot("09:00", "10:00")]
    assert first_clash(slot("10:00", "12:00"), taken) == slot("10:15", "10:45")
    assert first_clash(slot("10:45", "11:00"), taken) is None


def test_nearest_free_prefers_the_earlier_of_two() -> None:
    free = nearest_free(
        slot("10:00", "10:30"),
        [slot("10:00", "10:30")],
        opening=slot("08:00", "18:00"),
        not_before=at("00:00"),
    )
    assert free == slot("09:30", "10:00")


def test_nearest_free_does_not_offer_the_past() -> None:
    free = nearest_free(
        slot("10:00", "10:30"),
        [slot("10:00", "10:30")],
        opening=slot("08:00", "18:00"),
        not_before=at("09:40"),
    )
    assert free == slot("10:30", "11:00")


def test_nearest_free_on_a_full_day_is_none() -> None:
    full = slot("08:00", "17:45")
    wanted = slot("10:00", "10:30")
    assert (
        nearest_free(wanted, [full], opening=slot("08:00", "18:00"), not_before=at("00:00")) is None
    )


@given(spans, st.lists(spans, max_size=12))
def test_nearest_free_never_clashes_and_stays_inside(wanted: Slot, taken: list[Slot]) -> None:
    opening = slot("08:00", "18:00")
    free = nearest_free(wanted, taken, opening=opening, not_before=at("00:00"))
    if free is not None:
        assert free.end - free.start == wanted.end - wanted.start
        assert first_clash(free, taken) is None
        assert opening.start <= free.start < free.end <= opening.end


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("08:00", "08:30", False),
        ("17:30", "18:00", False),
        ("07:45", "08:15", True),
        ("17:45", "18:15", True),
    ],
)
def test_hours_of_the_clinic(start: str, end: str, expected: bool) -> None:
    assert is_outside_hours(at(start), at(end)) == expected


def test_grid_grows_with_what_is_booked() -> None:
    assert grid([]) == range(32, 72)
    assert grid([(30, 32), (70, 74)]) == range(30, 74)


def test_quarters_touched() -> None:
    assert quarters_of(slot("10:00", "10:30"), DAY, ZoneInfo("UTC")) == (40, 42)
    assert quarters_of(slot("10:10", "10:31"), DAY, ZoneInfo("UTC")) == (40, 43)
    assert quarters_of(slot("10:00", "10:05"), DAY, ZoneInfo("UTC")) == (40, 41)


def test_quarters_of_another_day_are_cut() -> None:
    over_midnight = Slot(at("23:30"), at("23:30") + timedelta(hours=2))
    assert quarters_of(over_midnight, DAY, ZoneInfo("UTC")) == (94, 96)
    assert quarters_of(over_midnight, DAY + timedelta(1), ZoneInfo("UTC")) == (0, 6)


def test_blocks_join_what_shares_a_quarter() -> None:
    assert blocks([(44, 46), (40, 42), (42, 43)]) == [
        Block(40, 42, (1,)),
        Block(42, 43, (2,)),
        Block(44, 46, (0,)),
    ]
    assert blocks([(40, 42), (41, 45), (43, 44)]) == [Block(40, 45, (0, 1, 2))]


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(1, 5)), max_size=20))
def test_blocks_cover_everything_once(drawn: list[tuple[int, int]]) -> None:
    taken = [(first, first + length) for first, length in drawn]
    laid = blocks(taken)
    assert sorted(place for block in laid for place in block.entries) == list(range(len(taken)))
    assert all(a.last <= b.first for a, b in pairwise(laid))


def test_clock_of_a_quarter() -> None:
    assert [clock_of(41), clock_of(0), clock_of(95)] == [time(10, 15), time(0), time(23, 45)]


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        (datetime(2027, 3, 28, 0, 59), Reading.ONCE),
        (datetime(2027, 3, 28, 1, 30), Reading.NEVER),
        (datetime(2027, 3, 28, 2, 0), Reading.ONCE),
        (datetime(2027, 10, 31, 0, 59), Reading.ONCE),
        (datetime(2027, 10, 31, 1, 30), Reading.TWICE),
        (datetime(2027, 10, 31, 2, 0), Reading.ONCE),
    ],
)
def test_clocks_that_change(local: datetime, expected: Reading) -> None:
    assert reading(local, LONDON) == expected


def test_length_is_true_time_over_a_change_of_clocks() -> None:
    start = datetime(2027, 10, 31, 0, 30, tzinfo=LONDON)
    made = Slot.lasting(start, 120)
    assert made.end - made.start == timedelta(hours=2)
    assert made.end.astimezone(LONDON).time() == time(1, 30)


# What may become of an appointment ---------------------------------------------------------------

TURNS = [(status, to) for status in Status for to in Status]


@pytest.mark.parametrize(("status", "to"), TURNS)
def test_moves_table_is_what_refuse_turn_asks(status: Status, to: Status) -> None:
    allowed = refuse_turn(status, to, on=DAY, today=DAY, has_begun=True) is None
    assert allowed == (to in MOVES[status])


def test_every_status_has_a_way_back() -> None:
    assert {status for status in Status if Status.BOOKED not in MOVES[status]} == {Status.BOOKED}


@pytest.mark.parametrize(
    ("to", "on", "has_begun", "expected"),
    [
        (
            Status.ARRIVED,
            DAY + timedelta(1),
            False,
            "This appointment is on %(day)s. Mark it on the day.",
        ),
        (
            Status.DONE,
            DAY + timedelta(1),
            False,
            "This appointment is on %(day)s. Mark it on the day.",
        ),
        (Status.DONE, DAY - timedelta(1), True, None),
        (
            Status.ARRIVED,
            DAY - timedelta(1),
            True,
            "This appointment was on %(day)s. Mark it as done or as a no-show.",
        ),
        (Status.ARRIVED, DAY, False, None),
        (Status.NO_SHOW, DAY, False, "The time has not come yet. Until then it can be cancelled."),
        (Status.NO_SHOW, DAY - timedelta(9), True, None),
        (Status.CANCELLED, DAY - timedelta(1), True, None),
    ],
)
def test_turns_have_their_time(to: Status, on: date, has_begun: bool, expected: str | None) -> None:
    assert refuse_turn(Status.BOOKED, to, on=on, today=DAY, has_begun=has_begun) == expected


def test_only_a_booked_appointment_to_come_moves() -> None:
    assert refuse_move(Status.BOOKED, has_begun=False) is None
    assert refuse_move(Status.BOOKED, has_begun=True) == (
        "The time has begun. Mark it as done or as a no-show, then book again."
    )
    for status in set(Status) - {Status.BOOKED}:
        assert refuse_move(status, has_begun=False) == (
            "This appointment is %(state)s. Only a booked one can be moved."
        )


def test_late_cancel_is_less_than_a_day() -> None:
    start = at("10:00")
    assert not is_late_cancel(start, start - timedelta(hours=24))
    assert is_late_cancel(start, start - timedelta(hours=23, minutes=59))


def test_live_statuses_are_those_of_the_database() -> None:
    from appointments.overlap import LIVE as IN_SQL

    assert f"({', '.join(repr(status.value) for status in LIVE)})" == IN_SQL
