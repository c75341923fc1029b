"""The tables as data: ids, sentences, codes and words keep their promises."""

from __future__ import annotations

import re
from itertools import chain

import pytest

from patients.rules import DRAFT, areas, causes, changes, missing
from patients.rules.candidacy import CANDIDACY, EXPECTATIONS
from patients.rules.facts import REQUIRED_SAFETY, AreaFacts, LegFacts
from patients.rules.judge import both, count_at_least, either, negate
from patients.rules.legs import LEGS
from patients.terms import Area, Primary, SafetyItem

RULES = [*chain(*causes.CAUSES.values()), *causes.LIMITS, *LEGS]

SENTENCES = [
    *(rule.template for rule in RULES if isinstance(rule.template, str) and rule.template),
    *(row.sentence for row in DRAFT.rows),
    *(row.sentence for row in DRAFT.exclusions),
    *EXPECTATIONS.values(),
    *missing.SENTENCES.values(),
    *changes.AREA_CONSEQUENCES.values(),
]


def test_rule_ids_are_unique() -> None:
    ids = [rule.id for rule in [*RULES, *CANDIDACY]]
    assert sorted(ids) == sorted(set(ids))


def test_rule_ids_of_the_domain_notes_are_all_there() -> None:
    wanted = {
        *[
            "L1",
            "L2",
            "L3",
            "L4",
            "L5",
            "U1",
            "U2",
            "P0",
            "P1",
            "P2",
            "P3",
            "O1",
            "C1",
            "C2",
            "C3",
            "D1",
            "D2",
        ]
    }
    wanted |= {f"E{number}" for number in range(1, 10)}
    assert wanted - {rule.id for rule in [*RULES, *CANDIDACY]} == set()


def test_every_rule_says_one_sentence_to_sign() -> None:
    said = [rule.says for rule in [*RULES, *CANDIDACY]]
    assert [text for text in said if not text.endswith(".") or not text[0].isupper()] == []


@pytest.mark.parametrize("sentence", SENTENCES)
def test_sentence_promises_and_blames_nothing(sentence: str) -> None:
    plain = re.sub(r"%\(\w+\)s", "", sentence).lower()
    unwanted = ("%", "fail", "guarantee", "cure", "your fault", "toxin", "perfect result")
    assert [word for word in unwanted if word in plain] == []
    assert sentence.endswith(".")


@pytest.mark.parametrize("sentence", [s for s in SENTENCES if "cellulitis" in s.lower()])
def test_sentence_never_mixes_up_cellulite_and_cellulitis(sentence: str) -> None:
    assert "Skin infection (cellulitis)" in sentence


def test_every_required_or_needed_answer_has_a_sentence() -> None:
    needed = {name for rule in RULES for name in rule.needs}
    stops = {item.value for item in SafetyItem} & {*causes.CAUSES} | REQUIRED_SAFETY
    assert (needed | stops | set(areas.CSS_ITEMS)) - set(missing.SENTENCES) == set()


def test_every_need_is_the_name_of_a_fact() -> None:
    facts = {*AreaFacts.__dataclass_fields__, *LegFacts.__dataclass_fields__}
    needed = {name for rule in RULES for name in rule.needs}
    assert needed - facts == {"bmi", "major_weight_loss"}


def test_kleene_and_or_not_tables() -> None:
    seen = [
        (a, b, both(a, b), either(a, b)) for a in (True, None, False) for b in (True, None, False)
    ]
    assert seen == [
        (True, True, True, True),
        (True, None, None, True),
        (True, False, False, True),
        (None, True, None, True),
        (None, None, None, None),
        (None, False, False, None),
        (False, True, False, True),
        (False, None, False, None),
        (False, False, False, False),
    ]
    assert [negate(a) for a in (True, None, False)] == [False, None, True]


def test_count_at_least_counts_unknown_as_open() -> None:
    assert count_at_least(2, [True, True, None]) is True
    assert count_at_least(2, [True, None, False]) is None
    assert count_at_least(2, [True, False, False]) is False


def test_area_words_mirror_and_split() -> None:
    thigh = Area.THIGH_POSTERIOR_LEFT
    assert (thigh.base, thigh.side, thigh.mirrored) == (
        "thigh_posterior",
        "left",
        Area.THIGH_POSTERIOR_RIGHT,
    )
    assert (Area.ABDOMEN.base, Area.ABDOMEN.side, Area.ABDOMEN.mirrored) == (
        "abdomen",
        None,
        Area.ABDOMEN,
    )
    assert [area.mirrored.mirrored for area in Area] == list(Area)
    assert len(Area) == 17


def test_area_labels_name_region_and_side() -> None:
    assert str(Area.THIGH_POSTERIOR_LEFT.label) == "Back of thigh, left"


def test_touching_regions_have_names_of_regions() -> None:
    bases = {area.base for area in Area}
    named = {*areas.TOUCHES, *chain(*areas.TOUCHES.values())}
    assert named - bases == set()


def test_primary_words_cover_every_cause_that_can_lead() -> None:
    assert {cause.value for cause in areas.PRECEDENCE} - set(Primary.values) == set()
