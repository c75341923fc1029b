"""Sign what the demo wrote, in the order of its days; one note of yesterday is left open."""

from __future__ import annotations

from datetime import date, timedelta

from clinic import signing
from clinic.models import NoteKind
from treatments.actions.sessions import meaning_of
from treatments.models import Visit
from treatments.selectors import notes

SIGNED_AFTER = timedelta(minutes=6)


def sign_past(today: date) -> None:
    """Sign every visit before today but the newest, dated back as the visits are."""
    rows = Visit.objects.standing().filter(held_on__lt=today).order_by("recorded_at", "pk")
    for visit in list(rows.select_related("practitioner", "course__patient"))[:-1]:
        visit.signed_at = visit.recorded_at + SIGNED_AFTER
        visit.signed_by = visit.practitioner
        visit.save(update_fields=["signed_at", "signed_by"])
        signing.append(
            kind=NoteKind.SIGNED,
            subject=notes.subject_of(visit),
            content=notes.content_of(visit),
            by=visit.practitioner,
            meaning=meaning_of(visit.kind),
            at=visit.signed_at,
        )
