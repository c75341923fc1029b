"""Signing a session: who signs, which gates are passed by whom, and what must not be missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from clinic.models import AuditEvent, SignedNote
from clinic.refusal import Refused
from clinic.roles import Role
from patients.consents import treatment_consent
from patients.models import Patient
from patients.terms import Area, ConsentKind
from tests import make
from treatments.actions import note_missed, pass_gate, record_visit, sign_visit, void_visit
from treatments.findings import Checks, Seen, Technique, Treated
from treatments.models import Course, GateOverride, Lot, Visit
from treatments.terms import (
    MeasureKind,
    Noticed,
    ReactionKind,
    Tick,
    VisitKind,
)

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
DAY = timedelta(1)
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def course() -> Course:
    return make.course(visits=1, last_on=TODAY - 7 * DAY)


def led() -> Course:
    """Return a course that the medical lead holds herself."""
    lead = make.user(Role.MEDICAL_LEAD, name="Dr Okafor")
    return make.course(visits=1, last_on=TODAY - 7 * DAY, by=lead)


def saved(course: Course, **changed: Any) -> Visit:
    """Return a session of today that nobody has signed."""
    return record_visit(
        course=course,
        kind=VisitKind.TREATMENT,
        held_on=TODAY,
        findings=make.found(course, **changed),
        by=course.practitioner,
    )


def signed(visit: Visit, **details: Any) -> Visit:
    return sign_visit(visit=visit, **{"by": visit.practitioner, **details})


def refusal(visit: Visit, **details: Any) -> tuple[str, str | None]:
    """Return why it cannot be signed; nothing may have been written."""

    def state() -> tuple[int, ...]:
        tables = (AuditEvent, SignedNote, GateOverride)
        return (*(table.objects.count() for table in tables), Visit.objects.unsigned().count())

    before = state()
    with pytest.raises(Refused) as refused:
        signed(visit, **details)
    assert state() == before
    return refused.value.message, refused.value.field


def lot(**details: Any) -> Lot:
    """Make the one lot that sessions draw from."""
    return make.lot(name="L2409", **details)


# Who signs ---------------------------------------------------------------------------------------


def test_complete_session_is_signed_by_who_held_it(course: Course) -> None:
    visit = signed(saved(course))
    assert (visit.signed_at, visit.signed_by) == (timezone.now(), course.practitioner)
    note = SignedNote.objects.get()
    assert note.meaning == "I performed this session and this is my record of it"
    assert GateOverride.objects.count() == 0


def test_nobody_else_signs_a_session(course: Course) -> None:
    visit = saved(course)
    sentence = "Only Dr Lin, who held this visit, can sign it."
    for role in (Role.PRACTITIONER, Role.MEDICAL_LEAD):
        assert refusal(visit, by=make.user(role, name="Dr Novak")) == (sentence, None)


def test_session_is_signed_once(course: Course) -> None:
    visit = signed(saved(course))
    assert refusal(visit) == ("This visit is signed already.", None)


def test_struck_out_session_is_not_signed(course: Course) -> None:
    visit = saved(course)
    void_visit(visit=visit, reason="Wrong day.", by=visit.practitioner)
    assert refusal(visit) == ("This visit is struck out, so it cannot be signed.", None)


@pytest.mark.parametrize("kind", [VisitKind.BASELINE, VisitKind.REVIEW, VisitKind.FOLLOW_UP])
def test_visit_without_injections_meets_no_gate(course: Course, kind: VisitKind) -> None:
    visit = signed(make.graded(make.visit(course, kind=kind, on=TODAY)))
    assert visit.signed_by == course.practitioner
    assert SignedNote.objects.get().meaning == "I held this visit and this is my record of it"


def test_review_is_signed_once_she_was_asked_and_it_is_scored(course: Course) -> None:
    visit = make.review(course, on=TODAY)
    opinion = "Ask for the patient’s opinion first, or write why it was not asked."
    assert refusal(visit) == (opinion, None)
    make.opinion(visit)
    scores = "Score the areas first. What is signed cannot be scored any more."
    assert refusal(visit) == (scores, None)
    make.scores(visit)
    assert signed(visit).signed_at


# Nobody passes -----------------------------------------------------------------------------------

LOTS: dict[str, tuple[dict[str, Any], str]] = {
    "expired": (
        {"expires_on": TODAY - DAY},
        "Lot L2409 cannot be used. Expired on 23 Nov 2026. Discard it. Choose another one.",
    ),
    "recalled": (
        {"recalled_at": datetime(2026, 11, 20, 9, tzinfo=UTC)},
        "Lot L2409 cannot be used. Recalled on 20 Nov 2026. Set it apart. Choose another one.",
    ),
    "came later": (
        {"received_on": TODAY + DAY},
        "Lot L2409 cannot be used. Came on 25 Nov 2026, after the session. Choose another one.",
    ),
    "too small": (
        {"volume_ml": Decimal("3.0")},
        "4 ml are drawn from lot L2409, which holds 3 ml. Correct it, or add a second lot.",
    ),
}


@pytest.mark.parametrize("name", LOTS)
def test_lot_that_cannot_be_used_is_refused_and_nobody_passes_it(name: str) -> None:
    details, sentence = LOTS[name]
    lot(**details)
    visit = saved(led())
    passed = {f"lot_{rule}:{Lot.objects.get().pk}": "x" for rule in ("unusable", "emptied")}
    assert refusal(visit) == (sentence, None)
    assert refusal(visit, passed=passed) == (sentence, None)


def test_lot_may_expire_today(course: Course) -> None:
    lot(expires_on=TODAY)
    assert signed(saved(course)).signed_at


def test_lot_is_counted_without_what_this_session_drew(course: Course) -> None:
    lot(volume_ml=Decimal("4.0"))
    assert signed(saved(course)).signed_at


def test_product_without_a_lot_is_refused(course: Course) -> None:
    (drawn,) = make.found(course).products
    visit = saved(course, products=[replace(drawn, lot=None, confirmed=None)])
    assert refusal(visit) == (f"Choose the lot of {drawn.product.name}.", None)


def test_lot_that_was_not_held_against_the_vial_is_refused(course: Course) -> None:
    (drawn,) = make.found(course).products
    visit = saved(course, products=[replace(drawn, confirmed=None)])
    sentence = f"Confirm lot L2409 of {drawn.product.name} by a tap or a scan."
    assert refusal(visit) == (sentence, None)


def test_consent_that_was_withdrawn_before_is_refused_and_nobody_passes_it(course: Course) -> None:
    with time_machine.travel(NOON - timedelta(hours=1), tick=False):
        make.consent_event(course.patient, ConsentKind.WITHDRAWN)
    visit = saved(course)
    why = treatment_consent(course.patient).why_not
    assert "withdrawn" in why
    assert refusal(visit, passed={"consent": "She agreed on the telephone."}) == (why, None)


def test_session_that_was_recorded_under_a_consent_is_signed_after_its_withdrawal(
    course: Course,
) -> None:
    visit = saved(course)
    with time_machine.travel(NOON + timedelta(hours=2), tick=False):
        make.consent_event(course.patient, ConsentKind.WITHDRAWN)
        assert not treatment_consent(course.patient).may_begin
        assert signed(visit).signed_at


def test_lot_that_is_recalled_after_it_was_given_does_not_keep_the_session_unsigned(
    course: Course,
) -> None:
    lot()
    visit = saved(course)
    Lot.objects.update(
        recalled_at=NOON + timedelta(hours=2), recalled_by=visit.practitioner, recall_reason="Seal."
    )
    with time_machine.travel(NOON + timedelta(hours=3), tick=False):
        assert signed(visit).signed_at
        # What is held against the vial only now is refused.
        later = saved(make.course(visits=1, last_on=TODAY - 7 * DAY))
        assert refusal(later)[0].startswith("Lot L2409 cannot be used. Recalled on 24 Nov 2026.")


def test_nobody_under_18_is_signed_for() -> None:
    visit = saved(led())
    Patient.objects.update(birth_date=date(2008, 11, 25))
    sentence = "She is 17 years old. Nobody under 18 is treated."
    assert refusal(visit, passed={"age": "Her mother agreed."}) == (sentence, None)


def test_session_of_an_unsigned_note_is_judged_by_the_formulary_of_today(course: Course) -> None:
    visit = saved(course)
    make.formulary(
        make.agent(status="blocked", status_reason="Withdrawn by its maker."),
    )
    sentence = "Pentoxifylline is blocked: Withdrawn by its maker. Use a product without it."
    assert refusal(visit) == (sentence, None)


def test_skin_that_nobody_looked_at_is_refused(course: Course) -> None:
    visit = saved(course, checks=Checks(nothing_changed=True))
    sentence = "Look at the skin of each area, and say whether it is clear."
    assert refusal(visit) == (sentence, None)


# With a reason, or a tick ------------------------------------------------------------------------


def unclear(course: Course) -> Visit:
    return saved(course, checks=Checks(nothing_changed=True, skin_clear=False))


NOT_CLEAR = (
    "The skin is not clear. Let it heal first, or leave that area out. "
    "Correct it, or give the reason in writing."
)


@pytest.mark.parametrize("passed", [None, {}, {"skin_not_clear": "  "}, {"weight": "x"}], ids=str)
def test_doubt_needs_its_own_reason_in_writing(
    course: Course, passed: dict[str, str] | None
) -> None:
    assert refusal(unclear(course), passed=passed) == (NOT_CLEAR, None)


def test_reason_is_kept_with_who_gave_it_and_written_down(course: Course) -> None:
    visit = signed(unclear(course), passed={"skin_not_clear": " Old bruise only. "})
    override = GateOverride.objects.get()
    assert (override.visit, override.gate, override.reason) == (
        visit,
        "skin_not_clear",
        "Old bruise only.",
    )
    assert (override.by, override.at) == (course.practitioner, timezone.now())
    events = AuditEvent.objects.filter(action="gate passed").values_list("target", flat=True)
    assert list(events) == [f"visit {visit.pk} skin_not_clear"]
    assert '"skin_not_clear"' in SignedNote.objects.get().content


def test_every_gate_is_passed_by_itself(course: Course) -> None:
    visit = saved(
        course,
        checks=Checks(nothing_changed=True, skin_clear=False),
        measures={MeasureKind.WEIGHT: [Decimal("70.0")]},
    )
    sentence = (
        "70 kg, and 62 kg before. Check it, and ask why the weight changed. "
        "Correct it, or give the reason in writing."
    )
    assert refusal(visit, passed={"skin_not_clear": "Old."}) == (sentence, None)
    signed(visit, passed={"skin_not_clear": "Old.", "weight": "Weighed twice."})
    assert list(GateOverride.objects.values_list("gate", flat=True)) == ["skin_not_clear", "weight"]


def test_reason_for_what_does_not_stand_is_not_kept(course: Course) -> None:
    signed(saved(course), passed={"skin_not_clear": "Old.", "weight": "x", "nonsense": "x"})
    assert GateOverride.objects.count() == 0


def test_gate_that_was_passed_before_is_not_asked_again(course: Course) -> None:
    visit = unclear(course)
    GateOverride.objects.create(
        visit=visit, gate="skin_not_clear", reason="Old.", by=visit.practitioner
    )
    assert signed(visit).signed_at
    assert GateOverride.objects.count() == 1


def tiny(course: Course) -> Visit:
    """Return a session of 200 points of 0.01 ml: 2 ml, half of what was drawn lost."""
    (drawn,) = make.found(course).products
    return saved(
        course,
        technique=Technique(ml_per_point=Decimal("0.01")),
        areas={Area.BUTTOCK_LEFT: Treated(200)},
        products=[replace(drawn, wasted_ml=Decimal(2))],
    )


def test_unusual_number_needs_a_tick(course: Course) -> None:
    visit = tiny(course)
    sentence = (
        "0.01 ml for each point; usual are 0.02 to 0.5 ml. Correct it, or confirm that it is meant."
    )
    assert refusal(visit) == (sentence, None)
    assert signed(visit, passed={"point_volume": "Looked at again: it is meant."}).signed_at
    assert GateOverride.objects.get().gate == "point_volume"


def test_more_than_20_ml_need_a_tick(course: Course) -> None:
    make.formulary(make.agent(ceiling_ml=Decimal(60)))
    (drawn,) = make.found(course).products
    visit = saved(
        course,
        areas={area: Treated(70) for area in make.BUTTOCKS + make.THIGHS},
        technique=Technique(ml_per_point=Decimal("0.075")),
        products=[replace(drawn, drawn_ml=Decimal(21))],
    )
    sentence = (
        "21 ml are given; more than 20 ml in one session is unusual. "
        "Correct it, or confirm that it is meant."
    )
    assert refusal(visit) == (sentence, None)
    assert signed(visit, passed={"volume_high": "meant"}).signed_at


def test_more_than_10_ml_in_one_area_need_a_tick(course: Course) -> None:
    make.formulary(make.agent(ceiling_ml=Decimal(60)))
    (drawn,) = make.found(course).products
    visit = saved(
        course,
        areas={Area.BUTTOCK_LEFT: Treated(110)},
        products=[replace(drawn, drawn_ml=Decimal(11))],
    )
    sentence = (
        "Buttock, left: 11 ml; more than 10 ml in one area is unusual. "
        "Correct it, or confirm that it is meant."
    )
    assert refusal(visit) == (sentence, None)
    assert signed(visit, passed={"area_volume:buttock_left": "meant"}).signed_at


def test_volumes_that_do_not_add_up_need_a_reason(course: Course) -> None:
    visit = saved(course, areas={Area.BUTTOCK_LEFT: Treated(20)})
    sentence = (
        "20 points come to 2 ml, and 0 ml are wasted, but 4 ml were drawn. "
        "Correct the numbers, or say why. Correct it, or give the reason in writing."
    )
    assert refusal(visit) == (sentence, None)
    assert signed(visit, passed={"unaccounted": "A syringe fell down."}).signed_at


# The medical lead --------------------------------------------------------------------------------


def too_much(course: Course) -> Visit:
    """Return a session that gives 6 ml of an agent whose ceiling is 5 ml."""
    (drawn,) = make.found(course).products
    return saved(
        course,
        areas={area: Treated(30) for area in make.BUTTOCKS},
        products=[replace(drawn, drawn_ml=Decimal(6))],
    )


CEILING = {"ceiling:ml.pentoxifylline": "Agreed with the prescriber."}
OVER = (
    "pentoxifylline: 6 ml, and the ceiling is 5 ml. "
    "The medical lead may pass this with a written reason."
)


def test_practitioner_does_not_pass_a_ceiling_whatever_the_reason(course: Course) -> None:
    visit = too_much(course)
    assert refusal(visit) == (OVER, None)
    assert refusal(visit, passed=CEILING) == (OVER, None)


def test_medical_lead_passes_a_ceiling_with_a_reason() -> None:
    visit = too_much(led())
    assert refusal(visit) == (OVER, None)
    assert signed(visit, passed=CEILING).signed_at
    assert dict(GateOverride.objects.values_list("gate", "reason")) == CEILING


def not_passed(visit: Visit, **details: Any) -> tuple[str, str | None]:
    values = {"key": next(iter(CEILING)), "reason": "Agreed.", "by": visit.practitioner, **details}
    with pytest.raises(Refused) as refused:
        pass_gate(visit=visit, **values)
    return refused.value.message, refused.value.field


def test_medical_lead_passes_for_somebody_else_who_then_signs(course: Course) -> None:
    visit = too_much(course)
    lead = make.user(Role.MEDICAL_LEAD, name="Dr Okafor")
    assert not_passed(visit) == ("Only the medical lead may pass this.", None)
    assert not_passed(visit, by=lead, reason=" ") == ("Give the reason in writing.", "reason")
    gone = "This does not stand against signing any more. Look at the visit again."
    assert not_passed(visit, by=lead, key="ceiling:another") == (gone, None)
    (key,) = CEILING
    pass_gate(visit=visit, key=key, reason="Agreed with the prescriber.", by=lead)
    assert not_passed(visit, by=lead) == (gone, None)
    override = GateOverride.objects.get()
    assert (override.gate, override.reason, override.by) == (key, CEILING[key], lead)
    assert AuditEvent.objects.filter(action="gate passed", by=lead).count() == 1
    assert signed(visit).signed_by == course.practitioner
    closed = "There is nothing left to pass on this visit."
    assert not_passed(visit, by=lead) == (closed, None)


def test_medical_lead_passes_nothing_that_nobody_may() -> None:
    lot(expires_on=TODAY - DAY)
    visit = saved(make.course(visits=1, last_on=TODAY - 7 * DAY))
    lead = make.user(Role.MEDICAL_LEAD, name="Dr Okafor")
    key = f"lot_unusable:{Lot.objects.get().pk}"
    assert not_passed(visit, by=lead, key=key)[0].startswith("Lot L2409 cannot be used.")


def test_grave_reaction_since_the_last_session_is_the_leads() -> None:
    visit = saved(
        led(),
        is_without_reaction=True,
        reactions=[
            Seen(
                kind=ReactionKind.SWELLING,
                grade=3,
                area=Area.THIGH_POSTERIOR_LEFT,
                noticed=Noticed.SINCE_LAST,
            )
        ],
    )
    sentence = (
        "Swelling of grade 3 was noted on 24 Nov 2026. Such a reaction stops the course. "
        "The medical lead may pass this with a written reason."
    )
    assert refusal(visit) == (sentence, None)
    key = "severe:swelling.thigh_posterior_left"
    assert signed(visit, passed={key: "It was a sprain."}).signed_at


# What is missing ---------------------------------------------------------------------------------

LEFT_OUT: dict[Tick, dict[str, Any]] = {
    Tick.AREAS: {"areas": {Area.BUTTOCK_LEFT: Treated()}},
    Tick.MEASURES: {"measures": {}},
    Tick.NOTE: {"note": " ", "is_without_reaction": None},
    Tick.LOTS: {"products": []},
}


@pytest.mark.parametrize("tick", LEFT_OUT)
def test_what_is_missing_needs_a_reason_beside_it(course: Course, tick: Tick) -> None:
    visit = saved(course, **LEFT_OUT[tick])
    sentence = f"{tick.label}: complete this, or say why it is missing."
    assert refusal(visit) == (sentence, f"missing_{tick}")


@pytest.mark.parametrize("tick", LEFT_OUT)
def test_what_is_missing_is_signed_with_its_reason(course: Course, tick: Tick) -> None:
    visit = signed(saved(course, **LEFT_OUT[tick], missing={tick: "The scale is broken."}))
    assert visit.signed_at
    assert dict(visit.missing.values_list("tick", "reason")) == {tick: "The scale is broken."}


def test_reason_for_one_gap_does_not_cover_another(course: Course) -> None:
    gaps = LEFT_OUT[Tick.MEASURES] | LEFT_OUT[Tick.NOTE]
    visit = saved(course, **gaps, missing={Tick.MEASURES: "The scale is broken."})
    assert refusal(visit) == ("Note: complete this, or say why it is missing.", "missing_note")


def test_photographs_and_girths_are_due_at_session_5() -> None:
    course = make.course(visits=4, last_on=TODAY - 7 * DAY)
    visit = saved(course)
    sentence = "Measures: complete this, or say why it is missing."
    assert refusal(visit) == (sentence, "missing_measures")
    girths = (MeasureKind.THIGH_LEFT, MeasureKind.THIGH_RIGHT, MeasureKind.HIP)
    for kind in girths:
        visit.measures.create(kind=kind, value=Decimal("58.0"), readings=["58.0"])
    sentence = "Photographs: complete this, or say why it is missing."
    assert refusal(visit) == (sentence, "missing_photos")
    for view in make.STANDARD_VIEWS:
        make.photo(visit, view)
    assert signed(visit).signed_at


def test_girths_are_due_at_the_reviews_of_the_protocol_and_not_at_5() -> None:
    course = make.course(visits=3, last_on=TODAY - 7 * DAY)
    Course.objects.update(protocol=make.protocol(review_after=[4]))
    course.refresh_from_db()
    visit = saved(course)
    sentence = "Measures: complete this, or say why it is missing."
    assert refusal(visit) == (sentence, "missing_measures")
    Course.objects.update(protocol=make.protocol(review_after=[10]))
    assert signed(visit).signed_at


def test_girths_are_due_at_the_last_session_though_a_missed_one_counts() -> None:
    course = make.course(visits=8, last_on=TODAY - 7 * DAY, planned_sessions=10)
    Course.objects.update(missed_counts=True)
    note_missed(course=course, promise=1, on=TODAY - 3 * DAY, by=course.practitioner)
    course.refresh_from_db()
    sentence = "Measures: complete this, or say why it is missing."
    assert refusal(saved(course)) == (sentence, "missing_measures")


def test_checks_that_were_not_asked_stop_before_any_reason_helps(course: Course) -> None:
    visit = saved(
        course, checks=Checks(skin_clear=True), missing={Tick.CHECKS: "She was in a hurry."}
    )
    sentence, field = refusal(visit)
    assert (sentence.startswith("Ask today: "), field) == (True, None)
