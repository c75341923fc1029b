"""The same form sent eight times at once, on real connections. Two tabs: test_session_race."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from clinic.models import SignedNote, User
from tests import make
from tests.db.test_booking_race import PATIENCE
from treatments.models import Addendum, Course, Visit
from treatments.selectors.verification import faults
from treatments.terms import VisitKind

pytestmark = pytest.mark.django_db(transaction=True)

SENT = 8


@pytest.fixture
def course() -> Course:
    return make.course(visits=1)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def together(work: Callable[[int], Any], times: int) -> list[Any]:
    """Run `work` in so many threads, each on a connection of its own."""

    def run(place: int) -> Any:
        try:
            return work(place)
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def sent(user: User, url: str, data: dict[str, Any], keys: list[uuid.UUID]) -> Counter[Any]:
    """Send a form once per key, all at the same moment; count the answers."""
    clients = [client_of(user) for _ in keys]
    barrier = Barrier(len(keys), timeout=PATIENCE)

    def send(place: int) -> tuple[int, str]:
        barrier.wait()
        answer = clients[place].post(url, data | {"submission": str(keys[place])})
        return answer.status_code, answer.headers.get("Location", "")

    return Counter(together(send, len(keys)))


# The same form, eight times ----------------------------------------------------------------------


def logged(course: Course, keys: list[uuid.UUID]) -> Counter[Any]:
    data = {"held_on": timezone.localdate().isoformat(), "note": "She called, all is well."}
    url = f"/courses/{course.pk}/visits/new/?kind=follow_up"
    return sent(course.practitioner, url, data, keys)


def test_eight_identical_submits_make_one_visit_and_eight_identical_answers(
    course: Course,
) -> None:
    answers = logged(course, [uuid.uuid4()] * SENT)
    visit = Visit.objects.get(kind=VisitKind.FOLLOW_UP)
    assert answers == {(302, f"/visits/{visit.pk}/"): SENT}


def test_control_eight_submits_of_eight_pages_make_eight_visits(course: Course) -> None:
    answers = logged(course, [uuid.uuid4() for _ in range(SENT)])
    assert (len(answers), Visit.objects.filter(kind=VisitKind.FOLLOW_UP).count()) == (SENT, SENT)


def test_eight_identical_addenda_are_one_link_of_the_chain(course: Course) -> None:
    visit = course.visits.get()
    make.sign(visit)
    data = {"added-text": "She called.", "added-reason": "Called later."}
    url = f"/visits/{visit.pk}/addenda/"
    key = uuid.uuid4()
    # The form of addenda has its own prefix, and its key with it.
    answers = sent(visit.practitioner, url, data | {"added-submission": str(key)}, [key] * SENT)
    assert answers == {(302, f"/visits/{visit.pk}/"): SENT}
    assert (Addendum.objects.count(), SignedNote.objects.count()) == (1, 2)
    assert list(faults()) == []
