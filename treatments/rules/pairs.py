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
from treatments.terms import PhotoMark

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

TAN = (PhotoMark.TANNED, PhotoMark.PALER)
MARKS = {
    PhotoMark.BRUISE: gettext_noop("A bruise or swelling is in view on %(day)s."),
    PhotoMark.TANNED: gettext_noop("The skin is darker on %(day)s."),
    PhotoMark.PALER: gettext_noop("The skin is paler on %(day)s."),
    PhotoMark.CLOTHING: gettext_noop("Other underwear is worn on %(day)s."),
    PhotoMark.IDENTIFYING: gettext_noop("Something that could name her is in view on %(day)s."),
}


@dataclass(frozen=True, slots=True)
class Picture:
    """One photograph: its view (which names the state), the setup it was taken with, its look.

    `marks` are codes of `PhotoMark`; `bruise_recorded`: a bruise or swelling is on record for the
    visit, wherever it was.
    """

    view: str
    setup: int | None = None
    look: Look | None = None
    marks: frozenset[str] = frozenset()
    bruise_recorded: bool = False


@dataclass(frozen=True, slots=True)
class Framing:
    """How differently two were framed: enlargement of what is seen, turn in degrees."""

    scale: float
    degrees: float

    @property
    def is_scaled(self) -> bool:
        return abs(self.scale - 1) > SCALE

    @property
    def is_turned(self) -> bool:
        return abs(self.degrees) > DEGREES


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
    found = (
        *caveats(*days),
        *_of_pictures(pictures),
        *_of_marks(days, pictures),
        *_of_framing(framing),
    )
    return _judgement((*_of_scene(pictures, likeness), *_of_weight(days)), found)


def judge_shot(pictures: tuple[Picture, Picture], *, likeness: float | None) -> Judgement:
    """Judge a photograph that was just taken by the one it will be held against, `first` that one.

    Only what taking it again can mend: scene, setup, light and sharpness.
    """
    return _judgement(tuple(_of_scene(pictures, likeness)), tuple(_of_pictures(pictures)))


def _judgement(obstacles: tuple[Sentence, ...], found: tuple[Sentence, ...]) -> Judgement:
    if obstacles:
        return Judgement(Pair.NOT_COMPARABLE, obstacles, found)
    return Judgement(Pair.WITH_CAVEATS if found else Pair.COMPARABLE, (), found)


@dataclass(frozen=True, slots=True)
class Light:
    """How the light of the second differs from that of the first, in the units of `Look`."""

    level: float
    slope: float
    white: float

    @property
    def differs(self) -> bool:
        return abs(self.level) > LIGHT or self.slope > SLOPE

    @property
    def white_differs(self) -> bool:
        return self.white > WHITE


def light_between(first: Picture, second: Picture) -> Light | None:
    """Hold the light of two photographs against each other; None where one was not measured."""
    if first.look is None or second.look is None:
        return None
    one, other = first.look, second.look
    return Light(
        level=other.light - one.light,
        slope=math.hypot(other.slope_x - one.slope_x, other.slope_y - one.slope_y),
        white=max(abs(other.warmth - one.warmth), abs(other.tint - one.tint)),
    )


def days_between(first: date, second: date) -> int:
    """Days from one to the other, in any order."""
    return abs((second - first).days)


def _of_scene(pictures: tuple[Picture, Picture], likeness: float | None) -> list[Sentence]:
    found = []
    if pictures[0].view != pictures[1].view:
        found.append(Sentence(gettext_noop("They show different views.")))
    if likeness is None:
        found.append(Sentence(gettext_noop("One of the two cannot be read.")))
    elif likeness < SAME_SCENE:
        found.append(
            Sentence(gettext_noop("They do not show the same scene. Is one of them filed wrongly?"))
        )
    if sharpness_between(pictures) < TOO_BLURRED:
        found.append(Sentence(gettext_noop("One of the two is too blurred to show dimples.")))
    return found


def _of_weight(days: tuple[Shot, Shot]) -> list[Sentence]:
    before, now = (shot.weight_kg for shot in days)
    if before is None or now is None or not is_weight_change(now, before):
        return []
    return [Sentence(gettext_noop("The weight differs by more than 5 of 100."))]


def _of_pictures(pictures: tuple[Picture, Picture]) -> list[Sentence]:
    setups = {picture.setup for picture in pictures}
    found = []
    if None in setups:
        found.append(Sentence(gettext_noop("The setup is not on record for both.")))
    elif len(setups) > 1:
        found.append(Sentence(gettext_noop("They were taken with different setups.")))
    light = light_between(*pictures)
    if light is None:
        return found
    if abs(light.level) > LIGHT:
        found.append(
            Sentence(gettext_noop("Light differs: the later one is brighter."))
            if light.level > 0
            else Sentence(gettext_noop("Light differs: the later one is darker."))
        )
    if light.slope > SLOPE:
        found.append(Sentence(gettext_noop("Light differs: it falls from another side.")))
    if light.white_differs:
        found.append(Sentence(gettext_noop("The colour of the light differs.")))
    if TOO_BLURRED <= sharpness_between(pictures) < BLURRED:
        found.append(Sentence(gettext_noop("One of the two is less sharp.")))
    return found


def _of_marks(days: tuple[Shot, Shot], pictures: tuple[Picture, Picture]) -> list[Sentence]:
    """What whoever took them saw. Tan is held against the baseline, so the same mark on both says
    nothing; underwear that is not the baseline's may be two different ones."""
    found = []
    both = pictures[0].marks & pictures[1].marks
    for day, picture in zip(days, pictures, strict=True):
        on = {"day": day.on}
        for mark, template in MARKS.items():
            if mark in picture.marks and not (mark in TAN and mark in both):
                found.append(Sentence(template, on))
        if picture.bruise_recorded and PhotoMark.BRUISE not in picture.marks:
            template = gettext_noop("A bruise or swelling was recorded on %(day)s.")
            found.append(Sentence(template, on))
    return found


def _of_framing(framing: Framing | None) -> list[Sentence]:
    if framing is None:
        return [Sentence(gettext_noop("Scale and turn are not checked: set two marks on both."))]
    found = []
    if framing.is_scaled:
        found.append(Sentence(gettext_noop("They were taken from different distances.")))
    if framing.is_turned:
        found.append(Sentence(gettext_noop("One of the two is turned.")))
    return found


def sharpness_between(pictures: tuple[Picture, Picture]) -> float:
    """Return how sharp the less sharp of the two is, relative to the other; 1 where unknown."""
    first, second = (picture.look for picture in pictures)
    if first is None or second is None:
        return 1.0
    most = max(first.sharpness, second.sharpness)
    return min(first.sharpness, second.sharpness) / most if most else 1.0
