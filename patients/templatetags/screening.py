"""Words and icons for a verdict, which is kept as codes and sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django import forms, template
from django.forms import BoundField
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from patients.terms import (
    Answer,
    Area,
    Cause,
    CssClass,
    Level,
    Outcome,
    Primary,
    SubOutcome,
    Treatable,
)

register = template.Library()


def label_of(choices: Any) -> Any:
    """Return a filter that turns a code into its label."""
    return lambda code: choices(code).label


for name, choices in {
    "outcome_label": Outcome,
    "sub_outcome_label": SubOutcome,
    "treatable_label": Treatable,
    "primary_label": Primary,
    "area_label": Area,
}.items():
    register.filter(name, label_of(choices))


class Shown(NamedTuple):
    """A level as it is shown: a full, half or empty circle, and a word."""

    code: str
    icon: str
    label: str


LEVEL_ICONS = {
    Level.DOMINANT: "circle-fill",
    Level.CONTRIBUTING: "circle-half",
    Level.PRESENT: "circle-half",
    Level.NONE: "circle",
    Level.UNKNOWN: "question-circle",
}
TREATABLE_KINDS = {
    Treatable.YES: "fine",
    Treatable.REDUCED: "attention",
    Treatable.NO: "stop",
    Treatable.UNKNOWN: "unknown",
}
# First letter of a reason's code -> how grave it is, and the icon.
GRAVITY = {
    "X": ("state-stop", "x-octagon"),
    "R": ("state-stop", "x-octagon"),
    "T": ("state-attention", "pause"),
    "C": ("state-attention", "exclamation-triangle"),
    "A": ("state-attention", "exclamation-triangle"),
    "M": ("state-unknown", "question-circle"),
    "S": ("", "check-lg"),
}


@register.filter
def treatable_kind(code: str) -> str:
    return TREATABLE_KINDS[Treatable(code)]


@register.filter
def css_label(code: str) -> str:
    return str(CssClass(code).label).lower()


@register.filter
def causes(found: dict[str, Any]) -> list[tuple[str, Shown]]:
    """Return each cause with its level, in a fixed order; what is primary leads.

    Excess weight and localised fat are said only where they are there.
    """
    levels = {
        cause: Level.DOMINANT.value if cause == found["primary"] else level
        for cause, level in found["levels"].items()
    }
    rare = {Cause.ADIPOSITY, Cause.LOCALISED_ADIPOSITY}
    return [
        (
            str(cause.label),
            Shown(
                levels[cause], LEVEL_ICONS[Level(levels[cause])], str(Level(levels[cause]).label)
            ),
        )
        for cause in Cause
        if cause in levels and not (cause in rare and levels[cause] == Level.NONE)
    ]


@register.filter
def rest_answer(field: BoundField) -> str:
    """Return the answer that "No to the rest" gives to a question."""
    offered = [str(value) for value, _label in getattr(field.field, "choices", ())]
    return next((value for value in ("no", "False", "negative") if value in offered), "")


@register.filter
def lookup(values: Mapping[str, Any], key: str) -> Any:
    return values.get(key, "")


@register.filter
def answer_label(code: str) -> str:
    return str(Answer(code).label)


@register.filter
def any_answer(fields: list[BoundField]) -> bool:
    """Whether "No to the rest" has something to answer."""
    return any(rest_answer(field) for field in fields)


@register.simple_tag
def history_field(field: BoundField) -> str:
    """Draw a field of the history: a question with its answers, chips, or an entry."""
    widget = field.field.widget
    shape = "components/fields/plain.html"
    if isinstance(widget, forms.CheckboxSelectMultiple):
        shape = "components/fields/chips.html"
    elif isinstance(widget, forms.RadioSelect):
        shape = "patients/_question.html"
    unit = _("kg") if field.name.endswith("_kg") else ""
    context = {"field": field, "rest": rest_answer(field), "unit": unit, "width": "mid"}
    return render_to_string(shape, context)


@register.simple_tag
def entry(field: BoundField) -> str:
    """Draw a field that is typed into, in the shape of the product."""
    error = {"aria-describedby": f"{field.auto_id}_error"} if field.errors else {}
    return field.as_widget(attrs={"class": "form-control", **error})


@register.filter
def roman(stage: int) -> str:
    return ("0", "I", "II", "III")[stage]


@register.filter
def gravity(code: str) -> str:
    return GRAVITY.get(code[:1], ("", ""))[0]


@register.filter
def gravity_icon(code: str) -> str:
    return GRAVITY.get(code[:1], ("", "arrow-return-right"))[1]


# Where an answer that the rules miss is asked, when its name differs from the field's.
ASKED_AS = {"allergies": "allergies_asked", "css_nm": "visible_standing"}


@register.filter
def field_anchor(row: dict[str, Any]) -> str:
    """Return the id of the field that a missing answer belongs to."""
    name = ASKED_AS.get(row["field"].rpartition(".")[2], row["field"].rpartition(".")[2])
    return f"div_id_{row['area']}-{name}" if row["area"] else f"div_id_{name}"
