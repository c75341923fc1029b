"""Today: who comes, who is here, what is left to finish. By role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from appointments.models import Appointment
from appointments.strips import number_of, strips_of
from appointments.terms import OPEN, Kind, Status
from clinic.lookup import person
from clinic.models import User
from clinic.policy import allow
from clinic.roles import Can, Role
from clinic.strip import State, Strip
from desk.standing import Group, standings
from patients.models import Screening
from treatments.models import Course, Photo, Reaction, Visit
from treatments.terms import VisitKind

UNRECORDED_DAYS = 14


@dataclass(frozen=True, slots=True)
class Slot:
    """One appointment on a day, with its course's strip and how long somebody has waited."""

    appointment: Appointment
    strip: Strip | None
    number: int | None
    waited: int | None

    @property
    def next_on(self) -> date | None:
        """The next session's date, where one is booked."""
        marks = self.strip.marks if self.strip else ()
        return next((mark.on for mark in marks if mark.state == State.BOOKED), None)

    @property
    def patience(self) -> str:
        """How the waiting reads: amber after 10 minutes, red after 20."""
        if self.waited is None or self.waited <= 10:
            return "waiting"
        return "attention" if self.waited <= 20 else "stop"


@allow(Can.USE_CLINIC)
def today(request: HttpRequest, day: date | None = None) -> HttpResponse:
    """Show the day: a practitioner's own, or everybody's for the desk and the manager."""
    user, now = person(request), timezone.localtime()
    shown = day or now.date()
    treats = bool({Role.PRACTITIONER, Role.MEDICAL_LEAD} & user.roles)
    own = treats and request.GET.get("all") != "1"
    slots = day_slots(user, shown, now, only=user if own else None)
    context: dict[str, Any] = {
        "day": shown,
        "now": now,
        "is_today": shown == now.date(),
        "before": shown - timedelta(1),
        "after": shown + timedelta(1),
        "slots": slots,
        "done": [slot for slot in slots if not slot.appointment.is_open],
        "treats": treats,
        "own": own,
        "open_past": open_past(user, only=user if own else None),
    }
    if own:
        to_come = [slot for slot in slots if slot.appointment.is_open]
        here = [slot for slot in to_come if slot.appointment.status == Status.ARRIVED]
        current = next(iter(here or to_come), None) if shown == now.date() else None
        context |= {
            "current": current,
            "next": [slot for slot in to_come if slot is not current],
            "call_back": call_back(user),
            "unrecorded": unrecorded(user, now.date()),
            "to_confirm": to_confirm(user),
            "to_sign": to_sign(user),
            "to_save": to_save(user),
        }
        return render(request, "desk/today_practitioner.html", context)
    context |= {
        "columns": by_practitioner(slots),
        "counts": counts(now.date()),
        "here": sum(slot.waited is not None for slot in slots),
    }
    return render(request, "desk/today_desk.html", context)


def day_slots(user: User, day: date, now: datetime, *, only: User | None) -> list[Slot]:
    """Return the day's appointments in order, with the strips of their courses."""
    rows = Appointment.objects.visible_to(user).on_day(day).for_day().order_by("starts_at", "pk")
    if only:
        rows = rows.filter(practitioner=only)
    found = [row for row in rows if row.status != Status.CANCELLED or row.is_missed]
    courses = Course.objects.filter(
        pk__in=[row.course_id for row in found if row.course_id]
    ).with_sessions()
    strips = strips_of(courses, now.date())
    return [slot_of(row, strips.get(row.course_id or 0), now) for row in found]


def slot_of(row: Appointment, strip: Strip | None, now: datetime) -> Slot:
    waited = None
    if row.status == Status.ARRIVED and row.arrived_at:
        waited = max(0, int((now - row.arrived_at).total_seconds() // 60))
    return Slot(row, strip, number_of(row, strip), waited)


def open_past(user: User, *, only: User | None) -> list[Appointment]:
    """Appointments of earlier days about which nobody said what happened."""
    start = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    rows = (
        Appointment.objects.visible_to(user).for_day().filter(status__in=OPEN, starts_at__lt=start)
    )
    return list((rows.filter(practitioner=only) if only else rows).order_by("starts_at")[:20])


def unrecorded(user: User, day: date) -> list[Appointment]:
    """Sessions of the last days that were kept but never recorded, of the person's own."""
    rows = Appointment.objects.visible_to(user).for_day()
    kept = rows.filter(
        practitioner=user,
        status=Status.DONE,
        kind=Kind.SESSION,
        visit=None,
        starts_at__date__gte=day - timedelta(UNRECORDED_DAYS),
    )
    return list(kept.order_by("starts_at"))


def to_sign(user: User) -> list[Visit]:
    """Visits that the person held and has not signed, the oldest first."""
    rows = Visit.objects.visible_to(user).unsigned().filter(practitioner=user)
    return list(rows.select_related("course__patient").order_by("held_on", "pk"))


@dataclass(frozen=True, slots=True)
class Waiting:
    """Photographs that somebody took for a visit and has not saved with it."""

    course: Course
    kind: VisitKind
    count: int


def to_save(user: User) -> list[Waiting]:
    """Photographs of the person that wait for their visit to be saved, the oldest first."""
    found: dict[tuple[Course, str], int] = {}
    rows = Photo.objects.visible_to(user).waiting().filter(added_by=user)
    for photo in rows.select_related("course__patient").order_by("added_at"):
        key = (photo.course, photo.waiting_for)
        found[key] = found.get(key, 0) + 1
    return [Waiting(course, VisitKind(kind), count) for (course, kind), count in found.items()]


def to_confirm(user: User) -> list[Screening]:
    """Screenings that somebody else accepted against a stop, and that wait for a second person."""
    if not user.can(Can.DECIDE):
        return []
    rows = Screening.objects.visible_to(user).waiting().standing().exclude(decided_by=user)
    return list(rows.select_related("patient", "decided_by").order_by("decided_at"))


def call_back(user: User) -> list[Reaction]:
    """Reactions that do not wait for the next visit, of the person's own visits."""
    if not user.can(Can.SEE_CLINICAL):
        return []
    rows = Reaction.objects.to_call_back().filter(visit__practitioner=user)
    return list(rows.select_related("visit__course__patient").order_by("-grade", "-visit__held_on"))


def by_practitioner(slots: list[Slot]) -> list[tuple[User, list[tuple[str, list[Slot]]]]]:
    """Sort the day into a column for each practitioner: here, to come, earlier."""
    columns: dict[User, list[Slot]] = {}
    for slot in slots:
        columns.setdefault(slot.appointment.practitioner, []).append(slot)
    return [
        (who, in_parts(rows))
        for who, rows in sorted(columns.items(), key=lambda pair: pair[0].name)
    ]


def in_parts(rows: list[Slot]) -> list[tuple[str, list[Slot]]]:
    here = [slot for slot in rows if slot.appointment.status == Status.ARRIVED]
    to_come = [slot for slot in rows if slot.appointment.status == Status.BOOKED]
    rest = [slot for slot in rows if slot not in here and slot not in to_come]
    return [("here", here), ("to_come", to_come), ("earlier", rest)]


def counts(day: date) -> dict[str, int]:
    """Count what the worklists hold: overdue, due and not booked, active."""
    groups = [row.group for row in standings(Course.objects.open(), day)]
    return {
        "overdue": groups.count(Group.OVERDUE),
        "due": groups.count(Group.DUE),
        "active": len(groups) - groups.count(Group.PAUSED),
        "on_track": groups.count(Group.ON_TRACK) + groups.count(Group.FINISHING),
    }
