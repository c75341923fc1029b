"""Decode a HEIC into a JPEG. Only the child process imports this."""

from __future__ import annotations

import io

import pillow_heif
from PIL import Image

from treatments.imaging import guard
from treatments.imaging.derive import FRESH_QUALITY

OLDEST_LIBHEIF = (1, 23, 4)  # pillow-heif's wheel has it; one of a distribution may be older

_ERRORS = (EOFError, OSError, RuntimeError, SyntaxError, ValueError)

for _extra in ("THUMBNAILS", "DEPTH_IMAGES", "AUX_IMAGES"):
    setattr(pillow_heif.options, _extra, False)
pillow_heif.options.DECODE_THREADS = 0  # each reserves as much address space as a whole photo


def as_jpeg(upload: bytes) -> bytes:
    """Return the picture to be shown, upright, with the colour profile it came with.

    Raises Refused when it does not decode, RuntimeError where libheif is too old to be trusted.
    """
    if tuple(map(int, pillow_heif.libheif_version().split(".")[:3])) < OLDEST_LIBHEIF:
        raise RuntimeError("This libheif has known holes.")
    try:
        picture = pillow_heif.open_heif(upload).to_pillow()
    except _ERRORS as error:
        raise guard.damaged() from error
    guard.check_size(*picture.size, pixels=guard.MAX_PIXELS_HEIC)
    profile = picture.info.get("icc_profile")
    if picture.mode not in {"L", "RGB"}:
        ground = Image.new("RGB", picture.size, "white")
        ground.paste(picture, mask=picture.getchannel("A"))
        picture = ground
    picture.info = {}  # Pillow's writer falls back on what the reader left here
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=FRESH_QUALITY, icc_profile=profile)
    return file.getvalue()
