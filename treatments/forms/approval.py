"""Approving a version: what changed, and the password of the person who approves."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.forms import ActionForm
from clinic.layout import Plain
from clinic.models import User


class ApproveForm(ActionForm):
    """A form that approves one draft; each kind of draft says by which action."""

    shows = ("fingerprint",)

    fingerprint = forms.CharField(widget=forms.HiddenInput)
    what_changed = forms.CharField(
        label=_("What changed, in a sentence"),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=_("It stands for your signature: you have read all of this version."),
    )

    def __init__(self, *args: Any, draft: Any, signer: User, **kwargs: Any) -> None:
        self.draft, self.signer = draft, signer
        super().__init__(*args, initial={"fingerprint": draft.fingerprint()}, **kwargs)

    def layout(self) -> list[Any]:
        return [Plain("what_changed", width="full"), Plain("password")]

    def clean_password(self) -> str:
        if not self.signer.check_password(str(self.cleaned_data["password"])):
            raise forms.ValidationError(_("This is not your password."))
        return ""

    @property
    def approval(self) -> dict[str, Any]:
        """What every action of approval is given."""
        return {
            "draft": self.draft,
            "fingerprint": self.cleaned_data["fingerprint"],
            "what_changed": self.cleaned_data["what_changed"],
        }
