"""Looking at a reaction again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.forms import ActionForm
from clinic.layout import Plain, Segmented
from clinic.models import User
from treatments.actions.reactions import check_reaction
from treatments.models import Reaction, ReactionCheck
from treatments.terms import ReactionOutcome


class ReactionCheckForm(ActionForm):
    """How a reaction stands, on which day, and what was seen or said."""

    outcome = forms.ChoiceField(
        label=_("How it stands"),
        choices=ReactionOutcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Say how it stands.")},
    )
    checked_on = forms.DateField(
        label=_("Seen or called on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    note = forms.CharField(
        label=_("What was seen or said"),
        max_length=300,
        required=False,
        help_text=_("Needed where a trace remains."),
    )

    def __init__(self, *args: Any, reaction: Reaction, **kwargs: Any) -> None:
        self.reaction = reaction
        super().__init__(*args, initial={"checked_on": timezone.localdate()}, **kwargs)
        field = self.fields["checked_on"]
        field.widget.attrs |= {
            "min": reaction.visit.held_on.isoformat(),
            "max": timezone.localdate().isoformat(),
        }
        self.fields["note"].is_conditional = True  # type: ignore[attr-defined]

    def layout(self) -> list[Any]:
        return [Segmented("outcome"), Plain("checked_on", width="medium"), Plain("note")]

    def act(self, by: User) -> ReactionCheck:
        chosen = self.cleaned_data
        return check_reaction(
            reaction=self.reaction,
            outcome=ReactionOutcome(chosen["outcome"]),
            note=chosen["note"],
            on=chosen["checked_on"],
            by=by,
        )

    def locate(self, result: Any) -> str:
        return reverse("treatments:reaction-check", args=[result.reaction_id])
