"""The review gates of a course: which there are, which is due since when, which is written.

After sessions 5 and 10 and at the end, then 4 weeks, 3 and 6 months after the last session
(domain.md 1.10); a protocol may name other sessions. Derived from what was held; nothing here is
stored. Sessions carry their numbers, those held elsewhere before counted in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise

from treatments.rules.cadence import CourseFacts, Held, check_days, nearest, to_hold
from treatments.terms import CourseState, ReviewPoint

FUTILITY_AFTER = 10  # the session at which going on without a change asks why
AFTER = {ReviewPoint.SESSION_5: 5, ReviewPoint.SESSION_10: FUTILITY_AFTER}
CHECKS = (ReviewPoint.WEEKS_4, ReviewPoint.MONTHS_3, ReviewPoint.MONTHS_6)


class GateState(StrEnum):
    """WRITTEN: a review stands there. PASSED: the next gate's does, or the next one's day has come."""

    WRITTEN = "written"
    DUE = "due"
    AHEAD = "ahead"
    PASSED = "passed"


@dataclass(frozen=True, slots=True)
class Review:
    """A review or a follow-up that was held. `point` is blank where nobody named the gate."""

    on: date
    point: str = ""
    is_follow_up: bool = False
    key: int = 0


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate: its point, the day from which it is due (None while nobody knows), its review.

    `after` is the session it stands after, None for the checks after the end.
    """

    point: ReviewPoint
    state: GateState
    after: int | None = None
    due_on: date | None = None
    review: Review | None = None


def stands_after(course: CourseFacts, sessions: Sequence[Held], review: Review) -> int:
    """Give the number of the session that a review stands after; 0 before the first.

    The gate that was named goes before the day: a review of session 5 may be held after the 6th.
    """
    if review.point in AFTER:
        return AFTER[ReviewPoint(review.point)]
    by_then = (held.number for held in sessions if held.on <= review.on)
    return max(by_then, default=course.held_before)


def point_of(course: CourseFacts, sessions: Sequence[Held], review: Review) -> ReviewPoint:
    """Name the gate of a review: the one that was given, else the one that its day belongs to."""
    if review.point:
        return ReviewPoint(review.point)
    if review.is_follow_up:
        ended = ended_on(course, sessions)
        if ended is None or review.on <= ended:
            return ReviewPoint.OTHER
        return CHECKS[nearest(check_days(ended), review.on)]
    after = stands_after(course, sessions, review)
    return _points(course, sessions).get(after, ReviewPoint.OTHER)


def ended_on(course: CourseFacts, sessions: Sequence[Held]) -> date | None:
    """Give the day of the last session once no other follows; None when it was stopped."""
    if not sessions or course.state == CourseState.STOPPED:
        return None
    last = max(sessions, key=lambda held: held.number)
    is_over = course.state == CourseState.COMPLETED or last.number >= to_hold(course, sessions)
    return last.on if is_over else None


def gates(
    course: CourseFacts, sessions: Sequence[Held], reviews: Sequence[Review], today: date
) -> tuple[Gate, ...]:
    """List the gates of a course in their order.

    A gate after a session that is not recorded here (held elsewhere before) is not this clinic's.
    A stopped course has no further gates; a closed one is still owed its last review and checks.
    """
    checks = tuple(_checks(course, sessions, reviews, today))
    is_over = any(check.state == GateState.WRITTEN for check in checks)
    return (*_session_gates(course, sessions, reviews, is_over=is_over), *checks)


def _session_gates(
    course: CourseFacts, sessions: Sequence[Held], reviews: Sequence[Review], *, is_over: bool
) -> Iterator[Gate]:
    """Yield the gates of the sessions; with `is_over` a check after the end stands for them."""
    held = {each.number: each.on for each in sessions}
    written = {
        stands_after(course, sessions, each): each for each in reviews if not each.is_follow_up
    }
    points = _points(course, sessions)
    for number, point in points.items():
        if number in written:
            on = held.get(number)
            yield Gate(point, GateState.WRITTEN, number, on, written[number])
        elif number in held:
            closed = course.state == CourseState.STOPPED or (
                course.state == CourseState.COMPLETED and point != ReviewPoint.END
            )
            later = any(after > number for after in written if after in points)
            state = GateState.PASSED if closed or later or is_over else GateState.DUE
            yield Gate(point, state, number, held[number])
        elif number > max(held, default=course.held_before) and course.state != CourseState.STOPPED:
            yield Gate(point, GateState.AHEAD, number)


def _checks(
    course: CourseFacts, sessions: Sequence[Held], reviews: Sequence[Review], today: date
) -> Iterator[Gate]:
    ended = ended_on(course, sessions)
    if ended is None:
        if course.state != CourseState.STOPPED:
            yield from (Gate(point, GateState.AHEAD) for point in CHECKS)
        return
    days = check_days(ended)
    held = {
        point_of(course, sessions, review): review
        for review in sorted(reviews, key=lambda each: each.on, reverse=True)
        if review.is_follow_up
    }
    ends = [later for _day, later in pairwise(days)] + [date.max]
    for place, (point, day, end) in enumerate(zip(CHECKS, days, ends, strict=True)):
        if point in held:
            yield Gate(point, GateState.WRITTEN, due_on=day, review=held[point])
        elif today >= end or any(later in held for later in CHECKS[place + 1 :]):
            yield Gate(point, GateState.PASSED, due_on=day)
        else:
            state = GateState.DUE if today >= day else GateState.AHEAD
            yield Gate(point, state, due_on=day)


def _points(course: CourseFacts, sessions: Sequence[Held]) -> dict[int, ReviewPoint]:
    """Map the session before a gate to its point; the end of the course goes before the others."""
    last = _last_number(course, sessions)
    known = {number: point for point, number in AFTER.items()}
    before_end = {
        number: known.get(number, ReviewPoint.OTHER)
        for number in sorted(course.review_after)
        if number < last
    }
    return before_end | {last: ReviewPoint.END}


def _last_number(course: CourseFacts, sessions: Sequence[Held]) -> int:
    """Give the number of the last session: the plan's, or where the course was closed."""
    if course.state in (CourseState.COMPLETED, CourseState.STOPPED):
        return max((held.number for held in sessions), default=course.held_before)
    return to_hold(course, sessions)
