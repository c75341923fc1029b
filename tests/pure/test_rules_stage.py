"""Stage, grades and scores of one area, with each boundary on both sides."""

from __future__ import annotations

import itertools

import pytest
from rules_samples import NO_DENTS, PINCH_ONLY, area

from patients.rules.facts import PatientFacts, bmi_of
from patients.rules.stage import (
    css_class,
    css_total,
    css_without_laxity,
    derive_stage,
    grade_depressions,
    inconsistencies,
    stage_of,
)
from patients.terms import LiftTest


@pytest.mark.parametrize(
    ("lying", "standing", "pinch", "raised", "stage", "made_by"),
    [
        (False, False, False, False, 0, ""),
        (False, False, True, False, 1, "visible_on_pinch"),
        (False, True, True, False, 2, "visible_standing"),
        (False, True, False, False, 2, "visible_standing"),
        (True, True, True, False, 3, "visible_lying"),
        (False, True, True, True, 3, "raised_nodules"),
        (True, True, True, True, 3, "visible_lying"),
        (True, False, True, False, 2, "visible_lying"),
        (False, False, False, True, 2, "raised_nodules"),
    ],
)
def test_stage_from_four_observations(
    lying: bool, standing: bool, pinch: bool, raised: bool, stage: int, made_by: str
) -> None:
    found = derive_stage(lying, standing, pinch, raised)
    assert (found.stage, found.made_by) == (stage, made_by)


def test_stage_with_unknown_raised_areas_is_two_or_three() -> None:
    found = derive_stage(False, True, True, None)
    assert (found.stage, found.lowest, found.highest) == (None, 2, 3)


def test_stage_is_never_guessed_when_completions_differ() -> None:
    for seen in itertools.product((True, False, None), repeat=4):
        filled = itertools.product(*((True, False) if s is None else (s,) for s in seen))
        stages = {derive_stage(*answers).stage for answers in filled}
        expected = stages.pop() if len(stages) == 1 else None
        assert derive_stage(*seen).stage == expected


def test_stage_of_area_takes_item_e_when_observations_leave_it_open() -> None:
    found = stage_of(area(raised_nodules=None, css_nm=3))
    assert (found.stage, found.made_by) == (3, "css_nm")


def test_stage_of_area_keeps_observations_when_item_e_disagrees() -> None:
    assert stage_of(area(css_nm=0)).stage == 2


@pytest.mark.parametrize(
    ("count", "grade"),
    [(-1, 0), (0, 0), (1, 1), (4, 1), (5, 2), (9, 2), (10, 3), (60, 3)],
)
def test_depressions_grade_at_boundaries_0_1_4_5_9_10(count: int, grade: int) -> None:
    assert grade_depressions(count) == grade


@pytest.mark.parametrize(
    ("total", "name"),
    [
        (0, "none"),
        (1, "mild"),
        (5, "mild"),
        (6, "moderate"),
        (10, "moderate"),
        (11, "severe"),
        (15, "severe"),
        (None, None),
    ],
)
def test_css_class_at_boundaries_5_6_10_11(total: int | None, name: str | None) -> None:
    assert css_class(total) == name


def test_css_total_adds_five_items_and_subtotal_leaves_laxity_out() -> None:
    facts = area(css_laxity=2)
    assert (css_total(facts), css_without_laxity(facts)) == (9, 7)


@pytest.mark.parametrize("item", ["number", "depth", "morphology", "laxity", "nm"])
def test_css_total_with_a_missing_item_is_unknown_not_lower(item: str) -> None:
    assert css_total(area(**{f"css_{item}": None})) is None


def test_css_subtotal_without_laxity_needs_no_laxity() -> None:
    assert css_without_laxity(area(css_laxity=None)) == 7


def _fields(**answers: object) -> list[str]:
    return [found.field for found in inconsistencies(area(**answers))]


def test_inconsistencies_of_a_sound_exam_are_none() -> None:
    assert _fields() == []


def test_inconsistency_when_item_e_differs_from_observations() -> None:
    assert _fields(css_nm=3) == ["css_nm"]


def test_inconsistency_when_depth_without_depressions() -> None:
    assert _fields(css_number=0, css_depth=1) == ["css_depth"]


def test_inconsistency_when_depressions_counted_but_none_visible() -> None:
    assert _fields(**NO_DENTS | {"css_number": 1}) == ["css_number"]


def test_inconsistency_when_dents_are_visible_but_none_was_lifted() -> None:
    assert _fields(lift_test=LiftTest.NO_DIMPLES) == ["lift_test"]
    assert _fields(**PINCH_ONLY) == []


def test_inconsistency_when_dents_were_lifted_that_nobody_saw() -> None:
    assert _fields(**NO_DENTS | {"lift_test": LiftTest.PERSIST}) == ["lift_test"]


def test_inconsistency_when_visible_lying_but_not_standing() -> None:
    assert _fields(visible_standing=False, visible_lying=True) == ["visible_standing"]


@pytest.mark.parametrize(
    ("height", "weight", "bmi"),
    [
        (168, 62, 22.0),
        (100, 29.94, 29.9),
        (100, 29.95, 30.0),
        (None, 62, None),
        (168, None, None),
        (0, 62, None),
        (168, 0, None),
        (float("nan"), 62, None),
        (168, float("inf"), None),
        (1e-200, 62, None),
    ],
)
def test_bmi_to_one_decimal_half_up(
    height: float | None, weight: float | None, bmi: float | None
) -> None:
    assert bmi_of(height, weight) == bmi


def test_bmi_is_computed_when_absent_and_kept_when_given() -> None:
    computed = PatientFacts(height_cm=166, weight_kg=88).bmi
    given = PatientFacts(height_cm=166, weight_kg=88, bmi=30).bmi
    assert (computed, given) == (31.9, 30.0)
