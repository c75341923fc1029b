"""The rhythm of a course: when the next session is due, what the strip shows, what is too early.

Planned sessions are not rows. Everything here is worked out from what was held and what was
promised, so extending, pausing and resuming a course shift nothing. This is the only place where
the cadence is written; `Course.due_from` and `Course.due_by` store what `window` answers.

Numbers are positions in order of date. Days are calendar days; both ends of a window belong to it.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from enum import StrEnum
from itertools import pairwise

from django.utils.translation import gettext_noop

from clinic.strip import FollowUp, FollowUpKey, Gate, GateState, Mark, Miss, State, Strip

RESCREEN_AFTER_DAYS = 56  # domain.md section 5, row "Interval"
REVIEW_AFTER = frozenset({5, 10})  # and at the end of the course


class CourseState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    STOPPED = "stopped"


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
class CourseFacts:
    """What the cadence needs to know of a course.

    `interval_days` is the earliest and the ideal distance, the floor of the agents included;
    `interval_max_days` is the last day that is not late. `changed_on` and `reason` belong to the
    pause, the stop or the completion.
    """

    planned_sessions: int
    opened_on: date
    interval_days: int = 7
    interval_max_days: int = 21
    state: CourseState = CourseState.ACTIVE
    changed_on: date | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """A treatment visit that took place. `number` only orders two visits of the same day."""

    number: int
    on: date
    url: str | None = None


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


@dataclass(frozen=True, slots=True)
class Window:
    """The days on which the next session is due, both included."""

    due_from: date
    due_by: date


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


def window(course: CourseFacts, held: Sequence[Held]) -> Window | None:
    """Say when the next session is due, looking only at what was held.

    Before session 1 the window starts on the day the course was opened. None when the course is
    paused or closed, and when every planned session was held. Source: domain.md section 5.
    """
    if course.state != CourseState.ACTIVE or len(held) >= course.planned_sessions:
        return None
    return _window_after(course, max((visit.on for visit in held), default=None))


def earliest(course: CourseFacts, held: Sequence[Held]) -> date:
    """Give the first day on which a session may be held: `interval_days` after the last one.

    Before session 1 it is the day the course was opened. Asks neither for pauses nor for the end.
    """
    return _window_after(course, max((visit.on for visit in held), default=None)).due_from


def check_interval(course: CourseFacts, held: Sequence[Held], on: date) -> Reason | None:
    """Refuse a session on `on` that lies closer than `interval_days` to one that was held.

    Looks both ways, so a visit entered later for an earlier day is judged too. Where bookings
    must keep the distance as well, pass them as `Held`. None when nothing stands against it.
    Source: domain.md section 5, "< 7 blocked".
    """
    if not held:
        return None
    number, visit = min(
        enumerate(_in_order(held), start=1), key=lambda row: abs((on - row[1].on).days)
    )
    days = abs((on - visit.on).days)
    if days >= course.interval_days:
        return None
    values: dict[str, int | date] = {
        "number": number,
        "days": days,
        "date": visit.on,
        "floor": course.interval_days,
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

    More than `interval_max_days` is late; more than 56 days asks for a new screening as well.
    None for the first session. Source: domain.md section 5, "> 21 overdue, > 56 re-screen".
    """
    before = [
        (number, visit) for number, visit in enumerate(_in_order(held), start=1) if visit.on <= on
    ]
    if not before:
        return None
    number, visit = before[-1]
    days = (on - visit.on).days
    values: dict[str, int | date] = {"number": number, "days": days, "date": visit.on}
    if days > RESCREEN_AFTER_DAYS:
        template = gettext_noop(
            "Session %(number)d was %(days)d days earlier, on %(date)s; "
            "after more than %(limit)d days she is screened again"
        )
        reason = Reason(template, values | {"limit": RESCREEN_AFTER_DAYS})
        return LateFlag(Lateness.RESCREEN, days, reason)
    if days > course.interval_max_days:
        template = gettext_noop(
            "Session %(number)d was %(days)d days earlier, on %(date)s; "
            "the protocol allows up to %(limit)d days"
        )
        reason = Reason(template, values | {"limit": course.interval_max_days})
        return LateFlag(Lateness.LATE, days, reason)
    return None


def plan(
    course: CourseFacts,
    held: Sequence[Held],
    promises: Iterable[Promise],
    *,
    today: date,
    reviews_written: frozenset[int] = frozenset(),
    checks: Sequence[Check] = (),
    book_url: str | None = None,
) -> Strip:
    """Lay out the whole course as every screen shows it.

    The first match wins: done, today, booked, overdue, missed, next not booked, free.
    `reviews_written` holds the session numbers after which a review was written, `checks` the
    follow-up visits held. `book_url` becomes the link of a mark that waits for a date.
    An appointment of an earlier day that nobody closed is not a date, and promises beyond the
    last planned session are not drawn. Source: visual.md section 5.
    """
    visits = _in_order(held)[: course.planned_sessions]
    done = len(visits)
    is_short = course.state == CourseState.STOPPED or (
        course.state == CourseState.COMPLETED and done < course.planned_sessions
    )
    last = done if is_short else course.planned_sessions
    promised = sorted(promises, key=_moment)
    of_sessions = [promise for promise in promised if promise.kind == PromiseKind.SESSION]
    marks = _session_marks(course, visits, of_sessions, last, today, book_url)
    has_checks = course.state != CourseState.STOPPED
    return Strip(
        planned=course.planned_sessions,
        marks=marks,
        gates=_gates(marks, reviews_written, last if has_checks else None),
        follow_ups=_follow_ups(
            visits[-1].on if visits and done == last else None,
            checks,
            [promise for promise in promised if promise.kind == PromiseKind.FOLLOW_UP],
            today,
            book_url,
        )
        if has_checks
        else (),
        done=done,
        paused_after=done if course.state == CourseState.PAUSED else None,
        paused_on=course.changed_on if course.state == CourseState.PAUSED else None,
        closed_after=done if is_short else None,
        closed_on=course.changed_on if is_short else None,
        closed_reason=course.reason if is_short else "",
    )


def _session_marks(
    course: CourseFacts,
    visits: Sequence[Held],
    promises: Sequence[Promise],
    last: int,
    today: date,
    book_url: str | None,
) -> tuple[Mark, ...]:
    done = [Mark(None, State.DONE, on=visit.on, url=visit.url) for visit in visits]
    held_by = visits[-1].on if visits else date.min
    coming = [_coming(p, today) for p in promises if _is_coming(p, today) and p.starts_on > held_by]
    dated, trailing = _hang_misses([*done, *coming], promises)
    marks = _with_gaps(course, dated)[:last]
    if len(marks) < last:
        until = dated[-1].on if dated else None
        marks.append(_first_without_date(course, until, trailing, today, book_url))
    marks += [Mark(None, State.FREE)] * (last - len(marks))
    return tuple(replace(mark, number=number) for number, mark in enumerate(marks, start=1))


def _first_without_date(
    course: CourseFacts,
    until: date | None,
    trailing: Sequence[Miss],
    today: date,
    book_url: str | None,
) -> Mark:
    if course.state != CourseState.ACTIVE:
        return Mark(None, State.FREE, missed_before=tuple(trailing))
    due = _window_after(course, until)
    return _waiting(due, trailing, today, book_url)


def _waiting(due: Window, trailing: Sequence[Miss], today: date, book_url: str | None) -> Mark:
    """Overdue, missed or next: the mark that waits for a date."""
    mark = Mark(
        None,
        State.NEXT,
        due_from=due.due_from,
        due_by=due.due_by,
        is_open=today >= due.due_from,
        missed_before=tuple(trailing),
        url=book_url,
    )
    if today > due.due_by:
        return replace(mark, state=State.OVERDUE, days_late=(today - due.due_by).days)
    if trailing:
        return replace(
            mark, state=State.MISSED, on=trailing[-1].on, missed_before=tuple(trailing[:-1])
        )
    return mark


def _hang_misses(
    dated: Sequence[Mark], promises: Sequence[Promise]
) -> tuple[list[Mark], list[Miss]]:
    """Hang each missed promise before the dated mark that followed it; give back those left over.

    `promises` are in order of time. A miss that was followed by another miss was moved to it.
    """
    missed = [promise for promise in promises if promise.status == PromiseStatus.MISSED]
    marks = []
    for mark in dated:
        followed = [promise for promise in missed if _moment(promise) <= _latest(mark)]
        missed = missed[len(followed) :]
        marks.append(replace(mark, missed_before=_chain(followed, mark.on)))
    return marks, list(_chain(missed, None))


def _chain(missed: Sequence[Promise], then: date | None) -> tuple[Miss, ...]:
    days = [promise.starts_on for promise in missed]
    return tuple(Miss(on, to) for on, to in zip(days, [*days[1:], then], strict=False))


def _with_gaps(course: CourseFacts, dated: Sequence[Mark]) -> list[Mark]:
    marks = list(dated[:1])
    for before, mark in pairwise(dated):
        if before.on is None or mark.on is None:
            continue
        gap = (mark.on - before.on).days
        outside = not course.interval_days <= gap <= course.interval_max_days
        marks.append(replace(mark, gap=gap, gap_is_outside=outside))
    return marks


def _gates(marks: Sequence[Mark], written: frozenset[int], end: int | None) -> tuple[Gate, ...]:
    """Reviews after 5, 10 and the end, and wherever one was written before the plan changed."""
    places = REVIEW_AFTER | written | ({end} if end is not None else frozenset())
    return tuple(
        Gate(mark.number, _gate_state(mark, written))
        for mark in marks
        if mark.number is not None and mark.number in places
    )


def _gate_state(mark: Mark, written: frozenset[int]) -> GateState:
    if mark.number in written:
        return GateState.WRITTEN
    return GateState.DUE if mark.state in (State.DONE, State.TODAY) else GateState.AHEAD


def _follow_ups(
    ended_on: date | None,
    checks: Sequence[Check],
    promises: Sequence[Promise],
    today: date,
    book_url: str | None,
) -> tuple[FollowUp, ...]:
    """Three checks. Before the end all are free, unless one is already booked.

    A visit or an appointment belongs to the check whose day is nearest. A check that was passed
    over (a later one was held, or the day of the next one has gone by too) no longer falls due.
    """
    # Before the end the last session is not known: what is booked takes the places in order.
    days = _check_days(ended_on) if ended_on else ()
    served: dict[int, Mark] = {}
    for number, check in enumerate(sorted(checks, key=lambda check: check.on)):
        place = _nearest(days, check.on) if days else number
        served.setdefault(place, Mark(None, State.DONE, on=check.on, url=check.url))
    coming = [promise for promise in promises if _is_coming(promise, today)]
    for number, promise in enumerate(coming, start=len(served)):
        place = _nearest(days, promise.starts_on) if days else number
        served.setdefault(place, _coming(promise, today))
    places = sorted(place for place in served if place < len(FollowUpKey))
    dated, trailing = _hang_misses([served[place] for place in places], promises)
    served = dict(zip(places, dated, strict=True))
    held = [place for place, mark in served.items() if mark.state == State.DONE]

    follow_ups = []
    is_first_waiting = True
    for place, key in enumerate(FollowUpKey):
        mark = served.get(place)
        if mark is None:
            mark = Mark(None, State.FREE)
            if days:
                mark = replace(mark, due_from=days[place], due_by=days[place])
                later_held = any(other > place for other in held)
                passed = place + 1 < len(days) and today > days[place + 1]
                if is_first_waiting and not later_held and not passed:
                    due = Window(days[place], days[place])
                    mark = _waiting(due, trailing, today, book_url)
                    is_first_waiting = False
        follow_ups.append(FollowUp(key, mark))
    return tuple(follow_ups)


def _check_days(ended_on: date) -> tuple[date, ...]:
    return (
        ended_on + timedelta(weeks=4),
        _add_months(ended_on, 3),
        _add_months(ended_on, 6),
    )


def _add_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _nearest(days: Sequence[date], on: date) -> int:
    return min(range(len(days)), key=lambda place: abs((days[place] - on).days))


def _window_after(course: CourseFacts, last: date | None) -> Window:
    if last is None:
        return Window(course.opened_on, course.opened_on + timedelta(course.interval_max_days))
    return Window(
        last + timedelta(days=course.interval_days),
        last + timedelta(days=course.interval_max_days),
    )


def _in_order(held: Sequence[Held]) -> list[Held]:
    return sorted(held, key=lambda visit: (visit.on, visit.number))


def _moment(promise: Promise) -> tuple[date, time]:
    return promise.starts_on, promise.at or time.min


def _latest(mark: Mark) -> tuple[date, time]:
    """A visit of the same day followed a miss of that day; an appointment has its own hour."""
    return mark.on or date.min, mark.at or time.max


def _is_coming(promise: Promise, today: date) -> bool:
    awaited = promise.status in (PromiseStatus.BOOKED, PromiseStatus.ARRIVED)
    return awaited and promise.starts_on >= today


def _coming(promise: Promise, today: date) -> Mark:
    is_today = promise.starts_on == today
    return Mark(
        None,
        State.TODAY if is_today else State.BOOKED,
        on=promise.starts_on,
        at=promise.at,
        arrived=is_today and promise.status == PromiseStatus.ARRIVED,
        url=promise.url,
    )
