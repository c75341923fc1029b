"""The only writers of courses. What is allowed stands in `treatments.rules.lifecycle`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic import audit
from clinic.models import User
from clinic.refusal import Refused
from patients.consents import treatment_consent
from patients.models import Patient, Screening
from patients.terms import Area
from patients.wording import area_names
from treatments.models import (
    Course,
    CourseArea,
    CourseMove,
    MissedSession,
    ProtocolVersion,
    Visit,
)
from treatments.models.visit import VisitQuerySet
from treatments.rules import cadence, lifecycle
from treatments.terms import CourseState, MoveKind, VisitKind

AreaSessions = Mapping[Area, int | None]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Sessions held elsewhere or on paper before: how many, the first day, the last, and where."""

    sessions: int
    since: date
    until: date
    where: str = ""


@transaction.atomic
def open_course(
    *,
    screening: Screening,
    areas: Collection[Area],
    planned_sessions: int,
    interval_days: int,
    practitioner: User,
    by: User,
    protocol: ProtocolVersion | None = None,
    interval_min_days: int | None = None,
    interval_max_days: int | None = None,
    missed_counts: bool = False,
    area_sessions: AreaSessions | None = None,
    earlier: Elsewhere | None = None,
    on: date | None = None,
) -> Course:
    """Open a course from an accepted screening, for some of the areas it accepted.

    Days not given: the earliest is the usual distance, the latest three times it, at least 21.
    With `earlier` the course is transferred in: numbers and dates go on from there. Refused
    while another course treats one of the areas, and once a newer screening was decided.
    """
    patient = Patient.objects.select_for_update().get(pk=screening.patient_id)
    day = on or timezone.localdate()
    _check_screening(screening, patient)
    _check_areas(screening, patient, areas)
    _check_protocol(protocol)
    own = {area: count for area, count in (area_sessions or {}).items() if count is not None}
    for area in own:
        if area not in areas:
            raise Refused(_("Choose among the areas that the screening accepted."), field="areas")
    _check_area_sessions(own, planned_sessions, {})
    if earlier is not None:
        _check_earlier(earlier, planned_sessions, day)
    course = Course.objects.create(
        patient=patient,
        screening=screening,
        practitioner=practitioner,
        protocol=protocol,
        planned_sessions=planned_sessions,
        interval_min_days=interval_min_days or interval_days,
        interval_days=interval_days,
        interval_max_days=interval_max_days or max(21, interval_days * 3),
        missed_counts=missed_counts,
        state=CourseState.ACTIVE if earlier else CourseState.PLANNED,
        earlier_sessions=earlier.sessions if earlier else 0,
        earlier_from=earlier.since if earlier else None,
        earlier_until=earlier.until if earlier else None,
        earlier_where=earlier.where.strip() if earlier else "",
        opened_on=day,
        opened_by=by,
    )
    CourseArea.objects.bulk_create(
        CourseArea(course=course, patient=patient, area=area, planned_sessions=own.get(area))
        for area in areas
    )
    _note(course, MoveKind.TRANSFERRED if earlier else MoveKind.OPENED, by, on=day)
    project_due(course)
    return course


@transaction.atomic
def begin(*, course: Course, by: User, on: date) -> Course:
    """Make a planned course active, because its first visit is recorded; others stay as they are.

    The caller holds the lock of the course.
    """
    if course.state == CourseState.PLANNED:
        _turn(course, lifecycle.BY_KIND[MoveKind.BEGUN], by, on=on)
    return course


@transaction.atomic
def change_course_state(
    *, course: Course, to: CourseState, by: User, reason: str = "", on: date | None = None
) -> Course:
    """Pause, resume, complete or stop a course. Pausing, stopping and completing early ask why."""
    current = _locked(course)
    move = lifecycle.leading_to(CourseState(current.state), to)
    if move is None:
        raise _wrong_state(current)
    _check_reason(move, current, reason)
    _turn(current, move, by, reason=reason.strip(), on=on)
    return current


@transaction.atomic
def change_plan(
    *,
    course: Course,
    sessions: int,
    by: User,
    reason: str,
    areas: AreaSessions | None = None,
    missed_counts: bool | None = None,
    on: date | None = None,
) -> Course:
    """Extend or shorten a plan, give areas numbers of their own, or let missed sessions count.

    `areas` that are not named, and `missed_counts` of None, stay as they are. More than 15
    sessions ask for a review after session 10 or later and a consent signed after it.
    """
    current = _locked(course)
    _check_legal(MoveKind.EXTENDED, current)
    _check_reason(lifecycle.BY_KIND[MoveKind.EXTENDED], current, reason)
    rows = list(current.course_areas.all())
    stood = {Area(row.area): row.planned_sessions for row in rows}
    own = {area: (areas or {}).get(area, count) for area, count in stood.items()}
    counts = current.missed_counts if missed_counts is None else missed_counts
    if (sessions, own, counts) == (current.planned_sessions, stood, current.missed_counts):
        raise Refused(_(lifecycle.NOTHING_CHANGED))
    held = [visit.as_held_in_areas for visit in _sessions(current).prefetch_related("visit_areas")]
    current.extended_after = _check_sessions(current, sessions, held)
    counted = cadence.area_counts(current.facts, held)
    _check_area_sessions(own, sessions, {Area(area): row.done for area, row in counted.items()})
    current.planned_sessions, current.missed_counts = sessions, counts
    current.save(update_fields=["planned_sessions", "missed_counts", "extended_after"])
    for row in rows:
        row.planned_sessions = own[Area(row.area)]
    CourseArea.objects.bulk_update(rows, ["planned_sessions"])
    _note(current, MoveKind.EXTENDED, by, reason=reason.strip(), on=on)
    project_due(current)
    return current


@transaction.atomic
def continue_without_change(
    *, course: Course, reason: str, by: User, on: date | None = None
) -> CourseMove:
    """Write down why a course goes on although a review found no measurable change."""
    current = _locked(course)
    _check_legal(MoveKind.CONTINUED, current)
    _check_reason(lifecycle.BY_KIND[MoveKind.CONTINUED], current, reason)
    return _note(current, MoveKind.CONTINUED, by, reason=reason.strip(), on=on)


@transaction.atomic
def note_missed(*, course: Course, promise: int, on: date, by: User) -> MissedSession:
    """Note that a session was missed; `promise` is the key of its appointment."""
    current = _locked(course)
    missed = MissedSession.objects.create(
        course=current, promise=promise, missed_on=on, noted_by=by
    )
    project_due(current)
    audit.record(
        "missed session noted", by=by, patient=current.patient.code, target=f"course {current.pk}"
    )
    return missed


@transaction.atomic
def take_back_missed(*, course: Course, promise: int, by: User) -> None:
    """Take back that the session of an appointment was missed; without such a note, do nothing."""
    current = _locked(course)
    standing = current.missed.filter(promise=promise, taken_back_at=None)
    if standing.update(taken_back_at=timezone.now()):
        project_due(current)
        audit.record(
            "missed session taken back",
            by=by,
            patient=current.patient.code,
            target=f"course {current.pk}",
        )


def project_due(course: Course) -> None:
    """Store when the next session is due. The only writer of the projection."""
    window = cadence.window(course.facts, [visit.as_held for visit in _sessions(course)])
    course.due_from = window.due_from if window else None
    course.due_by = window.due_by if window else None
    course.save(update_fields=["due_from", "due_by"])


# Writing ------------------------------------------------------------------------------------------


def _locked(course: Course) -> Course:
    rows = Course.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("patient").get(pk=course.pk)


def _sessions(course: Course) -> VisitQuerySet:
    return Visit.objects.filter(course=course).treatments().with_floor()


def _turn(
    course: Course, move: lifecycle.Move, by: User, *, reason: str = "", on: date | None = None
) -> None:
    """Carry out a move that changes the state of a locked course."""
    if move.after is None:
        raise ValueError(f"{move.kind} changes no state")
    course.state, course.state_reason = move.after, reason
    course.state_changed_on = on or timezone.localdate()
    course.save(update_fields=["state", "state_reason", "state_changed_on"])
    # In step with the state of the course: closed areas are free for a new one.
    CourseArea.objects.filter(course=course).update(is_open=course.state in lifecycle.OPEN)
    _note(course, move.kind, by, reason=reason, on=on)
    project_due(course)


def _note(
    course: Course, kind: MoveKind, by: User, *, reason: str = "", on: date | None = None
) -> CourseMove:
    """Write a move into the course's history and the audit."""
    audit.record(
        f"course {kind.value}", by=by, patient=course.patient.code, target=f"course {course.pk}"
    )
    return CourseMove.objects.create(
        course=course,
        kind=kind,
        sessions=course.planned_sessions,
        on=on or timezone.localdate(),
        reason=reason,
        by=by,
    )


# Checking -----------------------------------------------------------------------------------------


def _wrong_state(course: Course) -> Refused:
    state = str(course.get_state_display()).lower()
    return Refused(_(lifecycle.WRONG_STATE) % {"state": state})


def _check_legal(kind: MoveKind, course: Course) -> None:
    if not lifecycle.is_legal(kind, CourseState(course.state)):
        raise _wrong_state(course)


def _check_reason(move: lifecycle.Move, course: Course, reason: str) -> None:
    if reason.strip():
        return
    if lifecycle.Ask.REASON in move.asks:
        raise Refused(_(lifecycle.GIVE_REASON), field="reason")
    left = cadence.left(course.facts, [visit.as_held for visit in _sessions(course)])
    if lifecycle.Ask.REASON_IF_LEFT in move.asks and left:
        sentence = ngettext(lifecycle.LEFT_ONE, lifecycle.LEFT_MANY, left)
        raise Refused(sentence % {"left": left}, field="reason")


def _check_screening(screening: Screening, patient: Patient) -> None:
    if not screening.is_accepted:
        raise Refused(_(lifecycle.NOT_ACCEPTED))
    newer = screening.newer
    if newer:
        raise Refused(
            _("The screening of %(day)s has superseded this one. Start from that one.")
            % {"day": date_format(newer.started_on)}
        )
    if patient.archived_at:
        raise Refused(_("This patient is archived. Bring the patient back first."))


def _check_areas(screening: Screening, patient: Patient, areas: Collection[Area]) -> None:
    """Refuse areas that were not accepted, and those that another open course treats."""
    if not areas or any(area not in screening.accepted_areas for area in areas):
        raise Refused(_("Choose among the areas that the screening accepted."), field="areas")
    taken: dict[Course, list[Area]] = {}
    rows = CourseArea.objects.filter(patient=patient, area__in=areas, is_open=True)
    for row in rows.select_related("course").order_by("course"):
        taken.setdefault(row.course, []).append(Area(row.area))
    if taken:
        sentences = [
            _(lifecycle.AREAS_TAKEN)
            % {"areas": area_names(clash), "day": date_format(other.opened_on)}
            for other, clash in taken.items()
        ]
        raise Refused(" ".join(sentences), field="areas")


def _check_protocol(protocol: ProtocolVersion | None) -> None:
    if protocol and not ProtocolVersion.objects.in_force().filter(pk=protocol.pk).exists():
        raise Refused(
            _("This version of the protocol is not in force any more. Start again."),
            field="protocol",
        )


def _check_earlier(earlier: Elsewhere, planned: int, day: date) -> None:
    if not 1 <= earlier.sessions < planned:
        values = {"planned": planned, "held": earlier.sessions}
        raise Refused(_(lifecycle.EARLIER_TOO_MANY) % values, field="earlier_sessions")
    if earlier.until < earlier.since:
        raise Refused(_(lifecycle.EARLIER_ORDER), field="earlier_until")
    if earlier.until > day:
        raise Refused(_(lifecycle.EARLIER_AHEAD), field="earlier_until")


def _check_sessions(course: Course, sessions: int, held: list[cadence.Held]) -> Visit | None:
    """Refuse a plan that is too short or too long; return the review that let it go beyond 15."""
    done = cadence.done(course.facts, held)
    least = max(done, course.earlier_sessions + 1)
    if sessions < least and sessions >= lifecycle.FEWEST:
        values = {"held": done, "least": least}
        raise Refused(_(lifecycle.FEWER_THAN_HELD) % values, field="sessions")
    if sessions < lifecycle.FEWEST:
        raise Refused(_(lifecycle.TOO_FEW), field="sessions")
    if sessions > lifecycle.MOST_EXTENDED:
        raise Refused(_(lifecycle.TOO_MANY) % {"most": lifecycle.MOST_EXTENDED}, field="sessions")
    if sessions <= max(lifecycle.MOST, course.planned_sessions):
        return course.extended_after
    review = course.visits.standing().filter(kind=VisitKind.REVIEW).order_by("held_on", "pk").last()
    if review is None or _held_by(course, held, review.held_on) < lifecycle.REVIEW_BEFORE_MORE:
        raise Refused(_(lifecycle.NEEDS_REVIEW), field="sessions")
    consent = treatment_consent(course.patient)
    signed = consent.standing.since
    if not consent.holds or signed is None or not _is_after(signed, review):
        raise Refused(
            _(lifecycle.NEEDS_CONSENT) % {"day": date_format(review.held_on)}, field="sessions"
        )
    return review


def _held_by(course: Course, held: list[cadence.Held], day: date) -> int:
    return course.earlier_sessions + sum(visit.on <= day for visit in held)


def _is_after(signed: datetime, review: Visit) -> bool:
    """Whether something was signed after a review: on a later day, or once it was written."""
    return timezone.localdate(signed) > review.held_on or signed >= review.recorded_at


def _check_area_sessions(own: AreaSessions, sessions: int, done: Mapping[Area, int]) -> None:
    """Refuse a number of an area's own that does not fit the course or what the area had."""
    for area, count in own.items():
        if count is None:
            continue
        if count > sessions:
            raise Refused(
                _(lifecycle.AREA_TOO_MANY) % {"area": area.label}, field=f"area_{area.value}"
            )
        if count < max(1, done.get(area, 0)):
            values = {"area": area.label, "held": done.get(area, 0)}
            raise Refused(_(lifecycle.AREA_HELD) % values, field=f"area_{area.value}")
