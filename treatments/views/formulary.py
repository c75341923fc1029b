"""The formulary: reading it, drafting the next version, approving it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from allauth.core import ratelimit
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from clinic.forms import submitted
from clinic.lookup import fetch, person
from clinic.policy import allow
from clinic.roles import Can
from treatments.forms.formulary import (
    AgentForm,
    ApproveFormularyForm,
    NewAgentForm,
    RemoveAgentForm,
    StartFormularyForm,
)
from treatments.models import Agent, Formulary
from treatments.models.formulary import ALWAYS_BLOCKED
from treatments.rules.version_changes import Difference, differences
from treatments.terms import AgentCategory, AgentStatus


@dataclass(frozen=True, slots=True)
class Line:
    """One agent as it is shown: since which version it reads so, and what differs."""

    agent: Agent
    since: Formulary | None
    difference: Difference | None = None

    @property
    def is_built_in(self) -> bool:
        return self.agent.code in ALWAYS_BLOCKED


@dataclass(frozen=True, slots=True)
class Group:
    """One category with its agents."""

    category: AgentCategory
    lines: list[Line]

    @property
    def counts(self) -> str:
        """ "3 active, 1 blocked"."""
        found = {
            status: sum(line.agent.status == status for line in self.lines)
            for status in (AgentStatus.ACTIVE, AgentStatus.BLOCKED, AgentStatus.DRAFT)
        }
        return ", ".join(
            f"{count} {str(status.label).lower()}" for status, count in found.items() if count
        )


@allow(Can.SEE_PROTOCOLS)
def current(request: HttpRequest) -> HttpResponse:
    """Show the version in force."""
    newest = Formulary.objects.approved().with_agents().first()
    return render(request, "treatments/formulary.html", shown(request, newest))


@allow(Can.SEE_PROTOCOLS)
def version(request: HttpRequest, number: int) -> HttpResponse:
    """Show one version; the open draft only to who may change it."""
    found = fetch(request, Formulary.objects.with_agents(), number=number)
    if found.is_approved:
        return render(request, "treatments/formulary.html", shown(request, found))
    return render(request, "treatments/formulary_draft.html", drafted(found))


@allow(Can.SEE_PROTOCOLS)
def compare(request: HttpRequest, number: int) -> HttpResponse:
    """Show what a version changed against the one before."""
    found = fetch(request, Formulary.objects.approved().with_agents(), number=number)
    before = Formulary.objects.with_agents().filter(number=number - 1).first()
    if before is None:
        raise Http404
    changes = differences(columns_of(before), columns_of(found))
    context = {"version": found, "before": before, "changes": changes}
    return render(request, "treatments/formulary_compare.html", context)


@allow(Can.APPROVE_PROTOCOLS)
def start(request: HttpRequest) -> HttpResponse:
    """Open the next version, or the draft that is open already."""
    form = StartFormularyForm(*submitted(request))
    if form.submit(by=person(request)):
        return redirect(form.location)
    return redirect("treatments:formulary")


@allow(Can.APPROVE_PROTOCOLS)
def add(request: HttpRequest, number: int) -> HttpResponse:
    """Add an agent to the draft."""
    draft = fetch(request, Formulary.objects.all(), number=number)
    initial = {"category": request.GET.get("category", ""), "status": AgentStatus.DRAFT}
    form = NewAgentForm(*submitted(request), draft=draft, initial=initial)
    return edited(request, draft, form, _("Add an agent"))


@allow(Can.APPROVE_PROTOCOLS)
def change(request: HttpRequest, number: int, code: str) -> HttpResponse:
    """Change one agent of the draft."""
    draft = fetch(request, Formulary.objects.all(), number=number)
    agent = get_object_or_404(draft.agents, code=code)
    form = AgentForm(*submitted(request), agent=agent)
    return edited(request, draft, form, agent.name, RemoveAgentForm(agent=agent))


@allow(Can.APPROVE_PROTOCOLS)
def remove(request: HttpRequest, number: int, code: str) -> HttpResponse:
    """Take one agent out of the draft."""
    draft = fetch(request, Formulary.objects.all(), number=number)
    agent = draft.agents.filter(code=code).first()
    if agent is None or request.method != "POST":
        return redirect(draft)
    form = RemoveAgentForm(*submitted(request), agent=agent)
    if form.submit(by=person(request)):
        messages.success(request, _("Taken out of the draft."))
        return redirect(form.location)
    return edited(request, draft, AgentForm(agent=agent), agent.name, form)


def edited(
    request: HttpRequest,
    draft: Formulary,
    form: Any,
    title: str,
    remove: RemoveAgentForm | None = None,
) -> HttpResponse:
    """Save one agent of the draft and return to it, or show what is to be corrected."""
    if draft.is_approved and request.method != "POST":
        return redirect(draft)
    if form.submit(by=person(request)):
        messages.success(request, _("Saved in the draft. It counts once it is approved."))
        return redirect(form.location)
    context = {"form": form, "draft": draft, "title": title, "remove": remove}
    return render(request, "treatments/agent_form.html", context)


@allow(Can.APPROVE_PROTOCOLS)
def approve(request: HttpRequest, number: int) -> HttpResponse:
    """Show what changes, and approve it."""
    draft = fetch(request, Formulary.objects.with_agents(), number=number)
    by = person(request)
    if too_often := is_too_often(request):
        return too_often
    form = ApproveFormularyForm(*submitted(request), draft=draft, signer=by)
    if form.submit(by=by):
        messages.success(request, _("Approved. Sessions are judged by it from now on."))
        return redirect(form.location)
    if draft.is_approved and request.method != "POST":
        return redirect(draft)
    return render(request, "treatments/formulary_approve.html", {"form": form, **drafted(draft)})


def is_too_often(request: HttpRequest) -> HttpResponse | None:
    """Return the refusal of somebody who guesses a password, or None."""
    if request.method != "POST":
        return None
    if ratelimit.consume(request, action="reauthenticate", user=person(request)):
        return None
    answer: HttpResponse = ratelimit.respond_429(request)
    return answer


def columns_of(version: Formulary | None) -> dict[str, dict[str, Any]]:
    """Return every agent of a version by its code, as two versions are compared."""
    if version is None:
        return {}
    found = {}
    for agent in version.agents.all():
        pairs = agent.ingredient_pairs()
        found[agent.code] = {
            **agent.columns(),
            "ingredients": [name for name, _group in pairs],
            "allergens": sorted({group for _name, group in pairs if group}),
        }
    return found


def shown(request: HttpRequest, found: Formulary | None) -> dict[str, Any]:
    """Work out what the page of an approved version shows."""
    history = list(Formulary.objects.approved().with_agents())
    draft = None
    if person(request).can(Can.APPROVE_PROTOCOLS):
        draft = Formulary.objects.drafts().first()
    older = [row for row in history if found and row.number <= found.number]
    return {
        "version": found,
        "groups": grouped(found, older) if found else [],
        "is_in_force": not history or found == history[0],
        "previous": older[1] if len(older) > 1 else None,
        "history": history,
        "draft": draft,
        "next_number": history[0].number + 1 if history else 1,
        "start": StartFormularyForm(),
    }


def drafted(draft: Formulary) -> dict[str, Any]:
    """Work out what the pages of the draft show: its agents, and what differs from today's."""
    history = list(Formulary.objects.approved().with_agents())
    changes = differences(columns_of(history[0] if history else None), columns_of(draft))
    return {
        "draft": draft,
        "in_force": history[0] if history else None,
        "groups": grouped(draft, [draft, *history], changes),
        "changes": changes,
        "looser": [change for change in changes if change.is_looser],
    }


def grouped(
    version: Formulary, older: list[Formulary], changes: tuple[Difference, ...] = ()
) -> list[Group]:
    """Sort a version by category; `older` begins with it and goes back in time."""
    differs = {change.code: change for change in changes}
    past = [(row, columns_of(row)) for row in older]
    lines = [
        Line(agent, since(agent.code, past), differs.get(agent.code))
        for agent in version.agents.all()
    ]
    groups = [
        Group(category, [line for line in lines if line.agent.category == category])
        for category in AgentCategory
    ]
    return [group for group in groups if group.lines]


def since(code: str, past: list[tuple[Formulary, dict[str, dict[str, Any]]]]) -> Formulary:
    """Return the oldest version from which on an agent reads as in the newest."""
    newest, columns = past[0]
    for row, agents in past:
        if agents.get(code) != columns[code]:
            break
        newest = row
    return newest
