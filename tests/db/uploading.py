"""Upload one photograph after the other, each but the first in a process that is killed.

    python -m tests.db.uploading PHOTO_ROOT SEED late|early USER COURSE...

Run by `test_upload_kill`. Prints the course of each upload that was acknowledged. `late` is the
control: files written only after their rows are committed.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

SHARE = 1.5  # of the time that a whole upload takes: the longest that one is left alive
SLOW = 0.1  # seconds for each file


def main() -> None:
    root, seed, order, user, *courses = sys.argv[1:]
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from django.conf import settings
    from django.db import connections

    settings.STORAGES["photos"]["OPTIONS"]["location"] = root
    settings.ALLOWED_HOSTS = ["testserver"]
    slow_down(is_late=order == "late")
    import clinic.urls  # noqa: F401  once, and not in each upload
    from treatments.forms import photos  # noqa: F401

    rng, whole = random.Random(int(seed)), 0.0
    for course in courses:
        connections.close_all()
        began = time.monotonic()
        child = os.fork()
        if child == 0:
            upload(int(user), int(course))
            os._exit(0)
        if whole:
            time.sleep(rng.uniform(0, SHARE * whole))
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        whole = whole or time.monotonic() - began  # the first one is left alone, and timed


def upload(user: int, course: int) -> None:
    """Send a photograph for the baseline of a course, as the page does as soon as it is taken."""
    from django.test import Client

    from clinic.models import User

    client = Client()
    client.force_login(User.objects.get(pk=user))
    with (Path(os.environ["UPLOADS"]) / f"{course}.jpg").open("rb") as photo:
        answer = client.post(
            f"/courses/{course}/photos/?kind=baseline", {"view": "back_relaxed", "file": photo}
        )
    if answer.status_code != 200:
        raise SystemExit(f"Not kept: {answer.status_code}")
    os.write(1, f"{course}\n".encode())


def slow_down(*, is_late: bool) -> None:
    """Write as to a slow disk, so that kills fall between the files; late: after the commit."""
    from django.core.files.base import ContentFile
    from django.db import transaction

    from clinic import files

    in_time = files.write

    def write(storage: Any, name: str, content: bytes) -> None:
        if is_late:
            transaction.on_commit(
                lambda: (time.sleep(SLOW), storage.save(name, ContentFile(content)))
            )
        else:
            time.sleep(SLOW)
            in_time(storage, name, content)

    files.write = write


if __name__ == "__main__":
    main()
