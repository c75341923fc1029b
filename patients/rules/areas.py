"""Steps C and D: the main finding of each area, what contributes, and whether it is treatable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from patients.rules.causes import LIMITS, AreaCase, judge_causes
from patients.rules.facts import AreaFacts, ScreeningFacts
from patients.rules.judge import GRAVITY, Judgement, Reason, judge
from patients.rules.legs import LegFinding
from patients.rules.missing import ask_for, reason_for
from patients.rules.stage import css_total, css_without_laxity, stage_of
from patients.terms import Area, Cause, Level, Primary, Treatable

CSS_ITEMS = ("css_number", "css_depth", "css_morphology", "css_laxity")
STAGE_FACTS = ("visible_standing", "visible_lying", "visible_on_pinch", "raised_nodules")

# Step C: which of several causes is the main finding when they weigh the same.
PRECEDENCE = (Cause.POST_LIPOSUCTION, Cause.LAXITY, Cause.SUN_DAMAGE)

# A region touches these on its own side (rule P0); the relation holds both ways.
TOUCHES: Mapping[str, frozenset[str]] = {
    "buttock": frozenset({"thigh_posterior", "thigh_lateral", "thigh_medial", "hip"}),
    "hip": frozenset({"thigh_lateral", "thigh_anterior", "abdomen"}),
    "thigh_posterior": frozenset({"thigh_lateral", "thigh_medial", "knee"}),
    "thigh_anterior": frozenset({"thigh_lateral", "thigh_medial", "knee", "abdomen"}),
    "thigh_lateral": frozenset({"knee"}),
    "thigh_medial": frozenset({"knee"}),
}

# Questions that stay folded until another answer makes them matter.
ASKED_ONLY_IF: Mapping[str, Callable[[AreaFacts], bool]] = {
    "sun_border_at_clothing": lambda area: area.sun_grade == 2,
    "lipo_months_ago": lambda area: area.lipo_here is True,
    "lipo_onset": lambda area: area.lipo_here is True,
    "lipo_signs": lambda area: area.lipo_here is True,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaFinding:
    """What the rules say of one area; `rules` are the ids of all rows met, silent ones too."""

    area: Area
    stage: int | None
    css_total: int | None
    css_without_laxity: int | None
    primary: Primary
    contributing: tuple[Cause, ...]
    treatable: Treatable
    levels: Mapping[Cause, Level]
    reasons: tuple[Reason, ...]
    rules: tuple[str, ...]
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """One area with every table applied."""

    case: AreaCase
    causes: Mapping[Cause, Judgement[AreaCase]]
    limits: Judgement[AreaCase]
    legs: LegFinding


def _touch(one: Area, other: Area) -> bool:
    if one.side and other.side and one.side != other.side:
        return False
    return other.base in TOUCHES.get(one.base, ()) or one.base in TOUCHES.get(other.base, ())


def case_of(area: AreaFacts, facts: ScreeningFacts) -> AreaCase:
    """Put beside an area the answers about the patient and its neighbours that its rules read."""
    return AreaCase(
        area=area,
        stage=stage_of(area),
        bmi=facts.patient.bmi,
        major_weight_loss=facts.major_weight_loss,
        lipo_nearby=any(o.lipo_here and _touch(area.area, o.area) for o in facts.areas),
    )


def _unknown(area: AreaFacts, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in names if getattr(area, name) is None)


def _item_e_unknowns(area: AreaFacts) -> tuple[str, ...]:
    """Name the observations that item e is derived from, or item e when they are all known."""
    if area.css_nm is not None:
        return ()
    return _unknown(area, STAGE_FACTS) or ("css_nm",)


def required_unknowns(case: AreaCase) -> tuple[str, ...]:
    """Name the CSS items and lift test that an area with visible dents still needs (2.2)."""
    if not case.stage.at_least(1):
        return ()
    return _unknown(case.area, (*CSS_ITEMS, "lift_test")) + _item_e_unknowns(case.area)


def _could_rise_to(judged: Judgement[AreaCase], level: Level) -> bool:
    return GRAVITY[judged.level] < GRAVITY[level] <= GRAVITY[judged.ceiling]


def _first_at(level: Level, judged: _Judged) -> Primary | None:
    """Pick the first cause at this level in step C's order, undecided when one could still be."""
    for cause in PRECEDENCE:
        if judged.causes[cause].level == level:
            return Primary(cause.value)
        if _could_rise_to(judged.causes[cause], level):
            return Primary.UNDECIDED
    return None


def _cellulite(judged: _Judged) -> Primary | None:
    found = judged.case.stage.at_least(1)
    if found is None:
        return Primary.UNDECIDED
    return Primary.CELLULITE if found else None


def _localised_fat(judged: _Judged) -> Primary:
    found = judged.case.area.localised_fat
    if found is None:
        return Primary.UNDECIDED
    return Primary.LOCALISED_ADIPOSITY if found else Primary.NO_SIGNIFICANT_FINDING


def _leg_disorder(judged: _Judged) -> Primary | None:
    if not judged.case.area.area.is_leg_or_buttock:
        return None
    return Primary.UNDECIDED if judged.legs.suspected is None else judged.legs.primary


def primary_of(judged: _Judged) -> Primary:
    """Step C: take the first finding that applies, or undecided when an unknown stands before it."""
    overriding = _leg_disorder(judged)
    if overriding:
        return overriding
    if required_unknowns(judged.case):
        return Primary.UNDECIDED
    return (
        _first_at(Level.DOMINANT, judged)
        or _cellulite(judged)
        or _first_at(Level.CONTRIBUTING, judged)
        or _localised_fat(judged)
    )


def contributing_to(primary: Primary, judged: _Judged) -> tuple[Cause, ...]:
    """List every cause that is there beside the primary finding."""
    if primary is Primary.UNDECIDED:
        return ()
    return tuple(
        cause
        for cause, found in judged.causes.items()
        if cause.value != primary.value and _counts(cause, found.level)
    )


def _counts(cause: Cause, level: Level) -> bool:
    enough = Level.PRESENT if cause is Cause.CELLULITE else Level.CONTRIBUTING
    return GRAVITY[level] >= GRAVITY[enough]


def treatable_of(primary: Primary, contributing: tuple[Cause, ...], judged: _Judged) -> Treatable:
    """Step D: yes for cellulite alone, reduced with anything beside it, no for another primary."""
    if primary is Primary.UNDECIDED:
        return Treatable.UNKNOWN
    if primary is not Primary.CELLULITE:
        return Treatable.NO
    if contributing or judged.limits.met:
        return Treatable.REDUCED
    is_settled = judged.limits.is_settled and all(c.is_settled for c in judged.causes.values())
    return Treatable.YES if is_settled else Treatable.UNKNOWN


def _level(found: Judgement[AreaCase]) -> Level:
    return found.level if found.is_settled else Level.UNKNOWN


def _is_due(name: str, case: AreaCase) -> bool:
    if name == "lift_test" and case.stage.highest == 0:
        return False  # without a dent there is nothing to lift
    matters = ASKED_ONLY_IF.get(name)
    return matters is None or matters(case.area)


def _needs(judged: _Judged) -> Iterator[str]:
    """Name the unknown answers that keep this area open."""
    case = judged.case
    yield from required_unknowns(case)
    for found in (*judged.causes.values(), judged.limits):
        for name in found.needs:
            holder = case.area if hasattr(case.area, name) else case
            if getattr(holder, name) is None and _is_due(name, case):
                yield name


def _reasons(judged: _Judged) -> Iterator[Reason]:
    case = judged.case
    for found in judged.causes.values():
        yield from filter(None, (rule.reason(case, case.area.area) for rule in found.leading))
    yield from filter(None, (rule.reason(case, case.area.area) for rule in judged.limits.met))


# Areas that were judged already, by everything that their rules read.
Known = dict[tuple[AreaCase, LegFinding], AreaFinding]


def find_area(
    area: AreaFacts, facts: ScreeningFacts, legs: LegFinding, known: Known | None = None
) -> AreaFinding:
    """Judge one area: its causes, its main finding, and whether a course can be offered for it.

    `known` spares a caller who tries many answers the areas that they leave as they are.
    """
    case = case_of(area, facts)
    if known is None:
        return _find(case, legs)
    if (case, legs) not in known:
        known[case, legs] = _find(case, legs)
    return known[case, legs]


def _find(case: AreaCase, legs: LegFinding) -> AreaFinding:
    area = case.area
    judged = _Judged(case=case, causes=judge_causes(case), limits=judge(case, LIMITS), legs=legs)
    primary = primary_of(judged)
    contributing = contributing_to(primary, judged)
    treatable = treatable_of(primary, contributing, judged)
    needs = tuple(dict.fromkeys(_needs(judged))) if treatable is Treatable.UNKNOWN else ()
    asked = tuple(reason_for(ask_for(n, area.area)) for n in needs if hasattr(area, n))
    met = (*judged.causes.values(), judged.limits)
    return AreaFinding(
        area=area.area,
        stage=case.stage.stage,
        css_total=css_total(area),
        css_without_laxity=css_without_laxity(area),
        primary=primary,
        contributing=contributing,
        treatable=treatable,
        levels={cause: _level(found) for cause, found in judged.causes.items()},
        reasons=(*_reasons(judged), *asked),
        rules=tuple(rule.id for found in met for rule in found.met),
        needs=needs,
    )
