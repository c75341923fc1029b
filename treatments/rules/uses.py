"""What a pair of photographs may leave the house for (domain.md 6.5 and 6.6)."""

from __future__ import annotations

from enum import StrEnum

from patients.terms import MARKETING, Purpose
from treatments.rules.comparability import Pair

# Purposes of which the pictures stay inside the clinic, where the patient's code means something.
INSIDE = frozenset({Purpose.RECORD_PHOTOS, Purpose.REVIEW, Purpose.TEACHING_INSIDE})
# Purposes for which strangers look at them.
TO_STRANGERS = frozenset({Purpose.TEACHING_OUTSIDE, *MARKETING})


class Bar(StrEnum):
    """Why a pair may not leave for a purpose."""

    CONSENT = "consent"
    IDENTIFYING = "identifying"
    NOT_COMPARABLE = "not_comparable"


def bar(purpose: Purpose | None, *, holds: bool, verdict: Pair, is_identifying: bool) -> Bar | None:
    """Return what stands against it, None if nothing does.

    `purpose` None is a copy for the patient herself: it is her right, whatever she consented to.
    `holds`: her consent to the purpose holds today. `is_identifying`: one of the two was marked as
    showing what could name her.
    """
    if purpose is None:
        return None
    if not holds:
        return Bar.CONSENT
    if is_identifying and purpose in TO_STRANGERS:
        return Bar.IDENTIFYING
    if verdict == Pair.NOT_COMPARABLE and purpose.is_marketing:
        return Bar.NOT_COMPARABLE
    return None
