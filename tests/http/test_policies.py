"""Who may open which address: every role against every route."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, path, reverse
from django.utils import timezone

from clinic import urls
from clinic.models import AuditEvent
from clinic.policy import check_policies, policy_of, public, routes
from clinic.roles import GRANTS, Can, Role
from tests import make
from tests.make import Record

PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Route:
    """What one address answers: its policy, then the status for those who may open it.

    `signed_in` differs from `get` where a public page sends people on who are signed in; `press`
    is the status of a POST to a route that is only a button.
    """

    policy: Can | str
    args: Callable[[Record], tuple[Any, ...]] = lambda record: ()
    get: int = 200
    signed_in: int | None = None
    press: int | None = None


def code(record: Record) -> tuple[Any, ...]:
    return (record.patient.code,)


def opened(record: Record) -> tuple[Any, ...]:
    return (record.open.pk,)


def course(record: Record) -> tuple[Any, ...]:
    return (record.course.pk,)


def visit(record: Record) -> tuple[Any, ...]:
    return (record.last.pk,)


def baseline(record: Record) -> tuple[Any, ...]:
    return (record.baseline.pk,)


def reaction(record: Record) -> tuple[Any, ...]:
    return (record.last.reactions.get().pk,)


def appointment(record: Record) -> tuple[Any, ...]:
    return (record.appointment.pk,)


def day(record: Record) -> tuple[Any, ...]:
    return (timezone.localdate(),)


def signed_list(record: Record) -> tuple[Any, ...]:
    return (1,)


def draft_list(record: Record) -> tuple[Any, ...]:
    return (2,)


def lot(record: Record) -> tuple[Any, ...]:
    return (record.lot.pk,)


def setup(record: Record) -> tuple[Any, ...]:
    return (record.setup.pk,)


def exported(record: Record) -> tuple[Any, ...]:
    return (make.exported(record).pk,)


def protocol_draft(record: Record) -> tuple[Any, ...]:
    return (record.protocol.protocol_id, 2)


EXPECTED = {
    "healthz": Route(PUBLIC),
    "readyz": Route(PUBLIC),
    "gallery": Route(PUBLIC, get=404),  # DEBUG is off in tests
    "account_login": Route(PUBLIC, signed_in=302),
    "account_logout": Route(PUBLIC, get=302, signed_in=200),
    "account_inactive": Route(PUBLIC),
    "account_reset_password": Route(PUBLIC),
    "account_reset_password_done": Route(PUBLIC),
    "account_reset_password_from_key": Route(PUBLIC, lambda record: ("1", "no-such-key")),
    "account_reset_password_from_key_done": Route(PUBLIC),
    "desk:today": Route(Can.USE_CLINIC),
    "desk:today-on": Route(Can.USE_CLINIC, day),
    "desk:patient-list": Route(Can.SEE_PATIENTS),
    "desk:follow-ups": Route(Can.SEE_PATIENTS),
    "desk:board": Route(Can.SEE_BOARD),
    "desk:chart": Route(Can.SEE_PATIENTS, code),
    "desk:patient-archive": Route(Can.ARCHIVE_PATIENTS, code),
    "patients:patient-add": Route(Can.EDIT_PATIENTS),
    "patients:patient-change": Route(Can.EDIT_PATIENTS, code),
    "patients:screening-add": Route(Can.SCREEN, code),
    "patients:screening-detail": Route(Can.SEE_CLINICAL, opened),
    "patients:screening-findings": Route(Can.SCREEN, opened),
    "patients:screening-reason": Route(Can.SCREEN, opened),
    "patients:screening-history": Route(Can.SCREEN, opened),
    "patients:screening-why": Route(Can.SCREEN, opened, get=302),
    "patients:screening-discard": Route(Can.SCREEN, opened, get=302),
    "patients:screening-decide": Route(Can.DECIDE, opened, get=302),
    "patients:safety-list": Route(Can.SEE_RULES),
    "patients:safety-start": Route(Can.SIGN_RULES, get=302),
    "patients:safety-version": Route(Can.SEE_RULES, signed_list),
    "patients:safety-sign": Route(Can.SIGN_RULES, draft_list),
    "patients:safety-item-add": Route(Can.SIGN_RULES, draft_list),
    "patients:safety-item": Route(Can.SIGN_RULES, lambda record: (2, "pregnancy")),
    "patients:safety-agent-add": Route(Can.SIGN_RULES, draft_list),
    "patients:safety-agent": Route(Can.SIGN_RULES, lambda record: (2, "latex")),
    "patients:consent-list": Route(Can.SEE_CLINICAL, code),
    "patients:consent-sign": Route(Can.ASK_CONSENT, code, get=302),
    "patients:consent-give": Route(Can.ASK_CONSENT, code, get=302),
    "patients:consent-history": Route(Can.SEE_CLINICAL, code),
    "patients:consent-hand-over": Route(Can.ASK_CONSENT, code),
    "patients:consent-withdraw": Route(
        Can.ASK_CONSENT, lambda record: (record.patient.code, "treatment")
    ),
    "patients:consent-pdf": Route(Can.SEE_CLINICAL, lambda record: (record.consent.pk,)),
    # Nothing to sign and nothing to take back while the tablet is in nobody's hands.
    "patients:consent-signing": Route(Can.ASK_CONSENT, get=302),
    "take-back": Route(Can.USE_CLINIC, get=302),
    "patients:consent-texts": Route(Can.WRITE_CONSENT_TEXTS),
    "patients:consent-text-write": Route(Can.WRITE_CONSENT_TEXTS, lambda record: ("treatment",)),
    "patients:screening-confirm": Route(Can.DECIDE, opened, get=302),  # it waits for nobody
    "patients:screening-letter": Route(Can.SEE_CLINICAL, opened, get=404),  # nobody was referred
    "patients:screening-reasons": Route(Can.SEE_CLINICAL, opened),
    "treatments:course-add": Route(Can.MANAGE_COURSES, code),
    "treatments:course-state": Route(Can.MANAGE_COURSES, course),
    "treatments:course-plan": Route(Can.MANAGE_COURSES, course),
    "desk:course": Route(Can.SEE_PATIENTS, course),
    "desk:course-copy": Route(Can.SEE_CLINICAL, course),
    "desk:course-copy-pdf": Route(Can.SEE_CLINICAL, course),
    "desk:visit-add": Route(Can.RECORD_VISITS, course),
    "desk:visit-change": Route(Can.RECORD_VISITS, visit),
    # A draft is kept by a POST; whoever opens its address is led to the form.
    "desk:visit-draft": Route(Can.RECORD_VISITS, visit, get=302, press=200),
    "desk:visit-draft-new": Route(Can.RECORD_VISITS, course, get=302, press=200),
    "treatments:visit-detail": Route(Can.SEE_CLINICAL, visit),
    "treatments:visit-void": Route(Can.RECORD_VISITS, visit, get=302),
    "treatments:reaction-check": Route(Can.RECORD_VISITS, reaction),
    "treatments:visit-opinion": Route(Can.RECORD_VISITS, baseline),
    "treatments:visit-not-asked": Route(Can.RECORD_VISITS, baseline, get=302),
    # The patient is asked first; and the tablet is in nobody's hands.
    "treatments:visit-scores": Route(Can.RECORD_VISITS, baseline, get=302),
    "treatments:opinion-answer": Route(Can.RECORD_VISITS, get=302),
    "treatments:course-progress": Route(Can.SEE_CLINICAL, course),
    "treatments:course-continue": Route(Can.MANAGE_COURSES, course, get=302),
    "treatments:visit-add-to": Route(Can.RECORD_VISITS, visit, get=302),
    "treatments:visit-pass-gate": Route(Can.OVERRIDE_STOP, visit, get=302),
    "treatments:photo-gallery": Route(Can.SEE_PHOTOS, code),
    "treatments:photo-compare": Route(Can.SEE_PHOTOS, code),
    "treatments:photo-filing": Route(Can.TAKE_PHOTOS, code),
    "treatments:photo-propose": Route(Can.TAKE_PHOTOS, code, get=405, press=200),
    "treatments:photo-align": Route(Can.TAKE_PHOTOS, code, get=302),
    "treatments:photo-add-waiting": Route(Can.TAKE_PHOTOS, course, press=422),
    "treatments:photo-add": Route(Can.TAKE_PHOTOS, baseline, press=422),
    "treatments:photo-drop": Route(
        Can.TAKE_PHOTOS, lambda record: (record.before.pk,), get=405, press=404
    ),
    "treatments:photo-void": Route(Can.TAKE_PHOTOS, lambda record: (record.after.pk,)),
    "treatments:photo-file": Route(Can.SEE_PHOTOS, lambda record: (record.after.pk, "thumb")),
    # Without a pair in the address there is nothing to take out, or to grade.
    "treatments:pair-export": Route(Can.EXPORT_PHOTOS, code, get=404),
    "treatments:pair-blind": Route(Can.RECORD_VISITS, code, get=404),
    "treatments:photo-review": Route(Can.SEE_PHOTOS),
    "treatments:photo-uses": Route(Can.SEE_PHOTOS, code),
    # Only whoever took a pair out opens it again, for ten minutes.
    "treatments:export-detail": Route(Can.EXPORT_PHOTOS, exported, get=302),
    "treatments:export-sheet": Route(Can.EXPORT_PHOTOS, exported, get=404),
    "treatments:export-end": Route(Can.SEE_PHOTOS, exported, get=302),
    "treatments:formulary": Route(Can.SEE_PROTOCOLS),
    "treatments:formulary-start": Route(Can.APPROVE_PROTOCOLS, get=302),
    "treatments:formulary-version": Route(Can.SEE_PROTOCOLS, signed_list),
    "treatments:formulary-compare": Route(Can.SEE_PROTOCOLS, signed_list, get=404),  # the first
    "treatments:formulary-approve": Route(Can.APPROVE_PROTOCOLS, draft_list),
    "treatments:agent-add": Route(Can.APPROVE_PROTOCOLS, draft_list),
    "treatments:agent": Route(Can.APPROVE_PROTOCOLS, lambda record: (2, "buflomedil")),
    "treatments:agent-remove": Route(
        Can.APPROVE_PROTOCOLS, lambda record: (2, "buflomedil"), get=302
    ),
    "treatments:protocols": Route(Can.SEE_PROTOCOLS),
    "treatments:protocol-add": Route(Can.APPROVE_PROTOCOLS),
    "treatments:protocol-start": Route(
        Can.APPROVE_PROTOCOLS, lambda record: (record.protocol.protocol_id,), get=302
    ),
    "treatments:protocol-offer": Route(
        Can.APPROVE_PROTOCOLS, lambda record: (record.protocol.protocol_id,), get=302
    ),
    "treatments:protocol-version": Route(
        Can.SEE_PROTOCOLS, lambda record: (record.protocol.protocol_id, 1)
    ),
    "treatments:protocol-change": Route(Can.APPROVE_PROTOCOLS, protocol_draft),
    "treatments:protocol-approve": Route(Can.APPROVE_PROTOCOLS, protocol_draft),
    "treatments:photo-setups": Route(Can.SEE_PROTOCOLS),
    "treatments:photo-setup-add": Route(Can.APPROVE_PROTOCOLS),
    "treatments:photo-setup-change": Route(Can.APPROVE_PROTOCOLS, setup),
    "treatments:photo-setup-retire": Route(Can.APPROVE_PROTOCOLS, setup, get=302),
    "treatments:products": Route(Can.SEE_PROTOCOLS),
    "treatments:product-add": Route(Can.APPROVE_PROTOCOLS),
    "treatments:product-change": Route(
        Can.APPROVE_PROTOCOLS, lambda record: (record.lot.product_id,)
    ),
    "treatments:product-retire": Route(
        Can.APPROVE_PROTOCOLS, lambda record: (record.lot.product_id,), get=302
    ),
    "treatments:lot-list": Route(Can.SEE_STOCK),
    "treatments:lot-add": Route(Can.KEEP_STOCK),
    "treatments:lot-detail": Route(Can.SEE_STOCK, lot),
    "treatments:lot-correct": Route(Can.KEEP_STOCK, lot),
    "treatments:lot-open": Route(Can.KEEP_STOCK, lot),
    "treatments:lot-amount": Route(Can.KEEP_STOCK, lot),
    "treatments:lot-recall": Route(Can.KEEP_STOCK, lot),
    "treatments:lot-export": Route(Can.KEEP_STOCK, lot),
    "treatments:lot-contact": Route(
        Can.KEEP_STOCK, lambda record: (record.lot.pk, record.patient.code), get=302
    ),
    "treatments:lot-shared": Route(Can.SEE_STOCK),
    "treatments:patient-lots": Route(Can.SEE_STOCK, code),
    "appointments:day": Route(Can.SEE_SCHEDULE),
    "appointments:day-on": Route(Can.SEE_SCHEDULE, day),
    "appointments:appointment-add": Route(Can.BOOK),
    "appointments:appointment-detail": Route(Can.SEE_SCHEDULE, appointment),
    "appointments:appointment-move": Route(Can.BOOK, appointment),
    "appointments:appointment-cancel": Route(Can.BOOK, appointment),
    "appointments:appointment-arrive": Route(Can.BOOK, appointment, get=302, press=302),
    "appointments:appointment-done": Route(Can.BOOK, appointment, get=302, press=302),
    "appointments:appointment-no-show": Route(Can.BOOK, appointment, get=302, press=302),
    # A booked appointment cannot be reopened, which its page says in words.
    "appointments:appointment-reopen": Route(Can.BOOK, appointment, get=302, press=200),
}
GUARDED = {name: route for name, route in EXPECTED.items() if route.policy != PUBLIC}
# Nobody else is let in without signing in.
ANONYMOUS_SURFACE = {
    "healthz",
    "readyz",
    "account_login",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
}


def named(patterns: list[Any] | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield every route of the URLconf with its name."""
    for entry in get_resolver(urls.__name__).url_patterns if patterns is None else patterns:
        if isinstance(entry, URLResolver):
            namespace = f"{prefix}{entry.namespace}:" if entry.namespace else prefix
            yield from named(entry.url_patterns, namespace)
        else:
            yield f"{prefix}{entry.name}", entry


ROUTES = dict(named())


def address(name: str, record: Record) -> str:
    return reverse(name, args=EXPECTED[name].args(record))


def status(client: Client, url: str) -> int:
    answer = client.get(url)
    make.body(answer)
    return int(answer.status_code)


def client_of(role: Role | None) -> Client:
    client = Client()
    if role is not None:
        client.force_login(make.user(role))
    return client


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC)):
        yield


@pytest.fixture
def record(db: None) -> Record:
    return make.record()


def wanted(route: Route, role: Role | None, status: int | None) -> int | None:
    """Return the status that a role must get, `status` being that of those who may."""
    if route.policy == PUBLIC:
        return route.get if role is None or route.signed_in is None else route.signed_in
    if role is None:
        return 302
    return status if route.policy in GRANTS[role] else 403


def test_routes_all_stand_in_the_table() -> None:
    assert set(ROUTES) == set(EXPECTED)
    assert len(list(named())) == len(EXPECTED)


def test_policies_are_those_of_the_table() -> None:
    declared = {name: policy_of(entry.callback) for name, entry in ROUTES.items()}
    stated = {name: PUBLIC if isinstance(can, str) else can for name, can in declared.items()}
    assert stated == {name: route.policy for name, route in EXPECTED.items()}
    reasons = [can for can in declared.values() if isinstance(can, str)]
    assert [why for why in reasons if not why.endswith(".") or len(why.split()) < 4] == []


@pytest.mark.parametrize("role", [None, *Role])
def test_get_of_every_route_answers_by_role(record: Record, role: Role | None) -> None:
    client = client_of(role)
    found = {name: status(client, address(name, record)) for name in EXPECTED}
    assert found == {name: wanted(route, role, route.get) for name, route in EXPECTED.items()}
    refusals = list(found.values()).count(403)
    assert AuditEvent.objects.filter(action="denied").count() == refusals


def test_anonymous_is_sent_to_the_sign_in_from_every_guarded_route(record: Record) -> None:
    for name in GUARDED:
        url = address(name, record)
        answer = Client().get(url)
        assert (answer["Location"], answer.content) == (f"/accounts/login/?next={url}", b"")


def test_anonymous_surface_is_a_closed_list(record: Record) -> None:
    client = Client()
    opened = {name for name in EXPECTED if client.get(address(name, record)).status_code == 200}
    assert opened == ANONYMOUS_SURFACE
    assert len(ANONYMOUS_SURFACE) <= 8


@pytest.mark.parametrize("url", ["signup", "email", "confirm-email", "password/change", "3rdparty"])
def test_routes_of_the_account_library_are_not_mounted(url: str) -> None:
    assert Client().get(f"/accounts/{url}/").status_code == 404


@pytest.mark.parametrize("role", [None, *Role])
def test_post_to_a_guarded_route_is_refused_without_the_grant(
    record: Record, role: Role | None
) -> None:
    client = client_of(role)
    granted = GRANTS[role] if role else frozenset()
    refused = {name for name, route in GUARDED.items() if route.policy not in granted}
    found = {name: client.post(address(name, record)).status_code for name in refused}
    assert found == dict.fromkeys(refused, 302 if role is None else 403)


@pytest.mark.parametrize("role", [role for role in Role if Can.BOOK in GRANTS[role]])
def test_post_to_a_button_answers_those_who_may(record: Record, role: Role) -> None:
    client = client_of(role)
    granted = GRANTS[role]
    buttons = {
        name: route.press
        for name, route in GUARDED.items()
        if route.press and route.policy in granted
    }
    found = {}
    for name in buttons:
        with transaction.atomic():
            found[name] = client.post(address(name, record)).status_code
            transaction.set_rollback(True)
    assert found == buttons


HUGE = "99999999999999999999"
EDGES = {
    "/today/0001-01-01/": 404,
    "/today/9999-12-31/": 404,
    "/today/2026-02-30/": 404,
    "/schedule/day/0001-01-01/": 404,
    "/schedule/day/9999-12-31/": 404,
    f"/review/courses/?practitioner={HUGE}": 200,
    "/review/courses/?practitioner=%D9%A3": 200,
    "/appointments/new/?patient=%00": 200,
    "/appointments/new/?at=0001-01-01T00:00": 200,
    "/appointments/new/?at=9999-12-31T23:59&patient={code}": 200,
    f"/appointments/new/?practitioner={HUGE}": 200,
    f"/appointments/new/?course={HUGE}": 404,
    f"/patients/{{code}}/courses/new/?screening={HUGE}": 404,
    "/patients/{code}/?course=%00": 200,
    "/patients/{code}/compare/?view=%00&a=%00": 404,
    "/patients/new/?name=%00": 200,
    "/courses/{course}/visits/new/?kind=%00": 404,
    "/courses/{course}/visits/new/draft/?kind=%00": 404,
    f"/visits/{HUGE}/change/": 404,
    f"/visits/{HUGE}/draft/": 404,
    "/photos/00000000-0000-0000-0000-000000000000/%00/": 404,
    f"/visits/{HUGE}/": 404,
    f"/visits/{HUGE}/scores/": 404,
    f"/courses/{{course}}/progress/?at={HUGE}": 404,
    "/courses/{course}/progress/?at=%00": 404,
    f"/setup/safety/{HUGE}/": 404,
    "/setup/safety/0/": 404,
    "/setup/safety/2/": 404,  # the draft is the medical lead's
    f"/setup/formulary/{HUGE}/": 404,
    "/setup/formulary/2/": 404,  # the draft is the medical lead's
    f"/setup/protocols/{HUGE}/1/": 404,
    "/stock/lots/?state=%00": 404,
    "/stock/lots/?page=x": 200,
    f"/stock/lots/{HUGE}/": 404,
    f"/stock/shared/?reaction=%00&reaction={HUGE}": 200,
    "/stock/lots/new/?product=%00": 200,
}


@pytest.mark.parametrize("url", EDGES)
def test_address_at_the_edge_is_answered_in_words(record: Record, url: str) -> None:
    asked = url.format(code=record.patient.code, course=record.course.pk)
    assert status(client_of(Role.PRACTITIONER), asked) == EDGES[url]


# A view without a policy --------------------------------------------------------------------------


def complaint(where: str) -> str:
    return f"The view of /{where} declares no policy."


@pytest.mark.parametrize("name", EXPECTED)
def test_check_names_any_view_whose_policy_was_taken_off(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = ROUTES[name].callback
    bare = [complaint(where) for where, entry in routes() if entry.callback is view]
    monkeypatch.delattr(view, "policy")
    assert [error.msg for error in check_policies()] == bare
    assert [error.msg for error in run_checks(tags=["security"]) if error.is_serious()] == bare
    assert len(bare) in (1, 2)  # the day views stand under two addresses


def test_check_command_fails_on_a_view_without_a_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    call_command("check")
    monkeypatch.delattr(ROUTES["desk:board"].callback, "policy")
    with pytest.raises(SystemCheckError) as failed:
        call_command("check")
    assert complaint("review/courses/") in str(failed.value)


def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse("what nobody guards")


# This module is the URLconf of the two tests below.
urlpatterns = [
    path("bare/", bare),
    path("declared/", public("It greets whoever comes, for the sake of the test.")(bare)),
    *urls.urlpatterns,
]
handler403 = urls.handler403


@pytest.mark.parametrize("role", Role)
def test_view_without_a_policy_is_refused_to_every_role(
    db: None, settings: Any, role: Role
) -> None:
    settings.ROOT_URLCONF = __name__
    answer = client_of(role).get("/bare/")
    assert answer.status_code == 403
    assert "This page does not say who may open it." in answer.content.decode()
    assert b"what nobody guards" not in answer.content


def test_view_without_a_policy_is_refused_to_strangers(db: None, settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    assert Client().get("/declared/").content == b"what nobody guards"
    answer = Client().get("/bare/")
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/bare/")
    assert [error.msg for error in check_policies()] == [complaint("bare/")]
