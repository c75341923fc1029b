"""Starting a screening, and examining."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic import drafts
from clinic.forms import submitted
from clinic.lookup import fetch, person
from clinic.policy import allow
from clinic.roles import Can
from patients.body_map import figures
from patients.evidence import history_of
from patients.forms.findings import FindingsForm, draft_of, drafted_in
from patients.forms.histories import HistoryForm
from patients.forms.reasons import ChangeReasonForm, StartScreeningForm
from patients.models import Patient, Screening
from patients.why import explain


@allow(Can.SCREEN)
def start(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for the reason and the areas."""
    patient = fetch(request, Patient.objects.current(), code=code)
    form = StartScreeningForm(*submitted(request), patient=patient)
    if form.submit(by=person(request)):
        return redirect(form.location)
    context = {"form": form, "patient": patient, "figures": figures()}
    return render(request, "patients/screening_reason.html", context)


@allow(Can.SCREEN)
def reason(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the reason or the areas of an open screening."""
    screening = fetch(request, Screening.objects.with_findings(), viewed="screening", pk=pk)
    if screening.is_decided:
        return redirect(screening)
    form = ChangeReasonForm(*submitted(request), screening=screening)
    if form.submit(by=person(request)):
        return redirect(form.location)
    context = {
        "form": form,
        "patient": screening.patient,
        "screening": screening,
        "figures": figures(),
    }
    return render(request, "patients/screening_reason.html", context)


@allow(Can.SCREEN)
def findings(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask and examine. What somebody typed and did not save is filled in again for her."""
    screening = fetch(request, Screening.objects.with_findings(), viewed="screening", pk=pk)
    if screening.is_decided:
        return redirect(screening)
    user, earlier = person(request), screening.supersedes
    draft = None
    if request.method == "POST":
        form = FindingsForm(request.POST, screening=screening, earlier=earlier)
        if form.submit(by=user):
            return redirect(form.location)
    else:
        draft = drafts.find(form=draft_of(screening), by=user)
        typed = drafted_in(draft) if draft else None
        form = FindingsForm(typed, screening=screening, earlier=earlier)
    live = form
    if form.is_bound:
        live = FindingsForm(form.data, screening=screening, earlier=earlier, is_live=True)
    context = {
        "form": form,
        "screening": screening,
        "patient": screening.patient,
        "earlier": earlier,
        "draft": draft,
        "why": explain(live.facts(timezone.localdate()), live.lists, live.doubts()),
        "has_history": history_of(screening) is not None,
    }
    return render(request, "patients/screening_findings.html", context)


@allow(Can.SCREEN)
def why(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what the rules make of the answers so far, and keep them as a draft. Nothing is decided."""
    screening = fetch(request, Screening.objects.with_findings(), pk=pk)
    if request.method != "POST" or screening.is_decided:
        return redirect("patients:screening-findings", pk=pk)
    user = person(request)
    form = FindingsForm(
        request.POST, screening=screening, earlier=screening.supersedes, is_live=True
    )
    draft = None
    with transaction.atomic():
        # A save holds this lock: what was sent before it and comes after it must see it carried out.
        Screening.objects.select_for_update().filter(pk=screening.pk).first()
        if not form.is_answered(by=user):
            draft = drafts.keep(form=draft_of(screening), data=request.POST, by=user)
    context = {
        "screening": screening,
        "draft": draft,
        "why": explain(form.facts(timezone.localdate()), form.lists, form.doubts()),
        "is_fragment": True,
    }
    return render(request, "patients/_why.html", context)


@allow(Can.SCREEN)
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw one's own draft away; what was saved stays."""
    screening = fetch(request, Screening.objects.undecided(), pk=pk)
    if request.method == "POST":
        drafts.drop(form=draft_of(screening), by=person(request))
        messages.success(request, _("The draft is gone. This is what was saved."))
    return redirect("patients:screening-findings", pk=pk)


@allow(Can.SCREEN)
def history(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the history, or go through the one of the last screening."""
    screening = fetch(request, Screening.objects.with_findings(), viewed="screening", pk=pk)
    if screening.is_decided:
        return redirect(screening)
    earlier = screening.supersedes
    form = HistoryForm(*submitted(request), screening=screening, earlier=earlier)
    if form.submit(by=person(request)):
        return redirect(form.location)
    context = {
        "form": form,
        "screening": screening,
        "patient": screening.patient,
        "earlier": earlier,
    }
    return render(request, "patients/screening_history.html", context)
