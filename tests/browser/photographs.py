"""Photographs to upload: real ones where CORPUS_DIR names them, else drawn ones."""

from __future__ import annotations

import io
import os
from pathlib import Path

from PIL import Image

DRAWN = Path(__file__).parents[2] / "desk" / "demo" / "photos"
REAL = (
    "exif-samples/jpg/hdr/iphone_hdr_NO.jpg",
    "exif-samples/jpg/mobile/HMD_Nokia_8.3_5G.jpg",
    "exif-samples/jpg/orientation/portrait_6.jpg",
    "immich-test-assets/formats/webp/denali.webp",
)
VIEWS = ("back_relaxed", "back_contracted", "left_relaxed", "right_relaxed")
ORIENTATION, GPS, LATITUDE_REF, LATITUDE = 0x0112, 0x8825, 1, 2


def four(folder: Path) -> dict[str, Path]:
    """Return a file for each standard view; the first one is turned and knows where it was taken."""
    corpus = os.environ.get("CORPUS_DIR")
    if corpus:
        files = [Path(corpus) / "photos" / name for name in REAL]
    else:
        files = [DRAWN / f"body1-{view}-0.jpg" for view in VIEWS]
    turned = folder / "turned-with-gps.jpg"
    turned.write_bytes(turn(files[0].read_bytes()))
    return dict(zip(VIEWS, [turned, *files[1:]], strict=True))


def another_day(files: dict[str, Path], folder: Path) -> dict[str, Path]:
    """Return the same pictures as other files: one file is one view of one day."""
    made = {}
    for view, path in files.items():
        made[view] = folder / f"{view}-another-day.jpg"
        with Image.open(path) as opened:
            exif = opened.info.get("exif", b"")
            opened.convert("RGB").save(made[view], "JPEG", quality=88, exif=exif)
    return made


def turn(photograph: bytes) -> bytes:
    """Mark a JPEG as lying on its side (orientation 6) and give it a place, pixels untouched."""
    with Image.open(io.BytesIO(photograph)) as opened:
        exif = opened.getexif()
    exif[ORIENTATION] = 6
    exif.get_ifd(GPS).setdefault(LATITUDE_REF, "N")
    exif.get_ifd(GPS).setdefault(LATITUDE, (51.0, 30.0, 0.0))
    body = exif.tobytes()
    if not body.startswith(b"Exif\0\0"):
        body = b"Exif\0\0" + body
    segment = b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body
    return photograph[:2] + segment + without_exif(photograph)[2:]


def without_exif(photograph: bytes) -> bytes:
    """Drop the EXIF segments before the first table, so that ours is the only one."""
    at, kept = 2, photograph[:2]
    while photograph[at] == 0xFF and 0xE0 <= photograph[at + 1] <= 0xEF:
        size = 2 + int.from_bytes(photograph[at + 2 : at + 4], "big")
        if photograph[at + 4 : at + 8] != b"Exif":
            kept += photograph[at : at + size]
        at += size
    return kept + photograph[at:]
