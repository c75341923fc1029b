"""Whether two photographs can be held against each other, and what to keep in mind (domain.md 6.5).

No machine learning: what the record says, and plain statistics of the pictures. The limits were
measured on real pairs and on the demo's drawings; the figure beside each says on what.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext_noop

from treatments.rules.comparability import Pair, Shot, caveats
from treatments.rules.look import Look
from treatments.rules.measures import is_weight_change
from treatments.rules.sentence import Sentence

# Correlation of coarse luma. One scene in two lights: 0.77 and 0.99. One view of one body over a
# course: above 0.95. A back against a side: 0.28. Two scenes: 0.36.
SAME_SCENE = 0.55
# Mean luma of 255. Seven drawings of one view lie within 5; the HDR pairs 31 and 50 apart.
LIGHT = 15.0
SLOPE = 15.0
# log2: a lamp of 3000 K for one of 4000 K moves it by about a third.
WHITE = 0.12
# A blur of 1 px leaves 0.13 to 0.24 of the variance, of 2 px 0.03 to 0.08.
BLURRED, TOO_BLURRED = 0.5, 0.1
# domain.md 6.5: framing within 5 %, rotation within 3 degrees.
SCALE, DEGREES = 0.05, 3.0


@dataclass(frozen=True, slots=True)
class Picture:
    """One photograph: its view (which names the state), the setup it was taken with, its look."""

    view: str
    setup: int | None = None
    look: Look | None = None


@dataclass(frozen=True, slots=True)
class Framing:
    """How differently two were framed: enlargement of what is seen, turn in degrees."""

    scale: float
    degrees: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """The answer, why it is not comparable if it is not, and what to keep in mind if it is."""

    pair: Pair
    obstacles: tuple[Sentence, ...] = ()
    caveats: tuple[Sentence, ...] = ()


def judge(
    days: tuple[Shot, Shot],
    pictures: tuple[Picture, Picture],
    *,
    likeness: float | None,
    framing: Framing | None,
) -> Judgement:
    """Judge two photographs, the earlier first.

    `likeness` is None where the pictures could not be read, `framing` None before two marks were
    set on both.
    """
    obstacles = tuple(_obstacles(days, pictures, likeness))
    found = (*caveats(*days), *_of_pictures(pictures), *_of_framing(framing))
    if obstacles:
        return Judgement(Pair.NOT_COMPARABLE, obstacles, found)
    return Judgement(Pair.WITH_CAVEATS if found else Pair.COMPARABLE, (), found)


def days_between(first: date, second: date) -> int:
    """Days from one to the other, in any order."""
    return abs((second - first).days)


def _obstacles(
    days: tuple[Shot, Shot], pictures: tuple[Picture, Picture], likeness: float | None
) -> list[Sentence]:
    found = []
    before, now = (shot.weight_kg for shot in days)
    if pictures[0].view != pictures[1].view:
        found.append(Sentence(gettext_noop("They show different views.")))
    if likeness is None:
        found.append(Sentence(gettext_noop("One of the two cannot be read.")))
    elif likeness < SAME_SCENE:
        found.append(
            Sentence(gettext_noop("They do not show the same scene. Is one of them filed wrongly?"))
        )
    if _sharpness(pictures) < TOO_BLURRED:
        found.append(Sentence(gettext_noop("One of the two is too blurred to show dimples.")))
    if before is not None and now is not None and is_weight_change(now, before):
        found.append(Sentence(gettext_noop("The weight differs by more than 5 of 100.")))
    return found


def _of_pictures(pictures: tuple[Picture, Picture]) -> list[Sentence]:
    first, second = (picture.look for picture in pictures)
    setups = {picture.setup for picture in pictures}
    found = []
    if None in setups:
        found.append(Sentence(gettext_noop("The setup is not on record for both.")))
    elif len(setups) > 1:
        found.append(Sentence(gettext_noop("They were taken with different setups.")))
    if first is None or second is None:
        return found
    if abs(second.light - first.light) > LIGHT:
        brighter = second.light > first.light
        found.append(
            Sentence(gettext_noop("Light differs: the later one is brighter."))
            if brighter
            else Sentence(gettext_noop("Light differs: the later one is darker."))
        )
    slope = math.hypot(second.slope_x - first.slope_x, second.slope_y - first.slope_y)
    if slope > SLOPE:
        found.append(Sentence(gettext_noop("Light differs: it falls from another side.")))
    if max(abs(second.warmth - first.warmth), abs(second.tint - first.tint)) > WHITE:
        found.append(Sentence(gettext_noop("The colour of the light differs.")))
    if TOO_BLURRED <= _sharpness(pictures) < BLURRED:
        found.append(Sentence(gettext_noop("One of the two is less sharp.")))
    return found


def _of_framing(framing: Framing | None) -> list[Sentence]:
    if framing is None:
        return [Sentence(gettext_noop("Scale and turn are not checked: set two marks on both."))]
    found = []
    if abs(framing.scale - 1) > SCALE:
        found.append(Sentence(gettext_noop("They were taken from different distances.")))
    if abs(framing.degrees) > DEGREES:
        found.append(Sentence(gettext_noop("One of the two is turned.")))
    return found


def _sharpness(pictures: tuple[Picture, Picture]) -> float:
    """Return how sharp the less sharp of the two is, relative to the other; 1 where unknown."""
    first, second = (picture.look for picture in pictures)
    if first is None or second is None:
        return 1.0
    most = max(first.sharpness, second.sharpness)
    return min(first.sharpness, second.sharpness) / most if most else 1.0
