"""Asking, signing, withdrawing and handing the tablet over, as the browser sends it."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client

from clinic.models import AuditEvent, User
from clinic.roles import Role
from patients.consents import treatment_consent
from patients.models import ConsentEvent, ConsentRecord, ConsentText, Patient
from patients.models.consent import document_storage
from patients.terms import ConsentKind, Purpose
from tests import make
from tests.http.test_policies import EXPECTED, address

PASSWORD = "a long enough sentence"
STROKES = json.dumps(make.STROKES)
YES_TO_TREATMENT = {"answer_treatment": "yes", "had_time_to_read": "on", "strokes": STROKES}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _noon() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC)) as clock:
        yield clock


@pytest.fixture
def doctor() -> User:
    return make.user(Role.PRACTITIONER, name="Dr Lin", password=PASSWORD)


@pytest.fixture
def client(doctor: User) -> Client:
    signed_in = Client()
    signed_in.force_login(doctor)
    return signed_in


@pytest.fixture
def patient() -> Patient:
    return make.patient()


def shown_texts() -> str:
    return " ".join(str(text.pk) for text in in_order(make.texts()))


def in_order(texts: dict[Purpose, ConsentText]) -> list[ConsentText]:
    return [texts[purpose] for purpose in Purpose if purpose in texts]


def sent(client: Client, patient: Patient, **answers: str) -> HttpResponse:
    data = {"submission": str(uuid4()), "texts": shown_texts(), **answers}
    return client.post(f"/patients/{patient.code}/consents/sign/", data)


def page(client: Client, patient: Patient) -> str:
    answer = client.get(f"/patients/{patient.code}/consents/")
    assert answer.status_code == 200
    return answer.content.decode()


def complaints(answer: HttpResponse) -> list[str]:
    """Return the lines of the error summary."""
    assert answer.status_code == 200
    found = re.search(r'id="errors".*?<ul>(.*?)</ul>', answer.content.decode(), re.S)
    if not found:
        return []
    text = re.sub(r"<[^>]*>", "\n", found[1])
    return [line.strip() for line in text.splitlines() if line.strip()]


def answers() -> list[tuple[str, str]]:
    return list(ConsentEvent.objects.order_by("pk").values_list("purpose", "kind"))


# The sheet ------------------------------------------------------------------------------------------


def test_sheet_asks_each_purpose_with_nothing_filled_in(client: Client, patient: Patient) -> None:
    found = page(client, patient)
    names = re.findall(r'<input type="radio" name="answer_(\w+)"', found)
    assert names == [
        purpose.value for purpose in Purpose if purpose != Purpose.RESEARCH for _ in range(2)
    ]
    assert "checked" not in found
    assert found.count("Not asked") == 8
    assert "No study open" in found


def test_sheet_fills_in_only_what_still_stands(client: Client, patient: Patient) -> None:
    make.signed(patient, yes=make.FOR_CARE, no=[Purpose.REVIEW])
    make.signed(patient, yes=[Purpose.MARKETING_PRINT], until=date(2026, 11, 23))
    make.text(Purpose.RECORD_PHOTOS)
    checked = re.findall(r'name="(\w+)" value="(\w+)"[^>]*checked', page(client, patient))
    assert checked == [("answer_treatment", "yes"), ("answer_review", "no")]


def test_research_is_asked_once_there_is_a_text(client: Client, patient: Patient) -> None:
    make.text(Purpose.RESEARCH)
    found = page(client, patient)
    assert 'name="answer_research"' in found
    assert "No study open" not in found


def test_only_what_has_changed_is_signed(client: Client, patient: Patient) -> None:
    make.signed(patient, yes=make.FOR_CARE)
    answer = sent(
        client,
        patient,
        answer_treatment="yes",
        answer_record_photos="yes",
        answer_review="no",
        strokes=STROKES,
    )
    assert answer.status_code == 302
    assert answers()[2:] == [("review", "no")]


def test_nothing_changed_is_nothing_to_sign(client: Client, patient: Patient) -> None:
    make.signed(patient, yes=make.FOR_CARE)
    answer = sent(client, patient, answer_treatment="yes", strokes=STROKES)
    assert complaints(answer) == ["No answer has changed, so there is nothing to sign."]
    assert ConsentRecord.objects.count() == 1


def test_marketing_without_its_last_day_is_asked_for_it(client: Client, patient: Patient) -> None:
    marketing = {"answer_marketing_social": "yes", "had_time_to_read": "on", "strokes": STROKES}
    answer = sent(client, patient, **marketing)
    assert complaints(answer) == [
        "Marketing, social channels, last day: A yes to marketing needs its last day."
    ]
    assert (
        sent(client, patient, **marketing, until_marketing_social="2027-03-01").status_code == 302
    )
    assert ConsentEvent.objects.get().valid_until == date(2027, 3, 1)


def test_moved_last_day_is_a_change(client: Client, patient: Patient) -> None:
    make.signed(patient, yes=[Purpose.MARKETING_PRINT], until=date(2027, 3, 1))
    signed = {"had_time_to_read": "on", "strokes": STROKES, "answer_marketing_print": "yes"}
    assert complaints(sent(client, patient, **signed, until_marketing_print="2027-03-01")) != []
    assert sent(client, patient, **signed, until_marketing_print="2027-02-01").status_code == 302
    assert ConsentEvent.objects.latest("pk").valid_until == date(2027, 2, 1)


def test_yes_without_time_to_read_is_refused(client: Client, patient: Patient) -> None:
    answer = sent(client, patient, answer_treatment="yes", strokes=STROKES)
    assert "Without time to read there is no yes." in complaints(answer)[0]
    assert ConsentRecord.objects.count() == 0


@pytest.mark.parametrize(
    "typed",
    ["Maria Sanchez", "MARIA SANCHEZ", "  maria   sánchez ", "Sanchez Maria"],
)
def test_typed_name_counts_whatever_its_case_and_accents(
    client: Client, patient: Patient, typed: str
) -> None:
    said = {**YES_TO_TREATMENT, "strokes": "", "typed_name": typed}
    assert sent(client, patient, **said).status_code == 302
    assert ConsentRecord.objects.get().typed_name == typed.strip()


@pytest.mark.parametrize(
    "typed", ["Maria", "Maria S.", "Anna Sanchez", "<b>Maria</b> Sanchez", "x", "Maria Sanchez Lin"]
)
def test_other_name_is_asked_about(client: Client, patient: Patient, typed: str) -> None:
    answer = sent(client, patient, **{**YES_TO_TREATMENT, "strokes": "", "typed_name": typed})
    assert "The record says Maria Sanchez." in complaints(answer)[0]
    assert b"<b>Maria</b>" not in answer.content
    assert ConsentRecord.objects.count() == 0


def test_signature_is_asked_for_once_and_not_twice(client: Client, patient: Patient) -> None:
    none = sent(client, patient, **{**YES_TO_TREATMENT, "strokes": ""})
    assert complaints(none)[0].endswith("Sign on the pad, or type the full name.")
    both = sent(client, patient, **YES_TO_TREATMENT, typed_name="Maria Sanchez")
    assert complaints(both)[0].endswith("Signed twice. Clear the pad, or remove the name.")
    assert ConsentRecord.objects.count() == 0


GARBAGE = [
    "[]",
    "x",
    "[[[0.5,0.5]]]",
    "[[[2,2],[3,3]]]",
    "[[[NaN,0]]]",
    '"</script><script>alert(1)</script>"',
    "[" * 5000,
    "\x00",
]


@pytest.mark.parametrize("strokes", GARBAGE, ids=lambda text: text[:20])
def test_garbage_instead_of_strokes_is_refused_in_words(
    client: Client, patient: Patient, strokes: str
) -> None:
    answer = sent(client, patient, **{**YES_TO_TREATMENT, "strokes": strokes})
    assert len(complaints(answer)) == 1
    assert b"<script>alert" not in answer.content
    assert ConsentRecord.objects.count() == 0


def test_drawn_strokes_come_back_with_a_refused_form(client: Client, patient: Patient) -> None:
    answer = sent(client, patient, answer_treatment="yes", strokes=STROKES)
    assert STROKES.replace('"', "&quot;") in answer.content.decode()


def test_double_tap_signs_once(client: Client, patient: Patient) -> None:
    data = {"submission": str(uuid4()), "texts": shown_texts(), **YES_TO_TREATMENT}
    url = f"/patients/{patient.code}/consents/sign/"
    first, second = client.post(url, data), client.post(url, data)
    assert (first.status_code, second.status_code) == (302, 302)
    assert first["Location"] == second["Location"] == f"/patients/{patient.code}/consents/"
    assert ConsentRecord.objects.count() == 1


def test_answer_never_lands_under_a_text_that_was_not_shown(
    client: Client, patient: Patient
) -> None:
    before = shown_texts()
    make.text()
    answer = sent(client, patient, **YES_TO_TREATMENT, texts=before)
    assert complaints(answer)[0].startswith("A text was changed after this page was opened.")
    assert f'name="texts" value="{shown_texts()}"' in answer.content.decode()
    assert ConsentRecord.objects.count() == 0


def test_posted_signer_is_ignored(client: Client, patient: Patient, doctor: User) -> None:
    other = make.patient(given_name="Anna")
    forged = {"patient_id": str(other.pk), "asked_by": "1", "by": "1", "signed_at": "2020-01-01"}
    assert sent(client, patient, **YES_TO_TREATMENT, **forged).status_code == 302
    record = ConsentRecord.objects.get()
    assert (record.patient, record.asked_by) == (patient, doctor)
    assert record.signed_at.date() == date(2026, 11, 24)


def test_texts_given_to_read_start_the_reflection(client: Client, patient: Patient) -> None:
    found = page(client, patient)
    assert "Session 1 not before 48 hours after the text was given to read" in found
    given = client.post(f"/patients/{patient.code}/consents/give/", {"submission": str(uuid4())})
    assert given.status_code == 302
    found = page(client, patient)
    assert "Session 1 from Thu 26 Nov, 12:00" in found
    assert "Texts given to read" not in found
    assert ConsentEvent.objects.filter(kind=ConsentKind.READ).count() == 8


def test_archived_patient_is_only_looked_at(client: Client, patient: Patient, doctor: User) -> None:
    Patient.objects.filter(pk=patient.pk).update(
        archived_at=datetime(2026, 11, 1, tzinfo=UTC), archived_by=doctor
    )
    found = page(client, patient)
    assert 'type="radio"' not in found
    assert sent(client, patient, **YES_TO_TREATMENT).status_code == 404


def test_manager_reads_and_does_not_ask(patient: Patient, sign_in: Any) -> None:
    make.signed(patient)
    manager = sign_in(Role.MANAGER)
    found = page(manager, patient)
    assert "Yes, to " in found
    assert 'type="radio"' not in found
    assert "Withdraw" not in found
    assert "Hand over" not in found


def test_front_desk_does_not_learn_where_consents_stand(patient: Patient, sign_in: Any) -> None:
    make.signed(patient)
    desk = sign_in(Role.FRONT_DESK)
    found = desk.get(f"/patients/{patient.code}/").content.decode()
    assert "onsent" not in found.replace("css/consent.css", "")
    assert desk.get(f"/patients/{patient.code}/consents/").status_code == 403


def test_strip_says_the_consent_on_the_chart(client: Client, patient: Patient) -> None:
    chart = f"/patients/{patient.code}/"
    assert "Consent not yet" in client.get(chart).content.decode()
    make.signed(patient)
    assert "Consent to 21 Nov 2027" in client.get(chart).content.decode()


def test_sheet_costs_the_same_with_a_long_history(
    client: Client, patient: Patient, django_assert_max_num_queries: Any
) -> None:
    for _ in range(6):
        make.signed(patient, no=[Purpose.REVIEW, Purpose.TEACHING_INSIDE])
    urls = [f"/patients/{patient.code}/consents/{end}" for end in ("", "history/")]
    for url in urls:
        client.get(url)
        with django_assert_max_num_queries(19):
            client.get(url)


# Withdrawing ----------------------------------------------------------------------------------------


def test_withdrawal_lists_what_it_means_and_needs_no_reason(
    client: Client, patient: Patient
) -> None:
    make.signed(patient)
    url = f"/patients/{patient.code}/consents/withdraw/treatment/"
    asked = client.get(url).content.decode()
    assert "There is no further session from now on." in asked
    assert "What was done and written stays in the record." in asked
    answer = client.post(url, {"submission": str(uuid4())})
    assert (answer.status_code, answer["Location"]) == (302, f"/patients/{patient.code}/consents/")
    assert treatment_consent(patient).why_not == (
        "Consent to treatment was withdrawn on 24 Nov 2026."
    )


@pytest.mark.parametrize("purpose", ["review", "research"])
def test_withdrawal_of_what_was_not_given_is_refused(
    client: Client, patient: Patient, purpose: str
) -> None:
    url = f"/patients/{patient.code}/consents/withdraw/{purpose}/"
    assert "There is no yes to withdraw here." in client.get(url).content.decode()
    assert complaints(client.post(url)) == ["There is no yes to withdraw here."]
    assert answers() == []


def test_withdrawal_of_an_unknown_purpose_is_not_found(client: Client, patient: Patient) -> None:
    assert client.get(f"/patients/{patient.code}/consents/withdraw/nothing/").status_code == 404


# The PDF --------------------------------------------------------------------------------------------


def test_pdf_is_sent_and_the_look_is_noted(client: Client, patient: Patient, doctor: User) -> None:
    sent(client, patient, **YES_TO_TREATMENT)
    record = ConsentRecord.objects.get()
    answer = client.get(record.get_absolute_url())
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF-")
    assert answer["Content-Disposition"] == (
        f'inline; filename="consent-{patient.code.lower()}-2026-11-24.pdf"'
    )
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.patient, event.by) == (
        "signed consent viewed",
        patient.code,
        doctor,
    )


@pytest.mark.parametrize("is_missing", [True, False])
def test_pdf_that_was_changed_is_refused_in_words_and_logged(
    client: Client, patient: Patient, caplog: pytest.LogCaptureFixture, is_missing: bool
) -> None:
    record = make.signed(patient)
    path = document_storage().path(record.file_name)
    document_storage().delete(record.file_name)
    if not is_missing:
        with open(path, "wb") as file:
            file.write(b"%PDF-1.7 something else")
    with caplog.at_level(logging.ERROR, logger="patients.views.consents"):
        answer = client.get(record.get_absolute_url())
    assert answer.status_code == 409
    word = "missing" if is_missing else "changed"
    assert f"The file of this signature {'is' if is_missing else 'was'} {word}" in (
        answer.content.decode()
    )
    assert b"something else" not in answer.content
    assert [str(record.pk) in line and patient.code not in line for line in caplog.messages] == [
        True
    ]


# The texts ------------------------------------------------------------------------------------------


def test_lead_writes_the_next_version_and_earlier_ones_stay(patient: Patient, sign_in: Any) -> None:
    make.signed(patient)
    lead = sign_in(Role.MEDICAL_LEAD)
    url = "/setup/consents/treatment/"
    assert "No result is promised" in lead.get(url).content.decode()
    written = {
        "submission": str(uuid4()),
        "after": "1",
        "title": "Treatment",
        "body": "One.\r\n\r\n\r\n\r\nTwo\r\nlines. <b>no markup</b>",
        "effective_from": "2026-11-24",
    }
    assert lead.post(url, written).status_code == 302
    text = ConsentText.objects.get(purpose="treatment", version=2)
    assert text.body == "One.\n\nTwo\nlines. <b>no markup</b>"
    listed = lead.get("/setup/consents/").content.decode()
    assert "&lt;b&gt;no markup&lt;/b&gt;" in listed
    assert "Treatment by injections" in listed
    assert treatment_consent(patient).why_not.startswith("The text on treatment has changed")
    again = {**written, "submission": str(uuid4())}
    assert complaints(lead.post(url, again)) == [
        "Somebody wrote a newer version meanwhile. Open it and compare."
    ]


# The tablet in her hands ----------------------------------------------------------------------------


def hand_over(client: Client, patient: Patient, *purposes: str) -> HttpResponse:
    data = {"submission": str(uuid4()), "purposes": purposes or ["treatment", "review"]}
    return client.post(f"/patients/{patient.code}/consents/hand-over/", data)


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


def test_hand_over_offers_what_is_still_to_be_answered(client: Client, patient: Patient) -> None:
    make.signed(patient)
    found = client.get(f"/patients/{patient.code}/consents/hand-over/").content.decode()
    offered = re.findall(r'name="purposes" value="(\w+)"', found)
    chosen = re.findall(r'name="purposes" value="(\w+)"[^>]*checked', found)
    assert offered == Purpose.values[:-1]
    # Marketing only when it is wanted: a yes to it needs a last day.
    assert chosen == [Purpose.REVIEW, Purpose.TEACHING_INSIDE, Purpose.TEACHING_OUTSIDE]


def test_every_address_answers_only_her_page(client: Client, doctor: User) -> None:
    record = make.record(by=doctor)
    hand_over(client, record.patient)
    inside = {"patients:consent-signing", "take-back", "account_logout"}
    for name in set(EXPECTED) - inside:
        for method in (client.get, client.post, client.head, client.put, client.delete):
            answer = method(address(name, record))
            assert (name, answer.status_code, answer["Location"]) == (name, 302, "/signing/")
            assert answer.content == b""
    for url in ("/nowhere/", "/static/tokens.css/..", "/patients/%00/", "/accounts/signup/"):
        assert client.get(url)["Location"] == "/signing/"


def test_fragments_lead_the_whole_page_to_hers(client: Client, patient: Patient) -> None:
    hand_over(client, patient)
    answer = client.get("/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"], answer.content) == (204, "/signing/", b"")


def test_post_elsewhere_writes_nothing(client: Client, patient: Patient) -> None:
    make.signed(patient)
    hand_over(client, patient)
    before = answers()
    client.post(f"/patients/{patient.code}/consents/withdraw/treatment/")
    client.post(f"/patients/{patient.code}/edit/", {"given_name": "Eve"})
    patient.refresh_from_db()
    assert (answers(), patient.given_name) == (before, "Maria")


def test_her_page_shows_her_name_her_texts_and_no_way_out(client: Client, patient: Patient) -> None:
    make.signed(patient)
    assert hand_over(client, patient, "review", "marketing_print")["Location"] == "/signing/"
    found = client.get("/signing/").content.decode()
    texts = make.texts()
    assert texts[Purpose.REVIEW].title in found
    assert texts[Purpose.TREATMENT].title not in found
    assert "Maria Sanchez" in found
    for hidden in (patient.code, "14 Mar 1988", str(patient.phone), "Dr Lin", "Consent to"):
        assert hidden not in found
    links = re.findall(
        r'href="([^"#]+)"', re.sub(r"<link[^>]*>|<svg.*?</svg>", "", found, flags=re.S)
    )
    assert links == ["/take-back/"]
    assert "checked" not in found
    assert "<nav" not in found


def test_nothing_is_filled_in_even_where_an_answer_stands(client: Client, patient: Patient) -> None:
    make.signed(patient, yes=[Purpose.MARKETING_PRINT])
    hand_over(client, patient, "marketing_print")
    found = client.get("/signing/").content.decode()
    assert "checked" not in found
    assert re.search(r'name="until_marketing_print"[^>]*value=', found) is None


def own(client: Client, **said: str) -> HttpResponse:
    shown = re.search(r'name="texts" value="([^"]*)"', client.get("/signing/").content.decode())
    data = {"submission": str(uuid4()), "texts": shown[1] if shown else "", **said}
    return client.post("/signing/", data)


def test_she_signs_alone_and_is_thanked(client: Client, patient: Patient, doctor: User) -> None:
    data = {"submission": str(uuid4()), "purposes": ["treatment", "review"], "interpreter": "Eva"}
    client.post(f"/patients/{patient.code}/consents/hand-over/", data)
    answer = own(client, **YES_TO_TREATMENT)
    assert (answer.status_code, answer["Location"]) == (302, "/signing/")
    record = ConsentRecord.objects.get()
    assert (record.was_handed_over, record.interpreter, record.asked_by) == (True, "Eva", doctor)
    assert answers() == [("treatment", "yes")]
    thanks = client.get("/signing/").content.decode()
    assert "Please give the tablet back." in thanks
    assert patient.given_name not in thanks
    # A second answer from the same tablet, after she has given it back in words, is not taken.
    client.post("/signing/", {"texts": shown_texts(), **YES_TO_TREATMENT})
    assert ConsentRecord.objects.count() == 1


def test_she_cannot_answer_what_was_not_handed_to_her(client: Client, patient: Patient) -> None:
    hand_over(client, patient, "review")
    answer = own(client, answer_treatment="yes", had_time_to_read="on", strokes=STROKES)
    assert complaints(answer) == ["No answer has changed, so there is nothing to sign."]


def test_tablet_is_taken_back_with_the_password(client: Client, patient: Patient) -> None:
    hand_over(client, patient)
    answer = client.post("/take-back/", {"submission": str(uuid4()), "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, f"/patients/{patient.code}/consents/")
    assert page(client, patient)
    assert [action for action in actions() if "tablet" in action] == [
        "tablet handed over",
        "tablet taken back",
    ]
    assert client.get("/signing/")["Location"] == "/"
    assert client.get("/take-back/")["Location"] == "/"


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD + " ", PASSWORD.upper(), "\x00"])
def test_wrong_password_takes_nothing_back(client: Client, patient: Patient, password: str) -> None:
    hand_over(client, patient)
    answer = client.post("/take-back/", {"submission": str(uuid4()), "password": password})
    assert len(complaints(answer)) == 1
    assert client.get("/patients/")["Location"] == "/signing/"


def test_password_of_a_colleague_takes_nothing_back(client: Client, patient: Patient) -> None:
    make.user(Role.MEDICAL_LEAD, password="another long sentence")
    hand_over(client, patient)
    client.post("/take-back/", {"password": "another long sentence"})
    assert client.get("/patients/")["Location"] == "/signing/"


def test_five_wrong_passwords_sign_out(client: Client, patient: Patient, doctor: User) -> None:
    hand_over(client, patient)
    for left in (4, 3, 2, 1):
        answer = client.post("/take-back/", {"submission": str(uuid4()), "password": "guess"})
        more = "1 more try." if left == 1 else f"{left} more tries."
        assert complaints(answer)[0].endswith(more)
    last = client.post("/take-back/", {"submission": str(uuid4()), "password": "guess"})
    assert (last.status_code, last["Location"]) == (302, "/accounts/login/")
    assert client.get("/patients/")["Location"] == "/accounts/login/?next=/patients/"
    handed_over = actions().index("tablet handed over")
    assert actions()[handed_over + 1 :] == ["take-back refused"] * 5 + [
        "signed out after wrong passwords"
    ]
    assert set(AuditEvent.objects.values_list("by", "patient")) == {(doctor.pk, patient.code)}


def test_guesses_of_an_earlier_hand_over_do_not_count(client: Client, patient: Patient) -> None:
    for _ in range(2):
        hand_over(client, patient)
        for _ in range(3):
            client.post("/take-back/", {"submission": str(uuid4()), "password": "guess"})
        back = client.post("/take-back/", {"submission": str(uuid4()), "password": PASSWORD})
        assert back["Location"] == f"/patients/{patient.code}/consents/"


def test_repeated_take_back_does_not_end_the_next_hand_over(
    client: Client, patient: Patient
) -> None:
    key = str(uuid4())
    hand_over(client, patient)
    client.post("/take-back/", {"submission": key, "password": PASSWORD})
    hand_over(client, patient)
    client.post("/take-back/", {"submission": key, "password": ""})
    assert client.get("/patients/")["Location"] == "/signing/"


def test_second_device_of_the_same_person_works_on(
    client: Client, patient: Patient, doctor: User
) -> None:
    second = Client()
    second.force_login(doctor)
    hand_over(client, patient)
    assert second.get("/patients/").status_code == 200
    assert client.get("/patients/").status_code == 302


def test_signing_out_leads_to_the_sign_in_and_nowhere_else(
    client: Client, patient: Patient
) -> None:
    hand_over(client, patient)
    assert "<nav" not in client.get("/accounts/logout/").content.decode()
    assert client.post("/accounts/logout/")["Location"] == "/accounts/login/"
    assert client.get("/patients/")["Location"].startswith("/accounts/login/")


def test_page_of_a_refused_token_has_no_way_out_either(patient: Patient, doctor: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(doctor)
    token = client.get(f"/patients/{patient.code}/consents/hand-over/").cookies["csrftoken"].value
    data = {"csrfmiddlewaretoken": token, "purposes": ["review"], "submission": str(uuid4())}
    client.post(f"/patients/{patient.code}/consents/hand-over/", data)
    refused = client.post("/signing/", {})
    assert (refused.status_code, refused["Location"], refused.content) == (302, "/take-back/", b"")


def test_role_that_is_taken_away_meanwhile_still_leads_nowhere_else(
    client: Client, patient: Patient, doctor: User
) -> None:
    hand_over(client, patient)
    doctor.role_grants.all().delete()
    assert client.get("/patients/")["Location"] == "/signing/"
    assert client.get("/signing/")["Location"] == "/take-back/"


def test_person_switched_off_meanwhile_leads_to_the_sign_in(
    client: Client, patient: Patient, doctor: User
) -> None:
    hand_over(client, patient)
    User.objects.filter(pk=doctor.pk).update(is_active=False)
    assert client.get("/signing/")["Location"].startswith("/accounts/login/")
    assert client.get("/accounts/login/").status_code == 200


def test_messages_that_waited_are_not_shown_to_her(client: Client, patient: Patient) -> None:
    sent(client, patient, **YES_TO_TREATMENT)
    hand_over(client, patient)
    assert "Signed and kept" not in client.get("/signing/").content.decode()
    assert (datetime.now(UTC) - ConsentRecord.objects.get().signed_at) < timedelta(minutes=1)
