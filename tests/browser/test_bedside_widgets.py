"""Widgets of the bedside: each fills in plain fields, and none of them loses what was typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Watched

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenPage = Callable[..., Watched]


@pytest.fixture(autouse=True)
def _gallery(settings: Any) -> None:
    settings.DEBUG = True  # the gallery is for developers


def opened(open_page: OpenPage, path: str = "", **options: Any) -> Watched:
    watched = open_page(820, 1180, **options)
    watched.page.goto(f"{watched.base}/gallery/{path}")
    return watched


# Volumes -----------------------------------------------------------------------------------------


def test_stepper_goes_in_halves_and_keeps_comma_or_point(open_page: OpenPage) -> None:
    page = opened(open_page).page
    drawn = page.get_by_label("Drawn, Formula B, ml")
    page.get_by_role("button", name="Drawn, Formula B: 0.5 ml more").click()
    expect(drawn).to_have_value("7.5")
    comma = page.get_by_label("Drawn, Saline, ml")
    less = page.get_by_role("button", name="Drawn, Saline: 0.5 ml less")
    less.click()
    expect(comma).to_have_value("1,5")
    for _ in range(5):
        less.click()
    expect(comma).to_have_value("0,0")
    expect(page.locator('[data-sum="drawn"]')).to_have_text("7.5")
    expect(page.locator('[data-sum="given"]')).to_have_text("6.9")
    drawn.fill("")
    page.get_by_role("button", name="Drawn, Formula B: 0.5 ml more").click()
    expect(drawn).to_have_value("0.5")


def test_sums_follow_what_is_typed(open_page: OpenPage) -> None:
    page = opened(open_page).page
    page.get_by_label("Wasted, Saline, ml").fill("0,6")
    sums = {
        name: page.locator(f'[data-sum="{name}"]').inner_text()
        for name in ("drawn", "given", "wasted")
    }
    assert sums == {"drawn": "9.0", "given": "7.9", "wasted": "1.1"}
    expect(page.locator("[data-volumes] [data-given]").last).to_have_text("1.4")


# Lots --------------------------------------------------------------------------------------------


def confirmed(page: Page) -> list[str]:
    return [page.locator(f'[name="products-{row}-confirmed"]').input_value() for row in range(2)]


def scan(page: Page, typed: str) -> str:
    page.get_by_label("Scan a vial").fill(typed)
    page.keyboard.press("Enter")
    return page.locator("[data-scan-said]").inner_text()


def test_lot_is_confirmed_by_a_tap_and_another_lot_is_not(open_page: OpenPage) -> None:
    page = opened(open_page).page
    assert confirmed(page) == ["tap", ""]
    page.get_by_role("button", name="Confirm L2391").click()
    assert confirmed(page) == ["tap", "tap"]
    expect(page.locator("#lot-1 [data-lot-time]")).to_have_text(
        page.evaluate(
            "new Date().toLocaleTimeString('en-GB', {hour: '2-digit', minute: '2-digit'})"
        )
    )
    page.get_by_label("Lot, Saline").select_option("12")
    assert confirmed(page) == ["tap", ""]
    expect(page.get_by_role("button", name="Confirm L2392")).to_be_visible()


@pytest.mark.parametrize("typed", ["L2391", " l 2391", "(01)04012345678901(10)L2391"])
def test_scanned_lot_is_confirmed(open_page: OpenPage, typed: str) -> None:
    page = opened(open_page).page
    assert scan(page, typed).upper().replace(" ", "") == "L2391ISCONFIRMED."
    assert confirmed(page) == ["tap", "scan"]
    expect(page.get_by_label("Scan a vial")).to_have_value("")


def test_scanned_lot_that_was_not_chosen_is_chosen(open_page: OpenPage) -> None:
    page = opened(open_page).page
    assert scan(page, "L2392") == "L2392 is confirmed."
    expect(page.get_by_label("Lot, Saline")).to_have_value("12")
    assert confirmed(page) == ["tap", "scan"]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("L2288", "L2288 cannot be used. It expired on 1 Nov. Take another vial."),
        (
            "L9999",
            "L9999 is not a lot of this session. Check the vial, or choose its product above.",
        ),
    ],
)
def test_other_lot_is_refused_in_words_and_sends_nothing(
    open_page: OpenPage, typed: str, sentence: str
) -> None:
    page = opened(open_page).page
    posts: list[str] = []
    page.on("request", lambda asked: posts.append(asked.url) if asked.method == "POST" else None)
    assert scan(page, typed) == sentence
    assert (confirmed(page), posts) == (["tap", ""], [])


# Copied, readings, left --------------------------------------------------------------------------


def test_tag_of_a_copied_block_goes_with_the_first_touch(open_page: OpenPage) -> None:
    page = opened(open_page).page
    tag, mark = page.get_by_text("from session 4"), page.locator('[name="copied_technique"]')
    page.get_by_label("Wasted, Saline, ml").fill("0.2")
    expect(tag).to_be_visible()
    expect(mark).to_have_value("yes")
    page.get_by_label("Depth").fill("6")
    expect(tag).to_be_hidden()
    expect(mark).to_have_value("")
    page.evaluate(
        "document.querySelector('[data-was-copied]').dispatchEvent("
        "new Event('copied:show', {bubbles: true}))"
    )
    expect(tag).to_be_visible()


def test_readings_show_their_mean_and_ask_for_a_third(open_page: OpenPage) -> None:
    page = opened(open_page).page
    row = {name: page.locator(f"#reading-{name}") for name in ("thigh_left", "hip")}
    expect(row["thigh_left"].locator("[data-mean]")).to_have_text("59.6")
    expect(row["thigh_left"].locator("[data-change]")).to_have_text("−1.4")
    expect(row["thigh_left"].get_by_label("third reading")).to_be_hidden()
    asked = row["hip"].get_by_text("Differ by 0.8 cm: measure a third time")
    expect(asked).to_be_visible()
    row["hip"].get_by_label("third reading").fill("102,0")
    expect(row["hip"].locator("[data-mean]")).to_have_text("101.9")
    row["thigh_left"].get_by_label("second reading").fill("60.0")
    expect(row["thigh_left"].get_by_label("third reading")).to_be_hidden()  # 0.5 apart: enough
    row["thigh_left"].get_by_label("second reading").fill("60.1")
    expect(row["thigh_left"].get_by_label("third reading")).to_be_visible()


def test_bar_names_what_is_left_and_leads_there(open_page: OpenPage) -> None:
    page = opened(open_page).page
    left = page.locator("[data-left]")
    expect(left).to_have_text("2 left: lot L2391, hip reading")
    left.get_by_role("link", name="hip reading").click()
    third = page.get_by_label("Hip, third reading, cm")
    expect(third).to_be_focused()
    third.fill("102.0")
    expect(left).to_have_text("1 left: lot L2391")
    left.get_by_role("link", name="lot L2391").click()
    expect(page.get_by_role("button", name="Confirm L2391")).to_be_focused()
    page.keyboard.press("Enter")
    expect(left).to_have_text("Nothing left")


def test_widgets_without_script_are_plain_fields(open_page: OpenPage) -> None:
    page = opened(open_page, java_script_enabled=False).page
    expect(page.get_by_role("button", name="Drawn, Saline: 0.5 ml more")).to_be_hidden()
    page.locator('[name="products-1-confirmed"]').select_option("Held against the vial")
    expect(page.get_by_label("Hip, third reading, cm")).to_be_visible()


# Drafts ------------------------------------------------------------------------------------------


class Server:
    """What answers the drafts of the gallery, which has no server of its own."""

    SIGNED_OUT = {"HX-Retarget": "#page-alert"}

    def __init__(self, page: Page) -> None:
        self.got: list[dict[str, list[str]]] = []
        self.answer: dict[str, Any] = {"body": "Draft kept 10:42"}
        page.route("**/gallery/draft/", self.reply)

    def reply(self, route: Route) -> None:
        self.got.append(parse_qs(route.request.post_data or "", keep_blank_values=True))
        route.fulfill(**self.answer)


@pytest.fixture
def drafting(open_page: OpenPage) -> tuple[Watched, Server]:
    watched = open_page(820, 1180)
    server = Server(watched.page)
    watched.page.goto(watched.base + "/gallery/?draft=1")
    return watched, server


def test_draft_is_sent_two_seconds_after_the_last_change(
    drafting: tuple[Watched, Server],
) -> None:
    watched, server = drafting
    page = watched.page
    page.get_by_label("Note").fill("Sore on the left")
    page.wait_for_timeout(1000)
    page.get_by_label("Note").fill("Sore on the left for two days.")
    page.wait_for_timeout(1400)
    assert server.got == []
    expect(page.locator("[data-draft-state]")).to_have_text("Draft kept 10:42")
    (draft,) = server.got
    assert draft["note"] == ["Sore on the left for two days."]
    assert draft["points_thigh_posterior_right"] == ["31"]
    assert "map_view" not in draft


def test_draft_is_sent_at_once_when_the_page_is_hidden(drafting: tuple[Watched, Server]) -> None:
    watched, server = drafting
    watched.page.get_by_label("Note").fill("Gone to fetch a vial.")
    # Sooner than the two seconds that a pause in typing takes.
    with watched.page.expect_response("**/gallery/draft/", timeout=1500):
        watched.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert [draft["note"] for draft in server.got] == [["Gone to fetch a vial."]]


def test_looking_at_the_map_is_not_a_change(drafting: tuple[Watched, Server]) -> None:
    watched, server = drafting
    watched.page.locator('[name="map_view"][value="front"]').check()
    watched.page.wait_for_timeout(2500)
    assert server.got == []


def test_lost_connection_says_since_when_and_retries(drafting: tuple[Watched, Server]) -> None:
    watched, server = drafting
    page = watched.page
    watched.expected += ["ERR_INTERNET_DISCONNECTED", "503"]
    server.answer = {"status": 503, "body": ""}
    page.get_by_label("Note").fill("Typed in the cellar.")
    bar = page.get_by_text("Not saved since")
    expect(bar).to_be_visible()
    watched.check()
    server.answer = {"body": "Draft kept 10:44"}
    page.get_by_role("button", name="Retry now").click()
    expect(bar).to_be_hidden()
    expect(page.locator("[data-draft-state]")).to_have_text("Draft kept 10:44")
    assert server.got[-1]["note"] == ["Typed in the cellar."]
    assert watched.errors == []


def test_expired_sign_in_keeps_the_page_and_the_draft_follows(
    drafting: tuple[Watched, Server],
) -> None:
    watched, server = drafting
    page = watched.page
    server.answer = {
        "headers": Server.SIGNED_OUT,
        "body": '<div class="banner">You were signed out.</div>',
    }
    page.get_by_label("Note").fill("Still here.")
    banner = page.locator("#page-alert .banner")
    expect(banner).to_have_text("You were signed out.")
    expect(page.get_by_label("Note")).to_have_value("Still here.")
    server.answer = {"body": "Draft kept 10:45"}
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(banner).to_be_hidden()
    assert server.got[-1]["note"] == ["Still here."]
