"""The chart: one patient, her courses, what happened and what comes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from appointments.models import Appointment
from appointments.strips import strips_of
from clinic.lookup import fetch, person
from clinic.models import User
from clinic.policy import allow
from clinic.roles import Can
from clinic.strip import State
from desk.standing import review_is_due, standing_of
from patients.models import Patient, Screening
from treatments.models import Course, Visit
from treatments.rules import cadence, measures
from treatments.terms import MeasureKind, VisitKind
from treatments.wording import elsewhere_sentence, forecast_sentence

WITHOUT_DATE = (State.OVERDUE, State.MISSED, State.NEXT, State.FREE)


@allow(Can.SEE_PATIENTS)
def chart(request: HttpRequest, code: str) -> HttpResponse:
    """Show a patient. The desk sees dates and counts; clinical parts need their own grant."""
    user, today = person(request), timezone.localdate()
    patient = fetch(request, Patient.objects.all(), viewed="chart", code=code)
    courses = list(
        Course.objects.visible_to(user)
        .filter(patient=patient)
        .with_sessions()
        .order_by("-opened_on", "-pk")
    )
    courses.sort(key=lambda course: not course.is_open)
    course = next(
        (row for row in courses if str(row.pk) == request.GET.get("course")),
        courses[0] if courses else None,
    )
    appointments = list(
        Appointment.objects.visible_to(user)
        .filter(patient=patient)
        .select_related("practitioner", "room")
        .order_by("starts_at")
    )
    coming = [row for row in appointments if row.is_coming]
    context: dict[str, Any] = {
        "patient": patient,
        "courses": courses,
        "course": course,
        "coming": coming,
        "tab": "overview",
        "screening_is_complete": patient.screenings.exclude(decision="").exists(),
    }
    if course:
        clinician = user.can(Can.SEE_CLINICAL)
        strip = strips_of([course], today, books=user.can(Can.BOOK), reads=clinician)[course.pk]
        promises = [row.as_promise for row in coming if row.course_id == course.pk]
        end = cadence.forecast(course.facts, course.sessions, today, promises)
        own = next((row for row in coming if row.course_id == course.pk), None)
        context |= {
            "strip": strip,
            "standing": standing_of(course, strip, own),
            "next_number": strip.done + 1,
            "left": strip.planned - strip.done,
            "unbooked": any(each.state in WITHOUT_DATE for each in strip.marks),
            "review_is_due": review_is_due(strip),
            "elsewhere": elsewhere_sentence(course.earlier) if course.earlier else "",
            "forecast": forecast_sentence(end) if end else "",
            "is_due": course.due_from is not None and course.due_from <= today,
        }
    if user.can(Can.SEE_CLINICAL):
        context |= clinical(patient, course, user, appointments)
    return render(request, "desk/chart.html", context)


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure: the last value, its unit, and its change since the baseline."""

    label: str
    unit: str
    value: Any
    on: date
    change: measures.Change | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline: a visit, a missed appointment or a screening."""

    on: date
    kind: str
    item: Any


def clinical(
    patient: Patient, course: Course | None, user: User, appointments: list[Appointment]
) -> dict[str, Any]:
    """Collect what only clinical roles see: figures, timeline, screenings."""
    screenings = list(
        Screening.objects.visible_to(user)
        .filter(patient=patient)
        .with_findings()
        .order_by("-started_on", "-pk")
    )
    visits: list[Visit] = []
    if course:
        visits = list(
            Visit.objects.visible_to(user)
            .filter(course=course)
            .for_chart()
            .order_by("held_on", "number", "pk")
        )
    entries = [
        *(Entry(visit.held_on, "visit", visit) for visit in visits),
        *(
            Entry(row.starts_on, "missed", row)
            for row in appointments
            if row.is_missed and course and row.course_id == course.pk
        ),
        *(Entry(screening.started_on, "screening", screening) for screening in screenings),
    ]
    standing = [visit for visit in visits if visit.voided_at is None]
    return {
        "figures": figures(standing),
        "pains": [visit.pain for visit in standing if visit.pain is not None][-4:],
        "timeline": sorted(entries, key=lambda entry: entry.on, reverse=True),
        "screenings": screenings,
        "severe": [
            (visit, reaction)
            for visit in standing
            for reaction in visit.reactions.all()
            if reaction.is_severe
        ],
        "lots": lots_of(standing),
        "has_baseline": any(
            visit.kind == VisitKind.BASELINE for visit in visits if visit.voided_at is None
        ),
    }


def figures(visits: list[Visit]) -> list[Figure]:
    """Return the last value of each measure with its change since the first one."""
    found = []
    for kind in (MeasureKind.THIGH_LEFT, MeasureKind.THIGH_RIGHT, MeasureKind.WEIGHT):
        taken = [
            (visit, row) for visit in visits for row in visit.measures.all() if row.kind == kind
        ]
        if not taken:
            continue
        (first_visit, first), (last_visit, last) = taken[0], taken[-1]
        same = first_visit.practitioner_id == last_visit.practitioner_id
        change = (
            measures.change(kind, first.value, last.value, same_observer=same)
            if len(taken) > 1
            else None
        )
        found.append(
            Figure(
                str(kind.label), measures.SCALES[kind].unit, last.value, last_visit.held_on, change
            )
        )
    return found


def lots_of(visits: list[Visit]) -> list[tuple[str, str, str]]:
    """Return each lot with its product and the sessions it was used in, the latest first."""
    used: dict[tuple[str, str], list[str]] = {}
    for visit in visits:
        for row in visit.products.all():
            if row.lot:
                lot = (row.lot.number, row.product.name)
                used.setdefault(lot, []).append(str(visit.number))
    return [
        (lot, product, ", ".join(numbers)) for (lot, product), numbers in reversed(used.items())
    ]
