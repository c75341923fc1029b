"""Stops, deferrals, red flags, cautions and excluded agents (domain notes, section 4).

The safety list decides what an item means. Every row of it is tried, so a patient hears all
reasons at once and not one at each visit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

from patients.rules.facts import ALLERGIES, AreaFacts, ScreeningFacts
from patients.rules.judge import Maybe, Reason, within
from patients.rules.safety_list import DRAFT, ExclusionRow, SafetyList, SafetyRow
from patients.terms import Area, SafetyGate, SafetyItem

RED_FLAG_RULE, ALLERGY_RULE = "E2", "4.4"
GATE_RULE: Mapping[SafetyGate, str] = {
    SafetyGate.ABSOLUTE: "4.1",
    SafetyGate.TEMPORARY: "4.2",
    SafetyGate.CAUTION: "4.3",
}

UNILATERAL_SWELLING = _(
    "New swelling of one leg: this can be a blood clot or an infection and needs a doctor the same "
    "day. No injection and no massage; screen again only after it has been explained and treated."
)
SUSPICIOUS_LESION = _(
    "A changing or unusual skin mark in this area: a doctor must look at it soon. No injection "
    "here; screen again after it has been examined."
)
ACTINIC_KERATOSIS = _(
    "A scaly sun-damaged patch in this area: a doctor must look at it soon. No injection here; "
    "screen again after it has been examined."
)
LOCAL_INFECTION = _(
    "Skin infection (cellulitis), inflammation or a wound in this area: it must heal first. Have "
    "it treated, then screen again."
)
BDD_POSITIVE = _(
    "The body-image questions show a heavy burden: support comes before any treatment. Offer an "
    "assessment by a mental-health professional, then screen again."
)
NO_CONTRAINDICATION = _(
    "No contraindication is recorded: all required safety questions are answered. Ask them again "
    "before each session."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyFinding:
    """All reasons of the safety gates, and for each stopping gate whether it can still open."""

    absolute: tuple[Reason, ...]
    red_flags: tuple[Reason, ...]
    temporary: tuple[Reason, ...]
    cautions: tuple[Reason, ...]
    exclusions: tuple[Reason, ...]
    excluded_agents: tuple[str, ...]
    open_fields: tuple[tuple[str, AreaFacts | None], ...]

    @property
    def stops(self) -> tuple[Reason, ...]:
        """Every reason that forbids treatment now."""
        return self.absolute + self.red_flags + self.temporary

    @property
    def is_clear(self) -> bool:
        """Whether nothing stops and no required answer is missing."""
        return not self.stops and not self.open_fields

    @property
    def prescriber_review(self) -> bool:
        """Whether a prescriber must look before session 1; this never changes candidacy."""
        return bool(self.cautions or self.exclusions)


def _reason(row: SafetyRow, area: Area | None = None) -> Reason:
    # The words are the clinic's own and hold no placeholders, so a percent sign is only itself.
    template = row.sentence.replace("%", "%%")
    return Reason(code=row.reason_code, rule=GATE_RULE[row.gate], template=template, area=area)


@dataclass(frozen=True, slots=True)
class Derived:
    """An item that follows from another answer: the name of that fact, and when it applies."""

    field: str
    when: Callable[[ScreeningFacts], Maybe]


# These apply whether the item was declared or not.
DERIVED: Mapping[str, Derived] = {
    SafetyItem.AGE_UNDER_18: Derived(
        "age", lambda facts: within(facts.patient.age, float("-inf"), 18)
    ),
    SafetyItem.FITZPATRICK_IV_VI: Derived(
        "fitzpatrick", lambda facts: within(facts.patient.fitzpatrick, 4, 7)
    ),
    SafetyItem.SMOKER: Derived("smoker", lambda facts: facts.smoker),
    SafetyItem.BMI_UNDER_18_5: Derived("bmi", lambda facts: within(facts.patient.bmi, 0, 18.5)),
    SafetyItem.AGE_OVER_65: Derived(
        "age", lambda facts: within(facts.patient.age, 66, float("inf"))
    ),
}


def _listed(gate: SafetyGate, facts: ScreeningFacts, lists: SafetyList) -> Iterator[Reason]:
    """List the items of a gate that were declared, wherever, or that follow from an answer."""
    # The order of the list, so that the order of the answers never matters.
    for row in lists.at(gate):
        derived = DERIVED.get(row.code)
        if row.code in facts.safety.declared or (derived and derived.when(facts)):
            yield _reason(row)


def red_flags(facts: ScreeningFacts) -> Iterator[Reason]:
    """List every red flag: new one-sided swelling, a suspicious lesion, actinic keratosis."""
    if facts.legs.new_unilateral_swelling:
        yield Reason(code="R_UNILATERAL_SWELLING", rule=RED_FLAG_RULE, template=UNILATERAL_SWELLING)
    for area in facts.areas:
        for seen, text in (
            (area.suspicious_lesion, SUSPICIOUS_LESION),
            (area.actinic_keratosis, ACTINIC_KERATOSIS),
        ):
            if seen:
                yield Reason(
                    code="R_SUSPICIOUS_LESION", rule=RED_FLAG_RULE, template=text, area=area.area
                )


def is_recent_liposuction(area: AreaFacts) -> Maybe:
    """Say whether the area had liposuction under 6 months ago."""
    if area.lipo_here is False:
        return False
    recent = within(area.lipo_months_ago, float("-inf"), 6)
    return recent if area.lipo_here else (None if recent is not False else False)


def _recent_liposuction(gate: SafetyGate, area: AreaFacts, lists: SafetyList) -> Iterator[Reason]:
    row = lists.row(SafetyItem.LIPOSUCTION_UNDER_6_MONTHS)
    if row and row.gate == gate and is_recent_liposuction(area):
        yield _reason(row, area.area)


def gate_reasons(gate: SafetyGate, facts: ScreeningFacts, lists: SafetyList) -> Iterator[Reason]:
    """List every reason of a gate: from the list, the areas and the body-image screen."""
    yield from _listed(gate, facts, lists)
    if gate == SafetyGate.TEMPORARY and facts.bdd_screen_positive:
        yield Reason(code="T_BDD_SCREEN_POSITIVE", rule=GATE_RULE[gate], template=BDD_POSITIVE)
    for area in facts.areas:
        yield from _recent_liposuction(gate, area, lists)
        if gate == SafetyGate.TEMPORARY and area.infection_or_inflammation:
            yield Reason(
                code="T_LOCAL_INFECTION",
                rule=GATE_RULE[gate],
                template=LOCAL_INFECTION,
                area=area.area,
            )


def exclusions(allergies: frozenset[str], lists: SafetyList) -> dict[ExclusionRow, Reason]:
    """Map each row that leaves an agent out (4.4) to its reason, once for each sentence."""
    found = {(row.agent, row.sentence): row for row in lists.exclusions if row.code in allergies}
    return {
        row: Reason(
            code=row.reason_code, rule=ALLERGY_RULE, template=row.sentence.replace("%", "%%")
        )
        for row in found.values()
    }


def _open_fields(
    facts: ScreeningFacts, lists: SafetyList
) -> Iterator[tuple[str, AreaFacts | None]]:
    """Name every unknown answer that could still stop the treatment."""
    for code, derived in DERIVED.items():
        row = lists.row(code)
        if row and row.stops and derived.when(facts) is None:
            yield derived.field, None
    for code in sorted(facts.safety.missing):
        if code == ALLERGIES or lists.row(code):
            yield code, None
    for name, answer in (
        ("new_unilateral_swelling", facts.legs.new_unilateral_swelling),
        ("bdd_screen_positive", facts.bdd_screen_positive),
    ):
        if answer is None:
            yield name, None
    for area in facts.areas:
        yield from ((name, area) for name in _open_in_area(area, lists))


def _open_in_area(area: AreaFacts, lists: SafetyList) -> Iterator[str]:
    for name in ("infection_or_inflammation", "suspicious_lesion", "actinic_keratosis"):
        if getattr(area, name) is None:
            yield name
    row = lists.row(SafetyItem.LIPOSUCTION_UNDER_6_MONTHS)
    if row and row.stops and is_recent_liposuction(area) is None:
        yield "lipo_here" if area.lipo_here is None else "lipo_months_ago"


def check_safety(facts: ScreeningFacts, lists: SafetyList = DRAFT) -> SafetyFinding:
    """Evaluate every safety gate, also after a stop, and keep every reason."""
    left_out = exclusions(facts.safety.allergies, lists)
    return SafetyFinding(
        absolute=tuple(gate_reasons(SafetyGate.ABSOLUTE, facts, lists)),
        red_flags=tuple(red_flags(facts)),
        temporary=tuple(gate_reasons(SafetyGate.TEMPORARY, facts, lists)),
        cautions=tuple(gate_reasons(SafetyGate.CAUTION, facts, lists)),
        exclusions=tuple(left_out.values()),
        excluded_agents=tuple(dict.fromkeys(row.agent for row in left_out)),
        open_fields=tuple(_open_fields(facts, lists)),
    )
