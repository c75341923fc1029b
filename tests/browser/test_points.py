"""The body map with points: by finger, mouse and keyboard, and the fields that it keeps."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from patients.terms import Area
from tests.browser.conftest import Watched
from treatments import point_map
from treatments.point_map import SPACINGS_CM, Point, grid, inside, zone

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RIGHT = Area.THIGH_POSTERIOR_RIGHT
OpenPage = Callable[..., Watched]


@pytest.fixture(autouse=True)
def _gallery(settings: Any) -> None:
    settings.DEBUG = True  # the gallery is for developers


def opened(open_page: OpenPage, path: str = "", **options: Any) -> Watched:
    size = options.pop("size", (820, 1180))
    watched = open_page(*size, **options)
    watched.goto(f"/gallery/{path}")
    return watched


def marks(page: Page, area: Area) -> list[Point]:
    return point_map.read_marks(page.locator(f'[name="marks_{area}"]').input_value())


def count(page: Page, area: Area) -> str:
    return page.locator(f'[name="points_{area}"]').input_value()


def said(page: Page) -> Locator:
    return page.locator('[data-pm-out="said"]')


def stage(page: Page) -> Locator:
    return page.locator("[data-pm-stage]")


def on_screen(page: Page, point: Point) -> tuple[float, float]:
    """Return where a point of the canvas lies on the screen now."""
    stage(page).scroll_into_view_if_needed()
    x, y = point[0] * point_map.WIDTH, point[1] * point_map.HEIGHT
    found = page.evaluate(
        """([x, y]) => {
          const svg = [...document.querySelectorAll(".pm-sheet")].find((each) => each.clientWidth);
          const at = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM());
          return [at.x, at.y];
        }""",
        [x, y],
    )
    return found[0], found[1]


def middle(area: Area) -> Point:
    left, top, right, bottom = zone(area).box
    return (left + right) / 2 / point_map.WIDTH, (top + bottom) / 2 / point_map.HEIGHT


# By finger and mouse -----------------------------------------------------------------------------


def test_tap_in_a_zone_drops_a_point_and_ticks_the_area(open_page: OpenPage) -> None:
    page = opened(open_page, "?map=every", has_touch=True).page
    page.touchscreen.tap(*on_screen(page, middle(Area.BUTTOCK_LEFT)))
    expect(page.locator("#id_areas_buttock_left")).to_be_checked()
    assert marks(page, Area.BUTTOCK_LEFT) == [pytest.approx(middle(Area.BUTTOCK_LEFT), abs=0.01)]
    assert count(page, Area.BUTTOCK_LEFT) == "1"
    expect(said(page)).to_have_text("Point 1, Buttock, left")


def test_tap_just_beside_a_zone_is_taken_into_it(open_page: OpenPage) -> None:
    page = opened(open_page, "?map=every").page
    _left, top, _right, _bottom = zone(Area.BUTTOCK_LEFT).box
    x, y = on_screen(page, (middle(Area.BUTTOCK_LEFT)[0], top / point_map.HEIGHT))
    page.mouse.click(x, y - 12)
    (mark,) = marks(page, Area.BUTTOCK_LEFT)
    assert inside(Area.BUTTOCK_LEFT, *mark)


def test_tap_far_from_every_zone_drops_nothing(open_page: OpenPage) -> None:
    page = opened(open_page, "?map=every").page
    page.mouse.click(*on_screen(page, (0.5, 0.235)))
    expect(said(page)).to_contain_text("Outside the zones")
    expect(page.locator('[name="areas"]:checked')).to_have_count(0)


def test_tapped_point_is_chosen_and_can_be_removed(open_page: OpenPage) -> None:
    page = opened(open_page).page
    before = marks(page, RIGHT)
    page.mouse.click(*on_screen(page, before[7]))
    expect(said(page)).to_contain_text("Point 8 of 31 chosen, Back of thigh, right")
    page.get_by_role("button", name="Remove point 8").click()
    assert marks(page, RIGHT) == [*before[:7], *before[8:]]
    assert count(page, RIGHT) == "30"
    page.get_by_role("button", name="Undo").click()
    assert (marks(page, RIGHT), count(page, RIGHT)) == (before, "31")


def test_totals_follow_the_points_and_what_each_gets(open_page: OpenPage) -> None:
    page = opened(open_page).page
    totals = page.locator(".pm-totals")
    expect(totals).to_contain_text("163 points")
    expect(totals).to_contain_text("8.15 ml placed")
    expect(totals).to_contain_text("73 fewer than session 4")
    page.locator("#id_points_knee_left").fill("80")
    page.get_by_label("Per point").fill("0,1")
    expect(totals).to_contain_text("243 points")
    expect(totals).to_contain_text("24.3 ml placed")
    expect(totals).to_contain_text("7 more than session 4")
    page.locator("#id_areas_knee_left").uncheck()
    expect(totals).to_contain_text("163 points")


def test_number_typed_by_hand_trims_the_map_or_counts_beyond_it(open_page: OpenPage) -> None:
    page = opened(open_page).page
    before, field = marks(page, RIGHT), page.locator(f"#id_points_{RIGHT}")
    row = page.locator(f'.pm-row[data-area="{RIGHT}"]')
    field.fill("18")
    field.blur()
    assert marks(page, RIGHT) == before[:18]
    field.fill("26")
    field.blur()
    expect(row).to_contain_text("18 on the map")
    assert marks(page, RIGHT) == before[:18]
    # One of the eight that were only counted is marked now.
    free = next(point for point in grid(RIGHT, 2) if point[1] > before[17][1] + 0.04)
    page.mouse.click(*on_screen(page, free))
    expect(row).to_contain_text("19 on the map")
    assert count(page, RIGHT) == "26"


def test_form_hears_of_each_change(open_page: OpenPage) -> None:
    page = opened(open_page, "?map=every").page
    page.evaluate(
        """() => {
          window.heard = [];
          for (const kind of ["input", "change"])
            document.addEventListener(kind, (event) => window.heard.push(`${kind} ${event.target.name}`));
        }"""
    )
    page.locator('[name="map_view"][value="front"]').check()
    page.mouse.click(*on_screen(page, middle(Area.ABDOMEN)))
    names = ("areas", "marks_abdomen", "points_abdomen")
    heard = [f"{kind} {name}" for name in names for kind in ("input", "change")]
    assert page.evaluate("window.heard") == heard


def test_last_session_is_taken_over_in_one_step(open_page: OpenPage) -> None:
    page = opened(open_page).page
    before = marks(page, RIGHT)
    page.evaluate(
        "document.querySelector('[data-point-map]').dispatchEvent(new Event('pointmap:repeat'))"
    )
    assert (count(page, RIGHT), len(marks(page, RIGHT))) == ("49", 49)
    expect(page.locator(".pm-totals")).to_contain_text("As many as session 4")
    expect(page.locator("#id_areas_knee_left")).not_to_be_checked()
    page.get_by_role("button", name="Undo").click()
    assert marks(page, RIGHT) == before


# Grid, clear, undo -------------------------------------------------------------------------------


@pytest.mark.parametrize("spacing", SPACINGS_CM)
def test_fill_puts_the_grid_of_the_rules_into_each_zone(
    open_page: OpenPage, spacing: float
) -> None:
    page = opened(open_page, "?map=every").page
    page.locator(f'[name="map_grid"][value="{spacing:g}"]').check()
    for area in Area:
        page.locator(f"#id_points_{area}").focus()
        wanted = grid(area, spacing)
        page.get_by_role("button", name=f"Fill, adds {len(wanted)}", exact=True).click()
        assert marks(page, area) == [pytest.approx(point, abs=0.00011) for point in wanted], area
        assert count(page, area) == str(len(wanted))
        expect(page.get_by_role("button", name="Grid is full")).to_be_visible()


def test_fill_adds_only_what_is_missing_and_says_how_many_before(open_page: OpenPage) -> None:
    page = opened(open_page).page
    page.locator(f"#id_points_{RIGHT}").focus()
    before = marks(page, RIGHT)
    fill = page.locator('[data-pm="fill"]')
    expect(fill).to_have_text("Fill, adds 18")
    expect(page.locator('.pm-sheet[data-view="back"] .pm-plan circle')).to_have_count(18)
    fill.click()
    assert marks(page, RIGHT)[:31] == before
    assert (len(marks(page, RIGHT)), count(page, RIGHT)) == (49, "49")
    expect(said(page)).to_have_text("18 points added, Back of thigh, right.")


def test_clear_and_undo_go_back_step_by_step(open_page: OpenPage) -> None:
    page = opened(open_page).page
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_have_attribute("aria-disabled", "true")
    before = marks(page, RIGHT)
    page.locator(f"#id_points_{RIGHT}").focus()
    page.locator('[data-pm="fill"]').click()
    page.get_by_role("button", name="Clear zone").click()
    assert (marks(page, RIGHT), count(page, RIGHT)) == ([], "0")
    expect(said(page)).to_have_text(
        "49 points removed, Back of thigh, right. Undo brings them back."
    )
    undo.click()
    assert len(marks(page, RIGHT)) == 49
    undo.click()
    assert (marks(page, RIGHT), count(page, RIGHT)) == (before, "31")
    expect(undo).to_have_attribute("aria-disabled", "true")


# By keyboard -------------------------------------------------------------------------------------


def test_points_are_set_and_removed_by_keyboard(open_page: OpenPage) -> None:
    page = opened(open_page, "?map=first").page
    stage(page).focus()
    keys = page.keyboard
    keys.press("Enter")
    expect(said(page)).to_have_text("Point 1, Buttock, left")
    expect(page.locator('.pm-sheet[data-view="back"] .pm-cross')).to_be_visible()
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowDown", "Enter"):
        keys.press(key)
    one, two = marks(page, Area.BUTTOCK_LEFT)
    moved = ((two[0] - one[0]) * point_map.WIDTH / 3, (two[1] - one[1]) * point_map.HEIGHT / 3)
    assert moved == pytest.approx((1, 2), abs=0.02)  # centimetres
    keys.press("Backspace")
    assert marks(page, Area.BUTTOCK_LEFT) == [one]
    expect(said(page)).to_have_text("Point 2 removed, Buttock, left. 1 left.")
    keys.press("PageDown")
    expect(said(page)).to_have_text("Buttock, right, 0 points")
    keys.press("Enter")
    assert count(page, Area.BUTTOCK_RIGHT) == "1"
    keys.press("PageDown")
    keys.press("Enter")
    expect(page.locator('.pm-sheet[data-view="front"]')).to_be_visible()
    expect(said(page)).to_have_text("Point 1, Abdomen")
    keys.press("PageUp")
    keys.press("PageUp")
    keys.press("Backspace")
    assert (marks(page, Area.BUTTOCK_LEFT), count(page, Area.BUTTOCK_LEFT)) == ([], "0")


def test_cross_hair_far_outside_drops_nothing(open_page: OpenPage) -> None:
    page = opened(open_page, "?map=first").page
    stage(page).focus()
    for _ in range(12):
        page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Enter")
    expect(said(page)).to_contain_text("Outside the zones")
    assert marks(page, Area.BUTTOCK_LEFT) == []


# Looking closer ----------------------------------------------------------------------------------


def test_zoom_goes_up_to_four_times_and_keeps_points_true(open_page: OpenPage) -> None:
    watched = opened(open_page)
    page = watched.page
    wide = page.locator('.pm-sheet[data-view="back"]').bounding_box()["width"]
    for _ in range(6):
        page.get_by_role("button", name="Larger").click()
    near = page.locator('.pm-sheet[data-view="back"]').bounding_box()["width"]
    assert near / wide == pytest.approx(4, abs=0.01)
    watched.check()
    page.locator(f"#id_points_{Area.BUTTOCK_RIGHT}").focus()
    stage(page).focus()
    for key in ("Escape", "PageDown", "PageUp", "+", "ArrowUp"):
        page.keyboard.press(key)
    x, y = on_screen(page, middle(Area.BUTTOCK_RIGHT))
    page.mouse.click(x + 20, y + 30)
    mark = marks(page, Area.BUTTOCK_RIGHT)[-1]
    assert on_screen(page, mark) == pytest.approx((x + 20, y + 30), abs=1)


def test_one_zone_fills_the_width_and_leads_to_its_neighbours(open_page: OpenPage) -> None:
    watched = opened(open_page)
    page = watched.page
    page.get_by_role("button", name="Zone…").click()
    title = page.locator('[data-pm-out="active"]')
    expect(title).to_have_text("Back of thigh, left")
    expect(page.locator(".pm-row:visible")).to_have_count(1)
    page.get_by_role("button", name="Back of thigh, right").click()
    expect(title).to_have_text("Back of thigh, right")
    totals = page.locator(".pm-totals")
    expect(totals).to_contain_text("31 points here")
    expect(totals).to_contain_text("1.55 ml here")
    expect(totals).to_contain_text("8.15 ml placed")
    expect(totals).to_contain_text("18 fewer than session 4")
    left, top, right, bottom = zone(RIGHT).box
    corners = [
        on_screen(page, (x / point_map.WIDTH, y / point_map.HEIGHT))
        for x, y in ((left, top), (right, bottom))
    ]
    box = stage(page).bounding_box()
    assert box["x"] < corners[0][0] < corners[1][0] < box["x"] + box["width"]
    assert box["y"] < corners[0][1] < corners[1][1] < box["y"] + box["height"]
    assert (corners[1][1] - corners[0][1]) / box["height"] > 0.75
    watched.check()
    page.get_by_role("button", name="Outer thigh, left").or_(
        page.get_by_role("button", name="Buttock, left")
    ).last.click()
    page.get_by_role("button", name="Whole map").click()
    expect(page.locator(".pm-row:visible")).to_have_count(6)


def test_map_does_not_hold_the_page_when_a_finger_scrolls(open_page: OpenPage) -> None:
    page = opened(open_page, has_touch=True).page
    style = "getComputedStyle(document.querySelector('[data-pm-stage]'))"
    assert page.evaluate(f"{style}.touchAction") == "manipulation"
    assert page.evaluate(f"{style}.overscrollBehaviorY") == "auto"


@pytest.mark.parametrize(
    ("path", "size", "scheme"),
    [
        ("", (390, 844), "light"),
        ("", (820, 1180), "dark"),
        ("", (1180, 820), "light"),
        ("?map=refused", (820, 1180), "light"),
        ("?map=first", (390, 844), "dark"),
    ],
)
def test_map_is_clean_in_each_size_and_scheme(
    open_page: OpenPage, path: str, size: tuple[int, int], scheme: str
) -> None:
    watched = opened(open_page, path, size=size, scheme=scheme)
    page = watched.page
    small = page.evaluate(
        """[...document.querySelectorAll(".point-map :is(button, .segment, .form-control)")]
          .filter((each) => each.offsetParent)
          .map((each) => each.getBoundingClientRect())
          .filter((box) => box.width < 44 || box.height < 40).length"""
    )
    assert small == 0
    page.get_by_role("button", name="Zone…").click()
    watched.check()


# Without script, and after a swap ----------------------------------------------------------------


def test_map_without_script_shows_what_is_stored(open_page: OpenPage) -> None:
    page = opened_without_script(open_page)
    expect(page.locator(f'[data-dots="{RIGHT}"] .pm-dot')).to_have_count(31)
    expect(page.locator(f'[data-ghosts="{RIGHT}"] circle')).to_have_count(49)
    expect(page.locator('.pm-sheet[data-view="left"]')).to_be_hidden()
    page.locator('[name="map_view"][value="left"]').check(force=True)
    expect(page.locator('.pm-sheet[data-view="left"]')).to_be_visible()
    expect(page.locator(".pm-totals")).to_contain_text("163 points")
    expect(page.get_by_role("button", name="Undo")).to_be_hidden()
    page.get_by_label("Points, Knee, left").fill("12")
    assert count(page, Area.KNEE_LEFT) == "12"


def opened_without_script(open_page: OpenPage) -> Page:
    watched = open_page(820, 1180, java_script_enabled=False)
    watched.page.goto(watched.base + "/gallery/")
    return watched.page


def test_map_wakes_again_after_a_swap(open_page: OpenPage) -> None:
    page = opened(open_page, "?map=every").page
    page.evaluate(
        """() => {
          const map = document.querySelector("[data-point-map]");
          const fresh = map.cloneNode(true);
          delete fresh.dataset.awake;
          map.replaceWith(fresh);
          document.body.dispatchEvent(new Event("htmx:afterSwap", { bubbles: true }));
        }"""
    )
    page.mouse.click(*on_screen(page, middle(Area.BUTTOCK_LEFT)))
    assert json.loads(page.locator('[name="marks_buttock_left"]').input_value()) != []
