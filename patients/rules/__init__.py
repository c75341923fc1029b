"""Pure rules that tell cellulite from its look-alikes and suggest candidacy, with reasons.

    facts -> causes per area (A) and leg disorders (B) -> findings (C) -> treatable (D) -> verdict (E)

Nothing here reads a table, a setting or a clock. The caller maps its models to `ScreeningFacts`,
calls `assess`, and translates each reason from its template and values.
"""

from __future__ import annotations

from patients.rules.areas import AreaFinding
from patients.rules.candidacy import RULE_SET, Verdict, assess
from patients.rules.changes import Change, what_would_change
from patients.rules.facts import (
    REQUIRED_SAFETY,
    AreaFacts,
    LegFacts,
    PatientFacts,
    SafetyFacts,
    ScreeningFacts,
    safety_facts,
)
from patients.rules.judge import Missing, Reason
from patients.rules.safety_list import DRAFT, ExclusionRow, SafetyList, SafetyRow

__all__ = [
    "DRAFT",
    "REQUIRED_SAFETY",
    "RULE_SET",
    "AreaFacts",
    "AreaFinding",
    "Change",
    "ExclusionRow",
    "LegFacts",
    "Missing",
    "PatientFacts",
    "Reason",
    "SafetyFacts",
    "SafetyList",
    "SafetyRow",
    "ScreeningFacts",
    "Verdict",
    "assess",
    "safety_facts",
    "what_would_change",
]
