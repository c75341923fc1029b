"""What one visit of the demo brought: treatment, measures, reactions, notes, photographs.

Changes lie mostly within measuring error, some beyond, some for the worse: the evidence for the
method is weak, and the demo says nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, ROUND_UP, Decimal
from functools import cache
from pathlib import Path
from random import Random

from desk.demo.stock import FORMULA_A, FORMULA_B, Shelf
from patients.models import Screening
from patients.rules.facts import bmi_of
from patients.terms import Area
from treatments.findings import (
    Checks,
    Closing,
    Drawn,
    Findings,
    Mark,
    Seen,
    Technique,
    Treated,
)
from treatments.imaging import Prepared, prepare
from treatments.models import Course
from treatments.point_map import grid
from treatments.rules import measures
from treatments.terms import (
    STANDARD_VIEWS,
    Confirmed,
    MeasureKind,
    NeedleGauge,
    NeedleLength,
    ReactionKind,
    View,
)
from treatments.terms import Technique as HowInjected

DRAWN = Path(__file__).parent / "photos"
LAST_STEP = 6
BRUISED = (1, 3)  # the body and the step that were drawn with a bruise
REVIEWED_AFTER = (5, 10)
# Of the thigh at the end of a course, in cm: most do not change, some up and some down.
DRIFTS = (0.0, 0.0, 3.0, 0.0, -3.5, 0.0, -3.0)

FORMULAS = (FORMULA_A, FORMULA_B)
PER_POINT = Decimal("0.1")  # ml
NOTES = (
    *[""] * 7,
    "Tolerated well.",
    "Slight tenderness after the last session, settled within two days.",
    "Both sides treated as before, same depth.",
    "No complaints since the last session.",
    "Aftercare leaflet given again.",
    "Short of sleep, asked to stay for ten minutes. Left well.",
    "Walks more since spring, weight unchanged by her own account.",
)
Taken = Mapping[MeasureKind, Sequence[Decimal]]
THIGHS = (MeasureKind.THIGH_LEFT, MeasureKind.THIGH_RIGHT)


@dataclass(slots=True)
class Body:
    """What is measured of one patient: where she began and where she drifts to, in cm and kg."""

    start: dict[MeasureKind, float]
    drift: float
    baseline: dict[MeasureKind, Decimal] = field(default_factory=dict)

    @classmethod
    def of(cls, screening: Screening, place: int, rng: Random) -> Body:
        """Make a body of the weight that was screened, with the next of the drifts."""
        bmi = bmi_of(screening.height_cm, screening.weight_kg) or 0
        thigh = 35 + bmi * 0.85 + rng.uniform(-2, 2)
        start = {
            MeasureKind.WEIGHT: float(screening.weight_kg or 0),
            MeasureKind.THIGH_LEFT: thigh,
            MeasureKind.THIGH_RIGHT: thigh + rng.uniform(-0.8, 0.8),
            MeasureKind.HIP: 62 + bmi * 1.6 + rng.uniform(-3, 3),
        }
        return cls(start, DRIFTS[place % len(DRIFTS)])

    def measured(self, progress: float, rng: Random) -> dict[MeasureKind, list[Decimal]]:
        """Measure after a share of the course: the drift, the error of the tape, daily weight.

        Girths are read twice, the second time a little apart.
        """
        taken = {}
        for kind, start in self.start.items():
            is_weight = kind == MeasureKind.WEIGHT
            error = rng.gauss(0, 0.4 if is_weight else 0.6)
            step = Decimal("0.1") if is_weight else Decimal("0.5")
            share = 0.7 if is_weight else 1
            value = Decimal(str(start + self.drift * share * progress + error))
            first = (value / step).quantize(Decimal(1), ROUND_HALF_UP) * step
            taken[kind] = [first] if is_weight else [first, first]
        self.baseline = self.baseline or {
            kind: measures.mean(readings) for kind, readings in taken.items()
        }
        return taken

    def weighed(self, progress: float, rng: Random) -> dict[MeasureKind, list[Decimal]]:
        """Take the weight alone, as every session does."""
        taken = self.measured(progress, rng)
        return {MeasureKind.WEIGHT: taken[MeasureKind.WEIGHT]}


def session(
    course: Course, number: int, who: int, day: date, shelf: Shelf, rng: Random
) -> Findings:
    """What was given and seen at one session; most pass without a reaction."""
    formula = FORMULAS[who % len(FORMULAS)]
    kind, grade = rng.choices(
        ((None, 0), (ReactionKind.REDNESS, 1), (ReactionKind.BRUISE, 1)), (78, 12, 10)
    )[0]
    areas = course.areas
    points = {area: rng.randrange(14, 28, 2) for area in areas}
    given = sum(points.values()) * PER_POINT
    drawn = (given * 2).quantize(Decimal(1), ROUND_UP) / 2
    return Findings(
        checks=Checks(nothing_changed=True, skin_clear=True),
        areas={area: Treated(points[area], marks_of(area, points[area])) for area in areas},
        technique=Technique(
            technique=HowInjected.POINT_BY_POINT,
            depth_mm=Decimal(4),
            needle_gauge=NeedleGauge.G30,
            needle_length=NeedleLength.MM4,
            ml_per_point=PER_POINT,
        ),
        products=[
            Drawn(
                product=shelf.products[formula],
                lot=shelf.lot_on(formula, day),
                drawn_ml=drawn,
                wasted_ml=drawn - given,
                confirmed=Confirmed.TAP,
            )
        ],
        pain=rng.choice((2, 2, 3, 3, 4, 5)) + (number == 1),
        is_without_reaction=kind is None,
        reactions=[Seen(kind=kind, grade=grade)] if kind else [],
        note=rng.choice(NOTES) if number > 1 else "First session. Consent form checked again.",
        closing=Closing(
            aftercare_given=True,
            knows_whom_to_call=True,
            needles_discarded=True,
            observed_well=True,
        ),
    )


def marks_of(area: Area, count: int) -> list[Mark]:
    """Spread points over the area as the grid of the map would, from its top."""
    return grid_of(area)[:count]


@cache
def grid_of(area: Area) -> list[Mark]:
    """Lay the grid out once: every session of an area uses the same."""
    return grid(area, 2.0)


def review_note(body: Body, taken: Taken) -> str:
    """Sum a review up."""
    return f"{summary(body, taken)} Result and limits discussed; the course goes on."


def check_note(body: Body, taken: Taken) -> str:
    """Sum a check after the end up."""
    return f"{summary(body, taken)} Standard views taken. No late reaction."


def summary(body: Body, taken: Taken) -> str:
    """Compare the thighs with the baseline, without praise."""
    means = {kind: measures.mean(readings) for kind, readings in taken.items()}
    changes = [
        measures.change(kind, body.baseline[kind], means[kind], same_observer=True)
        for kind in THIGHS
    ]
    largest = max((change.difference for change in changes), key=abs)
    if all(change.is_noise for change in changes):
        said = "Thighs unchanged within measuring error."
    elif largest > 0:
        said = f"Thighs up to {largest} cm more than at baseline."
    else:
        said = f"Thighs up to {-largest} cm less than at baseline."
    weight = means[MeasureKind.WEIGHT] - body.baseline[MeasureKind.WEIGHT]
    if abs(weight) >= 1:
        more = "more" if weight > 0 else "less"
        said += f" Weight {abs(weight)} kg {more}, which alone can explain a change."
    return said


# Photographs -------------------------------------------------------------------------------------


def step_of(done: int, planned: int) -> int:
    """The drawn step that stands for so many sessions of so many."""
    return round(LAST_STEP * done / planned)


def photos(body: int, step: int, whose: str) -> dict[View, Prepared]:
    """The standard views of a drawn body, prepared as an upload would be; none of body 0.

    `whose` patient and day they stand for: three bodies were drawn for all, and one file cannot
    belong to two patients.
    """
    if not body:
        return {}
    return {
        view: apart(prepared(f"body{body}-{view.value}-{step}.jpg"), whose)
        for view in STANDARD_VIEWS
    }


def apart(picture: Prepared, whose: str) -> Prepared:
    """Give a drawing a fingerprint of its own for each patient and day."""
    digest = hashlib.sha256(f"{picture.sha256} {whose}".encode()).hexdigest()
    return replace(picture, sha256=digest)


@cache
def prepared(name: str) -> Prepared:
    """Prepare one drawn file, once: all 84 take 12 MB."""
    with (DRAWN / name).open("rb") as file:
        return prepare(file, isolated=False)
