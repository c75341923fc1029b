"""What one visit of the demo brought: treatment, measures, reactions, notes, photographs.

Changes lie mostly within measuring error, some beyond, some for the worse: the evidence for the
method is weak, and the demo says nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from random import Random

from patients.models import Screening
from patients.rules.facts import bmi_of
from treatments.actions.visits import Findings
from treatments.imaging import Prepared, prepare
from treatments.models import Course
from treatments.rules import measures
from treatments.terms import STANDARD_VIEWS, MeasureKind, ReactionKind, View

DRAWN = Path(__file__).parent / "photos"
LAST_STEP = 6
BRUISED = (1, 3)  # the body and the step that were drawn with a bruise
REVIEWED_AFTER = (5, 10)
# Of the thigh at the end of a course, in cm: most do not change.
DRIFTS = (0.0, 0.0, 3.0, 0.0, -3.0, 0.0, 0.0)

PRODUCTS = (("Formula A (demo)", "L2377", 240), ("Formula B (demo)", "L2409", 410))
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

    def measured(self, progress: float, rng: Random) -> dict[MeasureKind, Decimal]:
        """Measure after a share of the course: the drift, the error of the tape, daily weight."""
        taken = {}
        for kind, start in self.start.items():
            error = rng.gauss(0, 0.4 if kind == MeasureKind.WEIGHT else 0.6)
            step = Decimal("0.1") if kind == MeasureKind.WEIGHT else Decimal("0.5")
            share = 0.7 if kind == MeasureKind.WEIGHT else 1
            value = Decimal(str(start + self.drift * share * progress + error))
            taken[kind] = (value / step).quantize(Decimal(1), ROUND_HALF_UP) * step
        self.baseline = self.baseline or taken
        return taken


def session(course: Course, number: int, who: int, today: date, rng: Random) -> Findings:
    """What was given and seen at one session; most pass without a reaction."""
    product, lot, days_left = PRODUCTS[who % len(PRODUCTS)]
    reactions = rng.choices(
        ({}, {ReactionKind.REDNESS: 1}, {ReactionKind.BRUISE: 1}), (78, 12, 10)
    )[0]
    return Findings(
        areas=course.areas,
        product=product,
        lot=lot,
        lot_expires_on=(today + timedelta(days_left)).replace(day=1),
        volume_ml=Decimal(rng.randrange(60, 141, 5)) / 10,
        pain=rng.choice((2, 2, 3, 3, 4, 5)) + (number == 1),
        is_without_reaction=not reactions,
        reactions=reactions,
        note=rng.choice(NOTES) if number > 1 else "First session. Consent form checked again.",
    )


def review_note(body: Body, taken: Mapping[MeasureKind, Decimal]) -> str:
    """Sum a review up."""
    return f"{summary(body, taken)} Result and limits discussed; the course goes on."


def check_note(body: Body, taken: Mapping[MeasureKind, Decimal]) -> str:
    """Sum a check after the end up."""
    return f"{summary(body, taken)} Standard views taken. No late reaction."


def summary(body: Body, taken: Mapping[MeasureKind, Decimal]) -> str:
    """Compare the thighs with the baseline, without praise."""
    changes = [
        measures.change(kind, body.baseline[kind], taken[kind], same_observer=True)
        for kind in THIGHS
    ]
    largest = max((change.difference for change in changes), key=abs)
    if all(change.is_noise for change in changes):
        said = "Thighs unchanged within measuring error."
    elif largest > 0:
        said = f"Thighs up to {largest} cm more than at baseline."
    else:
        said = f"Thighs up to {-largest} cm less than at baseline."
    weight = taken[MeasureKind.WEIGHT] - body.baseline[MeasureKind.WEIGHT]
    if abs(weight) >= 1:
        more = "more" if weight > 0 else "less"
        said += f" Weight {abs(weight)} kg {more}, which alone can explain a change."
    return said


# Photographs -------------------------------------------------------------------------------------


def step_of(done: int, planned: int) -> int:
    """The drawn step that stands for so many sessions of so many."""
    return round(LAST_STEP * done / planned)


def photos(body: int, step: int) -> dict[View, Prepared]:
    """The standard views of a drawn body, prepared as an upload would be; none of body 0."""
    if not body:
        return {}
    return {view: prepared(f"body{body}-{view.value}-{step}.jpg") for view in STANDARD_VIEWS}


@cache
def prepared(name: str) -> Prepared:
    """Prepare one drawn file, once: all 84 take 12 MB."""
    with (DRAWN / name).open("rb") as file:
        return prepare(file)
