"""Private files on disk that are whole or absent, whenever the power goes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage


class DurableFileSystemStorage(FileSystemStorage):
    """Writes beside the final name, forces it to the disk, renames, and forces the folder too.

    A name is written once: `save` under a name that exists raises FileExistsError, since the rows
    that name files never share one.
    """

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def _save(self, name: str, content: File[bytes]) -> str:
        path = Path(self.path(name))
        self._make_folder(path.parent)
        descriptor, beside = tempfile.mkstemp(prefix=".writing-", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for chunk in content.chunks():
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            if self.file_permissions_mode is not None:
                os.chmod(beside, self.file_permissions_mode)
            os.link(beside, path)  # refuses where rename would replace
        finally:
            os.unlink(beside)
        with _opened(path.parent) as folder:
            os.fsync(folder)
        return name

    def _make_folder(self, folder: Path) -> None:
        """Make a folder and those above it, each of them forced to the disk."""
        if folder.is_dir():
            return
        self._make_folder(folder.parent)
        folder.mkdir(mode=self.directory_permissions_mode or 0o777, exist_ok=True)
        with _opened(folder.parent) as above:
            os.fsync(above)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
