"""What a signed visit says: the rows of the visit and of everything that hangs on it, as one text.

The columns are listed, not found, so that a column added later changes no note signed before; it
comes with the next schema. People are keys here: their printed names stand in the chain.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db.models import Model, Q

from clinic.signing import canonical
from treatments.models import (
    Addendum,
    AreaOpinion,
    AreaScore,
    GateOverride,
    Measure,
    MissingItem,
    PatientOpinion,
    Photo,
    Reaction,
    Visit,
    VisitAnswer,
    VisitArea,
    VisitProduct,
)

SCHEMA = 1
WHOLE = Q()


@dataclass(frozen=True, slots=True)
class Part:
    """A table that hangs on a visit, by which path, and what of it is signed."""

    name: str
    model: type[Model]
    columns: tuple[str, ...]
    visit: str = "visit_id"
    only: Q = WHOLE  # what of it belonged to the visit when it was signed


VISIT = (
    "id",
    "course_id",
    "course__patient__code",
    "kind",
    "number",
    "held_on",
    "practitioner_id",
    "technique",
    "depth_mm",
    "needle_gauge",
    "needle_length",
    "ml_per_point",
    "nothing_changed",
    "skin_clear",
    "photos_before",
    "pain",
    "is_without_reaction",
    "note",
    "aftercare_given",
    "knows_whom_to_call",
    "needles_discarded",
    "observed_well",
    "review_point",
    "signed_at",
    "signed_by_id",
    "recorded_at",
    "recorded_by_id",
)
PARTS = (
    Part("areas", VisitArea, ("id", "area", "point_count", "points")),
    Part(
        "products",
        VisitProduct,
        (
            "id",
            "product_id",
            "product__name",
            "lot_id",
            "lot__number",
            "drawn_ml",
            "wasted_ml",
            "confirmed",
            "confirmed_at",
        ),
    ),
    Part("answers", VisitAnswer, ("id", "item", "answer", "note")),
    Part("missing", MissingItem, ("id", "tick", "reason")),
    Part("overrides", GateOverride, ("id", "gate", "reason", "at", "by_id")),
    Part("measures", Measure, ("id", "kind", "value", "readings")),
    Part(
        "reactions",
        Reaction,
        (
            "id",
            "kind",
            "grade",
            "area",
            "noticed",
            "began_at",
            "size_mm",
            "description",
            "action",
            "related",
        ),
    ),
    Part(
        "scores",
        AreaScore,
        (
            "id",
            "area",
            "visible_lying",
            "visible_standing",
            "visible_contracted",
            "raised_or_nodules",
            "css_a",
            "css_b",
            "css_c",
            "css_d",
            "cr_pcss",
            "gais",
        ),
    ),
    Part(
        "opinion",
        PatientOpinion,
        ("id", "method", "satisfaction", "not_asked_reason", "given_at", "asked_by_id"),
    ),
    Part(
        "opinion_areas",
        AreaOpinion,
        ("id", "opinion_id", "area", "pr_pcss", "gais"),
        visit="opinion__visit_id",
    ),
    Part(
        "photos",
        Photo,
        (
            "id",
            "view",
            "setup_id",
            "marks",
            "width",
            "height",
            "media_type",
            "taken_at_camera",
            "sha256",
            "added_at",
            "added_by_id",
        ),
        only=Q(late_reason=""),
    ),
)


def subject_of(visit: Visit) -> str:
    """Return what the chain calls this visit."""
    return f"visit {visit.pk}"


def content_of(visit: Visit) -> str:
    """Return the canonical text of a visit as it is stored now."""
    return contents([visit.pk])[visit.pk]


def contents(visits: Collection[int]) -> dict[int, str]:
    """Return the canonical text of each of these visits that is stored, in 12 queries."""
    notes: dict[int, dict[str, Any]] = {
        row["id"]: {"schema": SCHEMA, "visit": row} | {part.name: [] for part in PARTS}
        for row in Visit.objects.filter(pk__in=visits).values(*VISIT)
    }
    for part in PARTS:
        for visit, rows in _rows(part, visits):
            if visit in notes:  # what hangs on a visit may outlive it in the file
                notes[visit][part.name] = rows
    return {visit: canonical(note) for visit, note in notes.items()}


def _rows(part: Part, visits: Collection[int]) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    found = (
        part.model._default_manager.filter(part.only, **{f"{part.visit}__in": visits})
        .order_by(part.visit, "pk")
        .values(part.visit, *part.columns)
    )
    for visit, rows in groupby(found, lambda row: row[part.visit]):
        yield visit, [{name: row[name] for name in part.columns} for row in rows]


def addendum_of(row: Addendum) -> str:
    """Return the canonical text of an addendum."""
    return canonical(
        {
            "schema": SCHEMA,
            "visit": row.visit_id,
            "addendum": row.pk,
            "text": row.text,
            "reason": row.reason,
            "at": row.at,
            "by": row.by_id,
        }
    )


def voiding_of(visit: Visit) -> str:
    """Return the canonical text of a visit's being struck out."""
    return canonical(
        {
            "schema": SCHEMA,
            "visit": visit.pk,
            "reason": visit.void_reason,
            "at": visit.voided_at,
            "by": visit.voided_by_id,
        }
    )
