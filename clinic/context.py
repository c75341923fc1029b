"""What every template may ask for."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from clinic.demo import ACCOUNTS
from clinic.navigation import bar_for, setup_for
from clinic.roles import Can


class Grants:
    """Lets a template ask `can.book`. Only to hide a button: the view decides."""

    def __init__(self, user: Any) -> None:
        self.user = user

    def __getattr__(self, name: str) -> bool:
        if name.upper() not in Can.__members__:
            raise AttributeError(name)
        return bool(self.user.is_authenticated and self.user.can(Can[name.upper()]))


def clinic(request: HttpRequest) -> dict[str, Any]:
    """Return the clinic's name, the mode, the navigation and what this person may do."""
    user = getattr(request, "user", None)
    signed_in = user is not None and user.is_authenticated
    return {
        "clinic_name": settings.CLINIC_NAME,
        "is_demo": settings.DEMO,
        "demo_accounts": ACCOUNTS if settings.DEMO else (),
        "user": user,
        "can": Grants(user) if user is not None else None,
        "navigation": bar_for(request) if signed_in else [],
        "setup_pages": setup_for(request) if signed_in else [],
    }
