"""What the page of one visit shows: its rows put together, and whether they stand as signed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from clinic.models import NoteKind, SignedNote
from clinic.signing import is_intact
from patients.models.safety import current_list
from patients.terms import Area
from treatments.models import (
    Addendum,
    AreaOpinion,
    AreaScore,
    Measure,
    PatientOpinion,
    Reaction,
    Visit,
    VisitAnswer,
    VisitArea,
    VisitProduct,
)
from treatments.models.visit import VisitQuerySet
from treatments.rules import measures
from treatments.selectors.notes import addendum_of, subject_of, voiding_of
from treatments.selectors.progress import shown_opinion
from treatments.selectors.verification import stands
from treatments.terms import VisitKind

SIGN_WITHIN = timedelta(hours=24)


def visits() -> VisitQuerySet:
    """Return the visits with everything that hangs on them."""
    return Visit.objects.select_related(
        "course__patient", "practitioner", "recorded_by", "signed_by", "voided_by"
    ).prefetch_related(
        "visit_areas",
        "measures",
        "answers",
        "missing",
        Prefetch("products", VisitProduct.objects.select_related("product", "lot").order_by("pk")),
        "overrides__by",
        Prefetch("reactions", Reaction.objects.order_by("pk")),
        Prefetch("addenda", Addendum.objects.select_related("by")),
        "scores",
        Prefetch("opinion", PatientOpinion.objects.select_related("asked_by")),
        "opinion__areas",
    )


@dataclass(frozen=True, slots=True)
class AreaLine:
    """One treated area: how many points, and how many ml they add up to where both are known."""

    row: VisitArea
    ml: Decimal | None


@dataclass(frozen=True, slots=True)
class Volumes:
    """Ml of all products of one visit."""

    drawn: Decimal
    given: Decimal
    wasted: Decimal


@dataclass(frozen=True, slots=True)
class MeasureLine:
    """One measure with its unit, and its readings where there was more than one."""

    row: Measure
    unit: str
    readings: str


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """What was scored of one area, and what the patient herself said of it."""

    name: str
    score: AreaScore | None
    opinion: AreaOpinion | None


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature as the chain holds it, and whether what it signed is still stored so."""

    note: SignedNote
    is_verified: bool


@dataclass(frozen=True, slots=True)
class AddendumLine:
    """Something added later, with its signature."""

    row: Addendum
    signature: Signature | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One visit, as its page reads. `signature` is None while nobody signed."""

    areas: list[AreaLine]
    products: list[VisitProduct]
    volumes: Volumes | None
    checks: list[tuple[str, bool | None]]
    answers: list[tuple[str, VisitAnswer]]
    measures: list[MeasureLine]
    closing: list[tuple[str, bool]]
    scores: list[ScoreLine]
    opinion: PatientOpinion | None
    addenda: list[AddendumLine]
    signature: Signature | None
    striking: Signature | None
    is_forged: bool  # says that it is signed, but the chain knows nothing of it
    is_late: bool  # not signed a day after it was recorded


def sheet_of(visit: Visit, *, now: datetime) -> Sheet:
    """Put a visit of `visits()` together for its page."""
    products = list(visit.products.all())
    opinion = shown_opinion(visit)
    signatures = _signatures(visit)
    signature = signatures.get((NoteKind.SIGNED, ""))
    return Sheet(
        areas=_areas(visit),
        products=products,
        volumes=_volumes(products),
        checks=_checks(visit),
        answers=_answers(visit),
        measures=_measures(visit),
        closing=_closing(visit),
        scores=_scores(visit, opinion),
        opinion=opinion,
        addenda=[
            AddendumLine(row, signatures.get((NoteKind.ADDENDUM, addendum_of(row))))
            for row in visit.addenda.all()
        ],
        signature=signature,
        striking=signatures.get((NoteKind.IN_ERROR, "")),
        is_forged=bool(visit.signed_at) and signature is None,
        is_late=not visit.signed_at and now - visit.recorded_at > SIGN_WITHIN,
    )


def _areas(visit: Visit) -> list[AreaLine]:
    rows = {row.area: row for row in visit.visit_areas.all()}
    return [AreaLine(rows[area], _ml(rows[area], visit.ml_per_point)) for area in visit.areas]


def _ml(row: VisitArea, each: Decimal | None) -> Decimal | None:
    return row.point_count * each if row.point_count and each else None


def _volumes(products: list[VisitProduct]) -> Volumes | None:
    if not products:
        return None
    drawn = sum((row.drawn_ml for row in products), Decimal())
    wasted = sum((row.wasted_ml for row in products), Decimal())
    return Volumes(drawn, drawn - wasted, wasted)


def _checks(visit: Visit) -> list[tuple[str, bool | None]]:
    if visit.kind != VisitKind.TREATMENT:
        return []
    return [
        (_("Nothing changed"), visit.nothing_changed),
        (_("Skin of each area clear"), visit.skin_clear),
        (_("Photographs before injecting"), visit.photos_before),
    ]


def _answers(visit: Visit) -> list[tuple[str, VisitAnswer]]:
    """Pair each answer with its question as the list in force words it; else with its code."""
    asked = {row.code: row.question for row in current_list().rows}
    return [(_(asked.get(row.item, row.item)), row) for row in visit.answers.all()]


def _measures(visit: Visit) -> list[MeasureLine]:
    return [
        MeasureLine(
            row,
            measures.SCALES[row.kind].unit,
            ", ".join(row.readings) if len(row.readings) > 1 else "",
        )
        for row in visit.measures.all()
    ]


def _closing(visit: Visit) -> list[tuple[str, bool]]:
    if visit.kind != VisitKind.TREATMENT:
        return []
    return [
        (_("Aftercare sheet given"), visit.aftercare_given),
        (_("Knows whom to call"), visit.knows_whom_to_call),
        (_("Needles single-use, discarded"), visit.needles_discarded),
        (_("Observed, well"), visit.observed_well),
    ]


def _scores(visit: Visit, opinion: PatientOpinion | None) -> list[ScoreLine]:
    scored = {row.area: row for row in visit.scores.all()}
    said = {row.area: row for row in opinion.areas.all()} if opinion else {}
    return [
        ScoreLine(str(area.label), scored.get(area), said.get(area))
        for area in Area
        if area in scored or area in said
    ]


def _signatures(visit: Visit) -> dict[tuple[str, str], Signature]:
    """Return the signatures by kind, those of addenda by the text they signed.

    A note that was edited is not verified; one that fits no row is left to `verify_notes`.
    """
    if not visit.signed_at:
        return {}
    notes = SignedNote.objects.filter(subject=subject_of(visit)).order_by("place")
    return {
        (NoteKind(note.kind), note.content if note.kind == NoteKind.ADDENDUM else ""): Signature(
            note, _is_verified(visit, note)
        )
        for note in notes
    }


def _is_verified(visit: Visit, note: SignedNote) -> bool:
    if note.kind == NoteKind.SIGNED:
        return stands(visit, note)
    if note.kind == NoteKind.IN_ERROR:
        return is_intact(note) and note.content == voiding_of(visit)
    return is_intact(note)  # an addendum finds its note by the very text
