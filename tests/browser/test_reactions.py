"""Looking at a reaction again, from the list to the note, at four widths and in the dark."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from clinic.models import User
from clinic.roles import Role
from patients.terms import Area
from tests import make
from tests.browser.conftest import Watched
from treatments.models import Reaction, ReactionCheck, Visit
from treatments.terms import ReactionKind

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "a long enough sentence"
PICTURES = os.environ.get("PICTURES", "")


@pytest.fixture
def lead(transactional_db: None) -> User:
    make.texts()
    return make.user(Role.MEDICAL_LEAD, name="Dr Okafor", password=PASSWORD)


@pytest.fixture
def nodule(lead: User) -> Reaction:
    """A nodule that has lasted for 16 days, after a session with one lot."""
    noted_on = timezone.localdate() - timedelta(16)
    course = make.course(visits=1, last_on=noted_on, by=lead)
    visit = course.visits.get()
    Visit.objects.update(is_without_reaction=False)
    make.drawn(visit, make.lot())
    Reaction.objects.create(visit=visit, kind=ReactionKind.BRUISE, grade=1)
    return Reaction.objects.create(
        visit=visit,
        kind=ReactionKind.NODULE,
        grade=2,
        area=Area.BUTTOCK_LEFT,
        size_mm=8,
        description="Firm, moves under the skin, not warm.",
        action="Photographed, told what to watch for.",
    )


def picture(seen: Watched, name: str) -> None:
    """Keep a picture for the eye, where a folder for them is named."""
    if PICTURES:
        seen.page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


@pytest.mark.parametrize(
    ("width", "height", "scheme"),
    [(390, 844, "light"), (820, 1180, "dark"), (1180, 820, "light"), (1440, 900, "light")],
)
def test_reaction_is_looked_at_again_from_the_list(
    open_page: Callable[..., Watched],
    lead: User,
    nodule: Reaction,
    width: int,
    height: int,
    scheme: str,
) -> None:
    seen = open_page(width, height, scheme=scheme)
    seen.sign_in(lead.email, PASSWORD)
    for key in ("unsigned", "gaps", "call-back"):
        seen.goto(f"/follow-ups/?list={key}")
        picture(seen, f"list-{key}-{width}")
    seen.click("Look again")
    picture(seen, f"check-{width}")
    expect(seen.page.get_by_text("This asks for more than a call")).to_be_visible()
    seen.page.get_by_role("radio", name="Gone", exact=True).check(force=True)
    seen.page.get_by_label("What was seen or said").fill("Cannot be felt any more.")
    seen.click("Write it down", role="button")
    picture(seen, f"checked-{width}")
    expect(seen.page.get_by_text("Written down. It stays as it is.")).to_be_visible()
    seen.goto(nodule.visit.get_absolute_url())
    picture(seen, f"visit-{width}")
    assert ReactionCheck.objects.get().note == "Cannot be felt any more."
