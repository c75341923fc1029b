"""What a clinician makes of a proposal, and what a second person says of an override."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic import drafts
from clinic.forms import ActionForm, offer
from clinic.layout import Plain, Segmented
from clinic.models import User
from clinic.roles import Can
from patients.actions import confirm_screening, decide_screening
from patients.forms.findings import draft_of
from patients.models import Confirmation, Screening
from patients.models.safety import current_list
from patients.models.screening import Decision
from patients.rules.decision import STOPS
from patients.rules.rescreen import rescreen_from
from patients.terms import Area, Outcome
from patients.verdict_words import proposed
from patients.verdicts import fingerprint
from patients.wording import area_names

# What each decision asks for, beside itself.
ASKED = {
    Decision.ACCEPTED: (),
    Decision.CHANGED: ("areas", "reason"),
    Decision.REFERRED: ("referred_to", "reason"),
    Decision.DEFERRED: ("deferred_until", "reason"),
    Decision.NOT_SUITABLE: ("reason",),
}
WANTED = {
    "areas": _("Choose at least one area."),
    "referred_to": _("Say to whom."),
    "deferred_until": _("Say until when."),
    "reason": _("Give the reason."),
}


class DecisionForm(ActionForm):
    """Accept, change, refer, defer or not suitable; each choice asks for its own fields only."""

    shows = ("version", "seen")

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    decision = forms.ChoiceField(
        label=_("Your decision"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose what you decide."),
            "invalid_choice": _("This is not offered here. Look at the proposal again."),
        },
    )
    areas = forms.MultipleChoiceField(
        label=_("Areas"), required=False, widget=forms.CheckboxSelectMultiple
    )
    referred_to = forms.CharField(
        label=_("To whom"),
        required=False,
        max_length=200,
        help_text=_("A person, a practice or a department. The letter is addressed to it."),
    )
    deferred_until = forms.DateField(
        label=_("Until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("From this day the patient stands on the list of people to invite."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Any choice but “Accept” asks for one. It is kept with the decision."),
    )

    def __init__(
        self, *args: Any, screening: Screening, verdict: dict[str, Any], by: User, **kwargs: Any
    ) -> None:
        self.screening, self.proposed, self.by = screening, proposed(verdict), by
        self.is_stopped = verdict["sub_outcome"] in STOPS
        initial = {
            "version": screening.version,
            "seen": "" if screening.is_decided else fingerprint(verdict),
            "areas": [area.value for area in self.proposed],
            "deferred_until": self._earliest(verdict),
        }
        super().__init__(*args, initial=initial, **kwargs)
        for name in WANTED:
            self.fields[name].is_conditional = True  # type: ignore[attr-defined]
        offer(self, "areas", [(area.value, area.label) for area in screening.areas])
        offer(self, "decision", self._choices(verdict, by))

    def _choices(self, verdict: dict[str, Any], by: User) -> list[tuple[str, Any]]:
        choices: list[tuple[str, Any]] = []
        if self.proposed:
            words = format_html(
                "<strong>{}</strong> {}", gettext("Accept:"), area_names(self.proposed)
            )
            choices.append((Decision.ACCEPTED.value, words))
        if self.is_stopped:
            if by.can(Can.OVERRIDE_STOP):
                choices.append((Decision.CHANGED.value, _("Accept against the stop")))
        elif verdict["outcome"] != Outcome.UNDECIDED:
            against = _("Accept against the proposal")
            changed = _("Change the areas") if self.proposed else against
            choices.append((Decision.CHANGED.value, changed))
        return [
            *choices,
            (Decision.REFERRED.value, _("Refer")),
            (Decision.DEFERRED.value, _("Defer")),
            (Decision.NOT_SUITABLE.value, _("Not suitable now")),
        ]

    def _earliest(self, verdict: dict[str, Any]) -> Any:
        """Return the first day for a new screening, where the rules know one."""
        operated = [exam.lipo_on for exam in self.screening.exams.all() if exam.lipo_on]
        return rescreen_from(
            {row["code"] for row in verdict["reasons"]},
            timezone.localdate(),
            current_list(),
            liposuction_on=max(operated, default=None),
        )

    def layout(self) -> list[Any]:
        return []

    def clean(self) -> dict[str, Any]:
        """Ask for what the choice needs; what was typed under another one stays, and is no error."""
        cleaned = super().clean() or {}
        if self.screening.is_decided:
            self.errors.clear()
            raise forms.ValidationError(_("This screening is decided already."))
        if drafts.find(form=draft_of(self.screening), by=self.by):
            self.add_error(
                None, _("You answered something that is not saved yet. Save it or go back first.")
            )
        asked = ASKED[Decision(cleaned["decision"])] if cleaned.get("decision") else ()
        for name, sentence in WANTED.items():
            if name not in asked:
                self.errors.pop(name, None)
            elif not cleaned.get(name) and name not in self.errors:
                self.add_error(name, sentence)
        return cleaned

    def act(self, by: User) -> Screening:
        chosen = self.cleaned_data
        decision = Decision(chosen["decision"])
        is_accepted = decision == Decision.ACCEPTED
        return decide_screening(
            screening=self.screening,
            decision=decision,
            areas=self.proposed if is_accepted else [Area(area) for area in chosen["areas"]],
            reason="" if is_accepted else chosen["reason"],
            referred_to=chosen.get("referred_to", ""),
            deferred_until=chosen.get("deferred_until"),
            version=chosen["version"],
            seen=chosen["seen"],
            by=by,
        )


class ConfirmationForm(ActionForm):
    """The answer of a second person: yes or no, with a reason of her or his own."""

    agrees = forms.TypedChoiceField(
        label=_("Do you agree that this may go ahead against the stop?"),
        choices=[("yes", _("I agree")), ("no", _("I do not agree"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose your answer.")},
    )
    reason = forms.CharField(
        label=_("Your reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Give the reason.")},
    )

    def __init__(self, *args: Any, screening: Screening, **kwargs: Any) -> None:
        self.screening = screening
        super().__init__(*args, **kwargs)

    def layout(self) -> list[Any]:
        return [Segmented("agrees"), Plain("reason", width="full")]

    def act(self, by: User) -> Confirmation:
        return confirm_screening(
            screening=self.screening,
            agrees=self.cleaned_data["agrees"],
            reason=self.cleaned_data["reason"],
            by=by,
        )

    def locate(self, result: Any) -> str:
        return self.screening.get_absolute_url()
