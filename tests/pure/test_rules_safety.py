"""The safety tables: every code gives its reason, and every boundary lies where it should."""

from __future__ import annotations

import pytest
from rules_samples import NO_LEG_SIGNS, area, codes, patient, result, safety, screening

from patients.rules import DRAFT, REQUIRED_SAFETY, LegFacts, SafetyFacts, assess, safety_facts
from patients.rules.facts import ABSOLUTE, CAUTIONS, TEMPORARY
from patients.rules.safety import check_safety, is_recent_liposuction
from patients.terms import AgentCondition, Allergen, Area, SafetyItem

CONTRAINDICATED = ("contraindicated_or_deferred", "contraindicated", "E1")
URGENT = ("contraindicated_or_deferred", "deferred_urgent_referral", "E2")
DEFERRED = ("contraindicated_or_deferred", "deferred", "E3")
GOOD = ("good_candidate", "good", "E9")
UNDECIDED = ("undecided", "missing", "M")


# What the case format promises for each code of its three lists.
REASONS = {
    "age_under_18": "X_AGE",
    "active_cancer": "X_CANCER",
    "insulin_treated_diabetes": "X_INSULIN_DIABETES",
    "therapeutic_anticoagulant": "X_ANTICOAGULANT",
    "clotting_disorder": "X_CLOTTING",
    "stroke_or_clot_history": "X_THROMBOSIS",
    "serious_heart_disease": "X_CARDIAC",
    "cardiac_arrhythmia": "X_CARDIAC_ARRHYTHMIA",
    "serious_kidney_disease": "X_KIDNEY",
    "serious_liver_disease": "X_LIVER",
    "organ_transplant": "X_TRANSPLANT",
    "immunosuppression": "X_IMMUNOSUPPRESSION",
    "uncontrolled_hiv": "X_HIV",
    "unavoidable_component_reaction": "X_COMPONENT_REACTION",
    "previous_mycobacterial_or_granulomatous_reaction": "X_GRANULOMA",
    "lymphoedema_of_limb": "X_LYMPHOEDEMA",
    "pregnancy": "T_PREGNANCY",
    "breastfeeding": "T_BREASTFEEDING",
    "trying_to_conceive": "T_CONCEPTION",
    "fever_or_infection": "T_INFECTION",
    "autoimmune_flare": "T_AUTOIMMUNE_FLARE",
    "sunburn_or_fresh_tan": "T_SUNBURN",
    "liposuction_under_6_months": "T_RECENT_LIPOSUCTION",
    "procedure_under_4_weeks": "T_RECENT_PROCEDURE",
    "uncontrolled_blood_pressure": "T_BLOOD_PRESSURE",
    "uncontrolled_thyroid": "T_THYROID",
    "uncontrolled_diabetes": "T_DIABETES",
    "unhealed_reaction": "T_REACTION",
    "consent_incomplete": "T_CONSENT",
    "vaccination_or_dental_sepsis": "T_VACCINE_DENTAL",
    "fitzpatrick_iv_vi": "C_PIGMENT_RISK",
    "smoker": "C_SMOKING",
    "previous_anaphylaxis": "C_PREVIOUS_ANAPHYLAXIS",
    "cancer_remission_5_years_or_more": "C_CANCER_HISTORY",
    "diet_or_tablet_diabetes": "C_DIABETES",
    "antiplatelet_or_nsaid": "C_BRUISING",
    "autoimmune_remission": "C_AUTOIMMUNE",
    "gallstones": "C_GALLSTONES",
    "pacemaker": "C_PACEMAKER",
    "epilepsy": "C_EPILEPSY",
    "keloid_tendency": "C_KELOID",
    "varicose_veins_over_site": "C_VARICOSE",
    "isotretinoin_under_6_months": "C_ISOTRETINOIN",
    "bmi_under_18_5": "C_LOW_BMI",
    "needle_faint": "C_FAINT",
    "age_over_65": "C_AGE",
}


def test_draft_covers_every_code_of_the_case_format_once() -> None:
    assert {row.code: row.reason_code for row in DRAFT.rows} == REASONS
    assert [row.code for row in DRAFT.exclusions] == [*Allergen, *AgentCondition]
    assert len(ABSOLUTE) + len(TEMPORARY) + len(CAUTIONS) == len(SafetyItem) == 46


@pytest.mark.parametrize("code", sorted(ABSOLUTE))
def test_absolute_code_contraindicates_with_its_reason(code: SafetyItem) -> None:
    facts = screening(safety=safety(absolute=frozenset({code})))
    assert result(facts) == CONTRAINDICATED
    assert REASONS[code] in codes(assess(facts))


@pytest.mark.parametrize("code", sorted(TEMPORARY))
def test_temporary_code_defers_with_its_reason(code: SafetyItem) -> None:
    facts = screening(safety=safety(temporary=frozenset({code})))
    assert result(facts) == DEFERRED
    assert REASONS[code] in codes(assess(facts))


@pytest.mark.parametrize("code", sorted(CAUTIONS))
def test_caution_asks_a_prescriber_and_keeps_candidacy(code: SafetyItem) -> None:
    facts = screening(safety=safety(cautions=frozenset({code})))
    assert (result(facts), assess(facts).prescriber_review) == (GOOD, True)
    assert REASONS[code] in codes(assess(facts))


@pytest.mark.parametrize(
    ("allergen", "agent"),
    [
        ("soya_anaphylaxis", "phosphatidylcholine"),
        ("egg_lecithin", "phosphatidylcholine"),
        ("benzyl_alcohol", "phosphatidylcholine"),
        ("hyaluronidase", "hyaluronidase"),
        ("bee_wasp_venom", "hyaluronidase"),
        ("collagenase", "collagenase"),
        ("amide_anaesthetic", "lidocaine"),
        ("ester_anaesthetic", "procaine"),
        ("sulfite", "sulfites"),
        ("parabens", "parabens"),
        ("iodine", "iodine"),
        ("xanthine", "xanthines"),
    ],
)
def test_allergy_excludes_its_agent_and_keeps_candidacy(allergen: str, agent: str) -> None:
    verdict = assess(screening(safety=safety(allergies=frozenset({allergen}))))
    assert (verdict.outcome, verdict.excluded_agents, verdict.prescriber_review) == (
        "good_candidate",
        (agent,),
        True,
    )
    assert f"A_EXCLUDE_{agent.upper()}" in codes(verdict)


def test_allergies_to_one_agent_exclude_it_once() -> None:
    both = frozenset({"hyaluronidase", "bee_wasp_venom"})
    assert assess(screening(safety=safety(allergies=both))).excluded_agents == ("hyaluronidase",)


@pytest.mark.parametrize(("age", "expected"), [(17, CONTRAINDICATED), (18, GOOD)])
def test_age_at_boundary_17_18(age: int, expected: tuple[str, str, str]) -> None:
    assert result(screening(patient=patient(age=age))) == expected


@pytest.mark.parametrize(("age", "review"), [(65, False), (66, True)])
def test_age_caution_at_boundary_65_66(age: int, review: bool) -> None:
    assert assess(screening(patient=patient(age=age))).prescriber_review == review


@pytest.mark.parametrize(("phototype", "review"), [(3, False), (4, True), (6, True)])
def test_phototype_caution_at_boundary_3_4(phototype: int, review: bool) -> None:
    facts = screening(patient=patient(fitzpatrick=phototype))
    assert ("C_PIGMENT_RISK" in codes(assess(facts))) == review


@pytest.mark.parametrize(("bmi", "review"), [(18.4, True), (18.5, False)])
def test_low_bmi_caution_at_boundary_18_4_18_5(bmi: float, review: bool) -> None:
    assert ("C_LOW_BMI" in codes(assess(screening(patient=patient(bmi=bmi))))) == review


def test_smoking_in_the_history_is_a_caution_named_once() -> None:
    facts = screening(smoker=True, safety=safety(cautions=frozenset({"smoker"})))
    assert [r.code for r in assess(facts).reasons].count("C_SMOKING") == 1


@pytest.mark.parametrize(
    ("months", "expected"), [(0, DEFERRED), (5, DEFERRED), (5.9, DEFERRED), (6, "reduced")]
)
def test_liposuction_in_the_area_at_month_boundary_5_6(months: float, expected: object) -> None:
    here = area(lipo_here=True, lipo_months_ago=months, lipo_onset="before")
    found = result(screening(here))
    assert (found if months < 6 else found[1]) == expected


@pytest.mark.parametrize(("months", "recent"), [(5, None), (6, False), (None, None)])
def test_liposuction_that_may_be_here_is_recent_only_under_6_months(
    months: float | None, recent: bool | None
) -> None:
    found = is_recent_liposuction(area(lipo_here=None, lipo_months_ago=months))
    assert found is recent


def test_liposuction_elsewhere_defers_nothing() -> None:
    assert result(screening(area(lipo_here=False, lipo_months_ago=3))) == GOOD


def test_infection_in_the_area_defers_and_names_the_area() -> None:
    verdict = assess(screening(area(Area.ABDOMEN, infection_or_inflammation=True)))
    found = [reason for reason in verdict.reasons if reason.code == "T_LOCAL_INFECTION"]
    assert [(reason.area, reason.rule) for reason in found] == [(Area.ABDOMEN, "4.2")]
    assert found[0].sentence.startswith("Skin infection (cellulitis)")


def test_body_image_screen_positive_defers() -> None:
    facts = screening(bdd_screen_positive=True)
    assert (result(facts), "T_BDD_SCREEN_POSITIVE" in codes(assess(facts))) == (DEFERRED, True)


def test_new_swelling_of_one_leg_is_urgent() -> None:
    legs = LegFacts(**{**_leg_answers(), "new_unilateral_swelling": True})
    assert result(screening(legs=legs)) == URGENT


def _leg_answers() -> dict[str, object]:
    return {name: getattr(NO_LEG_SIGNS, name) for name in LegFacts.__dataclass_fields__}


@pytest.mark.parametrize("sign", ["suspicious_lesion", "actinic_keratosis"])
def test_lesion_in_the_area_is_urgent(sign: str) -> None:
    facts = screening(area(**{sign: True}))
    assert (result(facts), "R_SUSPICIOUS_LESION" in codes(assess(facts))) == (URGENT, True)


def test_gates_after_a_stop_still_give_their_reasons() -> None:
    facts = screening(
        area(suspicious_lesion=True, infection_or_inflammation=True),
        patient=patient(age=17),
        bdd_screen_positive=True,
    )
    expected = {"X_AGE", "R_SUSPICIOUS_LESION", "T_LOCAL_INFECTION", "T_BDD_SCREEN_POSITIVE"}
    assert (result(facts), expected - codes(assess(facts))) == (CONTRAINDICATED, set())


def test_clear_list_says_so_also_with_a_caution() -> None:
    facts = screening(smoker=True)
    assert "S_NO_CONTRAINDICATION" in codes(assess(facts))


def test_clear_list_is_not_claimed_while_an_answer_is_missing() -> None:
    facts = screening(safety=safety(missing=frozenset({"allergies"})))
    assert "S_NO_CONTRAINDICATION" not in codes(assess(facts))


@pytest.mark.parametrize("code", sorted(REQUIRED_SAFETY))
def test_required_question_unanswered_leaves_it_undecided(code: str) -> None:
    facts = screening(safety=safety(missing=frozenset({code})))
    assert (result(facts), [m.field for m in assess(facts).missing]) == (UNDECIDED, [code])


@pytest.mark.parametrize(
    "answers",
    [
        {"bdd_screen_positive": None},
        {"legs": LegFacts(**{**_leg_answers(), "new_unilateral_swelling": None})},  # type: ignore[arg-type]
        {"patient": patient(age=None)},
    ],
    ids=["body_image", "one_sided_swelling", "age"],
)
def test_required_answer_outside_the_list_leaves_it_undecided(answers: dict[str, object]) -> None:
    assert result(screening(**answers)) == UNDECIDED


@pytest.mark.parametrize(
    "name", ["infection_or_inflammation", "suspicious_lesion", "actinic_keratosis", "lipo_here"]
)
def test_stop_in_the_area_not_asked_leaves_it_undecided(name: str) -> None:
    facts = screening(area(**{name: None}))
    found = [(m.field, m.area) for m in assess(facts).missing]
    assert (result(facts), found) == (UNDECIDED, [(name, Area.BUTTOCK_LEFT)])


def test_known_stop_decides_although_answers_are_missing() -> None:
    facts = screening(
        area(lift_test=None),
        safety=safety(temporary=frozenset({"pregnancy"}), missing=frozenset({"allergies"})),
    )
    fields = {missing.field for missing in assess(facts).missing}
    assert (result(facts), fields) == (DEFERRED, {"allergies", "lift_test"})


def test_safety_facts_by_default_miss_every_required_answer() -> None:
    assert SafetyFacts().missing == REQUIRED_SAFETY


def test_safety_facts_sorts_yes_answers_by_list() -> None:
    answers = {"active_cancer": "yes", "pregnancy": "yes", "smoker": "yes", "epilepsy": "no"}
    found = safety_facts(answers, frozenset({"iodine"}))
    assert (found.absolute, found.temporary, found.cautions, found.allergies) == (
        {"active_cancer"},
        {"pregnancy"},
        {"smoker"},
        {"iodine"},
    )
    assert found.missing == REQUIRED_SAFETY - {"active_cancer", "pregnancy", "allergies"}


def test_safety_facts_counts_unknown_as_missing_for_every_stop_that_was_asked() -> None:
    answers = dict.fromkeys(REQUIRED_SAFETY - {"allergies"}, "no")
    answers |= {"uncontrolled_thyroid": "unknown", "gallstones": "unknown"}
    assert safety_facts(answers, frozenset()).missing == {"uncontrolled_thyroid"}


def test_safety_facts_tells_no_allergies_from_not_asked() -> None:
    answers = dict.fromkeys(REQUIRED_SAFETY - {"allergies"}, "no")
    assert safety_facts(answers, None).missing == {"allergies"}
    assert safety_facts(answers, frozenset()).missing == frozenset()


def test_check_safety_of_a_clear_patient_is_clear() -> None:
    found = check_safety(screening())
    assert (found.is_clear, found.stops, found.open_fields) == (True, (), ())
