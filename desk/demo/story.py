"""The plan of the demo clinic: who is where in a course, and the dates that follow from it.

Days at the weekend are moved away from today, so that no distance becomes shorter; today is a
working day whatever it is, because a demo must look alive.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from datetime import date, timedelta
from enum import Enum, auto
from random import Random

from desk.demo import exams
from desk.demo.exams import Exam
from patients.terms import Allergen
from treatments.terms import CourseState

LIN, OKAFOR, VEGA = range(3)
EVEN = (7,)
UNEVEN = (7, 7, 8, 9, 10, 12, 14, 16, 20, 23)
TODAY = 0


class Miss(Enum):
    """How the last date was missed."""

    NO_SHOW = auto()
    CANCELLED_LATE = auto()


class Consents(Enum):
    """How the consents of one patient stand; most signed and left it at that."""

    SIGNED = auto()
    EXPIRED = auto()
    REFLECTING = auto()
    WITHDRAWN = auto()


@dataclass(frozen=True, slots=True)
class Chapter:
    """Where one patient stands: so many sessions done of so many planned.

    Without an `exam` she comes today for the first time; without `planned` she has no course.
    `next` is the working day of the coming session, counted from today; without it the last
    session was `last` days ago, or the screening of somebody without a course. `skips` are sessions that were first missed and then held.
    `earlier` is a screening of some weeks before, which the one of the chapter superseded.
    `elsewhere` of the sessions done were held at another clinic. Nothing was recorded yet of a
    course that `is_planned`.
    """

    done: int = 0
    planned: int = 0
    _: KW_ONLY
    exam: Exam | None = exams.TEXTBOOK
    earlier: Exam | None = None
    is_decided: bool = True
    who: int = LIN
    is_man: bool = False
    allergy: Allergen | None = None
    next: int | None = None
    last: int = 0
    booked: int = 3
    missed: Miss | None = None
    skips: tuple[int, ...] = ()
    gaps: tuple[int, ...] = EVEN
    state: CourseState = CourseState.ACTIVE
    reason: str = ""
    follow_ups: int = 0
    body: int = 0  # of the drawn photographs; 0: none were taken
    elsewhere: int = 0
    is_planned: bool = False
    came_from: int | None = None  # the practitioner of the first half
    is_left_open: bool = False  # nobody said what became of yesterday's appointment
    has_swelling: bool = False  # since yesterday's session
    consents: Consents = Consents.SIGNED


# The first half has one of everything, so a small clinic shows all states too.
STORY = (
    Chapter(exam=exams.MIXED, is_decided=False),
    Chapter(exam=exams.LOOSENESS, last=20),
    Chapter(exam=exams.SUN_DAMAGE, last=9, who=OKAFOR),
    Chapter(exam=exams.INSULIN, last=34),
    Chapter(who=OKAFOR, last=6, earlier=exams.SUNBURNT),
    Chapter(exam=None),
    Chapter(3, 12, next=TODAY, body=2, allergy=Allergen.SULFITE),
    Chapter(5, 10, next=TODAY, body=1, exam=exams.THIGHS, consents=Consents.WITHDRAWN),
    Chapter(10, 12, next=TODAY, body=3, skips=(4,), booked=2),
    Chapter(8, 15, next=TODAY, body=2, gaps=UNEVEN, exam=exams.LAX),
    Chapter(1, 12, next=TODAY, who=OKAFOR),
    Chapter(4, 10, next=TODAY, who=OKAFOR, exam=exams.BUTTOCKS, elsewhere=3),
    Chapter(7, 12, next=TODAY, who=VEGA, body=3, skips=(6,)),
    Chapter(5, 12, next=1, body=2, exam=exams.SMOKER),
    Chapter(6, 12, next=2, who=OKAFOR, missed=Miss.NO_SHOW, exam=exams.HEAVIER),
    Chapter(4, 12, missed=Miss.NO_SHOW),
    Chapter(6, 10, last=33, who=VEGA, exam=exams.THIGHS),
    Chapter(0, 10, last=3, is_planned=True),
    Chapter(4, 12, last=30, who=OKAFOR, state=CourseState.PAUSED, reason="knee surgery"),
    Chapter(3, 12, last=40, who=VEGA, state=CourseState.STOPPED, reason="moved to Leeds"),
    Chapter(12, 12, last=100, state=CourseState.COMPLETED, follow_ups=2, body=3),
    Chapter(9, 10, next=3, booked=1, body=2, exam=exams.LAX, consents=Consents.EXPIRED),
    Chapter(6, 12, last=1, has_swelling=True, body=3, exam=exams.THIGHS),
    Chapter(3, 10, is_left_open=True),
    # The second half makes the clinic busy.
    Chapter(is_decided=False, last=1, who=OKAFOR, allergy=Allergen.AMIDE_ANAESTHETIC),
    Chapter(exam=exams.POST_LIPOSUCTION, last=13),
    Chapter(exam=exams.BREASTFEEDING, who=OKAFOR),
    Chapter(exam=exams.LAX, last=3),
    Chapter(exam=None, who=OKAFOR),
    Chapter(0, 12, next=2, body=1, booked=4, consents=Consents.REFLECTING),
    Chapter(0, 10, last=4, who=VEGA, exam=exams.BUTTOCKS),
    Chapter(9, 12, next=TODAY, gaps=UNEVEN),
    Chapter(6, 12, next=TODAY, who=OKAFOR, came_from=VEGA),
    Chapter(2, 10, next=5, who=OKAFOR, exam=exams.HEAVIER),
    Chapter(2, 12, next=TODAY, who=VEGA, is_man=True),
    Chapter(7, 10, next=TODAY, who=VEGA, exam=exams.LAX),
    Chapter(exam=exams.SUNBURNT, last=33),
    Chapter(8, 12, next=3, gaps=UNEVEN, body=2, skips=(5,)),
    Chapter(exam=exams.OLD_CLOT, last=1, who=OKAFOR),
    Chapter(11, 12, next=5, booked=1, gaps=UNEVEN, exam=exams.SMOKER),
    Chapter(3, 12, next=4, who=VEGA, missed=Miss.CANCELLED_LATE, allergy=Allergen.IODINE),
    Chapter(7, 10, last=24, exam=exams.BUTTOCKS),
    Chapter(2, 12, last=52, who=OKAFOR),
    Chapter(7, 12, last=16, who=OKAFOR, is_man=True, exam=exams.THIGHS),
    Chapter(
        9, 12, last=19, state=CourseState.PAUSED, reason="travels for work until spring", body=1
    ),
    Chapter(
        3, 10, last=35, state=CourseState.STOPPED, reason="no change she can see, wishes to stop"
    ),
    Chapter(10, 10, last=45, who=OKAFOR, state=CourseState.COMPLETED, follow_ups=1, body=3),
    Chapter(10, 10, last=12, who=VEGA, state=CourseState.COMPLETED, exam=exams.BUTTOCKS),
)
# A larger clinic has more of those who simply go on.
MORE = tuple(
    Chapter(done, planned, next=day, who=who, gaps=gaps)
    for done, planned, day, who, gaps in (
        (1, 10, 1, OKAFOR, EVEN),
        (4, 12, 2, VEGA, UNEVEN),
        (7, 12, 3, LIN, EVEN),
        (2, 12, 4, OKAFOR, UNEVEN),
        (6, 10, 5, VEGA, EVEN),
        (9, 12, 1, LIN, UNEVEN),
        (3, 10, 2, OKAFOR, EVEN),
        (5, 12, 3, VEGA, UNEVEN),
        (8, 12, 4, LIN, EVEN),
        (1, 12, 5, OKAFOR, UNEVEN),
    )
)


def cast(patients: int) -> list[Chapter]:
    """Return one chapter for each patient."""
    more = patients - len(STORY)
    return [*STORY[:patients], *(MORE[place % len(MORE)] for place in range(more))]


# Dates -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dates:
    """The days of one course: opened, held elsewhere before that, held, missed, promised (that
    of today first)."""

    opened_on: date
    elsewhere: tuple[date, ...]
    held: tuple[date, ...]
    missed: tuple[date, ...]
    coming: tuple[date, ...]


def is_workday(day: date, today: date) -> bool:
    return day.weekday() < 5 or day == today


def before(day: date, days: int, today: date) -> date:
    """The last working day at least so many days before `day`."""
    found = day - timedelta(days)
    while not is_workday(found, today):
        found -= timedelta(1)
    return found


def after(day: date, days: int, today: date) -> date:
    """The first working day at least so many days after `day`."""
    found = day + timedelta(days)
    while not is_workday(found, today):
        found += timedelta(1)
    return found


def workday_ahead(today: date, count: int) -> date:
    """The working day so many working days after today; 0 is today."""
    day = today
    for _ in range(count):
        day = after(day, 1, today)
    return day


def dates_of(chapter: Chapter, today: date, rng: Random) -> Dates:
    """Work out the days of a chapter's course, backwards from what comes or was last held."""
    coming = None if chapter.next is None else workday_ahead(today, chapter.next)
    missed: list[date] = []
    if chapter.missed:
        awaited = before(coming, 7, today) if coming else before(today, 4, today)
        missed = [min(awaited, before(today, 1, today))]
        last = before(missed[0], 7, today)
    elif chapter.is_left_open:
        last = before(before(today, 1, today), 7, today)
    elif coming:
        last = min(before(coming, 7, today), before(today, 1, today))
    else:
        last = before(today, chapter.last, today)
    if chapter.has_swelling or chapter.is_left_open:
        coming = after(before(today, 1, today), 7, today)
    held = [last] if chapter.done else []
    for number in range(chapter.done, 1, -1):
        gap = 14 if number in chapter.skips else rng.choice(chapter.gaps)
        held.append(before(held[-1], gap, today))
        if number in chapter.skips:
            missed.append(after(held[-1], 7, today))
    held.reverse()
    elsewhere, held = held[: chapter.elsewhere], held[chapter.elsewhere :]
    first = held[0] if held else min(last, before(today, 3, today))
    return Dates(
        opened_on=before(first, rng.choice((2, 3, 6)), today) if held else first,
        elsewhere=tuple(elsewhere),
        held=tuple(held),
        missed=tuple(sorted(missed)),
        coming=_coming(chapter, coming, today, rng),
    )


def _coming(chapter: Chapter, first: date | None, today: date, rng: Random) -> tuple[date, ...]:
    """Weekly dates from the first one on; today's patients spread over the days of next week."""
    count = min(chapter.booked, chapter.planned - chapter.done)
    found = [first] if first else []
    while found and len(found) < count:
        spread = rng.randrange(5) if found[-1] == today else 0
        found.append(after(found[-1], 7 + spread, today))
    return tuple(found)
