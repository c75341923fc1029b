"""The session strip as data: what every screen, report and export draws, in one shape.

A strip is derived by a rule and never stored. This module knows no dates of today, no words and
no drawing: the rule that fills it is `treatments.rules.cadence`, the words are in
`clinic.strip_words`, the drawing is in `clinic.templatetags.strip`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum


class State(StrEnum):
    """What one mark says, in the order in which the rule tries them."""

    DONE = "done"
    TODAY = "today"
    BOOKED = "booked"
    OVERDUE = "overdue"
    MISSED = "missed"
    NEXT = "next"
    FREE = "free"


class GateState(StrEnum):
    """Whether the review that stands after a session is written, due now, still ahead, or was
    passed over: a later one stands for it, or the course has ended without it."""

    WRITTEN = "written"
    DUE = "due"
    AHEAD = "ahead"
    PASSED = "passed"


@dataclass(frozen=True, slots=True)
class Miss:
    """A missed appointment, drawn as a red cross on the line; it never takes a number.

    `moved_to` is the date that followed it, None while nothing has followed.
    """

    on: date
    moved_to: date | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """One session, or one follow-up (then `number` is None).

    `on` is the day held, booked or missed. `due_from` and `due_by` are set while no date is.
    `is_open` says that `due_from` has been reached. `gap` counts the days since the mark before
    it and is set only between two dated sessions; `gap_is_outside` says that it breaks the
    protocol's range. `missed_before` lies on the line that leads to this mark. `is_earlier` says
    that it was held elsewhere before; only the last of these has a day.
    """

    number: int | None
    state: State
    on: date | None = None
    at: time | None = None
    arrived: bool = False
    due_from: date | None = None
    due_by: date | None = None
    is_open: bool = False
    days_late: int | None = None
    gap: int | None = None
    gap_is_outside: bool = False
    missed_before: tuple[Miss, ...] = ()
    is_earlier: bool = False
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """The review that stands after session number `after`."""

    after: int
    state: GateState


class FollowUpKey(StrEnum):
    """Which check after the end of the course."""

    FOUR_WEEKS = "4w"
    THREE_MONTHS = "3m"
    SIX_MONTHS = "6m"


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A check after the end: the same seven states, drawn as a diamond without a number."""

    key: FollowUpKey
    mark: Mark


@dataclass(frozen=True, slots=True)
class Strip:
    """A whole course. `marks` stand in number order, `follow_ups` in time order.

    `paused_after` and `closed_after` are the number of the session after which the bars stand
    (0: before the first one), None when the course is neither paused nor closed early.
    """

    planned: int
    marks: tuple[Mark, ...]
    gates: tuple[Gate, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    done: int = 0
    paused_after: int | None = None
    paused_on: date | None = None
    closed_after: int | None = None
    closed_on: date | None = None
    closed_reason: str = ""
