"""The safety lists: reading them, drafting the next version, signing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from allauth.core import ratelimit
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.forms import submitted
from clinic.lookup import fetch, person
from clinic.policy import allow
from clinic.roles import Can
from patients.forms.safety import (
    AgentForm,
    ItemForm,
    NewAgentForm,
    NewItemForm,
    SignForm,
    StartDraftForm,
)
from patients.models import SafetyListVersion
from patients.models.safety import current_list
from patients.rules.safety_changes import Difference, differences
from patients.rules.safety_list import DRAFT, ExclusionRow, SafetyList, SafetyRow
from patients.terms import SafetyGate

MEANINGS: dict[SafetyGate, Promise] = {
    SafetyGate.ABSOLUTE: gettext_lazy("No treatment while this lasts."),
    SafetyGate.TEMPORARY: gettext_lazy("No treatment now; screen again later."),
    SafetyGate.CAUTION: gettext_lazy("A prescriber reviews before session 1; candidacy stays."),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One row as it is shown: what differs from the version before, and whether it counts."""

    row: SafetyRow | ExclusionRow
    difference: Difference | None
    is_off: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """One gate, or the agents, with its lines."""

    key: str
    title: str
    meaning: str
    lines: list[Line]


@allow(Can.SEE_RULES)
def current(request: HttpRequest) -> HttpResponse:
    """Show the list in force, or the product's draft while none is signed."""
    signed = SafetyListVersion.objects.signed().with_rows().first()
    return render(request, "patients/safety_list.html", shown_list(request, signed))


@allow(Can.SEE_RULES)
def version(request: HttpRequest, number: int) -> HttpResponse:
    """Show one version; the open draft only to who may change it."""
    found = fetch(request, SafetyListVersion.objects.with_rows(), number=number)
    if found.is_signed:
        return render(request, "patients/safety_list.html", shown_list(request, found))
    return render(request, "patients/safety_draft.html", drafted(found))


@allow(Can.SIGN_RULES)
def start(request: HttpRequest) -> HttpResponse:
    """Open the next version, or the draft that is open already."""
    form = StartDraftForm(*submitted(request))
    if form.submit(by=person(request)):
        return redirect(form.location)
    return redirect("patients:safety-list")


@allow(Can.SIGN_RULES)
def add_item(request: HttpRequest, number: int) -> HttpResponse:
    """Add an item of the clinic's own."""
    draft = fetch(request, SafetyListVersion.objects.all(), number=number)
    initial = {"gate": request.GET.get("gate", "")}
    form = NewItemForm(*submitted(request), draft=draft, initial=initial)
    return edited(request, draft, form, _("Add an item"))


@allow(Can.SIGN_RULES)
def change_item(request: HttpRequest, number: int, code: str) -> HttpResponse:
    """Change one item of the draft."""
    draft = fetch(request, SafetyListVersion.objects.all(), number=number)
    row = get_object_or_404(draft.rows, code=code)
    return edited(request, draft, ItemForm(*submitted(request), instance=row), _(row.question))


@allow(Can.SIGN_RULES)
def add_agent(request: HttpRequest, number: int) -> HttpResponse:
    """Add an allergy or condition of the clinic's own."""
    draft = fetch(request, SafetyListVersion.objects.all(), number=number)
    form = NewAgentForm(*submitted(request), draft=draft)
    return edited(request, draft, form, _("Add an allergy or condition"))


@allow(Can.SIGN_RULES)
def change_agent(request: HttpRequest, number: int, code: str) -> HttpResponse:
    """Change one allergy or condition of the draft."""
    draft = fetch(request, SafetyListVersion.objects.all(), number=number)
    row = get_object_or_404(draft.exclusions, code=code)
    return edited(request, draft, AgentForm(*submitted(request), instance=row), _(row.label))


def edited(request: HttpRequest, draft: SafetyListVersion, form: Any, title: str) -> HttpResponse:
    """Save one row of the draft and return to it, or show what is to be corrected."""
    if draft.is_signed and request.method != "POST":
        return redirect(draft)
    if form.submit(by=person(request)):
        messages.success(request, _("Saved in the draft. It counts once you have signed."))
        return redirect(form.location)
    context = {"form": form, "draft": draft, "title": title}
    return render(request, "patients/safety_row_form.html", context)


@allow(Can.SIGN_RULES)
def sign(request: HttpRequest, number: int) -> HttpResponse:
    """Show what changes, and sign it."""
    draft = fetch(request, SafetyListVersion.objects.with_rows(), number=number)
    by = person(request)
    if request.method == "POST" and not ratelimit.consume(
        request, action="reauthenticate", user=by
    ):
        too_many: HttpResponse = ratelimit.respond_429(request)
        return too_many
    form = SignForm(*submitted(request), draft=draft, signer=by)
    if form.submit(by=by):
        messages.success(request, _("Signed. It counts for every screening from now on."))
        return redirect(form.location)
    if draft.is_signed and request.method != "POST":
        return redirect(draft)
    return render(request, "patients/safety_sign.html", {"form": form, **drafted(draft)})


def shown_list(request: HttpRequest, signed: SafetyListVersion | None) -> dict[str, Any]:
    """Work out what the page of a signed version, or of the product's draft, shows."""
    history = list(SafetyListVersion.objects.signed().with_rows())
    lists = {row.number: row.as_rules() for row in history}
    before = {
        row.number: differences(lists.get(row.number - 1, DRAFT), lists[row.number])
        for row in history
    }
    changes = before[signed.number] if signed else ()
    draft = None
    if person(request).can(Can.SIGN_RULES):
        draft = SafetyListVersion.objects.drafts().select_related("drafted_by").first()
    return {
        "version": signed,
        "groups": grouped(signed.as_rules() if signed else DRAFT, changes),
        "off": switched_off(signed),
        "changes": changes,
        "is_in_force": signed is None or signed.number == max(lists),
        "history": [(row, len(before[row.number])) for row in history],
        "draft": draft,
        "start": StartDraftForm(),
    }


def drafted(draft: SafetyListVersion) -> dict[str, Any]:
    """Work out what the pages of the draft show: its rows, and what differs from today's."""
    after = draft.as_rules()
    changes = differences(current_list(), after)
    return {
        "draft": draft,
        "groups": grouped(after, changes),
        "off": switched_off(draft),
        "changes": changes,
        "lost_stops": [row for row in changes if row.loses_absolute_stop],
    }


def grouped(lists: SafetyList, changes: tuple[Difference, ...]) -> list[Group]:
    """Sort a list into its four groups."""
    differs = {change.code: change for change in changes}
    groups = [
        Group(
            gate.value,
            str(gate.label),
            str(MEANINGS[gate]),
            [Line(row, differs.get(row.code)) for row in lists.at(gate)],
        )
        for gate in SafetyGate
    ]
    agents = Group(
        "agents",
        _("Allergy or condition: leave out an agent"),
        _("Candidacy stays; a prescriber reviews before session 1."),
        [Line(row, differs.get(row.code)) for row in lists.exclusions],
    )
    return [*groups, agents]


def switched_off(version: SafetyListVersion | None) -> list[Line]:
    """List the rows that a version keeps and does not ask."""
    if version is None:
        return []
    items = [Line(row.as_rule(), None, True) for row in version.rows.all() if row.is_off]
    agents = [Line(row.as_rule(), None, True) for row in version.exclusions.all() if row.is_off]
    return items + agents
