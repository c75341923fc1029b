"""Many people sign at once: the chain has no fork, and nothing slips in beside a signature.

PostgreSQL only: SQLite lets one transaction write at a time. Each race has a control that goes
wrong without what is tested.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from clinic import signing
from clinic.models import ChainHead, NoteKind, SignedNote, User
from tests import make
from tests.db.test_booking_race import PATIENCE, wait_until_somebody_waits
from tests.db.test_submit_race import together
from treatments.actions import close_visit
from treatments.models import Measure, Visit
from treatments.selectors import notes
from treatments.selectors.verification import faults
from treatments.triggers import FINAL, VISITS

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql",
        reason="SQLite writes one transaction at a time: a race needs PostgreSQL",
    ),
]

WRITERS, EACH = 8, 50
SAID: dict[str, Any] = {"kind": NoteKind.SIGNED, "subject": "race", "content": "{}"}


def append_carelessly(by: User) -> None:
    """Read where the chain ends and write behind it, as is often seen: nothing is locked."""
    with transaction.atomic():
        head = ChainHead.objects.get()
        note = signing.link(head, **SAID, by=by, meaning="x", at=timezone.now())
        note.save(force_insert=True)
        head.places, head.mac = note.place, note.mac
        head.seal = signing.seal_of(head)
        head.save()


def append(by: User) -> None:
    signing.append(**SAID, by=by, meaning="x")


def race(write: Callable[[User], None]) -> Counter[str]:
    """Let everybody append at the same moments; count how it ended."""
    by = make.practitioner()
    append(by)
    barrier = Barrier(WRITERS, timeout=PATIENCE)

    def write_all(_: int) -> Counter[str]:
        ended: Counter[str] = Counter()
        for _ in range(EACH):
            barrier.wait()
            try:
                write(by)
            except IntegrityError:
                ended["refused by the database"] += 1
            else:
                ended["written"] += 1
        return ended

    return sum(together(write_all, WRITERS), Counter())


def forks() -> int:
    """Count the notes that follow the same note as another one does."""
    followed = Counter(SignedNote.objects.values_list("previous", flat=True))
    return sum(count - 1 for count in followed.values())


@pytest.fixture
def unconstrained() -> Iterator[None]:
    """Let two notes have one place, and the head go anywhere, for one test."""
    from clinic.triggers import CHAIN_HEAD

    (unique,) = (
        name
        for name, about in connection.introspection.get_constraints(
            connection.cursor(), "clinic_signednote"
        ).items()
        if about["unique"] and about["columns"] == ["place"]
    )
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE clinic_signednote DROP CONSTRAINT {unique}")
        for final in CHAIN_HEAD:
            final.remove(connection)
        yield
        cursor.execute("ALTER TABLE clinic_signednote DISABLE TRIGGER USER")
        SignedNote.objects.all().delete()
        cursor.execute("ALTER TABLE clinic_signednote ENABLE TRIGGER USER")
        cursor.execute(f"ALTER TABLE clinic_signednote ADD CONSTRAINT {unique} UNIQUE (place)")


def test_chain_has_no_fork_and_no_gap() -> None:
    assert race(append) == {"written": WRITERS * EACH}
    places = list(SignedNote.objects.values_list("place", flat=True))
    assert places == list(range(1, WRITERS * EACH + 2))
    assert (forks(), list(signing.chain_faults())) == (0, [])


@pytest.mark.usefixtures("unconstrained")
def test_control_without_lock_and_constraint_the_chain_forks() -> None:
    race(append_carelessly)
    assert forks() > 0
    assert list(signing.chain_faults()) != []


@pytest.mark.usefixtures("unconstrained")
def test_the_lock_alone_is_enough() -> None:
    assert race(append) == {"written": WRITERS * EACH}
    assert (forks(), list(signing.chain_faults())) == (0, [])


def test_the_constraint_alone_is_enough() -> None:
    """But not kind: without the lock those who lose are told by the database."""
    assert race(append_carelessly)["refused by the database"] > 0
    assert forks() == 0


def test_first_notes_of_all_make_one_head() -> None:
    by = make.practitioner()
    barrier = Barrier(WRITERS, timeout=PATIENCE)

    def first(_: int) -> None:
        barrier.wait()
        append(by)

    together(first, WRITERS)
    assert (ChainHead.objects.count(), SignedNote.objects.count()) == (1, WRITERS)
    assert list(signing.chain_faults()) == []


def test_visit_is_signed_once_by_eight_at_once() -> None:
    visit = make.course(visits=1).visits.get()
    barrier = Barrier(WRITERS, timeout=PATIENCE)

    def sign(_: int) -> str:
        barrier.wait()
        try:
            make.sign(visit)
        except signing.Refused as refused:
            return refused.message
        return "signed"

    told = Counter(together(sign, WRITERS))
    assert told == {"signed": 1, "This visit is signed already.": WRITERS - 1}
    assert SignedNote.objects.count() == 1


# What is written beside a signature --------------------------------------------------------------


def sign_while_somebody_adds(visit: Visit) -> list[str]:
    """Sign, and hold the transaction open while another one adds a measure; tell what that met."""
    signed, released, told = Event(), Event(), []

    def sign() -> None:
        try:
            with transaction.atomic():
                close_visit(visit=visit, by=visit.practitioner, meaning="x")
                signed.set()
                released.wait(PATIENCE)
        finally:
            connection.close()

    def add() -> None:
        try:
            Measure.objects.create(visit=visit, kind="hip", value="98.5")
        except IntegrityError as error:
            told.append(str(error).splitlines()[0])
        else:
            told.append("added")
        finally:
            connection.close()

    signer, adder = Thread(target=sign), Thread(target=add)
    signer.start()
    assert signed.wait(PATIENCE)
    adder.start()
    wait_until_somebody_waits()
    released.set()
    for thread in (signer, adder):
        thread.join(PATIENCE)
    return told


def test_nothing_slips_in_while_somebody_signs() -> None:
    visit = make.course(visits=1).visits.get()
    assert sign_while_somebody_adds(visit) == ["treatments_measure is signed"]
    assert (Measure.objects.count(), list(faults())) == (0, [])


def test_control_without_the_wait_something_slips_in() -> None:
    visit = make.course(visits=1).visits.get()
    for final in FINAL:
        if final not in VISITS:
            final.remove(connection)
    assert sign_while_somebody_adds(visit) == ["added"]
    (fault,) = faults()
    assert (
        fault.what
        == f"edited since it was signed: measures {Measure.objects.get().pk} was inserted"
    )


def test_what_was_added_before_is_signed_with_it() -> None:
    """The other way round: who signs waits for the row that is being added."""
    visit = make.course(visits=1).visits.get()
    added, released = Event(), Event()

    def add() -> None:
        try:
            with transaction.atomic():
                Measure.objects.create(visit=visit, kind="hip", value="98.5")
                added.set()
                released.wait(PATIENCE)
        finally:
            connection.close()

    def sign() -> None:
        try:
            make.sign(visit)
        finally:
            connection.close()

    adder, signer = Thread(target=add), Thread(target=sign)
    adder.start()
    assert added.wait(PATIENCE)
    signer.start()
    wait_until_somebody_waits()
    released.set()
    for thread in (adder, signer):
        thread.join(PATIENCE)
    assert '"hip"' in SignedNote.objects.get().content
    assert (notes.content_of(visit), list(faults())) == (SignedNote.objects.get().content, [])
