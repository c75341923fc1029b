"""Take the metadata out of a photo and leave its pixels alone.

The file is taken apart and written again from its own pieces, so nothing is decoded and no quality
is lost. Only what cannot be kept that way (orientation outside JPEG, colours that need their
profile) makes `derive.fresh_master` encode the picture once more.
"""

from __future__ import annotations

from dataclasses import dataclass

from treatments.imaging import exif, guard, icc, jpeg, png, webp
from treatments.imaging.anatomy import Anatomy

_FORMATS = {"image/jpeg": jpeg, "image/png": png, "image/webp": webp}


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A file without metadata, and what was learned while taking them out.

    `data` decodes to the stored pixels, as `anatomy` describes them. A JPEG carries its orientation;
    for PNG and WebP `is_fresh_needed` then says that `data` is not upright and may not be stored.
    """

    data: bytes
    anatomy: Anatomy
    capture: exif.Capture
    colour: icc.Colour
    is_fresh_needed: bool


def clean(data: bytes) -> Cleaned:
    """Copy only what the picture is made of. Raises Refused for anything but a whole, still photo."""
    anatomy = _FORMATS[guard.sniff(data)].read(data)
    capture = exif.read(anatomy.exif)
    colour = icc.colour_of(anatomy.profile, anatomy.space)
    can_turn = anatomy.media_type == "image/jpeg"
    return Cleaned(
        data=_FORMATS[anatomy.media_type].write(
            anatomy,
            orientation=capture.orientation if can_turn else exif.UPRIGHT,
            profile=colour.kept,
        ),
        anatomy=anatomy,
        capture=capture,
        colour=colour,
        is_fresh_needed=colour.is_convertible_only
        or not (can_turn or capture.orientation == exif.UPRIGHT),
    )
