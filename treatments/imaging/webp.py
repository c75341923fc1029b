"""Take a WebP apart and write it again from the chunks that make the picture.

Only the image, its alpha plane and a rewritten header are copied; EXIF, XMP, profile, unknown
chunks and what follows the container stay behind.
Source: RFC 9649, section 2.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from treatments.imaging import exif, guard
from treatments.imaging.anatomy import Anatomy

_HAS_PROFILE, _HAS_ALPHA, _IS_ANIMATION = 0x20, 0x10, 0x02
_IMAGES = frozenset({b"VP8 ", b"VP8L"})
_ANIMATION = frozenset({b"ANIM", b"ANMF"})
_LOSSY_START = b"\x9d\x01\x2a"
_LOSSLESS_START = 0x2F
_HEADER_SIZE = 12


@dataclass(slots=True)
class _Found:
    """What the walk through the chunks has met so far."""

    canvas: tuple[int, int] = (0, 0)
    image: tuple[int, int] = (0, 0)
    flags: int = 0
    exif: bytes = b""
    profile: bytes = b""
    body: list[bytes | memoryview] = field(default_factory=list)


def read(data: bytes) -> Anatomy:
    """Take the still image apart. Raises Refused when it is cut off, animated or contradictory."""
    found = _Found()
    for name, start, end in _chunks(data):
        _keep(found, data, name, start, end)
    width, height = found.image
    if found.canvas not in {(0, 0), found.image} or not any(found.image):
        raise guard.damaged()
    return Anatomy(
        media_type="image/webp",
        width=width,
        height=height,
        space="RGB ",
        exif=found.exif,
        profile=found.profile,
        head=_extended(found.canvas, found.flags & _HAS_ALPHA) if any(found.canvas) else b"",
        body=found.body,
    )


def write(anatomy: Anatomy, *, orientation: int, profile: bytes) -> bytes:
    """Join the pieces to a file without metadata but the given profile.

    `orientation` must be upright: viewers do not agree to obey it in a WebP.
    """
    if orientation != exif.UPRIGHT:
        raise ValueError("A WebP carries no orientation; turn its pixels.")
    head, colour = anatomy.head, b""
    if profile:
        has_alpha = head[8] & _HAS_ALPHA if head else 0
        head = _extended((anatomy.width, anatomy.height), _HAS_PROFILE | has_alpha)
        colour = _chunk(b"ICCP", profile)
    content = b"".join((b"WEBP", head, colour, *anatomy.body))
    return b"RIFF" + struct.pack("<I", len(content)) + content


def is_lossless(anatomy: Anatomy) -> bool:
    """Whether the pixels were stored without loss."""
    return any(bytes(piece[:4]) == b"VP8L" for piece in anatomy.body)


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of each chunk's payload within the container."""
    last = 8 + int.from_bytes(data[4:8], "little")
    if last > len(data):
        raise guard.incomplete()
    at, pieces = _HEADER_SIZE, 0
    while at + 8 <= last:
        name, length = struct.unpack_from("<4sI", data, at)
        start, end = at + 8, at + 8 + length
        if end > last:
            raise guard.incomplete()
        pieces += 1
        guard.check_pieces(pieces)
        yield name, start, end
        at = end + length % 2  # chunks are padded to an even length


def _keep(found: _Found, data: bytes, name: bytes, start: int, end: int) -> None:
    payload = memoryview(data)[start:end]
    if name == b"VP8X":
        _check_extended(found, payload)
    elif name in _ANIMATION:
        guard.check_frames(2)
    elif name in _IMAGES and not any(found.image):
        found.image = _lossy_size(payload) if name == b"VP8 " else _lossless_size(payload)
        guard.check_size(*found.image, pixels=guard.MAX_PIXELS_DECODED_WHOLE)
        found.body.append(_chunk(name, payload))
    elif name == b"ALPH" and not found.body:
        found.body.append(_chunk(name, payload))
    elif name == b"EXIF" and not found.exif:
        found.exif = bytes(payload).removeprefix(b"Exif\x00\x00")
    elif name == b"ICCP" and not found.profile:
        found.profile = bytes(payload)


def _check_extended(found: _Found, payload: memoryview) -> None:
    if len(payload) != 10 or any(found.canvas):
        raise guard.damaged()
    found.flags = payload[0]
    found.canvas = (
        1 + int.from_bytes(payload[4:7], "little"),
        1 + int.from_bytes(payload[7:10], "little"),
    )
    guard.check_size(*found.canvas, pixels=guard.MAX_PIXELS_DECODED_WHOLE)
    guard.check_frames(2 if found.flags & _IS_ANIMATION else 1)


def _lossy_size(payload: memoryview) -> tuple[int, int]:
    if len(payload) < 10 or bytes(payload[3:6]) != _LOSSY_START:
        raise guard.damaged()
    width, height = struct.unpack_from("<HH", payload, 6)
    return width & 0x3FFF, height & 0x3FFF


def _lossless_size(payload: memoryview) -> tuple[int, int]:
    if len(payload) < 5 or payload[0] != _LOSSLESS_START:
        raise guard.damaged()
    bits = int.from_bytes(payload[1:5], "little")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _extended(canvas: tuple[int, int], flags: int) -> bytes:
    size = b"".join((side - 1).to_bytes(3, "little") for side in canvas)
    return _chunk(b"VP8X", bytes((flags, 0, 0, 0)) + size)


def _chunk(name: bytes, payload: bytes | memoryview) -> bytes:
    return b"".join((name, struct.pack("<I", len(payload)), payload, bytes(len(payload) % 2)))
