"""The film of a course: its columns, its three kinds of hole, what is counted, covered, added late."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from clinic.models import AuditEvent
from clinic.roles import Role
from tests import make
from treatments.models import Course, MissingItem, Photo, Visit
from treatments.terms import STANDARD_VIEWS, PhotoMark, View, VisitKind

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
BACK = View.BACK_RELAXED


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def doctor(sign_in: Any) -> Client:
    client: Client = sign_in(Role.PRACTITIONER)
    return client


@pytest.fixture
def unsigned() -> Course:
    """A baseline with one of four views, five sessions, the last one a week ago with one."""
    made = make.course(visits=5, last_on=TODAY - timedelta(7))
    baseline = make.visit(made, kind=VisitKind.BASELINE, on=made.opened_on)
    make.photo(baseline)
    make.photo(made.visits.get(number=5))
    return made


@pytest.fixture
def course(unsigned: Course) -> Course:
    """The same, signed."""
    sign(unsigned)
    return unsigned


def sign(course: Course) -> None:
    course.visits.update(signed_at=timezone.now(), signed_by=course.practitioner)


def page_of(client: Client, course: Course, query: str = "") -> str:
    answer = client.get(f"/patients/{course.patient.code}/photos/{query}")
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def heads(page: str) -> list[str]:
    found = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', page, re.DOTALL)
    return [" ".join(re.sub("<.*?>", " ", each).split()) for each in found]


def row_of(page: str, view: View) -> list[str]:
    """Return what stands in each cell of a row, as its words."""
    [row] = re.findall(rf'<th scope="row"[^>]*>{view.label}</th>(.*?)</tr>', page, re.DOTALL)
    cells = re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)
    return [" ".join(re.sub("<.*?>", " ", each).split()) for each in cells]


def said(page: str) -> str:
    return re.findall(r'<span class="sub num">(.*?)</span>', page)[0]


def test_columns_follow_the_strip_and_a_gate_runs_through_them(
    doctor: Client, course: Course
) -> None:
    page = page_of(doctor, course)
    assert heads(page) == [
        "View",
        "B Baseline 13 Oct",
        "1 Session 1 20 Oct",
        "2 Session 2 27 Oct",
        "3 Session 3 3 Nov",
        "4 Session 4 10 Nov",
        "5 Session 5 17 Nov then review",
    ]
    assert re.findall(r'<th scope="col" class="is-gate [^>]*id="visit-(\d+)"', page) == [
        str(course.visits.get(number=5).pk)
    ]


def test_three_kinds_of_hole_and_what_is_counted(doctor: Client, unsigned: Course) -> None:
    course = unsigned
    MissingItem.objects.create(
        visit=course.visits.get(number=5), tick="photos", reason="The lamp was broken."
    )
    sign(course)
    baseline = course.visits.get(kind=VisitKind.BASELINE)
    review = make.visit(course, kind=VisitKind.REVIEW)
    page = page_of(doctor, course)
    taken = "Baseline, Back, relaxed, 13 Oct"
    assert row_of(page, BACK)[:3] == [taken, "optional", "optional"]
    late = "Add late : Back, contracted, Session 5"
    assert row_of(page, View.BACK_CONTRACTED)[5:] == [
        f"Missing: The lamp was broken. {late}",
        "Take Back, contracted, Review",
    ]
    assert row_of(page, View.BACK_CONTRACTED)[0].startswith("Missing Add late")
    assert f'href="/visits/{review.pk}/change/#slot-back_contracted"' in page
    assert f'href="?late={baseline.pk}&view=back_contracted#late"' in page
    assert said(page) == "2 taken, 4 wanted today, 6 missing"


def test_baseline_and_first_session_of_one_day_hide_nothing_of_each_other(
    doctor: Client,
) -> None:
    course = make.course(visits=1, last_on=TODAY - timedelta(7))
    baseline = make.visit(course, kind=VisitKind.BASELINE, on=course.visits.get().held_on)
    for visit in (baseline, course.visits.get(number=1)):
        make.photo(visit)
    page = page_of(doctor, course)
    assert heads(page)[1:3] == ["B Baseline 17 Nov", "1 Session 1 17 Nov"]
    assert row_of(page, BACK)[:2] == [
        "Baseline, Back, relaxed, 17 Nov",
        "Session 1, Back, relaxed, 17 Nov",
    ]


def test_review_shares_the_column_of_its_session_unless_that_hides_a_picture(
    doctor: Client, unsigned: Course
) -> None:
    session = unsigned.visits.get(number=5)
    review = make.visit(unsigned, kind=VisitKind.REVIEW, on=session.held_on)
    make.photo(review, View.LEFT_RELAXED)
    page = page_of(doctor, unsigned)
    assert heads(page)[-1] == "5 Session 5 17 Nov then review"
    assert row_of(page, View.LEFT_RELAXED)[-1] == "Session 5, Left side, relaxed, 17 Nov"
    make.photo(review)
    page = page_of(doctor, unsigned)
    assert heads(page)[-2:] == ["5 Session 5 17 Nov then review", "R Review 17 Nov"]
    assert row_of(page, BACK)[-2:] == [
        "Session 5, Back, relaxed, 17 Nov",
        "Review, Back, relaxed, 17 Nov",
    ]


def test_double_bar_stands_before_the_checks_after_the_end(doctor: Client) -> None:
    course = make.course(visits=10, planned_sessions=10, last_on=TODAY - timedelta(28))
    make.photo(course.visits.get(number=10))
    make.visit(course, kind=VisitKind.FOLLOW_UP, on=TODAY)
    page = page_of(doctor, course)
    assert heads(page)[-2:] == ["10 Session 10 27 Oct then review", "4 weeks after today"]
    assert len(re.findall(r'class="is-gate is-end', page)) == 1 + len(STANDARD_VIEWS)


@pytest.mark.parametrize(
    ("visits", "last", "kind"),
    [
        (0, TODAY, "baseline"),
        (4, TODAY - timedelta(7), "treatment"),  # session 5 is due, and its photographs with it
        (3, TODAY - timedelta(7), None),  # of session 4 none are due
        (4, TODAY - timedelta(3), None),  # too early
    ],
)
def test_today_is_a_column_where_photographs_are_due(
    doctor: Client, visits: int, last: date, kind: str | None
) -> None:
    course = make.course(visits=visits, last_on=last)
    sign(course)
    page = page_of(doctor, course)
    link = f"/courses/{course.pk}/visits/new/?kind={kind}#slot-back_relaxed"
    assert (f'href="{link}"' in page) == (kind is not None)
    assert ("4 wanted today" in page) == (kind is not None)


def test_views_are_those_of_the_protocol_and_those_that_were_taken(
    doctor: Client, unsigned: Course
) -> None:
    course = unsigned
    course.protocol = make.rhythm(views=[View.FRONT_RELAXED])
    course.save(update_fields=["protocol"])
    make.photo(course.visits.get(number=2), View.PINCH)
    found = re.findall(r'<th scope="row" class="film-view">(.*?)</th>', page_of(doctor, course))
    assert found == [view.label for view in (*STANDARD_VIEWS, View.FRONT_RELAXED, View.PINCH)]


def test_bruise_and_other_light_are_marked_on_the_picture(doctor: Client, unsigned: Course) -> None:
    course = unsigned
    visits = [course.visits.get(number=number) for number in (2, 3)]
    make.photo(visits[0], BACK, make.legs(61), marks=[PhotoMark.BRUISE])
    make.photo(visits[1], BACK, make.legs(62, shade=60))
    row = row_of(page_of(doctor, course), BACK)
    assert row[2:4] == [
        "Session 2, Back, relaxed, 27 Oct Bruise in view",
        "Session 3, Back, relaxed, 3 Nov Light differs",
    ]


def test_covered_page_holds_no_picture_and_showing_is_audited_once(
    doctor: Client, course: Course
) -> None:
    assert "/photos/" not in re.sub(r"/patients/[^\"]*", "", page_of(doctor, course))
    assert AuditEvent.objects.filter(action="photos viewed").count() == 0
    page = page_of(doctor, course, "?show=1")
    assert len(re.findall(r'<img src="/photos/[^"]*/thumb/"', page)) == 2
    assert len(re.findall(r'href="/photos/[^"]*/full/"', page)) == 2
    assert AuditEvent.objects.filter(action="photos viewed").count() == 1


def test_struck_out_photograph_is_a_line_and_no_picture(doctor: Client, course: Course) -> None:
    photo = Photo.objects.get(visit__number=5)
    Photo.objects.filter(pk=photo.pk).update(
        voided_at=timezone.now(), voided_by=photo.added_by, void_reason="Of the left by mistake."
    )
    page = page_of(doctor, course, "?show=1")
    assert str(photo.pk) not in page
    assert "1 struck out" in page
    line = (
        "Back, relaxed, Session 5, 17 Nov. Struck out by Dr Lin on 24 Nov: Of the left by mistake."
    )
    assert line in page
    assert row_of(page, BACK)[5].startswith("Missing")


def test_courses_stand_one_below_the_other_the_newest_first(doctor: Client, course: Course) -> None:
    other = make.course(course.patient, visits=1, areas=[make.Area.ABDOMEN])
    assert re.findall(r"Course of (\d+ \w+): [Ttba]", page_of(doctor, course)) == [
        "17 Nov",
        "13 Oct",
    ]
    assert other.opened_on == date(2026, 11, 17)


# Choosing -----------------------------------------------------------------------------------------


def picked(client: Client, course: Course, *picks: str) -> Any:
    query = "&".join(f"pick={pick}" for pick in picks)
    return client.get(f"/patients/{course.patient.code}/compare/?{query}")


def test_two_ticks_lead_to_the_address_of_the_pair(doctor: Client, course: Course) -> None:
    a, b = (photo.visit_id for photo in Photo.objects.order_by("visit__held_on"))
    answer = picked(doctor, course, f"{a}:back_relaxed", f"{b}:back_relaxed")
    url = f"/patients/{course.patient.code}/compare/?view=back_relaxed&a={a}&b={b}"
    assert (answer.status_code, answer["Location"]) == (302, url)


@pytest.mark.parametrize("second", ["", "{b}:left_relaxed", "x:back_relaxed", "%00", "1:2:3"])
def test_ticks_that_are_no_pair_lead_back_with_a_word(
    doctor: Client, course: Course, second: str
) -> None:
    a, b = (photo.visit_id for photo in Photo.objects.order_by("visit__held_on"))
    ticks = [f"{a}:back_relaxed", *([second.format(b=b)] if second else [])]
    answer = picked(doctor, course, *ticks)
    gallery = f"/patients/{course.patient.code}/photos/"
    assert (answer.status_code, answer["Location"]) == (302, gallery)
    assert "Choose two photographs of the same view." in page_of(doctor, course)


# Added late ---------------------------------------------------------------------------------------


def late_query(visit: Visit, view: View = View.BACK_CONTRACTED) -> str:
    return f"?late={visit.pk}&view={view.value}"


def test_hole_of_a_signed_visit_is_filled_late_with_the_reason(
    doctor: Client, course: Course
) -> None:
    make.signed(course.patient)
    visit = course.visits.get(number=5)
    page = page_of(doctor, course, late_query(visit))
    assert "Add late: Back, contracted, Session 5, 17 Nov" in page
    sent = {
        "view": "back_contracted",
        "next": f"/patients/{course.patient.code}/photos/",
        "reason": "It lay on the camera.",
        "file": SimpleUploadedFile("x.jpg", make.legs(70), "image/jpeg"),
    }
    assert set(re.findall(r'name="(\w+)"', page)) >= set(sent)
    answer = doctor.post(f"/visits/{visit.pk}/photos/", sent)
    assert (answer.status_code, answer["Location"]) == (302, sent["next"])
    photo = Photo.objects.get(view="back_contracted")
    assert (photo.visit, photo.late_reason) == (visit, "It lay on the camera.")
    assert "The photograph is added." in page_of(doctor, course)


def test_refusal_of_a_late_photograph_comes_back_to_its_form(
    doctor: Client, course: Course
) -> None:
    make.signed(course.patient)
    visit = course.visits.get(number=5)
    back = f"/patients/{course.patient.code}/photos/"
    file = SimpleUploadedFile("x.jpg", make.legs(70), "image/jpeg")
    sent = {"view": "back_contracted", "next": back, "reason": " ", "file": file}
    answer = doctor.post(f"/visits/{visit.pk}/photos/", sent)
    assert (answer.status_code, answer["Location"]) == (302, back + late_query(visit))
    page = page_of(doctor, course, late_query(visit))
    assert "Say why this is added now." in page
    assert 'id="late"' in page


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example/", "x"])
def test_late_photograph_leads_to_no_other_house(doctor: Client, course: Course, back: str) -> None:
    make.signed(course.patient)
    visit = course.visits.get(number=5)
    sent = {"view": "back_contracted", "next": back, "reason": "Late.", "file": io.BytesIO(b"x")}
    assert doctor.post(f"/visits/{visit.pk}/photos/", sent).status_code == 404


def test_late_form_opens_only_for_a_hole_of_this_patient(doctor: Client, course: Course) -> None:
    other = make.course(visits=5)
    make.visit(other, kind=VisitKind.BASELINE, on=other.opened_on)
    sign(other)
    for query in (
        late_query(other.visits.get(number=5)),
        late_query(course.visits.get(number=5), BACK),  # it is there
        late_query(course.visits.get(number=1)),  # none was due
        "?late=%00&view=%00",
    ):
        assert 'id="late"' not in page_of(doctor, course, query)


def test_manager_who_may_look_is_led_to_no_form(
    sign_in: Any, course: Course, settings: Any
) -> None:
    settings.MANAGERS_SEE_PHOTOS = True
    make.visit(course, kind=VisitKind.REVIEW)
    page = page_of(sign_in(Role.MANAGER), course, late_query(course.visits.get(number=5)))
    assert "wanted" in row_of(page, BACK)[-1]
    for word in ("Add late", 'id="late"', "#slot-", "File many"):
        assert word not in page
