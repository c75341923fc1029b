"""Clinical photographs: from whatever a phone sends to three files that tell nothing but the picture.

`prepare` is the only door. It knows no request, no model and no storage: bytes in, bytes out.

    guard, words   limits, file types, the sentence of each refusal
    jpeg, png, webp   take a file apart and write it again from named pieces only
    heic, heic_pixels   the iPhone's own format, where a clinic wants it
    exif, icc         the facts that outlive the metadata: orientation, capture time, colour
    clean    the master without metadata, pixels untouched
    derive   the two sizes for screens
    child, isolation  decoding in a process of its own, with little memory and time
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from treatments.imaging import guard, heic
from treatments.imaging.child import pictures_of
from treatments.imaging.clean import Cleaned, clean
from treatments.imaging.exif import SIDEWAYS
from treatments.imaging.guard import MAX_BYTES, MAX_PIXELS, MAX_SIDE, MediaType, check_bytes
from treatments.imaging.heic import is_on as is_heic_on
from treatments.imaging.isolation import decode
from treatments.imaging.look import look_of
from treatments.rules.look import Look

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "MAX_SIDE",
    "MediaType",
    "Prepared",
    "check_bytes",
    "is_heic_on",
    "prepare",
]


@dataclass(frozen=True, slots=True)
class Prepared:
    """One photograph, ready to store.

    `master` is the upload without its metadata, of type `master_type`; `large` and `small` are
    upright sRGB JPEG files with long sides of at most 1280 and 320 px. `width` and `height` are the
    upright size of the master in pixels. `taken_at` is the camera's own clock, naive, None when it
    did not say. `sha256` is the hex digest of the file as uploaded, to recognise a second upload.
    `look` is how it was taken, measured on `large`.
    """

    master: bytes
    master_type: MediaType
    large: bytes
    small: bytes
    width: int
    height: int
    taken_at: datetime | None
    sha256: str
    look: Look


def prepare(file: BinaryIO, *, isolated: bool = True) -> Prepared:
    """Check, clean and shrink one uploaded photo.

    Decoders run in a process of their own, unless the file is the clinic's own drawing (`isolated`
    false). Where `is_heic_on()`, a HEIC becomes a JPEG, always decoded there.

    Raises `clinic.refusal.Refused`, and nothing else, for a file that is not one whole JPEG, PNG or
    WebP photo within MAX_BYTES, MAX_PIXELS and MAX_SIDE.
    """
    upload = guard.read(file)
    if is_heic_on() and guard.is_heic(upload):
        taken_at = heic.check(upload)
        pictures = decode(upload)
        photo = clean(pictures.master)
    else:
        photo = clean(upload)
        taken_at = photo.capture.taken_at
        pictures = decode(upload) if isolated else pictures_of(photo)
    width, height = _upright_size(photo)
    return Prepared(
        master=pictures.master or photo.data,
        master_type=photo.anatomy.media_type,
        large=pictures.large,
        small=pictures.small,
        width=width,
        height=height,
        taken_at=taken_at,
        sha256=hashlib.sha256(upload).hexdigest(),
        look=look_of(pictures.large),
    )


def _upright_size(photo: Cleaned) -> tuple[int, int]:
    width, height = photo.anatomy.width, photo.anatomy.height
    is_sideways = photo.capture.orientation in SIDEWAYS
    return (height, width) if is_sideways else (width, height)
