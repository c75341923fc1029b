"""Stage and score of one area: the Nürnberger-Müller stage and the Cellulite Severity Scale.

Both are computed, never typed. Sources: Nürnberger & Müller 1978, J Dermatol Surg Oncol 4:221;
Hexsel, dal'Forno & Hexsel 2009, J Eur Acad Dermatol Venereol 23:523.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from django.utils.translation import gettext_noop as _

from patients.rules.facts import AreaFacts
from patients.rules.judge import Maybe
from patients.terms import CssClass, LiftTest

# The photographs of CR-PCSS and PR-PCSS show buttocks and thighs only (domain notes 1.1).
PCSS_REGIONS = frozenset({"buttock", "thigh_posterior", "thigh_lateral"})

LIFTED = frozenset(LiftTest) - {LiftTest.NO_DIMPLES}


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFinding:
    """A stage 0 to 3 (None when open), the fact that made it, and the stages still possible."""

    stage: int | None
    made_by: str
    lowest: int = 0
    highest: int = 3

    def at_least(self, stage: int) -> Maybe:
        """Say whether the stage is this or higher."""
        if self.lowest >= stage:
            return True
        return False if self.highest < stage else None

    def at_most(self, stage: int) -> Maybe:
        """Say whether the stage is this or lower."""
        if self.highest <= stage:
            return True
        return False if self.lowest > stage else None


def grade_depressions(count: int) -> int:
    """Turn a count of evident depressions into CSS item a: 0, 1 to 4, 5 to 9, 10 or more."""
    if count <= 0:
        return 0
    if count <= 4:
        return 1
    return 2 if count <= 9 else 3


def _observed(lying: bool, standing: bool, pinch: bool, raised: bool) -> tuple[int, str]:
    if standing and lying:
        return 3, "visible_lying"
    if standing and raised:
        return 3, "raised_nodules"
    if standing:
        return 2, "visible_standing"
    if lying or raised:
        # Seen at rest without standing contradicts itself; the form asks, the stage is not I.
        return 2, "visible_lying" if lying else "raised_nodules"
    return (1, "visible_on_pinch") if pinch else (0, "")


def derive_stage(
    visible_lying: bool | None,
    visible_standing: bool | None,
    visible_on_pinch: bool | None,
    raised_nodules: bool | None,
) -> StageFinding:
    """Derive the Nürnberger-Müller stage from four observations and name the one that made it.

    None: 0. Pinch or contraction only: I. Standing: II. Standing and lying, or standing with
    raised areas or nodules: III. Unknown observations leave the stages that remain possible.
    """
    seen = (visible_lying, visible_standing, visible_on_pinch, raised_nodules)
    choices = [(False, True) if answer is None else (answer,) for answer in seen]
    results = [_observed(*answers) for answers in product(*choices)]
    stages = {stage for stage, _made_by in results}
    lowest, highest = min(stages), max(stages)
    if lowest == highest:
        return StageFinding(stage=lowest, made_by=results[0][1], lowest=lowest, highest=highest)
    return StageFinding(stage=None, made_by="", lowest=lowest, highest=highest)


def stage_of(area: AreaFacts) -> StageFinding:
    """Derive the stage of an area; CSS item e decides only where the observations leave it open."""
    found = derive_stage(
        area.visible_lying, area.visible_standing, area.visible_on_pinch, area.raised_nodules
    )
    graded = area.css_nm
    if found.stage is None and graded is not None and found.lowest <= graded <= found.highest:
        return replace(found, stage=graded, made_by="css_nm", lowest=graded, highest=graded)
    return found


def _sum(*items: int | None) -> int | None:
    known = [item for item in items if item is not None]
    return sum(known) if len(known) == len(items) else None


def css_total(area: AreaFacts) -> int | None:
    """Add the five CSS items to a total of 0 to 15, or None when one is missing."""
    return _sum(css_without_laxity(area), area.css_laxity)


def css_without_laxity(area: AreaFacts) -> int | None:
    """Add the CSS items without laxity to 0 to 12, so that looseness does not pass for cellulite."""
    return _sum(area.css_number, area.css_depth, area.css_morphology, area.css_nm)


def css_class(total: int | None) -> CssClass | None:
    """Class a CSS total: mild 1 to 5, moderate 6 to 10, severe 11 to 15 (Hexsel 2009)."""
    if total is None:
        return None
    if total <= 0:
        return CssClass.NONE
    if total <= 5:
        return CssClass.MILD
    return CssClass.MODERATE if total <= 10 else CssClass.SEVERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Inconsistency:
    """Two answers of one area that do not fit together: the field to look at, and a sentence."""

    field: str
    template: str

    @property
    def sentence(self) -> str:
        """The sentence in English; to translate, translate `template`."""
        return self.template


def inconsistencies(area: AreaFacts) -> tuple[Inconsistency, ...]:
    """Compare the answers of one area with each other (domain notes 1.3) and ask, never correct."""
    return tuple(Inconsistency(field=name, template=text) for name, text in _conflicts(area))


def _conflicts(area: AreaFacts) -> Iterator[tuple[str, str]]:
    derived = derive_stage(
        area.visible_lying, area.visible_standing, area.visible_on_pinch, area.raised_nodules
    )
    graded = area.css_nm
    if graded is not None and not derived.lowest <= graded <= derived.highest:
        yield (
            "css_nm",
            _("The stage does not agree with what was seen standing, lying and on pinching."),
        )
    if area.css_number == 0 and area.css_depth:
        yield "css_depth", _("No depression was counted, so the depth can only be 0.")
    if area.css_number and derived.highest <= 1:
        yield (
            "css_number",
            _("Depressions were counted but none is visible standing. Please look again."),
        )
    if area.lift_test is LiftTest.NO_DIMPLES and derived.lowest >= 2:
        yield "lift_test", _("Dents are visible. Please lift the skin above them and look again.")
    if area.lift_test in LIFTED and derived.highest == 0:
        yield "lift_test", _("No dents were seen, so there was nothing to lift.")
    if area.visible_standing is False and (area.visible_lying or area.raised_nodules):
        yield (
            "visible_standing",
            _("Visible at rest but not standing is unusual. Please look again."),
        )
