"""What a picture's numbers say about how it was taken: light, colour, sharpness, and what it shows.

Plain statistics of the two derived sizes; nothing here recognises anything. The figures beside the
limits in `treatments.rules.pairs` were measured on real pairs.
"""

from __future__ import annotations

import io
import math

from PIL import Image, ImageFilter, ImageStat

from treatments.imaging.derive import SMALL_SIDE
from treatments.rules.look import Look

# Wide enough to ignore where a dimple lies, narrow enough to tell a back from a side.
LIKENESS_SIZE = (24, 32)
LAPLACIAN = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)


def look_of(large: bytes) -> Look:
    """Measure a derived JPEG of at most 1280 px; one that this house encoded, never an upload."""
    with Image.open(io.BytesIO(large), formats=("JPEG",)) as opened:
        picture = opened.convert("RGB")
    small = picture.copy()
    small.thumbnail((SMALL_SIDE, SMALL_SIDE), Image.Resampling.BOX)
    red, green, blue = (mean + 1 for mean in ImageStat.Stat(small).mean)
    luma = small.convert("L")
    width, height = luma.size
    return Look(
        light=_mean(luma),
        warmth=math.log2(red / green),
        tint=math.log2(blue / green),
        slope_x=_mean(luma.crop((0, 0, (width + 1) // 2, height)))
        - _mean(luma.crop((width // 2, 0, width, height))),
        slope_y=_mean(luma.crop((0, 0, width, (height + 1) // 2)))
        - _mean(luma.crop((0, height // 2, width, height))),
        sharpness=_sharpness(picture),
    )


def _sharpness(picture: Image.Image) -> float:
    # The filter leaves the outermost pixels as they are; two rows or columns have nothing else.
    if min(picture.size) < 3:
        return 0.0
    inside = (1, 1, picture.width - 1, picture.height - 1)
    edges = picture.convert("L").filter(LAPLACIAN).crop(inside)
    return ImageStat.Stat(edges).var[0]


def likeness(first: bytes, second: bytes) -> float:
    """Say how alike two small JPEGs are laid out: the correlation of coarse luma, -1 to 1.

    Light and contrast do not count, only where it is brighter and darker.
    """
    one, other = _coarse(first), _coarse(second)
    return sum(a * b for a, b in zip(one, other, strict=True))


def _coarse(small: bytes) -> list[float]:
    with Image.open(io.BytesIO(small), formats=("JPEG",)) as opened:
        luma = opened.convert("L").resize(LIKENESS_SIZE, Image.Resampling.BOX)
    values = luma.tobytes()
    mean = sum(values) / len(values)
    apart = [value - mean for value in values]
    length = math.sqrt(sum(value * value for value in apart)) or 1.0
    return [value / length for value in apart]


def _mean(picture: Image.Image) -> float:
    return ImageStat.Stat(picture).mean[0]
