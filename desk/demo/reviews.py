"""What patient and clinician graded at the demo's reviews: mostly no measurable change.

The evidence for the method is weak, so of seven courses three show nothing, two are better for one
of the two people only, one is better for both by a single level, which is about as many as in the
placebo groups of trials, and one is worse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from patients.models import AreaExam
from patients.terms import Area
from treatments.actions import continue_without_change
from treatments.actions.reviews import Opinion, Own, record_opinion, record_scores
from treatments.models import PatientOpinion, Visit
from treatments.rules.comparability import can_grade
from treatments.rules.reviews import FUTILITY_AFTER
from treatments.rules.scores import NAMES, has_pcss
from treatments.selectors.progress import GRADED, gate_of, may_go_on, pair_of
from treatments.terms import OpinionMethod, VisitKind

# CR-PCSS of somebody with so many depressions (CSS item a).
LIKELY_PCSS = (1, 2, 3, 4)
SEEN_FROM = 5  # sessions


@dataclass(frozen=True, slots=True)
class Turn:
    """How the grades of one course move: levels, below 0 is better but for the two GAIS."""

    cr_pcss: int = 0
    pr_pcss: int = 0
    gais: int = 0
    own_gais: int = 0


SAME = Turn()
TURNS = (
    SAME,
    Turn(pr_pcss=-1, own_gais=1),
    SAME,
    Turn(cr_pcss=-1, gais=1),
    Turn(cr_pcss=-1, pr_pcss=-1, gais=1, own_gais=1),
    SAME,
    Turn(cr_pcss=1, gais=-1, own_gais=-1),
)


def grade(visit: Visit, place: int, at: datetime) -> None:
    """Give a baseline, review or follow-up its opinion and its scores, by the real actions.

    `place` is that of the course in the demo; `at` is when she answered.
    """
    if visit.kind not in GRADED:
        return
    turn = TURNS[place % len(TURNS)] if held_by(visit) >= SEEN_FROM else SAME
    exams = {Area(exam.area): exam for exam in visit.course.screening.exams.all()}
    exams = {area: exam for area, exam in exams.items() if area in visit.course.areas}
    method = OpinionMethod.PHOTO if place % 3 == 2 else OpinionMethod.MIRROR
    is_start = visit.kind == VisitKind.BASELINE
    opinion = Opinion(
        method=method,
        satisfaction=3 + place % 3 - turn.pr_pcss,
        areas={area: own_of(exam, area, turn, is_start) for area, exam in exams.items()},
    )
    kept = record_opinion(visit=visit, opinion=opinion, by=visit.practitioner)
    PatientOpinion.objects.filter(pk=kept.pk).update(given_at=at)
    visit.refresh_from_db(fields=["version"])
    has_gais = not is_start and can_grade(pair_of(visit))
    record_scores(
        visit=visit,
        version=visit.version,
        point=None if is_start else gate_of(visit),
        scores={area: seen_of(exam, area, turn, has_gais) for area, exam in exams.items()},
        by=visit.practitioner,
    )
    explain(visit)


def explain(visit: Visit) -> None:
    """Write down why a course goes on after session 10, where its review asks for that."""
    course = visit.course
    goes_on = visit.kind == VisitKind.REVIEW and course.planned_sessions > FUTILITY_AFTER
    if goes_on and may_go_on(course):
        continue_without_change(
            course=course,
            reason=gettext("She knows that nothing has changed and wishes to finish the plan."),
            by=visit.practitioner,
            on=visit.held_on,
        )


def held_by(visit: Visit) -> int:
    """Count the sessions held by the day of a visit."""
    sessions = visit.course.visits.treatments().filter(held_on__lte=visit.held_on)
    return visit.course.earlier_sessions + sessions.count()


def own_of(exam: AreaExam, area: Area, turn: Turn, is_start: bool) -> Own:
    """What she grades herself of one area."""
    grade = pcss_of(exam, turn.pr_pcss) if has_pcss(area) else None
    return Own(grade, None if is_start else turn.own_gais)


def seen_of(exam: AreaExam, area: Area, turn: Turn, has_gais: bool) -> Mapping[str, Any]:
    """What the clinician scores of one area: what the screening saw, and the turn since."""
    seen = {here: getattr(exam, there) for here, there in NAMES.items()}
    seen["cr_pcss"] = pcss_of(exam, turn.cr_pcss) if has_pcss(area) else None
    return seen | {"gais": turn.gais if has_gais else None}


def pcss_of(exam: AreaExam, turn: int) -> int:
    return max(0, min(4, LIKELY_PCSS[exam.css_number or 0] + turn))
