"""Write the demo clinic: `seed` is the only door.

Courses and visits go through the real actions and are dated back afterwards, so every rule had
its say. Screenings of the past and appointments are written as rows, since no action takes them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from itertools import groupby
from random import Random

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from appointments.models import Appointment, Room
from appointments.terms import Kind, Status
from clinic import audit
from clinic.demo import ACCOUNTS, PASSWORD
from clinic.files import following_rows
from clinic.models import AuditEvent, User
from clinic.roles import Role
from desk.demo.consents import Signed, stand_in
from desk.demo.courses import Clinic, CourseStory
from desk.demo.diary import Diary, moment
from desk.demo.pairs import grade_and_export
from desk.demo.people import People
from desk.demo.screenings import decide, write_screening
from desk.demo.setups import Setups
from desk.demo.signatures import sign_past
from desk.demo.stock import Shelf
from desk.demo.story import Chapter, before, cast, dates_of
from patients.actions import register_patient, start_safety_draft
from patients.models import Patient, SafetyListVersion
from treatments.models import Course, Photo, Visit
from treatments.models.photo import photo_storage

MADE = "demo clinic made"
MOST = 90  # patients; more do not fit into the hours of three practitioners
DESK = "desk@demo.test"
LIN, OKAFOR, VEGA = "practitioner@demo.test", "lead@demo.test", "vega@demo.test"
SIGNED_AGO = 400  # days
AFTERNOON = 14 * 4  # o'clock, in quarter hours
DONE_TODAY = 2  # of each practitioner's sessions; the next patient has arrived
ARRIVED_AGO = timedelta(minutes=6)
EARLIER = 40  # days between two screenings of one patient


@dataclass(frozen=True, slots=True)
class Made:
    """What stands in the database, and since which day; `is_new` when this call wrote it."""

    is_new: bool
    on: date | None
    patients: int
    courses: int
    visits: int
    appointments: int
    photos: int


def seed(patients: int, seed: int, today: date) -> Made:
    """Write a clinic of so many patients as it stands on `today`, which may not lie ahead.

    The same arguments give the same clinic. Where any patient is registered, nothing is written.
    """
    rng = Random(f"{seed}/{patients}/{today}")  # noqa: S311  repeatable on purpose
    files: list[str] = []
    try:
        with following_rows(), transaction.atomic():
            if Patient.objects.exists():
                return counted(is_new=False)
            clinic = open_doors(rng, today, files)
            people = People(rng, today)
            for chapter in cast(patients):
                write_patient(clinic, people, chapter)
            begin_the_day(clinic)
            sign_past(today)
            clinic.shelf.settle()
            clinic.diary.write()
            by_mail = {user.email: user for user in clinic.staff}
            grade_and_export((by_mail[LIN], by_mail[OKAFOR]), today)
            audit.record(MADE, by=None)
    except BaseException:
        for name in files:
            photo_storage().delete(name)
        raise
    return counted(is_new=True)


def counted(*, is_new: bool) -> Made:
    """Count what stands in the database."""
    made = AuditEvent.objects.filter(action=MADE).order_by("at").last()
    return Made(
        is_new=is_new,
        on=timezone.localdate(made.at) if made else None,
        patients=Patient.objects.count(),
        courses=Course.objects.count(),
        visits=Visit.objects.count(),
        appointments=Appointment.objects.count(),
        photos=Photo.objects.count(),
    )


def open_doors(rng: Random, today: date, files: list[str]) -> Clinic:
    """Add the accounts, one more practitioner, and a room for each who treats."""
    people = {row.email: person(row.email, row.name, row.roles) for row in ACCOUNTS}
    people[VEGA] = person(VEGA, "Nurse Vega", (Role.PRACTITIONER,))
    signed_on = before(today, SIGNED_AGO, today)
    sign_the_lists(people[OKAFOR], signed_on)
    shelf = Shelf.filled(people[OKAFOR], people[VEGA], approved_on=signed_on, today=today)
    setups = Setups.written(people[OKAFOR], since=signed_on, today=today)
    staff = [people[email] for email in (LIN, OKAFOR, VEGA)]
    rooms = [Room.objects.get_or_create(name=f"Room {number}")[0] for number in (1, 2, 3)]
    diary = Diary(dict(zip(staff, rooms, strict=True)), people[DESK], today)
    return Clinic(rng, today, staff, people[DESK], diary, files, stand_in(), shelf, setups)


def sign_the_lists(lead: User, day: date) -> None:
    """Sign the product's draft as safety list 1, long enough ago for every decision."""
    if SafetyListVersion.objects.exists():
        return
    made = start_safety_draft(by=lead)
    made.drafted_at = made.signed_at = moment(day, AFTERNOON)
    # What signing stores: the demo signs in the past, which the action does not.
    made.signed_by, made.digest = lead, made.fingerprint()
    made.what_changed = gettext("First version: the draft of the product, read and taken over.")
    made.save()


def person(email: str, name: str, roles: tuple[Role, ...]) -> User:
    """Return the person who signs in with `email`, made if need be."""
    found = User.objects.filter(email=email).first()
    return found or User.objects.create_user(email, PASSWORD, name=name, roles=roles)


def write_patient(clinic: Clinic, people: People, chapter: Chapter) -> None:
    """Write one patient with everything that belongs to her."""
    rng, today, exam = clinic.rng, clinic.today, chapter.exam
    who = clinic.staff[chapter.who]
    details = people.next(is_man=chapter.is_man, ages=exam.ages if exam else (25, 50))
    patient = register_patient(by=clinic.desk, **asdict(details))
    dates = dates_of(chapter, today, rng) if chapter.planned else None
    if dates:
        day = before(dates.opened_on, rng.choice((2, 4, 7)), today)
    else:
        day = before(today, chapter.last, today)
    came_at = moment(before(day, 3, today), 10 * 4)
    Patient.objects.filter(pk=patient.pk).update(registered_at=came_at)
    if exam is None:
        clinic.diary.book(patient, who, Kind.SCREENING, today, AFTERNOON)
        return
    earlier = None
    if chapter.earlier:
        earlier = write_screening(
            patient=patient,
            exam=chapter.earlier,
            day=before(day, EARLIER, today),
            allergy=chapter.allergy,
            by=who,
            rng=Random(patient.code),  # noqa: S311  apart from the story's, which stays as it was
        )
        decide(earlier, chapter.earlier, earlier.started_on, who)
    screening = write_screening(
        patient=patient,
        exam=exam,
        day=day,
        allergy=chapter.allergy,
        by=who,
        rng=rng,
        earlier=earlier,
    )
    if chapter.is_decided:
        screening = decide(screening, exam, day, who)
    if dates:
        Signed(patient, who, today, clinic.stand_in).write(chapter, dates.opened_on)
        CourseStory(clinic, chapter, dates, screening).write()


def begin_the_day(clinic: Clinic) -> None:
    """Hold the first sessions of each practitioner's day, and let the next patient arrive."""
    is_now = clinic.today == timezone.localdate()

    def place(row: tuple[CourseStory, Appointment]) -> tuple[int, object]:
        return clinic.staff.index(row[1].practitioner), row[1].starts_at

    by_practitioner = groupby(sorted(clinic.awaited, key=place), key=lambda row: place(row)[0])
    for _, rows in by_practitioner:
        for position, (story, appointment) in enumerate(rows):
            if position < DONE_TODAY:
                story.held(story.chapter.done + 1, appointment)
            elif position == DONE_TODAY:
                appointment.status = Status.ARRIVED
                now = timezone.now() if is_now else appointment.starts_at
                appointment.arrived_at = now - ARRIVED_AGO
