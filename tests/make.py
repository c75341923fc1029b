"""Plain builders: each makes the rows that a test needs, with believable values.

History is written as rows, because actions refuse to record the past; what happens in a test
goes through actions.
"""

from __future__ import annotations

import importlib
import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Model
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
from treatments import photo_files
from treatments.actions import close_visit, open_course, project_due, start_formulary_draft
from treatments.actions.courses import Elsewhere
from treatments.findings import Checks, Drawn, Findings, Treated
from treatments.findings import Technique as HowInjected
from treatments.imaging import prepare
from treatments.models import (
    Agent,
    AreaOpinion,
    AreaScore,
    Course,
    CourseArea,
    CourseMove,
    Formulary,
    GateOverride,
    Ingredient,
    Lot,
    Measure,
    MissingItem,
    PatientOpinion,
    Photo,
    PhotoExport,
    PhotoSetup,
    Product,
    ProductAgent,
    Protocol,
    ProtocolProduct,
    ProtocolVersion,
    Reaction,
    Visit,
    VisitAnswer,
    VisitArea,
    VisitProduct,
)
from treatments.models.course import CourseState
from treatments.models.photo import Size
from treatments.terms import (
    STANDARD_VIEWS,
    AgentCategory,
    AgentStatus,
    Confirmed,
    ExportKind,
    Licence,
    MeasureKind,
    MoveKind,
    OpinionMethod,
    ReactionKind,
    Technique,
    View,
    VisitKind,
)

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
        state=CourseState.ACTIVE,
    )
    for move in (MoveKind.OPENED, MoveKind.BEGUN):
        CourseMove.objects.create(
            course=made, kind=move, sessions=planned_sessions, on=made.opened_on, by=by
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


def legs(width: int = 60, height: int = 80, shade: int = 0, **save: Any) -> bytes:
    """Make a small photograph that shows something: two legs before a dark ground, brighter by
    `shade` of 255. Two of them are alike; a plain `jpeg` is like nothing."""
    picture = Image.new("L", (width, height), 30 + shade)
    for left in (0.18, 0.56):
        box = (int(left * width), height // 8, int((left + 0.26) * width), height)
        picture.paste(150 + shade, box)
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", **save)
    return out.getvalue()


def photo(of: Visit, view: View = View.BACK_RELAXED, content: bytes = b"", **details: Any) -> Photo:
    """Make one photograph of a visit, its three files included."""
    prepared = prepare(io.BytesIO(content or legs()), isolated=False)
    made = Photo(
        course=of.course,
        visit=of,
        view=view,
        width=prepared.width,
        height=prepared.height,
        media_type=prepared.master_type,
        sha256=prepared.sha256,
        **{"added_by": of.practitioner, **asdict(prepared.look), **details},
    )
    contents = {Size.FULL: prepared.master, Size.VIEW: prepared.large, Size.THUMB: prepared.small}
    with files.following_rows():
        photo_files.keep(made, contents)
    return made


def setup(name: str = "Room 2, side lamp", **details: Any) -> PhotoSetup:
    """Make one version of a photo setup."""
    defaults: dict[str, Any] = {
        "room": "Room 2",
        "camera": "Tablet on the tripod",
        "focal_mm": 50,
        "distance_cm": 180,
        "height_cm": 75,
        "light": "Side lamp at knee level, room dark",
        "background": "Matt blue",
    }
    if "made_by" not in details:
        defaults["made_by"] = user(Role.MEDICAL_LEAD, name="Dr Okafor")
    return PhotoSetup.objects.create(name=name, **{**defaults, **details})


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
    lot: Lot
    protocol: ProtocolVersion
    setup: PhotoSetup


def record(of: Patient | None = None, *, by: User | None = None) -> Record:
    """Make a full record: a baseline three weeks ago, two sessions since, one struck out."""
    today = timezone.localdate()
    by = by or practitioner()
    if not SafetyListVersion.objects.exists():
        lead = user(Role.MEDICAL_LEAD, name="Dr Okafor")
        safety_list(by=lead)
        start_safety_draft(by=lead)
        formulary(by=lead)
        start_formulary_draft(by=lead)
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
        held.note = f"{CANARY} note"
        held.save()
    of_product = product(f"{CANARY} product {next(number)}")
    given = lot(of_product, f"{CANARY} lot")
    for held in (first, last):
        drawn(held, given, "8.4")
    run = protocol(f"{CANARY} protocol {next(number)}", products={of_product: "8.4"}, by=by)
    protocol(of=run.protocol, approved=False, by=by)
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
        lot=given,
        protocol=run,
        setup=setup(f"{CANARY} setup {next(number)}", made_by=by),
    )


def exported(of: Record) -> PhotoExport:
    """Make the row of a pair that left for a purpose that was withdrawn since; once for a record."""
    before = PhotoExport.objects.filter(first=of.before).first()
    return before or PhotoExport.objects.create(
        first=of.before,
        second=of.after,
        kind=ExportKind.PRINT,
        purpose=Purpose.REVIEW,
        whereto=f"{CANARY} whereto",
        verdict="with_caveats",
        caveats=[f"{CANARY} caveat"],
        made_by=of.course.practitioner,
    )


def body(answer: Any) -> bytes:
    """Read an answer of the test client to its end; a file that it streams is closed by that."""
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)


# Signed visits -----------------------------------------------------------------------------------


def hung(on: Visit) -> dict[str, Model]:
    """Hang one row of everything on a visit, beside the areas it has; return them by name."""
    by, drawn = on.practitioner, lot(name="L2409")
    opinion = PatientOpinion.objects.create(
        visit=on, method=OpinionMethod.MIRROR, satisfaction=6, asked_by=by
    )
    return {
        "area": VisitArea.objects.create(
            visit=on, area=Area.ABDOMEN, point_count=12, points=[[0.25, 0.5], [0.3, 0.55]]
        ),
        "product": VisitProduct.objects.create(
            visit=on,
            product=drawn.product,
            lot=drawn,
            drawn_ml=Decimal("8.4"),
            wasted_ml=Decimal("0.4"),
            confirmed="scan",
            confirmed_at=timezone.now(),
        ),
        "answer": VisitAnswer.objects.create(visit=on, item="pregnancy", answer=Answer.NO),
        "missing": MissingItem.objects.create(visit=on, tick="photos", reason="Tablet was empty."),
        "override": GateOverride.objects.create(
            visit=on, gate="reaction:open", reason="Faded.", by=by
        ),
        "measure": Measure.objects.create(
            visit=on, kind="waist", value=Decimal("71.5"), readings=["71.4", "71.6"]
        ),
        "reaction": Reaction.objects.create(
            visit=on,
            kind=ReactionKind.BRUISE,
            grade=2,
            area=Area.ABDOMEN,
            began_at=timezone.now(),
            size_mm=12,
            description="Blue.",
            action="Cooled.",
            related="probable",
        ),
        "score": AreaScore.objects.create(visit=on, area=Area.ABDOMEN, css_a=2, gais=1),
        "opinion": opinion,
        "area opinion": AreaOpinion.objects.create(opinion=opinion, area=Area.ABDOMEN, gais=1),
        "photo": photo(on),
    }


def sign(of: Visit) -> Visit:
    """Sign a visit as its practitioner."""
    return close_visit(visit=of, by=of.practitioner, meaning="I performed this session")


# Formulary, products, lots, protocols -------------------------------------------------------------

PLAIN_AGENT: dict[str, Any] = {
    "category": AgentCategory.CIRCULATION,
    "strength": Decimal(20),
    "ceiling_ml": Decimal(5),
    "interval_days": 7,
    "licence": Licence.OFF_LABEL,
    "status": AgentStatus.ACTIVE,
}


def agent(code: str = "pentoxifylline", **details: Any) -> dict[str, Any]:
    """Describe one agent for `formulary`; `allergens` are the groups of its ingredients."""
    name = code.replace("-", " ").capitalize()
    return {**PLAIN_AGENT, "code": code, "name": name, "substance": code, **details}


def formulary(*agents: Mapping[str, Any], by: User | None = None) -> Formulary:
    """Approve the next version of the formulary, of exactly these agents (one by default)."""
    by = by or user(Role.MEDICAL_LEAD, name="Dr Okafor")
    newest = Formulary.objects.order_by("-number").first()
    made = Formulary.objects.create(number=newest.number + 1 if newest else 1, drafted_by=by)
    for details in agents or (agent(),):
        columns = dict(details)
        allergens = columns.pop("allergens", ())
        row = Agent.objects.create(formulary=made, **columns)
        Ingredient.objects.bulk_create(
            Ingredient(agent=row, name=str(allergen), allergen=allergen) for allergen in allergens
        )
    made.approved_by, made.approved_at = by, timezone.now()
    made.what_changed, made.digest = "What we use here.", made.fingerprint()
    made.save()
    return made


def product(
    name: str = "", shares: Mapping[str, str] | None = None, *, is_diluent: bool = False
) -> Product:
    """Make a product of these shares of agents; of pentoxifylline alone by default."""
    made = Product.objects.create(
        name=name or f"Product {next(number)}",
        maker="Halden",
        is_diluent=is_diluent,
        added_by=user(Role.MEDICAL_LEAD, name="Dr Okafor"),
    )
    if not is_diluent:
        wanted = {"pentoxifylline": "1"} if shares is None else shares
        ProductAgent.objects.bulk_create(
            ProductAgent(product=made, agent_code=code, share=Decimal(share))
            for code, share in wanted.items()
        )
    return made


def lot(of: Product | None = None, name: str = "", **details: Any) -> Lot:
    """Make a lot of 200 ml that came four weeks ago and keeps for another half year."""
    today = timezone.localdate()
    defaults: dict[str, Any] = {
        "expires_on": today + timedelta(180),
        "received_on": today - timedelta(28),
        "volume_ml": Decimal(200),
        "added_by": practitioner(),
    }
    if details.get("recalled_at"):
        defaults |= {"recalled_by": practitioner(), "recall_reason": "Seal defect."}
    return Lot.objects.create(
        product=of or product(), number=name or f"L{2000 + next(number)}", **{**defaults, **details}
    )


def drawn(
    of: Visit, from_lot: Lot, ml: str = "8.0", wasted: str = "0", **details: Any
) -> VisitProduct:
    """Make one product of a session, drawn from this lot and confirmed by a tap."""
    defaults = {"confirmed": Confirmed.TAP, "confirmed_at": timezone.now()}
    return VisitProduct.objects.create(
        visit=of,
        product=from_lot.product,
        lot=from_lot,
        drawn_ml=Decimal(ml),
        wasted_ml=Decimal(wasted),
        **{**defaults, **details},
    )


def protocol(
    name: str = "",
    *,
    products: Mapping[Product, str] | None = None,
    by: User | None = None,
    approved: bool = True,
    of: Protocol | None = None,
    **details: Any,
) -> ProtocolVersion:
    """Make the next version of a protocol, approved unless told otherwise."""
    by = by or user(Role.MEDICAL_LEAD, name="Dr Okafor")
    of = of or Protocol.objects.create(name=name or f"Protocol {next(number)}")
    defaults: dict[str, Any] = {
        "review_after": [5, 10],
        "areas": [str(area) for area in (*BUTTOCKS, *THIGHS)],
        "views": [str(view) for view in STANDARD_VIEWS],
        "aftercare": "Keep the area clean and dry until tomorrow.",
        "red_flags": "Fever or spreading redness.",
    }
    made = ProtocolVersion.objects.create(
        protocol=of, number=of.versions.count() + 1, drafted_by=by, **{**defaults, **details}
    )
    ProtocolProduct.objects.bulk_create(
        ProtocolProduct(protocol=made, product=row, ml=Decimal(ml))
        for row, ml in (products or {}).items()
    )
    if approved:
        made.approved_by, made.approved_at = by, timezone.now()
        made.what_changed, made.digest = "How we run it.", made.fingerprint()
        made.save()
    return made


# Reviews ------------------------------------------------------------------------------------------

SEEN = {
    "visible_lying": False,
    "visible_standing": True,
    "visible_contracted": True,
    "raised_or_nodules": False,
    "css_a": 2,
    "css_b": 1,
    "css_c": 2,
    "css_d": 0,
    "cr_pcss": 3,
}


def review(
    of: Course, *, kind: VisitKind = VisitKind.REVIEW, on: date | None = None, **details: Any
) -> Visit:
    """Make a review that was held and waits for its opinion and its scores."""
    return visit(of, kind=kind, on=on, **details)


def opinion(
    of: Visit,
    *,
    pr_pcss: int | None = 3,
    gais: int | None = 0,
    satisfaction: int | None = 5,
    method: OpinionMethod = OpinionMethod.MIRROR,
) -> PatientOpinion:
    """Make the patient's opinion of a visit, the same of every area."""
    made = PatientOpinion.objects.create(
        visit=of, method=method, satisfaction=satisfaction, asked_by=of.practitioner
    )
    is_baseline = of.kind == VisitKind.BASELINE
    AreaOpinion.objects.bulk_create(
        AreaOpinion(opinion=made, area=area, pr_pcss=pr_pcss, gais=None if is_baseline else gais)
        for area in of.course.areas
    )
    return made


def scores(of: Visit, **changed: Any) -> list[AreaScore]:
    """Make the clinician's scores of a visit, the same of every area: CSS 7, CR-PCSS 3."""
    return AreaScore.objects.bulk_create(
        AreaScore(visit=of, area=area, **SEEN | changed) for area in of.course.areas
    )


def graded(of: Visit, *, own: dict[str, Any] | None = None, **changed: Any) -> Visit:
    """Make the patient's opinion and the clinician's scores of a visit."""
    opinion(of, **own or {})
    scores(of, **changed)
    return of


# Course life ---------------------------------------------------------------------------------------


def transferred(
    of: Patient | None = None,
    *,
    sessions: int = 4,
    until: date | None = None,
    by: User | None = None,
    **details: Any,
) -> Course:
    """Open a course that began elsewhere: `sessions` held, the last a week ago by default."""
    by = by or practitioner()
    source = accepted(of, by=by)
    until = until or timezone.localdate() - timedelta(7)
    return open_course(
        screening=source,
        areas=list(BUTTOCKS),
        practitioner=by,
        by=by,
        earlier=Elsewhere(sessions, until - timedelta(7 * sessions), until, "Hill Street"),
        **{"planned_sessions": 12, "interval_days": 7, **details},
    )


def rhythm(**details: Any) -> ProtocolVersion:
    """Make an approved version of a protocol of its own."""
    by = user(Role.MEDICAL_LEAD, name="Dr Okafor")
    name = details.pop("name", f"Thigh weekly {next(number)}")
    defaults: dict[str, Any] = {
        "number": 1,
        "drafted_by": by,
        "approved_at": timezone.now(),
        "approved_by": by,
        "what_changed": "First version.",
        "digest": "0" * 64,
        "review_after": [5, 10],
        "aftercare": "Keep it dry for a day.\nNo sauna for three days.",
        "red_flags": "fever\na lump that grows",
    }
    kept, _made = Protocol.objects.get_or_create(name=name)
    return ProtocolVersion.objects.create(protocol=kept, **{**defaults, **details})


def floors(intervals: Mapping[str, int], *, by: User | None = None) -> Formulary:
    """Approve the next formulary with these agents, each with the days that it asks for."""
    agents = (agent(code, interval_days=days) for code, days in intervals.items())
    return formulary(*agents, by=by)


def gave(of: Course, intervals: Mapping[str, int]) -> Visit:
    """Let the last session of a course have given agents that ask for so many days each."""
    last = of.visits.treatments().last()
    assert last is not None
    floors(intervals, by=of.opened_by)
    mix = Product.objects.create(name=f"Mix {next(number)}", added_by=of.opened_by)
    for code in intervals:
        mix.agents.create(agent_code=code, share=Decimal("0.5"))
    VisitProduct.objects.create(visit=last, product=mix, drawn_ml=Decimal(4))
    project_due(of)
    return last


# Sessions on the form -----------------------------------------------------------------------------


def shelf_of_one() -> Lot:
    """Return the one lot to draw from, with its formulary approved; make both where there is none.

    A millilitre of it holds 20 mg of pentoxifylline, of which 5 ml may be given in a session.
    """
    if not Formulary.objects.approved().exists():
        formulary()
    return Lot.objects.order_by("pk").first() or lot(name="L2409")


def ready_session(of: Course, **changed: Any) -> dict[str, Any]:
    """Return what a browser posts for a session of today that may be signed as it stands.

    Two areas of 20 points of 0.1 ml, 4 ml drawn from a confirmed lot, everything asked. A consent,
    a formulary and a lot are made where the course has none yet. None leaves a field out.
    """
    if not ConsentRecord.objects.filter(patient=of.patient_id).exists():
        signed(of.patient)
    source, areas = shelf_of_one(), of.areas[:2]
    data = {
        "held_on": timezone.localdate().isoformat(),
        "nothing_changed": "True",
        "skin_clear": "True",
        "photos_before": "True",
        "areas": [area.value for area in areas],
        **{f"points_{area}": "20" for area in areas},
        "technique": Technique.POINT_BY_POINT.value,
        "ml_per_point": "0.1",
        "given-0-product": str(source.product_id),
        "given-0-lot": str(source.pk),
        "given-0-drawn_ml": "4.0",
        "given-0-confirmed": Confirmed.TAP.value,
        "measure_weight": "61.5",
        "pain": "2",
        "reactions": ["none"],
        "note": "Slept well.",
    }
    return {name: value for name, value in {**data, **changed}.items() if value is not None}


def found(of: Course, **changed: Any) -> Findings:
    """Return the same session as the actions take it."""
    if not ConsentRecord.objects.filter(patient=of.patient_id).exists():
        signed(of.patient)
    source = shelf_of_one()
    plain = Findings(
        checks=Checks(nothing_changed=True, skin_clear=True, photos_before=True),
        areas={area: Treated(20) for area in of.areas[:2]},
        technique=HowInjected(ml_per_point=Decimal("0.1")),
        products=[
            Drawn(product=source.product, lot=source, drawn_ml=Decimal(4), confirmed=Confirmed.TAP)
        ],
        measures={MeasureKind.WEIGHT: [Decimal("61.5")]},
        pain=2,
        is_without_reaction=True,
        note="Slept well.",
    )
    return replace(plain, **changed)


@contextmanager
def undone() -> Iterator[None]:
    """Take everything back that was written inside, as between the examples of one property."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
