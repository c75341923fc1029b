"""Many people book the same times at once, on a real database with real connections.

Without its protections PostgreSQL books a time twice; the control shows that these tests would
see it. SQLite lets one transaction write at a time, so there is nothing to race for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from threading import Barrier, Event, Thread
from time import monotonic, sleep

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from appointments import overlap
from appointments.actions import book_appointment
from appointments.models import Appointment, Room
from appointments.rules.slots import Slot, first_clash
from appointments.terms import Kind
from clinic.models import User
from clinic.refusal import Refused
from clinic.roles import Role
from patients.models import Patient
from tests import make

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql",
        reason="SQLite writes one transaction at a time: a race needs PostgreSQL",
    ),
]

THREADS, SLOTS, MINUTES = 8, 30, 15
PATIENCE = 60  # seconds until a test that hangs fails


@dataclass
class Race:
    """One practitioner and one room, and a patient for each of those who book."""

    by: User
    lin: User
    room: Room
    patients: list[Patient]

    def slot(self, number: int) -> Slot:
        tomorrow = timezone.localdate() + timedelta(1)
        return Slot.lasting(
            make.at(tomorrow, "08:00") + timedelta(minutes=MINUTES * number), MINUTES
        )

    def book(self, patient: Patient, slot: Slot) -> None:
        """Book as the product does."""
        book_appointment(
            patient=patient,
            practitioner=self.lin,
            room=self.room,
            kind=Kind.REVIEW,
            starts_at=slot.start,
            minutes=MINUTES,
            by=self.by,
        )

    def book_carelessly(self, patient: Patient, slot: Slot) -> None:
        """Look whether the time is free and then take it, as is often seen: nothing is locked."""
        with transaction.atomic():
            taken = Appointment.objects.live().filter(practitioner=self.lin)
            if first_clash(slot, [row.slot for row in taken]):
                raise Refused("taken")
            make.appointment(
                slot.start,
                MINUTES,
                kind=Kind.REVIEW,
                patient=patient,
                practitioner=self.lin,
                room=self.room,
                booked_by=self.by,
            )

    def run(self, book: Callable[[Patient, Slot], None], *, slots: int = SLOTS) -> Counter[str]:
        """Let everybody try every slot, all at the same moment; count how it ended."""
        barrier = Barrier(THREADS, timeout=PATIENCE)

        def try_all(patient: Patient) -> Counter[str]:
            ended: Counter[str] = Counter()
            try:
                for number in range(slots):
                    barrier.wait()
                    try:
                        book(patient, self.slot(number))
                    except Refused:
                        ended["refused"] += 1
                    except (IntegrityError, OperationalError):
                        ended["refused by the database"] += 1
                    else:
                        ended["booked"] += 1
            finally:
                connection.close()
            return ended

        with ThreadPoolExecutor(THREADS) as pool:
            return sum(pool.map(try_all, self.patients), Counter())


@pytest.fixture
def race() -> Race:
    return Race(
        by=make.user(Role.FRONT_DESK, name="Jo"),
        lin=make.practitioner(),
        room=make.room(),
        patients=[make.patient() for _ in range(THREADS)],
    )


@pytest.fixture
def unconstrained() -> Iterator[None]:
    """Take the database's refusals away for one test."""
    overlap.remove(connection)
    yield
    Appointment.objects.all().delete()
    overlap.install(connection)


def test_every_time_is_booked_once(race: Race) -> None:
    ended = race.run(race.book)
    assert ended == {"booked": SLOTS, "refused": SLOTS * (THREADS - 1)}
    assert Appointment.objects.count() == SLOTS


@pytest.mark.usefixtures("unconstrained")
def test_control_without_lock_and_constraint_books_twice(race: Race) -> None:
    race.run(race.book_carelessly)
    assert Appointment.objects.count() > SLOTS


@pytest.mark.usefixtures("unconstrained")
def test_the_lock_alone_is_enough(race: Race) -> None:
    race.run(race.book)
    assert Appointment.objects.count() == SLOTS


def test_the_constraint_alone_is_enough(race: Race) -> None:
    """But not kind: without the lock those who lose wait for each other until one is killed."""
    ended = race.run(race.book_carelessly, slots=3)
    assert ended["refused by the database"] > 0
    assert Appointment.objects.count() == 3


def test_refusal_of_the_database_reads_like_the_check(race: Race) -> None:
    """Somebody writes past the actions, unseen until they commit: the booking waits, then reads why."""
    slot = race.slot(0)
    written, released, told = Event(), Event(), []

    def write_past_the_actions() -> None:
        try:
            with transaction.atomic():
                race.book_carelessly(race.patients[0], slot)
                written.set()
                released.wait(PATIENCE)
        finally:
            connection.close()

    def book() -> None:
        try:
            race.book(race.patients[1], slot)
        except Refused as refused:
            told.append((refused.message, refused.field))
        finally:
            connection.close()

    writer, booker = Thread(target=write_past_the_actions), Thread(target=book)
    writer.start()
    assert written.wait(PATIENCE)
    booker.start()
    wait_until_somebody_waits()
    released.set()
    for thread in (writer, booker):
        thread.join(PATIENCE)
    sentence = "Dr Lin has Maria S. from 08:00 to 08:15 that day. Nearest free time: 08:15."
    assert told == [(sentence, "time")]


def wait_until_somebody_waits() -> None:
    """Return once another connection to this database is held up by a lock."""
    until = monotonic() + PATIENCE
    sql = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with connection.cursor() as cursor:
        while monotonic() < until:
            cursor.execute(sql)
            if cursor.fetchone()[0]:
                return
            sleep(0.02)
    raise AssertionError("Nobody waited for the other transaction.")


def test_two_who_book_for_each_other_do_not_block(race: Race) -> None:
    """Each writes rows that refer to the other, whose row is locked as a practitioner."""
    other = make.practitioner("Dr Okafor")
    rooms = [race.room, make.room()]
    barrier = Barrier(2, timeout=PATIENCE)

    def book_for(turn: int) -> int:
        by, treats = (race.lin, other) if turn else (other, race.lin)
        try:
            for number in range(SLOTS):
                barrier.wait()
                book_appointment(
                    patient=race.patients[turn],
                    practitioner=treats,
                    room=rooms[turn],
                    kind=Kind.REVIEW,
                    starts_at=race.slot(number).start,
                    minutes=MINUTES,
                    by=by,
                )
        finally:
            connection.close()
        return SLOTS

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(book_for, range(2))) == [SLOTS, SLOTS]
    assert Appointment.objects.count() == 2 * SLOTS
