"""How the domain notes are read where they could be read in two ways, one case each.

The cases are written in the case format, so each reading can be tried with `manage.py screen`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from rules_samples import vignettes

from patients.rules import Verdict, assess
from patients.rules.case import read_case

Edit = Callable[[dict[str, Any]], object]
UNDECIDED = ("undecided", "missing")
GOOD = ("good_candidate", "good")
REDUCED = ("candidate_reduced_expectations", "reduced")

NOT_SEEN = {"visible_lying": False, "visible_standing": False}
FLAT = {"number": 0, "depth": 0, "morphology": 0, "laxity": 0, "nm": 0, "total": 0}
LIPO = {
    "lipo_here": True,
    "lipo_months_ago": 48,
    "lipo_count": 1,
    "lipo_onset": "before",
    "lipo_signs": [],
}


def judged(edit: Edit) -> Verdict:
    """Judge the uncomplicated left buttock of the first vignette after an edit."""
    case = copy.deepcopy(vignettes()[0])
    case["areas"] = case["areas"][:1]
    edit(case)
    return assess(read_case(case))


def in_area(css: dict[str, Any] | None = None, **answers: Any) -> Verdict:
    def edit(case: dict[str, Any]) -> None:
        case["areas"][0].update(answers)
        case["areas"][0]["css"].update({"total": None} | (css or {}))

    return judged(edit)


def result(verdict: Verdict) -> tuple[str, str]:
    return verdict.outcome.value, verdict.sub_outcome.value


def missing(verdict: Verdict) -> list[str]:
    return [row.field for row in verdict.missing]


def another(case: dict[str, Any], area: str, **answers: Any) -> None:
    case["areas"].append(copy.deepcopy(case["areas"][0]) | {"area": area} | answers)


# The exam ----------------------------------------------------------------------------------------


def test_stage_alone_stands_for_observations_that_were_not_given() -> None:
    blank = dict.fromkeys(["visible_lying", "visible_standing", "visible_on_pinch_or_contraction"])
    verdict = in_area(**blank)
    assert (result(verdict), verdict.areas[0].stage) == (GOOD, 2)


def test_observations_outweigh_a_stage_that_disagrees() -> None:
    assert in_area(css={"nm": 1}, visible_lying=True).areas[0].stage == 3


def test_pinch_only_dents_need_every_css_item_and_the_lift_test() -> None:
    """“Visible dents” includes those visible on pinching: the careful reading."""
    seen = NOT_SEEN | {"visible_on_pinch_or_contraction": True}
    pinched = {**FLAT, "nm": 1, "total": None}
    assert missing(in_area(css=pinched, **seen, lift_test=None)) == ["lift_test"]
    assert missing(in_area(css=pinched | {"depth": None}, **seen, lift_test="no_dimples")) == [
        "css_depth"
    ]


def test_area_without_dents_needs_no_depth_but_its_laxity() -> None:
    nothing = NOT_SEEN | {"visible_on_pinch_or_contraction": False, "lift_test": None}
    assert result(in_area(css={**FLAT, "depth": None, "total": None}, **nothing)) == (
        "refer_other_treatment",
        "not_indicated",
    )
    assert missing(in_area(css={**FLAT, "laxity": None, "total": None}, **nothing)) == [
        "css_laxity"
    ]


def test_no_dents_to_lift_is_an_answer_and_speaks_for_nothing() -> None:
    verdict = in_area(lift_test="no_dimples")
    assert (result(verdict), verdict.areas[0].contributing) == (GOOD, ())


def test_sun_grade_not_recorded_keeps_the_area_open() -> None:
    assert missing(in_area(sun_grade=None)) == ["sun_grade"]


# Liposuction -------------------------------------------------------------------------------------


def test_liposuction_of_unknown_date_is_undecided() -> None:
    verdict = in_area(**LIPO | {"lipo_months_ago": None})
    assert (result(verdict), missing(verdict)) == (UNDECIDED, ["lipo_months_ago"])


def test_months_without_liposuction_here_defer_nothing() -> None:
    assert result(in_area(lipo_here=False, lipo_months_ago=3)) == GOOD


def test_only_began_after_and_asymmetry_contribute_and_do_not_lead() -> None:
    verdict = in_area(**LIPO | {"lipo_onset": "after", "lipo_signs": ["asymmetry"]})
    assert (verdict.areas[0].primary, verdict.areas[0].contributing) == (
        "cellulite",
        ("post_liposuction",),
    )


def test_liposuction_of_unknown_onset_is_undecided() -> None:
    assert missing(in_area(**LIPO | {"lipo_onset": None})) == ["lipo_onset"]


@pytest.mark.parametrize("here", [False, None])
def test_liposuction_of_a_touching_area_never_counts_as_here(here: bool | None) -> None:
    """Its signs here prompt a question; they do not make a finding of this area."""

    def edit(case: dict[str, Any]) -> None:
        case["areas"][0].update(lipo_here=here, lipo_signs=["adherent", "asymmetry"])
        another(case, "thigh_lateral_left", **LIPO)

    verdict = judged(edit)
    assert missing(verdict) == ([] if here is False else ["lipo_here"])
    assert result(verdict) == (GOOD if here is False else UNDECIDED)
    prompts = [reason.rule for reason in verdict.reasons if reason.rule == "P0"]
    assert prompts == (["P0"] if here is False else [])


# The patient -------------------------------------------------------------------------------------


def test_given_bmi_is_kept_beside_height_and_weight() -> None:
    assert result(judged(lambda case: case["patient"].update(weight_kg=120))) == GOOD


def test_bmi_that_cannot_be_computed_is_missing() -> None:
    verdict = judged(lambda case: case["patient"].update(bmi=None, weight_kg=None))
    assert (result(verdict), missing(verdict)) == (UNDECIDED, ["weight_kg"])


def test_age_not_given_is_missing_although_no_absolute_item_is_listed() -> None:
    assert missing(judged(lambda case: case["patient"].update(age=None))) == ["age"]


def test_expectations_not_asked_matter_only_while_they_could_turn_the_result() -> None:
    def edit(depth: int) -> Edit:
        def change(case: dict[str, Any]) -> None:
            case["history"]["expectations"] = None
            case["areas"][0]["css"].update(depth=depth, total=None)

        return change

    assert missing(judged(edit(1))) == ["expectations"]
    assert result(judged(edit(3))) == REDUCED


def test_legs_not_asked_are_undecided_and_name_the_red_flag() -> None:
    verdict = judged(lambda case: case["history"].update(legs=None))
    assert result(verdict) == UNDECIDED
    assert missing(verdict)[0] == "new_unilateral_swelling"


def test_leg_disorder_overrides_legs_and_buttocks_and_leaves_the_rest() -> None:
    def edit(case: dict[str, Any]) -> None:
        case["history"]["legs"]["stemmer"] = "positive"
        for area in ("knee_left", "thigh_medial_right", "hip_left", "abdomen", "arm_left"):
            another(case, area)

    verdict = judged(edit)
    primaries = [found.primary.value for found in verdict.areas]
    assert primaries == ["suspected_lymphoedema"] * 3 + ["cellulite"] * 3
    assert result(verdict) == ("refer_other_treatment", "refer_specialist")


def test_obesity_class_2_is_recorded_and_not_counted_as_contributing() -> None:
    """Rule O1 ends at 34.9; from 35 the whole patient is decided by E5."""
    verdict = judged(lambda case: case["patient"].update(bmi=35))
    assert (verdict.areas[0].contributing, verdict.areas[0].treatable) == ((), "yes")
    assert result(verdict) == ("refer_other_treatment", "weight_management_first")


# Safety ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("safety", [None, {}, {"absolute": None}])
def test_safety_lists_that_are_absent_were_not_asked(safety: Any) -> None:
    assert result(judged(lambda case: case.update(safety=safety))) == UNDECIDED


def test_safety_lists_that_are_empty_were_asked_and_answered_no() -> None:
    assert missing(judged(lambda _case: None)) == []


def test_known_stop_decides_and_still_names_what_is_missing() -> None:
    def edit(case: dict[str, Any]) -> None:
        case["safety"]["absolute"] = ["active_cancer"]
        case["areas"][0]["lift_test"] = None

    verdict = judged(edit)
    assert result(verdict) == ("contraindicated_or_deferred", "contraindicated")
    assert missing(verdict) == ["lift_test"]
    assert {"X_CANCER", "M_MISSING"} <= {reason.code for reason in verdict.reasons}


def test_known_stop_decides_although_the_other_lists_were_not_asked() -> None:
    verdict = judged(lambda case: case.update(safety={"temporary": ["pregnancy"]}))
    assert result(verdict) == ("contraindicated_or_deferred", "deferred")
    assert "active_cancer" in missing(verdict)


# Several areas -----------------------------------------------------------------------------------


def test_area_with_a_missing_answer_keeps_the_whole_open() -> None:
    def edit(case: dict[str, Any]) -> None:
        another(case, "knee_left", css={**case["areas"][0]["css"], "laxity": 3, "total": None})
        another(case, "knee_right", lift_test=None)

    assert result(judged(edit)) == UNDECIDED


def test_no_area_asked_about_is_undecided() -> None:
    assert missing(judged(lambda case: case.update(areas=[]))) == ["areas"]
