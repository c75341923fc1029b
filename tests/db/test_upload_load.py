"""Four dear photographs sent at once, again and again, while somebody else turns the pages."""

from __future__ import annotations

import http.client
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from statistics import quantiles
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from clinic.models import User
from tests import make
from tests.browser.serving import Server, served
from tests.pure.test_imaging_hostile import in_twenty_scans
from treatments.models import Course, Photo
from treatments.terms import VisitKind

pytestmark = pytest.mark.django_db(transaction=True)

UPLOADERS, PAGES = 4, 60
P95_SECONDS = 1.0
TOKEN = "t" * 32


@pytest.fixture
def server() -> Iterator[Server]:
    with served(threads=8) as started:
        yield started


@pytest.fixture
def course() -> Course:
    """She has not agreed to photographs: each is decoded, and then none of them is kept."""
    return make.course(visits=1)


def cookies_of(by: User) -> str:
    client = Client()
    client.force_login(by)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    return f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={TOKEN}"


def asked(server: Server, method: str, path: str, cookies: str, **more: Any) -> tuple[int, bytes]:
    """Ask the server by itself, without a kept connection."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    headers = {"Cookie": cookies, "X-CSRFToken": TOKEN, **more.pop("headers", {})}
    try:
        connection.request(method, path, headers=headers, **more)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def upload(server: Server, path: str, cookies: str, photo: bytes) -> tuple[int, bool]:
    """Send a photograph; return the status, and whether it was decoded before it was refused."""
    mark = uuid.uuid4().hex
    body = (
        f'--{mark}\r\nContent-Disposition: form-data; name="view"\r\n\r\nback_relaxed\r\n'
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="photo.jpg"\r\n'
        f"Content-Type: image/jpeg\r\n\r\n"
    ).encode()
    body += photo + f"\r\n--{mark}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={mark}"}
    status, page = asked(server, "POST", path, cookies, body=body, headers=headers)
    return status, b"without her consent" in page


def test_other_pages_stay_quick_while_four_dear_photographs_are_decoded(
    server: Server, course: Course
) -> None:
    visit = make.visit(course, kind=VisitKind.BASELINE)
    by = course.practitioner
    uploading, reading = cookies_of(by), cookies_of(make.practitioner("Dr Reader"))
    bomb = in_twenty_scans(8000, 6250)
    page = f"/patients/{course.patient_code}/"
    asked(server, "GET", page, reading)  # what is loaded once
    sent: Counter[tuple[int, bool]] = Counter()
    is_over = False

    def keep_sending() -> None:
        while not is_over:
            sent[upload(server, f"/visits/{visit.pk}/photos/", uploading, bomb)] += 1

    with ThreadPoolExecutor(UPLOADERS) as pool:
        senders = [pool.submit(keep_sending) for _ in range(UPLOADERS)]
        time.sleep(0.5)  # all four are on their way
        turned = [timed(lambda: asked(server, "GET", page, reading)[0]) for _ in range(PAGES)]
        is_over = True
        for sender in senders:
            sender.result()
    assert {status for status, _seconds in turned} == {200}
    assert {status for status, _is_decoded in sent} == {422}
    assert sent[422, True] >= UPLOADERS
    assert Photo.objects.count() == 0
    assert quantiles([seconds for _status, seconds in turned], n=20)[-1] < P95_SECONDS


def timed(ask: Callable[[], int]) -> tuple[int, float]:
    began = time.monotonic()
    status = ask()
    return status, time.monotonic() - began
