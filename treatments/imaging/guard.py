"""Say no before a decoder sees the file: limits, file types and the sentence of every refusal.

The readers of the three formats (`jpeg`, `png`, `webp`) call these checks as soon as they know the
figure, so a bomb is refused from its header and costs no memory.
"""

from __future__ import annotations

import io
import math
from typing import BinaryIO, Literal

from clinic.refusal import Refused
from treatments.imaging.words import translated as _

MediaType = Literal["image/jpeg", "image/png", "image/webp"]

MEGABYTE = 1024 * 1024
MAX_BYTES = 25 * MEGABYTE
MAX_PIXELS = 50_000_000
MAX_SIDE = 12_000

# Only JPEG can be shrunk while it is decoded. Of a PNG or WebP the decoders hold up to four whole
# copies: 50 megapixels took 520 and 800 MB. A photograph of this size in those formats is above
# MAX_BYTES in nearly every case anyway.
MAX_PIXELS_DECODED_WHOLE = 16_000_000

# A HEIC is decoded whole too, at 9 bytes a pixel; phones make them of 12 and 24 megapixels.
MAX_PIXELS_HEIC = 25_000_000

# A progressive JPEG of a camera has about ten scans. Each scan costs a pass over all pixels, so the
# product is bounded as well: 50 megapixels in 20 scans are one billion.
MAX_SCANS = 100
MAX_SCANNED_PIXELS = 1_000_000_000

# Segments or chunks in one file. Real files stay below a few thousand; a file made of empty ones
# would keep the reader's loop busy for seconds.
MAX_PIECES = 20_000

# Bytes that all compressed texts and the colour profile of one PNG may inflate to, together.
MAX_INFLATED = 4 * MEGABYTE

JPEG_MAGIC = b"\xff\xd8\xff"
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})


def read(file: BinaryIO) -> bytes:
    """Return the whole file. Raises Refused when it is empty or above MAX_BYTES (it is then not read)."""
    check_bytes(file.seek(0, io.SEEK_END))
    file.seek(0)
    return file.read()


def check_bytes(size: int) -> None:
    """Refuse an empty file and one above MAX_BYTES; `size` is the file's length in bytes."""
    if size == 0:
        raise Refused(_("This file is empty. Take or choose the photo again."))
    if size > MAX_BYTES:
        raise Refused(
            _(
                "Photo is %(size).1f MB, the limit is %(limit)d MB. "
                "Set the camera to a lower resolution or choose a smaller copy."
            )
            # Rounded up, or a photo one byte too big would read "25.0 MB, the limit is 25 MB".
            % {"size": math.ceil(size * 10 / MEGABYTE) / 10, "limit": MAX_BYTES // MEGABYTE}
        )


def sniff(data: bytes) -> MediaType:
    """Name the type by its first bytes; the file's name and declared type are not asked."""
    if data.startswith(JPEG_MAGIC):
        return "image/jpeg"
    if data.startswith(PNG_MAGIC):
        return "image/png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if is_heic(data):
        raise Refused(
            _(
                "This is an iPhone HEIC photo. Take it with the camera button, "
                "or choose 'Most compatible' in Settings > Camera > Formats."
            )
        )
    raise Refused(_("This file is not a JPEG, PNG or WebP photo."))


def is_heic(data: bytes) -> bool:
    """Whether it is an iPhone photo. AVIF shares the box and the general brands, but is none."""
    is_box = data[4:8] == b"ftyp"
    return is_box and data[8:12] in HEIC_BRANDS and b"avif" not in data[8:64]


def check_size(width: int, height: int, *, pixels: int = MAX_PIXELS) -> None:
    """Refuse a picture whose header announces no pixels, or more than the limits."""
    if width < 1 or height < 1:
        raise damaged()
    if max(width, height) > MAX_SIDE:
        raise Refused(
            _(
                "Photo is %(width)d × %(height)d pixels, the limit is %(limit)d on a side. "
                "Set the camera to a lower resolution or choose a smaller copy."
            )
            % {"width": width, "height": height, "limit": MAX_SIDE}
        )
    if width * height > pixels:
        raise Refused(
            _(
                "Photo has %(pixels).1f megapixels, the limit is %(limit)d. "
                "Set the camera to a lower resolution or choose a smaller copy."
            )
            % {"pixels": math.ceil(width * height / 100_000) / 10, "limit": pixels // 1_000_000}
        )


def check_scans(scans: int, pixels: int) -> None:
    """Refuse a progressive JPEG that would be decoded over and over."""
    if scans > MAX_SCANS or scans * pixels > MAX_SCANNED_PIXELS:
        raise Refused(
            _(
                "This JPEG is stored in too many passes. Save it as an ordinary JPEG and choose it again."
            )
        )


def check_frames(frames: int) -> None:
    """Refuse an animation: which of its frames is the clinical photograph nobody could say."""
    if frames > 1:
        raise Refused(_("This is an animation. Choose a single photo."))


def check_pieces(pieces: int) -> None:
    """Refuse a file cut into absurdly many segments or chunks."""
    if pieces > MAX_PIECES:
        raise damaged()


def damaged() -> Refused:
    """The file contradicts its own format."""
    return Refused(_("This photo is damaged. Take or choose it again."))


def incomplete() -> Refused:
    """The file ends before the picture does."""
    return Refused(_("This photo is incomplete. Take or choose it again."))


def unusual_jpeg() -> Refused:
    """Arithmetic, lossless and hierarchical JPEG: legal, written by no camera, shown by no browser."""
    return Refused(
        _("This kind of JPEG cannot be shown. Save it as an ordinary JPEG and choose it again.")
    )


def hidden_bulk() -> Refused:
    """The texts or the profile of a PNG inflate beyond MAX_INFLATED."""
    return Refused(
        _("This PNG carries too much hidden text. Save it as a JPEG and choose it again.")
    )
