"""Whatever happens to a course, its strip, counts, due window and board are what a naive count says.

The machine makes every move it can, in any order. After each step everything is worked out once
more from the rows alone, in this file, without the cadence.
"""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from appointments.actions import (
    book_appointment,
    cancel_appointment,
    mark_no_show,
    reopen_appointment,
)
from appointments.models import Appointment
from appointments.strips import strips_of
from appointments.terms import Kind
from clinic.refusal import Refused
from clinic.strip import State
from desk.actions import log_visit
from desk.standing import Group, standings
from tests import make
from treatments.actions import (
    change_course_state,
    change_plan,
    close_visit,
    continue_without_change,
    open_course,
    void_visit,
)
from treatments.actions.courses import Elsewhere
from treatments.findings import Findings, Treated
from treatments.models import Course, CourseMove, MissedSession, Visit
from treatments.models.course import CourseState
from treatments.terms import VisitKind

pytestmark = pytest.mark.django_db

START = date(2026, 3, 2)
STATES = {
    "opened": "planned",
    "transferred": "active",
    "begun": "active",
    "resumed": "active",
    "paused": "paused",
    "completed": "completed",
    "stopped": "stopped",
}


class CourseLife(RuleBasedStateMachine):
    """One patient, one course at a time, and a clock that only goes on."""

    promises = Bundle("promises")

    def __init__(self) -> None:
        super().__init__()
        self.today = START
        self.clock: Any = None
        self.atomic = transaction.atomic()
        self.atomic.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)
        if self.clock:
            self.clock.stop()

    def turn_to(self, day: date) -> None:
        """Move the clock to noon of a day."""
        if self.clock:
            self.clock.stop()
        self.today = day
        noon = datetime.combine(day, time(12), tzinfo=UTC)
        self.clock = time_machine.travel(noon, tick=False)
        self.clock.start()

    def tries(self, call: Any, **details: Any) -> Any:
        """Do something, or be refused in words; a refusal leaves nothing behind."""
        said = ""
        try:
            with transaction.atomic():
                return call(**details)
        except Refused as refused:
            said = refused.message
        assert said.endswith(".")
        return None

    # What happens --------------------------------------------------------------------------

    @initialize(
        earlier=st.none() | st.integers(1, 9),
        missed_counts=st.booleans(),
        planned=st.integers(10, 15),
        interval=st.tuples(st.integers(7, 9), st.integers(0, 3), st.integers(0, 14)),
    )
    def open(
        self, earlier: int | None, missed_counts: bool, planned: int, interval: tuple[int, int, int]
    ) -> None:
        self.turn_to(START)
        source = make.accepted()
        self.by, self.room = source.started_by, make.room()
        low, usual, high = interval
        before = START - timedelta(10)
        self.course = open_course(
            screening=source,
            areas=list(make.BUTTOCKS),
            planned_sessions=planned,
            interval_min_days=low,
            interval_days=low + usual,
            interval_max_days=low + usual + high,
            missed_counts=missed_counts,
            earlier=Elsewhere(earlier, before - timedelta(60), before) if earlier else None,
            practitioner=self.by,
            by=self.by,
        )

    @rule(days=st.sampled_from((1, 3, 7, 7, 8, 10, 23)))
    def days_pass(self, days: int) -> None:
        self.turn_to(self.today + timedelta(days))

    @rule(kind=st.sampled_from([VisitKind.TREATMENT] * 4 + [VisitKind.BASELINE, VisitKind.REVIEW]))
    def log(self, kind: VisitKind) -> None:
        self.tries(
            log_visit,
            course=self.course,
            kind=kind,
            held_on=self.today,
            findings=Findings(areas={area: Treated() for area in self.course.areas}),
            by=self.by,
        )

    @rule(times=st.integers(2, 6))
    def log_some_in_their_rhythm(self, times: int) -> None:
        for _time in range(times):
            self.turn_to(self.today + timedelta(self.course.interval_days))
            self.log(VisitKind.TREATMENT)

    @rule()
    def sign(self) -> None:
        """Signing changes no count and no date."""
        last = Visit.objects.unsigned().filter(course=self.course).order_by("pk").last()
        if last:
            self.tries(close_visit, visit=last, by=last.practitioner, meaning="I held this visit")

    @rule()
    def enter_in_error(self) -> None:
        last = Visit.objects.standing().filter(course=self.course).order_by("pk").last()
        if last:
            self.tries(void_visit, visit=last, reason="Wrong patient.", by=self.by)

    @rule(target=promises, days=st.integers(1, 20))
    def book(self, days: int) -> int | None:
        row = self.tries(
            book_appointment,
            patient=self.course.patient,
            practitioner=self.by,
            room=self.room,
            kind=Kind.SESSION,
            starts_at=make.at(self.today + timedelta(days), "10:00"),
            minutes=30,
            by=self.by,
            course=self.course,
        )
        return row.pk if row else None

    @rule(promise=promises)
    def cancel(self, promise: int | None) -> None:
        self.turn(promise, cancel_appointment, reason="She called.")

    @rule(promise=promises)
    def miss(self, promise: int | None) -> None:
        self.turn(promise, mark_no_show)

    @rule(promise=promises)
    def miss_on_the_day(self, promise: int | None) -> None:
        row = Appointment.objects.filter(pk=promise).first()
        if row and row.starts_on > self.today:
            self.turn_to(row.starts_on)
        self.turn(promise, mark_no_show)

    @rule(promise=promises)
    def take_back(self, promise: int | None) -> None:
        self.turn(promise, reopen_appointment)

    def turn(self, promise: int | None, call: Any, **details: Any) -> None:
        row = Appointment.objects.filter(pk=promise).select_related("course", "patient").first()
        if row:
            self.tries(call, appointment=row, by=self.by, **details)

    @rule(to=st.sampled_from((CourseState.PAUSED, CourseState.ACTIVE, CourseState.ACTIVE)))
    def pause_or_resume(self, to: CourseState) -> None:
        self.tries(change_course_state, course=self.course, to=to, reason="Travels.", by=self.by)

    @rule(to=st.sampled_from((CourseState.COMPLETED, CourseState.STOPPED)))
    @precondition(lambda self: CourseMove.objects.filter(course=self.course).count() > 3)
    def close(self, to: CourseState) -> None:
        self.tries(change_course_state, course=self.course, to=to, reason="Moved.", by=self.by)

    @rule(
        sessions=st.integers(9, 17),
        missed_counts=st.none() | st.booleans(),
        own=st.none() | st.integers(3, 12),
    )
    def change_the_plan(self, sessions: int, missed_counts: bool | None, own: int | None) -> None:
        self.tries(
            change_plan,
            course=self.course,
            sessions=sessions,
            missed_counts=missed_counts,
            areas={make.BUTTOCKS[0]: own},
            reason="Agreed.",
            by=self.by,
        )

    @rule()
    def sign_a_new_consent(self) -> None:
        make.signed(
            self.course.patient, at=make.at(self.today, "11:59"), until=self.today + timedelta(365)
        )

    @rule()
    def go_on_without_change(self) -> None:
        self.tries(continue_without_change, course=self.course, reason="So she says.", by=self.by)

    # What must be true ---------------------------------------------------------------------

    @invariant()
    def everything_is_what_the_rows_say(self) -> None:
        if not hasattr(self, "course"):
            return
        course = Course.objects.with_sessions().get(pk=self.course.pk)
        naive = Naive(course.pk, self.today)
        assert course.state == naive.state
        assert course.planned_sessions == naive.planned
        assert (course.due_from, course.due_by) == naive.due
        strip = strips_of([course], self.today)[course.pk]
        assert (strip.done, strip.planned) == (naive.done, naive.to_hold)
        assert [mark.number for mark in strip.marks] == list(range(1, len(strip.marks) + 1))
        assert [mark.on for mark in strip.marks if mark.state == State.DONE] == naive.held_days
        dated = [m.on for m in strip.marks if m.state in (State.TODAY, State.BOOKED)]
        assert dated == naive.coming[: naive.to_hold - naive.done]
        assert naive.is_closed_early == (strip.closed_after is not None)
        [standing] = standings(Course.objects.filter(pk=course.pk), self.today)
        assert standing.group == naive.group(strip)
        call_command("check_projections", stdout=io.StringIO())


class Naive:
    """The same things once more, from the rows, by counting."""

    def __init__(self, pk: int, today: date) -> None:
        row = Course.objects.values().get(pk=pk)
        moves = list(
            CourseMove.objects.filter(course=pk).order_by("pk").values_list("kind", "sessions")
        )
        self.today, self.row = today, row
        self.state = [STATES[kind] for kind, _sessions in moves if kind in STATES][-1]
        self.planned = moves[-1][1]
        visits = Visit.objects.filter(course=pk, kind="treatment", voided_at=None)
        days = sorted(visits.values_list("held_on", flat=True))
        before = row["earlier_sessions"]
        self.done = before + len(days)
        lost = 0
        if row["missed_counts"]:
            lost = MissedSession.objects.filter(course=pk, taken_back_at=None).count()
        self.to_hold = max(self.planned - lost, self.done)
        elsewhere = [None] * (before - 1) + [row["earlier_until"]] if before else []
        self.held_days = [*elsewhere, *days]
        promised = Appointment.objects.filter(
            course=pk, kind="session", status__in=("booked", "arrived"), starts_at__date__gte=today
        )
        last = self.held_days[-1] if self.held_days else None
        self.last = last
        self.coming = sorted(
            on for on in (each.starts_on for each in promised) if last is None or on > last
        )
        if self.is_closed_early:
            self.coming = []  # the line ends where the course did
        self.due = self.window()

    @property
    def is_running(self) -> bool:
        return self.state in ("planned", "active")

    @property
    def is_closed_early(self) -> bool:
        return self.state == "stopped" or (self.state == "completed" and self.done < self.to_hold)

    def window(self) -> tuple[date | None, date | None]:
        if not self.is_running or self.done == self.to_hold:
            return None, None
        opened: date = self.row["opened_on"]
        if self.last is None:
            return opened, opened + timedelta(self.row["interval_max_days"])
        first = self.last + timedelta(self.row["interval_min_days"])
        final = self.last + timedelta(self.row["interval_max_days"])
        if self.done == self.row["earlier_sessions"] and first < opened:
            first = opened
        return first, max(first, final)

    def group(self, strip: Any) -> Group:
        """Where the board must put it, from the days alone."""
        if self.state in ("completed", "stopped"):
            return Group.CLOSED
        if self.state == "paused":
            return Group.PAUSED
        left = self.to_hold - self.done
        if not left:
            return Group.FINISHING
        if self.coming:
            near = Group.FINISHING if left <= 2 else Group.ON_TRACK
            return Group.ON_TRACK if strip.marks[self.done].gap_is_outside else near
        first, final = self.due
        assert first is not None and final is not None  # noqa: PT018
        if self.today > final:
            return Group.OVERDUE
        was_missed = MissedSession.objects.filter(
            course=self.row["id"], taken_back_at=None, missed_on__gt=self.last or date.min
        ).exists()
        if was_missed or self.today >= first:
            return Group.DUE
        return Group.FINISHING if left <= 2 else Group.ON_TRACK


def test_every_life_of_a_course_is_what_its_rows_say() -> None:
    run_state_machine_as_test(
        CourseLife,
        settings=settings(
            max_examples=12,
            stateful_step_count=18,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
