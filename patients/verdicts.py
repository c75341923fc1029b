"""From a verdict and its facts to what is shown, and kept with a decision."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.digests import digest_of
from patients.rules import Missing, Reason, Verdict
from patients.rules.facts import ScreeningFacts
from patients.rules.stage import css_class, css_total, css_without_laxity, stage_of
from patients.terms import Area
from patients.verdict_words import with_words

# Which observation made the stage, in words.
MADE_BY = {
    "visible_standing": gettext_lazy("visible standing"),
    "visible_lying": gettext_lazy("visible lying"),
    "visible_on_pinch": gettext_lazy("visible on pinch or contraction only"),
    "raised_nodules": gettext_lazy("raised areas or nodules"),
}


def shown(verdict: Verdict, facts: ScreeningFacts) -> dict[str, Any]:
    """Write a verdict down as it is shown: sentences in the reader's language, rule ids, levels,
    what to do."""
    areas = {area.area: area for area in facts.areas}
    said = {
        "outcome": verdict.outcome.value,
        "sub_outcome": verdict.sub_outcome.value,
        "rule_set": verdict.rule_set,
        "safety_list": verdict.safety_list,
        "prescriber_review": verdict.prescriber_review,
        "excluded_agents": list(verdict.excluded_agents),
        "missing": [_missing(row) for row in verdict.missing],
        "reasons": [_said(row, names_area=True) for row in verdict.reasons if _is_overall(row)],
        "areas": [
            {
                "area": found.area.value,
                "stage": found.stage,
                "stage_made_by": str(MADE_BY.get(stage_of(areas[found.area]).made_by, "")),
                "css_total": found.css_total,
                "css_without_laxity": css_without_laxity(areas[found.area]),
                "css_class": css_class(css_total(areas[found.area])),
                "primary": found.primary.value,
                "contributing": [cause.value for cause in found.contributing],
                "treatable": found.treatable.value,
                "levels": {cause.value: level.value for cause, level in found.levels.items()},
                "reasons": [_said(row) for row in _reasons_of(found.area, verdict)],
            }
            for found in verdict.areas
        ],
    }
    return with_words(said)


def fingerprint(verdict: dict[str, Any]) -> str:
    """Return the SHA-256 of what a shown verdict says, whatever the language of its sentences."""
    # Not a version: the row's own does not move when a safety list is signed, the history is
    # saved, an answer grows too old or the patient turns 18, and each of them turns a proposal.
    said = [
        *(verdict[name] for name in ("outcome", "sub_outcome", "rule_set", "safety_list")),
        [[row["field"], row["area"]] for row in verdict["missing"]],
        [[row["code"], row["rule"]] for row in verdict["reasons"]],
        verdict["excluded_agents"],
        [
            [
                area["area"],
                area["primary"],
                area["treatable"],
                [row["code"] for row in area["reasons"]],
            ]
            for area in verdict["areas"]
        ],
    ]
    return digest_of(said)


# Reasons that stop or defer everything, wherever they were seen, by the first letter of the code.
STOPPING = "XTR"


def _is_overall(reason: Reason) -> bool:
    """Whether a reason speaks of the whole patient. What is missing has a list of its own."""
    if reason.code == "M_MISSING":
        return False
    return reason.area is None or reason.code[0] in STOPPING


def _reasons_of(area: Area, verdict: Verdict) -> list[Reason]:
    """Every reason that was kept for one area, those of safety included."""
    return [row for row in verdict.reasons if row.area == area and row.code != "M_MISSING"]


def _missing(row: Missing) -> dict[str, Any]:
    sentence = _(row.template) % row.values
    if row.area:
        sentence = f"{row.area.label}: {sentence}"
    return {"field": row.field, "area": row.area.value if row.area else None, "sentence": sentence}


def _said(reason: Reason, *, names_area: bool = False) -> dict[str, Any]:
    sentence = _(reason.template) % reason.values
    if names_area and reason.area:
        sentence = f"{reason.area.label}: {sentence}"
    return {"code": reason.code, "rule": reason.rule, "sentence": sentence}


def kept(facts: ScreeningFacts) -> dict[str, Any]:
    """Write the facts down as they were read, for the record of a decision."""
    return _plain(asdict(facts))  # type: ignore[no-any-return]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, frozenset):
        return sorted(str(inner) for inner in value)
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    return value if isinstance(value, bool | int | float | None) else str(value)
