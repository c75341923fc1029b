"""Step B: leg disorders, judged once per patient (domain notes 2.2, simplified from 2.1)."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

from patients.rules.facts import LegFacts
from patients.rules.judge import (
    Judgement,
    Maybe,
    Rule,
    both,
    count_at_least,
    either,
    is_,
    judge,
)
from patients.terms import Level, Primary, Stemmer

LIPOEDEMA_SIGNS = (
    "pain_on_pressure",
    "easy_bruising",
    "cuff_sign",
    "diet_resistant",
    "hormonal_or_family_onset",
)


def _lymphoedema(legs: LegFacts) -> Maybe:
    """Rule D1: Stemmer positive, or pitting with a swollen back of the foot."""
    return either(
        is_(legs.stemmer, Stemmer.POSITIVE),
        both(legs.pitting_oedema, legs.foot_dorsum_swollen),
    )


def _lipoedema_pattern(legs: LegFacts) -> Maybe:
    """Rule D2: symmetric, feet spared, three signs of five, pain or bruising among them."""
    return both(
        legs.symmetric_disproportion,
        legs.feet_spared,
        count_at_least(3, (getattr(legs, sign) for sign in LIPOEDEMA_SIGNS)),
        either(legs.pain_on_pressure, legs.easy_bruising),
    )


def _lipoedema(legs: LegFacts) -> Maybe:
    # An unanswered D1 must not hide a full D2 pattern: both lead to the same specialist.
    return False if _lymphoedema(legs) else _lipoedema_pattern(legs)


LEGS: tuple[Rule[LegFacts], ...] = (
    Rule(
        id="D1",
        level=Level.DOMINANT,
        when=_lymphoedema,
        says=_(
            "Stemmer positive, or pitting with a swollen back of the foot: suspect lymphoedema."
        ),
        code="F_LYMPHOEDEMA_SUSPECTED",
        template=_(
            "The skin fold over the second toe cannot be lifted, or swelling keeps a dent and "
            "reaches the back of the foot: this pattern suggests lymphoedema. Refer for a "
            "specialist diagnosis before any cosmetic treatment."
        ),
        needs=("stemmer", "pitting_oedema", "foot_dorsum_swollen"),
    ),
    Rule(
        id="D2",
        level=Level.DOMINANT,
        when=_lipoedema,
        says=_(
            "Symmetric disproportion with feet spared and three of pain on pressure, easy bruising, "
            "cuff sign, diet resistance and hormonal or family onset, pain or bruising among them, "
            "and no D1: suspect lipoedema."
        ),
        code="F_LIPOEDEMA_SUSPECTED",
        template=_(
            "Both legs are large alike, the feet are spared, and %(signs)s more signs fit, such as "
            "pain or easy bruising: this pattern suggests lipoedema. Refer for a specialist "
            "diagnosis before any cosmetic treatment."
        ),
        values=lambda legs: {"signs": [getattr(legs, s) for s in LIPOEDEMA_SIGNS].count(True)},
        needs=("symmetric_disproportion", "feet_spared", *LIPOEDEMA_SIGNS),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LegFinding:
    """The suspected disorder if there is one, and whether missing answers leave it open."""

    judged: Judgement[LegFacts]

    @property
    def primary(self) -> Primary | None:
        """The finding that overrides those of legs and buttocks."""
        met = {rule.id for rule in self.judged.met}
        if "D1" in met:
            return Primary.SUSPECTED_LYMPHOEDEMA
        return Primary.SUSPECTED_LIPOEDEMA if "D2" in met else None

    @property
    def suspected(self) -> Maybe:
        """Whether a leg disorder is suspected, None while it cannot be told."""
        if self.primary:
            return True
        return None if self.judged.open else False


def find_leg_disorder(legs: LegFacts) -> LegFinding:
    """Judge the signs of the legs."""
    return LegFinding(judged=judge(legs, LEGS))


def leg_answers_needed(legs: LegFacts) -> tuple[str, ...]:
    """Name the unknown leg answers to ask next, the deciding questions of D2 before its signs."""
    needed: list[str] = []
    for rule in find_leg_disorder(legs).judged.open:
        unknown = [name for name in rule.needs if getattr(legs, name) is None]
        gates = [name for name in unknown if name in ("symmetric_disproportion", "feet_spared")]
        needed += gates or unknown
    return tuple(needed)
