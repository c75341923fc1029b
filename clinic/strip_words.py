"""The session strip in words: what stands under a mark, what is read aloud, one sentence for all."""

from __future__ import annotations

from datetime import date
from itertools import groupby

from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from clinic.strip import FollowUp, FollowUpKey, Gate, GateState, Mark, Miss, State, Strip


def label(mark: Mark, key: FollowUpKey | None = None) -> str:
    """What stands under a large mark; a free session has nothing to say."""
    match mark:
        case Mark(state=State.TODAY):
            return _("Today")
        case Mark(state=State.OVERDUE, days_late=int(days)):
            return _("%(days)d d late") % {"days": days}
        case Mark(state=State.NEXT, is_open=True, due_by=date() as by):
            return _("by %(date)s") % {"date": short(by)}
        case Mark(state=State.NEXT, due_from=date() as due):
            return _("due %(date)s") % {"date": short(due)}
        case Mark(on=date() as on):
            return short(on)
    return _distance(key) if key else ""


def spoken(mark: Mark, gate: Gate | None = None) -> str:
    """What is read aloud for one session, the review that follows it included."""
    sentence = _say(mark, _("Session %(number)d") % {"number": mark.number})
    if gate is None:
        return sentence
    return {
        GateState.WRITTEN: _("%(session)s, then review, written"),
        GateState.DUE: _("%(session)s, then review, due"),
        GateState.AHEAD: _("%(session)s, then review"),
        GateState.PASSED: _("%(session)s, then review, not held"),
    }[gate.state] % {"session": sentence}


def spoken_follow_up(follow_up: FollowUp) -> str:
    """What is read aloud for one check after the end."""
    names = {
        FollowUpKey.FOUR_WEEKS: _("Check 4 weeks after the end"),
        FollowUpKey.THREE_MONTHS: _("Check 3 months after the end"),
        FollowUpKey.SIX_MONTHS: _("Check 6 months after the end"),
    }
    return _say(follow_up.mark, names[follow_up.key])


def spoken_miss(miss: Miss) -> str:
    """What is read aloud for a cross on the line."""
    if miss.moved_to is None:
        return _("Missed %(date)s, not rebooked") % {"date": long(miss.on)}
    values = {"date": long(miss.on), "new": date_format(miss.moved_to, "j F")}
    return _("Missed %(date)s, moved to %(new)s") % values


def spoken_pause(strip: Strip) -> str:
    """What is read aloud for the two bars of a pause."""
    if strip.paused_on is None:
        return _("Paused")
    return _("Paused since %(date)s") % {"date": long(strip.paused_on)}


def ending(strip: Strip) -> str:
    """Why the line ends early: stands beside the bar for everyone to see."""
    values = {"done": strip.closed_after, "planned": strip.planned}
    if strip.closed_on is None:
        sentence = _("closed after %(done)d of %(planned)d") % values
    else:
        values_on = values | {"date": short(strip.closed_on)}
        sentence = _("closed %(date)s after %(done)d of %(planned)d") % values_on
    if not strip.closed_reason:
        return sentence
    return _("%(closed)s: %(reason)s") % {"closed": sentence, "reason": strip.closed_reason}


def checks_name() -> str:
    """The name of the list of checks, for those who hear it."""
    return _("After the end")


def summary(strip: Strip) -> str:
    """The whole strip in one sentence, for the sizes that are a single image."""
    due = {gate.after for gate in strip.gates if gate.state == GateState.DUE}
    parts = [_("%(done)d of %(planned)d done") % {"done": strip.done, "planned": strip.planned}]
    # A due review ends a run of booked sessions, so that it is named at its place.
    for _key, run in groupby(
        strip.marks, key=lambda mark: (mark.state, sum(after < (mark.number or 0) for after in due))
    ):
        marks = list(run)
        parts += _summed(marks)
        if marks[-1].number in due:
            parts.append(_("review due"))
    if strip.paused_after is not None:
        parts.append(_("paused"))
    if strip.closed_after is not None:
        parts.append(ending(strip))
    for follow_up in strip.follow_ups:
        if follow_up.mark.state != State.FREE:
            parts.append(_sum_one(follow_up.mark, _check_name(follow_up.key)))
    return ", ".join(parts)


def short(day: date) -> str:
    """A date under a mark: 17 Nov."""
    return date_format(day, "j M")


def long(day: date) -> str:
    """A date read aloud: Tuesday 17 November."""
    return date_format(day, "l j F")


def _distance(key: FollowUpKey) -> str:
    return {
        FollowUpKey.FOUR_WEEKS: pgettext("after the end of the course", "+4 wk"),
        FollowUpKey.THREE_MONTHS: pgettext("after the end of the course", "+3 mo"),
        FollowUpKey.SIX_MONTHS: pgettext("after the end of the course", "+6 mo"),
    }[key]


def _check_name(key: FollowUpKey) -> str:
    return {
        FollowUpKey.FOUR_WEEKS: _("check after 4 weeks"),
        FollowUpKey.THREE_MONTHS: _("check after 3 months"),
        FollowUpKey.SIX_MONTHS: _("check after 6 months"),
    }[key]


def _say(mark: Mark, what: str) -> str:
    match mark:
        case Mark(is_earlier=True, on=date() as on):
            return _("%(what)s, held before, elsewhere, the last on %(date)s") % {
                "what": what,
                "date": long(on),
            }
        case Mark(is_earlier=True):
            return _("%(what)s, held before, elsewhere") % {"what": what}
        case Mark(state=State.DONE, on=date() as on):
            return _("%(what)s, done %(date)s") % {"what": what, "date": long(on)}
        case Mark(state=State.TODAY):
            return _say_today(mark, what)
        case Mark(state=State.BOOKED, on=date() as on):
            return _("%(what)s, booked %(date)s") % {"what": what, "date": long(on)}
        case Mark(state=State.OVERDUE, days_late=int(days)):
            return ngettext(
                "%(what)s, overdue %(days)d day", "%(what)s, overdue %(days)d days", days
            ) % {"what": what, "days": days}
        case Mark(state=State.MISSED, on=date() as on):
            return _("%(what)s, missed %(date)s") % {"what": what, "date": long(on)}
        case Mark(state=State.NEXT, due_from=date() as first, due_by=date() as last):
            return _say_next(what, first, last)
    return _("%(what)s, planned") % {"what": what}


def _say_today(mark: Mark, what: str) -> str:
    values = {"what": what, "time": time_format(mark.at, "H:i") if mark.at else ""}
    if mark.at and mark.arrived:
        return _("%(what)s, today %(time)s, arrived") % values
    if mark.at:
        return _("%(what)s, today %(time)s") % values
    return (_("%(what)s, today, arrived") if mark.arrived else _("%(what)s, today")) % values


def _say_next(what: str, first: date, last: date) -> str:
    if first == last:
        return _("%(what)s, not booked, due %(date)s") % {"what": what, "date": long(first)}
    same_month = (first.year, first.month) == (last.year, last.month)
    values = {
        "what": what,
        "first": date_format(first, "j" if same_month else "j F"),
        "last": date_format(last, "j F"),
    }
    return _("%(what)s, not booked, due %(first)s to %(last)s") % values


def _summed(marks: list[Mark]) -> list[str]:
    first, last = marks[0], marks[-1]
    if first.state in (State.DONE, State.FREE):
        return []
    if len(marks) == 1:
        return [_sum_one(first, _("session %(number)d") % {"number": first.number})]
    if first.state != State.BOOKED:
        return [_sum_one(mark, _("session %(number)d") % {"number": mark.number}) for mark in marks]
    values = {"first": first.number, "last": last.number}
    return [_("sessions %(first)d to %(last)d booked") % values]


def _sum_one(mark: Mark, what: str) -> str:
    if mark.state == State.OVERDUE:
        days = mark.days_late or 0
        return ngettext("%(what)s overdue %(days)d day", "%(what)s overdue %(days)d days", days) % {
            "what": what,
            "days": days,
        }
    return {
        State.DONE: _("%(what)s done"),
        State.TODAY: _("%(what)s today"),
        State.BOOKED: _("%(what)s booked"),
        State.MISSED: _("%(what)s missed"),
        State.NEXT: _("%(what)s not booked"),
        State.FREE: _("%(what)s planned"),
    }[mark.state] % {"what": what}
