"""Sample strips for the gallery page (DEBUG) and the tests: the courses of the grammar, as data.

All of them are seen on Tuesday 24 November 2026. They hold no person.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta

from clinic.strip import FollowUp, FollowUpKey, Gate, GateState, Mark, Miss, State, Strip

TODAY = date(2026, 11, 24)


def running() -> Strip:
    """Session 5 of 12 is today, two are booked, one date was missed and moved."""
    held = _held(date(2026, 10, 20), 7, 7, 14)
    booked = [
        Mark(5, State.TODAY, on=TODAY, at=time(10, 15), arrived=True, gap=7),
        Mark(6, State.BOOKED, on=date(2026, 12, 1), at=time(10, 15), gap=7),
        Mark(7, State.BOOKED, on=date(2026, 12, 8), at=time(10, 15), gap=7),
        Mark(8, State.NEXT, due_from=date(2026, 12, 15), due_by=date(2026, 12, 29)),
    ]
    return Strip(
        planned=12,
        marks=(*_with_miss(held, 4), *booked, *_free(9, 12)),
        gates=(
            Gate(5, GateState.DUE),
            Gate(10, GateState.AHEAD),
            Gate(12, GateState.AHEAD),
        ),
        follow_ups=_checks_ahead(),
        done=4,
    )


def late() -> Strip:
    """Session 6 of 10 is 18 days late, and one gap was longer than the protocol allows."""
    overdue = Mark(
        6,
        State.OVERDUE,
        due_from=date(2026, 10, 23),
        due_by=date(2026, 11, 6),
        is_open=True,
        days_late=18,
    )
    return Strip(
        planned=10,
        marks=(*_held(date(2026, 9, 1), 7, 7, 24, 7), overdue, *_free(7, 10)),
        gates=(Gate(5, GateState.WRITTEN), Gate(10, GateState.AHEAD)),
        follow_ups=_checks_ahead(),
        done=5,
    )


def missed() -> Strip:
    """Session 6 of 10 was missed and nothing has been booked since."""
    mark = Mark(
        6,
        State.MISSED,
        on=date(2026, 11, 17),
        due_from=date(2026, 11, 17),
        due_by=date(2026, 12, 1),
        is_open=True,
    )
    return Strip(
        planned=10,
        marks=(*_held(date(2026, 10, 13), 7, 7, 7, 7), mark, *_free(7, 10)),
        gates=(Gate(5, GateState.WRITTEN), Gate(10, GateState.AHEAD)),
        follow_ups=_checks_ahead(),
        done=5,
    )


def paused() -> Strip:
    """Paused after session 3 of 10: nothing falls due."""
    return Strip(
        planned=10,
        marks=(*_held(date(2026, 10, 6), 7, 7), *_free(4, 10)),
        gates=(Gate(5, GateState.AHEAD), Gate(10, GateState.AHEAD)),
        follow_ups=_checks_ahead(),
        done=3,
        paused_after=3,
        paused_on=date(2026, 10, 24),
    )


def closed_early() -> Strip:
    """Stopped after session 3 of 10: what was never held is not drawn."""
    return Strip(
        planned=10,
        marks=_held(date(2026, 10, 6), 7, 7),
        done=3,
        closed_after=3,
        closed_on=date(2026, 11, 2),
        closed_reason="moved away",
    )


def finished() -> Strip:
    """All 10 held, the first check done, the second one late."""
    overdue = Mark(
        None,
        State.OVERDUE,
        due_from=date(2026, 11, 4),
        due_by=date(2026, 11, 4),
        is_open=True,
        days_late=20,
    )
    later = Mark(None, State.FREE, due_from=date(2027, 2, 4), due_by=date(2027, 2, 4))
    return Strip(
        planned=10,
        marks=_with_miss(_held(date(2026, 5, 26), 7, 7, 7, 7, 7, 7, 14, 7, 7), 8),
        gates=(Gate(5, GateState.WRITTEN), Gate(10, GateState.WRITTEN)),
        follow_ups=(
            FollowUp(FollowUpKey.FOUR_WEEKS, Mark(None, State.DONE, on=date(2026, 9, 1))),
            FollowUp(FollowUpKey.THREE_MONTHS, overdue),
            FollowUp(FollowUpKey.SIX_MONTHS, later),
        ),
        done=10,
    )


SAMPLES: dict[str, Callable[[], Strip]] = {
    "running": running,
    "late": late,
    "missed": missed,
    "paused": paused,
    "closed_early": closed_early,
    "finished": finished,
}


def _held(first: date, *gaps: int) -> tuple[Mark, ...]:
    marks = [Mark(1, State.DONE, on=first)]
    on = first
    for number, gap in enumerate(gaps, start=2):
        on += timedelta(days=gap)
        outside = not 7 <= gap <= 21
        marks.append(Mark(number, State.DONE, on=on, gap=gap, gap_is_outside=outside))
    return tuple(marks)


def _with_miss(marks: tuple[Mark, ...], number: int) -> tuple[Mark, ...]:
    """The session `number` was first meant for a week earlier."""
    mark = marks[number - 1]
    if mark.on is None:
        raise ValueError(f"session {number} has no date")
    miss = Miss(mark.on - timedelta(days=7), moved_to=mark.on)
    moved = Mark(
        number,
        mark.state,
        on=mark.on,
        gap=mark.gap,
        gap_is_outside=mark.gap_is_outside,
        missed_before=(miss,),
    )
    return (*marks[: number - 1], moved, *marks[number:])


def _free(first: int, last: int) -> tuple[Mark, ...]:
    return tuple(Mark(number, State.FREE) for number in range(first, last + 1))


def _checks_ahead() -> tuple[FollowUp, ...]:
    return tuple(FollowUp(key, Mark(None, State.FREE)) for key in FollowUpKey)


# Name of the field, of the point, two readings in cm, and the baseline.
READINGS = (
    ("thigh_left", "Thigh left", "59.5", "59.7", "61.0"),
    ("thigh_right", "Thigh right", "59,2", "59,2", "61.4"),
    ("hip", "Hip", "102.2", "101.4", "103.0"),
)
