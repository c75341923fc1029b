"""Append-only audit events: who did or looked at what, when, from where. Never clinical text.

Actions write them in the transaction of the change; `clinic.lookup.fetch` writes one for each
look at a record. The database refuses to change or remove them (`clinic.triggers`).
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.apps import apps
from django.contrib.auth.models import AnonymousUser

if TYPE_CHECKING:
    from clinic.models import AuditEvent, User


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from: its id and the address of its sender."""

    request_id: str = ""
    address: str | None = None


NOWHERE = Origin()
origin: ContextVar[Origin] = ContextVar("origin", default=NOWHERE)


def record(
    action: str, *, by: User | AnonymousUser | None, patient: str = "", target: str = ""
) -> AuditEvent:
    """Append one event.

    `action` is a verb phrase ("patient viewed"), `patient` a patient code, `target` names the
    row ("visit 12"). Neither may hold clinical text.
    """
    event: type[AuditEvent] = apps.get_model("clinic", "AuditEvent")
    came_from = origin.get()
    return event.objects.create(
        action=action,
        by=by if by is not None and by.is_authenticated else None,
        patient=patient,
        target=target,
        request_id=came_from.request_id,
        address=came_from.address,
    )
