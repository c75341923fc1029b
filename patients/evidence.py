"""From the rows of a screening to the facts that the rules read, and from their verdict to what
is shown and kept."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.models import AreaExam, History, Procedure, Screening
from patients.models.screening import ALLERGIES_ASKED, months_since
from patients.rules import Missing, Reason, Verdict
from patients.rules.facts import (
    AreaFacts,
    LegFacts,
    PatientFacts,
    ScreeningFacts,
    safety_facts,
)
from patients.rules.history import Told
from patients.rules.safety_list import FEMALE_ONLY, SafetyList, no_longer_holding
from patients.rules.stage import css_class, css_total, css_without_laxity, derive_stage, stage_of
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
from patients.verdict_words import with_words

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


# Which observation made the stage, in words.
MADE_BY = {
    "visible_standing": gettext_lazy("visible standing"),
    "visible_lying": gettext_lazy("visible lying"),
    "visible_on_pinch": gettext_lazy("visible on pinch or contraction only"),
    "raised_nodules": gettext_lazy("raised areas or nodules"),
}


def shown(verdict: Verdict, facts: ScreeningFacts) -> dict[str, Any]:
    """Write a verdict down as it is shown: sentences in the reader's language, rule ids, levels,
    what to do."""
    areas = {area.area: area for area in facts.areas}
    said = {
        "outcome": verdict.outcome.value,
        "sub_outcome": verdict.sub_outcome.value,
        "rule_set": verdict.rule_set,
        "safety_list": verdict.safety_list,
        "prescriber_review": verdict.prescriber_review,
        "excluded_agents": list(verdict.excluded_agents),
        "missing": [_missing(row) for row in verdict.missing],
        "reasons": [_said(row, names_area=True) for row in verdict.reasons if _is_overall(row)],
        "areas": [
            {
                "area": found.area.value,
                "stage": found.stage,
                "stage_made_by": str(MADE_BY.get(stage_of(areas[found.area]).made_by, "")),
                "css_total": found.css_total,
                "css_without_laxity": css_without_laxity(areas[found.area]),
                "css_class": css_class(css_total(areas[found.area])),
                "primary": found.primary.value,
                "contributing": [cause.value for cause in found.contributing],
                "treatable": found.treatable.value,
                "levels": {cause.value: level.value for cause, level in found.levels.items()},
                "reasons": [_said(row) for row in _reasons_of(found.area, verdict)],
            }
            for found in verdict.areas
        ],
    }
    return with_words(said)


def fingerprint(verdict: dict[str, Any]) -> str:
    """Return the SHA-256 of what a shown verdict says, whatever the language of its sentences."""
    said = [
        *(verdict[name] for name in ("outcome", "sub_outcome", "rule_set", "safety_list")),
        [[row["field"], row["area"]] for row in verdict["missing"]],
        [[row["code"], row["rule"]] for row in verdict["reasons"]],
        verdict["excluded_agents"],
        [
            [
                area["area"],
                area["primary"],
                area["treatable"],
                [row["code"] for row in area["reasons"]],
            ]
            for area in verdict["areas"]
        ],
    ]
    return sha256(json.dumps(said).encode()).hexdigest()


# Reasons that stop or defer everything, wherever they were seen, by the first letter of the code.
STOPPING = "XTR"


def _is_overall(reason: Reason) -> bool:
    """Whether a reason speaks of the whole patient. What is missing has a list of its own."""
    if reason.code == "M_MISSING":
        return False
    return reason.area is None or reason.code[0] in STOPPING


def _reasons_of(area: Area, verdict: Verdict) -> list[Reason]:
    """Every reason that was kept for one area, those of safety included."""
    return [row for row in verdict.reasons if row.area == area and row.code != "M_MISSING"]


def _missing(row: Missing) -> dict[str, Any]:
    sentence = _(row.template) % row.values
    if row.area:
        sentence = f"{row.area.label}: {sentence}"
    return {"field": row.field, "area": row.area.value if row.area else None, "sentence": sentence}


def _said(reason: Reason, *, names_area: bool = False) -> dict[str, Any]:
    sentence = _(reason.template) % reason.values
    if names_area and reason.area:
        sentence = f"{reason.area.label}: {sentence}"
    return {"code": reason.code, "rule": reason.rule, "sentence": sentence}


def kept(facts: ScreeningFacts) -> dict[str, Any]:
    """Write the facts down as they were read, for the record of a decision."""
    return _plain(asdict(facts))  # type: ignore[no-any-return]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, frozenset):
        return sorted(str(inner) for inner in value)
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    return value if isinstance(value, bool | int | float | None) else str(value)
