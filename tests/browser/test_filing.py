"""A heap of photographs from a card, filed in a table: proposed, corrected, sent, one lost on the way."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, Route, expect

from clinic.models import User
from clinic.roles import Role
from tests import make
from tests.browser.conftest import Watched
from tests.http.test_photo_filing import talking_jpeg
from treatments.actions.signing import close_visit
from treatments.models import Addendum, Photo, Visit
from treatments.terms import VisitKind

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "a long enough sentence"
PICTURES = os.environ.get("PICTURES", "")


@pytest.fixture
def lin(transactional_db: None) -> User:
    make.texts()
    return make.user(Role.PRACTITIONER, name="Dr Lin", password=PASSWORD)


@pytest.fixture
def visits(lin: User) -> tuple[Visit, Visit]:
    """A signed baseline a week ago, and today's session."""
    today = timezone.localdate()
    course = make.course(by=lin, last_on=today - timedelta(8))
    make.signed(course.patient, by=lin)
    baseline = make.visit(course, kind=VisitKind.BASELINE, on=today - timedelta(7))
    close_visit(visit=baseline, by=baseline.practitioner, meaning="I held it")
    return baseline, make.visit(course, number=1, on=today)


def card(folder: Path, *visits: Visit) -> list[Path]:
    """Write two photographs for each visit, the later of the day first, and one without a clock."""
    made = []
    for visit in visits:
        for hour in (11, 9):
            path = folder / f"{visit.held_on:%m%d}-{hour}.jpg"
            path.write_bytes(talking_jpeg(visit.held_on, hour))
            made.append(path)
    unknown = folder / "unknown.jpg"
    unknown.write_bytes(make.jpeg(90))
    return [*made, unknown]


def row(page: Page, name: str) -> Locator:
    return page.locator("tr[data-file]", has_text=name)


@pytest.mark.parametrize(("width", "height", "scheme"), [(1440, 900, "light"), (390, 844, "dark")])
def test_card_is_filed_in_one_table(
    open_page: Callable[..., Watched],
    visits: tuple[Visit, Visit],
    tmp_path: Path,
    width: int,
    height: int,
    scheme: str,
) -> None:
    baseline, session = visits
    seen = open_page(width, height, scheme=scheme)
    page = seen.page
    seen.sign_in(baseline.practitioner.email, PASSWORD)
    seen.goto(f"/patients/{baseline.patient_code}/photos/file/")
    page.set_input_files("#files", card(tmp_path, baseline, session))
    expect(page.locator("tr[data-file]")).to_have_count(5)
    early = row(page, f"{session.held_on:%m%d}-9.jpg")
    expect(early.locator("[data-view]")).to_have_value("back_relaxed")
    expect(early.locator("[data-visit]")).to_have_value(str(session.pk))
    expect(page.get_by_role("button", name="File all")).to_be_enabled()
    page.wait_for_timeout(300)  # until its colour has changed
    seen.check()
    page.get_by_role("button", name="File all").click()
    expect(page.get_by_role("alert")).to_have_text(
        "Choose a visit and a view for each, or leave it out."
    )
    row(page, "unknown.jpg").get_by_role("button").click()
    page.get_by_role("button", name="File all").click()
    expect(page.get_by_role("alert")).to_have_text(
        "Say why photographs are added to a signed visit now."
    )
    page.get_by_label("Some go to a signed visit. Why now?").fill("The card was read today.")
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/filing-{width}-{scheme}.png", full_page=True)
    # The first is lost on its way once, and sent again without being asked.
    lost: list[str] = []
    seen.expected = ["Failed to load resource"]

    def lose(route: Route) -> None:
        lost.append(route.request.url)
        if len(lost) == 1:
            route.abort()
        else:
            route.continue_()

    page.route("**/visits/*/photos/", lose)
    page.get_by_role("button", name="File all").click()
    expect(page.locator(".filing-state[data-kind=done]")).to_have_count(4, timeout=30_000)
    seen.check()
    filed = Photo.objects.order_by("visit__held_on", "taken_at_camera")
    assert [(photo.visit, photo.view, bool(photo.late_reason)) for photo in filed] == [
        (baseline, "back_relaxed", True),
        (baseline, "back_contracted", True),
        (session, "back_relaxed", False),
        (session, "back_contracted", False),
    ]
    assert (len(lost), Addendum.objects.count()) == (5, 2)
