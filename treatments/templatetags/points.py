"""The body map with points: rows of areas beside a drawing that is a second handle of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from django import template
from django.template import Context
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from patients.terms import Area
from treatments import point_map
from treatments.point_map import MapRow, MapView
from treatments.samples import MAPS

register = template.Library()


class Shape(NamedTuple):
    """A zone as it is drawn, with its row; None where the area is not offered."""

    area: Area
    corners: str
    row: MapRow | None


class Sheet(NamedTuple):
    """One view as it is drawn."""

    view: MapView
    frame: str
    skin: tuple[str, ...]
    lines: tuple[str, ...]
    corners: tuple[Any, Any]
    shapes: list[Shape]
    is_open: bool


@register.inclusion_tag("treatments/_point_map.html", name="point_map")
def draw_map(
    rows: Sequence[MapRow],
    ml_per_point: Decimal | None = None,
    last_number: int | None = None,
    errors: Sequence[str] = (),
) -> dict[str, Any]:
    """Draw the map of some areas, and their fields `areas`, `points_<area>` and `marks_<area>`."""
    total = sum(row.count or 0 for row in rows if row.is_checked)
    last_total = sum(row.last_count or 0 for row in rows)
    return {
        "rows": rows,
        "sheets": _sheets(rows),
        "errors": errors,
        "last_number": last_number,
        "last_total": last_total,
        "total": total,
        "placed": millilitres(total * ml_per_point) if ml_per_point is not None else None,
        "per_point": ml_per_point,
        "difference": _difference(total - last_total, last_number),
        "spacings": [f"{spacing:g}" for spacing in point_map.SPACINGS_CM],
        "words": json.dumps(_words(last_number)),
    }


@register.simple_tag(takes_context=True)
def map_sample(context: Context) -> dict[str, Any]:
    """Return the sample map that the address of the gallery asks for: ?map=first."""
    asked = context["request"].GET.get("map", "")
    return MAPS.get(asked, MAPS["running"])()


@register.simple_tag
def points_ml(row: MapRow, per_point: Decimal | None) -> str:
    """Write the volume of a row: "2.6 ml", or nothing where it is not known."""
    if per_point is None or not row.is_checked or not row.count:
        return ""
    return _("%(ml)s ml") % {"ml": millilitres(row.count * per_point)}


def millilitres(value: Decimal) -> str:
    """Write a volume with one decimal, with two where the second says something."""
    hundredths = value.quantize(Decimal("0.01"), ROUND_HALF_UP)
    return number_format(hundredths, 1 if hundredths * 10 % 1 == 0 else 2)


def _sheets(rows: Sequence[MapRow]) -> list[Sheet]:
    found = {row.area: row for row in rows}
    opened = next((row.view for row in rows if row.is_checked), None)
    opened = opened or (rows[0].view if rows else MapView.BACK)
    sheets = []
    for view in MapView:
        drawing = point_map.drawing(view)
        shapes = [
            Shape(
                zone.area, " ".join(f"{x:g},{y:g}" for x, y in zone.outline), found.get(zone.area)
            )
            for zone in drawing.zones
        ]
        frame = " ".join(map(str, drawing.frame))
        corners = point_map.CORNERS[view]
        sheets.append(
            Sheet(view, frame, drawing.skin, drawing.lines, corners, shapes, view == opened)
        )
    return sheets


def _difference(change: int, last_number: int | None) -> str:
    """Say how the points compare with the last session; nothing where there was none."""
    if last_number is None:
        return ""
    said = {"n": abs(change), "session": last_number}
    if change > 0:
        return _("%(n)s more than session %(session)s") % said
    if change < 0:
        return _("%(n)s fewer than session %(session)s") % said
    return _("As many as session %(session)s") % said


def _words(last_number: int | None) -> dict[str, Any]:
    """Return what the script says, with {names} for what it fills in."""
    session = {"session": last_number, "n": "{n}"}
    return {
        "points": [_("1 point"), _("{n} points")],
        "dropped": _("Point {n}, {area}"),
        "selected": _("Point {n} of {count} chosen, {area}. Backspace removes it."),
        "removed": _("Point {n} removed, {area}. {count} left."),
        "added": [_("1 point added, {area}."), _("{n} points added, {area}.")],
        "cleared": [
            _("1 point removed, {area}. Undo brings it back."),
            _("{n} points removed, {area}. Undo brings them back."),
        ],
        "undone": _("Taken back."),
        "outside": _("Outside the zones. Move the cross-hair, or choose an area."),
        "zone": _("{area}, {count}"),
        "cross": _("Cross-hair in {area}"),
        "partly": _("{n} on the map"),
        "fill": _("Fill, adds {n}"),
        "full": _("Grid is full"),
        "remove": _("Remove point {n}"),
        "clear": _("Clear zone"),
        "more": _("%(n)s more than session %(session)s") % session,
        "fewer": _("%(n)s fewer than session %(session)s") % session,
        "same": _("As many as session %(session)s") % session,
        "ml": _("{n} ml"),
        "times": _("{n} ×"),
        "grid": _("{n} cm"),
        "view": _("Body map, {view}"),
    }
