"""Taking a pair out as the browser does it: what is offered, what comes, and what left so far."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from PIL import Image

from clinic.models import AuditEvent, User
from clinic.roles import Role
from patients.actions.consents import withdraw_consent
from patients.terms import Purpose
from tests import make
from tests.http.test_policies import client_of
from tests.http.test_review_pages import complaints, read
from treatments.actions.photos import void_photo
from treatments.models import Course, Measure, Photo, PhotoExport
from treatments.terms import MeasureKind

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
WEBSITE, TEACHING = Purpose.MARKETING_WEBSITE, Purpose.TEACHING_INSIDE
NOBODY = "0a1b2c3d-0000-4000-8000-000000000000"


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def lin() -> User:
    return make.practitioner()


@pytest.fixture
def client(lin: User) -> Client:
    signed_in = Client()
    signed_in.force_login(lin)
    return signed_in


@pytest.fixture
def course(lin: User) -> Course:
    """Two sessions five weeks apart, of the same weight; teaching and the website are agreed to."""
    made = make.course(visits=2, every=35, by=lin)
    for visit in made.visits.treatments():
        Measure.objects.create(visit=visit, kind=MeasureKind.WEIGHT, value="61.5")
    make.signed(made.patient, yes=(*make.FOR_CARE, WEBSITE, TEACHING))
    return made


@pytest.fixture
def pair(course: Course) -> tuple[Photo, Photo]:
    first, last = course.visits.treatments()
    return make.photo(first), make.photo(last, content=make.legs(shade=2))


def export_url(pair: tuple[Photo, Photo], code: str = "") -> str:
    first, second = pair
    code = code or first.patient_code
    return f"/patients/{code}/compare/export/?a={first.pk}&b={second.pk}"


def uses_url(course: Course) -> str:
    return f"/patients/{course.patient.code}/photos/uses/"


def press(client: Client, url: str, **data: str) -> HttpResponse:
    return client.post(url, {"submission": str(uuid4()), **data})


def take(client: Client, pair: tuple[Photo, Photo], **changed: str) -> HttpResponse:
    data = {"purpose": TEACHING.value, "whereto": "Monday meeting", "kind": "file", **changed}
    return press(client, export_url(pair), **data)


# The page -----------------------------------------------------------------------------------------


def offered(page: str) -> dict[str, tuple[bool, str]]:
    """Return of each purpose whether it can be chosen, and the words beside it."""
    rows = re.findall(
        r'<div class="purpose.*?<input[^>]*value="(\w+)"([^>]*)>.*?class="purpose-why"[^>]*>(.*?)</div>',
        page,
        re.S,
    )
    return {
        value: ("disabled" not in attrs, " ".join(unescape(re.sub(r"<[^>]*>", " ", why)).split()))
        for value, attrs, why in rows
    }


def test_page_offers_every_purpose_with_how_its_consent_stands(
    client: Client, pair: tuple[Photo, Photo], course: Course, lin: User
) -> None:
    withdraw_consent(patient=course.patient, purpose=WEBSITE, reason="", by=lin)
    found = offered(client.get(export_url(pair)).content.decode())
    assert found == {
        "record_photos": (True, "Yes, while a patient since 21 Nov 2026"),
        "review": (False, "Not asked"),
        "teaching_inside": (True, "Yes, until changed since 21 Nov 2026"),
        "teaching_outside": (False, "Not asked"),
        "marketing_website": (False, "Withdrawn 24 Nov 2026"),
        "marketing_social": (False, "Not asked"),
        "marketing_print": (False, "Not asked"),
        "research": (False, "Not asked"),
        "patient": (True, "Her right. It needs no consent."),
    }


def test_page_says_what_will_be_printed_and_shows_no_photograph(
    client: Client, pair: tuple[Photo, Photo], course: Course
) -> None:
    Measure.objects.filter(visit=pair[1].visit).update(value="64.0")
    answer = client.get(export_url(pair))
    text = read(answer)
    assert "Weight differs by 2.5 kg, which alone can change the look." in text
    assert "/view/" not in answer.content.decode()
    Measure.objects.filter(visit=pair[1].visit).update(value="75.0")
    text = read(client.get(export_url(pair)))
    assert ("Not comparable:" in text, "The weight differs by more than 5 of 100." in text) == (
        True,
        True,
    )


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.MANAGER])
def test_nobody_else_takes_a_pair_out(pair: tuple[Photo, Photo], role: Role, settings: Any) -> None:
    settings.MANAGERS_SEE_PHOTOS = True
    client = client_of(role)
    assert client.get(export_url(pair)).status_code == 403
    assert take(client, pair).status_code == 403
    assert not PhotoExport.objects.exists()


def test_address_names_two_standing_photographs_of_this_patient(
    client: Client, pair: tuple[Photo, Photo], course: Course, lin: User
) -> None:
    first, second = pair
    other = make.photo(make.course(visits=1, by=lin).visits.get())
    struck = make.photo(course.visits.treatments()[0], "left_relaxed")  # type: ignore[arg-type]
    void_photo(photo=struck, reason="Moved.", by=lin)
    base = f"/patients/{course.patient.code}/compare/export/"
    assert client.get(f"{base}?a={first.pk}&b={second.pk}").status_code == 200
    for a, b in (
        (first.pk, other.pk),
        (other.pk, second.pk),
        (first.pk, first.pk),
        (first.pk, struck.pk),
        (first.pk, NOBODY),
        (first.pk, "1"),
        ("", ""),
    ):
        url = f"{base}?a={a}&b={b}"
        assert (client.get(url).status_code, client.post(url).status_code) == (404, 404)
    assert client.get(base).status_code == 404
    assert client.get(export_url(pair, other.patient_code)).status_code == 404


# The click ----------------------------------------------------------------------------------------


def test_file_is_taken_out_and_downloaded(
    client: Client, pair: tuple[Photo, Photo], course: Course
) -> None:
    answer = take(client, pair)
    row = PhotoExport.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/photos/exports/{row.pk}/")
    page = client.get(answer["Location"]).content.decode()
    assert f'href="/photos/exports/{row.pk}/sheet/" download' in page
    sheet = client.get(f"/photos/exports/{row.pk}/sheet/")
    assert sheet["Content-Disposition"] == f'attachment; filename="pair-{row.pk}.jpg"'
    assert (sheet["Content-Type"], sheet["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
    assert "no-store" in sheet["Cache-Control"]
    assert sheet["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "sandbox" in sheet["Content-Security-Policy"]
    with Image.open(io.BytesIO(sheet.content)) as picture:
        assert picture.format == "JPEG"


def test_paper_is_a_page_with_the_sheet_and_nothing_that_names_her(
    client: Client, pair: tuple[Photo, Photo], course: Course
) -> None:
    answer = take(client, pair, kind="print", purpose="patient")
    page = client.get(answer["Location"]).content.decode()
    row = PhotoExport.objects.get()
    assert f'<img class="pair-sheet section" src="/photos/exports/{row.pk}/sheet/"' in page
    assert re.search(r"<button[^>]*data-print[^>]*>", page)
    assert course.patient.family_name not in page
    # Her code is in the link back only, which is not printed.
    assert page.count(course.patient.code) == 1
    assert client.get(f"/photos/exports/{row.pk}/sheet/")["Content-Disposition"].startswith(
        "inline"
    )


def test_reload_and_double_click_leave_one_row(
    client: Client, pair: tuple[Photo, Photo], course: Course
) -> None:
    key = str(uuid4())
    locations = {take(client, pair, submission=key)["Location"] for _each in range(2)}
    assert len(locations) == 1
    url = locations.pop()
    for _each in range(3):
        assert client.get(url).status_code == 200
        assert client.get(f"{url}sheet/").status_code == 200
    assert PhotoExport.objects.count() == 1
    assert AuditEvent.objects.filter(action="pair exported").count() == 1
    assert AuditEvent.objects.filter(action="exported pair opened").count() == 3


def test_consent_counts_at_the_click_and_not_when_the_page_was_opened(
    client: Client, pair: tuple[Photo, Photo], course: Course, lin: User
) -> None:
    assert offered(client.get(export_url(pair)).content.decode())[TEACHING.value][0]
    withdraw_consent(patient=course.patient, purpose=TEACHING, reason="", by=lin)
    answer = take(client, pair)
    sentence = "Her consent to this does not hold. It stands at: Withdrawn 24 Nov 2026."
    assert complaints(answer) == [f"What for: {sentence}"]
    assert "Monday meeting" in answer.content.decode()
    assert not PhotoExport.objects.exists()


def test_consent_that_ended_since_the_page_was_opened_is_refused(
    client: Client, pair: tuple[Photo, Photo], lin: User
) -> None:
    assert offered(client.get(export_url(pair)).content.decode())[WEBSITE.value][0]
    with time_machine.travel(datetime(2027, 11, 25, 9, 0, tzinfo=UTC), tick=False):
        client.force_login(lin)
        answer = take(client, pair, purpose=WEBSITE.value)
    assert complaints(answer)[0].endswith("It stands at: Ended 24 Nov 2027.")
    assert not PhotoExport.objects.exists()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"purpose": ""}, "What for: Say what it is for."),
        ({"purpose": "treatment"}, "What for: Select a valid choice. treatment is not one of the"),
        (
            {"purpose": "review"},
            "What for: Her consent to this does not hold. It stands at: Not asked.",
        ),
        ({"whereto": " "}, "Where it goes: Fill this in."),
        ({"kind": ""}, "How: Choose a file or paper."),
    ],
)
def test_click_is_refused_in_words(
    client: Client, pair: tuple[Photo, Photo], changed: dict[str, str], sentence: str
) -> None:
    found = complaints(take(client, pair, **changed))
    assert [line for line in found if not line.startswith(sentence)] == []
    assert len(found) == 1
    assert not PhotoExport.objects.exists()


# Opening it again ---------------------------------------------------------------------------------


def closed(client: Client, url: str) -> list[str]:
    """Open an export that may not be opened: its page leads to the list, its sheet is not there."""
    sheet = client.get(f"{url}sheet/")
    assert (sheet.status_code, b"\xff\xd8\xff" in sheet.content) == (404, False)
    answer = client.get(url, follow=True)
    assert answer.redirect_chain[0][0].endswith("/photos/uses/")
    return [str(message) for message in answer.context["messages"]]


def test_sheet_is_not_opened_after_the_purpose_is_withdrawn(
    client: Client, pair: tuple[Photo, Photo], course: Course, lin: User
) -> None:
    url = take(client, pair)["Location"]
    withdraw_consent(patient=course.patient, purpose=TEACHING, reason="", by=lin)
    assert closed(client, url) == [
        "Her consent to this does not hold. It stands at: Withdrawn 24 Nov 2026."
    ]


def test_sheet_is_not_opened_by_others_nor_later(client: Client, pair: tuple[Photo, Photo]) -> None:
    url = take(client, pair)["Location"]
    assert closed(client_of(Role.MEDICAL_LEAD), url) == [
        "Only Dr Lin, who took it out, can open it."
    ]
    with time_machine.travel(datetime(2026, 11, 24, 12, 10, 1, tzinfo=UTC), tick=False):
        assert closed(client, url)[0].startswith("It could be opened for ten minutes.")
    assert client.get("/photos/exports/999999/").status_code == 404
    assert client.get("/photos/exports/999999/sheet/").status_code == 404
    assert client.get("/photos/exports/999999/end/").status_code == 404


# Uses ---------------------------------------------------------------------------------------------


def test_uses_list_what_left_where_to_and_by_whom(
    client: Client, pair: tuple[Photo, Photo], course: Course
) -> None:
    assert "Nothing left the house so far." in read(client.get(uses_url(course)))
    take(client, pair)
    take(client, pair, purpose="patient", whereto="Handed to her", kind="print")
    text = read(client.get(uses_url(course)))
    assert "Teaching in the clinic Monday meeting Back, relaxed, 20 Oct and 24 Nov." in text
    assert "File, 24 Nov 2026, 12:00, Dr Lin." in text
    assert "A copy for the patient herself Handed to her" in text
    assert ("To be ended" in text, text.count("End this use")) == (False, 1)


def test_withdrawn_use_stands_on_top_until_somebody_ended_it(
    client: Client, pair: tuple[Photo, Photo], course: Course, lin: User
) -> None:
    take(client, pair)
    take(client, pair, purpose=WEBSITE.value, whereto="Our website")
    withdraw_consent(patient=course.patient, purpose=WEBSITE, reason="", by=lin)
    text = read(client.get(uses_url(course)))
    top, _, rest = text.partition("All others")
    assert ("Our website" in top, "Withdrawn 24 Nov 2026" in top) == (True, True)
    assert ("Our website" in rest, "Monday meeting" in rest) == (False, True)
    row = PhotoExport.objects.get(purpose=WEBSITE)
    empty = press(client, f"/photos/exports/{row.pk}/end/", how="")
    assert complaints(empty) == ["How it was ended: Fill this in."]
    done = press(client, f"/photos/exports/{row.pk}/end/", how="Taken down.")
    assert (done.status_code, done["Location"]) == (302, uses_url(course))
    text = read(client.get(uses_url(course)))
    assert "To be ended" not in text
    assert "Ended 24 Nov 2026 by Dr Lin Taken down." in text
    again = press(client, f"/photos/exports/{row.pk}/end/", how="Again.")
    assert complaints(again) == ["This use was ended already."]


def test_manager_ends_uses_where_the_clinic_lets_managers_see_photographs(
    client: Client, pair: tuple[Photo, Photo], course: Course, settings: Any
) -> None:
    take(client, pair)
    row = PhotoExport.objects.get()
    manager = client_of(Role.MANAGER)
    assert manager.get(uses_url(course)).status_code == 403
    assert press(manager, f"/photos/exports/{row.pk}/end/", how="Gone.").status_code == 403
    settings.MANAGERS_SEE_PHOTOS = True
    assert press(manager, f"/photos/exports/{row.pk}/end/", how="Gone.").status_code == 302
    assert PhotoExport.objects.get().ended_how == "Gone."


def test_consents_lead_to_the_uses_those_who_may_see_them(
    client: Client, pair: tuple[Photo, Photo], course: Course
) -> None:
    code = course.patient.code
    for page in (f"/patients/{code}/consents/", f"/patients/{code}/consents/withdraw/{TEACHING}/"):
        assert uses_url(course) in client.get(page).content.decode()
        assert uses_url(course) not in client_of(Role.MANAGER).get(page).content.decode()


def test_withdrawn_use_stands_on_the_worklist_until_it_is_ended(
    client: Client, pair: tuple[Photo, Photo], course: Course, lin: User
) -> None:
    url = "/follow-ups/?list=uses"
    take(client, pair, purpose=WEBSITE.value, whereto="Our website")
    assert "No use of photographs is to be ended." in read(client.get(url))
    withdraw_consent(patient=course.patient, purpose=WEBSITE, reason="", by=lin)
    answer = client.get(url)
    text = read(answer)
    assert "Photo uses to end 1" in text
    assert "Marketing, website, Our website. Withdrawn 24 Nov 2026" in text
    assert f'href="{uses_url(course)}"' in answer.content.decode()
    row = PhotoExport.objects.get()
    press(client, f"/photos/exports/{row.pk}/end/", how="Taken down.")
    assert "No use of photographs is to be ended." in read(client.get(url))
