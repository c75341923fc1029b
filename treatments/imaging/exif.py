"""The two facts of EXIF that outlive it: which way is up, and when the photo was taken.

A reader of its own because it is total: whatever the bytes, it answers, and it looks at two tags
only. Source: CIPA DC-008 (Exif 2.32), sections 4.5 and 4.6.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

ORIENTATION = 0x0112
EXIF_IFD = 0x8769
DATE_TIME_ORIGINAL = 0x9003
UPRIGHT = 1
SIDEWAYS = frozenset({5, 6, 7, 8})

ByteOrder = Literal["<", ">"]
_ORDERS: dict[bytes, ByteOrder] = {b"II*\x00": "<", b"MM\x00*": ">"}
MARKER = b"Exif\x00\x00"  # before the TIFF block of a JPEG
_INTEGERS = {1: "B", 3: "H", 4: "I"}
_ASCII = 2


@dataclass(frozen=True, slots=True)
class Capture:
    """How the camera was held (EXIF orientation 1 to 8) and its local clock; None when not told."""

    orientation: int = UPRIGHT
    taken_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Entry:
    tag: int
    kind: int
    count: int
    at: int  # where the four value-or-offset bytes stand in the block


def read(tiff: bytes) -> Capture:
    """Read orientation and capture time from a TIFF block. Never raises."""
    order = _ORDERS.get(tiff[:4])
    if order is None:
        return Capture()
    main = {entry.tag: entry for entry in _entries(tiff, order, _integer(tiff, order + "I", 4))}
    orientation = _value(tiff, order, main.get(ORIENTATION))
    camera = _entries(tiff, order, _value(tiff, order, main.get(EXIF_IFD)))
    return Capture(
        orientation=orientation if 1 <= orientation <= 8 else UPRIGHT,
        taken_at=next(
            (_moment(tiff, order, entry) for entry in camera if entry.tag == DATE_TIME_ORIGINAL),
            None,
        ),
    )


def taken_at_in(head: bytes) -> datetime | None:
    """Read the capture time from the first bytes of a JPEG, 64 kB or more of it. Never raises."""
    at = head.find(MARKER) if head.startswith(b"\xff\xd8") else -1
    return None if at < 0 else read(head[at + len(MARKER) :]).taken_at


def only_orientation(orientation: int) -> bytes:
    """Write the smallest TIFF block that turns a picture: 26 bytes, one entry."""
    header = b"II*\x00" + struct.pack("<I", 8)
    return header + struct.pack("<HHHIHHI", 1, ORIENTATION, 3, 1, orientation, 0, 0)


def _entries(tiff: bytes, order: ByteOrder, at: int) -> Iterator[_Entry]:
    if at < 8:  # inside the header: no directory
        return
    count = _integer(tiff, order + "H", at)
    last = min(at + 2 + 12 * count, len(tiff) - 11)
    for entry_at in range(at + 2, last, 12):
        tag, kind, values = struct.unpack_from(order + "HHI", tiff, entry_at)
        yield _Entry(tag, kind, values, entry_at + 8)


def _value(tiff: bytes, order: ByteOrder, entry: _Entry | None) -> int:
    if entry is None or entry.kind not in _INTEGERS:
        return 0
    return _integer(tiff, order + _INTEGERS[entry.kind], entry.at)


def _integer(tiff: bytes, layout: str, at: int) -> int:
    if at + struct.calcsize(layout) > len(tiff):
        return 0
    value: int = struct.unpack_from(layout, tiff, at)[0]
    return value


def _moment(tiff: bytes, order: ByteOrder, entry: _Entry) -> datetime | None:
    if entry.kind != _ASCII or entry.count < 19:
        return None
    start = _integer(tiff, order + "I", entry.at)
    text = tiff[start : start + 19].decode("ascii", errors="replace")
    try:
        return datetime.strptime(text, "%Y:%m:%d %H:%M:%S")
    except ValueError:  # "0000:00:00 00:00:00" and blanks: the camera's clock was never set
        return None
