"""Take a JPEG apart and write it again from the segments that make the picture.

Nothing is copied unless it is named here: tables, frame, scans, and two application segments in
their shortest form. Everything else (EXIF, XMP, MPF, Photoshop, maker data, comments, thumbnails,
bytes between segments, whatever follows the end of the first image) stays behind. The entropy-coded
data is copied byte for byte, so the pixels cannot change.
Source: ITU-T T.81 annex B; JFIF 1.02; Adobe TN 5116.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from treatments.imaging import exif, guard
from treatments.imaging.anatomy import Anatomy, ColourSpace

SOI, EOI = b"\xff\xd8", b"\xff\xd9"

_DHT, _EOI, _SOS, _DQT, _DRI, _COM = 0xC4, 0xD9, 0xDA, 0xDB, 0xDD, 0xFE
_APP0, _APP1, _APP2, _APP14, _APP15 = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended, progressive
_UNUSUAL = frozenset(range(0xC3, 0xD0)) - {_DHT}  # lossless, hierarchical, arithmetic
_TABLES = frozenset({_DHT, _DQT, _DRI})
_METADATA = frozenset(range(_APP0, _APP15 + 1)) | {_COM}
_SEGMENTS = _FRAMES | _UNUSUAL | _TABLES | _METADATA | {_SOS}

_MARKER = re.compile(rb"\xff[\x01-\xfe]")
# Inside a scan FF 00 is a data byte, FF FF padding and FF D0 to D7 a restart.
_END_OF_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})

_SPACES: dict[int, ColourSpace] = {1: "GRAY", 3: "RGB ", 4: "CMYK"}

# Version 1.1, square pixels, no thumbnail. Its presence, not its content, tells a decoder the
# colours; so it is written exactly where the file had one.
_JFIF = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"

_EXIF_ID = b"Exif\x00\x00"
_ICC_ID = b"ICC_PROFILE\x00"
_ADOBE_SIZE = 12


@dataclass(slots=True)
class _Found:
    """What the walk through the segments has met so far."""

    frame: bytes = b""
    scans: int = 0
    exif: bytes = b""
    jfif: bytes = b""
    adobe: bytes = b""
    profile: dict[int, bytes] = field(default_factory=dict)
    profile_parts: int = 0
    body: list[memoryview] = field(default_factory=list)


def read(data: bytes) -> Anatomy:
    """Take the first image of the file apart. Raises Refused when it is not whole and ordinary."""
    found = _Found()
    for marker, start, end in _segments(data):
        _keep(found, data, marker, start, end)
    if not found.scans:
        raise guard.damaged()
    height, width = struct.unpack_from(">HH", found.frame, 1)
    return Anatomy(
        media_type="image/jpeg",
        width=width,
        height=height,
        space=_SPACES[found.frame[5]],
        exif=found.exif,
        profile=_joined(found),
        head=found.jfif + found.adobe,
        body=found.body,
    )


def write(anatomy: Anatomy, *, orientation: int, profile: bytes) -> bytes:
    """Join the pieces to a file whose only metadata are the orientation and the given profile."""
    turn = b""
    if orientation != exif.UPRIGHT:
        turn = _segment(_APP1, _EXIF_ID + exif.only_orientation(orientation))
    colour = _segment(_APP2, _ICC_ID + b"\x01\x01" + profile) if profile else b""
    # JFIF asks to come first, EXIF asks the same: everybody reads JFIF, EXIF.
    jfif = anatomy.head[: len(_JFIF)] if anatomy.head.startswith(_JFIF) else b""
    adobe = anatomy.head[len(jfif) :]
    return b"".join((SOI, jfif, turn, colour, adobe, *anatomy.body, EOI))


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each segment up to the end of the image; a scan includes its data."""
    at, pieces = len(SOI), 0
    while found := _MARKER.search(data, at):
        marker, start = data[found.end() - 1], found.start()
        if marker == _EOI:
            return
        pieces += 1
        guard.check_pieces(pieces)
        at = found.end()
        if marker not in _STANDALONE:
            at = _end(data, marker, start)
            yield marker, start, at
    raise guard.incomplete()


def _end(data: bytes, marker: int, start: int) -> int:
    """Where the segment ends. Raises Refused when the file ends first."""
    if marker not in _SEGMENTS:  # a second start, or a reserved marker that broken data resembles
        raise guard.damaged()
    length = int.from_bytes(data[start + 2 : start + 4])
    end = start + 2 + length
    if start + 4 > len(data) or end > len(data):
        raise guard.incomplete()
    if length < 2:
        raise guard.damaged()
    if marker != _SOS:
        return end
    scan_end = _END_OF_SCAN.search(data, end)
    if scan_end is None:
        raise guard.incomplete()
    return scan_end.start()


def _keep(found: _Found, data: bytes, marker: int, start: int, end: int) -> None:
    if marker in _METADATA:
        _note(found, marker, data[start + 4 : end])
        return
    if marker in _UNUSUAL:
        raise guard.unusual_jpeg()
    if marker in _FRAMES:
        _check_frame(found, data[start + 4 : end])
    elif marker == _SOS:
        _check_scan(found)
    found.body.append(memoryview(data)[start:end])


def _check_frame(found: _Found, frame: bytes) -> None:
    if found.frame or len(frame) < 6 or len(frame) != 6 + 3 * frame[5]:
        raise guard.damaged()
    if frame[0] != 8 or frame[5] not in _SPACES:  # bits a sample, components
        raise guard.unusual_jpeg()
    height, width = struct.unpack_from(">HH", frame, 1)
    guard.check_size(width, height)
    found.frame = frame


def _check_scan(found: _Found) -> None:
    if not found.frame:
        raise guard.damaged()
    height, width = struct.unpack_from(">HH", found.frame, 1)
    found.scans += 1
    guard.check_scans(found.scans, width * height)


def _note(found: _Found, marker: int, payload: bytes) -> None:
    """Remember what colour, orientation and capture time need; the segment itself is not copied."""
    if found.scans:  # decoders settle colours before the first scan
        return
    if marker == _APP0 and payload.startswith(b"JFIF\x00"):
        found.jfif = _JFIF
    elif marker == _APP14 and payload.startswith(b"Adobe") and len(payload) >= _ADOBE_SIZE:
        found.adobe = _segment(_APP14, payload[:_ADOBE_SIZE])
    elif marker == _APP1 and payload.startswith(_EXIF_ID) and not found.exif:
        found.exif = payload[len(_EXIF_ID) :]
    elif marker == _APP2 and payload.startswith(_ICC_ID) and len(payload) > 14:
        found.profile.setdefault(payload[12], payload[14:])
        found.profile_parts = payload[13]


def _joined(found: _Found) -> bytes:
    """The profile, when all its numbered parts are there."""
    numbers = range(1, found.profile_parts + 1)
    if any(number not in found.profile for number in numbers):
        return b""
    return b"".join(found.profile[number] for number in numbers)


def _segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload
