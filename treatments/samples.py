"""Sample maps for the gallery page (DEBUG) and the tests. They hold no person."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from patients.terms import Area
from treatments import point_map
from treatments.point_map import MapRow, Point

LAST_NUMBER = 4


def shifted(points: list[Point], count: int) -> list[Point]:
    """Return the first points of a grid, each a little beside its place, as a hand sets them."""
    return [
        (round(x + 0.005 * ((at * 7) % 5 - 2) / 2, 4), round(y + 0.003 * ((at * 5) % 7 - 3) / 3, 4))
        for at, (x, y) in enumerate(points[:count])
    ]


def running() -> dict[str, Any]:
    """Session 5 under way: two areas done, one half, one not begun, one counted by hand."""
    rows = [
        _row(Area.THIGH_POSTERIOR_LEFT, 49, 49),
        _row(Area.THIGH_POSTERIOR_RIGHT, 31, 49),
        _row(Area.BUTTOCK_LEFT, 57, 57),
        _row(Area.BUTTOCK_RIGHT, 0, 57),
        replace(_row(Area.THIGH_LATERAL_LEFT, 18, 24), count=26),
        replace(_row(Area.KNEE_LEFT, 0, 0), is_checked=False, last_count=None, count=None),
    ]
    return _sample(rows, ml_per_point=Decimal("0.05"), last_number=LAST_NUMBER)


def first() -> dict[str, Any]:
    """A first session: nothing is marked, and nothing was before."""
    areas = (Area.BUTTOCK_LEFT, Area.BUTTOCK_RIGHT, Area.ABDOMEN)
    return _sample([MapRow(area, str(area.label), is_checked=True) for area in areas])


def every() -> dict[str, Any]:
    """Every area there is, none of them treated yet."""
    return _sample([MapRow(area, str(area.label), is_checked=False) for area in Area])


def refused() -> dict[str, Any]:
    """A page that came back."""
    row = replace(
        _row(Area.HIP_LEFT, 12, 0), count=9, errors=("12 points are on the map: count again.",)
    )
    return _sample(
        [row],
        ml_per_point=Decimal("0.1"),
        errors=("Choose the areas that were treated.",),
    )


def _sample(rows: list[MapRow], **given: Any) -> dict[str, Any]:
    """Return what the tag of the map is given."""
    return {"rows": rows, "ml_per_point": None, "last_number": None, "errors": (), **given}


def _row(area: Area, count: int, last: int) -> MapRow:
    grid = point_map.grid(area, 2)
    return MapRow(
        area,
        str(area.label),
        is_checked=True,
        count=min(count, len(grid)),
        marks=shifted(grid, count),
        last_count=min(last, len(grid)),
        last_marks=shifted(grid[1:] + grid[:1], last),
    )


MAPS = {"running": running, "first": first, "every": every, "refused": refused}
