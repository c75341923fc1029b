"""The page of one course, and the copy of its plan that the patient takes home."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext

from appointments.models import Appointment
from appointments.strips import strips_of
from clinic.lookup import fetch, person
from clinic.policy import allow
from clinic.replies import pdf_reply
from clinic.roles import Can
from desk.leaflet import leaflet_of, pdf_of
from desk.standing import standing_of
from treatments.models import Course, CourseMove
from treatments.rules import cadence, lifecycle
from treatments.terms import CourseState, MoveKind
from treatments.wording import elsewhere_sentence, floor_sentence, forecast_sentence

# Said of the treatment itself, so only readers of the record see that it was made.
CLINICAL_MOVES = {MoveKind.CONTINUED}


@allow(Can.SEE_PATIENTS)
def course(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a course: plan, strip, next window, end, moves. The desk sees dates and counts only."""
    user, today = person(request), timezone.localdate()
    rows = Course.objects.with_sessions().select_related("screening", "opened_by")
    found = fetch(request, rows, viewed="course", pk=pk)
    reads = user.can(Can.SEE_CLINICAL)
    strip = strips_of([found], today, books=user.can(Can.BOOK), reads=reads)[found.pk]
    facts, held = found.facts, found.sessions
    booked = Appointment.objects.live().filter(course=found, starts_at__date__gte=today)
    appointments = list(booked.not_done().select_related("practitioner").order_by("starts_at"))
    coming = appointments[0] if appointments else None
    end = cadence.forecast(facts, held, today, [row.as_promise for row in appointments])
    context = {
        "course": found,
        "patient": found.patient,
        "strip": strip,
        "standing": standing_of(found, strip, coming),
        "coming": coming,
        "window": cadence.window(facts, held),
        "next_number": cadence.next_number(facts, held),
        "forecast": forecast_sentence(end) if end else "",
        "floor": floor_sentence(facts, held) if reads else "",
        "elsewhere": elsewhere_sentence(facts.earlier) if facts.earlier else "",
        "missed": facts.missed,
        "areas": area_lines(found) if reads else [],
        "moves": moves_of(found, reads=reads),
        "buttons": buttons_of(found, strip.done) if user.can(Can.MANAGE_COURSES) else [],
        "tab": "",
    }
    return render(request, "desk/course.html", context)


@allow(Can.SEE_CLINICAL)
def copy(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the patient's copy, for the screen and for the printer."""
    found = fetch(request, Course.objects.with_sessions(), viewed="patient's copy", pk=pk)
    context = {
        "course": found,
        "patient": found.patient,
        "leaflet": leaflet_of(found, timezone.now()),
    }
    return render(request, "desk/course_copy.html", context)


@allow(Can.SEE_CLINICAL)
def copy_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the patient's copy as a PDF."""
    found = fetch(request, Course.objects.with_sessions(), viewed="patient's copy", pk=pk)
    content = pdf_of(leaflet_of(found, timezone.now()))
    return pdf_reply(content, name=f"plan-{found.patient_code}-{pk}")


@dataclass(frozen=True, slots=True)
class AreaLine:
    """One area of a course: how many sessions it had, of how many; `is_own`: a number of its own."""

    name: str
    count: cadence.AreaCount
    is_own: bool


def area_lines(course: Course) -> list[AreaLine]:
    """Count the sessions of each area. One query."""
    visits = course.visits.treatments().with_floor().prefetch_related("visit_areas")
    held = [visit.as_held_in_areas for visit in visits]
    counts = cadence.area_counts(course.facts, held)
    own = {row.area for row in course.course_areas.all() if row.planned_sessions}
    return [AreaLine(str(area.label), counts[area], area in own) for area in course.areas]


def moves_of(course: Course, *, reads: bool) -> list[CourseMove]:
    """Return the moves, the newest first; without the clinical ones for those who read no record."""
    moves = course.moves.select_related("by").order_by("-at", "-pk")
    return list(moves if reads else moves.exclude(kind__in=CLINICAL_MOVES))


@dataclass(frozen=True, slots=True)
class Button:
    """One legal move: its words, the page that makes it, and whether it ends the course."""

    words: str
    page: str
    query: str = ""
    ends: bool = False


PAGES = {
    MoveKind.EXTENDED: "treatments:course-plan",
    MoveKind.CONTINUED: "treatments:course-continue",
}


def buttons_of(course: Course, done: int) -> list[Button]:
    """Return the moves that the course allows, in the order of the table.

    Going on without a change is a question of the review after session 10.
    """
    return [
        Button(
            gettext(move.button),
            PAGES.get(move.kind, "treatments:course-state"),
            "" if move.kind in PAGES else f"?to={move.after}",
            ends=move.kind == MoveKind.STOPPED,
        )
        for move in lifecycle.legal(CourseState(course.state))
        if move.button and (move.kind != MoveKind.CONTINUED or done >= lifecycle.REVIEW_BEFORE_MORE)
    ]
