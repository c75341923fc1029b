"""The columns of the safety lists in words."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from patients.models import SafetyListExclusion, SafetyListRow
from patients.rules.safety_list import ExclusionRow, SafetyRow
from patients.terms import SafetyBlock, SafetyGate

register = template.Library()

# What an empty number of days means.
NO_DAYS = {
    "holds_days": gettext_lazy("until it is changed"),
    "wait_days": gettext_lazy("when the condition has passed"),
}


def in_days(count: int) -> str:
    return ngettext("%(count)d day", "%(count)d days", count) % {"count": count}


@register.filter
def title_of(row: SafetyRow | ExclusionRow) -> str:
    """Return the question of an item, or the name of an allergy."""
    return _(row.question if isinstance(row, SafetyRow) else row.label)


@register.filter
def is_item(row: SafetyRow | ExclusionRow) -> bool:
    return isinstance(row, SafetyRow)


@register.filter
def conditions(row: SafetyRow | ExclusionRow) -> list[str]:
    """Say how a row is asked and how long its answer counts."""
    if isinstance(row, ExclusionRow):
        return [_("Only an allergy clinic can clear it")] if row.needs_opinion else []
    said = []
    if row.block is None:
        said.append(_("Follows from another answer"))
    if row.is_required:
        said.append(_("Needed for a decision"))
    if row.each_session:
        said.append(_("Asked before each session"))
    if row.holds_days is not None:
        said.append(_("Holds %(days)s") % {"days": in_days(row.holds_days)})
    if row.wait_days is not None:
        said.append(_("Screen again after %(days)s") % {"days": in_days(row.wait_days)})
    return said


@register.filter
def column_name(name: str) -> str:
    """Return what a column is called on screen."""
    for model in (SafetyListRow, SafetyListExclusion):
        if name in model.COLUMNS:
            return str(model._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    return name


@register.filter
def readable(value: Any, name: str) -> str:
    """Write a column of a row as people read it."""
    if name == "gate":
        return str(SafetyGate(value).label)
    if name == "block":
        return str(SafetyBlock(value).label) if value else _("not asked")
    if name in NO_DAYS:
        return in_days(value) if value is not None else str(NO_DAYS[name])
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return _(str(value))
