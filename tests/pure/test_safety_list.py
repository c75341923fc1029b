"""The safety list as data: what a clinic may change, and what an answer is worth as it ages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from rules_samples import area, codes, patient, result, safety, screening

from patients.rules import (
    DRAFT,
    ExclusionRow,
    Reason,
    SafetyList,
    SafetyRow,
    ScreeningFacts,
    assess,
    safety_facts,
    what_would_change,
)
from patients.rules.facts import REQUIRED_ITEMS
from patients.rules.safety_list import (
    no_longer_holding,
    questions,
    to_ask_before_session,
)
from patients.terms import SafetyBlock, SafetyGate, SafetyItem

CONTRAINDICATED = ("contraindicated_or_deferred", "contraindicated", "E1")
DEFERRED = ("contraindicated_or_deferred", "deferred", "E3")
GOOD = ("good_candidate", "good", "E9")
TODAY = date(2026, 11, 24)

TATTOO = SafetyRow(
    code="own_fresh_tattoo",
    gate=SafetyGate.TEMPORARY,
    stem="OWN_FRESH_TATTOO",
    question="Fresh tattoo in the area",
    sentence="A fresh tattoo: it heals to 100 % first. Screen again then.",
    block=SafetyBlock.NOW,
    is_required=True,
    wait_days=42,
)


def changed(code: str, **columns: object) -> SafetyList:
    """The draft with one row changed."""
    rows = (replace(row, **columns) if row.code == code else row for row in DRAFT.rows)  # type: ignore[arg-type]
    return replace(DRAFT, version=1, rows=tuple(rows))


def without(code: str) -> SafetyList:
    return replace(DRAFT, rows=tuple(row for row in DRAFT.rows if row.code != code))


def with_row(row: SafetyRow) -> SafetyList:
    return replace(DRAFT, version=1, rows=(*DRAFT.rows, row))


def found(facts: ScreeningFacts, lists: SafetyList) -> tuple[str, str, str]:
    verdict = assess(facts, lists)
    return verdict.outcome.value, verdict.sub_outcome.value, verdict.decided_by


def reason(facts: ScreeningFacts, lists: SafetyList, code: str) -> Reason:
    return next(row for row in assess(facts, lists).reasons if row.code == code)


def test_verdict_says_which_list_it_read() -> None:
    assert (
        assess(screening()).safety_list,
        assess(screening(), changed("epilepsy")).safety_list,
    ) == (
        0,
        1,
    )


@pytest.mark.parametrize("declared_in", ["absolute", "temporary", "cautions"])
def test_moved_item_works_at_its_new_gate_wherever_it_was_declared(declared_in: str) -> None:
    facts = screening(safety=safety(**{declared_in: frozenset({"active_cancer"})}))
    moved = changed("active_cancer", gate=SafetyGate.TEMPORARY)
    assert (found(facts, moved), reason(facts, moved, "T_CANCER").rule) == (DEFERRED, "4.2")
    milder = changed("active_cancer", gate=SafetyGate.CAUTION)
    assert (found(facts, milder), reason(facts, milder, "C_CANCER").rule) == (GOOD, "4.3")


def test_caution_that_is_made_a_stop_stops() -> None:
    facts = screening(safety=safety(cautions=frozenset({"epilepsy"})))
    assert found(facts, changed("epilepsy", gate=SafetyGate.ABSOLUTE)) == CONTRAINDICATED


def test_item_that_is_switched_off_gives_nothing_and_asks_nothing() -> None:
    declared = screening(safety=safety(temporary=frozenset({"pregnancy"})))
    unasked = screening(safety=safety(missing=frozenset({"pregnancy"})))
    off = without("pregnancy")
    assert (found(declared, off), found(unasked, off)) == (GOOD, GOOD)
    assert "T_PREGNANCY" not in codes(assess(declared, off))


def test_sentence_is_the_one_of_the_list_and_a_percent_sign_is_only_itself() -> None:
    facts = screening(safety=safety(temporary=frozenset({TATTOO.code})))
    lists = with_row(TATTOO)
    assert reason(facts, lists, "T_OWN_FRESH_TATTOO").sentence == TATTOO.sentence


@pytest.mark.parametrize(
    ("gate", "expected"),
    [
        (SafetyGate.ABSOLUTE, CONTRAINDICATED),
        (SafetyGate.TEMPORARY, DEFERRED),
        (SafetyGate.CAUTION, GOOD),
    ],
)
def test_own_row_works_at_every_gate(gate: SafetyGate, expected: tuple[str, str, str]) -> None:
    lists = with_row(replace(TATTOO, gate=gate))
    facts = replace(
        screening(),
        safety=safety_facts(
            dict.fromkeys(lists.required, "no") | {TATTOO.code: "yes"}, frozenset(), lists
        ),
    )
    assert (found(facts, lists), assess(facts, lists).prescriber_review) == (
        expected,
        gate == SafetyGate.CAUTION,
    )


def test_own_required_row_is_asked_for_in_its_own_words() -> None:
    lists = with_row(TATTOO)
    known = safety_facts(dict.fromkeys(DRAFT.required, "no"), frozenset(), lists)
    verdict = assess(screening(safety=known), lists)
    assert [(row.field, row.sentence) for row in verdict.missing] == [
        (TATTOO.code, "“Fresh tattoo in the area”: not answered yet.")
    ]
    said = [change.sentence for change in what_would_change(screening(safety=known), lists)]
    assert said[0] == (
        "“Fresh tattoo in the area”: not answered yet. If the answer is yes: Overall, no treatment now."
    )


def test_reworded_question_is_asked_for_in_the_new_words() -> None:
    lists = changed("pregnancy", question="Could she be pregnant?")
    facts = screening(safety=safety(missing=frozenset({"pregnancy"})))
    assert assess(facts, lists).missing[0].sentence == "“Could she be pregnant?”: not answered yet."


def test_own_allergy_leaves_its_agent_out() -> None:
    own = ExclusionRow(
        code="own_arnica", label="Arnica", agent="arnica", sentence="Arnica is left out."
    )
    lists = replace(DRAFT, exclusions=(*DRAFT.exclusions, own))
    verdict = assess(screening(safety=safety(allergies=frozenset({"own_arnica"}))), lists)
    assert (verdict.excluded_agents, "A_EXCLUDE_ARNICA" in codes(verdict)) == (("arnica",), True)


def test_two_reasons_to_leave_out_one_agent_are_both_given() -> None:
    both = frozenset({"amide_anaesthetic", "heart_block_or_antiarrhythmic"})
    verdict = assess(screening(safety=safety(allergies=both)))
    said = [row for row in verdict.reasons if row.code == "A_EXCLUDE_LIDOCAINE"]
    assert (len(said), verdict.excluded_agents) == (2, ("lidocaine",))


def test_bee_or_wasp_venom_needs_the_opinion_of_an_allergy_clinic() -> None:
    assert [row.code for row in DRAFT.exclusions if row.needs_opinion] == [
        "hyaluronidase",
        "bee_wasp_venom",
    ]


def test_derived_stop_that_is_moved_stays_derived() -> None:
    facts = screening(patient=patient(age=66))
    lists = changed("age_over_65", gate=SafetyGate.TEMPORARY)
    assert found(facts, lists) == DEFERRED
    assert result(facts) == GOOD


def test_derived_stop_that_cannot_be_told_leaves_it_undecided() -> None:
    lists = changed("fitzpatrick_iv_vi", gate=SafetyGate.ABSOLUTE)
    verdict = assess(screening(patient=patient(fitzpatrick=None)), lists)
    assert (verdict.outcome.value, [row.field for row in verdict.missing]) == (
        "undecided",
        ["fitzpatrick"],
    )


def test_recent_liposuction_that_is_a_caution_no_longer_asks_or_defers() -> None:
    lists = changed("liposuction_under_6_months", gate=SafetyGate.CAUTION)
    recent = screening(area(lipo_here=True, lipo_months_ago=3, lipo_onset="before"))
    assert (found(recent, lists)[0], "C_RECENT_LIPOSUCTION" in codes(assess(recent, lists))) == (
        "good_candidate",
        True,
    )
    assert assess(recent, lists).prescriber_review is True


@pytest.mark.parametrize(
    "make",
    [
        lambda: without("age_under_18"),
        lambda: changed("age_under_18", gate=SafetyGate.CAUTION),
        lambda: with_row(replace(TATTOO, code="pregnancy")),
    ],
    ids=["switched_off", "moved", "twice"],
)
def test_list_refuses_to_move_the_age_or_to_say_an_item_twice(make: object) -> None:
    with pytest.raises(ValueError, match=r"[Ss]afety list"):
        make()  # type: ignore[operator]


def test_draft_requires_what_the_domain_notes_require() -> None:
    assert DRAFT.required == REQUIRED_ITEMS
    assert len(REQUIRED_ITEMS) == 17


def test_form_asks_every_item_that_does_not_follow_from_another_answer() -> None:
    asked = {row.code for _block, rows in questions(DRAFT, "F") for row in rows}
    follows = set(SafetyItem) - asked
    assert follows == {
        "age_under_18",
        "liposuction_under_6_months",
        "consent_incomplete",
        "fitzpatrick_iv_vi",
        "bmi_under_18_5",
        "age_over_65",
    }
    assert [block for block, _rows in questions(DRAFT, "F")] == list(SafetyBlock)


def test_man_is_not_asked_about_pregnancy() -> None:
    woman = {row.code for _block, rows in questions(DRAFT, "F") for row in rows}
    man = {row.code for _block, rows in questions(DRAFT, "M") for row in rows}
    assert woman - man == {"pregnancy", "breastfeeding", "trying_to_conceive"}


@pytest.mark.parametrize(("days", "aged"), [(0, set()), (7, set()), (8, {"pregnancy"})])
def test_pregnancy_answer_holds_seven_days(days: int, aged: set[str]) -> None:
    said = date.fromordinal(TODAY.toordinal() - days)
    assert no_longer_holding({"pregnancy": said, "active_cancer": said}, DRAFT, TODAY) == aged


def test_session_asks_again_what_changes_from_day_to_day() -> None:
    yesterday = date(2026, 11, 23)
    everything = dict.fromkeys((row.code for row in DRAFT.rows), yesterday)
    asked = {row.code for row in to_ask_before_session(everything, DRAFT, TODAY)}
    assert asked == {
        "pregnancy",
        "breastfeeding",
        "trying_to_conceive",
        "fever_or_infection",
        "autoimmune_flare",
        "sunburn_or_fresh_tan",
        "procedure_under_4_weeks",
        "unhealed_reaction",
        "vaccination_or_dental_sepsis",
        "consent_incomplete",
        "therapeutic_anticoagulant",
        "antiplatelet_or_nsaid",
        "isotretinoin_under_6_months",
    }


def test_session_asks_nothing_twice_on_one_day() -> None:
    everything = dict.fromkeys((row.code for row in DRAFT.rows), TODAY)
    assert to_ask_before_session(everything, DRAFT, TODAY) == ()


def test_session_asks_again_what_has_aged_although_it_is_not_of_every_session() -> None:
    lists = changed("active_cancer", holds_days=90)
    said = {"active_cancer": date(2026, 8, 1)}
    rows = to_ask_before_session(said, lists, TODAY)
    assert "active_cancer" in {row.code for row in rows}
