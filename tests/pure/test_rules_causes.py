"""Step A, rule by rule: what meets it, and what misses it by one step."""

from __future__ import annotations

from typing import Any

import pytest
from rules_samples import NO_DENTS, PINCH_ONLY, area, codes, finding, patient, screening

from patients.rules.facts import AreaFacts
from patients.terms import (
    Area,
    Cause,
    Crepe,
    Level,
    LiftTest,
    LipoOnset,
    LipoSign,
    Recoil,
    Treatable,
)

CLEARS = LiftTest.DISAPPEAR
PARTLY = LiftTest.PARTLY_IMPROVE


def rules(**answers: Any) -> set[str]:
    return set(finding(**answers).rules)


def level(cause: Cause, **answers: Any) -> Level:
    return finding(**answers).levels[cause]


def lipo(*signs: LipoSign, onset: LipoOnset = LipoOnset.BEFORE, **answers: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "lipo_here": True,
        "lipo_months_ago": 48,
        "lipo_onset": onset,
        "lipo_signs": frozenset(signs),
    }
    return given | answers


# Laxity ------------------------------------------------------------------------------------------


def test_l1_laxity_3_is_met() -> None:
    assert level(Cause.LAXITY, css_laxity=3) == Level.DOMINANT
    assert rules(css_laxity=3) >= {"L1"}


def test_l1_laxity_2_is_missed() -> None:
    assert "L1" not in rules(css_laxity=2)


def test_l2_laxity_2_with_clearing_dents_is_met() -> None:
    assert "L2" in rules(css_laxity=2, lift_test=CLEARS)
    assert level(Cause.LAXITY, css_laxity=2, lift_test=CLEARS) == Level.DOMINANT


def test_l2_laxity_1_with_clearing_dents_is_missed() -> None:
    assert "L2" not in rules(css_laxity=1, lift_test=CLEARS)
    assert level(Cause.LAXITY, css_laxity=1, lift_test=CLEARS) == Level.CONTRIBUTING


def test_l2_laxity_2_with_partly_clearing_dents_is_missed() -> None:
    assert level(Cause.LAXITY, css_laxity=2, lift_test=PARTLY) == Level.CONTRIBUTING


def test_l3_two_minor_signs_with_clearing_dents_is_met() -> None:
    signs = {"crepey": Crepe.MARKED, "recoil": Recoil.SLOW}
    assert level(Cause.LAXITY, lift_test=CLEARS, **signs) == Level.DOMINANT


def test_l3_sentence_counts_the_minor_signs() -> None:
    found = finding(lift_test=CLEARS, crepey=Crepe.MARKED, recoil=Recoil.SLOW)
    said = [reason.sentence for reason in found.reasons if reason.rule == "L3"]
    assert [text for text in said if "and 2 more signs" in text] == said != []


def test_l3_one_minor_sign_with_clearing_dents_is_missed() -> None:
    assert level(Cause.LAXITY, lift_test=CLEARS, crepey=Crepe.MARKED) == Level.CONTRIBUTING


def test_l3_large_weight_loss_counts_as_minor_sign() -> None:
    facts = screening(area(lift_test=CLEARS, scalloped_folds=True), major_weight_loss=True)
    assert finding(facts).levels[Cause.LAXITY] == Level.DOMINANT


@pytest.mark.parametrize(
    "answers",
    [
        {"css_laxity": 2},
        {"lift_test": CLEARS},
        {"css_laxity": 1, "lift_test": PARTLY},
        {"css_laxity": 1, "recoil": Recoil.SLOW},
        {"crepey": Crepe.MARKED, "scalloped_folds": True},
    ],
    ids=["laxity_2", "clears", "laxity_1_partly", "laxity_1_one_minor", "two_minors"],
)
def test_l4_each_branch_is_met(answers: dict[str, Any]) -> None:
    assert level(Cause.LAXITY, **answers) == Level.CONTRIBUTING
    assert finding(**answers).treatable == Treatable.REDUCED


@pytest.mark.parametrize(
    "answers",
    [
        {"css_laxity": 1},
        {"lift_test": PARTLY},
        {"css_laxity": 1, "recoil": Recoil.DELAYED},
        {"css_laxity": 1, "crepey": Crepe.SLIGHT},
        {"crepey": Crepe.MARKED},
    ],
    ids=["laxity_1", "partly", "delayed_recoil", "slight_crepe", "one_minor"],
)
def test_l4_one_step_short_is_missed(answers: dict[str, Any]) -> None:
    assert level(Cause.LAXITY, **answers) == Level.NONE
    assert finding(**answers).treatable == Treatable.YES


def test_l5_laxity_1_alone_is_met_in_silence() -> None:
    found = finding(css_laxity=1)
    assert "L5" in found.rules
    assert {code for code in codes(found) if "LAXITY" in code} == set()


def test_l5_laxity_0_is_missed() -> None:
    assert "L5" not in rules(css_laxity=0)


def test_l0_dents_that_stay_are_met() -> None:
    assert "F_DIMPLES_PERSIST_ON_LIFT" in codes(finding())


def test_l0_dents_that_partly_clear_are_missed() -> None:
    assert "F_DIMPLES_PERSIST_ON_LIFT" not in codes(finding(lift_test=PARTLY))


def test_laxity_when_dominant_gives_no_contributing_sentence() -> None:
    found = codes(finding(css_laxity=3, lift_test=CLEARS))
    assert {code for code in found if "LAXITY" in code} == {"F_LAXITY_DOMINANT"}


# Sun damage --------------------------------------------------------------------------------------


def test_u1_grade_3_at_stage_1_is_met() -> None:
    assert level(Cause.SUN_DAMAGE, **PINCH_ONLY, sun_grade=3) == Level.DOMINANT


def test_u1_grade_3_at_stage_2_is_missed() -> None:
    assert level(Cause.SUN_DAMAGE, sun_grade=3) == Level.CONTRIBUTING


def test_u1_grade_2_with_border_at_stage_0_is_met() -> None:
    answers = {**NO_DENTS, "sun_grade": 2, "sun_border_at_clothing": True}
    assert level(Cause.SUN_DAMAGE, **answers) == Level.DOMINANT


def test_u1_grade_2_without_border_is_missed() -> None:
    assert level(Cause.SUN_DAMAGE, **NO_DENTS, sun_grade=2) == Level.CONTRIBUTING


def test_u1_grade_1_with_border_is_missed() -> None:
    answers = {**NO_DENTS, "sun_grade": 1, "sun_border_at_clothing": True}
    assert level(Cause.SUN_DAMAGE, **answers) == Level.NONE


def test_u2_grade_2_is_met() -> None:
    found = finding(sun_grade=2)
    assert (found.levels[Cause.SUN_DAMAGE], found.treatable) == (
        Level.CONTRIBUTING,
        Treatable.REDUCED,
    )


def test_u2_grade_1_is_missed() -> None:
    assert finding(sun_grade=1).treatable == Treatable.YES


# After liposuction -------------------------------------------------------------------------------


@pytest.mark.parametrize("telling", ["adherent", "fibrosis", "track_linear", "v_sign"])
def test_p1_onset_after_with_one_telling_sign_is_met(telling: str) -> None:
    answers = lipo(LipoSign(telling), onset=LipoOnset.AFTER)
    assert level(Cause.POST_LIPOSUCTION, **answers) == Level.DOMINANT


def test_p1_two_major_signs_that_began_before_is_met() -> None:
    answers = lipo(LipoSign.ASYMMETRY, LipoSign.FIBROSIS)
    assert level(Cause.POST_LIPOSUCTION, **answers) == Level.DOMINANT


def test_p1_one_telling_sign_alone_is_missed() -> None:
    assert level(Cause.POST_LIPOSUCTION, **lipo(LipoSign.FIBROSIS)) == Level.CONTRIBUTING


def test_p1_onset_after_and_asymmetry_without_telling_sign_is_missed() -> None:
    answers = lipo(LipoSign.ASYMMETRY, onset=LipoOnset.AFTER)
    assert level(Cause.POST_LIPOSUCTION, **answers) == Level.CONTRIBUTING


@pytest.mark.parametrize(
    "answers",
    [
        lipo(LipoSign.ADHERENT),
        lipo(onset=LipoOnset.AFTER),
        lipo(LipoSign.PORT_SCAR, LipoSign.HOLLOW),
    ],
    ids=["one_major", "onset_after", "two_minor"],
)
def test_p2_each_branch_is_met(answers: dict[str, Any]) -> None:
    found = finding(**answers)
    assert found.contributing == (Cause.POST_LIPOSUCTION,)
    assert found.treatable == Treatable.REDUCED


def test_p2_one_minor_sign_is_missed() -> None:
    found = finding(**lipo(LipoSign.PORT_SCAR))
    assert (found.contributing, found.treatable) == ((), Treatable.YES)


def test_p3_liposuction_without_sign_is_met_and_changes_nothing() -> None:
    found = finding(**lipo())
    assert "P3" in found.rules
    assert (found.contributing, found.treatable) == ((), Treatable.YES)


def test_p3_with_one_minor_sign_is_missed() -> None:
    assert "P3" not in rules(**lipo(LipoSign.DYSCHROMIA))


def test_p0_two_major_signs_without_history_prompt_to_ask_again() -> None:
    found = finding(lipo_signs=frozenset({LipoSign.ADHERENT, LipoSign.TRACK_LINEAR}))
    asked = [reason.rule for reason in found.reasons if reason.code == "M_MISSING"]
    assert (asked, found.treatable) == (["P0"], Treatable.YES)


def test_p0_one_major_sign_without_history_gives_no_prompt() -> None:
    found = finding(lipo_signs=frozenset({LipoSign.ADHERENT}))
    assert "M_MISSING" not in codes(found)


def _prompt(neighbour: Area) -> str:
    signs = frozenset({LipoSign.ADHERENT, LipoSign.TRACK_LINEAR})
    facts = screening(area(lipo_signs=signs), area(neighbour, **lipo()))
    return next(r.sentence for r in finding(facts).reasons if r.rule == "P0")


def test_p0_prompt_names_liposuction_of_a_touching_area() -> None:
    assert "beside this area" in _prompt(Area.THIGH_LATERAL_LEFT)


@pytest.mark.parametrize("far", [Area.THIGH_LATERAL_RIGHT, Area.KNEE_LEFT, Area.ABDOMEN])
def test_p0_prompt_ignores_liposuction_that_does_not_touch(far: Area) -> None:
    assert "without its history" in _prompt(far)


# Adiposity and localised fat ---------------------------------------------------------------------


@pytest.mark.parametrize(("bmi", "met"), [(29.9, False), (30.0, True), (34.9, True), (35.0, False)])
def test_o1_at_bmi_boundaries_29_9_30_0_34_9_35_0(bmi: float, met: bool) -> None:
    found = finding(screening(patient=patient(bmi=bmi)))
    assert ("O1" in found.rules, Cause.ADIPOSITY in found.contributing) == (met, met)


def test_o2_bmi_35_is_recorded_as_present_in_the_area() -> None:
    found = finding(screening(patient=patient(bmi=35)))
    assert found.levels[Cause.ADIPOSITY] == Level.PRESENT


def test_f1_localised_fat_beside_cellulite_contributes() -> None:
    found = finding(localised_fat=True)
    assert (found.contributing, found.treatable) == (
        (Cause.LOCALISED_ADIPOSITY,),
        Treatable.REDUCED,
    )


def test_f1_without_localised_fat_is_missed() -> None:
    assert "F_LOCALISED_FAT" not in codes(finding())


# Cellulite and its limits ------------------------------------------------------------------------


def test_c1_stage_1_is_met() -> None:
    assert "F_CELLULITE_PRESENT" in codes(finding(**PINCH_ONLY))


def test_c1_stage_0_is_missed_and_says_so() -> None:
    found = codes(finding(**NO_DENTS))
    assert found & {"F_CELLULITE_PRESENT", "F_NO_CELLULITE"} == {"F_NO_CELLULITE"}


@pytest.mark.parametrize(("total", "met"), [(10, False), (11, True)])
def test_c2_at_css_boundary_10_11(total: int, met: bool) -> None:
    # Laxity 1 alone is silent, so the sum is all that changes: 3 + 2 + 2 + d + 2 or 3.
    answers = {"css_number": 3, "css_depth": 2, "css_laxity": 1, "css_nm": 2}
    found = finding(**answers, css_morphology=total - 8)
    assert ("C2" in found.rules, found.treatable == Treatable.REDUCED) == (met, met)


@pytest.mark.parametrize(("depth", "met"), [(2, False), (3, True)])
def test_c2_at_depth_boundary_2_3(depth: int, met: bool) -> None:
    assert ("F_DEEP_OR_SEVERE" in codes(finding(css_depth=depth))) == met


def test_c3_stage_1_without_depression_is_met() -> None:
    found = finding(**PINCH_ONLY)
    assert ("C3" in found.rules, found.treatable) == (True, Treatable.REDUCED)


def test_c3_stage_1_with_a_depression_is_missed() -> None:
    found = finding(**PINCH_ONLY | {"css_number": 1, "lift_test": LiftTest.PERSIST})
    assert ("C3" in found.rules, found.treatable) == (False, Treatable.YES)


def test_c3_stage_2_is_missed() -> None:
    assert "C3" not in rules(css_number=0)


@pytest.mark.parametrize(
    ("months", "treatable"),
    [(6, Treatable.REDUCED), (11, Treatable.REDUCED), (12, Treatable.YES)],
)
def test_d_liposuction_at_month_boundaries_6_11_12(months: int, treatable: Treatable) -> None:
    assert finding(**lipo(lipo_months_ago=months)).treatable == treatable


# Step C ------------------------------------------------------------------------------------------


def test_primary_takes_post_liposuction_before_laxity_before_sun() -> None:
    dominant_lipo = lipo(LipoSign.ADHERENT, onset=LipoOnset.AFTER)
    everything = {**PINCH_ONLY, **dominant_lipo, "css_laxity": 3, "sun_grade": 3}
    without_lipo = {**PINCH_ONLY, "css_laxity": 3, "sun_grade": 3}
    assert finding(**everything).primary == "post_liposuction"
    assert finding(**everything).contributing == ("cellulite", "laxity", "sun_damage")
    assert finding(**without_lipo).primary == "laxity"


def test_primary_without_dents_is_the_strongest_contributing_cause() -> None:
    assert finding(**NO_DENTS, css_laxity=2, sun_grade=2).primary == "laxity"
    assert finding(**NO_DENTS, sun_grade=2).primary == "sun_damage"


def test_primary_without_dents_or_cause_is_localised_fat_or_nothing() -> None:
    assert finding(**NO_DENTS, localised_fat=True).primary == "localised_adiposity"
    assert finding(**NO_DENTS).primary == "no_significant_finding"


def test_primary_never_names_adiposity() -> None:
    facts = screening(area(**NO_DENTS), patient=patient(bmi=32))
    found = finding(facts)
    assert (found.primary, found.contributing) == ("no_significant_finding", (Cause.ADIPOSITY,))


# Unknown answers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["css_number", "css_depth", "css_morphology", "css_laxity", "css_nm", "lift_test"]
)
def test_area_with_visible_dents_and_a_missing_item_is_undecided(name: str) -> None:
    found = finding(**{name: None})
    assert (found.primary, found.treatable, found.needs) == ("undecided", "unknown", (name,))


def test_area_without_dents_needs_no_lift_test_or_dent_items() -> None:
    unknown = dict.fromkeys(["lift_test", "css_number", "css_depth", "css_morphology", "css_nm"])
    assert finding(**NO_DENTS | unknown).primary == "no_significant_finding"


def test_area_without_dents_still_needs_laxity() -> None:
    found = finding(**NO_DENTS | {"css_laxity": None})
    assert (found.primary, found.needs) == ("undecided", ("css_laxity",))


def test_area_with_unknown_stage_asks_for_what_was_not_seen() -> None:
    answers = {**PINCH_ONLY, "visible_on_pinch": None, "css_nm": None}
    found = finding(**answers)
    assert (found.primary, found.needs) == ("undecided", ("visible_on_pinch",))


def test_area_with_underived_item_e_asks_for_the_observation() -> None:
    found = finding(visible_lying=None, css_nm=None)
    assert found.needs == ("visible_lying",)


def test_area_with_unknown_cause_level_is_shown_as_unknown() -> None:
    assert level(Cause.SUN_DAMAGE, sun_grade=None) == Level.UNKNOWN


def test_area_asks_for_clothing_border_only_at_grade_2() -> None:
    base = {**PINCH_ONLY, "sun_border_at_clothing": None}
    assert finding(**base, sun_grade=2).needs == ("sun_border_at_clothing",)
    assert finding(**base, sun_grade=1).needs == ()


def test_area_with_liposuction_of_unknown_onset_is_undecided() -> None:
    found = finding(**lipo() | {"lipo_onset": None})
    assert (found.treatable, found.needs) == ("unknown", ("lipo_onset",))


def test_area_already_reduced_does_not_ask_for_what_cannot_matter() -> None:
    facts = screening(area(css_depth=3), patient=patient(bmi=None))
    assert finding(facts).treatable == Treatable.REDUCED


def test_area_of_nothing_but_its_name_is_undecided() -> None:
    facts = screening(AreaFacts(area=Area.KNEE_LEFT))
    assert (finding(facts).primary, finding(facts).treatable) == ("undecided", "unknown")


def test_area_asks_about_the_traces_of_liposuction_only_once_it_was_here() -> None:
    unknown = dict.fromkeys(["lipo_here", "lipo_months_ago", "lipo_onset", "lipo_signs"])
    assert finding(**unknown).needs == ("lipo_here",)
    assert set(finding(**unknown | {"lipo_here": True}).needs) == unknown.keys() - {"lipo_here"}


def test_l0_and_css_are_met_from_stage_1_on() -> None:
    assert {"L0", "CSS"} <= rules(**PINCH_ONLY | {"lift_test": LiftTest.PERSIST})


@pytest.mark.parametrize(
    ("answers", "start"),
    [
        ({"css_depth": 3}, "Deep dents (depth 3 of 3)"),
        ({"css_number": 3, "css_depth": 2, "css_morphology": 3, "css_laxity": 1}, "CSS 11 of 15"),
    ],
)
def test_c2_sentence_says_whether_depth_or_total_limits(
    answers: dict[str, Any], start: str
) -> None:
    said = [reason.sentence for reason in finding(**answers).reasons if reason.rule == "C2"]
    assert [text.startswith(start) for text in said] == [True]
