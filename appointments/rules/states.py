"""What may become of an appointment, and when."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.utils.translation import gettext_noop

from appointments.terms import Status

LATE_CANCEL = timedelta(hours=24)  # ux.md section 11

# From each status, the ones that may follow. Back to booked undoes a wrong tap.
MOVES: dict[Status, frozenset[Status]] = {
    Status.BOOKED: frozenset({Status.ARRIVED, Status.DONE, Status.CANCELLED, Status.NO_SHOW}),
    Status.ARRIVED: frozenset({Status.BOOKED, Status.DONE, Status.CANCELLED}),
    Status.DONE: frozenset({Status.BOOKED}),
    Status.CANCELLED: frozenset({Status.BOOKED}),
    Status.NO_SHOW: frozenset({Status.BOOKED}),
}


def refuse_turn(now: Status, to: Status, *, on: date, today: date, has_begun: bool) -> str | None:
    """Say why an appointment of the day `on` cannot become `to`; None when it can.

    The sentence is a template for `state` (the status now) and `day`. Somebody arrives on the
    day, is done from that day on, and did not come once the time has begun.
    """
    if to not in MOVES[now]:
        return gettext_noop("This appointment is %(state)s, so this cannot be done.")
    if to in (Status.ARRIVED, Status.DONE) and on > today:
        return gettext_noop("This appointment is on %(day)s. Mark it on the day.")
    if to == Status.ARRIVED and on < today:
        return gettext_noop("This appointment was on %(day)s. Mark it as done or as a no-show.")
    if to == Status.NO_SHOW and not has_begun:
        return gettext_noop("The time has not come yet. Until then it can be cancelled.")
    return None


def refuse_move(now: Status, *, has_begun: bool) -> str | None:
    """Say why an appointment cannot be moved; None when it can.

    One that has begun stays where it was: moving it would erase that somebody did not come.
    """
    if now != Status.BOOKED:
        return gettext_noop("This appointment is %(state)s. Only a booked one can be moved.")
    if has_begun:
        return gettext_noop("The time has begun. Mark it as done or as a no-show, then book again.")
    return None


def is_late_cancel(starts_at: datetime, cancelled_at: datetime) -> bool:
    """Tell whether a cancellation came less than 24 hours before, which counts as missed."""
    return starts_at - cancelled_at < LATE_CANCEL
