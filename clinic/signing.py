"""The chain of what was signed: each note is tied to all before it by a key outside the database.

A note is the canonical JSON of what somebody signed, its SHA-256, who signed it when and meaning
what, the `mac` of the note before it, and a `mac` of its own: HMAC-SHA-256 with `NOTE_KEY` over
all of these. The head says how many there are and seals that with the same key, so that a chain
that ends too early shows. docs/adr/0013 says what this proves and what it does not.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.models import ChainHead, NoteKind, SignedNote, User
from clinic.refusal import Refused

THE_HEAD = 1


def canonical(value: Any) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces, numbers of the database and
    dates as text. Trailing zeros of a Decimal are no part of it. Raises TypeError for the rest."""
    return json.dumps(
        value,
        default=_as_text,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )


def _as_text(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a signed note")


@transaction.atomic
def append(
    *,
    kind: NoteKind,
    subject: str,
    content: str,
    by: User,
    meaning: str,
    at: datetime | None = None,
) -> SignedNote:
    """Append a note to the chain, with the head locked. `content` is `canonical` text.

    Called last in a transaction, since everybody who signs waits for the lock. `at` is for
    histories that are written as rows; an action signs now.
    """
    head = _locked_head()
    at = at or timezone.now()
    note = link(head, kind=kind, subject=subject, content=content, by=by, meaning=meaning, at=at)
    note.save(force_insert=True)
    head.places, head.mac = note.place, note.mac
    head.seal = seal_of(head)
    head.save(update_fields=["places", "mac", "seal"])
    return note


def link(
    head: ChainHead,
    *,
    kind: NoteKind,
    subject: str,
    content: str,
    by: User,
    meaning: str,
    at: datetime,
) -> SignedNote:
    """Return the note that follows `head`, not stored yet."""
    note = SignedNote(
        place=head.places + 1,
        kind=kind,
        subject=subject,
        content=content,
        sha256=sha256_of(content),
        signer=by,
        signer_name=by.name,
        signed_at=at,
        utc_offset=timezone.localtime(at).isoformat(timespec="seconds")[-6:],
        meaning=meaning,
        previous=head.mac,
    )
    note.mac = mac_of(note)
    return note


def _locked_head() -> ChainHead:
    """Lock the head and return it. Refused when the key or the chain is not what it was."""
    ChainHead.objects.get_or_create(pk=THE_HEAD, defaults={"seal": seal_of(ChainHead())})
    head = ChainHead.objects.select_for_update().get(pk=THE_HEAD)
    last = SignedNote.objects.order_by("place").last()
    if not is_sealed(head) or (last.place if last else 0, last.mac if last else "") != (
        head.places,
        head.mac,
    ):
        raise Refused(
            _(
                "Nothing was signed: the chain of signed notes does not fit this server's key. "
                "Keep the text, and have verify_notes run before anybody signs."
            )
        )
    return head


# What a note must add up to --------------------------------------------------------------------


def sha256_of(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def mac_of(note: SignedNote) -> str:
    """Return the HMAC-SHA-256 over the mac before it and everything the note says."""
    return _mac(
        {
            "place": note.place,
            "kind": str(note.kind),
            "subject": note.subject,
            "content": note.content,
            "sha256": note.sha256,
            "signer": note.signer_id,
            "signer_name": note.signer_name,
            "signed_at": note.signed_at,
            "utc_offset": note.utc_offset,
            "meaning": note.meaning,
            "previous": note.previous,
        }
    )


def seal_of(head: ChainHead) -> str:
    """Return the HMAC-SHA-256 over how many notes there are, and the mac of the last one."""
    return _mac({"head": head.mac, "places": head.places})


def _mac(said: dict[str, Any]) -> str:
    key: str = settings.NOTE_KEY
    return hmac.new(key.encode(), canonical(said).encode(), hashlib.sha256).hexdigest()


def is_sealed(head: ChainHead) -> bool:
    return hmac.compare_digest(head.seal, seal_of(head))


def is_intact(note: SignedNote) -> bool:
    """Whether nothing in this row differs from what was signed."""
    return note.sha256 == sha256_of(note.content) and hmac.compare_digest(note.mac, mac_of(note))


# Looking at all of them ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it was signed, in words that say which row."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def chain_faults() -> Iterator[Fault]:
    """Yield what is wrong with the chain itself, in its order."""
    place, mac = 0, ""
    for note in SignedNote.objects.order_by("place").iterator(chunk_size=500):
        where = f"place {note.place} ({note.subject}, {note.kind})"
        for missing in range(place + 1, note.place):
            yield Fault(f"place {missing}", "is missing from the chain")
        if not is_intact(note):
            yield Fault(where, "was edited, or written without the key")
        elif note.place == place + 1 and note.previous != mac:
            yield Fault(where, "does not follow the one before it: inserted or reordered")
        place, mac = note.place, note.mac
    yield from _head_faults(place, mac)


def _head_faults(place: int, mac: str) -> Iterator[Fault]:
    head = ChainHead.objects.filter(pk=THE_HEAD).first()
    if head is None:
        if place:
            yield Fault("the head", "is missing, so the chain may have been longer")
        return
    if not is_sealed(head):
        yield Fault("the head", "was edited, or written without the key")
    for missing in range(place + 1, head.places + 1):
        yield Fault(f"place {missing}", "is missing from the end of the chain")
    if head.places < place or (head.places == place and head.mac != mac):
        yield Fault("the head", f"does not fit the end of the chain, place {place}")
