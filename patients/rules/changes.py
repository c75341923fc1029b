"""What would change this: the nearest single answer that turns an area or the whole suggestion.

Found by running the rules again over a few neighbouring answers, never by a second set of rules.
At most seven neighbours an area and eight values a missing answer are tried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext_noop as _

from patients.rules.areas import AreaFinding, Known
from patients.rules.candidacy import Verdict, assess
from patients.rules.facts import ALLERGIES, AreaFacts, LegFacts, SafetyFacts, ScreeningFacts
from patients.rules.judge import Missing, Values
from patients.rules.safety_list import DRAFT, SafetyList
from patients.terms import (
    Area,
    Crepe,
    Expectations,
    LiftTest,
    LipoOnset,
    Outcome,
    Primary,
    Recoil,
    SafetyGate,
    Stemmer,
    Treatable,
)

Value = str | int | bool

LIFT_SCALE = (LiftTest.PERSIST, LiftTest.PARTLY_IMPROVE, LiftTest.DISAPPEAR)
GRADES = (0, 1, 2, 3)

# With more answers missing than these, no single one settles an area.
SETTLING_GAPS = 2

# The values to try for an unknown answer that is not a plain yes or no. An empty row is a number
# or a list that has no neighbours worth guessing.
CHOICES: Mapping[str, tuple[Value, ...]] = {
    "lift_test": tuple(LiftTest),
    "crepey": tuple(Crepe),
    "recoil": tuple(Recoil),
    "lipo_onset": tuple(LipoOnset),
    "stemmer": tuple(Stemmer),
    "expectations": tuple(Expectations),
    "css_number": GRADES,
    "css_depth": GRADES,
    "css_morphology": GRADES,
    "css_laxity": GRADES,
    "css_nm": GRADES,
    "sun_grade": GRADES,
    "age": (),
    "bmi": (),
    "fitzpatrick": (),
    "height_cm": (),
    "weight_kg": (),
    "areas": (),
    "lipo_months_ago": (),
    "lipo_signs": (),
}

DECLARED_IN = {
    SafetyGate.ABSOLUTE: "absolute",
    SafetyGate.TEMPORARY: "temporary",
    SafetyGate.CAUTION: "cautions",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One answer that would turn the result, and what the result would then be.

    `parts` are templates, each translated by itself, filled from `values` and joined by spaces.
    """

    field: str
    area: Area | None
    value: Value
    outcome: Outcome
    treatable: Treatable | None
    parts: tuple[str, ...]
    values: Values

    @property
    def sentence(self) -> str:
        """The sentence in English."""
        return " ".join(part % self.values for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """An alternative screening that differs in one answer; `asks` is the request if unknown."""

    field: str
    area: Area | None
    value: Value
    facts: ScreeningFacts
    asks: Missing | None = None


CONDITIONS: Mapping[tuple[str, Value], str] = {
    ("lift_test", LiftTest.PERSIST): _("If the dents stayed on lifting:"),
    ("lift_test", LiftTest.PARTLY_IMPROVE): _("If lifting only partly cleared the dents:"),
    ("lift_test", LiftTest.DISAPPEAR): _("If lifting cleared the dents:"),
    ("lift_test", LiftTest.NO_DIMPLES): _("If there were no dents to lift:"),
}
YES = _("If the answer is yes:")
NO = _("If the answer is no:")
GRADED = {
    "css_laxity": _("If laxity were %(value)s of 3:"),
    "sun_grade": _("If sun damage were grade %(value)s of 3:"),
}
OTHER = _("If the answer is %(value)s:")

AREA_CONSEQUENCES: Mapping[Treatable, str] = {
    Treatable.YES: _("this area could be offered."),
    Treatable.REDUCED: _("this area could be offered with its limits explained."),
    Treatable.NO: _("this area would be left out of the course."),
    Treatable.UNKNOWN: _("this area could not be decided."),
}
LEADS: Mapping[Primary, str] = {
    Primary.LAXITY: _("looseness would lead, and this area would be left out of the course."),
    Primary.SUN_DAMAGE: _("sun damage would lead, and this area would be left out of the course."),
}
ONLY_CONTRIBUTES: Mapping[Primary, str] = {
    Primary.LAXITY: _(
        "looseness would only contribute, and this area could be offered with its limits explained."
    ),
    Primary.SUN_DAMAGE: _(
        "sun damage would only contribute, and this area could be offered with its limits "
        "explained."
    ),
}
OUTCOME_CONSEQUENCES: Mapping[Outcome, str] = {
    Outcome.GOOD_CANDIDATE: _("Overall, a course could be discussed."),
    Outcome.REDUCED_EXPECTATIONS: _("Overall, a course could be discussed with its limits."),
    Outcome.REFER: _("Overall, other care may suit better."),
    Outcome.CONTRAINDICATED_OR_DEFERRED: _("Overall, no treatment now."),
    Outcome.UNDECIDED: _("Overall, it could not be decided."),
}


def _with_area(facts: ScreeningFacts, place: int, **answer: Any) -> ScreeningFacts:
    areas = list(facts.areas)
    areas[place] = replace(areas[place], **answer)
    return replace(facts, areas=tuple(areas))


def _lift_steps(now: LiftTest | None) -> tuple[LiftTest, ...]:
    if now not in LIFT_SCALE:
        return ()
    place = LIFT_SCALE.index(now)
    others = (other for other in LIFT_SCALE if other != now)
    return tuple(sorted(others, key=lambda other: abs(LIFT_SCALE.index(other) - place)))


def _grade_steps(now: int | None) -> tuple[int, ...]:
    return () if now is None else tuple(g for g in (now - 1, now + 1) if g in GRADES)


def _neighbours(area: AreaFacts) -> Iterator[tuple[str, Value]]:
    """List the answers nearest to those given, one step before two."""
    lifts = _lift_steps(area.lift_test)
    yield from (("lift_test", value) for value in lifts[:1])
    yield from (("css_laxity", value) for value in _grade_steps(area.css_laxity))
    yield from (("sun_grade", value) for value in _grade_steps(area.sun_grade))
    yield from (("lift_test", value) for value in lifts[1:])


def _nearby_trials(facts: ScreeningFacts, place: int) -> Iterator[_Trial]:
    area = facts.areas[place]
    for name, value in _neighbours(area):
        changed = _with_area(facts, place, **{name: value})
        yield _Trial(field=name, area=area.area, value=value, facts=changed)


def _answered_safety(
    safety: SafetyFacts, code: str, value: Value, lists: SafetyList
) -> SafetyFacts:
    missing = safety.missing - {code}
    row = lists.row(code)
    if not (value and row):
        return replace(safety, missing=missing)
    name = DECLARED_IN[row.gate]
    return replace(safety, missing=missing, **{name: getattr(safety, name) | {code}})


def _answered(
    facts: ScreeningFacts, asked: Missing, value: Value, lists: SafetyList
) -> ScreeningFacts:
    """Fill in one missing answer."""
    name = asked.field
    if asked.area is not None:
        place = [area.area for area in facts.areas].index(asked.area)
        return _with_area(facts, place, **{name: value})
    if name in facts.safety.missing:
        return replace(facts, safety=_answered_safety(facts.safety, name, value, lists))
    changes: dict[str, Any] = {name: value}
    if name in LegFacts.__dataclass_fields__:
        return replace(facts, legs=replace(facts.legs, **changes))
    return replace(facts, **changes)


def _values_to_try(asked: Missing) -> tuple[Value, ...]:
    return CHOICES.get(asked.field, (False,) if asked.field == ALLERGIES else (True, False))


def _missing_trials(facts: ScreeningFacts, asked: Missing, lists: SafetyList) -> Iterator[_Trial]:
    for value in _values_to_try(asked):
        yield _Trial(
            field=asked.field,
            area=asked.area,
            value=value,
            facts=_answered(facts, asked, value, lists),
            asks=asked,
        )


def _finding(verdict: Verdict, area: Area | None) -> AreaFinding | None:
    return next((found for found in verdict.areas if found.area == area), None)


def _condition(trial: _Trial) -> tuple[str, ...]:
    """Say the answer; an unknown one is introduced by its question unless it names itself."""
    worded = CONDITIONS.get((trial.field, trial.value)) or GRADED.get(trial.field)
    if worded:
        return (worded,)
    answer = {True: YES, False: NO}[trial.value] if isinstance(trial.value, bool) else OTHER
    return (trial.asks.template, answer) if trial.asks else (answer,)


def _area_consequence(before: AreaFinding, after: AreaFinding) -> str:
    if after.treatable is Treatable.NO and after.primary in LEADS:
        return LEADS[after.primary]
    was_leading = before.primary in ONLY_CONTRIBUTES
    if was_leading and before.primary.value in after.contributing:
        return ONLY_CONTRIBUTES[before.primary]
    return AREA_CONSEQUENCES[after.treatable]


def _consequence(trial: _Trial, before: Verdict, after: Verdict) -> tuple[str, ...]:
    """Say what turns: the area, the whole, or both. Nothing turned gives no words."""
    parts = []
    was, now = _finding(before, trial.area), _finding(after, trial.area)
    if was and now and was.treatable != now.treatable:
        parts.append(_area_consequence(was, now))
    if before.outcome != after.outcome:
        parts.append(OUTCOME_CONSEQUENCES[after.outcome])
    return tuple(parts)


def _try(trial: _Trial, before: Verdict, lists: SafetyList, known: Known) -> Change | None:
    after = assess(trial.facts, lists, known)
    turned = _consequence(trial, before, after)
    if not turned:
        return None
    now = _finding(after, trial.area)
    return Change(
        field=trial.field,
        area=trial.area,
        value=trial.value,
        outcome=after.outcome,
        treatable=now.treatable if now else None,
        parts=(*_condition(trial), *turned),
        values={"value": str(trial.value)} | dict(trial.asks.values if trial.asks else {}),
    )


def _turns_its_area(change: Change, before: Verdict) -> bool:
    was = _finding(before, change.area)
    return was is not None and was.treatable != change.treatable


def _of_missing(
    facts: ScreeningFacts, before: Verdict, lists: SafetyList, known: Known
) -> Iterator[Change]:
    """Try the missing answers; beside other gaps, only those that settle their own area.

    Any unanswered stop could end in "no treatment", so a list of those would say nothing.
    """
    is_last_gap = len(before.missing) == 1
    gaps = Counter(asked.area for asked in before.missing)
    for asked in before.missing:
        if is_last_gap or (asked.area is not None and gaps[asked.area] <= SETTLING_GAPS):
            trials = _missing_trials(facts, asked, lists)
            tried = (_try(trial, before, lists, known) for trial in trials)
            found = (change for change in tried if change)
            yield from (c for c in found if is_last_gap or _turns_its_area(c, before))


def what_would_change(facts: ScreeningFacts, lists: SafetyList = DRAFT) -> tuple[Change, ...]:
    """Find the missing answers that would turn the result, then the nearest one of each area.

    The first entry is the one to show when there is room for only one.
    """
    known: Known = {}
    before = assess(facts, lists, known)
    changes = list(_of_missing(facts, before, lists, known))
    for place in range(len(facts.areas)):
        nearby = (_try(trial, before, lists, known) for trial in _nearby_trials(facts, place))
        changes += filter(None, (next(filter(None, nearby), None),))
    return tuple(changes)
