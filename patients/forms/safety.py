"""Drafting the safety lists, item by item, and signing them."""

from __future__ import annotations

from copy import copy
from typing import Any

from crispy_forms.layout import Div
from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.forms import Acting, ActionForm, Versioned, helper, submission_key
from clinic.layout import Plain, Segmented, Tick
from clinic.models import User
from patients.actions import (
    add_safety_exclusion,
    add_safety_row,
    change_safety_exclusion,
    change_safety_row,
    sign_safety_list,
    start_safety_draft,
)
from patients.models import SafetyListExclusion, SafetyListRow, SafetyListVersion
from patients.models.safety import (
    ALWAYS_REQUIRED,
    FIXED_GATE,
    LONGEST_HOLD,
    LONGEST_SENTENCE,
)
from patients.rules.safety_list import OWN
from patients.terms import SafetyBlock, SafetyGate

ASKED_COLUMNS = ("block", "is_required", "each_session", "holds_days")


def sentence_field() -> forms.CharField:
    """Return the field of what the patient reads."""
    return forms.CharField(
        label=_("What the patient reads"),
        max_length=LONGEST_SENTENCE,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What was found: what it means. What to do. No promise and no blame."),
    )


def off_field() -> forms.BooleanField:
    return forms.BooleanField(label=_("Switched off: not asked, and gives nothing"), required=False)


def days_field(label: Any, help_text: Any) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, required=False, min_value=0, max_value=LONGEST_HOLD, help_text=help_text
    )


class ItemFields(forms.ModelForm):  # type: ignore[type-arg]
    """What can be said of one item of the lists."""

    submission = submission_key()
    gate = forms.ChoiceField(
        label=_("What a “yes” means"), choices=SafetyGate.choices, widget=forms.RadioSelect
    )
    sentence = sentence_field()
    block = forms.ChoiceField(
        label=_("Asked under"), choices=SafetyBlock.choices, widget=forms.RadioSelect
    )
    is_required = forms.BooleanField(
        label=_("Without an answer nothing can be decided"), required=False
    )
    each_session = forms.BooleanField(label=_("Asked again before each session"), required=False)
    holds_days = days_field(
        _("An answer holds for"), _("Then it counts as unknown. Empty: until it is changed.")
    )
    wait_days = days_field(
        _("Screen again after"),
        _("For what defers: at the earliest. Empty: when the condition has passed."),
    )
    is_off = off_field()

    class Meta:
        model = SafetyListRow
        fields = [
            "gate",
            "question",
            "sentence",
            "block",
            "is_required",
            "each_session",
            "holds_days",
            "wait_days",
            "is_off",
        ]
        labels = {"question": _("Question on the form")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.left_out():
            del self.fields[name]
        self.helper = helper(self)

    def left_out(self) -> set[str]:
        """Name the fields that make no sense for this item."""
        return set()

    def layout(self) -> list[Any]:
        shown = [
            Plain("question", width="full"),
            Plain("sentence", width="full"),
            Segmented("gate"),
            Segmented("block"),
            Tick("is_required"),
            Tick("each_session"),
            Div(
                *(
                    Plain(name, unit=str(_("days")), width="mid")
                    for name in ("holds_days", "wait_days")
                    if name in self.fields
                ),
                css_class="row-fields",
            ),
            Tick("is_off"),
        ]
        return [row for row in shown if not hasattr(row, "fields") or self.has(row)]

    def has(self, row: Any) -> bool:
        return all(name in self.fields for name in row.fields if isinstance(name, str))

    @property
    def details(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.Meta.fields if name in self.fields}


class NewItemForm(Acting, ItemFields):
    """An item of the clinic's own."""

    def __init__(self, *args: Any, draft: SafetyListVersion, **kwargs: Any) -> None:
        self.draft = draft
        super().__init__(*args, **kwargs)

    def left_out(self) -> set[str]:
        return {"is_off"}

    def act(self, by: User) -> SafetyListRow:
        return add_safety_row(draft=self.draft, by=by, **self.details)

    def locate(self, result: Any) -> str:
        return f"{self.draft.get_absolute_url()}#{result.code}"


class ItemForm(Versioned, ItemFields):
    """An item of the draft; refuses to overwrite what somebody else saved."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    opened = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, instance: SafetyListRow, **kwargs: Any) -> None:
        super().__init__(
            *args, instance=copy(instance), initial={"version": instance.version}, **kwargs
        )
        self.remember()

    def left_out(self) -> set[str]:
        row = self.instance
        names: set[str] = set()
        if row.code == FIXED_GATE:
            names |= {"gate", "wait_days", "is_off"}
        if row.code in ALWAYS_REQUIRED:
            names |= {"is_required", "is_off"}
        if not row.block and not row.code.startswith(OWN):
            names |= set(ASKED_COLUMNS)
        return names

    @property
    def notes(self) -> list[str]:
        """Say what the medical lead cannot change of this item, and why."""
        row = self.instance
        said = []
        if row.code == FIXED_GATE:
            said.append(gettext("Age under 18 is an absolute stop in every version."))
        if row.code in ALWAYS_REQUIRED:
            said.append(
                gettext("No decision is safe without this answer, so it stays needed and on.")
            )
        if "block" not in self.fields:
            said.append(gettext("This follows from another answer, so it is not asked."))
        return said

    def reopened(self) -> ItemForm:
        return ItemForm(instance=SafetyListRow.objects.get(pk=self.instance.pk))

    def act(self, by: User) -> SafetyListRow:
        return change_safety_row(
            row=self.instance, version=self.cleaned_data["version"], by=by, **self.details
        )

    def locate(self, result: Any) -> str:
        return f"{result.safety_list.get_absolute_url()}#{result.code}"


class AgentFields(forms.ModelForm):  # type: ignore[type-arg]
    """What can be said of one allergy or condition that leaves an agent out."""

    submission = submission_key()
    sentence = sentence_field()
    needs_opinion = forms.BooleanField(
        label=_("The agent comes back only with the opinion of an allergy clinic"), required=False
    )
    is_off = off_field()

    class Meta:
        model = SafetyListExclusion
        fields = ["label", "agent", "sentence", "needs_opinion", "is_off"]
        labels = {"label": _("Allergy or condition"), "agent": _("Agent that is left out")}
        help_texts = {"agent": _("One word in small letters, such as pentoxifylline.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(self)

    def layout(self) -> list[Any]:
        return [
            Div(Plain("label"), Plain("agent"), css_class="row-fields"),
            Plain("sentence", width="full"),
            Tick("needs_opinion"),
            *([Tick("is_off")] if "is_off" in self.fields else []),
        ]

    def clean_agent(self) -> str:
        return str(self.cleaned_data["agent"]).lower()

    @property
    def details(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.Meta.fields if name in self.fields}


class NewAgentForm(Acting, AgentFields):
    """An allergy or condition of the clinic's own."""

    def __init__(self, *args: Any, draft: SafetyListVersion, **kwargs: Any) -> None:
        self.draft = draft
        super().__init__(*args, **kwargs)
        del self.fields["is_off"]
        self.helper = helper(self)

    def act(self, by: User) -> SafetyListExclusion:
        return add_safety_exclusion(draft=self.draft, by=by, **self.details)

    def locate(self, result: Any) -> str:
        return f"{self.draft.get_absolute_url()}#{result.code}"


class AgentForm(Versioned, AgentFields):
    """An allergy or condition of the draft; refuses to overwrite what somebody else saved."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    opened = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, instance: SafetyListExclusion, **kwargs: Any) -> None:
        super().__init__(
            *args, instance=copy(instance), initial={"version": instance.version}, **kwargs
        )
        self.remember()

    def reopened(self) -> AgentForm:
        return AgentForm(instance=SafetyListExclusion.objects.get(pk=self.instance.pk))

    def act(self, by: User) -> SafetyListExclusion:
        return change_safety_exclusion(
            row=self.instance, version=self.cleaned_data["version"], by=by, **self.details
        )

    def locate(self, result: Any) -> str:
        return f"{result.safety_list.get_absolute_url()}#{result.code}"


class StartDraftForm(ActionForm):
    """The button that opens the next version."""

    def act(self, by: User) -> SafetyListVersion:
        return start_safety_draft(by=by)


class SignForm(ActionForm):
    """What changed, and the password of the person who signs."""

    shows = ("fingerprint",)

    fingerprint = forms.CharField(widget=forms.HiddenInput)
    what_changed = forms.CharField(
        label=_("What changed, in a sentence"),
        max_length=LONGEST_SENTENCE,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=_("It stands for your signature: you have read every item of this version."),
    )

    def __init__(self, *args: Any, draft: SafetyListVersion, signer: User, **kwargs: Any) -> None:
        self.draft, self.signer = draft, signer
        super().__init__(*args, initial={"fingerprint": draft.fingerprint()}, **kwargs)

    def layout(self) -> list[Any]:
        return [Plain("what_changed", width="full"), Plain("password")]

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        if not self.signer.check_password(password):
            raise forms.ValidationError(_("This is not your password."))
        return ""

    def act(self, by: User) -> SafetyListVersion:
        return sign_safety_list(
            draft=self.draft,
            fingerprint=self.cleaned_data["fingerprint"],
            what_changed=self.cleaned_data["what_changed"],
            by=by,
        )
