"""What the form of a visit shows where photographs are taken: a slot for each view."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise

from clinic.models import User
from treatments.models import Course, Photo, PhotoSetup, Visit
from treatments.rules.comparability import Pair
from treatments.selectors.pairs import judged_shot
from treatments.stance import STANCE
from treatments.terms import PhotoMark, View, VisitKind
from treatments.wording import worded

# What can be seen without a baseline to hold it against.
MARKS_AT_BASELINE = (PhotoMark.BRUISE, PhotoMark.IDENTIFYING)


@dataclass(frozen=True, slots=True)
class Against:
    """Whether a photograph can be compared with the first of its view, and what stands against it."""

    pair: Pair
    sentences: list[str]


@dataclass(frozen=True, slots=True)
class Slot:
    """One view of one visit: `kept` is its photograph so far, `first` what it is held against."""

    view: View
    is_due: bool
    kept: Photo | None
    first: Photo | None

    @property
    def is_from_another_day(self) -> bool:
        """Whether it was taken for a visit that nobody saved on that day."""
        if self.kept is None or self.kept.visit_id is not None:
            return False
        return timezone.localdate(self.kept.added_at) != timezone.localdate()

    @property
    def against(self) -> Against | None:
        """How it compares with what it will be held against; reads the two small files."""
        if self.kept is None or self.first is None:
            return None
        judgement = judged_shot(self.first, self.kept)
        # Of another scene the light says nothing.
        said = judgement.obstacles or judgement.caveats
        return Against(judgement.pair, [worded(sentence) for sentence in said])

    @property
    def stance(self) -> tuple[str | Promise, ...]:
        return STANCE[self.view]


@dataclass(frozen=True, slots=True)
class Taking:
    """Who takes photographs for which visit; `visit` is None while it is not saved yet."""

    course: Course
    kind: VisitKind
    visit: Visit | None
    by: User

    def taken(self) -> dict[View, Photo]:
        """Return what is on the visit; of one that is not saved yet, what this person took for it."""
        if self.visit is None:
            rows = Photo.objects.waiting().filter(
                course=self.course, waiting_for=self.kind, added_by=self.by
            )
        else:
            rows = Photo.objects.filter(visit=self.visit, voided_at=None)
        return {View(photo.view): photo for photo in rows}

    def slots(self) -> list[Slot]:
        """Return the slots in the order in which the views are taken, those that are due first."""
        due, taken = self.course.views, self.taken()
        first = first_of_each(self.course, self.visit)
        rest = [view for view in View if view not in due]
        return [
            Slot(view, is_due=view in due, kept=taken.get(view), first=first.get(view))
            for view in (*due, *rest)
        ]


def first_of_each(course: Course, visit: Visit | None) -> dict[View, Photo]:
    """Return the earliest photograph of each view of a course, the baseline's where it has one."""
    rows = Photo.objects.standing().filter(course=course).select_related("visit")
    if visit is not None:
        rows = rows.filter(
            Q(visit__held_on__lt=visit.held_on)
            | Q(visit__held_on=visit.held_on, visit__pk__lt=visit.pk)
        )
    latest_first = rows.order_by("-visit__held_on", "-visit__pk")
    return {View(photo.view): photo for photo in latest_first}


def setup_used_last(course: Course, setups: list[PhotoSetup]) -> PhotoSetup | None:
    """Return the setup to propose: that of the course's last photograph, else the only one.

    Of a setup that has a newer version the newer one, since only that can be chosen.
    """
    last = (
        Photo.objects.filter(course=course, setup__isnull=False, voided_at=None)
        .select_related("setup")
        .order_by("-added_at")
        .first()
    )
    if last is not None and last.setup is not None:
        same = [setup for setup in setups if setup.name == last.setup.name]
        if same:
            return same[0]
    return setups[0] if len(setups) == 1 else None


def marks_offered(kind: VisitKind) -> list[PhotoMark]:
    return [mark for mark in PhotoMark if kind != VisitKind.BASELINE or mark in MARKS_AT_BASELINE]
