"""Asking for consents: the sheet of answers, what she signs alone, withdrawal, the texts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from crispy_forms.layout import Div
from django import forms
from django.forms import BoundField
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic import handover
from clinic.forms import ActionForm, offer
from clinic.layout import Chips, Plain
from clinic.models import User
from patients.actions import (
    give_to_read,
    sign_consents,
    withdraw_consent,
    write_consent_text,
)
from patients.actions.consents import Answered, Signature
from patients.consents import standings_of, words_of
from patients.models import ConsentEvent, ConsentRecord, ConsentText, Patient
from patients.rules.consent import WITHOUT_IT, Standing, State
from patients.rules.search import normalise
from patients.rules.signature import BadSignature, Stroke, read_strokes
from patients.terms import Purpose

YES, NO = "yes", "no"
SIGNING_PAGE = "patients:consent-signing"
NO_AUTOFILL = {"autocomplete": "off", "autocapitalize": "words", "spellcheck": "false"}


@dataclass(frozen=True, slots=True)
class Row:
    """One purpose on the sheet; without a text there is nothing to ask."""

    number: int
    purpose: Purpose
    text: ConsentText | None
    standing: Standing
    answer: BoundField | None
    until: BoundField | None

    @property
    def state(self) -> tuple[str, str]:
        return words_of(self.standing)

    @property
    def stands_as(self) -> str:
        """The answer that need not be signed again, as the radio buttons say it."""
        return standing_answer(self.standing)

    @property
    def may_be_withdrawn(self) -> bool:
        return self.standing.state in (State.YES, State.TEXT_CHANGED)

    @property
    def note(self) -> str:
        """What a no means, where it means anything for care."""
        sentence = WITHOUT_IT.get(self.purpose)
        return gettext(sentence) if sentence else ""


def standing_answer(standing: Standing) -> str:
    if not standing.is_settled:
        return ""
    return YES if standing.state == State.YES else NO


class ConsentForm(ActionForm):
    """Every purpose with its own yes and no, and one signature for what has changed."""

    strokes = forms.CharField(required=False, widget=forms.HiddenInput)
    typed_name = forms.CharField(
        label=_("Or type the full name instead"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs=NO_AUTOFILL),
        help_text=_("For a keyboard, or when drawing is hard. It counts the same."),
    )
    had_time_to_read = forms.BooleanField(label=_("Had time to read and to ask"), required=False)
    interpreter = forms.CharField(
        label=_("Interpreter, if one was needed"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs=NO_AUTOFILL),
    )

    was_handed_over = False

    def __init__(
        self, *args: Any, patient: Patient, purposes: Collection[Purpose] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.patient = patient
        today = timezone.localdate()
        self.texts = ConsentText.objects.in_force(today)
        self.standings = standings_of(patient, today)
        self.purposes = [purpose for purpose in Purpose if purpose in (purposes or Purpose)]
        for purpose in self.purposes:
            if purpose in self.texts:
                self._ask(purpose)

    def _ask(self, purpose: Purpose) -> None:
        standing = self.standings[purpose]
        self.fields[f"answer_{purpose.value}"] = forms.ChoiceField(
            label=purpose.label,
            required=False,
            choices=[(YES, _("Yes")), (NO, _("No"))],
            widget=forms.RadioSelect,
            initial=self.found(standing),
        )
        if purpose.is_marketing:
            self.fields[f"until_{purpose.value}"] = forms.DateField(
                label=_("%(purpose)s, last day") % {"purpose": purpose.label},
                required=False,
                initial=standing.until if self.found(standing) == YES else None,
                widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            )

    def found(self, standing: Standing) -> str:
        """Return the answer that is filled in already."""
        return standing_answer(standing)

    @property
    def shown_texts(self) -> str:
        """The texts of this page, so that an answer never lands under another one."""
        return " ".join(str(self.texts[each].pk) for each in self.purposes if each in self.texts)

    @property
    def rows(self) -> list[Row]:
        return [
            Row(
                number,
                purpose,
                self.texts.get(purpose),
                self.standings[purpose],
                self._bound(f"answer_{purpose.value}"),
                self._bound(f"until_{purpose.value}"),
            )
            for number, purpose in enumerate(self.purposes, start=1)
        ]

    def _bound(self, name: str) -> BoundField | None:
        return self[name] if name in self.fields else None

    def clean_strokes(self) -> list[Stroke] | None:
        text = self.cleaned_data["strokes"]
        if not text:
            return None
        try:
            return read_strokes(text)
        except BadSignature as bad:
            raise forms.ValidationError(gettext(str(bad))) from bad

    def clean_typed_name(self) -> str:
        typed = str(self.cleaned_data["typed_name"]).strip()
        if typed and sorted(normalise(typed).split()) != sorted(
            normalise(str(self.patient)).split()
        ):
            raise forms.ValidationError(
                gettext(
                    "The record says %(name)s. Type it like that, or correct the contact details first."
                )
                % {"name": self.patient}
            )
        return typed

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.data.get("texts", "") != self.shown_texts:
            raise forms.ValidationError(
                _("A text was changed after this page was opened. Read the new one, then sign.")
            )
        self.answers = [
            Answered(
                self.texts[purpose],
                cleaned[f"answer_{purpose.value}"] == YES,
                cleaned.get(f"until_{purpose.value}"),
            )
            for purpose in self.purposes
            if self._is_changed(purpose, cleaned)
        ]
        if not self.errors and self.answers and not cleaned["typed_name"]:
            if cleaned["strokes"] is None:
                self.add_error("typed_name", _("Sign on the pad, or type the full name."))
        elif cleaned.get("strokes") and cleaned.get("typed_name"):
            self.add_error("typed_name", _("Signed twice. Clear the pad, or remove the name."))
        return cleaned

    def _is_changed(self, purpose: Purpose, cleaned: dict[str, Any]) -> bool:
        """Whether there is an answer that differs from the one that stands."""
        said = cleaned.get(f"answer_{purpose.value}")
        if not said:
            return False
        standing = self.standings[purpose]
        if said != self.found(standing):
            return True
        until = cleaned.get(f"until_{purpose.value}")
        return said == YES and purpose.is_marketing and until != standing.until

    def act(self, by: User) -> ConsentRecord:
        cleaned = self.cleaned_data
        signature = Signature(
            strokes=cleaned["strokes"],
            typed_name=cleaned["typed_name"],
            had_time_to_read=cleaned["had_time_to_read"],
            interpreter=self.interpreter_name(),
            was_handed_over=self.was_handed_over,
        )
        return sign_consents(patient=self.patient, answers=self.answers, signature=signature, by=by)

    def interpreter_name(self) -> str:
        return str(self.cleaned_data["interpreter"]).strip()

    def locate(self, result: Any) -> str:
        return reverse("patients:consent-list", args=[self.patient.code])


class SigningForm(ConsentForm):
    """The same in her own hands: only the texts that were chosen, and nothing filled in."""

    was_handed_over = True

    def __init__(self, *args: Any, interpreter: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.named_interpreter = interpreter
        del self.fields["interpreter"]
        self.fields["had_time_to_read"].label = _(
            "I have read the texts, or had them read to me, and I had time for it"
        )
        self.fields["typed_name"].label = _("Or type your full name instead")

    def found(self, standing: Standing) -> str:
        return ""

    def interpreter_name(self) -> str:
        return self.named_interpreter

    def locate(self, result: Any) -> str:
        return reverse(SIGNING_PAGE)


class HandOverForm(ActionForm):
    """Which texts she gets to see before the tablet leaves the hand."""

    purposes = forms.MultipleChoiceField(
        label=_("Texts to read and answer"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one text.")},
    )
    interpreter = forms.CharField(
        label=_("Interpreter, if one is needed"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs=NO_AUTOFILL),
    )

    def __init__(self, *args: Any, patient: Patient, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.patient, self.request = patient, request
        today = timezone.localdate()
        texts = ConsentText.objects.in_force(today)
        standings = standings_of(patient, today)
        asked = [purpose for purpose in Purpose if purpose in texts]
        offer(self, "purposes", [(purpose.value, purpose.label) for purpose in asked])
        self.fields["purposes"].initial = [
            purpose.value
            for purpose in asked
            # A yes to marketing needs a last day, so it is handed over only when it is wanted.
            if not standings[purpose].is_settled and not purpose.is_marketing
        ]

    def layout(self) -> list[Any]:
        return [Chips("purposes"), Plain("interpreter")]

    def act(self, by: User) -> Patient:
        handover.begin(
            self.request,
            page=SIGNING_PAGE,
            patient=self.patient.code,
            back=reverse("patients:consent-list", args=[self.patient.code]),
            facts={
                "purposes": self.cleaned_data["purposes"],
                "interpreter": self.cleaned_data["interpreter"].strip(),
            },
        )
        return self.patient

    def locate(self, result: Any) -> str:
        return reverse(SIGNING_PAGE)


class GiveForm(ActionForm):
    """Notes that every text that is still to be answered was given to read."""

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        # It stands on the sheet, beside the form with the answers.
        super().__init__(*args, auto_id="give_%s", **kwargs)
        self.patient = patient
        standings = standings_of(patient, timezone.localdate())
        self.purposes = [
            purpose
            for purpose, standing in standings.items()
            if standing.current_version and not standing.is_settled and not standing.first_seen
        ]

    def act(self, by: User) -> Patient:
        return give_to_read(patient=self.patient, purposes=self.purposes, by=by)

    def locate(self, result: Any) -> str:
        return reverse("patients:consent-list", args=[self.patient.code])


class WithdrawForm(ActionForm):
    """Withdraws one yes. A reason is welcome and never asked for."""

    reason = forms.CharField(
        label=_("Reason, if one is given"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, patient: Patient, purpose: Purpose, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.patient, self.purpose = patient, purpose

    def layout(self) -> list[Any]:
        return [Plain("reason", width="full")]

    def act(self, by: User) -> ConsentEvent:
        reason = self.cleaned_data["reason"]
        return withdraw_consent(patient=self.patient, purpose=self.purpose, reason=reason, by=by)

    def locate(self, result: Any) -> str:
        return reverse("patients:consent-list", args=[self.patient.code])


class ConsentTextForm(ActionForm):
    """The next version of a text; earlier ones stay with what was signed under them."""

    after = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    title = forms.CharField(label=_("Title"), max_length=120)
    body = forms.CharField(
        label=_("Text"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 18}),
        help_text=_("An empty line begins a new paragraph. No formatting."),
    )
    effective_from = forms.DateField(
        label=_("Holds from"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(
        self, *args: Any, purpose: Purpose, newest: ConsentText | None, **kwargs: Any
    ) -> None:
        initial = {
            "after": newest.version if newest else 0,
            "title": newest.title if newest else "",
            "body": newest.body if newest else "",
            "effective_from": timezone.localdate(),
        }
        super().__init__(*args, initial=initial, **kwargs)
        self.purpose = purpose

    def layout(self) -> list[Any]:
        return [
            Plain("title", width="full"),
            Plain("body", width="full"),
            Div(Plain("effective_from", width="mid"), css_class="row-fields"),
        ]

    def clean_body(self) -> str:
        """Keep paragraphs apart by exactly one empty line."""
        lines = [" ".join(line.split()) for line in self.cleaned_data["body"].splitlines()]
        blocks = "\n".join(lines).split("\n\n")
        return "\n\n".join(block.strip("\n") for block in blocks if block.strip())

    def act(self, by: User) -> ConsentText:
        cleaned = self.cleaned_data
        return write_consent_text(
            purpose=self.purpose,
            after=cleaned["after"],
            title=cleaned["title"],
            body=cleaned["body"],
            effective_from=cleaned["effective_from"],
            by=by,
        )

    def locate(self, result: Any) -> str:
        return reverse("patients:consent-texts")
