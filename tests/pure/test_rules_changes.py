"""What would change the result: one answer, found by running the rules again."""

from __future__ import annotations

import pytest
from rules_samples import NO_DENTS, area, safety, screening, vignette_facts

from patients.rules import Change, ScreeningFacts, assess, what_would_change
from patients.terms import Area, LiftTest


def nearest(facts: ScreeningFacts) -> Change:
    return what_would_change(facts)[0]


def test_change_of_lift_test_turns_leading_looseness_into_contributing() -> None:
    found = nearest(screening(area(css_laxity=2, lift_test=LiftTest.DISAPPEAR)))
    assert (found.field, found.value, found.treatable) == (
        "lift_test",
        LiftTest.PARTLY_IMPROVE,
        "reduced",
    )
    assert found.sentence == (
        "If lifting only partly cleared the dents: looseness would only contribute, and this area "
        "could be offered with its limits explained. Overall, a course could be discussed with "
        "its limits."
    )


def test_change_of_laxity_is_named_when_lifting_turns_nothing() -> None:
    found = nearest(screening(area(css_laxity=2)))
    assert (found.field, found.value, found.sentence) == (
        "css_laxity",
        1,
        "If laxity were 1 of 3: this area could be offered. Overall, a course could be discussed.",
    )


def test_change_of_sun_grade_is_named_with_its_grade() -> None:
    found = nearest(screening(area(sun_grade=1, lift_test=LiftTest.NO_DIMPLES)))
    assert (found.field, found.value) == ("sun_grade", 2)


def test_change_of_missing_lift_test_tells_each_answer_that_decides() -> None:
    found = what_would_change(screening(area(lift_test=None)))
    assert [(change.value, change.treatable) for change in found] == [
        ("persist", "yes"),
        ("partly_improve", "yes"),
        ("disappear", "reduced"),
        ("no_dimples", "yes"),
    ]


def test_change_of_missing_safety_answer_tells_both_ways() -> None:
    facts = screening(safety=safety(missing=frozenset({"pregnancy"})))
    answers = [change for change in what_would_change(facts) if change.field == "pregnancy"]
    assert [(change.value, change.outcome) for change in answers] == [
        (True, "contraindicated_or_deferred"),
        (False, "good_candidate"),
    ]
    assert answers[1].sentence == (
        "Pregnancy: not answered yet. If the answer is no: Overall, a course could be discussed."
    )


def test_change_of_missing_screening_answers_is_tried_where_they_live() -> None:
    facts = screening(bdd_screen_positive=None)
    assert nearest(facts).outcome == "contraindicated_or_deferred"
    facts = screening(expectations=None)
    assert [change.value for change in what_would_change(facts)][:1] == ["realistic"]


def test_change_is_none_when_no_single_answer_turns_the_result() -> None:
    assert what_would_change(screening(area(**NO_DENTS))) == ()


def test_change_gives_at_most_one_neighbour_an_area() -> None:
    facts = screening(area(Area.BUTTOCK_LEFT), area(Area.BUTTOCK_RIGHT))
    assert [change.area for change in what_would_change(facts)] == [
        Area.BUTTOCK_LEFT,
        Area.BUTTOCK_RIGHT,
    ]


def test_change_of_nothing_known_is_total() -> None:
    assert what_would_change(ScreeningFacts()) == ()


@pytest.mark.parametrize("facts", vignette_facts())
def test_change_always_turns_an_area_or_the_outcome(facts: ScreeningFacts) -> None:
    before = assess(facts)
    treatable = {found.area: found.treatable for found in before.areas}
    for change in what_would_change(facts):
        turned = change.area and change.treatable != treatable[change.area]
        assert turned or change.outcome != before.outcome
