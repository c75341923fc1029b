"""The whole job in a real browser: from registering a patient to the manager's board."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from appointments.models import Appointment, Room
from clinic.models import User
from clinic.roles import Role
from patients.models import Patient
from tests import make
from tests.browser import photographs
from tests.browser.conftest import Watched
from treatments import photo_files
from treatments.models import Photo, Visit
from treatments.models.photo import Size

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "a long enough sentence"
SIZES = [(820, 1180), (1440, 900)]
# Answers of one side, each by the name of its field.
LEFT = {
    "visible_standing": "True",
    "visible_lying": "False",
    "visible_on_pinch": "True",
    "raised_nodules": "False",
    "css_morphology": "2",
    "css_number": "2",
    "css_depth": "1",
    "lift_test": "persist",
    "css_laxity": "0",
    "crepey": "none",
    "recoil": "immediate",
    "scalloped_folds": "False",
    "lipo_here": "False",
    "sun_grade": "0",
    "localised_fat": "False",
    "infection_or_inflammation": "False",
    "suspicious_lesion": "False",
    "actinic_keratosis": "False",
}


@pytest.fixture
def staff(transactional_db: None) -> dict[str, User]:
    Room.objects.create(name="Room 1")
    make.formulary()
    make.lot(make.product("Formula B", {"pentoxifylline": "0.5"}), "L2409")
    return {
        "practitioner": make.user(Role.PRACTITIONER, name="Dr Lin", password=PASSWORD),
        "desk": make.user(Role.FRONT_DESK, name="Jo", password=PASSWORD),
        "manager": make.user(Role.MANAGER, name="Elif", password=PASSWORD),
    }


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_journey_from_registration_to_the_board(
    width: int,
    height: int,
    open_page: Callable[..., Watched],
    staff: dict[str, User],
    clock: Any,
    tmp_path: Path,
) -> None:
    files = photographs.four(tmp_path)
    with clock(2026, 11, 17, 10, 0):
        watched = open_page(width, height)
        watched.sign_in(staff["practitioner"].email, PASSWORD)
        code = register(watched)
        screen(watched)
        open_course(watched)
        log_baseline(watched, files)
        log_session(watched, photographs.another_day(files, tmp_path))
        compare(watched, code)
    with clock(2026, 11, 24, 8, 30):
        watched.sign_in(staff["practitioner"].email, PASSWORD)
        book_session_two(watched, code)
        desk = open_page(width, height)
        desk.sign_in(staff["desk"].email, PASSWORD)
        the_desk_sees_no_clinical_word(desk, code)
        manager = open_page(width, height)
        manager.sign_in(staff["manager"].email, PASSWORD)
        the_manager_sees_the_course(manager)
    stored_files_hold_no_metadata(tmp_path)


def register(watched: Watched) -> str:
    watched.goto("/patients/new/")
    page = watched.page
    page.get_by_label("Given name").fill("Maria")
    page.get_by_label("Family name").fill("Sánchez")
    page.get_by_label("Birth date").fill("1988-03-14")
    choose(page, "sex_at_birth", "F")
    page.get_by_label("Phone").fill("020 7946 0123")
    watched.click("Register", role="button")
    found = re.search(r"/patients/(P-\w{5})/$", page.url)
    assert found, page.url
    expect(page.get_by_role("heading", name="No screening yet")).to_be_visible()
    # The pages of the consents have a journey of their own (test_consents).
    make.signed(Patient.objects.get(code=found[1]))
    return found[1]


def screen(watched: Watched) -> None:
    page = watched.page
    watched.click("Start a screening")
    page.get_by_label("Reason for the visit").fill("The back of my legs. Before July.")
    page.get_by_label("Back of thighs").check()
    watched.click("Continue", role="button")
    for button in page.get_by_role("button", name="No to the rest").all():
        button.click()
    choose(page, "allergies_asked", "no")
    choose(page, "bdd_screen_positive", "False")
    choose(page, "expectations", "realistic")
    choose(page, "major_weight_loss", "False")
    choose(page, "stemmer", "negative")
    choose(page, "fitzpatrick", "2")
    page.get_by_label("Height").fill("168")
    page.get_by_label("Weight", exact=False).first.fill("62")
    for name, value in LEFT.items():
        choose(page, f"thigh_posterior_left-{name}", value)
    page.get_by_role("button", name="Copy left to right").click()
    page.get_by_role("button", name="Save and see the result").click()
    page.wait_for_url(re.compile(r"/screenings/\d+/$"))
    watched.check()
    expect(page.get_by_role("heading", name="Good candidate")).to_be_visible()
    expect(page.get_by_text("Stage II.").first).to_be_visible()
    page.get_by_label("Accept: back of thighs").check()
    watched.click("Keep the decision", role="button")


def open_course(watched: Watched) -> None:
    watched.click("Open a course")
    watched.page.get_by_label("Sessions", exact=True).fill("12")
    watched.click("Open the course", role="button")
    expect(watched.page.get_by_text("0 of 12 done")).to_be_visible()


def log_baseline(watched: Watched, files: dict[str, Path]) -> None:
    page = watched.page
    watched.click("Take the baseline")
    upload(page, files)
    page.get_by_label("Weight").fill("62.0")
    page.locator("#id_measure_thigh_left").fill("58,5")
    page.locator("#id_measure_thigh_right").fill("58.9")
    page.get_by_label("None", exact=True).check()
    page.get_by_role("button", name="Save unsigned").click()
    page.wait_for_url(re.compile(r"/visits/\d+/$"))
    expect(page.get_by_role("heading", name="Baseline")).to_be_visible()
    watched.check()


def log_session(watched: Watched, files: dict[str, Path]) -> None:
    page = watched.page
    page.get_by_role("region", name="Patient").get_by_role("link").click()
    watched.click("Log session 1")
    upload(page, files)
    for name in ("nothing_changed", "skin_clear"):
        choose(page, name, "True")
    for area in ("thigh_posterior_left", "thigh_posterior_right"):
        page.locator(f"#id_areas_{area}").check()
        page.locator(f"#id_points_{area}").fill("42")
    page.locator("#id_given-0-product").select_option(label="Formula B")
    page.locator("#id_given-0-drawn_ml").fill("8.4")
    page.get_by_role("button", name="Confirm L2409").click()
    page.get_by_text("Girths, not due today").click()
    page.locator("#id_measure_thigh_left").fill("585")
    page.get_by_label("Redness", exact=True).first.check()
    choose(page, "now_redness-grade", "1")
    choose(page, "pain", "2")
    page.locator("#id_note").fill("CANARY a little sore on the left")
    page.get_by_role("button", name="Save unsigned").click()
    expect(page.get_by_text("Did you mean 58.5?").first).to_be_visible()
    watched.check()
    # Nothing is lost: what was typed, and the photographs that were sent already.
    expect(page.locator("#id_note")).to_have_value("CANARY a little sore on the left")
    expect(page.locator("#slot-back_relaxed")).to_contain_text("Taken")
    page.locator("#id_measure_thigh_left").fill("58.1")
    page.get_by_role("button", name="Save unsigned").click()
    page.wait_for_url(re.compile(r"/visits/\d+/$"))
    expect(page.get_by_role("heading", name="Session 1")).to_be_visible()
    watched.check()
    assert Visit.objects.count() == 2
    assert Photo.objects.count() == 8


def compare(watched: Watched, code: str) -> None:
    watched.goto(f"/patients/{code}/compare/")
    page = watched.page
    expect(page.get_by_role("img", name="Baseline, Back, relaxed")).to_be_visible()
    sizes = page.locator(".stage img").evaluate_all(
        "images => images.map(image => [image.naturalWidth, image.naturalHeight])"
    )
    assert len(sizes) == 2
    # Orientation 6 lies on its side in the file and stands upright on the page.
    assert sizes[0] == sizes[1]
    assert upright(sizes[0])
    watched.goto(f"/patients/{code}/photos/")
    expect(page.locator(".film img")).to_have_count(0)
    watched.click("Show the photographs")
    expect(page.locator(".film img")).to_have_count(8)


def upright(size: list[int]) -> bool:
    """The turned file of the pair is a landscape by its pixels, or a drawn portrait turned."""
    width, height = size
    return height > width if os.environ.get("CORPUS_DIR") else width > height


def book_session_two(watched: Watched, code: str) -> None:
    page = watched.page
    watched.goto(f"/patients/{code}/")
    watched.click("Book the next session")
    expect(page.get_by_label("Date")).to_have_value("2026-11-24")
    page.get_by_label("Time").fill("10:15")
    page.get_by_label("Room").select_option(label="Room 1")
    watched.click("Book", role="button")
    assert Appointment.objects.count() == 1
    watched.goto("/")
    expect(page.get_by_text("10:15").first).to_be_visible()
    expect(page.get_by_role("link", name="Maria S.").first).to_be_visible()
    expect(page.get_by_text("Session 2 of 12").first).to_be_visible()
    watched.goto("/schedule/")


def the_desk_sees_no_clinical_word(watched: Watched, code: str) -> None:
    page = watched.page
    expect(page.get_by_role("link", name="Maria S.").first).to_be_visible()
    for path in ("/", "/patients/", f"/patients/{code}/", "/schedule/"):
        watched.goto(path)
        text = page.locator("main").inner_text()
        for word in ("CANARY", "L2409", "Formula", "Redness", "58.1", "photo"):
            assert word.lower() not in text.lower(), (path, word)
        assert page.locator("main img").count() == 0
    watched.expected.append("403")
    for path in (f"/patients/{code}/photos/", f"/patients/{code}/compare/"):
        watched.goto(path)
        expect(page.get_by_role("heading", name="Not for your role")).to_be_visible()


def the_manager_sees_the_course(watched: Watched) -> None:
    page = watched.page
    watched.click("Courses", nth=0)
    row = page.get_by_role("row", name=re.compile("Maria S."))
    expect(row).to_contain_text("1/12")
    expect(row).to_contain_text("Tue 24 Nov 10:15")


def stored_files_hold_no_metadata(folder: Path) -> None:
    """Open every file of the store into a folder, and look for what a camera wrote."""
    folder = folder / "opened"
    folder.mkdir()
    stored = []
    for photo in Photo.objects.select_related("visit__course", "key"):
        for size in Size:
            path = folder / f"{photo.pk}-{size}.jpg"
            path.write_bytes(photo_files.read(photo, size))
            stored.append(path)
    assert len(stored) == 24
    for path in stored:
        content = path.read_bytes()
        # Three letters alone also come about among compressed pixels.
        for planted in (b"GPSLat", b"ns.adobe.com", b"Apple iOS", b"MakerNote", b"Photoshop"):
            assert planted not in content, path
        with Image.open(path) as opened:
            assert set(opened.getexif()) <= {photographs.ORIENTATION}
    if shutil.which("exiftool"):
        command = ["exiftool", "-r", "-gps:all", "-xmp:all", "-makernotes:all", "-comment", "-s3"]
        said = subprocess.run([*command, str(folder)], capture_output=True, text=True, check=False)
        lines = [
            line for line in said.stdout.splitlines() if not line.startswith("=") and line.strip()
        ]
        assert [
            line for line in lines if "image files read" not in line and "directories" not in line
        ] == []


def choose(page: Page, name: str, value: str) -> None:
    """Tap one segment; the input covers its label."""
    page.locator(f'input[name="{name}"][value="{value}"]').check()


def upload(page: Page, files: dict[str, Path]) -> None:
    for view, path in files.items():
        page.locator(f"#id_photo_{view}").set_input_files(path)
    for view in files:
        # Each is sent and decoded by itself, and a real one has many megapixels.
        expect(page.locator(f"#slot-{view} .slot-state")).to_contain_text("Taken", timeout=60_000)
