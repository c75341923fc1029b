"""Take a PNG apart and write it again from the chunks that make the picture.

Texts, times, EXIF, physical size, colour profile and everything unknown stay behind, and so does
what follows the end chunk. The image data is copied byte for byte.
Source: W3C PNG, third edition, sections 5 and 11.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from treatments.imaging import exif, guard
from treatments.imaging.anatomy import Anatomy, ColourSpace

_GREY_TYPES = frozenset({0, 4})
# Chunks beside the image data that change how pixels look, with the sizes they can have.
_SIZES = {
    b"PLTE": range(3, 769, 3),
    b"tRNS": range(1, 257),
    b"gAMA": range(4, 5),
    b"cHRM": range(32, 33),
    b"sRGB": range(1, 2),
}
_PROFILE_NAME = b"RGB"

Chunk = tuple[bytes, int, int]


@dataclass(slots=True)
class _Found:
    """What the walk through the chunks has met so far."""

    header: bytes = b""
    exif: bytes = b""
    profile: bytes = b""
    inflated: int = 0
    kept: set[bytes] = field(default_factory=set)
    body: list[bytes | memoryview] = field(default_factory=list)


def read(data: bytes) -> Anatomy:
    """Take the still image apart. Raises Refused when a chunk is missing, broken or a bomb."""
    found = _Found()
    for name, start, end in _chunks(data):
        _keep(found, data, name, start, end)
    if b"IDAT" not in found.kept:
        raise guard.damaged()
    width, height, _, colour_type = struct.unpack_from(">IIBB", found.header)
    space: ColourSpace = "GRAY" if colour_type in _GREY_TYPES else "RGB "
    return Anatomy(
        media_type="image/png",
        width=width,
        height=height,
        space=space,
        exif=found.exif,
        profile=found.profile,
        head=_chunk(b"IHDR", found.header),
        body=found.body,
    )


def write(anatomy: Anatomy, *, orientation: int, profile: bytes) -> bytes:
    """Join the pieces to a file without metadata but the given profile.

    `orientation` must be upright: viewers do not agree to obey it in a PNG.
    """
    if orientation != exif.UPRIGHT:
        raise ValueError("A PNG carries no orientation; turn its pixels.")
    colour = b""
    if profile:
        colour = _chunk(b"iCCP", _PROFILE_NAME + b"\x00\x00" + zlib.compress(profile))
    end = _chunk(b"IEND", b"")
    return b"".join((guard.PNG_MAGIC, anatomy.head, colour, *anatomy.body, end))


def _chunks(data: bytes) -> Iterator[Chunk]:
    """Name, start and end of each chunk's payload up to the end chunk, checksums verified."""
    at, pieces = len(guard.PNG_MAGIC), 0
    view = memoryview(data)
    while at + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        start, end = at + 8, at + 8 + length
        if end + 4 > len(data):
            raise guard.incomplete()
        if zlib.crc32(view[at + 4 : end]) != int.from_bytes(data[end : end + 4]):
            raise guard.damaged()
        if name == b"IEND":
            return
        pieces += 1
        guard.check_pieces(pieces)
        yield name, start, end
        at = end + 4
    raise guard.incomplete()


def _keep(found: _Found, data: bytes, name: bytes, start: int, end: int) -> None:
    if not found.header:
        _check_header(found, name, data[start:end])
    elif name == b"IDAT" or (name in _SIZES and name not in found.kept):
        if name in _SIZES and end - start not in _SIZES[name]:
            raise guard.damaged()
        found.kept.add(name)
        found.body.append(memoryview(data)[start - 8 : end + 4])
    else:
        _note(found, name, data[start:end])


def _check_header(found: _Found, name: bytes, header: bytes) -> None:
    if name != b"IHDR" or len(header) != 13:
        raise guard.damaged()
    width, height = struct.unpack_from(">II", header)
    guard.check_size(width, height, pixels=guard.MAX_PIXELS_DECODED_WHOLE)
    found.header = header


def _note(found: _Found, name: bytes, payload: bytes) -> None:
    """Read what colour, orientation and capture time need from a chunk that is not copied."""
    if name == b"acTL" and len(payload) >= 4:
        guard.check_frames(int.from_bytes(payload[:4]))
    elif name == b"eXIf":
        found.exif = payload
    elif name == b"iCCP":
        found.profile = _inflate(found, payload.partition(b"\x00")[2][1:])
    elif name == b"zTXt":
        _inflate(found, payload.partition(b"\x00")[2][1:])
    elif name == b"iTXt" and payload.partition(b"\x00")[2][:1] == b"\x01":
        _inflate(found, payload.split(b"\x00", 4)[-1])
    elif name[0:1].isupper():  # a critical chunk: the picture cannot be right without it
        raise guard.damaged()


def _inflate(found: _Found, compressed: bytes) -> bytes:
    """Inflate within the file's allowance. Raises Refused above it; b"" when it is no zlib data."""
    allowance = guard.MAX_INFLATED - found.inflated
    try:
        text = zlib.decompressobj().decompress(compressed, allowance + 1)
    except zlib.error:
        return b""
    found.inflated += len(text)
    if found.inflated > guard.MAX_INFLATED:
        raise guard.hidden_bulk()
    return text


def _chunk(name: bytes, payload: bytes) -> bytes:
    checksum = zlib.crc32(name + payload)
    return struct.pack(">I4s", len(payload), name) + payload + struct.pack(">I", checksum)
