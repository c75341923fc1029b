"""Columns in plain values, and the fingerprint of what is approved of a version."""

from __future__ import annotations

import json
from decimal import Decimal
from hashlib import sha256
from typing import Any


def plain(value: Any) -> Any:
    """Return a column as text or a list of text; two engines and two forms write it alike."""
    if isinstance(value, list):
        return [str(each) for each in value]
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return "" if value is None else str(value)


def digest_of(said: list[Any]) -> str:
    """Return the SHA-256 of plain values."""
    return sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()
