"""The form at the bedside: doubts are asked, mistakes named beside their field, nothing is lost."""

from __future__ import annotations

import io
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

from clinic.roles import Role
from patients.terms import ConsentKind
from tests import make
from tests.http.test_forms import SESSION, as_lists, beside, kept, summary
from tests.http.test_policies import client_of
from tests.pure import imaging_samples as samples
from treatments.models import Course, Measure, Photo, Reaction, Visit
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


# Product -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("lot_expires_on", "2026-11-23", "Lot L2409 expired on 23 Nov 2026. Use another one."),
        ("lot", "", "Give the lot: without it nobody can be traced after a recall."),
        ("lot", "  ", "Give the lot: without it nobody can be traced after a recall."),
        ("product", "", "Name the product."),
        ("areas", [], "Choose the areas that were treated."),
        (
            "areas",
            ["abdomen"],
            "Select a valid choice. abdomen is not one of the available choices.",
        ),
        ("volume_ml", "", "Give the volume in ml."),
        ("volume_ml", "0", "Ensure this value is greater than or equal to 0.1."),
        ("volume_ml", "8.45", "Ensure that there are no more than 1 decimal place."),
        ("volume_ml", "eight", "Enter a number."),
        ("volume_ml", "NaN", "Enter a number."),
        ("volume_ml", "61", "More than 60 ml in one session is not recorded. Check the number."),
        ("volume_ml", "60,1", "More than 60 ml in one session is not recorded. Check the number."),
        (
            "volume_ml",
            "21",
            "More than 20 ml in one session is unusual. Correct it, or confirm below.",
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
    refused(posted(client, course, **{field: typed}), field, sentence)


def test_lot_may_expire_today(client: Client, course: Course) -> None:
    assert posted(client, course, lot_expires_on="2026-11-24").status_code == 302


def test_61_ml_are_refused_although_confirmed(client: Client, course: Course) -> None:
    sentence = "More than 60 ml in one session is not recorded. Check the number."
    refused(posted(client, course, volume_ml="61", confirmed="volume_ml=61"), "volume_ml", sentence)


@pytest.mark.parametrize(("typed", "kept_as"), [("21", "21.0"), ("20,1", "20.1"), ("60", "60.0")])
def test_unusual_volume_is_taken_once_it_is_confirmed(
    client: Client, course: Course, typed: str, kept_as: str
) -> None:
    page = posted(client, course, volume_ml=typed)
    assert 'name="confirmed"' in page.content.decode()
    assert kept(page, {"volume_ml": typed}) == {"volume_ml": [typed]}
    assert (
        posted(
            client, course, volume_ml=typed, confirmed=f"volume_ml={typed.replace(',', '.')}"
        ).status_code
        == 302
    )
    assert Visit.objects.get(held_on=TODAY).volume_ml == Decimal(kept_as)


def test_20_ml_ask_nothing(client: Client, course: Course) -> None:
    assert (
        'name="confirmed"' not in client.get(f"/courses/{course.pk}/visits/new/").content.decode()
    )
    assert posted(client, course, volume_ml="20").status_code == 302


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


def test_comma_is_read_as_a_decimal_point(client: Client, course: Course) -> None:
    answer = posted(client, course, measure_thigh_left=" 58,2 ", volume_ml="8,4")
    assert answer.status_code == 302
    made = Visit.objects.get(held_on=TODAY)
    assert made.measures.get(kind="thigh_left").value == Decimal("58.2")
    assert made.volume_ml == Decimal("8.4")


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
    page = posted(client, course, volume_ml="21", confirmed="volume_ml=21", lot="")
    refused(page, "lot", "Give the lot: without it nobody can be traced after a recall.")
    assert 'value="volume_ml=21" checked' in page.content.decode()


def test_tick_confirms_only_what_was_asked(client: Client, course: Course) -> None:
    page = posted(client, course, volume_ml="22", confirmed="volume_ml=21")
    sentence = "More than 20 ml in one session is unusual. Correct it, or confirm below."
    refused(page, "volume_ml", sentence)
    assert 'value="volume_ml=22">' in page.content.decode()


def test_without_scripts_the_page_asks_for_the_photographs_again(
    client: Client, course: Course
) -> None:
    url = f"/courses/{course.pk}/visits/new/?kind=treatment"
    page = client.post(url, {**SESSION, "lot": "", "photo_back_relaxed": upload(make.jpeg())})
    assert summary(page)[0] == "Choose the photographs again: without scripts they are not kept."


# Reactions ---------------------------------------------------------------------------------------


def test_none_beside_a_reaction_is_refused(client: Client, course: Course) -> None:
    page = posted(client, course, reactions=["none", "redness"], grade_redness="1")
    refused(page, "reactions", "“None” and a reaction cannot both be right.")


def test_reaction_without_its_grade_is_refused(client: Client, course: Course) -> None:
    page = posted(client, course, reactions=["bruise", "itch"], grade_itch="2")
    refused(page, "grade_bruise", "Give the severity, 1 to 5.")


def test_reactions_are_stored_with_their_grades(client: Client, course: Course) -> None:
    chosen = {"reactions": ["bruise", "itch"], "grade_bruise": "2", "grade_itch": "1"}
    assert posted(client, course, **chosen, grade_redness="3").status_code == 302
    stored = Visit.objects.get(held_on=TODAY)
    assert dict(stored.reactions.values_list("kind", "grade")) == {"bruise": 2, "itch": 1}
    assert stored.is_without_reaction is False


def test_review_without_an_answer_on_reactions_says_not_asked(
    client: Client, course: Course
) -> None:
    assert posted(client, course, kind="review", reactions=None).status_code == 302
    stored = Visit.objects.get(kind="review")
    assert (stored.is_without_reaction, stored.number, stored.product) == (None, None, "")
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
    wanted = ("Entered in error", "Wrong &lt;b&gt;day&lt;/b&gt;.", "Slept well.", "L2409")
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
    ("kind", "media_type", "extension"),
    [("JPEG", "image/jpeg", "jpg"), ("PNG", "image/png", "png"), ("WEBP", "image/webp", "webp")],
)
def test_photo_is_stored_as_three_private_files(
    client: Client,
    course: Course,
    private_photos: Path,
    kind: str,
    media_type: str,
    extension: str,
) -> None:
    # The name and the declared type are those of another file, on purpose: nobody asks them.
    photo = upload(encoded(kind), "../../etc/passwd.svg", "image/svg+xml")
    assert posted(client, course, photo_back_relaxed=photo).status_code == 302
    stored = Photo.objects.get()
    names = sorted(str(path.relative_to(private_photos)) for path in files(private_photos))
    assert names == sorted(stored.file_name(size) for size in Size)
    assert [name.rpartition(".")[2] for name in names] == [extension, "jpg", "jpg"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files(private_photos)} == {0o600}
    assert (stored.media_type, stored.width, stored.height) == (media_type, 300, 400)
    sizes = {}
    for size in Size:
        answer = client.get(stored.url(size))
        content = make.body(answer)
        assert answer["Content-Type"] == (media_type if size == Size.FULL else "image/jpeg")
        sizes[size] = Image.open(io.BytesIO(content)).size
    assert sizes == {Size.FULL: (300, 400), Size.VIEW: (300, 400), Size.THUMB: (240, 320)}


def test_photo_taken_sideways_is_stored_upright(
    client: Client, course: Course, private_photos: Path
) -> None:
    photo = upload(samples.stored(6))
    assert posted(client, course, photo_left_relaxed=photo).status_code == 302
    stored = Photo.objects.get()
    assert (stored.view, stored.width, stored.height) == ("left_relaxed", 480, 320)
    for size in (Size.VIEW, Size.THUMB):
        assert samples.is_upright((private_photos / stored.file_name(size)).read_bytes())


def test_photos_of_all_views_are_stored(client: Client, course: Course) -> None:
    views = ["back_relaxed", "back_contracted", "left_relaxed", "front_relaxed"]
    photos = {f"photo_{view}": upload(make.jpeg()) for view in views}
    assert posted(client, course, **photos).status_code == 302
    assert sorted(Photo.objects.values_list("view", flat=True)) == sorted(views)


def test_metadata_of_an_upload_is_not_stored(
    client: Client, course: Course, private_photos: Path
) -> None:
    photo = upload(samples.talkative_jpeg())
    assert posted(client, course, photo_back_relaxed=photo).status_code == 302
    leaks = [path.name for path in files(private_photos) if samples.CANARY in path.read_bytes()]
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
    client: Client, course: Course, private_photos: Path, name: str
) -> None:
    content, sentence = BAD_FILES[name]
    typed = SESSION | {"measure_thigh_left": "58.2"}
    page = posted(
        client,
        course,
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
    page = posted(client, course, lot="", photo_back_relaxed=upload(make.jpeg()))
    refused(page, "lot", "Give the lot: without it nobody can be traced after a recall.")
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
