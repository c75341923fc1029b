"""The only writers of what a review finds: the patient's opinion, the clinician's scores, and the
reason for going on without a measurable change."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from clinic import audit
from clinic.models import User
from clinic.refusal import Refused, Stale
from patients.actions.screenings import check_current
from patients.terms import Area
from patients.wording import area_names
from treatments.actions.courses import continue_without_change
from treatments.models import AreaOpinion, AreaScore, Course, CourseMove, PatientOpinion, Visit
from treatments.rules.comparability import can_grade
from treatments.rules.scores import conflicts, has_pcss
from treatments.selectors.progress import (
    GRADED,
    REVIEWS,
    futility_review,
    judgement_of,
    may_go_on,
    method_before,
    opinion_of,
    reason_written,
    scores_of,
)
from treatments.terms import OpinionMethod, ReviewPoint, VisitKind
from treatments.wording import worded


@dataclass(frozen=True, slots=True)
class Own:
    """What the patient grades herself of one area: PR-PCSS 0 to 4, S-GAIS -3 to +3."""

    pr_pcss: int | None = None
    gais: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """The patient's own opinion. `changes_method` confirms that she judges another way than before."""

    method: OpinionMethod
    satisfaction: int | None = None
    areas: Mapping[Area, Own] = field(default_factory=dict)
    changes_method: bool = False

    @property
    def given(self) -> dict[Area, Own]:
        """The areas of which she said anything."""
        return {area: own for area, own in self.areas.items() if own != Own()}


@transaction.atomic
def record_opinion(*, visit: Visit, opinion: Opinion, by: User) -> PatientOpinion:
    """Keep the patient's own opinion, given before the clinician's scores are written.

    Refused once those are there, once she was asked, for areas or scales that do not belong, and
    where she judges with another method than before and nobody confirmed it.
    """
    current = _open(visit)
    check_may_ask(current, opinion.method, changes_method=opinion.changes_method)
    _check_opinion(current, opinion)
    kept = _kept(current, method=opinion.method, satisfaction=opinion.satisfaction, by=by)
    AreaOpinion.objects.bulk_create(
        AreaOpinion(opinion=kept, area=area, pr_pcss=own.pr_pcss, gais=own.gais)
        for area, own in opinion.given.items()
    )
    _count_up(current)
    _note("opinion given", current, by)
    return kept


def check_may_ask(visit: Visit, method: OpinionMethod, *, changes_method: bool) -> None:
    """Refuse to ask the patient: once the scores are written, once she was asked, or with another
    method than before where nobody confirmed it. Asked before the tablet is handed over as well."""
    _refuse_closed(visit)
    _refuse_after_scores(visit)
    given = opinion_of(visit)
    if given and given.method:
        raise Refused(
            _("The patient has given an opinion already; it is asked once for each visit.")
        )
    earlier = method_before(visit)
    if earlier and earlier != method and not changes_method:
        raise Refused(
            _("So far the patient judged with: %(method)s. Keep to it, or confirm the change.")
            % {"method": earlier.label.lower()},
            field="method",
        )


@transaction.atomic
def skip_opinion(*, visit: Visit, reason: str, by: User) -> PatientOpinion:
    """Note why the patient was not asked. She may still be, until the scores are written."""
    current = _open(visit)
    _refuse_after_scores(current)
    given = opinion_of(current)
    if given and given.method:
        raise Refused(
            _("The patient has given an opinion already; it is asked once for each visit.")
        )
    if not reason.strip():
        raise Refused(_("Say why the patient was not asked."), field="reason")
    kept = _kept(current, not_asked_reason=reason.strip(), by=by)
    _count_up(current)
    _note("opinion not asked", current, by)
    return kept


@transaction.atomic
def record_scores(
    *,
    visit: Visit,
    version: int,
    point: ReviewPoint | None,
    scores: Mapping[Area, Mapping[str, Any]],
    by: User,
) -> Visit:
    """Save the clinician's scores by area, and the gate at which the review stands.

    An area of which nothing was scored keeps no row. Refused before the patient was asked, by
    anybody but the one who held the visit, and when somebody saved after `version` was read.
    """
    current = _open(visit)
    if current.practitioner_id != by.pk:
        raise Refused(
            _("Only %(name)s, who held this visit, gives its scores.")
            % {"name": current.practitioner}
        )
    if opinion_of(current) is None:
        raise Refused(
            _("The patient is asked first. Ask for an opinion, or note why nobody was asked.")
        )
    if current.version != version:
        raise Stale(
            _("Somebody else saved this visit while you were typing. Compare and save again."),
            version=current.version,
        )
    rows = [AreaScore(visit=current, area=area, **columns) for area, columns in scores.items()]
    kept = [row for row in rows if row.gais is not None or not scores_of(row).is_empty]
    if not kept:
        raise Refused(_("Nothing is scored yet. Score at least one area."))
    _check_scores(current, kept)
    current.scores.all().delete()
    AreaScore.objects.bulk_create(kept)
    if current.kind in REVIEWS:
        current.review_point = point or ""
    _count_up(current)
    _note("scores recorded", current, by)
    return current


@transaction.atomic
def continue_course(*, course: Course, review: Visit | None, reason: str, by: User) -> CourseMove:
    """Write down why a course goes on though its review after session 10 shows no change.

    `review` is the review that was read, None where there is none. Refused when another one has
    been written meanwhile, and when nothing asks for a reason.
    """
    current = Course.objects.select_for_update().select_related("patient").get(pk=course.pk)
    check_current(current.patient)
    if reason_written(current):
        raise Refused(_("The reason for going on is written already."))
    if may_go_on(current) is None:
        raise Refused(_("Nothing stands against going on, so no reason is needed."))
    if futility_review(current) != review:
        raise Refused(_("Another review was written meanwhile. Read it before you go on."))
    if not reason.strip():
        raise Refused(_("Give the reason for going on."), field="reason")
    return continue_without_change(course=current, reason=reason, by=by)


def _open(visit: Visit) -> Visit:
    """Lock a visit that is to be graded, after its course; refused once it is closed."""
    Course.objects.select_for_update().get(pk=visit.course_id)
    rows = Visit.objects.select_related("course__patient", "course__screening", "practitioner")
    current = rows.select_for_update(of=("self",)).get(pk=visit.pk)
    _refuse_closed(current)
    return current


def _refuse_closed(visit: Visit) -> None:
    check_current(visit.course.patient)
    if visit.kind not in GRADED:
        raise Refused(_("Scores and opinions belong to a baseline, a review or a follow-up."))
    if visit.voided_at:
        raise Refused(_("This visit is struck out, so nothing is added to it."))
    if visit.signed_at:
        raise Refused(_("This visit is signed and no longer changes. Write an addendum instead."))


def _check_opinion(visit: Visit, opinion: Opinion) -> None:
    _refuse_foreign(visit, opinion.areas)
    is_baseline = visit.kind == VisitKind.BASELINE
    if is_baseline and any(own.gais is not None for own in opinion.areas.values()):
        raise Refused(_("At the start there is nothing to compare with, so there is no GAIS yet."))
    _refuse_pcss(area for area, own in opinion.areas.items() if own.pr_pcss is not None)
    if opinion.satisfaction is None and not opinion.given:
        raise Refused(_("Nothing is answered yet. Answer at least one question."))


def _refuse_after_scores(visit: Visit) -> None:
    if visit.scores.exists():
        raise Refused(
            _("The scores of this visit are written, so the patient cannot be asked before them.")
        )


def _refuse_foreign(visit: Visit, areas: Collection[Area]) -> None:
    outside = [area for area in areas if area not in visit.course.areas]
    if outside:
        raise Refused(
            _("%(areas)s: not treated in this course.") % {"areas": capfirst(area_names(outside))}
        )


def _refuse_pcss(areas: Iterable[Area]) -> None:
    unseen = [area for area in areas if not has_pcss(area)]
    if unseen:
        raise Refused(
            _("%(areas)s: the photographs of the PCSS do not show this region.")
            % {"areas": capfirst(area_names(unseen))}
        )


def _check_scores(visit: Visit, rows: list[AreaScore]) -> None:
    _refuse_foreign(visit, [Area(row.area) for row in rows])
    _refuse_pcss(Area(row.area) for row in rows if row.cr_pcss is not None)
    for row in rows:
        for conflict in conflicts(scores_of(row)):
            if conflict.must:
                raise Refused(f"{row.get_area_display()}: {_(conflict.template)}")
    if all(row.gais is None for row in rows):
        return
    if visit.kind == VisitKind.BASELINE:
        raise Refused(_("At the start there is nothing to compare with, so there is no GAIS yet."))
    judgement = judgement_of(visit)
    if not can_grade(judgement.pair):
        why = [worded(each) for each in judgement.obstacles]
        raise Refused(
            " ".join(
                [
                    _(
                        "GAIS is not possible: there is no pair of photographs that can be compared."
                    ),
                    *why,
                ]
            )
        )


def _kept(visit: Visit, *, by: User, **columns: Any) -> PatientOpinion:
    """Write the opinion of a visit; a note that she was not asked gives way to her answer."""
    kept, _made = PatientOpinion.objects.update_or_create(
        visit=visit,
        defaults={
            "method": "",
            "satisfaction": None,
            "not_asked_reason": "",
            "given_at": timezone.now(),
            "asked_by": by,
            **columns,
        },
    )
    return kept


def _count_up(visit: Visit) -> None:
    visit.version += 1
    visit.save(update_fields=["version", "review_point"])


def _note(action: str, visit: Visit, by: User) -> None:
    audit.record(action, by=by, patient=visit.patient_code, target=f"visit {visit.pk}")
