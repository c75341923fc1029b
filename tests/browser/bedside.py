"""A clinic at ten past ten: stock, a protocol, and a patient in the room for her next session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from appointments.models import Room
from appointments.terms import Status
from clinic.models import User
from clinic.roles import Role
from tests import make
from treatments.models import Course, Lot, Product, Visit
from treatments.terms import MeasureKind

PASSWORD = "a long enough sentence"
GIRTHS = {
    MeasureKind.WEIGHT: "62.0",
    MeasureKind.THIGH_LEFT: "58.5",
    MeasureKind.THIGH_RIGHT: "58.9",
    MeasureKind.HIP: "102.3",
}
POINTS = [[0.30, 0.30], [0.36, 0.30], [0.30, 0.36], [0.36, 0.36]]


@dataclass(frozen=True, slots=True)
class Bedside:
    """Who treats, whom, and with what. The course holds `sessions`, the last one a week ago."""

    clinician: User
    course: Course
    formula: Product
    saline: Product
    lots: tuple[Lot, ...]
    sessions: int


def bedside(*, sessions: int = 3, products: int = 2) -> Bedside:
    """Make a course at `sessions` of 12 whose last session drew `products` (1 or 2)."""
    clinician = make.user(Role.PRACTITIONER, name="Dr Lin", password=PASSWORD)
    room = Room.objects.create(name="Room 1")
    make.formulary()
    formula = make.product("Formula B", {"pentoxifylline": "0.5"})
    saline = make.product("Saline", is_diluent=True)
    lots = (make.lot(formula, "L2409"), make.lot(saline, "L2391"))
    for name in ("L2501", "L2502"):
        make.lot(formula, name)
    make.lot(formula, "L1777", expires_on=timezone.localdate() - timedelta(days=3))
    course = _course(clinician, sessions, {formula: "8.0", saline: "2.0"})
    for visit in course.visits.filter(number__isnull=False):
        _treat(visit, lots[:products])
    make.appointment(
        timezone.now().replace(second=0, microsecond=0),
        course=course,
        status=Status.ARRIVED,
        room=room,
        practitioner=clinician,
        arrived_at=timezone.now(),
    )
    return Bedside(clinician, course, formula, saline, lots[:products], sessions)


def _course(clinician: User, sessions: int, drawn: dict[Product, str]) -> Course:
    today = timezone.localdate()
    course = make.course(
        visits=sessions, last_on=today - timedelta(days=7 if sessions else 0), by=clinician
    )
    course.protocol = make.protocol(
        "Cellulite, weekly", products=drawn, ml_per_point=Decimal("0.1"), technique="papule"
    )
    course.save(update_fields=["protocol"])
    make.signed(course.patient, by=clinician)
    make.visit(course, kind="baseline", on=course.opened_on, measures=GIRTHS)
    return course


def _treat(visit: Visit, lots: tuple[Lot, ...]) -> None:
    """Fill in what a session holds: 20 points of 0.1 ml in each of four areas, and the lots."""
    visit.technique, visit.depth_mm = "papule", Decimal("4.0")
    visit.ml_per_point = Decimal("0.1")
    visit.needle_gauge, visit.needle_length = "30", "4"
    visit.save()
    total = Decimal(8)
    each = 20
    for row in visit.visit_areas.all():
        row.point_count = each
        row.points = [
            [x + 0.03 * step, y] for x, y in POINTS for step in range(each // len(POINTS))
        ]
        row.save()
    share = total / len(lots)
    for lot in lots:
        make.drawn(visit, lot, str(share))
    visit.measures.create(kind=MeasureKind.WEIGHT, value=Decimal("62.0"))
