"""Decoding in a process of its own: the same pictures, and nothing that a hostile file can take along."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from clinic.refusal import Refused
from tests import make
from tests.pure import imaging_samples as samples
from treatments.imaging import child, isolation, prepare
from treatments.imaging.clean import clean

PHOTO = make.jpeg()
NOT_SAFE = "This photo cannot be decoded safely. Save it as an ordinary JPEG and choose it again."


@pytest.fixture(autouse=True)
def _places(monkeypatch: Any, tmp_path: Path) -> None:
    """Other tests decode meanwhile; their places are not counted here."""
    monkeypatch.setattr(isolation, "_lock_file", lambda number: str(tmp_path / str(number)))


def refusal(upload: bytes) -> str:
    with pytest.raises(Refused) as refused:
        isolation.decode(upload)
    return refused.value.message


def test_child_makes_the_pictures_that_this_process_would() -> None:
    assert isolation.decode(PHOTO) == child.pictures_of(clean(PHOTO))
    assert prepare(io.BytesIO(PHOTO)) == prepare(io.BytesIO(PHOTO), isolated=False)


def test_pixels_that_end_early_are_refused_in_the_words_of_this_process() -> None:
    whole = make.jpeg()
    cut = whole[: len(whole) // 2] + b"\xff\xd9"
    assert refusal(cut) in {
        "This photo is incomplete. Take or choose it again.",
        "This photo is damaged. Take or choose it again.",
    }


def test_photo_that_needs_more_memory_than_allowed_is_refused(monkeypatch: Any) -> None:
    large = samples.encoded(Image.new("RGB", (4000, 4000)), "PNG")
    assert isolation.decode(large).large
    monkeypatch.setattr(isolation, "MEMORY_BYTES", 48 * 1024 * 1024)
    assert refusal(large) == NOT_SAFE


def test_photo_that_takes_too_long_is_refused(monkeypatch: Any) -> None:
    monkeypatch.setattr(isolation, "WALL_SECONDS", 0.01)
    assert refusal(PHOTO) == NOT_SAFE


@pytest.mark.parametrize("answer", [b"", b"\x00\x00\x00\x09abc", b"\x00" * 12 + b"more"])
def test_answer_that_is_not_whole_is_refused(monkeypatch: Any, answer: bytes) -> None:
    done = subprocess.CompletedProcess([], 0, stdout=answer, stderr=b"")
    monkeypatch.setattr(subprocess, "run", lambda *args, **options: done)
    assert refusal(PHOTO) == NOT_SAFE


def test_child_gets_none_of_the_servers_environment(monkeypatch: Any) -> None:
    asked: dict[str, Any] = {}

    def run(*args: Any, **options: Any) -> Any:
        asked.update(options)
        return subprocess.CompletedProcess([], child.DAMAGED, stdout=b"", stderr=b"")

    monkeypatch.setattr(subprocess, "run", run)
    refusal(PHOTO)
    assert set(asked["env"]) == {"PATH", "LANG"}
    assert os.environ["PHOTO_KEYS"] not in asked["env"].values()


def test_child_starts_without_django() -> None:
    """Loading it took a third of the processor time of a photograph."""
    script = "import sys, treatments.imaging.child; print('django' in sys.modules)"
    run = [sys.executable, "-c", script]
    told = subprocess.run(run, cwd=isolation.ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False"]


def test_two_are_decoded_at_once_and_the_third_waits(monkeypatch: Any) -> None:
    running: list[int] = []
    most: list[int] = []

    def run(*args: Any, **options: Any) -> Any:
        running.append(1)
        most.append(len(running))
        time.sleep(0.2)
        running.pop()
        return subprocess.CompletedProcess([], child.DAMAGED, stdout=b"", stderr=b"")

    monkeypatch.setattr(subprocess, "run", run)
    with ThreadPoolExecutor(5) as pool:
        said = list(pool.map(refusal, [PHOTO] * 5))
    assert (max(most), len(said)) == (2, 5)


def test_photo_that_finds_no_place_is_refused_and_says_when_to_come_back(monkeypatch: Any) -> None:
    monkeypatch.setattr(isolation, "WAIT_SECONDS", 0.1)
    with isolation._place(), isolation._place():
        assert refusal(PHOTO) == (
            "Other photos are being worked on. Try this one again in a minute."
        )
    assert isolation.decode(PHOTO).large
