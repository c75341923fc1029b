"""The only writers of visits and what hangs on them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic import audit, files
from clinic.models import User
from clinic.refusal import Refused
from patients.models import Screening
from patients.terms import Area
from treatments.actions.courses import project_due
from treatments.imaging import Prepared
from treatments.models import Course, Measure, Photo, Reaction, Visit, VisitArea
from treatments.models.photo import Size, photo_storage
from treatments.rules import cadence
from treatments.terms import MeasureKind, ReactionKind, View, VisitKind
from treatments.wording import sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What one visit brought. Volumes in ml, measures in cm or kg, reactions with their grade.

    `is_without_reaction`: True when none was seen, None when nobody asked.
    """

    areas: Collection[Area] = ()
    product: str = ""
    lot: str = ""
    lot_expires_on: date | None = None
    volume_ml: Decimal | None = None
    pain: int | None = None
    is_without_reaction: bool | None = None
    reactions: Mapping[ReactionKind, int] = field(default_factory=dict)
    measures: Mapping[MeasureKind, Decimal] = field(default_factory=dict)
    note: str = ""


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

    A treatment takes the next session number. Refused on a day in the future, before the course
    was opened, too close to the session before, beyond the plan, or with a lot past its date.
    """
    current = Course.objects.select_for_update().select_related("patient").get(pk=course.pk)
    number = _check(current, kind, held_on, findings)
    visit = Visit.objects.create(
        course=current,
        kind=kind,
        number=number,
        held_on=held_on,
        practitioner=by,
        product=findings.product,
        lot=findings.lot,
        lot_expires_on=findings.lot_expires_on,
        volume_ml=findings.volume_ml,
        pain=findings.pain,
        is_without_reaction=findings.is_without_reaction,
        note=findings.note,
        recorded_by=by,
    )
    _hang(visit, findings)
    _store(visit, photos or {}, by)
    project_due(current)
    audit.record("visit recorded", by=by, patient=visit.patient_code, target=f"visit {visit.pk}")
    return visit


@transaction.atomic
def void_visit(*, visit: Visit, reason: str, by: User) -> Visit:
    """Strike a visit out as entered in error; it stays legible and no longer counts.

    Only the last session of a course can be struck out: the numbers before it stay as they are.
    """
    course = Course.objects.select_for_update().get(pk=visit.course_id)
    current = Visit.objects.select_related("course__patient").get(pk=visit.pk)
    if current.voided_at:
        raise Refused(_("This visit is struck out already."))
    if not reason.strip():
        raise Refused(_("Say what was wrong with it."), field="reason")
    later = course.visits.treatments().filter(number__gt=current.number or 0)
    if current.kind == VisitKind.TREATMENT and later.exists():
        raise Refused(_("Later sessions are recorded. Strike out the last one first."))
    current.voided_at, current.voided_by, current.void_reason = timezone.now(), by, reason.strip()
    current.save(update_fields=["voided_at", "voided_by", "void_reason"])
    project_due(course)
    audit.record(
        "visit struck out", by=by, patient=current.patient_code, target=f"visit {current.pk}"
    )
    return current


def obstacle(course: Course, kind: VisitKind) -> str:
    """Say why no visit of this kind can be recorded on any day; "" when it can."""
    if not course.is_open and kind != VisitKind.FOLLOW_UP:
        return _("This course is closed.")
    if kind == VisitKind.BASELINE and course.held(kind):
        return _("The baseline is recorded already.")
    if kind == VisitKind.TREATMENT and not course.is_active:
        return _("The course is paused. Resume it before the next session.")
    if kind == VisitKind.TREATMENT and len(course.held(kind)) >= course.planned_sessions:
        return _("All planned sessions are recorded.")
    return ""


def _check(course: Course, kind: VisitKind, held_on: date, findings: Findings) -> int | None:
    """Refuse what the course does not allow; return the session's number."""
    if reason := obstacle(course, kind):
        raise Refused(reason)
    if held_on > timezone.localdate():
        raise Refused(_("The visit lies in the future. Record it on the day."), field="held_on")
    if held_on < course.opened_on:
        raise Refused(
            _("The course was opened on %(day)s; a visit cannot be earlier.")
            % {"day": date_format(course.opened_on)},
            field="held_on",
        )
    if findings.lot_expires_on and findings.lot_expires_on < held_on:
        raise Refused(
            _("Lot %(lot)s expired on %(day)s. Use another one.")
            % {"lot": findings.lot, "day": date_format(findings.lot_expires_on)},
            field="lot_expires_on",
        )
    return _check_session(course, held_on) if kind == VisitKind.TREATMENT else None


def _check_session(course: Course, held_on: date) -> int:
    held = [visit.as_held for visit in course.held(VisitKind.TREATMENT)]
    if held and held_on < held[-1].on:
        raise Refused(
            _("Session %(number)d was held on %(day)s. Enter sessions in their order.")
            % {"number": len(held), "day": date_format(held[-1].on)},
            field="held_on",
        )
    _refuse(cadence.check_interval(course.facts, held, held_on))
    late = cadence.flag_interval(course.facts, held, held_on)
    if (
        late
        and late.level == cadence.Lateness.RESCREEN
        and not _screened_since(course, held[-1].on)
    ):
        _refuse(late.reason)
    return len(held) + 1


def _screened_since(course: Course, day: date) -> bool:
    return (
        Screening.objects.accepted()
        .filter(patient=course.patient, decided_at__date__gt=day)
        .exists()
    )


def _refuse(reason: cadence.Reason | None) -> None:
    if reason is not None:
        raise Refused(sentence(reason), field="held_on")


def _hang(visit: Visit, findings: Findings) -> None:
    VisitArea.objects.bulk_create(VisitArea(visit=visit, area=area) for area in findings.areas)
    Measure.objects.bulk_create(
        Measure(visit=visit, kind=kind, value=value) for kind, value in findings.measures.items()
    )
    Reaction.objects.bulk_create(
        Reaction(visit=visit, kind=kind, grade=grade) for kind, grade in findings.reactions.items()
    )


def _store(visit: Visit, photos: Mapping[View, Prepared], by: User) -> None:
    """Write the files first and the rows second: a row without its file would be a lost photo."""
    for view, prepared in photos.items():
        taken_at = prepared.taken_at
        photo = Photo(
            visit=visit,
            view=view,
            width=prepared.width,
            height=prepared.height,
            media_type=prepared.master_type,
            taken_at_camera=taken_at.isoformat(timespec="seconds") if taken_at else "",
            sha256=prepared.sha256,
            added_by=by,
        )
        for size, content in {
            Size.FULL: prepared.master,
            Size.VIEW: prepared.large,
            Size.THUMB: prepared.small,
        }.items():
            files.write(photo_storage(), photo.file_name(size), content)
        photo.save(force_insert=True)
        audit.record("photo added", by=by, patient=visit.patient_code, target=f"photo {photo.pk}")
