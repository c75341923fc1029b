"""Step E: overall candidacy, from all gates and areas, with every reason (domain notes 2.2).

`assess` is the one entrance. It never raises: any mixture of unknown answers gives a verdict,
"undecided" with the answers still to ask for when that is all that can be said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

from patients.rules.areas import AreaFinding, Known, find_area
from patients.rules.facts import Number, PatientFacts, ScreeningFacts
from patients.rules.judge import Maybe, Missing, Reason, either, is_, negate, within
from patients.rules.legs import LegFinding, find_leg_disorder, leg_answers_needed
from patients.rules.missing import ask_for, reason_for
from patients.rules.safety import NO_CONTRAINDICATION, SafetyFinding, check_safety
from patients.rules.safety_list import DRAFT, SafetyList
from patients.terms import Expectations, Outcome, Primary, SubOutcome, Treatable

# Raise this with any change to a table, a threshold or a sentence of patients/rules.
RULE_SET = "2026.1"

OFFERED = (Treatable.YES, Treatable.REDUCED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the rules suggest for a screening, and why.

    `decided_by` is the row of step E, `safety_list` the version of the lists that were read.
    """

    areas: tuple[AreaFinding, ...]
    outcome: Outcome
    sub_outcome: SubOutcome
    reasons: tuple[Reason, ...]
    missing: tuple[Missing, ...]
    excluded_agents: tuple[str, ...]
    prescriber_review: bool
    rule_set: str
    safety_list: int
    decided_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Everything that step E looks at."""

    safety: SafetyFinding
    legs: LegFinding
    bmi: Number | None
    areas: tuple[AreaFinding, ...]
    expectations: Expectations | None

    @property
    def verdicts(self) -> tuple[Treatable, ...]:
        """Whether each area is treatable."""
        return tuple(area.treatable for area in self.areas)

    @property
    def are_areas_open(self) -> bool:
        """Whether an area is undecided, or none was chosen."""
        return not self.areas or Treatable.UNKNOWN in self.verdicts


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One row of step E: what it asks and where it leads."""

    id: str
    when: Callable[[Picture], Maybe]
    outcome: Outcome
    sub_outcome: Callable[[Picture], SubOutcome] | SubOutcome
    says: str


def _stops(reasons: tuple[Reason, ...], safety: SafetyFinding) -> Maybe:
    if reasons:
        return True
    return None if safety.open_fields else False


def _needs_weight_first(picture: Picture) -> Maybe:
    return within(picture.bmi, 35, float("inf"))


def _nothing_treatable(picture: Picture) -> Maybe:
    if picture.are_areas_open:
        return None
    return not any(verdict in OFFERED for verdict in picture.verdicts)


def _some_not_treatable(picture: Picture) -> Maybe:
    return None if picture.are_areas_open else Treatable.NO in picture.verdicts


def _is_unrealistic(expectations: Expectations | None) -> Maybe:
    return negate(is_(expectations, Expectations.REALISTIC))


def _is_reduced(picture: Picture) -> Maybe:
    return either(Treatable.REDUCED in picture.verdicts, _is_unrealistic(picture.expectations))


_REFERRALS = {
    Primary.POST_LIPOSUCTION: SubOutcome.REFER_POST_LIPOSUCTION,
    Primary.LAXITY: SubOutcome.REFER_SKIN_LAXITY,
    Primary.SUN_DAMAGE: SubOutcome.REFER_SUN_DAMAGE,
}


def _referral(picture: Picture) -> SubOutcome:
    """Refer by cause: one cause to its own specialist, several or another one in general."""
    found = {area.primary for area in picture.areas} - {Primary.NO_SIGNIFICANT_FINDING}
    if not found:
        return SubOutcome.NOT_INDICATED
    return _REFERRALS.get(found.pop(), SubOutcome.REFER) if len(found) == 1 else SubOutcome.REFER


CANDIDACY: tuple[Gate, ...] = (
    Gate(
        id="E1",
        when=lambda picture: _stops(picture.safety.absolute, picture.safety),
        outcome=Outcome.CONTRAINDICATED_OR_DEFERRED,
        sub_outcome=SubOutcome.CONTRAINDICATED,
        says=_("Any absolute contraindication, or age under 18, rules out treatment."),
    ),
    Gate(
        id="E2",
        when=lambda picture: _stops(picture.safety.red_flags, picture.safety),
        outcome=Outcome.CONTRAINDICATED_OR_DEFERRED,
        sub_outcome=SubOutcome.DEFERRED_URGENT_REFERRAL,
        says=_(
            "New one-sided swelling, a suspicious lesion or actinic keratosis asks for an urgent "
            "referral."
        ),
    ),
    Gate(
        id="E3",
        when=lambda picture: _stops(picture.safety.temporary, picture.safety),
        outcome=Outcome.CONTRAINDICATED_OR_DEFERRED,
        sub_outcome=SubOutcome.DEFERRED,
        says=_("Any temporary contraindication defers treatment until it has passed."),
    ),
    Gate(
        id="E4",
        when=lambda picture: picture.legs.suspected,
        outcome=Outcome.REFER,
        sub_outcome=SubOutcome.REFER_SPECIALIST,
        says=_("Suspected lymphoedema or lipoedema is referred for a specialist diagnosis."),
    ),
    Gate(
        id="E5",
        when=_needs_weight_first,
        outcome=Outcome.REFER,
        sub_outcome=SubOutcome.WEIGHT_MANAGEMENT_FIRST,
        says=_("A BMI of 35 or more asks for weight management first."),
    ),
    Gate(
        id="E6",
        when=_nothing_treatable,
        outcome=Outcome.REFER,
        sub_outcome=_referral,
        says=_("When no requested area is treatable, refer by cause, or advise no treatment."),
    ),
    Gate(
        id="E7",
        when=_some_not_treatable,
        outcome=Outcome.REDUCED_EXPECTATIONS,
        sub_outcome=SubOutcome.REDUCED_SOME_AREAS,
        says=_("When some requested areas are not treatable, name them and leave them out."),
    ),
    Gate(
        id="E8",
        when=_is_reduced,
        outcome=Outcome.REDUCED_EXPECTATIONS,
        sub_outcome=SubOutcome.REDUCED,
        says=_("An area with limits, or unrealistic expectations, reduces what can be expected."),
    ),
    Gate(
        id="E9",
        when=lambda picture: True,
        outcome=Outcome.GOOD_CANDIDATE,
        sub_outcome=SubOutcome.GOOD,
        says=_("Otherwise a course can be discussed."),
    ),
)


def decide(picture: Picture) -> Gate | None:
    """Find the first row that applies; None when an open row before it could lead elsewhere.

    A known stop decides although other answers are missing, because no answer can lift it; an
    open row never lets a milder row pass.
    """
    passed_open: list[Gate] = []
    for gate in CANDIDACY:
        answer = gate.when(picture)
        if answer:
            return gate if all(open_.outcome == gate.outcome for open_ in passed_open) else None
        if answer is None:
            passed_open.append(gate)
    return None


WEIGHT_FIRST = _(
    "BMI %(bmi)s: a course would change little now. Weight management comes first; screen again "
    "afterwards."
)
NO_TREATABLE_AREA = _(
    "None of the areas asked about shows cellulite as the main finding: injections for cellulite "
    "are unlikely to help here. Look at what was found, and discuss care that fits it."
)
AREA_LEFT_OUT = _(
    "Cellulite is not the main finding in this area, while another area can be offered: leave this "
    "area out of the course and discuss care that fits it."
)
EXPECTATIONS = {
    Expectations.PERFECTION: _(
        "Perfectly smooth skin is hoped for: a course cannot offer that, and dents are a normal "
        "feature of skin. Talk about what would be worthwhile before deciding."
    ),
    Expectations.FASTER_THAN_COURSE: _(
        "A result is hoped for sooner than a course takes: the date and the plan do not fit. Talk "
        "about the time a course needs before deciding."
    ),
}


def _weight_reasons(picture: Picture) -> Iterator[Reason]:
    if picture.bmi is not None and _needs_weight_first(picture):
        yield Reason(
            code="F_WEIGHT_FIRST",
            rule="E5",
            template=WEIGHT_FIRST,
            values={"bmi": f"{picture.bmi:.1f}"},
        )


def _area_reasons(picture: Picture) -> Iterator[Reason]:
    if _nothing_treatable(picture):
        yield Reason(code="F_NO_TREATABLE_AREA", rule="E6", template=NO_TREATABLE_AREA)
    elif _some_not_treatable(picture):
        for area in picture.areas:
            if area.treatable is Treatable.NO:
                yield Reason(
                    code="F_AREAS_DIFFER", rule="E7", template=AREA_LEFT_OUT, area=area.area
                )


def _expectation_reasons(picture: Picture) -> Iterator[Reason]:
    template = EXPECTATIONS.get(picture.expectations) if picture.expectations else None
    if template:
        yield Reason(code="E_EXPECTATIONS", rule="E8", template=template)


def _all_reasons(picture: Picture, facts: ScreeningFacts) -> Iterator[Reason]:
    """Collect the reasons of every gate, also of those after the one that decided."""
    safety = picture.safety
    yield from safety.stops
    if safety.is_clear:
        yield Reason(code="S_NO_CONTRAINDICATION", rule="E3", template=NO_CONTRAINDICATION)
    for rule in picture.legs.judged.met:
        yield from filter(None, (rule.reason(facts.legs),))
    yield from _weight_reasons(picture)
    for area in picture.areas:
        yield from (reason for reason in area.reasons if reason.rule != "M")
    yield from _area_reasons(picture)
    yield from _expectation_reasons(picture)
    yield from safety.cautions + safety.exclusions


def _unknown_sizes(patient: PatientFacts) -> tuple[str, ...]:
    """Name what the BMI still needs, or the BMI itself when no BMI follows from both."""
    if patient.bmi is not None:
        return ()
    sizes = ("height_cm", "weight_kg")
    return tuple(name for name in sizes if getattr(patient, name) is None) or ("bmi",)


def _all_missing(
    picture: Picture, facts: ScreeningFacts, gate: Gate | None, lists: SafetyList
) -> Iterator[Missing]:
    """Collect the answers to ask for: safety, legs and weight first, then area by area."""
    for name, holder in picture.safety.open_fields:
        yield ask_for(name, holder.area if holder else None, lists)
    for name in leg_answers_needed(facts.legs) if picture.legs.suspected is None else ():
        yield ask_for(name)
    yield from map(ask_for, _unknown_sizes(facts.patient))
    if not picture.areas:
        yield ask_for("areas")
    for finding, area in zip(picture.areas, facts.areas, strict=True):
        for name in finding.needs:
            if name != "bmi":
                yield ask_for(name, finding.area if hasattr(area, name) else None)
    if gate is None and facts.expectations is None:
        yield ask_for("expectations")


def _unique(missing: Iterator[Missing]) -> tuple[Missing, ...]:
    return tuple({(item.field, item.area): item for item in missing}.values())


def _look(facts: ScreeningFacts, lists: SafetyList, known: Known | None) -> Picture:
    legs = find_leg_disorder(facts.legs)
    return Picture(
        safety=check_safety(facts, lists),
        legs=legs,
        bmi=facts.patient.bmi,
        areas=tuple(find_area(area, facts, legs, known) for area in facts.areas),
        expectations=facts.expectations,
    )


def _destination(gate: Gate | None, picture: Picture) -> tuple[Outcome, SubOutcome, str]:
    if gate is None:
        return Outcome.UNDECIDED, SubOutcome.MISSING, "M"
    sub = gate.sub_outcome
    return gate.outcome, sub if isinstance(sub, SubOutcome) else sub(picture), gate.id


def assess(facts: ScreeningFacts, lists: SafetyList = DRAFT, known: Known | None = None) -> Verdict:
    """Suggest candidacy for a screening, with every reason and every missing answer.

    `known` holds areas that were judged before; see `find_area`.
    """
    picture = _look(facts, lists, known)
    gate = decide(picture)
    outcome, sub_outcome, decided_by = _destination(gate, picture)
    missing = _unique(_all_missing(picture, facts, gate, lists))
    return Verdict(
        areas=picture.areas,
        outcome=outcome,
        sub_outcome=sub_outcome,
        reasons=(*_all_reasons(picture, facts), *map(reason_for, missing)),
        missing=missing,
        excluded_agents=picture.safety.excluded_agents,
        prescriber_review=picture.safety.prescriber_review,
        rule_set=RULE_SET,
        safety_list=lists.version,
        decided_by=decided_by,
    )
