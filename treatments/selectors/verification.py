"""Whether every signed visit still says what was signed: the rows against the chain, both ways.

Sentences name rows and columns, never what stands in them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from clinic.models import NoteKind, SignedNote
from clinic.signing import Fault, chain_faults, is_intact
from treatments.models import Addendum, Visit
from treatments.selectors.notes import PARTS, SCHEMA, addendum_of, content_of, contents, voiding_of

BATCH = 500


def faults() -> Iterator[Fault]:
    """Yield everything that is not as it was signed, the chain first."""
    yield from chain_faults()
    yield from _visit_faults()
    yield from _later_faults(
        NoteKind.ADDENDUM,
        {("addendum", row.pk): addendum_of(row) for row in Addendum.objects.all()},
        "was not added by anybody who signed it",
    )
    struck_out = Visit.objects.filter(signed_at__isnull=False, voided_at__isnull=False)
    yield from _later_faults(
        NoteKind.IN_ERROR,
        {("visit", visit.pk): voiding_of(visit) for visit in struck_out},
        "was not struck out by anybody who signed it",
    )


def stands(visit: Visit, note: SignedNote) -> bool:
    """Whether a visit is stored as this note says, and the note as it was signed."""
    return is_intact(note) and note.content == content_of(visit)


def _visit_faults() -> Iterator[Fault]:
    signed = set(Visit.objects.filter(signed_at__isnull=False).values_list("pk", flat=True))
    notes = _notes(NoteKind.SIGNED)
    while batch := list(islice(notes, BATCH)):
        stored = _stored([_key(NoteKind.SIGNED, said) for _, said in batch])
        for note, said in batch:
            pk = _key(NoteKind.SIGNED, said)
            signed.discard(pk)
            if what := _compared(note, said, stored.get(pk)):
                yield Fault(note.subject, what)
    for pk in sorted(signed):
        yield Fault(f"visit {pk}", "says that it is signed, but nobody signed it")


def _stored(visits: list[int]) -> dict[int, str]:
    """Return the texts of visits as they are stored; "" for one that holds what cannot be read."""
    try:
        return contents(visits)
    except (ArithmeticError, TypeError, ValueError):  # SQLite keeps any text in any column
        if len(visits) == 1:
            return {visits[0]: ""}
    half = len(visits) // 2
    return _stored(visits[:half]) | _stored(visits[half:])


def _later_faults(kind: NoteKind, rows: dict[tuple[str, int], str], stray: str) -> Iterator[Fault]:
    """Compare addenda, or strikings out, with the notes of their kind."""
    word = "addendum" if kind == NoteKind.ADDENDUM else "visit"
    for note, said in _notes(kind):
        stored = rows.pop((word, _key(kind, said)), None)
        where = f"{note.subject}, {note.get_kind_display()}"
        if stored is None:
            yield Fault(where, "is gone, though it was signed")
        elif stored != note.content:
            yield Fault(where, f"edited since it was signed: {_changed(said, json.loads(stored))}")
    for (name, pk), content in rows.items():
        where = f"visit {json.loads(content)['visit']}"
        yield Fault(where if name == "visit" else f"{where}, addendum {pk}", stray)


def _notes(kind: NoteKind) -> Iterator[tuple[SignedNote, dict[str, Any]]]:
    """Yield the notes of one kind with what they say; one that is no text of ours says nothing."""
    rows = SignedNote.objects.filter(kind=kind, subject__startswith="visit ").order_by("place")
    for note in rows.iterator(chunk_size=BATCH):
        try:
            said = json.loads(note.content)
        except (ValueError, RecursionError):
            said = {}
        yield note, said if _has_rows(said) else {}


def _has_rows(said: Any) -> bool:
    """Whether a text has the shape of ours; in the file, anything can stand there."""
    if not isinstance(said, dict):
        return False
    parts = [said.get(part.name, []) for part in PARTS]
    return all(isinstance(rows, list) for rows in parts) and all(
        isinstance(row, dict) and isinstance(row.get("id"), int | str)
        for rows in parts
        for row in rows
    )


def _key(kind: NoteKind, said: dict[str, Any]) -> int:
    """Return the key of the row that a note is about; 0 for one that does not say what its kind does.

    A note whose kind was changed is named by the chain, and must not stop the rest from being read.
    """
    visit = said.get("visit")
    if kind == NoteKind.SIGNED:
        found = visit.get("id") if isinstance(visit, dict) else None
    else:
        found = said.get("addendum") if kind == NoteKind.ADDENDUM else visit
    return found if isinstance(found, int) else 0


def _compared(note: SignedNote, said: dict[str, Any], stored: str | None) -> str:
    """Say how a visit differs from its note; "" when it does not."""
    if said.get("schema") != SCHEMA:
        return "was signed in a form that cannot be read here"
    if stored is None:
        return "is missing"
    if not stored:
        return "holds what cannot be read"
    return (
        ""
        if stored == note.content
        else f"edited since it was signed: {_differing(said, json.loads(stored))}"
    )


def _differing(said: dict[str, Any], stored: dict[str, Any]) -> str:
    """Name the columns of the visit and the rows on it that are not as they were signed."""
    found = [_changed(said["visit"], stored["visit"])]
    for part in PARTS:
        before = {row["id"]: row for row in said.get(part.name, [])}
        now = {row["id"]: row for row in stored[part.name]}
        for pk in sorted(before | now, key=str):
            if pk not in now:
                found.append(f"{part.name} {pk} is missing")
            elif pk not in before:
                found.append(f"{part.name} {pk} was inserted")
            elif before[pk] != now[pk]:
                found.append(f"{part.name} {pk} ({_changed(before[pk], now[pk])})")
    return ", ".join(filter(None, found))


def _changed(before: dict[str, Any], now: dict[str, Any]) -> str:
    return ", ".join(name for name in sorted(before | now) if before.get(name) != now.get(name))
