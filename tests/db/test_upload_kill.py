"""kill -9 in the middle of uploads: whole photographs or none, and none that was acknowledged is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from tests import make
from tests.browser.serving import database_url
from treatments import photo_files
from treatments.imaging import prepare
from treatments.models import Course, Photo
from treatments.models.photo import Size
from treatments.selectors.media import checked

pytestmark = pytest.mark.django_db(transaction=True)
UPLOADS = 25


@pytest.fixture
def courses() -> list[Course]:
    by = make.practitioner()
    made = [make.course(by=by) for _number in range(UPLOADS)]
    for course in made:
        make.signed(course.patient, by=by)
    return made


@pytest.fixture
def uploads(tmp_path: Path, courses: list[Course]) -> Path:
    """A folder with a photograph for each course, every one another file."""
    for number, course in enumerate(courses):
        (tmp_path / f"{course.pk}.jpg").write_bytes(make.jpeg(60 + number))
    return tmp_path


def killed(courses: list[Course], uploads: Path, root: Path, seed: int, order: str) -> set[int]:
    """Upload to each course and kill; return those whose upload was acknowledged."""
    connection.close()
    run = subprocess.run(
        [
            *(sys.executable, "-m", "tests.db.uploading", str(root), str(seed), order),
            *(str(courses[0].practitioner_id), *(str(course.pk) for course in courses)),
        ],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": database_url(), "UPLOADS": str(uploads)},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    return {int(line) for line in run.stdout.split()}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_upload_that_is_killed_is_whole_or_absent(
    courses: list[Course], uploads: Path, private_photos: Path, seed: int
) -> None:
    acknowledged = killed(courses, uploads, private_photos, seed, "early")
    kept = {photo.course_id: photo for photo in Photo.objects.select_related("course")}
    assert 0 < len(acknowledged) < UPLOADS  # some were killed, some were not
    assert acknowledged <= set(kept)
    assert [fault for fault in checked() if fault] == []
    wrong = []
    for course, photo in kept.items():
        with (uploads / f"{course}.jpg").open("rb") as file:
            meant = prepare(file)
        if (photo.sha256, photo_files.read(photo, Size.FULL)) != (meant.sha256, meant.master):
            wrong.append(photo)
    assert wrong == []


def test_control_files_that_are_written_after_their_rows_are_lost(
    courses: list[Course], uploads: Path, private_photos: Path, monkeypatch: Any
) -> None:
    lost = 0
    for seed in range(1, 4):
        killed(courses[(seed - 1) * 8 : seed * 8], uploads, private_photos, seed, "late")
        lost = sum(fault is not None for fault in checked())
        if lost:
            break
    assert lost > 0
