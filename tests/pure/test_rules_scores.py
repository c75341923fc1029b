"""What one area scores: derived stage, computed total, and scores that do not fit together."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.rules.facts import AreaFacts
from patients.rules.stage import css_total, derive_stage
from patients.terms import Area, CssClass
from treatments.rules.scores import Scores, conflicts, has_pcss, is_jump, is_validated

SEEN = ("visible_lying", "visible_standing", "visible_contracted", "raised_or_nodules")
ITEMS = ("css_a", "css_b", "css_c", "css_d")


def scores(area: Area = Area.BUTTOCK_LEFT, **changed: Any) -> Scores:
    """Make a full score: stage II, 2 + 1 + 2 + 1 + 2 = 8."""
    found: dict[str, Any] = {
        "visible_lying": False,
        "visible_standing": True,
        "visible_contracted": True,
        "raised_or_nodules": False,
        "css_a": 2,
        "css_b": 1,
        "css_c": 2,
        "css_d": 1,
    }
    return Scores(area=area, **(found | changed))


def test_total_adds_the_four_items_and_the_derived_stage() -> None:
    found = scores()
    assert (found.stage.stage, found.css, found.css_without_laxity) == (2, 8, 7)
    assert found.css_class == CssClass.MODERATE


@pytest.mark.parametrize("answers", list(product((False, True), repeat=4)))
def test_stage_is_the_one_of_the_screening(answers: tuple[bool, ...]) -> None:
    found = scores(**dict(zip(SEEN, answers, strict=True)))
    assert found.stage == derive_stage(*answers)


@pytest.mark.parametrize("name", ITEMS)
def test_total_is_missing_where_an_item_is(name: str) -> None:
    found = scores(**{name: None})
    assert (found.css, found.css_class) == (None, None)


def test_total_without_laxity_stands_where_only_the_laxity_is_missing() -> None:
    found = scores(css_d=None)
    assert (found.css, found.css_without_laxity) == (None, 7)


def test_total_is_missing_where_the_stage_stays_open() -> None:
    assert scores(visible_lying=None).css is None


@pytest.mark.parametrize(
    ("total", "name"),
    [(0, CssClass.NONE), (1, CssClass.MILD), (15, CssClass.SEVERE)],
)
def test_class_follows_the_total_at_both_ends(total: int, name: CssClass) -> None:
    nothing = dict.fromkeys(SEEN, False) | dict.fromkeys(ITEMS, 0)
    all_of_it = dict.fromkeys(SEEN, True) | dict.fromkeys(ITEMS, 3)
    made = {0: nothing, 1: nothing | {"css_d": 1}, 15: all_of_it}[total]
    assert (scores(**made).css, scores(**made).css_class) == (total, name)


def told(found: Scores) -> list[tuple[str, bool]]:
    return [(conflict.field, conflict.must) for conflict in conflicts(found)]


def test_depth_without_a_depression_must_be_corrected() -> None:
    assert told(scores(css_a=0, css_b=1)) == [("css_b", True)]
    assert told(scores(css_a=0, css_b=0)) == []


@pytest.mark.parametrize("contracted", [False, True])
def test_depressions_at_stage_0_or_1_are_asked_about(contracted: bool) -> None:
    found = scores(visible_standing=False, visible_contracted=contracted, css_a=1)
    assert told(found) == [("css_a", False)]


def test_depressions_at_stage_2_are_not_asked_about() -> None:
    assert told(scores(css_a=1)) == []


def test_dents_lying_but_not_standing_are_asked_about() -> None:
    assert told(scores(visible_lying=True, visible_standing=False)) == [("visible_standing", False)]


@pytest.mark.parametrize(
    ("before", "now", "asks"),
    [
        (8, 12, False),
        (8, 13, True),
        (8, 4, False),
        (8, 3, True),
        (None, 13, False),
        (8, None, False),
    ],
)
def test_more_than_4_points_between_two_visits_is_asked_about(
    before: int | None, now: int | None, asks: bool
) -> None:
    assert is_jump(before, now) is asks


def test_regions_of_the_scales_are_those_of_their_photographs() -> None:
    assert {area.base for area in Area if has_pcss(area)} == {
        "buttock",
        "thigh_posterior",
        "thigh_lateral",
    }
    assert {area.base for area in Area if is_validated(area)} == {"buttock", "thigh_posterior"}


ANY_SCORES = st.builds(
    Scores,
    area=st.sampled_from(Area),
    **{name: st.none() | st.booleans() for name in SEEN},
    **{name: st.none() | st.integers(0, 3) for name in ITEMS},
    cr_pcss=st.none() | st.integers(0, 4),
)


@given(ANY_SCORES)
def test_total_is_what_the_screening_would_have_made_of_it(found: Scores) -> None:
    facts = AreaFacts(
        area=found.area,
        css_number=found.css_a,
        css_depth=found.css_b,
        css_morphology=found.css_c,
        css_laxity=found.css_d,
        css_nm=found.stage.stage,
    )
    assert found.css == css_total(facts)


@given(ANY_SCORES)
def test_total_never_treats_what_is_missing_as_nothing(found: Scores) -> None:
    complete = found.stage.stage is not None and None not in [getattr(found, n) for n in ITEMS]
    assert (found.css is not None) == complete


@given(ANY_SCORES)
def test_left_and_right_are_scored_alike(found: Scores) -> None:
    values = {name: getattr(found, name) for name in (*SEEN, *ITEMS, "cr_pcss")}
    other = Scores(area=found.area.mirrored, **values)
    assert (other.css, other.stage, conflicts(other)) == (found.css, found.stage, conflicts(found))
