"""The strip of a course, as every screen draws it: what was held and promised, and what waits.

Days and windows are those of `treatments.rules.cadence`; visual.md section 5 says how marks look.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, time
from itertools import pairwise

from clinic.strip import FollowUp, FollowUpKey, Gate, GateState, Mark, Miss, State, Strip
from treatments.rules.cadence import (
    FALLING_DUE,
    Check,
    CourseFacts,
    Held,
    Promise,
    PromiseKind,
    PromiseStatus,
    Window,
    check_days,
    done,
    in_order,
    last_day,
    nearest,
    to_hold,
    window_after,
)
from treatments.terms import CourseState


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

    The first match wins: done, today, booked, overdue, missed, next not booked, free. Sessions
    held elsewhere before are done, and only the last of them has a day. Missed ones that count
    take places off the end. `reviews_written` holds the session numbers after which a review was written, `checks` the
    follow-up visits held. `book_url` becomes the link of a mark that waits for a date.
    An appointment of an earlier day that nobody closed is not a date, and promises beyond the
    last planned session are not drawn. Source: visual.md section 5.
    """
    room = max(0, course.planned_sessions - course.held_before)
    visits = in_order(held)[:room]
    count, planned = done(course, visits), to_hold(course, visits)
    is_short = course.state == CourseState.STOPPED or (
        course.state == CourseState.COMPLETED and count < planned
    )
    last = count if is_short else planned
    promised = sorted(promises, key=_moment)
    of_sessions = [promise for promise in promised if promise.kind == PromiseKind.SESSION]
    marks = _session_marks(course, visits, of_sessions, last, today, book_url)
    has_checks = course.state != CourseState.STOPPED
    return Strip(
        planned=planned,
        marks=marks,
        gates=_gates(
            course, marks, reviews_written, last if has_checks else None, is_over=bool(checks)
        ),
        follow_ups=_follow_ups(
            last_day(course, visits) if count == last else None,
            checks,
            [promise for promise in promised if promise.kind == PromiseKind.FOLLOW_UP],
            today,
            book_url,
        )
        if has_checks
        else (),
        done=count,
        paused_after=count if course.state == CourseState.PAUSED else None,
        paused_on=course.changed_on if course.state == CourseState.PAUSED else None,
        closed_after=count if is_short else None,
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
    held = [Mark(None, State.DONE, on=visit.on, url=visit.url) for visit in visits]
    held_by = last_day(course, visits) or date.min
    coming = [_coming(p, today) for p in promises if p.is_coming(today) and p.starts_on > held_by]
    dated, trailing = _hang_misses([*_earlier_marks(course), *held, *coming], promises)
    marks = _with_gaps(course, visits, dated)[:last]
    if len(marks) < last:
        until = dated[-1].on if dated else None
        if course.state in FALLING_DUE:
            due = window_after(course, visits, until)
            marks.append(_waiting(due, trailing, today, book_url))
        else:
            marks.append(Mark(None, State.FREE, missed_before=tuple(trailing)))
    marks += [Mark(None, State.FREE)] * (last - len(marks))
    return tuple(replace(mark, number=number) for number, mark in enumerate(marks, start=1))


def _earlier_marks(course: CourseFacts) -> list[Mark]:
    """The sessions held elsewhere before: only the day of the last one is drawn."""
    if course.earlier is None:
        return []
    undated = [Mark(None, State.DONE, is_earlier=True)] * (course.earlier.count - 1)
    return [*undated, Mark(None, State.DONE, on=course.earlier.until, is_earlier=True)]


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


def _with_gaps(course: CourseFacts, visits: Sequence[Held], dated: Sequence[Mark]) -> list[Mark]:
    floors = {visit.on: visit.floor_days for visit in visits}
    marks = list(dated[:1])
    for before, mark in pairwise(dated):
        if before.on is None or mark.on is None:
            marks.append(mark)
            continue
        gap = (mark.on - before.on).days
        floor = floors.get(before.on, 0)
        low = max(course.interval_min_days, floor)
        outside = not low <= gap <= max(course.interval_max_days, floor)
        marks.append(replace(mark, gap=gap, gap_is_outside=outside))
    return marks


def _gates(
    course: CourseFacts,
    marks: Sequence[Mark],
    written: frozenset[int],
    end: int | None,
    *,
    is_over: bool,
) -> tuple[Gate, ...]:
    """Reviews where the protocol has them (5, 10) and at the end, and wherever one was written
    before the plan changed.

    Due and passed mean what they mean in `rules.reviews.gates`; `is_over`: a check after the end
    was held, which stands for the reviews before it.
    """
    places = course.review_after | written | ({end} if end is not None else frozenset())
    found = []
    for mark in marks:
        number = mark.number
        if number is None or number not in places:
            continue
        is_closed = course.state == CourseState.STOPPED or (
            course.state == CourseState.COMPLETED and number != end
        )
        if number in written:
            state = GateState.WRITTEN
        elif mark.state not in (State.DONE, State.TODAY):
            state = GateState.AHEAD
        elif is_closed or is_over or any(later > number for later in written):
            state = GateState.PASSED
        else:
            state = GateState.DUE
        found.append(Gate(number, state))
    return tuple(found)


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
    days = check_days(ended_on) if ended_on else ()
    served: dict[int, Mark] = {}
    for number, check in enumerate(sorted(checks, key=lambda check: check.on)):
        place = nearest(days, check.on) if days else number
        served.setdefault(place, Mark(None, State.DONE, on=check.on, url=check.url))
    coming = [promise for promise in promises if promise.is_coming(today)]
    for number, promise in enumerate(coming, start=len(served)):
        place = nearest(days, promise.starts_on) if days else number
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
                    due = Window(days[place], days[place], days[place])
                    mark = _waiting(due, trailing, today, book_url)
                    is_first_waiting = False
        follow_ups.append(FollowUp(key, mark))
    return tuple(follow_ups)


def _moment(promise: Promise) -> tuple[date, time]:
    return promise.starts_on, promise.at or time.min


def _latest(mark: Mark) -> tuple[date, time]:
    """A visit of the same day followed a miss of that day; an appointment has its own hour."""
    return mark.on or date.min, mark.at or time.max


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
