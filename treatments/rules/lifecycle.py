"""The life of a course as one table: which move, from where to where, who makes it, what it asks.

The actions follow it, the pages offer what it allows, and docs/lifecycle.md is written from it.
Words are translated by the caller; a refusal is a template: `gettext(sentence) % values`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from django.utils.translation import gettext_noop

from clinic.roles import Can
from treatments.terms import CourseState, MoveKind

FEWEST, MOST = 10, 15  # sessions of a plan, domain.md section 5
MOST_EXTENDED = 30
REVIEW_BEFORE_MORE = 10  # more than 15 ask for a review after this session, or a later one
OPEN = (CourseState.PLANNED, CourseState.ACTIVE, CourseState.PAUSED)

WRONG_STATE = gettext_noop("The course is %(state)s, so this cannot be done.")
GIVE_REASON = gettext_noop("Give the reason.")
LEFT_ONE = gettext_noop("%(left)d session is left. Give the reason to complete without it.")
LEFT_MANY = gettext_noop("%(left)d sessions are left. Give the reason to complete without them.")
NOT_ACCEPTED = gettext_noop("A course starts with an accepted screening.")
AREAS_TAKEN = gettext_noop(
    "A course for %(areas)s, opened on %(day)s, is open already. Complete or stop it first."
)
TOO_FEW = gettext_noop("A course has 10 to 15 sessions.")
TOO_MANY = gettext_noop("A course has %(most)d sessions at most, extensions included.")
FEWER_THAN_HELD = gettext_noop(
    "%(held)d sessions are held. The plan cannot have fewer than %(least)d."
)
NEEDS_REVIEW = gettext_noop(
    "More than 15 sessions need a review after session 10 or a later one. Hold it first."
)
NEEDS_CONSENT = gettext_noop(
    "More than 15 sessions need a consent to treatment signed after the review of %(day)s."
)
AREA_TOO_MANY = gettext_noop("%(area)s: an area cannot have more sessions than the course.")
AREA_HELD = gettext_noop("%(area)s: %(held)d sessions are held. Its plan cannot have fewer.")
NOTHING_CHANGED = gettext_noop("Nothing is changed. Change the plan, or leave it as it is.")
EARLIER_INCOMPLETE = gettext_noop(
    "Say how many sessions were held, the day of the first and the day of the last."
)
EARLIER_TOO_MANY = gettext_noop(
    "Of %(planned)d sessions %(held)d are held: there is nothing left to transfer."
)
EARLIER_ORDER = gettext_noop("The last session cannot be earlier than the first.")
EARLIER_AHEAD = gettext_noop("The last session lies after the day on which the course is entered.")


class Ask(Enum):
    """What a move asks for: in words, and the sentences that refuse it."""

    SCREENING = (
        gettext_noop("an accepted screening, and no open course for its areas"),
        NOT_ACCEPTED,
        AREAS_TAKEN,
    )
    EARLIER = (
        gettext_noop("how many sessions were held before, the first and the last day"),
        EARLIER_INCOMPLETE,
        EARLIER_TOO_MANY,
        EARLIER_ORDER,
        EARLIER_AHEAD,
    )
    VISIT = (gettext_noop("the first visit recorded; nobody makes this move by hand"),)
    REASON = (gettext_noop("a reason"), GIVE_REASON)
    REASON_IF_LEFT = (gettext_noop("a reason while sessions are left"), LEFT_ONE, LEFT_MANY)
    SESSIONS = (
        gettext_noop("10 to 15 sessions, not fewer than were held"),
        TOO_FEW,
        TOO_MANY,
        FEWER_THAN_HELD,
        AREA_TOO_MANY,
        AREA_HELD,
        NOTHING_CHANGED,
    )
    MORE_THAN_15 = (
        gettext_noop(
            "beyond 15: a review after session 10 or later, and a consent to treatment signed after it"
        ),
        NEEDS_REVIEW,
        NEEDS_CONSENT,
    )

    @property
    def words(self) -> str:
        words: str = self.value[0]
        return words

    @property
    def sentences(self) -> tuple[str, ...]:
        return tuple(self.value[1:])


@dataclass(frozen=True, slots=True)
class Move:
    """One thing that may be done with a course.

    `before` lists the states from which it may be made, none where there is no course yet.
    `after` is None where the state stays. `button` is what the page calls it; "" has no button.
    """

    kind: MoveKind
    before: tuple[CourseState, ...]
    after: CourseState | None
    who: Can
    says: str
    asks: tuple[Ask, ...] = ()
    button: str = ""


MOVES = (
    Move(
        MoveKind.OPENED,
        (),
        CourseState.PLANNED,
        Can.MANAGE_COURSES,
        gettext_noop("A plan for some areas, from an accepted screening. It falls due at once."),
        (Ask.SCREENING,),
    ),
    Move(
        MoveKind.TRANSFERRED,
        (),
        CourseState.ACTIVE,
        Can.MANAGE_COURSES,
        gettext_noop(
            "A course that began elsewhere: numbers and dates go on from the sessions held there."
        ),
        (Ask.SCREENING, Ask.EARLIER),
    ),
    Move(
        MoveKind.BEGUN,
        (CourseState.PLANNED,),
        CourseState.ACTIVE,
        Can.RECORD_VISITS,
        gettext_noop("The first visit is recorded."),
        (Ask.VISIT,),
    ),
    Move(
        MoveKind.EXTENDED,
        OPEN,
        None,
        Can.MANAGE_COURSES,
        gettext_noop(
            "More or fewer sessions, other numbers for an area, or whether a missed one counts."
        ),
        (Ask.REASON, Ask.SESSIONS, Ask.MORE_THAN_15),
        gettext_noop("Change the plan"),
    ),
    Move(
        MoveKind.CONTINUED,
        (CourseState.ACTIVE,),
        None,
        Can.MANAGE_COURSES,
        gettext_noop("The course goes on although a review found no measurable change."),
        (Ask.REASON,),
        gettext_noop("Go on without a measurable change"),
    ),
    Move(
        MoveKind.PAUSED,
        (CourseState.ACTIVE,),
        CourseState.PAUSED,
        Can.MANAGE_COURSES,
        gettext_noop("Nothing falls due until the course is resumed; its areas stay taken."),
        (Ask.REASON,),
        gettext_noop("Pause"),
    ),
    Move(
        MoveKind.RESUMED,
        (CourseState.PAUSED,),
        CourseState.ACTIVE,
        Can.MANAGE_COURSES,
        gettext_noop("The course falls due again, counted from its last session."),
        (),
        gettext_noop("Resume"),
    ),
    Move(
        MoveKind.COMPLETED,
        (CourseState.ACTIVE,),
        CourseState.COMPLETED,
        Can.MANAGE_COURSES,
        gettext_noop(
            "The end. The areas are free for another course; the checks after the end follow."
        ),
        (Ask.REASON_IF_LEFT,),
        gettext_noop("Complete"),
    ),
    Move(
        MoveKind.STOPPED,
        OPEN,
        CourseState.STOPPED,
        Can.MANAGE_COURSES,
        gettext_noop(
            "The end before the plan was carried out. The areas are free for another course."
        ),
        (Ask.REASON,),
        gettext_noop("Stop early"),
    ),
)
BY_KIND = {move.kind: move for move in MOVES}


def legal(state: CourseState) -> tuple[Move, ...]:
    """Return the moves that a course in this state allows, in the order of the table."""
    return tuple(move for move in MOVES if state in move.before)


def is_legal(kind: MoveKind, state: CourseState) -> bool:
    return state in BY_KIND[kind].before


def leading_to(state: CourseState, target: CourseState) -> Move | None:
    """Return the move with a button that leads from one state to another; None without one."""
    return next((move for move in legal(state) if move.after == target and move.button), None)


def state_after(kinds: Iterable[MoveKind]) -> CourseState | None:
    """Replay moves in their order; None where they do not make a course or one is not legal."""
    state: CourseState | None = None
    for kind in kinds:
        move = BY_KIND[kind]
        if state not in (move.before or (None,)):
            return None
        state = move.after or state
    return state
