"""How far two people who graded the same pairs blind agree: Cohen's kappa with quadratic weights.

Kappa holds the disagreement that was seen against the one that would be seen if each had handed
out the same grades at random: 1 is full agreement, 0 no better than chance, below 0 worse. With
quadratic weights a difference of two steps counts four times one of one step (Cohen 1968).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from django.utils.translation import gettext_noop

LOWEST, HIGHEST = -3, 3  # the seven ordered grades of GAIS
# With fewer pairs one grade decides what the figure says.
ENOUGH = 5

# Altman 1991: a convention of how to say it, not a law. Each with the kappa that it begins at.
WORDS = (
    (Fraction(4, 5), gettext_noop("very good agreement")),
    (Fraction(3, 5), gettext_noop("good agreement")),
    (Fraction(2, 5), gettext_noop("moderate agreement")),
    (Fraction(1, 5), gettext_noop("fair agreement")),
)
POOR = gettext_noop("hardly better than chance")
CHANCE = gettext_noop("no better than chance")
TOO_FEW = gettext_noop("too few pairs in common to say")
NO_VARIATION = gettext_noop("cannot be reckoned: one of them gave the same grade throughout")


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two people agree over `n` pairs; `kappa` is None where it says nothing."""

    n: int
    kappa: Fraction | None
    words: str


def agreement(first: Sequence[int], second: Sequence[int]) -> Agreement:
    """Compare two people's grades of the same pairs, in the same order.

    Raises ValueError for grades outside the scale, and where one of them has more than the other.
    """
    if len(first) != len(second):
        raise ValueError("Each pair needs a grade of both.")
    if not all(LOWEST <= grade <= HIGHEST for grade in (*first, *second)):
        raise ValueError("A grade lies outside the scale.")
    n = len(first)
    if n < ENOUGH:
        return Agreement(n, None, TOO_FEW)
    if len(set(first)) == 1 or len(set(second)) == 1:
        return Agreement(n, None, NO_VARIATION)
    found = weighted_kappa(first, second)
    return Agreement(n, found, _words(found))


def weighted_kappa(first: Sequence[int], second: Sequence[int]) -> Fraction:
    """Return kappa of two equally long rows of grades; at least one of them must vary.

    The quadratic weights cancel the number of grades, so what nobody gave makes no difference.
    """
    n = len(first)
    seen = sum((a - b) ** 2 for a, b in zip(first, second, strict=True))
    # (a - b) ** 2 over every grade of one with every grade of the other, multiplied out.
    squares = sum(a * a for a in first) + sum(b * b for b in second)
    by_chance = n * squares - 2 * sum(first) * sum(second)
    return 1 - Fraction(seen * n, by_chance)


def _words(kappa: Fraction) -> str:
    if kappa <= 0:
        return CHANCE
    return next((words for begins, words in WORDS if kappa >= begins), POOR)
