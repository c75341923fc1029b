"""Uploads stop filling the disk at the limit, and the rest of the form still arrives."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler

MAX_UPLOAD_BYTES = 25 * 1024 * 1024


class CappedUploadHandler(TemporaryFileUploadHandler):
    """Keep at most one byte more than the limit, but count them all.

    Breaking the request off would lose every field that comes after the file. So the surplus is
    read and dropped, and the file's true size lets the form refuse it in words.
    """

    received = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        self.received = 0
        super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        room = MAX_UPLOAD_BYTES + 1 - self.received
        self.received += len(raw_data)
        if room > 0:
            self.file.write(raw_data[:room])

    def file_complete(self, file_size: int) -> UploadedFile | None:
        return super().file_complete(self.received)
