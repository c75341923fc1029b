"""The plan that goes with a proposal: how many sessions, how often, when they are reviewed.

Only arithmetic on the calendar: it says how long a course takes, never what it will change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

MOST_REVIEWED = (5, 10)  # and after the last session


@dataclass(frozen=True, slots=True)
class Plan:
    """So many sessions, so many days apart (domain notes, section 5)."""

    sessions: int = 12
    interval_days: int = 7
    fewest: int = 10
    most: int = 15
    interval_max_days: int = 21

    @property
    def reviews(self) -> tuple[int, ...]:
        """The sessions after which a review stands."""
        return (*(number for number in MOST_REVIEWED if number < self.sessions), self.sessions)

    def ends_on(self, start: date) -> date:
        """Return the day of the last session when the first one is held on `start`, none late."""
        return start + timedelta(self.interval_days * (self.sessions - 1))


PROPOSED = Plan()
