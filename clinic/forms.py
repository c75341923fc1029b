"""One idiom for every POST: a form knows its action.

A view reads `form = XForm(*submitted(request), ...)`, then `if form.submit(by=...)` redirects to
`form.location`, else renders the form again with everything that was typed. `submit` validates,
calls the action once per submission key, and turns a refusal into a form error.
"""

from __future__ import annotations

import hashlib
import json
import logging
import uuid
from collections.abc import Iterable
from typing import Any, Protocol

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic import files
from clinic.merging import found_values, merge
from clinic.models import Submission, User
from clinic.refusal import Refused, Stale

logger = logging.getLogger(__name__)
# The token changes with a sign-in, and a button that is pressed next says nothing new.
NOT_TYPED = frozenset({"csrfmiddlewaretoken", "then"})


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


def lists(data: Any) -> Iterable[tuple[str, list[str]]]:
    """Return what was sent for each name, in the order of the page."""
    if isinstance(data, MultiValueDict):
        return data.lists()
    return [(name, value if isinstance(value, list) else [value]) for name, value in data.items()]


class Acting:
    """What makes a form an action: mixed into `forms.Form` and `forms.ModelForm`."""

    location: str
    result: Any = None
    # Hidden fields that say what the page showed. A page that comes back shows what stands now,
    # so they say that from then on, and not what was sent.
    shows: tuple[str, ...] = ()

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
        done: bool = self._carry_out(by)
        if not done and self.shows:
            self.data = self.data.copy()
            for name in self.shows:
                self.data[self.add_prefix(name)] = self.initial[name]
        return done

    def _carry_out(self: Any, by: User) -> bool:
        # Before validation: the first submit may have made the repeated one invalid.
        key = self._key()
        if self.is_answered(by=by):
            same: bool = self._answered(key, by)
            if not same:
                self._keep_typed()
            return same
        if not self.is_valid():
            return False
        try:
            with files.following_rows(), transaction.atomic():
                submission = Submission.objects.create(key=key, by=by, digest=self._digest())
                self.result = self.act(by)
                self.location = submission.location = self.locate(self.result)
                submission.save(update_fields=["location"])
        except Stale as stale:
            self.add_error(None, stale.message)
            if not merge(self, self.reopened(), stale.version):
                self.add_error(None, _("Nothing collides: what they saved is filled in here."))
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

    def is_answered(self, *, by: User) -> bool:
        """Whether the page was submitted already; what comes after it is late."""
        return Submission.objects.filter(key=self._key(), by=by).exists()

    def _keep_typed(self: Any) -> None:
        """Keep what was typed on after a save whose answer was lost; the next press saves it."""
        self.is_valid()
        self.data = self.data.copy()
        self.data[self.add_prefix("submission")] = str(uuid.uuid4())
        words = _(
            "This page was saved already, and changed since. Look at what was saved and change it "
            "there, or press again to save what stands here."
        )
        self.add_error(None, words)

    def _digest(self: Any) -> str:
        """Return the SHA-256 of what was sent, whatever button sent it and after any sign-in."""
        files = [(name, each.name, each.size) for name, each in self.files.items()]
        sent = {name: value for name, value in lists(self.data) if name not in NOT_TYPED}
        return hashlib.sha256(json.dumps([sent, files], sort_keys=True).encode()).hexdigest()

    def _key(self: Any) -> uuid.UUID:
        """Return the key that came with the form, or a new one."""
        try:
            return uuid.UUID(str(self["submission"].data))
        except ValueError:
            return uuid.uuid4()

    def _answered(self, key: uuid.UUID, by: User) -> bool:
        """Whether the same was carried out under this key; then its page is the answer again."""
        earlier = Submission.objects.filter(key=key, by=by).first()
        if earlier is None or earlier.digest not in ("", self._digest()):
            return False
        self.location = earlier.location
        return True


class Versioned(Acting):
    """A form on a record that others may save meanwhile.

    It has the hidden fields `version` and `opened`, and its page carries what was found in them.
    """

    def parts(self: Any) -> list[Any]:
        """Return the forms that this one submits together; a composed form adds its others."""
        return [self]

    def reopened(self) -> Any:
        """Return this form unbound, on the record as it is stored now."""
        raise NotImplementedError

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
