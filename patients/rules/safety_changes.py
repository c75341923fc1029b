"""What differs between two versions of the safety list, for whoever signs the newer one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Literal

from patients.rules.safety_list import ExclusionRow, SafetyList, SafetyRow
from patients.terms import SafetyGate

Kind = Literal["added", "dropped", "changed"]
STRICTNESS = {SafetyGate.CAUTION: 1, SafetyGate.TEMPORARY: 2, SafetyGate.ABSOLUTE: 3}
# A code is what two rows are matched by, and a stem follows from it.
NOT_COMPARED = ("code", "stem")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One row that was added, dropped or changed; `changes` are (column, before, after)."""

    code: str
    name: str
    kind: Kind
    gate: SafetyGate | None
    sentence: str
    changes: tuple[tuple[str, object, object], ...] = ()
    is_milder: bool = False
    was_absolute: bool = False

    @property
    def loses_absolute_stop(self) -> bool:
        """Whether an absolute contraindication no longer is one."""
        return self.is_milder and self.was_absolute


def differences(before: SafetyList, after: SafetyList) -> tuple[Difference, ...]:
    """List what `after` adds, changes and drops, in its own order; the dropped rows come last."""
    return (
        *_compared(_items(before), _items(after)),
        *_compared(_agents(before), _agents(after)),
    )


Rows = dict[str, SafetyRow | ExclusionRow]


def _items(lists: SafetyList) -> Rows:
    return {str(row.code): row for row in lists.rows}


def _agents(lists: SafetyList) -> Rows:
    return {str(row.code): row for row in lists.exclusions}


def _compared(before: Rows, after: Rows) -> Iterator[Difference]:
    for code, row in after.items():
        was = before.get(code)
        changes = _changes(was, row) if was else ()
        if was is None or changes:
            yield _difference(code, was, row, changes)
    for code, was in before.items():
        if code not in after:
            yield _difference(code, was, None, ())


def _changes(
    before: SafetyRow | ExclusionRow, after: SafetyRow | ExclusionRow
) -> tuple[tuple[str, object, object], ...]:
    names = [column.name for column in fields(after) if column.name not in NOT_COMPARED]
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in names)
    return tuple((name, was, now) for name, was, now in pairs if was != now)


def _difference(
    code: str,
    before: SafetyRow | ExclusionRow | None,
    after: SafetyRow | ExclusionRow | None,
    changes: tuple[tuple[str, object, object], ...],
) -> Difference:
    shown = after or before
    return Difference(
        code=code,
        name=shown.question if isinstance(shown, SafetyRow) else getattr(shown, "label", ""),
        kind="changed" if before and after else "added" if after else "dropped",
        gate=_gate(shown),
        sentence=shown.sentence if shown else "",
        changes=changes,
        is_milder=before is not None and _strictness(after) < _strictness(before),
        was_absolute=_gate(before) == SafetyGate.ABSOLUTE,
    )


def _gate(row: SafetyRow | ExclusionRow | None) -> SafetyGate | None:
    return row.gate if isinstance(row, SafetyRow) else None


def _strictness(row: SafetyRow | ExclusionRow | None) -> int:
    """How much a row forbids: nothing when it is not there; an exclusion forbids its agent."""
    if row is None:
        return 0
    gate = _gate(row)
    return STRICTNESS[gate] if gate else 1
