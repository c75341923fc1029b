"""When somebody who is deferred may be screened again, and the plan beside a proposal."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from patients.rules import ScreeningFacts, assess
from patients.rules.decision import Override, override_needed, proposed_areas
from patients.rules.plan import PROPOSED, Plan
from patients.rules.rescreen import months_after, rescreen_from
from patients.rules.safety_list import DRAFT
from patients.terms import SafetyItem
from treatments.forms.courses import CourseForm

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("codes", "day"),
    [
        (["T_SUNBURN"], date(2026, 12, 22)),
        (["T_RECENT_PROCEDURE"], date(2026, 12, 22)),
        (["T_VACCINE_DENTAL"], date(2026, 12, 8)),
        (["T_VACCINE_DENTAL", "T_SUNBURN"], date(2026, 12, 22)),
        (["T_SUNBURN", "C_SMOKING", "F_CELLULITE_PRESENT"], date(2026, 12, 22)),
        (["T_SUNBURN", "T_PREGNANCY"], None),
        (["T_PREGNANCY"], None),
        (["C_SMOKING"], None),
        ([], None),
    ],
    ids=str,
)
def test_rescreen_is_after_the_longest_wait_or_has_to_be_asked(
    codes: list[str], day: date | None
) -> None:
    assert rescreen_from(codes, TODAY, DRAFT) == day


def test_rescreen_after_liposuction_is_six_months_from_its_date() -> None:
    codes = ["T_RECENT_LIPOSUCTION"]
    assert rescreen_from(codes, TODAY, DRAFT, liposuction_on=date(2026, 8, 24)) == date(2027, 2, 24)
    assert rescreen_from(codes, TODAY, DRAFT) is None


def test_rescreen_takes_the_waits_of_the_clinic_s_own_list() -> None:
    rows = tuple(
        replace(row, wait_days=7) if row.code == SafetyItem.PREGNANCY else row for row in DRAFT.rows
    )
    own = replace(DRAFT, version=1, rows=rows)
    assert rescreen_from(["T_PREGNANCY"], TODAY, own) == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 8, 24), 6, date(2027, 2, 24)),
        (date(2026, 8, 31), 6, date(2027, 3, 1)),  # there is no 31 February
        (date(2026, 6, 30), 6, date(2026, 12, 30)),
        (date(2026, 12, 31), 6, date(2027, 7, 1)),
        (date(2027, 8, 29), 6, date(2028, 2, 29)),
    ],
    ids=str,
)
def test_months_after_is_never_short_of_full_months(day: date, months: int, then: date) -> None:
    assert months_after(day, months) == then


def test_plan_is_reviewed_after_5_10_and_the_last() -> None:
    assert Plan().reviews == (5, 10, 12)
    assert Plan(sessions=10).reviews == (5, 10)
    assert Plan(sessions=15).reviews == (5, 10, 15)


def test_plan_of_12_weekly_sessions_ends_11_weeks_later() -> None:
    assert PROPOSED.ends_on(TODAY) == date(2027, 2, 9)


def test_plan_is_what_a_new_course_begins_with() -> None:
    fields = CourseForm.base_fields
    assert fields["planned_sessions"].initial == PROPOSED.sessions
    assert fields["interval_days"].initial == PROPOSED.interval_days


def test_nothing_is_proposed_and_nothing_accepted_while_answers_are_missing() -> None:
    verdict = assess(ScreeningFacts())
    assert proposed_areas(verdict) == ()
    assert override_needed(verdict, ()) == Override.IMPOSSIBLE
