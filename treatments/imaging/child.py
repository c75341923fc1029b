"""The process that decodes one photo and ends: `python -m treatments.imaging.child BYTES SECONDS`.

It reads the upload from standard input and writes the pictures to standard output, each after its
length. Decoders are C code that strangers feed; here they reach no database, no key and no other
photo, and their memory and time are limited. Its parent is `isolation`.
"""

from __future__ import annotations

import contextlib
import io
import os
import resource
import struct
import sys
from dataclasses import dataclass, replace
from typing import BinaryIO

from clinic.refusal import Refused
from treatments.imaging import guard
from treatments.imaging.clean import Cleaned, clean
from treatments.imaging.derive import derive, fresh_master

LENGTH = struct.Struct(">I")
INCOMPLETE, DAMAGED = 3, 4  # exit codes
NICENESS = 5  # more, and a busy machine would starve a photo beyond its 20 s


@dataclass(frozen=True, slots=True)
class Pictures:
    """What a decoder made of one upload; `master` is b"" where the cleaned file can be kept.

    Of a HEIC there is always a master: a JPEG.
    """

    large: bytes
    small: bytes
    master: bytes


def pictures_of(photo: Cleaned) -> Pictures:
    """Decode a photo here and now. Raises Refused when it does not decode to its end."""
    large, small = derive(photo)
    return Pictures(large, small, fresh_master(photo) if photo.is_fresh_needed else b"")


def pictures_of_heic(upload: bytes) -> Pictures:
    """The same of a HEIC, by way of a JPEG. Nothing but this process may call it."""
    from treatments.imaging.heic_pixels import as_jpeg

    photo = clean(as_jpeg(upload))
    pictures = pictures_of(photo)
    return replace(pictures, master=pictures.master or photo.data)


def write(pictures: Pictures, out: BinaryIO) -> None:
    for content in (pictures.large, pictures.small, pictures.master):
        out.write(LENGTH.pack(len(content)) + content)


def read(answer: bytes) -> Pictures:
    """Take an answer apart. Raises ValueError when it is not whole."""
    file, found = io.BytesIO(answer), []
    for _name in range(3):
        head = file.read(LENGTH.size)
        if len(head) < LENGTH.size:
            raise ValueError("The answer ends early.")
        (length,) = LENGTH.unpack(head)
        content = file.read(length)
        if len(content) < length:
            raise ValueError("The answer ends early.")
        found.append(content)
    if file.read(1):
        raise ValueError("The answer goes on after its end.")
    return Pictures(*found)


def limit(memory_bytes: int, cpu_seconds: int) -> None:
    """Keep memory and processor time within bounds that no photo needs; no core, no file.

    Whoever turns a page goes first.
    """
    os.nice(NICENESS)
    wanted = {
        resource.RLIMIT_AS: memory_bytes,
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
    }
    for kind, most in wanted.items():
        with contextlib.suppress(ValueError, OSError):  # macOS knows no limit of address space
            resource.setrlimit(kind, (most, most))


def main() -> int:
    limit(*map(int, sys.argv[1:]))
    try:
        upload = sys.stdin.buffer.read()
        is_heic = guard.is_heic(upload)
        pictures = pictures_of_heic(upload) if is_heic else pictures_of(clean(upload))
    except Refused as refused:
        is_cut_off = refused.message == guard.incomplete().message
        return INCOMPLETE if is_cut_off else DAMAGED
    write(pictures, sys.stdout.buffer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
