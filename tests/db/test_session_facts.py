"""From the rows of a patient to what the gates of a session read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from patients.actions import decide_screening
from patients.models.screening import ALLERGIES_ASKED, Decision
from patients.terms import Allergen, Area, SafetyItem
from tests import make
from treatments.models import Course, Reaction, Visit, VisitProduct
from treatments.rules.gates import gates
from treatments.rules.reactions import Look
from treatments.rules.session import Proposed, SessionFacts
from treatments.selectors.session_facts import proposed_of, session_facts
from treatments.terms import MeasureKind, Noticed, ReactionKind, ReactionOutcome, VisitKind

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
DAY = timedelta(1)


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), tick=False):
        yield


def running(visits: int = 1, *, screened: date = TODAY - 30 * DAY, **details: Any) -> Course:
    """Make a course with a consent, screened a month ago; the last session was a week ago."""
    with time_machine.travel(datetime(*screened.timetuple()[:3], 9, tzinfo=UTC), tick=False):
        source = make.accepted(**details)
    made = make.course(source=source, visits=visits, last_on=TODAY - 7 * DAY)
    VisitProduct.objects.all().delete()  # each test says itself what was given
    make.signed(made.patient)
    return made


def known(course: Course, on: date = TODAY, **details: Any) -> SessionFacts:
    return session_facts(course, Proposed(on=on), **details)


def answer(visit: Visit, item: str, said: str) -> None:
    visit.answers.create(item=item, answer=said)


def last(course: Course) -> Visit:
    found = course.visits.treatments().last()
    assert found is not None
    return found


def test_facts_of_an_ordinary_course() -> None:
    course = running()
    make.formulary()
    found = known(course)
    assert replace(found, lists=found.lists, formulary=found.formulary) == SessionFacts(
        age=38,
        sex="F",
        consent="",
        too_early="",
        rescreen="",
        declined_on=None,
        lists=found.lists,
        formulary=found.formulary,
        accepted=frozenset(),
        since={},
        last=found.last,
        answered_on=found.answered_on,
        allergies=frozenset(),
        allergies_asked="no",
        reactions=(),
        same_day=(),
        course=(),
        undocumented=1,
        weight_first=Decimal("62.0"),
        weight_last=Decimal("62.0"),
        needs_reason_to_continue=False,
    )
    assert found.last == make.answers()
    assert set(found.answered_on.values()) == {TODAY - 30 * DAY}
    assert list(found.formulary.agents) == ["pentoxifylline"]


# The patient --------------------------------------------------------------------------------------


def test_age_is_that_of_the_day() -> None:
    course = running()
    course.patient.birth_date = date(2008, 11, 24)
    assert (known(course).age, known(course, TODAY - DAY).age) == (18, 17)


def test_consent_that_was_never_given_says_why_not() -> None:
    course = make.course(visits=1, last_on=TODAY - 7 * DAY)
    assert known(course).consent != ""
    make.signed(course.patient)
    assert known(course).consent == ""


def test_session_too_early_says_since_when() -> None:
    course = running()
    assert known(course, TODAY - DAY).too_early == (
        "Session 1 was 6 days earlier, on 17 Nov 2026; at least 7 days are needed between sessions."
    )
    assert known(course).too_early == ""


def test_gap_of_more_than_56_days_asks_for_a_new_screening() -> None:
    course = running(screened=TODAY - 90 * DAY)
    Visit.objects.update(held_on=TODAY - 57 * DAY)
    assert known(course).rescreen == (
        "Session 1 was 57 days earlier, on 28 Sep 2026; after more than 56 days she is "
        "screened again."
    )
    assert known(course, TODAY - DAY).rescreen == ""
    make.accepted(course.patient)
    assert known(course).rescreen == ""


def test_newer_screening_that_was_not_accepted_is_named_with_its_day() -> None:
    course = running()
    again = make.screening(course.patient)
    assert known(course).declined_on is None
    decide_screening(
        screening=again, decision=Decision.NOT_SUITABLE, reason="x", by=again.started_by
    )
    assert known(course).declined_on == TODAY


# Answers ------------------------------------------------------------------------------------------


def test_yes_of_the_accepted_screening_is_not_new() -> None:
    course = running(said=make.answers(smoker="yes"))
    found = known(course)
    assert (found.accepted, found.since) == (frozenset({"smoker"}), {})


def test_answer_of_a_visit_is_new_and_the_latest_counts() -> None:
    course = running(visits=2)
    first, second = course.visits.treatments()
    answer(first, SafetyItem.PREGNANCY, "yes")
    assert known(course).since == {SafetyItem.PREGNANCY: "yes"}
    answer(second, SafetyItem.PREGNANCY, "no")
    found = known(course)
    assert found.since == {SafetyItem.PREGNANCY: "no"}
    assert found.answered_on[SafetyItem.PREGNANCY] == second.held_on


def test_answer_of_a_visit_that_was_struck_out_does_not_count() -> None:
    course = running()
    answer(last(course), SafetyItem.PREGNANCY, "yes")
    Visit.objects.update(voided_at=timezone.now(), voided_by=course.practitioner, void_reason="x")
    assert known(course).since == {}


def test_answer_before_the_newer_accepted_screening_was_decided_on_there() -> None:
    course = running()
    answer(last(course), SafetyItem.KELOID_TENDENCY, "yes")
    said = make.answers(keloid_tendency="yes")
    make.accept(make.screening(course.patient, said=said))
    found = known(course)
    assert (found.accepted, found.since) == (frozenset({SafetyItem.KELOID_TENDENCY}), {})


def test_answer_of_a_screening_that_is_still_open_is_new() -> None:
    course = running()
    make.screening(course.patient, said=make.answers(active_cancer="yes"))
    assert known(course).since[SafetyItem.ACTIVE_CANCER] == "yes"


def test_not_known_counts_as_said_and_not_as_asked() -> None:
    course = running()
    answer(last(course), SafetyItem.PREGNANCY, "unknown")
    found = known(course)
    assert found.last[SafetyItem.PREGNANCY] == "unknown"
    assert found.answered_on[SafetyItem.PREGNANCY] == TODAY - 30 * DAY


def test_allergies_are_those_named_last() -> None:
    said = make.answers(allergies="yes", lidocaine="x") | {Allergen.SULFITE: "yes"}
    said.pop("lidocaine")
    course = running(said=said)
    found = known(course)
    assert (found.allergies, found.allergies_asked) == (frozenset({Allergen.SULFITE}), "yes")
    answer(last(course), Allergen.IODINE, "yes")
    answer(last(course), ALLERGIES_ASKED, "yes")
    assert known(course).allergies == {Allergen.SULFITE, Allergen.IODINE}


# Visits -------------------------------------------------------------------------------------------


def test_weights_are_the_first_and_the_last_of_the_course_before_the_day() -> None:
    course = running()
    taken = [(28, "60.0"), (14, "61.0"), (0, "65.0")]
    for days, value in taken:
        make.visit(
            course,
            kind=VisitKind.REVIEW,
            on=TODAY - days * DAY,
            measures={MeasureKind.WEIGHT: value, MeasureKind.HIP: "99.0"},
        )
    found = known(course)
    assert (found.weight_first, found.weight_last) == (Decimal("60.0"), Decimal("61.0"))


def test_doses_are_those_of_the_course_and_of_the_day() -> None:
    course = running()
    from_lot = make.lot()
    make.drawn(last(course), from_lot, "8.0", "0.5")
    other = make.course(course.patient, areas=[Area.ABDOMEN], visits=1, last_on=TODAY)
    make.drawn(last(other), from_lot, "3.0")
    found = known(course)
    assert [each.ml for each in found.course] == [Decimal("7.5")]
    assert [each.ml for each in found.same_day] == [Decimal("3.0")]
    assert found.course[0].product == from_lot.product.as_rule()
    assert found.undocumented == 0


def test_sessions_without_doses_on_record_are_counted_those_from_elsewhere_too() -> None:
    course = running(visits=3)
    make.drawn(last(course), make.lot())
    course.earlier_sessions = 4
    assert known(course).undocumented == 6


def test_visit_that_is_judged_is_left_out() -> None:
    course = running(visits=2)
    judged = last(course)
    make.drawn(judged, make.lot())
    answer(judged, SafetyItem.PREGNANCY, "yes")
    Reaction.objects.create(visit=judged, kind=ReactionKind.BRUISE, grade=2)
    found = known(course, judged.held_on, apart_from=judged)
    assert (found.course, found.same_day, found.reactions, found.since) == ((), (), (), {})
    assert (found.too_early, found.undocumented) == ("", 1)


def test_reaction_comes_with_its_session_its_products_and_its_looks() -> None:
    course = running(visits=2)
    first, second = course.visits.treatments()
    of_first, of_second = make.lot(), make.lot()
    make.drawn(first, of_first)
    make.drawn(second, of_second)
    began = make.at(first.held_on + DAY, "10:00")
    reported = Reaction.objects.create(
        visit=second,
        kind=ReactionKind.NODULE,
        grade=1,
        area=Area.BUTTOCK_LEFT,
        noticed=Noticed.SINCE_LAST,
        began_at=began,
    )
    seen = Reaction.objects.create(visit=second, kind=ReactionKind.FAINT, grade=2)
    reported.checks.create(
        outcome=ReactionOutcome.ONGOING, checked_on=TODAY - DAY, by=course.practitioner
    )
    found = {each.key: each for each in known(course).reactions}
    assert found[reported.pk].after_on == first.held_on
    assert found[reported.pk].products == {of_first.product_id}
    assert found[reported.pk].began_on == first.held_on + DAY
    assert found[reported.pk].looks == (Look(TODAY - DAY, ReactionOutcome.ONGOING),)
    assert found[seen.pk].area is None
    assert found[seen.pk].after_on == second.held_on
    assert found[seen.pk].products == {of_second.product_id}


def test_reaction_at_a_follow_up_belongs_to_the_last_session() -> None:
    course = running()
    follow_up = make.visit(course, kind=VisitKind.FOLLOW_UP, on=TODAY)
    Reaction.objects.create(visit=follow_up, kind=ReactionKind.NODULE, grade=1)
    (found,) = known(course).reactions
    assert (found.after_on, found.noted_on) == (last(course).held_on, TODAY)


# A saved session ----------------------------------------------------------------------------------


def test_saved_session_is_read_as_it_was_proposed() -> None:
    course = running(visits=2)
    visit = last(course)
    Visit.objects.update(ml_per_point=Decimal("0.1"), nothing_changed=True, skin_clear=True)
    visit.visit_areas.exclude(area=Area.BUTTOCK_LEFT).delete()
    visit.visit_areas.update(point_count=80)
    from_lot = make.lot(volume_ml=Decimal(20))
    make.drawn(last(course), from_lot, "8.0", "0.5")
    visit.measures.create(kind=MeasureKind.WEIGHT, value=Decimal("62.0"))
    answer(visit, SafetyItem.PREGNANCY, "no")
    for noticed in Noticed:
        Reaction.objects.create(visit=visit, kind=ReactionKind.BRUISE, grade=1, noticed=noticed)
    found = proposed_of(Visit.objects.get(pk=visit.pk))
    (drawn,) = found.products
    assert (found.on, found.areas, found.points) == (
        visit.held_on,
        {Area.BUTTOCK_LEFT: 80},
        80,
    )
    assert (found.ml_per_point, found.given_ml, found.weight) == (
        Decimal("0.1"),
        Decimal("7.5"),
        Decimal("62.0"),
    )
    assert (found.answers, found.nothing_changed, found.skin_clear) == (
        {SafetyItem.PREGNANCY: "no"},
        True,
        True,
    )
    assert (drawn.confirmed, drawn.lot and drawn.lot.number) == (True, from_lot.number)
    assert drawn.lot
    assert drawn.lot.facts.left_ml == Decimal("20.0")  # without its own draw
    assert [each.after_on for each in found.reactions] == [TODAY - 14 * DAY]


def test_good_session_meets_no_gate_from_the_rows() -> None:
    course = running(visits=2)
    visit = last(course)
    make.formulary()
    Visit.objects.update(ml_per_point=Decimal("0.1"), nothing_changed=True, skin_clear=True)
    visit.visit_areas.update(point_count=10)
    make.signed(course.patient, at=timezone.now() - 20 * DAY)
    make.drawn(visit, make.lot(), "4.0")
    saved = Visit.objects.get(pk=visit.pk)
    proposed = proposed_of(saved)
    facts = session_facts(course, proposed, apart_from=saved)
    assert [gate.key for gate in gates(proposed, facts)] == []


# Queries ------------------------------------------------------------------------------------------


def more(course: Course, number: int) -> None:
    """Add a session with all that hangs on it, and a screening."""
    visit = make.visit(
        course,
        number=number + 2,
        on=TODAY - 7 * DAY + timedelta(number % 3),
        measures={MeasureKind.WEIGHT: "61.0"},
    )
    make.drawn(visit, make.lot())
    answer(visit, SafetyItem.PREGNANCY, "no")
    reaction = Reaction.objects.create(visit=visit, kind=ReactionKind.BRUISE, grade=2)
    reaction.checks.create(outcome=ReactionOutcome.ONGOING, by=course.practitioner)
    make.screening(course.patient, by=course.practitioner)


def cost(course: Course) -> tuple[int, int]:
    fresh = Course.objects.select_related("patient").get(pk=course.pk)
    visit = last(fresh)
    with CaptureQueriesContext(connection) as queries:
        found = session_facts(fresh, Proposed(on=TODAY))
        proposed_of(visit)
    return len(queries), len(found.reactions)


def test_facts_cost_the_same_with_one_and_with_six_sessions() -> None:
    course = running()
    make.formulary()
    more(course, 0)
    cost(course)  # whatever is read once and then kept
    one, reactions = cost(course)
    for number in range(1, 6):
        more(course, number)
    six, all_reactions = cost(course)
    assert (reactions, all_reactions) == (1, 6)
    assert six == one
