"""What to ask before a session, what today's answers come to, and what is left to do."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from patients.rules.safety_list import (
    FEMALE_ONLY,
    SafetyList,
    SafetyRow,
    to_ask_before_session,
)
from patients.terms import Answer, Sex
from treatments.rules.measures import GIRTHS
from treatments.terms import MeasureKind, Tick, VisitKind

ANSWERED = (Answer.YES, Answer.NO)


def askable(lists: SafetyList, sex: str | None) -> tuple[SafetyRow, ...]:
    """List the questions that can be due before a session: asked each time, or once it has aged.

    Items that follow from elsewhere are not asked.
    """
    skipped: Collection[str] = FEMALE_ONLY if sex == Sex.MALE else ()
    return tuple(
        row
        for row in lists.rows
        if (row.each_session or row.holds_days is not None)
        and row.block is not None
        and row.code not in skipped
    )


def to_ask(
    lists: SafetyList, answered_on: Mapping[str, date], on: date, sex: str | None
) -> tuple[SafetyRow, ...]:
    """List the questions that are due on a day."""
    due = to_ask_before_session(answered_on, lists, on)
    return tuple(row for row in askable(lists, sex) if row in due)


def todays_answers(
    due: Collection[SafetyRow],
    said: Mapping[str, str],
    *,
    last: Mapping[str, str],
    nothing_changed: bool | None,
) -> dict[str, str]:
    """Return what was answered today, item by item.

    "Nothing changed" answers every item that is asked before each session: what was "yes" the
    last time stays "yes", the others are "no". An item that is due because its answer has aged
    is asked in its own words. What was said of an item in particular wins.
    """
    answers: dict[str, str] = {}
    if nothing_changed:
        for row in due:
            if row.each_session:
                stays = last.get(row.code) == Answer.YES
                answers[row.code] = (Answer.YES if stays else Answer.NO).value
    return answers | {item: str(answer) for item, answer in said.items()}


def not_asked(due: Collection[SafetyRow], answers: Mapping[str, str]) -> tuple[SafetyRow, ...]:
    """List the questions that are due and have no answer at all."""
    return tuple(row for row in due if row.code not in answers)


# What is due --------------------------------------------------------------------------------


def is_milestone(
    kind: VisitKind, number: int | None, last: int, review_after: Collection[int]
) -> bool:
    """Say whether girths and photographs are due: baseline, review sessions, end, follow-ups.

    `last` is the number of the course's last session, `review_after` those that a review follows.
    """
    if kind != VisitKind.TREATMENT:
        return True
    return number is not None and (number in review_after or number >= last)


def measures_due(
    kind: VisitKind, number: int | None, last: int, review_after: Collection[int]
) -> frozenset[MeasureKind]:
    """Name what is measured: the weight at each visit, the girths at milestones.

    The waist is never due. Source: domain.md section 7, "Frequency".
    """
    girths = GIRTHS if is_milestone(kind, number, last, review_after) else frozenset()
    return frozenset({MeasureKind.WEIGHT}) | girths


class TickState(StrEnum):
    DONE = "done"
    MISSING = "missing"
    NOT_DUE = "not_due"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What of a session is there so far.

    `asked`: every due question, the skin included, has an answer. `counted`: every treated area
    has its number of points. `confirmed`: something was drawn, and every lot is confirmed.
    `noted`: somebody wrote what was seen, or asked for reactions and heard of none.
    """

    asked: bool = False
    counted: bool = False
    confirmed: bool = False
    measures_due: frozenset[MeasureKind] = frozenset()
    measured: frozenset[MeasureKind] = frozenset()
    photos_due: bool = False
    photographed: bool = False
    noted: bool = False


def ticks(progress: Progress) -> dict[Tick, TickState]:
    """Say of each of the six ticks whether it is done, missing, or not due today."""
    measured = progress.measures_due <= progress.measured
    return {
        Tick.CHECKS: _tick(progress.asked),
        Tick.AREAS: _tick(progress.counted),
        Tick.LOTS: _tick(progress.confirmed),
        Tick.MEASURES: _tick(measured, is_due=bool(progress.measures_due)),
        Tick.PHOTOS: _tick(progress.photographed, is_due=progress.photos_due),
        Tick.NOTE: _tick(progress.noted),
    }


def _tick(is_done: bool, *, is_due: bool = True) -> TickState:
    if is_done and is_due:
        return TickState.DONE
    return TickState.MISSING if is_due else TickState.NOT_DUE
