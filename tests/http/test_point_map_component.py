"""The body map as the server draws it: fields that work alone, and a picture of what they hold."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.template import Context, Template

from patients.terms import Area
from treatments.point_map import MapRow
from treatments.templatetags.points import millilitres

LEFT = Area.BUTTOCK_LEFT
MARKS = [[0.36, 0.4], [0.4, 0.42]]


def row(**given: Any) -> MapRow:
    return MapRow(**{"area": LEFT, "label": str(LEFT.label), "is_checked": True, **given})


def drawn(*rows: MapRow, **given: Any) -> str:
    text = "{% load points %}{% point_map rows ml_per_point=ml last_number=last errors=errors %}"
    context = {"rows": rows, "ml": None, "last": None, "errors": (), **given}
    return Template(text).render(Context(context))


def fields(html: str) -> dict[str, str]:
    """Return name and value of each field that a form would send, but for how the map is shown."""
    found = {}
    for tag in re.findall(r"<input [^>]*>", html):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        is_left_out = attributes["type"] in ("checkbox", "radio") and " checked" not in tag
        if not is_left_out and not attributes["name"].startswith("map_"):
            found[attributes["name"]] = unescape(attributes["value"])
    return found


def test_row_is_sent_back_as_it_was_given() -> None:
    sent = fields(drawn(row(count=5, marks=MARKS)))
    assert sent.pop("marks_buttock_left") == json.dumps(MARKS, separators=(",", ":"))
    assert sent == {"areas": "buttock_left", "points_buttock_left": "5"}


def test_area_that_is_not_ticked_keeps_its_points_out_of_sight() -> None:
    html = drawn(row(is_checked=False, count=2, marks=MARKS), ml=Decimal("0.1"))
    assert "areas" not in fields(html)
    assert 'data-dots="buttock_left" visibility="hidden"' in html
    assert re.findall(r'data-pm-out="total">(\d+)<', html) == ["0"]


def test_points_of_today_and_of_the_last_session_are_drawn() -> None:
    html = drawn(row(count=2, marks=MARKS, last_count=1, last_marks=[[0.5, 0.5]]), last=4)
    assert re.findall(r'class="pm-dot" transform="translate\(([^)]*)\)"', html) == [
        "72.0 120.0",
        "80.0 126.0",
    ]
    assert re.findall(r'<circle cx="([^"]*)" cy="([^"]*)"', html) == [("100.0", "150.0")]
    assert "1 more than session 4" in html


def test_empty_number_is_not_asked_and_not_nought() -> None:
    assert fields(drawn(row(count=None)))["points_buttock_left"] == ""
    assert fields(drawn(row(count=0)))["points_buttock_left"] == "0"


def test_error_stands_at_its_field_and_is_tied_to_it() -> None:
    html = drawn(row(errors=["Count <again>."]), errors=["Choose the areas."])
    assert 'aria-describedby="id_points_buttock_left_error"' in html
    assert re.search(r'id="id_points_buttock_left_error">.*Count &lt;again&gt;\.', html)
    assert "Choose the areas." in html


def test_opened_view_is_the_one_of_the_first_treated_area() -> None:
    knee = MapRow(Area.KNEE_LEFT, "Knee", is_checked=True)
    html = drawn(row(is_checked=False), knee)
    assert re.findall(r'name="map_view"[^>]*value="(\w+)" checked', html) == ["front"]


@pytest.mark.parametrize(
    ("value", "text"),
    [("6", "6.0"), ("1.30", "1.3"), ("0.65", "0.65"), ("0.125", "0.13"), ("0", "0.0")],
)
def test_volume_has_two_decimals_only_where_the_second_says_something(
    value: str, text: str
) -> None:
    assert millilitres(Decimal(value)) == text
