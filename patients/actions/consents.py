"""The only writers of consents."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic import audit, files
from clinic.models import User
from clinic.refusal import Refused
from patients.consent_pdf import consent_pdf
from patients.consents import standings_of
from patients.models import ConsentEvent, ConsentRecord, ConsentText, Patient
from patients.models.consent import document_storage
from patients.rules.consent import State
from patients.rules.signature import Stroke
from patients.terms import ConsentKind, Purpose

ADULT = 18  # years
LONGEST_YEARS = 10


@dataclass(frozen=True, slots=True)
class Answered:
    """A yes or no to one text; marketing says with a yes when it ends."""

    text: ConsentText
    is_yes: bool
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """A drawn signature or a typed name, and how it came about."""

    strokes: list[Stroke] | None = None
    typed_name: str = ""
    had_time_to_read: bool = False
    interpreter: str = ""
    was_handed_over: bool = False


@transaction.atomic
def give_to_read(*, patient: Patient, purposes: Collection[Purpose], by: User) -> Patient:
    """Note that the texts were given to read, which starts the time to think it over."""
    current = _locked(patient)
    texts = ConsentText.objects.in_force(timezone.localdate())
    given = [texts[purpose] for purpose in Purpose if purpose in purposes and purpose in texts]
    if not given:
        raise Refused(_("Choose at least one text."), field="purposes")
    ConsentEvent.objects.bulk_create(
        ConsentEvent(patient=current, purpose=text.purpose, text=text, kind=ConsentKind.READ, by=by)
        for text in given
    )
    audit.record("consent texts given", by=by, patient=current.code)
    return current


@files.following_rows()
@transaction.atomic
def sign_consents(
    *, patient: Patient, answers: Collection[Answered], signature: Signature, by: User
) -> ConsentRecord:
    """Keep the answers that one signature covers, with the PDF of what was signed.

    Refused for a minor, without an answer, under a text that is no longer the current one, and
    where a yes lacks its time to read or its last day.
    """
    current = _locked(patient)
    now = timezone.now()
    today = timezone.localdate(now)
    _check_answers(current, answers, signature, today)
    record = ConsentRecord(
        patient=current,
        signed_at=now,
        asked_by=by,
        strokes=signature.strokes,
        typed_name=signature.typed_name,
        had_time_to_read=signature.had_time_to_read,
        interpreter=signature.interpreter,
        was_handed_over=signature.was_handed_over,
    )
    events = answers_of(record, answers)
    keep_signed(record, events, consent_pdf(record, events))
    audit.record(
        "consents signed", by=by, patient=current.code, target=f"consent record {record.pk}"
    )
    return record


def answers_of(record: ConsentRecord, answers: Collection[Answered]) -> list[ConsentEvent]:
    """Return the answers under one signature as rows, in the order of the sheet, not saved."""
    signed_on = timezone.localdate(record.signed_at)
    return [
        ConsentEvent(
            patient=record.patient,
            purpose=answer.text.purpose,
            text=answer.text,
            kind=ConsentKind.YES if answer.is_yes else ConsentKind.NO,
            at=record.signed_at,
            by=record.asked_by,
            valid_until=_last_day(answer, signed_on),
            record=record,
        )
        for answer in sorted(answers, key=lambda answer: Purpose.values.index(answer.text.purpose))
    ]


def keep_signed(record: ConsentRecord, events: list[ConsentEvent], content: bytes) -> None:
    """Write a signature with its answers and its PDF, inside `following_rows`."""
    record.sha256 = hashlib.sha256(content).hexdigest()
    files.write(document_storage(), record.file_name, content)
    record.save(force_insert=True)
    ConsentEvent.objects.bulk_create(events)


@transaction.atomic
def withdraw_consent(*, patient: Patient, purpose: Purpose, reason: str, by: User) -> ConsentEvent:
    """Withdraw a yes, from now on. Needs no signature and no reason."""
    current = _locked(patient)
    standing = standings_of(current, timezone.localdate())[purpose]
    if standing.state not in (State.YES, State.TEXT_CHANGED):
        raise Refused(_("There is no yes to withdraw here."))
    signed = ConsentText.objects.filter(purpose=purpose, events__patient=current)
    event = ConsentEvent.objects.create(
        patient=current,
        purpose=purpose,
        text=signed.filter(version=standing.signed_version or 0)[0],
        kind=ConsentKind.WITHDRAWN,
        by=by,
        reason=reason.strip(),
    )
    audit.record(
        "consent withdrawn", by=by, patient=current.code, target=f"consent event {event.pk}"
    )
    return event


@transaction.atomic
def write_consent_text(
    *, purpose: Purpose, after: int, title: str, body: str, effective_from: date, by: User
) -> ConsentText:
    """Write the next version of a text; `after` is the version it was written from, 0 for none.

    Refused when somebody wrote another version meanwhile, and for a day in the past.
    """
    newest = ConsentText.objects.filter(purpose=purpose).order_by("-version").first()
    if (newest.version if newest else 0) != after:
        raise Refused(_("Somebody wrote a newer version meanwhile. Open it and compare."))
    if effective_from < timezone.localdate():
        raise Refused(_("A text cannot hold from a day in the past."), field="effective_from")
    text = ConsentText.objects.create(
        purpose=purpose,
        version=after + 1,
        title=title,
        body=body,
        effective_from=effective_from,
        written_by=by,
    )
    audit.record("consent text written", by=by, target=f"{purpose.value} version {text.version}")
    return text


def _locked(patient: Patient) -> Patient:
    current = Patient.objects.select_for_update().get(pk=patient.pk)
    if current.archived_at:
        raise Refused(_("This patient is archived. Restore the record first."))
    return current


def _check_answers(
    patient: Patient, answers: Collection[Answered], signature: Signature, today: date
) -> None:
    if patient.age_on(today) < ADULT:
        raise Refused(
            _("This patient is under 18 years old. Nobody under 18 signs or is treated here.")
        )
    if not answers:
        raise Refused(_("No answer has changed, so there is nothing to sign."))
    if (signature.strokes is None) == (not signature.typed_name):
        raise Refused(_("Sign on the pad or type the full name."), field="typed_name")
    texts = ConsentText.objects.in_force(today)
    for answer in answers:
        purpose = Purpose(answer.text.purpose)
        if texts.get(purpose) != answer.text:
            raise Refused(
                _("A text was changed after this page was opened. Read the new one, then sign.")
            )
        if answer.is_yes and not signature.had_time_to_read:
            raise Refused(
                _("Without time to read there is no yes. Give the texts to read and sign later."),
                field="had_time_to_read",
            )
        if purpose.is_marketing and answer.is_yes:
            _check_last_day(purpose, answer.valid_until, today)


def _check_last_day(purpose: Purpose, day: date | None, today: date) -> None:
    field = f"until_{purpose.value}"
    if day is None:
        raise Refused(_("A yes to marketing needs its last day."), field=field)
    if day <= today:
        raise Refused(_("The last day must lie ahead."), field=field)
    if day > months_after(today, 12 * LONGEST_YEARS):
        raise Refused(_("The last day lies more than 10 years ahead."), field=field)


def _last_day(answer: Answered, signed_on: date) -> date | None:
    if not answer.is_yes:
        return None
    if answer.text.purpose == Purpose.TREATMENT:
        return months_after(signed_on, settings.CONSENT_MONTHS)
    return answer.valid_until if Purpose(answer.text.purpose).is_marketing else None


def months_after(day: date, months: int) -> date:
    """Return the same day so many months later, or the last one of a shorter month."""
    years, month = divmod(day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(day.year + years, month + 1, last)
        except ValueError:
            continue
    raise ValueError(day)
