"""From the rows of a screening to the facts that the rules read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from patients.models import AreaExam, History, Procedure, Screening
from patients.models.screening import ALLERGIES_ASKED
from patients.rules.facts import (
    AreaFacts,
    LegFacts,
    PatientFacts,
    ScreeningFacts,
    safety_facts,
)
from patients.rules.history import Told
from patients.rules.safety_list import FEMALE_ONLY, SafetyList, no_longer_holding
from patients.rules.stage import derive_stage
from patients.terms import (
    Answer,
    Area,
    ConditionKind,
    ConditionState,
    Crepe,
    Expectations,
    LiftTest,
    LipoOnset,
    LipoSign,
    ProcedureKind,
    Recoil,
    SafetyItem,
    Sex,
    Stemmer,
    SunSign,
)

LEG_SIGNS = [
    "symmetric_disproportion",
    "feet_spared",
    "cuff_sign",
    "easy_bruising",
    "pain_on_pressure",
    "diet_resistant",
    "hormonal_or_family_onset",
    "pitting_oedema",
    "foot_dorsum_swollen",
    "new_unilateral_swelling",
]
# Fields that mean the same in the row and in the facts.
SAME = [
    "visible_lying",
    "visible_standing",
    "visible_on_pinch",
    "raised_nodules",
    "css_number",
    "css_depth",
    "css_morphology",
    "css_laxity",
    "scalloped_folds",
    "localised_fat",
    "infection_or_inflammation",
    "sun_grade",
    "sun_border_at_clothing",
    "suspicious_lesion",
    "actinic_keratosis",
]
# Questions of the history that only women are asked.
FEMALE_HISTORY = ("births", "last_birth_on", "menopause", "last_period_on")


def aged_in(screening: Screening, today: date, lists: SafetyList) -> frozenset[str]:
    """Name the safety answers of a screening that are too old to hold."""
    answered_on = {row.item: row.answered_on for row in screening.answers.all()}
    return no_longer_holding(answered_on, lists, today)


def facts_of(
    screening: Screening,
    today: date,
    lists: SafetyList,
    *,
    said: Mapping[str, str] | None = None,
    exams: Sequence[AreaExam] | None = None,
) -> ScreeningFacts:
    """Collect what a screening knows; whatever was not asked is None.

    `said` and `exams` stand for the stored rows while they are being typed.
    """
    patient, history = screening.patient, history_of(screening)
    if said is None:
        said = {row.item: row.answer for row in screening.answers.all()}
        said |= dict.fromkeys(aged_in(screening, today, lists), Answer.UNKNOWN.value)
    if exams is None:
        exams = in_order(screening)
    if patient.sex_at_birth == Sex.MALE:
        said = {**said, **{item.value: Answer.NO.value for item in FEMALE_ONLY}}
    allergens = {row.code for row in lists.exclusions}
    allergies = frozenset(code for code in allergens if said.get(code) == Answer.YES)
    asked = said.get(ALLERGIES_ASKED) in (Answer.YES, Answer.NO)
    questions = {item: answer for item, answer in said.items() if lists.row(item)}
    procedures = list(screening.procedures.all())
    return ScreeningFacts(
        patient=PatientFacts(
            age=patient.age_on(today),
            sex=Sex(patient.sex_at_birth),
            height_cm=screening.height_cm,
            weight_kg=screening.weight_kg,
            fitzpatrick=screening.fitzpatrick,
            glogau=screening.glogau,
        ),
        legs=LegFacts(
            **{name: getattr(screening, name) for name in LEG_SIGNS},
            stemmer=Stemmer(screening.stemmer) if screening.stemmer else None,
        ),
        safety=safety_facts(questions, allergies if asked or allergies else None, lists),
        areas=tuple(area_facts(exam, today, procedures) for exam in exams),
        bdd_screen_positive=screening.bdd_screen_positive,
        expectations=Expectations(screening.expectations) if screening.expectations else None,
        major_weight_loss=major_weight_loss(screening, history),
        smoker=known(said.get(SafetyItem.SMOKER)),
        mother_or_sister_cellulite=inherited(history),
        pregnancies=history.births if history else None,
        weight_stable_3_months=known(history.weight_stable_3_months) if history else None,
    )


def history_of(screening: Screening) -> History | None:
    """Return the history that was taken at this screening, if it was."""
    return getattr(screening, "history", None)


def inherited(history: History | None) -> bool | None:
    """Say whether mother or sister has cellulite; one who is not known leaves it open."""
    if history is None:
        return None
    answers = [known(history.mother_cellulite), known(history.sister_cellulite)]
    if True in answers:
        return True
    return None if None in answers else False


def told_in(screening: Screening) -> Told:
    """Collect what the history says that a safety question also asks. One query."""
    history = history_of(screening)
    if history is None:
        return Told()
    ill = {(row.kind, row.state) for row in screening.conditions.all()}
    smokes = None if history.cigarettes_a_day is None else history.cigarettes_a_day > 0
    return Told(
        smokes=smokes,
        has_active_infection=(ConditionKind.INFECTION, ConditionState.ACTIVE) in ill,
        has_active_autoimmune_disease=(ConditionKind.AUTOIMMUNE, ConditionState.ACTIVE) in ill,
        has_quiet_autoimmune_disease=(ConditionKind.AUTOIMMUNE, ConditionState.QUIET) in ill,
        had_large_weight_loss=loss_in(history, screening.weight_kg),
    )


# Domain notes 2.1: large weight loss is 15 % of the body weight or more, or bariatric surgery.
LARGE_LOSS = Decimal("0.15")


def major_weight_loss(screening: Screening, history: History | None) -> bool | None:
    """Take the answer that was given, else what follows from the weights of the history."""
    if screening.major_weight_loss is not None or history is None:
        return screening.major_weight_loss
    return loss_in(history, screening.weight_kg)


def loss_in(history: History, now: Decimal | None) -> bool | None:
    """Say whether the history tells of a large weight loss, None where it cannot be told."""
    if history.bariatric_surgery == Answer.YES:
        return True
    highest = history.highest_weight_kg
    if not highest or now is None:  # nobody weighed 0 kg: a slip, and no answer
        return None
    if (highest - now) / highest >= LARGE_LOSS:
        return True
    return False if history.bariatric_surgery == Answer.NO else None


def in_order(screening: Screening) -> list[AreaExam]:
    """Return the exams in the order of the body map."""
    place = {area: position for position, area in enumerate(Area.values)}
    return sorted(screening.exams.all(), key=lambda exam: place[exam.area])


def known(answer: str | None) -> bool | None:
    return {Answer.YES.value: True, Answer.NO.value: False}.get(answer or "")


def area_facts(exam: AreaExam, today: date, procedures: Sequence[Procedure] = ()) -> AreaFacts:
    """Collect what is known of one area; the stage, item e of the CSS, is derived.

    Liposuction that the history tells of is not asked about again.
    """
    stage = derive_stage(
        exam.visible_lying, exam.visible_standing, exam.visible_on_pinch, exam.raised_nodules
    )
    return AreaFacts(
        area=Area(exam.area),
        **{name: getattr(exam, name) for name in SAME},
        css_nm=stage.stage,
        lift_test=LiftTest(exam.lift_test) if exam.lift_test else None,
        crepey=Crepe(exam.crepey) if exam.crepey else None,
        recoil=Recoil(exam.recoil) if exam.recoil else None,
        sun_signs=None if exam.sun_signs is None else frozenset(map(SunSign, exam.sun_signs)),
        **lipo_facts(exam, today, procedures),
        lipo_onset=LipoOnset(exam.lipo_onset) if exam.lipo_onset else None,
        lipo_signs=None if exam.lipo_signs is None else frozenset(map(LipoSign, exam.lipo_signs)),
    )


def lipo_facts(exam: AreaExam, today: date, procedures: Sequence[Procedure]) -> dict[str, Any]:
    """Say whether, when and how often this area had liposuction, by the exam or the history."""
    told = [
        row for row in procedures if row.kind == ProcedureKind.LIPOSUCTION and row.area == exam.area
    ]
    last = max((row.done_on for row in told if row.done_on), default=None)
    times = sum(row.times or 1 for row in told)
    is_told = bool(told) and exam.lipo_here is None
    return {
        "lipo_here": True if is_told else exam.lipo_here,
        "lipo_months_ago": months_since(exam.lipo_on or (last if is_told else None), today),
        "lipo_count": times if is_told and exam.lipo_count is None else exam.lipo_count,
    }


def months_since(day: date | None, today: date) -> float | None:
    """Full months from `day` to `today`, or None where the day is not known."""
    if day is None:
        return None
    return (today.year - day.year) * 12 + today.month - day.month - (today.day < day.day)
