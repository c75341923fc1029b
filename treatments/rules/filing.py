"""Where a heap of photographs from a camera's card most likely belongs: by day, then by order.

Only a proposal. The camera's clock may be wrong and somebody may have skipped a view, so a person
looks at every row before it is filed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Day:
    """One visit: its key, its day, and the views that are due and not taken yet, in their order."""

    key: int
    on: date
    open_views: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where one photograph is proposed to go; None where nothing tells."""

    day: Day | None = None
    view: str | None = None


def propose(taken: Sequence[datetime | None], days: Collection[Day]) -> list[Place]:
    """Return a place for each photograph, in the order given.

    `taken` are the camera's own local clock times, None where it did not say. Those of one day go
    to the visit of that day that still wants most views, and take these in the order of the clock.
    """
    places = [Place() for _each in taken]
    for on in sorted({at.date() for at in taken if at}):
        held = [day for day in days if day.on == on]
        if not held:
            continue
        day = max(held, key=lambda day: (len(day.open_views), -day.key))
        of_day = sorted(
            (at, number) for number, at in enumerate(taken) if at is not None and at.date() == on
        )
        for place, (_at, number) in enumerate(of_day):
            view = day.open_views[place] if place < len(day.open_views) else None
            places[number] = Place(day, view)
    return places
