"""The safety gates of a session: each rule at its boundary, its sentence, and who may pass it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils.formats import date_format
from hypothesis import given as for_all
from hypothesis import strategies as st

from patients.rules import DRAFT, ExclusionRow, SafetyList
from patients.rules.safety_list import STOPPING
from patients.terms import Allergen, SafetyGate, SafetyItem
from tests.pure.session_samples import (
    BLOCKED,
    LEFT,
    RIGHT,
    TODAY,
    agent,
    answered,
    drawn,
    facts,
    formulary,
    found,
    given,
    keys,
    lot,
    ml,
    product,
    proposed,
    reaction,
)
from treatments.models import Agent, GateOverride, VisitAnswer
from treatments.rules.formulary import FormularyFacts
from treatments.rules.gate_finders import RED_FLAGS
from treatments.rules.gates import GATES, Field, Gate, Who, may_pass
from treatments.rules.reactions import Look
from treatments.terms import AgentStatus, ReactionKind, ReactionOutcome, Related
from treatments.wording import worded

DAY = timedelta(1)


def on(day: date) -> str:
    return date_format(day)


def only(session: Any = None, known: Any = None) -> Gate:
    (gate,) = found(session, known)
    return gate


def says(session: Any = None, known: Any = None) -> tuple[str, Who, str]:
    """The one gate that is found: its key, who may pass it, and its sentence."""
    gate = only(session, known)
    return gate.key, gate.who, worded(gate.sentence)


def test_ordinary_session_meets_no_gate() -> None:
    assert keys() == []


# The table ----------------------------------------------------------------------------------------


def test_ids_and_codes_stand_once() -> None:
    assert len({rule.id for rule in GATES}) == len({rule.code for rule in GATES}) == len(GATES)


def test_every_rule_says_when_in_one_sentence() -> None:
    assert [rule.id for rule in GATES if not rule.when.endswith(".")] == []


def test_longest_key_fits_into_the_column_of_an_override() -> None:
    long = "x" * (Agent._meta.get_field("substance").max_length or 0)
    item = "x" * (VisitAnswer._meta.get_field("item").max_length or 0)
    ceilings = {f"ceiling_{scope}": ml("0.1") for scope in ("ml", "session", "kg", "course")}
    known = facts(formulary=formulary(agent(long, **ceilings)), undocumented=1)
    over = found(proposed(products=(drawn(product(1, "Mix", **{long: "1"})),)), known)
    longest = max(len(gate.key) for gate in over)
    of_items = max(len(rule.code) for rule in GATES if rule.field == Field.CHECKS) + len(item) + 1
    assert len(over) == 4
    assert max(longest, of_items) <= (GateOverride._meta.get_field("gate").max_length or 0)


@pytest.mark.parametrize(
    ("who", "signer", "lead"),
    [
        (Who.NOBODY, False, False),
        (Who.LEAD, False, True),
        (Who.REASON, True, True),
        (Who.TICK, True, True),
    ],
)
def test_who_may_pass(who: Who, signer: bool, lead: bool) -> None:
    gate = replace(only(proposed(skin_clear=False)), who=who)
    assert (may_pass(gate, is_lead=False), may_pass(gate, is_lead=True)) == (signer, lead)


def test_everything_is_heard_at_once() -> None:
    session = proposed(skin_clear=False, products=(drawn(confirmed=False),))
    assert keys(session, facts(age=17)) == ["age", "skin_not_clear", "lot_unconfirmed:7"]


# The patient and the course -----------------------------------------------------------------------


@pytest.mark.parametrize(("age", "stands"), [(17, True), (18, False)])
def test_nobody_under_18_is_treated(age: int, stands: bool) -> None:
    assert keys(known=facts(age=age)) == (["age"] if stands else [])


def test_age_says_so() -> None:
    assert says(known=facts(age=17)) == (
        "age",
        Who.NOBODY,
        "She is 17 years old. Nobody under 18 is treated.",
    )


@pytest.mark.parametrize("name", ["consent", "too_early", "rescreen"])
def test_sentence_of_another_floor_is_given_as_it_is(name: str) -> None:
    why = "It is 100 % not so."
    assert says(known=facts(**{name: why})) == (name, Who.NOBODY, why)


def test_newer_screening_that_declined_is_the_leads() -> None:
    assert says(known=facts(declined_on=TODAY)) == (
        "declined",
        Who.LEAD,
        f"The screening of {on(TODAY)} was not decided for a course. Stop this one, or screen again.",
    )


def test_no_measurable_change_needs_a_reason_to_go_on() -> None:
    assert says(known=facts(needs_reason_to_continue=True)) == (
        "continue",
        Who.REASON,
        "The review after session 10 found no measurable change. Write why the course goes on.",
    )


@pytest.mark.parametrize(
    ("today", "last", "first", "before"),
    [
        ("63.0", "60.0", "60.0", None),  # exactly 5 %
        ("63.1", "60.0", "63.0", "60"),
        ("57.0", "60.0", "60.0", None),
        ("56.9", "60.0", "57.0", "60"),
        ("63.1", "62.0", "60.0", "60"),  # slowly, since the first
        ("63.1", None, None, None),  # nothing to compare with
    ],
)
def test_weight_that_changed_by_more_than_5_percent_is_asked_about(
    today: str, last: str | None, first: str | None, before: str | None
) -> None:
    known = facts(
        weight_last=Decimal(last) if last else None, weight_first=Decimal(first) if first else None
    )
    gates = found(proposed(weight=Decimal(today)), known)
    sentences = [worded(gate.sentence) for gate in gates]
    shown = Decimal(today).normalize()
    wanted = f"{shown} kg, and {before} kg before. Check it, and ask why the weight changed."
    assert sentences == ([wanted] if before else [])
    assert {gate.who for gate in gates} <= {Who.REASON}


def test_weight_that_was_not_taken_is_not_compared() -> None:
    assert keys(proposed(weight=None)) == []


# Answers ------------------------------------------------------------------------------------------

YES_IS = {
    SafetyGate.ABSOLUTE: Who.LEAD,
    SafetyGate.TEMPORARY: Who.REASON,
    SafetyGate.CAUTION: Who.REASON,
}


@pytest.mark.parametrize("row", DRAFT.rows, ids=lambda row: row.code)
def test_item_that_is_yes_today_stands_by_its_gate(row: Any) -> None:
    session = proposed(nothing_changed=False, answers=answered(**{row.code: "yes"}))
    key, who, sentence = says(session)
    added = " Note what the prescriber says." if row.gate == SafetyGate.CAUTION else ""
    assert (key, who, sentence) == (
        f"{row.gate}:{row.code}",
        YES_IS[row.gate],
        row.sentence + added,
    )


@pytest.mark.parametrize("code", RED_FLAGS)
def test_red_flag_of_today_is_the_leads(code: str) -> None:
    session = proposed(answers={code: "yes"})
    assert says(session) == (f"red_flag:{code}", Who.LEAD, RED_FLAGS[code])


@pytest.mark.parametrize(
    ("item", "stands"),
    [
        (SafetyItem.ACTIVE_CANCER, False),
        (SafetyItem.KELOID_TENDENCY, False),
        (SafetyItem.SUNBURN_OR_FRESH_TAN, True),
    ],
    ids=["absolute", "caution", "temporary"],
)
def test_only_what_has_to_pass_stands_although_the_screening_accepted_it(
    item: SafetyItem, stands: bool
) -> None:
    known = facts(accepted=frozenset({item.value}), since={item.value: "yes"})
    session = proposed(nothing_changed=False, answers=answered(**{item: "yes"}))
    assert bool(keys(session, known)) is stands


def test_yes_of_an_earlier_session_still_stands_today() -> None:
    known = facts(since={SafetyItem.ACTIVE_CANCER: "yes"})
    assert keys(known=known) == ["absolute:active_cancer"]


def test_no_of_today_ends_the_yes_of_an_earlier_session() -> None:
    known = facts(since={SafetyItem.ACTIVE_CANCER: "yes"})
    assert keys(proposed(answers={SafetyItem.ACTIVE_CANCER: "no"}), known) == []


def test_nothing_changed_keeps_a_yes() -> None:
    item = SafetyItem.SUNBURN_OR_FRESH_TAN
    known = facts(last={**facts().last, item.value: "yes"})
    assert keys(known=known) == ["temporary:sunburn_or_fresh_tan"]


def test_question_that_could_stop_the_session_has_to_be_asked() -> None:
    said = answered()
    del said[SafetyItem.PREGNANCY]
    assert says(proposed(nothing_changed=False, answers=said)) == (
        "not_asked:pregnancy",
        Who.NOBODY,
        "Ask today: Pregnant, or possibly pregnant.",
    )


def test_question_that_only_cautions_may_stay_unasked() -> None:
    said = answered()
    del said[SafetyItem.ANTIPLATELET_OR_NSAID]
    assert keys(proposed(nothing_changed=False, answers=said)) == []


@pytest.mark.parametrize("nothing_changed", [None, False])
def test_nothing_asked_at_all_stands_for_each_question_that_could_stop(
    nothing_changed: bool | None,
) -> None:
    due = [code for code in answered() if DRAFT.by_code[code].gate in STOPPING]
    assert keys(proposed(nothing_changed=nothing_changed)) == [f"not_asked:{code}" for code in due]


def test_man_is_not_asked_about_pregnancy() -> None:
    asked = keys(proposed(nothing_changed=None), facts(sex="M"))
    assert [key for key in asked if "pregnan" in key or "conceive" in key or "feeding" in key] == []


def test_not_known_is_no_answer_to_go_on_with() -> None:
    session = proposed(answers={SafetyItem.PREGNANCY: "unknown"})
    assert says(session) == (
        "not_known:pregnancy",
        Who.REASON,
        "“Pregnant, or possibly pregnant” is not known. Find out, or write down why the session "
        "can go on.",
    )


def test_skin_has_to_be_looked_at() -> None:
    assert says(proposed(skin_clear=None)) == (
        "skin_not_asked",
        Who.NOBODY,
        "Look at the skin of each area, and say whether it is clear.",
    )


def test_skin_that_is_not_clear_takes_a_reason() -> None:
    assert says(proposed(skin_clear=False)) == (
        "skin_not_clear",
        Who.REASON,
        "The skin is not clear. Let it heal first, or leave that area out.",
    )


ANSWER = st.sampled_from(["yes", "no", "unknown"])
ITEMS = st.sampled_from([row.code for row in DRAFT.rows if row.stops and row.each_session])
LADDER = [Who.TICK, Who.REASON, Who.LEAD, Who.NOBODY]


def hardest(session: Any) -> int:
    return max((LADDER.index(gate.who) for gate in found(session)), default=-1)


@for_all(st.dictionaries(ITEMS, ANSWER, max_size=4), ITEMS)
def test_answer_that_is_taken_away_never_improves(said: dict[str, str], item: str) -> None:
    """Without "nothing changed", what was not asked stands harder than what was answered."""
    full = proposed(nothing_changed=False, answers=answered(**said))
    less = {code: answer for code, answer in full.answers.items() if code != item}
    if item in answered():
        assert hardest(replace(full, answers=less)) >= hardest(full)


# Agents -------------------------------------------------------------------------------------------


def test_without_an_approved_formulary_nothing_is_given() -> None:
    assert says(known=facts(formulary=FormularyFacts())) == (
        "no_formulary",
        Who.NOBODY,
        "No formulary is approved yet. The medical lead approves one first.",
    )


def test_agent_outside_the_formulary_is_not_given() -> None:
    session = proposed(products=(drawn(product(1, "Mix", yohimbine="1")),))
    assert says(session) == (
        "agent_unlisted:yohimbine",
        Who.NOBODY,
        "yohimbine is not in the formulary. Use a product that is.",
    )


def test_draft_agent_is_not_given() -> None:
    known = facts(formulary=formulary(agent(status=AgentStatus.DRAFT)))
    assert says(known=known) == (
        "agent_draft:caffeine",
        Who.NOBODY,
        "Caffeine is not active in the formulary yet. The medical lead activates it.",
    )


def test_blocked_agent_is_not_given() -> None:
    session = proposed(products=(drawn(product(1, "Mix", buflomedil="1")),))
    assert says(session, facts(formulary=formulary(BLOCKED))) == (
        "agent_blocked:buflomedil",
        Who.NOBODY,
        "Buflomedil is blocked: Withdrawn in 2012. Use a product without it.",
    )


def test_product_of_unknown_contents_is_not_given() -> None:
    unknown = replace(product(1, "Vial"), shares={})
    assert says(proposed(products=(drawn(unknown),))) == (
        "contents:1",
        Who.NOBODY,
        "What is in Vial is not on record. Enter its agents first.",
    )
    saline = replace(unknown, is_diluent=True)
    assert keys(proposed(products=(drawn(saline),))) == []


LIDOCAINE_ROW = DRAFT.exclusions[[row.code for row in DRAFT.exclusions].index("amide_anaesthetic")]


@pytest.mark.parametrize(
    "made",
    [
        agent("lidocaine", name="Lidocaine 2"),
        agent("lido-2", name="Lidocaine 2", substance="lidocaine"),
        agent("numb", name="Lidocaine 2", allergens=frozenset({Allergen.AMIDE_ANAESTHETIC})),
    ],
    ids=["its code", "its substance", "an ingredient"],
)
def test_allergy_leaves_an_agent_out(made: Any) -> None:
    known = facts(
        formulary=formulary(made),
        allergies=frozenset({"amide_anaesthetic"}),
        allergies_asked="yes",
    )
    session = proposed(products=(drawn(product(1, "Numb", **{made.code: "1"})),))
    assert says(session, known) == (
        f"agent_excluded:{made.code}",
        Who.NOBODY,
        f"Lidocaine 2 is left out. {LIDOCAINE_ROW.sentence}",
    )


def test_allergy_to_something_else_leaves_nothing_out() -> None:
    known = facts(allergies=frozenset({"amide_anaesthetic"}), allergies_asked="yes")
    assert keys(known=known) == []


def test_allergy_that_was_named_today_leaves_the_agent_out() -> None:
    known = facts(formulary=formulary(agent(allergens=frozenset({Allergen.XANTHINE}))))
    session = proposed(answers={Allergen.XANTHINE: "yes"})
    assert keys(session, known) == ["agent_excluded:caffeine"]


@pytest.mark.parametrize("code", ["hyaluronidase", "bee_wasp_venom"])
def test_agent_that_an_allergy_clinic_may_clear_is_the_leads(code: str) -> None:
    made = agent("hyaluronidase")
    known = facts(formulary=formulary(made), allergies=frozenset({code}), allergies_asked="yes")
    session = proposed(products=(drawn(product(1, "Enzyme", hyaluronidase="1")),))
    (row,) = [row for row in DRAFT.exclusions if row.code == code]
    assert says(session, known) == (
        "agent_opinion:hyaluronidase",
        Who.LEAD,
        f"Hyaluronidase needs the opinion of an allergy clinic. {row.sentence}",
    )


def test_strictest_row_of_an_agent_counts() -> None:
    made = agent("hyaluronidase", allergens=frozenset({Allergen.PARABENS}))
    known = facts(
        formulary=formulary(made),
        allergies=frozenset({"hyaluronidase", "parabens"}),
        allergies_asked="yes",
    )
    session = proposed(products=(drawn(product(1, "Enzyme", hyaluronidase="1")),))
    assert keys(session, known) == ["agent_excluded:hyaluronidase"]


def test_allergen_that_the_list_no_longer_holds_still_leaves_the_agent_out() -> None:
    rows: tuple[ExclusionRow, ...] = ()
    known = facts(
        lists=SafetyList(version=2, rows=DRAFT.rows, exclusions=rows),
        formulary=formulary(agent(allergens=frozenset({Allergen.XANTHINE}))),
        allergies=frozenset({"xanthine"}),
        allergies_asked="yes",
    )
    assert says(known=known) == (
        "agent_excluded:caffeine",
        Who.NOBODY,
        "Caffeine is left out. The patient does not tolerate something that is in it.",
    )


@pytest.mark.parametrize("said", [None, "unknown"])
def test_allergies_have_to_be_asked(said: str | None) -> None:
    assert says(known=facts(allergies_asked=said)) == (
        "allergies_open",
        Who.NOBODY,
        "Ask about allergies: no answer is on record.",
    )


def test_smoking_is_no_named_allergy() -> None:
    known = facts(allergies_asked=None, accepted=frozenset({"smoker"}), since={"smoker": "yes"})
    assert keys(known=known) == ["allergies_open"]


def test_allergy_without_a_name_takes_a_reason() -> None:
    assert says(known=facts(allergies_asked="yes")) == (
        "allergy_unnamed",
        Who.REASON,
        "An allergy is on record, but not to what. Name it, or say why it is harmless.",
    )


# Lots ---------------------------------------------------------------------------------------------


def of_lot(**changes: Any) -> Any:
    return proposed(products=(drawn(lot=lot(**changes)),))


@pytest.mark.parametrize(
    ("changes", "stands"),
    [
        ({"expires_on": TODAY}, None),
        ({"expires_on": TODAY - DAY}, "lot_unusable:7"),
        ({"discard_on": TODAY}, None),
        ({"discard_on": TODAY - DAY}, "lot_unusable:7"),
        ({"recalled_on": TODAY}, "lot_unusable:7"),
        ({"recalled_on": TODAY - DAY}, "lot_unusable:7"),
        ({"recalled_on": TODAY + DAY}, None),
        ({"received_on": TODAY + DAY}, "lot_unusable:7"),
        ({"left_ml": ml("6")}, None),
        ({"left_ml": ml("5.9")}, "lot_emptied:7"),
        ({"left_ml": ml("0")}, "lot_unusable:7"),
        ({"of": 2}, "lot_of_another:7"),
    ],
)
def test_lot_at_its_boundary(changes: dict[str, Any], stands: str | None) -> None:
    assert keys(of_lot(**changes)) == ([stands] if stands else [])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"expires_on": TODAY - DAY},
            f"Lot L2409 cannot be used. Expired on {on(TODAY - DAY)}. Discard it. Choose another "
            "one.",
        ),
        (
            {"discard_on": TODAY - DAY},
            "Lot L2409 cannot be used. Opened, and to be used up by "
            f"{on(TODAY - DAY)}. Discard it. Choose another one.",
        ),
        (
            {"recalled_on": TODAY},
            f"Lot L2409 cannot be used. Recalled on {on(TODAY)}. Set it apart. Choose another one.",
        ),
        (
            {"left_ml": ml("5.9")},
            "6 ml are drawn from lot L2409, which holds 5.9 ml. Correct it, or add a second lot.",
        ),
        ({"of": 2}, "Lot L2409 is not one of Formula B. Choose another one."),
    ],
)
def test_lot_says_what_to_do_and_nobody_passes(changes: dict[str, Any], sentence: str) -> None:
    _key, who, said = says(of_lot(**changes))
    assert (who, said) == (Who.NOBODY, sentence)


def test_lot_has_to_be_confirmed() -> None:
    assert says(proposed(products=(drawn(confirmed=False),))) == (
        "lot_unconfirmed:7",
        Who.NOBODY,
        "Confirm lot L2409 of Formula B by a tap or a scan.",
    )


def test_product_has_to_have_a_lot() -> None:
    assert says(proposed(products=(drawn(lot=None, confirmed=False),))) == (
        "lot_missing:1",
        Who.NOBODY,
        "Choose the lot of Formula B.",
    )


# Doses --------------------------------------------------------------------------------------------


def test_dose_over_its_ceiling_is_the_leads() -> None:
    known = facts(formulary=formulary(agent(ceiling_session=ml("50"))))
    assert says(known=known) == (
        "ceiling:session.caffeine",
        Who.LEAD,
        "caffeine: 60 mg, and the ceiling is 50 mg.",
    )


def test_substance_is_written_in_words() -> None:
    code = "organic_silicium"
    known = facts(formulary=formulary(agent(code, ceiling_session=ml("50"))))
    mixed = proposed(products=(drawn(product(**{code: "1"})),))
    assert says(mixed, known) == (
        "ceiling:session.organic_silicium",
        Who.LEAD,
        "organic silicium: 60 mg, and the ceiling is 50 mg.",
    )


def test_dose_of_another_session_of_the_day_counts() -> None:
    known = facts(same_day=(given(product(), "4.1"),))
    assert keys(known=known) == ["ceiling:session.caffeine"]
    assert keys(known=facts(same_day=(given(product(), "4"),))) == []


def test_course_over_its_ceiling_is_the_leads() -> None:
    known = facts(
        formulary=formulary(agent(ceiling_course=ml("100"))), course=(given(product(), "4.1"),)
    )
    assert says(known=known) == (
        "ceiling:course.caffeine",
        Who.LEAD,
        "caffeine: 101 mg, and the ceiling is 100 mg.",
    )


def test_substance_that_is_not_given_today_stands_against_nothing() -> None:
    numb = agent("lidocaine", ceiling_course=ml("1"))
    earlier = (given(product(2, "Numb", lidocaine="1"), "4"),)
    assert keys(known=facts(formulary=formulary(agent(), numb), course=earlier)) == []


def test_ceiling_by_weight_needs_the_weight() -> None:
    known = facts(formulary=formulary(agent(ceiling_kg=ml("4.5"))))
    assert keys(known=known) == []
    assert says(proposed(weight=None), known) == (
        "dose_open:kg.caffeine",
        Who.LEAD,
        "Whether caffeine is over its ceiling cannot be told. Enter the weight.",
    )


def test_course_with_doses_that_nobody_recorded_takes_a_reason() -> None:
    known = facts(formulary=formulary(agent(ceiling_course=ml("100"))), undocumented=4)
    assert says(known=known) == (
        "course_open:course.caffeine",
        Who.REASON,
        "caffeine: at least 60 mg of 100 mg for the course, and earlier sessions without their "
        "doses on record.",
    )


def big(volume: str, points: int) -> Any:
    """Saline only, so that no ceiling of an agent stands beside the volume."""
    saline = replace(product(1, "Saline"), shares={}, is_diluent=True)
    return proposed(
        areas={LEFT: points, RIGHT: points},
        products=(drawn(saline, drawn_ml=ml(volume), lot=lot(left_ml=ml("100"))),),
    )


@pytest.mark.parametrize(
    ("volume", "points", "stands"),
    [
        ("20", 100, []),
        ("20.1", 100, ["volume_high"]),
        ("60", 300, ["volume_high", "area_volume:buttock_left", "area_volume:buttock_right"]),
        ("60.1", 300, ["volume", "area_volume:buttock_left", "area_volume:buttock_right"]),
    ],
)
def test_session_over_20_ml_is_asked_about_and_over_60_ml_not_recorded(
    volume: str, points: int, stands: list[str]
) -> None:
    assert keys(big(volume, points)) == stands


def test_volumes_say_so() -> None:
    sentences = {gate.key: (gate.who, worded(gate.sentence)) for gate in found(big("60.1", 300))}
    assert sentences["volume"] == (
        Who.NOBODY,
        "60.1 ml are given. More than 60 ml in one session is not recorded. Check the numbers.",
    )
    assert sentences["area_volume:buttock_left"] == (
        Who.TICK,
        "Buttock, left: 30 ml; more than 10 ml in one area is unusual.",
    )
    assert says(big("20.1", 100)) == (
        "volume_high",
        Who.TICK,
        "20.1 ml are given; more than 20 ml in one session is unusual.",
    )


@pytest.mark.parametrize(
    ("each", "points", "stands"), [("0.02", 300, False), ("0.5", 12, False), ("0.6", 10, True)]
)
def test_unusual_point_is_asked_about(each: str, points: int, stands: bool) -> None:
    session = proposed(areas={LEFT: points}, ml_per_point=ml(each))
    assert keys(session) == (["point_volume"] if stands else [])


def test_unusual_point_says_so() -> None:
    assert says(proposed(areas={LEFT: 10}, ml_per_point=ml("0.6"))) == (
        "point_volume",
        Who.TICK,
        "0.6 ml for each point; usual are 0.02 to 0.5 ml.",
    )


@pytest.mark.parametrize(("points", "stands"), [(54, False), (53, True), (66, False), (67, True)])
def test_points_have_to_come_to_what_was_drawn_within_10_percent(points: int, stands: bool) -> None:
    assert keys(proposed(areas={LEFT: points})) == (["unaccounted"] if stands else [])


def test_points_that_do_not_come_to_what_was_drawn_say_so() -> None:
    session = proposed(areas={LEFT: 30}, products=(drawn(wasted_ml=ml("0.5")),))
    assert says(session) == (
        "unaccounted",
        Who.REASON,
        "30 points come to 3 ml, and 0.5 ml are wasted, but 6 ml were drawn. Correct the numbers, "
        "or say why.",
    )


@pytest.mark.parametrize(
    "changes", [{"areas": {LEFT: None}}, {"ml_per_point": None}, {"products": ()}]
)
def test_what_was_not_counted_is_not_compared(changes: dict[str, Any]) -> None:
    assert keys(proposed(**changes)) == []


# Reactions ----------------------------------------------------------------------------------------


def after(*reactions: Any, **changes: Any) -> Any:
    return facts(reactions=reactions, **changes)


@pytest.mark.parametrize(
    ("kind", "grade", "stands"),
    [
        (ReactionKind.BRUISE, 1, False),
        (ReactionKind.BRUISE, 2, True),
        (ReactionKind.NODULE, 1, True),
        (ReactionKind.INFECTION, 1, True),
        (ReactionKind.ALLERGY, 1, True),
    ],
)
def test_open_reaction_in_an_area_of_today_stands(
    kind: ReactionKind, grade: int, stands: bool
) -> None:
    assert keys(known=after(reaction(kind, grade))) == (["reaction:5"] if stands else [])


def test_open_reaction_says_what_to_do() -> None:
    assert says(known=after(reaction())) == (
        "reaction:5",
        Who.REASON,
        f"Bruise of grade 2, noted on {on(TODAY - 7 * DAY)}, is not said to be gone. Look at it "
        "and note how it stands, or leave that area out.",
    )


@pytest.mark.parametrize(
    ("area", "kind", "stands"),
    [
        (RIGHT, ReactionKind.BRUISE, False),
        (None, ReactionKind.BRUISE, True),  # in no single area
        (RIGHT, ReactionKind.ALLERGY, True),  # an allergy is everywhere
    ],
)
def test_reaction_elsewhere_leaves_this_area_alone(
    area: Any, kind: ReactionKind, stands: bool
) -> None:
    session = proposed(areas={LEFT: 60})
    assert bool(keys(session, after(reaction(kind, area=area)))) is stands


@pytest.mark.parametrize(
    ("outcomes", "stands"),
    [
        (["resolved"], False),
        (["sequelae"], False),
        (["ongoing"], True),
        (["resolved", "ongoing"], True),
        (["ongoing", "resolved"], False),
    ],
)
def test_reaction_that_was_found_gone_no_longer_stands(outcomes: list[str], stands: bool) -> None:
    looks = tuple(Look(TODAY, ReactionOutcome(outcome)) for outcome in outcomes)
    assert keys(known=after(reaction(looks=looks))) == (["reaction:5"] if stands else [])


@pytest.mark.parametrize("key", [0, 81], ids=["on the form", "saved"])
def test_reaction_that_the_patient_reports_today_stands_under_its_own_name(key: int) -> None:
    told = [
        reaction(key=key, noted_on=TODAY),
        reaction(ReactionKind.FAINT, key=key, area=None, noted_on=TODAY),
    ]
    assert keys(proposed(reactions=tuple(told))) == [
        "reaction:bruise.buttock_left",
        "reaction:faint.",
    ]


@pytest.mark.parametrize("outcome", ["resolved", "ongoing"])
def test_grade_3_stops_the_course_also_when_it_is_gone(outcome: str) -> None:
    looks = (Look(TODAY, ReactionOutcome(outcome)),)
    assert says(known=after(reaction(grade=3, looks=looks))) == (
        "severe:5",
        Who.LEAD,
        f"Bruise of grade 3 was noted on {on(TODAY - 7 * DAY)}. Such a reaction stops the course.",
    )


def test_grade_3_of_another_cause_stands_only_while_it_is_open() -> None:
    fall = reaction(grade=3, related=Related.UNRELATED)
    assert keys(known=after(fall)) == ["reaction:5"]
    gone = replace(fall, looks=(Look(TODAY, ReactionOutcome.RESOLVED),))
    assert keys(known=after(gone)) == []


@pytest.mark.parametrize(("days", "key"), [(14, "reaction:5"), (15, "suspicious:5")])
def test_nodule_that_lasts_more_than_2_weeks_is_the_leads(days: int, key: str) -> None:
    noted = TODAY - days * DAY
    nodule = reaction(ReactionKind.NODULE, 1, noted_on=noted, after_on=noted)
    assert keys(known=after(nodule)) == [key]


def test_nodule_that_lasts_says_what_to_do() -> None:
    noted = TODAY - 15 * DAY
    nodule = reaction(ReactionKind.NODULE, 1, noted_on=noted, after_on=noted)
    assert says(known=after(nodule)) == (
        "suspicious:5",
        Who.LEAD,
        f"Nodule, noted on {on(noted)}, may be more than it seems. Arrange culture or biopsy, "
        "mycobacteria included, and check the other patients of the lot.",
    )


def test_second_grade_2_after_the_same_product_is_the_leads() -> None:
    gone = (Look(TODAY, ReactionOutcome.RESOLVED),)
    first = reaction(looks=gone, after_on=TODAY - 14 * DAY)
    second = reaction(key=6, looks=gone)
    assert keys(known=after(first)) == []
    assert says(known=after(first, second)) == (
        "repeated:1",
        Who.LEAD,
        "Formula B was followed by reactions of grade 2 or more in two sessions. Use another one, "
        "or stop the course.",
    )
    assert keys(known=after(first, replace(second, products=frozenset({2})))) == []
    assert keys(known=after(first, replace(second, after_on=first.after_on))) == []
