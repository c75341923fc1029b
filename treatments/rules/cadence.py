"""The rhythm of a course: when the next session is due, when the last one, what is too early.

Planned sessions are not rows. Everything here is worked out from what was held and what was
promised, so extending, pausing and resuming a course shift nothing. This is the only place where
the cadence is written; `Course.due_from` and `Course.due_by` store what `window` answers, and
`treatments.rules.strip` lays the whole course out.

Numbers are positions in order of date; sessions held elsewhere before come first. Days are
calendar days; both ends of a window belong to it.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from enum import StrEnum
from itertools import pairwise
from math import ceil
from statistics import median

from django.utils.translation import gettext_noop

from treatments.terms import CourseState

RESCREEN_AFTER_DAYS = 56  # domain.md section 5, row "Interval"
REVIEW_AFTER = frozenset({5, 10})  # and at the end of the course
OWN_PACE_FROM_GAPS = 2  # fewer say nothing of a person's own pace


FALLING_DUE = frozenset({CourseState.PLANNED, CourseState.ACTIVE})


class PromiseStatus(StrEnum):
    """MISSED is a no-show or a late cancellation. DONE and CANCELLED leave no trace on the strip."""

    BOOKED = "booked"
    ARRIVED = "arrived"
    MISSED = "missed"
    DONE = "done"
    CANCELLED = "cancelled"


class PromiseKind(StrEnum):
    """OTHER (screening, baseline, a telephone call) never shows on the strip."""

    SESSION = "session"
    FOLLOW_UP = "follow_up"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Earlier:
    """Sessions held elsewhere or on paper before the course was entered: how many (at least
    one), the first and the last day. They have no record of their own."""

    count: int
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class CourseFacts:
    """What the cadence needs to know of a course.

    Days from one session to the next: `interval_min_days` is the earliest, `interval_days` the
    ideal, `interval_max_days` the last that is not late. `missed` is how many missed sessions
    count as if held; `areas` maps each area to its own number of sessions, None where it has
    the course's. `changed_on` and `reason` belong to the pause, the stop or the completion.
    """

    planned_sessions: int
    opened_on: date
    interval_days: int = 7
    interval_max_days: int = 21
    state: CourseState = CourseState.ACTIVE
    changed_on: date | None = None
    reason: str = ""
    interval_min_days: int = 7
    earlier: Earlier | None = None
    missed: int = 0
    areas: Mapping[str, int | None] = field(default_factory=dict)
    review_after: frozenset[int] = REVIEW_AFTER

    @property
    def held_before(self) -> int:
        """How many sessions were held before the course was entered."""
        return self.earlier.count if self.earlier else 0


@dataclass(frozen=True, slots=True)
class Held:
    """A treatment visit that took place. `number` only orders two visits of the same day.

    `floor_days` must pass after it because of the agents that were given; 0: none asks for days.
    `areas` is None where they are not known, as for a session that is only booked.
    """

    number: int
    on: date
    url: str | None = None
    floor_days: int = 0
    areas: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A follow-up visit that took place."""

    on: date
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """An appointment that belongs to the course."""

    starts_on: date
    at: time | None = None
    status: PromiseStatus = PromiseStatus.BOOKED
    kind: PromiseKind = PromiseKind.SESSION
    url: str | None = None

    def is_coming(self, today: date) -> bool:
        """Say whether somebody is still awaited; nobody is on an earlier day."""
        awaited = self.status in (PromiseStatus.BOOKED, PromiseStatus.ARRIVED)
        return awaited and self.starts_on >= today


@dataclass(frozen=True, slots=True)
class Window:
    """The days on which the next session is due, both included, and the best one of them."""

    due_from: date
    ideal: date
    due_by: date


@dataclass(frozen=True, slots=True)
class AreaCount:
    """How many sessions one area had, of how many."""

    done: int
    planned: int

    @property
    def left(self) -> int:
        return max(0, self.planned - self.done)


@dataclass(frozen=True, slots=True)
class Forecast:
    """About when the last session falls, and from which rhythm that was reckoned.

    `pace_days` is the median of `gaps` own gaps where `is_own`, else the protocol's ideal.
    `left` sessions are still to be held, of which `booked` have their day.
    """

    on: date
    pace_days: int
    is_own: bool
    gaps: int
    left: int
    booked: int = 0

    @property
    def is_booked(self) -> bool:
        """Whether the last session has its day, so that nothing is reckoned."""
        return self.booked == self.left


@dataclass(frozen=True, slots=True)
class Reason:
    """A sentence that the caller translates: `gettext(template) % values`, dates formatted first."""

    template: str
    values: dict[str, int | date] = field(default_factory=dict)


class Lateness(StrEnum):
    LATE = "late"
    RESCREEN = "rescreen"


@dataclass(frozen=True, slots=True)
class LateFlag:
    """Something to be confirmed, not a refusal: `days` since the session before, and why."""

    level: Lateness
    days: int
    reason: Reason


def done(course: CourseFacts, held: Sequence[Held]) -> int:
    """Count the sessions that were held, those from before the course was entered included."""
    return course.held_before + len(held)


def to_hold(course: CourseFacts, held: Sequence[Held]) -> int:
    """Give how many sessions the course comes to: the plan less the missed ones that count."""
    return max(course.planned_sessions - course.missed, done(course, held))


def left(course: CourseFacts, held: Sequence[Held]) -> int:
    """Count the sessions that are still to be held."""
    return to_hold(course, held) - done(course, held)


def next_number(course: CourseFacts, held: Sequence[Held]) -> int:
    """Give the number of the next session."""
    return done(course, held) + 1


def area_counts(course: CourseFacts, held: Sequence[Held]) -> dict[str, AreaCount]:
    """Count the sessions of each area; its own plan never exceeds the course's.

    A session whose areas are not known counts for each, as do those held elsewhere before.
    """
    total = to_hold(course, held)
    return {
        area: AreaCount(
            course.held_before + sum(_meets(visit.areas, {area}) for visit in held),
            total if own is None else min(own, total),
        )
        for area, own in course.areas.items()
    }


def window(course: CourseFacts, held: Sequence[Held]) -> Window | None:
    """Say when the next session is due, looking only at what was held.

    Before session 1 the window starts on the day the course was opened. The days that the agents
    given ask for push its start, and its end where need be. None when the course is paused or
    closed, and when every session was held. Source: domain.md section 5.
    """
    if course.state not in FALLING_DUE or not left(course, held):
        return None
    return window_after(course, held, last_day(course, held))


def earliest(course: CourseFacts, held: Sequence[Held]) -> date:
    """Give the first day on which a session of any area may be held.

    Before session 1 it is the day the course was opened. Asks neither for pauses nor for the end.
    """
    return window_after(course, held, last_day(course, held)).due_from


def forecast(
    course: CourseFacts, held: Sequence[Held], today: date, promises: Iterable[Promise] = ()
) -> Forecast | None:
    """Reckon when the last session falls: from the own pace once two gaps are known.

    The gaps are those between the days that are known; the pace is their median, never below
    the earliest distance. Sessions that are booked fall on their days, and the pace goes on from
    the last of them. None when the course is paused or closed, or nothing is left.
    """
    due = window(course, held)
    if due is None:
        return None
    days = [visit.on for visit in _numbered(course, held).values()]
    gaps = [(later - before).days for before, later in pairwise(days)]
    is_own = len(gaps) >= OWN_PACE_FROM_GAPS
    pace = max(ceil(median(gaps)), course.interval_min_days) if is_own else course.interval_days
    after = days[-1] + timedelta(pace) if days else due.ideal
    first = max(today, due.due_from, after)
    remaining = left(course, held)
    booked = _booked(promises, today)[:remaining]
    if booked:
        on = booked[-1] + timedelta(pace * (remaining - len(booked)))
    else:
        on = first + timedelta(pace * (remaining - 1))
    return Forecast(
        on=on,
        pace_days=pace,
        is_own=is_own,
        gaps=len(gaps),
        left=remaining,
        booked=len(booked),
    )


def _booked(promises: Iterable[Promise], today: date) -> list[date]:
    """Return the days from today on for which a session is promised, in their order."""
    return sorted(
        promise.starts_on
        for promise in promises
        if promise.kind == PromiseKind.SESSION and promise.is_coming(today)
    )


def check_interval(
    course: CourseFacts,
    held: Sequence[Held],
    on: date,
    *,
    areas: Iterable[str] | None = None,
    floor_days: int = 0,
) -> Reason | None:
    """Refuse a session on `on` that lies too close to another one of the same area.

    Looks both ways, so a visit entered later for an earlier day is judged too: `floor_days` must
    pass after this session because of its agents. Where the areas of either are not known (None)
    they are taken to be the same. Where bookings must keep the distance as well, pass them as
    `Held`. The reason names the session that asks for most days. None when nothing stands
    against it. Source: domain.md section 5, "< 7 blocked for same area".
    """
    wanted = None if areas is None else frozenset(areas)
    worst: tuple[int, int, Held, int] | None = None
    for number, visit in _numbered(course, held).items():
        if not _meets(visit.areas, wanted):
            continue
        days = abs((on - visit.on).days)
        floors = [course.interval_min_days]
        floors += [visit.floor_days] if visit.on <= on else []
        floors += [floor_days] if visit.on >= on else []
        lacking = max(floors) - days
        if lacking > 0 and (worst is None or lacking > worst[0]):
            worst = lacking, number, visit, max(floors)
    if worst is None:
        return None
    _lacking, number, visit, floor = worst
    return _too_close(number, visit, on, floor)


def _too_close(number: int, visit: Held, on: date, floor: int) -> Reason:
    days = abs((on - visit.on).days)
    values: dict[str, int | date] = {
        "number": number,
        "days": days,
        "date": visit.on,
        "floor": floor,
    }
    if days == 0:
        template = gettext_noop(
            "Session %(number)d was held the same day, on %(date)s; "
            "at least %(floor)d days are needed between sessions"
        )
    elif visit.on > on:
        template = gettext_noop(
            "Session %(number)d follows on %(date)s; "
            "at least %(floor)d days are needed between sessions"
        )
    elif days == 1:
        template = gettext_noop(
            "Session %(number)d was the day before, on %(date)s; "
            "at least %(floor)d days are needed between sessions"
        )
    else:
        template = gettext_noop(
            "Session %(number)d was %(days)d days earlier, on %(date)s; "
            "at least %(floor)d days are needed between sessions"
        )
    return Reason(template, values)


def flag_interval(course: CourseFacts, held: Sequence[Held], on: date) -> LateFlag | None:
    """Flag a session on `on` that comes late after the one before it.

    Past the window is late; more than 56 days asks for a new screening as well. None for the
    first session. Source: domain.md section 5, "> 21 overdue, > 56 re-screen".
    """
    before = {number: visit for number, visit in _numbered(course, held).items() if visit.on <= on}
    if not before:
        return None
    number, visit = list(before.items())[-1]
    days = (on - visit.on).days
    values: dict[str, int | date] = {"number": number, "days": days, "date": visit.on}
    if days > RESCREEN_AFTER_DAYS:
        template = gettext_noop(
            "Session %(number)d was %(days)d days earlier, on %(date)s; "
            "after more than %(limit)d days she is screened again"
        )
        reason = Reason(template, values | {"limit": RESCREEN_AFTER_DAYS})
        return LateFlag(Lateness.RESCREEN, days, reason)
    asked = max(each.on + timedelta(each.floor_days) for each in before.values())
    limit = max(course.interval_max_days, (asked - visit.on).days)
    if days > limit:
        template = gettext_noop(
            "Session %(number)d was %(days)d days earlier, on %(date)s; "
            "the protocol allows up to %(limit)d days"
        )
        reason = Reason(template, values | {"limit": limit})
        return LateFlag(Lateness.LATE, days, reason)
    return None


def check_days(ended_on: date) -> tuple[date, ...]:
    """Give the days of the three checks, 4 weeks, 3 and 6 months after the last session."""
    return (
        ended_on + timedelta(weeks=4),
        _add_months(ended_on, 3),
        _add_months(ended_on, 6),
    )


def _add_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def nearest(days: Sequence[date], on: date) -> int:
    """Give the place of the day that lies nearest; of two as near, the first."""
    return min(range(len(days)), key=lambda place: abs((days[place] - on).days))


def window_after(course: CourseFacts, held: Sequence[Held], last: date | None) -> Window:
    """Give the window after the session of the day `last`, which may be only booked."""
    if last is None:
        latest = course.opened_on + timedelta(course.interval_max_days)
        return Window(course.opened_on, course.opened_on, latest)
    due_from = max(
        last + timedelta(course.interval_min_days),
        *(visit.on + timedelta(visit.floor_days) for visit in held),
        # Nothing is recorded before the course was entered here.
        course.opened_on if not held else date.min,
    )
    ideal = max(due_from, last + timedelta(course.interval_days))
    return Window(due_from, ideal, max(ideal, last + timedelta(course.interval_max_days)))


def last_day(course: CourseFacts, held: Sequence[Held]) -> date | None:
    """Give the day of the last session, here or before; None before the first one."""
    before = course.earlier.until if course.earlier else None
    return max((visit.on for visit in held), default=before)


def _numbered(course: CourseFacts, held: Sequence[Held]) -> dict[int, Held]:
    """The sessions whose day is known, by their number: the last one held elsewhere, then ours."""
    before = course.earlier
    found = {before.count: Held(before.count, before.until)} if before else {}
    return found | dict(enumerate(in_order(held), start=course.held_before + 1))


def _meets(one: Iterable[str] | None, other: Iterable[str] | None) -> bool:
    """Whether two sessions share an area; where one is not known they are taken to."""
    return one is None or other is None or not frozenset(one).isdisjoint(other)


def in_order(held: Sequence[Held]) -> list[Held]:
    """Sort sessions by their day, and those of one day by their number."""
    return sorted(held, key=lambda visit: (visit.on, visit.number))
