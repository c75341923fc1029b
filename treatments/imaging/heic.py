"""What a HEIC file says about itself, read from its boxes without a decoder.

HEIC is taken only where pillow-heif is installed (requirements-heic.txt), and its decoder is called
by nobody but the child process: it is the youngest of the decoders and has been broken into. Here
the announced sizes are held against the limits, and the capture time is read. Which way is up the
decoder says, by the file's own boxes; EXIF repeats it and is not asked.
Source: ISO/IEC 14496-12 (boxes), ISO/IEC 23008-12 (items and their properties).
"""

from __future__ import annotations

import functools
import re
import struct
from collections.abc import Iterator
from datetime import datetime

from treatments.imaging import exif, guard

OLDEST = (1, 8, 1)  # the first pillow-heif whose decoder has the repairs of 2026

_DECODABLE = frozenset({b"hvc1", b"grid"})  # a picture in HEVC, or tiles of such
_META_HEAD, _LONG_HEAD = 4, 16  # version and flags; a box whose size needs 64 bits

Boxes = list[tuple[bytes, int, int]]


@functools.cache
def is_on() -> bool:
    """Whether HEIC photos are taken: asked without loading the decoder."""
    from importlib import metadata  # here, because the child process never asks

    try:
        found = metadata.version("pillow-heif")
    except metadata.PackageNotFoundError:
        return False
    return tuple(map(int, re.findall(r"\d+", found)[:3])) >= OLDEST


def check(data: bytes) -> datetime | None:
    """Return the capture time, None when the file does not tell one.

    Raises Refused unless every picture in the file keeps within the limits, and the one to be shown
    is a still that the decoder is meant for.
    """
    top = {name: (start, end) for name, start, end in _boxes(data, 0, len(data))}
    meta_start, meta_end = top.get(b"meta", (0, 0))
    meta = {
        name: (start, end) for name, start, end in _boxes(data, meta_start + _META_HEAD, meta_end)
    }
    try:
        types = _item_types(data, *meta[b"iinf"])
        if types.get(_primary(data, *meta[b"pitm"])) not in _DECODABLE:
            raise guard.damaged()
        _check_sizes(data, *meta[b"iprp"])
        return _taken_at(data, types, meta.get(b"iloc"))
    except (KeyError, IndexError, struct.error):  # a box is missing, or shorter than its fields
        raise guard.damaged() from None


def _boxes(data: bytes, at: int, last: int) -> Boxes:
    """Name, start and end of each box's payload. Raises Refused where one reaches beyond `last`."""
    found: Boxes = []
    while at + 8 <= last:
        size, name = struct.unpack_from(">I4s", data, at)
        start = at + 8
        if size == 1 and at + _LONG_HEAD <= last:
            size, start = struct.unpack_from(">Q", data, start)[0], at + _LONG_HEAD
        end = at + size if size else last  # zero: the rest
        if end < start:
            raise guard.damaged()
        if end > last:
            raise guard.incomplete()
        guard.check_pieces(len(found))
        found.append((name, start, end))
        at = end
    if at < last:
        raise guard.incomplete()
    return found


def _primary(data: bytes, start: int, end: int) -> int:
    return _number(data, start + 4, 4 if data[start] else 2, end)


def _item_types(data: bytes, start: int, end: int) -> dict[int, bytes]:
    """The type of each item by its number."""
    types = {}
    head = 8 if data[start] else 6
    for name, at, last in _boxes(data, start + head, end):
        version = data[at]
        if name == b"infe" and version in {2, 3}:
            size = 2 if version == 2 else 4
            number = _number(data, at + 4, size, last)
            types[number] = data[at + 6 + size : min(at + 10 + size, last)]
    return types


def _check_sizes(data: bytes, start: int, end: int) -> None:
    """Hold the size of every picture, tile and thumbnail against the limits."""
    properties = {name: (at, last) for name, at, last in _boxes(data, start, end)}
    sizes = [box for box in _boxes(data, *properties[b"ipco"]) if box[0] == b"ispe"]
    for _name, at, last in sizes:
        width, height = (_number(data, at + field, 4, last) for field in (4, 8))
        guard.check_size(width, height, pixels=guard.MAX_PIXELS_HEIC)
    if not sizes:
        raise guard.damaged()


def _taken_at(
    data: bytes, types: dict[int, bytes], where: tuple[int, int] | None
) -> datetime | None:
    """The time in the file's EXIF, when that lies in one piece."""
    wanted = next((number for number, kind in types.items() if kind == b"Exif"), None)
    for number, at, length in _places(data, *where) if where else ():
        if number == wanted:
            block = data[at : at + length]
            skipped = int.from_bytes(block[:4])  # up to the TIFF header
            return exif.read(block[4 + skipped :]).taken_at
    return None


def _places(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Number, offset in the file and length of each item that is one piece of the file itself."""
    version = data[start]
    offset_size, length_size = data[start + 4] >> 4, data[start + 4] & 15
    base_size, index_size = data[start + 5] >> 4, data[start + 5] & 15
    number_size = 4 if version == 2 else 2
    at, pieces = start + 6 + number_size, 0
    while at < end:
        pieces += 1
        guard.check_pieces(pieces)
        number = _number(data, at, number_size, end)
        at += number_size
        method = 0
        if version:
            method = _number(data, at, 2, end) & 15
            at += 2
        else:
            index_size = 0
        base = _number(data, at + 2, base_size, end)
        at += 2 + base_size
        extents = _number(data, at, 2, end)
        at += 2
        offset = _number(data, at + index_size, offset_size, end)
        length = _number(data, at + index_size + offset_size, length_size, end)
        at += extents * (index_size + offset_size + length_size)
        if method == 0 and extents == 1:
            yield number, base + offset, length


def _number(data: bytes, at: int, size: int, end: int) -> int:
    """A big-endian number; struct.error when it does not lie before `end`."""
    if at + size > end:
        raise struct.error
    return int.from_bytes(data[at : at + size])
