"""Sign-in: nobody signs up, people are added by the clinic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from clinic import audit

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
