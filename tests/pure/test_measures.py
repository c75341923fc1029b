"""Measures: how many readings, which mean, and what is asked about before it is believed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from treatments.rules.measures import (
    are_swapped,
    are_uneven,
    change,
    is_jump,
    is_weight_change,
    mean,
    other_unit,
)

D = Decimal


@pytest.mark.parametrize(
    ("readings", "value"),
    [
        (["59.5", "59.7"], "59.6"),
        (["59.5", "59.6"], "59.6"),  # 59.55 is rounded half up
        (["102.2", "101.4", "101.7"], "101.8"),
        (["61.0"], "61.0"),
    ],
)
def test_mean_of_all_readings_to_one_decimal(readings: list[str], value: str) -> None:
    assert str(mean([D(each) for each in readings])) == value


def test_no_readings_have_no_mean() -> None:
    with pytest.raises(ValueError, match="no readings"):
        mean([])


@for_all(st.lists(st.decimals("30", "110", places=1), min_size=1, max_size=3))
def test_mean_lies_between_its_readings(readings: list[Decimal]) -> None:
    assert min(readings) <= mean(readings) <= max(readings)


@pytest.mark.parametrize(
    ("kind", "value", "same", "noise"),
    [
        ("thigh_left", "59.1", True, True),  # 1.9 cm
        ("thigh_left", "59.0", True, False),  # 2 cm
        ("thigh_left", "58.1", False, True),  # 2.9 cm, another observer
        ("thigh_left", "58.0", False, False),
        ("weight", "60.1", True, True),
        ("weight", "60.0", False, False),
    ],
)
def test_change_within_the_error_of_one_or_two_observers_is_noise(
    kind: str, value: str, same: bool, noise: bool
) -> None:
    assert change(kind, D("61.0"), D(value), same_observer=same).is_noise is noise


@pytest.mark.parametrize(
    ("value", "last", "jump"),
    [
        ("62.0", "60.0", False),
        ("63.0", "60.0", False),  # 3 kg and 5 %
        ("63.1", "60.0", True),
        ("50.0", "47.5", True),  # 2.5 kg of 47.5 are more than 5 %
        ("100.0", "103.1", True),  # 3.1 kg are only 3 %
    ],
)
def test_weight_jumps_above_3_kg_or_5_percent(value: str, last: str, jump: bool) -> None:
    assert is_jump("weight", D(value), D(last)) is jump


@pytest.mark.parametrize(("value", "changed"), [("57.0", False), ("56.9", True), ("63.1", True)])
def test_weight_changed_above_5_percent(value: str, changed: bool) -> None:
    assert is_weight_change(D(value), D("60.0")) is changed


@pytest.mark.parametrize(
    ("kind", "value", "last", "meant"),
    [
        ("thigh_left", "23", None, "58.4"),  # the example of domain.md 7
        ("thigh_left", "58.4", None, None),
        ("hip", "40", None, "101.6"),
        ("hip", "101.6", "40.0", None),
        ("waist", "30", None, "76.2"),
        ("weight", "136", None, None),  # believable in kilograms
        ("weight", "136", "61.5", "61.7"),
        ("weight", "136", "135.0", None),
        ("weight", "29", None, None),  # neither
        ("thigh_left", "8", None, None),
    ],
)
def test_value_of_another_unit_is_asked_about(
    kind: str, value: str, last: str | None, meant: str | None
) -> None:
    found = other_unit(kind, D(value), D(last) if last else None)
    assert found == (D(meant) if meant else None)


@pytest.mark.parametrize(
    ("now", "last", "swapped"),
    [
        (("59.0", "61.0"), ("61.2", "59.1"), True),
        (("61.0", "59.0"), ("61.2", "59.1"), False),
        (("60.0", "61.0"), ("61.0", "60.0"), True),  # exactly 1 cm each way
        (("60.0", "60.9"), ("61.0", "60.0"), False),
        (("60.0", "61.0"), ("60.9", "60.0"), False),
        (("60.0", "60.0"), ("61.0", "60.0"), False),
    ],
)
def test_sides_look_swapped_when_their_difference_turns_round(
    now: tuple[str, str], last: tuple[str, str], swapped: bool
) -> None:
    assert are_swapped(D(now[0]), D(now[1]), D(last[0]), D(last[1])) is swapped


@for_all(*[st.decimals("30", "110", places=1)] * 4)
def test_sides_never_look_swapped_both_ways(
    left: Decimal, right: Decimal, last_left: Decimal, last_right: Decimal
) -> None:
    as_typed = are_swapped(left, right, last_left, last_right)
    exchanged = are_swapped(right, left, last_left, last_right)
    assert not (as_typed and exchanged)


@pytest.mark.parametrize(("right", "uneven"), [("63.0", False), ("63.1", True), ("56.9", True)])
def test_sides_are_uneven_above_3_cm(right: str, uneven: bool) -> None:
    assert are_uneven(D("60.0"), D(right)) is uneven
