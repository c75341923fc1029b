"""Reading a visit, adding to it and striking it out. Logging one ties it to its appointment: see `desk`."""

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
from treatments.forms.addenda import AddendumForm, PassGateForm, VoidForm
from treatments.models import Visit
from treatments.rules.gates import Who
from treatments.selectors.follow_up import of_visit
from treatments.selectors.judging import judge_visit
from treatments.selectors.sheet import sheet_of, visits
from treatments.terms import VisitKind
from treatments.wording import worded


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


@allow(Can.OVERRIDE_STOP)
def pass_gate(request: HttpRequest, pk: int) -> HttpResponse:
    """Pass one gate of a session that somebody else will sign."""
    visit = fetch(request, visits(), pk=pk)
    if request.method != "POST":
        return redirect(visit)
    form = PassGateForm(*submitted(request), visit=visit)
    if form.submit(by=person(request)):
        messages.success(
            request, _("Passed. %(who)s can sign it now.") % {"who": visit.practitioner}
        )
        return redirect(form.location)
    return page(request, visit, gate_form=form)


def lead_gates(visit: Visit, sent: PassGateForm | None) -> list[tuple[str, PassGateForm]]:
    """Return what only the medical lead may pass, each with its form; `sent` is one that came back."""
    passed = {row.gate for row in visit.overrides.all()}
    stands = [gate for gate in judge_visit(visit).gates if gate.who == Who.LEAD]
    rows = []
    for number, gate in enumerate(gate for gate in stands if gate.key not in passed):
        is_sent = sent is not None and sent.data.get("gate-gate") == gate.key
        form = (
            sent
            if sent is not None and is_sent
            else PassGateForm(visit=visit, initial={"gate": gate.key}, auto_id=f"id_{number}_%s")
        )
        rows.append((capfirst(worded(gate.sentence)), form))
    return rows


def page(request: HttpRequest, visit: Visit, **forms: Any) -> HttpResponse:
    """Render the page of a visit, with a form that comes back where there is one."""
    user = person(request)
    sent = forms.pop("gate_form", None)
    passes = (
        user.can(Can.OVERRIDE_STOP)
        and visit.kind == VisitKind.TREATMENT
        and visit.practitioner_id != user.pk
        and not (visit.signed_at or visit.voided_at)
    )
    context = {
        "lead_gates": lead_gates(visit, sent) if passes else [],
        "sent_gate": sent,
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
