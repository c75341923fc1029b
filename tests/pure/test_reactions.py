"""What a reaction asks for afterwards: call-backs, culture, what it means for the course."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from tests.pure.session_samples import LEFT, RIGHT, TODAY, reaction
from treatments.rules.reactions import (
    CallBack,
    Effect,
    Look,
    ReactionFacts,
    advice,
    call_back,
    call_back_by,
    effect,
    hinders,
    is_expected,
    is_suspicious,
    repeated_products,
)
from treatments.terms import ReactionKind, ReactionOutcome, Related
from treatments.wording import worded

DAY = timedelta(1)
ONGOING, GONE = ReactionOutcome.ONGOING, ReactionOutcome.RESOLVED


def looked(*outcomes: ReactionOutcome, on: date = TODAY) -> tuple[Look, ...]:
    return tuple(Look(on, outcome) for outcome in outcomes)


def noted_today(kind: ReactionKind, grade: int, **changes: Any) -> ReactionFacts:
    return reaction(kind, grade, noted_on=TODAY, after_on=TODAY, **changes)


@pytest.mark.parametrize(
    ("kind", "grade", "how", "by"),
    [
        (ReactionKind.BRUISE, 1, CallBack.NEXT_VISIT, None),
        (ReactionKind.BRUISE, 2, CallBack.WITHIN_48_HOURS, TODAY + 2 * DAY),
        (ReactionKind.BRUISE, 3, CallBack.SAME_DAY, TODAY),
        (ReactionKind.BRUISE, 5, CallBack.SAME_DAY, TODAY),
        (ReactionKind.ALLERGY, 1, CallBack.SAME_DAY, TODAY),
        (ReactionKind.FAINT, 2, CallBack.WITHIN_48_HOURS, TODAY + 2 * DAY),
        (ReactionKind.NODULE, 1, CallBack.NEXT_VISIT, TODAY + 14 * DAY),
        (ReactionKind.INFECTION, 1, CallBack.NEXT_VISIT, TODAY + 14 * DAY),
    ],
)
def test_call_back_is_due_by_grade(
    kind: ReactionKind, grade: int, how: CallBack, by: date | None
) -> None:
    assert (call_back(kind, grade), call_back_by(noted_today(kind, grade))) == (how, by)


@pytest.mark.parametrize(
    ("kind", "grade", "by"),
    [
        (ReactionKind.BRUISE, 1, None),
        (ReactionKind.BRUISE, 2, TODAY + 3 * DAY),
        (ReactionKind.BRUISE, 3, TODAY + 2 * DAY),
        (ReactionKind.NODULE, 1, TODAY + 14 * DAY),
    ],
)
def test_call_back_is_due_again_while_it_is_still_there(
    kind: ReactionKind, grade: int, by: date | None
) -> None:
    again = noted_today(kind, grade, looks=looked(ONGOING, on=TODAY + DAY))
    assert call_back_by(again) == by


def test_mild_nodule_that_was_seen_after_two_weeks_is_looked_at_the_next_day() -> None:
    seen = noted_today(ReactionKind.NODULE, 1, looks=looked(ONGOING, on=TODAY + 20 * DAY))
    assert call_back_by(seen) == TODAY + 21 * DAY


@pytest.mark.parametrize("outcome", [GONE, ReactionOutcome.SEQUELAE])
def test_nobody_is_called_back_once_it_is_gone(outcome: ReactionOutcome) -> None:
    assert call_back_by(reaction(grade=3, looks=looked(ONGOING, outcome))) is None


def test_what_comes_back_is_open_again() -> None:
    assert reaction(looks=looked(GONE, ONGOING)).is_open is True


@pytest.mark.parametrize(
    ("kind", "grade", "expected"),
    [
        (ReactionKind.REDNESS, 1, True),
        (ReactionKind.BRUISE, 2, True),
        (ReactionKind.SWELLING, 3, False),
        (ReactionKind.NODULE, 1, False),
        (ReactionKind.FAINT, 1, False),
        (ReactionKind.ALLERGY, 1, False),
    ],
)
def test_what_is_expected_after_injections(kind: ReactionKind, grade: int, expected: bool) -> None:
    assert is_expected(kind, grade) is expected


@pytest.mark.parametrize(
    ("kind", "grade", "means"),
    [
        (ReactionKind.BRUISE, 2, Effect.NONE),
        (ReactionKind.BRUISE, 3, Effect.STOP),
        (ReactionKind.ALLERGY, 1, Effect.PAUSE),
        (ReactionKind.ALLERGY, 3, Effect.STOP),
        (ReactionKind.INFECTION, 1, Effect.PAUSE),
        (ReactionKind.NODULE, 2, Effect.NONE),
    ],
)
def test_what_a_reaction_means_for_the_course(
    kind: ReactionKind, grade: int, means: Effect
) -> None:
    assert effect(kind, grade) == means


@pytest.mark.parametrize(
    ("kind", "noted", "began", "after", "suspicious"),
    [
        (ReactionKind.NODULE, 14, None, 14, False),  # two weeks
        (ReactionKind.NODULE, 15, None, 15, True),  # more
        (ReactionKind.INFECTION, 15, None, 15, True),
        (ReactionKind.BRUISE, 15, None, 15, False),
        (ReactionKind.NODULE, 1, None, 8, False),  # came 7 days after the session
        (ReactionKind.NODULE, 1, None, 9, True),  # 8 days after
        (ReactionKind.NODULE, 1, 2, 9, False),  # noticed 7 days after, noted on the eighth
        (ReactionKind.NODULE, 3, 15, None, True),  # began 15 days ago
    ],
)
def test_nodule_that_lasts_over_2_weeks_or_comes_over_1_week_later_is_suspicious(
    kind: ReactionKind, noted: int, began: int | None, after: int | None, suspicious: bool
) -> None:
    found = reaction(
        kind,
        1,
        noted_on=TODAY - noted * DAY,
        began_on=TODAY - began * DAY if began else None,
        after_on=TODAY - after * DAY if after else None,
    )
    assert is_suspicious(found, TODAY) is suspicious


def test_nodule_that_is_gone_is_not_suspicious() -> None:
    old = reaction(ReactionKind.NODULE, 1, noted_on=TODAY - 30 * DAY, looks=looked(GONE))
    assert is_suspicious(old, TODAY) is False


def test_suspicious_nodule_asks_for_culture_and_for_the_other_patients_of_the_lot() -> None:
    old = reaction(ReactionKind.NODULE, 1, noted_on=TODAY - 15 * DAY)
    assert [worded(each) for each in advice(old, TODAY)] == [
        "It has lasted more than 14 days or came more than 7 days after a session: arrange "
        "culture or biopsy, mycobacteria included.",
        "Check the other patients who were given the same lots.",
    ]


@pytest.mark.parametrize(
    ("days", "said"), [(10, []), (11, ["Swelling for more than 10 days: have it looked at."])]
)
def test_swelling_for_more_than_10_days_is_looked_at(days: int, said: list[str]) -> None:
    swollen = reaction(ReactionKind.SWELLING, 1, noted_on=TODAY - days * DAY)
    assert [worded(each) for each in advice(swollen, TODAY)] == said


def test_ordinary_bruise_asks_for_nothing_more() -> None:
    assert advice(reaction(), TODAY) == ()


@pytest.mark.parametrize(
    ("found", "stands"),
    [
        (reaction(), True),
        (reaction(grade=1), False),
        (reaction(area=RIGHT), False),
        (reaction(looks=looked(GONE)), False),
        (reaction(ReactionKind.INFECTION, 1), True),
    ],
)
def test_reaction_hinders_the_area_it_is_in(found: ReactionFacts, stands: bool) -> None:
    assert hinders(found, frozenset({LEFT})) is stands


FOUND = st.lists(
    st.builds(
        reaction,
        st.sampled_from(ReactionKind),
        st.integers(1, 5),
        after_on=st.sampled_from([TODAY, TODAY - 7 * DAY, TODAY - 14 * DAY]),
        products=st.frozensets(st.integers(1, 3)),
        related=st.sampled_from([None, *Related]),
    ),
    max_size=6,
)


@for_all(FOUND, FOUND)
def test_more_reactions_never_clear_a_product(
    some: list[ReactionFacts], more: list[ReactionFacts]
) -> None:
    assert repeated_products(tuple(some)) <= repeated_products((*some, *more))


def test_reaction_of_another_cause_is_not_counted_against_a_product() -> None:
    fall = reaction(related=Related.UNRELATED)
    assert repeated_products((reaction(after_on=TODAY - 14 * DAY), fall)) == frozenset()
