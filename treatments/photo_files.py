"""The files of photographs: sealed before they are stored, opened only to be sent or shown.

The key of a photograph is wrapped for it and its patient, and each file is sealed for its size as
well, so that no file opens in another's place (`clinic.vault`).
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.db import transaction

from clinic import files, vault
from treatments.models.photo import Photo, PhotoKey, Size, photo_storage


class Missing(Exception):
    """The storage has no file, or no key, where a row says there is one."""


def keep(photo: Photo, contents: Mapping[Size, bytes]) -> None:
    """Write the files first and the rows second: a row without its file would be a lost photo.

    Belongs inside `clinic.files.following_rows` and a transaction.
    """
    key = vault.new_key()
    for size, content in contents.items():
        sealed = vault.seal(content, key, context_of(photo, size))
        files.write(photo_storage(), photo.file_name(size), sealed)
    photo.save(force_insert=True)
    PhotoKey.objects.create(photo=photo, wrapped=vault.wrap(key, photo.vault_context))


def remove(photo: Photo) -> None:
    """Remove the rows, and once that is committed the files: the other way round might lose a photo."""
    names = [photo.file_name(size) for size in Size]
    PhotoKey.objects.filter(photo=photo).delete()
    photo.delete()
    for name in names:
        transaction.on_commit(lambda name=name: photo_storage().delete(name))  # type: ignore[misc]


def has_room(size: int) -> bool:
    """Say whether `size` bytes leave the reserve of the disk alone; a bucket always has room."""
    storage = photo_storage()
    if not isinstance(storage, FileSystemStorage):
        return True
    free = shutil.disk_usage(settings.PHOTO_ROOT.parent).free
    reserve: int = settings.PHOTO_RESERVE_MB * 1024 * 1024
    return free - size >= reserve


def read(photo: Photo, size: Size) -> bytes:
    """Return one file as it was kept.

    Raises Missing, `vault.Damaged` or `vault.KeyMissing`.
    """
    sealed, key = _sealed(photo.file_name(size)), _key(photo)
    return vault.unseal(sealed, key, context_of(photo, size))


def opens_as(name: str, photo: Photo, size: Size) -> bool:
    """Return whether the file `name` holds what belongs to this photograph and size."""
    try:
        vault.unseal(_sealed(name), _key(photo), context_of(photo, size))
    except (Missing, vault.Damaged, vault.KeyMissing):
        return False
    return True


def _sealed(name: str) -> bytes:
    try:
        with photo_storage().open(name) as file:
            content: bytes = file.read()
    except FileNotFoundError:
        raise Missing("There is no such file.") from None
    return content


def _key(photo: Photo) -> bytes:
    try:
        wrapped = photo.key.wrapped
    except PhotoKey.DoesNotExist:
        raise Missing("Its key is not in the database.") from None
    return vault.unwrap(wrapped, photo.vault_context)


def context_of(photo: Photo, size: Size) -> str:
    """Say what a file is bound to: the photograph, its patient, and which of its files it is."""
    return f"{photo.vault_context} {size.value}"
