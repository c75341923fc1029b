"""Booking, moving and marking: what the actions refuse, and what the database refuses besides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import escape

from appointments import overlap, rhythm
from appointments.actions import (
    book_appointment,
    cancel_appointment,
    link_visit,
    mark_arrived,
    mark_done,
    mark_no_show,
    move_appointment,
    reopen_appointment,
)
from appointments.models import Appointment, Room
from appointments.strips import strips_of
from appointments.terms import Kind, Status
from clinic.models import AuditEvent, User
from clinic.refusal import Refused, Stale
from clinic.roles import Role
from clinic.strip import Miss, State
from patients.models import Patient
from tests import make
from treatments.actions import change_course_state
from treatments.models import Course
from treatments.models.course import CourseState
from treatments.rules import cadence

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
TOMORROW = TODAY + timedelta(1)


@pytest.fixture(autouse=True)
def _tuesday() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 9, 5, tzinfo=UTC), tick=False):
        yield


@dataclass
class Clinic:
    """Two of everything, and the desk that books."""

    jo: User
    lin: User
    okafor: User
    one: Room
    two: Room
    maria: Patient
    ana: Patient

    def book(
        self, clock: str = "10:15", minutes: int = 30, day: date = TOMORROW, **details: Any
    ) -> Appointment:
        values: dict[str, Any] = {
            "patient": self.maria,
            "practitioner": self.lin,
            "room": self.one,
            "kind": Kind.SCREENING,
            **details,
        }
        return book_appointment(
            starts_at=make.at(day, clock), minutes=minutes, by=self.jo, **values
        )


@pytest.fixture
def clinic() -> Clinic:
    return Clinic(
        jo=make.user(Role.FRONT_DESK, name="Jo"),
        lin=make.practitioner(),
        okafor=make.practitioner("Dr Okafor"),
        one=make.room("Room 1"),
        two=make.room("Room 2"),
        maria=make.patient(),
        ana=make.patient(given_name="Ana", family_name="Rossi"),
    )


def refusal(act: Callable[[], object]) -> tuple[str, str | None]:
    """Return the sentence of a refusal and the field it belongs beside."""
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.message, caught.value.field


def events(appointment: Appointment) -> list[tuple[str, str, str]]:
    rows = AuditEvent.objects.filter(target__startswith=f"appointment {appointment.pk}")
    return list(rows.order_by("pk").values_list("action", "patient", "target"))


# Booking -----------------------------------------------------------------------------------------


def test_booking_keeps_who_when_and_where(clinic: Clinic) -> None:
    made = clinic.book()
    kept = Appointment.objects.get()
    assert kept == made
    assert (kept.starts_at, kept.ends_at) == (
        make.at(TOMORROW, "10:15"),
        make.at(TOMORROW, "10:45"),
    )
    assert (kept.status, kept.minutes, kept.booked_by) == (Status.BOOKED, 30, clinic.jo)
    assert events(made) == [("appointment booked", clinic.maria.code, f"appointment {made.pk}")]


def test_practitioner_is_taken(clinic: Clinic) -> None:
    clinic.book()
    act = lambda: clinic.book("10:30", patient=clinic.ana, room=clinic.two)  # noqa: E731
    sentence = "Dr Lin has Maria S. from 10:15 to 10:45 that day. Nearest free time: 10:45."
    assert refusal(act) == (sentence, "time")
    assert Appointment.objects.count() == 1


def test_room_is_taken(clinic: Clinic) -> None:
    clinic.book()
    act = lambda: clinic.book("10:00", patient=clinic.ana, practitioner=clinic.okafor)  # noqa: E731
    sentence = "Room 1 is taken by Dr Lin from 10:15 to 10:45 that day. Nearest free time: 09:45."
    assert refusal(act) == (sentence, "time")


def test_patient_is_taken(clinic: Clinic) -> None:
    clinic.book()
    act = lambda: clinic.book(practitioner=clinic.okafor, room=clinic.two)  # noqa: E731
    sentence = (
        "She has an appointment with Dr Lin from 10:15 to 10:45 that day already. "
        "Nearest free time: 09:45."
    )
    assert refusal(act) == (sentence, "time")


def test_full_day_says_so(clinic: Clinic) -> None:
    for start, minutes in (("08:00", 180), ("11:00", 180), ("14:00", 180), ("17:00", 45)):
        clinic.book(start, minutes)
    act = lambda: clinic.book("10:00", patient=clinic.ana, room=clinic.two)  # noqa: E731
    sentence = (
        "Dr Lin has Maria S. from 08:00 to 11:00 that day. Nothing of this length is free that day."
    )
    assert refusal(act) == (sentence, "time")


def test_back_to_back_is_allowed(clinic: Clinic) -> None:
    clinic.book("10:00", 60)
    clinic.book("11:00", 60)
    clinic.book("09:00", 60)
    assert Appointment.objects.count() == 3


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        (
            {"clock": "09:00", "day": TODAY},
            ("Tue 24 Nov, 09:00 has passed. Choose a time to come.", "time"),
        ),
        (
            {"day": TODAY - timedelta(1)},
            ("Mon 23 Nov, 10:15 has passed. Choose a time to come.", "date"),
        ),
        (
            {"day": date(2029, 11, 24)},
            ("This is more than two years ahead. Check the year.", "date"),
        ),
        ({"minutes": 5}, ("An appointment takes 10 to 180 minutes.", "length")),
        ({"minutes": 181}, ("An appointment takes 10 to 180 minutes.", "length")),
        (
            {"clock": "17:45"},
            ("The clinic is open from 08:00 to 18:00; this would be 17:45 to 18:15.", "time"),
        ),
        (
            {"clock": "07:45"},
            ("The clinic is open from 08:00 to 18:00; this would be 07:45 to 08:15.", "time"),
        ),
        ({"kind": Kind.SESSION}, ("Choose the course that the session belongs to.", "course")),
    ],
)
def test_times_that_are_refused(
    clinic: Clinic, details: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert refusal(lambda: clinic.book(**details)) == expected


def test_archived_patient_is_not_booked(clinic: Clinic) -> None:
    Patient.objects.filter(pk=clinic.maria.pk).update(
        archived_at=timezone.now(), archived_by=clinic.jo
    )
    assert refusal(clinic.book) == ("This patient is archived. Bring the patient back first.", None)


def test_only_practitioners_are_booked(clinic: Clinic) -> None:
    act = lambda: clinic.book(practitioner=clinic.jo)  # noqa: E731
    assert refusal(act) == ("Jo does not treat patients. Choose a practitioner.", "practitioner")
    User.objects.filter(pk=clinic.lin.pk).update(is_active=False)
    assert refusal(clinic.book) == (
        "Dr Lin does not treat patients. Choose a practitioner.",
        "practitioner",
    )


def test_room_out_of_use_is_not_booked(clinic: Clinic) -> None:
    Room.objects.filter(pk=clinic.one.pk).update(is_active=False)
    assert refusal(clinic.book) == ("Room 1 is no longer in use. Choose another room.", "room")


# Sessions of a course ----------------------------------------------------------------------------


@pytest.fixture
def course(clinic: Clinic) -> Course:
    """Four sessions held, the last one on 17 November."""
    return make.course(clinic.maria, visits=4, last_on=TODAY - timedelta(7), by=clinic.lin)


def session(clinic: Clinic, course: Course, day: date, clock: str = "10:15") -> Appointment:
    return clinic.book(clock, day=day, kind=Kind.SESSION, course=course)


def test_course_of_another_patient_is_refused(clinic: Clinic, course: Course) -> None:
    act = lambda: clinic.book(patient=clinic.ana, course=course, kind=Kind.REVIEW)  # noqa: E731
    assert refusal(act) == ("This course belongs to another patient.", "course")


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (CourseState.PAUSED, "The course is paused. Resume it before booking a session."),
        (CourseState.STOPPED, "The course is stopped. No session can be booked for it."),
        (CourseState.COMPLETED, "The course is completed. No session can be booked for it."),
    ],
)
def test_session_needs_an_active_course(
    clinic: Clinic, course: Course, state: CourseState, sentence: str
) -> None:
    Course.objects.filter(pk=course.pk).update(state=state)
    assert refusal(lambda: session(clinic, course, TODAY + timedelta(7))) == (sentence, "course")
    assert clinic.book(course=course, kind=Kind.FOLLOW_UP).course == course


def test_session_too_early_after_one_held(clinic: Clinic) -> None:
    course = make.course(clinic.maria, visits=4, last_on=TODAY - timedelta(3), by=clinic.lin)
    sentence = (
        "Session 4 was 6 days earlier, on 21 Nov 2026; at least 7 days are needed between sessions."
    )
    assert refusal(lambda: session(clinic, course, TODAY + timedelta(3))) == (sentence, "date")
    assert session(clinic, course, TODAY + timedelta(4)).status == Status.BOOKED


def test_session_too_close_to_one_booked(clinic: Clinic, course: Course) -> None:
    session(clinic, course, TODAY + timedelta(14))
    sentence = "Session 5 is booked on 8 Dec 2026; at least 7 days are needed between sessions."
    for days in (8, 14, 20):
        act = lambda days=days: session(clinic, course, TODAY + timedelta(days), "15:00")  # noqa: E731
        assert refusal(act) == (sentence, "date")
    session(clinic, course, TODAY + timedelta(7))
    session(clinic, course, TODAY + timedelta(21))


def test_cancelled_session_is_not_kept_a_distance_from(clinic: Clinic, course: Course) -> None:
    first = session(clinic, course, TODAY + timedelta(14))
    cancel_appointment(appointment=first, reason="She is away.", by=clinic.jo)
    assert session(clinic, course, TODAY + timedelta(13)).starts_on == TODAY + timedelta(13)


def test_session_beyond_the_plan_is_refused(clinic: Clinic) -> None:
    course = make.course(clinic.maria, visits=11, last_on=TODAY - timedelta(7), by=clinic.lin)
    session(clinic, course, TODAY + timedelta(1))
    act = lambda: session(clinic, course, TODAY + timedelta(8))  # noqa: E731
    assert refusal(act) == ("All 12 planned sessions are held or booked.", "course")


def test_late_session_is_booked_and_flagged(clinic: Clinic, course: Course) -> None:
    in_time = session(clinic, course, TODAY + timedelta(14))
    assert rhythm.lateness(in_time) == ""
    late = move_appointment(
        appointment=in_time,
        starts_at=make.at(TODAY + timedelta(15), "10:15"),
        minutes=30,
        practitioner=clinic.lin,
        room=clinic.one,
        by=clinic.jo,
    )
    assert rhythm.lateness(late) == (
        "Session 4 was 22 days earlier, on 17 Nov 2026; the protocol allows up to 21 days."
    )


def test_next_day_counts_what_is_booked(clinic: Clinic, course: Course) -> None:
    assert rhythm.next_day(course) == TODAY
    session(clinic, course, TODAY + timedelta(7))
    assert rhythm.next_day(course) == TODAY + timedelta(14)


# Moving ------------------------------------------------------------------------------------------


def move(clinic: Clinic, appointment: Appointment, clock: str, **details: Any) -> Appointment:
    values: dict[str, Any] = {
        "practitioner": clinic.lin,
        "room": clinic.one,
        "minutes": 30,
        **details,
    }
    day = values.pop("day", TOMORROW)
    return move_appointment(
        appointment=appointment, starts_at=make.at(day, clock), by=clinic.jo, **values
    )


def test_move_keeps_the_row_and_notes_the_old_time(clinic: Clinic) -> None:
    made = clinic.book()
    moved = move(clinic, made, "10:30", practitioner=clinic.okafor, room=clinic.two)
    kept = Appointment.objects.get()
    assert kept.pk == moved.pk == made.pk
    assert (kept.starts_at, kept.practitioner, kept.room) == (
        make.at(TOMORROW, "10:30"),
        clinic.okafor,
        clinic.two,
    )
    assert events(made)[-1] == (
        "appointment moved",
        clinic.maria.code,
        f"appointment {made.pk} from 2026-11-25 10:15",
    )


def test_move_onto_another_is_refused(clinic: Clinic) -> None:
    clinic.book("11:00")
    made = clinic.book("12:00", patient=clinic.ana)
    sentence = "Dr Lin has Maria S. from 11:00 to 11:30 that day. Nearest free time: 10:30."
    assert refusal(lambda: move(clinic, made, "10:45")) == (sentence, "time")
    assert Appointment.objects.get(pk=made.pk).starts_at == make.at(TOMORROW, "12:00")


def test_move_overlapping_its_own_old_time_is_allowed(clinic: Clinic) -> None:
    made = clinic.book("10:15")
    assert move(clinic, made, "10:30").starts_at == make.at(TOMORROW, "10:30")


def test_move_of_what_has_begun_is_refused(clinic: Clinic) -> None:
    past = make.appointment(make.at(TODAY, "09:00"), practitioner=clinic.lin, room=clinic.one)
    sentence = "The time has begun. Mark it as done or as a no-show, then book again."
    assert refusal(lambda: move(clinic, past, "10:45")) == (sentence, None)


def test_move_of_what_is_not_booked_is_refused(clinic: Clinic) -> None:
    made = clinic.book("10:15", day=TODAY)
    mark_arrived(appointment=made, by=clinic.jo)
    sentence = "This appointment is arrived. Only a booked one can be moved."
    assert refusal(lambda: move(clinic, made, "10:45")) == (sentence, None)


def test_stale_move_says_where_it_stands(clinic: Clinic) -> None:
    made = clinic.book("10:15")
    move(clinic, made, "11:00", version=1)
    with pytest.raises(Stale) as caught:
        move(clinic, made, "12:00", version=1)
    assert caught.value.message == (
        "Somebody moved this appointment meanwhile: it is now on Wed 25 Nov, 11:00, "
        "with Dr Lin in Room 1. Save again to move it from there."
    )
    assert caught.value.version == 2
    assert move(clinic, made, "12:00", version=2).version == 3


def test_moved_session_keeps_its_distance(clinic: Clinic, course: Course) -> None:
    first = session(clinic, course, TODAY + timedelta(7))
    session(clinic, course, TODAY + timedelta(14))
    sentence = "Session 6 is booked on 8 Dec 2026; at least 7 days are needed between sessions."
    act = lambda: move(clinic, first, "10:15", day=TODAY + timedelta(8))  # noqa: E731
    # Without itself, the one of 8 December is the fifth.
    assert refusal(act) == (sentence.replace("Session 6", "Session 5"), "date")


# Marking -----------------------------------------------------------------------------------------


def test_arrived_then_done(clinic: Clinic) -> None:
    made = clinic.book(day=TODAY)
    arrived = mark_arrived(appointment=made, by=clinic.lin)
    assert (arrived.status, arrived.arrived_at) == (Status.ARRIVED, timezone.now())
    assert mark_done(appointment=made, by=clinic.lin).status == Status.DONE
    assert [action for action, *_ in events(made)] == [
        "appointment booked",
        "appointment arrived",
        "appointment done",
    ]


def test_second_tap_is_refused(clinic: Clinic) -> None:
    made = clinic.book(day=TODAY)
    mark_arrived(appointment=made, by=clinic.jo)
    sentence = "This appointment is arrived, so this cannot be done."
    assert refusal(lambda: mark_arrived(appointment=made, by=clinic.lin)) == (sentence, None)


def test_cancelling_needs_a_reason(clinic: Clinic) -> None:
    made = clinic.book()
    act = lambda: cancel_appointment(appointment=made, reason=" ", by=clinic.jo)  # noqa: E731
    assert refusal(act) == ("Give the reason.", "reason")


def test_cancelling_frees_the_time(clinic: Clinic) -> None:
    made = clinic.book()
    cancelled = cancel_appointment(appointment=made, reason=" Snow. ", by=clinic.jo)
    assert (cancelled.cancel_reason, cancelled.cancelled_by) == ("Snow.", clinic.jo)
    assert clinic.book(patient=clinic.ana).status == Status.BOOKED


def test_no_show_frees_the_time(clinic: Clinic) -> None:
    past = make.appointment(make.at(TODAY, "09:00"), 120, practitioner=clinic.lin, room=clinic.one)
    mark_no_show(appointment=past, by=clinic.jo)
    assert clinic.book("10:00", day=TODAY).status == Status.BOOKED


def test_past_appointment_can_still_be_marked(clinic: Clinic) -> None:
    last_week = make.at(TODAY - timedelta(7), "09:00")
    assert mark_done(appointment=make.appointment(last_week), by=clinic.jo).status == Status.DONE
    assert mark_no_show(appointment=make.appointment(last_week), by=clinic.jo).is_missed
    arrived = make.appointment(last_week)
    sentence = "This appointment was on Tue 17 Nov. Mark it as done or as a no-show."
    assert refusal(lambda: mark_arrived(appointment=arrived, by=clinic.jo)) == (sentence, None)


def test_reopening_undoes_a_wrong_tap(clinic: Clinic) -> None:
    made = clinic.book(day=TODAY)
    mark_arrived(appointment=made, by=clinic.jo)
    undone = reopen_appointment(appointment=made, by=clinic.jo)
    assert (undone.status, undone.arrived_at) == (Status.BOOKED, None)
    cancel_appointment(appointment=made, reason="She called.", by=clinic.jo)
    undone = reopen_appointment(appointment=made, by=clinic.jo)
    assert (undone.status, undone.cancelled_at, undone.cancel_reason) == (Status.BOOKED, None, "")


def test_reopening_a_time_that_was_given_away_is_refused(clinic: Clinic) -> None:
    made = clinic.book()
    cancel_appointment(appointment=made, reason="She called.", by=clinic.jo)
    clinic.book(patient=clinic.ana)
    sentence = "Dr Lin has Ana R. from 10:15 to 10:45 that day. Nearest free time: 09:45."
    assert refusal(lambda: reopen_appointment(appointment=made, by=clinic.jo)) == (sentence, "time")
    assert Appointment.objects.get(pk=made.pk).status == Status.CANCELLED


def test_reopening_a_session_keeps_its_distance(clinic: Clinic, course: Course) -> None:
    made = session(clinic, course, TODAY + timedelta(7))
    cancel_appointment(appointment=made, reason="She called.", by=clinic.jo)
    session(clinic, course, TODAY + timedelta(8))
    sentence = "Session 5 is booked on 2 Dec 2026; at least 7 days are needed between sessions."
    assert refusal(lambda: reopen_appointment(appointment=made, by=clinic.jo)) == (sentence, "date")


# Visits ------------------------------------------------------------------------------------------


def test_visit_closes_its_appointment(clinic: Clinic, course: Course) -> None:
    made = session(clinic, course, TODAY)
    held = make.visit(course, number=5, on=TODAY)
    done = link_visit(appointment=made, visit=held, by=clinic.lin)
    assert (done.status, done.visit, held.appointment) == (Status.DONE, held, done)
    sentence = "A visit is recorded for this appointment. Strike it out first."
    assert refusal(lambda: reopen_appointment(appointment=made, by=clinic.jo)) == (sentence, None)


def test_visit_is_tied_to_what_was_done_already(clinic: Clinic, course: Course) -> None:
    made = session(clinic, course, TODAY)
    mark_done(appointment=made, by=clinic.jo)
    held = make.visit(course, number=5, on=TODAY)
    assert mark_done(appointment=made, visit=held, by=clinic.lin).visit == held
    assert events(made)[-1][0] == "appointment tied to visit"


def test_visit_of_another_day_or_patient_is_not_tied(clinic: Clinic, course: Course) -> None:
    made = session(clinic, course, TODAY)
    earlier = course.visits.get(number=4)
    sentence = "The visit was held on Tue 17 Nov, the appointment was on Tue 24 Nov."
    assert refusal(lambda: link_visit(appointment=made, visit=earlier, by=clinic.lin)) == (
        sentence,
        None,
    )
    other = make.visit(make.course(), on=TODAY, number=1)
    sentence = "This visit belongs to another patient."
    assert refusal(lambda: link_visit(appointment=made, visit=other, by=clinic.lin)) == (
        sentence,
        None,
    )


def test_visit_that_is_struck_out_lets_go(clinic: Clinic, course: Course) -> None:
    made = session(clinic, course, TODAY)
    held = make.visit(course, number=5, on=TODAY)
    link_visit(appointment=made, visit=held, by=clinic.lin)
    held.voided_at, held.voided_by, held.void_reason = timezone.now(), clinic.lin, "Wrong patient."
    held.save()
    undone = reopen_appointment(appointment=made, by=clinic.jo)
    assert (undone.status, undone.visit) == (Status.BOOKED, None)


# What the cadence hears --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("details", "status"),
    [
        ({}, cadence.PromiseStatus.BOOKED),
        ({"status": Status.ARRIVED}, cadence.PromiseStatus.ARRIVED),
        ({"status": Status.DONE}, cadence.PromiseStatus.DONE),
        ({"status": Status.NO_SHOW}, cadence.PromiseStatus.MISSED),
        ({"status": Status.CANCELLED}, cadence.PromiseStatus.CANCELLED),
        (
            {"status": Status.CANCELLED, "cancelled_at": make.at(TODAY, "10:00")},
            cadence.PromiseStatus.MISSED,
        ),
    ],
)
def test_promise_of_each_status(details: dict[str, Any], status: cadence.PromiseStatus) -> None:
    made = make.appointment(make.at(TOMORROW, "09:59"), kind=Kind.REVIEW, **details)
    promise = made.as_promise
    expected = cadence.Promise(
        TOMORROW, timezone.localtime(made.starts_at).time(), status, cadence.PromiseKind.OTHER
    )
    assert replace(promise, url=None) == expected
    assert promise.url == f"/appointments/{made.pk}/"


def test_strip_shows_what_is_booked_and_what_was_missed(clinic: Clinic, course: Course) -> None:
    missed = make.appointment(
        make.at(TODAY - timedelta(1), "10:00"),
        course=course,
        practitioner=clinic.lin,
        status=Status.NO_SHOW,
    )
    session(clinic, course, TODAY)
    session(clinic, course, TODAY + timedelta(7))
    strip = strips_of(Course.objects.with_sessions(), TODAY)[course.pk]
    states = [mark.state for mark in strip.marks[4:8]]
    assert states == [State.TODAY, State.BOOKED, State.NEXT, State.FREE]
    assert strip.marks[4].missed_before == (Miss(missed.starts_on, TODAY),)


# The database ------------------------------------------------------------------------------------


def taken(clinic: Clinic, clock: str, minutes: int = 60, **details: Any) -> Appointment:
    """Write a row past the action, in nobody's way unless `details` say so."""
    return make.appointment(make.at(TOMORROW, clock), minutes, booked_by=clinic.jo, **details)


@pytest.mark.parametrize("who", overlap.ONE_AT_A_TIME)
@pytest.mark.parametrize(
    ("clock", "minutes"), [("10:30", 15), ("09:30", 31), ("10:59", 60), ("09:00", 180)]
)
def test_database_refuses_an_overlapping_row(
    clinic: Clinic, who: str, clock: str, minutes: int
) -> None:
    first = taken(clinic, "10:00")
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        taken(clinic, clock, minutes, **{who: getattr(first, who)})
    assert overlap.is_refusal(caught.value)
    assert f"{who}_one_at_a_time" in str(caught.value)
    assert Appointment.objects.count() == 1


@pytest.mark.parametrize("who", overlap.ONE_AT_A_TIME)
def test_database_allows_back_to_back(clinic: Clinic, who: str) -> None:
    first = taken(clinic, "10:00")
    taken(clinic, "11:00", **{who: getattr(first, who)})
    taken(clinic, "09:00", **{who: getattr(first, who)})
    assert Appointment.objects.count() == 3


@pytest.mark.parametrize("who", overlap.ONE_AT_A_TIME)
def test_database_refuses_a_raw_update(clinic: Clinic, who: str) -> None:
    first = taken(clinic, "10:00")
    second = taken(clinic, "11:00", **{who: getattr(first, who)})
    earlier = make.at(TOMORROW, "10:59")
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.filter(pk=second.pk).update(starts_at=earlier)
    sql = "UPDATE appointments_appointment SET starts_at = %s WHERE id = %s"
    written = earlier if connection.vendor == "postgresql" else "2026-11-25 10:59:00"
    with connection.cursor() as cursor, pytest.raises(IntegrityError), transaction.atomic():
        cursor.execute(sql, [written, second.pk])
    assert Appointment.objects.get(pk=second.pk).starts_at == make.at(TOMORROW, "11:00")


def test_database_refuses_to_bring_back_a_status(clinic: Clinic) -> None:
    first = taken(clinic, "10:00", status=Status.NO_SHOW)
    taken(clinic, "10:00", practitioner=first.practitioner)
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.filter(pk=first.pk).update(status=Status.BOOKED)


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.NO_SHOW])
def test_database_lets_a_freed_time_be_taken(clinic: Clinic, status: Status) -> None:
    first = taken(clinic, "10:00", status=status)
    second = taken(
        clinic, "10:00", practitioner=first.practitioner, room=first.room, patient=first.patient
    )
    assert second.status == Status.BOOKED


def test_database_lets_a_row_change_in_place(clinic: Clinic) -> None:
    first = taken(clinic, "10:00")
    later = make.at(TOMORROW, "10:15")
    assert Appointment.objects.filter(pk=first.pk).update(starts_at=later) == 1


def test_database_sees_overlaps_of_less_than_a_second(clinic: Clinic) -> None:
    first = taken(clinic, "10:00")
    almost = make.at(TOMORROW, "11:00") - timedelta(microseconds=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        make.appointment(almost, practitioner=first.practitioner)


@pytest.mark.parametrize(
    "broken",
    [
        {"ends_at": make.at(TOMORROW, "10:00")},
        {"status": "lost"},
        {"kind": "tea"},
        {"status": Status.CANCELLED},
        {"cancel_reason": "Snow."},
        {"status": Status.ARRIVED},
        {"kind": Kind.SESSION},
    ],
)
def test_database_refuses_a_row_that_contradicts_itself(
    clinic: Clinic, broken: dict[str, Any]
) -> None:
    made = taken(clinic, "10:00")
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        Appointment.objects.filter(pk=made.pk).update(**broken)
    assert not overlap.is_refusal(caught.value)


def test_refusals_stand_after_migrate() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT conname FROM pg_constraint WHERE contype = 'x' ORDER BY 1")
            expected = sorted(f"{who}_one_at_a_time" for who in overlap.ONE_AT_A_TIME)
        else:
            cursor.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s ORDER BY 1",
                [overlap.TABLE],
            )
            expected = [f"{overlap.TABLE}_overlap_on_{verb}" for verb in ("INSERT", "UPDATE")]
        assert [name for (name,) in cursor.fetchall()] == expected


def test_overlap_is_possible_without_the_refusals(clinic: Clinic) -> None:
    """The control: what the tests above see refused is refused by these statements alone."""
    first = taken(clinic, "10:00")
    connection.check_constraints()  # PostgreSQL alters no table with checks still to come
    overlap.remove(connection)
    taken(clinic, "10:00", practitioner=first.practitioner).delete()
    connection.check_constraints()
    overlap.install(connection)
    with pytest.raises(IntegrityError), transaction.atomic():
        taken(clinic, "10:00", practitioner=first.practitioner)


# The pages ---------------------------------------------------------------------------------------


@pytest.fixture
def browser(clinic: Clinic, client: Client) -> Client:
    client.force_login(clinic.jo)
    return client


def typed(clinic: Clinic, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "screening",
        "date": TOMORROW.isoformat(),
        "time": "10:15",
        "length": "30",
        "practitioner": clinic.lin.pk,
        "room": clinic.one.pk,
        **changes,
    }


def booking(patient: Patient) -> str:
    return f"/appointments/new/?patient={patient.code}"


def test_page_books_once_however_often_it_is_sent(clinic: Clinic, browser: Client) -> None:
    data = typed(clinic, submission=str(uuid4()))
    pages = [browser.post(booking(clinic.maria), data) for _ in range(3)]
    made = Appointment.objects.get()
    assert [page.headers["Location"] for page in pages] == [made.get_absolute_url()] * 3
    assert (made.patient, made.booked_by) == (clinic.maria, clinic.jo)


def test_page_keeps_what_was_typed_and_says_why_twice(clinic: Clinic, browser: Client) -> None:
    clinic.book()
    data = typed(clinic, room=clinic.two.pk, length="40")
    page = browser.post(booking(clinic.ana), data)
    sentence = "Dr Lin has Maria S. from 10:15 to 10:45 that day. Nearest free time: 10:45."
    form = page.context["form"]
    assert form.errors["time"] == [sentence]
    assert page.content.decode().count(sentence) == 2
    assert (form["time"].value(), form["length"].value(), form["room"].value()) == (
        "10:15",
        "40",
        str(clinic.two.pk),
    )


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (
            "2027-03-28",
            "The clocks go forward on 28 Mar 2027, so 01:30 does not exist. Choose another time.",
        ),
        (
            "2027-10-31",
            "The clocks go back on 31 Oct 2027, so 01:30 comes twice. Choose another time.",
        ),
    ],
)
def test_page_refuses_times_that_the_clocks_skip_or_repeat(
    clinic: Clinic, browser: Client, day: str, expected: str
) -> None:
    page = browser.post(booking(clinic.maria), typed(clinic, date=day, time="01:30"))
    assert page.context["form"].errors == {"time": [expected]}


def test_page_suggests_the_usual_time_in_the_next_window(
    clinic: Clinic, browser: Client, course: Course
) -> None:
    session(clinic, course, TODAY + timedelta(7), "11:30")
    page = browser.get(f"/appointments/new/?course={course.pk}")
    initial = page.context["form"].initial
    assert {name: str(value) for name, value in initial.items()} == {
        "kind": "session",
        "course": str(course.pk),
        "date": "2026-12-08",
        "time": "11:30:00",
        "length": "30",
        "practitioner": str(clinic.lin.pk),
        "room": str(clinic.one.pk),
    }


def test_time_chosen_in_the_diary_survives_the_choice_of_a_patient(
    clinic: Clinic, browser: Client
) -> None:
    diary = browser.get("/schedule/day/2026-11-25/").content.decode()
    address = f"/appointments/new/?at=2026-11-25T10%3A15&practitioner={clinic.okafor.pk}"
    assert escape(address) in diary
    found = browser.get(f"{address}&q=ana").context["found"]
    [(patient, query)] = found
    initial = browser.get(f"/appointments/new/?{query}").context["form"].initial
    assert patient == clinic.ana
    assert (initial["date"], str(initial["time"])) == (TOMORROW, "10:15:00")
    assert initial["practitioner"] == clinic.okafor.pk


def test_taps_go_back_to_our_own_pages_only(clinic: Clinic, browser: Client) -> None:
    made = clinic.book(day=TODAY)
    arrive = f"{made.get_absolute_url()}arrive/"
    back = browser.post(arrive, {"next": "/schedule/"})
    assert back.headers["Location"] == "/schedule/"
    away = browser.post(f"{made.get_absolute_url()}done/", {"next": "//elsewhere.example/"})
    assert away.headers["Location"] == made.get_absolute_url()
    again = browser.post(arrive, {"next": "/schedule/"})
    sentence = "This appointment is done, so this cannot be done."
    assert again.context["refused"].non_field_errors() == [sentence]


def test_page_shows_the_taps_that_are_possible(clinic: Clinic, browser: Client) -> None:
    def shown(appointment: Appointment) -> list[str]:
        context = browser.get(appointment.get_absolute_url()).context
        more = [name for name in ("may_move", "may_cancel") if context[name]]
        return [tap.url_name for tap, _ in context["taps"]] + more

    made = clinic.book(day=TODAY)
    assert shown(made) == ["arrive", "done", "may_move", "may_cancel"]
    mark_arrived(appointment=made, by=clinic.jo)
    assert shown(made) == ["done", "reopen", "may_cancel"]
    assert shown(clinic.book()) == ["may_move", "may_cancel"]
    yesterday = make.appointment(make.at(TODAY - timedelta(1), "10:00"))
    assert shown(yesterday) == ["done", "no-show", "may_cancel"]


def test_a_look_at_an_appointment_is_audited(clinic: Clinic, browser: Client) -> None:
    made = clinic.book()
    browser.get(made.get_absolute_url())
    assert events(made)[-1] == (
        "appointment viewed",
        clinic.maria.code,
        f"appointment {made.pk}",
    )


def test_desk_does_not_read_why_a_course_was_stopped(
    clinic: Clinic, browser: Client, course: Course
) -> None:
    made = session(clinic, course, TODAY + timedelta(7))
    change_course_state(course=course, to=CourseState.STOPPED, reason="CANARY", by=clinic.lin)
    addresses = [made.get_absolute_url(), f"/appointments/new/?course={course.pk}"]
    for address in (*addresses, f"/schedule/day/{made.starts_on}/"):
        page = browser.get(address).content.decode()
        assert "CANARY" not in page
        assert "closed 24 Nov after 4 of 12" in page


def test_manager_looks_but_does_not_book(clinic: Clinic, client: Client) -> None:
    client.force_login(make.user(Role.MANAGER, name="Kim"))
    made = clinic.book(day=TODAY)
    assert client.get("/schedule/").status_code == 200
    assert "appointments/new" not in client.get("/schedule/").content.decode()
    assert client.get(made.get_absolute_url()).status_code == 200
    for name in ("move", "cancel", "arrive", "done", "no-show", "reopen"):
        assert client.post(f"{made.get_absolute_url()}{name}/").status_code == 403
    assert client.get("/appointments/new/").status_code == 403
    assert Appointment.objects.get().status == Status.BOOKED


def test_diary_costs_the_same_with_one_and_with_six(clinic: Clinic, browser: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            page = browser.get("/schedule/")
        assert page.status_code == 200
        return len(captured)

    def one_more(clock: str) -> None:
        with_course = make.course(make.patient(), visits=3, last_on=TODAY - timedelta(7))
        make.appointment(make.at(TODAY, clock), course=with_course, room=clinic.one)

    one_more("10:00")
    browser.get("/schedule/")  # whatever is read once only
    alone = cost()
    for hour in range(11, 16):
        one_more(f"{hour}:00")
    assert cost() == alone <= 12


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/schedule/day/2026-02-30/", 404),
        ("/schedule/day/0001-01-01/", 404),
        ("/schedule/day/9999-12-31/", 404),
        ("/schedule/day/2000-01-01/", 200),
        ("/schedule/day/2099-12-31/", 200),
        ("/appointments/new/?patient=%00", 200),
        ("/appointments/new/?patient=P-NOBODY", 404),
        ("/appointments/new/?course=%00", 404),
        ("/appointments/new/?course=" + "9" * 5000, 404),
        ("/appointments/new/?at=9999-12-31T23:59&practitioner=²", 200),
        ("/appointments/new/?q=%00", 200),
        ("/appointments/99999999999999999999/", 404),
    ],
)
def test_strange_addresses_are_no_error(browser: Client, address: str, status: int) -> None:
    assert browser.get(address).status_code == status


def test_strange_times_are_no_error(clinic: Clinic, browser: Client) -> None:
    for at in ("0001-01-01T00:00", "9999-12-31T23:59", "2026-11-24T10:15+01:00", "soon"):
        assert browser.get(f"{booking(clinic.maria)}&at={at}").status_code == 200
    for changed in ({"date": "0001-01-01"}, {"date": "9999-12-31"}, {"length": "9" * 400}):
        page = browser.post(booking(clinic.maria), typed(clinic, **changed))
        assert page.context["form"].errors.keys() == changed.keys()
