"""Where each consent stands: a fold over what was given to read, answered and withdrawn.

Domain.md 6.6 (purposes, each separate and withdrawable) and 8 (treatment: time to think it over,
renewed after 12 months). Not legal advice: the hours and the months are the clinic's settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.utils.translation import gettext_noop

from patients.terms import ConsentKind, Purpose


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one consent, under one version of its text."""

    purpose: Purpose
    kind: ConsentKind
    at: datetime
    version: int
    valid_until: date | None = None  # the last day of a yes


class State(StrEnum):
    """How a consent stands today."""

    NOT_ASKED = "not_asked"
    YES = "yes"
    NO = "no"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    TEXT_CHANGED = "text_changed"  # a yes, to an earlier version of the text


@dataclass(frozen=True, slots=True)
class Standing:
    """How one consent stands.

    `since` is when the answer that counts was given, `until` the last day of a yes. `first_seen`
    is when the text was first given to read or answered; a withdrawal starts that anew.
    """

    purpose: Purpose
    state: State = State.NOT_ASKED
    since: datetime | None = None
    until: date | None = None
    signed_version: int | None = None
    current_version: int | None = None
    first_seen: datetime | None = None

    @property
    def holds(self) -> bool:
        """Whether the purpose is consented to today.

        A yes covers what its own text said, so a new text ends only the consent to treatment.
        """
        changed_only = self.state == State.TEXT_CHANGED and self.purpose != Purpose.TREATMENT
        return self.state == State.YES or changed_only

    @property
    def is_settled(self) -> bool:
        """Whether there is an answer that need not be asked for again."""
        return self.state in (State.YES, State.NO, State.WITHDRAWN)


def standing_of(
    purpose: Purpose, events: Iterable[Event], *, current_version: int | None, today: date
) -> Standing:
    """Fold the events of a patient into the standing of one purpose.

    Events of the same moment count in the order given. `current_version` is None where the
    clinic has no text, which leaves earlier answers as they are.
    """
    answer: Event | None = None
    first_seen: datetime | None = None
    for event in sorted(events, key=lambda event: event.at):
        if event.purpose != purpose:
            continue
        if event.kind == ConsentKind.WITHDRAWN:
            answer, first_seen = event, None
            continue
        first_seen = first_seen or event.at
        if event.kind != ConsentKind.READ:
            answer = event
    if answer is None:
        return Standing(purpose, current_version=current_version, first_seen=first_seen)
    return Standing(
        purpose,
        _state(answer, current_version, today),
        since=answer.at,
        until=answer.valid_until,
        signed_version=answer.version,
        current_version=current_version,
        first_seen=first_seen,
    )


def _state(answer: Event, current_version: int | None, today: date) -> State:
    if answer.kind != ConsentKind.YES:
        return State.NO if answer.kind == ConsentKind.NO else State.WITHDRAWN
    if answer.valid_until is not None and answer.valid_until < today:
        return State.EXPIRED
    if current_version is not None and current_version > answer.version:
        return State.TEXT_CHANGED
    return State.YES


def standings(
    events: Sequence[Event], *, versions: Mapping[Purpose, int], today: date
) -> dict[Purpose, Standing]:
    """Return the standing of every purpose; `versions` are those of the current texts."""
    return {
        purpose: standing_of(purpose, events, current_version=versions.get(purpose), today=today)
        for purpose in Purpose
    }


# Whether treatment may begin ---------------------------------------------------------------------


class Obstacle(StrEnum):
    """Why treatment may not begin."""

    NOT_ASKED = "not_asked"
    NO = "no"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    TEXT_CHANGED = "text_changed"
    REFLECTION = "reflection"


# The caller translates and fills in: `gettext(template) % {"since", "until", "ends"}`.
WHY_NOT = {
    Obstacle.NOT_ASKED: gettext_noop("Consent to treatment is not signed yet."),
    Obstacle.NO: gettext_noop("The answer to treatment is no, since %(since)s."),
    Obstacle.WITHDRAWN: gettext_noop("Consent to treatment was withdrawn on %(since)s."),
    Obstacle.EXPIRED: gettext_noop("Consent to treatment ended on %(until)s. Ask again."),
    Obstacle.TEXT_CHANGED: gettext_noop(
        "The text on treatment has changed since it was signed on %(since)s. Ask again."
    ),
    Obstacle.REFLECTION: gettext_noop("The time to think it over runs until %(ends)s."),
}
STATE_OBSTACLES = {
    State.NOT_ASKED: Obstacle.NOT_ASKED,
    State.NO: Obstacle.NO,
    State.WITHDRAWN: Obstacle.WITHDRAWN,
    State.EXPIRED: Obstacle.EXPIRED,
    State.TEXT_CHANGED: Obstacle.TEXT_CHANGED,
}


def reflection_ends(standing: Standing, hours: int) -> datetime | None:
    """Return when the time to think it over ends, or None while it has not begun."""
    if standing.first_seen is None:
        return None
    return standing.first_seen + timedelta(hours=hours)


def obstacle(treatment: Standing, *, now: datetime, hours: int) -> Obstacle | None:
    """Return what stands against treatment at `now`, or None.

    The time to think it over runs before the first session only: a renewal counts from the day
    on which she first had the text. After a withdrawal it runs anew.
    """
    if treatment.state != State.YES:
        return STATE_OBSTACLES[treatment.state]
    ends = reflection_ends(treatment, hours)
    return Obstacle.REFLECTION if ends is not None and now < ends else None


# What a withdrawal means -------------------------------------------------------------------------

NOTHING_ABOUT_CARE = gettext_noop("Nothing changes about care.")
IMAGES_STAY = gettext_noop("Photographs taken for care stay in the record, as the record must.")
USE_ENDS = gettext_noop("From now on they are not used for this purpose.")
USES_END = gettext_noop(
    "Where they went for it so far, the use is ended, and that is written down."
)

CONSEQUENCES: dict[Purpose, tuple[str, ...]] = {
    Purpose.TREATMENT: (
        gettext_noop("There is no further session from now on."),
        gettext_noop("What was done and written stays in the record."),
        gettext_noop("Checks, aftercare and advice stay open."),
    ),
    Purpose.RECORD_PHOTOS: (
        gettext_noop("Treatment stays possible, but without a review by photographs."),
        gettext_noop("No further photographs are taken."),
        IMAGES_STAY,
    ),
    **dict.fromkeys(
        (
            Purpose.REVIEW,
            Purpose.TEACHING_INSIDE,
            Purpose.TEACHING_OUTSIDE,
            Purpose.MARKETING_WEBSITE,
            Purpose.MARKETING_SOCIAL,
            Purpose.MARKETING_PRINT,
            Purpose.RESEARCH,
        ),
        (NOTHING_ABOUT_CARE, USE_ENDS, USES_END, IMAGES_STAY),
    ),
}
# One line beside the question: what a no means.
WITHOUT_IT = {
    Purpose.TREATMENT: gettext_noop("Without it: no session."),
    Purpose.RECORD_PHOTOS: gettext_noop("Without it: treatment, but no photo review."),
}
