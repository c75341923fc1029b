"""Whom the clinic invites to a new screening, and what the front desk reads of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appointments.terms import Kind, Status
from clinic.models import AuditEvent
from clinic.roles import Role
from patients.actions import decide_screening
from patients.models import Patient, Screening
from patients.models.screening import Decision
from tests import make
from tests.make import CANARY

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
URL = "/follow-ups/"


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), tick=False):
        yield


def deferred(until: date = TODAY, **details: Any) -> Screening:
    """Make a screening that was deferred two months ago."""
    with time_machine.travel(datetime(2026, 9, 24, 12, 0, tzinfo=UTC), tick=False):
        made = make.screening(make.patient(**details))
        return decide_screening(
            screening=made,
            decision=Decision.DEFERRED,
            reason=f"{CANARY} tan",
            deferred_until=until,
            by=made.started_by,
        )


def page(client: Client, url: str = URL) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def codes(client: Client) -> list[str]:
    main = page(client).partition("<main")[2]
    return re.findall(r'<span class="small num">(P-\w{5})</span>', main)


def counted(client: Client) -> list[str]:
    """Return the count beside the entry of the navigation, in the bar and below."""
    bar = re.findall(r'<a href="/follow-ups/".*?</a>', page(client, "/"), re.S)
    return [found for link in bar for found in re.findall(r'class="count">(\d+)<', link)]


@pytest.mark.parametrize(
    ("days", "is_listed"),
    [(-60, True), (-1, True), (0, True), (7, True), (8, False), (60, False)],
)
def test_list_shows_whose_day_has_come_or_comes_within_a_week(
    sign_in: Any, days: int, is_listed: bool
) -> None:
    made = deferred(TODAY + timedelta(days))
    client = sign_in(Role.FRONT_DESK)
    assert codes(client) == ([made.patient.code] if is_listed else [])
    assert counted(client) == (["1", "1"] if is_listed else [])


def test_list_begins_with_those_who_wait_longest(sign_in: Any) -> None:
    later, first = deferred(TODAY), deferred(TODAY - timedelta(9))
    assert codes(sign_in(Role.FRONT_DESK)) == [first.patient.code, later.patient.code]


def test_list_leaves_out_who_was_screened_again(sign_in: Any) -> None:
    made = deferred()
    client = sign_in(Role.FRONT_DESK)
    again = make.screening(made.patient)
    assert codes(client) == [made.patient.code]  # not decided yet
    decide_screening(
        screening=again, decision=Decision.NOT_SUITABLE, reason="x", by=again.started_by
    )
    assert codes(client) == []


def test_list_leaves_out_the_archived(sign_in: Any) -> None:
    made = deferred()
    Patient.objects.update(archived_at=timezone.now(), archived_by=made.started_by)
    assert codes(sign_in(Role.FRONT_DESK)) == []


@pytest.mark.parametrize(
    ("details", "is_listed"),
    [
        ({}, False),
        ({"status": Status.CANCELLED}, True),
        ({"kind": Kind.REVIEW}, True),
    ],
    ids=["booked", "cancelled", "another kind"],
)
def test_list_leaves_out_who_has_a_screening_booked(
    sign_in: Any, details: dict[str, Any], is_listed: bool
) -> None:
    made = deferred()
    make.appointment(make.at(TODAY + timedelta(3), "10:00"), patient=made.patient, **details)
    assert codes(sign_in(Role.FRONT_DESK)) == ([made.patient.code] if is_listed else [])


def test_list_counts_a_screening_that_was_missed_as_nothing_booked(sign_in: Any) -> None:
    made = deferred()
    make.appointment(
        make.at(TODAY - timedelta(3), "10:00"), patient=made.patient, status=Status.NO_SHOW
    )
    assert codes(sign_in(Role.FRONT_DESK)) == [made.patient.code]


def test_front_desk_reads_whom_to_invite_and_nothing_clinical(sign_in: Any) -> None:
    made = deferred(phone="+442079460017")
    found = unescape(page(sign_in(Role.FRONT_DESK)))
    for words in (
        "Invite to a screening",
        'href="tel:+442079460017"',
        "ends 00 17",
        f'href="/appointments/new/?patient={made.patient.code}"',
        "Maria S.",
    ):
        assert words in found
    for words in (CANARY, "/screenings/", "eferred", "Good candidate", "Reason"):
        assert words not in found
    assert AuditEvent.objects.filter(action="follow-ups viewed").count() == 0


@pytest.mark.parametrize(
    ("role", "books"),
    [(Role.PRACTITIONER, True), (Role.MEDICAL_LEAD, True), (Role.MANAGER, False)],
)
def test_clinical_roles_read_the_reason_and_it_is_written_down(
    sign_in: Any, role: Role, books: bool
) -> None:
    made = deferred()
    found = page(sign_in(role))
    assert (f"{CANARY} tan" in found, made.get_absolute_url() in found) == (True, True)
    assert ("/appointments/new/?patient=" in found) == books
    assert AuditEvent.objects.filter(action="follow-ups viewed").count() == 1


def test_empty_list_says_so_in_words(sign_in: Any) -> None:
    client = sign_in(Role.FRONT_DESK)
    assert "Nobody is to be invited to a screening now." in page(client)
    assert page(client, f"{URL}?list=rescreen").count('aria-current="page"') == 3


def test_unknown_list_is_not_found(sign_in: Any) -> None:
    assert sign_in(Role.FRONT_DESK).get(f"{URL}?list=%00").status_code == 404


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.PRACTITIONER])
def test_list_costs_the_same_with_one_and_with_six_rows(sign_in: Any, role: Role) -> None:
    client, found = sign_in(role), []
    for more in (1, 5):
        for _number in range(more):
            deferred()
        page(client)
        with CaptureQueriesContext(connection) as queries:
            rows = len(codes(client))
        found.append((rows, len(queries)))
    (one, first), (six, then) = found
    assert (one, six, then) == (1, 6, first)
