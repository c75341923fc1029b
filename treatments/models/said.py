"""Columns in plain values, for what is compared and approved of a version."""

from __future__ import annotations

from decimal import Decimal
from typing import Any


def plain(value: Any) -> Any:
    """Return a column as text or a list of text; two engines and two forms write it alike."""
    if isinstance(value, list):
        return [str(each) for each in value]
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return "" if value is None else str(value)
