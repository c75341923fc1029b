"""What may be done with a course after it was opened: each move, its row, and each refusal."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from appointments.actions import (
    book_appointment,
    cancel_appointment,
    mark_no_show,
    reopen_appointment,
)
from appointments.models import Appointment
from appointments.terms import Kind
from clinic.models import AuditEvent
from clinic.refusal import Refused
from patients.terms import Area, Purpose
from tests import make
from treatments.actions import (
    begin,
    change_course_state,
    change_plan,
    continue_without_change,
    open_course,
    project_due,
    record_visit,
)
from treatments.actions.courses import Elsewhere
from treatments.findings import Findings, Treated
from treatments.models import Course, CourseMove, MissedSession, VisitProduct
from treatments.models.course import CourseState
from treatments.terms import VisitKind

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC)):
        yield


def refusal(call: Any, **details: Any) -> tuple[str, str | None]:
    with pytest.raises(Refused) as refused:
        call(**details)
    return refused.value.message, refused.value.field


def moves(course: Course) -> list[tuple[str, int, str]]:
    return list(course.moves.values_list("kind", "sessions", "reason"))


def opened(**details: Any) -> Course:
    source = make.accepted()
    values: dict[str, Any] = {
        "screening": source,
        "areas": list(make.BUTTOCKS),
        "planned_sessions": 12,
        "interval_days": 7,
        "practitioner": source.started_by,
        "by": source.started_by,
    }
    return open_course(**{**values, **details})


def planned(course: Course, sessions: int, **details: Any) -> Course:
    values = {"course": course, "sessions": sessions, "by": course.opened_by, "reason": "Agreed."}
    return change_plan(**{**values, **details})


def agrees() -> str:
    said = io.StringIO()
    call_command("check_projections", stdout=said)
    return said.getvalue()


# Opening and beginning ---------------------------------------------------------------------------


def test_course_keeps_the_version_of_the_protocol_it_was_opened_with() -> None:
    version = make.rhythm()
    course = opened(protocol=version, interval_min_days=7, interval_max_days=14)
    make.rhythm(name=version.protocol.name, number=2, sessions=15)
    course.refresh_from_db()
    assert (course.protocol, course.planned_sessions, course.interval_max_days) == (version, 12, 14)


def test_version_of_a_protocol_that_was_replaced_is_refused() -> None:
    version = make.rhythm()
    make.rhythm(name=version.protocol.name, number=2)
    assert refusal(opened, protocol=version) == (
        "This version of the protocol is not in force any more. Start again.",
        "protocol",
    )


def test_course_is_planned_until_its_first_visit_of_any_kind() -> None:
    course = opened()
    assert (course.state, moves(course)) == ("planned", [("opened", 12, "")])
    record_visit(
        course=course,
        kind=VisitKind.BASELINE,
        held_on=TODAY,
        findings=Findings(),
        by=course.opened_by,
    )
    course.refresh_from_db()
    assert (course.state, course.state_changed_on) == ("active", TODAY)
    assert moves(course) == [("opened", 12, ""), ("begun", 12, "")]


def test_course_begins_once() -> None:
    course = opened()
    for _time in range(2):
        begin(course=course, by=course.opened_by, on=TODAY)
    assert [kind for kind, *_rest in moves(course)] == ["opened", "begun"]


def test_planned_course_falls_due() -> None:
    course = opened(on=TODAY - timedelta(22))
    assert (course.due_from, course.due_by) == (TODAY - timedelta(22), TODAY - timedelta(1))
    assert list(Course.objects.overdue(TODAY)) == [course]


def test_area_has_a_number_of_its_own() -> None:
    course = opened(area_sessions={Area.BUTTOCK_LEFT: 6, Area.BUTTOCK_RIGHT: None})
    assert course.facts.areas == {"buttock_left": 6, "buttock_right": None}


def test_area_with_more_sessions_than_the_course_is_refused() -> None:
    assert refusal(opened, area_sessions={Area.BUTTOCK_LEFT: 13}) == (
        "Buttock, left: an area cannot have more sessions than the course.",
        "area_buttock_left",
    )


def test_area_that_is_not_chosen_has_no_number() -> None:
    sentence = "Choose among the areas that the screening accepted."
    assert refusal(opened, area_sessions={Area.THIGH_POSTERIOR_LEFT: 6}) == (sentence, "areas")


def test_second_open_course_is_refused_naming_each_other_one() -> None:
    first = opened(areas=[Area.BUTTOCK_LEFT])
    second = opened(screening=first.screening, areas=[Area.BUTTOCK_RIGHT], on=TODAY - timedelta(1))
    assert second.pk > first.pk
    assert refusal(opened, screening=first.screening) == (
        "A course for buttock, left, opened on 24 Nov 2026, is open already. "
        "Complete or stop it first. "
        "A course for buttock, right, opened on 23 Nov 2026, is open already. "
        "Complete or stop it first.",
        "areas",
    )


# Transferred in ----------------------------------------------------------------------------------


def test_transferred_course_goes_on_from_the_sessions_held_elsewhere() -> None:
    course = make.transferred(sessions=4, until=TODAY - timedelta(7))
    assert (course.state, moves(course)) == ("active", [("transferred", 12, "")])
    assert (course.due_from, course.due_by) == (TODAY, TODAY + timedelta(14))
    visit = record_visit(
        course=course,
        kind=VisitKind.TREATMENT,
        held_on=TODAY,
        findings=Findings(areas={area: Treated() for area in course.areas}),
        by=course.opened_by,
    )
    assert (visit.number, visit.title) == (5, "Session 5")
    course.refresh_from_db()
    assert course.due_from == TODAY + timedelta(7)


@pytest.mark.parametrize(
    ("earlier", "sentence", "field"),
    [
        (
            Elsewhere(12, TODAY - timedelta(90), TODAY - timedelta(7)),
            "Of 12 sessions 12 are held: there is nothing left to transfer.",
            "earlier_sessions",
        ),
        (
            Elsewhere(4, TODAY - timedelta(7), TODAY - timedelta(30)),
            "The last session cannot be earlier than the first.",
            "earlier_until",
        ),
        (
            Elsewhere(4, TODAY - timedelta(7), TODAY + timedelta(1)),
            "The last session lies after the day on which the course is entered.",
            "earlier_until",
        ),
    ],
)
def test_transfer_that_cannot_be_is_refused(earlier: Elsewhere, sentence: str, field: str) -> None:
    assert refusal(opened, earlier=earlier) == (sentence, field)
    assert Course.objects.count() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"earlier_sessions": 12},
        {"earlier_sessions": 0},
        {"earlier_from": None},
        {"earlier_until": TODAY - timedelta(100)},
        {"earlier_until": TODAY + timedelta(1)},
        {"interval_min_days": 6},
        {"interval_min_days": 8},
    ],
    ids=str,
)
def test_transfer_is_guarded_by_the_database(wrong: dict[str, Any]) -> None:
    make.transferred()
    with pytest.raises(IntegrityError), transaction.atomic():
        Course.objects.update(**wrong)


# Changing the plan -------------------------------------------------------------------------------


@pytest.mark.parametrize("sessions", [10, 11, 15])
def test_plan_is_changed_within_10_and_15(sessions: int) -> None:
    course = planned(make.course(visits=3), sessions)
    assert course.planned_sessions == sessions
    assert moves(course)[-1] == ("extended", sessions, "Agreed.")
    assert AuditEvent.objects.filter(action="course extended").count() == 1


def test_extending_a_finished_plan_makes_it_fall_due_again() -> None:
    course = make.course(visits=12, last_on=TODAY - timedelta(7))
    assert course.due_from is None
    course = planned(course, 13)
    assert (course.due_from, course.due_by) == (TODAY, TODAY + timedelta(14))


@pytest.mark.parametrize(
    ("held", "sessions", "sentence"),
    [
        (3, 9, "A course has 10 to 15 sessions."),
        (3, 31, "A course has 30 sessions at most, extensions included."),
        (11, 10, "11 sessions are held. The plan cannot have fewer than 11."),
        (
            9,
            16,
            "More than 15 sessions need a review after session 10 or a later one. Hold it first.",
        ),
    ],
)
def test_plan_that_cannot_be_is_refused(held: int, sessions: int, sentence: str) -> None:
    course = make.course(visits=held)
    assert refusal(planned, course=course, sessions=sessions) == (sentence, "sessions")
    assert Course.objects.get().planned_sessions == 12


def test_plan_never_falls_to_what_was_held_elsewhere() -> None:
    course = make.transferred(sessions=11)
    assert refusal(planned, course=course, sessions=11) == (
        "11 sessions are held. The plan cannot have fewer than 12.",
        "sessions",
    )


def test_plan_is_not_changed_without_a_reason_nor_without_a_change() -> None:
    course = make.course()
    assert refusal(planned, course=course, sessions=13, reason="  ") == (
        "Give the reason.",
        "reason",
    )
    assert refusal(planned, course=course, sessions=12) == (
        "Nothing is changed. Change the plan, or leave it as it is.",
        None,
    )


def test_plan_of_a_closed_course_is_refused() -> None:
    course = make.course()
    change_course_state(course=course, to=CourseState.STOPPED, reason="Moved.", by=course.opened_by)
    assert refusal(planned, course=course, sessions=13) == (
        "The course is stopped, so this cannot be done.",
        None,
    )


def test_numbers_of_areas_are_changed_and_checked() -> None:
    course = make.course(visits=5, areas=make.BUTTOCKS)
    left, right = make.BUTTOCKS
    assert refusal(planned, course=course, sessions=12, areas={left: 4}) == (
        "Buttock, left: 5 sessions are held. Its plan cannot have fewer.",
        "area_buttock_left",
    )
    assert refusal(planned, course=course, sessions=10, areas={left: 11}) == (
        "Buttock, left: an area cannot have more sessions than the course.",
        "area_buttock_left",
    )
    course = planned(course, 12, areas={left: 6})
    assert Course.objects.get().facts.areas == {left.value: 6, right.value: None}
    course = planned(course, 12, areas={left: None})
    assert Course.objects.get().facts.areas == {left.value: None, right.value: None}


# Beyond 15 ---------------------------------------------------------------------------------------


def at_the_end(*, review_on: date | None = TODAY - timedelta(2), visits: int = 12) -> Course:
    course = make.course(visits=visits, last_on=TODAY - timedelta(7))
    if review_on:
        make.visit(
            course,
            kind=VisitKind.REVIEW,
            on=review_on,
            recorded_at=make.at(review_on, "15:00"),
        )
    return course


CONSENT_AFTER = (
    "More than 15 sessions need a consent to treatment signed after the review of 22 Nov 2026."
)


def test_plan_goes_beyond_15_after_a_review_and_a_new_consent() -> None:
    course = at_the_end()
    make.signed(course.patient, at=make.at(TODAY - timedelta(1), "10:00"))
    course = planned(course, 18)
    review = course.visits.get(kind=VisitKind.REVIEW)
    assert (course.planned_sessions, course.extended_after) == (18, review)
    assert planned(course, 16).extended_after == review  # shorter again: nothing more is asked


@pytest.mark.parametrize(
    ("signed", "is_refused"),
    [
        (make.at(TODAY - timedelta(3), "10:00"), True),
        (make.at(TODAY - timedelta(2), "14:59"), True),
        (make.at(TODAY - timedelta(2), "15:00"), False),
        (make.at(TODAY - timedelta(1), "08:00"), False),
    ],
    ids=["before", "same_day_before", "same_day_after", "after"],
)
def test_consent_must_be_signed_after_the_review(signed: datetime, is_refused: bool) -> None:
    course = at_the_end()
    make.signed(course.patient, at=signed)
    if is_refused:
        assert refusal(planned, course=course, sessions=16) == (CONSENT_AFTER, "sessions")
    else:
        assert planned(course, 16).planned_sessions == 16


def test_beyond_15_without_any_consent_is_refused() -> None:
    assert refusal(planned, course=at_the_end(), sessions=16) == (CONSENT_AFTER, "sessions")


def test_beyond_15_with_a_refusal_after_the_review_is_refused() -> None:
    course = at_the_end()
    after = make.at(TODAY - timedelta(1), "10:00")
    make.signed(course.patient, yes=(), no=(Purpose.TREATMENT,), at=after)
    assert refusal(planned, course=course, sessions=16)[0] == CONSENT_AFTER


@pytest.mark.parametrize("visits", [9, 10])
def test_review_that_counts_was_held_after_session_10(visits: int) -> None:
    course = at_the_end(visits=visits)
    make.signed(course.patient, at=make.at(TODAY - timedelta(1), "10:00"))
    if visits == 9:
        assert refusal(planned, course=course, sessions=16)[0] == (
            "More than 15 sessions need a review after session 10 or a later one. Hold it first."
        )
    else:
        assert planned(course, 16).planned_sessions == 16


def test_review_that_was_struck_out_does_not_count() -> None:
    course = at_the_end()
    make.signed(course.patient, at=make.at(TODAY - timedelta(1), "10:00"))
    course.visits.filter(kind=VisitKind.REVIEW).update(
        voided_at=make.at(TODAY, "09:00"), voided_by=course.opened_by, void_reason="Wrong."
    )
    assert refusal(planned, course=course, sessions=16)[0].startswith(
        "More than 15 sessions need a review"
    )


# Going on, pausing, closing ----------------------------------------------------------------------


def test_going_on_without_a_change_is_written_down() -> None:
    course = make.course(visits=10)
    move = continue_without_change(course=course, reason=" She wishes to. ", by=course.opened_by)
    assert (move.kind, move.reason, move.on) == ("continued", "She wishes to.", TODAY)
    assert Course.objects.get().state == "active"


def test_going_on_asks_why_and_for_a_course_that_goes_on() -> None:
    course = make.course(visits=10)
    by = course.opened_by
    assert refusal(continue_without_change, course=course, reason=" ", by=by) == (
        "Give the reason.",
        "reason",
    )
    change_course_state(course=course, to=CourseState.PAUSED, reason="Travels.", by=by)
    assert refusal(continue_without_change, course=course, reason="So.", by=by) == (
        "The course is paused, so this cannot be done.",
        None,
    )


def test_every_change_of_state_leaves_a_row() -> None:
    course = make.course()
    by = course.opened_by
    change_course_state(course=course, to=CourseState.PAUSED, reason="Travels.", by=by)
    change_course_state(course=course, to=CourseState.ACTIVE, by=by)
    change_course_state(course=course, to=CourseState.STOPPED, reason="Moved.", by=by)
    assert moves(course)[2:] == [
        ("paused", 12, "Travels."),
        ("resumed", 12, ""),
        ("stopped", 12, "Moved."),
    ]


def test_course_whose_missed_ones_count_is_complete_without_a_reason() -> None:
    course = make.course(visits=10, planned_sessions=12)
    Course.objects.update(missed_counts=True)
    for number in (1, 2):
        MissedSession.objects.create(
            course=course, promise=number, missed_on=TODAY, noted_by=course.opened_by
        )
    done = change_course_state(course=course, to=CourseState.COMPLETED, by=course.opened_by)
    assert done.state == "completed"


@pytest.mark.parametrize(
    ("visits", "sentence"),
    [
        (11, "1 session is left. Give the reason to complete without it."),
        (9, "3 sessions are left. Give the reason to complete without them."),
    ],
)
def test_completing_early_asks_why(visits: int, sentence: str) -> None:
    course = make.course(visits=visits)
    assert refusal(
        change_course_state, course=course, to=CourseState.COMPLETED, by=course.opened_by
    ) == (sentence, "reason")


def test_moves_are_neither_changed_nor_deleted() -> None:
    move = make.course().moves.first()
    assert move is not None
    table = CourseMove._meta.db_table
    for statement in (
        f"UPDATE {table} SET reason = 'x' WHERE id = {move.pk}",  # noqa: S608
        f"DELETE FROM {table} WHERE id = {move.pk}",  # noqa: S608
    ):
        with (
            pytest.raises(IntegrityError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


# What the agents given ask for -------------------------------------------------------------------


def test_agents_given_push_the_next_session() -> None:
    course = make.course(visits=2)
    make.gave(course, {"deoxycholic": 28, "caffeine": 7})
    assert (course.due_from, course.due_by) == (TODAY + timedelta(28), TODAY + timedelta(28))
    held = Course.objects.with_sessions().get().sessions
    assert [visit.floor_days for visit in held] == [0, 28]
    VisitProduct.objects.update(wasted_ml=Decimal(4))  # nothing of it was given
    project_due(course)
    assert course.due_from == TODAY + timedelta(7)


def test_session_of_another_area_need_not_wait() -> None:
    course = make.course(visits=1, last_on=TODAY - timedelta(2))
    first = course.visits.get()
    first.visit_areas.exclude(area=Area.BUTTOCK_LEFT).delete()

    def held(*areas: Area) -> Any:
        return record_visit(
            course=course,
            kind=VisitKind.TREATMENT,
            held_on=TODAY,
            findings=Findings(areas={area: Treated() for area in areas}),
            by=course.opened_by,
        )

    assert refusal(lambda: held(Area.BUTTOCK_LEFT, Area.BUTTOCK_RIGHT)) == (
        "Session 1 was 2 days earlier, on 22 Nov 2026; at least 7 days are needed between sessions.",
        "held_on",
    )
    assert held(Area.BUTTOCK_RIGHT).number == 2


# What the diary tells ----------------------------------------------------------------------------


def booked(course: Course, on: date, clock: str = "10:00") -> Appointment:
    return book_appointment(
        patient=course.patient,
        practitioner=course.practitioner,
        room=make.room(),
        kind=Kind.SESSION,
        starts_at=make.at(on, clock),
        minutes=30,
        by=course.opened_by,
        course=course,
    )


def missed(course: Course) -> list[tuple[date, bool]]:
    return [(row.missed_on, row.taken_back_at is None) for row in course.missed.all()]


def test_no_show_is_told_and_taken_back() -> None:
    course = make.course(visits=1, last_on=TODAY - timedelta(7))
    row = make.appointment(make.at(TODAY, "09:00"), course=course)
    mark_no_show(appointment=row, by=course.opened_by)
    assert missed(course) == [(TODAY, True)]
    reopen_appointment(appointment=row, by=course.opened_by)
    assert missed(course) == [(TODAY, False)]
    mark_no_show(appointment=row, by=course.opened_by)
    assert missed(course) == [(TODAY, False), (TODAY, True)]


@pytest.mark.parametrize(("clock", "is_late"), [("11:00", True), ("13:00", False)])
def test_only_a_late_cancellation_is_told(clock: str, is_late: bool) -> None:
    course = make.course(visits=1, last_on=TODAY - timedelta(7))
    row = booked(course, TODAY + timedelta(1), clock)
    cancel_appointment(appointment=row, reason="She called.", by=course.opened_by)
    assert missed(course) == ([(TODAY + timedelta(1), True)] if is_late else [])


def test_missed_follow_up_is_not_told() -> None:
    course = make.course(visits=1, last_on=TODAY - timedelta(7))
    row = make.appointment(make.at(TODAY, "09:00"), course=course, kind=Kind.FOLLOW_UP)
    mark_no_show(appointment=row, by=course.opened_by)
    assert missed(course) == []


def test_missed_session_that_counts_takes_the_last_place() -> None:
    course = make.course(visits=11, last_on=TODAY - timedelta(7), planned_sessions=12)
    Course.objects.update(missed_counts=True)
    row = booked(course, TODAY + timedelta(1), "11:00")
    cancel_appointment(appointment=row, reason="She called.", by=course.opened_by)
    course = Course.objects.get()
    assert (course.missed_that_count, course.due_from) == (1, None)
    assert refusal(lambda: booked(course, TODAY + timedelta(2))) == (
        "All 12 planned sessions are held or booked, or were missed and count.",
        "course",
    )
    reopen_appointment(appointment=row, by=course.opened_by)
    course = Course.objects.get()
    assert (course.missed_that_count, course.due_from) == (0, TODAY)


# The stored against the facts --------------------------------------------------------------------


def test_check_projections_agrees_with_a_life_of_every_move() -> None:
    course = make.transferred()
    by = course.opened_by
    planned(course, 14)
    change_course_state(course=course, to=CourseState.PAUSED, reason="Travels.", by=by)
    change_course_state(course=course, to=CourseState.ACTIVE, by=by)
    continue_without_change(course=course, reason="She wishes to.", by=by)
    assert agrees() == "1 courses checked, all as the facts say.\n"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"due_by": date(2030, 1, 1)}, "stored 2026-11-24 to 2030-01-01, worked out 2026-11-24 to"),
        (
            {"state": "completed", "due_from": None, "due_by": None},
            "stored completed, its moves say active",
        ),
        ({"planned_sessions": 13}, "stored 13 sessions, its moves say 12"),
    ],
    ids=["due", "state", "plan"],
)
def test_check_projections_names_what_differs(wrong: dict[str, Any], says: str) -> None:
    course = make.transferred()
    Course.objects.update(**wrong)
    with pytest.raises(CommandError) as found:
        agrees()
    assert f"{course.patient_code} course {course.pk}: {says}" in str(found.value)


def test_check_projections_names_areas_out_of_step() -> None:
    course = make.transferred()
    course.course_areas.filter(area=Area.BUTTOCK_LEFT).update(is_open=False)
    with pytest.raises(CommandError, match="the course is open, buttock_left not"):
        agrees()


def test_check_projections_names_misses_that_only_one_side_knows() -> None:
    course = make.course(visits=1, last_on=TODAY - timedelta(7))
    row = make.appointment(make.at(TODAY, "09:00"), course=course, status="no_show")
    MissedSession.objects.create(
        course=course, promise=row.pk + 1, missed_on=TODAY, noted_by=course.opened_by
    )
    with pytest.raises(CommandError) as found:
        agrees()
    name = f"{course.patient_code} course {course.pk}: appointment"
    assert str(found.value).splitlines() == [
        f"{name} {row.pk} of 2026-11-24 missed in the diary, the course was not told",
        f"{name} {row.pk + 1} of 2026-11-24 missed by the course, not in the diary",
    ]
