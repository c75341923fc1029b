"""The photographs' rows against their files, both ways: what is missing, changed, swapped, left over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.core.files.storage import Storage
from django.utils import timezone

from clinic import vault
from treatments import photo_files
from treatments.models import Photo
from treatments.models.photo import Size, photo_storage

# An upload writes its files before its rows; within a day it has long ended, one way or the other.
SPARED = timedelta(days=1)


class Kind(StrEnum):
    MISSING = "missing"
    DAMAGED = "damaged"
    SWAPPED = "swapped"
    LOCKED = "locked"  # its clinic key is not among PHOTO_KEYS


@dataclass(frozen=True, slots=True)
class Fault:
    """One file that is not what its row says; `whose` is the file that lies in its place."""

    kind: Kind
    name: str
    detail: str
    whose: str = ""

    def __str__(self) -> str:
        if self.kind == Kind.SWAPPED:
            return f"{self.name}: holds what belongs in {self.whose}"
        return f"{self.name}: {self.kind}. {self.detail}"


def checked() -> Iterator[Fault | None]:
    """Open every file of every photograph; for each, what is wrong with it, or None.

    Those that do not open come last, once all are known that might lie in each other's place.
    """
    damaged: list[tuple[Photo, Size]] = []
    rows = Photo.objects.select_related("course", "key").order_by("added_at", "pk")
    for photo in rows.iterator(chunk_size=200):
        for size in Size:
            try:
                photo_files.read(photo, size)
            except photo_files.Missing as error:
                yield Fault(Kind.MISSING, photo.file_name(size), str(error))
            except vault.KeyMissing as error:
                yield Fault(Kind.LOCKED, photo.file_name(size), str(error))
            except vault.Damaged:
                damaged.append((photo, size))
            else:
                yield None
    for photo, size in damaged:
        yield _swapped(photo, size, damaged) or Fault(
            Kind.DAMAGED, photo.file_name(size), "It is not what was stored."
        )


def _swapped(photo: Photo, size: Size, others: list[tuple[Photo, Size]]) -> Fault | None:
    """Say whose file lies in the place of this one, among those that do not open in theirs."""
    name = photo.file_name(size)
    for other, its_size in others:
        if (other.pk, its_size) != (photo.pk, size) and photo_files.opens_as(name, other, its_size):
            return Fault(Kind.SWAPPED, name, "", whose=other.file_name(its_size))
    return None


def orphans(now: datetime | None = None) -> Iterator[str]:
    """Find files that no row names and that are older than a day, half-written ones among them."""
    until = (now or timezone.now()) - SPARED
    storage = photo_storage()
    known = {
        Photo(pk=pk).file_name(size)
        for pk in Photo.objects.values_list("pk", flat=True).iterator()
        for size in Size
    }
    for name in _walk(storage, ""):
        if name not in known and storage.get_modified_time(name) < until:
            yield name


def _walk(storage: Storage, folder: str) -> Iterator[str]:
    try:
        folders, names = storage.listdir(folder)
    except FileNotFoundError:  # nothing was ever stored
        return
    for name in sorted(names):
        yield f"{folder}/{name}" if folder else name
    for below in sorted(folders):
        yield from _walk(storage, f"{folder}/{below}" if folder else below)
