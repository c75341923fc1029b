"""A session at the bedside: by finger, by keyboard, without scripts, and by two people at once."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from clinic.models import Draft
from clinic.roles import Role
from patients.terms import Area
from tests import make
from tests.browser.bedside import PASSWORD, Bedside, bedside
from tests.browser.conftest import Watched
from tests.browser.hands import Finger, Keyboard
from tests.browser.test_points import middle, on_screen
from treatments.models import Visit
from treatments.terms import Confirmed, VisitKind

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MOST_TAPS = 9
OpenPage = Callable[..., Watched]


@pytest.fixture
def room(transactional_db: None) -> Bedside:
    return bedside()


def signed_in(open_page: OpenPage, at: Bedside, *size: int, **options: object) -> Watched:
    watched = open_page(*(size or (820, 1180)), **options)
    watched.sign_in(at.clinician.email, PASSWORD)
    return watched


def opened(open_page: OpenPage, at: Bedside, *size: int, **options: object) -> Watched:
    """Open the form of her next session."""
    watched = signed_in(open_page, at, *size, **options)
    watched.goto(f"/courses/{at.course.pk}/visits/new/")
    return watched


def now(at: Bedside) -> Visit:
    return Visit.objects.get(course=at.course, number=at.sessions + 1)


def fill_in(page: Page) -> None:
    """Fill in a whole session without photographs, by mouse and in any order."""
    choose(page, "nothing_changed", "True")
    choose(page, "skin_clear", "True")
    page.get_by_label("Weight today").fill("61.5")
    page.get_by_role("link", name="Repeat session").click()
    for _lot in range(page.locator("[data-lot-confirm]:visible").count()):
        page.locator("[data-lot-confirm]:visible").first.click()
    page.locator('input[name="reactions"][value="none"]').check()
    page.get_by_role("button", name="All four done").click()


def choose(page: Page, name: str, value: str) -> None:
    page.locator(f'input[name="{name}"][value="{value}"]').check()


def kept(page: Page) -> None:
    expect(page.locator("#visit-draft")).to_contain_text("Draft kept")


def is_whole(visit: Visit, lots: int) -> None:
    """Assert that a signed session holds what was repeated, and what was asked today."""
    areas = list(visit.visit_areas.values_list("point_count", flat=True))
    measured = list(visit.measures.values_list("kind", "value"))
    assert (visit.signed_at is not None, visit.is_without_reaction) == (True, True)
    assert (areas, [(kind, str(value)) for kind, value in measured]) == (
        [20, 20, 20, 20],
        [("weight", "61.5")],
    )
    assert list(visit.products.values_list("confirmed", flat=True)) == [Confirmed.TAP] * lots
    assert (visit.nothing_changed, visit.skin_clear) == (True, True)
    closing = (visit.aftercare_given, visit.knows_whom_to_call, visit.needles_discarded)
    assert (*closing, visit.observed_well) == (True, True, True, True)


# By finger ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("products", [1, 2])
def test_repeated_session_takes_at_most_nine_taps_and_one_page(
    open_page: OpenPage, transactional_db: None, products: int
) -> None:
    at = bedside(products=products)
    watched = signed_in(open_page, at, has_touch=True)
    page, finger = watched.page, Finger(watched.page)
    pages: list[str] = []
    page.on(
        "request", lambda each: pages.append(each.url) if each.resource_type == "document" else None
    )
    finger.tap(page.get_by_role("link", name="Start session"))
    page.wait_for_url(re.compile(r"/visits/new/$"))
    finger.answer("nothing_changed", "True")
    finger.answer("skin_clear", "True")
    # The last check leads on to the weight: no tap, the digits go where the caret is.
    expect(page.get_by_label("Weight today")).to_be_focused()
    page.keyboard.type("61,5")
    finger.tap(page.get_by_role("link", name="Repeat session 3"))
    for _lot in range(products):
        finger.tap(page.locator("[data-lot-confirm]:visible").first)
    finger.answer("reactions", "none")
    finger.tap(page.get_by_role("button", name="All four done"))
    assert pages == [f"{watched.base}/courses/{at.course.pk}/visits/new/"]
    finger.tap(page.get_by_role("button", name="Sign and book next"))
    page.wait_for_url(re.compile(r"/appointments/new/\?course=\d+$"))
    watched.check()
    # What is shown after it is booking the next one.
    assert pages[1:] == [f"{watched.base}/appointments/new/?course={at.course.pk}"]
    is_whole(now(at), products)
    assert finger.taps <= MOST_TAPS
    print(f"{finger.taps} taps with {products} products")  # noqa: T201  the figure of the report


def test_weight_takes_the_caret_from_a_finger_only(open_page: OpenPage, room: Bedside) -> None:
    page = opened(open_page, room).page
    choose(page, "nothing_changed", "True")
    choose(page, "skin_clear", "True")
    expect(page.locator('input[name="skin_clear"][value="True"]')).to_be_focused()


def test_copied_stays_marked_until_touched_also_after_a_refusal(
    open_page: OpenPage, room: Bedside
) -> None:
    watched = opened(open_page, room)
    page = watched.page
    tags = page.get_by_text("from session 3", exact=True)
    expect(tags.first).to_be_hidden()
    page.get_by_role("link", name="Repeat session 3").click()
    expect(page.locator("#step-areas").get_by_text("from session 3", exact=True)).to_be_visible()
    page.get_by_label("Depth").fill("6")
    expect(page.locator("#step-areas").get_by_text("from session 3", exact=True)).to_be_hidden()
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.get_by_text("to correct")).to_be_visible()
    expect(page.locator("#step-areas").get_by_text("from session 3", exact=True)).to_be_hidden()
    expect(page.locator("#step-lots").get_by_text("from session 3", exact=True)).to_be_visible()
    watched.check()
    page.get_by_role("button", name="Undo the copy").click()
    expect(page.get_by_label("Depth")).to_have_value("")
    expect(page.locator("#step-lots").get_by_text("from session 3", exact=True)).to_be_hidden()


def test_point_of_the_map_is_saved_with_the_session(open_page: OpenPage, room: Bedside) -> None:
    watched = opened(open_page, room, has_touch=True)
    page = watched.page
    page.touchscreen.tap(*on_screen(page, middle(Area.BUTTOCK_LEFT)))
    expect(page.locator("#id_points_buttock_left")).to_have_value("1")
    page.get_by_label("Per point").fill("0,1")
    expect(page.locator(".pm-totals")).to_contain_text("0.1 ml placed")
    page.locator('input[name="reactions"][value="none"]').check()
    page.get_by_role("button", name="Save unsigned").click()
    page.wait_for_url(re.compile(r"/visits/\d+/$"))
    area = now(room).visit_areas.get(area=Area.BUTTOCK_LEFT)
    assert area.point_count == 1
    assert area.points == [pytest.approx(list(middle(Area.BUTTOCK_LEFT)), abs=0.01)]


def test_severe_reaction_asks_what_was_done(open_page: OpenPage, room: Bedside) -> None:
    watched = opened(open_page, room)
    page = watched.page
    card = page.get_by_role("group", name="Allergic sign", exact=True).first
    expect(card).to_be_hidden()
    page.locator('input[name="reactions"][value="allergy"]').check()
    expect(card.get_by_text("Allergic sign: stop injecting")).to_be_visible()
    expect(card.get_by_label("What was done, required")).to_be_visible()
    watched.check()
    bruise = page.get_by_role("group", name="Bruise", exact=True).first
    page.locator('input[name="reactions"][value="bruise"]').check()
    expect(bruise.get_by_text("Bruise: stop injecting")).to_be_hidden()
    choose(page, "now_bruise-grade", "3")
    expect(bruise.get_by_text("Bruise: stop injecting")).to_be_visible()
    watched.check()


# By keyboard -------------------------------------------------------------------------------------


def test_whole_session_by_keyboard(open_page: OpenPage, room: Bedside) -> None:
    watched = opened(open_page, room)
    page, keyboard = watched.page, Keyboard(watched.page)
    keyboard.choose("nothing_changed", "True")
    keyboard.choose("skin_clear", "True")
    keyboard.reach("#id_measure_weight")
    page.keyboard.type("61,5")
    keyboard.press("[data-repeat]")
    for _lot in room.lots:
        keyboard.press("[data-lot-confirm]")
    keyboard.reach('input[name="reactions"][value="none"]')
    page.keyboard.press("Space")
    keyboard.press("[data-tick-all]")
    keyboard.press('button[value="sign"]')
    page.wait_for_url(re.compile(r"/visits/\d+/$"))
    watched.check()
    is_whole(now(room), 2)


# Every size --------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 820, 1180, 1440])
def test_form_is_clean_in_size_and_scheme(
    open_page: OpenPage, room: Bedside, width: int, scheme: str
) -> None:
    watched = opened(open_page, room, width, 1180, scheme=scheme)
    page = watched.page
    page.get_by_role("link", name="Repeat session 3").click()
    page.get_by_text("After session 3, as she tells it").click()
    page.locator('input[name="late_reactions"][value="nodule"]').check()
    page.locator('input[name="reactions"][value="allergy"]').check()
    page.get_by_text("Girths, not due today").click()
    page.get_by_label("Hip", exact=False).first.fill("102.2")
    kept(page)
    watched.check()
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.get_by_text("to correct")).to_be_visible()
    watched.check()


# Without scripts ---------------------------------------------------------------------------------


def test_session_without_scripts_is_repeated_saved_and_signed(
    open_page: OpenPage, room: Bedside
) -> None:
    page = open_page(820, 1180, java_script_enabled=False).page
    base = room_url(page, open_page, room)
    page.get_by_role("link", name="Repeat session 3").click()
    choose_plainly(page, "nothing_changed", "True")
    choose_plainly(page, "skin_clear", "True")
    choose_plainly(page, "reactions", "none")
    page.get_by_label("Weight today").fill("61.5")
    for place, lot in enumerate(room.lots):
        page.locator(f"#id_given-{place}-lot").select_option(str(lot.pk))
    page.get_by_role("button", name="Save unsigned").click()
    visit = now(room)
    assert (page.url, visit.signed_at) == (f"{base}/visits/{visit.pk}/", None)
    page.goto(f"{base}/visits/{visit.pk}/change/")
    for place in range(2):
        page.locator(f"#id_given-{place}-confirmed").select_option(Confirmed.TAP)
    for name in ("aftercare_given", "knows_whom_to_call", "needles_discarded", "observed_well"):
        page.locator(f"#id_{name}").check(force=True)
    page.get_by_role("button", name="Sign", exact=True).click()
    assert page.url == f"{base}/visits/{visit.pk}/"
    is_whole(now(room), 2)


def room_url(page: Page, open_page: OpenPage, room: Bedside) -> str:
    """Sign in without scripts, open the form, and return the address of the server."""
    base = open_page(100, 100).base
    page.goto(f"{base}/accounts/login/")
    page.get_by_label("E-mail").fill(room.clinician.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{base}/courses/{room.course.pk}/visits/new/")
    return base


def choose_plainly(page: Page, name: str, value: str) -> None:
    page.locator(f'input[name="{name}"][value="{value}"]').check(force=True)


# Two people, and the draft's answer --------------------------------------------------------------


def test_two_people_on_one_session_see_both_texts(open_page: OpenPage, room: Bedside) -> None:
    visit = make.visit(room.course, number=4, note="Tired.")
    colleague = make.user(Role.PRACTITIONER, name="Dr Okafor", password=PASSWORD)
    mine, hers = signed_in(open_page, room), open_page(1180, 820)
    hers.sign_in(colleague.email, PASSWORD)
    for watched in (mine, hers):
        watched.goto(f"/visits/{visit.pk}/change/")
    hers.page.get_by_label("Note").fill("Tired, slept badly.")
    hers.page.get_by_role("button", name="Save unsigned").click()
    hers.page.wait_for_url(re.compile(r"/visits/\d+/$"))
    page = mine.page
    page.get_by_label("Note").fill("Tired, fainted once.")
    page.get_by_role("button", name="Save unsigned").click()
    expect(page.get_by_text("Saved meanwhile: Tired, slept badly.").first).to_be_visible()
    expect(page.get_by_label("Note")).to_have_value("Tired, fainted once.")
    mine.check()
    page.get_by_label("Note").fill("Tired, slept badly, fainted once.")
    page.get_by_role("button", name="Save unsigned").click()
    page.wait_for_url(re.compile(r"/visits/\d+/$"))
    visit.refresh_from_db()
    assert visit.note == "Tired, slept badly, fainted once."


def test_reason_that_is_typed_while_the_draft_is_answered_is_kept_letter_by_letter(
    open_page: OpenPage, room: Bedside
) -> None:
    watched = opened(open_page, room)
    page = watched.page
    fill_in(page)
    choose(page, "skin_clear", "False")
    reason = page.get_by_label("Reason to go on")
    expect(reason).to_be_visible()
    reason.focus()
    # As long as two drafts take: each answer takes the place of the gates around the field.
    with Answers(page) as answers:
        typed = (
            "A scratch at the knee, far from what is treated. Looked at together. " * 2
        ).strip()
        page.keyboard.type(typed, delay=150)
        expect(reason).to_have_value(typed)
    assert answers.count >= 2
    expect(reason).to_be_focused()
    page.get_by_role("button", name="Sign", exact=True).click()
    page.wait_for_url(re.compile(r"/visits/\d+/$"))
    assert now(room).overrides.get().reason == typed
    assert Draft.objects.count() == 0


class Answers:
    """Counts the answers of drafts that come while it is entered."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def __enter__(self) -> Answers:
        self.page.on("response", self._heard)
        return self

    def __exit__(self, *_error: object) -> None:
        self.page.remove_listener("response", self._heard)

    def _heard(self, response: object) -> None:
        self.count += "/draft" in str(getattr(response, "url", ""))


def test_third_reading_is_asked_when_two_differ(open_page: OpenPage, room: Bedside) -> None:
    watched = signed_in(open_page, room)
    watched.goto(f"/courses/{room.course.pk}/visits/new/?kind=follow_up")
    page = watched.page
    page.get_by_label("Weight").fill("61,5")
    first = page.get_by_label("Hip", exact=False)
    first.nth(0).fill("102.2")
    first.nth(1).fill("101.4")
    expect(page.get_by_text("Differ by 0.8 cm: measure a third time")).to_be_visible()
    expect(first.nth(2)).to_be_visible()
    first.nth(2).fill("102.0")
    page.get_by_role("button", name="Save unsigned").click()
    page.wait_for_url(re.compile(r"/visits/\d+/$"))
    watched.check()
    visit = Visit.objects.filter(kind=VisitKind.FOLLOW_UP).latest("pk")
    assert visit.measures.get(kind="hip").readings == ["102.2", "101.4", "102.0"]
