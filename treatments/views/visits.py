"""Reading a visit, adding to it and striking it out. Logging one ties it to its appointment: see `desk`."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.forms import submitted
from clinic.lookup import fetch, person
from clinic.policy import allow
from clinic.roles import Can
from treatments.forms.addenda import AddendumForm, VoidForm
from treatments.models import Visit
from treatments.selectors.follow_up import of_visit
from treatments.selectors.sheet import sheet_of, visits


@allow(Can.SEE_CLINICAL)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what was done, measured, seen and signed."""
    return page(request, fetch(request, visits(), viewed="visit", pk=pk))


@allow(Can.RECORD_VISITS)
def void(request: HttpRequest, pk: int) -> HttpResponse:
    """Strike a visit out as entered in error."""
    visit = fetch(request, visits(), pk=pk)
    if request.method != "POST":
        return redirect(visit)
    form = VoidForm(*submitted(request), visit=visit)
    if form.submit(by=person(request)):
        messages.success(request, _("Struck out. It stays legible and no longer counts."))
        return redirect(form.location)
    return page(request, visit, form=form)


@allow(Can.RECORD_VISITS)
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add to a signed visit."""
    visit = fetch(request, visits(), pk=pk)
    if request.method != "POST":
        return redirect(visit)
    form = AddendumForm(*submitted(request), visit=visit)
    if form.submit(by=person(request)):
        messages.success(request, _("Added. What was signed before stays as it was."))
        return redirect(form.location)
    return page(request, visit, addendum_form=form)


def page(request: HttpRequest, visit: Visit, **forms: Any) -> HttpResponse:
    """Render the page of a visit, with a form that comes back where there is one."""
    user = person(request)
    context = {
        "visit": visit,
        "patient": visit.course.patient,
        "sheet": sheet_of(visit, now=timezone.now()),
        "reactions": of_visit(visit, timezone.localdate()),
        "is_author": visit.practitioner_id == user.pk,
        "may_strike_out": not visit.voided_at
        and user.can(Can.RECORD_VISITS)
        and (visit.signed_by_id in (None, user.pk) or user.can(Can.STRIKE_OUT_SIGNED)),
        "form": VoidForm(visit=visit),
        "addendum_form": AddendumForm(visit=visit),
        **forms,
    }
    return render(request, "treatments/visit_detail.html", context)
