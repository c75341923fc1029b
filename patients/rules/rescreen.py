"""When somebody who is deferred may be screened again (domain notes 4.2).

Waiting times stand in the safety list, in days from the screening; recent liposuction is counted
from its date. A reason without a time of its own, such as pregnancy, has to be asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta

from patients.rules.safety_list import SafetyList
from patients.terms import SafetyGate

LIPOSUCTION = "T_RECENT_LIPOSUCTION"
LIPOSUCTION_MONTHS = 6


def rescreen_from(
    codes: Collection[str],
    today: date,
    lists: SafetyList,
    *,
    liposuction_on: date | None = None,
) -> date | None:
    """Return the first day on which all reasons of deferral have passed, None where one is open.

    `codes` are the codes of the reasons; those that do not defer are passed over.
    """
    rows = lists.at(SafetyGate.TEMPORARY)
    waits = {row.reason_code: row.wait_days for row in rows if row.wait_days is not None}
    days = [_passes(code, today, liposuction_on, waits) for code in codes if code.startswith("T_")]
    known = [day for day in days if day is not None]
    return max(known) if known and len(known) == len(days) else None


def _passes(
    code: str, today: date, liposuction_on: date | None, waits: Mapping[str, int]
) -> date | None:
    if code == LIPOSUCTION:
        return months_after(liposuction_on, LIPOSUCTION_MONTHS) if liposuction_on else None
    return today + timedelta(waits[code]) if code in waits else None


def months_after(day: date, months: int) -> date:
    """Return the day after so many full months; where the month is too short, the next one's first."""
    years, month = divmod(day.month - 1 + months, 12)
    try:
        return day.replace(year=day.year + years, month=month + 1)
    except ValueError:
        years, month = divmod(day.month + months, 12)
        return date(day.year + years, month + 1, 1)
