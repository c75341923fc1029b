"""What leaves with every reply, and that reading changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.http import HttpResponse
from django.test import Client

from clinic.roles import Role
from tests import make
from tests.http.test_policies import EXPECTED, GUARDED, address, client_of, status
from tests.http.test_secrecy import addresses
from tests.make import Record

PAGE_CSP = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "object-src": "'none'",
    "manifest-src": "'self'",
    "worker-src": "'self'",
}
PHOTO_CSP = {"default-src": "'none'", "sandbox": ""}
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
}
PRIVATE = {"Cache-Control": "private, no-store"}


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC)):
        yield


@pytest.fixture
def record(db: None) -> Record:
    return make.record()


def csp_of(answer: HttpResponse) -> dict[str, str]:
    """Read the policy into its directives, whose order says nothing."""
    parts = [part.strip().partition(" ") for part in answer["Content-Security-Policy"].split(";")]
    return {name: values for name, _, values in parts}


def headers_of(answer: HttpResponse, *names: str) -> dict[str, str | None]:
    return {name: answer.get(name) for name in names}


def kinds(record: Record) -> dict[str, tuple[HttpResponse, int]]:
    """Return one reply of each kind to somebody signed in, with its status."""
    doctor, desk = client_of(Role.PRACTITIONER), client_of(Role.FRONT_DESK)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make.user(Role.PRACTITIONER))
    chart = record.patient.get_absolute_url()
    wrong = doctor.post("/patients/new/", {"given_name": "x"})
    return {
        "page": (doctor.get(chart), 200),
        "refused form": (wrong, 200),
        "redirect": (doctor.get(f"/appointments/{record.appointment.pk}/arrive/"), 302),
        "403": (desk.get(record.last.get_absolute_url()), 403),
        "403 without a token": (strict.post(f"{chart}archive/"), 403),
        "404 of a record": (doctor.get("/visits/999999/"), 404),
        "404 of an address": (doctor.get("/nothing/"), 404),
        "fragment": (doctor.get(chart, headers={"HX-Request": "true"}), 200),
    }


def test_every_kind_of_reply_carries_the_headers(record: Record) -> None:
    wanted = ALWAYS | PRIVATE
    found = kinds(record)
    assert {kind: answer.status_code for kind, (answer, _) in found.items()} == {
        kind: code for kind, (_, code) in found.items()
    }
    assert {kind: headers_of(answer, *wanted) for kind, (answer, _) in found.items()} == (
        dict.fromkeys(found, wanted)
    )
    assert {kind: csp_of(answer) for kind, (answer, _) in found.items()} == (
        dict.fromkeys(found, PAGE_CSP)
    )


def test_every_page_carries_the_headers(record: Record) -> None:
    client = client_of(Role.MEDICAL_LEAD)
    for url in addresses(record):
        answer = client.get(url)
        make.body(answer)
        assert headers_of(answer, *ALWAYS, *PRIVATE) == ALWAYS | PRIVATE, url
        is_photo = url.startswith("/photos/") and url.endswith(("/thumb/", "/view/", "/full/"))
        assert csp_of(answer) == (PHOTO_CSP if is_photo else PAGE_CSP), url


def test_photo_is_sent_into_a_sandbox(record: Record) -> None:
    client = client_of(Role.PRACTITIONER)
    wanted = {
        **ALWAYS,
        **PRIVATE,
        "Content-Type": "image/jpeg",
        "Content-Disposition": 'inline; filename="photo.jpg"',
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    for size in ("thumb", "view", "full"):
        answer = client.get(f"/photos/{record.after.pk}/{size}/")
        content = make.body(answer)
        assert (headers_of(answer, *wanted), csp_of(answer)) == (wanted, PHOTO_CSP)
        assert int(answer["Content-Length"]) == len(content) > 100


def test_replies_to_strangers_carry_the_headers(db: None) -> None:
    client = Client()
    for url, code in {"/": 302, "/accounts/login/": 200, "/healthz": 200, "/nothing/": 404}.items():
        answer = client.get(url)
        assert answer.status_code == code
        assert headers_of(answer, *ALWAYS, *PRIVATE) == ALWAYS | PRIVATE
        assert csp_of(answer) == PAGE_CSP


def test_redirect_to_the_slash_carries_the_headers(record: Record) -> None:
    answer = client_of(Role.PRACTITIONER).get(record.patient.get_absolute_url().rstrip("/"))
    assert (answer.status_code, answer["Location"]) == (301, record.patient.get_absolute_url())
    assert headers_of(answer, *ALWAYS, *PRIVATE) == ALWAYS | PRIVATE


def test_cookies_of_the_session_are_not_for_scripts(db: None) -> None:
    person = make.user(Role.FRONT_DESK, password="a long enough sentence")
    client = Client()
    form = {"login": person.email, "password": "a long enough sentence"}
    assert client.post("/accounts/login/", form)["Location"] == "/"
    cookie = client.cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", "")


# Reading changes nothing -------------------------------------------------------------------------

UNTOUCHED = [
    model
    for model in apps.get_models()
    if model._meta.label not in {"clinic.AuditEvent", "sessions.Session"}
]


def rows() -> dict[str, list[Any]]:
    """Return every row of every table, but for the audit and the sessions."""
    return {
        model._meta.db_table: list(model._base_manager.order_by("pk").values_list())
        for model in UNTOUCHED
    }


def test_tables_that_are_compared_hold_something(record: Record) -> None:
    filled = {name for name, held in rows().items() if held}
    assert filled >= {
        "clinic_user",
        "patients_patient",
        "patients_screening",
        "treatments_course",
        "treatments_visit",
        "treatments_photo",
        "treatments_measure",
        "treatments_reaction",
        "appointments_appointment",
    }


@pytest.mark.parametrize("role", [None, *Role])
def test_get_changes_nothing(record: Record, role: Role | None, private_photos: Any) -> None:
    client, urls = client_of(role), addresses(record)
    before, files = rows(), sorted(private_photos.rglob("*"))
    for url in urls:
        status(client, url)
    assert rows() == before
    assert sorted(private_photos.rglob("*")) == files


@pytest.mark.parametrize("name", sorted({*GUARDED, "account_login", "account_logout"}))
def test_post_without_a_token_is_refused(record: Record, name: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make.user(Role.MEDICAL_LEAD, Role.PRACTITIONER))
    url, before = address(name, record), rows()
    answer = client.post(url, {"decision": "deferred", "reason": "x"})
    assert (answer.status_code, rows() == before) == (403, True)
    assert "opened before you signed in" in answer.content.decode()


def test_post_with_the_token_of_the_page_is_taken(record: Record) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make.user(Role.FRONT_DESK))
    url = address("appointments:appointment-arrive", record)
    token = client.get(f"/appointments/{record.appointment.pk}/").context["csrf_token"]
    assert client.post(url, {"csrfmiddlewaretoken": str(token)}).status_code == 302
    record.appointment.refresh_from_db()
    assert record.appointment.status == "arrived"


@pytest.mark.parametrize("name", [name for name in EXPECTED if name.startswith("account")])
def test_sign_in_pages_say_nothing_of_who_exists(record: Record, name: str) -> None:
    page = Client().get(address(name, record)).content.decode()
    assert [word for word in ("Sanchez", record.patient.code, "Dr Lin") if word in page] == []
