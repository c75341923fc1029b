"""Where the points of a session lie: four drawings of the body, and a zone for each area.

A drawing has a canvas of 200 x 300 units, at three units to a centimetre of an average adult. A
point is kept as [x, y] from 0 to 1 of its whole canvas, so that cropping, zoom and paper do not
matter. Each area is recorded in one view only. The shapes of front and back are those of
`patients.body_map`, drawn for the right half of the picture; the sides are drawn here, facing left.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from patients.body_map import CREASES, OUTLINES, ZONES
from patients.terms import Area

WIDTH, HEIGHT = 200, 300
CM_PER_UNIT = 1 / 3
# What a grid keeps free along the edge of its zone.
EDGE_CM = 0.5
SPACINGS_CM = (1.0, 1.5, 2.0)
MOST_POINTS = 500
STEPS_PER_CURVE = 16

Point = tuple[float, float]

SIDE_LINES = (
    # belly, groin, front of the thigh, knee, shin
    "M70 0 C70 26 62 48 61 74 C60 96 68 112 70 128 C62 150 62 184 70 214 C74 230 75 240 74 250 "
    "C75 262 81 280 82 300",
    # back, buttock, fold, back of the thigh, hollow of the knee, calf
    "M124 0 C124 18 114 36 117 54 C120 74 142 82 145 112 C146 132 138 146 128 152 C134 172 129 206 "
    "119 232 C115 244 118 254 122 270 C124 282 122 292 121 300",
    "M128 152 C126 154 124 155 121 155",
    "M70 128 C73 126 76 125 79 124",
)
# The same lines closed: what is body, and what is air.
HALF_SKIN = (
    "M100 0 L138 0 C134 20 130 34 132 48 C135 68 154 86 158 112 C161 142 152 190 146 230 "
    "C143 254 148 274 142 300 L112 300 C108 280 110 258 109 234 C107 210 104 182 100 154 Z",
    "M150 0 C155 32 160 62 166 96 L182 92 C181 60 176 28 170 0 Z",
)
SIDE_SKIN = (
    "M70 0 C70 26 62 48 61 74 C60 96 68 112 70 128 C62 150 62 184 70 214 C74 230 75 240 74 250 "
    "C75 262 81 280 82 300 L121 300 C122 292 124 282 122 270 C118 254 115 244 119 232 "
    "C129 206 134 172 128 152 C138 146 146 132 145 112 C142 82 120 74 117 54 C114 36 124 18 124 0 Z",
)
SIDE_ZONES = {
    "hip": "M82 62 C92 57 106 58 114 65 C122 76 131 84 134 96 C127 106 110 110 96 108 "
    "C86 106 79 98 78 88 C77 78 78 70 82 62 Z",
    "thigh_lateral": "M84 119 C94 115 108 116 117 121 C120 150 117 190 109 224 L86 224 "
    "C79 190 78 150 84 119 Z",
}


class MapView(TextChoices):
    """A drawing of the map, in the order in which they are offered."""

    BACK = "back", _("Back")
    FRONT = "front", _("Front")
    LEFT = "left", _("Left")
    RIGHT = "right", _("Right")


# What a screen shows of a canvas: x, y, width, height.
FRAMES = {
    MapView.BACK: (30, 68, 140, 166),
    MapView.FRONT: (14, 0, 172, 272),
    MapView.LEFT: (44, 44, 116, 192),
    MapView.RIGHT: (40, 44, 116, 192),
}
# What stands in the upper corners: where her left is, or where she faces.
CORNERS = {
    MapView.BACK: (_("L"), _("R")),
    MapView.FRONT: (_("R"), _("L")),
    MapView.LEFT: (_("front"), _("back")),
    MapView.RIGHT: (_("back"), _("front")),
}
ON_THE_SIDE = frozenset(SIDE_ZONES)
ON_THE_BACK = frozenset({"buttock", "thigh_posterior"})


@dataclass(frozen=True, slots=True)
class Zone:
    """The outline of one area in its view: a closed polygon, in units of the canvas."""

    area: Area
    view: MapView
    outline: tuple[Point, ...]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom, in units."""
        xs, ys = zip(*self.outline, strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    @property
    def size_cm2(self) -> float:
        """How much skin it covers, as drawn."""
        doubled = sum(a[0] * b[1] - b[0] * a[1] for a, b in _edges(self.outline))
        return abs(doubled) / 2 * CM_PER_UNIT**2


@dataclass(frozen=True, slots=True)
class Drawing:
    """One view: what is seen of its canvas, the body, its lines, and its zones."""

    view: MapView
    frame: tuple[int, int, int, int]
    skin: tuple[str, ...]
    lines: tuple[str, ...]
    zones: tuple[Zone, ...]


@dataclass(frozen=True, slots=True)
class MapRow:
    """One area of the map, as the form holds it and as the last session had it.

    `count` is what stands in its number field, None where it is empty; `marks` are the points on
    the drawing, of which there may be fewer.
    """

    area: Area
    label: str
    is_checked: bool
    count: int | None = None
    marks: Sequence[Sequence[float]] = ()
    last_count: int | None = None
    last_marks: Sequence[Sequence[float]] = ()
    errors: Sequence[str] = ()

    @property
    def view(self) -> MapView:
        return home(self.area)

    @property
    def spots(self) -> list[Point]:
        """The points of today, in units of the canvas."""
        return _units(self.marks)

    @property
    def last_spots(self) -> list[Point]:
        return _units(self.last_marks)

    @property
    def is_partly_marked(self) -> bool:
        """Whether the map shows fewer points than were given."""
        return bool(self.marks) and self.count != len(self.marks)

    @property
    def marks_json(self) -> str:
        return json.dumps([list(mark) for mark in self.marks], separators=(",", ":"))

    @property
    def last_json(self) -> str:
        return json.dumps([list(mark) for mark in self.last_marks], separators=(",", ":"))


def home(area: Area) -> MapView:
    """Return the view in which the points of an area are recorded."""
    if area.side and area.base in ON_THE_SIDE:
        return MapView(area.side)
    return MapView.BACK if area.base in ON_THE_BACK else MapView.FRONT


@cache
def zone(area: Area) -> Zone:
    """Return the zone of an area."""
    view = home(area)
    path = SIDE_ZONES.get(area.base) or ZONES[view][area.base]
    # Drawn as seen on the right of the picture: her right from behind, her left from the front.
    drawn_side = "right" if view == MapView.BACK else "left"
    is_mirrored = area.side is not None and area.side != drawn_side
    return Zone(area, view, tuple(_flattened(mirrored(path) if is_mirrored else path)))


@cache
def drawing(view: MapView) -> Drawing:
    """Return what is drawn in a view."""
    if view in (MapView.BACK, MapView.FRONT):
        skin, lines = _both(HALF_SKIN), _both((*OUTLINES, CREASES[view]))
    elif view == MapView.LEFT:
        skin, lines = SIDE_SKIN, SIDE_LINES
    else:
        skin, lines = tuple(map(mirrored, SIDE_SKIN)), tuple(map(mirrored, SIDE_LINES))
    zones = tuple(zone(area) for area in Area if home(area) == view)
    return Drawing(view, FRAMES[view], skin, lines, zones)


def inside(area: Area, x: float, y: float, *, slack_cm: float = 0) -> bool:
    """Whether a point, in 0..1 of the canvas, lies in the zone or at most `slack_cm` beside it."""
    point, outline = (x * WIDTH, y * HEIGHT), zone(area).outline
    return _contains(outline, point) or _to_edge(outline, point) * CM_PER_UNIT <= slack_cm


def grid(area: Area, spacing_cm: float) -> list[Point]:
    """Return the points of a square grid in the zone, in 0..1, row by row from the upper left.

    The grid stands in the middle of the zone and keeps `EDGE_CM` away from its edge.
    `static/points.js` does the same sum.
    """
    outline, step = zone(area).outline, spacing_cm / CM_PER_UNIT
    left, top, right, bottom = zone(area).box
    return [
        (round(x / WIDTH, 4), round(y / HEIGHT, 4))
        for y in _ticks(top, bottom, step)
        for x in _ticks(left, right, step)
        if _contains(outline, (x, y)) and _to_edge(outline, (x, y)) * CM_PER_UNIT >= EDGE_CM
    ]


def read_marks(text: str) -> list[Point]:
    """Read points as the page sends them: a JSON list of pairs [x, y] from 0 to 1.

    Raises ValueError for anything else, and for more than `MOST_POINTS`.
    """
    try:
        found = json.loads(text or "[]")
    except RecursionError as error:
        raise ValueError("too deep") from error
    if not isinstance(found, list) or len(found) > MOST_POINTS:
        raise ValueError("not a list of points")
    return [_read_point(pair) for pair in found]


def mirrored(path: str) -> str:
    """Return a path on the other side of the canvas. It has only absolute M, C, L and Z."""
    return re.sub(
        r"(-?[\d.]+) (-?[\d.]+)",
        lambda pair: f"{WIDTH - float(pair[1]):g} {pair[2]}",
        path,
    )


def _both(halves: tuple[str, ...]) -> tuple[str, ...]:
    return (*halves, *map(mirrored, halves))


def _read_point(pair: object) -> Point:
    match pair:
        case [int() | float() as x, int() | float() as y] if 0 <= x <= 1 and 0 <= y <= 1:
            return float(x), float(y)
    raise ValueError("not a point")


def _flattened(path: str) -> Iterator[Point]:
    """Walk along a closed path, its curves in `STEPS_PER_CURVE` straight steps."""
    here: Point = (0, 0)
    for command, numbers in re.findall(r"([MCL])([^MCLZ]*)", path):
        values = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
        points = list(zip(values[::2], values[1::2], strict=True))
        if command != "C":
            here = points[0]
            yield here
            continue
        for start in range(0, len(points), 3):
            one, two, end = points[start : start + 3]
            for step in range(1, STEPS_PER_CURVE + 1):
                yield _on_curve(here, one, two, end, step / STEPS_PER_CURVE)
            here = end


def _on_curve(start: Point, one: Point, two: Point, end: Point, t: float) -> Point:
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
    corners = (start, one, two, end)
    x, y = (
        sum(weight * corner[axis] for weight, corner in zip(weights, corners, strict=True))
        for axis in (0, 1)
    )
    return round(x, 2), round(y, 2)


def _edges(outline: tuple[Point, ...]) -> Iterable[tuple[Point, Point]]:
    return zip(outline, (*outline[1:], outline[0]), strict=True)


def _contains(outline: tuple[Point, ...], point: Point) -> bool:
    """Whether a ray to the right crosses the outline an odd number of times."""
    x, y = point
    crossed = False
    for (ax, ay), (bx, by) in _edges(outline):
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            crossed = not crossed
    return crossed


def _to_edge(outline: tuple[Point, ...], point: Point) -> float:
    """Return the distance to the nearest edge, in units."""
    return min(_to_line(a, b, point) for a, b in _edges(outline))


def _to_line(a: Point, b: Point, point: Point) -> float:
    along = (b[0] - a[0], b[1] - a[1])
    length = along[0] ** 2 + along[1] ** 2
    t = ((point[0] - a[0]) * along[0] + (point[1] - a[1]) * along[1]) / length if length else 0.0
    t = min(1.0, max(0.0, t))
    return math.dist(point, (a[0] + t * along[0], a[1] + t * along[1]))


def _ticks(low: float, high: float, step: float) -> list[float]:
    """Return as many marks as fit between two numbers, in their middle."""
    count = int((high - low) / step) + 1
    first = (low + high - (count - 1) * step) / 2
    return [first + number * step for number in range(count)]


def _units(marks: Sequence[Sequence[float]]) -> list[Point]:
    return [(round(x * WIDTH, 2), round(y * HEIGHT, 2)) for x, y in marks]
