"""The pages of the safety lists: the lead drafts and signs, others read, nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clinic.merging import found_values
from clinic.models import User
from clinic.roles import Role
from patients.actions import start_safety_draft
from patients.models import SafetyListRow, SafetyListVersion
from patients.models.safety import current_list
from tests import make

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
PASSWORD = "a long enough sentence"
LISTS = "/setup/safety/"
TATTOO = {
    "gate": "temporary",
    "question": "Fresh tattoo in the area",
    "sentence": "A fresh tattoo: it heals to 100 % first. Screen again after 6 weeks.",
    "block": "now",
    "wait_days": "42",
}


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    cache.clear()
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), tick=False):
        yield


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def lead() -> User:
    return make.user(Role.MEDICAL_LEAD, Role.PRACTITIONER, name="Dr Okafor", password=PASSWORD)


@pytest.fixture
def draft(lead: User) -> SafetyListVersion:
    return start_safety_draft(by=lead)


def text_of(page: HttpResponse) -> str:
    main = page.content.decode().partition("<main")[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def untouched(client: Client, url: str) -> dict[str, Any]:
    """Return what a browser would send for the page as it comes."""
    form = client.get(url).context["form"]
    hidden = {
        name: form[name].value()
        for name in ("version", "opened", "submission", "fingerprint")
        if name in form.fields
    }
    return hidden | {name: value for name, value in found_values(form).items() if value}


def signature(client: Client, url: str, **typed: Any) -> dict[str, Any]:
    form = client.get(url).context["form"]
    asked = {"fingerprint": form["fingerprint"].value(), "submission": form["submission"].value()}
    return asked | {"what_changed": "Tattoos defer.", "password": PASSWORD} | typed


# The lead -----------------------------------------------------------------------------------------


def test_lead_drafts_adds_previews_and_signs(lead: User) -> None:
    client = client_of(lead)
    assert "Nobody has signed a safety list" in text_of(client.get(LISTS))
    assert client.post(f"{LISTS}draft/")["Location"] == f"{LISTS}1/"
    added = client.post(f"{LISTS}1/items/new/", TATTOO)
    assert added["Location"] == f"{LISTS}1/#own_fresh_tattoo_in_the_area"
    page = client.get(f"{LISTS}1/sign/")
    assert [change.kind for change in page.context["changes"]] == ["added"]
    assert TATTOO["sentence"] in text_of(page)
    assert client.post(f"{LISTS}1/sign/", signature(client, f"{LISTS}1/sign/")).status_code == 302
    signed = SafetyListVersion.objects.get()
    assert (signed.signed_by, signed.what_changed) == (lead, "Tattoos defer.")
    shown = text_of(client.get(LISTS))
    assert "Safety list 1 in force Signed by Dr Okafor, Tue 24 Nov, 12:00" in shown


def test_wrong_password_signs_nothing_and_keeps_the_sentence(
    lead: User, draft: SafetyListVersion
) -> None:
    client, url = client_of(lead), f"{LISTS}1/sign/"
    page = client.post(url, signature(client, url, password="somebody else's"))
    form = page.context["form"]
    assert form.errors == {"password": ["This is not your password."]}
    assert (form["what_changed"].value(), current_list().version) == ("Tattoos defer.", 0)
    assert b"somebody else" not in page.content


def test_eleventh_try_of_a_password_in_a_minute_is_refused(
    lead: User, draft: SafetyListVersion
) -> None:
    client, url = client_of(lead), f"{LISTS}1/sign/"
    typed = signature(client, url, password="a guess")
    assert [client.post(url, typed).status_code for _ in range(11)] == [200] * 10 + [429]


def test_double_tap_on_sign_signs_once(lead: User, draft: SafetyListVersion) -> None:
    client, url = client_of(lead), f"{LISTS}1/sign/"
    typed = signature(client, url)
    answers = [client.post(url, typed) for _ in range(2)]
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [
        (302, f"{LISTS}1/")
    ] * 2


def test_signing_asks_to_look_again_when_the_draft_changed_meanwhile(
    lead: User, draft: SafetyListVersion
) -> None:
    client, url = client_of(lead), f"{LISTS}1/sign/"
    typed = signature(client, url)
    draft.rows.filter(code="smoker").update(question="Smokes")
    page = client.post(url, typed)
    assert page.context["form"].non_field_errors() == [
        "The draft has changed since you opened this page. Look at it again."
    ]
    assert page.context["form"]["what_changed"].value() == "Tattoos defer."
    assert "Smokes" in text_of(page)
    # The page that came back shows what is stored now, so that looking again is enough.
    shown = page.context["form"]["fingerprint"].value()
    assert client.post(url, typed | {"fingerprint": shown}).status_code == 302


def test_forged_signature_is_ignored(lead: User, draft: SafetyListVersion) -> None:
    other = make.practitioner()
    client, url = client_of(lead), f"{LISTS}1/sign/"
    client.post(url, signature(client, url, signed_by=other.pk, signed_at="2020-01-01", number=9))
    signed = SafetyListVersion.objects.get()
    assert (signed.signed_by, signed.signed_at, signed.number) == (lead, datetime.now(UTC), 1)


def test_absolute_item_that_moves_is_warned_about(lead: User, draft: SafetyListVersion) -> None:
    client, url = client_of(lead), f"{LISTS}1/items/active_cancer/"
    assert client.post(url, untouched(client, url) | {"gate": "temporary"}).status_code == 302
    for page in (client.get(f"{LISTS}1/"), client.get(f"{LISTS}1/sign/")):
        assert "An absolute contraindication is given up" in text_of(page)
        assert [row.code for row in page.context["lost_stops"]] == ["active_cancer"]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"sentence": " "}, "sentence"),
        ({"sentence": "x" * 401}, "sentence"),
        ({"question": ""}, "question"),
        ({"gate": "never"}, "gate"),
        ({"wait_days": "-1"}, "wait_days"),
        ({"holds_days": "9999"}, "holds_days"),
        ({"block": ""}, "block"),
    ],
)
def test_item_without_sense_is_refused_beside_its_field(
    lead: User, draft: SafetyListVersion, typed: dict[str, str], field: str
) -> None:
    page = client_of(lead).post(f"{LISTS}1/items/new/", TATTOO | typed)
    assert list(page.context["form"].errors) == [field]


def test_agent_is_added_changed_and_switched_off(lead: User, draft: SafetyListVersion) -> None:
    client = client_of(lead)
    arnica = {"label": "Arnica", "agent": "Arnica", "sentence": "Arnica is left out."}
    client.post(f"{LISTS}1/agents/new/", arnica)
    url = f"{LISTS}1/agents/own_arnica/"
    client.post(url, untouched(client, url) | {"is_off": "on"})
    row = draft.exclusions.get(code="own_arnica")
    assert (row.agent, row.is_off, row.version) == ("arnica", True, 2)


@pytest.mark.parametrize(
    ("code", "hidden"),
    [
        ("age_under_18", {"gate", "is_off", "is_required", "block", "holds_days"}),
        ("pregnancy", {"is_required", "is_off"}),
        ("bmi_under_18_5", {"is_required", "block", "holds_days"}),
        ("smoker", set()),
    ],
)
def test_item_offers_only_what_may_change(
    lead: User, draft: SafetyListVersion, code: str, hidden: set[str]
) -> None:
    form = client_of(lead).get(f"{LISTS}1/items/{code}/").context["form"]
    assert hidden & set(form.fields) == set()
    assert bool(form.notes) == bool(hidden)


def test_two_leads_on_one_item_lose_nothing(lead: User, draft: SafetyListVersion) -> None:
    client, url = client_of(lead), f"{LISTS}1/items/smoker/"
    one, two = untouched(client, url), untouched(client, url)
    assert client.post(url, one | {"question": "Smokes"}).status_code == 302
    form = client.post(url, two | {"wait_days": "30"}).context["form"]
    assert (form["question"].value(), form["wait_days"].value()) == ("Smokes", "30")
    assert client.post(url, dict(form.data.lists())).status_code == 302
    row = SafetyListRow.objects.get(code="smoker")
    assert (row.question, row.wait_days) == ("Smokes", 30)


def test_item_saved_after_somebody_signed_is_refused_with_its_words(
    lead: User, draft: SafetyListVersion
) -> None:
    client, url = client_of(lead), f"{LISTS}1/items/smoker/"
    typed = untouched(client, url) | {"question": "Smokes"}
    sign = f"{LISTS}1/sign/"
    client.post(sign, signature(client, sign))
    form = client.post(url, typed).context["form"]
    assert form.non_field_errors() == [
        "This version is signed and no longer changes. Start a new draft."
    ]
    assert form["question"].value() == "Smokes"
    assert client.get(url)["Location"] == f"{LISTS}1/"


# Whoever reads ------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.PRACTITIONER, Role.MANAGER])
def test_others_read_the_signed_list_and_no_draft(
    lead: User, draft: SafetyListVersion, role: Role
) -> None:
    client = client_of(make.user(role))
    assert "To the draft" not in text_of(client.get(LISTS))
    assert client.get(f"{LISTS}1/").status_code == 404
    assert client.post(f"{LISTS}1/sign/", {"password": PASSWORD}).status_code == 403
    assert client.post(f"{LISTS}1/items/new/", TATTOO).status_code == 403


def test_version_page_says_what_changed_since_the_one_before(lead: User) -> None:
    make.safety_list(by=lead)
    make.safety_list(by=lead, changed={"smoker": {"gate": "temporary"}})
    page = client_of(make.practitioner()).get(f"{LISTS}2/")
    assert [(row.code, row.changes) for row in page.context["changes"]] == [
        ("smoker", (("gate", "caution", "temporary"),))
    ]
    assert "Changed since 1 Smoker changed" in text_of(page)
    assert "replaced by a newer one" in text_of(client_of(lead).get(f"{LISTS}1/"))


def test_result_page_names_the_version(lead: User) -> None:
    made = make.screening()
    client = client_of(make.practitioner())
    assert "the product's draft of the safety list, which nobody has signed." in text_of(
        client.get(made.get_absolute_url())
    )
    make.safety_list(by=lead)
    page = client.get(made.get_absolute_url())
    assert "Rule set 2026.1, safety list 1 ." in text_of(page)
    assert f'href="{LISTS}1/"' in page.content.decode()


# The findings form --------------------------------------------------------------------------------


def test_own_question_is_asked_saved_and_stops(lead: User) -> None:
    make.safety_list(by=lead, added=[TATTOO | {"gate": "absolute", "wait_days": None}])
    made = make.screening()
    client, url = client_of(make.practitioner()), f"/screenings/{made.pk}/findings/"
    typed = untouched(client, url) | {"own_fresh_tattoo_in_the_area": "yes"}
    assert client.post(url, typed).status_code == 302
    page = text_of(client.get(made.get_absolute_url()))
    assert f"{TATTOO['sentence']} 4.1" in page


def test_answer_that_no_longer_holds_is_asked_afresh() -> None:
    made = make.screening()
    made.answers.update(answered_on=TODAY - timedelta(8))
    form = client_of(make.practitioner()).get(f"/screenings/{made.pk}/findings/").context["form"]
    assert (form["pregnancy"].value(), form["active_cancer"].value()) == ("", "no")


# What it costs ------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", [LISTS, f"{LISTS}1/"])
def test_page_costs_the_same_with_more_items(lead: User, url: str) -> None:
    def cost() -> int:
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    client = client_of(lead)
    make.safety_list(by=lead)
    few = cost()
    more = [TATTOO | {"question": f"Question {number}", "wait_days": None} for number in range(9)]
    make.safety_list(by=lead, added=more)
    assert cost() == few
