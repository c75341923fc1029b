"""What a review shows: the start of the course, what both people graded since, and the gates.

A reader: rows in, the rules of `treatments.rules.outcome` and `reviews` out. It writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.models import User
from patients.models import AreaExam
from patients.terms import Area
from patients.wording import area_names
from treatments.models import (
    AreaOpinion,
    AreaScore,
    Course,
    CourseMove,
    Measure,
    PatientOpinion,
    Photo,
    Visit,
)
from treatments.rules import comparability, outcome, reviews, scores
from treatments.rules.cadence import Held, to_hold
from treatments.rules.comparability import Pair
from treatments.rules.outcome import Finding, Grades, Outcome
from treatments.rules.pairs import Judgement
from treatments.rules.scores import Scores
from treatments.rules.sentence import Sentence
from treatments.selectors.pairs import judge_pairs
from treatments.terms import MeasureKind, MoveKind, OpinionMethod, ReviewPoint, VisitKind

GRADED = (VisitKind.BASELINE, VisitKind.REVIEW, VisitKind.FOLLOW_UP)
REVIEWS = (VisitKind.REVIEW, VisitKind.FOLLOW_UP)


@dataclass(frozen=True, slots=True)
class Start:
    """Where one area began: its scores, the patient's own grade, the day, and who scored it."""

    scores: Scores
    pr_pcss: int | None
    on: date
    rater: User | None
    is_screening: bool


@dataclass(frozen=True, slots=True)
class AreaLine:
    """One area at one review: the start, what both graded now, and the finding."""

    area: Area
    start: Start | None
    now: Scores | None
    own: AreaOpinion | None
    gais: int | None
    finding: Finding


@dataclass(frozen=True, slots=True)
class Progress:
    """Everything that one review shows. `opinion` is None until it was asked about."""

    visit: Visit
    point: ReviewPoint
    lines: tuple[AreaLine, ...]
    beside: tuple[Sentence, ...]
    opinion: PatientOpinion | None
    is_scored: bool
    is_opening: bool  # the baseline itself: nothing to compare yet

    @property
    def outcomes(self) -> list[Outcome | None]:
        return [line.finding.outcome for line in self.lines]

    @property
    def groups(self) -> list[tuple[Outcome | None, str]]:
        """The areas by their class, in words: the whole course in one look, and no number."""
        found: dict[Outcome | None, list[Area]] = {}
        for line in self.lines:
            found.setdefault(line.finding.outcome, []).append(line.area)
        return [(each, area_names(areas)) for each, areas in found.items()]

    @property
    def needs_reason(self) -> bool:
        """Whether going on from here needs a written reason."""
        return outcome.needs_reason_to_continue(self.outcomes)


# The start ----------------------------------------------------------------------------------------


def starts_of(course: Course) -> dict[Area, Start]:
    """Return where each area of a course began.

    Scores of the baseline visit; where none were given there, what the decided screening saw.
    Neither changes once it is signed or decided. The PCSS comes from the baseline visit only.
    """
    baseline = (
        course.visits.standing()
        .filter(kind=VisitKind.BASELINE)
        .select_related("practitioner")
        .prefetch_related("scores", "opinion__areas")
        .first()
    )
    exams = {Area(exam.area): exam for exam in course.screening.exams.all()}
    scored = {Area(row.area): row for row in baseline.scores.all()} if baseline else {}
    own = own_grades(baseline)
    starts = {}
    for area in course.areas:
        row, exam = scored.get(area), exams.get(area)
        pr_pcss = own[area].pr_pcss if area in own else None
        here = scores_of(row) if row else None
        if baseline and here and not replace(here, cr_pcss=None).is_empty:
            rater = baseline.practitioner
            starts[area] = Start(here, pr_pcss, baseline.held_on, rater, is_screening=False)
        elif exam:
            seen = replace(seen_in(exam), cr_pcss=here.cr_pcss if here else None)
            source = course.screening
            starts[area] = Start(seen, pr_pcss, source.started_on, source.decided_by, True)
    return starts


def scores_of(row: AreaScore) -> Scores:
    """Return a stored score as the rules read it."""
    names = (*scores.NAMES, "cr_pcss")
    return Scores(area=Area(row.area), **{name: getattr(row, name) for name in names})


def seen_in(exam: AreaExam) -> Scores:
    """Return what a screening saw of an area, as scores without a PCSS."""
    seen: dict[str, Any] = {here: getattr(exam, there) for here, there in scores.NAMES.items()}
    return Scores(area=Area(exam.area), **seen)


def opinion_of(visit: Visit | None) -> PatientOpinion | None:
    return getattr(visit, "opinion", None)


def shown_opinion(visit: Visit) -> PatientOpinion | None:
    """Return the opinion of a visit where it may be read: not before the scores, unless signed.

    That she was not asked, and why, may be read at once.
    """
    opinion = opinion_of(visit)
    is_blind = opinion is not None and opinion.method and not visit.signed_at
    return None if is_blind and not visit.scores.all() else opinion


def own_grades(visit: Visit | None) -> dict[Area, AreaOpinion]:
    """Return what the patient graded herself on a visit, by area."""
    opinion = opinion_of(visit)
    return {Area(row.area): row for row in opinion.areas.all()} if opinion else {}


# One review ---------------------------------------------------------------------------------------


def progress_at(visit: Visit) -> Progress:
    """Return what one review, follow-up or baseline found, area by area."""
    course = visit.course
    starts = starts_of(course)
    scored = {Area(row.area): row for row in visit.scores.all()}
    own = own_grades(visit)
    lines = tuple(
        _line(area, starts.get(area), scored.get(area), own.get(area)) for area in course.areas
    )
    return Progress(
        visit=visit,
        point=gate_of(visit),
        lines=lines,
        beside=outcome.confounders(circumstances(visit, starts)),
        opinion=opinion_of(visit),
        is_scored=bool(scored),
        is_opening=visit.kind == VisitKind.BASELINE,
    )


def _line(
    area: Area, start: Start | None, row: AreaScore | None, own: AreaOpinion | None
) -> AreaLine:
    now = scores_of(row) if row else None
    before = Grades(
        css=start.scores.css if start else None,
        cr_pcss=start.scores.cr_pcss if start else None,
        pr_pcss=start.pr_pcss if start else None,
    )
    after = Grades(
        css=now.css if now else None,
        cr_pcss=now.cr_pcss if now else None,
        pr_pcss=own.pr_pcss if own else None,
        s_gais=own.gais if own else None,
    )
    gais = row.gais if row else None
    return AreaLine(area, start, now, own, gais, outcome.classify(area, before, after))


def circumstances(visit: Visit, starts: dict[Area, Start]) -> outcome.Circumstances:
    """Collect what stands beside the comparison of a review with the start."""
    course = visit.course
    sessions = [held for held in numbered(course) if held.on <= visit.held_on]
    raters = {start.rater.pk if start.rater else None for start in starts.values()}
    known = bool(raters) and None not in raters
    first, now = shots(visit)
    judgement = _judgement(visit, first, now)
    return outcome.Circumstances(
        weight_before=first.weight_kg,
        weight_now=now.weight_kg,
        same_rater=raters == {visit.practitioner_id} if known else None,
        pair=judgement.pair,
        caveats=(*judgement.obstacles, *comparability.swelling((first, now))),
        sessions=max((held.number for held in sessions), default=course.earlier_sessions),
        planned=to_hold(course.facts, numbered(course)),
        missed=course.missed.filter(taken_back_at=None, missed_on__lte=visit.held_on).count(),
        days_since_session=comparability.days_since_session(now),
    )


def shots(visit: Visit) -> tuple[comparability.Shot, comparability.Shot]:
    """Return the two days of a comparison: the start, and that of the visit.

    A review is often held on the day of a session: what was measured on the day counts for both.
    """
    days = tuple(held.on for held in numbered(visit.course))
    baseline = baseline_of(visit.course)
    screening = visit.course.screening
    began = baseline.held_on if baseline else screening.started_on
    before = _weight_on(visit.course, baseline.held_on) if baseline else None
    return (
        comparability.Shot(began, days, before if before is not None else screening.weight_kg),
        comparability.Shot(visit.held_on, days, _weight_on(visit.course, visit.held_on)),
    )


def pair_of(visit: Visit) -> Pair:
    """Say whether the photographs of the start and of this day can be graded by."""
    return judgement_of(visit).pair


def judgement_of(visit: Visit) -> Judgement:
    """Return the best judgement among the views that were taken at the start and on this day."""
    return _judgement(visit, *shots(visit))


def _judgement(visit: Visit, first: comparability.Shot, now: comparability.Shot) -> Judgement:
    both = list(views_of_both(visit).values())
    found = [each.judgement for each in judge_pairs(both, (first, now))]
    return min(found, key=_rank, default=Judgement(Pair.NONE))


def _rank(judgement: Judgement) -> tuple[int, int]:
    """Fewer obstacles first, then fewer caveats."""
    return len(judgement.obstacles), len(judgement.caveats)


def views_of_both(visit: Visit) -> dict[str, tuple[Photo, Photo]]:
    """Return the photographs of the views that were taken at the start and on this day."""
    baseline = baseline_of(visit.course)
    if baseline is None or visit.kind == VisitKind.BASELINE:
        return {}
    photos = Photo.objects.standing().filter(visit__course=visit.course)
    photos = photos.select_related("course", "key")
    before = {photo.view: photo for photo in photos.filter(visit=baseline)}
    today = photos.filter(visit__held_on=visit.held_on).exclude(visit=baseline)
    now = {photo.view: photo for photo in today.order_by("added_at")}
    return {view: (before[view], now[view]) for view in before if view in now}


def baseline_of(course: Course) -> Visit | None:
    return next(iter(course.held(VisitKind.BASELINE)), None)


def _weight_on(course: Course, day: date) -> Decimal | None:
    rows = Measure.objects.filter(
        visit__course=course,
        visit__voided_at=None,
        visit__held_on=day,
        kind=MeasureKind.WEIGHT,
    )
    return rows.order_by("-visit__recorded_at", "-pk").values_list("value", flat=True).first()


def method_before(visit: Visit) -> OpinionMethod | None:
    """Return with what the patient judged at an earlier visit: it should stay the same."""
    earlier = PatientOpinion.objects.filter(
        visit__course__patient=visit.course.patient_id, visit__voided_at=None
    ).exclude(method="")
    found = earlier.exclude(visit=visit).order_by("-visit__held_on", "-pk").first()
    return OpinionMethod(found.method) if found else None


def last_css(visit: Visit) -> dict[Area, int | None]:
    """Return the CSS total that each area had when it was last scored before this visit."""
    found = {area: start.scores.css for area, start in starts_of(visit.course).items()}
    earlier = visit.course.visits.standing().filter(kind__in=REVIEWS, held_on__lt=visit.held_on)
    for each in earlier.order_by("held_on", "pk").prefetch_related("scores"):
        totals = {Area(row.area): scores_of(row).css for row in each.scores.all()}
        found |= {area: css for area, css in totals.items() if css is not None}
    return {} if visit.kind == VisitKind.BASELINE else found


# Gates --------------------------------------------------------------------------------------------


def numbered(course: Course) -> list[Held]:
    """The sessions held here by their number, those held elsewhere before counted in."""
    held = course.held(VisitKind.TREATMENT)
    return [
        Held(number, visit.held_on)
        for number, visit in enumerate(held, start=course.earlier_sessions + 1)
    ]


def reviews_of(course: Course) -> list[Visit]:
    """Return the standing reviews and follow-ups of a course in their order."""
    found = [visit for kind in REVIEWS for visit in course.held(kind)]
    return sorted(found, key=lambda visit: (visit.held_on, visit.pk))


def as_review(visit: Visit) -> reviews.Review:
    """Return a visit as the rules of the gates read it."""
    is_follow_up = visit.kind == VisitKind.FOLLOW_UP
    return reviews.Review(visit.held_on, visit.review_point, is_follow_up, visit.pk)


def gate_of(visit: Visit) -> ReviewPoint:
    """Name the gate at which a review stands: the one that was given, else by its day."""
    course = visit.course
    return reviews.point_of(course.facts, numbered(course), as_review(visit))


def gates_of(course: Course, today: date | None = None) -> tuple[reviews.Gate, ...]:
    """Return the gates of a course, from `Course.objects.with_sessions()`."""
    held = [as_review(visit) for visit in reviews_of(course)]
    return reviews.gates(course.facts, numbered(course), held, today or timezone.localdate())


def gate_name(gate: reviews.Gate) -> str:
    """Name a gate: by its point, or by its session where a protocol asks for another one."""
    if gate.point == ReviewPoint.OTHER and gate.after is not None:
        return _("Session %(number)d") % {"number": gate.after}
    return str(gate.point.label)


def reviews_written(course: Course) -> frozenset[int]:
    """Return after which sessions a review was written; from prefetched visits, no query."""
    facts, sessions = course.facts, numbered(course)
    return frozenset(
        reviews.stands_after(facts, sessions, as_review(visit))
        for visit in course.held(VisitKind.REVIEW)
    )


def futility_review(course: Course) -> Visit | None:
    """Return the last review that stands after session 10 or a later one."""
    facts, sessions = course.facts, numbered(course)
    late = [
        visit
        for visit in course.held(VisitKind.REVIEW)
        if reviews.stands_after(facts, sessions, as_review(visit)) >= reviews.FUTILITY_AFTER
    ]
    return late[-1] if late else None


def reason_written(course: Course) -> CourseMove | None:
    """Return the written reason for going on without a measurable change."""
    return course.moves.filter(kind=MoveKind.CONTINUED).select_related("by").last()


def may_go_on(course: Course) -> str | None:
    """Say what stands against a session after the tenth; None when nothing does.

    With no area better at the review of session 10, or without that review, going on needs a
    written reason (domain.md 1.10). Once it is written it holds for the rest of the course. A
    tenth session that was held elsewhere asks for nothing here.
    """
    numbers = {held.number for held in numbered(course)}
    if reviews.FUTILITY_AFTER not in numbers or reason_written(course):
        return None
    review = futility_review(course)
    if review is None:
        return _(
            "Session 10 is held and its review is not written. Write the review, or give the "
            "reason for going on without it."
        )
    found = progress_at(review)
    if not found.needs_reason:
        return None
    if not found.is_scored:
        return _(
            "The review after session 10 is not scored. Score it, or give the reason for going on "
            "without it."
        )
    if None in found.outcomes:
        return _(
            "The review after session 10 cannot say of every area whether it changed. Complete it, "
            "or give the reason for going on."
        )
    if Outcome.WORSE in found.outcomes:
        return _(
            "The review after session 10 found no area better and at least one worse. Going on "
            "needs a written reason."
        )
    return _(
        "The review after session 10 found no measurable change in any area. Going on needs a "
        "written reason."
    )
