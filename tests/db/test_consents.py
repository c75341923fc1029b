"""Consents in the tables: what may be written, what stays, and what the PDF says."""

from __future__ import annotations

import hashlib
import importlib
import io
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from pypdf import PdfReader

from clinic.models import AuditEvent, User
from clinic.refusal import Refused
from patients.actions import (
    archive_patient,
    give_to_read,
    sign_consents,
    withdraw_consent,
    write_consent_text,
)
from patients.actions.consents import Answered, Signature, months_after
from patients.consent_pdf import consent_pdf
from patients.consents import (
    photo_consent,
    standings_of,
    standings_of_many,
    strip_tag,
    treatment_consent,
)
from patients.models import ConsentEvent, ConsentRecord, ConsentText, Patient
from patients.models.consent import document_storage
from patients.rules.consent import State
from patients.terms import MARKETING, ConsentKind, Purpose
from tests import make

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DRAWN = Signature(strokes=make.STROKES, had_time_to_read=True)


@pytest.fixture
def doctor() -> User:
    return make.practitioner()


@pytest.fixture
def patient() -> Patient:
    return make.patient()


def answered(purpose: Purpose, is_yes: bool = True, until: date | None = None) -> Answered:
    return Answered(make.texts()[purpose], is_yes, until)


def sign(
    patient: Patient, by: User, *answers: Answered, signature: Signature = DRAWN
) -> ConsentRecord:
    return sign_consents(patient=patient, answers=answers, signature=signature, by=by)


# The texts that come with the product --------------------------------------------------------------


def test_every_purpose_but_research_comes_with_a_draft() -> None:
    texts = make.texts()
    assert set(texts) == set(Purpose) - {Purpose.RESEARCH}
    assert {(text.version, text.is_draft) for text in texts.values()} == {(1, True)}


def test_model_texts_promise_nothing_and_say_that_a_no_is_free() -> None:
    texts = make.texts()
    treatment = texts[Purpose.TREATMENT].body
    for wanted in (
        "evidence",
        "limited",
        "10 to 15 sessions",
        "Doing nothing",
        "stop at any time",
        "No result is promised",
    ):
        assert wanted in treatment
    for purpose, text in texts.items():
        assert re.findall(r"guarante|success|cure\b|%|fail", text.body) == [], purpose
        if purpose not in (Purpose.TREATMENT, Purpose.RECORD_PHOTOS):
            assert "changes nothing about your care" in text.body
        assert "\n" not in text.body.replace("\n\n", "")


def test_migration_can_be_taken_back_and_made_again() -> None:
    migration = importlib.import_module("patients.migrations.0002_consents")
    loads = [op for op in migration.Migration.operations if hasattr(op, "reverse_code")]
    assert [op.reversible for op in loads] == [True] * 4


def test_newest_text_whose_day_has_come_is_in_force() -> None:
    today = timezone.localdate()
    make.text(effective_from=today)
    later = make.text(version=3, effective_from=today + timedelta(7))
    assert make.texts()[Purpose.TREATMENT].version == 2
    assert ConsentText.objects.in_force(today + timedelta(7))[Purpose.TREATMENT] == later


def test_text_is_written_as_the_next_version(doctor: User) -> None:
    today = timezone.localdate()
    text = write_consent_text(
        purpose=Purpose.RESEARCH,
        after=0,
        title="A study",
        body="What is studied.",
        effective_from=today,
        by=doctor,
    )
    assert (text.version, text.is_draft, make.texts()[Purpose.RESEARCH]) == (1, False, text)
    with pytest.raises(Refused, match="newer version"):
        write_consent_text(
            purpose=Purpose.RESEARCH, after=0, title="x", body="x", effective_from=today, by=doctor
        )
    with pytest.raises(Refused, match="in the past"):
        write_consent_text(
            purpose=Purpose.RESEARCH,
            after=1,
            title="x",
            body="x",
            effective_from=today - timedelta(1),
            by=doctor,
        )


# Signing --------------------------------------------------------------------------------------------


def test_answers_under_one_signature_are_kept_each_on_its_own(
    patient: Patient, doctor: User
) -> None:
    with time_machine.travel(NOON, tick=False):
        until = date(2027, 3, 1)
        record = sign(
            patient,
            doctor,
            answered(Purpose.MARKETING_WEBSITE, until=until),
            answered(Purpose.TEACHING_OUTSIDE, False),
            answered(Purpose.TREATMENT),
            answered(Purpose.RECORD_PHOTOS),
        )
        found = [
            (row.purpose, row.kind, row.valid_until, row.at, row.by)
            for row in record.answers.order_by("pk")
        ]
        assert found == [
            ("treatment", "yes", date(2027, 11, 24), NOON, doctor),
            ("record_photos", "yes", None, NOON, doctor),
            ("teaching_outside", "no", None, NOON, doctor),
            ("marketing_website", "yes", until, NOON, doctor),
        ]
        states = {
            purpose: standing.state
            for purpose, standing in standings_of(patient, timezone.localdate()).items()
        }
        assert states == {
            **dict.fromkeys(Purpose, State.NOT_ASKED),
            Purpose.TREATMENT: State.YES,
            Purpose.RECORD_PHOTOS: State.YES,
            Purpose.TEACHING_OUTSIDE: State.NO,
            Purpose.MARKETING_WEBSITE: State.YES,
        }
    events = list(AuditEvent.objects.values_list("action", "patient", "target"))
    assert events[-1] == ("consents signed", patient.code, f"consent record {record.pk}")


@pytest.mark.parametrize("months", [1, 12, 24])
def test_consent_to_treatment_lasts_as_long_as_the_clinic_says(
    patient: Patient, doctor: User, settings: Any, months: int
) -> None:
    settings.CONSENT_MONTHS = months
    record = sign(patient, doctor, answered(Purpose.TREATMENT))
    until = record.answers.get().valid_until
    assert until == months_after(timezone.localdate(), months)


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 11, 24), 12, date(2027, 11, 24)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 8, 31), 1, date(2026, 9, 30)),
        (date(2026, 1, 30), 1, date(2026, 2, 28)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
    ],
)
def test_months_end_on_a_day_that_there_is(day: date, months: int, then: date) -> None:
    assert months_after(day, months) == then


def far(days: int) -> date:
    return timezone.localdate() + timedelta(days)


@pytest.mark.parametrize("purpose", MARKETING)
@pytest.mark.parametrize(
    ("until", "sentence"),
    [
        (None, "needs its last day"),
        (0, "must lie ahead"),
        (-1, "must lie ahead"),
        (3660, "10 years ahead"),
    ],
)
def test_marketing_needs_a_last_day_that_lies_ahead(
    patient: Patient, doctor: User, purpose: Purpose, until: int | None, sentence: str
) -> None:
    day = None if until is None else far(until)
    with pytest.raises(Refused, match=sentence) as refused:
        sign(patient, doctor, answered(purpose, until=day))
    assert refused.value.field == f"until_{purpose.value}"
    assert (ConsentRecord.objects.count(), ConsentEvent.objects.count()) == (0, 0)


def refused(patient: Patient, doctor: User, *answers: Answered, **changed: Any) -> str:
    signature = Signature(**{"strokes": make.STROKES, "had_time_to_read": True, **changed})
    with pytest.raises(Refused) as no:
        sign(patient, doctor, *answers, signature=signature)
    assert ConsentRecord.objects.count() == 0
    return no.value.message


def test_signing_is_refused_in_words(patient: Patient, doctor: User) -> None:
    yes = answered(Purpose.TREATMENT)
    assert refused(patient, doctor) == "No answer has changed, so there is nothing to sign."
    pad_or_name = "Sign on the pad or type the full name."
    assert refused(patient, doctor, yes, strokes=None) == pad_or_name
    assert refused(patient, doctor, yes, typed_name="Maria Sanchez") == pad_or_name
    assert refused(patient, doctor, yes, had_time_to_read=False).startswith("Without time to read")
    old = yes
    make.text()
    assert refused(patient, doctor, old).startswith("A text was changed")
    archive_patient(patient=patient, by=doctor)
    assert refused(patient, doctor, answered(Purpose.TREATMENT)).startswith("This patient is")


def test_no_needs_no_time_to_read(patient: Patient, doctor: User) -> None:
    quick = Signature(typed_name="Maria Sanchez")
    record = sign(patient, doctor, answered(Purpose.TREATMENT, False), signature=quick)
    assert (record.had_time_to_read, record.strokes) == (False, None)


@pytest.mark.parametrize(("days", "signs"), [(0, True), (1, False)], ids=["18 today", "17"])
def test_minor_does_not_sign(doctor: User, days: int, signs: bool) -> None:
    with time_machine.travel(NOON, tick=False):
        born = date(2008, 11, 24) + timedelta(days)
        patient = make.patient(birth_date=born)
        if signs:
            sign(patient, doctor, answered(Purpose.TREATMENT))
        else:
            assert "under 18" in refused(patient, doctor, answered(Purpose.TREATMENT))


def test_refused_row_leaves_no_file(patient: Patient, doctor: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        sign(patient, doctor, answered(Purpose.REVIEW), answered(Purpose.REVIEW, False))
    assert [path for path in Path(settings.DOCUMENT_ROOT).rglob("*") if path.is_file()] == []
    assert ConsentRecord.objects.count() == 0
    sign(patient, doctor, answered(Purpose.REVIEW))
    assert len(list(Path(settings.DOCUMENT_ROOT).rglob("*.pdf"))) == 1


# Reading and withdrawing --------------------------------------------------------------------------


def test_reflection_runs_from_the_first_reading(patient: Patient, doctor: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        assert treatment_consent(patient).why_not == "Consent to treatment is not signed yet."
        give_to_read(patient=patient, purposes=[Purpose.TREATMENT], by=doctor)
        clock.shift(timedelta(hours=24))
        sign(patient, doctor, answered(Purpose.TREATMENT))
        waiting = treatment_consent(patient)
        assert (waiting.may_begin, waiting.holds) == (False, True)
        assert waiting.why_not == "The time to think it over runs until Thu 26 Nov, 12:00."
        assert strip_tag(patient) == ("attention", "Consent, thinking until Thu 26 Nov, 12:00")
        clock.shift(timedelta(hours=24))
        ready = treatment_consent(patient)
        assert (ready.may_begin, ready.why_not) == (True, "")
        assert strip_tag(patient) == ("fine", "Consent to 25 Nov 2027")


def test_reflection_counts_hours_through_the_change_of_the_clocks(
    patient: Patient, doctor: User
) -> None:
    """The night of 24 October 2026 is 25 hours long in London."""
    with time_machine.travel(datetime(2026, 10, 24, 11, 0, tzinfo=UTC), tick=False) as clock:
        sign(patient, doctor, answered(Purpose.TREATMENT))
        assert treatment_consent(patient).why_not.endswith("Mon 26 Oct, 11:00.")
        clock.shift(timedelta(hours=47, minutes=59))
        assert not treatment_consent(patient).may_begin
        clock.shift(timedelta(minutes=1))
        assert treatment_consent(patient).may_begin


def test_withdrawal_ends_a_yes_and_keeps_it_in_the_history(patient: Patient, doctor: User) -> None:
    make.signed(patient)
    event = withdraw_consent(
        patient=patient, purpose=Purpose.TREATMENT, reason="  moves away ", by=doctor
    )
    assert (event.reason, event.text.version) == ("moves away", 1)
    assert not treatment_consent(patient).may_begin
    assert strip_tag(patient) == ("stop", "Consent withdrawn")
    assert photo_consent(patient, Purpose.RECORD_PHOTOS).holds
    kinds = ConsentEvent.objects.filter(purpose=Purpose.TREATMENT).order_by("pk")
    assert [row.kind for row in kinds] == [ConsentKind.YES, ConsentKind.WITHDRAWN]
    with pytest.raises(Refused, match="no yes to withdraw"):
        withdraw_consent(patient=patient, purpose=Purpose.TREATMENT, reason="", by=doctor)


def test_withdrawal_names_the_text_that_was_signed(patient: Patient, doctor: User) -> None:
    make.signed(patient)
    make.text(Purpose.RECORD_PHOTOS)
    assert photo_consent(patient, Purpose.RECORD_PHOTOS).state == State.TEXT_CHANGED
    event = withdraw_consent(patient=patient, purpose=Purpose.RECORD_PHOTOS, reason="", by=doctor)
    assert event.text.version == 1


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda patient: None, ("attention", "Consent not yet")),
        (
            lambda patient: make.signed(patient, yes=(), no=[Purpose.TREATMENT]),
            ("stop", "Consent: no"),
        ),
        (
            lambda patient: make.signed(patient, at=NOON - timedelta(400)),
            ("attention", "Consent ended 20 Oct 2026"),
        ),
        (
            lambda patient: (make.signed(patient), make.text()),
            ("attention", "Consent: text has changed"),
        ),
    ],
    ids=["not asked", "no", "ended", "text changed"],
)
def test_strip_says_how_the_consent_to_treatment_stands(
    patient: Patient, write: Callable[[Patient], Any], words: tuple[str, str]
) -> None:
    with time_machine.travel(NOON, tick=False):
        write(patient)
        assert strip_tag(patient) == words


def test_consent_to_treatment_costs_one_query(
    patient: Patient, django_assert_num_queries: Any
) -> None:
    make.signed(patient)
    for patient_asked in (patient, make.patient()):
        with django_assert_num_queries(1):
            treatment_consent(patient_asked)


def test_consent_of_another_patient_counts_for_nobody_else(patient: Patient) -> None:
    make.signed(make.patient(given_name="Anna"))
    assert treatment_consent(patient).standing.state == State.NOT_ASKED


# The PDF --------------------------------------------------------------------------------------------


def pdf_of(record: ConsentRecord) -> PdfReader:
    with document_storage().open(record.file_name) as file:
        return PdfReader(io.BytesIO(file.read()))


def said(reader: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def test_pdf_says_all_that_was_signed(patient: Patient, doctor: User) -> None:
    with time_machine.travel(NOON, tick=False):
        record = sign(
            patient,
            doctor,
            answered(Purpose.TREATMENT),
            answered(Purpose.MARKETING_PRINT, until=date(2027, 3, 1)),
            answered(Purpose.REVIEW, False),
            signature=Signature(
                strokes=make.STROKES, had_time_to_read=True, interpreter="Eva Novák"
            ),
        )
    reader = pdf_of(record)
    text = said(reader)
    for wanted in (
        "Maria Sanchez",
        "14 Mar 1988",
        patient.code,
        "24 Nov 2026, 12:00:00 +0000 (Europe/London)",
        "Dr Lin, practitioner",
        "Eva Novák",
        "Version 1, from 1 Jan 2020.",
        "Yes, to 24 Nov 2027",
        "Yes, to 1 Mar 2027",
        "The signature means: I have read these texts",
        "Drawn by Maria Sanchez",
    ):
        assert wanted in text
    texts = make.texts()
    for purpose in (Purpose.TREATMENT, Purpose.MARKETING_PRINT, Purpose.REVIEW):
        assert texts[purpose].title in text
        for paragraph in texts[purpose].body.split("\n\n"):
            assert paragraph in text
    assert texts[Purpose.TEACHING_INSIDE].body.split("\n\n")[0] not in text
    pages = len(reader.pages)
    for number, page in enumerate(reader.pages, start=1):
        footed = page.extract_text()
        assert f"page {number} of {pages}" in footed
        assert str(record.pk) in footed


def test_pdf_is_the_one_whose_fingerprint_is_kept(patient: Patient, doctor: User) -> None:
    record = sign(patient, doctor, answered(Purpose.TREATMENT))
    with document_storage().open(record.file_name) as file:
        content = file.read()
    assert hashlib.sha256(content).hexdigest() == record.sha256
    again = ConsentRecord.objects.select_related("patient").get(pk=record.pk)
    rows = ConsentEvent.objects.filter(record=again).select_related("text").order_by("pk")
    assert consent_pdf(again, rows) == content


def test_pdf_of_a_typed_name_says_so(patient: Patient, doctor: User) -> None:
    typed = Signature(typed_name="maria sanchez", had_time_to_read=True, was_handed_over=True)
    text = said(pdf_of(sign(patient, doctor, answered(Purpose.TREATMENT), signature=typed)))
    assert "Full name, typed maria sanchez" in text
    assert "Typed by Maria Sanchez" in text
    assert "Alone with the tablet" in text


@pytest.mark.parametrize(
    "name",
    ["<b>Maria</b>", "Ма́рия", "مريم", "👩‍🦰", "x" * 80, "O'Brien\u202eevil", "**bold** __it__"],
)
def test_pdf_of_a_naughty_name_is_written(doctor: User, name: str) -> None:
    patient = make.patient(given_name=name, family_name="Sanchez")
    record = sign(patient, doctor, answered(Purpose.REVIEW))
    assert "Sanchez" in said(pdf_of(record))


def test_file_name_says_nothing_about_the_patient(patient: Patient, doctor: User) -> None:
    record = sign(patient, doctor, answered(Purpose.REVIEW))
    assert re.fullmatch(r"[0-9a-f]{2}/[0-9a-f-]{36}\.pdf", record.file_name)


# What the database refuses --------------------------------------------------------------------------


def row(patient: Patient, **changed: Any) -> ConsentEvent:
    purpose = changed.get("purpose", Purpose.REVIEW)
    text = make.texts()[purpose] if purpose in Purpose.values else make.texts()[Purpose.REVIEW]
    defaults: dict[str, Any] = {
        "patient": patient,
        "purpose": purpose,
        "text": text,
        "kind": ConsentKind.READ,
        "by": make.practitioner(),
    }
    return ConsentEvent(**{**defaults, **changed})


@pytest.mark.parametrize(
    "changed",
    [
        {"purpose": "something"},
        {"kind": "maybe"},
        {"kind": ConsentKind.YES},
        {"kind": ConsentKind.NO},
        {"valid_until": date(2027, 1, 1)},
        {"reason": "because"},
    ],
    ids=str,
)
def test_event_that_makes_no_sense_is_refused(patient: Patient, changed: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        row(patient, **changed).save()


@pytest.mark.parametrize("purpose", [Purpose.TREATMENT, *MARKETING])
def test_yes_without_an_end_is_refused_where_one_is_needed(
    patient: Patient, purpose: Purpose
) -> None:
    record = make.signed(patient, yes=[Purpose.REVIEW])
    with pytest.raises(IntegrityError), transaction.atomic():
        row(patient, purpose=purpose, kind=ConsentKind.YES, record=record).save()


def test_purpose_is_answered_once_per_signature(patient: Patient) -> None:
    record = make.signed(patient, yes=[Purpose.REVIEW])
    with pytest.raises(IntegrityError), transaction.atomic():
        row(patient, kind=ConsentKind.NO, record=record).save()


@pytest.mark.parametrize(
    "details",
    [
        {"strokes": None},
        {"strokes": make.STROKES, "typed_name": "Maria Sanchez"},
    ],
    ids=["neither", "both"],
)
def test_record_is_either_drawn_or_typed(patient: Patient, details: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make.signed(patient, **details)


@pytest.mark.parametrize("sha256", ["", "x" * 64, "A" * 64, "0" * 63])
def test_record_has_the_fingerprint_of_its_pdf(patient: Patient, sha256: str) -> None:
    record = ConsentRecord(
        patient=patient,
        asked_by=make.practitioner(),
        typed_name="Maria Sanchez",
        had_time_to_read=True,
        sha256=sha256,
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        record.save()


def test_version_of_a_text_is_there_once() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make.text(version=1)


def change(model: type[Any], **values: Any) -> Callable[[], Any]:
    return lambda: model.objects.update(**values)


TAMPERING = {
    "a text is changed": change(ConsentText, body="Everything is wonderful."),
    "a text is deleted": lambda: ConsentText.objects.filter(purpose="review")._raw_delete(
        "default"
    ),
    "an answer is turned": change(ConsentEvent, kind="yes"),
    "an end is moved": change(ConsentEvent, valid_until=date(2099, 1, 1)),
    "an answer is deleted": lambda: ConsentEvent.objects.all()._raw_delete("default"),
    "a fingerprint is changed": change(ConsentRecord, sha256="0" * 64),
    "a signature is deleted": lambda: ConsentRecord.objects.all()._raw_delete("default"),
}


@pytest.mark.parametrize("tamper", TAMPERING)
def test_what_was_signed_is_neither_changed_nor_deleted(patient: Patient, tamper: str) -> None:
    make.signed(patient, no=[Purpose.REVIEW])

    def rows() -> list[Any]:
        return [
            sorted(map(str, model.objects.values_list()))
            for model in (ConsentText, ConsentRecord, ConsentEvent)
        ]

    before = rows()
    with pytest.raises(IntegrityError, match="is append-only"), transaction.atomic():
        TAMPERING[tamper]()
    assert rows() == before


def test_nobody_consents_for_the_days_before(doctor: User, patient: Patient) -> None:
    sign(patient, doctor, answered(Purpose.TREATMENT))
    assert treatment_consent(patient).standing.holds
    yesterday = timezone.now() - timedelta(days=1)
    assert treatment_consent(patient, yesterday).standing.state == State.NOT_ASKED


def test_standings_of_many_are_those_of_each(django_assert_num_queries: Any) -> None:
    patients = [make.patient() for _each in range(4)]
    website = Purpose.MARKETING_WEBSITE
    make.signed(patients[0], yes=(*make.FOR_CARE, website))
    make.consent_event(patients[0], ConsentKind.WITHDRAWN, website)
    make.signed(patients[1], yes=(website,), until=timezone.localdate() - timedelta(1))
    make.signed(patients[2], yes=(Purpose.TREATMENT,), no=(website,))
    make.consent_event(patients[2], ConsentKind.READ, Purpose.REVIEW)
    today = timezone.localdate()
    keys = [patient.pk for patient in patients]
    with django_assert_num_queries(2):
        found = standings_of_many(keys, today)
    assert found == {patient.pk: standings_of(patient, today) for patient in patients}
    assert [found[key][website].state for key in keys] == [
        State.WITHDRAWN,
        State.EXPIRED,
        State.NO,
        State.NOT_ASKED,
    ]
