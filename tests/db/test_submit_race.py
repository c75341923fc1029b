"""The same form sent eight times at once, and one visit open in two tabs: on real connections."""

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
from clinic.refusal import Stale
from tests import make
from tests.db.test_booking_race import PATIENCE
from treatments.actions import change_visit
from treatments.findings import Findings
from treatments.models import Addendum, Course, Visit
from treatments.selectors.verification import faults
from treatments.terms import VisitKind

pytestmark = pytest.mark.django_db(transaction=True)

SENT, ROUNDS = 8, 200


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


# Two tabs ----------------------------------------------------------------------------------------


def in_two_tabs(visit: Visit, save: Callable[[Visit, str], bool]) -> int:
    """Add a line to the note in each tab, both from what both read, until it is saved.

    Return how many of the 2 x ROUNDS lines are not in the note at the end.
    """
    barrier = Barrier(2, timeout=PATIENCE)

    def tab(place: int) -> None:
        for number in range(ROUNDS):
            line = f"{place}.{number}\n"
            barrier.wait()
            opened = Visit.objects.get(pk=visit.pk)
            barrier.wait()
            while not save(opened, opened.note + line):
                opened = Visit.objects.get(pk=visit.pk)

    together(tab, 2)
    kept = set(Visit.objects.get(pk=visit.pk).note.split())
    return len({f"{place}.{number}" for place in range(2) for number in range(ROUNDS)} - kept)


def save_as_the_form_does(opened: Visit, note: str) -> bool:
    try:
        change_visit(
            visit=opened,
            version=opened.version,
            held_on=opened.held_on,
            findings=Findings(note=note),
            by=opened.practitioner,
        )
    except Stale:
        return False
    return True


def save_carelessly(opened: Visit, note: str) -> bool:
    opened.note = note
    opened.save(update_fields=["note"])
    return True


@pytest.fixture
def follow_up(course: Course) -> Visit:
    return make.visit(course, kind=VisitKind.FOLLOW_UP)


def test_none_of_400_updates_from_two_tabs_is_lost(follow_up: Visit) -> None:
    assert in_two_tabs(follow_up, save_as_the_form_does) == 0
    assert Visit.objects.get(pk=follow_up.pk).version == 2 * ROUNDS + 1


def test_control_without_the_version_updates_are_lost(follow_up: Visit) -> None:
    assert in_two_tabs(follow_up, save_carelessly) > ROUNDS // 2
