"""Times: whether two overlap, what is free, the quarter hours of a day, what a clock can show.

Spans are half-open, so one may begin when another ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

OPENS, CLOSES = time(8), time(18)
QUARTER = timedelta(minutes=15)
SHORTEST, LONGEST = 10, 180  # minutes
DAY = 24 * 4  # quarters


@dataclass(frozen=True, slots=True)
class Slot:
    """A span of time between two instants; the end does not belong to it."""

    start: datetime
    end: datetime

    @classmethod
    def lasting(cls, start: datetime, minutes: int) -> Slot:
        """Make a slot of so many true minutes, whatever the clocks do meanwhile."""
        instant = start.astimezone(UTC)
        return cls(instant, instant + timedelta(minutes=minutes))


def overlaps(a: Slot, b: Slot) -> bool:
    """Tell whether two slots share any time. Nowhere else is this written in Python."""
    return a.start < b.end and b.start < a.end


def first_clash(wanted: Slot, taken: Iterable[Slot]) -> Slot | None:
    """Return the earliest of `taken` that overlaps, or None."""
    return min(
        (slot for slot in taken if overlaps(slot, wanted)), key=lambda s: s.start, default=None
    )


def nearest_free(
    wanted: Slot, taken: Sequence[Slot], *, opening: Slot, not_before: datetime
) -> Slot | None:
    """Return the slot of the same length nearest to `wanted` that overlaps none of `taken`.

    It starts on a quarter hour counted from `opening.start`, lies within `opening`, and does not
    start before `not_before`. Of two that are equally near the earlier one wins. None: none left.
    """
    length = wanted.end - wanted.start
    free = [
        slot
        for slot in _starting_each_quarter(opening, length)
        if slot.start >= not_before and first_clash(slot, taken) is None
    ]
    return min(free, key=lambda slot: abs(slot.start - wanted.start), default=None)


def _starting_each_quarter(opening: Slot, length: timedelta) -> Iterator[Slot]:
    start = opening.start
    while start + length <= opening.end:
        yield Slot(start, start + length)
        start += QUARTER


# The grid of a day, in quarter hours since midnight by the clock ---------------------------------


@dataclass(frozen=True, slots=True)
class Block:
    """Entries that share quarter hours and so stand in one cell, from `first` up to `last`.

    `entries` are positions in the list that was laid out.
    """

    first: int
    last: int
    entries: tuple[int, ...]


def quarters_of(slot: Slot, day: date, zone: ZoneInfo) -> tuple[int, int]:
    """Return the quarter hours that a slot touches on a day, at least one, half-open."""
    first, last = (_minutes(instant.astimezone(zone), day) for instant in (slot.start, slot.end))
    first = min(first // 15, DAY - 1)
    return first, max(first + 1, -(-last // 15))


def _minutes(local: datetime, day: date) -> int:
    minutes = (local.date() - day).days * 24 * 60 + local.hour * 60 + local.minute
    return min(max(minutes, 0), 24 * 60)


def grid(taken: Iterable[tuple[int, int]]) -> range:
    """Return the quarter hours that a day shows: the hours of the clinic and all that is booked."""
    spans = [(_quarter(OPENS), _quarter(CLOSES)), *taken]
    return range(min(first for first, _ in spans), max(last for _, last in spans))


def blocks(spans: Sequence[tuple[int, int]]) -> list[Block]:
    """Lay spans of quarter hours out in one column; those that share a quarter share a block."""
    laid: list[Block] = []
    for place in sorted(range(len(spans)), key=lambda place: spans[place]):
        first, last = spans[place]
        if laid and first < laid[-1].last:
            before = laid.pop()
            laid.append(Block(before.first, max(before.last, last), (*before.entries, place)))
        else:
            laid.append(Block(first, last, (place,)))
    return laid


def clock_of(quarter: int) -> time:
    """Return what the clock shows when a quarter hour of the day begins."""
    return time(quarter // 4, quarter % 4 * 15)


def _quarter(clock: time) -> int:
    return clock.hour * 4 + clock.minute // 15


def is_outside_hours(start: datetime, end: datetime) -> bool:
    """Tell whether a slot, given in local time, leaves the hours of the clinic."""
    return start.date() != end.date() or start.time() < OPENS or end.time() > CLOSES


# What a clock can show ---------------------------------------------------------------------------


class Reading(StrEnum):
    """How often the clocks of a zone show a time: once, never (they skip it), or twice."""

    ONCE = "once"
    NEVER = "never"
    TWICE = "twice"


def reading(local: datetime, zone: ZoneInfo) -> Reading:
    """Say how often the clocks show `local`, a time without a zone."""
    early, late = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if early.utcoffset() == late.utcoffset():
        return Reading.ONCE
    back = early.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    return Reading.TWICE if back == local else Reading.NEVER
