"""Agents, lots and versions in words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import template
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.templatetags.components import state
from patients.terms import Area
from patients.wording import area_names
from treatments.models import Agent, Lot, ProtocolVersion, Reaction
from treatments.models.said import plain
from treatments.terms import (
    AgentCategory,
    AgentStatus,
    Licence,
    LotState,
    NeedleGauge,
    NeedleLength,
    Technique,
    Unit,
    View,
)
from treatments.wording import allergen_names

register = template.Library()

STATES = {
    LotState.CLOSED: "plain",
    LotState.OPENED: "fine",
    LotState.SOON: "attention",
    LotState.EXPIRED: "stop",
    LotState.DISCARD: "stop",
    LotState.EMPTY: "none",
    LotState.RECALLED: "stop",
}
STATUSES = {
    AgentStatus.ACTIVE: "fine",
    AgentStatus.DRAFT: "waiting",
    AgentStatus.BLOCKED: "stop",
}
# Columns that hold a word of a closed list.
WORDS: dict[str, Any] = {
    "category": AgentCategory,
    "licence": Licence,
    "status": AgentStatus,
    "unit": Unit,
    "technique": Technique,
    "needle_gauge": NeedleGauge,
    "needle_length": NeedleLength,
}
NAMES = {
    "ingredients": gettext_lazy("ingredients"),
    "allergens": gettext_lazy("excluded by allergy to"),
    "products": gettext_lazy("proposed products"),
}


@register.filter
def ml(value: Decimal | None) -> str:
    """Write an amount in ml with one decimal, and the true minus."""
    return "" if value is None else number_format(value, decimal_pos=1).replace("-", "−")


@register.filter
def tidy(value: Decimal | None) -> str:
    """Write a number without the zeros at its end."""
    return "" if value is None else plain(value)


@register.filter
def percent(value: Decimal) -> str:
    return f"{plain(value * 100)} %"


@register.filter
def strength(agent: Agent) -> str:
    """Write the strength with its unit: "20 mg/ml"."""
    if agent.strength is None:
        return ""
    return f"{plain(agent.strength)} {agent.get_unit_display()}/ml"


@register.filter
def ceilings(agent: Agent) -> str:
    """Write every ceiling the clinic set: "4.5 mg/kg, at most 300 mg"."""
    unit = agent.get_unit_display()
    said = []
    if agent.ceiling_ml is not None:
        said.append(f"{ml(agent.ceiling_ml)} ml")
    if agent.ceiling_kg is not None:
        said.append(f"{plain(agent.ceiling_kg)} {unit}/kg")
    if agent.ceiling_session is not None:
        words = _("at most %(amount)s") if said else "%(amount)s"
        said.append(words % {"amount": f"{plain(agent.ceiling_session)} {unit}"})
    if agent.ceiling_course is not None:
        amount = f"{plain(agent.ceiling_course)} {unit}"
        said.append(_("%(amount)s per course") % {"amount": amount})
    return ", ".join(said)


@register.filter
def allergens(agent: Agent) -> list[str]:
    """Name the allergen groups of an agent's ingredients."""
    names = allergen_names()
    groups = sorted({group for _name, group in agent.ingredient_pairs() if group})
    # "Xanthines (such as caffeine)": the examples stand in the safety list.
    return [names.get(group, group).split(" (")[0].lower() for group in groups]


@register.simple_tag
def agent_status(agent: Agent) -> SafeString:
    return state(STATUSES[AgentStatus(agent.status)], str(agent.get_status_display()))


@register.simple_tag
def lot_state(lot: Lot, today: date) -> SafeString:
    """Say how a lot stands, of a lot that was fetched `with_left`."""
    found = lot.state_on(today)
    return state(STATES[found], str(found.label))


@register.filter
def reaction_words(reaction: Reaction) -> str:
    """Write a reaction as one line: "Nodule, grade 2, gone"."""
    return str(reaction) if reaction.is_open else _("%(reaction)s, gone") % {"reaction": reaction}


@register.filter
def over(reaction: Reaction) -> bool:
    return not reaction.is_open


@register.filter
def lines(text: str) -> list[str]:
    """Return the lines of a text that say something."""
    return [line.strip() for line in text.splitlines() if line.strip()]


@register.filter
def view_names(codes: list[str]) -> list[str]:
    return [str(View(code).label) for code in codes if code in View.values]


@register.filter
def column_name(name: str) -> str:
    """Return what a column of an agent or a protocol is called on screen."""
    if name in NAMES:
        return str(NAMES[name])
    model = Agent if name in Agent.COLUMNS else ProtocolVersion
    return str(model._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


@register.filter
def readable(value: Any, name: str) -> str:
    """Write a column as people read it."""
    if value in (None, "", []):
        return _("none")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name in WORDS:
        return str(WORDS[name](value).label)
    if name == "areas":
        return area_names([Area(code) for code in value])
    if name == "views":
        return ", ".join(view_names(value))
    if name == "allergens":
        names = allergen_names()
        return ", ".join(names.get(group, group) for group in value)
    if name == "interval_days":
        return ngettext("%(count)d day", "%(count)d days", value) % {"count": value}
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value)
    return str(plain(value))
