"""What differs between two versions of the formulary or of a protocol, for whoever approves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from treatments.terms import AgentStatus

Kind = Literal["added", "dropped", "changed"]
Columns = Mapping[str, Any]
CEILINGS = ("ceiling_ml", "ceiling_session", "ceiling_kg", "ceiling_course")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One row that was added, dropped or changed; `changes` are (column, before, after).

    `is_looser`: more may be given of it than before, or to more people.
    """

    code: str
    name: str
    kind: Kind
    changes: tuple[tuple[str, Any, Any], ...] = ()
    is_looser: bool = False


def differences(
    before: Mapping[str, Columns], after: Mapping[str, Columns]
) -> tuple[Difference, ...]:
    """List what `after` adds and changes, in its own order; the dropped rows come last."""
    found = []
    for code, row in after.items():
        was = before.get(code)
        changes = changes_of(was, row) if was is not None else ()
        if was is None or changes:
            found.append(
                Difference(
                    code=code,
                    name=row["name"],
                    kind="added" if was is None else "changed",
                    changes=changes,
                    is_looser=was is not None and is_looser(was, row),
                )
            )
    found += [
        Difference(code=code, name=was["name"], kind="dropped")
        for code, was in before.items()
        if code not in after
    ]
    return tuple(found)


def changes_of(before: Columns, after: Columns) -> tuple[tuple[str, Any, Any], ...]:
    """Return (column, before, after) of each column that differs."""
    return tuple(
        (name, before.get(name), value)
        for name, value in after.items()
        if name != "code" and before.get(name) != value
    )


def is_looser(before: Columns, after: Columns) -> bool:
    """Whether an agent may be given more, sooner, or to somebody who was kept from it.

    One that is blocked now is given to nobody, whatever its other numbers say.
    """
    if after["status"] == AgentStatus.BLOCKED:
        return False
    return (
        before["status"] == AgentStatus.BLOCKED
        or after["interval_days"] < before["interval_days"]
        or any(_is_raised(before[name], after[name]) for name in CEILINGS)
        or not set(before["allergens"]) <= set(after["allergens"])
    )


def _is_raised(before: Decimal | None, after: Decimal | None) -> bool:
    """Whether a ceiling is higher than it was; no ceiling is the highest."""
    return before is not None and (after is None or after > before)
