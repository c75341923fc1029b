"""Two photographs: comparable, with caveats, or not, and every sentence that says why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from PIL import Image, ImageFilter

from tests.pure.test_imaging_look import drawn, jpeg, real
from treatments.imaging.look import likeness, look_of
from treatments.rules import pairs
from treatments.rules.comparability import Pair, Shot
from treatments.rules.conditions import Subject, conditions
from treatments.rules.look import Look
from treatments.rules.pairs import Framing, Judgement, Picture

LOOK = Look(light=110, warmth=0.2, tint=-0.1, slope_x=7, slope_y=6, sharpness=54)
DAYS = (
    Shot(date(2026, 9, 1), (), Decimal("60.0")),
    Shot(date(2026, 12, 1), (date(2026, 11, 3),), Decimal("60.2")),
)
PICTURE = Picture("back_relaxed", setup=1, look=LOOK)
STRAIGHT = Framing(1.01, 0.5)


def judged(
    second: Picture = PICTURE,
    *,
    alike: float | None = 0.97,
    framing: Framing | None = STRAIGHT,
    days: tuple[Shot, Shot] = DAYS,
) -> Judgement:
    return pairs.judge(days, (PICTURE, second), likeness=alike, framing=framing)


def said(judgement: Judgement) -> list[str]:
    return [each.template for each in (*judgement.obstacles, *judgement.caveats)]


def test_pair_without_anything_to_say_is_comparable() -> None:
    assert judged() == Judgement(Pair.COMPARABLE)


CAVEATS: dict[str, tuple[dict[str, object], str]] = {
    "brighter": ({"light": 126}, "Light differs: the later one is brighter."),
    "darker": ({"light": 94}, "Light differs: the later one is darker."),
    "another side": ({"slope_x": 25}, "Light differs: it falls from another side."),
    "warmer": ({"warmth": 0.33}, "The colour of the light differs."),
    "bluer": ({"tint": 0.03}, "The colour of the light differs."),
    "less sharp": ({"sharpness": 26}, "One of the two is less sharp."),
}


@pytest.mark.parametrize("name", CAVEATS)
def test_look_that_differs_is_a_caveat(name: str) -> None:
    changed, sentence = CAVEATS[name]
    found = judged(replace(PICTURE, look=replace(LOOK, **changed)))
    assert (found.pair, said(found)) == (Pair.WITH_CAVEATS, [sentence])


@pytest.mark.parametrize("light", [96, 110, 124])
def test_small_differences_say_nothing(light: float) -> None:
    assert judged(replace(PICTURE, look=replace(LOOK, light=light))).pair == Pair.COMPARABLE


@pytest.mark.parametrize(
    ("setup", "sentence"),
    [
        (2, "They were taken with different setups."),
        (None, "The setup is not on record for both."),
    ],
)
def test_setup_that_differs_is_a_caveat(setup: int | None, sentence: str) -> None:
    found = judged(replace(PICTURE, setup=setup))
    assert (found.pair, said(found)) == (Pair.WITH_CAVEATS, [sentence])


@pytest.mark.parametrize(
    ("framing", "sentence"),
    [
        (None, "Scale and turn are not checked: set two marks on both."),
        (Framing(1.08, 0), "They were taken from different distances."),
        (Framing(0.94, 0), "They were taken from different distances."),
        (Framing(1, -4), "One of the two is turned."),
    ],
)
def test_framing_that_differs_is_a_caveat(framing: Framing | None, sentence: str) -> None:
    found = judged(framing=framing)
    assert (found.pair, said(found)) == (Pair.WITH_CAVEATS, [sentence])


MARKED: dict[str, tuple[dict[str, Any], str, Subject | None]] = {
    "bruise": (
        {"marks": frozenset({"bruise"})},
        "A bruise or swelling is in view on %(day)s.",
        Subject.BRUISE,
    ),
    "bruise on record": (
        {"bruise_recorded": True},
        "A bruise or swelling was recorded on %(day)s.",
        Subject.BRUISE,
    ),
    "tanned": ({"marks": frozenset({"tanned"})}, "The skin is darker on %(day)s.", Subject.TAN),
    "paler": ({"marks": frozenset({"paler"})}, "The skin is paler on %(day)s.", Subject.TAN),
    "underwear": (
        {"marks": frozenset({"clothing"})},
        "Other underwear is worn on %(day)s.",
        Subject.CLOTHING,
    ),
    "tattoo": (
        {"marks": frozenset({"identifying"})},
        "Something that could name her is in view on %(day)s.",
        None,
    ),
}


@pytest.mark.parametrize("name", MARKED)
def test_what_whoever_took_it_saw_is_a_caveat_of_that_day(name: str) -> None:
    changed, sentence, subject = MARKED[name]
    second = replace(PICTURE, **changed)
    found = judged(second)
    assert (found.pair, said(found)) == (Pair.WITH_CAVEATS, [sentence])
    assert found.caveats[0].values == {"day": DAYS[1].on}
    assert to_mind(second) == ({subject} if subject else set())


def test_same_tan_on_both_says_nothing_and_a_bruise_is_said_once() -> None:
    tanned = replace(PICTURE, marks=frozenset({"tanned"}))
    both = pairs.judge(DAYS, (tanned, tanned), likeness=0.97, framing=STRAIGHT)
    assert both.pair == Pair.COMPARABLE
    bruised = replace(PICTURE, marks=frozenset({"bruise"}), bruise_recorded=True)
    assert len(said(judged(bruised))) == 1


def to_mind(
    second: Picture = PICTURE,
    *,
    alike: float | None = 0.97,
    framing: Framing | None = STRAIGHT,
    days: tuple[Shot, Shot] = DAYS,
) -> set[Subject]:
    """Return the lines beside the pair that want attention."""
    found = conditions(days, (PICTURE, second), likeness=alike, framing=framing)
    assert {each.subject for each in found} == set(Subject)
    return {each.subject for each in found if not each.is_fine}


LINES: list[tuple[dict[str, Any], Subject | None]] = [
    ({}, None),
    ({"second": replace(PICTURE, look=replace(LOOK, light=126))}, Subject.LIGHT),
    ({"second": replace(PICTURE, look=replace(LOOK, slope_x=25))}, Subject.LIGHT),
    ({"second": replace(PICTURE, look=replace(LOOK, warmth=0.33))}, Subject.WHITE),
    ({"second": replace(PICTURE, look=replace(LOOK, sharpness=26))}, Subject.SHARPNESS),
    ({"second": replace(PICTURE, look=replace(LOOK, sharpness=5))}, Subject.SHARPNESS),
    ({"second": replace(PICTURE, setup=2)}, Subject.SETUP),
    ({"second": replace(PICTURE, setup=None)}, Subject.SETUP),
    ({"second": replace(PICTURE, view="left_relaxed")}, Subject.VIEW),
    ({"alike": 0.36}, Subject.VIEW),
    ({"alike": None}, Subject.VIEW),
    ({"framing": None}, Subject.FRAMING),
    ({"framing": Framing(1.08, 0)}, Subject.FRAMING),
    ({"framing": Framing(1, -4)}, Subject.FRAMING),
    ({"days": (DAYS[0], replace(DAYS[1], weight_kg=Decimal("61.8")))}, Subject.WEIGHT),
    ({"days": (DAYS[0], replace(DAYS[1], weight_kg=None))}, Subject.WEIGHT),
    ({"days": (DAYS[0], replace(DAYS[1], on=date(2026, 11, 10)))}, Subject.SESSION),
]


@pytest.mark.parametrize(("details", "subject"), LINES)
def test_line_wants_attention_where_the_verdict_has_something_to_say(
    details: dict[str, Any], subject: Subject | None
) -> None:
    assert to_mind(**details) == ({subject} if subject else set())
    assert (judged(**details).pair == Pair.COMPARABLE) == (subject is None)


OBSTACLES = {
    "another view": (
        {"second": replace(PICTURE, view="left_relaxed")},
        "They show different views.",
    ),
    "another scene": (
        {"alike": 0.36},
        "They do not show the same scene. Is one of them filed wrongly?",
    ),
    "unreadable": ({"alike": None}, "One of the two cannot be read."),
    "blurred": (
        {"second": replace(PICTURE, look=replace(LOOK, sharpness=5))},
        "One of the two is too blurred to show dimples.",
    ),
    "heavier": (
        {"days": (DAYS[0], replace(DAYS[1], weight_kg=Decimal("63.1")))},
        "The weight differs by more than 5 of 100.",
    ),
}


@pytest.mark.parametrize("name", OBSTACLES)
def test_what_makes_a_pair_not_comparable(name: str) -> None:
    details, sentence = OBSTACLES[name]
    found = judged(**details)  # type: ignore[arg-type]
    assert found.pair == Pair.NOT_COMPARABLE
    assert [each.template for each in found.obstacles] == [sentence]


def of_pictures(first: Image.Image, second: Image.Image) -> Judgement:
    """Judge two pictures as the same view, aligned, everything else alike."""
    looks = [look_of(jpeg(picture.copy())) for picture in (first, second)]
    one, other = (Picture("back_relaxed", 1, look) for look in looks)
    alike = likeness(jpeg(first.copy(), 320), jpeg(second.copy(), 320))
    return pairs.judge(DAYS, (one, other), likeness=alike, framing=STRAIGHT)


def test_drawings_of_a_course_are_comparable() -> None:
    for view in ("back_relaxed", "back_contracted", "left_relaxed", "right_relaxed"):
        assert of_pictures(drawn(view, 0), drawn(view, 5)).pair == Pair.COMPARABLE


@pytest.mark.parametrize("make", ["iphone", "canon"])
def test_hdr_pair_is_with_caveats_because_light_differs(make: str) -> None:
    found = of_pictures(real(f"{make}_hdr_NO.jpg"), real(f"{make}_hdr_YES.jpg"))
    assert found.pair == Pair.WITH_CAVEATS
    assert "Light differs: the later one is darker." in said(found)


@pytest.mark.parametrize("source", ["drawn", "real"])
def test_blurred_copy_is_caught(source: str) -> None:
    picture = drawn("back_relaxed") if source == "drawn" else real("iphone_hdr_NO.jpg")
    picture.thumbnail((1280, 1280))
    slightly, badly = (picture.filter(ImageFilter.GaussianBlur(each)) for each in (1, 5))
    assert "One of the two is less sharp." in said(of_pictures(picture, slightly))
    assert of_pictures(picture, badly).pair == Pair.NOT_COMPARABLE


def test_two_scenes_are_not_comparable() -> None:
    found = of_pictures(real("iphone_hdr_NO.jpg"), real("canon_hdr_NO.jpg"))
    assert found.pair == Pair.NOT_COMPARABLE
    assert said(found)[0] == "They do not show the same scene. Is one of them filed wrongly?"


def test_back_and_side_are_not_comparable_even_if_one_is_filed_as_the_other() -> None:
    assert of_pictures(drawn("back_relaxed"), drawn("left_relaxed")).pair == Pair.NOT_COMPARABLE
