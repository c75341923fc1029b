"""What a file says about itself, read without decoding a pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from treatments.imaging.guard import MediaType

ColourSpace = Literal["RGB ", "GRAY", "CMYK"]


@dataclass(frozen=True, slots=True)
class Anatomy:
    """One file taken apart: the pieces a picture needs, and the facts in those that leave.

    `width` and `height` are as stored, in pixels, before orientation. `exif` is a TIFF block and
    `profile` an ICC profile, both as found and both b"" when there is none. `head` goes before the
    colour profile and `body` after it; joined by the format's `write` they are the clean file.
    """

    media_type: MediaType
    width: int
    height: int
    space: ColourSpace
    exif: bytes
    profile: bytes
    head: bytes
    body: Sequence[bytes | memoryview]
