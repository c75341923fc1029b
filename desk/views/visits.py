"""Logging a visit: what was done, and the appointment that it fulfils."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from appointments.strips import strips_of
from clinic.forms import submitted
from clinic.lookup import fetch, person
from clinic.policy import allow
from clinic.roles import Can
from desk.forms import LogVisitForm
from patients.consents import treatment_consent
from treatments.actions import obstacle
from treatments.models import Course
from treatments.terms import VisitKind


@allow(Can.RECORD_VISITS)
def log(request: HttpRequest, pk: int) -> HttpResponse:
    """Log a visit of a course; the address says which kind."""
    course = fetch(request, Course.objects.with_sessions(), viewed="visit form", pk=pk)
    kind = request.GET.get("kind", VisitKind.TREATMENT)
    if kind not in VisitKind.values:
        raise Http404
    reason = obstacle(course, VisitKind(kind))
    if reason and request.method == "GET":
        # At once, and not after everything was typed.
        messages.warning(request, reason)
        return redirect(course)
    form = LogVisitForm(*submitted(request), course=course, kind=VisitKind(kind))
    if form.submit(by=person(request)):
        messages.success(request, _("Recorded."))
        return redirect(form.location)
    if request.method == "POST" and request.FILES and not request.headers.get("HX-Request"):
        form.add_error(None, _("Choose the photographs again: without scripts they are not kept."))
    today = timezone.localdate()
    sessions = course.held(VisitKind.TREATMENT)
    last = sessions[-1] if sessions else None
    context = {
        "form": form,
        "course": course,
        "patient": course.patient,
        "number": len(sessions) + 1,
        "days_since": (today - last.held_on).days if last else None,
        "last": last,
        "strip": strips_of([course], today)[course.pk],
        "consent": treatment_consent(course.patient),
    }
    return render(request, "desk/visit_form.html", context)
