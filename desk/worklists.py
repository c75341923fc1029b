"""Worklists: whom somebody should call or invite, and why. One entry in `LISTS` for each.

A row carries what the front desk may see. What is clinical is a field of its own, which the page
shows to clinical roles only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from appointments.models import Appointment
from appointments.terms import Kind
from patients.models import Patient, Screening

AHEAD = timedelta(7)


@dataclass(frozen=True, slots=True)
class Row:
    """One person on a list: since when (or from which day), and the clinical why."""

    patient: Patient
    since: date
    reason: str
    url: str


@dataclass(frozen=True, slots=True)
class Worklist:
    """One list: its words, how many stand on it, and its rows."""

    label: str | Promise
    meaning: str | Promise
    next_step: str | Promise
    nobody: str | Promise
    count: Callable[[date], int]
    rows: Callable[[date], list[Row]]


def to_rescreen(today: date) -> QuerySet[Screening]:
    """Return the deferred whose day has come, or comes within a week, with nothing booked."""
    booked = Appointment.objects.coming(timezone.now()).filter(
        kind=Kind.SCREENING, patient=OuterRef("patient")
    )
    rows = Screening.objects.due_again(today + AHEAD).filter(patient__archived_at=None)
    return rows.exclude(Exists(booked))


def rescreen_rows(today: date) -> list[Row]:
    found = to_rescreen(today).select_related("patient").order_by("deferred_until", "pk")
    return [
        Row(row.patient, row.deferred_until, row.decision_reason, row.get_absolute_url())
        for row in found
        if row.deferred_until
    ]


LISTS: dict[str, Worklist] = {
    "rescreen": Worklist(
        label=_("Screen again"),
        meaning=_("The day that was agreed has come, or comes within a week. Nothing is booked."),
        next_step=_("Invite to a screening"),
        nobody=_("Nobody is to be invited to a screening now."),
        count=lambda today: to_rescreen(today).count(),
        rows=rescreen_rows,
    ),
}


def waiting() -> int:
    """Count everybody on every list, for the navigation."""
    today = timezone.localdate()
    return sum(each.count(today) for each in LISTS.values())
