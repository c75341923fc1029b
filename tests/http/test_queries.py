"""A list page costs as many queries with six rows as with one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from appointments.models import Room
from appointments.terms import Status
from clinic.models import User
from clinic.roles import Role
from tests import make
from treatments.models import Course, Reaction
from treatments.terms import MeasureKind, View, VisitKind

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def doctor() -> User:
    return make.practitioner()


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def cost(client: Client, url: str) -> tuple[int, str]:
    """Return how many queries a page costs, and the page."""
    client.get(url)  # whatever is read once and then kept
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = client.get(url)
    assert answer.status_code == 200
    return len(queries), answer.content.decode()


def costs_the_same(client: Client, url: str, add: Callable[[int], None], row: str) -> None:
    """Assert that a page costs the same with one and with six rows, and that it shows them."""
    found = []
    for rows in (range(1), range(1, 6)):
        for number in rows:
            add(number)
        queries, page = cost(client, url)
        found.append((queries, page.count(row)))
    (one, shown_once), (six, shown_six_times) = found
    assert shown_six_times == 6 * shown_once > 0
    assert six == one


def patient_of_the_day(doctor: User) -> Callable[[int], None]:
    """Return a builder of one more patient: a course, two sessions, an appointment today, a reaction."""

    def add(number: int) -> None:
        patient = make.patient(given_name=f"Row{number}", by=doctor)
        course = make.course(patient, visits=2, by=doctor, last_on=TODAY - timedelta(7 + number))
        Reaction.objects.create(visit=course.visits.last(), kind="bruise", grade=2)
        room = Room.objects.create(name=f"Room of {number}")
        past, now = make.at(TODAY - timedelta(3), f"{9 + number:02}:00"), f"{9 + number:02}:30"
        make.appointment(past, course=course, room=room, booked_by=doctor)
        status = Status.ARRIVED if number % 2 else Status.BOOKED
        make.appointment(
            make.at(TODAY, now), course=course, room=room, booked_by=doctor, status=status
        )

    return add


@pytest.mark.parametrize(
    ("url", "row"),
    [
        ("/patients/", 'class="row-link"'),
        ("/patients/?q=row", 'class="row-link"'),
        ("/patients/?state=course", 'class="row-link"'),
        ("/review/courses/", 'class="row-link"'),
        ("/schedule/", "Row"),
        ("/?all=1", 'class="desk-row'),
        ("/appointments/new/?q=row", "?patient=P-"),
    ],
)
def test_list_costs_the_same_with_one_and_with_six_rows(doctor: User, url: str, row: str) -> None:
    costs_the_same(client_of(doctor), url, patient_of_the_day(doctor), row)


@pytest.mark.parametrize("url", ["/", "/patients/", "/schedule/", "/schedule/day/2026-11-24/"])
def test_list_of_the_desk_costs_the_same_with_one_and_with_six_rows(doctor: User, url: str) -> None:
    row = {"/": 'class="desk-row', "/patients/": 'class="row-link"'}.get(url, "Row")
    costs_the_same(client_of(make.user(Role.FRONT_DESK)), url, patient_of_the_day(doctor), row)


def test_own_day_costs_the_same_with_two_and_with_seven_rows(doctor: User) -> None:
    """The first row of one's own day is a card of its own, so it is there both times."""
    add = patient_of_the_day(doctor)
    add(6)
    client, found = client_of(doctor), []
    for rows in (range(1), range(1, 6)):
        for number in rows:
            add(number)
        queries, page = cost(client, "/")
        found.append((queries, page.count("Row")))
    (one, shown_first), (six, shown_then) = found
    assert shown_then > shown_first > 0
    assert six == one


@pytest.fixture
def course(doctor: User) -> Course:
    return make.course(visits=1, by=doctor, last_on=TODAY - timedelta(70))


def visit_of(course: Course) -> Callable[[int], None]:
    """Return a builder of one more session with all that hangs on it."""

    def add(number: int) -> None:
        day = TODAY - timedelta(7 * (9 - number))
        visit = make.visit(
            course,
            number=number + 2,
            on=day,
            measures={MeasureKind.WEIGHT: "61.0", MeasureKind.THIGH_LEFT: "58.0"},
            note="Chart row.",
            is_without_reaction=False,
        )
        Reaction.objects.create(visit=visit, kind="bruise", grade=1)
        for view in (View.BACK_RELAXED, View.LEFT_RELAXED):
            make.photo(visit, view)
        make.visit(course, kind=VisitKind.REVIEW, on=day)
        make.screening(course.patient, by=course.practitioner)
        make.appointment(make.at(day, "10:00"), course=course, status=Status.NO_SHOW)
        make.appointment(make.at(TODAY + timedelta(7 * (number + 1)), "10:00"), course=course)

    return add


def test_chart_costs_the_same_with_one_and_with_six_visits(doctor: User, course: Course) -> None:
    url = course.patient.get_absolute_url()
    costs_the_same(client_of(doctor), url, visit_of(course), "Chart row.")


def session_of(course: Course) -> Callable[[int], None]:
    """Return a builder of one more session with products, answers and reactions."""
    add = visit_of(course)

    def add_more(number: int) -> None:
        add(number)
        visit = course.visits.treatments().get(number=number + 2)
        make.drawn(visit, make.lot())
        visit.answers.create(item="pregnancy", answer="no")
        for reaction in visit.reactions.all():
            reaction.checks.create(outcome="ongoing", by=course.practitioner)

    return add_more


def test_form_of_a_session_costs_the_same_after_one_and_after_six(
    doctor: User, course: Course
) -> None:
    """More lots are more choices, and more sessions more history: neither is another query."""
    make.shelf_of_one()
    client, add = client_of(doctor), session_of(course)
    url, found = f"/courses/{course.pk}/visits/new/", []
    for rows in (range(1), range(1, 6)):
        for number in rows:
            add(number)
        queries, page = cost(client, url)
        found.append((queries, page.count("data-lot-number")))
    (one, lots), (six, all_lots) = found
    assert all_lots > lots > 0
    assert six == one


def test_draft_of_a_session_costs_the_same_after_one_and_after_six(
    doctor: User, course: Course
) -> None:
    """It is sent again and again while somebody types."""
    typed = make.ready_session(course)
    client, add, found = client_of(doctor), session_of(course), []
    url = f"/courses/{course.pk}/visits/new/draft/"
    for rows in (range(1), range(1, 6)):
        for number in rows:
            add(number)
        client.post(url, typed)
        with CaptureQueriesContext(connection) as queries:
            assert client.post(url, typed).status_code == 200
        found.append(len(queries))
    assert found[0] == found[1]


def test_form_of_an_unsigned_session_costs_the_same_with_one_and_with_six_before(
    doctor: User, course: Course
) -> None:
    client, add, found = client_of(doctor), session_of(course), []
    make.shelf_of_one()
    add(0)
    visit = make.visit(course, number=20, on=TODAY, measures={MeasureKind.WEIGHT: "61.0"})
    make.drawn(visit, make.lot())
    for rows in ((), range(1, 6)):
        for number in rows:
            add(number)
        found.append(cost(client, f"/visits/{visit.pk}/change/")[0])
    assert found[0] == found[1]


def test_chart_of_the_desk_costs_the_same_with_one_and_with_six_dates(course: Course) -> None:
    url, desk = course.patient.get_absolute_url(), client_of(make.user(Role.FRONT_DESK))
    add = visit_of(course)
    add(0)
    one = cost(desk, url)[0]
    for number in range(1, 6):
        add(number)
    assert cost(desk, url)[0] == one


def test_gallery_costs_the_same_with_one_and_with_six_visits(doctor: User, course: Course) -> None:
    url = f"/patients/{course.patient.code}/photos/?show=1"
    costs_the_same(client_of(doctor), url, visit_of(course), "/thumb/")


def test_compare_costs_the_same_with_two_and_with_seven_visits(
    doctor: User, course: Course
) -> None:
    make.photo(course.visits.get())
    url = f"/patients/{course.patient.code}/compare/?view=back_relaxed"
    client, found = client_of(doctor), []
    add = visit_of(course)
    for rows in (range(1), range(1, 6)):
        for number in rows:
            add(number)
        queries, page = cost(client, url)
        found.append((queries, page.count("<option")))
    (two, offered_first), (seven, offered_then) = found
    assert offered_then - offered_first == 2 * 5
    assert seven == two
