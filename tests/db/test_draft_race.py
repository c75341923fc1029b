"""A draft that is posted beside the save of the same page is not kept after it.

PostgreSQL only: SQLite lets one transaction write at a time.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, transaction
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from clinic import drafts
from clinic.models import Draft, Submission, User
from patients.forms.findings import FindingsForm, draft_of
from patients.models import Screening
from tests import make
from tests.db.test_booking_race import PATIENCE, wait_until_somebody_waits
from tests.http.test_conflicts import opened
from treatments.models import Visit

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql",
        reason="SQLite writes one transaction at a time: a race needs PostgreSQL",
    ),
]


def keep_while_saving(keep: Callable[[Screening, dict[str, Any], Client, User], None]) -> list[int]:
    """Save the findings, and let `keep` run before that is committed; return the answers."""
    by = make.practitioner()
    screening = make.screening(complete=False, by=by)
    clients = [Client(), Client()]
    for client in clients:
        client.force_login(by)
    url = f"/screenings/{screening.pk}/findings/"
    page = opened(clients[0], url) | {"pregnancy": "no", "weight_kg": "62.0"}
    saved, released, statuses = Event(), Event(), []

    def save() -> None:
        try:
            with transaction.atomic():
                statuses.append(clients[0].post(url, page).status_code)
                saved.set()
                released.wait(PATIENCE)
        finally:
            connection.close()

    def beside() -> None:
        try:
            keep(screening, page, clients[1], by)
        finally:
            connection.close()

    saver, keeper = Thread(target=save), Thread(target=beside)
    saver.start()
    assert saved.wait(PATIENCE)
    keeper.start()
    if keep is as_the_panel_does:
        wait_until_somebody_waits()
    else:
        keeper.join(PATIENCE)
    released.set()
    for thread in (saver, keeper):
        thread.join(PATIENCE)
    assert Submission.objects.count() == 1  # the save was carried out
    return statuses


def as_the_panel_does(screening: Screening, page: dict[str, Any], client: Client, by: User) -> None:
    assert client.post(f"/screenings/{screening.pk}/why/", page).status_code == 200


def carelessly(screening: Screening, page: dict[str, Any], client: Client, by: User) -> None:
    """Look whether the save was carried out, and keep the draft when it was not: no lock."""
    data = QueryDict(mutable=True)
    data.update(page)
    form = FindingsForm(data, screening=screening, earlier=None, is_live=True)
    if not form.is_answered(by=by):
        drafts.keep(form=draft_of(screening), data=data, by=by)


def test_panel_beside_its_own_save_keeps_no_draft() -> None:
    assert keep_while_saving(as_the_panel_does) == [302]
    assert Draft.objects.count() == 0


def test_control_without_the_lock_a_draft_of_saved_answers_stays() -> None:
    assert keep_while_saving(carelessly) == [302]
    assert Draft.objects.count() == 1


# The session -------------------------------------------------------------------------------------


def keep_session_while_saving(is_careless: bool) -> int:
    """Save a session, and post its draft before that is committed; count the drafts that stay."""
    course = make.course(visits=1, last_on=timezone.localdate() - timedelta(days=7))
    by, url = course.practitioner, f"/courses/{course.pk}/visits/new/"
    clients = [Client(), Client()]
    for client in clients:
        client.force_login(by)
    page = {
        "submission": str(uuid.uuid4()),
        "held_on": timezone.localdate().isoformat(),
        "areas": [str(area) for area in course.areas],
        "reactions": "none",
        "note": "Slept well.",
    }
    saved, released, statuses = Event(), Event(), []

    def save() -> None:
        try:
            with transaction.atomic():
                statuses.append(clients[0].post(url, page).status_code)
                saved.set()
                released.wait(PATIENCE)
        finally:
            connection.close()

    def beside() -> None:
        try:
            if is_careless:
                data = QueryDict(mutable=True)
                data.update(page)
                # Look whether the save was carried out, and lock nothing.
                if not Submission.objects.filter(key=page["submission"]).exists():
                    drafts.keep(form=f"course {course.pk} treatment", data=data, by=by)
            else:
                statuses.append(clients[1].post(f"{url}draft/", page).status_code)
        finally:
            connection.close()

    saver, keeper = Thread(target=save), Thread(target=beside)
    saver.start()
    assert saved.wait(PATIENCE)
    keeper.start()
    if is_careless:
        keeper.join(PATIENCE)
    else:
        wait_until_somebody_waits()
    released.set()
    for thread in (saver, keeper):
        thread.join(PATIENCE)
    assert (statuses[0], Visit.objects.count()) == (302, 2)
    return Draft.objects.count()


def test_draft_of_a_session_beside_its_own_save_is_not_kept() -> None:
    assert keep_session_while_saving(is_careless=False) == 0


def test_control_without_the_lock_a_draft_of_a_saved_session_stays() -> None:
    assert keep_session_while_saving(is_careless=True) == 1
