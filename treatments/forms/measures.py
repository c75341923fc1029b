"""The measures of a visit: two readings each, a third where they differ, and the change since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _t

from clinic.fields import DecimalEntry
from treatments.models import Course, Visit
from treatments.rules import measures
from treatments.terms import MeasureKind

READINGS = 3
SIDES = (MeasureKind.THIGH_LEFT, MeasureKind.THIGH_RIGHT)


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """One line of the measures table: baseline, last and today's readings, with the change."""

    kind: MeasureKind
    fields: list[BoundField]
    unit: str
    baseline: Decimal | None
    last: Decimal | None
    last_on: date | None
    today: Decimal | None
    change: measures.Change | None
    error: Decimal


@dataclass(frozen=True, slots=True)
class History:
    """The measures before this visit, per kind."""

    baseline: dict[str, Decimal]
    last: dict[str, tuple[Decimal, date]]
    baseline_by: int | None


def history_of(course: Course, but: Visit | None = None) -> History:
    """Read the baseline and the last value of each measure of a course."""
    visits = course.visits.standing().order_by("held_on", "number").prefetch_related("measures")
    baseline: dict[str, Decimal] = {}
    last: dict[str, tuple[Decimal, date]] = {}
    by: int | None = None
    for visit in visits:
        if but and (visit.pk == but.pk or visit.held_on > but.held_on):
            continue
        for row in visit.measures.all():
            baseline.setdefault(row.kind, row.value)
            last[row.kind] = (row.value, visit.held_on)
            by = by or visit.practitioner_id
    return History(baseline, last, by)


def names_of(kind: MeasureKind) -> list[str]:
    """Name the fields of the readings of one measure; a weight is read once."""
    first = f"measure_{kind}"
    if kind == MeasureKind.WEIGHT:
        return [first]
    return [first, *(f"{first}_{place}" for place in range(2, READINGS + 1))]


class MeasuresForm(forms.Form):
    """All measures. What is left empty was not taken."""

    def __init__(self, data: Any, *, history: History, observer: int, stored: Visit | None) -> None:
        self.history, self.observer = history, observer
        super().__init__(data, initial=_initial(stored))
        for kind in MeasureKind:
            for place, name in enumerate(names_of(kind), start=1):
                label = str(kind.label)
                if place > 1:
                    label = _t("%(measure)s, reading %(place)d") % {
                        "measure": kind.label,
                        "place": place,
                    }
                field = DecimalEntry(label=label, required=False, decimal_places=1)
                field.widget.attrs["data-reading"] = True
                self.fields[name] = field

    @property
    def weight(self) -> MeasureRow:
        return self._row(MeasureKind.WEIGHT)

    @property
    def taken(self) -> dict[MeasureKind, list[Decimal]]:
        """Return the readings that were given, by their measure. Only after validation."""
        found = {}
        for kind in MeasureKind:
            readings = [self.cleaned_data.get(name) for name in names_of(kind)]
            given = [reading for reading in readings if reading is not None]
            if given:
                found[kind] = given
        return found

    @property
    def has_girths(self) -> bool:
        """Whether a girth was typed, right or wrong: what holds something is not folded away."""
        return any(
            self[name].value()
            for kind in MeasureKind
            if kind != MeasureKind.WEIGHT
            for name in names_of(kind)
        )

    @property
    def rows(self) -> list[MeasureRow]:
        return [self._row(kind) for kind in MeasureKind if kind != MeasureKind.WEIGHT]

    def _row(self, kind: MeasureKind) -> MeasureRow:
        last, last_on = self.history.last.get(kind, (None, None))
        baseline, fields = self.history.baseline.get(kind), [self[name] for name in names_of(kind)]
        today = self._today(kind, fields)
        change = None
        same = self.observer == self.history.baseline_by
        scale = measures.SCALES[kind]
        if baseline is not None and today is not None:
            change = measures.change(kind, baseline, today, same_observer=same)
        error = scale.noise_same if same else scale.noise_other
        return MeasureRow(kind, fields, scale.unit, baseline, last, last_on, today, change, error)

    def _today(self, kind: MeasureKind, fields: list[BoundField]) -> Decimal | None:
        """Return the mean of what stands in the fields, where it can be read."""
        readings = []
        for field in fields:
            try:
                value = field.field.to_python(field.value())
            except forms.ValidationError:
                return None
            if value is not None:
                readings.append(value)
        if not readings or not all(measures.is_possible(kind, value) for value in readings):
            return None
        return measures.mean(readings)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for kind in MeasureKind:
            for name in names_of(kind):
                value = cleaned.get(name)
                if value is not None and not measures.is_possible(kind, value):
                    last, _day = self.history.last.get(kind, (None, None))
                    self.add_error(name, impossible(kind, value, last))
        return cleaned

    def doubts(self) -> list[tuple[str, Any, str]]:
        """List what should be looked at again: field, value, the question."""
        return [*self._jumps(), *self._sides()]

    def _jumps(self) -> Iterator[tuple[str, Any, str]]:
        """Yield measures that differ unusually from the last."""
        for kind, readings in self.taken.items():
            last, last_on = self.history.last.get(kind, (None, None))
            value = measures.mean(readings)
            if last is None or last_on is None or not measures.is_jump(kind, value, last):
                continue
            words = _t(
                "Differs by %(change)s %(unit)s from %(last)s on %(day)s. "
                "Correct it, or confirm below."
            ) % {
                "change": number_format(abs(value - last), 1),
                "unit": measures.SCALES[kind].unit,
                "last": number_format(last, 1),
                "day": date_format(last_on, "j M"),
            }
            yield f"measure_{kind}", value, words + in_other_unit(kind, value, last)

    def _sides(self) -> Iterator[tuple[str, Any, str]]:
        """Yield left and right where they look exchanged, or lie far apart."""
        if not all(self.taken.get(kind) for kind in SIDES):
            return
        left, right = (measures.mean(self.taken[kind]) for kind in SIDES)
        last = [self.history.last[kind][0] for kind in SIDES if kind in self.history.last]
        if len(last) == len(SIDES) and measures.are_swapped(left, right, *last):
            words = _t(
                "Left and right may be exchanged: last time it was the other one that was larger. "
                "Correct it, or confirm below."
            )
        elif measures.are_uneven(left, right):
            words = _t("Left and right differ by %(cm)s cm. Correct it, or confirm below.") % {
                "cm": number_format(abs(left - right), 1)
            }
        else:
            return
        yield f"measure_{MeasureKind.THIGH_RIGHT}", f"{left}/{right}", words


def impossible(kind: MeasureKind, value: Decimal, last: Decimal | None) -> str:
    """Say that a value cannot be, and what was likely meant."""
    scale = measures.SCALES[kind]
    sentence = _t("%(value)s is outside %(low)s to %(high)s %(unit)s.") % {
        "value": value,
        "low": scale.low,
        "high": scale.high,
        "unit": scale.unit,
    }
    meant = measures.likely_meant(kind, value)
    if meant is not None:
        return sentence + " " + _t("Did you mean %(meant)s?") % {"meant": number_format(meant, 1)}
    return sentence + in_other_unit(kind, value, last)


def in_other_unit(kind: MeasureKind, value: Decimal, last: Decimal | None) -> str:
    """Ask whether a value was read in inches or pounds; "" where it does not look so."""
    meant = measures.other_unit(kind, value, last)
    if meant is None:
        return ""
    words = {
        "kg": _t("If it was read in pounds, it is %(meant)s kg."),
        "cm": _t("If it was read in inches, it is %(meant)s cm."),
    }[measures.SCALES[kind].unit]
    return " " + words % {"meant": number_format(meant, 1)}


def _initial(stored: Visit | None) -> dict[str, Any]:
    if stored is None:
        return {}
    found: dict[str, Any] = {}
    for row in stored.measures.all():
        readings = row.readings or [str(row.value)]
        found |= dict(zip(names_of(MeasureKind(row.kind)), readings, strict=False))
    return found
