"""Why: what the rules say of the answers so far, as the panel beside the form shows it.

Everything here is worked out anew from the facts; nothing is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients.evidence import LEG_SIGNS
from patients.rules import Change, ScreeningFacts, Verdict, assess, what_would_change
from patients.rules.facts import Number
from patients.rules.history import Doubt
from patients.rules.safety_list import SafetyList
from patients.rules.stage import inconsistencies
from patients.terms import Area, Outcome, Primary
from patients.verdict_words import Finding, by_region
from patients.verdicts import shown
from patients.wording import BOTH_SIDES, area_names

CHANGES_SHOWN = 3
LISTED = 4  # missing answers of one section
# The sections of the form that are not a region, and the answers that they ask for.
REASON = ("expectations", "bdd_screen_positive", "areas")
BODY = ("height_cm", "weight_kg", "bmi", "age", "major_weight_loss", "stemmer", *LEG_SIGNS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section of the form: its anchor, its name, and the answers that it still needs."""

    anchor: str
    name: str
    missing: list[dict[str, Any]]

    @property
    def open(self) -> int:
        return len(self.missing)

    @property
    def is_long(self) -> bool:
        """Whether its missing answers are better counted than listed."""
        return self.open > LISTED


@dataclass(frozen=True, slots=True)
class Question:
    """Answers that do not fit together: the field to look at, where it is, and a sentence."""

    anchor: str
    name: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """What the panel shows."""

    headline: str
    lead: str
    verdict: dict[str, Any]
    stops: list[dict[str, Any]]
    cautions: list[dict[str, Any]]
    others: list[dict[str, Any]]
    regions: list[Finding]
    questions: list[Question]
    bmi: Number | None
    changes: list[tuple[str, str]]
    sections: list[Section]

    @property
    def first_missing(self) -> dict[str, Any] | None:
        """The missing answer that stands first on the form."""
        return next((row for section in self.sections for row in section.missing), None)


def explain(facts: ScreeningFacts, lists: SafetyList, doubts: Sequence[Doubt] = ()) -> Why:
    """Judge the facts and put the result into the order in which people read it.

    `doubts` are answers that do not fit the history.
    """
    judged = assess(facts, lists)
    verdict = shown(judged, facts)
    return Why(
        headline=str(judged.outcome.label),
        lead=lead(judged, verdict),
        verdict=verdict,
        stops=reasons(verdict, "XRT"),
        cautions=reasons(verdict, "CA"),
        others=reasons(verdict, "FES"),
        regions=by_region(verdict["areas"]),
        questions=[
            *(
                Question(f"div_id_{area.area}-{row.field}", str(area.area.label), _(row.template))
                for area in facts.areas
                for row in inconsistencies(area)
            ),
            *(Question(f"div_id_{row.field}", _("History"), _(row.template)) for row in doubts),
        ],
        bmi=facts.patient.bmi,
        changes=changes(what_would_change(facts, lists))[:CHANGES_SHOWN],
        sections=sections(verdict, facts),
    )


def reasons(verdict: dict[str, Any], kinds: str) -> list[dict[str, Any]]:
    """Return the overall reasons whose code begins with one of these letters."""
    return [row for row in verdict["reasons"] if row["code"][0] in kinds]


def lead(judged: Verdict, verdict: dict[str, Any]) -> str:
    """Say what the headline means; while answers are missing, what leads so far."""
    if judged.outcome != Outcome.UNDECIDED:
        return " ".join(verdict["lead"])
    number = len(judged.missing)
    words = ngettext("%(number)d answer is missing.", "%(number)d answers are missing.", number) % {
        "number": number
    }
    quiet = (Primary.UNDECIDED, Primary.NO_SIGNIFICANT_FINDING)
    found = [
        f"{finding.name}: {_lower(str(Primary(finding.row['primary']).label))}"
        for finding in by_region(verdict["areas"])
        if finding.row["primary"] not in quiet
    ]
    return f"{words} {_('So far')}: {'; '.join(found)}." if found else words


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]


def changes(found: Sequence[Change]) -> list[tuple[str, str]]:
    """Write the changes in the reader's language, both sides of a region once."""
    said: dict[tuple[str, str], list[Area]] = {}
    for change in found:
        sentence = " ".join(_(part) % change.values for part in change.parts)
        areas = said.setdefault((change.area.base if change.area else "", sentence), [])
        areas += [change.area] if change.area else []
    return [(capfirst(area_names(areas)), sentence) for (_base, sentence), areas in said.items()]


def sections(verdict: dict[str, Any], facts: ScreeningFacts) -> list[Section]:
    """Sort the missing answers into the sections of the form."""
    places = {"reason": _("Reason"), "safety": _("Safety first"), "legs": _("Body and legs")}
    regions = {area.area.base for area in facts.areas}
    places |= {base: capfirst(str(BOTH_SIDES[base])) for base in BOTH_SIDES if base in regions}
    missing: dict[str, list[dict[str, Any]]] = {key: [] for key in places}
    for row in verdict["missing"]:
        missing[place_of(row)].append(row)
    return [Section(anchor=key, name=name, missing=missing[key]) for key, name in places.items()]


def place_of(row: dict[str, Any]) -> str:
    """Return the anchor of the section in which a missing answer is asked."""
    if row["area"]:
        return Area(row["area"]).base
    if row["field"] in REASON:
        return "reason"
    return "legs" if row["field"] in BODY else "safety"
