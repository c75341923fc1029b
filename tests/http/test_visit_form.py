"""The form at the bedside: doubts are asked, mistakes named beside their field, nothing is lost."""

from __future__ import annotations

import io
import re
import stat
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from PIL import Image

from clinic.models import Draft
from clinic.roles import Role
from patients.terms import ConsentKind, Purpose
from tests import make
from tests.http.test_forms import SESSION, as_lists, beside, kept, summary
from tests.http.test_policies import client_of
from tests.pure import imaging_samples as samples
from treatments import photo_files
from treatments.models import Course, Lot, Measure, Photo, Reaction, Visit, VisitProduct
from treatments.models.course import CourseState
from treatments.models.photo import Size
from treatments.terms import MeasureKind, VisitKind

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC)):
        yield


@pytest.fixture
def client() -> Client:
    return client_of(Role.PRACTITIONER)


@pytest.fixture
def course() -> Course:
    """Return a course whose baseline and first session were a week ago."""
    made = make.course(visits=1, last_on=TODAY - timedelta(7))
    make.visit(
        made,
        kind=VisitKind.BASELINE,
        on=TODAY - timedelta(7),
        measures={MeasureKind.THIGH_LEFT: "58.7", MeasureKind.WEIGHT: "62.0"},
    )
    return made


@pytest.fixture
def agreed(course: Course) -> Course:
    """Return the same, and she agreed to photographs."""
    make.signed(course.patient, yes=[Purpose.RECORD_PHOTOS])
    return course


def posted(client: Client, course: Course, kind: str = "treatment", **changed: Any) -> HttpResponse:
    form = {name: value for name, value in {**SESSION, **changed}.items() if value is not None}
    # As the page sends it: in the background, so that chosen files stay.
    url = f"/courses/{course.pk}/visits/new/?kind={kind}"
    answer = client.post(url, form, headers={"HX-Request": "true"})
    if "HX-Redirect" in answer:
        answer.status_code, answer.headers["Location"] = 302, answer["HX-Redirect"]
    return answer


def refused(page: HttpResponse, field: str, sentence: str) -> None:
    """Assert that one sentence stands beside one field, and that nothing was written."""
    assert (page.status_code, beside(page, field)) == (200, sentence)
    assert len(summary(page)) == 1
    assert Visit.objects.filter(held_on=TODAY).count() == 0


def test_session_is_recorded_with_what_was_typed(client: Client, course: Course) -> None:
    answer = posted(client, course, measure_thigh_left="58.2")
    made = Visit.objects.get(held_on=TODAY)
    assert answer["Location"] == f"/visits/{made.pk}/"
    assert (made.number, made.is_without_reaction, made.pain) == (2, True, 2)
    assert dict(made.measures.values_list("kind", "value")) == {
        "weight": Decimal("61.5"),
        "thigh_left": Decimal("58.2"),
    }


# Dates -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("2026-11-25", "The visit lies in the future. Record it on the day."),
        ("2026-11-01", "The course was opened on 10 Nov 2026; a visit cannot be earlier."),
        (
            "2026-11-23",
            "Session 1 was 6 days earlier, on 17 Nov 2026; at least 7 days are needed between sessions.",
        ),
        ("2026-11-10", "Session 1 was held on 17 Nov 2026. Enter sessions in their order."),
        ("", "Fill this in."),
        ("yesterday", "Enter a valid date."),
        ("0001-01-01", "The course was opened on 10 Nov 2026; a visit cannot be earlier."),
        ("9999-12-31", "The visit lies in the future. Record it on the day."),
    ],
)
def test_date_is_refused_beside_its_field(
    client: Client, course: Course, typed: str, sentence: str
) -> None:
    refused(posted(client, course, held_on=typed), "held_on", sentence)


def test_day_7_is_taken(client: Client, course: Course) -> None:
    assert posted(client, course).status_code == 302


def test_more_than_56_days_need_a_new_screening(client: Client) -> None:
    with time_machine.travel(datetime(2026, 9, 1, tzinfo=UTC)):
        source = make.accepted()
    course = make.course(visits=1, last_on=TODAY - timedelta(57), source=source)
    sentence = "Session 1 was 57 days earlier, on 28 Sep 2026; after more than 56 days she is screened again."
    refused(posted(client, course), "held_on", sentence)
    make.accepted(course.patient)
    assert posted(client, course).status_code == 302


# What is typed -----------------------------------------------------------------------------------

TOO_MUCH = "More than 60 ml in one session is not recorded. Check the number."
UNUSUAL = "More than 20 ml in one session is unusual. Correct it, or confirm below."


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("areas", [], "Choose the areas that were treated."),
        (
            "areas",
            ["abdomen"],
            "Select a valid choice. abdomen is not one of the available choices.",
        ),
        ("points_buttock_left", "many", "Enter a whole number."),
        ("points_buttock_left", "-1", "Ensure this value is greater than or equal to 0."),
        ("depth_mm", "0.4", "Give 0.5 to 13 mm."),
        ("depth_mm", "13.1", "Give 0.5 to 13 mm."),
        ("ml_per_point", "0", "Ensure this value is greater than or equal to 0.001."),
        ("ml_per_point", "2.1", "Ensure this value is less than or equal to 2."),
        ("given-0-drawn_ml", "", "Give the volume in ml."),
        ("given-0-drawn_ml", "0", "Ensure this value is greater than or equal to 0.1."),
        ("given-0-drawn_ml", "8.45", "Ensure that there are no more than 1 decimal place."),
        ("given-0-drawn_ml", "eight", "Enter a number."),
        ("given-0-drawn_ml", "NaN", "Enter a number."),
        ("given-0-drawn_ml", "61", TOO_MUCH),
        ("given-0-drawn_ml", "60,1", TOO_MUCH),
        ("given-0-drawn_ml", "21", UNUSUAL),
        ("given-0-wasted_ml", "4.1", "More was wasted than was drawn."),
        (
            "given-0-lot",
            "999999",
            "Select a valid choice. 999999 is not one of the available choices.",
        ),
        ("pain", "11", "Select a valid choice. 11 is not one of the available choices."),
        ("reactions", [], "Choose “None”, or what you see."),
        ("note", "x" * 4001, "Ensure this value has at most 4000 characters (it has 4001)."),
    ],
    ids=lambda value: str(value)[:24],
)
def test_entry_is_refused_beside_its_field(
    client: Client, course: Course, field: str, typed: Any, sentence: str
) -> None:
    page = posted(client, course, **make.ready_session(course) | {field: typed})
    refused(page, field, sentence)


def test_volume_without_a_product_asks_for_it(client: Client, course: Course) -> None:
    typed = {"given-0-drawn_ml": "4.0"}
    refused(posted(client, course, **typed), "given-0-product", "Name the product.")


def test_lot_names_its_product(client: Client, course: Course) -> None:
    lot = make.lot()
    typed = {"given-0-lot": str(lot.pk), "given-0-drawn_ml": "4.0"}
    assert posted(client, course, **typed).status_code == 302
    assert VisitProduct.objects.get().product == lot.product


def test_lot_of_another_product_is_refused(client: Client, course: Course) -> None:
    typed = make.ready_session(course) | {"given-0-lot": str(make.lot().pk)}
    sentence = "This lot belongs to another product. Choose one of its own."
    refused(posted(client, course, **typed), "given-0-lot", sentence)


def test_lot_that_stands_twice_is_refused(client: Client, course: Course) -> None:
    typed = make.ready_session(course)
    again = {name.replace("-0-", "-1-"): value for name, value in typed.items()}
    lot = Lot.objects.get()
    page = posted(client, course, **typed | again)
    assert summary(page) == [
        f"Lot {lot.number} stands there twice. Put what was drawn from it on one line."
    ]


def test_products_are_stored_with_their_lots(client: Client, course: Course) -> None:
    lots = [make.lot(), make.lot()]
    typed: dict[str, Any] = {}
    for place, lot in enumerate(lots):
        typed |= {
            f"given-{place}-product": str(lot.product_id),
            f"given-{place}-lot": str(lot.pk),
            f"given-{place}-drawn_ml": f"{place + 1},5",
            f"given-{place}-wasted_ml": "0,1",
            f"given-{place}-confirmed": ("tap", "scan")[place],
        }
    assert posted(client, course, **typed).status_code == 302
    columns = ("lot", "drawn_ml", "wasted_ml", "confirmed")
    rows = VisitProduct.objects.order_by("pk").values_list(*columns)
    assert list(rows) == [
        (lots[0].pk, Decimal("1.5"), Decimal("0.1"), "tap"),
        (lots[1].pk, Decimal("2.5"), Decimal("0.1"), "scan"),
    ]


def test_61_ml_are_refused_although_confirmed(client: Client, course: Course) -> None:
    typed = make.ready_session(course) | {
        "given-0-drawn_ml": "61",
        "confirmed": "drawn_ml=61",
    }
    refused(posted(client, course, **typed), "given-0-drawn_ml", TOO_MUCH)


def test_more_than_60_ml_of_two_products_are_refused(client: Client, course: Course) -> None:
    other = make.lot()
    typed = make.ready_session(course) | {
        "given-0-drawn_ml": "30",
        "given-1-product": str(other.product_id),
        "given-1-drawn_ml": "30.1",
    }
    refused(posted(client, course, **typed), "given-1-drawn_ml", TOO_MUCH)


@pytest.mark.parametrize(("typed", "kept_as"), [("21", "21.0"), ("20,1", "20.1"), ("60", "60.0")])
def test_unusual_volume_is_taken_once_it_is_confirmed(
    client: Client, course: Course, typed: str, kept_as: str
) -> None:
    session = make.ready_session(course) | {"given-0-drawn_ml": typed}
    page = posted(client, course, **session)
    assert 'name="confirmed"' in page.content.decode()
    assert kept(page, {"given-0-drawn_ml": typed}) == {"given-0-drawn_ml": [typed]}
    session["confirmed"] = f"drawn_ml={typed.replace(',', '.')}"
    assert posted(client, course, **session).status_code == 302
    assert VisitProduct.objects.get().drawn_ml == Decimal(kept_as)


def test_20_ml_ask_nothing(client: Client, course: Course) -> None:
    session = make.ready_session(course) | {"given-0-drawn_ml": "20"}
    page = client.get(f"/courses/{course.pk}/visits/new/").content.decode()
    assert 'name="confirmed"' not in page
    assert posted(client, course, **session).status_code == 302


# Measures ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("585", "585 is outside 30 to 110 cm. Did you mean 58.5?"),
        ("5850", "5850 is outside 30 to 110 cm. Did you mean 58.5?"),
        ("5.8", "5.8 is outside 30 to 110 cm."),
        ("0", "0 is outside 30 to 110 cm."),
        ("-58", "-58 is outside 30 to 110 cm."),
        ("58.55", "Ensure that there are no more than 1 decimal place."),
        ("tight", "Enter a number."),
        ("NaN", "Enter a number."),
        ("Infinity", "Enter a number."),
    ],
)
def test_measure_is_refused_beside_its_field(
    client: Client, course: Course, typed: str, sentence: str
) -> None:
    page = posted(client, course, measure_thigh_left=typed)
    refused(page, "measure_thigh_left", sentence)
    assert kept(page, {"measure_thigh_left": typed}) == {"measure_thigh_left": [typed]}


@pytest.mark.parametrize("typed", ["1e9999999", "-1e9999999"])
def test_measure_beyond_all_numbers_is_refused(client: Client, course: Course, typed: str) -> None:
    client.raise_request_exception = False
    page = posted(client, course, measure_thigh_left=typed)
    assert (page.status_code, Visit.objects.filter(held_on=TODAY).count()) == (200, 0)


def test_impossible_measure_is_refused_although_confirmed(client: Client, course: Course) -> None:
    page = posted(client, course, measure_thigh_left="585", confirmed="measure_thigh_left=585")
    refused(page, "measure_thigh_left", "585 is outside 30 to 110 cm. Did you mean 58.5?")


def test_measure_in_inches_is_asked_about_and_never_converted(
    client: Client, course: Course
) -> None:
    page = posted(client, course, measure_thigh_left="23")
    sentence = "23 is outside 30 to 110 cm. If it was read in inches, it is 58.4 cm."
    refused(page, "measure_thigh_left", sentence)


def test_weight_in_pounds_is_asked_about(client: Client, course: Course) -> None:
    page = posted(client, course, measure_weight="136")
    assert beside(page, "measure_weight").endswith("If it was read in pounds, it is 61.7 kg.")


SIDES = {"measure_thigh_left": "58.5", "measure_thigh_right": "62.0"}
FAR_APART = "Left and right differ by 3.5 cm. Correct it, or confirm below."
EXCHANGED = (
    "Left and right may be exchanged: last time it was the other one that was larger. "
    "Correct it, or confirm below."
)


@pytest.mark.parametrize(("was_reversed", "sentence"), [(False, FAR_APART), (True, EXCHANGED)])
def test_sides_are_asked_about_and_taken_once_confirmed(
    client: Client, course: Course, was_reversed: bool, sentence: str
) -> None:
    if was_reversed:
        baseline = course.visits.get(kind=VisitKind.BASELINE)
        baseline.measures.create(kind=MeasureKind.THIGH_RIGHT, value=Decimal("59.9"))
        baseline.measures.filter(kind=MeasureKind.THIGH_LEFT).update(value=Decimal("61.0"))
    page = posted(client, course, **SIDES)
    refused(page, "measure_thigh_right", sentence)
    confirmed = "measure_thigh_right=58.5/62.0"
    assert posted(client, course, **SIDES, confirmed=confirmed).status_code == 302


def test_comma_is_read_as_a_decimal_point(client: Client, course: Course) -> None:
    answer = posted(client, course, measure_thigh_left=" 58,2 ", ml_per_point="0,15")
    assert answer.status_code == 302
    made = Visit.objects.get(held_on=TODAY)
    assert made.measures.get(kind="thigh_left").value == Decimal("58.2")
    assert made.ml_per_point == Decimal("0.15")


def test_jump_is_asked_about_and_taken_once_it_is_confirmed(client: Client, course: Course) -> None:
    sentence = "Differs by 3.1 cm from 58.7 on 17 Nov. Correct it, or confirm below."
    page = posted(client, course, measure_thigh_left="55.6")
    refused(page, "measure_thigh_left", sentence)
    assert 'name="confirmed"' in page.content.decode()
    assert (
        posted(
            client, course, measure_thigh_left="55.6", confirmed="measure_thigh_left=55.6"
        ).status_code
        == 302
    )
    stored = Measure.objects.get(visit__held_on=TODAY, kind="thigh_left")
    assert stored.value == Decimal("55.6")


def test_change_of_3_cm_is_no_jump(client: Client, course: Course) -> None:
    assert posted(client, course, measure_thigh_left="55.7").status_code == 302


def test_tick_stays_on_the_page_while_something_else_is_wrong(
    client: Client, course: Course
) -> None:
    said = "measure_thigh_left=55.6"
    page = posted(client, course, measure_thigh_left="55.6", confirmed=said, reactions=[])
    refused(page, "reactions", "Choose “None”, or what you see.")
    assert f'value="{said}" checked' in page.content.decode()


def test_tick_confirms_only_what_was_asked(client: Client, course: Course) -> None:
    session = make.ready_session(course) | {"given-0-drawn_ml": "22", "confirmed": "drawn_ml=21"}
    page = posted(client, course, **session)
    refused(page, "given-0-drawn_ml", UNUSUAL)
    assert 'value="drawn_ml=22">' in page.content.decode()


def test_without_scripts_the_page_asks_for_the_photographs_again(
    client: Client, course: Course
) -> None:
    url = f"/courses/{course.pk}/visits/new/?kind=treatment"
    page = client.post(url, {**SESSION, "pain": "11", "photo_back_relaxed": upload(make.jpeg())})
    assert summary(page)[0] == "Choose the photographs again: without scripts they are not kept."


# Reactions ---------------------------------------------------------------------------------------


def test_none_beside_a_reaction_is_refused(client: Client, course: Course) -> None:
    page = posted(client, course, reactions=["none", "redness"], **{"now_redness-grade": "1"})
    refused(page, "reactions", "“None” and a reaction cannot both be right.")


def test_reaction_without_its_grade_is_refused(client: Client, course: Course) -> None:
    page = posted(client, course, reactions=["bruise", "itch"], **{"now_itch-grade": "2"})
    refused(page, "now_bruise-grade", "Give the severity, 1 to 5.")


@pytest.mark.parametrize(("kind", "grade"), [("swelling", "3"), ("bruise", "5"), ("allergy", "1")])
def test_grave_reaction_asks_what_was_done(
    client: Client, course: Course, kind: str, grade: str
) -> None:
    typed = {"reactions": [kind], f"now_{kind}-grade": grade}
    name = "allergic sign" if kind == "allergy" else kind
    sentence = f"Needed for the {name}: it stops the injections."
    refused(posted(client, course, **typed), f"now_{kind}-action", sentence)
    typed[f"now_{kind}-action"] = "Ambulance called."
    assert posted(client, course, **typed).status_code == 302
    assert Reaction.objects.get().action == "Ambulance called."
    assert Course.objects.get().state == CourseState.PAUSED


def test_reaction_is_stored_with_its_details(client: Client, course: Course) -> None:
    typed = {
        "late_reactions": ["bruise"],
        "since_last_bruise-grade": "2",
        "since_last_bruise-area": "buttock_left",
        "since_last_bruise-size_mm": "12",
        "since_last_bruise-began_on": "2026-11-18",
        "since_last_bruise-action": "Cooled.",
    }
    assert posted(client, course, **typed).status_code == 302
    stored = Reaction.objects.get()
    assert (stored.noticed, stored.grade, stored.area) == ("since_last", 2, "buttock_left")
    assert (stored.size_mm, stored.action) == (12, "Cooled.")
    assert stored.began_at is not None
    assert stored.began_at.date() == date(2026, 11, 18)
    assert stored.visit.is_without_reaction is True  # nothing today, the other day something


def test_reactions_are_stored_with_their_grades(client: Client, course: Course) -> None:
    chosen = {"reactions": ["bruise", "itch"], "now_bruise-grade": "2", "now_itch-grade": "1"}
    assert posted(client, course, **chosen, **{"now_redness-grade": "3"}).status_code == 302
    stored = Visit.objects.get(held_on=TODAY)
    assert dict(stored.reactions.values_list("kind", "grade")) == {"bruise": 2, "itch": 1}
    assert stored.is_without_reaction is False


def test_review_without_an_answer_on_reactions_says_not_asked(
    client: Client, course: Course
) -> None:
    assert posted(client, course, kind="review", reactions=None).status_code == 302
    stored = Visit.objects.get(kind="review")
    assert (stored.is_without_reaction, stored.number) == (None, None)
    assert Reaction.objects.count() == 0


# Courses that take no session --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (CourseState.PAUSED, "The course is paused. Resume it before the next session."),
        (CourseState.COMPLETED, "This course is closed."),
        (CourseState.STOPPED, "This course is closed."),
    ],
)
def test_course_that_rests_takes_no_session(
    client: Client, course: Course, state: CourseState, sentence: str
) -> None:
    Course.objects.update(state=state)
    page = posted(client, course)
    assert (summary(page), kept(page, SESSION)) == ([sentence], as_lists(SESSION))


def test_full_course_takes_no_session(client: Client) -> None:
    course = make.course(visits=10, planned_sessions=10, last_on=TODAY - timedelta(7))
    assert summary(posted(client, course)) == ["All planned sessions are recorded."]


def test_second_baseline_is_refused(client: Client, course: Course) -> None:
    page = posted(client, course, kind="baseline")
    assert summary(page) == ["The baseline is recorded already."]


def test_kind_that_does_not_exist_is_not_found(client: Client, course: Course) -> None:
    assert posted(client, course, kind="chat").status_code == 404


def test_struck_out_visit_stays_legible_on_its_page(client: Client, course: Course) -> None:
    posted(client, course)
    made = Visit.objects.get(held_on=TODAY)
    answer = client.post(f"/visits/{made.pk}/void/", {"reason": "Wrong <b>day</b>."})
    assert answer["Location"] == f"/visits/{made.pk}/"
    page = client.get(answer["Location"]).content.decode()
    wanted = ("Entered in error", "Wrong &lt;b&gt;day&lt;/b&gt;.", "Slept well.")
    assert [words for words in wanted if words not in page] == []
    assert "Strike out" not in page


# Photographs -------------------------------------------------------------------------------------


def upload(content: bytes, name: str = "IMG_1.jpg", kind: str = "image/jpeg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, kind)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def encoded(kind: str) -> bytes:
    return samples.encoded(samples.picture(300, 400), kind)


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")],
)
def test_photo_is_stored_as_three_private_files(
    client: Client,
    agreed: Course,
    private_photos: Path,
    kind: str,
    media_type: str,
) -> None:
    # The name and the declared type are those of another file, on purpose: nobody asks them.
    photo = upload(encoded(kind), "../../etc/passwd.svg", "image/svg+xml")
    assert posted(client, agreed, photo_back_relaxed=photo).status_code == 302
    stored = Photo.objects.get()
    names = sorted(str(path.relative_to(private_photos)) for path in files(private_photos))
    assert names == sorted(stored.file_name(size) for size in Size)
    # Whoever gets at the disk learns neither the picture nor its kind.
    assert {name.rpartition(".")[2] for name in names} == {"sealed"}
    for path in files(private_photos):
        assert not re.search(rb"\xff\xd8\xff|\x89PNG|WEBP", path.read_bytes())
    assert {stat.S_IMODE(path.stat().st_mode) for path in files(private_photos)} == {0o600}
    assert (stored.media_type, stored.width, stored.height) == (media_type, 300, 400)
    sizes = {}
    for size in Size:
        answer = client.get(stored.url(size))
        content = make.body(answer)
        assert answer["Content-Type"] == (media_type if size == Size.FULL else "image/jpeg")
        sizes[size] = Image.open(io.BytesIO(content)).size
    assert sizes == {Size.FULL: (300, 400), Size.VIEW: (300, 400), Size.THUMB: (240, 320)}


def test_photo_taken_sideways_is_stored_upright(client: Client, agreed: Course) -> None:
    photo = upload(samples.stored(6))
    assert posted(client, agreed, photo_left_relaxed=photo).status_code == 302
    stored = Photo.objects.get()
    assert (stored.view, stored.width, stored.height) == ("left_relaxed", 480, 320)
    for size in (Size.VIEW, Size.THUMB):
        assert samples.is_upright(photo_files.read(stored, size))


def test_photos_of_all_views_are_stored(client: Client, agreed: Course) -> None:
    views = ["back_relaxed", "back_contracted", "left_relaxed", "front_relaxed"]
    photos = {f"photo_{view}": upload(make.jpeg(60 + at)) for at, view in enumerate(views)}
    assert posted(client, agreed, **photos).status_code == 302
    assert sorted(Photo.objects.values_list("view", flat=True)) == sorted(views)


def test_metadata_of_an_upload_is_not_stored(
    client: Client, agreed: Course, private_photos: Path
) -> None:
    photo = upload(samples.talkative_jpeg())
    assert posted(client, agreed, photo_back_relaxed=photo).status_code == 302
    stored = Photo.objects.get()
    leaks = [size for size in Size if samples.CANARY in photo_files.read(stored, size)]
    assert (len(files(private_photos)), leaks) == (3, [])


BAD_FILES = {
    "truncated": (encoded("JPEG")[:2000], "This photo is incomplete. Take or choose it again."),
    "a text": (b"hello, I am no photograph", "This file is not a JPEG, PNG or WebP photo."),
    "a drawing with a script": (
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "This file is not a JPEG, PNG or WebP photo.",
    ),
    "a GIF": (encoded("GIF"), "This file is not a JPEG, PNG or WebP photo."),
    "a HEIC": (
        b"\x00\x00\x00\x18ftypheic" + bytes(60),
        "This is an iPhone HEIC photo. Take it with the camera button, "
        "or choose 'Most compatible' in Settings > Camera > Formats.",
    ),
    "a bomb": (
        samples.png_of(11_000, 11_000, data=b"x"),
        "Photo has 121.0 megapixels, the limit is 16. "
        "Set the camera to a lower resolution or choose a smaller copy.",
    ),
    "a tape": (
        samples.png_of(12_001, 10, data=b"x"),
        "Photo is 12001 × 10 pixels, the limit is 12000 on a side. "
        "Set the camera to a lower resolution or choose a smaller copy.",
    ),
    "26 MB": (
        encoded("JPEG") + bytes(26 * 1024 * 1024),
        "Photo is 26.1 MB, the limit is 25 MB. "
        "Set the camera to a lower resolution or choose a smaller copy.",
    ),
    "empty": (b"", "The submitted file is empty."),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_file_is_one_sentence_and_nothing_is_stored(
    client: Client, agreed: Course, private_photos: Path, name: str
) -> None:
    content, sentence = BAD_FILES[name]
    typed = SESSION | {"measure_thigh_left": "58.2"}
    page = posted(
        client,
        agreed,
        measure_thigh_left="58.2",
        photo_back_relaxed=upload(content),
        photo_left_relaxed=upload(make.jpeg()),
    )
    refused(page, "photo_back_relaxed", sentence)
    assert summary(page) == [f"Back, relaxed: {sentence}"]
    assert kept(page, typed) == as_lists(typed)
    assert (files(private_photos), Photo.objects.count()) == ([], 0)


def test_photo_is_not_stored_while_something_else_is_wrong(
    client: Client, course: Course, private_photos: Path
) -> None:
    page = posted(client, course, pain="11", photo_back_relaxed=upload(make.jpeg()))
    sentence = "Select a valid choice. 11 is not one of the available choices."
    refused(page, "pain", sentence)
    assert files(private_photos) == []


def test_photo_is_not_stored_when_the_rule_refuses_the_visit(
    client: Client, course: Course, private_photos: Path
) -> None:
    Course.objects.update(state=CourseState.PAUSED)
    page = posted(client, course, photo_back_relaxed=upload(make.jpeg()))
    assert summary(page) == ["The course is paused. Resume it before the next session."]
    assert (files(private_photos), Photo.objects.count()) == ([], 0)


def test_more_files_than_views_are_refused_without_a_visit(
    client: Client, course: Course, private_photos: Path
) -> None:
    many = {f"photo_{number}": upload(make.jpeg()) for number in range(25)}
    assert posted(client, course, **many).status_code == 400
    assert (Visit.objects.filter(held_on=TODAY).count(), files(private_photos)) == (0, [])


NO_INJECTION = "No injection before there is consent"


def test_session_form_says_that_consent_is_missing(client: Client, course: Course) -> None:
    url = f"/courses/{course.pk}/visits/new/"
    assert NO_INJECTION in client.get(url).content.decode()
    baseline = client.get(f"{url}?kind=baseline").content.decode()
    make.signed(course.patient)
    assert NO_INJECTION not in client.get(url).content.decode() + baseline
    make.consent_event(course.patient, ConsentKind.WITHDRAWN)
    assert NO_INJECTION in client.get(url).content.decode()


# Signing -----------------------------------------------------------------------------------------


def test_complete_session_is_saved_and_signed_at_once(client: Client, course: Course) -> None:
    answer = posted(client, course, **make.ready_session(course), then="sign")
    made = Visit.objects.get(held_on=TODAY)
    assert answer["Location"] == f"/visits/{made.pk}/"
    assert (made.signed_by, made.number) == (made.practitioner, 2)


def test_sign_and_book_leads_to_the_next_appointment(client: Client, course: Course) -> None:
    answer = posted(client, course, **make.ready_session(course), then="sign_book")
    assert answer["Location"] == f"/appointments/new/?course={course.pk}"
    assert Visit.objects.get(held_on=TODAY).signed_at


def test_session_is_saved_unsigned_whatever_stands_against_signing(
    client: Client, course: Course
) -> None:
    lot = make.lot(expires_on=TODAY - timedelta(1))
    typed = make.ready_session(course, skin_clear="False")
    assert typed["given-0-lot"] == str(lot.pk)
    assert posted(client, course, **typed, then="save").status_code == 302
    assert Visit.objects.get(held_on=TODAY).signed_at is None


def test_expired_lot_is_refused_at_signing_and_nothing_typed_is_lost(
    client: Client, course: Course
) -> None:
    make.lot(name="L2409", expires_on=TODAY - timedelta(1))
    typed = make.ready_session(course)
    page = posted(client, course, **typed, then="sign")
    sentence = "Lot L2409 cannot be used. Expired on 23 Nov 2026. Discard it. Choose another one."
    assert summary(page) == [sentence]
    assert kept(page, typed) == as_lists(typed)
    assert Visit.objects.filter(held_on=TODAY).count() == 0


def test_everything_against_signing_is_said_at_once(client: Client, course: Course) -> None:
    typed = make.ready_session(course, skin_clear="False", measure_weight="70.0", note=None)
    typed["points_buttock_left"] = ""
    page = posted(client, course, **typed, confirmed="measure_weight=70.0", then="sign")
    weight = "70 kg, and 62 kg before. Check it, and ask why the weight changed."
    assert beside(page, "measure_weight").startswith(weight)
    assert beside(page, "skin_clear").startswith("The skin is not clear.")
    assert beside(page, "missing_areas") == "Complete this, or say why it is missing."
    assert len(summary(page)) == 3
    assert Visit.objects.filter(held_on=TODAY).count() == 0


def test_reason_beside_a_gate_is_kept_without_what_no_database_keeps(
    client: Client, course: Course
) -> None:
    typed = make.ready_session(course, skin_clear="False", then="sign")
    answer = posted(client, course, **typed, **{"pass-skin_not_clear": "\x00 "})
    assert answer.status_code == 200
    answer = posted(client, course, **typed, **{"pass-skin_not_clear": "Old\x00 bruise."})
    assert answer.status_code == 302
    made = Visit.objects.get(held_on=TODAY)
    assert made.overrides.get().reason == "Old bruise."


def test_reasons_beside_what_stands_against_it_sign_the_session(
    client: Client, course: Course
) -> None:
    typed = make.ready_session(course, skin_clear="False", points_buttock_left="")
    typed |= {
        "pass-skin_not_clear": "Old bruise.",
        "missing_areas": "She had to leave.",
        "then": "sign",
    }
    assert posted(client, course, **typed).status_code == 302
    made = Visit.objects.get(held_on=TODAY)
    assert made.signed_at
    assert dict(made.overrides.values_list("gate", "reason")) == {"skin_not_clear": "Old bruise."}
    assert dict(made.missing.values_list("tick", "reason")) == {"areas": "She had to leave."}


def test_tick_that_a_number_is_meant_is_kept_in_words(client: Client, course: Course) -> None:
    typed = make.ready_session(course, points_buttock_left="200", points_buttock_right="0")
    typed |= {"ml_per_point": "0.01", "given-0-wasted_ml": "2", "then": "sign"}
    sentence = "0.01 ml for each point; usual are 0.02 to 0.5 ml."
    page = posted(client, course, **typed)
    assert beside(page, "areas").startswith(sentence)
    assert posted(client, course, **typed, **{"pass-point_volume": "meant"}).status_code == 302
    override = Visit.objects.get(held_on=TODAY).overrides.get()
    assert (override.gate, override.reason) == ("point_volume", "Looked at again: it is meant.")


# Changing what is not signed ---------------------------------------------------------------------


def test_unsigned_session_is_opened_with_everything_and_signed_later(
    client: Client, course: Course
) -> None:
    typed = make.ready_session(course)
    assert posted(client, course, **typed).status_code == 302
    url = f"/visits/{Visit.objects.get(held_on=TODAY).pk}/change/"
    page = client.get(url)
    assert kept(page, typed) == as_lists(typed)
    assert client.post(url, typed | {"version": "1", "then": "sign"}).status_code == 302
    assert Visit.objects.get(held_on=TODAY).signed_at


def test_session_of_somebody_else_is_changed_and_not_signed(client: Client, course: Course) -> None:
    posted(client, course, **make.ready_session(course))
    visit = Visit.objects.get(held_on=TODAY)
    other, url = client_of(Role.PRACTITIONER), f"/visits/{visit.pk}/change/"
    assert 'value="sign"' in client.get(url).content.decode()
    assert 'value="sign"' not in other.get(url).content.decode()
    typed = make.ready_session(course, note="Corrected.", version="1")
    page = other.post(url, typed | {"then": "sign"})
    assert summary(page) == ["Only Dr Lin, who held this visit, can sign it."]
    assert other.post(url, typed).status_code == 302
    visit.refresh_from_db()
    assert (visit.note, visit.signed_at, visit.practitioner_id) == (
        "Corrected.",
        None,
        int(client.session["_auth_user_id"]),
    )


# Drafts ------------------------------------------------------------------------------------------


def drafts_of(course: Course) -> str:
    return f"/courses/{course.pk}/visits/new/draft/"


def test_draft_is_filled_in_for_who_typed_it_and_for_nobody_else(
    client: Client, course: Course
) -> None:
    typed = make.ready_session(course, note="Half a sent", held_on="2026-11-")
    assert client.post(drafts_of(course), typed).status_code == 200
    url = f"/courses/{course.pk}/visits/new/"
    assert kept(client.get(url), typed) == as_lists(typed)
    assert summary(client.get(url)) == []
    assert "Half a sent" not in client_of(Role.PRACTITIONER).get(url).content.decode()
    assert "Half a sent" not in client.get(f"{url}?kind=review").content.decode()
    assert Visit.objects.filter(held_on=TODAY).count() == 0


def test_draft_says_what_stands_against_signing(client: Client, course: Course) -> None:
    make.lot(name="L2409", expires_on=TODAY - timedelta(1))
    page = client.post(drafts_of(course), make.ready_session(course)).content.decode()
    assert "Lot L2409 cannot be used. Expired on 23 Nov 2026." in page


def test_draft_of_an_unusual_volume_still_says_what_is_over_its_ceiling(
    client: Client, course: Course
) -> None:
    typed = make.ready_session(course, **{"given-0-drawn_ml": "29.5"})
    page = client.post(drafts_of(course), typed).content.decode()
    assert ("29.5 ml drawn" in page, "Over the ceiling" in page) == (True, True)


@pytest.mark.parametrize(
    "changed",
    [
        {"points_buttock_left": "9" * 30},
        {"points_buttock_left": "9" * 5000},
        {"points_buttock_left": "²"},
        {"marks_buttock_left": "[" * 100_000},
    ],
    ids=["30 digits", "5000 digits", "superscript", "deep"],
)
def test_number_of_points_that_nobody_can_mean_never_closes_the_page(
    client: Client, course: Course, changed: dict[str, str]
) -> None:
    typed = make.ready_session(course, **changed)
    assert client.post(drafts_of(course), typed).status_code == 200
    page = client.get(f"/courses/{course.pk}/visits/new/")
    assert page.status_code == 200
    assert "Slept well." in page.content.decode()
    answer = posted(client, course, **typed)
    assert answer.status_code == 200
    assert len(summary(answer)) == 1


def test_draft_is_thrown_away_by_its_button_and_by_the_save(client: Client, course: Course) -> None:
    typed, url = make.ready_session(course), f"/courses/{course.pk}/visits/new/"
    client.post(drafts_of(course), typed)
    assert client.post(drafts_of(course), {"discard": "1"})["Location"] == f"{url}?kind=treatment"
    assert Draft.objects.count() == 0
    client.post(drafts_of(course), typed)
    assert Draft.objects.count() == 1
    assert posted(client, course, **typed).status_code == 302
    assert Draft.objects.count() == 0


def test_draft_over_an_unsigned_session_stands_beside_what_was_saved(
    client: Client, course: Course
) -> None:
    posted(client, course, **make.ready_session(course))
    visit = Visit.objects.get(held_on=TODAY)
    typed = make.ready_session(course, note="Slept badly.", version="1")
    assert client.post(f"/visits/{visit.pk}/draft/", typed).status_code == 200
    page = client.get(f"/visits/{visit.pk}/change/")
    assert kept(page, {"note": ""}) == {"note": ["Slept badly."]}
    visit.refresh_from_db()
    assert (visit.note, visit.version) == ("Slept well.", 1)


# Repeating ---------------------------------------------------------------------------------------


def test_repeat_copies_areas_points_products_and_technique_and_nothing_else(
    client: Client, course: Course
) -> None:
    typed = make.ready_session(course, **{"given-0-wasted_ml": "0.2"})
    assert posted(client, course, **typed).status_code == 302
    with time_machine.travel(datetime(2026, 12, 1, 12, 0, tzinfo=UTC)):
        # A week later she has signed in again.
        page = client_of(Role.PRACTITIONER).get(f"/courses/{course.pk}/visits/new/?repeat=1")
    copied = (
        "areas",
        "points_buttock_left",
        "points_buttock_right",
        "technique",
        "ml_per_point",
        "given-0-product",
        "given-0-drawn_ml",
        "given-0-wasted_ml",
    )
    typed["given-0-drawn_ml"] = "4"
    assert kept(page, dict.fromkeys(copied)) == as_lists({name: typed[name] for name in copied})
    left = dict.fromkeys(("given-0-lot", "given-0-confirmed", "pain", "reactions"))
    found = kept(page, left)
    assert {name: [value for value in values if value] for name, values in found.items()} == {
        name: [] for name in left
    }
    assert kept(page, {"measure_weight": "", "note": ""}) == {"measure_weight": [], "note": [""]}
