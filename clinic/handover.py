"""The tablet in the patient's hands: from then on this session answers one page only.

Kept in the session, so a second device of the same person goes on working. The middleware
`clinic.middleware.handed_over` lets nothing else through; taking the tablet back asks the password
of the person who is signed in.
"""

from __future__ import annotations

import secrets
from typing import Any, TypedDict

from django.contrib import messages
from django.http import HttpRequest

from clinic import audit
from clinic.lookup import person
from clinic.models import AuditEvent

KEY = "handed_over"
TAKE_BACK = "take-back"
# Signing out leads to the sign-in page, which shows nothing of anybody.
ALWAYS = frozenset({TAKE_BACK, "account_logout"})
GUESSES = 5


class HandOver(TypedDict):
    """What the session remembers: the one page, whom it is for, and where to go afterwards."""

    token: str
    page: str
    patient: str
    back: str
    facts: dict[str, Any]
    is_done: bool


def begin(
    request: HttpRequest, *, page: str, patient: str, back: str, facts: dict[str, Any]
) -> None:
    """Hand the tablet over: only the page of this URL name answers from now on."""
    token = secrets.token_hex(6)
    request.session[KEY] = HandOver(
        token=token, page=page, patient=patient, back=back, facts=facts, is_done=False
    )
    list(messages.get_messages(request))  # what waits to be shown is not for her
    audit.record(
        "tablet handed over", by=person(request), patient=patient, target=f"hand-over {token}"
    )


def current(request: HttpRequest) -> HandOver | None:
    """Return the hand-over of this session, or None."""
    session = getattr(request, "session", None)
    return None if session is None else session.get(KEY)


def finish(request: HttpRequest) -> None:
    """Remember that she is done, so that her page only thanks her."""
    request.session[KEY] = {**request.session[KEY], "is_done": True}


def take_back(request: HttpRequest) -> str:
    """End the hand-over and return the page to go on with."""
    held: HandOver = request.session.pop(KEY)
    audit.record(
        "tablet taken back",
        by=person(request),
        patient=held["patient"],
        target=f"hand-over {held['token']}",
    )
    return held["back"]


def guesses_left(request: HttpRequest, held: HandOver) -> int:
    """Note a wrong password and return how many more may be tried.

    Counted in the audit trail: two guesses sent at once cannot be counted as one.
    """
    target = f"hand-over {held['token']}"
    action = "take-back refused"
    audit.record(action, by=person(request), patient=held["patient"], target=target)
    wrong = AuditEvent.objects.filter(by=person(request), action=action, target=target).count()
    return max(0, GUESSES - wrong)
