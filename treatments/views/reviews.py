"""A review: the patient's opinion first, then the clinician's scores, then what both come to."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from clinic import handover
from clinic.forms import submitted
from clinic.lookup import fetch, person
from clinic.policy import allow
from clinic.roles import Can
from treatments.forms.reviews import (
    ANSWER_PAGE,
    AskForm,
    ContinueForm,
    NotAskedForm,
    OpinionForm,
    ScoresForm,
    progress_url,
)
from treatments.models import Course, Visit
from treatments.selectors.progress import (
    GRADED,
    baseline_of,
    futility_review,
    gates_of,
    may_go_on,
    opinion_of,
    progress_at,
    reason_written,
    reviews_of,
    views_of_both,
)
from treatments.terms import OpinionMethod


def graded_visit(request: HttpRequest, pk: int, *, viewed: str = "") -> Visit:
    """Return a baseline, review or follow-up; 404 for any other visit."""
    rows = Visit.objects.select_related("course__patient", "practitioner", "opinion")
    visit = fetch(request, rows, viewed=viewed, pk=pk)
    if visit.kind not in GRADED:
        raise Http404
    visit.course = (
        Course.objects.with_sessions().select_related("screening").get(pk=visit.course_id)
    )
    return visit


# The patient --------------------------------------------------------------------------------------


@allow(Can.RECORD_VISITS)
def opinion(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand the tablet over for the patient's own opinion, or say why she is not asked."""
    visit = graded_visit(request, pk, viewed="visit opinion")
    form = AskForm(*submitted(request), visit=visit, request=request)
    if form.submit(by=person(request)):
        return redirect(form.location)
    return render(
        request, "treatments/opinion.html", asking(visit, form, NotAskedForm(visit=visit))
    )


@allow(Can.RECORD_VISITS)
def not_asked(request: HttpRequest, pk: int) -> HttpResponse:
    """Note why the patient was not asked."""
    visit = graded_visit(request, pk)
    if request.method != "POST":
        return redirect("treatments:visit-opinion", pk)
    form = NotAskedForm(*submitted(request), visit=visit)
    if form.submit(by=person(request)):
        messages.success(request, _("Noted. Now score what you see."))
        return redirect(form.location)
    ask = AskForm(visit=visit, request=request)
    return render(request, "treatments/opinion.html", asking(visit, ask, form))


def asking(visit: Visit, form: AskForm, skip: NotAskedForm) -> dict[str, Any]:
    return {
        "visit": visit,
        "patient": visit.course.patient,
        "form": form,
        "skip": skip,
        "opinion": opinion_of(visit),
        "is_scored": visit.scores.exists(),
    }


@allow(Can.RECORD_VISITS)
def answer(request: HttpRequest) -> HttpResponse:
    """The one page that she sees: what she sees herself, in plain words."""
    held = handover.current(request)
    if held is None or held["page"] != ANSWER_PAGE:
        return redirect("desk:today")
    if held["is_done"]:
        return render(request, "treatments/opinion_thanks.html")
    facts = held["facts"]
    visit = graded_visit(request, facts["visit"])
    form = OpinionForm(
        *submitted(request),
        visit=visit,
        method=OpinionMethod(facts["method"]),
        changes_method=facts["changes_method"],
    )
    if form.submit(by=person(request)):
        handover.finish(request)
        return redirect(form.location)
    context = {"visit": visit, "patient": visit.course.patient, "form": form}
    return render(request, "treatments/opinion_answer.html", context)


# The clinician ------------------------------------------------------------------------------------


@allow(Can.RECORD_VISITS)
def score(request: HttpRequest, pk: int) -> HttpResponse:
    """Score every area; what the patient said stays hidden until that is saved."""
    visit = graded_visit(request, pk, viewed="visit scores")
    if opinion_of(visit) is None and request.method == "GET":
        messages.warning(request, _("The patient is asked first."))
        return redirect("treatments:visit-opinion", pk)
    form = ScoresForm(*submitted(request), visit=visit)
    if form.submit(by=person(request)):
        messages.success(request, _("Scores saved."))
        return redirect(form.location)
    context = {
        "visit": visit,
        "patient": visit.course.patient,
        "form": form,
        "opinion": opinion_of(visit),
        "is_scored": visit.scores.exists(),
        "pairs": views_of_both(visit) if person(request).can(Can.SEE_PHOTOS) else {},
    }
    return render(request, "treatments/visit_scores.html", context)


# What both come to --------------------------------------------------------------------------------


def course_of(request: HttpRequest, pk: int, *, viewed: str = "") -> Course:
    rows = Course.objects.with_sessions().select_related("patient", "screening__decided_by")
    return fetch(request, rows, viewed=viewed, pk=pk)


@allow(Can.SEE_CLINICAL)
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a review found, area by area, and everything that has to be read beside it."""
    course = course_of(request, pk, viewed="progress")
    review = futility_review(course)
    return render(
        request,
        "treatments/course_progress.html",
        shown(request, course, ContinueForm(course=course, review=review)),
    )


@allow(Can.MANAGE_COURSES)
def go_on(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down why a course goes on after session 10 without a measurable change."""
    course = course_of(request, pk)
    if request.method != "POST":
        return redirect("treatments:course-progress", pk)
    form = ContinueForm(*submitted(request), course=course, review=futility_review(course))
    if form.submit(by=person(request)):
        messages.success(request, _("The reason is written. The course goes on."))
        return redirect(form.location)
    return render(request, "treatments/course_progress.html", shown(request, course, form))


def shown(request: HttpRequest, course: Course, form: ContinueForm) -> dict[str, Any]:
    """Return what the page of a course's progress shows."""
    baseline = baseline_of(course)
    visits = [*([baseline] if baseline else []), *reviews_of(course)]
    visit = wanted(request, visits)
    return {
        "course": course,
        "patient": course.patient,
        "visits": visits,
        "visit": visit,
        "progress": progress_at(visit) if visit else None,
        "gates": gates_of(course),
        "obstacle": may_go_on(course),
        "continued": reason_written(course),
        "form": form,
        "here": progress_url(visit) if visit else "",
        "tab": "progress",
    }


def wanted(request: HttpRequest, visits: list[Visit]) -> Visit | None:
    """Return the visit that the address names, else the last one; 404 for any other."""
    named = request.GET.get("at")
    if not named:
        return visits[-1] if visits else None
    found = [visit for visit in visits if str(visit.pk) == named]
    if not found:
        raise Http404
    return found[0]
