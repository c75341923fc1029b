"""Plain builders: each makes the rows that a test needs, with believable values.

History is written as rows, because actions refuse to record the past; what happens in a test
goes through actions.
"""

from __future__ import annotations

import importlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.apps import apps
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone
from PIL import Image

from appointments.models import Appointment, Room
from appointments.terms import LENGTHS, Kind, Status
from clinic import files
from clinic.models import User
from clinic.roles import Role
from desk.demo.exams import DENTS
from patients.actions import (
    add_safety_row,
    change_safety_row,
    decide_screening,
    record_findings,
    sign_safety_list,
    start_safety_draft,
    start_screening,
)
from patients.actions.consents import Answered, answers_of, keep_signed
from patients.evidence import LEG_SIGNS
from patients.models import (
    ConsentEvent,
    ConsentRecord,
    ConsentText,
    Patient,
    SafetyListVersion,
    Screening,
)
from patients.models.screening import ALLERGIES_ASKED, Decision
from patients.rules.facts import REQUIRED_ITEMS
from patients.terms import Allergen, Answer, Area, ConsentKind, Purpose
from treatments.actions import project_due
from treatments.imaging import prepare
from treatments.models import Course, CourseArea, Measure, Photo, Reaction, Visit, VisitArea
from treatments.models.photo import Size, photo_storage
from treatments.terms import MeasureKind, ReactionKind, View, VisitKind

number = count(1)
BUTTOCKS = (Area.BUTTOCK_LEFT, Area.BUTTOCK_RIGHT)
THIGHS = (Area.THIGH_POSTERIOR_LEFT, Area.THIGH_POSTERIOR_RIGHT)


def user(*roles: Role, name: str = "Dr Lin", password: str = "a long enough sentence") -> User:
    """Make a person with the given roles."""
    return User.objects.create_user(
        f"person{next(number)}@example.org", password, name=name, roles=roles
    )


def practitioner(name: str = "Dr Lin") -> User:
    return user(Role.PRACTITIONER, name=name)


def patient(**details: Any) -> Patient:
    """Make a patient; every one has a phone number of her own."""
    by = details.pop("by", None) or user(Role.FRONT_DESK, name="Jo")
    defaults: dict[str, Any] = {
        "given_name": "Maria",
        "family_name": "Sanchez",
        "birth_date": date(1988, 3, 14),
        "sex_at_birth": "F",
        "phone": f"+44207946{next(number):04d}",
        "registered_by": by,
    }
    made = Patient(**{**defaults, **details})
    made.search_key = made.key_for_search()
    made.save()
    return made


def safety_list(
    *,
    by: User | None = None,
    changed: Mapping[str, Mapping[str, Any]] | None = None,
    added: Iterable[Mapping[str, Any]] = (),
) -> SafetyListVersion:
    """Sign the next safety list, with items changed by code and items of the clinic's own."""
    by = by or user(Role.MEDICAL_LEAD, name="Dr Okafor")
    draft = start_safety_draft(by=by)
    for code, columns in (changed or {}).items():
        row = draft.rows.get(code=code)
        change_safety_row(row=row, version=row.version, by=by, **columns)
    for columns in added:
        add_safety_row(draft=draft, by=by, **columns)
    return sign_safety_list(
        draft=draft, fingerprint=draft.fingerprint(), what_changed="What we do here.", by=by
    )


def answers(**changed: str) -> dict[str, str]:
    """Answer every required safety question with no, but for what is changed."""
    return {item.value: "no" for item in REQUIRED_ITEMS} | {ALLERGIES_ASKED: "no"} | changed


def screening(
    of: Patient | None = None,
    *,
    areas: Iterable[Area] = (*BUTTOCKS, *THIGHS),
    by: User | None = None,
    complete: bool = True,
    said: dict[str, str] | None = None,
    seen: dict[str, Any] | None = None,
    her_words: str = "Before summer.",
    **details: Any,
) -> Screening:
    """Make a screening with a textbook finding in each area, not decided yet."""
    by = by or practitioner()
    started = start_screening(
        patient=of or patient(),
        areas=list(areas),
        her_words=her_words,
        deadline_on=None,
        by=by,
    )
    if not complete:
        return started
    known: dict[str, Any] = dict.fromkeys(LEG_SIGNS, False)
    known |= {
        "stemmer": "negative",
        "height_cm": Decimal("168.0"),
        "weight_kg": Decimal("62.0"),
        "fitzpatrick": 2,
        "expectations": "realistic",
        "bdd_screen_positive": False,
        "major_weight_loss": False,
    }
    return record_findings(
        screening=started,
        version=started.version,
        details=known | details,
        answers=answers() if said is None else said,
        exams={area: DENTS | (seen or {}) for area in areas},
        by=by,
    )


def accepted(of: Patient | None = None, **details: Any) -> Screening:
    """Make a screening that was accepted for all of its areas."""
    reason = details.pop("reason", "")
    return accept(screening(of, **details), reason=reason)


def accept(made: Screening, *, reason: str = "") -> Screening:
    """Accept a screening for all of its areas."""
    return decide_screening(
        screening=made,
        decision=Decision.ACCEPTED,
        reason=reason,
        areas=made.areas,
        by=made.started_by,
    )


def course(
    of: Patient | None = None,
    *,
    visits: int = 0,
    every: int = 7,
    last_on: date | None = None,
    planned_sessions: int = 12,
    by: User | None = None,
    areas: Iterable[Area] = (*BUTTOCKS, *THIGHS),
    source: Screening | None = None,
    **source_details: Any,
) -> Course:
    """Make a running course with `visits` sessions held, the last one on `last_on` (today)."""
    by = by or practitioner()
    last_on = last_on or timezone.localdate()
    source = source or accepted(of, by=by, areas=tuple(areas), **source_details)
    made = Course.objects.create(
        patient=source.patient,
        screening=source,
        practitioner=by,
        planned_sessions=planned_sessions,
        interval_days=7,
        interval_max_days=21,
        opened_on=last_on - timedelta(every * max(visits, 1)),
        opened_by=by,
    )
    CourseArea.objects.bulk_create(
        CourseArea(course=made, patient=made.patient, area=area) for area in areas
    )
    for index in range(visits):
        visit(made, number=index + 1, on=last_on - timedelta(every * (visits - 1 - index)))
    project_due(made)
    return made


def visit(
    of: Course,
    *,
    number: int | None = None,
    on: date | None = None,
    kind: VisitKind = VisitKind.TREATMENT,
    measures: dict[MeasureKind, str] | None = None,
    **details: Any,
) -> Visit:
    """Make one visit that was held."""
    if kind == VisitKind.TREATMENT:
        details = {
            "number": number,
            "product": "Formula B",
            "lot": "L2409",
            "volume_ml": Decimal("8.4"),
            "pain": 2,
            "is_without_reaction": True,
            **details,
        }
    made = Visit.objects.create(
        course=of,
        kind=kind,
        held_on=on or timezone.localdate(),
        practitioner=of.practitioner,
        recorded_by=of.practitioner,
        **details,
    )
    if kind == VisitKind.TREATMENT:
        VisitArea.objects.bulk_create(VisitArea(visit=made, area=area) for area in of.areas)
    Measure.objects.bulk_create(
        Measure(visit=made, kind=kind_, value=Decimal(value))
        for kind_, value in (measures or {}).items()
    )
    return made


def room(name: str = "") -> Room:
    return Room.objects.create(name=name or f"Room {next(number)}")


def at(day: date, clock: str) -> datetime:
    """Give the instant of a time such as "10:15" on the clinic's clock."""
    local = datetime.combine(day, time.fromisoformat(clock), tzinfo=timezone.get_default_timezone())
    return local.astimezone(UTC)


def appointment(
    starts_at: datetime,
    minutes: int | None = None,
    *,
    course: Course | None = None,
    kind: Kind | None = None,
    status: Status = Status.BOOKED,
    **details: Any,
) -> Appointment:
    """Make an appointment: a session of `course`, or else a screening, in nobody's way."""
    kind = kind or (Kind.SESSION if course else Kind.SCREENING)
    by = details.pop("booked_by", None) or user(Role.FRONT_DESK, name="Jo")
    defaults: dict[str, Any] = {"booked_by": by}
    if status == Status.ARRIVED:
        defaults["arrived_at"] = starts_at
    if status == Status.CANCELLED:
        defaults["cancelled_at"] = starts_at - timedelta(days=3)
        defaults |= {"cancelled_by": by, "cancel_reason": "She called."}
    makers: dict[str, Any] = {
        "patient": (lambda: course.patient) if course else patient,
        "practitioner": (lambda: course.practitioner) if course else practitioner,
        "room": room,
    }
    defaults |= {name: build() for name, build in makers.items() if name not in details}
    return Appointment.objects.create(
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=minutes or LENGTHS[kind]),
        course=course,
        kind=kind,
        status=status,
        **{**defaults, **details},
    )


def jpeg(width: int = 60, height: int = 80, colour: str = "#906a58", **save: Any) -> bytes:
    """Make a small photograph as a file's bytes."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "JPEG", **save)
    return out.getvalue()


def photo(of: Visit, view: View = View.BACK_RELAXED, content: bytes = b"") -> Photo:
    """Make one photograph of a visit, its three files included."""
    prepared = prepare(io.BytesIO(content or jpeg()))
    made = Photo(
        visit=of,
        view=view,
        width=prepared.width,
        height=prepared.height,
        media_type=prepared.master_type,
        sha256=prepared.sha256,
        added_by=of.practitioner,
    )
    files = {Size.FULL: prepared.master, Size.VIEW: prepared.large, Size.THUMB: prepared.small}
    for size, data in files.items():
        photo_storage().save(made.file_name(size), ContentFile(data))
    made.save(force_insert=True)
    return made


FOR_CARE = (Purpose.TREATMENT, Purpose.RECORD_PHOTOS)
STROKES = [[(0.1, 0.5), (0.4, 0.2), (0.7, 0.6)], [(0.3, 0.8), (0.6, 0.8)]]


def texts() -> dict[Purpose, ConsentText]:
    """Return the texts in force; a test with real transactions may have emptied the table."""
    if not ConsentText.objects.exists():
        migration = importlib.import_module("patients.migrations.0002_consents")
        with connection.schema_editor() as editor:
            migration.load_texts(apps, editor)
    return ConsentText.objects.in_force(timezone.localdate())


def text(purpose: Purpose = Purpose.TREATMENT, **details: Any) -> ConsentText:
    """Make the next version of a text."""
    newest = texts().get(purpose)
    defaults: dict[str, Any] = {
        "version": newest.version + 1 if newest else 1,
        "title": "Treatment by injections",
        "body": "What is done.\n\nYour choice.",
        "written_by": user(Role.MEDICAL_LEAD, name="Dr Okafor"),
    }
    return ConsentText.objects.create(purpose=purpose, **{**defaults, **details})


def signed(
    of: Patient,
    *,
    yes: Iterable[Purpose] = FOR_CARE,
    no: Iterable[Purpose] = (),
    at: datetime | None = None,
    until: date | None = None,
    by: User | None = None,
    **details: Any,
) -> ConsentRecord:
    """Make one signature of the past, three days ago by default, with a stand-in for its PDF."""
    made = ConsentRecord(
        patient=of,
        signed_at=at or timezone.now() - timedelta(3),
        asked_by=by or practitioner(),
        had_time_to_read=True,
        **{"strokes": STROKES, **details},
    )
    until = until or timezone.localdate() + timedelta(365)
    now = texts()
    answers = [
        *(Answered(now[purpose], True, until) for purpose in yes),
        *(Answered(now[purpose], False) for purpose in no),
    ]
    with files.following_rows():
        keep_signed(made, answers_of(made, answers), b"%PDF-1.7 stands in")
    return made


def consent_event(
    of: Patient, kind: ConsentKind, purpose: Purpose = Purpose.TREATMENT, **details: Any
) -> ConsentEvent:
    """Make one event that nobody signs: given to read, or withdrawn."""
    defaults: dict[str, Any] = {"text": texts()[purpose], "by": practitioner()}
    return ConsentEvent.objects.create(
        patient=of, purpose=purpose, kind=kind, **{**defaults, **details}
    )


# Stands in every clinical text of a full record, so that a page that leaks one is found.
CANARY = "canary7f"


@dataclass(frozen=True, slots=True)
class Record:
    """One patient with something in every table: two screenings, a course, visits, photographs."""

    patient: Patient
    decided: Screening
    open: Screening
    course: Course
    baseline: Visit
    first: Visit
    last: Visit
    struck_out: Visit
    before: Photo
    after: Photo
    appointment: Appointment
    consent: ConsentRecord


def record(of: Patient | None = None, *, by: User | None = None) -> Record:
    """Make a full record: a baseline three weeks ago, two sessions since, one struck out."""
    today = timezone.localdate()
    by = by or practitioner()
    if not SafetyListVersion.objects.exists():
        lead = user(Role.MEDICAL_LEAD, name="Dr Okafor")
        safety_list(by=lead)
        start_safety_draft(by=lead)
    made = course(
        of or patient(),
        visits=2,
        by=by,
        her_words=f"{CANARY} words",
        reason=f"{CANARY} reason",
    )
    baseline = visit(
        made,
        kind=VisitKind.BASELINE,
        on=today - timedelta(14),
        note=f"{CANARY} baseline note",
        measures={MeasureKind.THIGH_LEFT: "58.7", MeasureKind.WEIGHT: "63.4"},
    )
    first, last = made.visits.treatments()
    for held in (first, last):
        held.note, held.product, held.lot = f"{CANARY} note", f"{CANARY} product", f"{CANARY} lot"
        held.save()
    Measure.objects.create(visit=last, kind=MeasureKind.THIGH_LEFT, value=Decimal("57.3"))
    Visit.objects.filter(pk=last.pk).update(is_without_reaction=False)
    Reaction.objects.create(visit=last, kind=ReactionKind.BRUISE, grade=2)
    struck_out = visit(
        made,
        number=3,
        note=f"{CANARY} struck out note",
        voided_at=timezone.now(),
        voided_by=by,
        void_reason=f"{CANARY} void reason",
    )
    opened = screening(made.patient, by=by, areas=BUTTOCKS)
    Screening.objects.filter(pk=opened.pk).update(her_words=f"{CANARY} words")
    opened.answers.filter(item=ALLERGIES_ASKED).update(answer=Answer.YES)
    opened.answers.create(item=Allergen.EGG_LECITHIN, answer=Answer.YES)
    consent = signed(made.patient, yes=(*FOR_CARE, Purpose.REVIEW), by=by)
    withdrawn = f"{CANARY} reason of withdrawal"
    consent_event(made.patient, ConsentKind.WITHDRAWN, Purpose.REVIEW, reason=withdrawn, by=by)
    return Record(
        patient=made.patient,
        decided=Screening.objects.get(pk=made.screening_id),
        open=Screening.objects.get(pk=opened.pk),
        course=made,
        baseline=baseline,
        first=first,
        last=last,
        struck_out=struck_out,
        before=photo(first),
        after=photo(last),
        appointment=appointment(at(today, "10:00"), course=made),
        consent=consent,
    )


def body(answer: Any) -> bytes:
    """Read an answer of the test client to its end; a file that it streams is closed by that."""
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)
