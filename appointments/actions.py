"""The only writers of appointments and rooms.

A free slot has no row to lock, so whoever takes one locks the practitioner's, the room's and the
patient's row, always in this order, and looks again. The database refuses an overlap besides.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from appointments import overlap, rhythm
from appointments.models import Appointment, Room
from appointments.rules import slots, states
from appointments.rules.slots import Slot
from appointments.terms import LIVE, Kind, Status
from clinic import audit
from clinic.models import User
from clinic.refusal import Refused, Stale
from clinic.roles import Role
from clinic.templatetags.components import day as written_day
from patients.models import Patient
from treatments.actions import note_missed, take_back_missed
from treatments.models import Course, Visit
from treatments.terms import CourseState

FURTHEST = timedelta(days=2 * 366)


@transaction.atomic
def add_room(*, name: str, by: User | None) -> Room:
    """Add a room that can be booked."""
    room = Room.objects.create(name=name)
    audit.record("room added", by=by, target=f"room {room.pk}")
    return room


@transaction.atomic
def book_appointment(
    *,
    patient: Patient,
    practitioner: User,
    room: Room,
    kind: Kind,
    starts_at: datetime,
    minutes: int,
    by: User,
    course: Course | None = None,
) -> Appointment:
    """Book `minutes` with a practitioner in a room; a session names its course.

    Refused in the past and outside the hours, for an archived patient, while somebody or the
    room is taken, beyond the plan of the course, and too close to another of its sessions. One
    that comes late is booked; `rhythm.lateness` then says so.
    """
    new = Appointment(kind=kind, booked_by=by)
    _place(new, patient, practitioner, room, course, Slot.lasting(starts_at, minutes))
    _check_plan(new)
    _check_place(new)
    _write(new)
    _audit("appointment booked", new, by)
    return new


@transaction.atomic
def move_appointment(
    *,
    appointment: Appointment,
    practitioner: User,
    room: Room,
    starts_at: datetime,
    minutes: int,
    by: User,
    version: int | None = None,
) -> Appointment:
    """Move a booked appointment to another time, practitioner or room; the row stays the same.

    Refused for the reasons of a booking. Raises Stale when somebody moved it after `version`
    was read; None moves it from wherever it stands.
    """
    slot = Slot.lasting(starts_at, minutes)
    patient, course = appointment.patient, appointment.course
    place = Appointment(pk=appointment.pk, kind=appointment.kind)
    _place(place, patient, practitioner, room, course, slot)
    current = _locked(appointment)
    if version is not None and version != current.version:
        raise Stale(
            _(
                "Somebody moved this appointment meanwhile: it is now on %(when)s. Save again to move it from there."
            )
            % {"when": _when(current)},
            version=current.version,
        )
    has_begun = current.starts_at <= timezone.now()
    _refuse(states.refuse_move(Status(current.status), has_begun=has_begun), current)
    _check_place(place)
    before = timezone.localtime(current.starts_at)
    current.practitioner, current.room = place.practitioner, place.room
    current.starts_at, current.ends_at = slot.start, slot.end
    current.version += 1
    _write(current, ["practitioner", "room", "starts_at", "ends_at", "version"])
    _audit("appointment moved", current, by, f" from {before:%Y-%m-%d %H:%M}")
    return current


@transaction.atomic
def cancel_appointment(*, appointment: Appointment, reason: str, by: User) -> Appointment:
    """Cancel an appointment and free its time. Less than 24 hours before counts as missed."""
    if not reason.strip():
        raise Refused(_("Give the reason."), field="reason")
    changes = {"cancelled_at": timezone.now(), "cancelled_by": by, "cancel_reason": reason.strip()}
    _hold_course(appointment)
    current = _turn(appointment, Status.CANCELLED, by, "appointment cancelled", **changes)
    return _tell_course(current, by)


@transaction.atomic
def mark_arrived(*, appointment: Appointment, by: User) -> Appointment:
    """Note that the patient is in the building."""
    return _turn(appointment, Status.ARRIVED, by, "appointment arrived", arrived_at=timezone.now())


@transaction.atomic
def mark_done(*, appointment: Appointment, by: User, visit: Visit | None = None) -> Appointment:
    """Close an appointment that was kept, with the visit that it led to if there is one."""
    if visit is not None:
        return link_visit(appointment=appointment, visit=visit, by=by)
    return _turn(appointment, Status.DONE, by, "appointment done")


@transaction.atomic
def link_visit(*, appointment: Appointment, visit: Visit, by: User) -> Appointment:
    """Tie an appointment to the visit that fulfilled it, and close it where it is still open."""
    current = _locked(appointment)
    if visit.course.patient_id != current.patient_id:
        raise Refused(_("This visit belongs to another patient."))
    if current.course_id and visit.course_id != current.course_id:
        raise Refused(_("This visit belongs to another course."))
    if visit.held_on != current.starts_on:
        raise Refused(
            _("The visit was held on %(day)s, the appointment was on %(other)s.")
            % {"day": written_day(visit.held_on), "other": written_day(current.starts_on)}
        )
    if current.visit_id and current.visit_id != visit.pk:
        raise Refused(_("Another visit is tied to this appointment already."))
    if visit.voided_at:
        raise Refused(_("This visit is struck out."))
    if Appointment.objects.filter(visit=visit).exclude(pk=current.pk).exists():
        raise Refused(_("This visit is tied to another appointment already."))
    if current.status != Status.DONE:
        return _turn(current, Status.DONE, by, "appointment done", visit=visit)
    current.visit = visit
    current.save(update_fields=["visit"])
    _audit("appointment tied to visit", current, by)
    return current


@transaction.atomic
def mark_no_show(*, appointment: Appointment, by: User) -> Appointment:
    """Note that the patient did not come; the rest of the time is free."""
    _hold_course(appointment)
    return _tell_course(_turn(appointment, Status.NO_SHOW, by, "appointment no-show"), by)


@transaction.atomic
def reopen_appointment(*, appointment: Appointment, by: User) -> Appointment:
    """Undo: back to booked, if its time is still free and no visit hangs on it."""
    _place(
        Appointment(),
        appointment.patient,
        appointment.practitioner,
        appointment.room,
        appointment.course,
        appointment.slot,
    )
    if appointment.course is not None:
        # First, because a missed session that counts takes the place that it needs again.
        take_back_missed(course=appointment.course, promise=appointment.pk, by=by)
    current = _locked(appointment)
    if current.visit is not None and current.visit.voided_at is None:
        raise Refused(_("A visit is recorded for this appointment. Strike it out first."))
    return _turn(
        current,
        Status.BOOKED,
        by,
        "appointment reopened",
        arrived_at=None,
        cancelled_at=None,
        cancelled_by=None,
        cancel_reason="",
        visit=None,
    )


# Locking and writing -----------------------------------------------------------------------------


def _place(
    appointment: Appointment,
    patient: Patient,
    practitioner: User,
    room: Room,
    course: Course | None,
    slot: Slot,
) -> None:
    """Lock whom and what an appointment takes, and put the fresh rows on it.

    No other transaction can take them meanwhile; rows that only refer to them can be written,
    so that two people who book for each other do not wait for each other.
    """
    appointment.practitioner = User.objects.select_for_update(no_key=True).get(pk=practitioner.pk)
    appointment.room = Room.objects.select_for_update(no_key=True).get(pk=room.pk)
    appointment.patient = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    if course is not None:
        appointment.course = Course.objects.select_for_update(no_key=True).get(pk=course.pk)
    appointment.starts_at, appointment.ends_at = slot.start, slot.end


def _hold_course(appointment: Appointment) -> None:
    """Lock the course before the appointment, as booking does."""
    if appointment.course_id:
        Course.objects.select_for_update(no_key=True).get(pk=appointment.course_id)


def _tell_course(current: Appointment, by: User) -> Appointment:
    """Tell the course that a session of it was missed: a no-show, or a late cancellation."""
    if current.course is not None and current.kind == Kind.SESSION and current.is_missed:
        note_missed(course=current.course, promise=current.pk, on=current.starts_on, by=by)
    return current


def _locked(appointment: Appointment) -> Appointment:
    rows = Appointment.objects.select_for_update(of=("self",), no_key=True).for_day()
    return rows.select_related("visit").get(pk=appointment.pk)


def _write(appointment: Appointment, fields: list[str] | None = None) -> None:
    """Save, and turn the database's own refusal of an overlap into the sentence of the check."""
    try:
        with transaction.atomic():
            appointment.save(update_fields=fields)
    except IntegrityError as error:
        if not overlap.is_refusal(error):
            raise
        _check_free(appointment)
        raise Refused(_("This time has just been taken. Choose another."), field="time") from error


def _turn(
    appointment: Appointment, to: Status, by: User, audited: str, **changes: Any
) -> Appointment:
    """Give an appointment its next status, if the rules let it."""
    current = _locked(appointment)
    now = timezone.now()
    reason = states.refuse_turn(
        Status(current.status),
        to,
        on=current.starts_on,
        today=timezone.localdate(now),
        has_begun=current.starts_at <= now,
    )
    _refuse(reason, current)
    if current.status not in LIVE:
        _check_return(current, now)
    for name, value in {**changes, "status": to}.items():
        setattr(current, name, value)
    _write(current, ["status", *changes])
    _audit(audited, current, by)
    return current


def _audit(action: str, appointment: Appointment, by: User, more: str = "") -> None:
    target = f"appointment {appointment.pk}{more}"
    audit.record(action, by=by, patient=appointment.patient_code, target=target)


def _refuse(template: str | None, appointment: Appointment) -> None:
    if template is not None:
        values = {
            "state": str(appointment.get_status_display()).lower(),
            "day": written_day(appointment.starts_on),
        }
        raise Refused(_(template) % values)


# Whether a time can be taken ---------------------------------------------------------------------


def _check_place(new: Appointment) -> None:
    """Refuse a place in the diary that cannot be taken, the plainest reason first."""
    if new.patient.archived_at:
        raise Refused(_("This patient is archived. Bring the patient back first."))
    if not (new.practitioner.is_active and Role.PRACTITIONER in new.practitioner.roles):
        raise Refused(
            _("%(name)s does not treat patients. Choose a practitioner.")
            % {"name": new.practitioner},
            field="practitioner",
        )
    if not new.room.is_active:
        raise Refused(
            _("%(room)s is no longer in use. Choose another room.") % {"room": new.room},
            field="room",
        )
    _check_time(new)
    _check_interval(new)
    _check_free(new)


def _check_return(current: Appointment, now: datetime) -> None:
    """Refuse to take a time back that has been given away, or that the course no longer awaits."""
    if current.starts_at > now:
        _check_plan(current)
        _check_interval(current)
    _check_free(current)


def _check_time(new: Appointment) -> None:
    now = timezone.now()
    start, end = timezone.localtime(new.starts_at), timezone.localtime(new.ends_at)
    if not slots.SHORTEST <= new.minutes <= slots.LONGEST:
        raise Refused(
            _("An appointment takes %(shortest)d to %(longest)d minutes.")
            % {"shortest": slots.SHORTEST, "longest": slots.LONGEST},
            field="length",
        )
    if new.starts_at < now:
        past = _("%(day)s, %(time)s has passed. Choose a time to come.")
        field = "date" if start.date() < timezone.localdate(now) else "time"
        raise Refused(past % {"day": written_day(start.date()), "time": _clock(start)}, field=field)
    if new.starts_at - now > FURTHEST:
        raise Refused(_("This is more than two years ahead. Check the year."), field="date")
    if slots.is_outside_hours(start, end):
        raise Refused(
            _(
                "The clinic is open from %(opens)s to %(closes)s; this would be %(start)s to %(end)s."
            )
            % {
                "opens": time_format(slots.OPENS),
                "closes": time_format(slots.CLOSES),
                "start": _clock(start),
                "end": _clock(end),
            },
            field="time",
        )


def _check_plan(new: Appointment) -> None:
    """Refuse a course that is another patient's, and a session that its course does not await."""
    course = new.course
    if course is not None and course.patient_id != new.patient.pk:
        raise Refused(_("This course belongs to another patient."), field="course")
    if new.kind != Kind.SESSION:
        return
    if course is None:
        raise Refused(_("Choose the course that the session belongs to."), field="course")
    if course.state == CourseState.PAUSED:
        raise Refused(
            _("The course is paused. Resume it before booking a session."), field="course"
        )
    if not course.falls_due:
        raise Refused(
            _("The course is %(state)s. No session can be booked for it.")
            % {"state": str(course.get_state_display()).lower()},
            field="course",
        )
    if rhythm.is_full(course, but=new):
        if course.missed_that_count:
            raise Refused(
                _("All %(count)d planned sessions are held or booked, or were missed and count.")
                % {"count": course.planned_sessions},
                field="course",
            )
        raise Refused(
            ngettext(
                "The %(count)d planned session is held or booked.",
                "All %(count)d planned sessions are held or booked.",
                course.planned_sessions,
            )
            % {"count": course.planned_sessions},
            field="course",
        )


def _check_interval(new: Appointment) -> None:
    """Refuse a session too close to another of its course, held or booked."""
    early = rhythm.earliness(new)
    if early:
        raise Refused(early, field="date")


# Who has the time already ------------------------------------------------------------------------


def _check_free(new: Appointment) -> None:
    """Refuse a time that the practitioner, the room or the patient has given away, and name it."""
    of_the_day = list(
        Appointment.objects.live()
        .on_day(new.starts_on)
        .filter(Q(practitioner=new.practitioner) | Q(room=new.room) | Q(patient=new.patient))
        .exclude(pk=new.pk)
        .for_day()
        .order_by("starts_at")
    )
    clashes = _clashes(new, of_the_day)
    if clashes:
        raise Refused(f"{clashes[0]} {_nearest(new, of_the_day)}", field="time")


def _clashes(new: Appointment, of_the_day: Sequence[Appointment]) -> list[str]:
    """Say what stands in the way, the practitioner first, then the room, then the patient."""
    taken = [row for row in of_the_day if slots.overlaps(row.slot, new.slot)]
    words = {
        "practitioner_id": _(
            "%(practitioner)s has %(patient)s from %(start)s to %(end)s that day."
        ),
        "room_id": _("%(room)s is taken by %(practitioner)s from %(start)s to %(end)s that day."),
        "patient_id": _(
            "She has an appointment with %(practitioner)s from %(start)s to %(end)s that day already."
        ),
    }
    return [
        sentence
        % {
            "practitioner": row.practitioner,
            "patient": row.patient.short_name,
            "room": row.room,
            "start": _clock(row.starts_at),
            "end": _clock(row.ends_at),
        }
        for who, sentence in words.items()
        for row in taken
        if getattr(row, who) == getattr(new, who)
    ]


def _nearest(new: Appointment, of_the_day: Sequence[Appointment]) -> str:
    opens, closes = (
        timezone.make_aware(datetime.combine(new.starts_on, clock)).astimezone(UTC)
        for clock in (slots.OPENS, slots.CLOSES)
    )
    free = slots.nearest_free(
        new.slot,
        [row.slot for row in of_the_day],
        opening=Slot(opens, closes),
        not_before=timezone.now(),
    )
    if free is None:
        return _("Nothing of this length is free that day.")
    return _("Nearest free time: %(time)s.") % {"time": _clock(free.start)}


# Words -------------------------------------------------------------------------------------------


def _clock(instant: datetime) -> str:
    return time_format(timezone.localtime(instant))


def _when(appointment: Appointment) -> str:
    values = {
        "day": written_day(appointment.starts_on),
        "time": _clock(appointment.starts_at),
        "practitioner": appointment.practitioner,
        "room": appointment.room,
    }
    return _("%(day)s, %(time)s, with %(practitioner)s in %(room)s") % values
