"""The navigation bar: which entries a person sees and which one is open."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinic.lookup import person
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
    Entry(_("Courses"), "bar-chart", "desk:board", Can.SEE_BOARD, "/review/"),
    Entry(_("Setup"), "sliders", "patients:safety-list", Can.SEE_RULES, "/setup/"),
)


def bar_for(request: HttpRequest) -> list[tuple[Entry, bool]]:
    """Return the entries that the signed-in person sees, each with whether it is open."""
    return [
        (entry, request.path == entry.url or request.path.startswith(entry.prefix))
        for entry in ENTRIES
        if person(request).can(entry.can)
    ]
