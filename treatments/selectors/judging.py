"""What stands against signing a session, and what is left to do: of the form, and of the rows.

Both are judged by the same rules. The form is judged while it is typed, so that nobody learns only
at the end; signing judges what was saved, whatever the page said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils import timezone

from patients.terms import Area
from treatments.findings import Drawn, Findings, Seen
from treatments.models import Course, Visit
from treatments.rules import cadence, checks, gates, ledger, measures, session
from treatments.rules.gates import Gate
from treatments.rules.reactions import ReactionFacts
from treatments.rules.reviews import FUTILITY_AFTER
from treatments.rules.session import Proposed, SessionFacts
from treatments.selectors.progress import may_go_on, numbered
from treatments.selectors.session_facts import drawn_lot, proposed_of, session_facts
from treatments.selectors.shelf import ProductToDraw
from treatments.terms import MeasureKind, Noticed, Tick, View, VisitKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One session against the rules. Volumes in ml."""

    proposed: Proposed
    gates: tuple[Gate, ...]
    lines: tuple[ledger.Line, ...]
    ticks: Mapping[Tick, checks.TickState]
    measures_due: frozenset[MeasureKind]
    photos_due: bool

    @property
    def missing(self) -> list[Tick]:
        """What is due and not there."""
        return [tick for tick, state in self.ticks.items() if state == checks.TickState.MISSING]

    @property
    def drawn_ml(self) -> Decimal:
        return sum((each.drawn_ml for each in self.proposed.products), Decimal(0))

    @property
    def wasted_ml(self) -> Decimal:
        return sum((each.wasted_ml for each in self.proposed.products), Decimal(0))

    @property
    def given_ml(self) -> Decimal:
        return self.proposed.given_ml

    @property
    def ceilings(self) -> list[ledger.Line]:
        """The lines that are held against a ceiling, or would be if the weight were known."""
        return [line for line in self.lines if line.ceiling or line.state == ledger.State.UNKNOWN]

    @property
    def placed_ml(self) -> Decimal | None:
        """What the points come to, None while they or their volume are not known."""
        points, each = self.proposed.points, self.proposed.ml_per_point
        return points * each if points is not None and each is not None else None

    @property
    def girths_due(self) -> bool:
        return bool(self.measures_due - {MeasureKind.WEIGHT})


def judge(
    proposed: Proposed,
    facts: SessionFacts,
    *,
    course: Course,
    number: int,
    measured: Collection[MeasureKind],
    photographed: Collection[View],
    is_noted: bool,
) -> Judged:
    """Judge a session. `measured` is what was measured at all, by one reading or more."""
    plan = course.facts
    last = cadence.to_hold(plan, numbered(course))
    due = checks.measures_due(VisitKind.TREATMENT, number, last, plan.review_after)
    photos_due = checks.is_milestone(VisitKind.TREATMENT, number, last, plan.review_after)
    open_checks = checks.not_asked(
        session.due_today(proposed, facts), session.answers_today(proposed, facts)
    )
    progress = checks.Progress(
        asked=not open_checks and proposed.skin_clear is not None,
        counted=bool(proposed.areas) and proposed.points is not None,
        confirmed=bool(proposed.products)
        and all(each.lot and each.confirmed for each in proposed.products),
        measures_due=due,
        measured=frozenset(measured),
        photos_due=photos_due,
        photographed=set(course.views) <= set(photographed),
        noted=is_noted,
    )
    return Judged(
        proposed=proposed,
        gates=gates.gates(proposed, facts),
        lines=session.ledger_of(proposed, facts),
        ticks=checks.ticks(progress),
        measures_due=due,
        photos_due=photos_due,
    )


def judge_visit(visit: Visit) -> Judged:
    """Judge a saved session by its rows."""
    proposed = proposed_of(visit)
    return judge(
        proposed,
        facts_for(visit.course, proposed, visit, visit.number or 0),
        course=visit.course,
        number=visit.number or 0,
        measured=[MeasureKind(row.kind) for row in visit.measures.all()],
        photographed=[View(row.view) for row in visit.photos.all() if not row.voided_at],
        is_noted=noted(visit.note, visit.is_without_reaction, bool(visit.reactions.all())),
    )


def judge_findings(
    found: Findings,
    *,
    course: Course,
    on: date,
    number: int,
    shelf: Iterable[ProductToDraw],
    visit: Visit | None,
    photographed: Collection[View],
) -> Judged:
    """Judge a session as it stands on the form."""
    proposed = proposed_from(found, on=on, shelf=shelf, last=last_before(course, visit))
    return judge(
        proposed,
        facts_for(course, proposed, visit, number),
        course=course,
        number=number,
        measured=found.measures.keys(),
        photographed=photographed,
        is_noted=noted(found.note, found.is_without_reaction, bool(found.reactions)),
    )


def facts_for(course: Course, proposed: Proposed, visit: Visit | None, number: int) -> SessionFacts:
    """Gather what is known before a session, and whether the review after session 10 asks why."""
    waits = number > FUTILITY_AFTER and may_go_on(course) is not None
    return session_facts(course, proposed, apart_from=visit, needs_reason_to_continue=waits)


def noted(note: str, is_without_reaction: bool | None, has_reaction: bool) -> bool:
    """Say whether what was seen is on record: in words, or as "no reaction"."""
    return bool(note.strip()) or is_without_reaction is True or has_reaction


def last_before(course: Course, visit: Visit | None) -> Visit | None:
    """Return the session before the one that is judged; later ones may be on record already."""
    sessions = [
        each
        for each in course.held(VisitKind.TREATMENT)
        if visit is None or (each != visit and each.held_on <= visit.held_on)
    ]
    return sessions[-1] if sessions else None


def proposed_from(
    found: Findings, *, on: date, shelf: Iterable[ProductToDraw], last: Visit | None
) -> Proposed:
    """Return what stands on the form as it is proposed for signing."""
    rows = {row.product.pk: row for row in shelf}
    weight = found.measures.get(MeasureKind.WEIGHT)
    return Proposed(
        on=on,
        areas={area: treated.count for area, treated in found.areas.items()},
        ml_per_point=found.technique.ml_per_point,
        products=tuple(drawn_of(each, rows[each.product.pk]) for each in found.products),
        answers={item: answer.value for item, answer in found.answers.items()},
        nothing_changed=found.checks.nothing_changed,
        skin_clear=found.checks.skin_clear,
        weight=measures.mean(weight) if weight else None,
        reactions=tuple(
            reaction_of(seen, on, last)
            for seen in found.reactions
            if seen.noticed == Noticed.SINCE_LAST
        ),
    )


def drawn_of(each: Drawn, row: ProductToDraw) -> session.Drawn:
    """Return one product of the form as the gates read it."""
    on_shelf = row.find(each.lot.pk) if each.lot else None
    return session.Drawn(
        product=row.facts,
        drawn_ml=each.drawn_ml,
        wasted_ml=each.wasted_ml,
        lot=drawn_lot(on_shelf.lot, on_shelf.confirmed_at) if on_shelf else None,
        confirmed=each.confirmed is not None,
    )


def reaction_of(seen: Seen, on: date, last: Visit | None) -> ReactionFacts:
    """Return what the patient reports since the last session, which it is taken to have followed."""
    return ReactionFacts(
        key=0,
        kind=seen.kind,
        grade=seen.grade,
        noted_on=on,
        area=Area(seen.area) if seen.area else None,
        began_on=timezone.localdate(seen.began_at) if seen.began_at else None,
        after_on=last.held_on if last else None,
        products=frozenset(row.product_id for row in last.products.all()) if last else frozenset(),
        related=None,
        looks=(),
    )
