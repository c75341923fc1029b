"""Two photographs as the rules judge them: the days, the looks, the thumbnails, the alignment.

The earlier photograph is always `first`. How many queries it costs does not depend on how many
pairs are judged; each pair reads the two small files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from clinic import vault
from treatments import photo_files
from treatments.imaging.look import likeness as likeness_of
from treatments.models import Measure, Photo, PhotoAlignment, Reaction, Visit
from treatments.models.photo import Size
from treatments.rules import pairs
from treatments.rules.alignment import Alignment, Frame, TooClose, align, framing
from treatments.rules.comparability import Shot
from treatments.rules.conditions import Condition, conditions
from treatments.rules.pairs import Framing, Judgement, Picture
from treatments.terms import MeasureKind, ReactionKind, VisitKind
from treatments.wording import worded

BRUISES = (ReactionKind.BRUISE, ReactionKind.SWELLING)
Two = tuple[Photo, Photo]


@dataclass(frozen=True, slots=True)
class Judged:
    """A pair with everything that was held against each other."""

    first: Photo
    second: Photo
    days: tuple[Shot, Shot]
    pictures: tuple[Picture, Picture]
    likeness: float | None
    marks: PhotoAlignment | None
    judgement: Judgement

    @property
    def alignment(self) -> Alignment | None:
        return alignment_of(self.first, self.second, self.marks)

    @property
    def framing(self) -> Framing | None:
        return framing_of(self.first, self.second, self.marks)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return conditions(self.days, self.pictures, likeness=self.likeness, framing=self.framing)

    @property
    def obstacles(self) -> list[str]:
        return [worded(each) for each in self.judgement.obstacles]

    @property
    def caveats(self) -> list[str]:
        return [worded(each) for each in self.judgement.caveats]


def in_order(one: Photo, other: Photo) -> Two:
    """Return two photographs of visits with the earlier first."""
    found = sorted((one, other), key=lambda photo: (photo.at_visit.held_on, photo.added_at))
    return found[0], found[1]


def judged(one: Photo, other: Photo) -> Judged:
    """Judge two photographs of one patient by their own days."""
    first, second = in_order(one, other)
    [found] = judge_pairs([(first, second)], days_of(first, second))
    return found


def judge_pairs(found: Sequence[Two], days: tuple[Shot, Shot]) -> list[Judged]:
    """Judge pairs that were all taken on the same two days, the earlier of each first."""
    if not found:
        return []
    photos = [photo for pair in found for photo in pair]
    marks = marks_of(photos)
    bruised = _bruised(photos)
    return [_judge(pair, days, marks.get((pair[0].pk, pair[1].pk)), bruised) for pair in found]


def _judge(
    pair: Two, days: tuple[Shot, Shot], marks: PhotoAlignment | None, bruised: set[int]
) -> Judged:
    first, second = pair
    pictures = (picture_of(first, bruised), picture_of(second, bruised))
    alike = likeness(first, second)
    judgement = pairs.judge(
        days, pictures, likeness=alike, framing=framing_of(first, second, marks)
    )
    return Judged(first, second, days, pictures, alike, marks, judgement)


def judged_shot(first: Photo, taken: Photo) -> Judgement:
    """Judge a photograph that may still be taken again by the one it will be held against."""
    pictures = (picture_of(first), picture_of(taken))
    return pairs.judge_shot(pictures, likeness=likeness(first, taken))


def picture_of(photo: Photo, bruised: Collection[int] = ()) -> Picture:
    """Return a photograph as the rule reads it; `bruised` are the visits with a bruise on record."""
    return Picture(
        view=photo.view,
        setup=photo.setup_id,
        look=photo.look,
        marks=frozenset(photo.marks),
        bruise_recorded=photo.visit_id in bruised,
    )


def likeness(first: Photo, second: Photo) -> float | None:
    """Say how alike two photographs are laid out; None where one of the two cannot be read."""
    try:
        return likeness_of(
            photo_files.read(first, Size.THUMB), photo_files.read(second, Size.THUMB)
        )
    except (photo_files.Missing, vault.Damaged, vault.KeyMissing, OSError):
        return None


# Alignment ----------------------------------------------------------------------------------------


def marks_of(photos: Iterable[Photo]) -> dict[tuple[object, object], PhotoAlignment]:
    """Return the stored marks of every pair among these, by the keys of both."""
    keys = [photo.pk for photo in photos]
    rows = PhotoAlignment.objects.filter(first__in=keys, second__in=keys)
    return {(row.first_id, row.second_id): row for row in rows}


def frame_of(photo: Photo) -> Frame:
    return Frame(photo.width, photo.height)


def alignment_of(first: Photo, second: Photo, marks: PhotoAlignment | None) -> Alignment | None:
    if marks is None:
        return None
    try:
        return align(frame_of(first), frame_of(second), marks.on_first, marks.on_second)
    except TooClose:
        return None


def framing_of(first: Photo, second: Photo, marks: PhotoAlignment | None) -> Framing | None:
    found = alignment_of(first, second, marks)
    return Framing(*framing(found, frame_of(first), frame_of(second))) if found else None


# Days ---------------------------------------------------------------------------------------------


def days_of(first: Photo, second: Photo) -> tuple[Shot, Shot]:
    """Return the two days: sessions of any course count, and any weight measured on the day."""
    patient = first.course.patient_id
    held = Visit.objects.treatments().filter(course__patient=patient)
    sessions = tuple(held.values_list("held_on", flat=True))
    weights = _weights(patient, [first.at_visit.held_on, second.at_visit.held_on])
    return _shot(first.at_visit, sessions, weights), _shot(second.at_visit, sessions, weights)


def _shot(visit: Visit, sessions: tuple[date, ...], weights: dict[date, Decimal]) -> Shot:
    weight = weights.get(visit.held_on)
    if weight is None and visit.kind == VisitKind.BASELINE:
        weight = visit.course.screening.weight_kg
    return Shot(visit.held_on, sessions, weight)


def _weights(patient_id: int, days: Iterable[date]) -> dict[date, Decimal]:
    """Return the last weight that was recorded for each day."""
    rows = Measure.objects.filter(
        visit__course__patient=patient_id,
        visit__voided_at=None,
        visit__held_on__in=days,
        kind=MeasureKind.WEIGHT,
    )
    return dict(rows.order_by("visit__recorded_at", "pk").values_list("visit__held_on", "value"))


def _bruised(photos: Iterable[Photo]) -> set[int]:
    visits = {photo.visit_id for photo in photos}
    rows = Reaction.objects.filter(visit__in=visits, kind__in=BRUISES)
    return set(rows.values_list("visit_id", flat=True))
