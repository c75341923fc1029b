"""Sign-in: nobody signs up, people are added by the clinic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm
from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from clinic import audit, handover
from clinic.forms import ActionForm
from clinic.layout import Plain
from clinic.lookup import person

if TYPE_CHECKING:
    from clinic.models import User


class ClosedAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth with sign-up closed and no messages beside our own."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        audit.record("signed in", by=user)
        return super().post_login(request, user, **kwargs)  # type: ignore[no-any-return]

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        audit.record("sign-in failed", by=None)
        super().authentication_failed(request, **credentials)

    def logout(self, request: HttpRequest) -> None:
        audit.record("signed out", by=request.user)
        super().logout(request)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing: "You have signed in as ..." is on the page already."""


class SignInForm(LoginForm):  # type: ignore[misc]
    """E-mail and password, with labels instead of placeholders, and nothing to remember."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("remember", None)
        self.fields["login"].label = _("E-mail")
        self.fields["password"].help_text = ""
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class TakeBackForm(ActionForm):
    """The password that ends a hand-over; after some wrong ones `is_locked_out` is set."""

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        max_length=1000,
        # The name that keeps a browser from filling it in: the tablet is in other hands.
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    is_locked_out = False

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def layout(self) -> list[Any]:
        return [Plain("password")]

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        held = handover.current(self.request)
        # Here and not in `act`, whose transaction would take the note of a wrong one back.
        if held is not None and not person(self.request).check_password(password):
            left = handover.guesses_left(self.request, held)
            self.is_locked_out = not left
            raise forms.ValidationError(
                gettext("That is not the password.")
                + " "
                + ngettext("%(left)d more try.", "%(left)d more tries.", left) % {"left": left}
            )
        return password

    def act(self, by: User) -> str:
        return handover.take_back(self.request)

    def locate(self, result: Any) -> str:
        return str(result)
