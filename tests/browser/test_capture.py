"""Photographs taken in the page: the camera with the baseline over it, and uploads on bad days.

The camera is Chromium's own fake one, which draws a green picture with a moving disc.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Browser, Locator, Page, Route, expect

from clinic.models import AuditEvent
from tests import make
from tests.browser.bedside import PASSWORD, Bedside, bedside
from tests.browser.conftest import ARGUMENTS, Watched
from treatments.models import Photo, Visit
from treatments.terms import View, VisitKind

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
DRAWN = Path(__file__).parents[2] / "desk" / "demo" / "photos"
BACK = DRAWN / "body1-back_relaxed-1.jpg"
SENDS = re.compile(r"/(courses|visits)/\d+/photos/")
OpenPage = Callable[..., Watched]


@pytest.fixture(scope="module")
def browser(browser: Browser) -> Iterator[Browser]:
    """Start a browser that has a camera."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    kind = browser.browser_type
    started = kind.launch(executable_path=path or kind.executable_path, args=[*ARGUMENTS, *CAMERA])
    yield started
    started.close()


@pytest.fixture
def room(transactional_db: None) -> Bedside:
    """Return a bedside before session 5, when photographs are due, with a baseline of one view."""
    made = bedside(sessions=4)
    baseline = made.course.visits.get(kind=VisitKind.BASELINE)
    make.photo(baseline, View.BACK_RELAXED, (DRAWN / "body1-back_relaxed-0.jpg").read_bytes())
    return made


@pytest.fixture
def watched(open_page: OpenPage, room: Bedside) -> Watched:
    """Return the open form of the session, on a tablet held upright."""
    made = open_page(820, 1180)
    made.sign_in(room.clinician.email, PASSWORD)
    made.goto(f"/courses/{room.course.pk}/visits/new/")
    return made


def slot(page: Page, view: str = "back_relaxed") -> Locator:
    return page.locator(f"#slot-{view}")


def choose(page: Page, view: str = "back_relaxed", file: Path = BACK) -> None:
    page.locator(f"#id_photo_{view}").set_input_files(file)


def taken(page: Page, view: str = "back_relaxed") -> None:
    expect(slot(page, view).locator(".slot-state")).to_contain_text("Taken", timeout=30_000)


def open_camera(page: Page) -> Locator:
    page.get_by_role("button", name="Camera, Back, relaxed").click()
    dialog = page.get_by_role("dialog", name="Back, relaxed")
    expect(dialog).to_have_attribute("data-state", "live")
    return dialog


def nothing_in_the_browser(page: Page) -> None:
    found = page.evaluate(
        """async () => [localStorage.length, sessionStorage.length,
            (await indexedDB.databases()).length, (await caches.keys()).length]"""
    )
    assert found == [0, 0, 0, 0]


def test_what_the_camera_takes_over_the_baseline_joins_the_visit(
    watched: Watched, room: Bedside
) -> None:
    page = watched.page
    assert page.locator(".tile img").count() == 0
    dialog = open_camera(page)
    ghost = dialog.locator("[data-camera-ghost]")
    expect(dialog.get_by_text(re.compile(r"^Baseline \d+ \w+ shown at 38 of 100$"))).to_be_visible()
    assert ghost.evaluate("image => image.complete && image.naturalWidth > 0")
    assert ghost.evaluate("image => getComputedStyle(image).opacity") == "0.38"
    # It lies over the picture, and both show the same part.
    boxes = [dialog.locator(name).bounding_box() for name in ("[data-camera-ghost]", "video")]
    assert boxes[0] == boxes[1]
    watched.check()

    dialog.get_by_label("Strength of the earlier one").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    dialog.get_by_role("button", name="Stronger").press("Enter")
    expect(dialog.get_by_text("shown at 42 of 100")).to_be_visible()
    assert ghost.evaluate("image => getComputedStyle(image).opacity") == "0.42"
    dialog.get_by_role("checkbox", name="Thirds").press(" ")
    expect(dialog.locator(".thirds")).to_be_hidden()

    dialog.locator("[data-camera-shoot]").focus()
    page.keyboard.press(" ")
    expect(dialog.get_by_role("img", name="The photograph just taken")).to_be_visible()
    expect(dialog.get_by_text(re.compile(r"^Less sharp than then"))).to_be_visible()
    watched.check()
    expect(dialog.get_by_role("button", name="Keep")).to_be_focused()
    page.keyboard.press("Enter")
    # The next view that is due; the first one is on its way.
    next_one = page.get_by_role("dialog", name="Back, contracted")
    expect(next_one.get_by_text("No earlier photograph of this view.")).to_be_visible()
    expect(next_one.get_by_role("button", name="Back, relaxed")).to_contain_text("taken")
    page.keyboard.press("Escape")
    expect(next_one).to_be_hidden()
    expect(page.get_by_role("button", name="Camera, Back, contracted")).to_be_focused()
    assert page.locator("[data-camera-video]").evaluate("video => video.srcObject === null")
    nothing_in_the_browser(page)

    kept = Photo.objects.waiting().get()
    assert abs(kept.width / kept.height - 0.75) < 0.01
    assert AuditEvent.objects.filter(action="photos viewed").count() == 1
    expect(page.locator("[data-draft-state]")).to_contain_text("Draft kept", timeout=15_000)
    page.reload()
    taken(page)
    expect(page.get_by_text("1 of 4 taken")).to_be_visible()
    page.get_by_role("button", name="Save unsigned").click()
    expect(page.locator("#errors")).to_be_visible()  # the session is not filled in
    taken(page)
    page.locator('input[name="reactions"][value="none"]').check()
    page.get_by_role("button", name="Save unsigned").click()
    page.wait_for_url(re.compile(r"/visits/\d+/$"))
    watched.check()
    made = Visit.objects.get(course=room.course, number=5)
    assert list(made.photos.all()) == [kept]


def test_camera_fits_every_screen(watched: Watched) -> None:
    page = watched.page
    dialog = open_camera(page)
    for width, height in ((1180, 820), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        watched.check()
        for name in ("[data-camera-shoot]", "[data-camera-close]", "[data-camera-file]"):
            box = dialog.locator(name).bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["y"] >= 0
            assert box["x"] + box["width"] <= width
            assert box["y"] + box["height"] <= height
        shutter = dialog.locator("[data-camera-shoot]").bounding_box()
        assert shutter is not None
        assert shutter["width"] >= 72


def test_view_is_taken_again_and_dropped(watched: Watched) -> None:
    page = watched.page
    dialog = open_camera(page)
    page.keyboard.press(" ")
    dialog.get_by_role("button", name="Again").click()
    expect(dialog).to_have_attribute("data-state", "live")
    page.keyboard.press(" ")
    expect(dialog.get_by_role("button", name="Keep")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    taken(page)
    first = Photo.objects.waiting().get()
    choose(page)
    expect(slot(page)).not_to_have_attribute("data-kept", str(first.pk), timeout=30_000)
    taken(page)
    second = Photo.objects.waiting().get()
    assert second.pk != first.pk
    drop = slot(page).get_by_role("button", name="Drop")
    drop.click()
    assert Photo.objects.waiting().exists()  # one tap asks
    drop.click()
    expect(slot(page).locator(".slot-state")).to_contain_text("Missing")
    assert not Photo.objects.waiting().exists()


def test_camera_that_is_refused_is_said_in_the_slot(watched: Watched) -> None:
    page = watched.page
    page.evaluate(
        """() => { navigator.mediaDevices.getUserMedia = () =>
            Promise.reject(new DOMException("no", "NotAllowedError")); }"""
    )
    page.get_by_role("button", name="Camera, Back, relaxed").click()
    said = slot(page).get_by_text("The browser may not use the camera here.")
    expect(said).to_be_visible()
    expect(page.get_by_role("dialog")).to_be_hidden()
    watched.check()
    choose(page)
    taken(page)
    expect(said).to_have_count(0)


def test_browser_without_a_camera_offers_files_alone(watched: Watched) -> None:
    page = watched.page
    page.add_init_script("Object.defineProperty(navigator, 'mediaDevices', { value: undefined });")
    page.reload()
    expect(page.get_by_text("No camera was found here.")).to_be_visible()
    expect(page.get_by_role("button", name="Camera, Back, relaxed")).to_have_count(0)
    # The device's own camera app is the next best.
    expect(page.locator("#id_photo_back_relaxed")).to_have_attribute("capture", "environment")
    watched.check()


def test_upload_is_tried_four_times_and_then_by_hand(watched: Watched) -> None:
    page, asked = watched.page, []
    watched.expected.append("ERR_FAILED")

    def lose(route: Route) -> None:
        asked.append(route.request.method)
        if len(asked) <= 4:
            route.abort()
        else:
            route.continue_()

    page.clock.install()
    page.reload()
    page.route(SENDS, lose)
    choose(page)
    for pause, tries in ((1000, 1), (3000, 2), (9000, 3)):
        expect(slot(page)).to_contain_text("It is tried again in a moment.")
        assert len(asked) == tries
        page.clock.fast_forward(pause)
        expect(slot(page)).not_to_have_attribute("data-job", "sending")
    expect(slot(page)).to_contain_text("Not sent after four tries.")
    watched.check()
    page.get_by_role("button", name="Retry, Back, relaxed").click()
    taken(page)
    assert (len(asked), Photo.objects.waiting().count()) == (5, 1)


def test_save_waits_for_what_is_being_sent_and_a_cancelled_one_is_gone(
    watched: Watched, room: Bedside
) -> None:
    page = watched.page
    routes: list[Route] = []
    page.route(SENDS, lambda route: routes.append(route))
    choose(page)
    choose(page, "left_relaxed", DRAWN / "body1-left_relaxed-1.jpg")
    expect(slot(page)).to_have_attribute("data-job", "sending")
    expect(slot(page, "left_relaxed")).to_contain_text("Waits for the one before it")
    page.locator('input[name="reactions"][value="none"]').check()
    page.get_by_role("button", name="Save unsigned").click()
    expect(page.get_by_text("Saved as soon as the photographs are sent.")).to_be_visible()
    watched.check()
    page.get_by_role("button", name="Cancel, Left side, relaxed").click()
    expect(slot(page, "left_relaxed").locator(".slot-state")).to_contain_text("Missing")
    assert not Visit.objects.filter(number=5).exists()
    routes[0].continue_()
    page.wait_for_url(re.compile(r"/visits/\d+/$"))
    made = Visit.objects.get(course=room.course, number=5)
    assert [photo.view for photo in made.photos.all()] == ["back_relaxed"]


def test_photograph_waits_for_the_connection_and_for_the_sign_in(
    watched: Watched, room: Bedside
) -> None:
    page = watched.page
    watched.expected += ["ERR_INTERNET_DISCONNECTED"]
    page.context.set_offline(True)
    choose(page)
    expect(slot(page)).to_contain_text("No connection.")
    page.context.set_offline(False)
    taken(page)

    Session.objects.all().delete()
    choose(page, "left_relaxed", DRAWN / "body1-left_relaxed-1.jpg")
    expect(slot(page, "left_relaxed")).to_contain_text("The photograph is still here")
    expect(page.locator("#page-alert")).to_contain_text("You were signed out.")
    watched.check()
    second = page.context.new_page()
    second.goto(watched.base + "/accounts/login/")
    second.get_by_label("E-mail").fill(room.clinician.email)
    second.get_by_label("Password").fill(PASSWORD)
    second.get_by_role("button", name="Sign in").click()
    second.wait_for_load_state("networkidle")
    second.close()
    # Whoever comes back to the page finds it sent by itself.
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    taken(page, "left_relaxed")
    assert Photo.objects.waiting().count() == 2


def test_refused_file_says_why_and_what_is_left_follows(watched: Watched, tmp_path: Path) -> None:
    page = watched.page
    watched.expected.append("422")
    text = tmp_path / "letter.jpg"
    text.write_bytes(b"no photograph")
    choose(page, file=text)
    expect(slot(page)).to_contain_text("This file is not a JPEG, PNG or WebP photo.")
    watched.check()
    left = page.locator("#visit-left").get_by_role("link", name="Photographs")
    expect(left).to_be_visible()
    for view in ("back_relaxed", "back_contracted", "left_relaxed", "right_relaxed"):
        choose(page, view, DRAWN / f"body1-{view}-1.jpg")
    for view in ("back_relaxed", "right_relaxed"):
        taken(page, view)
    expect(page.get_by_text("4 of 4 taken")).to_be_visible()
    expect(left).to_have_count(0, timeout=15_000)


def test_numbers_tell_a_dark_a_bright_a_blurred_and_a_small_picture(watched: Watched) -> None:
    said = watched.page.evaluate(
        """() => {
          const drawn = (filter) => {
            const canvas = document.createElement("canvas");
            [canvas.width, canvas.height] = [600, 800];
            const pen = canvas.getContext("2d");
            pen.filter = filter;
            for (let x = 0; x < 600; x += 20)
              for (let y = 0; y < 800; y += 20) {
                pen.fillStyle = (x + y) % 40 ? "#a08070" : "#705848";
                pen.fillRect(x, y, 20, 20);
              }
            return canvas;
          };
          const whole = { x: 0, y: 0, width: 600, height: 800 };
          const look = (filter) => window.pictureCheck.look(drawn(filter), whole);
          const limits = { leastSide: 800, lightApart: 15, blurred: 0.5 };
          const first = look("none");
          const worst = (filter, size = whole) =>
            window.pictureCheck.against(look(filter), first, size, limits);
          return [worst("none"), worst("brightness(0.6)")[0], worst("brightness(1.4)")[0],
            worst("blur(6px)")[0], worst("none", { width: 480, height: 640 })[0],
            window.pictureCheck.against(first, null, whole, limits),
            window.pictureCheck.middle(1920, 1080, 0.75)];
        }"""
    )
    assert sorted(said[0]) == ["large", "light", "sharp"]
    assert said[1:5] == ["darker", "brighter", "blurred", "small"]
    assert said[5] == ["large"]
    assert said[6] == {"width": 810, "height": 1080, "x": 555, "y": 0}
