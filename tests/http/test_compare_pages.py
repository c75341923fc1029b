"""The page of a pair: what it shows, what it says when there is nothing to compare, who may align."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from clinic.models import AuditEvent
from clinic.roles import Role
from tests import make
from treatments.models import Course, Photo, PhotoAlignment, Visit
from treatments.terms import CourseState, PhotoMark, View, VisitKind

pytestmark = pytest.mark.django_db

NAMES = [f"{which}_{mark}{axis}" for which in ("first", "second") for mark in "ab" for axis in "xy"]
MARKS = dict(zip(NAMES, (0.3, 0.2, 0.6, 0.8, 0.32, 0.21, 0.64, 0.79), strict=True))


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def doctor(sign_in: Any) -> Client:
    client: Client = sign_in(Role.PRACTITIONER)
    return client


@pytest.fixture
def course() -> Course:
    """Three sessions, the first and the last photographed from behind."""
    made = make.course(visits=3)
    first, _second, last = made.visits.treatments()
    make.photo(first)
    make.photo(last)
    return made


def url_of(course: Course, **query: Any) -> str:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    return f"/patients/{course.patient.code}/compare/?{asked}"


def page_of(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def shown(page: str) -> list[str]:
    """Return the photographs of the stage in their order."""
    return re.findall(r'<img src="/photos/([0-9a-f-]{36})/view/"', page)


def test_earlier_stands_left_however_the_address_has_them(doctor: Client, course: Course) -> None:
    first, _second, last = course.visits.treatments()
    wanted = [str(first.photos.get().pk), str(last.photos.get().pk)]
    assert shown(page_of(doctor, url_of(course))) == wanted
    assert shown(page_of(doctor, url_of(course, a=last.pk, b=first.pk))) == wanted
    assert shown(page_of(doctor, url_of(course, a=last.pk, b=last.pk))) == wanted


@pytest.mark.parametrize("mode", ["side", "slider", "overlay", "blink", "time"])
def test_every_mode_is_an_address_and_keeps_the_pair(
    doctor: Client, course: Course, mode: str
) -> None:
    first, _second, last = course.visits.treatments()
    page = page_of(doctor, url_of(course, mode=mode))
    pair = f"view=back_relaxed&a={first.pk}&b={last.pk}"
    assert f'<a href="?{pair}&mode={mode}" data-mode="{mode}" aria-current="page">' in page
    assert len(shown(page)) == 2  # which stand side by side without a script
    assert len(re.findall(rf'<a href="\?{pair}&mode=\w+"', page)) == 5
    assert not re.search(r"<[^>]+\sstyle=", page)


def test_time_lists_every_visit_and_greys_those_without_the_view(
    doctor: Client, course: Course
) -> None:
    page = page_of(doctor, url_of(course, mode="time"))
    found = json.loads(re.findall(r'data-moments="(\[.*?\])"', page)[0])
    assert [(each["title"], bool(each["url"])) for each in found] == [
        ("Session 1", True),
        ("Session 2", False),
        ("Session 3", True),
    ]
    assert found[0]["size"] == [60, 80]


def test_verdict_stands_first_and_every_condition_below_it(doctor: Client, course: Course) -> None:
    last = course.visits.treatments().last()
    assert last is not None
    Photo.objects.filter(visit=last).update(marks=[PhotoMark.TANNED], light=200)
    page = page_of(doctor, url_of(course))
    assert "Comparable with 6 caveats" in page
    rows = re.findall(
        r"<tr( class=\"to-mind\")?>\s*<th scope=\"row\"><svg.*?</svg>(.*?)</th>\s*<td[^>]*>(.*?)</td>",
        page,
    )
    found = {re.sub("<.*?>", "", label).strip(): words for _mind, label, words in rows}
    assert found["Mind: Tan"] == "darker on 24 Nov 2026"
    assert found["Mind: Light"].startswith("later brighter by ")
    assert found["Mind: Setup"] == "not on record for both"
    assert found["Mind: Framing and turn"] == "not checked"
    assert found["Mind: Days since a session"] == "none before; 7"
    assert found["View and state"] == "same"
    assert page.index("Comparable with 6") < page.index("Between the two")
    assert "The skin is darker on 24 Nov 2026." in page


def test_photograph_that_cannot_be_read_is_said_in_words(
    doctor: Client, course: Course, private_photos: Path
) -> None:
    next(iter(private_photos.rglob("thumb.sealed"))).unlink()
    page = page_of(doctor, url_of(course))
    assert "Not comparable" in page
    assert "One of the two cannot be read." in page


def test_struck_out_photograph_is_never_offered(doctor: Client, course: Course) -> None:
    photo = course.visits.treatments()[2].photos.get()
    Photo.objects.filter(pk=photo.pk).update(
        voided_at=timezone.now(), voided_by=photo.added_by, void_reason="Blurred."
    )
    page = page_of(doctor, url_of(course))
    assert str(photo.pk) not in page
    assert "One photograph so far for this view." in page


def test_one_photograph_leads_to_todays_form_while_the_course_waits(
    doctor: Client, sign_in: Any
) -> None:
    course = make.course(visits=1, last_on=timezone.localdate() - timedelta(7))
    make.photo(course.visits.get(), View.LEFT_RELAXED)
    link = f"/courses/{course.pk}/visits/new/?kind=treatment#slot-left_relaxed"
    page = page_of(doctor, url_of(course))
    assert "Comparing needs two." in page
    assert f'href="{link}"' in page
    today = make.visit(course, kind=VisitKind.REVIEW)
    assert f'href="/visits/{today.pk}/change/#slot-left_relaxed"' in page_of(doctor, url_of(course))
    Visit.objects.filter(pk=today.pk).delete()
    Course.objects.filter(pk=course.pk).update(state=CourseState.STOPPED)
    assert "#slot-left_relaxed" not in page_of(doctor, url_of(course))


def test_nothing_to_compare_yet(doctor: Client) -> None:
    course = make.course(visits=1)
    assert "No photographs yet." in page_of(doctor, url_of(course))


def aligned(client: Client, course: Course, data: dict[str, Any], **headers: Any) -> Any:
    url = f"/patients/{course.patient.code}/compare/align/?view=back_relaxed&mode=slider"
    return client.post(url, data, **headers)


def test_marks_are_kept_as_numbers_and_the_page_judges_by_them(
    doctor: Client, course: Course
) -> None:
    first, _second, last = course.visits.treatments()
    answer = aligned(doctor, course, MARKS)
    back = url_of(course, view="back_relaxed", a=first.pk, b=last.pk, mode="slider")
    assert (answer.status_code, answer["Location"]) == (302, back)
    row = PhotoAlignment.objects.get()
    assert (row.first.visit, row.second.visit) == (first, last)
    assert [getattr(row, name) for name in NAMES] == list(MARKS.values())
    [event] = AuditEvent.objects.filter(action="pair aligned")
    assert event.target == f"photo {row.first_id} {row.second_id}"
    page = page_of(doctor, back)
    assert json.loads(re.findall(r'data-pair="(\{.*?\})"', page)[0])["marks"] == list(
        MARKS.values()
    )
    assert "Original untouched." in page
    assert "1.02 ×, 1.9°" in page


def test_script_is_answered_with_the_page_and_no_second_look(
    doctor: Client, course: Course
) -> None:
    answer = aligned(doctor, course, MARKS, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert 'id="judged"' in answer.content.decode()
    assert AuditEvent.objects.filter(action="photos compared").count() == 0


def test_reset_shows_them_as_they_were_taken(doctor: Client, course: Course) -> None:
    aligned(doctor, course, MARKS)
    aligned(doctor, course, {"reset": "on"})
    assert PhotoAlignment.objects.count() == 0
    assert "Shown as they were taken" in page_of(doctor, url_of(course))


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"second_bx": ""}, "Set both marks on both photographs."),
        ({"second_bx": "nan"}, "Set both marks on both photographs."),
        ({"second_bx": "inf"}, "Set both marks on both photographs."),
        ({"first_bx": "3"}, "A mark lies too far off the picture. Set the marks again."),
        (
            {"first_bx": "0.3", "first_by": "0.21"},
            "The two marks are too near to each other. Set them further apart.",
        ),
    ],
)
def test_marks_that_say_nothing_are_refused_in_words(
    doctor: Client, course: Course, changed: dict[str, str], sentence: str
) -> None:
    answer = aligned(doctor, course, MARKS | changed, headers={"HX-Request": "true"})
    assert sentence in answer.content.decode()
    assert PhotoAlignment.objects.count() == 0


def test_pair_of_another_patient_is_not_found(doctor: Client, course: Course) -> None:
    other = make.course(visits=2)
    for visit in other.visits.all():
        make.photo(visit)
    visit = other.visits.first()
    url = f"/patients/{course.patient.code}/compare/align/?view=back_relaxed&a={visit.pk}"
    assert doctor.post(url, MARKS).status_code == 404


def test_manager_who_may_look_is_not_offered_to_move(
    sign_in: Any, course: Course, settings: Any
) -> None:
    settings.MANAGERS_SEE_PHOTOS = True
    manager = sign_in(Role.MANAGER)
    page = page_of(manager, url_of(course))
    assert "Align by two marks" not in page
    assert aligned(manager, course, MARKS).status_code == 403
