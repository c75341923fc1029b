"""What a screening knows, as the rules read it: plain values, None when the answer is unknown.

An unknown answer is never a normal one, so every default here is "unknown": a fact that the
caller forgets to fill in leads to "cannot be decided", not to "good candidate".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from patients.rules.safety_list import DRAFT, SafetyList
from patients.terms import (
    Answer,
    Area,
    Crepe,
    Expectations,
    LiftTest,
    LipoOnset,
    LipoSign,
    Recoil,
    SafetyGate,
    SafetyItem,
    Sex,
    Stemmer,
    SunSign,
)

Number = int | float | Decimal

ALLERGIES = "allergies"


def _drafted_at(gate: SafetyGate) -> frozenset[SafetyItem]:
    return frozenset(SafetyItem(row.code) for row in DRAFT.at(gate))


# The lists of the case format, which are those of the product's draft.
ABSOLUTE = _drafted_at(SafetyGate.ABSOLUTE)
TEMPORARY = _drafted_at(SafetyGate.TEMPORARY)
CAUTIONS = _drafted_at(SafetyGate.CAUTION)

# Domain 2.2, "Incomplete means": a screening without these answers cannot be decided, in any
# version of the safety list. Two more live elsewhere: legs.new_unilateral_swelling and
# bdd_screen_positive.
REQUIRED_ITEMS = frozenset(SafetyItem(code) for code in DRAFT.required)
REQUIRED_SAFETY: frozenset[str] = frozenset(item.value for item in REQUIRED_ITEMS) | {ALLERGIES}


def bmi_of(height_cm: Number | None, weight_kg: Number | None) -> float | None:
    """Compute the body mass index in kg/m² to 1 decimal, or None when it cannot be computed."""
    if height_cm is None or weight_kg is None:
        return None
    height, weight = float(height_cm), float(weight_kg)
    if not (0 < height < math.inf and 0 < weight < math.inf):
        return None
    return _one_decimal(Decimal(str(weight)) * 10000 / Decimal(str(height)) ** 2)


def _one_decimal(number: Number) -> float | None:
    """Round half up, in decimal, because a float would round 29.95 either way and 30 decides."""
    if not 0 < float(number) < 1_000:
        return None
    return float(Decimal(str(number)).quantize(Decimal("0.1"), ROUND_HALF_UP))


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientFacts:
    """Who is screened. `bmi` (1 decimal) is computed from height and weight when not given."""

    age: int | None = None
    sex: Sex | None = None
    height_cm: Number | None = None
    weight_kg: Number | None = None
    bmi: Number | None = None
    fitzpatrick: int | None = None
    glogau: int | None = None

    def __post_init__(self) -> None:
        given = self.bmi
        bmi = bmi_of(self.height_cm, self.weight_kg) if given is None else _one_decimal(given)
        object.__setattr__(self, "bmi", bmi)


@dataclass(frozen=True, slots=True, kw_only=True)
class LegFacts:
    """Signs of leg disorders, asked once per patient."""

    symmetric_disproportion: bool | None = None
    feet_spared: bool | None = None
    cuff_sign: bool | None = None
    easy_bruising: bool | None = None
    pain_on_pressure: bool | None = None
    diet_resistant: bool | None = None
    hormonal_or_family_onset: bool | None = None
    pitting_oedema: bool | None = None
    foot_dorsum_swollen: bool | None = None
    new_unilateral_swelling: bool | None = None
    stemmer: Stemmer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaFacts:
    """One requested area, one side. CSS items and the sun grade run from 0 to 3."""

    area: Area
    visible_lying: bool | None = None
    visible_standing: bool | None = None
    visible_on_pinch: bool | None = None
    raised_nodules: bool | None = None
    css_number: int | None = None
    css_depth: int | None = None
    css_morphology: int | None = None
    css_laxity: int | None = None
    css_nm: int | None = None
    lift_test: LiftTest | None = None
    crepey: Crepe | None = None
    recoil: Recoil | None = None
    scalloped_folds: bool | None = None
    localised_fat: bool | None = None
    infection_or_inflammation: bool | None = None
    sun_grade: int | None = None
    sun_signs: frozenset[SunSign] | None = None
    sun_border_at_clothing: bool | None = None
    suspicious_lesion: bool | None = None
    actinic_keratosis: bool | None = None
    lipo_here: bool | None = None
    lipo_months_ago: Number | None = None
    lipo_count: int | None = None
    lipo_onset: LipoOnset | None = None
    lipo_signs: frozenset[LipoSign] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyFacts:
    """Safety codes answered "yes", and the questions that still have no answer."""

    absolute: frozenset[str] = frozenset()
    temporary: frozenset[str] = frozenset()
    cautions: frozenset[str] = frozenset()
    allergies: frozenset[str] = frozenset()
    missing: frozenset[str] = REQUIRED_SAFETY

    @property
    def declared(self) -> frozenset[str]:
        """Every item answered "yes"; the safety list says which gate it belongs to."""
        return self.absolute | self.temporary | self.cautions


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningFacts:
    """Everything that one screening declared and saw."""

    patient: PatientFacts = field(default_factory=PatientFacts)
    legs: LegFacts = field(default_factory=LegFacts)
    safety: SafetyFacts = field(default_factory=SafetyFacts)
    areas: tuple[AreaFacts, ...] = ()
    bdd_screen_positive: bool | None = None
    expectations: Expectations | None = None
    major_weight_loss: bool | None = None
    smoker: bool | None = None
    # Risk factors: shown with the result, never read by a rule.
    mother_or_sister_cellulite: bool | None = None
    pregnancies: int | None = None
    weight_stable_3_months: bool | None = None


def safety_facts(
    answers: Mapping[str, str], allergies: frozenset[str] | None, lists: SafetyList = DRAFT
) -> SafetyFacts:
    """Sort safety answers (code -> yes, no or unknown) into the facts that the rules read.

    A required question without a yes or no is missing; so is any stop that was asked and is
    "unknown". `allergies` is None until they were asked about, and empty when there are none.
    """
    yes = frozenset(code for code, answer in answers.items() if answer == Answer.YES)
    no = frozenset(code for code, answer in answers.items() if answer == Answer.NO)
    asked = {row.code for row in lists.rows if row.stops and row.code in answers}
    unasked = {ALLERGIES} if allergies is None else set()
    return SafetyFacts(
        absolute=yes & _codes(lists, SafetyGate.ABSOLUTE),
        temporary=yes & _codes(lists, SafetyGate.TEMPORARY),
        cautions=yes & _codes(lists, SafetyGate.CAUTION),
        allergies=allergies or frozenset(),
        missing=frozenset((asked | lists.required) - yes - no | unasked),
    )


def _codes(lists: SafetyList, gate: SafetyGate) -> frozenset[str]:
    return frozenset(row.code for row in lists.at(gate))
