"""Blind ratings: of one pair, and how far people agree over all of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import combinations

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from clinic.models import User
from treatments.models import BlindRating, Photo
from treatments.rules.agreement import Agreement, agreement
from treatments.rules.comparability import can_grade
from treatments.selectors.pairs import Judged
from treatments.terms import Gais


def why_not_graded(pair: Judged) -> str:
    """Say in a sentence why nobody grades by this pair; "" where somebody may."""
    if pair.first.view != pair.second.view:
        return _("These two show different views.")
    if pair.first.at_visit.held_on == pair.second.at_visit.held_on:
        return _("Both were taken on the same day, so neither is the later one.")
    if not can_grade(pair.judgement.pair):
        reasons = " ".join(pair.obstacles)
        return _("Not comparable, so nobody grades by this pair. %(why)s") % {"why": reasons}
    return ""


def ratings_of(first: Photo, second: Photo) -> QuerySet[BlindRating]:
    """Return what everybody graded of one pair, in the order of the clock."""
    rows = BlindRating.objects.filter(first=first, second=second)
    return rows.select_related("rater").order_by("at", "pk")


@dataclass(frozen=True, slots=True)
class Match:
    """Two people who graded the same pairs."""

    one: User
    other: User
    found: Agreement

    @property
    def kappa(self) -> str:
        """The figure with two decimals and the true minus sign; "" where there is none."""
        if self.found.kappa is None:
            return ""
        return f"{float(self.found.kappa):.2f}".replace("-", "−")

    @property
    def words(self) -> str:
        return _(self.found.words)


@dataclass(frozen=True, slots=True)
class Overview:
    """All blind ratings of pairs that still stand. `guesses` leave out who could not tell."""

    pairs: int
    ratings: int
    raters: tuple[User, ...]
    matches: tuple[Match, ...]
    guesses: int
    guessed_right: int
    grades: tuple[tuple[Gais, int], ...]

    @property
    def no_guess(self) -> int:
        return self.ratings - self.guesses


def overview() -> Overview:
    """Reckon how far people agree. One query."""
    rows = list(BlindRating.objects.standing().select_related("rater"))
    by_rater: dict[User, dict[tuple[object, object], int]] = {}
    for row in rows:
        by_rater.setdefault(row.rater, {})[row.first_id, row.second_id] = row.grade
    raters = sorted(by_rater, key=lambda user: (user.name, user.pk))
    guesses = [row.guessed_later for row in rows if row.guessed_later is not None]
    counts = Counter(row.grade for row in rows)
    return Overview(
        pairs=len({(row.first_id, row.second_id) for row in rows}),
        ratings=len(rows),
        raters=tuple(raters),
        matches=tuple(
            Match(one, other, _agreement(by_rater[one], by_rater[other]))
            for one, other in combinations(raters, 2)
        ),
        guesses=len(guesses),
        guessed_right=sum(guesses),
        grades=tuple((grade, counts[grade.value]) for grade in Gais),
    )


def _agreement(
    first: dict[tuple[object, object], int], second: dict[tuple[object, object], int]
) -> Agreement:
    common = [key for key in first if key in second]
    return agreement([first[key] for key in common], [second[key] for key in common])
