"""The diary, booking, and what becomes of an appointment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appointments import rhythm
from appointments.actions import FURTHEST
from appointments.diary import diary_of
from appointments.forms import (
    ArriveForm,
    BookForm,
    ButtonForm,
    CancelForm,
    DoneForm,
    MoveForm,
    NoShowForm,
    ReopenForm,
)
from appointments.models import Appointment, AppointmentQuerySet
from appointments.rules.states import MOVES, refuse_move, refuse_turn
from appointments.strips import number_of, strips_of
from appointments.terms import Status
from clinic import audit
from clinic.forms import submitted
from clinic.lookup import fetch, person
from clinic.models import User
from clinic.policy import allow
from clinic.roles import Can
from patients.models import Patient
from treatments.models import Course

FIRST_YEAR, LAST_YEAR = 2000, 2100
FOUND = 25  # patients to choose from


@allow(Can.SEE_SCHEDULE)
def day(request: HttpRequest, day: date | None = None) -> HttpResponse:
    """Show one day: who comes to whom, when and where, and what is free."""
    user, now = person(request), timezone.now()
    today = timezone.localdate(now)
    if "day" in request.GET:
        wanted = parse_day(request.GET["day"])
        return redirect("appointments:day-on", wanted or today)
    shown = day or today
    if not FIRST_YEAR <= shown.year < LAST_YEAR:
        raise Http404
    monday = shown - timedelta(shown.weekday())
    context = {
        "day": shown,
        "now": timezone.localtime(now),
        "today": today,
        "before": shown - timedelta(1),
        "after": shown + timedelta(1),
        "week": [monday + timedelta(days) for days in range(7)],
        "diary": diary_of(shown, user=user, now=now, can_book=user.can(Can.BOOK)),
    }
    return render(request, "appointments/day.html", context)


def parse_day(text: str) -> date | None:
    """Read the day that somebody wants to jump to; None where it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@allow(Can.BOOK)
def add(request: HttpRequest) -> HttpResponse:
    """Book an appointment for the patient, and the course, that the address names."""
    found = patient_and_course(request)
    if found is None:
        return choose_patient(request)
    patient, course = found
    form = BookForm(
        *submitted(request),
        patient=patient,
        course=course,
        at=asked_time(request),
        practitioner=asked_practitioner(request),
    )
    if form.submit(by=person(request)):
        messages.success(request, _("Booked."))
        late = rhythm.lateness(form.result) if form.result else ""
        if late:
            messages.warning(request, _("This is late. %(reason)s") % {"reason": late})
        return redirect(after(request, form.location))
    context = {"form": form, "patient": patient, "course": course}
    if course is not None:
        strips = strips_of(
            Course.objects.filter(pk=course.pk).with_sessions(), timezone.localdate()
        )
        context["strip"] = strips[course.pk]
    return render(request, "appointments/appointment_form.html", context)


@allow(Can.SEE_SCHEDULE)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one appointment and what may become of it."""
    appointment = fetch(request, rows(), viewed="appointment", pk=pk)
    return show(request, appointment)


@allow(Can.BOOK)
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Move an appointment to another time, practitioner or room."""
    appointment = fetch(request, rows(), viewed="appointment", pk=pk)
    form = MoveForm(*submitted(request), appointment=appointment)
    if form.submit(by=person(request)):
        messages.success(request, _("Moved."))
        late = rhythm.lateness(form.result) if form.result else ""
        if late:
            messages.warning(request, _("This is late. %(reason)s") % {"reason": late})
        return redirect(after(request, form.location))
    context = {"form": form, "appointment": appointment, "patient": appointment.patient}
    return render(request, "appointments/appointment_move.html", context)


@allow(Can.BOOK)
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel an appointment, with the reason."""
    appointment = fetch(request, rows(), viewed="appointment", pk=pk)
    form = CancelForm(*submitted(request), appointment=appointment)
    if form.submit(by=person(request)):
        messages.success(request, _("Cancelled. The time is free again."))
        return redirect(after(request, form.location))
    context = {"form": form, "appointment": appointment, "patient": appointment.patient}
    return render(request, "appointments/appointment_cancel.html", context)


@allow(Can.BOOK)
def arrive(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that the patient is in the building."""
    return press(request, pk, ArriveForm, _("%(who)s: arrived."))


@allow(Can.BOOK)
def done(request: HttpRequest, pk: int) -> HttpResponse:
    """Close an appointment that was kept."""
    return press(request, pk, DoneForm, _("%(who)s: done."))


@allow(Can.BOOK)
def no_show(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that nobody came."""
    return press(request, pk, NoShowForm, _("%(who)s: did not come."))


@allow(Can.BOOK)
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo: back to booked."""
    return press(request, pk, ReopenForm, _("%(who)s: back to booked."))


# What the views share ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tap:
    """One tap: what an appointment becomes by it, and how its button looks."""

    to: Status
    form: type[ButtonForm]
    url_name: str
    label: str | Promise
    icon: str
    look: str = "btn-outline"


ARRIVE, DONE = (
    Tap(Status.ARRIVED, ArriveForm, "arrive", gettext_lazy("Mark arrived"), "person-check"),
    Tap(Status.DONE, DoneForm, "done", gettext_lazy("Mark done"), "check-lg"),
)
NO_SHOW = Tap(
    Status.NO_SHOW, NoShowForm, "no-show", gettext_lazy("No-show"), "x-octagon", "btn-stop"
)
REOPEN = Tap(
    Status.BOOKED, ReopenForm, "reopen", gettext_lazy("Back to booked"), "arrow-counterclockwise"
)


def rows() -> AppointmentQuerySet:
    return Appointment.objects.for_day().select_related("booked_by", "cancelled_by", "visit")


def press(request: HttpRequest, pk: int, button: type[ButtonForm], told: str) -> HttpResponse:
    """Carry out one tap and go back to where it was made; what is wrong shows on the appointment."""
    appointment = fetch(request, rows(), pk=pk)
    if request.method != "POST":
        return redirect(appointment)
    form = button(*submitted(request), appointment=appointment)
    if form.submit(by=person(request)):
        messages.success(request, told % {"who": appointment.patient.short_name})
        return redirect(after(request, form.location))
    return show(request, appointment, form)


def show(
    request: HttpRequest, appointment: Appointment, refused: ButtonForm | None = None
) -> HttpResponse:
    """Render an appointment with the buttons that its state and the time allow."""
    now = timezone.now()
    status, has_begun = Status(appointment.status), appointment.starts_at <= now
    taps = [
        tap
        for tap in (ARRIVE, DONE, NO_SHOW, REOPEN)
        if not refuse_turn(
            status,
            tap.to,
            on=appointment.starts_on,
            today=timezone.localdate(now),
            has_begun=has_begun,
        )
    ]
    context: dict[str, Any] = {
        "appointment": appointment,
        "patient": appointment.patient,
        "refused": refused,
        "taps": [(tap, tap.form(appointment=appointment)) for tap in taps],
        "first": next((tap for tap in taps if tap in (ARRIVE, DONE)), None),
        "may_move": not refuse_move(status, has_begun=has_begun),
        "may_cancel": Status.CANCELLED in MOVES[status],
    }
    if appointment.course_id:
        courses = Course.objects.filter(pk=appointment.course_id)
        strip = strips_of(courses.with_sessions(), timezone.localdate(now))[appointment.course_id]
        context |= {"strip": strip, "number": number_of(appointment, strip)}
    return render(request, "appointments/appointment_detail.html", context)


def after(request: HttpRequest, default: str) -> str:
    """Return the page to go to: the one that was asked for, if it is one of ours."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else default


# What the address of a booking asks for ----------------------------------------------------------


def patient_and_course(request: HttpRequest) -> tuple[Patient, Course | None] | None:
    """Return whom to book for, 404 where the address names nobody, None where it does not say.

    Without a course the only open one of the patient is meant.
    """
    code = request.GET.get("patient", "").replace("\x00", "")
    key = request.GET.get("course", "")
    if key:
        courses = Course.objects.filter(patient__archived_at=None)
        if code:
            courses = courses.filter(patient__code=code)
        course = fetch(request, courses.select_related("patient", "practitioner"), pk=number(key))
        return course.patient, course
    if not code:
        return None
    patient = fetch(request, Patient.objects.current(), code=code)
    open_courses = list(patient.courses.open().select_related("practitioner")[:2])
    return patient, open_courses[0] if len(open_courses) == 1 else None


def asked_time(request: HttpRequest) -> datetime | None:
    """Return the time of the clinic's clock that was chosen in the diary."""
    try:
        at = datetime.fromisoformat(request.GET.get("at", "")).replace(tzinfo=None)
    except ValueError:
        return None
    return at if abs(at.date() - timezone.localdate()) <= FURTHEST else None


def asked_practitioner(request: HttpRequest) -> User | None:
    key = number(request.GET.get("practitioner", ""))
    return User.objects.practitioners().filter(pk=key).first()


def number(text: str) -> int:
    """Read a key from an address; 0, which no row has, when it is none."""
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def choose_patient(request: HttpRequest) -> HttpResponse:
    """Ask whom to book for, keeping the time that was chosen."""
    text = request.GET.get("q", "").strip()
    kept = {name: request.GET[name] for name in ("at", "practitioner") if request.GET.get(name)}
    found: list[tuple[Patient, str]] = []
    if text:
        audit.record("patients searched", by=person(request))
        patients = Patient.objects.visible_to(person(request)).current().matching(text)
        found = [
            (patient, urlencode({**kept, "patient": patient.code}))
            for patient in patients.order_by("family_name", "given_name", "pk")[:FOUND]
        ]
    at = asked_time(request)
    context = {
        "text": text,
        "kept": kept,
        "found": found,
        "is_cut": len(found) == FOUND,
        "at": at,
        "practitioner": asked_practitioner(request) if at else None,
    }
    return render(request, "appointments/patient_choice.html", context)
