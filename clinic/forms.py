"""One idiom for every POST: a form knows its action.

A view reads `form = XForm(*submitted(request), ...)`, then `if form.submit(by=...)` redirects to
`form.location`, else renders the form again with everything that was typed. `submit` validates,
calls the action once per submission key, and turns a refusal into a form error.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterable
from typing import Any, Protocol

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms
from django.db import IntegrityError, transaction
from django.forms import BoundField
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic import files
from clinic.models import Submission, User
from clinic.refusal import Refused, Stale

logger = logging.getLogger(__name__)

# The answers of a form as a browser sends them, by the name of the control.
Values = dict[str, list[str]]


class Located(Protocol):
    """Anything that has a page."""

    def get_absolute_url(self) -> str: ...


def submitted(request: HttpRequest) -> tuple[Any, Any]:
    """Return the data and files of a POST, and nothing for any other method."""
    if request.method != "POST":
        return None, None
    return request.POST, request.FILES


def submission_key() -> forms.UUIDField:
    """Return the hidden field that makes a repeated submit answer as the first one did."""
    return forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid.uuid4)


class Acting:
    """What makes a form an action: mixed into `forms.Form` and `forms.ModelForm`."""

    location: str
    result: Any = None

    def act(self, by: User) -> Any:
        """Call the one action of this form and return what it made."""
        raise NotImplementedError

    def locate(self, result: Located) -> str:
        """Return the page to show after the action."""
        return result.get_absolute_url()

    def submit(self: Any, *, by: User) -> bool:
        """Validate and act; return whether it is done. Errors then stand on the form."""
        if not self.is_bound:
            return False
        # Before validation: the first submit may have made the repeated one invalid.
        key = self._key()
        if self._answered(key, by):
            return True
        if not self.is_valid():
            return False
        try:
            with files.following_rows(), transaction.atomic():
                submission = Submission.objects.create(key=key, by=by)
                self.result = self.act(by)
                self.location = submission.location = self.locate(self.result)
                submission.save(update_fields=["location"])
        except Stale as stale:
            self._show_both(stale)
            return False
        except Refused as refused:
            field = refused.field if refused.field in self.fields else None
            self.add_error(field, refused.message)
            return False
        except IntegrityError:
            # Either the same submit won on another connection, or a constraint said no.
            if self._answered(key, by):
                return True
            # The locks of the action should have found the clash, so it belongs into the log.
            logger.exception("The database refused what %s allowed", type(self).__name__)
            self.add_error(None, _("This clashes with what somebody else just saved. Try again."))
            return False
        return True

    def _key(self: Any) -> uuid.UUID:
        """Return the key that came with the form, or a new one."""
        try:
            return uuid.UUID(str(self["submission"].data))
        except ValueError:
            return uuid.uuid4()

    def _answered(self, key: uuid.UUID, by: User) -> bool:
        earlier = Submission.objects.filter(key=key, by=by).first()
        if earlier is None:
            return False
        self.location = earlier.location
        return True

    def parts(self: Any) -> list[Any]:
        """Return the forms that this one submits together; a composed form adds its others."""
        return [self]

    def reopened(self) -> Any:
        """Return this form unbound, on the record as it is stored now."""
        raise NotImplementedError

    def _show_both(self: Any, stale: Stale) -> None:
        """Merge what was saved meanwhile into the form; a second save then decides.

        A field that this person left as she found it takes what was saved. One that both changed
        keeps what was typed, with the saved answer beside it.
        """
        self.add_error(None, stale.message)
        fresh = self.reopened()
        opened, saved = sent_values(self), found_values(fresh)
        self.data = self.data.copy()
        for part, fresh_part in zip(self.parts(), fresh.parts(), strict=True):
            part.data = self.data
            for name in merged_fields(part):
                self._merge(part[name], fresh_part[name], opened, saved)
        self.data[self.add_prefix("version")] = str(stale.version)
        self.data[self.add_prefix("opened")] = json.dumps(saved)

    def _merge(
        self: Any, typed: BoundField, fresh: BoundField, opened: Values, saved: Values
    ) -> None:
        key = typed.html_name
        mine, theirs = sent(self.data, key), saved[key]
        # What is not in `opened` counts as touched by both.
        if mine == theirs or opened.get(key) == theirs:
            return
        if opened.get(key) == mine:
            self.data.setlist(key, theirs)
        else:
            words = {"saved": readable(fresh) or "–"}
            typed.form.add_error(typed.name, _("Saved meanwhile: %(saved)s") % words)


def merged_fields(form: forms.BaseForm) -> list[str]:
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
        for name in merged_fields(part)
    }


def sent_values(form: Any) -> Values:
    """Return what the form held when its page was opened."""
    try:
        opened = json.loads(form.data.get(form.add_prefix("opened"), "{}"))
    except ValueError:
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


class Versioned(Acting):
    """A form on a record that others may save meanwhile; its page carries what was found."""

    def remember(self: Any) -> None:
        """Write into `opened` what the form holds now; called once all fields stand."""
        self.initial["opened"] = json.dumps(found_values(self))


class ActionForm(Acting, forms.Form):
    """A form whose submit calls an action."""

    submission = submission_key()

    def __init__(
        self, data: Any = None, files: MultiValueDict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data, files, **kwargs)
        self.helper = helper(self)


def offer(form: forms.BaseForm, name: str, choices: Iterable[tuple[str, Any]]) -> None:
    """Set the choices of a field that depend on a record."""
    field = form.fields[name]
    if not isinstance(field, forms.ChoiceField):
        raise TypeError(f"{name} offers no choices")
    field.choices = list(choices)


def helper(form: forms.BaseForm) -> FormHelper:
    """Return a crispy helper that leaves the form tag and the button to the page."""
    made = FormHelper()
    made.form_tag = False
    made.disable_csrf = True
    made.form_show_errors = False  # the fields' own templates and the summary show them
    for field in form.fields.values():
        if field.error_messages.get("required") == forms.Field.default_error_messages["required"]:
            field.error_messages["required"] = gettext_lazy("Fill this in.")
    layout = getattr(form, "layout", None)
    if layout is not None:
        made.layout = Layout(*(["submission"] if "submission" in form.fields else []), *layout())
        made.render_hidden_fields = True
    return made
