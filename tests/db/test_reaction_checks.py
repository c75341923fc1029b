"""Looking at a reaction again, and what a grave one does to its course."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from clinic.models import AuditEvent
from clinic.refusal import Refused
from tests import make
from treatments.actions import change_course_state, close_visit
from treatments.actions.reactions import check_reaction, react_to
from treatments.models import Course, Reaction, ReactionCheck, Visit
from treatments.models.course import CourseState
from treatments.rules.reactions import call_back_by
from treatments.selectors.session_facts import reaction_facts
from treatments.terms import ReactionKind, ReactionOutcome, Related

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
DAY = timedelta(1)
ONGOING, GONE, TRACE = (
    ReactionOutcome.ONGOING,
    ReactionOutcome.RESOLVED,
    ReactionOutcome.SEQUELAE,
)


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def course() -> Course:
    """A running course whose only session was a week ago."""
    made = make.course(visits=1, last_on=TODAY - 7 * DAY)
    Course.objects.filter(pk=made.pk).update(state=CourseState.ACTIVE)
    return Course.objects.get(pk=made.pk)


def noted(course: Course, **details: Any) -> Reaction:
    values = {"kind": ReactionKind.BRUISE, "grade": 2, **details}
    return Reaction.objects.create(visit=course.visits.get(), **values)


def looked(reaction: Reaction, **details: Any) -> ReactionCheck:
    values: dict[str, Any] = {
        "outcome": ONGOING,
        "note": "Paler.",
        "on": TODAY,
        "by": reaction.visit.practitioner,
    }
    return check_reaction(reaction=reaction, **{**values, **details})


def refusal(reaction: Reaction, **details: Any) -> tuple[str, str | None]:
    before = ReactionCheck.objects.count()
    with pytest.raises(Refused) as refused:
        looked(reaction, **details)
    assert ReactionCheck.objects.count() == before
    return refused.value.message, refused.value.field


# Looking again ------------------------------------------------------------------------------------


def test_look_is_stored_with_who_when_and_what(course: Course) -> None:
    reaction = noted(course)
    made = looked(reaction, note="  Paler, no pain. ", on=TODAY - DAY)
    assert (made.outcome, made.note, made.checked_on, made.by) == (
        ONGOING,
        "Paler, no pain.",
        TODAY - DAY,
        course.practitioner,
    )
    event = AuditEvent.objects.get(action="reaction checked")
    assert (event.patient, event.target) == (course.patient.code, f"reaction {reaction.pk}")


@pytest.mark.parametrize(
    ("outcomes", "is_open"),
    [([], True), ([ONGOING], True), ([GONE], False), ([TRACE], False), ([GONE, ONGOING], True)],
)
def test_reaction_is_open_until_it_was_found_gone(
    course: Course, outcomes: list[ReactionOutcome], is_open: bool
) -> None:
    reaction = noted(course)
    for outcome in outcomes:
        looked(reaction, outcome=outcome)
    found = Reaction.objects.prefetch_related("checks").get()
    assert (found.is_open, Reaction.objects.open().exists()) == (is_open, is_open)
    assert reaction_facts(found, found.visit, None).is_open is is_open


def test_look_in_the_future_is_refused(course: Course) -> None:
    assert refusal(noted(course), on=TODAY + DAY) == ("The day lies in the future.", "checked_on")


def test_look_before_the_note_is_refused(course: Course) -> None:
    reaction = noted(course)
    assert refusal(reaction, on=TODAY - 8 * DAY) == (
        "The reaction was noted on 17 Nov 2026; nobody looked again before that.",
        "checked_on",
    )
    assert looked(reaction, on=TODAY - 7 * DAY).pk is not None


def test_look_before_the_last_one_is_refused(course: Course) -> None:
    reaction = noted(course)
    looked(reaction, on=TODAY - DAY)
    assert refusal(reaction, on=TODAY - 2 * DAY) == (
        "Somebody looked on 23 Nov 2026 already. Write down what was found since.",
        "checked_on",
    )
    assert looked(reaction, on=TODAY - DAY).pk is not None


@pytest.mark.parametrize("outcome", [GONE, TRACE])
def test_reaction_that_is_gone_is_not_found_gone_again(
    course: Course, outcome: ReactionOutcome
) -> None:
    reaction = noted(course)
    looked(reaction, outcome=GONE)
    assert refusal(reaction, outcome=outcome) == (
        "It was gone already. Write it down only if it has come back.",
        None,
    )
    assert looked(reaction, outcome=ONGOING).pk is not None


@pytest.mark.parametrize("note", ["", "   "])
def test_trace_that_nobody_describes_is_refused(course: Course, note: str) -> None:
    assert refusal(noted(course), outcome=TRACE, note=note) == ("Describe what remains.", "note")


def test_reaction_of_a_visit_that_was_struck_out_is_not_looked_at(course: Course) -> None:
    reaction = noted(course)
    Visit.objects.update(voided_at=timezone.now(), voided_by=course.practitioner, void_reason="x")
    assert refusal(reaction) == ("The visit of this reaction is struck out.", None)
    assert Reaction.objects.open().count() == 0


def test_reaction_of_a_signed_visit_is_looked_at_all_the_same(course: Course) -> None:
    reaction = noted(course)
    close_visit(visit=course.visits.get(), by=course.practitioner, meaning="I performed it")
    assert looked(reaction).pk is not None


@pytest.mark.parametrize("change", ["update", "delete"])
def test_look_is_never_changed_afterwards(course: Course, change: str) -> None:
    looked(noted(course))
    rows = ReactionCheck.objects.all()
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(outcome=GONE) if change == "update" else rows.delete()
    assert ReactionCheck.objects.get().outcome == ONGOING


# Whom to call back --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ReactionKind)
@pytest.mark.parametrize("grade", range(1, 6))
def test_list_of_call_backs_holds_whom_the_rule_gives_a_day(
    course: Course, kind: ReactionKind, grade: int
) -> None:
    """The query and the rule are two, so they are held against each other."""
    reaction = noted(course, kind=kind, grade=grade)
    due = call_back_by(reaction_facts(reaction, reaction.visit, None))
    assert Reaction.objects.to_call_back().exists() is (due is not None)


def test_list_of_call_backs_leaves_out_what_is_gone(course: Course) -> None:
    looked(noted(course), outcome=GONE)
    assert Reaction.objects.to_call_back().count() == 0


# What it does to the course -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "grade", "pauses"),
    [
        (ReactionKind.BRUISE, 2, False),
        (ReactionKind.BRUISE, 3, True),
        (ReactionKind.ALLERGY, 1, True),
        (ReactionKind.INFECTION, 1, True),
        (ReactionKind.NODULE, 2, False),
    ],
)
def test_grave_reaction_pauses_the_course(
    course: Course, kind: ReactionKind, grade: int, pauses: bool
) -> None:
    reaction = noted(course, kind=kind, grade=grade)
    paused = react_to(visit=reaction.visit, by=course.practitioner)
    course.refresh_from_db()
    assert (paused is not None, course.state == CourseState.PAUSED) == (pauses, pauses)


def test_pause_says_which_reaction_and_what_to_do(course: Course) -> None:
    noted(course, kind=ReactionKind.ALLERGY, grade=1)
    worst = noted(course, kind=ReactionKind.SWELLING, grade=4)
    react_to(visit=worst.visit, by=course.practitioner)
    course.refresh_from_db()
    assert course.state_reason == (
        "Swelling, grade 4, noted on 17 Nov 2026. Settle it before the course goes on."
    )


def test_reaction_of_another_cause_pauses_nothing(course: Course) -> None:
    fall = noted(course, grade=3, related=Related.UNRELATED)
    assert react_to(visit=fall.visit, by=course.practitioner) is None


@pytest.mark.parametrize("state", [CourseState.PAUSED, CourseState.STOPPED])
def test_course_that_rests_already_keeps_its_own_reason(course: Course, state: CourseState) -> None:
    change_course_state(course=course, to=state, reason="Moved away.", by=course.practitioner)
    reaction = noted(course, grade=3)
    assert react_to(visit=reaction.visit, by=course.practitioner) is None
    course.refresh_from_db()
    assert (course.state, course.state_reason) == (state, "Moved away.")
