"""Who is asked first, who scores, what a review finds, and what going on after session 10 needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from clinic.models import AuditEvent
from clinic.refusal import Refused, Stale
from clinic.roles import Role
from patients.terms import Area
from tests import make
from tests.pure.real_photos import CORPUS, DRAWN
from treatments.actions import change_course_state, void_visit
from treatments.actions.reviews import (
    Opinion,
    Own,
    continue_course,
    record_opinion,
    record_scores,
    skip_opinion,
)
from treatments.models import AreaOpinion, AreaScore, Course, CourseMove, PatientOpinion, Visit
from treatments.models.course import CourseState
from treatments.rules.comparability import Pair
from treatments.rules.outcome import Outcome
from treatments.rules.reviews import GateState
from treatments.selectors.progress import (
    gate_of,
    gates_of,
    judgement_of,
    last_css,
    may_go_on,
    method_before,
    pair_of,
    progress_at,
    reviews_written,
    starts_of,
    views_of_both,
)
from treatments.terms import MeasureKind, OpinionMethod, ReviewPoint, View, VisitKind

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
LEFT, RIGHT = make.BUTTOCKS
ASKED = Opinion(method=OpinionMethod.MIRROR, satisfaction=6, areas={LEFT: Own(3, 0), RIGHT: Own(2)})


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), tick=False):
        yield


def course_of(visits: int = 5, **details: Any) -> Course:
    return make.course(visits=visits, areas=make.BUTTOCKS, **details)


def review_of(visits: int = 5, **details: Any) -> Visit:
    """Make a review of today, on the day of the last session."""
    return make.review(course_of(visits), **details)


def opine(visit: Visit, opinion: Opinion = ASKED) -> PatientOpinion:
    return record_opinion(visit=visit, opinion=opinion, by=visit.practitioner)


def score(
    visit: Visit, scores: Mapping[Area, Mapping[str, Any]] | None = None, **changed: Any
) -> Visit:
    visit.refresh_from_db()
    details: dict[str, Any] = {
        "visit": visit,
        "version": visit.version,
        "point": ReviewPoint.SESSION_5 if visit.kind == VisitKind.REVIEW else None,
        "scores": dict.fromkeys(make.BUTTOCKS, make.SEEN) if scores is None else scores,
        "by": visit.practitioner,
    }
    return record_scores(**details | changed)


def refusal(call: Any, *args: Any, **details: Any) -> str:
    with pytest.raises(Refused) as refused:
        call(*args, **details)
    return refused.value.message


# The patient first --------------------------------------------------------------------------------


def test_opinion_is_kept_by_area_with_its_method_and_who_asked() -> None:
    visit = review_of()
    kept = opine(visit)
    assert (kept.method, kept.satisfaction, kept.asked_by) == ("mirror", 6, visit.practitioner)
    rows = kept.areas.order_by("area").values_list("area", "pr_pcss", "gais")
    assert list(rows) == [("buttock_left", 3, 0), ("buttock_right", 2, None)]
    assert (
        AuditEvent.objects.filter(action="opinion given", target=f"visit {visit.pk}").count() == 1
    )


def test_opinion_leaves_no_row_for_an_area_she_said_nothing_of() -> None:
    visit = review_of()
    opine(visit, Opinion(method=OpinionMethod.PHOTO, areas={LEFT: Own(1), RIGHT: Own()}))
    assert list(AreaOpinion.objects.values_list("area", flat=True)) == ["buttock_left"]


def test_opinion_is_refused_once_the_scores_are_written() -> None:
    visit = review_of()
    make.scores(visit)
    sentence = "The scores of this visit are written, so the patient cannot be asked before them."
    assert refusal(opine, visit) == sentence
    assert refusal(skip_opinion, visit=visit, reason="x", by=visit.practitioner) == sentence


def test_opinion_is_asked_once() -> None:
    visit = review_of()
    opine(visit)
    assert refusal(opine, visit) == (
        "The patient has given an opinion already; it is asked once for each visit."
    )


def test_opinion_is_refused_when_nothing_is_answered() -> None:
    empty = Opinion(method=OpinionMethod.MIRROR, areas={LEFT: Own()})
    assert refusal(opine, review_of(), empty) == (
        "Nothing is answered yet. Answer at least one question."
    )


def test_opinion_is_refused_for_an_area_that_is_not_treated() -> None:
    foreign = Opinion(method=OpinionMethod.MIRROR, areas={Area.HIP_LEFT: Own(gais=1)})
    assert refusal(opine, review_of(), foreign) == "Hip, left: not treated in this course."


def test_pcss_is_refused_where_its_photographs_do_not_show_the_region() -> None:
    visit = make.review(make.course(visits=5, areas=[Area.KNEE_LEFT]))
    asked = Opinion(method=OpinionMethod.MIRROR, areas={Area.KNEE_LEFT: Own(2, 1)})
    sentence = "Knee, left: the photographs of the PCSS do not show this region."
    assert refusal(opine, visit, asked) == sentence
    make.opinion(visit, pr_pcss=None)
    assert refusal(score, visit, {Area.KNEE_LEFT: make.SEEN}) == sentence


def test_gais_is_refused_at_the_baseline_for_both() -> None:
    visit = make.review(course_of(), kind=VisitKind.BASELINE)
    sentence = "At the start there is nothing to compare with, so there is no GAIS yet."
    assert refusal(opine, visit) == sentence
    make.opinion(visit)
    assert refusal(score, visit, {LEFT: make.SEEN | {"gais": 0}}) == sentence


def test_another_method_than_before_asks_for_a_confirmation() -> None:
    visit = review_of()
    make.opinion(make.review(visit.course, on=TODAY - timedelta(40)))
    photo = Opinion(method=OpinionMethod.PHOTO, satisfaction=3)
    with pytest.raises(Refused) as refused:
        opine(visit, photo)
    assert (refused.value.message, refused.value.field) == (
        "So far the patient judged with: mirror. Keep to it, or confirm the change.",
        "method",
    )
    confirmed = Opinion(method=OpinionMethod.PHOTO, satisfaction=3, changes_method=True)
    assert opine(visit, confirmed).method == "photo"


def test_method_before_is_the_last_one_of_the_patient_not_of_this_visit() -> None:
    visit = review_of()
    assert method_before(visit) is None
    make.opinion(make.review(visit.course, on=TODAY - timedelta(40)), method=OpinionMethod.PHOTO)
    opine(visit, Opinion(method=OpinionMethod.MIRROR, satisfaction=1, changes_method=True))
    assert method_before(visit) == OpinionMethod.PHOTO


def test_not_asked_needs_a_reason_and_gives_way_to_an_answer() -> None:
    visit = review_of()
    by = visit.practitioner
    assert (
        refusal(skip_opinion, visit=visit, reason=" ", by=by)
        == "Say why the patient was not asked."
    )
    noted = skip_opinion(visit=visit, reason="Had to leave.", by=by)
    assert (noted.method, noted.not_asked_reason) == ("", "Had to leave.")
    kept = opine(visit)
    assert (kept.pk, kept.method, kept.not_asked_reason) == (noted.pk, "mirror", "")


# The clinician after her --------------------------------------------------------------------------


def test_scores_are_kept_by_area_with_the_gate() -> None:
    visit = review_of()
    opine(visit)
    saved = score(visit, {LEFT: make.SEEN, RIGHT: {"cr_pcss": None}})
    assert list(saved.scores.values_list("area", "css_a", "cr_pcss")) == [("buttock_left", 2, 3)]
    assert (saved.review_point, saved.version) == ("session_5", 3)


def test_scores_are_refused_before_the_patient_was_asked() -> None:
    assert refusal(score, review_of()) == (
        "The patient is asked first. Ask for an opinion, or note why nobody was asked."
    )


def test_scores_may_be_written_once_it_is_said_why_she_was_not_asked() -> None:
    visit = review_of()
    skip_opinion(visit=visit, reason="Had to leave.", by=visit.practitioner)
    assert score(visit).scores.count() == 2


def test_scores_are_those_of_the_one_who_held_the_visit() -> None:
    visit = review_of()
    opine(visit)
    assert refusal(score, visit, by=make.practitioner("Dr Vega")) == (
        "Only Dr Lin, who held this visit, gives its scores."
    )


def test_scores_are_refused_on_an_old_version() -> None:
    visit = review_of()
    opine(visit)
    with pytest.raises(Stale) as stale:
        score(visit, version=1)
    assert (stale.value.message, stale.value.version) == (
        "Somebody else saved this visit while you were typing. Compare and save again.",
        2,
    )
    assert AreaScore.objects.count() == 0


def test_scores_are_refused_when_nothing_is_scored() -> None:
    visit = review_of()
    opine(visit)
    sentence = "Nothing is scored yet. Score at least one area."
    assert refusal(score, visit, {LEFT: {"css_a": None}}) == sentence


def test_depth_without_a_depression_is_refused() -> None:
    visit = review_of()
    opine(visit)
    assert refusal(score, visit, {LEFT: make.SEEN | {"css_a": 0, "css_b": 1}}) == (
        "Buttock, left: No depression was counted, so the depth can only be 0."
    )


def test_gais_is_refused_without_a_pair_of_photographs() -> None:
    visit = review_of()
    opine(visit)
    sentence = "GAIS is not possible: there is no pair of photographs that can be compared."
    assert refusal(score, visit, {LEFT: make.SEEN | {"gais": 0}}) == sentence


def with_pair(visits: int = 5, *, weight: str | None = None) -> Visit:
    """Make a review of today with the back relaxed photographed at the start and on the day."""
    course = course_of(visits)
    start = make.visit(course, kind=VisitKind.BASELINE, on=course.opened_on)
    start.measures.create(kind=MeasureKind.WEIGHT, value="60.0")
    make.photo(start)
    visit = make.review(course)
    if weight:
        visit.measures.create(kind=MeasureKind.WEIGHT, value=weight)
    make.photo(visit)
    return visit


def test_gais_is_kept_with_a_pair_and_refused_where_it_cannot_be_compared() -> None:
    visit = with_pair()
    opine(visit)
    assert score(visit, {LEFT: make.SEEN | {"gais": 1}}).scores.get().gais == 1
    visit = with_pair(weight="64.0")  # more than 5 of 100 above the start
    opine(visit)
    assert [line.template for line in progress_at(visit).beside[2:4]] == [
        "Photographs: not comparable, so nobody grades by them.",
        "The weight differs by more than 5 of 100.",
    ]
    assert refusal(score, visit, {LEFT: make.SEEN | {"gais": 1}}) == (
        "GAIS is not possible: there is no pair of photographs that can be compared. "
        "The weight differs by more than 5 of 100."
    )


def pictured(before: bytes, now: bytes) -> Visit:
    """Make a review with these two photographs of one view, and the patient's opinion given."""
    course = course_of(5)
    start = make.visit(course, kind=VisitKind.BASELINE, on=course.opened_on)
    visit = make.review(course)
    make.photo(start, content=before)
    make.photo(visit, content=now)
    opine(visit)
    return visit


def test_gais_is_refused_by_photographs_of_two_scenes_and_kept_by_a_view_that_fits() -> None:
    back, side = (
        (DRAWN / f"body1-{view}-0.jpg").read_bytes() for view in ("back_relaxed", "left_relaxed")
    )
    visit = pictured(back, side)
    assert refusal(score, visit, {LEFT: make.SEEN | {"gais": 1}}) == (
        "GAIS is not possible: there is no pair of photographs that can be compared. "
        "They do not show the same scene. Is one of them filed wrongly?"
    )
    make.photo(visit.course.visits.get(kind=VisitKind.BASELINE), View.LEFT_RELAXED, side)
    make.photo(visit, View.LEFT_RELAXED, side)
    assert pair_of(visit) == Pair.WITH_CAVEATS
    assert score(visit, {LEFT: make.SEEN | {"gais": 1}}).scores.get().gais == 1


@pytest.mark.skipif(CORPUS is None, reason="CORPUS_DIR names no photographs")
@pytest.mark.parametrize("camera", ["iphone", "canon"])
def test_gais_is_kept_with_one_scene_in_two_lights_and_the_light_is_said(camera: str) -> None:
    assert CORPUS is not None
    folder = CORPUS / "exif-samples" / "jpg" / "hdr"
    one, other = ((folder / f"{camera}_hdr_{each}.jpg").read_bytes() for each in ("NO", "YES"))
    visit = pictured(one, other)
    found = judgement_of(visit)
    assert found.pair == Pair.WITH_CAVEATS
    assert "Light differs: the later one is darker." in [each.template for each in found.caveats]
    assert score(visit, {LEFT: make.SEEN | {"gais": 1}}).scores.get().gais == 1


def test_gais_is_refused_where_a_photograph_cannot_be_read(private_photos: Path) -> None:
    visit = with_pair()
    opine(visit)
    assert pair_of(visit) == Pair.WITH_CAVEATS
    for file in private_photos.rglob("thumb.sealed"):
        file.write_bytes(b"something else")
    assert refusal(score, visit, {LEFT: make.SEEN | {"gais": 1}}) == (
        "GAIS is not possible: there is no pair of photographs that can be compared. "
        "One of the two cannot be read."
    )


def test_pair_of_the_day_may_have_been_taken_with_the_session() -> None:
    visit = with_pair()
    session = visit.course.visits.treatments().last()
    taken = make.photo(session, View.LEFT_RELAXED)
    make.photo(visit.course.visits.get(kind=VisitKind.BASELINE), View.LEFT_RELAXED)
    assert set(views_of_both(visit)) == {View.BACK_RELAXED, View.LEFT_RELAXED}
    assert views_of_both(visit)[View.LEFT_RELAXED][1] == taken


@pytest.mark.parametrize("call", [opine, score])
def test_closed_visits_take_neither_opinion_nor_scores(call: Any) -> None:
    visit = review_of()
    make.opinion(visit)
    Visit.objects.filter(pk=visit.pk).update(signed_at=timezone.now(), signed_by=visit.practitioner)
    assert refusal(call, visit) == (
        "This visit is signed and no longer changes. Write an addendum instead."
    )


@pytest.mark.parametrize("call", [opine, score])
def test_struck_out_visits_take_neither_opinion_nor_scores(call: Any) -> None:
    visit = review_of()
    void_visit(visit=visit, reason="Wrong patient.", by=visit.practitioner)
    assert refusal(call, visit) == "This visit is struck out, so nothing is added to it."


@pytest.mark.parametrize("call", [opine, score])
def test_sessions_take_neither_opinion_nor_scores(call: Any) -> None:
    visit = course_of().visits.treatments().last()
    assert refusal(call, visit) == (
        "Scores and opinions belong to a baseline, a review or a follow-up."
    )


@pytest.mark.parametrize("call", [opine, score])
def test_archived_patients_take_neither_opinion_nor_scores(call: Any) -> None:
    visit = review_of()
    patient = visit.course.patient
    patient.archived_at, patient.archived_by = timezone.now(), visit.practitioner
    patient.save()
    assert refusal(call, visit) == "This patient is archived. Bring the patient back first."


# The start ----------------------------------------------------------------------------------------


def test_start_is_what_the_screening_saw_where_the_baseline_was_not_scored() -> None:
    course = course_of()
    make.visit(course, kind=VisitKind.BASELINE, on=course.opened_on)
    start = starts_of(course)[LEFT]
    assert (start.scores.css, start.scores.cr_pcss, start.pr_pcss) == (7, None, None)
    assert (start.is_screening, start.rater) == (True, course.screening.decided_by)


def test_start_is_what_the_baseline_scored_and_the_patient_graded_there() -> None:
    course = course_of()
    baseline = make.review(course, kind=VisitKind.BASELINE, on=course.opened_on)
    make.graded(baseline, own={"pr_pcss": 2}, css_a=3)
    start = starts_of(course)[LEFT]
    assert (start.scores.css, start.scores.cr_pcss, start.pr_pcss) == (8, 3, 2)
    assert (start.is_screening, start.on) == (False, course.opened_on)


def test_start_takes_the_pcss_of_the_baseline_and_the_css_of_the_screening() -> None:
    course = course_of()
    baseline = make.review(course, kind=VisitKind.BASELINE, on=course.opened_on)
    AreaScore.objects.create(visit=baseline, area=LEFT, cr_pcss=4)
    starts = starts_of(course)
    assert (starts[LEFT].scores.css, starts[LEFT].scores.cr_pcss) == (7, 4)
    assert starts[RIGHT].scores.cr_pcss is None


def test_start_does_not_come_from_a_baseline_that_was_struck_out() -> None:
    course = course_of()
    baseline = make.review(course, kind=VisitKind.BASELINE, on=course.opened_on)
    make.graded(baseline, css_a=3)
    void_visit(visit=baseline, reason="Wrong patient.", by=course.practitioner)
    assert starts_of(course)[LEFT].is_screening


# What a review finds ------------------------------------------------------------------------------


def started(visits: int = 5, **details: Any) -> Course:
    """Make a course whose baseline was graded: CSS 7, both PCSS 3."""
    course = course_of(visits, **details)
    make.graded(make.review(course, kind=VisitKind.BASELINE, on=course.opened_on))
    return course


@pytest.mark.parametrize(
    ("own", "changed", "outcome"),
    [
        ({}, {}, Outcome.NO_CHANGE),
        ({"pr_pcss": 2}, {"cr_pcss": 2}, Outcome.RESPONSE),
        ({"pr_pcss": 1}, {"cr_pcss": 1}, Outcome.CLEAR_RESPONSE),
        ({"pr_pcss": 2}, {}, Outcome.MIXED),
        ({"gais": -1}, {}, Outcome.WORSE),
        ({"gais": None}, {}, None),
        ({}, {"css_d": None}, None),
    ],
)
def test_review_is_classed_against_the_start_of_this_course(
    own: dict[str, Any], changed: dict[str, Any], outcome: Outcome | None
) -> None:
    visit = make.graded(make.review(started()), own=own, **changed)
    assert progress_at(visit).outcomes == [outcome, outcome]


def test_areas_are_classed_apart() -> None:
    visit = make.review(started())
    make.opinion(visit)
    make.scores(visit)
    visit.scores.filter(area=LEFT).update(cr_pcss=4)
    assert progress_at(visit).outcomes == [Outcome.WORSE, Outcome.NO_CHANGE]


def test_review_without_scores_cannot_be_said() -> None:
    found = progress_at(make.review(started()))
    assert (found.outcomes, found.is_scored, found.opinion) == ([None, None], False, None)


def test_review_names_weight_rater_pair_sessions_and_days_beside_it() -> None:
    course = started()
    baseline = course.visits.get(kind=VisitKind.BASELINE)
    baseline.measures.create(kind=MeasureKind.WEIGHT, value="60.0")
    session = course.visits.treatments().last()
    session.measures.create(kind=MeasureKind.WEIGHT, value="58.0")
    visit = make.review(course)
    Visit.objects.filter(pk=visit.pk).update(practitioner=make.practitioner("Dr Vega"))
    course.missed.create(promise=1, missed_on=TODAY - timedelta(9), noted_by=course.practitioner)
    course.missed.create(
        promise=2,
        missed_on=TODAY - timedelta(8),
        noted_by=course.practitioner,
        taken_back_at=timezone.now(),
    )
    visit = Visit.objects.get(pk=visit.pk)
    assert [line.template % line.values for line in progress_at(visit).beside] == [
        "Weight 58.0 kg, was 60.0 kg: weight alone can change the look, for the better or for the worse.",
        "Another person scored the start: 1 or 2 points can come from the change of eyes.",
        "No pair of photographs: there is none of the same view from both days.",
        "Sessions held: 5 of 12.",
        "Sessions missed: 1.",
        "Days since the last session: 7.",
    ]


def test_last_css_is_that_of_the_review_before_else_of_the_start() -> None:
    course = started()
    visit = make.review(course)
    assert last_css(visit) == {LEFT: 7, RIGHT: 7}
    make.graded(make.review(course, on=TODAY - timedelta(7)), css_c=3)
    assert last_css(visit) == {LEFT: 8, RIGHT: 8}


def test_pair_is_none_without_photographs_of_both_days() -> None:
    visit = review_of()
    make.photo(visit)
    assert pair_of(visit) == Pair.NONE


# Gates --------------------------------------------------------------------------------------------


def states(course: Course, today: date = TODAY) -> list[tuple[str, str, date | None]]:
    course = Course.objects.with_sessions().get(pk=course.pk)
    return [(gate.point.value, gate.state.value, gate.due_on) for gate in gates_of(course, today)]


AHEAD = [(point, "ahead", None) for point in ("weeks_4", "months_3", "months_6")]


def test_gate_falls_due_on_the_day_of_its_session() -> None:
    assert states(course_of(4)) == [
        ("session_5", "ahead", None),
        ("session_10", "ahead", None),
        ("end", "ahead", None),
        *AHEAD,
    ]
    assert states(course_of(6))[0] == ("session_5", "due", TODAY - timedelta(7))


def test_gate_is_written_by_a_review_of_its_day_or_by_the_one_that_names_it() -> None:
    course = course_of(6)
    review = make.review(course)
    assert (gate_of(review), states(course)[0][1]) == (ReviewPoint.OTHER, "due")
    Visit.objects.filter(pk=review.pk).update(review_point=ReviewPoint.SESSION_5)
    review.refresh_from_db()
    assert (gate_of(review), states(course)[0][1]) == (ReviewPoint.SESSION_5, "written")
    assert reviews_written(review.course) == {5}


def test_gate_is_passed_when_a_later_one_is_written() -> None:
    course = course_of(10)
    make.review(course)
    assert [state for _point, state, _due in states(course)[:3]] == ["passed", "written", "ahead"]


def test_end_goes_before_session_10_in_a_course_of_10() -> None:
    course = course_of(10, planned_sessions=10)
    assert [point for point, _state, _due in states(course)[:2]] == ["session_5", "end"]
    assert gate_of(make.review(course)) == ReviewPoint.END


def test_checks_fall_due_4_weeks_3_and_6_months_after_the_last_session() -> None:
    course = course_of(10, planned_sessions=10, last_on=date(2026, 8, 31))
    make.review(course, on=date(2026, 8, 31))
    assert states(course)[2:] == [
        ("weeks_4", "due", date(2026, 9, 28)),
        ("months_3", "ahead", date(2026, 11, 30)),
        ("months_6", "ahead", date(2027, 2, 28)),
    ]
    assert [state for _point, state, _due in states(course, date(2026, 11, 30))[2:]] == [
        "passed",
        "due",
        "ahead",
    ]
    make.review(course, kind=VisitKind.FOLLOW_UP, on=date(2026, 10, 2))
    assert states(course)[2][1] == "written"


def test_stopped_course_has_no_gates_to_come() -> None:
    course = course_of(6)
    change_course_state(
        course=course, to=CourseState.STOPPED, reason="Moved.", by=course.practitioner
    )
    assert states(course) == [
        ("session_5", "passed", TODAY - timedelta(7)),
        ("end", "passed", TODAY),
    ]


def test_struck_out_review_writes_no_gate() -> None:
    course = course_of(5)
    review = make.review(course)
    void_visit(visit=review, reason="Wrong patient.", by=course.practitioner)
    assert states(course)[0][1] == GateState.DUE


# Going on after session 10 ------------------------------------------------------------------------

NOT_WRITTEN = (
    "Session 10 is held and its review is not written. Write the review, or give the reason for "
    "going on without it."
)
NOTHING_MOVED = (
    "The review after session 10 found no measurable change in any area. Going on needs a written "
    "reason."
)


def go_on(course: Course, review: Visit | None, reason: str = "She asks for it.") -> CourseMove:
    return continue_course(course=course, review=review, reason=reason, by=course.practitioner)


@pytest.mark.parametrize("visits", [0, 5, 9])
def test_nothing_is_asked_before_session_10(visits: int) -> None:
    assert may_go_on(started(visits)) is None


def test_going_on_without_a_review_is_asked_about() -> None:
    assert may_go_on(started(10)) == NOT_WRITTEN


def test_going_on_without_scores_is_asked_about() -> None:
    course = started(10)
    make.review(course)
    assert may_go_on(course) == (
        "The review after session 10 is not scored. Score it, or give the reason for going on "
        "without it."
    )


def test_going_on_with_something_missing_is_asked_about() -> None:
    course = started(10)
    make.graded(make.review(course), own={"gais": None})
    assert may_go_on(course) == (
        "The review after session 10 cannot say of every area whether it changed. Complete it, or "
        "give the reason for going on."
    )


def test_going_on_without_a_measurable_change_is_asked_about() -> None:
    course = started(10)
    make.graded(make.review(course))
    assert may_go_on(course) == NOTHING_MOVED


def test_going_on_with_an_area_that_is_worse_is_asked_about() -> None:
    course = started(10)
    make.graded(make.review(course), cr_pcss=4)
    assert may_go_on(course) == (
        "The review after session 10 found no area better and at least one worse. Going on needs "
        "a written reason."
    )


def test_one_area_that_is_better_lets_the_course_go_on() -> None:
    course = started(10)
    review = make.graded(make.review(course))
    review.scores.filter(area=LEFT).update(cr_pcss=2)
    assert may_go_on(course) is None
    assert refusal(go_on, course, review) == (
        "Nothing stands against going on, so no reason is needed."
    )


def test_review_of_session_5_does_not_stand_for_session_10() -> None:
    course = started(10)
    make.graded(make.review(course, review_point=ReviewPoint.SESSION_5), cr_pcss=2)
    assert may_go_on(course) == NOT_WRITTEN


def test_reason_is_written_as_a_move_and_opens_the_way() -> None:
    course = started(10)
    review = make.graded(make.review(course))
    move = go_on(course, review, " She asks for it. ")
    assert (move.kind, move.sessions, move.on, move.reason, move.by) == (
        "continued",
        12,
        TODAY,
        "She asks for it.",
        course.practitioner,
    )
    assert may_go_on(course) is None
    assert refusal(go_on, course, review) == "The reason for going on is written already."


def test_reason_may_not_be_empty() -> None:
    course = started(10)
    review = make.graded(make.review(course))
    assert refusal(go_on, course, review, "  ") == "Give the reason for going on."


def test_reason_is_refused_when_another_review_was_written_meanwhile() -> None:
    course = started(10)
    make.graded(make.review(course))
    assert refusal(go_on, course, None) == (
        "Another review was written meanwhile. Read it before you go on."
    )


def test_reason_is_refused_on_a_closed_course() -> None:
    course = started(10)
    change_course_state(
        course=course, to=CourseState.STOPPED, reason="Moved.", by=course.practitioner
    )
    assert refusal(go_on, course, None) == "The course is stopped, so this cannot be done."


def test_reason_is_refused_for_an_archived_patient() -> None:
    course = started(10)
    patient = course.patient
    patient.archived_at, patient.archived_by = timezone.now(), make.user(Role.FRONT_DESK)
    patient.save()
    assert refusal(go_on, course, None) == "This patient is archived. Bring the patient back first."
