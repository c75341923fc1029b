"""The photographs of a course as a table: views down, days across, and what the holes mean."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from django.urls import reverse
from django.utils import timezone

from treatments.models import Course, MissingItem, Photo, Visit
from treatments.rules import cadence, checks
from treatments.rules.pairs import light_between
from treatments.rules.reviews import CHECKS, GateState
from treatments.selectors.pairs import picture_of
from treatments.selectors.progress import gate_of, gates_of, numbered
from treatments.terms import PhotoMark, Tick, View, VisitKind

# Whose day it is, where a review or a follow-up falls on a session.
FIRST = (VisitKind.BASELINE, VisitKind.TREATMENT, VisitKind.FOLLOW_UP, VisitKind.REVIEW)


class Hole(StrEnum):
    """What stands at one view of one day. TAKE: still wanted. MISSING: the visit is signed."""

    TAKEN = "taken"
    TAKE = "take"
    MISSING = "missing"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True)
class Column:
    """One visit (none where it is due today and not begun), and what stands after it.

    `is_gate`: a review stands after it. `is_end`: the checks after the course follow.
    """

    on: date
    kind: VisitKind
    number: int | None
    visits: tuple[Visit, ...]
    is_due: bool
    is_today: bool = False
    is_gate: bool = False
    is_end: bool = False

    @property
    def visit(self) -> Visit | None:
        return self.visits[0] if self.visits else None

    @property
    def title(self) -> str:
        """Name the day: "Session 4", "4 weeks after"."""
        if self.visit is None:
            kind = str(self.kind.label)
            return f"{kind} {self.number}" if self.number else kind
        if self.kind == VisitKind.FOLLOW_UP:
            return str(gate_of(self.visit).label)
        return self.visit.title

    @property
    def unsigned(self) -> Visit | None:
        return next((visit for visit in self.visits if not visit.signed_at), None)


@dataclass(frozen=True, slots=True)
class Cell:
    """One view of one day. `reason` says why it is missing, `url` where it is taken."""

    column: Column
    view: View
    hole: Hole
    photo: Photo | None = None
    bruise: bool = False
    light: bool = False
    reason: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Film:
    """The table of one course; `struck_out` are photographs that are shown no more."""

    course: Course
    columns: list[Column]
    rows: list[tuple[View, list[Cell]]]
    struck_out: list[Photo] = field(default_factory=list)

    @property
    def thin(self) -> list[Column]:
        """Those of which nothing is there and nothing is wanted; they take little room."""
        columns = zip(*(cells for _view, cells in self.rows), strict=True)
        return [
            cells[0].column
            for cells in columns
            if all(cell.hole == Hole.OPTIONAL for cell in cells)
        ]

    def _count(self, hole: Hole) -> int:
        return sum(cell.hole == hole for _view, cells in self.rows for cell in cells)

    @property
    def taken(self) -> int:
        return self._count(Hole.TAKEN)

    @property
    def missing(self) -> int:
        return self._count(Hole.MISSING)

    @property
    def wanted_today(self) -> int:
        return sum(
            cell.hole == Hole.TAKE and cell.column.is_today
            for _view, cells in self.rows
            for cell in cells
        )

    @property
    def wanted(self) -> int:
        """Those of other days, whose visits are not signed yet."""
        return self._count(Hole.TAKE) - self.wanted_today


def films_of(
    courses: Iterable[Course], photos: Iterable[Photo], today: date | None = None
) -> list[Film]:
    """Return the table of each course that has a day to show.

    Courses from `Course.objects.with_sessions()`; photographs with their visits, the struck-out
    ones among them. Costs one query more, however many courses.
    """
    rows, today = list(courses), today or timezone.localdate()
    missing = MissingItem.objects.filter(visit__course__in=rows, tick=Tick.PHOTOS)
    reasons = dict(missing.values_list("visit", "reason"))
    of_course: dict[int, list[Photo]] = {course.pk: [] for course in rows}
    for photo in photos:
        of_course.setdefault(photo.course_id, []).append(photo)
    films = [film_of(course, of_course[course.pk], reasons, today) for course in rows]
    return [film for film in films if film.columns]


def film_of(course: Course, photos: list[Photo], reasons: Mapping[int, str], today: date) -> Film:
    """Lay out one course."""
    standing = [photo for photo in photos if not photo.voided_at]
    taken = {(photo.visit_id, photo.view): photo for photo in standing}
    columns = columns_of(course, standing, today)
    seen = {photo.view for photo in standing}
    views = [view for view in View if view in seen or view in course.views]
    table = []
    for view in views:
        cells: list[Cell] = []
        base: Photo | None = None
        for column in columns:
            photo = next(
                (taken[visit.pk, view] for visit in column.visits if (visit.pk, view) in taken),
                None,
            )
            base = base or photo
            is_due = column.is_due and view in course.views
            cells.append(cell_of(course, column, view, photo, base, is_due, reasons))
        table.append((view, cells))
    struck_out = [photo for photo in photos if photo.voided_at]
    return Film(course, columns, table, struck_out)


def cell_of(
    course: Course,
    column: Column,
    view: View,
    photo: Photo | None,
    base: Photo | None,
    is_due: bool,
    reasons: Mapping[int, str],
) -> Cell:
    if photo is not None:
        light = light_between(picture_of(base), picture_of(photo)) if base else None
        return Cell(
            column,
            view,
            Hole.TAKEN,
            photo,
            bruise=PhotoMark.BRUISE in photo.marks,
            light=light is not None and (light.differs or light.white_differs),
        )
    if not is_due:
        return Cell(column, view, Hole.OPTIONAL)
    if column.visit is None or column.unsigned:
        return Cell(column, view, Hole.TAKE, url=f"{form_url(course, column)}#slot-{view.value}")
    reason = next((reasons[visit.pk] for visit in column.visits if visit.pk in reasons), "")
    return Cell(column, view, Hole.MISSING, reason=reason)


def columns_of(course: Course, photos: Iterable[Photo], today: date) -> list[Column]:
    """Return the visits of a course in the order of its strip, and today where something is due.

    A review on the day of another visit shares its column, as long as that hides no picture.
    """
    taken: dict[int | None, set[str]] = {}
    for photo in photos:
        taken.setdefault(photo.visit_id, set()).add(photo.view)
    shared: list[list[Visit]] = []
    for visit in sorted(
        (visit for kind in FIRST for visit in course.held(kind)), key=lambda visit: visit.held_on
    ):
        beside = shared[-1] if shared else []
        is_shared = (
            visit.kind == VisitKind.REVIEW
            and bool(beside)
            and beside[0].held_on == visit.held_on
            and not any(taken.get(visit.pk, set()) & taken.get(each.pk, set()) for each in beside)
        )
        if is_shared:
            beside.append(visit)
        else:
            shared.append([visit])
    places = [(visits[0].held_on, visits) for visits in shared]
    due = None if any(on == today for on, _visits in places) else due_today(course, today)
    if due is not None:
        places.append((today, []))
    sessions = numbered(course)
    last = cadence.to_hold(course.facts, sessions)
    ended = last if sessions and not cadence.left(course.facts, sessions) else None
    gates = {gate.after for gate in gates_of(course, today) if gate.after is not None}
    return [
        _column(course, on, visits, due, today=today, last=last, ended=ended, gates=gates)
        for on, visits in places
    ]


def _column(
    course: Course,
    on: date,
    visits: list[Visit],
    due: VisitKind | None,
    *,
    today: date,
    last: int,
    ended: int | None,
    gates: Collection[int],
) -> Column:
    kind = VisitKind(visits[0].kind) if visits else due or VisitKind.TREATMENT
    number = visits[0].number if visits else next_number(course, kind)
    kinds = {kind, *(VisitKind(visit.kind) for visit in visits)}
    is_session = kind == VisitKind.TREATMENT
    return Column(
        on=on,
        kind=kind,
        number=number,
        visits=tuple(visits),
        is_due=any(
            checks.is_milestone(each, number, last, course.facts.review_after) for each in kinds
        ),
        is_today=on == today,
        is_gate=is_session and number in gates,
        is_end=is_session and number == ended,
    )


def next_number(course: Course, kind: VisitKind) -> int | None:
    if kind != VisitKind.TREATMENT:
        return None
    return cadence.next_number(course.facts, course.sessions)


def due_today(course: Course, today: date) -> VisitKind | None:
    """Say which visit with due photographs is to be held today and is not begun; None for none."""
    if course.is_open and not course.held(VisitKind.BASELINE) and not course.sessions:
        return VisitKind.BASELINE
    window = cadence.window(course.facts, course.sessions)
    if window is not None:
        sessions = numbered(course)
        number = cadence.next_number(course.facts, course.sessions)
        last = cadence.to_hold(course.facts, sessions)
        is_due = checks.is_milestone(VisitKind.TREATMENT, number, last, course.facts.review_after)
        return VisitKind.TREATMENT if is_due and window.due_from <= today else None
    gates = gates_of(course, today)
    if any(gate.state == GateState.DUE and gate.point in CHECKS for gate in gates):
        return VisitKind.FOLLOW_UP
    return None


# Where they are taken -----------------------------------------------------------------------------


def form_url(course: Course, column: Column) -> str:
    """Return the form that a day's photographs are taken in."""
    if column.unsigned:
        return reverse("desk:visit-change", args=[column.unsigned.pk])
    return f"{reverse('desk:visit-add', args=[course.pk])}?kind={column.kind.value}"


def where_to_take(course: Course, today: date | None = None) -> str:
    """Return the form of a visit of today, begun or to begin; "" for a course that waits for none."""
    today = today or timezone.localdate()
    for kind in FIRST:
        for visit in course.held(kind):
            if visit.held_on == today and not visit.signed_at:
                return reverse("desk:visit-change", args=[visit.pk])
    due = due_today(course, today)
    if due is None and course.falls_due:
        has_left = cadence.left(course.facts, course.sessions)
        due = VisitKind.TREATMENT if has_left else VisitKind.FOLLOW_UP
    if due is None:
        return ""
    return f"{reverse('desk:visit-add', args=[course.pk])}?kind={due.value}"
