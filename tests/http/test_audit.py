"""Each action and each look leaves one event: who, what, whose record, and nothing clinical."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from clinic.models import AuditEvent, User
from clinic.roles import Role
from patients.models import Patient, Screening
from tests import make
from tests.http.test_policies import EXPECTED, address
from tests.make import CANARY, Record
from treatments.actions import begin
from treatments.models import Course, Photo, Visit

Event = tuple[str, str, str]  # action, patient code, target


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC)):
        yield


@pytest.fixture
def record(db: None) -> Record:
    return make.record()


@dataclass
class Somebody:
    """A signed-in client that tells which events its last request wrote."""

    user: User
    client: Client

    def events_of(self, ask: Callable[[Client], HttpResponse], status: int) -> list[Event]:
        last = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        answer = ask(self.client)
        make.body(answer)
        assert answer.status_code == status
        found = list(AuditEvent.objects.filter(pk__gt=last).order_by("pk"))
        for event in found:
            assert (event.by_id, event.address) == (self.user.pk, "127.0.0.1")
            assert len(event.request_id) == 12
            assert abs(event.at - timezone.now()) < timedelta(minutes=1)
            assert CANARY not in f"{event.action} {event.patient} {event.target}"
        assert len({event.request_id for event in found}) <= 1
        return [(event.action, event.patient, event.target) for event in found]


def somebody(*roles: Role) -> Somebody:
    user, client = make.user(*roles), Client()
    client.force_login(user)
    return Somebody(user, client)


# Looks: one event each ---------------------------------------------------------------------------

Look = tuple[str, Callable[[Record], Event]]


def of(action: str, model: str, attribute: str) -> Callable[[Record], Event]:
    """Expect an event about the row that stands in the record under `attribute`."""
    return lambda r: (action, r.patient.code, f"{model} {getattr(r, attribute).pk}")


LOOKS: dict[str, Callable[[Record], Event]] = {
    "/patients/{code}/": of("chart viewed", "patient", "patient"),
    "/patients/{code}/edit/": of("contact viewed", "patient", "patient"),
    "/screenings/{decided}/": of("screening result viewed", "screening", "decided"),
    "/screenings/{open}/findings/": of("screening viewed", "screening", "open"),
    "/courses/{course}/state/": of("course viewed", "course", "course"),
    "/courses/{course}/visits/new/": of("visit form viewed", "course", "course"),
    "/visits/{visit}/": of("visit viewed", "visit", "last"),
    "/visits/{visit}/change/": of("visit form viewed", "visit", "last"),
    "/appointments/{appointment}/": of("appointment viewed", "appointment", "appointment"),
    "/photos/{photo}/full/": of("photo viewed", "photo", "after"),
    "/patients/{code}/photos/?show=1": lambda r: ("photos viewed", r.patient.code, ""),
    "/patients/{code}/compare/": lambda r: (
        "photos compared",
        r.patient.code,
        f"photo {r.before.pk} {r.after.pk}",
    ),
    "/patients/{code}/consents/": of("consents viewed", "patient", "patient"),
    "/patients/{code}/consents/history/": of("consent history viewed", "patient", "patient"),
    "/patients/{code}/consents/withdraw/treatment/": of("consents viewed", "patient", "patient"),
    "/patients/{code}/consents/hand-over/": of("consents viewed", "patient", "patient"),
    "/consents/{consent}.pdf": of("signed consent viewed", "consentrecord", "consent"),
    "/patients/?q=Sanchez": lambda r: ("patients searched", "", ""),
    "/appointments/new/?q=Sanchez": lambda r: ("patients searched", "", ""),
}


def filled(url: str, record: Record) -> str:
    return url.format(
        code=record.patient.code,
        decided=record.decided.pk,
        open=record.open.pk,
        course=record.course.pk,
        visit=record.last.pk,
        photo=record.after.pk,
        appointment=record.appointment.pk,
        consent=record.consent.pk,
    )


@pytest.mark.parametrize("url", LOOKS)
def test_look_is_written_down_once(record: Record, url: str) -> None:
    doctor = somebody(Role.PRACTITIONER)
    found = doctor.events_of(lambda client: client.get(filled(url, record)), 200)
    assert found == [LOOKS[url](record)]


def test_two_looks_are_two_events(record: Record) -> None:
    doctor, chart = somebody(Role.PRACTITIONER), record.patient.get_absolute_url()
    for _ in range(2):
        assert len(doctor.events_of(lambda client: client.get(chart), 200)) == 1


@pytest.mark.parametrize(
    "url",
    [
        "/",
        "/patients/",
        "/schedule/",
        "/review/courses/",
        "/patients/{code}/photos/",  # covered
        "/photos/{photo}/thumb/",  # written down with its page
        "/photos/{photo}/view/",
    ],
)
def test_lists_and_covered_pages_are_no_look_at_a_record(record: Record, url: str) -> None:
    doctor = somebody(Role.PRACTITIONER)
    assert doctor.events_of(lambda client: client.get(filled(url, record)), 200) == []


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("/screenings/{open}/decision/", "/screenings/{open}/"),
        ("/visits/{visit}/void/", "/visits/{visit}/"),
    ],
)
def test_address_of_a_form_leads_to_the_page_where_the_look_is_written_down(
    record: Record, url: str, page: str
) -> None:
    doctor = somebody(Role.PRACTITIONER)
    assert doctor.events_of(lambda client: client.get(filled(url, record)), 302) == []
    assert doctor.client.get(filled(url, record))["Location"] == filled(page, record)


def test_look_at_a_record_that_is_not_there_is_no_event(record: Record) -> None:
    doctor = somebody(Role.PRACTITIONER)
    assert doctor.events_of(lambda client: client.get("/visits/999999/"), 404) == []


# Denials -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", [name for name, route in EXPECTED.items() if name.startswith("treatments:")]
)
def test_denial_is_written_down_once(record: Record, name: str) -> None:
    desk = somebody(Role.FRONT_DESK)
    found = desk.events_of(lambda client: client.get(address(name, record)), 403)
    assert found == [("denied", "", EXPECTED[name].policy.name.lower())]


# Actions: one event each -------------------------------------------------------------------------


def acted(events: list[Event]) -> list[Event]:
    """Leave out the look at the form, which a POST may write as well."""
    return [event for event in events if not event[0].endswith(" viewed")]


def posting(url: str, data: dict[str, Any]) -> Callable[[Client], HttpResponse]:
    return lambda client: client.post(url, data)


CONTACT = {
    "given_name": "Anna",
    "family_name": "Novak",
    "birth_date": "1990-05-06",
    "sex_at_birth": "F",
    "phone": "020 7946 0999",
    "language": "English",
}
SESSION = {
    "held_on": "2026-11-24",
    "areas": ["buttock_left"],
    "reactions": ["none"],
    "note": f"{CANARY} note",
}


def test_registering_changing_archiving_and_restoring_are_written_down(db: None) -> None:
    desk = somebody(Role.FRONT_DESK)
    events = desk.events_of(posting("/patients/new/", CONTACT), 302)
    code = Patient.objects.get().code
    assert events == [("patient registered", code, "")]
    changed = CONTACT | {"version": 1, "language": "Czech"}
    events = desk.events_of(posting(f"/patients/{code}/edit/", changed), 302)
    assert acted(events) == [("patient changed", code, "")]
    for action in ("patient archived", "patient restored"):
        assert desk.events_of(posting(f"/patients/{code}/archive/", {}), 302) == [
            (action, code, "")
        ]


def test_screening_from_its_start_to_the_decision_is_written_down(db: None) -> None:
    doctor, patient = somebody(Role.PRACTITIONER), make.patient()
    start = {"her_words": f"{CANARY} words", "regions": ["buttock"]}
    url = f"/patients/{patient.code}/screenings/new/"
    events = doctor.events_of(posting(url, start), 302)
    made = Screening.objects.get()
    target = f"screening {made.pk}"
    assert events == [("screening started", patient.code, target)]
    findings = {"version": 1, "expectations": "realistic", "weight_kg": "61"}
    events = doctor.events_of(posting(f"/screenings/{made.pk}/findings/", findings), 302)
    assert acted(events) == [("screening findings saved", patient.code, target)]
    decision = {
        "decision": "deferred",
        "deferred_until": "2027-01-05",
        "reason": f"{CANARY} reason",
    }
    events = doctor.events_of(posting(f"/screenings/{made.pk}/decision/", decision), 302)
    assert events == [("screening deferred", patient.code, target)]


def test_acceptance_is_written_down(db: None) -> None:
    doctor, made = somebody(Role.PRACTITIONER), make.screening()
    decision = {"decision": "accepted"}
    events = doctor.events_of(posting(f"/screenings/{made.pk}/decision/", decision), 302)
    assert events == [("screening accepted", made.patient.code, f"screening {made.pk}")]


def test_course_from_opening_to_the_end_is_written_down(db: None) -> None:
    doctor, accepted = somebody(Role.PRACTITIONER), make.accepted()
    code = accepted.patient.code
    plan = {
        "areas": ["buttock_left"],
        "planned_sessions": 12,
        "interval_days": 7,
        "practitioner": doctor.user.pk,
    }
    events = doctor.events_of(posting(f"/patients/{code}/courses/new/", plan), 302)
    course = Course.objects.get()
    assert events == [("course opened", code, f"course {course.pk}")]
    begin(course=course, by=doctor.user, on=course.opened_on)
    for to, move in {"paused": "paused", "active": "resumed", "completed": "completed"}.items():
        form = {"to": to, "reason": f"{CANARY} reason"}
        events = doctor.events_of(posting(f"/courses/{course.pk}/state/", form), 302)
        assert acted(events) == [(f"course {move}", code, f"course {course.pk}")]
    events = doctor.events_of(
        posting(f"/courses/{make.course().pk}/plan/", {"sessions": 13, "reason": f"{CANARY} x"}),
        302,
    )
    assert [action for action, *_rest in acted(events)] == ["course extended"]


def test_visit_its_photographs_and_its_striking_out_are_written_down(db: None) -> None:
    doctor, course = somebody(Role.PRACTITIONER), make.course()
    make.signed(course.patient)
    photos = {
        f"photo_{view}": SimpleUploadedFile("x.jpg", make.jpeg(width), "image/jpeg")
        for view, width in (("back_relaxed", 60), ("left_relaxed", 61))
    }
    url = f"/courses/{course.pk}/visits/new/"
    events = doctor.events_of(posting(url, {**SESSION, **photos}), 302)
    visit, code = Visit.objects.get(), course.patient.code
    added = [("photo added", code, f"photo {photo.pk}") for photo in Photo.objects.all()]
    recorded = ("visit recorded", code, f"visit {visit.pk}")
    assert sorted(acted(events)) == sorted([*added, recorded])
    assert len(added) == 2
    change = f"/visits/{visit.pk}/change/"
    events = doctor.events_of(posting(change, {**SESSION, "pain": "3", "version": "1"}), 302)
    assert acted(events) == [("visit changed", code, f"visit {visit.pk}")]
    reason = {"reason": f"{CANARY} wrong patient"}
    events = doctor.events_of(posting(f"/visits/{visit.pk}/void/", reason), 302)
    assert events == [("visit struck out", code, f"visit {visit.pk}")]


def test_signing_and_the_gates_passed_are_written_down(db: None) -> None:
    doctor, course = somebody(Role.PRACTITIONER), make.course()
    url, code = f"/courses/{course.pk}/visits/new/", course.patient.code
    typed = make.ready_session(course, skin_clear="False", then="sign", note=f"{CANARY} note")
    typed["pass-skin_not_clear"] = f"{CANARY} reason"
    events = doctor.events_of(posting(url, typed), 302)
    target = f"visit {Visit.objects.get().pk}"
    assert acted(events) == [
        ("visit recorded", code, target),
        ("gate passed", code, f"{target} skin_not_clear"),
        ("visit signed", code, target),
    ]


def test_draft_is_neither_a_look_nor_an_action(record: Record) -> None:
    doctor = somebody(Role.PRACTITIONER)
    for url in ("/courses/{course}/visits/new/draft/", "/visits/{visit}/draft/"):
        events = doctor.events_of(posting(filled(url, record), SESSION), 200)
        assert events == []


@pytest.mark.parametrize(
    ("url", "data"),
    [
        ("/patients/new/", {"given_name": "x"}),
        ("/screenings/{open}/decision/", {"decision": "referred"}),
        ("/courses/{course}/state/", {"to": "paused"}),
        ("/courses/{course}/visits/new/", {**SESSION, "pain": "11"}),
        ("/courses/{course}/visits/new/", {**SESSION, "then": "sign"}),
        ("/visits/{visit}/change/", {**SESSION, "then": "sign"}),
        ("/visits/{visit}/void/", {"reason": " "}),
    ],
)
def test_refused_action_is_not_written_down(record: Record, url: str, data: dict[str, Any]) -> None:
    doctor = somebody(Role.PRACTITIONER)
    assert acted(doctor.events_of(posting(filled(url, record), data), 200)) == []


def test_double_submit_is_written_down_once(record: Record) -> None:
    doctor = somebody(Role.PRACTITIONER)
    form = {"reason": "Wrong day.", "submission": "5e0f6c9e-7c3f-4a55-9d9b-0d8a1c3c1d11"}
    url, target = f"/visits/{record.last.pk}/void/", f"visit {record.last.pk}"
    events = doctor.events_of(posting(url, form), 302)
    assert events == [("visit struck out", record.patient.code, target)]
    assert doctor.events_of(posting(url, form), 302) == []
