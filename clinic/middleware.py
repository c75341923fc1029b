"""What every request and reply goes through."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from clinic import audit, handover
from clinic.policy import policy_of

GetResponse = Callable[[HttpRequest], HttpResponse]


def request_context(get_response: GetResponse) -> GetResponse:
    """Give each request an id, for the audit trail and the error pages."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.id = secrets.token_hex(6)  # type: ignore[attr-defined]
        token = audit.origin.set(
            audit.Origin(request.id, request.META.get("REMOTE_ADDR"))  # type: ignore[attr-defined]
        )
        try:
            return get_response(request)
        finally:
            audit.origin.reset(token)

    return middleware


def no_store(get_response: GetResponse) -> GetResponse:
    """Keep every page out of every cache; Django itself does not. Static files never come here."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response["Cache-Control"] = "private, no-store"
        patch_vary_headers(response, ["HX-Request"])
        return response

    return middleware


def fragment_redirects(get_response: GetResponse) -> GetResponse:
    """Turn a redirect into one of the whole page where htmx would swap it into a fragment."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.headers.get("HX-Request") and response.status_code in (301, 302, 303):
            moved = HttpResponse(status=204)
            moved["HX-Redirect"] = response["Location"]
            moved.cookies = response.cookies
            return moved
        return response

    return middleware


def handed_over(get_response: GetResponse) -> GetResponse:
    """Answer with one page only while the tablet is in a patient's hands, whatever is asked."""

    def middleware(request: HttpRequest) -> HttpResponse:
        held = handover.current(request)
        # Whoever was signed out meanwhile, or switched off, sees nothing but the sign-in.
        if held is None or not request.user.is_authenticated or PolicyRequired.is_asset(request):
            return get_response(request)
        try:
            name = resolve(request.path_info).view_name
        except Resolver404:
            name = ""
        if name != held["page"] and name not in handover.ALWAYS:
            return redirect(held["page"])
        response = get_response(request)
        if response.status_code in (403, 404):
            # These pages carry the navigation bar.
            return redirect(handover.TAKE_BACK)
        return response

    return middleware


class SignInRequired(LoginRequiredMiddleware):
    """The belt: no page without sign-in. A form sent by htmx keeps what was typed."""

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseBase:
        if request.headers.get("HX-Request") and request.method == "POST":
            # Swapping in the sign-in page would throw away everything on the form.
            text = render_to_string("components/signed_out.html", request=request)
            response = HttpResponse(text)
            response["HX-Retarget"] = "#page-alert"
            response["HX-Reselect"] = ".banner"  # else the form's own hx-select drops it
            response["HX-Reswap"] = "innerHTML show:window:top"
            return response
        return super().handle_no_permission(request, view_func)


class PolicyRequired:
    """The braces: a view without a declared policy is refused, whoever asks."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> None:
        if policy_of(view) is None and not self.is_asset(request):
            raise PermissionDenied(_("This page does not say who may open it."))

    @staticmethod
    def is_asset(request: HttpRequest) -> bool:
        # runserver answers static files through a view that has no policy and needs none.
        return settings.DEBUG and request.path.startswith("/" + settings.STATIC_URL.lstrip("/"))
