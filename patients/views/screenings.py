"""Starting a screening, examining, and deciding on the proposal."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from clinic.forms import submitted
from clinic.lookup import fetch, person
from clinic.policy import allow
from clinic.roles import Can
from patients.evidence import facts_of, shown
from patients.forms.screenings import DecisionForm, FindingsForm, StartScreeningForm
from patients.models import Patient, Screening
from patients.models.safety import current_list
from patients.rules import assess
from patients.rules.stage import inconsistencies
from patients.terms import Area
from patients.wording import region_name


@allow(Can.SCREEN)
def start(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for the reason and the areas."""
    patient = fetch(request, Patient.objects.current(), code=code)
    form = StartScreeningForm(*submitted(request), patient=patient)
    if form.submit(by=person(request)):
        return redirect(form.location)
    return render(request, "patients/screening_start.html", {"form": form, "patient": patient})


@allow(Can.SCREEN)
def findings(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask and examine."""
    screening = fetch(request, Screening.objects.with_findings(), viewed="screening", pk=pk)
    if screening.is_decided:
        return redirect(screening)
    form = FindingsForm(*submitted(request), screening=screening)
    if form.submit(by=person(request)):
        return redirect(form.location)
    context = {"form": form, "screening": screening, "patient": screening.patient}
    return render(request, "patients/screening_findings.html", context)


@allow(Can.SEE_CLINICAL)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the proposal with its reasons."""
    screening = fetch(request, Screening.objects.with_findings(), viewed="screening result", pk=pk)
    return render(request, "patients/screening_detail.html", proposal(screening))


@allow(Can.DECIDE)
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the decision; what is wrong with it shows beside the proposal."""
    screening = fetch(request, Screening.objects.with_findings(), pk=pk)
    if request.method != "POST":
        return redirect(screening)
    context = proposal(screening)
    form = DecisionForm(*submitted(request), screening=screening, verdict=context["verdict"])
    if form.submit(by=person(request)):
        messages.success(request, _("Decision kept, with the reasons as they stood."))
        return redirect(form.location)
    return render(request, "patients/screening_detail.html", {**context, "form": form})


def by_region(areas: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """Say both sides of a region once where the same was found on them."""
    merged: list[tuple[str, dict[str, Any]]] = []
    for found in areas:
        area = Area(found["area"])
        if merged:
            before = Area(merged[-1][1]["area"])
            same = {**found, "area": ""} == {**merged[-1][1], "area": ""}
            if same and before.mirrored == area:
                merged[-1] = (
                    capfirst(_("%(region)s, both") % {"region": region_name(area.base)}),
                    found,
                )
                continue
        merged.append((str(area.label), found))
    return merged


def proposal(screening: Screening) -> dict[str, Any]:
    """Work out what the result page shows: the kept verdict, or today's while it is open."""
    lists = current_list()
    facts = facts_of(screening, timezone.localdate(), lists)
    verdict = screening.verdict_shown or shown(assess(facts, lists), facts)
    return {
        "screening": screening,
        "patient": screening.patient,
        "verdict": verdict,
        "findings": by_region(verdict["areas"]),
        "questions": [
            (area.area.label, _(row.template))
            for area in facts.areas
            for row in inconsistencies(area)
        ],
        "form": None
        if screening.is_decided
        else DecisionForm(screening=screening, verdict=verdict),
    }
