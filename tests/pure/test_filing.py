"""Photographs of a card are proposed for the visit of their day, in the order of the clock."""

from __future__ import annotations

from datetime import date, datetime

from hypothesis import given
from hypothesis import strategies as st

from treatments.rules.filing import Day, Place, propose

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
VIEWS = ("back", "left", "right")


def at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour)


def test_open_views_are_filled_in_the_order_of_the_clock() -> None:
    day = Day(7, MONDAY, VIEWS)
    taken = [at(MONDAY, 11), at(MONDAY, 9), at(MONDAY, 10), at(MONDAY, 12)]
    assert propose(taken, [day]) == [
        Place(day, "right"),
        Place(day, "back"),
        Place(day, "left"),
        Place(day),  # one more than there are views
    ]


def test_photograph_without_a_clock_or_a_visit_is_left_to_the_person() -> None:
    assert propose([None, at(TUESDAY, 9)], [Day(7, MONDAY, VIEWS)]) == [Place(), Place()]


def test_visit_that_wants_most_is_proposed_and_the_earlier_of_equals() -> None:
    session, review = Day(7, MONDAY, ("back",)), Day(8, MONDAY, VIEWS)
    assert propose([at(MONDAY, 9)], [session, review]) == [Place(review, "back")]
    same = Day(9, MONDAY, VIEWS)
    assert propose([at(MONDAY, 9)], [same, review]) == [Place(review, "back")]


moments = st.datetimes(datetime(2026, 11, 23), datetime(2026, 11, 26))
days = st.builds(
    Day,
    key=st.integers(1, 9),
    on=st.dates(MONDAY, date(2026, 11, 26)),
    open_views=st.lists(st.sampled_from(VIEWS), unique=True).map(tuple),
)


@given(st.lists(st.none() | moments), st.lists(days, unique_by=lambda day: day.key))
def test_no_view_of_a_visit_is_proposed_twice_and_no_day_is_crossed(
    taken: list[datetime | None], held: list[Day]
) -> None:
    places = propose(taken, held)
    assert len(places) == len(taken)
    wanted = [(place.day.key, place.view) for place in places if place.day and place.view]
    assert len(set(wanted)) == len(wanted)
    for moment, place in zip(taken, places, strict=True):
        assert place.day is None or (moment is not None and moment.date() == place.day.on)
