"""Photographs in an S3-compatible bucket: the same files behind the same interface, on a real server."""

from __future__ import annotations

import io
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

import boto3
import pytest
from django.core.management import CommandError, call_command

from tests import make
from tests.db.test_media import MAGIC
from treatments import photo_files
from treatments.models import Photo
from treatments.models.photo import Size
from treatments.terms import View, VisitKind

pytestmark = pytest.mark.django_db
BUCKET = "clinic-photographs"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Serve S3 on a free port of loopback, in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _attempt in range(200):
            try:
                with urlopen(f"{url}/moto-api/", timeout=2):  # noqa: S310 the one address above
                    break
            except OSError:
                time.sleep(0.1)
        else:
            pytest.fail("moto does not answer.")
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def bucket(server: str, settings: Any) -> Any:
    """An empty bucket, which the product uses for its photographs."""
    options = {
        "bucket_name": BUCKET,
        "endpoint_url": server,
        "region_name": "eu-central-1",
        "access_key": "test",
        "secret_key": "test",
        "default_acl": None,
        "file_overwrite": True,
    }
    settings.STORAGES = {
        **settings.STORAGES,
        "photos": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options},
    }
    s3 = boto3.resource(
        "s3",
        endpoint_url=server,
        region_name="eu-central-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    made = s3.create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    yield made
    made.objects.all().delete()
    made.delete()


@pytest.fixture
def photos(bucket: Any) -> list[Photo]:
    visit = make.visit(make.course(), kind=VisitKind.BASELINE)
    return [make.photo(visit, view) for view in (View.BACK_RELAXED, View.LEFT_RELAXED)]


def test_bucket_holds_sealed_files_only(bucket: Any, photos: list[Photo]) -> None:
    stored = {row.key: row.get()["Body"].read() for row in bucket.objects.all()}
    assert sorted(stored) == sorted(photo.file_name(size) for photo in photos for size in Size)
    assert [key for key, content in stored.items() if MAGIC.search(content)] == []


def test_photograph_comes_back_from_the_bucket_through_the_view(
    client: Any, photos: list[Photo]
) -> None:
    client.force_login(photos[0].visit.practitioner)
    answer = client.get(photos[0].view_url)
    assert answer.status_code == 200
    assert make.body(answer) == photo_files.read(photos[0], Size.VIEW)
    assert answer["Cache-Control"] == "private, no-store"


def test_bucket_is_verified_and_cleaned_like_a_folder(bucket: Any, photos: list[Photo]) -> None:
    call_command("verify_media", stdout=(out := io.StringIO()))
    assert "Opened 6 files; 0 left over.\nAll as they were stored.\n" in out.getvalue()
    bucket.Object(photos[0].file_name(Size.FULL)).delete()
    other = bucket.Object(photos[1].file_name(Size.VIEW))
    other.put(Body=other.get()["Body"].read()[:-1] + b"x")
    bucket.put_object(Key="ab/left/over.sealed", Body=b"young, so it is spared")
    with pytest.raises(CommandError) as refused:
        call_command("verify_media", stdout=(out := io.StringIO()))
    assert "Opened 4 files; 0 left over." in out.getvalue()
    assert re.findall(r": (missing|damaged)\.", str(refused.value)) == ["missing", "damaged"]


def test_upload_that_is_rolled_back_leaves_nothing_in_the_bucket(bucket: Any) -> None:
    visit = make.visit(make.course(), kind=VisitKind.BASELINE)
    make.photo(visit)
    before = {row.key for row in bucket.objects.all()}
    with pytest.raises(Exception, match=r"view_once_per_visit|UNIQUE|unique"):
        make.photo(visit)  # the same view once more
    assert {row.key for row in bucket.objects.all()} == before
