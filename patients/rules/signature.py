"""A signature drawn on the pad: strokes of points in a box three times as wide as high."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any

from django.utils.translation import gettext_noop

Point = tuple[float, float]
Stroke = list[Point]

MOST_STROKES = 200
MOST_POINTS = 20_000
MOST_CHARACTERS = 800_000  # more than so many points can take, so that nothing longer is parsed
LEAST_EXTENT = 0.04  # of the width or the height: less is a dot, not a signature

UNREADABLE = gettext_noop("The signature could not be read. Clear it and sign again.")
EMPTY = gettext_noop("Nothing was drawn.")
TOO_SMALL = gettext_noop("This is only a dot. Sign with your name.")
TOO_LONG = gettext_noop("The signature is too long. Clear it and sign again.")


class BadSignature(ValueError):
    """What was sent is no signature; the message is a sentence to translate."""


def read_strokes(text: str) -> list[Stroke]:
    """Read `[[[x, y], ...], ...]` with x and y from 0 to 1, rounded to 4 places.

    Raises BadSignature with the sentence that says why.
    """
    if len(text) > MOST_CHARACTERS:
        raise BadSignature(TOO_LONG)
    try:
        drawn = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise BadSignature(UNREADABLE) from error
    if not isinstance(drawn, list):
        raise BadSignature(UNREADABLE)
    if len(drawn) > MOST_STROKES:
        raise BadSignature(TOO_LONG)
    strokes = [_stroke(each) for each in drawn]
    points = [point for stroke in strokes for point in stroke]
    if not points:
        raise BadSignature(EMPTY)
    if len(points) > MOST_POINTS:
        raise BadSignature(TOO_LONG)
    wide, high = (max(axis) - min(axis) for axis in zip(*points, strict=True))
    if max(wide, high) < LEAST_EXTENT:
        raise BadSignature(TOO_SMALL)
    return strokes


def _refuse(constant: str) -> float:
    raise ValueError(constant)


def _stroke(value: Any) -> Stroke:
    if not isinstance(value, list) or not value:
        raise BadSignature(UNREADABLE)
    return [_point(each) for each in value]


def _point(value: Any) -> Point:
    if not isinstance(value, list) or len(value) != 2:
        raise BadSignature(UNREADABLE)
    x, y = (_fraction(each) for each in value)
    return x, y


def _fraction(value: Any) -> float:
    # A boolean is a number to Python, but not to whoever draws.
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadSignature(UNREADABLE)
    if not 0 <= value <= 1 or not isfinite(value):
        raise BadSignature(UNREADABLE)
    return round(float(value), 4)
