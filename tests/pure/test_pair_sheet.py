"""The sheet that leaves the house: both pictures alike, every word burnt in, nothing beside."""

from __future__ import annotations

import cmath
import io
import math
import random
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageStat

from tests.pure.real_photos import DRAWN
from treatments.imaging import pair_sheet as module
from treatments.imaging.pair_sheet import NARROWEST, WHITE, Caption, Line, pair_sheet

FIRST = (DRAWN / "body1-back_relaxed-0.jpg").read_bytes()
SECOND = (DRAWN / "body1-back_relaxed-3.jpg").read_bytes()
BELOW = (
    Line("Read with 1 caveat", is_bold=True),
    Line("Weight differs by 2.4 kg, which alone can change the look.", is_item=True),
    Line("Exported 24 Nov 2026."),
)
CAPTION = Caption(("2 Sep 2026", "24 Nov 2026"), BELOW)


def opened(sheet: bytes) -> Image.Image:
    return Image.open(io.BytesIO(sheet), formats=("JPEG",)).convert("RGB")


def jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=95)
    return out.getvalue()


def scene(width: int, height: int) -> Image.Image:
    """Draw something that looks different everywhere."""
    rng, picture = random.Random(4), Image.new("RGB", (width, height), "#906a58")
    draw = ImageDraw.Draw(picture)
    for _each in range(60):
        x, y, r = rng.randrange(width), rng.randrange(height), rng.randrange(10, 50)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=tuple(rng.choices(range(256), k=3)))
    return picture


def pictures(sheet: bytes) -> tuple[Image.Image, Image.Image]:
    """Cut both photographs out of a sheet: the columns and rows that are not white at the top."""
    page = opened(sheet)
    ink = ImageChops.difference(page, Image.new("RGB", page.size, WHITE)).convert("L")
    band = ink.crop((0, 0, page.width, page.height // 3)).point(lambda v: 255 if v > 24 else 0)
    columns = [
        band.crop((x, 0, x + 1, band.height)).getbbox() is not None for x in range(page.width)
    ]
    edges = [x for x in range(1, page.width) if columns[x] != columns[x - 1]]
    assert len(edges) == 4
    top = band.getbbox()[1]  # type: ignore[index]
    heights = []
    for left, right in (edges[:2], edges[2:]):
        strip = ink.crop((left + 4, top, right - 4, page.height)).point(
            lambda v: 255 if v > 24 else 0
        )
        rows = [
            strip.crop((0, y, strip.width, y + 1)).getbbox() is not None
            for y in range(strip.height)
        ]
        heights.append(rows.index(False))
    assert heights[0] == heights[1]
    left, right = (
        page.crop((start, top, end, top + heights[0])) for start, end in (edges[:2], edges[2:])
    )
    return left, right


def apart(one: Image.Image, other: Image.Image) -> float:
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) / 3


def test_both_photographs_stand_at_equal_height_and_width() -> None:
    wide = jpeg(scene(700, 600))
    left, right = pictures(pair_sheet(jpeg(scene(450, 800)), wide, CAPTION))
    assert left.size == right.size
    assert left.height == pytest.approx(600, abs=2)
    assert left.width == pytest.approx(600 * 450 / 800, abs=2)


def test_photographs_are_shown_as_they_are() -> None:
    """Not mirrored, not brightened, not swapped: the pixels are those of the files."""
    left, right = pictures(pair_sheet(FIRST, SECOND, CAPTION))
    for shown, content in ((left, FIRST), (right, SECOND)):
        stored = opened(content).resize(shown.size)
        assert apart(shown, stored) < 3
        assert apart(shown, stored.transpose(Image.Transpose.FLIP_LEFT_RIGHT)) > 5


def test_crop_takes_as_much_from_either_side() -> None:
    picture = Image.new("RGB", (800, 600), "white")
    ImageDraw.Draw(picture).rectangle((399, 0, 401, 600), fill="black")
    sheet = opened(pair_sheet(jpeg(scene(450, 600)), jpeg(picture), CAPTION))
    row = [sheet.getpixel((x, 200)) for x in range(sheet.width // 2 + 20, sheet.width)]
    dark = [place for place, pixel in enumerate(row) if sum(pixel) < 200]  # type: ignore[arg-type]
    middle = sheet.width // 2 + 20 + sum(dark) / len(dark)
    # The right picture stands in the middle of the right half.
    margin, gap = sheet.width * module.MARGIN, sheet.width * module.GAP
    half = (sheet.width - 2 * margin - gap) / 2
    assert middle == pytest.approx(sheet.width - margin - half / 2, abs=3)


def drawn_text(caption: Caption) -> Image.Image:
    """Return what stands below the photographs of a sheet."""
    sheet = opened(pair_sheet(FIRST, SECOND, caption))
    left, _right = pictures(pair_sheet(FIRST, SECOND, caption))
    return sheet.crop((0, left.height + round(sheet.width * 0.031), sheet.width, sheet.height))


@pytest.mark.parametrize(
    "changed",
    [
        Caption(("3 Sep 2026", "24 Nov 2026"), BELOW),
        Caption(("2 Sep 2026", "25 Nov 2026"), BELOW),
        *(
            Caption(
                CAPTION.under,
                (*BELOW[:place], Line(BELOW[place].text[:-1] + "x"), *BELOW[place + 1 :]),
            )
            for place in range(len(BELOW))
        ),
    ],
)
def test_every_word_of_the_caption_is_drawn(changed: Caption) -> None:
    one, other = drawn_text(CAPTION), drawn_text(changed)
    assert one.size == other.size
    found = ImageChops.difference(one, other).convert("L").point(lambda v: 255 if v > 80 else 0)
    assert found.getbbox() is not None
    assert apart(one, drawn_text(CAPTION)) == 0  # the control


def test_nothing_of_a_long_caption_is_cut_off() -> None:
    long = Line("Weight differs by 2.4 kg, which alone can change the look. " * 12, is_item=True)
    short, tall = (
        opened(pair_sheet(FIRST, SECOND, Caption(CAPTION.under, lines)))
        for lines in (BELOW, (*BELOW, long, Line("W" * 400)))
    )
    assert tall.height > short.height + 8 * 20
    margin = round(tall.width * module.MARGIN)
    for box in (
        (tall.width - margin + 2, 0, tall.width, tall.height),
        (0, tall.height - margin, tall.width, tall.height),
        (0, 0, margin - 2, tall.height),
    ):
        edge = ImageStat.Stat(tall.crop(box)).extrema
        assert min(low for low, _high in edge) > 200


@pytest.mark.parametrize("text", ["Zażółć gęślą jaźń", "Ελληνικά", "Українська", "−3 ≥ × €"])
def test_font_draws_other_scripts(text: str) -> None:
    """Each character is drawn, and not as the box that stands for a missing one."""
    font = module._font(40, is_bold=False)

    def drawn(char: str) -> bytes:
        return bytes(font.getmask(char))

    box = drawn("\uffff")
    assert [char for char in text if char != " " and drawn(char) in (b"", box)] == []


def test_controls_and_overrides_are_left_out() -> None:
    assert module._clean("a\u202eb\x00c\n d\u200d") == "abc d"


def test_file_says_nothing_beside_the_picture() -> None:
    sheet = pair_sheet(FIRST, SECOND, CAPTION)
    with Image.open(io.BytesIO(sheet)) as picture:
        assert picture.format == "JPEG"
        told: dict[str, Any] = dict(picture.info)
        assert (dict(picture.getexif()), picture.getxmp()) == ({}, {})
    assert set(told) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert sheet.endswith(b"\xff\xd9")
    for word in (b"Exif", b"http", b"Photoshop", b"ICC_PROFILE", b"2026", b"DejaVu"):
        assert word not in sheet


def test_same_input_gives_the_same_bytes() -> None:
    assert pair_sheet(FIRST, SECOND, CAPTION) == pair_sheet(FIRST, SECOND, CAPTION)


def test_small_photographs_leave_room_to_read() -> None:
    small = jpeg(scene(60, 80))
    sheet = opened(pair_sheet(small, small, CAPTION))
    assert sheet.width == NARROWEST
    assert 200 < sheet.height < 500


# Laid over -----------------------------------------------------------------------------------------

MARKS = ((0.3, 0.3), (0.6, 0.7))


def moved(picture: Image.Image, degrees: float) -> Image.Image:
    return picture.rotate(degrees, Image.Resampling.BICUBIC)


def marks_on(picture: Image.Image, degrees: float) -> tuple[tuple[float, float], ...]:
    """Say where the marks lie after `moved`: turned about the middle, counter-clockwise."""
    middle = complex(picture.width / 2, picture.height / 2)
    turn = cmath.rect(1, -math.radians(degrees))
    found = []
    for x, y in MARKS:
        point = (complex(x * picture.width, y * picture.height) - middle) * turn + middle
        found.append((point.real / picture.width, point.imag / picture.height))
    return tuple(found)


@pytest.mark.parametrize("degrees", [-6, 4])
def test_second_is_laid_over_the_first_by_its_marks(degrees: float) -> None:
    picture = scene(600, 800)
    turned = moved(picture, degrees)
    marks: Any = (MARKS, marks_on(picture, degrees))
    plain = pictures(pair_sheet(jpeg(picture), jpeg(turned), CAPTION))
    laid = pictures(pair_sheet(jpeg(picture), jpeg(turned), CAPTION, marks))
    assert laid[0].size == laid[1].size
    assert apart(*plain) > 15
    assert apart(*laid) < 6
    # Nothing of the ground beside the turned picture is left in.
    assert laid[0].width < 600


def test_sheet_says_when_one_is_laid_over_the_other_and_only_then() -> None:
    picture = jpeg(scene(600, 800))
    said = Caption(CAPTION.under, CAPTION.below, if_laid=Line("Turned by two marks."))
    marks: Any = (MARKS, MARKS)
    plain, laid = (opened(pair_sheet(picture, picture, CAPTION, each)) for each in (None, marks))
    with_words = opened(pair_sheet(picture, picture, said, marks))
    assert with_words.height > laid.height
    assert pair_sheet(picture, picture, said) == pair_sheet(picture, picture, CAPTION)
    assert plain.size != with_words.size


@pytest.mark.parametrize(
    "marks",
    [
        (MARKS, ((0.3, 0.3), (0.31, 0.31))),  # too close
        (MARKS, ((0.9, 0.9), (1.2, 1.3))),  # hardly anything in common
    ],
)
def test_marks_that_help_nobody_leave_the_pair_as_it_is(marks: Any) -> None:
    picture = jpeg(scene(600, 800))
    assert pair_sheet(picture, picture, CAPTION, marks) == pair_sheet(picture, picture, CAPTION)
