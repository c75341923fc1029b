"""Opening a course, and pausing or closing it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from clinic.forms import submitted
from clinic.lookup import fetch, person
from clinic.policy import allow
from clinic.roles import Can
from patients.models import Patient, Screening
from treatments.forms.courses import CourseForm, CourseStateForm, PlanForm
from treatments.models import Course, ProtocolVersion
from treatments.rules import cadence

LONGEST_KEY = 18  # digits; more than any row has


@allow(Can.MANAGE_COURSES)
def add(request: HttpRequest, code: str) -> HttpResponse:
    """Open a course from the patient's accepted screening."""
    patient = fetch(request, Patient.objects.current(), code=code)
    accepted = Screening.objects.accepted().with_findings().filter(patient=patient)
    named = request.GET.get("screening", "")
    if named.isdecimal():
        if len(named) > LONGEST_KEY:
            raise Http404
        screening = fetch(request, accepted, pk=named)
        newer = screening.newer
        if newer:
            messages.warning(request, _("This newer screening has superseded that one."))
            return redirect(newer)
    else:
        standing = accepted.standing().visible_to(person(request))
        latest = standing.order_by("-decided_at").first()
        if latest is None:
            messages.info(request, _("A course starts with an accepted screening."))
            return redirect("patients:screening-add", code=code)
        screening = latest
    protocols = list(ProtocolVersion.objects.in_force().select_related("protocol"))
    protocols.sort(key=lambda row: (row.approved_at, row.pk), reverse=True)
    wanted = request.GET.get("protocol", "")
    protocol = next((row for row in protocols if str(row.pk) == wanted), None)
    if protocol is None and wanted != "none":
        protocol = next(iter(protocols), None)
    form = CourseForm(
        *submitted(request), screening=screening, by=person(request), protocol=protocol
    )
    if form.submit(by=person(request)):
        messages.success(request, _("Course opened. Take the baseline before session 1."))
        return redirect(form.location)
    context = {
        "form": form,
        "patient": patient,
        "screening": screening,
        "protocols": protocols,
        "protocol": protocol,
    }
    return render(request, "treatments/course_form.html", context)


@allow(Can.MANAGE_COURSES)
def change_state(request: HttpRequest, pk: int) -> HttpResponse:
    """Pause, resume, complete or stop a course."""
    course = fetch(request, Course.objects.with_sessions(), viewed="course", pk=pk)
    form = CourseStateForm(*submitted(request), course=course, to=request.GET.get("to", ""))
    if form.submit(by=person(request)):
        course.refresh_from_db(fields=["state"])
        state = course.get_state_display().lower()
        messages.success(request, _("The course is %(state)s.") % {"state": state})
        return redirect(form.location)
    return render(
        request,
        "treatments/course_state.html",
        {"form": form, "course": course, "patient": course.patient},
    )


@allow(Can.MANAGE_COURSES)
def change_plan(request: HttpRequest, pk: int) -> HttpResponse:
    """Extend or shorten the plan, give an area its own number, let missed sessions count."""
    course = fetch(request, Course.objects.with_sessions(), viewed="course", pk=pk)
    form = PlanForm(*submitted(request), course=course)
    if form.submit(by=person(request)):
        messages.success(request, _("The plan is changed."))
        return redirect("desk:course", pk=course.pk)
    context = {
        "form": form,
        "course": course,
        "patient": course.patient,
        "held": cadence.done(course.facts, course.sessions),
    }
    return render(request, "treatments/course_plan.html", context)
