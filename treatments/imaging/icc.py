"""Keep a photo's colours without keeping its colour profile.

A profile is a container: names, copyright, device serial numbers and private tags travel in it. So
none is copied. Three outcomes, decided by what the profile *says about colour*, never by its name:

* its primaries and curve are those of sRGB, or it cannot be read, or it is meant for another kind
  of picture: dropped, because untagged pixels are shown as sRGB;
* three primaries and a curve (Display P3, Adobe RGB, every phone): written anew from those numbers
  alone, under a name of ours, at most MAX_KEPT bytes. The master's pixels stay untouched;
* anything else (look-up tables, grey, CMYK, large measured curves): the pixels are converted to
  sRGB and the master is encoded once more.

Source: ICC.1:2022, sections 7.2 (header), 9.2 (tags), 10.6, 10.18, 10.31 (types).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from treatments.imaging.anatomy import ColourSpace
from treatments.imaging.guard import MAX_INFLATED

MAX_KEPT = 4096
HEADER_SIZE = 128

_D50 = struct.pack(">iii", 0xF6D6, 0x10000, 0xD32D)
_PRIMARIES = (b"rXYZ", b"gXYZ", b"bXYZ")
_CURVES = (b"rTRC", b"gTRC", b"bTRC")
_LOOK_UP_TABLES = (b"A2B0", b"A2B1", b"A2B2", b"D2B0", b"D2B1", b"D2B2", b"D2B3")
_PARAMETERS = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}  # of a parametric curve, by its function type

# Columns of the sRGB matrix adapted to D50 (IEC 61966-2-1) and the middle of its curve.
_SRGB_PRIMARIES = (0.4361, 0.2225, 0.0139, 0.3851, 0.7169, 0.0971, 0.1431, 0.0606, 0.7141)
_SRGB_MIDDLE = 0.2140
_SAME = 0.002

Tags = dict[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Colour:
    """How to treat a photo's colours.

    `source`: the profile its pixels are in, b"" for sRGB. `kept`: the profile to write into the
    master, b"" for none. `is_convertible_only`: the master must be encoded anew, in sRGB.
    """

    source: bytes = b""
    kept: bytes = b""
    is_convertible_only: bool = False


SRGB = Colour()


def colour_of(profile: bytes, space: ColourSpace) -> Colour:
    """Decide how to treat pixels of this space that came with this profile. Never raises."""
    if not _is_readable(profile, space):
        return SRGB
    tags = _tags(profile)
    numbers = _numbers(tags) if space == "RGB " else None
    if numbers is None:
        return Colour(source=profile, is_convertible_only=True)
    if _is_srgb(numbers):
        return SRGB
    written = _write(numbers)
    if len(written) > MAX_KEPT:
        return Colour(source=written, is_convertible_only=True)
    return Colour(source=written, kept=written)


def _is_readable(profile: bytes, space: ColourSpace) -> bool:
    is_profile = HEADER_SIZE < len(profile) <= MAX_INFLATED and profile[36:40] == b"acsp"
    return is_profile and profile[16:20] == space.encode()


def _tags(profile: bytes) -> Tags:
    """The tag table; entries that point outside the profile are left out."""
    tags: Tags = {}
    last = min(HEADER_SIZE + 4 + 12 * _count(profile, HEADER_SIZE), len(profile) - 11)
    for at in range(HEADER_SIZE + 4, last, 12):
        name, start, size = struct.unpack_from(">4sII", profile, at)
        if start + size <= len(profile):
            tags.setdefault(name, profile[start : start + size])
    return tags


def _count(data: bytes, at: int) -> int:
    count: int = struct.unpack_from(">I", data, at)[0] if at + 4 <= len(data) else 0
    return min(count, 100)  # real profiles have about 20 tags


def _numbers(tags: Tags) -> Tags | None:
    """Primaries and curves cut to their exact length, or None when that is not all of the colour."""
    if any(name in tags for name in _LOOK_UP_TABLES):
        return None
    primaries = {name: _xyz(tags.get(name, b"")) for name in _PRIMARIES}
    curves = {name: _curve(tags.get(name, b"")) for name in _CURVES}
    numbers = primaries | curves
    return numbers if all(numbers.values()) else None


def _xyz(tag: bytes) -> bytes:
    return b"XYZ " + bytes(4) + tag[8:20] if len(tag) >= 20 and tag[:4] == b"XYZ " else b""


def _curve(tag: bytes) -> bytes:
    if len(tag) < 12:
        return b""
    if tag[:4] == b"curv":
        entries = struct.unpack_from(">I", tag, 8)[0]
        return _exactly(tag, 12 + 2 * entries, keep=12)
    if tag[:4] == b"para":
        function = struct.unpack_from(">H", tag, 8)[0]
        return _exactly(tag, 12 + 4 * _PARAMETERS.get(function, len(tag)), keep=10)
    return b""


def _exactly(tag: bytes, size: int, *, keep: int) -> bytes:
    """The first `size` bytes with the reserved ones zeroed (4 to 8, and from `keep` to 12)."""
    if len(tag) < size:
        return b""
    return tag[:4] + bytes(4) + tag[8:keep] + bytes(12 - keep) + tag[12:size]


def _is_srgb(numbers: Tags) -> bool:
    found = [
        value / 65536 for name in _PRIMARIES for value in struct.unpack(">iii", numbers[name][8:20])
    ]
    has_primaries = all(abs(a - b) < _SAME for a, b in zip(found, _SRGB_PRIMARIES, strict=True))
    return has_primaries and all(
        abs(_middle(numbers[name]) - _SRGB_MIDDLE) < _SAME for name in _CURVES
    )


def _middle(curve: bytes) -> float:
    """The linear light (0 to 1) of the encoded value 0.5."""
    if curve[:4] == b"curv":
        entries = struct.unpack(f">{(len(curve) - 12) // 2}H", curve[12:])
        if not entries:
            return 0.5
        if len(entries) == 1:
            return float(0.5 ** (entries[0] / 256))
        lower, upper = entries[(len(entries) - 1) // 2], entries[len(entries) // 2]
        return float((lower + upper) / 2 / 65535)
    function = struct.unpack_from(">H", curve, 8)[0]
    gamma, *rest = (v / 65536 for v in struct.unpack(f">{(len(curve) - 12) // 4}i", curve[12:]))
    if function == 0:
        return float(0.5**gamma)
    slope, offset, *_ = rest
    light = (0.5 * slope + offset) ** gamma if 0.5 * slope + offset > 0 else 0.0
    return float(light)


def _write(numbers: Tags) -> bytes:
    """A version 4 display profile made of the numbers alone."""
    tags = {
        b"desc": _text("RGB"),
        b"cprt": _text("CC0"),
        b"wtpt": b"XYZ " + bytes(4) + _D50,
        **numbers,
    }
    table, data = b"", b""
    start = HEADER_SIZE + 4 + 12 * len(tags)
    for name, tag in tags.items():
        shared = data.find(tag)  # the three curves are most often one
        at = shared if shared >= 0 and shared % 4 == 0 else len(data)
        table += struct.pack(">4sII", name, start + at, len(tag))
        if at == len(data):
            data += tag + bytes(-len(tag) % 4)
    return _header(start + len(data)) + struct.pack(">I", len(tags)) + table + data


def _header(size: int) -> bytes:
    return (
        struct.pack(">I4xI4s4s4s", size, 0x04200000, b"mntr", b"RGB ", b"XYZ ")
        + struct.pack(">6H4s", 2000, 1, 1, 0, 0, 0, b"acsp")
        + bytes(28)
        + _D50
        + bytes(48)
    )


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return struct.pack(">4s4xII2s2sII", b"mluc", 1, 12, b"en", b"US", len(encoded), 28) + encoded
