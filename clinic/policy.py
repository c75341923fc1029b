"""Every view declares who may open it; one that forgets is refused, and so is the start.

`@allow(Can.X)` asks the signed-in person's grants. `@public("why")` opens a view to anybody and
says why. `check_policies` walks the whole URLconf, third-party views included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.auth.decorators import login_not_required
from django.core.checks import Error, Tags, register
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.translation import gettext as _

from clinic import audit
from clinic.roles import Can

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def allow(can: Can) -> Callable[[View], View]:
    """Let only people with the grant `can` call the view; the denial is audited."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated or not request.user.can(can):
                audit.record("denied", by=request.user, target=can.name.lower())
                raise PermissionDenied(_("Your role does not open this page."))
            return view(request, *args, **kwargs)

        guarded.policy = can  # type: ignore[attr-defined]
        return cast(View, guarded)

    return decorate


def public(why: str) -> Callable[[View], View]:
    """Open the view to people who are not signed in, for the reason given."""

    def decorate(view: View) -> View:
        # A wrapper of its own: a policy set on a library's view would leak to its other users.
        @wraps(view)
        def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return view(request, *args, **kwargs)

        opened.policy = why  # type: ignore[attr-defined]
        return cast(View, login_not_required(opened))

    return decorate


def signed_in(view: View) -> View:
    """Let anybody who is signed in call a library's view."""
    return allow(Can.USE_CLINIC)(view)


def policy_of(view: Callable[..., Any]) -> Can | str | None:
    """Return the view's declared policy, or None where it has none."""
    return getattr(view, "policy", None)


def routes(patterns: list[Any] | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield every route of the URLconf with its full path."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry.url_patterns, path)
        else:
            yield path, entry


@register(Tags.security)
def check_policies(**kwargs: Any) -> list[Error]:
    """Refuse to start while a view has no policy."""
    return [
        Error(
            f"The view of /{path} declares no policy.",
            hint='Decorate it with @allow(Can.X), or with @public("why").',
            obj=entry.callback.__qualname__,
            id="clinic.E001",
        )
        for path, entry in routes()
        if policy_of(entry.callback) is None
    ]
