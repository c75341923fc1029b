"""Every real photograph sent as a browser sends it, and what the store then tells about it: nothing."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from clinic.roles import Role
from tests import make
from tests.http.test_policies import client_of
from tests.pure.real_photos import CORPUS
from treatments import photo_files
from treatments.models import Photo, Visit
from treatments.models.photo import EXTENSIONS, Size
from treatments.terms import VisitKind

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        CORPUS is None, reason="CORPUS_DIR does not name a folder of real photographs"
    ),
]

FILES = sorted(path for path in CORPUS.rglob("*") if path.is_file()) if CORPUS else []
PHOTO_ENDINGS = {".jpg", ".jpeg", ".png", ".webp"}

# What exiftool may say of a stored file, by its groups: how to draw the picture, and no more.
DRAWING = {
    "File": "FileType FileTypeExtension MIMEType ImageWidth ImageHeight EncodingProcess "
    "BitsPerSample ColorComponents YCbCrSubSampling ExifByteOrder",
    "JFIF": "JFIFVersion ResolutionUnit XResolution YResolution",
    "IFD0": "Orientation",
    "Adobe": "DCTEncodeVersion APP14Flags0 APP14Flags1 ColorTransform",
    "PNG": "ImageWidth ImageHeight BitDepth ColorType Compression Filter Interlace Palette "
    "Transparency Gamma SRGBRendering WhitePointX WhitePointY RedX RedY GreenX GreenY BlueX BlueY",
    "RIFF": "ImageWidth ImageHeight VP8Version HorizontalScale VerticalScale WebP_Flags "
    "AlphaIsUsed",
    "Composite": "ImageSize Megapixels",
    "ICC-header": "ProfileCMMType ProfileVersion ProfileClass ColorSpaceData "
    "ProfileConnectionSpace ProfileDateTime ProfileFileSignature PrimaryPlatform CMMFlags "
    "DeviceManufacturer DeviceModel DeviceAttributes RenderingIntent ConnectionSpaceIlluminant "
    "ProfileCreator ProfileID",
    "ICC_Profile": "ProfileDescription ProfileCopyright MediaWhitePoint RedMatrixColumn "
    "GreenMatrixColumn BlueMatrixColumn RedTRC GreenTRC BlueTRC",
}
# The house's own profile: these words and day, whatever the camera's said.
PROFILE = {
    "ProfileDescription": "RGB",
    "ProfileCopyright": "CC0",
    "ProfileDateTime": "2000:01:01 00:00:00",
    "ProfileCMMType": "",
    "DeviceManufacturer": "",
    "DeviceModel": "",
    "ProfileCreator": "",
    "ProfileID": 0,
}
# About the temporary file that exiftool was given, and about exiftool.
ASIDE = {"SourceFile", "ExifTool", "System"}


def sent(client: Client, visit: Visit, path: Path) -> HttpResponse:
    """Send one file; a view that is taken is taken again, so that every photograph stays."""
    file = SimpleUploadedFile(path.name, path.read_bytes())
    return client.post(
        f"/visits/{visit.pk}/photos/", {"view": "back_relaxed", "again": "on", "file": file}
    )


def said(answer: HttpResponse) -> list[str]:
    """The sentences that stand in the answer's slot."""
    wrong = r'<p class="wrong"[^>]*>(?:(?!</p>).)*<span>(.*?)</span>'
    found = re.findall(wrong, answer.content.decode(), re.S)
    return [html.unescape(sentence) for sentence in found]


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_corpus_is_kept_or_refused_and_the_store_tells_nothing(
    private_photos: Path, tmp_path: Path
) -> None:
    course = make.course()
    make.signed(course.patient)
    visit = make.visit(course, kind=VisitKind.BASELINE, on=timezone.localdate())
    client = client_of(Role.PRACTITIONER)
    client.raise_request_exception = False  # it is counted instead
    answers = {path: sent(client, visit, path) for path in FILES}

    assert {answer.status_code for answer in answers.values()} == {200, 422}
    kept = [path for path, answer in answers.items() if answer.status_code == 200]
    assert [path.name for path in kept if said(answers[path])] == []
    for path in set(FILES) - set(kept):
        (sentence,) = said(answers[path])
        assert sentence.endswith("."), path.name
    photos = [path for path in FILES if path.suffix.lower() in PHOTO_ENDINGS]
    assert len(kept) >= 0.95 * len(photos) > 50  # control: a door that opens to nothing

    stored = [path for path in private_photos.rglob("*") if path.is_file()]
    opened = tmp_path / "opened"
    opened.mkdir()
    files = list(unsealed(opened))
    assert len(stored) == len(files) >= 3 * 0.9 * len(kept)
    told = exiftool(opened)
    assert len(told) == len(files)
    assert {word for tags in told for word in telling(tags)} == set()
    # Control: the same question of what was sent.
    assert CORPUS is not None
    before = {word for tags in exiftool(CORPUS) for word in telling(tags)}
    assert {"GPS:GPSLatitude", "IFD0:Make", "ExifIFD:DateTimeOriginal"} <= before


def unsealed(folder: Path) -> Iterator[Path]:
    """Write every stored file as it was before it was sealed."""
    for photo in Photo.objects.select_related("course", "key"):
        for size in Size:
            path = folder / f"{photo.pk}-{size}.{EXTENSIONS[photo.type_of(size)]}"
            path.write_bytes(photo_files.read(photo, size))
            yield path


def exiftool(folder: Path) -> list[dict[str, object]]:
    asked = ["exiftool", "-json", "-r", "-a", "-G1", "-ee", "-charset", "utf8", str(folder)]
    found = subprocess.run(asked, capture_output=True, check=True)
    tags: list[dict[str, object]] = json.loads(found.stdout)
    return tags


def telling(tags: dict[str, object]) -> Iterator[str]:
    """The tags that say more than how to draw the picture."""
    for tag, value in tags.items():
        group, _, name = tag.partition(":")
        if group in ASIDE:
            continue
        if name not in DRAWING.get(group, "").split():
            yield tag
        elif group.startswith("ICC") and name in PROFILE and value != PROFILE[name]:
            yield f"{tag} {value}"
