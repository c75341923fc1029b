"""What the form of a session says before it is signed: gates, ticks, and what is left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django import forms
from django.forms import BoundField
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _t
from django.utils.translation import ngettext

from clinic.models import User
from clinic.roles import Can
from treatments.actions.sessions import refusal_of
from treatments.findings import Findings
from treatments.forms.given import Shelf
from treatments.forms.measures import MeasuresForm
from treatments.models import Course, Photo, Visit
from treatments.rules import cadence
from treatments.rules.checks import TickState
from treatments.rules.gates import Field, Gate, Who, may_pass
from treatments.selectors.judging import Judged, judge_findings, judge_visit
from treatments.selectors.taking import Taking
from treatments.terms import Tick, View, VisitKind
from treatments.wording import worded

BESIDE_GATE = "pass-"  # how the names of the fields beside gates begin
MEANT = "meant"
UNANSWERED = ("not_asked", "skin_not_asked", "lot_missing", "lot_unconfirmed")
ANCHORS = {
    Tick.CHECKS: "step-checks",
    Tick.AREAS: "step-areas",
    Tick.LOTS: "step-lots",
    Tick.MEASURES: "step-measures",
    Tick.PHOTOS: "photos",
    Tick.NOTE: "step-reactions",
}


@dataclass(frozen=True, slots=True)
class GateRow:
    """One gate on the page, with what this person may do about it."""

    gate: Gate
    is_passed: bool
    value: str
    is_lead: bool

    @property
    def sentence(self) -> str:
        return worded(self.gate.sentence)

    @property
    def is_wall(self) -> bool:
        """Whether only correcting it helps, or the medical lead."""
        return self.gate.who in (Who.NOBODY, Who.LEAD)

    @property
    def asks(self) -> str:
        """What the page asks for: "reason", "tick", "lead" for somebody else, or nothing."""
        if self.gate.who == Who.LEAD:
            return "reason" if self.is_lead else "lead"
        return {Who.REASON: "reason", Who.TICK: "tick"}.get(self.gate.who, "")

    @property
    def is_answered(self) -> bool:
        """Whether it was passed, or is passed by what stands beside it."""
        return self.is_passed or bool(self.value and self.asks in ("reason", "tick"))

    @property
    def name(self) -> str:
        return f"{BESIDE_GATE}{self.gate.key}"

    @property
    def id(self) -> str:
        return f"id_{self.name}"


@dataclass(frozen=True, slots=True)
class TickRow:
    """One of the six ticks on the page."""

    tick: Tick
    state: TickState
    field: BoundField

    @property
    def label(self) -> str:
        return str(self.tick.label)


class BeforeSigning(forms.Form):
    """The part of a visit's form that judges what is on it, and says what stands against signing."""

    course: Course
    kind: VisitKind
    by: User
    visit: Visit | None
    shelf: Shelf
    measures: MeasuresForm

    @cached_property
    def taken(self) -> dict[View, Photo]:
        """The photographs that are there already; those of a new visit wait for it."""
        return Taking(self.course, self.kind, self.visit, self.by).taken()

    @property
    def findings(self) -> Findings:
        """What can be read of what was said."""
        raise NotImplementedError

    def _check_signing(self) -> None:
        """Say everything that stands against signing at once, each beside its field."""
        self.judged = judged = self._judge(self.findings, self.cleaned_data["held_on"])
        if judged is None:
            return
        is_lead = self.by.can(Can.OVERRIDE_STOP)
        for gate in judged.gates:
            if gate.key in self.overridden:
                continue
            if not (self.passed.get(gate.key) and may_pass(gate, is_lead=is_lead)):
                self._against(gate)
        for tick in judged.missing:
            if not self.cleaned_data.get(f"missing_{tick}"):
                words = _t("Complete this, or say why it is missing.")
                self.add_error(f"missing_{tick}", words)

    def _against(self, gate: Gate) -> None:
        """Put a gate's sentence beside the field where its answer lies."""
        if gate.field == Field.WEIGHT:
            self.measures.add_error("measure_weight", refusal_of(gate))
        elif gate.field == Field.CHECKS:
            self.add_error("nothing_changed", refusal_of(gate))
        elif gate.field.value in self.fields:
            self.add_error(gate.field.value, refusal_of(gate))
        else:
            self.add_error(None, refusal_of(gate))

    @property
    def is_signing(self) -> bool:
        """Whether the button that was pressed signs."""
        return self.data.get("then") in ("sign", "sign_book")

    @cached_property
    def overridden(self) -> frozenset[str]:
        """The gates that somebody has passed already, with a reason."""
        if self.visit is None:
            return frozenset()
        return frozenset(self.visit.overrides.values_list("gate", flat=True))

    @property
    def passed(self) -> dict[str, str]:
        """The reasons that were typed beside gates, by the gate's key."""
        # They are no fields, so what no database keeps is taken out here.
        given = {
            name.removeprefix(BESIDE_GATE): str(self.data[name]).replace("\x00", "").strip()
            for name in self.data
            if name.startswith(BESIDE_GATE)
        }
        meant = _t("Looked at again: it is meant.")
        return {
            key: (meant if reason == MEANT else reason[:300])
            for key, reason in given.items()
            if reason
        }

    @property
    def gate_rows(self) -> list[GateRow]:
        """What stands against signing, with what this person may do about it."""
        is_lead = self.by.can(Can.OVERRIDE_STOP)
        return [
            GateRow(gate, gate.key in self.overridden, self.passed.get(gate.key, ""), is_lead)
            for gate in self._gates
            if gate.code not in UNANSWERED
        ]

    @property
    def unanswered(self) -> list[str]:
        """What only waits for an answer that its step asks for anyway."""
        return [worded(gate.sentence) for gate in self._gates if gate.code in UNANSWERED]

    @property
    def _gates(self) -> tuple[Gate, ...]:
        return self.judged.gates if self.judged else ()

    @property
    def tick_rows(self) -> list[TickRow]:
        """The six ticks, each with the field that says why it stays open."""
        states = self.judged.ticks if self.judged else {}
        return [TickRow(tick, state, self[f"missing_{tick}"]) for tick, state in states.items()]

    @property
    def left(self) -> list[tuple[str, str]]:
        """What is left before signing: its name, and the place on the page."""
        stand = [row for row in self.gate_rows if not row.is_answered]
        words = ngettext("%(n)s safety question", "%(n)s safety questions", len(stand))
        rows = [(words % {"n": len(stand)}, "visit-gates")] if stand else []
        return rows + [
            (str(row.tick.label), ANCHORS[row.tick])
            for row in self.tick_rows
            if row.state == TickState.MISSING and not row.field.value()
        ]

    @property
    def number(self) -> int:
        """Which session of the course this is."""
        if self.visit and self.visit.number:
            return int(self.visit.number)
        return cadence.next_number(self.course.facts, self.course.sessions)

    @cached_property
    def judged(self) -> Judged | None:
        """What stands against signing what is on the form now; None where nothing is injected."""
        if self.is_bound:
            self.is_valid()
            return self._judge(self.findings, self.cleaned_data.get("held_on"))
        if self.visit is None:
            return self._judge(Findings(), None)
        return judge_visit(self.visit) if self.kind == VisitKind.TREATMENT else None

    def _judge(self, found: Findings, on: date | None) -> Judged | None:
        if self.kind != VisitKind.TREATMENT:
            return None
        added = [
            view
            for view in View
            if (name := f"photo_{view}") in self.fields and self.files.get(name)
        ]
        return judge_findings(
            found,
            course=self.course,
            on=on or timezone.localdate(),
            number=self.number,
            shelf=self.shelf,
            visit=self.visit,
            photographed=[*self.taken, *added],
        )
