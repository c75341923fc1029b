"""Step B: lymphoedema and lipoedema, which override the findings of legs and buttocks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from rules_samples import LIPOEDEMA_LEGS, NO_LEG_SIGNS, area, codes, finding, result, screening

from patients.rules import assess
from patients.rules.facts import LegFacts
from patients.rules.legs import find_leg_disorder, leg_answers_needed
from patients.terms import Area, Stemmer


def suspected(legs: LegFacts, **signs: Any) -> str | None:
    return find_leg_disorder(replace(legs, **signs)).primary


def test_d1_stemmer_positive_is_met() -> None:
    assert suspected(NO_LEG_SIGNS, stemmer=Stemmer.POSITIVE) == "suspected_lymphoedema"


def test_d1_pitting_with_swollen_foot_is_met() -> None:
    signs = {"pitting_oedema": True, "foot_dorsum_swollen": True}
    assert suspected(NO_LEG_SIGNS, **signs) == "suspected_lymphoedema"


@pytest.mark.parametrize("sign", ["pitting_oedema", "foot_dorsum_swollen"])
def test_d1_one_of_pitting_and_swollen_foot_is_missed(sign: str) -> None:
    assert suspected(NO_LEG_SIGNS, **{sign: True}) is None


def test_d2_three_signs_with_bruising_is_met() -> None:
    assert suspected(LIPOEDEMA_LEGS) == "suspected_lipoedema"


def test_d2_two_signs_is_missed() -> None:
    assert suspected(LIPOEDEMA_LEGS, diet_resistant=False) is None


def test_d2_three_signs_without_pain_or_bruising_is_missed() -> None:
    signs = {"easy_bruising": False, "hormonal_or_family_onset": True}
    assert suspected(LIPOEDEMA_LEGS, **signs) is None


@pytest.mark.parametrize("sign", ["symmetric_disproportion", "feet_spared"])
def test_d2_without_symmetry_or_spared_feet_is_missed(sign: str) -> None:
    assert suspected(LIPOEDEMA_LEGS, **{sign: False}) is None


def test_d2_gives_way_to_d1() -> None:
    assert suspected(LIPOEDEMA_LEGS, stemmer=Stemmer.POSITIVE) == "suspected_lymphoedema"


def test_d2_full_pattern_with_unknown_stemmer_still_refers() -> None:
    facts = screening(legs=replace(LIPOEDEMA_LEGS, stemmer=None))
    assert result(facts) == ("refer_other_treatment", "refer_specialist", "E4")


def test_legs_unknown_stemmer_leaves_it_undecided() -> None:
    facts = screening(legs=replace(NO_LEG_SIGNS, stemmer=None))
    assert (result(facts), assess(facts).missing[0].field) == (
        ("undecided", "missing", "M"),
        "stemmer",
    )


def test_legs_unknown_spared_feet_cannot_matter_without_disproportion() -> None:
    assert leg_answers_needed(replace(NO_LEG_SIGNS, feet_spared=None)) == ()


def test_legs_unasked_ask_the_deciding_questions_first() -> None:
    assert leg_answers_needed(LegFacts()) == (
        "stemmer",
        "pitting_oedema",
        "foot_dorsum_swollen",
        "symmetric_disproportion",
        "feet_spared",
    )


@pytest.mark.parametrize("name", Area)
def test_leg_disorder_overrides_legs_and_buttocks_only(name: Area) -> None:
    found = finding(screening(area(name), legs=LIPOEDEMA_LEGS))
    overridden = name.value.startswith(("buttock", "thigh", "knee"))
    assert (found.primary, found.contributing, found.treatable) == (
        ("suspected_lipoedema", ("cellulite",), "no") if overridden else ("cellulite", (), "yes")
    )


def test_leg_disorder_names_its_reason_once() -> None:
    verdict = assess(screening(legs=LIPOEDEMA_LEGS))
    assert codes(verdict) & {"F_LIPOEDEMA_SUSPECTED", "F_LYMPHOEDEMA_SUSPECTED"} == {
        "F_LIPOEDEMA_SUSPECTED"
    }


def test_leg_disorder_decides_although_an_area_is_open() -> None:
    facts = screening(area(lift_test=None), legs=LIPOEDEMA_LEGS)
    assert result(facts) == ("refer_other_treatment", "refer_specialist", "E4")
