"""Step E: the order of its rows, the split-area rule, and what stays undecided."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rules_samples import (
    LIPOEDEMA_LEGS,
    NO_DENTS,
    NO_LEG_SIGNS,
    area,
    codes,
    patient,
    result,
    safety,
    screening,
)

from patients.rules import RULE_SET, ScreeningFacts, assess
from patients.rules.facts import AreaFacts
from patients.terms import Area, Expectations, LipoOnset, LipoSign

UNDECIDED = ("undecided", "missing", "M")

FINE = area(Area.BUTTOCK_LEFT)
LIMITED = area(Area.BUTTOCK_RIGHT, css_depth=3)
LOOSE = area(Area.THIGH_POSTERIOR_LEFT, css_laxity=3)
SUNNY = area(Area.THIGH_ANTERIOR_LEFT, **NO_DENTS, sun_grade=3)
AFTER_LIPO = area(
    Area.THIGH_LATERAL_LEFT,
    lipo_here=True,
    lipo_months_ago=48,
    lipo_onset=LipoOnset.AFTER,
    lipo_signs=frozenset({LipoSign.ADHERENT}),
)
NOTHING = area(Area.ABDOMEN, **NO_DENTS)
FATTY = area(Area.HIP_LEFT, **NO_DENTS, localised_fat=True)
OPEN = area(Area.KNEE_LEFT, lift_test=None)


def test_e1_absolute_comes_before_red_flag_and_deferral() -> None:
    facts = screening(
        area(suspicious_lesion=True),
        safety=safety(absolute=frozenset({"active_cancer"}), temporary=frozenset({"pregnancy"})),
    )
    assert result(facts)[1:] == ("contraindicated", "E1")


def test_e2_red_flag_comes_before_deferral() -> None:
    facts = screening(
        area(actinic_keratosis=True), safety=safety(temporary=frozenset({"pregnancy"}))
    )
    assert result(facts)[1:] == ("deferred_urgent_referral", "E2")


def test_e3_deferral_comes_before_leg_disorder() -> None:
    facts = screening(legs=LIPOEDEMA_LEGS, safety=safety(temporary=frozenset({"breastfeeding"})))
    assert result(facts)[1:] == ("deferred", "E3")


def test_e4_leg_disorder_comes_before_weight() -> None:
    facts = screening(legs=LIPOEDEMA_LEGS, patient=patient(bmi=38))
    assert result(facts)[1:] == ("refer_specialist", "E4")


@pytest.mark.parametrize(("bmi", "rule"), [(34.9, "E8"), (35.0, "E5")])
def test_e5_at_bmi_boundary_34_9_35_0(bmi: float, rule: str) -> None:
    facts = screening(patient=patient(bmi=bmi))
    assert (result(facts)[2], "F_WEIGHT_FIRST" in codes(assess(facts))) == (rule, rule == "E5")


@pytest.mark.parametrize(
    ("areas", "sub_outcome"),
    [
        ((LOOSE,), "refer_skin_laxity"),
        ((SUNNY,), "refer_sun_damage"),
        ((AFTER_LIPO,), "refer_post_liposuction"),
        ((NOTHING,), "not_indicated"),
        ((FATTY,), "refer"),
        ((LOOSE, SUNNY), "refer"),
        ((LOOSE, NOTHING), "refer_skin_laxity"),
    ],
    ids=["laxity", "sun", "liposuction", "nothing", "fat", "two_causes", "one_and_nothing"],
)
def test_e6_no_treatable_area_refers_by_cause(
    areas: tuple[AreaFacts, ...], sub_outcome: str
) -> None:
    facts = screening(*areas)
    assert result(facts) == ("refer_other_treatment", sub_outcome, "E6")
    assert "F_NO_TREATABLE_AREA" in codes(assess(facts))


def test_e6_one_treatable_area_is_missed() -> None:
    assert result(screening(FINE, LOOSE))[2] == "E7"


@pytest.mark.parametrize("offered", [FINE, LIMITED], ids=["yes", "reduced"])
def test_e7_names_and_leaves_out_areas_that_are_not_treatable(offered: AreaFacts) -> None:
    facts = screening(offered, LOOSE, NOTHING)
    named = [reason.area for reason in assess(facts).reasons if reason.code == "F_AREAS_DIFFER"]
    assert result(facts) == ("candidate_reduced_expectations", "reduced_some_areas", "E7")
    assert named == [Area.THIGH_POSTERIOR_LEFT, Area.ABDOMEN]


def test_e7_all_areas_treatable_is_missed() -> None:
    facts = screening(FINE, LIMITED)
    assert result(facts) == ("candidate_reduced_expectations", "reduced", "E8")
    assert "F_AREAS_DIFFER" not in codes(assess(facts))


@pytest.mark.parametrize("hope", [Expectations.PERFECTION, Expectations.FASTER_THAN_COURSE])
def test_e8_unrealistic_expectations_are_met(hope: Expectations) -> None:
    facts = screening(expectations=hope)
    assert result(facts) == ("candidate_reduced_expectations", "reduced", "E8")
    assert "E_EXPECTATIONS" in codes(assess(facts))


def test_e8_realistic_expectations_are_missed() -> None:
    assert result(screening()) == ("good_candidate", "good", "E9")


def test_e9_needs_every_area_uncomplicated() -> None:
    assert result(screening(FINE, area(Area.BUTTOCK_RIGHT)))[2] == "E9"


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        (screening(OPEN), "lift_test"),
        (screening(FINE, OPEN), "lift_test"),
        (screening(LIMITED, OPEN), "lift_test"),
        (screening(FINE, LOOSE, OPEN), "lift_test"),
        (screening(expectations=None), "expectations"),
        (screening(patient=patient(bmi=None)), "height_cm"),
        (screening(patient=patient(bmi=None, height_cm=168)), "weight_kg"),
        (screening(replace(FINE, css_laxity=1), major_weight_loss=None), "major_weight_loss"),
        (replace(screening(), areas=()), "areas"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_missing_answer_that_matters_leaves_it_undecided(facts: ScreeningFacts, field: str) -> None:
    assert (result(facts), assess(facts).missing[0].field) == (UNDECIDED, field)


def test_missing_answer_names_its_area_and_says_so_in_the_reasons() -> None:
    verdict = assess(screening(FINE, OPEN))
    asked = [(r.code, r.area, r.sentence) for r in verdict.reasons if r.code == "M_MISSING"]
    assert asked == [("M_MISSING", Area.KNEE_LEFT, "Lift test: not recorded yet.")]
    assert verdict.areas[1].reasons[-1].code == "M_MISSING"


def test_missing_expectations_are_not_asked_when_the_result_is_reduced_anyway() -> None:
    facts = screening(LIMITED, expectations=None)
    assert (result(facts)[2], assess(facts).missing) == ("E8", ())


def test_missing_safety_answer_keeps_a_referral_open() -> None:
    facts = screening(legs=LIPOEDEMA_LEGS, bdd_screen_positive=None)
    assert result(facts) == UNDECIDED


def test_weight_decides_although_the_legs_are_open() -> None:
    facts = screening(patient=patient(bmi=36), legs=replace(NO_LEG_SIGNS, stemmer=None))
    assert result(facts)[:2] == ("refer_other_treatment", "weight_management_first")


def test_nothing_known_is_undecided() -> None:
    assert result(ScreeningFacts()) == UNDECIDED


def test_verdict_names_its_rule_set() -> None:
    assert assess(screening()).rule_set == RULE_SET == "2026.1"
