"""Where a consent stands: a fold over its events, and what that allows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.rules.consent import (
    CONSEQUENCES,
    IMAGES_STAY,
    NOTHING_ABOUT_CARE,
    STATE_OBSTACLES,
    USE_ENDS,
    USES_END,
    WHY_NOT,
    WITHOUT_IT,
    Event,
    Obstacle,
    Standing,
    State,
    obstacle,
    reflection_ends,
    standing_of,
    standings,
)
from patients.terms import ConsentKind, Purpose

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
TODAY = NOW.date()
LAST_DAY = date(2027, 11, 24)
READ, YES, NO, WITHDRAWN = ConsentKind


def event(
    kind: ConsentKind,
    hours_ago: float = 100,
    *,
    purpose: Purpose = Purpose.TREATMENT,
    version: int = 1,
    until: date | None = None,
) -> Event:
    if kind == YES and until is None:
        until = LAST_DAY
    return Event(purpose, kind, NOW - timedelta(hours=hours_ago), version, until)


def fold(*events: Event, purpose: Purpose = Purpose.TREATMENT, version: int = 1) -> Standing:
    return standing_of(purpose, events, current_version=version, today=TODAY)


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([], State.NOT_ASKED),
        ([event(READ)], State.NOT_ASKED),
        ([event(YES)], State.YES),
        ([event(NO)], State.NO),
        ([event(YES, 90), event(WITHDRAWN, 80)], State.WITHDRAWN),
        ([event(YES, 90), event(NO, 80)], State.NO),
        ([event(NO, 90), event(YES, 80)], State.YES),
        ([event(YES, 90), event(WITHDRAWN, 80), event(YES, 70)], State.YES),
        ([event(YES, 90), event(READ, 80)], State.YES),
        ([event(YES, 90), event(WITHDRAWN, 80), event(READ, 70)], State.WITHDRAWN),
    ],
    ids=lambda value: " ".join(each.kind for each in value) if isinstance(value, list) else None,
)
def test_last_answer_stands(events: list[Event], state: State) -> None:
    assert fold(*events).state == state


@pytest.mark.parametrize(
    ("until", "state"),
    [
        (TODAY + timedelta(1), State.YES),
        (TODAY, State.YES),
        (TODAY - timedelta(1), State.EXPIRED),
    ],
    ids=["the day before the last", "on the last day", "the day after"],
)
def test_yes_holds_through_its_last_day(until: date, state: State) -> None:
    assert fold(event(YES, until=until)).state == state


def test_new_text_ends_the_consent_to_treatment() -> None:
    standing = fold(event(YES), version=2)
    assert (standing.state, standing.holds, standing.signed_version) == (
        State.TEXT_CHANGED,
        False,
        1,
    )


def test_new_text_leaves_other_answers_to_what_they_were_signed_under() -> None:
    purpose = Purpose.RECORD_PHOTOS
    standing = fold(event(YES, purpose=purpose), purpose=purpose, version=2)
    assert (standing.state, standing.holds, standing.is_settled) == (
        State.TEXT_CHANGED,
        True,
        False,
    )


def test_new_text_leaves_a_no_a_no() -> None:
    assert fold(event(NO), version=2).state == State.NO


def test_expired_says_so_before_a_changed_text() -> None:
    assert fold(event(YES, until=TODAY - timedelta(1)), version=2).state == State.EXPIRED


def test_purpose_without_a_text_keeps_its_answer() -> None:
    standing = standing_of(
        Purpose.RESEARCH,
        [event(YES, purpose=Purpose.RESEARCH)],
        current_version=None,
        today=TODAY,
    )
    assert (standing.state, standing.holds) == (State.YES, True)


def test_not_asked_is_not_no() -> None:
    asked, unasked = fold(event(NO)), fold()
    assert (asked.state, asked.is_settled) == (State.NO, True)
    assert (unasked.state, unasked.is_settled) == (State.NOT_ASKED, False)
    assert not asked.holds
    assert not unasked.holds


# Whether treatment may begin ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "version", "found"),
    [
        ([], 1, Obstacle.NOT_ASKED),
        ([event(READ, 200)], 1, Obstacle.NOT_ASKED),
        ([event(NO)], 1, Obstacle.NO),
        ([event(YES, 90), event(WITHDRAWN, 80)], 1, Obstacle.WITHDRAWN),
        ([event(YES, until=TODAY - timedelta(1))], 1, Obstacle.EXPIRED),
        ([event(YES)], 2, Obstacle.TEXT_CHANGED),
        ([event(YES, 47.99)], 1, Obstacle.REFLECTION),
        ([event(YES, 48)], 1, None),
        ([event(READ, 48), event(YES, 0)], 1, None),
        ([event(READ, 47.99), event(YES, 0)], 1, Obstacle.REFLECTION),
        ([event(READ, 90), event(READ, 1), event(YES, 0)], 1, None),
        ([event(READ, 900), event(YES, 800), event(YES, 1, version=2)], 2, None),
        ([event(YES, 900), event(WITHDRAWN, 800), event(YES, 1)], 1, Obstacle.REFLECTION),
        ([event(YES, 900), event(WITHDRAWN, 90), event(READ, 50), event(YES, 1)], 1, None),
    ],
    ids=[
        "nothing",
        "given to read only",
        "no",
        "withdrawn",
        "expired",
        "text changed",
        "signed 47 h 59 ago",
        "signed 48 h ago",
        "given to read 48 h ago",
        "given to read 47 h 59 ago",
        "given to read twice: the first counts",
        "renewal: the first reading counts",
        "after a withdrawal anew",
        "after a withdrawal, read since",
    ],
)
def test_obstacle_to_treatment(events: list[Event], version: int, found: Obstacle | None) -> None:
    assert obstacle(fold(*events, version=version), now=NOW, hours=48) == found


def test_reflection_of_no_hours_ends_at_once() -> None:
    assert obstacle(fold(event(YES, 0)), now=NOW, hours=0) is None


def test_reflection_ends_so_many_hours_after_the_first_reading() -> None:
    standing = fold(event(READ, 10), event(YES, 1))
    assert reflection_ends(standing, 48) == NOW + timedelta(hours=38)
    assert reflection_ends(fold(), 48) is None


def test_every_obstacle_and_state_has_its_sentence() -> None:
    assert set(WHY_NOT) == set(Obstacle)
    assert set(STATE_OBSTACLES) == set(State) - {State.YES}
    values = {"since": "2 Oct", "until": "2 Oct", "ends": "2 Oct"}
    assert [s for s in WHY_NOT.values() if "%" in s % values or not s.endswith(".")] == []


# Consequences -------------------------------------------------------------------------------------


def test_withdrawal_of_treatment_ends_the_sessions() -> None:
    assert CONSEQUENCES[Purpose.TREATMENT][0] == "There is no further session from now on."


def test_withdrawal_of_record_photos_leaves_the_treatment_and_the_images() -> None:
    said = CONSEQUENCES[Purpose.RECORD_PHOTOS]
    assert "Treatment stays possible" in said[0]
    assert IMAGES_STAY in said


@pytest.mark.parametrize("purpose", list(Purpose)[2:])
def test_withdrawal_of_any_other_use_changes_nothing_about_care(purpose: Purpose) -> None:
    assert CONSEQUENCES[purpose] == (NOTHING_ABOUT_CARE, USE_ENDS, USES_END, IMAGES_STAY)


def test_only_care_says_what_a_no_means() -> None:
    assert set(WITHOUT_IT) == {Purpose.TREATMENT, Purpose.RECORD_PHOTOS}


# Properties ---------------------------------------------------------------------------------------

events_of_anything = st.lists(
    st.builds(
        event,
        st.sampled_from(ConsentKind),
        st.integers(0, 400),
        purpose=st.sampled_from(Purpose),
        version=st.integers(1, 3),
    ),
    max_size=12,
)


def of(events: list[Event], purpose: Purpose) -> Standing:
    return standing_of(purpose, events, current_version=3, today=TODAY)


@given(events_of_anything, st.sampled_from(Purpose))
def test_purposes_are_never_bundled(events: list[Event], purpose: Purpose) -> None:
    own = [each for each in events if each.purpose == purpose]
    assert of(events, purpose) == of(own, purpose)
    versions = dict.fromkeys(Purpose, 3)
    assert standings(events, versions=versions, today=TODAY)[purpose] == of(own, purpose)


@given(events_of_anything, st.sampled_from(Purpose))
def test_no_answer_but_a_yes_allows_anything(events: list[Event], purpose: Purpose) -> None:
    said = [each for each in events if each.purpose == purpose and each.kind == YES]
    if of(events, purpose).holds:
        assert said != []


@given(events_of_anything)
def test_withdrawal_ends_whatever_stood(events: list[Event]) -> None:
    later = event(WITHDRAWN, 0)
    assert of([*events, later], Purpose.TREATMENT).state == State.WITHDRAWN


@given(events_of_anything)
def test_giving_to_read_never_changes_an_answer(events: list[Event]) -> None:
    for purpose in Purpose:
        read = event(READ, 0, purpose=purpose)
        assert of([*events, read], purpose).state == of(events, purpose).state


@given(events_of_anything)
def test_fold_is_one_step_at_a_time(events: list[Event]) -> None:
    """Only the events since the last withdrawal matter, that one included."""
    ordered = sorted((e for e in events if e.purpose == Purpose.TREATMENT), key=lambda e: e.at)
    ends = [place for place, each in enumerate(ordered) if each.kind == WITHDRAWN]
    assert of(ordered[ends[-1] :] if ends else ordered, Purpose.TREATMENT) == of(
        events, Purpose.TREATMENT
    )


@given(events_of_anything)
def test_treatment_begins_only_under_a_current_yes_that_was_slept_over(events: list[Event]) -> None:
    standing = of(events, Purpose.TREATMENT)
    if obstacle(standing, now=NOW, hours=48) is None:
        assert standing.state == State.YES
        assert standing.signed_version == 3
        assert standing.first_seen is not None
        assert NOW - standing.first_seen >= timedelta(hours=48)
