"""Which reactions came after which session (domain.md 4.5: slow infections start weeks later)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import date

WITHIN_DAYS = 84  # 12 weeks
FEW_REACTIONS = 10  # fewer, over all lots compared, tell no lot from another


@dataclass(frozen=True, slots=True)
class Given:
    """One session of one patient, on one day."""

    key: int
    patient: Hashable
    on: date


@dataclass(frozen=True, slots=True)
class Seen:
    """One reaction of one patient, and when it began.

    `is_before`: it was noticed since the session before, so it cannot come from one of its day.
    """

    key: int
    patient: Hashable
    on: date
    is_before: bool = False


def comes_after(given: Given, seen: Seen) -> bool:
    """Whether a reaction began after a session of the same patient, within 12 weeks.

    A reaction of the day itself counts, unless it was there before the session.
    """
    days = (seen.on - given.on).days
    return given.patient == seen.patient and int(seen.is_before) <= days <= WITHIN_DAYS


def reactions_after(given: Iterable[Given], seen: Iterable[Seen]) -> dict[int, list[int]]:
    """Return the keys of the reactions after each session that has any, in the order given.

    Each reaction stands once, at the nearest session before it.
    """
    by_patient: dict[Hashable, list[Given]] = defaultdict(list)
    for session in sorted(given, key=lambda session: (session.on, session.key)):
        by_patient[session.patient].append(session)
    found: dict[int, list[int]] = defaultdict(list)
    for reaction in seen:
        before = [row for row in by_patient[reaction.patient] if comes_after(row, reaction)]
        if before:
            found[before[-1].key].append(reaction.key)
    return dict(found)
