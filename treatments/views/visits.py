"""Reading a visit and striking it out. Logging one ties it to its appointment: see `desk`."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from clinic.forms import submitted
from clinic.lookup import fetch, person
from clinic.policy import allow
from clinic.roles import Can
from treatments.forms.visits import VoidForm
from treatments.models import Visit


@allow(Can.SEE_CLINICAL)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what was done, measured and seen."""
    visit = fetch(
        request,
        Visit.objects.for_chart().select_related("course__patient", "voided_by"),
        viewed="visit",
        pk=pk,
    )
    context = {"visit": visit, "patient": visit.course.patient, "form": VoidForm(visit=visit)}
    return render(request, "treatments/visit_detail.html", context)


@allow(Can.RECORD_VISITS)
def void(request: HttpRequest, pk: int) -> HttpResponse:
    """Strike a visit out as entered in error."""
    visit = fetch(
        request, Visit.objects.for_chart().select_related("course__patient", "voided_by"), pk=pk
    )
    if request.method != "POST":
        return redirect(visit)
    form = VoidForm(*submitted(request), visit=visit)
    if form.submit(by=person(request)):
        messages.success(request, _("Struck out. It stays legible and no longer counts."))
        return redirect(form.location)
    return render(
        request,
        "treatments/visit_detail.html",
        {"visit": visit, "patient": visit.course.patient, "form": form},
    )
