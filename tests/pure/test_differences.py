"""What differs between two screenings, in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from patients.differences import SEEN, Difference, Group, Kept, differences, label_of, words_of
from patients.evidence import LEG_SIGNS, SAME
from patients.rules import AreaFacts, PatientFacts, ScreeningFacts, assess
from patients.terms import Allergen, Area, LiftTest, SafetyItem, SunSign
from patients.verdicts import kept, shown

LEFT = AreaFacts(area=Area.BUTTOCK_LEFT, css_depth=1, lift_test=LiftTest.PERSIST)
RIGHT = replace(LEFT, area=Area.BUTTOCK_RIGHT)
FACTS = ScreeningFacts(patient=PatientFacts(age=40, weight_kg=62), areas=(LEFT, RIGHT))


def of(facts: ScreeningFacts, **answers: str) -> Kept:
    return Kept(kept(facts), answers, shown(assess(facts), facts))


def compare(now: ScreeningFacts, before: ScreeningFacts = FACTS, **answers: str) -> list[Group]:
    return differences(of(before), of(now, **answers))


def test_same_screening_differs_in_nothing() -> None:
    assert compare(FACTS) == []


def test_patient_who_grew_older_differs_in_nothing() -> None:
    assert compare(replace(FACTS, patient=PatientFacts(age=41, weight_kg=62))) == []


def test_months_since_liposuction_grow_by_themselves() -> None:
    before = replace(FACTS, areas=(replace(LEFT, lipo_here=True, lipo_months_ago=20),))
    now = replace(FACTS, areas=(replace(LEFT, lipo_here=True, lipo_months_ago=24),))
    assert compare(now, before) == []


def test_both_sides_that_changed_alike_are_said_once() -> None:
    now = replace(FACTS, areas=(replace(LEFT, css_depth=2), replace(RIGHT, css_depth=2)))
    assert compare(now) == [Group("Buttocks, both", (Difference("Depth", "1 of 3", "2 of 3"),))]


def test_one_side_that_changed_is_named() -> None:
    now = replace(FACTS, areas=(LEFT, replace(RIGHT, lift_test=LiftTest.DISAPPEAR)))
    (group,) = compare(now)
    assert group.title == "Buttock, right"
    assert group.rows[-1] == Difference("Lift test", "Dents stay", "Dents clear")


def test_area_that_was_not_examined_before_is_named() -> None:
    now = replace(FACTS, areas=(LEFT, RIGHT, AreaFacts(area=Area.ABDOMEN)))
    rows = (Difference("This area", "Not examined", "Examined"),)
    assert compare(now) == [Group("Abdomen", rows)]
    assert compare(FACTS, now)[0].rows[0].after == "Not examined"


def test_answers_are_compared_in_words() -> None:
    before = of(FACTS, pregnancy="yes", own_x="no")
    now = of(
        replace(FACTS, patient=PatientFacts(age=40, weight_kg=58)),
        pregnancy="no",
        own_x="yes",
        egg_lecithin="yes",
    )
    (group,) = differences(before, now)
    assert group == Group(
        "Answers",
        (
            Difference("Weight", "62 kg", "58 kg"),
            Difference("Pregnant, or possibly pregnant", "Yes", "No"),
            Difference("Egg or lecithin", "Not named", "Yes"),
            Difference("own_x", "No", "Yes"),
        ),
    )


def test_answer_that_was_not_asked_is_not_a_no() -> None:
    (group,) = compare(replace(FACTS, major_weight_loss=False))
    assert (group.rows[0].before, group.rows[0].after) == ("Not asked", "No")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("css_nm", 3, "III"),
        ("fitzpatrick", 4, "IV"),
        ("feet_spared", True, "Yes"),
        ("lipo_here", None, "Not asked"),
        ("sun_signs", [SunSign.MOTTLED.value, SunSign.CROSSHATCH.value],
         "Mottled colour, Cross-hatched fine wrinkles"),
        ("sun_signs", [], "None"),
        ("expectations", "realistic", "Realistic"),
        ("css_depth", 0, "0 of 3"),
    ],
)  # fmt: skip
def test_value_in_words(name: str, value: Any, words: str) -> None:
    assert words_of(name, value) == words


def test_everything_that_is_seen_is_compared() -> None:
    codes = {"lift_test", "crepey", "recoil", "lipo_onset", "lipo_signs", "sun_signs", "css_nm"}
    assert set(SEEN) == {*SAME, *codes, "lipo_here"}


def test_every_fact_and_question_has_a_label_for_people() -> None:
    names = [*SAME, *LEG_SIGNS, *SafetyItem.values, *Allergen.values, "stemmer", "lift_test"]
    assert [name for name in names if label_of(name) in (name, "")] == []
