"""Two marks on both photographs: the turn, scale and shift between them, and nothing more."""

from __future__ import annotations

import cmath
import io
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat

from tests.pure.real_photos import CORPUS, DRAWN
from treatments.rules.alignment import Alignment, Frame, Mark, TooClose, align, framing

FIRST = Frame(960, 1280)
SECOND = Frame(900, 1200)
SHARES = st.floats(0, 1)


def warp(scale: float, degrees: float, shift: complex = 0j) -> Alignment:
    return Alignment(cmath.rect(scale, math.radians(degrees)), shift)


def seen(truth: Alignment, first: Frame, second: Frame, mark: Mark) -> Mark:
    """Where the second picture shows what the first shows at `mark`."""
    return second.mark((first.at(mark) - truth.shift) / truth.turn)


@given(
    scale=st.floats(0.5, 2),
    degrees=st.floats(-179, 179),
    marks=st.tuples(SHARES, SHARES, SHARES, SHARES),
)
def test_alignment_finds_the_turn_and_the_scale_that_were_used(
    scale: float, degrees: float, marks: tuple[float, ...]
) -> None:
    one, other = (marks[0], marks[1]), (marks[2], marks[3])
    truth = warp(scale, degrees, 37 - 12j)
    pair = tuple(seen(truth, FIRST, SECOND, mark) for mark in (one, other))
    try:
        found = align(FIRST, SECOND, (one, other), pair)  # type: ignore[arg-type]
    except TooClose:
        return
    assert found.scale == pytest.approx(scale, rel=1e-6)
    assert math.cos(math.radians(found.degrees - degrees)) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("other", [(0.5, 0.5), (0.52, 0.55), (0.5, 0.59)])
def test_marks_that_are_too_close_tell_nothing(other: Mark) -> None:
    apart = ((0.2, 0.2), (0.8, 0.8))
    with pytest.raises(TooClose):
        align(FIRST, SECOND, ((0.5, 0.5), other), apart)
    with pytest.raises(TooClose):
        align(FIRST, SECOND, apart, ((0.5, 0.5), other))


def test_finger_that_trembles_by_a_pixel_moves_no_point_by_half_a_hundredth() -> None:
    rng, truth = random.Random(5), warp(1.08, 4, 12 + 9j)
    for _round in range(200):
        on_first = ((0.3, 0.15), (0.7, 0.85))
        on_second = tuple(
            (x + rng.uniform(-1, 1) / SECOND.width, y + rng.uniform(-1, 1) / SECOND.height)
            for x, y in (seen(truth, FIRST, SECOND, mark) for mark in on_first)
        )
        found = align(FIRST, SECOND, on_first, on_second)  # type: ignore[arg-type]
        assert found.scale == pytest.approx(1.08, rel=0.005)
        corners = [complex(x, y) for x in (0, SECOND.width) for y in (0, SECOND.height)]
        worst = max(abs(found(corner) - truth(corner)) for corner in corners)
        assert worst / FIRST.height < 0.005


def test_smaller_copy_of_the_same_is_not_framed_differently() -> None:
    marks = ((0.2, 0.2), (0.8, 0.8))
    small = Frame(480, 640)
    found = align(FIRST, small, marks, marks)
    assert found.scale == pytest.approx(2)
    assert framing(found, FIRST, small) == (pytest.approx(1), pytest.approx(0))


@pytest.mark.parametrize("source", ["drawn", "real"])
def test_known_warp_of_a_photograph_is_taken_back(source: str) -> None:
    """1.08 times and 4 degrees, as the two marks of it tell: what comes back is the first picture."""
    if source == "real" and not CORPUS:
        pytest.skip("CORPUS_DIR does not name a folder of real photographs")
    content = (
        (DRAWN / "body1-back_relaxed-0.jpg").read_bytes() if source == "drawn" else real_photo()
    )
    with Image.open(io.BytesIO(content)) as opened:
        first = opened.convert("L")
    first.thumbnail((960, 1280))
    frame = Frame(*first.size)
    truth = warp(1.08, 4, complex(*first.size) / 2 * (1 - cmath.rect(1.08, math.radians(4))))
    # The second picture shows at z what the first shows at truth(z).
    second = laid(first, truth)
    marks = ((0.35, 0.3), (0.65, 0.75))
    pair = tuple(seen(truth, frame, frame, mark) for mark in marks)
    found = align(frame, frame, marks, pair)  # type: ignore[arg-type]
    scale, degrees = framing(found, frame, frame)
    assert (abs(scale / 1.08 - 1) < 0.005, abs(degrees - 4) < 0.02) == (True, True)
    back = laid(second, Alignment(1 / found.turn, -found.shift / found.turn))
    middle = tuple(round(side * share) for share in (0.2, 0.8) for side in first.size)
    assert difference(first, back, middle) < difference(first, second, middle) / 3


def laid(picture: Image.Image, to: Alignment) -> Image.Image:
    """Resample a picture so that it shows at z what it showed at to(z)."""
    turn, shift = to.turn, to.shift
    matrix = (turn.real, -turn.imag, shift.real, turn.imag, turn.real, shift.imag)
    return picture.transform(picture.size, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC)


def difference(one: Image.Image, other: Image.Image, box: tuple[int, ...]) -> float:
    apart = ImageChops.difference(one.crop(box), other.crop(box))  # type: ignore[arg-type]
    return ImageStat.Stat(apart).mean[0]


def real_photo() -> bytes:
    assert CORPUS
    return (CORPUS / "exif-samples/jpg/hdr/iphone_hdr_NO.jpg").read_bytes()
