"""How far two people agree: against a published table, by hand, and by its properties."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.rules.agreement import (
    CHANCE,
    ENOUGH,
    NO_VARIATION,
    POOR,
    TOO_FEW,
    WORDS,
    agreement,
    weighted_kappa,
)

GRADES = st.integers(-3, 3)
PAIRS = st.lists(st.tuples(GRADES, GRADES), min_size=ENOUGH, max_size=60)


def rows(table: list[list[int]]) -> tuple[list[int], list[int]]:
    """Write a table of counts out as two rows of grades: the first person's is the row."""
    cells = [
        (row, column)
        for row, counts in enumerate(table)
        for column, count in enumerate(counts)
        for _each in range(count)
    ]
    return [row for row, _column in cells], [column for _row, column in cells]


def test_kappa_of_a_published_table_is_what_the_hand_reckons() -> None:
    """The table of Cohen 1968 (Psychological Bulletin 70:213), 200 patients in three diagnoses.

    Row sums 100, 60, 40; column sums 120, 60, 20. With quadratic weights, counted as shares:
    seen   = 1 * (.05 + .07 + .03 + .05) + 4 * (.01 + .09)               = 0.60
    chance = 1 * (.50*.30 + .30*.60 + .30*.10 + .20*.30)
           + 4 * (.50*.10 + .20*.60)               = 0.42 + 4 * 0.17     = 1.10
    kappa  = 1 - 0.60 / 1.10                                             = 5/11
    """
    table = [[88, 10, 2], [14, 40, 6], [18, 10, 12]]
    assert weighted_kappa(*rows(table)) == Fraction(5, 11)


def test_kappa_of_six_pairs_is_what_the_hand_reckons() -> None:
    """A gave 0 0 1 1 2 3, B gave 0 1 1 2 2 1.

    seen   = (0 + 1 + 0 + 1 + 0 + 4) / 6 = 1. By chance each grade of A meets each of B:
    0: 0 1 1 4 4 1 = 11, twice; 1: 1 0 0 1 1 0 = 3, twice; 2: 4 1 1 0 0 1 = 7; 3: 9 4 4 1 1 4 = 23.
    chance = (22 + 6 + 7 + 23) / 36 = 58/36, kappa = 1 - 36/58 = 11/29.
    """
    found = agreement([0, 0, 1, 1, 2, 3], [0, 1, 1, 2, 2, 1])
    assert (found.n, found.kappa, found.words) == (6, Fraction(11, 29), "fair agreement")


def test_opposite_grades_are_worse_than_chance() -> None:
    found = agreement([-3, -1, 0, 1, 3], [3, 1, 0, -1, -3])
    assert (found.kappa, found.words) == (-1, CHANCE)


@pytest.mark.parametrize("n", range(ENOUGH))
def test_too_few_pairs_give_no_figure(n: int) -> None:
    found = agreement(list(range(n)), list(range(n)))
    assert (found.n, found.kappa, found.words) == (n, None, TOO_FEW)


@pytest.mark.parametrize(
    ("first", "second"),
    [([0] * 6, [0] * 6), ([1] * 6, [0, 1, 2, 0, 1, 2]), ([0, 1, 2, 0, 1, 2], [1] * 6)],
)
def test_without_variation_there_is_no_figure(first: list[int], second: list[int]) -> None:
    found = agreement(first, second)
    assert (found.kappa, found.words) == (None, NO_VARIATION)


@pytest.mark.parametrize(
    ("first", "second"), [([0] * 5, [0] * 6), ([4, 0, 1, 0, 1], [0, 0, 1, 0, 1])]
)
def test_rows_that_do_not_belong_together_are_refused(first: list[int], second: list[int]) -> None:
    with pytest.raises(ValueError, match="grade"):
        agreement(first, second)


@given(st.lists(GRADES, min_size=ENOUGH).filter(lambda grades: len(set(grades)) > 1))
def test_full_agreement_is_one(grades: list[int]) -> None:
    found = agreement(grades, grades)
    assert (found.kappa, found.words) == (1, "very good agreement")


@given(PAIRS)
def test_it_does_not_matter_who_is_named_first(pairs: list[tuple[int, int]]) -> None:
    first, second = [a for a, _b in pairs], [b for _a, b in pairs]
    assert agreement(first, second) == agreement(second, first)


@given(PAIRS, st.randoms(use_true_random=False))
def test_order_of_the_pairs_does_not_matter(
    pairs: list[tuple[int, int]], chance: random.Random
) -> None:
    mixed = chance.sample(pairs, len(pairs))
    found = [agreement([a for a, _b in each], [b for _a, b in each]) for each in (pairs, mixed)]
    assert found[0] == found[1]


@given(PAIRS)
def test_kappa_is_lins_concordance(pairs: list[tuple[int, int]]) -> None:
    """The same figure by another road (Krippendorff 1970): twice the covariance over both
    variances and the square of the difference of the means."""
    first, second = [a for a, _b in pairs], [b for _a, b in pairs]
    found = agreement(first, second).kappa
    if found is None:
        return
    n = len(pairs)
    means = Fraction(sum(first), n), Fraction(sum(second), n)
    spread = sum((a - means[0]) ** 2 for a in first) + sum((b - means[1]) ** 2 for b in second)
    together = sum((a - means[0]) * (b - means[1]) for a, b in pairs)
    assert found == 2 * together / (spread + n * (means[0] - means[1]) ** 2)
    assert -1 <= found <= 1


def test_two_who_throw_dice_agree_no_better_than_chance() -> None:
    dice = random.Random(7)
    first, second = ([dice.randint(-3, 3) for _each in range(20_000)] for _who in range(2))
    assert abs(weighted_kappa(first, second)) < 0.02


def test_words_begin_where_they_say() -> None:
    """Grades of n pairs that agree but for some of one step give any kappa that is wanted."""
    said = []
    for apart in range(0, 101, 4):
        first = [-1, 1] * 50
        second = [-grade if place < apart else grade for place, grade in enumerate(first)]
        found = agreement(first, second)
        assert found.kappa == 1 - Fraction(apart, 50)
        said.append(found.words)
    counts = {words: said.count(words) for words in dict.fromkeys(said)}
    limits = [words for _begins, words in WORDS]
    assert counts == dict(zip([*limits, POOR, CHANCE], [3, 3, 2, 3, 2, 13], strict=True))
