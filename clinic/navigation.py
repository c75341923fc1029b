"""The navigation bar: which entries a person sees and which one is open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinic.lookup import person
from clinic.models import User
from clinic.roles import Can


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its word, icon and address, who sees it, and the paths below it."""

    label: str | Promise
    icon: str
    url_name: str
    can: Can
    prefix: str

    @property
    def url(self) -> str:
        return reverse(self.url_name)


ENTRIES = (
    Entry(_("Today"), "calendar-check", "desk:today", Can.USE_CLINIC, "/today/"),
    Entry(_("Patients"), "people", "desk:patient-list", Can.SEE_PATIENTS, "/patients/"),
    Entry(_("Schedule"), "calendar3", "appointments:day", Can.SEE_SCHEDULE, "/schedule/"),
    Entry(
        _("Follow-ups"), "telephone-outbound", "desk:follow-ups", Can.SEE_PATIENTS, "/follow-ups/"
    ),
    Entry(_("Courses"), "bar-chart", "desk:board", Can.SEE_BOARD, "/review/"),
    Entry(_("Stock"), "box-seam", "treatments:lot-list", Can.SEE_STOCK, "/stock/"),
    Entry(_("Setup"), "sliders", "patients:safety-list", Can.SEE_RULES, "/setup/"),
)

# The pages of the setup, beside each of them.
SETUP = (
    Entry(_("Formulary"), "", "treatments:formulary", Can.SEE_PROTOCOLS, "/setup/formulary/"),
    Entry(_("Protocols"), "", "treatments:protocols", Can.SEE_PROTOCOLS, "/setup/protocols/"),
    Entry(_("Products"), "", "treatments:products", Can.SEE_PROTOCOLS, "/setup/products/"),
    Entry(
        _("Photography"), "", "treatments:photo-setups", Can.SEE_PROTOCOLS, "/setup/photography/"
    ),
    Entry(_("Safety lists"), "", "patients:safety-list", Can.SEE_RULES, "/setup/safety/"),
    Entry(
        _("Consent texts"),
        "",
        "patients:consent-texts",
        Can.WRITE_CONSENT_TEXTS,
        "/setup/consents/",
    ),
)


# What waits for a person behind an entry, by its address's name. Filled by the apps that know it
# (`ready`).
COUNTS: dict[str, Callable[[User], int]] = {}


def bar_for(request: HttpRequest) -> list[tuple[Entry, bool, int]]:
    """Return the entries that the signed-in person sees, whether each is open, and what waits."""
    user = person(request)
    return [
        (
            entry,
            request.path == entry.url or request.path.startswith(entry.prefix),
            COUNTS[entry.url_name](user) if entry.url_name in COUNTS else 0,
        )
        for entry in ENTRIES
        if user.can(entry.can)
    ]


def setup_for(request: HttpRequest) -> list[tuple[Entry, bool]]:
    """Return the setup pages that the person sees, and whether each is open; none elsewhere."""
    if not request.path.startswith("/setup/"):
        return []
    return [
        (entry, request.path.startswith(entry.prefix))
        for entry in SETUP
        if person(request).can(entry.can)
    ]
