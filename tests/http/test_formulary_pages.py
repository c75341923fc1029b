"""The setup pages of formulary, protocols and products: read, drafted, merged, approved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client

from clinic.models import User
from clinic.roles import Role
from patients.terms import Allergen
from tests import make
from treatments.actions import start_formulary_draft
from treatments.models import Formulary, Product, Protocol, ProtocolVersion
from treatments.terms import STANDARD_VIEWS

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough sentence"
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC)):
        yield


@pytest.fixture
def lead() -> User:
    return make.user(Role.MEDICAL_LEAD, name="Dr Okafor", password=PASSWORD)


@pytest.fixture
def client(lead: User) -> Client:
    made = Client()
    made.force_login(lead)
    return made


def page(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


def text(client: Client, url: str) -> str:
    """Return what a page says, without its marks and idle space."""
    return " ".join(re.sub(r"<[^>]+>", " ", page(client, url)).split())


def opened(client: Client, url: str) -> dict[str, Any]:
    """Return the form of a page as a browser would send it untouched."""
    form = client.get(url).context["form"]
    found = {}
    for field in form:
        value = field.value()
        if value not in (None, "", False):
            found[field.html_name] = value
    return found


def test_page_without_a_formulary_says_what_to_do(client: Client) -> None:
    said = text(client, "/setup/formulary/")
    assert "No formulary is approved" in said
    assert "The program ships no doses." in said
    assert "Draft version 1" in said


def test_formulary_stands_by_category_with_counts_and_reasons(client: Client, lead: User) -> None:
    make.formulary(
        make.agent("pentoxifylline", allergens=[Allergen.XANTHINE]),
        make.agent("buflomedil", status="blocked", status_reason="Toxic.", strength=None),
        make.agent("caffeine", category="fat", status="draft", ceiling_ml=None),
        by=lead,
    )
    said = text(client, "/setup/formulary/")
    assert "Circulation and drainage 1 active, 1 blocked" in said
    assert "Pentoxifylline 20 mg/ml 5.0 ml 7 xanthines off-label Active Dr Okafor, 24 Nov" in said
    assert "Toxic. Kept so that earlier treatment can be recorded. Cannot be made active" in said
    assert "No ceiling entered. Cannot be used until it is" in said


def test_agent_is_added_changed_and_approved_through_the_pages(client: Client, lead: User) -> None:
    client.post("/setup/formulary/draft/")
    url = "/setup/formulary/1/agents/new/"
    sent = {
        "name": "L-carnitine",
        "substance": "l_carnitine",
        "category": "fat",
        "strength": "200",
        "unit": "mg",
        "ceiling_ml": "5,0",
        "interval_days": "7",
        "licence": "off_label",
        "status": "active",
        "ingredient_0": "benzyl alcohol",
        "allergen_0": "benzyl_alcohol",
    }
    assert client.post(url, sent)["Location"] == "/setup/formulary/1/#l_carnitine"
    assert "Look at 2 changes and approve" in text(client, "/setup/formulary/1/")
    change = "/setup/formulary/1/agents/l_carnitine/"
    answer = client.post(change, {**opened(client, change), "ceiling_ml": "4"})
    assert answer.status_code == 302
    approve = "/setup/formulary/1/approve/"
    wrong = {**opened(client, approve), "what_changed": "First.", "password": "x"}
    assert "This is not your password." in client.post(approve, wrong).content.decode()
    assert Formulary.objects.get().approved_at is None
    right = {**opened(client, approve), "what_changed": "First.", "password": PASSWORD}
    assert client.post(approve, right)["Location"] == "/setup/formulary/"
    agent = Formulary.objects.get().agents.get(code="l_carnitine")
    assert (agent.ceiling_ml, agent.ingredient_pairs()) == (
        Decimal("4.0"),
        [("benzyl alcohol", "benzyl_alcohol")],
    )


def test_refusal_of_the_action_stands_beside_its_field(client: Client, lead: User) -> None:
    make.formulary(make.agent("caffeine"), by=lead)
    start_formulary_draft(by=lead)
    url = "/setup/formulary/2/agents/caffeine/"
    answer = client.post(url, {**opened(client, url), "ceiling_ml": ""})
    assert answer.context["form"].errors == {
        "ceiling_ml": [
            "An active agent has a ceiling per session. Enter one, or leave the agent a draft."
        ]
    }
    sent = {**opened(client, url), "allergen_3": "xanthine"}
    assert client.post(url, sent).context["form"].errors == {
        "ingredient_3": ["Name the ingredient of this group."]
    }


def test_two_who_change_one_agent_are_merged(client: Client, lead: User) -> None:
    make.formulary(make.agent("caffeine"), by=lead)
    start_formulary_draft(by=lead)
    url = "/setup/formulary/2/agents/caffeine/"
    mine, hers = opened(client, url), opened(client, url)
    client.post(url, {**hers, "interval_days": "14"})
    answer = client.post(url, {**mine, "ceiling_ml": "3"})
    said = answer.content.decode()
    assert "Somebody else saved this while you were typing." in said
    assert "Nothing collides: what they saved is filled in here." in said
    form = answer.context["form"]
    again = {field.html_name: field.value() for field in form if field.value() is not None}
    assert client.post(url, again).status_code == 302
    agent = Formulary.objects.get(number=2).agents.get(code="caffeine")
    assert (agent.interval_days, agent.ceiling_ml) == (14, Decimal("3.0"))


def test_agent_is_taken_out_of_the_draft(client: Client, lead: User) -> None:
    make.formulary(make.agent("caffeine"), by=lead)
    start_formulary_draft(by=lead)
    product = make.product("Mix", {"caffeine": "1"})
    url = "/setup/formulary/2/agents/caffeine/remove/"
    refused = client.post(url, {"version": "1"})
    assert "Mix contains it. Take that product out of use first" in refused.content.decode()
    Product.objects.filter(pk=product.pk).update(is_active=False)
    assert client.post(url, {"version": "1"})["Location"] == "/setup/formulary/2/"
    assert client.post(url, {"version": "1"})["Location"] == "/setup/formulary/2/"  # gone already


def test_versions_are_compared(client: Client, lead: User) -> None:
    make.formulary(make.agent("caffeine"), make.agent("old"), by=lead)
    make.formulary(make.agent("caffeine", ceiling_ml=Decimal(6)), make.agent("new"), by=lead)
    said = text(client, "/setup/formulary/2/compare/")
    assert "3 changes" in said
    assert "Caffeine changed looser than before" in said
    assert "Most per session, ml was 5 now 6" in said
    assert ("New new" in said, "Old taken out" in said) == (True, True)
    assert "Compare with 1" in page(client, "/setup/formulary/")


def test_draft_is_not_shown_to_those_who_may_not_change_it(sign_in: Any, lead: User) -> None:
    make.formulary(by=lead)
    start_formulary_draft(by=lead)
    reader = sign_in(Role.PRACTITIONER)
    assert reader.get("/setup/formulary/2/").status_code == 404
    assert "draft" not in text(reader, "/setup/formulary/").lower()


def test_setup_pages_stand_beside_each_other(client: Client, sign_in: Any, lead: User) -> None:
    make.formulary(by=lead)
    shown = re.findall(r'<a href="(/setup/[a-z]+/)"', page(client, "/setup/products/"))
    assert shown == [
        "/setup/safety/",  # the bar
        "/setup/formulary/",
        "/setup/protocols/",
        "/setup/products/",
        "/setup/photography/",
        "/setup/safety/",
        "/setup/consents/",
        "/setup/safety/",  # the bar below
    ]
    shown = re.findall(r'<a href="(/setup/[a-z]+/)"', page(sign_in(Role.MANAGER), "/setup/safety/"))
    assert "/setup/consents/" not in shown
    assert "/setup/formulary/" in shown


# Protocols and products ---------------------------------------------------------------------------


def test_protocol_is_written_and_approved_through_the_pages(client: Client, lead: User) -> None:
    make.formulary(by=lead)
    product = make.product("Formula B")
    url = client.post("/setup/protocols/new/", {"name": "Weekly"})["Location"]
    assert url.endswith("/1/edit/")
    whole = url.removesuffix("edit/")
    assert "Still missing before it can be approved" in text(client, whole)
    sent = {
        **opened(client, url),
        "areas": ["buttock_left", "buttock_right"],
        "views": [str(view) for view in STANDARD_VIEWS],
        "review_after": "10, 5",
        "product_0": str(product.pk),
        "ml_0": "8",
        "aftercare": "Keep it dry.\nNo sauna.",
        "red_flags": "Fever.",
    }
    assert client.post(url, sent)["Location"] == whole
    said = text(client, whole)
    assert "12, reviews after 5, 10 and at the end" in said
    assert ("Formula B, 8.0 ml" in said, "Buttocks" in said, "No sauna." in said) == (True,) * 3
    approve = f"{whole}approve/"
    right = {**opened(client, approve), "what_changed": "First.", "password": PASSWORD}
    assert client.post(approve, right)["Location"] == whole
    made = ProtocolVersion.objects.in_force().get()
    assert (made.review_after, made.product_lines()) == ([5, 10], [("Formula B", "8")])


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"review_after": "five"}, "review_after", "Write numbers with commas, such as 5, 10."),
        ({"product_0": "{pk}"}, "ml_0", "Enter how much is drawn, in ml."),
        ({"ml_1": "8"}, "product_1", "Choose the product."),
        (
            {"product_0": "{pk}", "ml_0": "1", "product_1": "{pk}", "ml_1": "2"},
            "__all__",
            "A product is chosen twice.",
        ),
        (
            {"interval_days": "30"},
            "interval_days",
            "Put the days in order: earliest, usual, latest.",
        ),
    ],
)
def test_protocol_form_says_what_to_correct(
    client: Client, changed: dict[str, str], field: str, sentence: str
) -> None:
    product = make.product("Formula B")
    url = client.post("/setup/protocols/new/", {"name": "Weekly"})["Location"]
    sent = opened(client, url) | {
        key: value.format(pk=product.pk) for key, value in changed.items()
    }
    assert client.post(url, sent).context["form"].errors == {field: [sentence]}


def test_protocol_is_no_longer_offered(client: Client, lead: User) -> None:
    made = make.protocol("Weekly", by=lead)
    client.post(f"/setup/protocols/{made.protocol_id}/offer/", {})
    assert Protocol.objects.get().is_active is False
    assert "not offered" in text(client, "/setup/protocols/")
    client.post(f"/setup/protocols/{made.protocol_id}/offer/", {"is_active": "True"})
    assert Protocol.objects.get().is_active is True


def test_product_is_added_with_percents(client: Client, lead: User) -> None:
    make.formulary(make.agent("caffeine"), make.agent("lidocaine"), by=lead)
    sent = {
        "name": "Mix",
        "maker": "Halden",
        "agent_0": "caffeine",
        "share_0": "62,5",
        "agent_1": "lidocaine",
        "share_1": "10",
    }
    assert client.post("/setup/products/new/", sent)["Location"] == "/setup/products/"
    assert Product.objects.get().as_rule().shares == {
        "caffeine": Decimal("0.625"),
        "lidocaine": Decimal("0.1"),
    }
    assert "Mix Halden Caffeine 62.5 % Lidocaine 10 % 0" in text(client, "/setup/products/")
    url = f"/setup/products/{Product.objects.get().pk}/"
    too_much = client.post(url, {**opened(client, url), "share_1": "40"})
    assert too_much.context["form"].errors == {
        "agent_0": ["The shares add up to more than the whole."]
    }


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"share_0": ""}, "share_0", "Enter how many parts of 100 it is of the volume."),
        ({"share_2": "5"}, "agent_2", "Choose the agent."),
        ({"agent_1": "caffeine", "share_1": "5"}, "__all__", "An agent is chosen twice."),
    ],
)
def test_product_form_says_what_to_correct(
    client: Client, lead: User, changed: dict[str, str], field: str, sentence: str
) -> None:
    make.formulary(make.agent("caffeine"), by=lead)
    sent = {"name": "Mix", "agent_0": "caffeine", "share_0": "50"} | changed
    answer = client.post("/setup/products/new/", sent)
    assert answer.context["form"].errors == {field: [sentence]}


def test_product_is_taken_out_of_use_and_brought_back(client: Client) -> None:
    product = make.product("Mix")
    url = f"/setup/products/{product.pk}/retire/"
    client.post(url, {})
    assert "Mix out of use" in text(client, "/setup/products/")
    client.post(url, {"is_active": "True"})
    assert "out of use" not in text(client, "/setup/products/").replace("Take out of use", "")
