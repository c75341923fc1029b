"""Opening a course, moving it from state to state, and when it falls due."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.test import Client

from clinic.refusal import Refused
from clinic.roles import Role
from patients.models import Screening
from patients.models.screening import ACCEPTING, Decision
from patients.terms import Area
from tests import make
from treatments.actions import begin, change_course_state, open_course, project_due, void_visit
from treatments.models import Course, CourseArea
from treatments.models.course import CourseState
from treatments.rules import cadence, lifecycle
from treatments.terms import VisitKind

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC)):
        yield


def opened(source: Screening | None = None, **details: Any) -> Course:
    source = source or make.accepted()
    values = {
        "screening": source,
        "areas": list(make.BUTTOCKS),
        "planned_sessions": 12,
        "interval_days": 7,
        "practitioner": source.started_by,
        "by": source.started_by,
    }
    return open_course(**{**values, **details})


def begun(**details: Any) -> Course:
    """A course whose first visit was recorded today."""
    course = opened(**details)
    return begin(course=course, by=course.opened_by, on=TODAY)


def refusal(call: Any, **details: Any) -> tuple[str, str | None]:
    with pytest.raises(Refused) as refused:
        call(**details)
    return refused.value.message, refused.value.field


def posted(client: Client, source: Screening, **changed: Any) -> HttpResponse:
    form = {
        "areas": ["buttock_left", "buttock_right"],
        "planned_sessions": "12",
        "interval_days": "7",
        "practitioner": source.started_by_id,
        **changed,
    }
    return client.post(f"/patients/{source.patient.code}/courses/new/", form)


def text_of(page: HttpResponse) -> str:
    main = page.content.decode().partition("<main")[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


# Opening -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sessions", [10, 12, 15])
def test_course_is_opened_with_what_was_planned(sign_in: Any, sessions: int) -> None:
    source = make.accepted()
    answer = posted(sign_in(Role.PRACTITIONER), source, planned_sessions=sessions)
    course = Course.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, course.get_absolute_url())
    assert (course.planned_sessions, course.interval_days, course.interval_max_days) == (
        sessions,
        7,
        21,
    )
    assert (course.screening, course.patient, course.state) == (source, source.patient, "planned")
    assert (course.opened_on, course.areas) == (TODAY, list(make.BUTTOCKS))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (
            {"planned_sessions": "9"},
            "A course has 10 to 15 sessions.",
        ),
        (
            {"planned_sessions": "16"},
            "A course has 10 to 15 sessions; more need a new consent and review.",
        ),
        ({"planned_sessions": "-12"}, "A course has 10 to 15 sessions."),
        ({"planned_sessions": "12.5"}, "Enter a whole number."),
        ({"planned_sessions": ""}, "Fill this in."),
        (
            {"interval_days": "6"},
            "At least 7 days lie between sessions of the same area.",
        ),
        ({"interval_days": "29"}, "Ensure this value is less than or equal to 28."),
        ({"areas": []}, "Choose at least one area."),
        (
            {"areas": ["knee_left"]},
            "Select a valid choice. knee_left is not one of the available choices.",
        ),
        (
            {"practitioner": ""},
            "Fill this in.",
        ),
    ],
    ids=str,
)
def test_plan_is_refused_by_the_form(sign_in: Any, typed: dict[str, Any], sentence: str) -> None:
    page = posted(sign_in(Role.PRACTITIONER), make.accepted(), **typed)
    assert (page.status_code, sentence in text_of(page)) == (200, True)
    assert Course.objects.count() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"planned_sessions": 9},
        {"planned_sessions": 16},
        {"interval_days": 6},
        {"interval_days": 22},
        {"state": "asleep"},
        {"due_from": None},
        {"due_by": None},
        {"due_by": date(2026, 1, 1)},
    ],
    ids=str,
)
def test_plan_is_refused_by_the_database(wrong: dict[str, Any]) -> None:
    make.course()
    with pytest.raises(IntegrityError), transaction.atomic():
        Course.objects.update(**wrong)


@pytest.mark.parametrize("sessions", [9, 16])
def test_plan_is_refused_by_the_database_behind_the_action(sessions: int) -> None:
    source = make.accepted()
    with pytest.raises(IntegrityError), transaction.atomic():
        opened(source, planned_sessions=sessions)


def test_practitioner_is_somebody_who_treats(sign_in: Any) -> None:
    source = make.accepted()
    page = posted(sign_in(Role.PRACTITIONER), source, practitioner=make.user(Role.FRONT_DESK).pk)
    assert (page.status_code, Course.objects.count()) == (200, 0)


@pytest.mark.parametrize("decision", ["", *sorted(set(Decision.values) - set(ACCEPTING))])
def test_course_starts_with_an_accepted_screening(decision: str) -> None:
    source = make.screening()
    source.decision = decision
    sentence = "A course starts with an accepted screening."
    assert refusal(opened, source=source) == (sentence, None)


def test_course_without_an_accepted_screening_leads_to_the_screening(sign_in: Any) -> None:
    source = make.screening()
    answer = posted(sign_in(Role.PRACTITIONER), source)
    assert answer["Location"] == f"/patients/{source.patient.code}/screenings/new/"


@pytest.mark.parametrize("areas", [[], [Area.ABDOMEN], [Area.BUTTOCK_LEFT, Area.ABDOMEN]])
def test_course_treats_only_areas_that_were_accepted(areas: list[Area]) -> None:
    sentence = "Choose among the areas that the screening accepted."
    assert refusal(opened, areas=areas) == (sentence, "areas")


def test_second_open_course_of_an_area_is_refused_in_words(sign_in: Any) -> None:
    source = make.accepted()
    opened(source)
    sentence = (
        "A course for buttocks, opened on 24 Nov 2026, is open already. Complete or stop it first."
    )
    assert refusal(opened, source=source, areas=[*make.BUTTOCKS, *make.THIGHS]) == (
        sentence,
        "areas",
    )
    page = posted(sign_in(Role.PRACTITIONER), source)
    assert (sentence in text_of(page), Course.objects.count()) == (True, 1)


def test_second_open_course_of_an_area_is_refused_by_the_database() -> None:
    first = opened()
    other = opened(Screening.objects.get(), areas=list(make.THIGHS))
    with pytest.raises(IntegrityError), transaction.atomic():
        CourseArea.objects.create(
            course=other, patient=first.patient, area=Area.BUTTOCK_LEFT, is_open=True
        )
    assert Course.objects.open().count() == 2


@pytest.mark.parametrize("end", [CourseState.COMPLETED, CourseState.STOPPED])
def test_closed_course_frees_its_areas(end: CourseState) -> None:
    first = begun()
    change_course_state(course=first, to=end, reason="Moved away.", by=first.opened_by)
    second = opened(Screening.objects.get())
    assert (second.areas, Course.objects.open().get()) == (list(make.BUTTOCKS), second)


def test_paused_course_keeps_its_areas() -> None:
    first = begun()
    change_course_state(course=first, to=CourseState.PAUSED, reason="Travels.", by=first.opened_by)
    assert refusal(opened, source=Screening.objects.get())[1] == "areas"


# States ------------------------------------------------------------------------------------------

ALLOWED = {
    ("planned", "stopped"),
    ("active", "paused"),
    ("active", "completed"),
    ("active", "stopped"),
    ("paused", "active"),
    ("paused", "stopped"),
}


def test_moves_by_hand_are_those_of_the_table() -> None:
    found = {
        (now.value, to.value)
        for now in cadence.CourseState
        for to in cadence.CourseState
        if lifecycle.leading_to(now, to)
    }
    assert found == ALLOWED


@pytest.mark.parametrize("now", CourseState.values)
@pytest.mark.parametrize("to", CourseState.values)
def test_move_is_made_or_refused_in_words(now: str, to: str) -> None:
    course = make.course()
    Course.objects.update(state=now)
    details = {"course": course, "to": CourseState(to), "reason": "Travels.", "by": make.user()}
    if (now, to) in ALLOWED:
        change_course_state(**details)
        stored = Course.objects.get()
        assert (stored.state, stored.state_changed_on, stored.state_reason) == (
            to,
            TODAY,
            "Travels.",
        )
        is_open = to in ("active", "paused")
        assert set(stored.course_areas.values_list("is_open", flat=True)) == {is_open}
    else:
        sentence = f"The course is {now}, so this cannot be done."
        assert refusal(change_course_state, **details) == (sentence, None)
        assert Course.objects.get().state == now


@pytest.mark.parametrize(
    ("now", "to", "is_asked"),
    [
        ("active", "paused", True),
        ("active", "stopped", True),
        ("paused", "stopped", True),
        ("active", "completed", True),
        ("paused", "active", False),
    ],
)
def test_pausing_and_stopping_need_a_reason(
    sign_in: Any, now: str, to: str, is_asked: bool
) -> None:
    course = make.course()
    Course.objects.update(state=now)
    url = f"/courses/{course.pk}/state/"
    answer = sign_in(Role.PRACTITIONER).post(url, {"to": to, "reason": "  "})
    if is_asked:
        assert "Give the reason" in text_of(answer)
        assert Course.objects.get().state == now
    else:
        assert (answer.status_code, Course.objects.get().state) == (302, to)


@pytest.mark.parametrize(
    ("now", "offered"),
    [
        ("planned", ["stopped"]),
        ("active", ["paused", "completed", "stopped"]),
        ("paused", ["active", "stopped"]),
        ("completed", []),
        ("stopped", []),
    ],
)
def test_page_offers_only_the_moves_that_are_allowed(
    sign_in: Any, now: str, offered: list[str]
) -> None:
    course = make.course()
    Course.objects.update(state=now, due_from=None, due_by=None)
    page = sign_in(Role.PRACTITIONER).get(f"/courses/{course.pk}/state/").content.decode()
    assert re.findall(r'name="to" value="(\w+)"', page) == offered


# When it falls due -------------------------------------------------------------------------------


def due(course: Course) -> tuple[date | None, date | None]:
    stored = Course.objects.get(pk=course.pk)
    window = cadence.window(stored.facts, [visit.as_held for visit in stored.visits.treatments()])
    projected = (stored.due_from, stored.due_by)
    assert projected == ((window.due_from, window.due_by) if window else (None, None))
    return projected


def after(day: date) -> tuple[date, date]:
    return day + timedelta(7), day + timedelta(21)


def test_projection_follows_the_life_of_a_course() -> None:
    course = begun()
    by = course.opened_by
    assert due(course) == (TODAY, TODAY + timedelta(21))

    visit = make.visit(course, number=1, on=TODAY)
    project_due(course)
    assert due(course) == after(TODAY)

    void_visit(visit=visit, reason="Wrong day.", by=by)
    assert due(course) == (TODAY, TODAY + timedelta(21))

    change_course_state(course=course, to=CourseState.PAUSED, reason="Travels.", by=by)
    assert due(course) == (None, None)
    change_course_state(course=course, to=CourseState.ACTIVE, by=by)
    assert due(course) == (TODAY, TODAY + timedelta(21))
    change_course_state(course=course, to=CourseState.COMPLETED, reason="Moves away.", by=by)
    assert due(course) == (None, None)


@pytest.mark.parametrize("every", [7, 10, 28])
def test_projection_keeps_the_interval_of_the_course(every: int) -> None:
    course = opened(interval_days=every)
    make.visit(course, number=1, on=TODAY)
    project_due(course)
    assert due(course) == (TODAY + timedelta(every), TODAY + timedelta(max(21, 3 * every)))


def test_projection_ends_with_the_last_session() -> None:
    course = make.course(visits=11, last_on=TODAY - timedelta(7), planned_sessions=12)
    assert due(course) == after(TODAY - timedelta(7))
    make.visit(course, number=12, on=TODAY)
    project_due(course)
    assert due(course) == (None, None)


@pytest.mark.parametrize("kind", [VisitKind.BASELINE, VisitKind.REVIEW, VisitKind.FOLLOW_UP])
def test_projection_counts_only_treatments(kind: VisitKind) -> None:
    course = make.course(visits=1, last_on=TODAY - timedelta(7))
    make.visit(course, kind=kind, on=TODAY)
    project_due(course)
    assert due(course) == after(TODAY - timedelta(7))


def test_overdue_are_active_courses_whose_last_day_has_passed() -> None:
    late = make.course(visits=1, last_on=TODAY - timedelta(22))
    just = make.course(visits=1, last_on=TODAY - timedelta(21))
    assert (due(late)[1], due(just)[1]) == (TODAY - timedelta(1), TODAY)
    assert list(Course.objects.overdue(TODAY)) == [late]
    change_course_state(course=late, to=CourseState.PAUSED, reason="Travels.", by=late.opened_by)
    assert list(Course.objects.overdue(TODAY)) == []
