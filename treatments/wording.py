"""Reasons of the cadence in words."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from treatments.rules import cadence


def sentence(reason: cadence.Reason) -> str:
    """Write a reason of the cadence as a sentence."""
    return _(reason.template) % written(reason) + "."


def written(reason: cadence.Reason) -> dict[str, Any]:
    """Return the values of a reason with its dates as people write them."""
    return {
        name: date_format(value) if isinstance(value, date) else value
        for name, value in reason.values.items()
    }
