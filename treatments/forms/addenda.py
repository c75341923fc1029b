"""What may still be done with a visit on its own page: adding to it, and striking it out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.forms import ActionForm
from clinic.layout import Plain
from clinic.models import User
from treatments.actions import add_addendum, pass_gate, void_visit
from treatments.models import Visit


class AddendumForm(ActionForm):
    """Add to a signed visit, dated now."""

    text = forms.CharField(
        label=_("What is added"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4})
    )
    reason = forms.CharField(
        label=_("Why now"),
        max_length=300,
        help_text=_("It stands beside the note with today's date and your name."),
    )
    # Apart from those of striking out, which stand on the same page.
    prefix = "added"

    def __init__(self, *args: Any, visit: Visit, **kwargs: Any) -> None:
        self.visit = visit
        super().__init__(*args, **kwargs)

    def layout(self) -> list[Any]:
        return [Plain("text"), Plain("reason")]

    def act(self, by: User) -> Visit:
        cleaned = self.cleaned_data
        add_addendum(visit=self.visit, text=cleaned["text"], reason=cleaned["reason"], by=by)
        return self.visit


class PassGateForm(ActionForm):
    """Pass one gate of somebody else's session, as the medical lead."""

    gate = forms.CharField(max_length=80, widget=forms.HiddenInput)
    reason = forms.CharField(label=_("Why it may be signed all the same"), max_length=300)
    prefix = "gate"

    def __init__(self, *args: Any, visit: Visit, **kwargs: Any) -> None:
        self.visit = visit
        super().__init__(*args, **kwargs)

    def layout(self) -> list[Any]:
        return [Plain("gate"), Plain("reason")]

    def act(self, by: User) -> Visit:
        cleaned = self.cleaned_data
        pass_gate(visit=self.visit, key=cleaned["gate"], reason=cleaned["reason"], by=by)
        return self.visit


class VoidForm(ActionForm):
    """Strike a visit out as entered in error."""

    reason = forms.CharField(
        label=_("What was wrong with it"),
        max_length=300,
        help_text=_(
            "Wrong patient? Say only that, name nobody else here, and record it again in the "
            "right chart."
        ),
    )

    def __init__(self, *args: Any, visit: Visit, **kwargs: Any) -> None:
        self.visit = visit
        super().__init__(*args, **kwargs)

    def layout(self) -> list[Any]:
        return [Plain("reason")]

    def act(self, by: User) -> Visit:
        return void_visit(visit=self.visit, reason=self.cleaned_data["reason"], by=by)
