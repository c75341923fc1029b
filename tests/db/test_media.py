"""Photographs at rest: sealed, bound to their place, found out when they are not what was stored."""

from __future__ import annotations

import base64
import io
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from clinic import vault
from clinic.models import AuditEvent
from tests import make
from treatments import photo_files
from treatments.models import Photo, PhotoKey
from treatments.models.photo import Size
from treatments.terms import View, VisitKind

pytestmark = pytest.mark.django_db
ANOTHER = {"second": b"2" * 32}
MAGIC = re.compile(rb"\xff\xd8\xff|\x89PNG\r\n|RIFF....WEBP|Exif\x00|JFIF", re.DOTALL)


@pytest.fixture
def photos(private_photos: Path) -> list[Photo]:
    visit = make.visit(make.course(), kind=VisitKind.BASELINE)
    return [make.photo(visit, view) for view in (View.BACK_RELAXED, View.LEFT_RELAXED)]


def path_of(folder: Path, photo: Photo, size: Size = Size.VIEW) -> Path:
    return folder / photo.file_name(size)


def verified(**options: Any) -> str:
    out = io.StringIO()
    call_command("verify_media", stdout=out, **options)
    return out.getvalue()


def faults() -> list[str]:
    with pytest.raises(CommandError) as refused:
        verified()
    return str(refused.value).splitlines()


def test_store_holds_no_picture_that_opens_without_the_key(
    photos: list[Photo], private_photos: Path
) -> None:
    stored = [path for path in private_photos.rglob("*") if path.is_file()]
    assert len(stored) == 6
    assert [path for path in stored if MAGIC.search(path.read_bytes())] == []
    # The control: what is opened does look like that.
    assert all(MAGIC.search(photo_files.read(photo, size)) for photo in photos for size in Size)


def test_two_seals_of_the_same_bytes_differ_and_cost_28_bytes() -> None:
    key = vault.new_key()
    one, other = (vault.seal(b"the same", key, "here") for _time in range(2))
    assert one != other
    assert len(one) == len(b"the same") + 28
    assert vault.unseal(one, key, "here") == vault.unseal(other, key, "here") == b"the same"


@pytest.mark.parametrize("place", range(0, 40, 3))
def test_every_flipped_bit_shows(place: int) -> None:
    key = vault.new_key()
    sealed = bytearray(vault.seal(b"twelve bytes", key, "here"))
    sealed[place] ^= 1
    with pytest.raises(vault.Damaged):
        vault.unseal(bytes(sealed), key, "here")


def test_seal_opens_nowhere_else() -> None:
    key = vault.new_key()
    sealed = vault.seal(b"content", key, "photo 1 patient 2 view")
    for context in ("photo 1 patient 3 view", "photo 2 patient 2 view", "photo 1 patient 2 full"):
        with pytest.raises(vault.Damaged):
            vault.unseal(sealed, key, context)


def test_verify_media_of_a_whole_store(photos: list[Photo]) -> None:
    assert verified().splitlines() == [
        "Opened 6 files; 0 left over.",
        "All as they were stored.",
    ]


def test_verify_media_names_a_missing_a_flipped_and_two_swapped_files(
    photos: list[Photo], private_photos: Path
) -> None:
    one, other = photos
    path_of(private_photos, one, Size.THUMB).unlink()
    flipped = path_of(private_photos, one, Size.FULL)
    content = bytearray(flipped.read_bytes())
    content[len(content) // 2] ^= 1
    flipped.write_bytes(content)
    first, second = path_of(private_photos, one), path_of(private_photos, other)
    first.rename(private_photos / "aside")
    second.rename(first)
    (private_photos / "aside").rename(second)
    assert sorted(faults()) == sorted(
        [
            f"{one.file_name(Size.THUMB)}: missing. There is no such file.",
            f"{one.file_name(Size.FULL)}: damaged. It is not what was stored.",
            f"{one.file_name(Size.VIEW)}: holds what belongs in {other.file_name(Size.VIEW)}",
            f"{other.file_name(Size.VIEW)}: holds what belongs in {one.file_name(Size.VIEW)}",
            "4 not as they were stored.",
        ]
    )


def test_sizes_of_one_photograph_cannot_be_exchanged(
    photos: list[Photo], private_photos: Path
) -> None:
    path_of(private_photos, photos[0], Size.FULL).write_bytes(
        path_of(private_photos, photos[0], Size.THUMB).read_bytes()
    )
    assert faults()[0].startswith(f"{photos[0].file_name(Size.FULL)}: damaged.")


def test_keys_of_two_photographs_cannot_be_exchanged(photos: list[Photo]) -> None:
    one, other = (PhotoKey.objects.get(photo=photo) for photo in photos)
    PhotoKey.objects.filter(pk=one.pk).update(wrapped=other.wrapped)
    assert len(faults()) == 4
    assert all(photos[0].pk.hex[:8] in line.replace("-", "") for line in faults()[:-1])


def test_photograph_without_its_key_is_named(photos: list[Photo]) -> None:
    PhotoKey.objects.filter(photo=photos[0]).delete()
    assert faults()[0].endswith("missing. Its key is not in the database.")


@pytest.mark.parametrize("how", ["missing", "damaged"])
def test_photograph_that_cannot_be_read_is_not_found_and_logged(
    client: Any, photos: list[Photo], private_photos: Path, caplog: Any, how: str
) -> None:
    client.force_login(photos[0].visit.practitioner)
    path = path_of(private_photos, photos[0])
    path.unlink() if how == "missing" else path.write_bytes(b"something else")
    assert client.get(photos[0].view_url).status_code == 404
    assert f"Photograph {photos[0].pk}, view, cannot be read:" in caplog.text


# What is left over ---------------------------------------------------------------------------


def test_orphans_older_than_a_day_are_named_and_removed_on_demand(
    photos: list[Photo], private_photos: Path
) -> None:
    stray = private_photos / "ab" / "half" / ".writing-x"
    young = private_photos / "ab" / "half" / "view.sealed"
    stray.parent.mkdir(parents=True)
    for path in (stray, young):
        path.write_bytes(b"left over")
    yesterday = time.time() - 25 * 3600
    os.utime(stray, (yesterday, yesterday))
    assert "ab/half/.writing-x: no row names it\n" in verified()
    assert "ab/half/.writing-x: no row names it, deleted\n" in verified(remove_orphans=True)
    assert (stray.exists(), young.exists()) == (False, True)
    assert "Opened 6 files; 0 left over." in verified()


# Clinic keys ----------------------------------------------------------------------------------


def test_new_clinic_key_wraps_every_data_key_and_no_file(
    photos: list[Photo], private_photos: Path, settings: Any
) -> None:
    before = {path: path.read_bytes() for path in private_photos.rglob("*") if path.is_file()}
    old = settings.PHOTO_KEYS
    settings.PHOTO_KEYS = ANOTHER | old
    call_command("rotate_photo_keys", stdout=(out := io.StringIO()))
    assert out.getvalue() == "Wrapped 2 keys by second.\nNo photograph needs an older key.\n"
    settings.PHOTO_KEYS = ANOTHER
    assert "All as they were stored." in verified()
    assert {path: path.read_bytes() for path in before} == before
    assert AuditEvent.objects.get(action="photo keys rotated").target == "2 keys by second"
    call_command("rotate_photo_keys", stdout=(out := io.StringIO()))
    assert out.getvalue().startswith("Wrapped 0 keys")


def test_rotation_without_the_older_key_names_what_it_could_not_open(
    photos: list[Photo], settings: Any
) -> None:
    settings.PHOTO_KEYS = ANOTHER
    with pytest.raises(CommandError) as refused:
        call_command("rotate_photo_keys", stdout=io.StringIO())
    lines = str(refused.value).splitlines()
    assert lines[-1] == "2 keys could not be unwrapped."
    assert all("PHOTO_KEYS has no key named 'tests'." in line for line in lines[:-1])
    assert {line.partition(": ")[2] for line in faults()[:-1]} == {
        "locked. PHOTO_KEYS has no key named 'tests'."
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "There is no key."),
        ("first:%%%", "Key first is not base64."),
        (f"first:{base64.b64encode(b'short').decode()}", "Key first has 5 bytes; it must have 32."),
        (f"a-b:{base64.b64encode(bytes(32)).decode()}", "Name each key with up to 20 letters"),
    ],
)
def test_keys_that_cannot_be_used_are_refused_in_words(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        vault.parse_keys(text)


def test_keys_are_read_in_their_order() -> None:
    text = ",".join(
        f"{name}:{base64.b64encode(byte * 32).decode()}"
        for name, byte in (("new", b"n"), ("old", b"o"))
    )
    assert list(vault.parse_keys(f" {text} ").items()) == [("new", b"n" * 32), ("old", b"o" * 32)]
