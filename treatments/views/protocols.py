"""Protocols: reading them, drafting the next version, approving it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from clinic.forms import submitted
from clinic.lookup import fetch, person
from clinic.policy import allow
from clinic.roles import Can
from treatments.actions.protocols import missing_of
from treatments.forms.protocols import (
    ApproveProtocolForm,
    NewProtocolForm,
    OfferProtocolForm,
    ProtocolForm,
    StartProtocolForm,
)
from treatments.models import Protocol, ProtocolVersion
from treatments.rules.version_changes import changes_of
from treatments.views.formulary import is_too_often


@dataclass(slots=True)
class Row:
    """One protocol of the list: the version in force, the draft, and which of them is shown."""

    protocol: Protocol
    shown: ProtocolVersion
    in_force: ProtocolVersion | None = None
    draft: ProtocolVersion | None = None


@allow(Can.SEE_PROTOCOLS)
def index(request: HttpRequest) -> HttpResponse:
    """List the protocols with the version in force, and the draft for who may change it."""
    user = person(request)
    found: dict[int, Row] = {}
    rows = ProtocolVersion.objects.visible_to(user).whole().order_by("protocol__name", "-number")
    for version in rows:
        row = found.setdefault(version.protocol_id, Row(version.protocol, version))
        if not version.is_approved:
            row.draft = version
        elif row.in_force is None:
            row.in_force = row.shown = version
    context = {"rows": list(found.values())}
    return render(request, "treatments/protocols.html", context)


@allow(Can.APPROVE_PROTOCOLS)
def add(request: HttpRequest) -> HttpResponse:
    """Name a protocol, and go on to its draft."""
    form = NewProtocolForm(*submitted(request))
    if form.submit(by=person(request)):
        return redirect(form.location)
    return render(request, "treatments/protocol_new.html", {"form": form})


@allow(Can.SEE_PROTOCOLS)
def version(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Show one version; the open draft only to who may change it."""
    found = found_version(request, pk, number)
    return render(request, "treatments/protocol.html", shown(request, found))


@allow(Can.APPROVE_PROTOCOLS)
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the next version, or the draft that is open already."""
    form = StartProtocolForm(*submitted(request), protocol=get_object_or_404(Protocol, pk=pk))
    if form.submit(by=person(request)):
        return redirect(form.location)
    return redirect("treatments:protocols")


@allow(Can.APPROVE_PROTOCOLS)
def offer(request: HttpRequest, pk: int) -> HttpResponse:
    """Offer a protocol for new courses, or no longer."""
    form = OfferProtocolForm(*submitted(request), protocol=get_object_or_404(Protocol, pk=pk))
    if form.submit(by=person(request)):
        words = _("Saved. Courses that run keep their version.")
        messages.success(request, words)
        return redirect(form.location)
    return redirect("treatments:protocols")


@allow(Can.APPROVE_PROTOCOLS)
def change(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Change the draft of a version."""
    draft = found_version(request, pk, number)
    if draft.is_approved and request.method != "POST":
        return redirect(draft)
    form = ProtocolForm(*submitted(request), draft=draft)
    if form.submit(by=person(request)):
        messages.success(request, _("Saved in the draft. It counts once it is approved."))
        return redirect(form.location)
    return render(request, "treatments/protocol_form.html", {"form": form, "draft": draft})


@allow(Can.APPROVE_PROTOCOLS)
def approve(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Show what changes, and approve it."""
    draft = found_version(request, pk, number)
    by = person(request)
    if too_often := is_too_often(request):
        return too_often
    form = ApproveProtocolForm(*submitted(request), draft=draft, signer=by)
    if form.submit(by=by):
        messages.success(request, _("Approved. New courses are opened with it from now on."))
        return redirect(form.location)
    if draft.is_approved and request.method != "POST":
        return redirect(draft)
    context = {"form": form, **shown(request, draft)}
    return render(request, "treatments/protocol_approve.html", context)


def found_version(request: HttpRequest, pk: int, number: int) -> ProtocolVersion:
    """Return a version that this person may see, else 404."""
    protocol = get_object_or_404(Protocol, pk=pk)
    return fetch(request, ProtocolVersion.objects.whole(), protocol=protocol, number=number)


def shown(request: HttpRequest, found: ProtocolVersion) -> dict[str, Any]:
    """Work out what the page of a version shows: what it says, and what differs from before."""
    user = person(request)
    versions = ProtocolVersion.objects.visible_to(user).whole().filter(protocol=found.protocol_id)
    history = list(versions.order_by("-number"))
    approved = [row for row in history if row.is_approved]
    before = next((row for row in approved if row.number < found.number), None)
    return {
        "version": found,
        "before": before,
        "changes": changes_of(columns_of(before), columns_of(found)) if before else (),
        "history": approved,
        "is_in_force": bool(approved) and found == approved[0],
        "draft": next((row for row in history if not row.is_approved), None),
        "missing": [] if found.is_approved else missing_of(found),
        "start": StartProtocolForm(protocol=found.protocol),
        "offer": OfferProtocolForm(protocol=found.protocol),
    }


def columns_of(version: ProtocolVersion) -> dict[str, Any]:
    """Return what a version says, its products included, as two versions are compared."""
    products = [f"{product} {ml} ml" for product, ml in version.product_lines()]
    return {**version.columns(), "products": products}
