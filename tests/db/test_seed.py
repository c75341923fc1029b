"""The demo clinic: the same for the same arguments, written once, within the rules."""

from __future__ import annotations

import hashlib
import io
import socket
from collections import Counter
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone
from PIL import Image

from appointments.models import Appointment, Room
from appointments.rules.slots import overlaps
from appointments.terms import Kind, Status
from clinic.models import User
from desk.demo.build import MOST, seed
from desk.demo.story import MORE, STORY, cast, workday_ahead
from desk.management.commands.demo import check_is_free
from desk.standing import Group, standings
from desk.worklists import to_rescreen
from patients.consents import treatment_consent
from patients.models import ConsentEvent, ConsentRecord, Patient, Screening
from patients.models.consent import document_storage
from patients.terms import ConsentKind, Purpose
from treatments import photo_files
from treatments.imaging import prepare
from treatments.models import Course, Measure, Photo, Reaction, Visit, VisitProduct
from treatments.models.course import CourseState
from treatments.models.photo import Size
from treatments.rules import measures
from treatments.terms import STANDARD_VIEWS, View, VisitKind

WEDNESDAY = date(2025, 3, 19)
SMALL = 24

pytestmark = pytest.mark.django_db


class _Undo(Exception):
    pass


def digest() -> str:
    """Sum up who, when and how many, without keys and without the clock."""
    rows = [
        *Patient.objects.order_by("code").values_list(
            "code", "given_name", "family_name", "birth_date", "phone", "emergency_contact"
        ),
        *Screening.objects.order_by("patient__code").values_list(
            "patient__code", "started_on", "weight_kg", "decision", "outcome", "verdict_shown"
        ),
        *Course.objects.order_by("patient__code").values_list(
            "patient__code", "opened_on", "state", "practitioner__name", "due_from", "due_by"
        ),
        *Visit.objects.order_by("course__patient__code", "held_on", "kind").values_list(
            "course__patient__code", "kind", "number", "held_on", "signed_at", "note"
        ),
        *VisitProduct.objects.order_by(
            "visit__course__patient__code", "visit__held_on", "product__name", "lot__number"
        ).values_list(
            "visit__course__patient__code", "product__name", "lot__number", "drawn_ml", "wasted_ml"
        ),
        *Measure.objects.order_by(
            "visit__course__patient__code", "visit__held_on", "visit__kind", "kind"
        ).values_list("visit__course__patient__code", "kind", "value"),
        *Appointment.objects.order_by("starts_at", "patient__code").values_list(
            "patient__code", "practitioner__name", "room__name", "starts_at", "kind", "status"
        ),
        *Photo.objects.order_by(
            "visit__course__patient__code", "visit__held_on", "visit__kind", "view"
        ).values_list("visit__course__patient__code", "visit__held_on", "view", "sha256"),
    ]
    return hashlib.sha256(repr([tuple(map(str, row)) for row in rows]).encode()).hexdigest()


def digest_of(patients: int, number: int, today: date) -> str:
    """Seed, sum up, and take everything back."""
    found = ""
    try:
        with transaction.atomic():
            seed(patients, number, today)
            found = digest()
            raise _Undo
    except _Undo:
        return found


def test_seed_same_arguments_makes_the_same_clinic() -> None:
    first = digest_of(SMALL, 1, WEDNESDAY)
    assert digest_of(SMALL, 1, WEDNESDAY) == first
    assert digest_of(SMALL, 2, WEDNESDAY) != first


def test_seed_twice_writes_once(private_photos: Path) -> None:
    made = seed(SMALL, 1, WEDNESDAY)
    before, files = digest(), sorted(private_photos.rglob("*.jpg"))
    again = seed(SMALL, 2, WEDNESDAY + timedelta(1))
    assert (made.is_new, again.is_new, again.patients) == (True, False, SMALL)
    assert digest() == before
    assert sorted(private_photos.rglob("*.jpg")) == files


def test_seed_that_fails_leaves_nothing(private_photos: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("desk.demo.build.begin_the_day", lambda clinic: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        seed(SMALL, 1, WEDNESDAY)
    assert [Patient.objects.count(), User.objects.count(), Room.objects.count()] == [0, 0, 0]
    kept = [*private_photos.rglob("*"), *Path(settings.DOCUMENT_ROOT).rglob("*")]
    assert [path for path in kept if path.is_file()] == []


def test_seed_every_course_begins_with_consents() -> None:
    seed(48, 1, WEDNESDAY)
    noon = timezone.make_aware(datetime.combine(WEDNESDAY, time(12)))
    consents = {
        course.patient.code: treatment_consent(course.patient, noon)
        for course in Course.objects.select_related("patient")
    }
    assert Counter(consent.standing.state.value for consent in consents.values()) == {
        "yes": len(consents) - 1,
        "expired": 1,
    }
    waiting = [consent for consent in consents.values() if "think it over" in consent.why_not]
    assert len(waiting) == 1
    withdrawn = ConsentEvent.objects.get(kind=ConsentKind.WITHDRAWN)
    assert withdrawn.purpose == Purpose.MARKETING_SOCIAL
    ahead = ConsentEvent.objects.filter(at__gt=noon)
    assert (ahead.count(), ConsentRecord.objects.count()) == (0, len(consents))
    for record in ConsentRecord.objects.all():
        with document_storage().open(record.file_name) as file:
            assert hashlib.sha256(file.read()).hexdigest() == record.sha256


def test_seed_small_clinic_has_one_of_everything() -> None:
    made = seed(SMALL, 1, WEDNESDAY)
    rows = standings(Course.objects.open(), WEDNESDAY)
    assert {row.group for row in rows} == set(Group) - {Group.CLOSED}
    assert (made.patients, made.courses, made.photos % 4) == (24, 18, 0)
    assert set(Course.objects.values_list("state", flat=True)) == set(CourseState.values)
    assert Course.objects.filter(state=CourseState.PLANNED).count() == 1
    assert Course.objects.exclude(earlier_sessions=0).get().earlier_sessions == 3
    assert Reaction.objects.filter(grade=2, visit__held_on=date(2025, 3, 18)).count() == 1
    assert Reaction.objects.filter(grade__gt=2).count() == 0
    assert [row.strip.marks[4].on for row in rows if row.words.startswith("Missed")] == [
        date(2025, 3, 14)
    ]
    assert "12 days late" in [row.words for row in rows]
    assert Counter(Screening.objects.values_list("decision", flat=True)) == {
        "": 1,
        "accepted": 19,
        "referred": 2,
        "not_suitable": 1,
        "deferred": 1,
    }


def test_seed_full_clinic_has_every_stage() -> None:
    seed(48, 1, WEDNESDAY)
    rows = standings(Course.objects.open(), WEDNESDAY)
    late = sorted(
        (WEDNESDAY - row.course.due_by).days for row in rows if row.group == Group.OVERDUE
    )
    # 3, 12 and 31 days, and up to two more where the last session would fall on a weekend.
    assert late == [5, 12, 33]
    # Whose session of today is held already, and so who is nearly done, depends on the hours.
    groups = Counter(row.group for row in rows)
    assert (groups[Group.DUE], groups[Group.OVERDUE], groups[Group.PAUSED]) == (4, 3, 2)
    assert groups[Group.FINISHING] >= 3
    assert groups.total() == 30
    assert Counter(Screening.objects.values_list("decision", flat=True)) == {
        "": 2,
        "accepted": 37,
        "changed": 1,
        "referred": 3,
        "not_suitable": 1,
        "deferred": 3,
    }
    superseded = Screening.objects.decided().exclude(superseded_by=None)
    assert [row.newer.supersedes for row in superseded] == list(superseded)
    assert superseded.count() == 1
    assert Screening.objects.waiting().count() == 1
    assert to_rescreen(WEDNESDAY).count() == 1
    assert Course.objects.filter(planned_sessions=15).count() == 1
    assert Visit.objects.filter(kind=VisitKind.FOLLOW_UP).count() == 3
    assert set(Course.objects.values_list("planned_sessions", flat=True)) == {10, 12, 15}
    handed_over = [
        course
        for course in Course.objects.all()
        if course.visits.values("practitioner").distinct().count() == 2
    ]
    assert len(handed_over) == 1
    assert Appointment.objects.filter(status=Status.CANCELLED).get().is_late_cancel
    assert Patient.objects.filter(sex_at_birth="M").count() == 2


def test_seed_today_is_under_way() -> None:
    seed(48, 1, WEDNESDAY)
    today = Appointment.objects.on_day(WEDNESDAY)
    assert today.filter(kind=Kind.SCREENING, status=Status.BOOKED).count() == 2
    for who in User.objects.practitioners():
        states = list(
            today.filter(practitioner=who, kind=Kind.SESSION)
            .order_by("starts_at")
            .values_list("status", flat=True)
        )
        assert states[:3] == [Status.DONE, Status.DONE, Status.ARRIVED]
        assert set(states[3:]) <= {Status.BOOKED}
    assert all(row.visit for row in today.filter(status=Status.DONE))
    days = [workday_ahead(WEDNESDAY, count) for count in range(1, 11)]
    assert [day for day in days if not Appointment.objects.on_day(day).exists()] == []
    left = Appointment.objects.filter(status=Status.BOOKED, starts_at__date__lt=WEDNESDAY)
    assert [row.starts_on for row in left] == [WEDNESDAY - timedelta(1)]


@pytest.mark.parametrize("weekday", range(7))
def test_seed_on_any_weekday_keeps_the_rules(weekday: int) -> None:
    today = WEDNESDAY + timedelta(weekday)
    seed(SMALL, weekday, today)
    call_command("check_projections", stdout=io.StringIO())
    for course in Course.objects.with_sessions():
        dates = [visit.held_on for visit in course.held(VisitKind.TREATMENT)]
        promised = course.appointments.filter(
            kind=Kind.SESSION,
            status__in=(Status.BOOKED, Status.ARRIVED),
            starts_at__date__gte=today,
        )
        dates += sorted(row.starts_on for row in promised)
        assert all((later - earlier).days >= 7 for earlier, later in pairwise(dates))
        assert len(dates) <= course.planned_sessions
    assert {row.group for row in standings(Course.objects.open(), today)} == set(Group) - {
        Group.CLOSED
    }
    assert Appointment.objects.on_day(today).exists()


def test_seed_promises_nobody_twice() -> None:
    seed(48, 1, WEDNESDAY)
    live = list(Appointment.objects.live().order_by("starts_at"))
    for column in ("practitioner_id", "room_id", "patient_id"):
        for earlier, later in pairwise(
            sorted(live, key=lambda row: (getattr(row, column), row.starts_at))
        ):
            same = getattr(earlier, column) == getattr(later, column)
            assert not (same and overlaps(earlier.slot, later.slot))
    local = [(timezone.localtime(row.starts_at), timezone.localtime(row.ends_at)) for row in live]
    assert min(start.time() for start, _ in local).isoformat() >= "09:00:00"
    assert max(end.time() for _, end in local).isoformat() <= "16:30:00"


def test_seed_measures_change_little_and_both_ways() -> None:
    seed(48, 1, WEDNESDAY)
    changes = []
    for course in Course.objects.all():
        taken = Measure.objects.filter(visit__course=course, kind="thigh_left")
        values = [row.value for row in taken.order_by("visit__held_on")]
        changes += [
            measures.change("thigh_left", values[0], value, same_observer=True)
            for value in values[1:]
        ]
    beyond = [change.difference for change in changes if not change.is_noise]
    assert len(beyond) < len(changes) / 3
    assert min(beyond) < 0 < max(beyond)


def test_seed_photographs_carry_no_metadata(private_photos: Path) -> None:
    made = seed(SMALL, 1, WEDNESDAY)
    files = [path for path in private_photos.rglob("*") if path.is_file()]
    assert len(files) == made.photos * 3 == Photo.objects.count() * 3
    opened = [photo_files.read(photo, size) for photo in Photo.objects.all() for size in Size]
    for content in opened:
        with Image.open(io.BytesIO(content)) as image:
            assert set(image.info) <= {
                "jfif",
                "jfif_version",
                "jfif_unit",
                "jfif_density",
                "progressive",
                "progression",
                "icc_profile",
                "dpi",
            }
            assert dict(image.getexif()) == {}
    views = Counter(Photo.objects.values_list("visit", flat=True))
    assert set(views.values()) == {len(STANDARD_VIEWS)}


def test_seed_the_drawn_bruise_is_a_recorded_bruise() -> None:
    seed(48, 1, WEDNESDAY)
    with Path("desk/demo/photos/body1-back_relaxed-3.jpg").open("rb") as file:
        drawn = prepare(file, isolated=False).master
    (photo,) = [
        photo
        for photo in Photo.objects.filter(view=View.BACK_RELAXED)
        if photo_files.read(photo, Size.FULL) == drawn
    ]
    found = photo.visit.reactions.get()
    assert (photo.visit.number, found.kind, found.grade) == (5, "bruise", 1)


def test_seed_largest_clinic_fits_into_the_hours() -> None:
    assert seed(MOST, 3, WEDNESDAY).patients == MOST


def test_cast_repeats_those_who_go_on() -> None:
    assert cast(24) == list(STORY[:24])
    assert cast(60) == [*STORY, *MORE, *MORE[:2]]


def test_check_projections_a_course_that_differs_is_named() -> None:
    seed(SMALL, 1, WEDNESDAY)
    course = Course.objects.exclude(due_by=None).first()
    assert course is not None
    Course.objects.filter(pk=course.pk).update(due_by=date(2030, 1, 1))
    with pytest.raises(
        CommandError, match=f"^{course.patient_code} course {course.pk}: stored .*2030"
    ):
        call_command("check_projections")


def test_seed_demo_outside_demo_is_refused(settings: Any) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="DEMO=true DEBUG=true"):
        call_command("seed_demo")
    assert Patient.objects.count() == 0


def test_seed_demo_says_what_it_made(settings: Any) -> None:
    settings.DEMO = True
    said = io.StringIO()
    call_command("seed_demo", "--patients", "2", stdout=said)
    call_command("seed_demo", stdout=said)
    first, second = said.getvalue().splitlines()
    assert first == (
        "Made the demo clinic: 2 patients, 0 courses, 0 visits, 0 appointments, 0 photographs."
    )
    assert second.startswith("Patients are here already, so nothing was written: 2 patients")


def test_demo_on_a_taken_port_is_refused_before_anything_is_written(settings: Any) -> None:
    settings.DEMO = True
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(
            CommandError, match=f"^Cannot listen on {address}, address already in use: "
        ):
            call_command("demo", address)
    assert Patient.objects.count() == 0


@pytest.mark.parametrize("address", ["", "8000", "127.0.0.1:", "127.0.0.1:web", "127.0.0.1:99999"])
def test_demo_address_without_host_or_port_is_refused(address: str) -> None:
    with pytest.raises(CommandError, match="is no address"):
        check_is_free(address)
