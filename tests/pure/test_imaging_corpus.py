"""Real photographs that nobody here made: prepared or refused, and nothing but the picture left."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from clinic.refusal import Refused
from tests.pure import imaging_samples as samples
from tests.pure.real_photos import CORPUS
from treatments import imaging
from treatments.imaging import Prepared, prepare
from treatments.imaging.clean import clean
from treatments.imaging.exif import only_orientation

FILES = sorted(path for path in CORPUS.rglob("*") if path.is_file()) if CORPUS else []

pytestmark = pytest.mark.skipif(
    CORPUS is None, reason="CORPUS_DIR does not name a folder of real photographs"
)

MINIMAL_EXIF = {b"Exif\x00\x00" + only_orientation(turn) for turn in range(2, 9)}
TRACES = (b"http://ns.adobe.com/xap", b"GPS", b"MPF\x00", b"Photoshop 3.0", b"<x:xmpmeta", b"eXIf")

# Groups in which exiftool reports the file itself, the picture and what it computed from them.
PICTURE_GROUPS = {"ExifTool", "System", "File", "JFIF", "PNG", "RIFF", "Composite", "Adobe"}
PICTURE_TAGS = {"SourceFile", "IFD0:Orientation"}
PNG_TEXTS = re.compile(
    r"PNG:(?!Image|BitDepth|ColorType|Compression|Filter|Interlace|Palette|Tran)"
)


def outcome(path: Path) -> Prepared | Refused:
    """Any exception but a refusal fails the test that asks."""
    with path.open("rb") as file:
        try:
            return prepare(file)
        except Refused as refused:
            return refused


@pytest.fixture(scope="module")
def accepted() -> dict[Path, Prepared]:
    with pytest.MonkeyPatch.context() as patch:
        # Pillow alone, which these tests ask, does not read it.
        patch.setattr(imaging, "is_heic_on", lambda: False)
        outcomes = {path: outcome(path) for path in FILES}
    return {path: found for path, found in outcomes.items() if isinstance(found, Prepared)}


def segments(jpeg: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and payload of each segment before the first scan; written apart from the code."""
    at = 2
    while jpeg[at + 1] != 0xDA:
        length = int.from_bytes(jpeg[at + 2 : at + 4])
        yield jpeg[at + 1], jpeg[at + 4 : at + 2 + length]
        at += 2 + length


def headers(file: bytes) -> bytes:
    """The bytes before the entropy-coded data, where a chance match cannot occur."""
    return file[: file.index(b"\xff\xda")] if file.startswith(b"\xff\xd8") else file


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_corpus_file_is_prepared_or_refused(path: Path) -> None:
    found = outcome(path)
    if isinstance(found, Refused):
        assert found.message.endswith(".")
    else:
        assert max(samples.opened(found.large).size) <= 1280
        assert max(samples.opened(found.small).size) <= 320


def test_corpus_is_mostly_accepted(accepted: dict[Path, Prepared]) -> None:
    """Control: a guard that refused everything would pass the tests above and below."""
    photos = [path for path in FILES if path.suffix.lower() in {".jpg", ".jpeg", ".png", ".webp"}]
    assert len(accepted) >= 0.95 * len(photos) > 50


def test_corpus_masters_keep_their_pixels(accepted: dict[Path, Prepared]) -> None:
    changed = set()
    for path, photo in accepted.items():
        with Image.open(path) as original:
            if samples.opened(photo.master).tobytes() != original.tobytes():
                changed.add(path)
    assert changed == {path for path in accepted if clean(path.read_bytes()).is_fresh_needed}
    assert len(changed) <= 0.02 * len(accepted)


def test_corpus_derivatives_stand_as_the_original_is_shown(accepted: dict[Path, Prepared]) -> None:
    for path, photo in accepted.items():
        with Image.open(path) as original:
            upright = ImageOps.exif_transpose(original).convert("L").resize((8, 8))
        shown = samples.opened(photo.small).convert("L").resize((8, 8))
        pairs = zip(upright.tobytes(), shown.tobytes(), strict=True)
        assert max(abs(a - b) for a, b in pairs) < 40, path.name


def test_corpus_files_carry_no_traces(accepted: dict[Path, Prepared]) -> None:
    for path, photo in accepted.items():
        for file in (photo.master, photo.large, photo.small):
            assert [trace for trace in TRACES if trace in headers(file)] == [], path.name


def test_corpus_jpegs_carry_no_segment_but_the_named_ones(
    accepted: dict[Path, Prepared],
) -> None:
    for path, photo in accepted.items():
        if photo.master_type != "image/jpeg":
            continue
        found = list(segments(photo.master))
        assert {marker for marker, _ in found} <= {
            *(0xE0, 0xE1, 0xE2, 0xEE, 0xDB, 0xC4, 0xDD),
            *(0xC0, 0xC1, 0xC2),
        }, path.name
        assert {payload for marker, payload in found if marker == 0xE1} <= MINIMAL_EXIF, path.name
        for file in (photo.large, photo.small):
            assert {marker for marker, _ in segments(file)} <= {0xE0, 0xDB, 0xC0, 0xC4}


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_corpus_files_tell_exiftool_nothing(accepted: dict[Path, Prepared], tmp_path: Path) -> None:
    for number, photo in enumerate(accepted.values()):
        for name in ("master", "large", "small"):
            (tmp_path / f"{number}-{name}.jpg").write_bytes(getattr(photo, name))
    told = exiftool(tmp_path)
    assert len(told) == 3 * len(accepted)
    assert {tag for tags in told for tag in tags if is_telling(tag)} == set()
    for tags in told:
        if not tags["SourceFile"].endswith("master.jpg"):
            assert not any(tag.startswith(("ICC", "IFD0")) for tag in tags)


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_corpus_originals_tell_exiftool_much() -> None:
    """Control: the same question finds positions, makers and comments in what was uploaded."""
    assert CORPUS is not None
    telling = {tag for tags in exiftool(CORPUS) for tag in tags if is_telling(tag)}
    assert {"GPS:GPSLatitude", "IFD0:Make", "ExifIFD:DateTimeOriginal"} <= telling


def exiftool(folder: Path) -> list[dict[str, str]]:
    found = subprocess.run(
        ["exiftool", "-json", "-r", "-a", "-G1", "-ee", "-charset", "utf8", str(folder)],
        capture_output=True,
        check=True,
    )
    tags: list[dict[str, str]] = json.loads(found.stdout)
    return tags


def is_telling(tag: str) -> bool:
    """Whether the tag says more than how to draw the picture."""
    group = tag.partition(":")[0]
    is_picture = group in PICTURE_GROUPS or group.startswith("ICC") or tag in PICTURE_TAGS
    return not is_picture or tag == "File:Comment" or PNG_TEXTS.match(tag) is not None
