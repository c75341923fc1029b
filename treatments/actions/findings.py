"""How what one visit brought becomes rows."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import models
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.refusal import Refused
from treatments.findings import Drawn, Findings, Seen
from treatments.models import (
    Measure,
    MissingItem,
    Reaction,
    Visit,
    VisitAnswer,
    VisitArea,
    VisitProduct,
)
from treatments.rules.measures import mean


def columns_of(found: Findings) -> dict[str, Any]:
    """Return what stands on the row of the visit itself."""
    parts = (found.checks, found.technique, found.closing)
    flat = {name: getattr(part, name) for part in parts for name in part.__slots__}
    return flat | {
        "pain": found.pain,
        "is_without_reaction": found.is_without_reaction,
        "note": found.note,
        "review_point": found.review_point or "",
    }


def hang(visit: Visit, found: Findings) -> None:
    """Make the rows below an unsigned visit say what was found, and nothing else."""
    _areas(visit, found)
    _products(visit, found.products)
    _measures(visit, found)
    _reactions(visit, found.reactions)
    _replace(
        visit,
        VisitAnswer,
        ("item",),
        [VisitAnswer(item=item, answer=answer) for item, answer in found.answers.items()],
        ("answer",),
    )
    _replace(
        visit,
        MissingItem,
        ("tick",),
        [MissingItem(tick=tick, reason=reason) for tick, reason in found.missing.items()],
        ("reason",),
    )


def _areas(visit: Visit, found: Findings) -> None:
    rows = [
        VisitArea(
            area=area,
            point_count=treated.count,
            points=[[round(x, 4), round(y, 4)] for x, y in treated.marks],
        )
        for area, treated in found.areas.items()
    ]
    _replace(visit, VisitArea, ("area",), rows, ("point_count", "points"))


def _products(visit: Visit, drawn: Collection[Drawn]) -> None:
    lots = [each.lot for each in drawn if each.lot]
    for lot in lots:
        if lots.count(lot) > 1:
            raise Refused(
                _("Lot %(lot)s stands there twice. Put what was drawn from it on one line.")
                % {"lot": lot.number}
            )
    before = {
        (row.product_id, row.lot_id): (row.confirmed, row.confirmed_at)
        for row in visit.products.all()
    }
    now = timezone.now()
    rows = []
    for each in drawn:
        how, at = before.get((each.product.pk, each.lot.pk if each.lot else None), ("", None))
        rows.append(
            VisitProduct(
                product=each.product,
                lot=each.lot,
                drawn_ml=each.drawn_ml,
                wasted_ml=each.wasted_ml,
                confirmed=each.confirmed or "",
                # When it was held against the vial, and not when the page was saved again.
                confirmed_at=(at if how else now) if each.confirmed else None,
            )
        )
    columns = ("drawn_ml", "wasted_ml", "confirmed", "confirmed_at")
    _replace(visit, VisitProduct, ("product_id", "lot_id"), rows, columns)


def _measures(visit: Visit, found: Findings) -> None:
    rows = [
        Measure(
            kind=kind,
            value=mean(readings),
            readings=[str(reading) for reading in readings],
        )
        for kind, readings in found.measures.items()
        if readings
    ]
    _replace(visit, Measure, ("kind",), rows, ("value", "readings"))


def _reactions(visit: Visit, seen: Collection[Seen]) -> None:
    rows = [
        Reaction(
            kind=each.kind,
            grade=each.grade,
            area=each.area or "",
            noticed=each.noticed,
            began_at=each.began_at,
            size_mm=each.size_mm,
            description=each.description,
            action=each.action,
        )
        for each in seen
    ]
    columns = ("grade", "began_at", "size_mm", "description", "action")
    _replace(visit, Reaction, ("kind", "area", "noticed"), rows, columns)


def _replace(
    visit: Visit,
    model: type[models.Model],
    key: tuple[str, ...],
    wanted: Collection[models.Model],
    columns: tuple[str, ...],
) -> None:
    """Write the wanted rows over those of the visit: what stays keeps its primary key."""
    rows = model._default_manager
    # A product whose lot nobody chose yet may stand there twice.
    present: dict[tuple[Any, ...], list[models.Model]] = {}
    for row in rows.filter(visit=visit).order_by("pk"):
        present.setdefault(tuple(getattr(row, name) for name in key), []).append(row)
    for row in wanted:
        row.visit = visit  # type: ignore[attr-defined]
        same = present.get(tuple(getattr(row, name) for name in key))
        before = same.pop(0) if same else None
        if before is None:
            row.save(force_insert=True)
        elif any(getattr(row, name) != getattr(before, name) for name in columns):
            row.pk = before.pk
            row.save(update_fields=columns)
    try:
        rows.filter(pk__in=[row.pk for same in present.values() for row in same]).delete()
    except ProtectedError as error:
        raise Refused(
            _("A reaction that somebody has looked at again cannot be taken off the note.")
        ) from error
