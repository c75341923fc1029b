"""Consents at the bedside: by pen, by keyboard, and with the tablet in her hands."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from clinic.models import User
from clinic.roles import Role
from patients.consents import treatment_consent
from patients.models import ConsentRecord, Patient
from tests import make
from tests.browser.conftest import Watched

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "a long enough sentence"


@pytest.fixture
def clinician(transactional_db: None) -> User:
    make.texts()
    return make.user(Role.PRACTITIONER, name="Dr Lin", password=PASSWORD)


@pytest.fixture
def patient(clinician: User) -> Patient:
    return make.patient(by=clinician)


def draw(page: Page) -> None:
    """Draw two strokes with the mouse, which the pad takes like a pen."""
    canvas = page.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    for height in (0.3, 0.6):
        page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * height)
        page.mouse.down()
        for part in (0.4, 0.6, 0.8):
            page.mouse.move(
                box["x"] + box["width"] * part,
                box["y"] + box["height"] * (height + 0.1 * (part - 0.5)),
                steps=4,
            )
        page.mouse.up()


def answer(page: Page, purpose: str, said: str) -> None:
    page.get_by_role("radiogroup", name=purpose).get_by_label(said, exact=True).check()


@pytest.mark.parametrize(("width", "height"), [(820, 1180), (390, 844)])
def test_answers_are_signed_by_pen(
    open_page: Callable[..., Watched],
    clinician: User,
    patient: Patient,
    width: int,
    height: int,
) -> None:
    watched = open_page(width, height)
    watched.sign_in(clinician.email, PASSWORD)
    watched.goto(f"/patients/{patient.code}/consents/")
    page = watched.page
    answer(page, "Treatment", "Yes")
    answer(page, "Marketing, website", "No")
    expect(page.get_by_role("heading", name="Sign 2 changed answers")).to_be_visible()
    expect(page.locator("[data-changed]:visible")).to_have_count(2)
    draw(page)
    drawn = page.locator("input[name=strokes]").input_value()
    assert len(json.loads(drawn)) == 2
    # A turned tablet loses nothing.
    page.set_viewport_size({"width": height, "height": width})
    assert page.locator("input[name=strokes]").input_value() == drawn
    page.set_viewport_size({"width": width, "height": height})
    page.get_by_role("button", name="Clear").click()
    assert page.locator("input[name=strokes]").input_value() == ""
    draw(page)
    # Without the tick the sheet comes back, and the drawing with it.
    watched.click("Save 2 signed answers", role="button")
    expect(page.get_by_role("alert")).to_contain_text("Without time to read there is no yes.")
    assert len(json.loads(page.locator("input[name=strokes]").input_value())) == 2
    page.get_by_label("Had time to read and to ask").check()
    watched.click("Save 2 signed answers", role="button")
    expect(page.get_by_text("Signed and kept, with its PDF.")).to_be_visible()
    record = ConsentRecord.objects.get()
    assert (len(record.strokes), record.answers.count()) == (2, 2)
    assert all(0 <= x <= 1 and 0 <= y <= 1 for stroke in record.strokes for x, y in stroke)


def test_answers_are_signed_by_keyboard_alone(
    open_page: Callable[..., Watched], clinician: User, patient: Patient
) -> None:
    watched = open_page(820, 1180)
    watched.sign_in(clinician.email, PASSWORD)
    watched.goto(f"/patients/{patient.code}/consents/")
    page = watched.page

    def tab_to(name: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.name || ''") == name:
                return
        pytest.fail(f"{name} is not reached by Tab")

    tab_to("answer_treatment")
    page.keyboard.press("Space")
    tab_to("typed_name")
    page.keyboard.type("maria sanchez")
    tab_to("had_time_to_read")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Signed and kept, with its PDF.")).to_be_visible()
    watched.check()
    assert ConsentRecord.objects.get().typed_name == "maria sanchez"
    assert treatment_consent(patient).holds


def test_without_script_only_the_typed_name_signs(
    open_page: Callable[..., Watched], clinician: User, patient: Patient
) -> None:
    watched = open_page(390, 844, java_script_enabled=False)
    page = watched.page
    page.goto(watched.base + "/accounts/login/")
    page.get_by_label("E-mail").fill(clinician.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{watched.base}/patients/{patient.code}/consents/")
    expect(page.locator("canvas")).to_be_hidden()
    answer(page, "Review inside the clinic", "No")
    page.get_by_label("Or type the full name instead").fill("Maria Sanchez")
    page.get_by_role("button", name="Save signed answers").click()
    expect(page.get_by_text("Signed and kept, with its PDF.")).to_be_visible()


@pytest.mark.parametrize(("width", "height", "scheme"), [(820, 1180, "light"), (390, 844, "dark")])
def test_tablet_is_handed_over_and_taken_back(
    open_page: Callable[..., Watched],
    clinician: User,
    patient: Patient,
    width: int,
    height: int,
    scheme: str,
) -> None:
    watched = open_page(width, height, scheme=scheme)
    watched.sign_in(clinician.email, PASSWORD)
    page = watched.page
    other = page.context.new_page()
    other.goto(f"{watched.base}/patients/")
    expect(other.get_by_text("Maria Sanchez").first).to_be_visible()
    page.goto(f"{watched.base}/patients/{patient.code}/")
    page.goto(f"{watched.base}/patients/{patient.code}/consents/hand-over/")
    watched.click("Hand over now", role="button")
    expect(page.get_by_role("heading", name="Maria Sanchez")).to_be_visible()
    # The other window no longer shows what it showed, without being touched.
    other.wait_for_url(watched.base + "/signing/")
    expect(other.get_by_text(patient.code)).to_have_count(0)
    other.close()
    # Back, a typed address and a new window end on her page.
    page.go_back()
    page.wait_for_url(watched.base + "/signing/")
    page.goto(watched.base + f"/patients/{patient.code}/")
    page.wait_for_url(watched.base + "/signing/")
    third = page.context.new_page()
    third.goto(watched.base + "/schedule/")
    expect(third.get_by_role("heading", name="Treatment by injections")).to_be_visible()
    third.close()
    page.get_by_role("group", name="Your answer: Treatment by injections").get_by_label(
        "Yes"
    ).check()
    draw(page)
    page.get_by_label("I have read the texts").check()
    watched.click("Sign these answers", role="button")
    expect(page.get_by_role("heading", name="Thank you.")).to_be_visible()
    watched.click("For staff: take the tablet back")
    page.get_by_label("Your password").fill("wrong")
    watched.click("Take back", role="button")
    expect(page.get_by_role("alert")).to_contain_text("4 more tries.")
    page.get_by_label("Your password").fill(PASSWORD)
    watched.click("Take back", role="button")
    expect(page.get_by_role("heading", name="Consents", exact=True)).to_be_visible()
    assert ConsentRecord.objects.get().was_handed_over


@pytest.mark.parametrize(("width", "height", "scheme"), [(320, 700, "light"), (1440, 900, "dark")])
def test_pages_of_consents_are_clean_in_size_and_scheme(
    open_page: Callable[..., Watched],
    patient: Patient,
    width: int,
    height: int,
    scheme: str,
) -> None:
    make.signed(patient)
    lead = make.user(Role.MEDICAL_LEAD, Role.PRACTITIONER, password=PASSWORD)
    watched = open_page(width, height, scheme=scheme)
    watched.sign_in(lead.email, PASSWORD)
    for path in (
        f"/patients/{patient.code}/consents/",
        f"/patients/{patient.code}/consents/history/",
        f"/patients/{patient.code}/consents/withdraw/treatment/",
        f"/patients/{patient.code}/consents/hand-over/",
        "/setup/consents/",
        "/setup/consents/research/",
    ):
        watched.goto(path)
