"""The page of a course, the forms of its moves, and the copy that the patient takes home."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from pypdf import PdfReader

from clinic.models import AuditEvent
from clinic.roles import Role
from patients.terms import Area
from tests import make
from treatments.actions import change_course_state, continue_without_change, open_course
from treatments.models import Course, MissedSession
from treatments.models.course import CourseState

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC)):
        yield


def text_of(page: HttpResponse) -> str:
    main = re.sub(r"<svg.*?</svg>", " ", page.content.decode().partition("<main")[2], flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def links(page: HttpResponse, within: str) -> list[str]:
    return [url for url in re.findall(r'href="([^"]+)"', page.content.decode()) if within in url]


def page_of(client: Any, course: Course) -> HttpResponse:
    answer: HttpResponse = client.get(f"/courses/{course.pk}/")
    assert answer.status_code == 200
    return answer


# The page ----------------------------------------------------------------------------------------


def test_page_says_when_the_next_session_may_be_and_about_when_the_course_ends(
    sign_in: Any,
) -> None:
    course = make.course(visits=4, last_on=TODAY - timedelta(7))
    text = text_of(page_of(sign_in(Role.PRACTITIONER), course))
    assert "Session 5 Earliest Tue 24 Nov Usual Tue 24 Nov Latest Tue 8 Dec" in text
    assert (
        "At the patient’s own pace of 7 days, the middle of 3 gaps, "
        "the last session falls about 12 Jan 2027." in text
    )


def test_page_says_the_pace_of_the_plan_until_two_gaps_are_known(sign_in: Any) -> None:
    course = make.course(visits=2)
    text = text_of(page_of(sign_in(Role.PRACTITIONER), course))
    assert "At the plan’s pace of 7 days the last session falls about 2 Feb 2027." in text


def test_page_of_a_transferred_course_says_what_was_held_elsewhere(sign_in: Any) -> None:
    course = make.transferred(sessions=4)
    page = page_of(sign_in(Role.PRACTITIONER), course)
    text = text_of(page)
    assert "4 sessions were held elsewhere, from 20 Oct 2026 to 17 Nov 2026." in text
    assert "Before at Hill Street" in text
    spoken = re.findall(r"Session \d, held before, elsewhere[^<\"]*", page.content.decode())
    assert spoken == [
        "Session 1, held before, elsewhere",
        "Session 2, held before, elsewhere",
        "Session 3, held before, elsewhere",
        "Session 4, held before, elsewhere, the last on Tuesday 17 November",
    ]


def test_page_counts_each_area(sign_in: Any) -> None:
    course = make.course(visits=5, areas=make.BUTTOCKS)
    course.course_areas.filter(area=Area.BUTTOCK_LEFT).update(planned_sessions=5)
    text = text_of(page_of(sign_in(Role.PRACTITIONER), course))
    assert "Buttock, left 5 of 5 sessions a number of its own All held" in text
    assert "Buttock, right 5 of 12 sessions" in text


def test_page_says_which_session_pushes_the_next_one(sign_in: Any) -> None:
    course = make.course(visits=2)
    make.gave(course, {"deoxycholic": 28})
    text = text_of(page_of(sign_in(Role.PRACTITIONER), course))
    assert "What was given at session 2 asks for 28 days before the next one." in text
    assert "Earliest Tue 22 Dec" in text


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        ("planned", ["plan/", "state/?to=stopped"]),
        (
            "active",
            ["plan/", "state/?to=paused", "state/?to=completed", "state/?to=stopped"],
        ),
        ("paused", ["plan/", "state/?to=active", "state/?to=stopped"]),
        ("completed", []),
        ("stopped", []),
    ],
)
def test_page_offers_only_the_legal_moves(sign_in: Any, state: str, wanted: list[str]) -> None:
    course = make.course()
    Course.objects.update(state=state, due_from=None, due_by=None)
    page = page_of(sign_in(Role.PRACTITIONER), course)
    offered = [
        url.removeprefix(f"/courses/{course.pk}/")
        for url in links(page, f"/courses/{course.pk}/")
        if "copy" not in url and "visits" not in url
    ]
    assert offered == wanted


@pytest.mark.parametrize(("visits", "is_offered"), [(9, False), (10, True)])
def test_going_on_without_a_change_is_offered_after_session_10(
    sign_in: Any, visits: int, is_offered: bool
) -> None:
    course = make.course(visits=visits)
    page = page_of(sign_in(Role.PRACTITIONER), course)
    assert bool(links(page, f"/courses/{course.pk}/continue/")) is is_offered


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.MANAGER])
def test_page_offers_no_move_to_those_who_may_make_none(sign_in: Any, role: Role) -> None:
    course = make.course()
    page = page_of(sign_in(role), course)
    assert [url for url in links(page, f"/courses/{course.pk}/") if "copy" not in url] == []


def test_history_shows_who_did_what_and_why(sign_in: Any) -> None:
    course = make.course(visits=10)
    by = course.opened_by
    continue_without_change(course=course, reason="She wishes to.", by=by)
    change_course_state(course=course, to=CourseState.PAUSED, reason="Knee surgery.", by=by)
    text = text_of(page_of(sign_in(Role.PRACTITIONER), course))
    assert "24 Nov Paused , Dr Lin, 12 sessions planned Knee surgery." in text
    assert (
        "Continued without a measurable change , Dr Lin, 12 sessions planned She wishes to." in text
    )


def test_front_desk_reads_no_reason_no_area_and_no_clinical_move(sign_in: Any) -> None:
    course = make.course(visits=10)
    by = course.opened_by
    continue_without_change(course=course, reason="CANARY one", by=by)
    change_course_state(course=course, to=CourseState.PAUSED, reason="CANARY two", by=by)
    page = page_of(sign_in(Role.FRONT_DESK), course)
    text = text_of(page)
    assert "Course of 12 sessions" in text
    assert "Paused , Dr Lin" in text
    hidden = ("CANARY", "measurable", "uttock", "high", "Protocol", "Screening", "copy/")
    assert [word for word in hidden if word in page.content.decode()] == []


def test_look_at_a_course_is_audited(sign_in: Any) -> None:
    course = make.course()
    page_of(sign_in(Role.FRONT_DESK), course)
    event = AuditEvent.objects.filter(action="course viewed").get()
    assert (event.patient, event.target) == (course.patient_code, f"course {course.pk}")


def test_chart_leads_to_the_course_and_says_when_it_ends(sign_in: Any) -> None:
    course = make.course(visits=4)
    page = sign_in(Role.PRACTITIONER).get(course.get_absolute_url())
    assert f"/courses/{course.pk}/" in links(page, "/courses/")
    assert "the last session falls about" in text_of(page)


# Forms -------------------------------------------------------------------------------------------


def test_plan_is_changed_on_its_page(sign_in: Any) -> None:
    course = make.course(visits=3, areas=make.BUTTOCKS)
    answer = sign_in(Role.PRACTITIONER).post(
        f"/courses/{course.pk}/plan/",
        {"sessions": "14", "missed_counts": "on", "area_buttock_left": "6", "reason": "Agreed."},
    )
    assert (answer.status_code, answer["Location"]) == (302, f"/courses/{course.pk}/")
    stored = Course.objects.get()
    assert (stored.planned_sessions, stored.missed_counts) == (14, True)
    assert stored.facts.areas == {"buttock_left": 6, "buttock_right": None}


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"sessions": "9"}, "Sessions: A course has 10 to 15 sessions."),
        ({"sessions": "13", "reason": ""}, "Reason: Give the reason."),
        ({"sessions": "12"}, "Nothing is changed. Change the plan, or leave it as it is."),
        (
            {"sessions": "12", "area_buttock_left": "2"},
            "Buttock, left: Buttock, left: 3 sessions are held. Its plan cannot have fewer.",
        ),
        (
            {"sessions": "16"},
            "More than 15 sessions need a review after session 10 or a later one. Hold it first.",
        ),
    ],
    ids=str,
)
def test_plan_that_is_refused_says_why_on_its_page(
    sign_in: Any, typed: dict[str, str], sentence: str
) -> None:
    course = make.course(visits=3, areas=make.BUTTOCKS)
    page = sign_in(Role.PRACTITIONER).post(
        f"/courses/{course.pk}/plan/", {"reason": "Agreed.", **typed}
    )
    assert page.status_code == 200
    assert sentence in text_of(page)
    assert Course.objects.get().planned_sessions == 12


def test_going_on_asks_why_on_its_page(sign_in: Any) -> None:
    course = make.course(visits=10)
    client, url = sign_in(Role.PRACTITIONER), f"/courses/{course.pk}/continue/"
    assert "Give the reason for going on." in text_of(client.post(url, {"reason": ""}))
    answer = client.post(url, {"reason": "She wishes to."})
    assert (answer.status_code, answer["Location"]) == (
        302,
        f"/courses/{course.pk}/progress/",
    )
    assert course.moves.filter(kind="continued").get().reason == "She wishes to."


def test_state_page_has_the_move_of_its_link_chosen(sign_in: Any) -> None:
    course = make.course()
    page = sign_in(Role.PRACTITIONER).get(f"/courses/{course.pk}/state/?to=paused")
    assert re.findall(r'value="(\w+)"[^>]*checked', page.content.decode()) == ["paused"]


def opening(client: Any, source: Any, **typed: Any) -> HttpResponse:
    form = {
        "areas": ["buttock_left", "buttock_right"],
        "planned_sessions": "12",
        "interval_days": "7",
        "practitioner": source.started_by_id,
        **typed,
    }
    answer: HttpResponse = client.post(f"/patients/{source.patient.code}/courses/new/", form)
    return answer


def test_form_copies_the_numbers_of_the_newest_protocol(sign_in: Any) -> None:
    make.rhythm(name="Old", approved_at=make.at(date(2026, 1, 5), "10:00"))
    make.rhythm(
        name="Thigh weekly", sessions=14, interval_days=9, interval_max_days=18, missed_counts=True
    )
    source = make.accepted()
    url = f"/patients/{source.patient.code}/courses/new/"
    client = sign_in(Role.PRACTITIONER)

    def filled(query: str) -> dict[str, str]:
        page = client.get(url + query).content.decode()
        return dict(re.findall(r'name="(\w+)" value="(\d+)"', page))

    wanted = {"planned_sessions": "14", "interval_days": "9", "interval_max_days": "18"}
    found = filled("")
    assert {name: found[name] for name in wanted} == wanted
    assert "Thigh weekly, version 1" in text_of(client.get(url))
    assert "interval_max_days" not in filled("?protocol=none")


def test_course_is_opened_with_its_protocol(sign_in: Any) -> None:
    version = make.rhythm()
    answer = opening(sign_in(Role.PRACTITIONER), make.accepted(), protocol=version.pk)
    assert answer.status_code == 302
    assert Course.objects.get().protocol == version


@pytest.mark.parametrize("named", ["9" * 5000, "9" * 30, "0", "x"])
def test_address_that_names_no_screening_opens_nothing(sign_in: Any, named: str) -> None:
    patient = make.patient()
    url = f"/patients/{patient.code}/courses/new/?screening={named}"
    assert sign_in(Role.PRACTITIONER).get(url).status_code in (302, 404)


def test_course_with_a_version_that_was_replaced_is_refused(sign_in: Any) -> None:
    version = make.rhythm()
    make.rhythm(name=version.protocol.name, number=2)
    page = opening(sign_in(Role.PRACTITIONER), make.accepted(), protocol=version.pk)
    assert "This version of the protocol is not in force any more. Start again." in text_of(page)


def test_course_is_transferred_in_on_the_form(sign_in: Any) -> None:
    answer = opening(
        sign_in(Role.PRACTITIONER),
        make.accepted(),
        earlier_sessions="4",
        earlier_from="2026-03-03",
        earlier_until="2026-11-10",
        earlier_where="Hill Street",
    )
    assert answer.status_code == 302
    course = Course.objects.get()
    assert (course.state, course.earlier_sessions, course.earlier_where) == (
        "active",
        4,
        "Hill Street",
    )


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (
            {"earlier_sessions": "4"},
            "Say how many sessions were held, the day of the first and the day of the last.",
        ),
        (
            {"earlier_where": "Hill Street"},
            "Say how many sessions were held, the day of the first and the day of the last.",
        ),
        (
            {
                "earlier_sessions": "4",
                "earlier_from": "2026-03-03",
                "earlier_until": "2026-12-01",
            },
            "The last session lies after the day on which the course is entered.",
        ),
        ({"interval_min_days": "9"}, "The earliest cannot be after the usual day."),
        (
            {"interval_days": "20", "interval_max_days": "14"},
            "The latest cannot be before the usual day.",
        ),
        (
            {"area_buttock_left": "13"},
            "Buttock, left: an area cannot have more sessions than the course.",
        ),
    ],
    ids=str,
)
def test_opening_that_is_refused_says_why(
    sign_in: Any, typed: dict[str, str], sentence: str
) -> None:
    page = opening(sign_in(Role.PRACTITIONER), make.accepted(), **typed)
    assert (page.status_code, sentence in text_of(page)) == (200, True)
    assert '<details class="fold" open>' in page.content.decode() or "interval" in str(typed)
    assert Course.objects.count() == 0


# The copy ----------------------------------------------------------------------------------------


def copied(client: Any, course: Course) -> tuple[str, str, PdfReader]:
    """Return the text of the page, the text of the PDF, and the PDF."""
    page = text_of(client.get(f"/courses/{course.pk}/copy/"))
    answer = client.get(f"/courses/{course.pk}/copy.pdf")
    assert answer["Content-Type"] == "application/pdf"
    pdf = PdfReader(io.BytesIO(answer.content))
    return page, " ".join(" ".join(sheet.extract_text() for sheet in pdf.pages).split()), pdf


def a_plan(**details: Any) -> Course:
    course = make.course(visits=4, last_on=TODAY - timedelta(7), areas=make.BUTTOCKS)
    Course.objects.filter(pk=course.pk).update(**details)
    for days in (0, 7):
        make.appointment(
            make.at(TODAY + timedelta(days), "15:15"),
            course=course,
            practitioner=course.practitioner,
        )
    make.appointment(make.at(TODAY - timedelta(7), "10:15"), course=course, status="done")
    return Course.objects.get(pk=course.pk)


def test_copy_is_one_page_with_plan_rules_dates_aftercare_and_red_flags(
    sign_in: Any, settings: Any
) -> None:
    settings.CLINIC_PHONE = "020 7946 0123"
    course = a_plan(protocol=make.rhythm())
    page, text, pdf = copied(sign_in(Role.PRACTITIONER), course)
    assert (len(pdf.pages), pdf.trailer["/Root"]["/Lang"]) == (1, "en-gb")
    wanted = [
        "Maria Sanchez",
        "12, of which 4 are held",
        "About every 7 days; at least 7, at most 21 days apart",
        "Tuesday 24 November 2026",
        "Tuesday 1 December 2026",
        "15:15",
        "Keep it dry for a day.",
        "No sauna for three days.",
        "a lump that grows",
        "Call us on 020 7946 0123, the same day, if you notice:",
        "call the emergency number at once",
        "After session 5, session 10 and session 12 we look together at what has changed",
    ]
    assert [line for line in wanted if line not in page] == []
    assert [line for line in wanted if line not in text] == []
    assert course.patient_code in text
    hidden = ("L2409", "Formula B", "10:15", "17 November")
    assert [word for word in hidden if word in page or word in text] == []


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        (
            True,
            "A session that you miss, or cancel less than 24 hours before, counts as one of the 12.",
        ),
        (False, "A session that you miss does not count: it is held later."),
    ],
)
def test_copy_says_whether_a_missed_session_counts(
    sign_in: Any, counts: bool, sentence: str
) -> None:
    page, text, _pdf = copied(sign_in(Role.PRACTITIONER), a_plan(missed_counts=counts))
    assert (sentence in page, sentence in text) == (True, True)


def test_copy_counts_the_missed_ones(sign_in: Any) -> None:
    course = a_plan(missed_counts=True)
    MissedSession.objects.create(
        course=course, promise=1, missed_on=TODAY, noted_by=course.opened_by
    )
    page, text, _pdf = copied(sign_in(Role.PRACTITIONER), course)
    for said in (page, text):
        assert "So far 1 session counts as missed." in said
        assert "11, of which 4 are held" in said


def test_copy_says_what_lateness_means(sign_in: Any) -> None:
    page, _text, _pdf = copied(sign_in(Role.PRACTITIONER), a_plan(interval_max_days=14))
    assert "If more than 14 days have passed since a session, please call us" in page
    assert "After more than 56 days we ask all questions again" in page


def test_copy_without_protocol_phone_and_dates_says_so(sign_in: Any, settings: Any) -> None:
    settings.CLINIC_PHONE = ""
    course = make.course()
    page, text, _pdf = copied(sign_in(Role.PRACTITIONER), course)
    for said in (page, text):
        assert "Nothing is booked yet." in said
        assert "Call the clinic the same day if you notice:" in said
        assert "redness that spreads" in said
        assert "No sun on the area for 2 days" in said


def test_copy_of_a_transferred_course_says_what_was_held_before(sign_in: Any) -> None:
    page, text, _pdf = copied(sign_in(Role.PRACTITIONER), make.transferred())
    for said in (page, text):
        assert "4 sessions were held elsewhere, from 20 Oct 2026 to 17 Nov 2026." in said


def test_look_at_the_copy_is_audited(sign_in: Any) -> None:
    course = make.course()
    copied(sign_in(Role.PRACTITIONER), course)
    assert AuditEvent.objects.filter(action="patient's copy viewed").count() == 2


def test_opened_course_with_a_number_for_an_area_prints_it(sign_in: Any) -> None:
    source = make.accepted()
    course = open_course(
        screening=source,
        areas=list(make.BUTTOCKS),
        planned_sessions=12,
        interval_days=7,
        practitioner=source.started_by,
        by=source.started_by,
        area_sessions={Area.BUTTOCK_LEFT: 6},
    )
    page, text, _pdf = copied(sign_in(Role.PRACTITIONER), course)
    assert "Buttock, left: 6" in page
    assert "Buttock, left: 6" in text
