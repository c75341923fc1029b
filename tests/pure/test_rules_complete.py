"""Every row of every table is met by one screening and missed by another that differs in one answer.

The table below is checked for being complete, and each pair for being one answer apart, so a new
row without its pair, or a pair that is further apart, fails here.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from itertools import chain
from typing import Any

import pytest
from rules_samples import (
    LIPOEDEMA_LEGS,
    NO_DENTS,
    NO_LEG_SIGNS,
    PINCH_ONLY,
    area,
    codes,
    patient,
    safety,
    screening,
)

from patients.rules import DRAFT, ScreeningFacts, assess
from patients.rules.candidacy import CANDIDACY
from patients.rules.causes import CAUSES, LIMITS
from patients.rules.legs import LEGS, find_leg_disorder
from patients.rules.safety import DERIVED
from patients.terms import (
    Area,
    Crepe,
    Expectations,
    LiftTest,
    LipoOnset,
    LipoSign,
    Recoil,
    Stemmer,
)

CLEARS, PARTLY = {"lift_test": LiftTest.DISAPPEAR}, {"lift_test": LiftTest.PARTLY_IMPROVE}
LIPO = {
    "lipo_here": True,
    "lipo_months_ago": 48,
    "lipo_onset": LipoOnset.BEFORE,
    "lipo_signs": frozenset[LipoSign](),
}
# CSS 2 + 2 + 3 + 1 + 2 = 10, stage II.
CSS_10 = {"css_depth": 2, "css_morphology": 3, "css_laxity": 1}
SLOW, CREPE = {"recoil": Recoil.SLOW}, {"crepey": Crepe.MARKED}
AFTER = {"lipo_onset": LipoOnset.AFTER}


def signs(*found: LipoSign) -> dict[str, Any]:
    return {"lipo_signs": frozenset(found)}


@dataclass(frozen=True)
class Pair:
    """A row's id, what is one answer apart, and the two screenings."""

    id: str
    says: str
    met: ScreeningFacts
    missed: ScreeningFacts


def in_area(rule: str, says: str, common: dict[str, Any], met: Any, missed: Any) -> Pair:
    return Pair(rule, says, screening(area(**common | met)), screening(area(**common | missed)))


def in_patient(rule: str, says: str, met: Any, missed: Any) -> Pair:
    there, not_there = (screening(patient=patient(**answers)) for answers in (met, missed))
    return Pair(rule, says, there, not_there)


def in_legs(rule: str, says: str, legs: Any, met: Any, missed: Any) -> Pair:
    return Pair(
        rule,
        says,
        screening(legs=replace(legs, **met)),
        screening(legs=replace(legs, **missed)),
    )


def two_areas(second: dict[str, Any]) -> ScreeningFacts:
    return screening(area(), area(Area.KNEE_LEFT, **second))


PAIRS = [
    # Cellulite
    in_area("C0", "nothing on pinching", NO_DENTS, {}, {"visible_on_pinch": True}),
    in_area("C1", "dents on pinching", NO_DENTS, {"visible_on_pinch": True}, {}),
    in_area("C1", "visible standing", NO_DENTS, {"visible_standing": True}, {}),
    in_area("CSS", "with or without the depth", {}, {}, {"css_depth": None}),
    in_area("L0", "dents stay or partly clear", {}, {}, PARTLY),
    # Looseness
    in_area("L1", "laxity 3, 2", {}, {"css_laxity": 3}, {"css_laxity": 2}),
    in_area("L2", "laxity 2, 1", CLEARS, {"css_laxity": 2}, {"css_laxity": 1}),
    in_area("L2", "dents clear or partly clear", {"css_laxity": 2}, CLEARS, PARTLY),
    in_area("L3", "2 minor signs, 1", CLEARS | CREPE, SLOW, {}),
    in_area("L3", "dents clear or partly clear", CREPE | SLOW, CLEARS, PARTLY),
    in_area("L3", "recoil slow or delayed", CLEARS | CREPE, SLOW, {"recoil": Recoil.DELAYED}),
    in_area("L3", "crepe marked or slight", CLEARS | SLOW, CREPE, {"crepey": Crepe.SLIGHT}),
    in_area("L4", "laxity 2, 1", {}, {"css_laxity": 2}, {"css_laxity": 1}),
    in_area("L4", "dents clear or partly clear", {}, CLEARS, PARTLY),
    in_area("L4", "laxity 1 partly clearing, or 0", PARTLY, {"css_laxity": 1}, {"css_laxity": 0}),
    in_area("L4", "laxity 1 with a minor sign", {"css_laxity": 1}, SLOW, {}),
    in_area("L4", "2 minor signs, 1", SLOW, {"scalloped_folds": True}, {}),
    in_area("L5", "laxity 1, 0", {}, {"css_laxity": 1}, {"css_laxity": 0}),
    # Sun damage
    in_area("U1", "sun 3, 2", PINCH_ONLY, {"sun_grade": 3}, {"sun_grade": 2}),
    in_area("U1", "stage I, II", PINCH_ONLY | {"sun_grade": 3}, {}, {"visible_standing": True}),
    in_area(
        "U1", "border, none", PINCH_ONLY | {"sun_grade": 2}, {"sun_border_at_clothing": True}, {}
    ),
    in_area("U2", "sun 2, 1", {}, {"sun_grade": 2}, {"sun_grade": 1}),
    # After liposuction
    in_area("P0", "not here, here", {}, {}, {"lipo_here": True}),
    in_area("P1", "2 major signs, 1", LIPO | signs(LipoSign.ADHERENT), AFTER, {}),
    in_area(
        "P1",
        "a telling sign beside asymmetry, none",
        LIPO | AFTER,
        signs(LipoSign.ASYMMETRY, LipoSign.V_SIGN),
        signs(LipoSign.ASYMMETRY),
    ),
    in_area(
        "P1", "here, elsewhere", LIPO | AFTER | signs(LipoSign.FIBROSIS), {}, {"lipo_here": False}
    ),
    in_area("P2", "began after, before", LIPO, AFTER, {}),
    in_area("P2", "1 major sign, none", LIPO, signs(LipoSign.ASYMMETRY), {}),
    in_area(
        "P2",
        "2 minor signs, 1",
        LIPO,
        signs(LipoSign.PORT_SCAR, LipoSign.HOLLOW),
        signs(LipoSign.PORT_SCAR),
    ),
    in_area("P3", "no sign, 1 minor sign", LIPO, {}, signs(LipoSign.DYSCHROMIA)),
    in_area("P3", "began before, after", LIPO, {}, AFTER),
    # Weight and fat
    in_patient("O1", "BMI 30.0, 29.9", {"bmi": 30.0}, {"bmi": 29.9}),
    in_patient("O1", "BMI 34.9, 35.0", {"bmi": 34.9}, {"bmi": 35.0}),
    in_patient("O2", "BMI 35.0, 34.9", {"bmi": 35.0}, {"bmi": 34.9}),
    in_area("F1", "soft fat, none", {}, {"localised_fat": True}, {}),
    # Limits
    in_area("C2", "depth 3, 2", {}, {"css_depth": 3}, {"css_depth": 2}),
    in_area("C2", "CSS 11, 10", CSS_10, {"css_number": 3}, {}),
    in_area("C3", "0 depressions, 1 to 4", PINCH_ONLY, {}, {"css_number": 1}),
    in_area("C3", "stage I, II", PINCH_ONLY, {}, {"visible_standing": True}),
    in_area("C3", "stage I, 0", PINCH_ONLY, {}, {"visible_on_pinch": False}),
    in_area("D", "6 months, 5", LIPO, {"lipo_months_ago": 6}, {"lipo_months_ago": 5}),
    in_area("D", "11 months, 12", LIPO, {"lipo_months_ago": 11}, {"lipo_months_ago": 12}),
    # Legs
    in_legs("D1", "Stemmer", NO_LEG_SIGNS, {"stemmer": Stemmer.POSITIVE}, {}),
    in_legs(
        "D1",
        "pitting with a swollen foot, without",
        replace(NO_LEG_SIGNS, pitting_oedema=True),
        {"foot_dorsum_swollen": True},
        {},
    ),
    in_legs("D2", "3 signs, 2", LIPOEDEMA_LEGS, {}, {"cuff_sign": False}),
    in_legs("D2", "symmetric, not", LIPOEDEMA_LEGS, {}, {"symmetric_disproportion": False}),
    in_legs("D2", "feet spared, not", LIPOEDEMA_LEGS, {}, {"feet_spared": False}),
    in_legs(
        "D2",
        "bruising among 3 signs, 3 signs without",
        replace(LIPOEDEMA_LEGS, hormonal_or_family_onset=True),
        {},
        {"easy_bruising": False},
    ),
    in_legs("D2", "not D1, D1", LIPOEDEMA_LEGS, {}, {"stemmer": Stemmer.POSITIVE}),
    # The suggestion
    in_patient("E1", "age 17, 18", {"age": 17}, {"age": 18}),
    in_area("E2", "suspicious mark", {}, {"suspicious_lesion": True}, {}),
    in_area("E2", "scaly patch", {}, {"actinic_keratosis": True}, {}),
    in_legs("E2", "one-sided swelling", NO_LEG_SIGNS, {"new_unilateral_swelling": True}, {}),
    Pair("E3", "body-image screen", screening(bdd_screen_positive=True), screening()),
    in_area("E3", "skin infection", {}, {"infection_or_inflammation": True}, {}),
    in_area("E3", "5 months, 6", LIPO, {"lipo_months_ago": 5}, {"lipo_months_ago": 6}),
    in_legs("E4", "Stemmer", NO_LEG_SIGNS, {"stemmer": Stemmer.POSITIVE}, {}),
    in_patient("E5", "BMI 35.0, 34.9", {"bmi": 35.0}, {"bmi": 34.9}),
    in_area("E6", "laxity 3, 2", {}, {"css_laxity": 3}, {"css_laxity": 2}),
    Pair("E7", "one of two, none", two_areas({"css_laxity": 3}), two_areas({"css_laxity": 2})),
    in_area("E8", "depth 3, 2", {}, {"css_depth": 3}, {}),
    Pair(
        "E8",
        "perfection, realistic",
        screening(expectations=Expectations.PERFECTION),
        screening(),
    ),
    Pair(
        "E8",
        "sooner than the course, realistic",
        screening(expectations=Expectations.FASTER_THAN_COURSE),
        screening(),
    ),
    in_area("E9", "depth 2, 3", {}, {"css_depth": 2}, {"css_depth": 3}),
]

# Items that follow from another answer, met and missed one step apart.
FOLLOWING = {
    ("age_under_18", "17, 18"): ({"age": 17}, {"age": 18}),
    ("age_over_65", "66, 65"): ({"age": 66}, {"age": 65}),
    ("bmi_under_18_5", "18.4, 18.5"): ({"bmi": 18.4}, {"bmi": 18.5}),
    ("fitzpatrick_iv_vi", "IV, III"): ({"fitzpatrick": 4}, {"fitzpatrick": 3}),
}


def met_in(facts: ScreeningFacts) -> set[str]:
    """The ids of all rows that these facts meet, and of the one row of step E that decided."""
    verdict = assess(facts)
    in_areas = {rule for found in verdict.areas for rule in found.rules}
    in_legs = {rule.id for rule in find_leg_disorder(facts.legs).judged.met}
    return in_areas | in_legs | {verdict.decided_by}


def answers_of(facts: Any) -> dict[str, Any]:
    """Every single answer by its path; each code of a set is an answer of its own."""
    found: dict[str, Any] = {}
    for field in fields(facts):
        value = getattr(facts, field.name)
        if isinstance(value, frozenset):
            found |= {f"{field.name}.{code}": True for code in value}
        elif isinstance(value, tuple):
            for place, each in enumerate(value):
                found |= {f"{place}.{path}": a for path, a in answers_of(each).items()}
        elif hasattr(value, "__dataclass_fields__"):
            found |= {f"{field.name}.{path}": a for path, a in answers_of(value).items()}
        else:
            found[field.name] = value
    return found


def apart(one: ScreeningFacts, other: ScreeningFacts) -> int:
    """How many answers differ."""
    these, those = answers_of(one), answers_of(other)
    return sum(these.get(path) != those.get(path) for path in these.keys() | those.keys())


def each(pairs: list[Pair]) -> Any:
    return pytest.mark.parametrize("pair", pairs, ids=lambda pair: f"{pair.id}: {pair.says}")


def test_every_row_has_a_pair() -> None:
    rows = [*chain(*CAUSES.values()), *LIMITS, *LEGS, *CANDIDACY]
    assert {pair.id for pair in PAIRS} == {row.id for row in rows}


@each(PAIRS)
def test_row_is_met_by_one_answer_and_missed_by_the_next(pair: Pair) -> None:
    assert pair.id in met_in(pair.met)
    assert pair.id not in met_in(pair.missed)


@each(PAIRS)
def test_pair_is_one_answer_apart(pair: Pair) -> None:
    assert apart(pair.met, pair.missed) == 1


@pytest.mark.parametrize("row", DRAFT.rows, ids=lambda row: row.reason_code)
def test_safety_item_is_met_when_declared_and_missed_when_not(row: Any) -> None:
    # Wherever a case declares it, the list decides the gate.
    for declared_in in ("absolute", "temporary", "cautions"):
        declared = screening(safety=safety(**{declared_in: frozenset({row.code})}))
        assert (row.reason_code in codes(assess(declared)), apart(declared, screening())) == (
            True,
            1,
        )
    assert row.reason_code not in codes(assess(screening()))


@pytest.mark.parametrize("row", DRAFT.exclusions, ids=lambda row: row.code)
def test_exclusion_is_met_when_declared_and_missed_when_not(row: Any) -> None:
    declared = assess(screening(safety=safety(allergies=frozenset({row.code}))))
    assert declared.excluded_agents == (row.agent,)
    assert row.reason_code in codes(declared)
    assert row.reason_code not in codes(assess(screening()))


@pytest.mark.parametrize(("item", "answers"), FOLLOWING.items(), ids=lambda each: str(each))
def test_item_that_follows_is_met_and_missed_one_step_away(item: Any, answers: Any) -> None:
    row = DRAFT.row(item[0])
    assert row is not None
    met, missed = (screening(patient=patient(**answer)) for answer in answers)
    assert apart(met, missed) == 1
    assert row.reason_code in codes(assess(met))
    assert row.reason_code not in codes(assess(missed))


def test_smoking_follows_from_its_answer() -> None:
    assert "C_SMOKING" in codes(assess(screening(smoker=True)))
    assert "C_SMOKING" not in codes(assess(screening(smoker=False)))


def test_every_item_that_follows_has_its_pair() -> None:
    assert {code for code, _step in FOLLOWING} | {"smoker"} == set(DERIVED)
