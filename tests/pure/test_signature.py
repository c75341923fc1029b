"""Strokes from the pad: read strictly, because anybody can send anything."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.rules.signature import (
    EMPTY,
    MOST_CHARACTERS,
    MOST_POINTS,
    MOST_STROKES,
    TOO_LONG,
    TOO_SMALL,
    UNREADABLE,
    BadSignature,
    read_strokes,
)

LINE = [[0.1, 0.5], [0.6, 0.5]]


def test_strokes_are_read_and_rounded() -> None:
    assert read_strokes("[[[0.123456, 1], [0, 0.5]], [[0.9, 0.9]]]") == [
        [(0.1235, 1.0), (0.0, 0.5)],
        [(0.9, 0.9)],
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[]", EMPTY),
        ("[[]]", UNREADABLE),
        ("", UNREADABLE),
        ("null", UNREADABLE),
        ("{}", UNREADABLE),
        ('"<svg onload=alert(1)>"', UNREADABLE),
        ("[1]", UNREADABLE),
        ("[[1]]", UNREADABLE),
        ("[[[0.1]]]", UNREADABLE),
        ("[[[0.1, 0.2, 0.3]]]", UNREADABLE),
        ('[[["0.1", "0.2"]]]', UNREADABLE),
        ("[[[true, false], [0.5, 0.5]]]", UNREADABLE),
        ("[[[NaN, 0.2], [0.5, 0.5]]]", UNREADABLE),
        ("[[[Infinity, 0.2]]]", UNREADABLE),
        ("[[[1e999, 0.2]]]", UNREADABLE),
        ("[[[-0.001, 0.2], [0.5, 0.5]]]", UNREADABLE),
        ("[[[1.001, 0.2], [0.5, 0.5]]]", UNREADABLE),
        (f"[[[{'9' * 5000}, 0.2]]]", UNREADABLE),
        ("[" * 100_000, UNREADABLE),
        ("[[[0.5, 0.5]]]", TOO_SMALL),
        ("[[[0.5, 0.5], [0.53, 0.53]]]", TOO_SMALL),
        (json.dumps([LINE] * (MOST_STROKES + 1)), TOO_LONG),
        (json.dumps([[[0.1, 0.5]] * (MOST_POINTS + 1)]), TOO_LONG),
        ("[[[0." + "1" * MOST_CHARACTERS + ", 0.2]]]", TOO_LONG),
    ],
    ids=lambda value: value[:30],
)
def test_what_is_no_signature_is_refused_in_words(text: str, sentence: str) -> None:
    with pytest.raises(BadSignature) as refused:
        read_strokes(text)
    assert str(refused.value) == sentence


def test_limits_themselves_are_allowed() -> None:
    assert len(read_strokes(json.dumps([LINE] * MOST_STROKES))) == MOST_STROKES
    points = [[0.1, 0.5], [0.9, 0.5]] * (MOST_POINTS // 2)
    assert len(read_strokes(json.dumps([points]))[0]) == MOST_POINTS


json_like = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=20,
)


@given(json_like)
def test_anything_sent_is_read_or_refused(value: object) -> None:
    try:
        strokes = read_strokes(json.dumps(value))
    except BadSignature:
        return
    assert all(0 <= x <= 1 and 0 <= y <= 1 for stroke in strokes for x, y in stroke)
