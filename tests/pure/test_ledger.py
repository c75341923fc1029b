"""The dose ledger: what adds up, which ceiling counts, and what cannot be told."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from tests.pure.session_samples import agent, formulary, given, ml, product
from treatments.rules.dose import (
    Volume,
    accounts_for,
    is_much_for_area,
    is_usual_point,
    judge_volume,
)
from treatments.rules.ledger import Given, Line, Scope, State, ledger
from treatments.terms import Unit

# 4.5 mg/kg and at most 300 mg: the maxima of domain.md section 5.
LIDOCAINE = agent(
    "lidocaine-2",
    substance="lidocaine",
    strength=ml("20"),
    ceiling_session=ml("300"),
    ceiling_kg=ml("4.5"),
)
WITH_ADRENALINE = agent(
    "lidocaine-adrenaline",
    substance="lidocaine",
    strength=ml("10"),
    ceiling_session=ml("500"),
    ceiling_kg=ml("7"),
)
NUMB = product(1, "Lidocaine", **{"lidocaine-2": "1"})
NUMB_LONGER = product(2, "Lidocaine with adrenaline", **{"lidocaine-adrenaline": "1"})
MIX = product(3, "Formula B", **{"caffeine": "0.5", "lidocaine-2": "0.1"})
KNOWN = formulary(LIDOCAINE, WITH_ADRENALINE, agent())


def line(lines: tuple[Line, ...], scope: Scope, substance: str = "lidocaine") -> Line:
    (only,) = [each for each in lines if (each.substance, each.scope) == (substance, scope)]
    return only


def states(lines: tuple[Line, ...]) -> dict[tuple[str, Scope], State]:
    return {(each.substance, each.scope): each.state for each in lines}


def test_amount_is_ml_by_share_by_strength() -> None:
    lines = ledger(KNOWN, [given(MIX, "8.0")], weight_kg=ml("62"))
    assert line(lines, Scope.SESSION, "caffeine").amount == ml("40")  # 8 ml x 0.5 x 10 mg/ml
    assert line(lines, Scope.SESSION).amount == ml("16")  # 8 ml x 0.1 x 20 mg/ml


def test_agents_of_one_substance_add_up_against_the_lowest_ceiling() -> None:
    lines = ledger(KNOWN, [given(NUMB, "10"), given(NUMB_LONGER, "15")], weight_kg=ml("62"))
    session = line(lines, Scope.SESSION)
    assert (session.amount, session.ceiling, session.state) == (ml("350"), ml("300"), State.OVER)
    assert line(lines, Scope.KG).ceiling == ml("279.0")  # 4.5 mg/kg x 62 kg


def test_ceiling_of_an_agent_that_was_not_given_does_not_count() -> None:
    lines = ledger(KNOWN, [given(NUMB_LONGER, "40")], weight_kg=ml("62"))
    session = line(lines, Scope.SESSION)
    assert (session.amount, session.ceiling, session.state) == (ml("400"), ml("500"), State.NEAR)


@pytest.mark.parametrize(
    ("volume", "state"),
    [
        ("11.99", State.FINE),  # 239.8 of 300
        ("12", State.NEAR),  # 240 is 80 % of 300
        ("15", State.NEAR),  # exactly the ceiling
        ("15.01", State.OVER),
    ],
)
def test_state_is_near_from_80_percent_and_over_above_the_ceiling(
    volume: str, state: State
) -> None:
    lines = ledger(KNOWN, [given(NUMB, volume)], weight_kg=ml("100"))
    assert line(lines, Scope.SESSION).state == state


def test_other_sessions_of_the_day_count_for_the_day_and_not_for_the_course() -> None:
    lines = ledger(KNOWN, [given(NUMB, "5")], same_day=[given(NUMB, "12")], weight_kg=ml("100"))
    assert line(lines, Scope.SESSION).amount == ml("340")
    assert line(lines, Scope.SESSION).state == State.OVER
    assert line(lines, Scope.COURSE).amount == ml("100")


def test_volume_ceiling_is_for_the_ml_of_the_agent_itself() -> None:
    only = formulary(agent(ceiling_ml=ml("4"), ceiling_session=None))
    half = product(1, "Half", caffeine="0.5")
    lines = ledger(only, [given(half, "8")])
    found = line(lines, Scope.ML, "caffeine")
    assert (found.amount, found.unit, found.state) == (ml("4.0"), "ml", State.NEAR)
    assert line(ledger(only, [given(half, "8.2")]), Scope.ML, "caffeine").state == State.OVER


def test_ceiling_per_kg_without_a_weight_cannot_be_told() -> None:
    lines = ledger(KNOWN, [given(NUMB, "1")])
    found = line(lines, Scope.KG)
    assert (found.state, found.ceiling, found.share) == (State.UNKNOWN, None, None)


def test_course_adds_the_earlier_sessions_and_keeps_substances_that_are_not_given_today() -> None:
    most = formulary(agent(ceiling_course=ml("1000")), LIDOCAINE)
    caffeine = product(4, "Caffeine", caffeine="1")
    lines = ledger(most, [given(caffeine, "10")], course=[given(caffeine, "70"), given(NUMB, "1")])
    found = line(lines, Scope.COURSE, "caffeine")
    assert (found.amount, found.share, found.state) == (ml("800"), ml("0.8"), State.NEAR)
    other = line(lines, Scope.COURSE)
    assert (other.amount, other.is_given) == (ml("20"), False)
    assert (("lidocaine", Scope.SESSION) in states(lines)) is False


@pytest.mark.parametrize(
    ("before", "state"), [("80", State.UNKNOWN), ("95", State.OVER)], ids=["under", "over"]
)
def test_sessions_without_doses_on_record_leave_the_course_open_until_it_is_over(
    before: str, state: State
) -> None:
    most = formulary(agent(ceiling_course=ml("1000")))
    caffeine = product(4, "Caffeine", caffeine="1")
    lines = ledger(most, [given(caffeine, "6")], course=[given(caffeine, before)], undocumented=1)
    assert line(lines, Scope.COURSE, "caffeine").state == state


def test_sessions_without_doses_on_record_are_nothing_to_a_course_without_ceiling() -> None:
    lines = ledger(formulary(), [given(product(), "6")], undocumented=3)
    found = line(lines, Scope.COURSE, "caffeine")
    assert (found.state, found.is_complete) == (State.FINE, False)


def test_agent_that_the_formulary_does_not_know_is_not_counted_as_nothing() -> None:
    lines = ledger(formulary(), [given(product(1, "Old", yohimbine="1"), "5")])
    found = line(lines, Scope.SESSION, "yohimbine")
    assert (found.amount, found.is_complete, found.unit) == (Decimal(0), False, "")


def test_agent_without_a_strength_cannot_be_told() -> None:
    lines = ledger(formulary(agent(strength=None)), [given(product(), "5")])
    assert line(lines, Scope.SESSION, "caffeine").state == State.UNKNOWN


def test_one_substance_in_two_units_cannot_be_told() -> None:
    two = formulary(
        agent("a", substance="enzyme", unit=Unit.MG), agent("b", substance="enzyme", unit=Unit.IU)
    )
    lines = ledger(two, [given(product(1, "Both", a="0.5", b="0.5"), "1")])
    assert [(each.unit, each.state) for each in lines if each.scope == Scope.SESSION] == [
        ("iu", State.UNKNOWN),
        ("mg", State.UNKNOWN),
    ]


def test_diluent_adds_no_line() -> None:
    assert ledger(formulary(), [Given(product(9, "Saline", caffeine="1"), ml("0"))])[0].amount == 0
    saline = product(9, "Saline")
    assert (
        ledger(formulary(), [Given(type(saline)(key=9, name="Saline", is_diluent=True), ml("2"))])
        == ()
    )


VOLUMES = st.decimals("0.1", "30", places=1)
GIVEN = st.lists(
    st.builds(Given, st.sampled_from([NUMB, NUMB_LONGER, MIX]), VOLUMES), min_size=1, max_size=6
)


@for_all(st.data(), GIVEN)
def test_order_makes_no_difference(data: st.DataObject, doses: list[Given]) -> None:
    shuffled = data.draw(st.permutations(doses))
    assert ledger(KNOWN, shuffled, weight_kg=ml("62")) == ledger(KNOWN, doses, weight_kg=ml("62"))


@for_all(GIVEN, GIVEN)
def test_amounts_of_two_halves_add_up_to_the_whole(first: list[Given], second: list[Given]) -> None:
    def amounts(doses: list[Given]) -> dict[tuple[str, Scope], Decimal]:
        lines = ledger(KNOWN, doses, weight_kg=ml("62"))
        return {(each.substance, each.scope): each.amount for each in lines}

    parts = [amounts(first), amounts(second)]
    whole = amounts([*first, *second])
    for key, amount in whole.items():
        assert amount == sum((part.get(key, Decimal(0)) for part in parts), Decimal(0))


GRAVITY = {State.FINE: 0, State.NEAR: 1, State.UNKNOWN: 2, State.OVER: 3}


@for_all(GIVEN, st.builds(Given, st.sampled_from([NUMB, NUMB_LONGER, MIX]), VOLUMES))
def test_another_dose_never_makes_a_line_better(doses: list[Given], more: Given) -> None:
    before = states(ledger(KNOWN, doses, weight_kg=ml("62")))
    after = states(ledger(KNOWN, [*doses, more], weight_kg=ml("62")))
    assert [key for key in before if GRAVITY[after[key]] < GRAVITY[before[key]]] == []


@for_all(GIVEN, st.decimals("40", "120", places=1))
def test_a_missing_weight_never_makes_a_dose_fine(doses: list[Given], weight: Decimal) -> None:
    known = states(ledger(KNOWN, doses, weight_kg=weight))
    missing = states(ledger(KNOWN, doses))
    of_kg = [key for key in known if key[1] == Scope.KG]
    assert [missing[key] for key in of_kg] == [State.UNKNOWN] * len(of_kg)
    assert {k: v for k, v in known.items() if k not in of_kg} == {
        k: v for k, v in missing.items() if k not in of_kg
    }


# Volumes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("volume", "judged"),
    [
        ("20", Volume.FINE),
        ("20.1", Volume.ASK),
        ("60", Volume.ASK),
        ("60.1", Volume.REFUSE),
    ],
)
def test_session_is_asked_about_above_20_ml_and_refused_above_60(
    volume: str, judged: Volume
) -> None:
    assert judge_volume(ml(volume)) == judged


@pytest.mark.parametrize(("volume", "asked"), [("10", False), ("10.1", True), ("60.1", True)])
def test_area_is_asked_about_above_10_ml(volume: str, asked: bool) -> None:
    assert is_much_for_area(ml(volume)) is asked


@pytest.mark.parametrize(
    ("volume", "usual"), [("0.019", False), ("0.02", True), ("0.5", True), ("0.501", False)]
)
def test_point_is_usual_from_0_02_to_0_5_ml(volume: str, usual: bool) -> None:
    assert is_usual_point(ml(volume)) is usual


@pytest.mark.parametrize(
    ("placed", "wasted", "accounted"),
    [
        ("8.4", "0.6", True),
        ("9.0", "0.9", True),  # 9.9 of 9: exactly 10 % more
        ("9.0", "1.0", False),
        ("7.5", "0.6", True),  # 8.1: exactly 10 % less
        ("7.4", "0.6", False),
    ],
)
def test_drawn_volume_is_accounted_for_within_10_percent(
    placed: str, wasted: str, accounted: bool
) -> None:
    assert accounts_for(placed_ml=ml(placed), wasted_ml=ml(wasted), drawn_ml=ml("9.0")) is accounted
