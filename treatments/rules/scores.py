"""The clinician's scores of one area: stage and CSS total are computed here, never typed.

The four observations give the stage (CSS item e); with the items a to d it makes the total. Both
come from `patients.rules.stage`, so a review is scored exactly as the screening was. Sources:
domain.md 1.2 to 1.4 and section 7.
"""

from __future__ import annotations

from dataclasses import dataclass

from patients.rules.facts import AreaFacts
from patients.rules.stage import (
    PCSS_REGIONS,
    StageFinding,
    css_class,
    css_total,
    css_without_laxity,
    inconsistencies,
    stage_of,
)
from patients.terms import Area, CssClass

# Hexsel 2009 validated the CSS on photographs of these, each side separately.
VALIDATED_REGIONS = frozenset({"buttock", "thigh_posterior"})
CSS_JUMP = 4  # points between two visits that ask for a second look

# The names that the screening gives to the same observations and items.
NAMES = {
    "visible_lying": "visible_lying",
    "visible_standing": "visible_standing",
    "visible_contracted": "visible_on_pinch",
    "raised_or_nodules": "raised_nodules",
    "css_a": "css_number",
    "css_b": "css_depth",
    "css_c": "css_morphology",
    "css_d": "css_laxity",
}
HERE = {there: here for here, there in NAMES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What the clinician scored of one area. Items 0 to 3, CR-PCSS 0 to 4; None: not scored."""

    area: Area
    visible_lying: bool | None = None
    visible_standing: bool | None = None
    visible_contracted: bool | None = None
    raised_or_nodules: bool | None = None
    css_a: int | None = None
    css_b: int | None = None
    css_c: int | None = None
    css_d: int | None = None
    cr_pcss: int | None = None

    @property
    def facts(self) -> AreaFacts:
        """The same as the screening writes it, with the derived stage as item e."""
        seen = {there: getattr(self, here) for here, there in NAMES.items()}
        facts = AreaFacts(area=self.area, **seen)
        return AreaFacts(area=self.area, **seen, css_nm=stage_of(facts).stage)

    @property
    def stage(self) -> StageFinding:
        """The stage 0 to 3 and the observation that made it; open while one is missing."""
        return stage_of(self.facts)

    @property
    def css(self) -> int | None:
        """The CSS total, 0 to 15; None when an item or the stage is missing."""
        return css_total(self.facts)

    @property
    def css_without_laxity(self) -> int | None:
        """The total without item d, 0 to 12, so that looseness does not pass for cellulite."""
        return css_without_laxity(self.facts)

    @property
    def css_class(self) -> CssClass | None:
        return css_class(self.css)

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was scored."""
        return self.cr_pcss is None and all(getattr(self, name) is None for name in NAMES)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two scores that do not fit together: the field to look at, and a sentence.

    `must` says that it cannot be right; otherwise somebody looks again and may confirm.
    """

    field: str
    template: str
    must: bool


def conflicts(scores: Scores) -> tuple[Conflict, ...]:
    """Compare the scores of one area with each other (domain.md 1.3).

    A depth without a depression cannot be. Depressions without a dent on standing, or dents at
    rest but not on standing, are asked about.
    """
    return tuple(
        Conflict(HERE[found.field], found.template, must=found.field == "css_depth")
        for found in inconsistencies(scores.facts)
        if found.field in HERE
    )


def is_jump(before: int | None, now: int | None) -> bool:
    """Say whether a CSS total moved so far since the last scores that it is looked at again."""
    return before is not None and now is not None and abs(now - before) > CSS_JUMP


def has_pcss(area: Area) -> bool:
    """Say whether the photographs of CR-PCSS and PR-PCSS show this region."""
    return area.base in PCSS_REGIONS


def is_validated(area: Area) -> bool:
    """Say whether the CSS was validated on this region."""
    return area.base in VALIDATED_REGIONS
