"""HEIC, off and on: its boxes are judged here, its pixels decoded in the child and nowhere else."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import subprocess
import sys
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from clinic.refusal import Refused
from tests.pure import imaging_samples as samples
from tests.pure.real_photos import CORPUS
from treatments import imaging
from treatments.imaging import heic, prepare

ROOT = Path(__file__).resolve().parents[2]
DAMAGED = "This photo is damaged. Take or choose it again."
INCOMPLETE = "This photo is incomplete. Take or choose it again."
ADVICE = (
    "This is an iPhone HEIC photo. Take it with the camera button, "
    "or choose 'Most compatible' in Settings > Camera > Formats."
)
NOT_SAFE = "This photo cannot be decoded safely. Save it as an ordinary JPEG and choose it again."
SMALLER = "Set the camera to a lower resolution or choose a smaller copy."

FILES = sorted(path for path in CORPUS.rglob("*.[hH][eE][iI]*")) if CORPUS else []
needs_files = pytest.mark.skipif(
    not FILES, reason="CORPUS_DIR does not name a folder with HEIC photographs"
)
needs_decoder = pytest.mark.skipif(
    not heic.is_on(), reason="pillow-heif is not installed (requirements-heic.txt)"
)


@pytest.fixture
def _on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imaging, "is_heic_on", lambda: True)


def refusal(data: bytes) -> str:
    with pytest.raises(Refused) as refused:
        prepare(io.BytesIO(data))
    return refused.value.message


def box(name: bytes, *parts: bytes) -> bytes:
    payload = b"".join(parts)
    return struct.pack(">I4s", 8 + len(payload), name) + payload


def full(name: bytes, *parts: bytes, version: int = 0) -> bytes:
    return box(name, bytes((version, 0, 0, 0)), *parts)


def number(value: int) -> bytes:
    return struct.pack(">I", value)


def item(index: int, kind: bytes) -> bytes:
    return full(b"infe", struct.pack(">HH4s", index, 0, kind), b"\x00", version=2)


TIFF = samples.tiff(taken=b"2026:11:20 09:30:00")


def heic_file(
    *,
    sizes: tuple[tuple[int, int], ...] = ((4032, 3024),),
    kind: bytes = b"hvc1",
    brand: bytes = b"heic",
    exif: bytes = b"\x00\x00\x00\x06Exif\x00\x00" + TIFF,
    left_out: bytes = b"",
    extent: tuple[int, int] | None = None,
) -> bytes:
    """A HEIC without pixels; `extent` is where its EXIF claims to lie."""
    start = box(b"ftyp", brand, bytes(4), b"mif1heic")
    spatial = [full(b"ispe", number(width), number(height)) for width, height in sizes]

    def meta(at: int) -> bytes:
        where = extent or (at, len(exif))
        boxes = {
            b"hdlr": full(b"hdlr", bytes(4), b"pict", bytes(13)),
            b"pitm": full(b"pitm", b"\x00\x01"),
            b"iinf": full(b"iinf", b"\x00\x02", item(1, kind), item(2, b"Exif")),
            b"iprp": box(b"iprp", box(b"ipco", *spatial)),
            b"iloc": full(
                b"iloc",
                b"\x44\x00\x00\x02",
                struct.pack(">HHHII", 1, 0, 1, at, 4),
                struct.pack(">HHHII", 2, 0, 1, *where),
            ),
        }
        boxes.pop(left_out, None)
        return full(b"meta", *boxes.values())

    at = len(start) + len(meta(0)) + 8
    return start + meta(at) + box(b"mdat", exif)


# Off


@needs_files
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_real_heic_is_refused_with_advice_where_it_is_off(path: Path) -> None:
    assert refusal(path.read_bytes()) == ADVICE


@pytest.mark.parametrize(
    ("version", "is_on"),
    [("1.8.1", True), ("1.10.0", True), ("2.0.0rc1", True), ("1.8.0", False), ("0.22.0", False)],
)
def test_older_decoders_count_as_none(
    monkeypatch: pytest.MonkeyPatch, version: str, is_on: bool
) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: version)
    assert heic.is_on.__wrapped__() == is_on


def test_without_a_decoder_it_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    assert heic.is_on.__wrapped__() is False


# What the boxes say, read before the decoder is asked


def test_capture_time_is_read_from_its_box() -> None:
    assert heic.check(heic_file()) == datetime(2026, 11, 20, 9, 30)


@pytest.mark.parametrize(
    "told",
    [
        {"left_out": b"iloc"},
        {"exif": b""},
        {"exif": b"\xff\xff\xff\xff" + TIFF},
        {"exif": b"\x00\x00\x00\x00 no block"},
        {"extent": (0xFFFFFFF0, 0xFFFFFFF0)},
        {"extent": (0, 0)},
    ],
)
def test_capture_time_that_cannot_be_read_is_left_open(told: dict[str, Any]) -> None:
    assert heic.check(heic_file(**told)) is None


@pytest.mark.parametrize(
    ("sizes", "sentence"),
    [
        (((5712, 4380),), f"Photo has 25.1 megapixels, the limit is 25. {SMALLER}"),
        (
            ((512, 512), (65_535, 65_535)),
            f"Photo is 65535 × 65535 pixels, the limit is 12000 on a side. {SMALLER}",
        ),
        (((0, 10),), DAMAGED),
        ((), DAMAGED),
    ],
)
@pytest.mark.usefixtures("_on")
def test_sizes_beyond_the_limits_are_refused_by_the_header(
    monkeypatch: pytest.MonkeyPatch, sizes: tuple[tuple[int, int], ...], sentence: str
) -> None:
    monkeypatch.setattr(imaging, "decode", lambda upload: pytest.fail("It was decoded."))
    assert refusal(heic_file(sizes=sizes)) == sentence


@pytest.mark.parametrize("kind", [b"av01", b"jpeg", b"unci", b"iovl", b"mime"])
@pytest.mark.usefixtures("_on")
def test_other_codecs_in_the_same_boxes_reach_no_decoder(
    monkeypatch: pytest.MonkeyPatch, kind: bytes
) -> None:
    monkeypatch.setattr(imaging, "decode", lambda upload: pytest.fail("It was decoded."))
    assert refusal(heic_file(kind=kind)) == DAMAGED


@pytest.mark.parametrize("left_out", [b"pitm", b"iinf", b"iprp"])
@pytest.mark.usefixtures("_on")
def test_file_without_a_box_that_it_needs_is_refused(left_out: bytes) -> None:
    assert refusal(heic_file(left_out=left_out)) == DAMAGED


@pytest.mark.usefixtures("_on")
def test_file_cut_at_any_byte_is_refused() -> None:
    upload = heic_file()
    between_boxes = {24, upload.index(b"mdat") - 4}
    told = {refusal(upload[:cut]) for cut in set(range(24, len(upload))) - between_boxes}
    assert told == {INCOMPLETE}
    assert refusal(upload[:24]) == DAMAGED


def test_any_changed_byte_is_read_or_refused() -> None:
    upload = heic_file()
    refused = 0
    for at in range(len(upload)):
        for value in (0, 1, 0x7F, 0xFF):
            try:
                heic.check(upload[:at] + bytes((value,)) + upload[at + 1 :])
            except Refused:  # any other exception fails the test
                refused += 1
    assert 0 < refused < 4 * len(upload)


@pytest.mark.usefixtures("_on")
def test_box_of_empty_items_is_refused() -> None:
    """Two bytes an item would keep the reader busy for seconds."""
    places = full(b"iloc", b"\x00\x00\x00\x00", bytes(6 * 30_000))
    upload = heic_file(left_out=b"iloc")
    at = upload.index(b"meta") - 4
    size = int.from_bytes(upload[at : at + 4])
    meta = number(size + len(places)) + upload[at + 4 : at + size] + places
    assert refusal(upload[:at] + meta + upload[at + size :]) == DAMAGED


# On


@needs_files
@needs_decoder
@pytest.mark.usefixtures("_on")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_real_heic_becomes_a_jpeg_without_metadata(path: Path) -> None:
    upload = path.read_bytes()
    photo = prepare(io.BytesIO(upload))
    assert (photo.master_type, samples.opened(photo.master).format) == ("image/jpeg", "JPEG")
    assert samples.opened(photo.master).size == (photo.width, photo.height)
    assert photo.sha256 == hashlib.sha256(upload).hexdigest()
    assert max(samples.opened(photo.large).size) == 1280
    assert max(samples.opened(photo.small).size) == 320
    for file in (photo.master, photo.large, photo.small):
        assert samples.opened(file).getexif() == {}
        head = file[: file.index(b"\xff\xda")]
        assert [
            word for word in (b"Apple", b"Exif", b"http:", b"GPS", b"MPF") if word in head
        ] == []


@needs_files
@needs_decoder
@pytest.mark.usefixtures("_on")
def test_real_heic_stands_and_is_dated_as_exiftool_says() -> None:
    asked = ["exiftool", "-json", "-n", "-DateTimeOriginal", "-ImageSize", "-QuickTime:Rotation"]
    told = subprocess.run([*asked, *map(str, FILES)], capture_output=True, check=True)
    for tags in json.loads(told.stdout):
        photo = prepare(io.BytesIO(Path(tags["SourceFile"]).read_bytes()))
        size = tuple(map(int, tags["ImageSize"].split()))
        turned = tags.get("Rotation", 0) in {1, 3, 90, 270}
        assert (photo.width, photo.height) == (size[::-1] if turned else size)
        taken = tags.get("DateTimeOriginal")
        assert photo.taken_at == (taken and datetime.strptime(taken, "%Y:%m:%d %H:%M:%S"))


@needs_files
@needs_decoder
@pytest.mark.usefixtures("_on")
def test_colours_of_an_iphone_are_kept_in_a_profile_of_our_own() -> None:
    photos = [prepare(io.BytesIO(path.read_bytes())) for path in FILES if "Nokia" not in path.name]
    profiles = {samples.opened(photo.master).info["icc_profile"] for photo in photos}
    assert all(len(profile) < 1000 and b"Apple" not in profile for profile in profiles)
    assert not any("icc_profile" in samples.opened(photo.large).info for photo in photos)


@needs_files
@needs_decoder
@pytest.mark.usefixtures("_on")
@pytest.mark.parametrize("share", [0.05, 0.1, 0.5, 0.9])
def test_broken_pixels_are_refused_or_shown_and_nothing_else(share: float) -> None:
    """The decoder fills small gaps without a word, as with a JPEG."""
    upload = bytearray(FILES[0].read_bytes())
    at = int(len(upload) * share)
    upload[at : at + 20_000] = b"\xa5" * 20_000
    try:
        photo = prepare(io.BytesIO(bytes(upload)))
    except Refused as refused:
        told = refused.message
    else:
        told = "" if samples.opened(photo.large).size else "No picture."
    assert told in {"", DAMAGED, NOT_SAFE}


@needs_files
@needs_decoder
def test_server_process_never_loads_the_decoder() -> None:
    """Even where the caller asks for no isolation."""
    script = """
import sys
from django.conf import settings
settings.configure(USE_I18N=False)
from treatments.imaging import prepare
with open(sys.argv[1], "rb") as file:
    print(prepare(file, isolated=False).master_type, "_pillow_heif" in sys.modules)
"""
    told = subprocess.run(
        [sys.executable, "-c", script, str(FILES[0])],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["image/jpeg", "False"]


@needs_files
@needs_decoder
@pytest.mark.usefixtures("_on")
def test_heic_that_needs_more_memory_than_allowed_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(imaging.isolation, "MEMORY_BYTES", 120 * 1024 * 1024)
    assert refusal(FILES[0].read_bytes()) == NOT_SAFE
