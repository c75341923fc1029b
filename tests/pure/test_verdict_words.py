"""The verdict in sentences: what can be offered, with which limits, and what is left out."""

from __future__ import annotations

from typing import Any

import pytest

from patients.terms import Area, Primary, SubOutcome, Treatable
from patients.verdict_words import ADVICE_NO, WHY_NOT, in_a_sentence, with_words

LEFT, RIGHT = Area.THIGH_POSTERIOR_LEFT, Area.THIGH_POSTERIOR_RIGHT
BUTTOCKS = (Area.BUTTOCK_LEFT, Area.BUTTOCK_RIGHT)


def row(area: Area, treatable: str, primary: str = "cellulite", *contributing: str) -> Any:
    return {
        "area": area.value,
        "treatable": treatable,
        "primary": primary,
        "contributing": list(contributing),
    }


def worded(
    *rows: Any, outcome: str = "candidate_reduced_expectations", sub: str = "reduced"
) -> Any:
    return with_words({"outcome": outcome, "sub_outcome": sub, "areas": list(rows)})


@pytest.mark.parametrize(
    ("areas", "words"),
    [
        (BUTTOCKS, "the buttocks"),
        ((LEFT,), "the back of the left thigh"),
        ((*BUTTOCKS, RIGHT), "the buttocks and the back of the right thigh"),
        ((Area.ABDOMEN, Area.ARM_LEFT, *BUTTOCKS), "the buttocks, the abdomen and the left arm"),
        ((), ""),
    ],
    ids=str,
)
def test_areas_in_a_sentence(areas: tuple[Area, ...], words: str) -> None:
    assert in_a_sentence(areas) == words


def test_lead_names_what_is_offered_limited_and_left_out() -> None:
    verdict = worded(
        *(row(area, "yes") for area in BUTTOCKS),
        row(RIGHT, "reduced", "cellulite", "laxity"),
        row(LEFT, "no", "laxity"),
        sub="reduced_some_areas",
    )
    assert verdict["lead"] == [
        "The buttocks can be offered.",
        "The back of the right thigh can be offered with the limits explained: looseness "
        "contributes.",
        "The back of the left thigh cannot be offered: looseness leads there, and other care may "
        "suit it better.",
    ]
    assert [found["advice"] for found in verdict["areas"]] == [
        "A course can be discussed. Evidence that it improves cellulite is limited.",
        "A course can be discussed. Evidence that it improves cellulite is limited.",
        "Explain that looseness will remain after a course.",
        "Offer an opinion on skin tightening. No injections here.",
    ]


def test_lead_of_two_causes_says_contribute() -> None:
    (sentence,) = worded(row(LEFT, "reduced", "cellulite", "laxity", "sun_damage"))["lead"]
    assert sentence.endswith("looseness and sun damage contribute.")


def test_limits_without_a_cause_are_to_be_explained() -> None:
    verdict = worded(row(LEFT, "reduced"))
    assert verdict["lead"] == [
        "The back of the left thigh can be offered with the limits explained."
    ]
    assert verdict["areas"][0]["advice"] == "Explain the limits before anything is agreed."


@pytest.mark.parametrize(
    ("outcome", "sub", "lead", "advice"),
    [
        (
            "contraindicated_or_deferred",
            "contraindicated",
            "An absolute contraindication was found. It rules out injections.",
            "Nothing now: what stands above comes first.",
        ),
        (
            "undecided",
            "missing",
            "Answers are missing, so nothing can be suggested yet.",
            "Ask and look at what is missing first.",
        ),
        (
            "refer_other_treatment",
            "weight_management_first",
            "A course would change little now. Weight management comes first.",
            "Nothing now: what stands above comes first.",
        ),
    ],
)
def test_lead_says_first_what_speaks_against_everything(
    outcome: str, sub: str, lead: str, advice: str
) -> None:
    verdict = worded(row(LEFT, "yes"), outcome=outcome, sub=sub)
    assert (verdict["lead"], verdict["areas"][0]["advice"]) == ([lead], advice)


def test_every_finding_that_is_left_out_has_its_words() -> None:
    left_out = set(Primary) - {Primary.CELLULITE, Primary.UNDECIDED}
    assert (set(WHY_NOT), set(ADVICE_NO)) == (left_out, left_out)


def test_every_sub_outcome_gives_a_sentence() -> None:
    for sub in SubOutcome:
        for treatable in Treatable:
            primary = "laxity" if treatable == Treatable.NO else "cellulite"
            verdict = worded(row(LEFT, treatable.value, primary), sub=sub.value)
            assert verdict["areas"][0]["advice"].endswith(".")
            assert [s for s in verdict["lead"] if not s.endswith(".")] == []
