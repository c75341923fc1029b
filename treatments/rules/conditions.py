"""What was the same and what differed between two photographs, line by line, beside the verdict.

The limits are those of `treatments.rules.pairs` and `comparability`: a line that wants attention
is a caveat or an obstacle there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from django.utils.translation import gettext_noop

from treatments.rules.comparability import SETTLED_AFTER_DAYS, Shot, days_since_session, weighs
from treatments.rules.pairs import (
    BLURRED,
    SAME_SCENE,
    TAN,
    TOO_BLURRED,
    Framing,
    Picture,
    light_between,
    sharpness_between,
)
from treatments.rules.sentence import Sentence
from treatments.terms import PhotoMark


class Subject(StrEnum):
    """What a line is about, in the order of the page."""

    LIGHT = "light"
    WHITE = "white"
    TAN = "tan"
    WEIGHT = "weight"
    VIEW = "view"
    SETUP = "setup"
    SHARPNESS = "sharpness"
    FRAMING = "framing"
    SESSION = "session"
    BRUISE = "bruise"
    CLOTHING = "clothing"


@dataclass(frozen=True, slots=True)
class Condition:
    """One line: what it is about, whether it is fine, and what was found, without a full stop."""

    subject: Subject
    is_fine: bool
    found: Sentence


SAME = Sentence(gettext_noop("same"))
NONE = Sentence(gettext_noop("none"))
NOT_MEASURED = Sentence(gettext_noop("not measured"))


def conditions(
    days: tuple[Shot, Shot],
    pictures: tuple[Picture, Picture],
    *,
    likeness: float | None,
    framing: Framing | None,
) -> tuple[Condition, ...]:
    """List the conditions of two photographs, the earlier first: those to mind stand on top."""
    found = [
        *_light(pictures),
        _tan(days, pictures),
        _weight(days),
        _view(pictures, likeness),
        _setup(pictures),
        _sharpness(pictures),
        _framing(framing),
        _session(days),
        _bruise(days, pictures),
        _clothing(days, pictures),
    ]
    return tuple(sorted(found, key=lambda each: each.is_fine))


def _light(pictures: tuple[Picture, Picture]) -> Iterable[Condition]:
    light = light_between(*pictures)
    if light is None:
        yield Condition(Subject.LIGHT, True, NOT_MEASURED)
        yield Condition(Subject.WHITE, True, NOT_MEASURED)
        return
    level = {"level": Decimal(round(abs(light.level)))}
    if not light.differs:
        said = Sentence(gettext_noop("within %(level)s of 255"), level)
        if not level["level"]:
            said = SAME
    elif abs(light.level) <= light.slope:
        said = Sentence(gettext_noop("falls from another side"))
    elif light.level > 0:
        said = Sentence(gettext_noop("later brighter by %(level)s of 255"), level)
    else:
        said = Sentence(gettext_noop("later darker by %(level)s of 255"), level)
    yield Condition(Subject.LIGHT, not light.differs, said)
    differs = Sentence(gettext_noop("differs"))
    yield Condition(
        Subject.WHITE, not light.white_differs, differs if light.white_differs else SAME
    )


def _tan(days: tuple[Shot, Shot], pictures: tuple[Picture, Picture]) -> Condition:
    both = pictures[0].marks & pictures[1].marks
    words = {
        PhotoMark.TANNED: gettext_noop("darker on %(day)s"),
        PhotoMark.PALER: gettext_noop("paler on %(day)s"),
    }
    for day, picture in zip(days, pictures, strict=True):
        for mark in TAN:
            if mark in picture.marks and mark not in both:
                return Condition(Subject.TAN, False, Sentence(words[mark], {"day": day.on}))
    return Condition(Subject.TAN, True, SAME)


def _weight(days: tuple[Shot, Shot]) -> Condition:
    before, now = (day.weight_kg for day in days)
    if before is None or now is None:
        return Condition(Subject.WEIGHT, False, Sentence(gettext_noop("not known on both days")))
    said = Sentence(
        gettext_noop("%(before)s to %(now)s kg"), {"before": f"{before:.1f}", "now": f"{now:.1f}"}
    )
    return Condition(Subject.WEIGHT, not weighs(before, now), said)


def _view(pictures: tuple[Picture, Picture], likeness: float | None) -> Condition:
    if likeness is None:
        return Condition(Subject.VIEW, False, Sentence(gettext_noop("cannot be read")))
    if pictures[0].view != pictures[1].view:
        return Condition(Subject.VIEW, False, Sentence(gettext_noop("two views")))
    if likeness < SAME_SCENE:
        return Condition(
            Subject.VIEW, False, Sentence(gettext_noop("filed as one view, not alike"))
        )
    return Condition(Subject.VIEW, True, SAME)


def _setup(pictures: tuple[Picture, Picture]) -> Condition:
    setups = {picture.setup for picture in pictures}
    if None in setups:
        said = Sentence(gettext_noop("not on record for both"))
        return Condition(Subject.SETUP, False, said)
    if len(setups) > 1:
        return Condition(Subject.SETUP, False, Sentence(gettext_noop("two setups")))
    return Condition(Subject.SETUP, True, SAME)


def _sharpness(pictures: tuple[Picture, Picture]) -> Condition:
    if None in {picture.look for picture in pictures}:
        return Condition(Subject.SHARPNESS, True, NOT_MEASURED)
    share = sharpness_between(pictures)
    if share < TOO_BLURRED:
        said = Sentence(gettext_noop("one is blurred"))
    elif share < BLURRED:
        said = Sentence(gettext_noop("one is less sharp"))
    else:
        return Condition(Subject.SHARPNESS, True, Sentence(gettext_noop("both sharp alike")))
    return Condition(Subject.SHARPNESS, False, said)


def _framing(framing: Framing | None) -> Condition:
    if framing is None:
        return Condition(Subject.FRAMING, False, Sentence(gettext_noop("not checked")))
    values = {"scale": f"{framing.scale:.2f}", "degrees": f"{abs(framing.degrees):.1f}"}
    said = Sentence(gettext_noop("%(scale)s ×, %(degrees)s°"), values)
    return Condition(Subject.FRAMING, not (framing.is_scaled or framing.is_turned), said)


def _session(days: tuple[Shot, Shot]) -> Condition:
    since = [days_since_session(day) for day in days]
    soon = any(each is not None and each < SETTLED_AFTER_DAYS for each in since)
    values: dict[str, int | Sentence] = {
        name: Sentence(gettext_noop("none before")) if each is None else each
        for name, each in zip(("first", "second"), since, strict=True)
    }
    if since == [None, None]:
        return Condition(Subject.SESSION, True, Sentence(gettext_noop("none before either")))
    return Condition(
        Subject.SESSION, not soon, Sentence(gettext_noop("%(first)s; %(second)s"), values)
    )


def _bruise(days: tuple[Shot, Shot], pictures: tuple[Picture, Picture]) -> Condition:
    seen = [
        day.on
        for day, picture in zip(days, pictures, strict=True)
        if PhotoMark.BRUISE in picture.marks or picture.bruise_recorded
    ]
    return _on_days(Subject.BRUISE, seen, NONE)


def _clothing(days: tuple[Shot, Shot], pictures: tuple[Picture, Picture]) -> Condition:
    other = [
        day.on
        for day, picture in zip(days, pictures, strict=True)
        if PhotoMark.CLOTHING in picture.marks
    ]
    return _on_days(Subject.CLOTHING, other, SAME)


def _on_days(subject: Subject, seen: list[date], otherwise: Sentence) -> Condition:
    if not seen:
        return Condition(subject, True, otherwise)
    if len(seen) > 1:
        return Condition(subject, False, Sentence(gettext_noop("on both days")))
    return Condition(subject, False, Sentence(gettext_noop("on %(day)s"), {"day": seen[0]}))
