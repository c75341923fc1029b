"""Grading a pair blind by the keyboard alone, and taking it out as a file and on paper."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from clinic.models import User
from clinic.roles import Role
from patients.terms import Purpose
from tests import make
from tests.browser.conftest import Watched
from tests.pure.real_photos import DRAWN
from treatments.models import BlindRating, Course, Photo, PhotoExport

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "a long enough sentence"
PICTURES = os.environ.get("PICTURES", "")


@pytest.fixture
def lead(transactional_db: None) -> User:
    make.texts()
    return make.user(Role.MEDICAL_LEAD, name="Dr Okafor", password=PASSWORD)


@pytest.fixture
def pair(lead: User) -> tuple[Photo, Photo]:
    course: Course = make.course(visits=2, every=35, by=lead)
    make.signed(course.patient, yes=(*make.FOR_CARE, Purpose.TEACHING_INSIDE))
    first, last = (
        make.photo(visit, content=(DRAWN / f"body1-back_relaxed-{number}.jpg").read_bytes())
        for number, visit in zip((0, 3), course.visits.treatments(), strict=True)
    )
    return first, last


def picture(seen: Watched, name: str) -> None:
    """Keep a picture for the eye, where a folder for them is named."""
    if PICTURES:
        seen.page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the field of that name has the focus."""
    for _each in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name || document.activeElement.type") == name:
            return
    raise AssertionError(f"Tab never reaches {name}")


@pytest.mark.parametrize(
    ("width", "height", "scheme"),
    [(390, 844, "light"), (820, 1180, "dark"), (1440, 900, "light")],
)
def test_pair_is_graded_blind_by_the_keyboard(
    open_page: Callable[..., Watched],
    lead: User,
    pair: tuple[Photo, Photo],
    width: int,
    height: int,
    scheme: str,
) -> None:
    seen = open_page(width, height, scheme=scheme)
    seen.sign_in(lead.email, PASSWORD)
    seen.goto(f"/patients/{pair[0].patient_code}/compare/")
    seen.page.get_by_role("link", name="Grade blind").focus()
    seen.page.keyboard.press("Enter")
    expect(seen.page.get_by_role("heading", name="Grade blind")).to_be_visible()
    expect(seen.page.get_by_alt_text("Right photograph")).to_have_js_property("complete", True)
    seen.check()
    picture(seen, f"blind-{width}")
    shown = seen.page.get_by_alt_text("Right photograph").get_attribute("src") or ""
    seen.page.reload()
    assert seen.page.get_by_alt_text("Right photograph").get_attribute("src") == shown
    # Nothing chosen: the complaints lead to their questions.
    for name in ("better", "later", "submit"):
        tab_to(seen.page, name)
    seen.page.keyboard.press("Enter")
    expect(seen.page.locator("#errors")).to_be_focused()
    seen.check()
    tab_to(seen.page, "better")
    seen.page.keyboard.press("Space")
    for _step in range(4):
        seen.page.keyboard.press("ArrowRight")
    expect(seen.page.get_by_role("radio", name="Right better", exact=True)).to_be_checked()
    tab_to(seen.page, "later")
    seen.page.keyboard.press("Space")
    seen.page.keyboard.press("ArrowRight")
    tab_to(seen.page, "submit")
    seen.page.keyboard.press("Enter")
    expect(seen.page.get_by_role("heading", name="Graded blind")).to_be_visible()
    seen.check()
    picture(seen, f"graded-{width}")
    rating = BlindRating.objects.get()
    later_was_right = str(pair[1].pk) in shown
    assert (rating.grade, rating.guessed_later) == (1 if later_was_right else -1, later_was_right)
    seen.goto("/review/photographs/")
    picture(seen, f"agreement-{width}")


def take_out(seen: Watched, how: str) -> None:
    page = seen.page
    seen.click("Export")
    page.get_by_role("radio", name="Teaching in the clinic").check()
    expect(page.get_by_role("radio", name="Marketing, website")).to_be_disabled()
    page.get_by_label("Where it goes").fill("Monday meeting")
    page.get_by_role("radio", name=how).check(force=True)
    picture(seen, f"export-{how}")
    seen.click("Export", role="button")


def test_pair_is_taken_out_as_a_file_and_on_paper(
    open_page: Callable[..., Watched], lead: User, pair: tuple[Photo, Photo]
) -> None:
    seen = open_page(820, 1180)
    seen.sign_in(lead.email, PASSWORD)
    compare = f"/patients/{pair[0].patient_code}/compare/"
    seen.goto(compare)
    take_out(seen, "File")
    with seen.page.expect_download() as download:
        seen.page.get_by_role("link", name="Download the sheet").click()
    assert download.value.suggested_filename == f"pair-{PhotoExport.objects.get().pk}.jpg"
    content = Path(download.value.path()).read_bytes()
    with Image.open(io.BytesIO(content)) as sheet:
        assert (sheet.format, sheet.width > 1500) == ("JPEG", True)
    seen.goto(compare)
    take_out(seen, "Paper")
    page = seen.page
    image = page.locator("img.pair-sheet")
    expect(image).to_have_js_property("complete", True)
    assert image.evaluate("image => image.naturalWidth") > 1500
    page.evaluate("window.print = () => { window.printed = true; }")
    page.get_by_role("button", name="Print").click()
    assert page.evaluate("window.printed") is True
    # On paper nothing stands beside the sheet.
    page.emulate_media(media="print")
    expect(image).to_be_visible()
    assert page.locator("body").inner_text().strip() == ""
    page.emulate_media(media="screen")
    seen.goto(f"/patients/{pair[0].patient_code}/photos/uses/")
    assert PhotoExport.objects.count() == 2
    picture(seen, "uses")
