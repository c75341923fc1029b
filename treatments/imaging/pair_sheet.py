"""Two photographs on one sheet, with what must be read beside them burnt in below.

A picture that leaves the house loses whatever stands around it on a page, so its dates and caveats
are part of the picture. Nothing is edited but an equal crop and, where the same marks were set on
both, the turn and scale that lay the second over the first. The same input gives the same bytes,
and the file says nothing beside the picture.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from PIL import Image, ImageDraw, ImageFont

from treatments.rules.alignment import Frame, Mark, TooClose, align

QUALITY = 90
WHITE, INK, RULE = (255, 255, 255), (0x1A, 0x24, 0x26), (0xB4, 0xAC, 0x9C)
NARROWEST = 900  # px: a narrower sheet leaves no room to read
# Shares of the width of the sheet.
MARGIN, GAP, TYPE = 0.03, 0.012, 0.0165
LEADING = 1.45
# What both show after laying one over the other; with less the pictures stay as they are.
SHARED = 0.5

Marks = tuple[tuple[Mark, Mark], tuple[Mark, Mark]]


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph of the caption; an item of a list is set in."""

    text: str
    is_bold: bool = False
    is_item: bool = False


@dataclass(frozen=True, slots=True)
class Caption:
    """What stands under each photograph, and below both; `if_laid` where one is laid over the other."""

    under: tuple[str, str]
    below: tuple[Line, ...]
    if_laid: Line | None = None


def pair_sheet(first: bytes, second: bytes, caption: Caption, marks: Marks | None = None) -> bytes:
    """Return one JPEG: both derived JPEGs at equal height, the caption below.

    `marks` are the two marks on the first and on the second photograph, as shares of each.
    """
    one, other = _opened(first), _opened(second)
    laid = _laid_over(one, other, marks) if marks else None
    left, right = laid or _cropped_alike(one, other)
    said = (*caption.below, caption.if_laid) if laid and caption.if_laid else caption.below
    width = max(NARROWEST, round((left.width + right.width) / (1 - 2 * MARGIN - GAP)))
    margin, gap, size = (round(width * share) for share in (MARGIN, GAP, TYPE))
    leading = round(size * LEADING)
    half = (width - 2 * margin - gap) // 2
    columns = (margin, margin + half + gap)
    under = [list(_wrapped(text, half, size, is_bold=True)) for text in caption.under]
    below = [(line, list(_lines(line, width - 2 * margin, size))) for line in said]
    depth = max(map(len, under)) + sum(len(lines) for _line, lines in below)
    text_top = margin + left.height + size
    sheet = Image.new("RGB", (width, text_top + (depth + 1) * leading + margin), WHITE)
    draw = ImageDraw.Draw(sheet)
    for picture, column, lines in zip((left, right), columns, under, strict=True):
        sheet.paste(picture, (column + (half - picture.width) // 2, margin))
        for place, text in enumerate(lines):
            _write(draw, column, text_top + place * leading, text, size, is_bold=True)
    y = text_top + max(map(len, under)) * leading + leading // 2
    draw.line((margin, y, width - margin, y), fill=RULE, width=max(1, size // 12))
    y += leading // 2
    for line, texts in below:
        for place, text in enumerate(texts):
            if line.is_item and place == 0:
                _write(draw, margin, y, "–", size)
            inset = margin + (size if line.is_item else 0)
            _write(draw, inset, y, text, size, is_bold=line.is_bold)
            y += leading
    file = io.BytesIO()
    sheet.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


# Pictures -----------------------------------------------------------------------------------------


def _opened(content: bytes) -> Image.Image:
    """Return the pixels of a JPEG that this house encoded, never of an upload."""
    with Image.open(io.BytesIO(content), formats=("JPEG",)) as opened:
        return opened.convert("RGB")


def _cropped_alike(first: Image.Image, second: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Return both at the height of the lower one and in the proportions of the narrower one."""
    height = min(first.height, second.height)
    ratio = min(first.width / first.height, second.width / second.height)
    width = round(height * ratio)
    return _cropped(first, width, height), _cropped(second, width, height)


def _laid_over(
    first: Image.Image, second: Image.Image, marks: Marks
) -> tuple[Image.Image, Image.Image] | None:
    """Lay the second over the first and crop both to what both show, None where that is little."""
    try:
        laid = align(Frame(*first.size), Frame(*second.size), *marks)
    except TooClose:
        return None
    corners = (0, second.width, second.height * 1j, second.width + second.height * 1j)
    top_left, top_right, low_left, low_right = (laid(corner) for corner in corners)
    x0 = max(0, top_left.real, low_left.real)
    x1 = min(first.width, top_right.real, low_right.real)
    y0 = max(0, top_left.imag, top_right.imag)
    y1 = min(first.height, low_left.imag, low_right.imag)
    if x1 - x0 < SHARED * first.width or y1 - y0 < SHARED * first.height:
        return None
    # Pillow asks where each pixel of the result comes from.
    back = 1 / laid.turn
    start = -laid.shift * back
    over = second.transform(
        first.size,
        Image.Transform.AFFINE,
        (back.real, -back.imag, start.real, back.imag, back.real, start.imag),
        Image.Resampling.BICUBIC,
    )
    # Inwards, so that no edge of the turned picture is left in.
    box = (int(x0) + 2, int(y0) + 2, int(x1) - 2, int(y1) - 2)
    return first.crop(box), over.crop(box)


def _cropped(picture: Image.Image, width: int, height: int) -> Image.Image:
    """Crop the sides alike to the proportions asked for, then shrink."""
    kept = round(picture.height * width / height)
    left = max(0, (picture.width - kept) // 2)
    cropped = picture.crop((left, 0, min(picture.width, left + kept), picture.height))
    return cropped.resize((width, height), Image.Resampling.LANCZOS)


# Text ---------------------------------------------------------------------------------------------


@cache
def _font(size: int, *, is_bold: bool) -> ImageFont.FreeTypeFont:
    name = "DejaVuSans-Bold.ttf" if is_bold else "DejaVuSans.ttf"
    # The plain layout: the same everywhere, whatever shaping library a machine has.
    path = settings.BASE_DIR / "static" / "vendor" / "fonts" / name
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


def _clean(text: str) -> str:
    """Return the text without what cannot be drawn: controls and direction overrides."""
    spaced = unicodedata.normalize("NFC", " ".join(text.split()))
    return "".join(char for char in spaced if unicodedata.category(char) not in ("Cc", "Cf"))


def _lines(line: Line, width: int, size: int) -> Iterator[str]:
    inset = size if line.is_item else 0
    return _wrapped(line.text, width - inset, size, is_bold=line.is_bold)


def _wrapped(text: str, width: int, size: int, *, is_bold: bool = False) -> Iterator[str]:
    """Break a paragraph into lines; a word longer than a line is broken too."""
    font, line = _font(size, is_bold=is_bold), ""
    for word in _clean(text).split(" "):
        longer = f"{line} {word}" if line else word
        if font.getlength(longer) <= width:
            line = longer
            continue
        if line:
            yield line
        line = word
        while font.getlength(line) > width:
            fits = max(1, sum(font.getlength(line[: n + 1]) <= width for n in range(len(line))))
            yield line[:fits]
            line = line[fits:]
    yield line


def _write(
    draw: ImageDraw.ImageDraw, x: int, y: int, text: str, size: int, *, is_bold: bool = False
) -> None:
    draw.text((x, y), text, font=_font(size, is_bold=is_bold), fill=INK)
