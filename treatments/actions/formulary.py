"""The only writers of the formulary: drafting a version, changing its agents, approving it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from clinic import audit
from clinic.models import User
from clinic.refusal import Refused
from treatments.actions.approval import approve, check_may_approve, check_version, open_draft
from treatments.models import Agent, Formulary, Ingredient, Product
from treatments.models.formulary import ALWAYS_BLOCKED
from treatments.terms import AgentCategory, AgentStatus, Licence, Unit

# Kept in every version, so that earlier treatment elsewhere can be recorded (domain.md 5).
BUILT_IN: dict[str, dict[str, Any]] = {
    "buflomedil": {
        "name": "Buflomedil",
        "category": AgentCategory.CIRCULATION,
        "substance": "buflomedil",
        "licence": Licence.UNLICENSED,
        "status": AgentStatus.BLOCKED,
        "status_reason": "EU authorisations suspended, Nov 2011 and Feb 2012: "
        "toxic to heart and nerves.",
    }
}
CEILINGS = ("ceiling_ml", "ceiling_session", "ceiling_kg")

Ingredients = Iterable[tuple[str, str]]  # (name, allergen group or "")


@transaction.atomic
def start_formulary_draft(*, by: User) -> Formulary:
    """Start the next version as a copy of the newest, or return the draft that is open.

    The first one holds only what is blocked for everybody: the product ships no doses.
    """
    check_may_approve(by)
    newest = Formulary.objects.select_for_update().order_by("-number").first()
    if newest and not newest.is_approved:
        return newest
    draft = Formulary.objects.create(number=newest.number + 1 if newest else 1, drafted_by=by)
    agents = newest.agents.prefetch_related("ingredients") if newest else []
    for agent in agents:
        copy = Agent.objects.create(formulary=draft, **agent.columns())
        _set_ingredients(copy, agent.ingredient_pairs())
    known = {agent.code for agent in agents}
    for code, columns in BUILT_IN.items():
        if code not in known:
            Agent.objects.create(formulary=draft, code=code, **columns)
    audit.record("formulary drafted", by=by, target=str(draft))
    return draft


@transaction.atomic
def add_agent(
    *, draft: Formulary, by: User, ingredients: Ingredients = (), **columns: Any
) -> Agent:
    """Add an agent to the draft. Its code is made of its name, and stays."""
    current = open_draft(Formulary, draft, by)
    code = slugify(columns["name"]).replace("-", "_")[:60].strip("_")
    if not code:
        raise Refused(_("Give it a name of letters."), field="name")
    if current.agents.filter(code=code).exists():
        raise Refused(_("This version has that agent already."), field="name")
    _check(current, code, columns)
    agent = Agent.objects.create(formulary=current, code=code, **columns)
    _set_ingredients(agent, ingredients)
    audit.record("agent added", by=by, target=f"{current}: {code}"[:80])
    return agent


@transaction.atomic
def change_agent(
    *, agent: Agent, version: int, by: User, ingredients: Ingredients, **columns: Any
) -> Agent:
    """Change an agent of the draft, its ingredients included."""
    draft = open_draft(Formulary, agent.formulary, by)
    current = _locked(agent, version)
    _check(draft, current.code, {**current.columns(), **columns})
    for name, value in columns.items():
        setattr(current, name, value)
    current.version += 1
    current.save(update_fields=[*columns, "version"])
    _set_ingredients(current, ingredients)
    audit.record("agent changed", by=by, target=f"{draft}: {current.code}"[:80])
    return current


@transaction.atomic
def remove_agent(*, agent: Agent, version: int, by: User) -> Formulary:
    """Take an agent out of the draft; the versions before keep it."""
    draft = open_draft(Formulary, agent.formulary, by)
    current = _locked(agent, version)
    if current.code in BUILT_IN:
        raise Refused(
            _("%(agent)s stays in every version, so that earlier treatment can be recorded.")
            % {"agent": current.name}
        )
    product = Product.objects.in_use().filter(agents__agent_code=current.code).first()
    if product:
        raise Refused(
            _(
                "%(product)s contains it. Take that product out of use first, "
                "or block the agent instead."
            )
            % {"product": product}
        )
    current.ingredients.all().delete()
    current.delete()
    audit.record("agent removed", by=by, target=f"{draft}: {current.code}"[:80])
    return draft


@transaction.atomic
def approve_formulary(
    *, draft: Formulary, fingerprint: str, what_changed: str, by: User
) -> Formulary:
    """Approve the draft, which every session is judged by from then on."""
    current = open_draft(Formulary, draft, by)
    before = Formulary.objects.approved().first()
    if before and before.fingerprint() == current.fingerprint() == fingerprint:
        raise Refused(_("Nothing differs from the version in force."))
    return approve(current, fingerprint=fingerprint, what_changed=what_changed, by=by)


def _locked(agent: Agent, version: int) -> Agent:
    current = Agent.objects.select_for_update().filter(pk=agent.pk).first()
    if current is None:
        raise Refused(_("Somebody else took this agent out of the draft."))
    check_version(current.version, version)
    return current


def _set_ingredients(agent: Agent, ingredients: Ingredients) -> None:
    agent.ingredients.all().delete()
    named = {name.strip(): allergen for name, allergen in ingredients if name.strip()}
    Ingredient.objects.bulk_create(
        Ingredient(agent=agent, name=name, allergen=allergen) for name, allergen in named.items()
    )


def _check(draft: Formulary, code: str, columns: Mapping[str, Any]) -> None:
    """Refuse what no version may say of an agent."""
    status = columns.get("status", AgentStatus.DRAFT)
    if status != AgentStatus.BLOCKED and _is_always_blocked(code, columns):
        raise Refused(_("Buflomedil cannot be made active, by anyone."), field="status")
    if status == AgentStatus.BLOCKED and not columns.get("status_reason", "").strip():
        raise Refused(_("Say why it is blocked."), field="status_reason")
    if status == AgentStatus.ACTIVE and not columns.get("strength"):
        raise Refused(
            _("An active agent has a strength. Enter it, or leave the agent a draft."),
            field="strength",
        )
    if status == AgentStatus.ACTIVE and not any(columns.get(name) for name in CEILINGS):
        raise Refused(
            _("An active agent has a ceiling per session. Enter one, or leave the agent a draft."),
            field="ceiling_ml",
        )
    others = draft.agents.filter(substance=columns["substance"]).exclude(code=code)
    other = others.exclude(unit=columns.get("unit", Unit.MG)).first()
    if other:
        raise Refused(
            _("%(agent)s is counted in %(unit)s; agents of one substance add up in one unit.")
            % {"agent": other.name, "unit": other.get_unit_display()},
            field="unit",
        )
    if draft.agents.filter(name__iexact=columns["name"]).exclude(code=code).exists():
        raise Refused(_("This version has that agent already."), field="name")


def _is_always_blocked(code: str, columns: Mapping[str, Any]) -> bool:
    """Whether an agent is one of those, under whatever name it is entered."""
    words = f"{code} {columns['name']} {columns['substance']}".casefold()
    return any(name in words for name in ALWAYS_BLOCKED)
