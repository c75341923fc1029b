"""What a reaction asks for afterwards: when to call back, when it stops a course, what to exclude.

Source: domain.md 4.5 (events, follow-up, grading) and 4.7 (stop or pause). Days are calendar
days; a reaction is open until somebody looked again and found it gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from django.utils.translation import gettext_noop as _

from patients.terms import Area
from treatments.rules.sentence import Sentence
from treatments.terms import ReactionKind, ReactionOutcome, Related

MODERATE, SEVERE = 2, 3  # CTCAE general grades
CALL_WITHIN_DAYS = 2  # grade 2: 48 hours, in whole days
LONG_DAYS = 14  # "persists > 2 weeks"
LATE_DAYS = 7  # "appears > 1 week after a session"
SWOLLEN_DAYS = 10  # "oedema > 10 days = review"

# Expected after injections while they are mild or moderate.
EXPECTED = frozenset(
    {ReactionKind.REDNESS, ReactionKind.BRUISE, ReactionKind.SWELLING, ReactionKind.ITCH}
)
# Whatever their grade, they are looked at before the area is treated again.
ALWAYS_LOOKED_AT = frozenset({ReactionKind.NODULE, ReactionKind.INFECTION, ReactionKind.ALLERGY})
# A nodule or an abscess may be a mycobacterial infection.
MAY_BE_MYCOBACTERIAL = frozenset({ReactionKind.NODULE, ReactionKind.INFECTION})

CULTURE = _(
    "It has lasted more than %(long)d days or came more than %(late)d days after a session: "
    "arrange culture or biopsy, mycobacteria included."
)
CHECK_LOT = _("Check the other patients who were given the same lots.")
SWOLLEN = _("Swelling for more than %(days)d days: have it looked at.")


class CallBack(StrEnum):
    """How soon somebody looks again."""

    NONE = "none"  # it is gone
    NEXT_VISIT = "next_visit"
    WITHIN_48_HOURS = "within_48_hours"
    SAME_DAY = "same_day"


class Effect(StrEnum):
    """What a reaction means for the course."""

    NONE = "none"
    PAUSE = "pause"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody looked again, or called, on a day."""

    on: date
    outcome: ReactionOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionFacts:
    """One reaction as it was recorded, and how it went on.

    `area` is None when it is in no single area. `noted_on` is the day of the note, `began_on` the
    day it began where that is known, `after_on` the session that it followed, `products` the keys
    of what was given there. `looks` stand in the order in which they were recorded.
    """

    key: int
    kind: ReactionKind
    grade: int
    noted_on: date
    area: Area | None = None
    began_on: date | None = None
    after_on: date | None = None
    products: frozenset[int] = frozenset()
    related: Related | None = None
    looks: tuple[Look, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether nobody has found it gone; what comes back is open again."""
        return not self.looks or self.looks[-1].outcome == ReactionOutcome.ONGOING

    @property
    def since(self) -> date:
        """The first day on which it is known to have been there."""
        return min(self.began_on or self.noted_on, self.noted_on)

    @property
    def may_be_ours(self) -> bool:
        """Whether it may come from the treatment; not judged counts as yes."""
        return self.related != Related.UNRELATED


def is_expected(kind: ReactionKind, grade: int) -> bool:
    """Say whether a reaction is one of the known ones, in the strength that is known of it."""
    return kind in EXPECTED and grade < SEVERE


def effect(kind: ReactionKind, grade: int) -> Effect:
    """Say what a reaction means for its course (4.7): grade 3 and more stops it."""
    if grade >= SEVERE:
        return Effect.STOP
    pauses = kind in (ReactionKind.ALLERGY, ReactionKind.INFECTION)
    return Effect.PAUSE if pauses else Effect.NONE


def is_grave(kind: ReactionKind, grade: int) -> bool:
    """Say whether nobody goes on injecting with it: grade 3 and more, or an allergic sign."""
    return grade >= SEVERE or kind == ReactionKind.ALLERGY


def call_back(kind: ReactionKind, grade: int) -> CallBack:
    """Say how soon a reaction that is not gone is looked at: by grade, an allergic one at once."""
    if is_grave(kind, grade):
        return CallBack.SAME_DAY
    return CallBack.WITHIN_48_HOURS if grade == MODERATE else CallBack.NEXT_VISIT


def call_back_by(reaction: ReactionFacts) -> date | None:
    """Give the day by which somebody looks again, counted from the last look.

    None when it is gone, or when the next visit is soon enough. A nodule or a sign of infection
    that is mild waits two weeks at most, because it may be more than it seems.
    """
    if not reaction.is_open:
        return None
    last = reaction.looks[-1].on if reaction.looks else reaction.noted_on
    how = call_back(reaction.kind, reaction.grade)
    if how == CallBack.SAME_DAY:
        # Once somebody has looked, every day until it is gone.
        return last + timedelta(1) if reaction.looks else last
    if how == CallBack.WITHIN_48_HOURS:
        return last + timedelta(CALL_WITHIN_DAYS)
    if reaction.kind in MAY_BE_MYCOBACTERIAL:
        return max(reaction.since + timedelta(LONG_DAYS), last + timedelta(1))
    return None


def is_suspicious(reaction: ReactionFacts, on: date) -> bool:
    """Say whether a nodule or abscess lasts, or came, so long that it needs culture or biopsy."""
    if reaction.kind not in MAY_BE_MYCOBACTERIAL or not reaction.is_open:
        return False
    lasts = (on - reaction.since).days > LONG_DAYS
    after = reaction.after_on
    return lasts or (after is not None and (reaction.since - after).days > LATE_DAYS)


def advice(reaction: ReactionFacts, on: date) -> tuple[Sentence, ...]:
    """Say what an open reaction asks for on a day, beyond being looked at."""
    if is_suspicious(reaction, on):
        figures = {"long": LONG_DAYS, "late": LATE_DAYS}
        return Sentence(CULTURE, figures), Sentence(CHECK_LOT)
    swollen = reaction.kind == ReactionKind.SWELLING and reaction.is_open
    if swollen and (on - reaction.since).days > SWOLLEN_DAYS:
        return (Sentence(SWOLLEN, {"days": SWOLLEN_DAYS}),)
    return ()


def hinders(reaction: ReactionFacts, areas: frozenset[Area]) -> bool:
    """Say whether an open reaction stands in the way of treating these areas.

    Grade 2 and more does, and a nodule, a sign of infection or an allergic one of any grade. One
    that lies in no single area hinders everywhere, and so does an allergic one.
    """
    matters = reaction.grade >= MODERATE or reaction.kind in ALWAYS_LOOKED_AT
    everywhere = reaction.area is None or reaction.kind == ReactionKind.ALLERGY
    return reaction.is_open and matters and (everywhere or reaction.area in areas)


def repeated_products(reactions: tuple[ReactionFacts, ...]) -> frozenset[int]:
    """Name the products after which grade 2 or more came in two sessions (4.7, "same mix")."""
    after: dict[int, set[date]] = {}
    for reaction in reactions:
        if reaction.grade >= MODERATE and reaction.may_be_ours:
            for product in reaction.products:
                after.setdefault(product, set()).add(reaction.after_on or reaction.noted_on)
    return frozenset(product for product, sessions in after.items() if len(sessions) > 1)
