"""When a proposal may be accepted as it is, and what it takes to accept against it.

Domain.md 2.2, Override: a clinician may set another outcome with a reason; the first two rows of
step E (absolute contraindication, red flag) only the medical lead, with a second person.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from patients.rules.candidacy import Verdict
from patients.terms import Area, Outcome, SubOutcome, Treatable

STOPS = (SubOutcome.CONTRAINDICATED, SubOutcome.DEFERRED_URGENT_REFERRAL)


class Override(StrEnum):
    """What accepting these areas takes."""

    NONE = "none"
    REASON = "reason"
    LEAD = "lead"
    IMPOSSIBLE = "impossible"


def proposed_areas(verdict: Verdict) -> tuple[Area, ...]:
    """Name the areas that the verdict proposes for a course; none under a stop or a referral."""
    if verdict.outcome not in (Outcome.GOOD_CANDIDATE, Outcome.REDUCED_EXPECTATIONS):
        return ()
    return tuple(
        found.area
        for found in verdict.areas
        if found.treatable in (Treatable.YES, Treatable.REDUCED)
    )


def override_needed(verdict: Verdict, areas: Collection[Area]) -> Override:
    """Say what it takes to accept `areas` under this verdict; nothing for exactly the proposed."""
    if verdict.outcome == Outcome.UNDECIDED:
        return Override.IMPOSSIBLE
    if verdict.sub_outcome in STOPS:
        return Override.LEAD
    return Override.NONE if set(areas) == set(proposed_areas(verdict)) else Override.REASON
