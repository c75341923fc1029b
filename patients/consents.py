"""Consents as the floors above ask for them: where each stands, in words, and what it allows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db.models import Max, OuterRef, Subquery
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from patients.models import ConsentEvent, ConsentText, Patient
from patients.rules.consent import (
    WHY_NOT,
    Event,
    Standing,
    State,
    obstacle,
    reflection_ends,
    standing_of,
    standings,
)
from patients.terms import ConsentKind, Purpose


@dataclass(frozen=True, slots=True)
class TreatmentConsent:
    """Whether treatment may begin, with a sentence why not, and when the reflection time ends."""

    standing: Standing
    may_begin: bool
    why_not: str
    reflection_ends: datetime | None

    @property
    def holds(self) -> bool:
        return self.standing.holds


def treatment_consent(patient: Patient, now: datetime | None = None) -> TreatmentConsent:
    """Say whether treatment may begin at `now`. One query."""
    now = now or timezone.now()
    return judged(_standing(patient, Purpose.TREATMENT, now), now)


def judged(standing: Standing, now: datetime) -> TreatmentConsent:
    """Say what the standing of the consent to treatment allows at `now`."""
    hours = settings.REFLECTION_HOURS
    found = obstacle(standing, now=now, hours=hours)
    ends = reflection_ends(standing, hours)
    values = {
        "since": day_of(standing.since),
        "until": day_of(standing.until),
        "ends": moment_of(ends),
    }
    why_not = _(WHY_NOT[found]) % values if found else ""
    return TreatmentConsent(standing, found is None, why_not, ends)


def photo_consent(patient: Patient, purpose: Purpose, now: datetime | None = None) -> Standing:
    """Return the standing of one use of photographs; `holds` says whether it is allowed."""
    return _standing(patient, purpose, now or timezone.now())


def standings_of(patient: Patient, today: date) -> dict[Purpose, Standing]:
    """Return the standing of every purpose. Two queries."""
    texts = ConsentText.objects.in_force(today)
    return standings(
        ConsentEvent.objects.of_patient(patient).facts(),
        versions={purpose: text.version for purpose, text in texts.items()},
        today=today,
    )


def standings_of_many(patients: Collection[int], today: date) -> dict[int, dict[Purpose, Standing]]:
    """Return the standing of every purpose of several patients, by their keys. Two queries."""
    versions = {
        purpose: text.version for purpose, text in ConsentText.objects.in_force(today).items()
    }
    said: dict[int, list[Event]] = {patient: [] for patient in patients}
    rows = ConsentEvent.objects.filter(patient__in=patients).select_related("text")
    for row in rows.order_by("at", "pk"):
        said[row.patient_id].append(row.fact)
    return {
        patient: standings(events, versions=versions, today=today)
        for patient, events in said.items()
    }


def _standing(patient: Patient, purpose: Purpose, now: datetime) -> Standing:
    """Fold what had been said by then: nobody consents, or takes it back, for the days before."""
    today = timezone.localdate(now)
    # Without any event the version makes no difference, so it is read along with the events.
    in_force = (
        ConsentText.objects.filter(purpose=OuterRef("purpose"), effective_from__lte=today)
        .values("purpose")
        .annotate(newest=Max("version"))
        .values("newest")
    )
    rows = list(
        ConsentEvent.objects.of_patient(patient)
        .filter(purpose=purpose, at__lte=now)
        .annotate(current=Subquery(in_force))
    )
    events = [
        Event(purpose, ConsentKind(row.kind), row.at, row.text.version, row.valid_until)
        for row in rows
    ]
    version = rows[0].current if rows else None  # type: ignore[attr-defined]
    return standing_of(purpose, events, current_version=version, today=today)


# Words --------------------------------------------------------------------------------------------


def day_of(value: date | datetime | None) -> str:
    """Write a day with its year: 2 Oct 2027."""
    if value is None:
        return ""
    local = timezone.localtime(value) if isinstance(value, datetime) else value
    return date_format(local, "j M Y")


def moment_of(value: datetime | None) -> str:
    """Write a moment by the clinic's clock: Thu 26 Nov, 10:08."""
    return date_format(timezone.localtime(value), "D j M, H:i") if value else ""


def words_of(standing: Standing) -> tuple[str, str]:
    """Say where a consent stands, as (kind of state, words)."""
    day = day_of(standing.since)
    if standing.state == State.YES:
        until = day_of(standing.until)
        if until:
            return "fine", _("Yes, to %(day)s") % {"day": until}
        if standing.purpose == Purpose.RECORD_PHOTOS:
            return "fine", _("Yes, while a patient")
        return "fine", _("Yes, until changed")
    if standing.state == State.NOT_ASKED:
        if standing.first_seen:
            return "waiting", _("Reading since %(day)s") % {"day": day_of(standing.first_seen)}
        return "none", _("Not asked")
    return {
        State.NO: ("none", _("No, since %(day)s") % {"day": day}),
        State.WITHDRAWN: ("none", _("Withdrawn %(day)s") % {"day": day}),
        State.EXPIRED: ("attention", _("Ended %(day)s") % {"day": day_of(standing.until)}),
        State.TEXT_CHANGED: (
            "attention",
            _("Yes, but the text has changed since %(day)s") % {"day": day},
        ),
    }[standing.state]


def strip_tag(patient: Patient) -> tuple[str, str]:
    """Say the consent to treatment for the patient strip, as (kind of tag, words). One query."""
    consent = treatment_consent(patient)
    standing = consent.standing
    if standing.state == State.YES:
        if not consent.may_begin:
            ends = moment_of(consent.reflection_ends)
            return "attention", _("Consent, thinking until %(moment)s") % {"moment": ends}
        return "fine", _("Consent to %(day)s") % {"day": day_of(standing.until)}
    return {
        State.NOT_ASKED: ("attention", _("Consent not yet")),
        State.NO: ("stop", _("Consent: no")),
        State.WITHDRAWN: ("stop", _("Consent withdrawn")),
        State.EXPIRED: ("attention", _("Consent ended %(day)s") % {"day": day_of(standing.until)}),
        State.TEXT_CHANGED: ("attention", _("Consent: text has changed")),
    }[standing.state]
