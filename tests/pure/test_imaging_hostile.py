"""Files made to hurt: what they cost, and what is left of the second file hidden in a photograph.

Each is prepared in a fresh process, whose processor time and peak memory are taken together with
those of the child that decodes.
"""

from __future__ import annotations

import functools
import io
import json
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from tests.pure import imaging_samples as samples
from treatments.imaging import Prepared, prepare

ROOT = Path(__file__).resolve().parents[2]
CPU_SECONDS = 10.0
MEMORY_MIB = 512

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
DAMAGED = "This photo is damaged. Take or choose it again."
INCOMPLETE = "This photo is incomplete. Take or choose it again."
EMPTY = "This file is empty. Take or choose the photo again."
NO_PHOTO = "This file is not a JPEG, PNG or WebP photo."
HIDDEN = "This PNG carries too much hidden text. Save it as a JPEG and choose it again."
TOO_WIDE = (
    "Photo is 40000 × 40000 pixels, the limit is 12000 on a side. "
    "Set the camera to a lower resolution or choose a smaller copy."
)

COST = """
import json, resource, sys
from django.conf import settings
settings.configure(USE_I18N=False)
from clinic.refusal import Refused
from treatments.imaging import prepare
try:
    with open(sys.argv[1], "rb") as file:
        photo = prepare(file)
    told = f"{photo.width} x {photo.height}"
except Refused as refused:
    told = refused.message
"""
USED = """
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps({
    "told": told,
    "cpu_seconds": sum(usage.ru_utime + usage.ru_stime for usage in used),
    "peak_mib": sum(usage.ru_maxrss for usage in used) / 1024,
}))
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What became of one upload: the refusal or the size, and what it took."""

    told: str
    cpu_seconds: float
    peak_mib: float


def cost_of(upload: bytes, folder: Path, script: str = COST) -> Cost:
    path = folder / "photo.jpg"
    path.write_bytes(upload)
    # By way of a shell: the peak of a process starts at that of the one that forks it.
    run = subprocess.run(
        ["sh", "-c", '"$@"; exit $?', "sh", sys.executable, "-c", script + USED, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return Cost(**json.loads(run.stdout))


def png(header: tuple[int, ...], data: bytes, *chunks: bytes) -> bytes:
    """A PNG of width, height, bits, colour type and interlacing, with this compressed data."""
    width, height, bits, colours, interlaced = header
    first = struct.pack(">IIBBBBB", width, height, bits, colours, 0, 0, interlaced)
    body = samples.chunk(b"IDAT", data) + samples.chunk(b"IEND", b"")
    return PNG_MAGIC + samples.chunk(b"IHDR", first) + b"".join(chunks) + body


@functools.cache
def zeros(size: int) -> bytes:
    """As many zero bytes, compressed a megabyte at a time."""
    packer, block = zlib.compressobj(9), bytes(1_000_000)
    packed = [packer.compress(block) for _ in range(size // len(block))]
    return b"".join((*packed, packer.compress(bytes(size % len(block))), packer.flush()))


def jpeg(width: int = 480, height: int = 320, **options: object) -> bytes:
    return samples.encoded(samples.picture(width, height), "JPEG", quality=85, **options)


def in_twenty_scans(width: int, height: int) -> bytes:
    """As many passes over as many pixels as the limits allow: the last scan again and again."""
    flat = Image.new("RGB", (width, height), (200, 150, 130))
    whole = samples.encoded(flat, "JPEG", progressive=True)
    scans = [found.start() for found in re.finditer(rb"\xff\xda", whole)]
    return whole[:-2] + whole[scans[-1] : -2] * (20 - len(scans)) + whole[-2:]


def turned_webp(side: int) -> bytes:
    """Decoded whole, turned and encoded again without loss."""
    grey = Image.effect_noise((side, side), 60).quantize(8).convert("L")
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.merge("RGBA", (grey,) * 4)
    return samples.encoded(image, "WEBP", lossless=True, method=0, quality=0, exif=exif)


def hidden_in_png(chunk: bytes) -> bytes:
    return samples.before_data(samples.encoded(samples.picture(), "PNG"), chunk)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert("SVG-payload")</script></svg>'
HTML = b'<!doctype html><script>alert("HTML-payload")</script>'
PHP = b'<?php system("PHP-payload"); ?>'
PDF = b"%PDF-1.7\n1 0 obj<</Title(PDF-payload)>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("ZIP-payload.txt", "ZIP-payload")
    return file.getvalue()


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "PNG of 40000 px square": (
        lambda: png((40_000, 40_000, 1, 0, 0), zeros(40_000 * 5_001)),
        TOO_WIDE,
    ),
    "zTXt of 1 GB": (
        lambda: hidden_in_png(samples.chunk(b"zTXt", b"Comment\x00\x00" + zeros(10**9))),
        HIDDEN,
    ),
    "iCCP of 1 GB": (
        lambda: hidden_in_png(samples.chunk(b"iCCP", b"sRGB\x00\x00" + zeros(10**9))),
        HIDDEN,
    ),
    "truncated JPEG": (lambda: jpeg(4000, 3000)[:30_000], INCOMPLETE),
    "truncated PNG": (lambda: png((4000, 4000, 8, 2, 0), zeros(48_004_000))[:-30], INCOMPLETE),
    "empty": (lambda: b"", EMPTY),
    "SVG": (lambda: SVG, NO_PHOTO),
    "HTML, then a JPEG": (lambda: HTML + jpeg(), NO_PHOTO),
    "PHP, then a JPEG": (lambda: PHP + jpeg(), NO_PHOTO),
    "ZIP, then a JPEG": (lambda: archive() + jpeg(), NO_PHOTO),
    "PDF, then a JPEG": (lambda: PDF + jpeg(), NO_PHOTO),
}


@pytest.mark.parametrize("name", REFUSED)
def test_hostile_file_is_refused_and_costs_little(name: str, tmp_path: Path) -> None:
    build, sentence = REFUSED[name]
    cost = cost_of(build(), tmp_path)
    assert cost.told == sentence
    assert cost.cpu_seconds <= CPU_SECONDS
    assert cost.peak_mib <= MEMORY_MIB


# Within every limit, and as dear as that can be.
DEAR: dict[str, tuple[Callable[[], bytes], str]] = {
    "50 megapixels in twenty scans": (lambda: in_twenty_scans(8000, 6250), "8000 x 6250"),
    "50 megapixels that need a colour table": (
        lambda: jpeg(8000, 6250, icc_profile=samples.profile(more={b"A2B0": b"mft2" + bytes(99)})),
        "8000 x 6250",
    ),
    "16 megapixels of 64 bits, interlaced": (
        lambda: png((4000, 4000, 16, 6, 1), zeros(4000 * 32_000 + 40_000)),
        "4000 x 4000",
    ),
    "16 megapixels to be turned without loss": (lambda: turned_webp(4000), "4000 x 4000"),
    "1 GB behind 100 px square": (lambda: png((100, 100, 8, 2, 0), zeros(10**9)), "100 x 100"),
}


@pytest.mark.parametrize("name", DEAR)
def test_dearest_file_that_is_accepted_keeps_within_the_bounds(name: str, tmp_path: Path) -> None:
    build, size = DEAR[name]
    cost = cost_of(build(), tmp_path)
    assert cost.told == size
    assert cost.cpu_seconds <= CPU_SECONDS
    assert cost.peak_mib <= MEMORY_MIB


def test_control_a_process_that_takes_more_is_seen(tmp_path: Path) -> None:
    hungry = """
import json, resource, subprocess, sys
grow = [sys.executable, "-c", "bytearray(b'1') * 600_000_000"]
told = str(subprocess.run(grow).returncode)
"""
    cost = cost_of(b"", tmp_path, hungry)
    assert cost.told == "0"
    assert cost.peak_mib > MEMORY_MIB


# A second file inside a photograph: the photograph is taken, nothing of the other one stays


def commented(payload: bytes) -> bytes:
    """In a comment and in a segment of an application that nobody knows."""
    return samples.after_start(
        jpeg(), samples.segment(0xFE, payload), samples.segment(0xEB, b"JP" + payload)
    )


def trailing(payload: bytes) -> bytes:
    return jpeg() + payload


POLYGLOTS = {
    "HTML": HTML,
    "PHP": PHP,
    "ZIP": archive(),
    "PDF": PDF,
    "SVG": SVG,
}
PLACES = {
    "in segments": commented,
    "after the end": trailing,
    "between segments": lambda payload: samples.after_start(jpeg(), payload),
    "in a PNG": lambda payload: hidden_in_png(samples.chunk(b"tEXt", b"Comment\x00" + payload)),
    "after a PNG": lambda payload: samples.encoded(samples.picture(), "PNG") + payload,
    "after a WebP": lambda payload: samples.encoded(samples.picture(), "WEBP") + payload,
}


def files_of(photo: Prepared) -> tuple[bytes, ...]:
    return photo.master, photo.large, photo.small


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", POLYGLOTS)
def test_second_file_in_a_photograph_is_gone(name: str, place: str) -> None:
    upload = PLACES[place](POLYGLOTS[name])
    mark = f"{name}-payload".encode()
    assert mark in upload
    photo = prepare(io.BytesIO(upload), isolated=False)
    assert [file for file in files_of(photo) if mark in file] == []
    assert samples.is_upright(photo.master)


def test_zip_that_opens_as_a_photograph_is_a_photograph_only() -> None:
    upload = trailing(archive())
    assert zipfile.is_zipfile(io.BytesIO(upload))
    photo = prepare(io.BytesIO(upload))
    assert [file for file in files_of(photo) if zipfile.is_zipfile(io.BytesIO(file))] == []


@pytest.mark.parametrize("name", ["HTML", "PHP", "ZIP", "PDF", "SVG"])
def test_polyglot_costs_no_more_than_a_photograph(name: str, tmp_path: Path) -> None:
    cost = cost_of(trailing(POLYGLOTS[name] * 1000), tmp_path)
    assert cost.told == "480 x 320"
    assert cost.cpu_seconds <= CPU_SECONDS
    assert cost.peak_mib <= MEMORY_MIB
