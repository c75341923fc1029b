"""Reasons and sentences of the rules in words."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Choices
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.templatetags.components import short_day
from patients.rules.safety_list import DRAFT
from patients.wording import area_names
from treatments.rules import cadence
from treatments.rules.sentence import Phrase, Sentence, Value


def sentence(reason: cadence.Reason) -> str:
    """Write a reason as a sentence."""
    return _(reason.template) % written(reason) + "."


def written(reason: cadence.Reason) -> dict[str, Any]:
    """Return the values of a reason with its dates as people write them."""
    return {
        name: date_format(value) if isinstance(value, date) else value
        for name, value in reason.values.items()
    }


def worded(said: Sentence) -> str:
    """Write out what a rule says."""
    return _(said.template) % {name: shown(value) for name, value in said.values.items()}


def shown(value: Value) -> Any:
    """Write a value as people do: the label of a choice, a date, a number without idle zeros."""
    if isinstance(value, Choices):
        return str(value.label)
    if isinstance(value, Phrase):
        return _(value)
    if isinstance(value, Sentence):
        return worded(value)
    if isinstance(value, date):
        return date_format(value)
    if isinstance(value, Decimal):
        return amount(value)
    return area_names(list(value)) if isinstance(value, tuple) else value


def amount(number: Decimal) -> str:
    """Write a number with up to three decimals."""
    rounded = number.quantize(Decimal("0.001"), ROUND_HALF_UP)
    return number_format(f"{rounded:f}".rstrip("0").rstrip("."))


def forecast_sentence(found: cadence.Forecast) -> str:
    """Say about when the last session falls, and from which rhythm that was reckoned."""
    values = {"day": short_day(found.on), "days": found.pace_days, "gaps": found.gaps}
    if found.is_booked:
        template = _("The last session is booked for %(day)s.")
    elif found.is_own:
        template = _(
            "At the patient’s own pace of %(days)d days, the middle of %(gaps)d gaps, "
            "the last session falls about %(day)s."
        )
    else:
        template = _("At the plan’s pace of %(days)d days the last session falls about %(day)s.")
    return template % values


def floor_sentence(course: cadence.CourseFacts, held: list[cadence.Held]) -> str:
    """Say which session's agents push the next one back; "" where none does."""
    due = cadence.window(course, held)
    pushing = [
        (visit.on + timedelta(visit.floor_days), number, visit.floor_days)
        for number, visit in enumerate(held, start=course.held_before + 1)
        if visit.floor_days > course.interval_min_days
    ]
    if due is None or not pushing or max(pushing)[0] != due.due_from:
        return ""
    _until, number, days = max(pushing)
    return _("What was given at session %(number)d asks for %(days)d days before the next one.") % {
        "number": number,
        "days": days,
    }


def elsewhere_sentence(earlier: cadence.Earlier) -> str:
    """Say how many sessions were held before the course was entered, and when."""
    sentence = ngettext(
        "%(count)d session was held elsewhere, on %(until)s.",
        "%(count)d sessions were held elsewhere, from %(since)s to %(until)s.",
        earlier.count,
    )
    return sentence % {
        "count": earlier.count,
        "since": date_format(earlier.since),
        "until": date_format(earlier.until),
    }


def allergen_names() -> dict[str, str]:
    """Return what each group of the safety list is called, by its code."""
    return {str(row.code): _(row.label) for row in DRAFT.exclusions}
