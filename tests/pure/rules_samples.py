"""Screenings for the rules' tests: complete, healthy and uncomplicated until a test says so."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from patients.rules import (
    AreaFacts,
    AreaFinding,
    LegFacts,
    PatientFacts,
    SafetyFacts,
    ScreeningFacts,
    Verdict,
    assess,
)
from patients.rules.case import read_case
from patients.terms import Area, Crepe, Expectations, LiftTest, Recoil, Sex, Stemmer

VIGNETTES = Path(__file__).parents[1] / "data" / "vignettes.json"

NO_LEG_SIGNS = LegFacts(
    symmetric_disproportion=False,
    feet_spared=False,
    cuff_sign=False,
    easy_bruising=False,
    pain_on_pressure=False,
    diet_resistant=False,
    hormonal_or_family_onset=False,
    pitting_oedema=False,
    foot_dorsum_swollen=False,
    new_unilateral_swelling=False,
    stemmer=Stemmer.NEGATIVE,
)
LIPOEDEMA_LEGS = replace(
    NO_LEG_SIGNS,
    symmetric_disproportion=True,
    feet_spared=True,
    cuff_sign=True,
    easy_bruising=True,
    diet_resistant=True,
)

# Stage II, CSS 7 without laxity, dents that stay on lifting: rules C1 and L0 and nothing else.
STAGE_II = AreaFacts(
    area=Area.BUTTOCK_LEFT,
    visible_lying=False,
    visible_standing=True,
    visible_on_pinch=True,
    raised_nodules=False,
    css_number=2,
    css_depth=1,
    css_morphology=2,
    css_laxity=0,
    css_nm=2,
    lift_test=LiftTest.PERSIST,
    crepey=Crepe.NONE,
    recoil=Recoil.IMMEDIATE,
    scalloped_folds=False,
    localised_fat=False,
    infection_or_inflammation=False,
    sun_grade=0,
    sun_signs=frozenset(),
    sun_border_at_clothing=False,
    suspicious_lesion=False,
    actinic_keratosis=False,
    lipo_here=False,
    lipo_count=0,
    lipo_signs=frozenset(),
)
NO_DENTS: dict[str, Any] = {
    "visible_standing": False,
    "visible_on_pinch": False,
    "css_number": 0,
    "css_depth": 0,
    "css_morphology": 0,
    "css_nm": 0,
    "lift_test": LiftTest.NO_DIMPLES,
}
PINCH_ONLY: dict[str, Any] = {
    **NO_DENTS,
    "visible_on_pinch": True,
    "css_nm": 1,
}


def area(name: Area = Area.BUTTOCK_LEFT, **answers: Any) -> AreaFacts:
    return replace(STAGE_II, area=name, **answers)


def screening(*areas: AreaFacts, **answers: Any) -> ScreeningFacts:
    """A screening whose areas default to one uncomplicated buttock."""
    complete: dict[str, Any] = {
        "patient": PatientFacts(age=32, sex=Sex.FEMALE, bmi=22, fitzpatrick=2, glogau=1),
        "legs": NO_LEG_SIGNS,
        "safety": SafetyFacts(missing=frozenset()),
        "bdd_screen_positive": False,
        "expectations": Expectations.REALISTIC,
        "major_weight_loss": False,
        "smoker": False,
    }
    return ScreeningFacts(areas=areas or (STAGE_II,), **complete | answers)


def patient(**answers: Any) -> PatientFacts:
    return replace(screening().patient, **answers)


def safety(**answers: Any) -> SafetyFacts:
    return SafetyFacts(**{"missing": frozenset(), **answers})


def finding(facts: ScreeningFacts | None = None, /, **answers: Any) -> AreaFinding:
    """The finding of the first area; plain answers describe that area."""
    return assess(facts or screening(area(**answers))).areas[0]


def result(facts: ScreeningFacts) -> tuple[str, str, str]:
    verdict = assess(facts)
    return verdict.outcome.value, verdict.sub_outcome.value, verdict.decided_by


def codes(found: Verdict | AreaFinding) -> set[str]:
    return {reason.code for reason in found.reasons}


def vignettes() -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads(VIGNETTES.read_text(encoding="utf-8"))["vignettes"]
    return cases


def vignette_facts() -> list[ScreeningFacts]:
    return [read_case(case) for case in vignettes()]
