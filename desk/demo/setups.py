"""The photo setup of the demo: one room, and a lamp that was moved once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from clinic.models import User
from desk.demo.diary import moment
from treatments.models import PhotoSetup

MOVED_AGO = 60  # days: courses that ran then have pairs across it
MORNING = 8 * 4  # o'clock, in quarter hours


@dataclass(frozen=True, slots=True)
class Setups:
    """The versions, the oldest first, each with its first day."""

    versions: tuple[tuple[date, PhotoSetup], ...]

    @classmethod
    def written(cls, lead: User, *, since: date, today: date) -> Setups:
        moved = today - timedelta(MOVED_AGO)
        columns = {
            "name": "Room 2, side lamp",
            "room": "Room 2, blind down",
            "camera": "Tablet on the tripod",
            "focal_mm": 50,
            "distance_cm": 180,
            "height_cm": 75,
            "background": "Matt blue screen",
            "made_by": lead,
        }
        first = PhotoSetup.objects.create(
            **columns,
            number=1,
            light="One lamp from the left at knee level, everything else dark",
            made_at=moment(since, MORNING),
        )
        second = PhotoSetup.objects.create(
            **columns,
            number=2,
            light="One lamp from the left at hip level, everything else dark",
            change="The lamp stands on its new stand, 20 cm higher.",
            made_at=moment(moved, MORNING),
        )
        return cls(((since, first), (moved, second)))

    def on(self, day: date) -> PhotoSetup:
        """Return the version that was in use on a day."""
        begun = [setup for first_day, setup in self.versions if first_day <= day]
        return begun[-1] if begun else self.versions[0][1]
