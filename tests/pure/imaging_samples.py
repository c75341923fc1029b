"""Photographs and hostile files for the imaging tests, built here byte by byte."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

from PIL import Image

CANARY = b"CANARY-7f3a"
XMP_ID = b"http://ns.adobe.com/xap/1.0/\x00"

# A picture that no turn or flip leaves alike: one colour per corner.
CORNERS = {
    (0, 0): (220, 40, 40),
    (1, 0): (40, 200, 60),
    (0, 1): (50, 60, 220),
    (1, 1): (230, 220, 60),
}

# How a file must store an upright picture so that this EXIF orientation shows it upright again.
STORED_AS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def picture(width: int = 480, height: int = 320) -> Image.Image:
    """Four corners of different colour, upright."""
    small = Image.new("RGB", (2, 2))
    for at, colour in CORNERS.items():
        small.putpixel(at, colour)
    return small.resize((width, height), Image.Resampling.NEAREST)


def corners_of(image: Image.Image) -> dict[tuple[int, int], tuple[int, ...]]:
    """The colour in the middle of each quarter."""
    width, height = image.size
    rgb = image.convert("RGB")
    return {
        (x, y): rgb.getpixel(((1 + 2 * x) * width // 4, (1 + 2 * y) * height // 4))
        for x, y in CORNERS
    }


def is_upright(data: bytes, tolerance: int = 12) -> bool:
    """Whether the decoded pixels, orientation ignored, are the upright picture."""
    found = corners_of(opened(data))
    return all(
        abs(a - b) <= tolerance
        for at, colour in CORNERS.items()
        for a, b in zip(found[at], colour, strict=True)
    )


def opened(data: bytes) -> Image.Image:
    """Decode to the end."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """Encode with Pillow."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def stored(orientation: int, kind: str = "JPEG", **options: object) -> bytes:
    """The upright picture, stored turned, with the EXIF orientation that turns it back."""
    turn = STORED_AS[orientation]
    image = picture() if turn is None else picture().transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(image, kind, exif=exif, **options)


def tiff(*, order: str = "<", orientation: int = 1, taken: bytes = b"2024:03:05 14:15:16") -> bytes:
    """An EXIF block with orientation, capture time, GPS, a maker note and a thumbnail with canaries."""
    magic = b"II*\x00" if order == "<" else b"MM\x00*"
    gps, thumbnail = CANARY + b"-GPS", b"\xff\xd8" + CANARY + b"-THUMB\xff\xd9"
    maker, taken = CANARY + b"-MAKER", taken.ljust(20, b"\x00")
    camera_at = 8 + 2 + 12 * 3 + 4
    gps_at = camera_at + 2 + 12 * 2 + 4
    next_at = gps_at + 2 + 12 + 4
    data_at = next_at + 2 + 12 * 2 + 4
    taken_at, maker_at = data_at, data_at + 20
    area_at = maker_at + len(maker)
    thumb_at = area_at + len(gps)

    def directory(*entries: tuple[int, int, int, bytes], following: int = 0) -> bytes:
        body = b"".join(struct.pack(order + "HHI", *entry[:3]) + entry[3] for entry in entries)
        return struct.pack(order + "H", len(entries)) + body + struct.pack(order + "I", following)

    def long(value: int) -> bytes:
        return struct.pack(order + "I", value)

    short = struct.pack(order + "HH", orientation, 0)
    return b"".join(
        (
            magic + long(8),
            directory(
                (0x0112, 3, 1, short),
                (0x8769, 4, 1, long(camera_at)),
                (0x8825, 4, 1, long(gps_at)),
                following=next_at,
            ),
            directory((0x9003, 2, 20, long(taken_at)), (0x927C, 7, len(maker), long(maker_at))),
            directory((0x001C, 7, len(gps), long(area_at))),
            directory((0x0201, 4, 1, long(thumb_at)), (0x0202, 4, 1, long(len(thumbnail)))),
            taken + maker + gps + thumbnail,
        )
    )


def segment(marker: int, payload: bytes) -> bytes:
    """One JPEG segment."""
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def chunk(name: bytes, payload: bytes) -> bytes:
    """One PNG chunk."""
    return (
        struct.pack(">I4s", len(payload), name)
        + payload
        + struct.pack(">I", zlib.crc32(name + payload))
    )


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    """A WebP container."""
    content = b"WEBP" + b"".join(
        name + struct.pack("<I", len(payload)) + payload + bytes(len(payload) % 2)
        for name, payload in chunks
    )
    return b"RIFF" + struct.pack("<I", len(content)) + content


def after_start(jpeg: bytes, *segments: bytes) -> bytes:
    """The JPEG with more segments after its first (SOI and JFIF)."""
    at = 4 + int.from_bytes(jpeg[4:6])
    return jpeg[:at] + b"".join(segments) + jpeg[at:]


def before_data(png: bytes, *chunks: bytes) -> bytes:
    """The PNG with more chunks right after its header."""
    return png[:33] + b"".join(chunks) + png[33:]


def talkative_jpeg(**options: object) -> bytes:
    """A JPEG with a canary in every place where metadata can live."""
    return after_start(
        encoded(picture(), "JPEG", quality=90, **options),
        segment(0xE0, b"JFXX\x00\x10" + CANARY),
        segment(0xE1, b"Exif\x00\x00" + tiff(orientation=1)),
        segment(0xE1, XMP_ID + b"<x:xmpmeta>" + CANARY + b"</x:xmpmeta>"),
        segment(0xE2, b"urn:iso:std:iso:ts:21496:-1\x00" + CANARY),
        segment(0xE2, b"ICC_PROFILE\x00\x01\x01" + profile()),
        segment(0xE3, b"META\x00\x00" + CANARY),
        segment(0xEB, b"JP" + CANARY),
        segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04" + CANARY),
        segment(0xEF, CANARY),
        segment(0xFE, CANARY + b" taken at home"),
        CANARY,  # bytes between two segments, which decoders skip
    ) + (CANARY + b" after the end")


def talkative_png(**options: object) -> bytes:
    """A PNG with a canary in every ancillary chunk."""
    return (
        before_data(
            encoded(picture(), "PNG", **options),
            chunk(b"iCCP", b"secret\x00\x00" + zlib.compress(profile())),
            chunk(b"tEXt", b"Comment\x00" + CANARY),
            chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(CANARY)),
            chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x00\x00\x00\x00" + CANARY),
            chunk(b"iTXt", b"Comment\x00\x01\x00\x00\x00" + zlib.compress(CANARY)),
            chunk(b"eXIf", tiff()),
            chunk(b"tIME", b"\x07\xe8\x03\x05\x0e\x0f\x10"),
            chunk(b"prVt", CANARY),
        )
        + CANARY
    )


def talkative_webp(**options: object) -> bytes:
    """A WebP with profile, EXIF, XMP, an unknown chunk and a tail."""
    size = (479).to_bytes(3, "little") + (319).to_bytes(3, "little")
    image = encoded(picture(), "WEBP", **options)[12:]
    name, payload = image[:4], image[8 : 8 + int.from_bytes(image[4:8], "little")]
    return (
        riff(
            (b"VP8X", bytes((0x20 | 0x08 | 0x04, 0, 0, 0)) + size),
            (b"ICCP", profile()),
            (name, payload),
            (b"EXIF", b"Exif\x00\x00" + tiff()),
            (b"XMP ", CANARY),
            (b"PRVT", CANARY),
        )
        + CANARY
    )


def fixed(number: float) -> bytes:
    """An ICC s15Fixed16Number."""
    return struct.pack(">i", round(number * 65536))


P3_PRIMARIES = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
SRGB_PRIMARIES = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
SRGB_CURVE = b"para\x00\x00\x00\x00\x00\x03\x00\x00" + b"".join(
    map(fixed, (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))
)


def gamma(value: float) -> bytes:
    """A one-entry ICC curve."""
    return b"curv\x00\x00\x00\x00\x00\x00\x00\x01" + struct.pack(">H", round(value * 256))


def profile(
    primaries: tuple[tuple[float, ...], ...] = P3_PRIMARIES,
    curve: bytes = SRGB_CURVE,
    *,
    space: bytes = b"RGB ",
    more: dict[bytes, bytes] | None = None,
) -> bytes:
    """An ICC profile with canaries in its name, its copyright, its header and a private tag."""
    tags = {
        b"desc": b"desc\x00\x00\x00\x00" + struct.pack(">I", 12) + CANARY + bytes(90),
        b"cprt": b"text\x00\x00\x00\x00" + CANARY,
        b"prvt": CANARY + curve,
        b"wtpt": b"XYZ \x00\x00\x00\x00" + b"".join(map(fixed, (0.9642, 1, 0.8249))),
        **{
            name: b"XYZ \x00\x00\x00\x00" + b"".join(map(fixed, column))
            for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True)
        },
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
        **(more or {}),
    }
    if space == b"GRAY":
        tags = {name: tags[name] for name in (b"desc", b"cprt", b"wtpt")} | {b"kTRC": curve}
    table, data, start = b"", b"", 132 + 12 * len(tags)
    for name, tag in tags.items():
        table += struct.pack(">4sII", name, start + len(data), len(tag))
        data += tag + bytes(-len(tag) % 4)
    header = struct.pack(">I4xI4s4s4s", start + len(data), 0x02400000, b"mntr", space, b"XYZ ")
    header += struct.pack(">6H", 2024, 3, 5, 14, 15, 16) + b"acsp" + bytes(8) + CANARY[:4]
    header = header.ljust(68, b"\x00") + b"".join(map(fixed, (0.9642, 1, 0.8249)))
    return header.ljust(128, b"\x00") + struct.pack(">I", len(tags)) + table + data


def png_of(width: int, height: int, *chunks: bytes, data: bytes = b"") -> bytes:
    """A grey PNG whose header may promise more than the data hold."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    body = b"".join(chunks) + chunk(b"IDAT", data or zlib.compress(bytes((width + 1) * height)))
    return b"\x89PNG\r\n\x1a\n" + header + body + chunk(b"IEND", b"")


def with_scans(scans: int) -> bytes:
    """A progressive JPEG that repeats one of its scans."""
    data = encoded(picture(64, 48), "JPEG", progressive=True)
    first = data.index(b"\xff\xda")
    second = data.index(b"\xff", first + 14)
    while data[second + 1] == 0:
        second = data.index(b"\xff", second + 1)
    return data[:second] + data[first:second] * scans + data[second:]


def mpo(first: Image.Image, second: Image.Image) -> bytes:
    """Two frames in one file, as stereo and HDR phones write them."""
    return encoded(first, "MPO", save_all=True, append_images=[second])


Build = Callable[[], bytes]
