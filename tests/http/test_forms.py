"""The form idiom: one key writes once, nothing typed is lost, a refusal stands where it belongs."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from clinic.models import AuditEvent, Submission
from clinic.roles import Role
from patients.models import Patient, Screening
from tests import make
from tests.http.test_policies import GUARDED, address, client_of
from treatments.models import Course, Visit
from treatments.models.course import CourseState

pytestmark = pytest.mark.django_db

KEY = "5e0f6c9e-7c3f-4a55-9d9b-0d8a1c3c1d11"
OTHER_KEY = "0b9f3d5a-94c5-4c7e-8d4f-3f0f7c6c2f22"
CONTACT = {
    "given_name": "Anna",
    "family_name": "Novak",
    "birth_date": "1990-05-06",
    "sex_at_birth": "F",
    "phone": "020 7946 0999",
    "email": "anna@example.org",
    "language": "Czech",
    "emergency_contact": "Petr, 020 7946 0998",
}
SESSION = {
    "held_on": "2026-11-24",
    "areas": ["buttock_left", "buttock_right"],
    "points_buttock_left": "20",
    "ml_per_point": "0.1",
    "pain": "2",
    "reactions": ["none"],
    "measure_weight": "61.5",
    "note": "Slept well.",
}


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC)):
        yield


def values(page: HttpResponse) -> dict[str, list[str]]:
    """Return what stands in the controls of a page, by their names."""
    html = page.content.decode()
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input [^>]*>", html):
        said = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if "name" not in said:  # serves a script and is not sent
            continue
        is_box = said.get("type") in ("radio", "checkbox")
        if is_box and " checked" in tag:
            found.setdefault(said["name"], []).append(unescape(said.get("value", "on")))
        elif not is_box and "value" in said:
            found.setdefault(said["name"], []).append(unescape(said["value"]))
    for name, text in re.findall(
        r'<textarea [^>]*name="([\w-]+)"[^>]*>(.*?)</textarea>', html, re.S
    ):
        found[name] = [unescape(text).strip()]
    for name, options in re.findall(
        r'<select [^>]*name="([\w-]+)"[^>]*>(.*?)</select>', html, re.S
    ):
        found[name] = re.findall(r'value="([^"]*)" selected', options)
    return found


def kept(page: HttpResponse, typed: dict[str, Any]) -> dict[str, list[str]]:
    """Return what is left on the page of what was typed."""
    shown = values(page)
    return {name: shown.get(name, []) for name in typed}


def as_lists(typed: dict[str, Any]) -> dict[str, list[str]]:
    return {name: value if isinstance(value, list) else [value] for name, value in typed.items()}


def beside(page: HttpResponse, name: str) -> str:
    """Return the sentence that stands beside a field."""
    found = re.search(rf'id="id_{name}_error">.*?<span>(.*?)</span>', page.content.decode(), re.S)
    return unescape(found[1]).strip() if found else ""


def summary(page: HttpResponse) -> list[str]:
    """Return the lines of the error summary."""
    html = page.content.decode()
    block = re.search(r'id="errors">(.*?)</ul>', html, re.S)
    lines = re.findall(r"<li>(.*?)</li>", block[1], re.S) if block else []
    return [unescape(re.sub(r"<[^>]+>", "", line)) for line in lines]


# Submission keys ---------------------------------------------------------------------------------

FORM_PAGES = [
    "patients:patient-add",
    "patients:patient-change",
    "patients:screening-findings",
    "patients:screening-add",
    "patients:screening-decide",
    "treatments:course-add",
    "treatments:course-state",
    "desk:visit-add",
    "desk:visit-change",
    "treatments:visit-void",
    "desk:patient-archive",
    "appointments:appointment-move",
    "appointments:appointment-cancel",
]
NOT_PAGES = ("treatments:photo-file", "patients:screening-reasons", "desk:course-copy-pdf")


@pytest.mark.parametrize("name", FORM_PAGES)
def test_form_carries_a_fresh_key_each_time_it_is_opened(name: str) -> None:
    record = make.record()
    client = client_of(Role.PRACTITIONER)
    keys = [values(client.get(address(name, record), follow=True))["submission"] for _ in range(2)]
    assert [len(found) for found in keys] == [1, 1]
    assert uuid.UUID(keys[0][0]) != uuid.UUID(keys[1][0])


@pytest.mark.parametrize("name", [name for name in GUARDED if name not in NOT_PAGES])
def test_no_id_stands_twice_on_a_page(name: str) -> None:
    page = client_of(Role.PRACTITIONER).get(address(name, make.record()), follow=True)
    ids = Counter(re.findall(r'<[^>]* id="([^"]+)"', page.content.decode()))
    assert [found for found, times in ids.items() if times > 1] == []


def test_double_submit_of_a_visit_writes_once_and_answers_the_same() -> None:
    course = make.course()
    client = client_of(Role.PRACTITIONER)
    url = f"/courses/{course.pk}/visits/new/"
    answers = [client.post(url, SESSION | {"submission": KEY}) for _ in range(3)]
    visit = Visit.objects.get()
    assert [(a.status_code, a["Location"]) for a in answers] == [(302, f"/visits/{visit.pk}/")] * 3
    assert Submission.objects.get().location == f"/visits/{visit.pk}/"


def test_double_submit_keeps_the_page_that_the_first_one_chose() -> None:
    course = make.course()
    client, url = client_of(Role.PRACTITIONER), f"/courses/{course.pk}/visits/new/"
    form = SESSION | {"submission": KEY, "then": "book"}
    book = f"/appointments/new/?course={course.pk}"
    assert [client.post(url, form)["Location"] for _ in range(2)] == [book, book]


def test_double_submit_of_the_archive_button_does_not_bring_her_back() -> None:
    patient = make.patient()
    client, url = client_of(Role.FRONT_DESK), f"/patients/{patient.code}/archive/"
    answers = [client.post(url, {"submission": KEY})["Location"] for _ in range(2)]
    assert answers == [patient.get_absolute_url()] * 2
    assert Patient.objects.get().archived_at is not None


def test_double_submit_of_a_changed_contact_is_no_conflict() -> None:
    patient = make.patient()
    client, url = client_of(Role.FRONT_DESK), f"/patients/{patient.code}/edit/"
    form = CONTACT | {"version": 1, "submission": KEY}
    assert [client.post(url, form).status_code for _ in range(2)] == [302, 302]
    assert Patient.objects.get().version == 2


def test_double_submit_of_a_decision_answers_the_same() -> None:
    made = make.screening()
    client, url = client_of(Role.PRACTITIONER), f"/screenings/{made.pk}/decision/"
    form = {"decision": "not_suitable", "reason": "Wants to think.", "submission": KEY}
    assert [client.post(url, form).status_code for _ in range(2)] == [302, 302]


def test_double_submit_of_a_new_course_opens_one() -> None:
    made = make.accepted()
    client, code = client_of(Role.PRACTITIONER), made.patient.code
    plan = {
        "areas": ["buttock_left"],
        "planned_sessions": 12,
        "interval_days": 7,
        "practitioner": make.practitioner().pk,
        "submission": KEY,
    }
    answers = [client.post(f"/patients/{code}/courses/new/", plan) for _ in range(2)]
    assert [answer.get("Location") for answer in answers] == [f"/patients/{code}/"] * 2
    assert Course.objects.count() == 1


def test_double_submit_of_a_registration_answers_the_same() -> None:
    client = client_of(Role.FRONT_DESK)
    form = CONTACT | {"submission": KEY}
    answers = [client.post("/patients/new/", form) for _ in range(2)]
    code = Patient.objects.get().code
    assert [answer.get("Location") for answer in answers] == [f"/patients/{code}/"] * 2


def test_double_submit_of_a_pause_answers_the_same() -> None:
    course = make.course()
    client, url = client_of(Role.PRACTITIONER), f"/courses/{course.pk}/state/"
    form = {"to": "paused", "reason": "Travels.", "submission": KEY}
    answers = [client.post(url, form) for _ in range(2)]
    assert [answer.get("Location") for answer in answers] == [course.get_absolute_url()] * 2


def test_double_submit_of_a_registration_never_writes_two() -> None:
    client = client_of(Role.FRONT_DESK)
    for _ in range(2):
        client.post("/patients/new/", CONTACT | {"submission": KEY})
    assert (Patient.objects.count(), Submission.objects.count()) == (1, 1)


AGAIN = (
    "This page was saved already, and changed since. Look at what was saved and change it there, "
    "or press again to save what stands here."
)


def test_page_that_is_changed_after_a_lost_answer_loses_nothing() -> None:
    """The save arrived and its answer did not; on the same page something else is typed."""
    course, client = make.course(), client_of(Role.PRACTITIONER)
    url = f"/courses/{course.pk}/visits/new/"
    assert client.post(url, SESSION | {"submission": KEY}).status_code == 302
    page = client.post(url, SESSION | {"submission": KEY, "note": "Faint afterwards."})
    assert (page.status_code, summary(page)) == (200, [AGAIN])
    assert values(page)["note"] == ["Faint afterwards."]
    assert values(page)["submission"] != [KEY]
    assert Visit.objects.get().note == SESSION["note"]


def test_page_that_is_sent_once_more_by_another_button_is_the_same_submit() -> None:
    course, client = make.course(), client_of(Role.PRACTITIONER)
    url, form = f"/courses/{course.pk}/visits/new/", SESSION | {"submission": KEY}
    answers = [client.post(url, form | {"then": then})["Location"] for then in ("save", "sign")]
    assert answers == [Visit.objects.get().get_absolute_url()] * 2


def test_contact_that_is_changed_after_a_lost_answer_is_saved_by_the_next_press() -> None:
    patient, client = make.patient(), client_of(Role.FRONT_DESK)
    url = f"/patients/{patient.code}/edit/"
    form = CONTACT | {"version": 1, "submission": KEY}
    assert client.post(url, form).status_code == 302
    page = client.post(url, form | {"email": "new@example.org"})
    assert summary(page) == [AGAIN]
    for _ in range(2):  # it is stale first, since the page was saved
        page = client.post(url, {name: each for name, each in values(page).items() if each})
        if page.status_code == 302:
            break
    patient.refresh_from_db()
    assert patient.email == "new@example.org"


def test_other_key_is_another_submit() -> None:
    course = make.course()
    client, url = client_of(Role.PRACTITIONER), f"/courses/{course.pk}/visits/new/?kind=review"
    form = {"held_on": "2026-11-24", "note": "All well."}
    for key in (KEY, OTHER_KEY, KEY):
        assert client.post(url, form | {"submission": key}).status_code == 302
    assert Visit.objects.count() == 2


def test_refused_submit_leaves_its_key_free() -> None:
    course = make.course()
    client, url = client_of(Role.PRACTITIONER), f"/courses/{course.pk}/visits/new/"
    form = SESSION | {"submission": KEY}
    refused = client.post(url, form | {"held_on": "2026-11-01"})
    assert (values(refused)["submission"], Submission.objects.count()) == ([KEY], 0)
    assert client.post(url, form).status_code == 302
    assert Visit.objects.count() == 1


def test_key_that_is_no_key_is_refused_in_words() -> None:
    course = make.course()
    url = f"/courses/{course.pk}/visits/new/"
    page = client_of(Role.PRACTITIONER).post(url, SESSION | {"submission": "x' OR 1=1"})
    assert summary(page) == ["Submission: Enter a valid UUID."]
    assert Visit.objects.count() == 0


def test_key_of_somebody_else_is_refused_in_words() -> None:
    course = make.course()
    url = f"/courses/{course.pk}/visits/new/?kind=review"
    form = {"held_on": "2026-11-24", "note": "All well.", "submission": KEY}
    assert client_of(Role.PRACTITIONER).post(url, form).status_code == 302
    page = client_of(Role.PRACTITIONER).post(url, form)
    assert summary(page) == ["This clashes with what somebody else just saved. Try again."]
    assert (kept(page, form), Visit.objects.count()) == (as_lists(form), 1)


# Stale pages -------------------------------------------------------------------------------------


def test_stale_contact_shows_both_texts_and_the_second_save_decides() -> None:
    patient = make.patient(language="Spanish")
    client, url = client_of(Role.FRONT_DESK), f"/patients/{patient.code}/edit/"
    ours = {
        **CONTACT,
        "given_name": "Maria",
        "family_name": "Sanchez",
        "birth_date": "1988-03-14",
        "phone": patient.phone.as_national,
        "version": "1",
    }
    assert client.post(url, ours | {"language": "Catalan"}).status_code == 302

    stale = client.post(url, ours | {"language": "Basque"})
    assert stale.status_code == 200
    assert summary(stale) == [
        "Somebody changed this patient while you were typing. Compare and save again.",
        "Preferred language: Saved meanwhile: Catalan",
    ]
    assert beside(stale, "language") == "Saved meanwhile: Catalan"
    typed = ours | {"language": "Basque", "version": "2"}
    assert kept(stale, typed) == as_lists(typed)
    assert Patient.objects.get().language == "Catalan"

    assert client.post(url, typed).status_code == 302
    saved = Patient.objects.get()
    assert (saved.language, saved.version) == ("Basque", 3)


def test_stale_screening_shows_both_texts_and_the_second_save_decides() -> None:
    made = make.screening(complete=False)
    client, url = client_of(Role.PRACTITIONER), f"/screenings/{made.pk}/findings/"
    assert client.post(url, {"version": "1", "weight_kg": "61.5"}).status_code == 302
    stale = client.post(url, {"version": "1", "weight_kg": "68.0", "height_cm": "170.0"})
    assert beside(stale, "weight_kg") == "Saved meanwhile: 61.5"
    assert beside(stale, "height_cm") == "Saved meanwhile: –"
    typed = {"version": "2", "weight_kg": "68.0", "height_cm": "170.0"}
    assert kept(stale, typed) == as_lists(typed)
    assert client.post(url, typed).status_code == 302
    saved = Screening.objects.get()
    assert (saved.version, str(saved.weight_kg), str(saved.height_cm)) == (3, "68.0", "170.0")


def test_stale_contact_takes_what_others_saved_in_fields_that_were_left_alone() -> None:
    patient = make.patient(language="Spanish")
    client, url = client_of(Role.FRONT_DESK), f"/patients/{patient.code}/edit/"
    found = {name: text[0] for name, text in values(client.get(url)).items() if len(text) == 1}
    assert client.post(url, found | {"language": "Catalan"}).status_code == 302
    ours = found | {"emergency_contact": "Petr", "submission": KEY}
    stale = client.post(url, ours)
    assert len(summary(stale)) == 2  # what happened, and that nothing collides
    again = {name: text[0] for name, text in values(stale).items() if len(text) == 1}
    assert (again["language"], again["emergency_contact"]) == ("Catalan", "Petr")
    assert client.post(url, again).status_code == 302
    saved = Patient.objects.get()
    assert (saved.language, saved.emergency_contact) == ("Catalan", "Petr")


@pytest.mark.parametrize(
    "opened",
    [
        "[1]",
        "1",
        '"x"',
        "{",
        "null",
        '{"language": 1}',
    ],
)
def test_stale_contact_takes_any_opened_text_without_breaking(opened: str) -> None:
    patient = make.patient()
    client, url = client_of(Role.FRONT_DESK), f"/patients/{patient.code}/edit/"
    Patient.objects.update(version=2)
    client.raise_request_exception = False
    page = client.post(url, CONTACT | {"version": "1", "opened": opened})
    assert (page.status_code, Patient.objects.get().given_name) == (200, "Maria")


def test_stale_save_writes_nothing() -> None:
    patient = make.patient()
    client, url = client_of(Role.FRONT_DESK), f"/patients/{patient.code}/edit/"
    Patient.objects.filter(pk=patient.pk).update(version=7)
    client.post(url, CONTACT | {"version": "6"})
    saved = Patient.objects.get()
    assert (saved.given_name, saved.version) == ("Maria", 7)
    assert not AuditEvent.objects.filter(action="patient changed").exists()


def test_refused_contact_keeps_the_patients_own_name_in_the_heading() -> None:
    patient = make.patient()
    url = f"/patients/{patient.code}/edit/"
    typed = CONTACT | {"version": "1", "birth_date": "2030-01-01"}
    page = client_of(Role.FRONT_DESK).post(url, typed).content.decode()
    heading = re.search(r'<a class="name"[^>]*>(.*?)</a>', page)
    assert heading is not None
    assert heading[1] == "Maria Sanchez"


# Refusals ----------------------------------------------------------------------------------------


def test_refusal_of_the_rule_stands_beside_its_field_with_everything_typed() -> None:
    course = make.course(visits=1, last_on=make.timezone.localdate())
    typed = SESSION | {"held_on": "2026-11-23", "submission": KEY}
    url = f"/courses/{course.pk}/visits/new/"
    page = client_of(Role.PRACTITIONER).post(url, typed)
    sentence = "Session 1 was held on 24 Nov 2026. Enter sessions in their order."
    assert (beside(page, "held_on"), summary(page)) == (sentence, [f"Date: {sentence}"])
    assert kept(page, typed) == as_lists(typed)


def test_refusal_without_a_field_stands_above_the_form() -> None:
    course = make.course()
    Course.objects.update(state=CourseState.PAUSED)
    url = f"/courses/{course.pk}/visits/new/"
    page = client_of(Role.PRACTITIONER).post(url, SESSION)
    assert summary(page) == ["The course is paused. Resume it before the next session."]
    assert kept(page, SESSION) == as_lists(SESSION)


def test_refused_registration_keeps_everything_typed() -> None:
    typed = CONTACT | {"birth_date": "2030-01-01", "may_be_emailed": "on"}
    page = client_of(Role.FRONT_DESK).post("/patients/new/", typed)
    assert beside(page, "birth_date") == "The birth date lies in the future."
    assert kept(page, CONTACT | {"birth_date": "2030-01-01"}) == as_lists(
        CONTACT | {"birth_date": "2030-01-01"}
    )
    assert 'name="may_be_emailed"' in page.content.decode()
    assert Patient.objects.count() == 0


def test_refused_decision_keeps_what_was_chosen_and_typed() -> None:
    """What was typed under another choice stays too."""
    made = make.screening()
    typed = {
        "decision": "referred",
        "areas": ["buttock_left"],
        "referred_to": "",
        "deferred_until": "2027-01-05",
        "reason": "Looseness.",
    }
    url = f"/screenings/{made.pk}/decision/"
    page = client_of(Role.PRACTITIONER).post(url, typed)
    assert summary(page) == ["To whom: Say to whom."]
    assert kept(page, typed) == as_lists(typed) | {"referred_to": []}


def test_decision_does_not_ask_for_what_another_choice_needs() -> None:
    made = make.screening()
    typed = {"decision": "accepted", "deferred_until": "soon", "referred_to": "x" * 201}
    page = client_of(Role.PRACTITIONER).post(f"/screenings/{made.pk}/decision/", typed)
    assert page.status_code == 302
    stored = type(made).objects.get()
    assert (stored.decision, stored.deferred_until, stored.referred_to) == ("accepted", None, "")


def test_second_decision_is_refused_in_words() -> None:
    made = make.accepted()
    form = {"decision": "referred", "reason": "Lipoedema suspected."}
    page = client_of(Role.PRACTITIONER).post(f"/screenings/{made.pk}/decision/", form)
    assert "This screening is decided already." in page.content.decode()


# htmx --------------------------------------------------------------------------------------------

HTMX = {"HX-Request": "true"}


def test_htmx_post_when_signed_out_says_that_nothing_is_lost() -> None:
    course = make.course()
    answer = Client().post(f"/courses/{course.pk}/visits/new/", SESSION, headers=HTMX)
    assert (answer.status_code, answer["HX-Retarget"]) == (200, "#page-alert")
    assert answer["HX-Reswap"] == "innerHTML show:window:top"
    text = answer.content.decode()
    assert "You were signed out. Nothing on this page is lost." in text
    assert f'href="{reverse("account_login")}" target="_blank"' in text
    assert ("<form" in text, "<html" in text, Visit.objects.count()) == (False, False, 0)


def test_htmx_post_is_taken_after_signing_in_again() -> None:
    """The token is renewed by the page's script, so the form that was open is still good."""
    course = make.course()
    person = make.user(Role.PRACTITIONER, password="a long enough sentence")
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)
    url = f"/courses/{course.pk}/visits/new/"
    token = str(client.get(url).context["csrf_token"])
    client.cookies.pop("sessionid")
    form = SESSION | {"submission": KEY, "csrfmiddlewaretoken": token}
    assert client.post(url, form, headers=HTMX)["HX-Retarget"] == "#page-alert"

    sign_in = client.get("/accounts/login/")
    client.post(
        "/accounts/login/",
        {
            "login": person.email,
            "password": "a long enough sentence",
            "csrfmiddlewaretoken": str(sign_in.context["csrf_token"]),
        },
    )
    form["csrfmiddlewaretoken"] = client.cookies["csrftoken"].value
    answer = client.post(url, form, headers=HTMX)
    assert (answer.status_code, Visit.objects.count()) == (204, 1)


def test_htmx_get_when_signed_out_leads_to_the_sign_in() -> None:
    answer = Client().get("/patients/", headers=HTMX)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["HX-Redirect"] == "/accounts/login/?next=/patients/"


def test_htmx_redirect_is_one_of_the_whole_page() -> None:
    course = make.course()
    client = client_of(Role.PRACTITIONER)
    answer = client.post(f"/courses/{course.pk}/visits/new/", SESSION, headers=HTMX)
    visit = Visit.objects.get()
    assert (answer.status_code, answer.content) == (204, b"")
    assert (answer["HX-Redirect"], answer.get("Location")) == (f"/visits/{visit.pk}/", None)
    assert "Saved, not signed yet." in client.get(answer["HX-Redirect"]).content.decode()


def test_htmx_refusal_is_the_page_with_its_form() -> None:
    course = make.course()
    url = f"/courses/{course.pk}/visits/new/"
    page = client_of(Role.PRACTITIONER).post(url, SESSION | {"reactions": []}, headers=HTMX)
    assert page.status_code == 200
    assert beside(page, "reactions") == "Choose “None”, or what you see."
    assert 'id="visit-form"' in page.content.decode()


# Fields that nobody offered ----------------------------------------------------------------------

SMUGGLED = {
    "is_superuser": "on",
    "role": "medical_lead",
    "roles": "medical_lead",
    "version": "9",
    "code": "P-22222",
    "registered_by": "1",
    "archived_at": "2020-01-01",
    "decided_by": "1",
    "voided_at": "2020-01-01",
    "recorded_by": "1",
    "practitioner": "1",
    "patient": "1",
    "number": "9",
    "due_from": "2020-01-01",
    "search_key": "x",
}


def test_fields_that_were_not_offered_are_not_taken_with_a_registration() -> None:
    client = client_of(Role.FRONT_DESK)
    assert client.post("/patients/new/", CONTACT | SMUGGLED).status_code == 302
    made = Patient.objects.get()
    assert (made.version, made.archived_at, made.code == "P-22222") == (1, None, False)
    assert str(made.registered_by_id) == client.session["_auth_user_id"]
    assert made.search_key == made.key_for_search()


def test_fields_that_were_not_offered_are_not_taken_with_a_visit() -> None:
    course = make.course()
    client = client_of(Role.PRACTITIONER)
    answer = client.post(f"/courses/{course.pk}/visits/new/", SESSION | SMUGGLED)
    assert answer.status_code == 302
    made = Visit.objects.get()
    assert (made.number, made.voided_at, made.course) == (1, None, course)
    who = client.session["_auth_user_id"]
    assert {str(made.recorded_by_id), str(made.practitioner_id)} == {who}
