"""Decode uploads in a process of their own, at most two at once on this machine."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from clinic.refusal import Refused
from treatments.imaging import child, guard
from treatments.imaging.words import translated as _

AT_ONCE = 2
WAIT_SECONDS = 20.0
WALL_SECONDS = 20.0
MEMORY_BYTES = 1024**3
CPU_SECONDS = 10
CHILD = "treatments.imaging.child"
ROOT = Path(__file__).resolve().parents[2]


def decode(upload: bytes) -> child.Pictures:
    """Let a child process decode an upload that `clean` has accepted.

    Raises Refused when it does not decode, when it takes too much time or memory, and when other
    photos keep both places busy for too long.
    """
    with _place():
        try:
            done = subprocess.run(  # noqa: S603 this interpreter, this module, two numbers
                [sys.executable, "-m", CHILD, str(MEMORY_BYTES), str(CPU_SECONDS)],
                input=upload,
                capture_output=True,
                timeout=WALL_SECONDS,
                cwd=ROOT,
                # Nothing of the server's environment: it holds keys.
                env={"PATH": os.defpath, "LANG": "C.UTF-8"},
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise too_costly() from None
    if done.returncode == child.INCOMPLETE:
        raise guard.incomplete()
    if done.returncode == child.DAMAGED:
        raise guard.damaged()
    if done.returncode != 0:
        raise too_costly()
    try:
        return child.read(done.stdout)
    except ValueError:
        raise too_costly() from None


def too_costly() -> Refused:
    """The child was ended: by a limit, or by a decoder that broke."""
    return Refused(
        _("This photo cannot be decoded safely. Save it as an ordinary JPEG and choose it again.")
    )


@contextlib.contextmanager
def _place() -> Iterator[None]:
    """Hold one of the places; a place whose holder was killed is free again by itself."""
    until = time.monotonic() + WAIT_SECONDS
    while True:
        for number in range(AT_ONCE):
            descriptor = os.open(_lock_file(number), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                continue
            try:
                yield
            finally:
                os.close(descriptor)
            return
        if time.monotonic() > until:
            raise Refused(_("Other photos are being worked on. Try this one again in a minute."))
        time.sleep(0.05)


def _lock_file(number: int) -> str:
    return os.path.join(tempfile.gettempdir(), f"courseline-{os.getuid()}-decoding-{number}")
