"""The only writers of visits and what hangs on them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic import audit, files
from clinic.models import AuditEvent, User
from clinic.refusal import Refused, Stale
from patients.models import Screening
from patients.terms import Area
from treatments.actions.courses import begin, project_due
from treatments.actions.findings import columns_of, hang
from treatments.actions.photos import Shown, let_join, store
from treatments.actions.reactions import grave_reactions, react_to
from treatments.findings import Findings
from treatments.imaging import Prepared
from treatments.models import Course, Visit
from treatments.rules import cadence
from treatments.terms import CourseState, View, VisitKind
from treatments.wording import sentence


@files.following_rows()
@transaction.atomic
def record_visit(
    *,
    course: Course,
    kind: VisitKind,
    held_on: date,
    findings: Findings,
    by: User,
    photos: Mapping[View, Prepared] | None = None,
) -> Visit:
    """Record a visit with everything that was done, measured, seen and photographed.

    It counts from now on; signing closes it. A treatment takes the next session number. Refused
    on a day in the future, before the course was opened, too close to the session before, or
    beyond the plan.
    """
    current = _locked(course.pk)
    if reason := obstacle(current, kind):
        raise Refused(reason)
    number = _check_day(current, kind, held_on, findings.areas)
    visit = Visit.objects.create(
        course=current,
        kind=kind,
        number=number,
        held_on=held_on,
        practitioner=by,
        recorded_by=by,
        **columns_of(findings),
    )
    hang(visit, findings)
    let_join(visit=visit, by=by)
    _store(visit, photos or {}, by)
    begin(course=current, by=by, on=held_on)
    project_due(current)
    react_to(visit=visit, by=by)
    audit.record("visit recorded", by=by, patient=visit.patient_code, target=f"visit {visit.pk}")
    return visit


@files.following_rows()
@transaction.atomic
def change_visit(
    *,
    visit: Visit,
    version: int,
    held_on: date,
    findings: Findings,
    by: User,
    photos: Mapping[View, Prepared] | None = None,
) -> Visit:
    """Save over a visit that is not signed yet. Raises Stale when somebody saved it meanwhile."""
    course = _locked(visit.course_id)
    current = Visit.objects.select_for_update().get(pk=visit.pk)
    if current.signed_at:
        raise Refused(_("This visit is signed. Add to it instead of changing it."))
    if current.voided_at:
        raise Refused(_("This visit is struck out."))
    if version != current.version:
        raise Stale(_saved_meanwhile(current), version=current.version)
    if held_on != current.held_on:
        _check_day(course, VisitKind(current.kind), held_on, findings.areas, but=current)
    elif current.kind == VisitKind.TREATMENT:
        added = set(findings.areas) - set(current.areas)
        _check_counts(course, _held(course, but=current), added)
    known = grave_reactions(current)
    columns = columns_of(findings) | {"held_on": held_on, "version": version + 1}
    for name, value in columns.items():
        setattr(current, name, value)
    current.save(update_fields=list(columns))
    hang(current, findings)
    _store(current, photos or {}, by)
    project_due(course)
    react_to(visit=current, by=by, known=known)
    audit.record("visit changed", by=by, patient=course.patient_code, target=f"visit {visit.pk}")
    return current


def _saved_meanwhile(visit: Visit) -> str:
    """Say who saved a visit last, and when, as the audit trail has it."""
    saves = AuditEvent.objects.filter(
        patient=visit.patient_code, target=f"visit {visit.pk}", action="visit changed"
    )
    last = saves.select_related("by").order_by("-at", "-pk").first()
    if last is None or last.by is None:
        return _("Somebody saved this visit meanwhile. What differs stands beside your answers.")
    at = timezone.localtime(last.at)
    return _(
        "%(who)s saved this visit at %(time)s, after you opened it. What differs stands beside "
        "your answers."
    ) % {"who": last.by.name, "time": time_format(at, "H:i")}


def _locked(pk: int) -> Course:
    """Lock a course, and read it with its sessions."""
    return Course.objects.with_sessions().select_for_update(of=("self",)).get(pk=pk)


def obstacle(course: Course, kind: VisitKind) -> str:
    """Say why no visit of this kind can be recorded on any day; "" when it can."""
    if not course.is_open and kind != VisitKind.FOLLOW_UP:
        return _("This course is closed.")
    if kind == VisitKind.BASELINE and course.held(kind):
        return _("The baseline is recorded already.")
    if kind == VisitKind.TREATMENT and course.state == CourseState.PAUSED:
        return _("The course is paused. Resume it before the next session.")
    if kind == VisitKind.TREATMENT and not cadence.left(course.facts, course.sessions):
        return _("All planned sessions are recorded.")
    return ""


def _check_day(
    course: Course,
    kind: VisitKind,
    held_on: date,
    areas: Collection[Area],
    *,
    but: Visit | None = None,
) -> int | None:
    """Refuse a day on which the visit cannot have been; return the session's number."""
    if held_on > timezone.localdate():
        raise Refused(_("The visit lies in the future. Record it on the day."), field="held_on")
    if held_on < course.opened_on:
        raise Refused(
            _("The course was opened on %(day)s; a visit cannot be earlier.")
            % {"day": date_format(course.opened_on)},
            field="held_on",
        )
    if kind != VisitKind.TREATMENT:
        return None
    return _check_session(course, held_on, areas, but)


def _check_session(
    course: Course, held_on: date, areas: Collection[Area], but: Visit | None
) -> int:
    held = _held(course, but)
    if held and held_on < held[-1].on:
        raise Refused(
            _("Session %(number)d was held on %(day)s. Enter sessions in their order.")
            % {"number": cadence.done(course.facts, held), "day": date_format(held[-1].on)},
            field="held_on",
        )
    _check_counts(course, held, areas)
    _refuse(cadence.check_interval(course.facts, held, held_on, areas=areas or None))
    late = cadence.flag_interval(course.facts, held, held_on)
    if (
        late
        and late.level == cadence.Lateness.RESCREEN
        and not _screened_since(course, held_on - timedelta(late.days))
    ):
        _refuse(late.reason)
    return cadence.next_number(course.facts, held)


def _held(course: Course, but: Visit | None) -> list[cadence.Held]:
    """Return the sessions with their areas, without the one that is being changed."""
    return [each.as_held_in_areas for each in course.held(VisitKind.TREATMENT) if each != but]


def _check_counts(course: Course, held: Sequence[cadence.Held], areas: Collection[Area]) -> None:
    """Refuse an area that has had all sessions of its own count."""
    counts = cadence.area_counts(course.facts, held)
    for row in course.course_areas.all():
        if row.planned_sessions and row.area in areas and not counts[row.area].left:
            raise Refused(
                ngettext(
                    "%(area)s has had its %(count)d session. Leave it out, or change its count.",
                    "%(area)s has had its %(count)d sessions. Leave it out, or change its count.",
                    row.planned_sessions,
                )
                % {"area": row.get_area_display(), "count": row.planned_sessions},
                field="areas",
            )


def _screened_since(course: Course, day: date) -> bool:
    return (
        Screening.objects.accepted()
        .filter(patient=course.patient, decided_at__date__gt=day)
        .exists()
    )


def _refuse(reason: cadence.Reason | None) -> None:
    if reason is not None:
        raise Refused(sentence(reason), field="held_on")


def _store(visit: Visit, photos: Mapping[View, Prepared], by: User) -> None:
    """Keep the photographs that came with the save."""
    for view, prepared in photos.items():
        store(visit, Shown(view=view), prepared, by)
