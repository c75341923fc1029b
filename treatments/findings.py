"""What one visit brought, as the forms hand it to the actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from patients.terms import Answer, Area
from treatments.models import Lot, Product
from treatments.terms import (
    Confirmed,
    MeasureKind,
    Noticed,
    ReactionKind,
    ReviewPoint,
    Tick,
)

# A point on the drawing of the area's view: x and y from 0 to 1.
Mark = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Treated:
    """How many points one area was given, and those of them that were marked on the map."""

    count: int | None = None
    marks: Sequence[Mark] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One product that was drawn up, in ml, and from which lot."""

    product: Product
    lot: Lot | None
    drawn_ml: Decimal
    wasted_ml: Decimal = Decimal(0)
    confirmed: Confirmed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One reaction, graded 1 to 5. `area` is None where it is not in one area."""

    kind: ReactionKind
    grade: int
    area: Area | None = None
    noticed: Noticed = Noticed.NOW
    began_at: datetime | None = None
    size_mm: int | None = None
    description: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Technique:
    """How it was injected: depth in mm, ml per point; blank where nobody said."""

    technique: str = ""
    depth_mm: Decimal | None = None
    needle_gauge: str = ""
    needle_length: str = ""
    ml_per_point: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """Today's checks before anything else. None: not asked."""

    nothing_changed: bool | None = None
    skin_clear: bool | None = None
    photos_before: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What was done at the end."""

    aftercare_given: bool = False
    knows_whom_to_call: bool = False
    needles_discarded: bool = False
    observed_well: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What one visit brought. Measures in cm or kg, each with its readings in their order.

    `is_without_reaction`: True when none was seen, None when nobody asked. `missing` says why
    something stays open that would be due.
    """

    checks: Checks = Checks()
    answers: Mapping[str, Answer] = field(default_factory=dict)
    areas: Mapping[Area, Treated] = field(default_factory=dict)
    technique: Technique = Technique()
    products: Sequence[Drawn] = ()
    measures: Mapping[MeasureKind, Sequence[Decimal]] = field(default_factory=dict)
    pain: int | None = None
    is_without_reaction: bool | None = None
    reactions: Sequence[Seen] = ()
    note: str = ""
    closing: Closing = Closing()
    missing: Mapping[Tick, str] = field(default_factory=dict)
    review_point: ReviewPoint | None = None
