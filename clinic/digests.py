"""The one fingerprint of what is looked at and then signed or approved, whatever its rows are."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any


def digest_of(said: list[Any]) -> str:
    """Return the SHA-256, in hex, of plain values in their order."""
    return sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()
