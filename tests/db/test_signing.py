"""The chain of signed notes: what it says, and what it notices."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.db import transaction

from clinic import signing
from clinic.models import AuditEvent, ChainHead, NoteKind, SignedNote, User
from clinic.refusal import Refused
from clinic.roles import Role
from tests import make
from treatments.actions import add_addendum, close_visit, void_visit
from treatments.models import Addendum, Visit
from treatments.rules.look import Look
from treatments.selectors import notes

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def visit() -> Visit:
    return make.course(visits=1).visits.get()


def refusal(call: Any, **details: Any) -> tuple[str, str | None]:
    before = (SignedNote.objects.count(), list(Visit.objects.values()), Addendum.objects.count())
    with pytest.raises(Refused) as refused:
        call(**details)
    after = (SignedNote.objects.count(), list(Visit.objects.values()), Addendum.objects.count())
    assert after == before
    return refused.value.message, refused.value.field


# The text that is signed -------------------------------------------------------------------------


def test_canonical_text_is_one_text() -> None:
    said = {
        "b": [Decimal("8.40"), Decimal("100"), Decimal("0.0"), None, True, 1, 0.25],
        "a": {"on": date(2026, 7, 1), "at": datetime(2026, 7, 1, 9, tzinfo=UTC), "é": "“x”"},
        "id": UUID(int=1),
    }
    assert signing.canonical(said) == (
        '{"a":{"at":"2026-07-01T09:00:00+00:00","on":"2026-07-01","é":"“x”"},'
        '"b":["8.4","100","0",null,true,1,0.25],"id":"00000000-0000-0000-0000-000000000001"}'
    )


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), {1}, object()], ids=["nan", "inf", "set", "object"]
)
def test_what_has_no_one_text_is_not_signed(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        signing.canonical({"x": value})


def test_note_says_everything_that_hangs_on_the_visit(visit: Visit) -> None:
    hung = make.hung(visit)
    make.sign(visit)
    said = json.loads(SignedNote.objects.get().content)
    assert {name: len(rows) for name, rows in said.items() if isinstance(rows, list)} == {
        "areas": 5,
        "products": 1,
        "answers": 1,
        "missing": 1,
        "overrides": 1,
        "measures": 1,
        "reactions": 1,
        "scores": 1,
        "opinion": 1,
        "opinion_areas": 1,
        "photos": 1,
    }
    assert said["schema"] == notes.SCHEMA
    assert said["visit"]["course__patient__code"] == visit.patient_code
    assert said["visit"]["signed_at"] == "2026-11-24T12:00:00+00:00"
    (product,) = said["products"]
    assert (product["lot__number"], product["drawn_ml"], product["wasted_ml"]) == (
        "L2409",
        "8.4",
        "0.4",
    )
    assert said["areas"][-1]["points"] == [[0.25, 0.5], [0.3, 0.55]]
    assert said["measures"][0]["readings"] == ["71.4", "71.6"]
    assert said["photos"][0]["sha256"] == hung["photo"].sha256


def test_every_column_is_signed_or_left_out_on_purpose() -> None:
    """A column that is added to a table must be put in a schema, or here."""
    left_out = {
        "treatments_visit": {
            "voided_at",
            "voided_by_id",
            "void_reason",
            "version",
            # What sessions wrote before they had rows of products.
            "product",
            "lot",
            "lot_expires_on",
            "volume_ml",
        },
        "treatments_photo": {
            "voided_at",
            "voided_by_id",
            "void_reason",
            # A visit has no waiting or late ones when it is signed, and its course is its own.
            "waiting_for",
            "late_reason",
            "course_id",
            # Measured on the files that the fingerprint stands for.
            *Look.__slots__,
        },
    }
    signed = {"treatments_visit": (Visit, notes.VISIT)}
    signed |= {part.model._meta.db_table: (part.model, part.columns) for part in notes.PARTS}
    missing = {}
    for table, (model, columns) in signed.items():
        stored = {field.attname for field in model._meta.concrete_fields} - {"visit_id"}
        stored -= left_out.get(table, set())
        if rest := stored - set(columns):
            missing[table] = rest
    assert missing == {}


# Who signs, when, and what for -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "offset", "shown"),
    [
        (datetime(2026, 7, 1, 9, 30, tzinfo=UTC), "+01:00", "2026-07-01T10:30:00+01:00"),
        (datetime(2026, 11, 24, 9, 30, tzinfo=UTC), "+00:00", "2026-11-24T09:30:00+00:00"),
    ],
    ids=["summer", "winter"],
)
def test_signature_has_name_time_offset_and_meaning(at: datetime, offset: str, shown: str) -> None:
    with time_machine.travel(at, tick=False):
        visit = make.course(visits=1).visits.get()
        signed = make.sign(visit)
    note = SignedNote.objects.get()
    assert (note.signer, note.signer_name, note.meaning) == (
        visit.practitioner,
        "Dr Lin",
        "I performed this session",
    )
    assert (note.signed_at, note.utc_offset, note.signed_here.isoformat()) == (at, offset, shown)
    assert (signed.signed_at, signed.signed_by) == (at, visit.practitioner)
    assert note.sha256 == hashlib.sha256(note.content.encode()).hexdigest()
    assert note.fingerprint.replace(" ", "") == note.sha256[:16]


def test_signing_is_audited_without_a_clinical_word(visit: Visit) -> None:
    make.sign(visit)
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.by, event.patient, event.target) == (
        "visit signed",
        visit.practitioner,
        visit.patient_code,
        f"visit {visit.pk}",
    )


def test_name_is_printed_as_it_was(visit: Visit) -> None:
    make.sign(visit)
    User.objects.filter(pk=visit.practitioner_id).update(name="Dr Lin-Okafor")
    note = SignedNote.objects.select_related("signer").get()
    assert (note.signer_name, note.signer.name) == ("Dr Lin", "Dr Lin-Okafor")
    assert list(signing.chain_faults()) == []


def test_only_the_one_who_held_it_signs(visit: Visit) -> None:
    for role in (Role.PRACTITIONER, Role.MEDICAL_LEAD):
        other = make.user(role, name="Dr Okafor")
        assert refusal(close_visit, visit=visit, by=other, meaning="x") == (
            "Only Dr Lin, who held this visit, can sign it.",
            None,
        )
    assert make.sign(visit).signed_by == visit.practitioner


def test_visit_is_signed_once_and_not_when_struck_out(visit: Visit) -> None:
    make.sign(visit)
    assert refusal(make.sign, of=visit)[0] == "This visit is signed already."
    other = make.visit(visit.course, number=2)
    void_visit(visit=other, reason="Wrong day.", by=visit.practitioner)
    assert refusal(make.sign, of=other)[0] == "This visit is struck out, so it cannot be signed."


# Adding later ------------------------------------------------------------------------------------


def test_addendum_is_dated_now_and_chained(visit: Visit) -> None:
    make.sign(visit)
    later = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
    other = make.practitioner("Dr Okafor")
    with time_machine.travel(later, tick=False):
        added = add_addendum(
            visit=visit, text=" Bruise seen on her photo. ", reason="She wrote.", by=other
        )
    first, second = SignedNote.objects.all()
    assert (added.text, added.reason, added.at, added.by) == (
        "Bruise seen on her photo.",
        "She wrote.",
        later,
        other,
    )
    assert (second.place, second.kind, second.subject, second.signer_name) == (
        2,
        NoteKind.ADDENDUM,
        f"visit {visit.pk}",
        "Dr Okafor",
    )
    assert second.previous == first.mac
    assert second.content == notes.addendum_of(Addendum.objects.get())
    assert notes.content_of(visit) == first.content  # the original is as it was


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"text": " "}, ("Write what is to be added.", "text")),
        ({"reason": ""}, ("Say why this is added now.", "reason")),
    ],
    ids=str,
)
def test_addendum_says_what_and_why(
    visit: Visit, words: dict[str, str], sentence: tuple[str, str]
) -> None:
    make.sign(visit)
    given = {"text": "She called.", "reason": "Called later.", **words}
    assert refusal(add_addendum, visit=visit, by=visit.practitioner, **given) == sentence


def test_unsigned_visit_takes_no_addendum(visit: Visit) -> None:
    said = refusal(add_addendum, visit=visit, text="x", reason="y", by=visit.practitioner)
    assert said == ("This visit is not signed yet. Change it in its form instead.", None)


# Striking out ------------------------------------------------------------------------------------


def test_signed_visit_is_struck_out_and_stays_as_it_was(visit: Visit) -> None:
    make.sign(visit)
    before = notes.content_of(visit)
    struck = void_visit(visit=visit, reason=" Wrong patient. ", by=visit.practitioner)
    first, second = SignedNote.objects.all()
    assert (struck.void_reason, struck.voided_by) == ("Wrong patient.", visit.practitioner)
    assert (second.kind, second.previous, second.subject) == (
        NoteKind.IN_ERROR,
        first.mac,
        f"visit {visit.pk}",
    )
    assert second.content == notes.voiding_of(Visit.objects.get(pk=visit.pk))
    assert (first.content, notes.content_of(visit)) == (before, before)


def test_signed_visit_is_struck_out_by_its_author_or_the_medical_lead(visit: Visit) -> None:
    make.sign(visit)
    other = make.practitioner("Dr Weber")
    assert refusal(void_visit, visit=visit, reason="Wrong day.", by=other) == (
        "Only Dr Lin, who signed this, or the medical lead can strike it out.",
        None,
    )
    lead = make.user(Role.MEDICAL_LEAD, name="Dr Okafor")
    assert void_visit(visit=visit, reason="Wrong day.", by=lead).voided_by == lead


def test_unsigned_visit_is_struck_out_by_anybody_and_not_chained(visit: Visit) -> None:
    struck = void_visit(visit=visit, reason="Wrong day.", by=make.practitioner("Dr Weber"))
    assert (str(struck.voided_by), SignedNote.objects.count()) == ("Dr Weber", 0)


# The chain ---------------------------------------------------------------------------------------


def test_places_follow_each_other_and_the_head(visit: Visit) -> None:
    make.sign(visit)
    add_addendum(visit=visit, text="x", reason="y", by=visit.practitioner)
    void_visit(visit=visit, reason="z", by=visit.practitioner)
    chain = list(SignedNote.objects.all())
    head = ChainHead.objects.get()
    assert [note.place for note in chain] == [1, 2, 3]
    assert [note.previous for note in chain] == ["", chain[0].mac, chain[1].mac]
    assert (head.places, head.mac) == (3, chain[2].mac)
    assert list(signing.chain_faults()) == []


def test_nothing_is_signed_with_another_key(visit: Visit, settings: Any) -> None:
    make.sign(visit)
    settings.NOTE_KEY = "another key " * 5
    other = make.visit(visit.course, number=2)
    assert refusal(make.sign, of=other)[0] == (
        "Nothing was signed: the chain of signed notes does not fit this server's key. "
        "Keep the text, and have verify_notes run before anybody signs."
    )
    assert [str(fault) for fault in signing.chain_faults()] == [
        f"place 1 (visit {visit.pk}, signed): was edited, or written without the key",
        "the head: was edited, or written without the key",
    ]


def test_rolled_back_signature_leaves_no_link(visit: Visit) -> None:
    make.sign(visit)
    other = make.visit(visit.course, number=2)
    with transaction.atomic():
        make.sign(other)
        transaction.set_rollback(True)
    assert (SignedNote.objects.count(), ChainHead.objects.get().places) == (1, 1)
    make.sign(other)
    assert list(signing.chain_faults()) == []
