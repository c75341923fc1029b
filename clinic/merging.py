"""What two people typed into one record, merged field by field.

Compared is what a browser sends: what was found when the page was opened, what was typed, and
what is stored by now. So it works for any form, composed ones included.
"""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext as _

# The answers of a form as a browser sends them, by the name of the control.
Values = dict[str, list[str]]


def merge(form: Any, fresh: Any, version: int) -> bool:
    """Merge what is stored by now (`fresh`, unbound) into a bound form; saving again decides.

    A field that this person left as she found it takes what is stored. One that both changed
    keeps what was typed, with the stored answer beside it. Returns whether there is such a field.
    """
    collides = False
    opened, stored = values_opened(form), found_values(fresh)
    form.data = form.data.copy()
    for part, fresh_part in zip(form.parts(), fresh.parts(), strict=True):
        part.data = form.data
        for name in filled_fields(part):
            collides |= merge_field(part[name], fresh_part[name], opened, stored)
    form.data[form.add_prefix("version")] = str(version)
    form.data[form.add_prefix("opened")] = json.dumps(stored)
    return collides


def merge_field(typed: BoundField, fresh: BoundField, opened: Values, stored: Values) -> bool:
    """Merge one field; return whether both changed it. What is not in `opened` counts as touched by both."""
    key = typed.html_name
    mine, theirs = sent(typed.form.data, key), stored[key]
    if mine == theirs or opened.get(key) == theirs:
        return False
    if opened.get(key) == mine:
        typed.form.data.setlist(key, theirs)  # type: ignore[attr-defined]
        return False
    words = {"saved": readable(fresh) or "–"}
    cleaned = typed.form.cleaned_data.get(typed.name)
    typed.form.add_error(typed.name, _("Saved meanwhile: %(saved)s") % words)
    if cleaned is not None:  # what was typed is still what the rest of the page reckons with
        typed.form.cleaned_data[typed.name] = cleaned
    return True


def filled_fields(form: forms.BaseForm) -> list[str]:
    """Return the names of the fields that people fill in."""
    return [field.name for field in form.visible_fields()]


def sent(data: Any, key: str) -> list[str]:
    """Return what a browser sent for one field, empty answers left out."""
    return [value for value in data.getlist(key) if value]


def found(field: BoundField) -> list[str]:
    """Return what a browser would send for a field that nobody touched."""
    value = field.value()
    if isinstance(field.field.widget, forms.CheckboxInput):
        return ["on"] if value else []
    values = value if isinstance(value, list | tuple) else [value]
    if isinstance(
        field.field.widget, forms.Select | forms.RadioSelect | forms.CheckboxSelectMultiple
    ):
        return [str(each) for each in values if each not in (None, "")]
    text = field.field.widget.format_value(value)
    return [str(text)] if text not in (None, "") else []


def found_values(form: Any) -> Values:
    """Return the untouched answers of a form and its parts, for `opened` and for merging."""
    return {
        part[name].html_name: found(part[name])
        for part in form.parts()
        for name in filled_fields(part)
    }


def values_opened(form: Any) -> Values:
    """Return what the form held when its page was opened."""
    try:
        opened = json.loads(form.data.get(form.add_prefix("opened"), "{}"))
    except (ValueError, RecursionError):
        return {}
    return opened if isinstance(opened, dict) else {}


def readable(field: BoundField) -> str:
    """Write the stored answer of a field as people read it."""
    values = found(field)
    if isinstance(field.field.widget, forms.CheckboxInput):
        return _("yes") if values else _("no")
    if isinstance(field.field, forms.ChoiceField):
        labels = {str(value): str(label) for value, label in list(field.field.choices)}  # type: ignore[arg-type]
        return ", ".join(labels.get(value, value) for value in values)
    return ", ".join(values)
