"""The accounts of the demo: their password is public, so they exist in demo mode only."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinic.roles import Role

PASSWORD = "demo-clinic"  # noqa: S105  public on purpose; DEMO refuses to run outside DEBUG


@dataclass(frozen=True, slots=True)
class Account:
    """One person of the demo clinic, as the sign-in page offers them."""

    email: str
    name: str
    roles: tuple[Role, ...]
    work: str | Promise
    icon: str
    password: str = PASSWORD

    @property
    def role(self) -> str:
        return ", ".join(str(role.label) for role in self.roles)


ACCOUNTS = (
    Account(
        "practitioner@demo.test",
        "Dr Lin",
        (Role.PRACTITIONER,),
        _("Today, sessions, photographs, compare"),
        "clipboard2-pulse",
    ),
    Account(
        "desk@demo.test", "Jo", (Role.FRONT_DESK,), _("Diary, booking. No photographs"), "telephone"
    ),
    Account(
        "lead@demo.test",
        "Dr Okafor",
        (Role.MEDICAL_LEAD, Role.PRACTITIONER),
        _("As the practitioner, and overrides"),
        "journal-medical",
    ),
    Account("manager@demo.test", "Elif", (Role.MANAGER,), _("Course board, progress"), "bar-chart"),
)
