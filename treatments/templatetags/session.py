"""How the dose ledger of a session reads."""

from __future__ import annotations

from decimal import Decimal

from django import template
from django.utils.translation import gettext as _

from treatments.rules.gates import when_of
from treatments.rules.ledger import Line, Scope
from treatments.terms import Unit
from treatments.wording import amount

register = template.Library()


@register.filter
def gate_when(key: str) -> str:
    """Say of the stored key of a gate when it stands."""
    return _(when_of(key))


@register.filter
def plain_amount(value: Decimal | None) -> str:
    """Write a number with the decimals that it has, three at most."""
    return "" if value is None else amount(value)


@register.filter
def unit(code: str) -> str:
    """Write a unit as people do: mg, IU, ml."""
    return str(Unit(code).label) if code in Unit.values else code


@register.filter
def substance(code: str) -> str:
    """Write the code of a substance as a word."""
    return code.replace("_", " ").replace("-", " ").capitalize()


@register.filter
def counted_over(line: Line) -> str:
    """Say over what a dose is counted."""
    return {
        Scope.ML: _("today, volume"),
        Scope.SESSION: _("today"),
        Scope.KG: _("today, for the weight"),
        Scope.COURSE: _("this course"),
    }[line.scope]


@register.filter
def share_drawn(line: Line) -> str:
    """Return how full the bar is, from 0 to 1."""
    return f"{min(float(line.share or 0), 1):.3f}"


@register.filter
def spoken(line: Line) -> str:
    """Say a line in words, for those who do not see the bar."""
    words = _("%(substance)s, %(over)s: %(amount)s of %(ceiling)s %(unit)s")
    return words % {
        "substance": substance(line.substance),
        "over": counted_over(line),
        "amount": plain_amount(line.amount),
        "ceiling": plain_amount(line.ceiling),
        "unit": unit(line.unit),
    }
