"""A pair on the screen: five ways to look, both enlarged in step, one laid over the other."""

from __future__ import annotations

import cmath
import io
import math
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Page, expect

from clinic.models import User
from clinic.roles import Role
from tests import make
from tests.browser.bedside import PASSWORD
from tests.browser.conftest import Watched
from tests.pure.real_photos import DRAWN
from treatments.models import Course, PhotoAlignment
from treatments.rules.alignment import Alignment, Frame, align
from treatments.terms import View, VisitKind

pytestmark = pytest.mark.django_db(transaction=True)

WARP = cmath.rect(1.08, math.radians(4))  # how the second picture must be enlarged and turned


def drawing(view: str = "back_relaxed", step: int = 0) -> bytes:
    return (DRAWN / f"body1-{view}-{step}.jpg").read_bytes()


def warped(content: bytes) -> tuple[bytes, Alignment]:
    """Take a drawing as if from further off and askew; return what lays it over the first again."""
    with Image.open(io.BytesIO(content)) as opened:
        picture = opened.convert("RGB")
    middle = complex(picture.width, picture.height) / 2
    shift = middle - WARP * middle
    rows = (WARP.real, -WARP.imag, shift.real, WARP.imag, WARP.real, shift.imag)
    out = io.BytesIO()
    picture.transform(picture.size, Image.Transform.AFFINE, rows, Image.Resampling.BICUBIC).save(
        out, "JPEG", quality=90
    )
    return out.getvalue(), Alignment(WARP, shift)


@pytest.fixture
def doctor() -> User:
    return make.user(Role.PRACTITIONER, name="Dr Lin", password=PASSWORD)


@pytest.fixture
def course(doctor: User) -> Course:
    """A baseline and four sessions; the back was taken at the baseline, and at sessions 2 and 4."""
    made = make.course(visits=4, by=doctor, last_on=timezone.localdate() - timedelta(1))
    baseline = make.visit(made, kind=VisitKind.BASELINE, on=made.opened_on)
    make.photo(baseline, content=drawing())
    make.photo(made.visits.get(number=2), content=drawing(step=2))
    make.photo(made.visits.get(number=4), content=warped(drawing())[0])
    return made


@pytest.fixture
def at_compare(
    open_page: Callable[..., Watched], doctor: User, course: Course
) -> Callable[..., Watched]:
    def opened(query: str = "", width: int = 1180, height: int = 820, **options: Any) -> Watched:
        watched = open_page(width, height, **options)
        watched.sign_in(doctor.email, PASSWORD)
        watched.goto(f"/patients/{course.patient.code}/compare/{query}")
        watched.page.wait_for_function(
            "[...document.querySelectorAll('.stage img')].every(i => i.complete)"
        )
        return watched

    return opened


def layers(page: Page) -> list[str]:
    found: list[str] = page.eval_on_selector_all(
        ".layer", "all => all.map(each => each.style.transform)"
    )
    return found


def cut_at(page: Page) -> float:
    """Return where the line stands, in shares of the picture, as it is drawn."""
    found: float = page.evaluate(
        """() => {
          const line = document.querySelector(".cut").getBoundingClientRect();
          const layer = document.querySelector(".pane-b .layer").getBoundingClientRect();
          return (line.x + line.width / 2 - layer.x) / layer.width;
        }"""
    )
    return found


def test_every_way_to_look_works_by_keyboard_and_stays_in_the_address(
    at_compare: Callable[..., Watched],
) -> None:
    watched = at_compare()
    page = watched.page
    page.get_by_role("link", name="Slider").press("Enter")
    line = page.get_by_label("Line")
    line.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("PageUp")
    expect(line).to_have_value("61")
    assert cut_at(page) == pytest.approx(0.61, abs=0.01)
    assert re.search(r"mode=slider&line=61$", page.url)
    for caption in ("Baseline", "Session 4"):
        expect(page.locator("figcaption").filter(has_text=caption)).to_be_visible()
    watched.check()
    page.reload()
    expect(page.get_by_label("Line")).to_have_value("61")
    page.get_by_role("link", name="Overlay").press("Enter")
    through = page.get_by_role("slider", name="Later photograph")
    through.focus()
    page.keyboard.press("PageDown")
    expect(page.locator(".pane-b .window")).to_have_css("opacity", "0.4")
    watched.check()
    page.get_by_role("link", name="Blink").press("Enter")
    first, second = page.locator(".pane-a"), page.locator(".pane-b")
    play = page.get_by_role("button", name="Play")
    page.wait_for_timeout(1200)  # longer than a turn: nothing moves by itself
    expect(first).to_be_hidden()
    page.get_by_label("Seconds each").fill("0.5")
    play.press("Enter")
    expect(first).to_be_visible()
    expect(second).to_be_visible()
    page.get_by_role("button", name="Pause").press("Enter")
    watched.check()


def test_time_steps_over_visits_without_the_view(at_compare: Callable[..., Watched]) -> None:
    watched = at_compare("?mode=time")
    page = watched.page
    visit = page.get_by_label("Visit", exact=True)
    shown = page.locator(".pane-a figcaption")
    expect(shown).to_contain_text("Baseline")
    assert page.locator(".moment-ticks li").count() == 5
    assert page.locator(".moment-ticks .is-missing").count() == 2
    visit.focus()
    page.keyboard.press("ArrowRight")
    expect(shown).to_contain_text("Session 2")
    page.keyboard.press("ArrowRight")
    expect(shown).to_contain_text("Session 4")
    page.keyboard.press("ArrowLeft")
    expect(shown).to_contain_text("Session 2")
    watched.check()
    page.get_by_role("button", name="Play").press("Enter")
    expect(shown).to_contain_text("Session 4")
    expect(page.get_by_role("button", name="Play")).to_be_visible()  # it stops at the last


def test_nothing_plays_where_less_motion_is_asked_for(at_compare: Callable[..., Watched]) -> None:
    page = at_compare("?mode=blink", reduced_motion="reduce").page
    expect(page.get_by_role("button", name="Play")).to_be_hidden()
    expect(page.locator(".pane-a")).to_be_hidden()
    page.get_by_role("button", name="Show the other").press("Enter")
    expect(page.locator(".pane-a")).to_be_visible()


def test_both_are_enlarged_and_moved_in_step_by_buttons_keys_and_wheel(
    at_compare: Callable[..., Watched],
) -> None:
    page = at_compare().page
    page.get_by_role("button", name="Larger, both").click()
    assert len(set(layers(page))) == 1
    assert "scale(1.25)" in layers(page)[0]
    stage = page.locator("#stage")
    stage.focus()
    page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    before = layers(page)
    assert len(set(before)) == 1
    stage.hover()
    page.mouse.wheel(0, -100)
    assert len(set(layers(page))) == 1
    assert layers(page) != before
    page.wait_for_url(re.compile(r"zoom=1\.95"))
    page.keyboard.press("0")
    expect(page.get_by_role("button", name="Whole")).to_be_disabled()
    assert set(layers(page)) == {"translate(0%, 0%) scale(1)"}


def test_fingers_move_the_line_and_spread_both(at_compare: Callable[..., Watched]) -> None:
    watched = at_compare("?mode=slider", 390, 844, has_touch=True, is_mobile=True)
    page = watched.page
    box = page.locator(".pane-b .layer").bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + 0.3 * box["width"], box["y"] + 60)
    assert cut_at(page) == pytest.approx(0.3, abs=0.02)
    watched.check()
    page.goto(page.url.replace("mode=slider", "mode=side"))
    touch = page.context.new_cdp_session(page)
    middle = page.locator(".pane-a").bounding_box()
    assert middle is not None
    x, y = middle["x"] + middle["width"] / 2, middle["y"] + middle["height"] / 2

    def fingers(kind: str, half: float) -> None:
        points = [{"x": x - half, "y": y, "id": 0}, {"x": x + half, "y": y, "id": 1}]
        touch.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": points if kind != "touchEnd" else []},
        )

    fingers("touchStart", 20)
    for half in (26, 34, 42, 50):
        fingers("touchMove", half)
    fingers("touchEnd", 0)
    assert len(set(layers(page))) == 1
    scale = float(re.findall(r"scale\((.*?)\)", layers(page)[0])[0])
    assert scale == pytest.approx(2.5, abs=0.3)
    assert page.evaluate("visualViewport.scale") == 1  # the page itself is not enlarged
    watched.check()


# Laying one over the other ------------------------------------------------------------------------

ON_FIRST = ((0.42, 0.1), (0.55, 0.9))


def place_of(page: Page, pane: str, mark: tuple[float, float]) -> tuple[float, float]:
    """Return where a mark of a picture is on the screen, the way it is laid now."""
    found: list[float] = page.evaluate(
        """([pane, [x, y]]) => {
          const image = document.querySelector(`${pane} img`), layer = image.parentElement;
          const at = new DOMPoint(x * image.offsetWidth, y * image.offsetHeight);
          const laid = at.matrixTransform(new DOMMatrix(getComputedStyle(image).transform));
          const whole = laid.matrixTransform(new DOMMatrix(getComputedStyle(layer).transform));
          const box = layer.offsetParent.getBoundingClientRect();
          return [box.x + layer.offsetLeft + whole.x, box.y + layer.offsetTop + whole.y];
        }""",
        [pane, list(mark)],
    )
    return found[0], found[1]


def apart(page: Page, mark: tuple[float, float] = (0.5, 0.5)) -> tuple[float, float]:
    """Return how far the same mark of both pictures lies apart on the screen."""
    one, other = place_of(page, ".pane-a", mark), place_of(page, ".pane-b", mark)
    return other[0] - one[0], other[1] - one[1]


def test_two_marks_recover_a_known_warp_and_the_pictures_then_lie_on_each_other(
    at_compare: Callable[..., Watched],
) -> None:
    watched = at_compare("", 1180, 1180)
    page = watched.page
    frame = Frame(*Image.open(io.BytesIO(drawing())).size)
    _content, truth = warped(drawing())
    on_second = [frame.mark((frame.at(mark) - truth.shift) / truth.turn) for mark in ON_FIRST]
    page.get_by_role("button", name="Align by two marks").click()
    for mark in ON_FIRST:
        page.mouse.click(*place_of(page, ".pane-a", mark))
    for mark in on_second:
        page.mouse.click(*place_of(page, ".pane-b", mark))
    watched.check()
    page.get_by_role("button", name="Keep the marks").click()
    expect(page.get_by_text("Original untouched.").last).to_be_visible()
    row = PhotoAlignment.objects.get()
    found = align(frame, frame, row.on_first, row.on_second)
    assert found.scale == pytest.approx(1.08, rel=0.005)
    assert found.degrees == pytest.approx(4, abs=math.degrees(0.005))
    expect(page.locator("#judged")).to_contain_text(re.compile(r"1\.0[78] ×, (3\.9|4\.0|4\.1)°"))
    page.get_by_role("link", name="Overlay").click()
    corner = ((0.2, 0.3), (0.8, 0.7))
    for mark in corner:
        same = frame.mark((frame.at(mark) - truth.shift) / truth.turn)
        off = math.dist(place_of(page, ".pane-a", mark), place_of(page, ".pane-b", same))
        assert off < 0.005 * page.locator(".pane-a .layer").evaluate("e => e.offsetHeight")
    watched.check()


def test_marks_are_set_by_keyboard_alone(at_compare: Callable[..., Watched]) -> None:
    page = at_compare().page
    page.get_by_role("button", name="Align by two marks").press("Enter")
    for keys in ("ArrowUp", "ArrowDown"):
        for _ in range(20):
            page.keyboard.press(keys)
        page.keyboard.press("Enter")
    # On the right the cross-hair begins where the same mark was set on the left.
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Keep the marks")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Original untouched.").last).to_be_visible()
    row = PhotoAlignment.objects.get()
    assert row.on_first == (pytest.approx((0.5, 0.3)), pytest.approx((0.5, 0.7)))
    assert row.on_second == (pytest.approx((0.51, 0.3)), pytest.approx((0.5, 0.7)))


def test_small_steps_are_kept_and_the_verdict_follows(at_compare: Callable[..., Watched]) -> None:
    watched = at_compare("?mode=overlay")
    page = watched.page
    assert apart(page) == pytest.approx((0, 0), abs=0.1)
    expect(page.locator("#judged")).to_contain_text("not checked")
    for _ in range(3):
        page.get_by_role("button", name="Turn clockwise", exact=True).click()
    page.get_by_role("button", name="Right", exact=True).click()
    expect(page.locator("#judged")).to_contain_text("1.00 ×, 0.6°")
    expect(page.locator("#moved")).to_contain_text("turned 0.6° clockwise")
    assert PhotoAlignment.objects.count() == 1
    # About the middle it turns; only the step to the right moves that.
    step = 0.005 * page.locator(".pane-b .layer").evaluate("e => e.offsetHeight")
    assert apart(page) == pytest.approx((step, 0), abs=0.1)
    page.reload()
    assert apart(page) == pytest.approx((step, 0), abs=0.1)
    watched.check()
    page.get_by_role("button", name="Reset").click()
    expect(page.locator("#moved")).to_contain_text("Shown as they were taken")
    assert PhotoAlignment.objects.count() == 0


def test_step_is_kept_though_the_page_is_left_at_once(
    at_compare: Callable[..., Watched],
) -> None:
    page = at_compare("?mode=overlay").page
    page.get_by_role("button", name="Up", exact=True).click()
    page.goto("about:blank")
    for _ in range(50):
        if PhotoAlignment.objects.exists():
            break
        page.wait_for_timeout(100)
    row = PhotoAlignment.objects.get()
    # Moved up on the screen, the same place of the first meets a lower one of the second.
    assert row.second_ay - row.first_ay == pytest.approx(0.005)


# The film -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height"), [(1180, 820), (390, 844)])
def test_film_leads_to_the_pair_and_covers_itself_when_the_tab_is_left(
    open_page: Callable[..., Watched], doctor: User, course: Course, width: int, height: int
) -> None:
    make.photo(course.visits.get(number=4), View.LEFT_RELAXED, drawing("left_relaxed"))
    watched = open_page(width, height)
    watched.sign_in(doctor.email, PASSWORD)
    watched.goto(f"/patients/{course.patient.code}/photos/")
    watched.click("Show the photographs")
    page = watched.page
    page.get_by_role("checkbox", name="Session 4, Back, relaxed").check()
    page.get_by_role("button", name="Compare A and B").click()
    expect(page.get_by_text("Choose the second of this view.")).to_be_visible()
    page.get_by_role("checkbox", name="Session 4, Left side").check()  # another view begins anew
    page.get_by_role("checkbox", name="Session 4, Back, relaxed").check()
    page.get_by_role("checkbox", name="Baseline, Back, relaxed").check()
    letters = page.eval_on_selector_all(
        "input[name=pick]:checked", "all => all.map(each => each.dataset.letter)"
    )
    assert letters == ["A", "B"]
    page.evaluate(
        """() => {
          Object.defineProperty(document, "visibilityState", { value: "hidden" });
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    page.wait_for_url(re.compile(r"/photos/\?$"))
    expect(page.locator(".film img")).to_have_count(0)
    watched.check()
    page.get_by_role("checkbox", name="Session 2, Back, relaxed").check()
    page.get_by_role("checkbox", name="Session 4, Back, relaxed").check()
    page.get_by_role("button", name="Compare A and B").click()
    page.wait_for_url(re.compile(r"/compare/\?view=back_relaxed&a=\d+&b=\d+$"))
    expect(page.locator(".pane-a figcaption")).to_contain_text("Session 2")
    watched.check()


def test_film_covers_itself_after_five_minutes(
    open_page: Callable[..., Watched], doctor: User, course: Course
) -> None:
    watched = open_page(1180, 820)
    watched.sign_in(doctor.email, PASSWORD)
    page = watched.page
    page.clock.install()
    watched.goto(f"/patients/{course.patient.code}/photos/?show=1")
    page.clock.fast_forward("04:55")
    expect(page.locator(".film img")).to_have_count(3)
    page.clock.fast_forward("00:10")
    page.wait_for_url(re.compile(r"/photos/\?$"))
    expect(page.locator(".film img")).to_have_count(0)
