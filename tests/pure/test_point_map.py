"""The drawings of the point map: zones, sides, grids, and what is read back from a page."""

from __future__ import annotations

import math
from itertools import combinations

import pytest

from patients.terms import Area
from treatments import point_map
from treatments.point_map import SPACINGS_CM, MapView, drawing, grid, home, inside, zone

WITH_SIDES = [area for area in Area if area.side]
UNIT_X, UNIT_Y = point_map.WIDTH, point_map.HEIGHT


def centre(area: Area) -> tuple[float, float]:
    left, top, right, bottom = zone(area).box
    return (left + right) / 2 / UNIT_X, (top + bottom) / 2 / UNIT_Y


def apart_cm(one: point_map.Point, other: point_map.Point) -> float:
    wide, high = (one[0] - other[0]) * UNIT_X, (one[1] - other[1]) * UNIT_Y
    return math.hypot(wide, high) * point_map.CM_PER_UNIT


def test_each_area_is_recorded_in_one_view() -> None:
    drawn = [found.area for view in MapView for found in drawing(view).zones]
    assert sorted(drawn) == sorted(Area)
    assert {view: {found.area.base for found in drawing(view).zones} for view in MapView} == {
        MapView.BACK: {"buttock", "thigh_posterior"},
        MapView.FRONT: {"abdomen", "thigh_anterior", "thigh_medial", "knee", "arm"},
        MapView.LEFT: {"hip", "thigh_lateral"},
        MapView.RIGHT: {"hip", "thigh_lateral"},
    }


@pytest.mark.parametrize("area", Area)
def test_zone_is_of_a_size_that_skin_can_have(area: Area) -> None:
    assert 60 <= zone(area).size_cm2 <= 450


@pytest.mark.parametrize("area", Area)
def test_zone_lies_in_what_is_shown_of_its_view(area: Area) -> None:
    x, y, width, height = drawing(home(area)).frame
    left, top, right, bottom = zone(area).box
    assert x < left < right < x + width
    assert y < top < bottom < y + height


@pytest.mark.parametrize("area", WITH_SIDES)
def test_left_and_right_mirror_each_other(area: Area) -> None:
    there = [(point_map.WIDTH - x, y) for x, y in zone(area.mirrored).outline]
    assert zone(area).outline == tuple((pytest.approx(x), y) for x, y in there)


def test_her_left_is_on_the_left_from_behind_and_on_the_right_from_the_front() -> None:
    half = {area: centre(area)[0] < 0.5 for area in (Area.BUTTOCK_LEFT, Area.KNEE_LEFT)}
    assert half == {Area.BUTTOCK_LEFT: True, Area.KNEE_LEFT: False}
    assert str(point_map.CORNERS[MapView.BACK][0]) == "L"
    assert str(point_map.CORNERS[MapView.FRONT][0]) == "R"


def test_zones_do_not_overlap() -> None:
    for view in MapView:
        for one, other in combinations(drawing(view).zones, 2):
            shared = [(x, y) for x, y in one.outline if point_map._contains(other.outline, (x, y))]
            assert shared == [], (one.area, other.area)


@pytest.mark.parametrize("area", Area)
def test_middle_is_inside_and_corners_are_not(area: Area) -> None:
    assert inside(area, *centre(area))
    assert [inside(area, x, y) for x in (0, 1) for y in (0, 1)] == [False] * 4


def test_slack_lets_a_point_lie_just_beside_its_zone() -> None:
    left, _top, _right, _bottom = zone(Area.ABDOMEN).box
    y = centre(Area.ABDOMEN)[1]
    beside = (left - 1.5) / UNIT_X  # half a centimetre
    found = [inside(Area.ABDOMEN, beside, y, slack_cm=slack) for slack in (0, 0.4, 1.5)]
    assert found == [False, False, True]


@pytest.mark.parametrize("spacing", SPACINGS_CM)
@pytest.mark.parametrize("area", Area)
def test_grid_lies_inside_and_keeps_its_spacing(area: Area, spacing: float) -> None:
    points = grid(area, spacing)
    assert len(points) > 6
    assert all(inside(area, x, y) for x, y in points)
    nearest = [
        min(apart_cm(point, other) for other in points if other != point) for point in points
    ]
    # A point in a corner of the zone may have its nearest neighbour across the square.
    assert min(nearest) == pytest.approx(spacing, abs=0.02)
    assert max(nearest) <= spacing * 1.42


@pytest.mark.parametrize("area", WITH_SIDES)
def test_grids_of_both_sides_mirror_each_other(area: Area) -> None:
    there = sorted((round(1 - x, 3), round(y, 3)) for x, y in grid(area.mirrored, 1.5))
    here = sorted((round(x, 3), round(y, 3)) for x, y in grid(area, 1.5))
    assert len(here) == len(there)
    for one, other in zip(here, there, strict=True):
        assert one == pytest.approx(other, abs=0.0011)


@pytest.mark.parametrize("area", Area)
def test_wider_grid_has_fewer_points(area: Area) -> None:
    counts = [len(grid(area, spacing)) for spacing in SPACINGS_CM]
    assert counts == sorted(counts, reverse=True)
    assert len(set(counts)) == 3
    assert counts[0] < point_map.MOST_POINTS


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("", []),
        ("[]", []),
        ("[[0.5,0.25],[0,1]]", [(0.5, 0.25), (0.0, 1.0)]),
    ],
)
def test_marks_are_read_as_the_page_sends_them(text: str, points: list[point_map.Point]) -> None:
    assert point_map.read_marks(text) == points


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}",
        "[1, 2]",
        "[[0.5]]",
        "[[0.5, 1.1]]",
        "[[-0.1, 0.5]]",
        "[[NaN, 0.5]]",
        '[["0.5", 0.5]]',
        "[[null, 0.5]]",
        "[" + ",".join(["[0.5,0.5]"] * 501) + "]",
        "[" * 100_000,
    ],
    ids=lambda text: text[:16],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        point_map.read_marks(text)
