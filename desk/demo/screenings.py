"""Write the demo's screenings: complete answers, and the verdict of the real rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.utils import timezone

from clinic.models import User
from desk.demo.diary import moment
from desk.demo.exams import Exam
from patients.actions import decide_screening
from patients.evidence import LEG_SIGNS, facts_of
from patients.models import AreaExam, Patient, SafetyAnswer, Screening
from patients.models.safety import SafetyListVersion, current_list
from patients.models.screening import ALLERGIES_ASKED, Decision
from patients.rules import Verdict, assess
from patients.rules.decision import Override, override_needed
from patients.rules.safety_list import questions
from patients.terms import Allergen, Answer, Area, Expectations, Stemmer, Treatable
from patients.verdicts import kept, shown

DAYS_A_MONTH = 30.5
OFFERED = (Treatable.YES, Treatable.REDUCED)
ELEVEN = 11 * 4  # o'clock, in quarter hours


def write_screening(
    *,
    patient: Patient,
    exam: Exam,
    day: date,
    allergy: Allergen | None,
    by: User,
    rng: Random,
    earlier: Screening | None = None,
) -> Screening:
    """Write a screening with every question answered and every region examined on both sides."""
    height = Decimal(rng.randint(156, 177))
    if earlier and earlier.height_cm:
        height = earlier.height_cm
    weight = (Decimal(str(exam.bmi)) * height * height / 10000).quantize(Decimal("0.1"))
    screening = Screening.objects.create(
        patient=patient,
        started_on=day,
        started_by=by,
        supersedes=earlier,
        her_words=exam.her_words,
        expectations=Expectations.REALISTIC,
        height_cm=height,
        weight_kg=weight,
        fitzpatrick=exam.phototype,
        stemmer=Stemmer.NEGATIVE,
        **dict.fromkeys(LEG_SIGNS, False),
        **{"bdd_screen_positive": False, "major_weight_loss": False, **exam.details},
    )
    AreaExam.objects.bulk_create(
        AreaExam(screening=screening, area=area, **columns(exam.seen[area.base], day))
        for area in Area
        if area.base in exam.seen
    )
    SafetyAnswer.objects.bulk_create(
        SafetyAnswer(screening=screening, item=item, answer=answer, answered_on=day)
        for item, answer in answers(exam, patient, allergy).items()
    )
    return screening


def columns(seen: Mapping[str, Any], day: date) -> dict[str, Any]:
    """Return the columns of one exam; "so many months ago" becomes a date."""
    found = dict(seen)
    months = found.pop("lipo_months", None)
    if months is not None:
        found["lipo_on"] = (day - timedelta(months * DAYS_A_MONTH)).replace(day=1)
    return found


def answers(exam: Exam, patient: Patient, allergy: Allergen | None) -> dict[str, Answer]:
    """Answer every question of the form; a man is not asked about pregnancy."""
    asked = [row for _, rows in questions(current_list(), patient.sex_at_birth) for row in rows]
    said = {str(row.code): Answer.NO for row in asked}
    said |= {item.value: Answer.YES for item in exam.yes}
    said[ALLERGIES_ASKED] = Answer.YES if allergy else Answer.NO
    return said | ({allergy.value: Answer.YES} if allergy else {})


def decide(screening: Screening, exam: Exam, day: date, by: User) -> Screening:
    """Decide as the exam says: by the real action today, with the same columns in the past."""
    lists = current_list()
    facts = facts_of(screening, day, lists)
    verdict = assess(facts, lists)
    areas = {
        Decision.ACCEPTED: lambda: accepted(verdict),
        Decision.CHANGED: lambda: screening.areas,
    }.get(exam.decision, list)()
    until = day + timedelta(exam.wait_days) if exam.wait_days else None
    if day == timezone.localdate():
        return decide_screening(
            screening=screening,
            decision=exam.decision,
            reason=exam.reason,
            referred_to=exam.referred_to,
            deferred_until=until,
            areas=areas,
            by=by,
        )
    for row in screening.exams.all():
        row.is_accepted = row.area in areas
        row.save(update_fields=["is_accepted"])
    screening.decision, screening.decision_reason = exam.decision, exam.reason
    screening.referred_to, screening.deferred_until = exam.referred_to, until
    screening.against_stop = bool(areas) and override_needed(verdict, areas) == Override.LEAD
    screening.decided_at, screening.decided_by = moment(day, ELEVEN), by
    screening.outcome, screening.rule_set = verdict.outcome, verdict.rule_set
    screening.safety_list = SafetyListVersion.objects.get(number=lists.version)
    screening.verdict_shown, screening.facts_read = shown(verdict, facts), kept(facts)
    screening.save()
    return screening


def accepted(verdict: Verdict) -> list[Area]:
    """Return the areas that the rules offer; "accepted" means nothing against them."""
    areas = [found.area for found in verdict.areas if found.treatable in OFFERED]
    if override_needed(verdict, areas) != Override.NONE:
        raise ValueError(f"The demo accepts against the rules: {verdict.sub_outcome}.")
    return areas
