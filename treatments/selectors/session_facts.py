"""From the rows to what the gates, the ledger and the checks read.

The number of queries does not depend on how many sessions, reactions or screenings there are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from patients.consents import treatment_consent
from patients.models import Patient, Screening
from patients.models.safety import current_list
from patients.models.screening import ALLERGIES_ASKED
from patients.terms import AgentCondition, Allergen, Answer, Area
from treatments.models import (
    Course,
    Lot,
    Measure,
    Reaction,
    Visit,
)
from treatments.models.formulary import current_formulary
from treatments.rules import cadence
from treatments.rules.formulary import FormularyFacts
from treatments.rules.ledger import Given
from treatments.rules.reactions import Look, ReactionFacts
from treatments.rules.session import Drawn, DrawnLot, Proposed, SessionFacts
from treatments.terms import (
    MeasureKind,
    Noticed,
    ReactionKind,
    ReactionOutcome,
    Related,
    VisitKind,
)
from treatments.wording import sentence


def session_facts(
    course: Course,
    session: Proposed,
    *,
    apart_from: Visit | None = None,
    needs_reason_to_continue: bool = False,
) -> SessionFacts:
    """Gather what is known before a session of `course`.

    Of the proposal its day, its areas and its agents are read, for they say what is too early.
    `apart_from` is the visit that is being judged, where it is saved already. Whether the course
    `needs_reason_to_continue` is what the review after session 10 says. Costs a constant number
    of queries.
    """
    patient, lists, on = course.patient, current_list(), session.on
    screenings = screenings_of(patient)
    visits = [visit for visit in visits_of(patient) if visit != apart_from]
    ours = [visit for visit in visits if visit.course_id == course.pk]
    treatments = [visit for visit in ours if visit.kind == VisitKind.TREATMENT]
    held = [visit.as_held_in_areas for visit in treatments]
    formulary = current_formulary()
    early = cadence.check_interval(
        course.facts,
        held,
        on,
        areas=session.areas or None,
        floor_days=floor_of(session, formulary),
    )
    answered = Answers.of(course, screenings, visits)
    weights = weights_of(ours, before=on)
    accepted = answered.accepted
    first = accepted.weight_kg if accepted else None
    return SessionFacts(
        age=patient.age_on(on),
        sex=patient.sex_at_birth,
        consent=why_no_consent(patient, on, apart_from),
        too_early=sentence(early) if early else "",
        rescreen=rescreen(course, held, on, screenings),
        declined_on=declined_on(screenings),
        lists=lists,
        formulary=formulary,
        accepted=answered.yes_when_accepted,
        since=answered.since,
        last=answered.last,
        answered_on=answered.on,
        allergies=answered.allergies({row.code for row in lists.exclusions}),
        allergies_asked=answered.last.get(ALLERGIES_ASKED),
        reactions=tuple(reactions_of(visits)),
        same_day=tuple(doses_of(visit for visit in visits if visit.held_on == on)),
        course=tuple(doses_of(treatments)),
        undocumented=course.earlier_sessions + sum(not is_documented(each) for each in treatments),
        weight_first=weights[0] if weights else first,
        weight_last=weights[-1] if weights else first,
        needs_reason_to_continue=needs_reason_to_continue,
    )


def floor_of(session: Proposed, formulary: FormularyFacts) -> int:
    """Return the most days that an agent of the session asks for; 0 where none does."""
    codes = {code for each in session.products for code in each.product.shares}
    agents = [agent for code, agent in formulary.agents.items() if code in codes]
    return max((agent.interval_days for agent in agents), default=0)


def why_no_consent(patient: Patient, on: date, visit: Visit | None) -> str:
    """Say why there is no consent to a session of that day; "" where there is.

    What was recorded on its day under a consent may be signed although that was withdrawn later:
    it happened, and it was consented to.
    """
    if on == timezone.localdate():
        at = timezone.now()
    else:
        at = datetime.combine(on, time.max, tzinfo=timezone.get_current_timezone())
    why_not = treatment_consent(patient, at).why_not
    if why_not and visit and timezone.localdate(visit.recorded_at) == on:
        return treatment_consent(patient, visit.recorded_at).why_not
    return why_not


# Screenings and answers ---------------------------------------------------------------------------


def screenings_of(patient: Patient) -> list[Screening]:
    """Return the patient's screenings with their answers, the oldest first. Two queries."""
    rows = Screening.objects.filter(patient=patient).select_related("confirmation")
    return list(
        rows.defer("verdict_shown", "facts_read")
        .prefetch_related("answers")
        .order_by("started_on", "pk")
    )


def decided(screenings: Iterable[Screening]) -> list[Screening]:
    """Return those that were decided, in the order of their decisions."""
    rows = [(row.decided_at, row.pk, row) for row in screenings if row.decided_at]
    return [row for _at, _pk, row in sorted(rows)]


def declined_on(screenings: Iterable[Screening]) -> date | None:
    """Return the day of the newest decision where it did not accept a course."""
    rows = decided(screenings)
    if not rows or rows[-1].is_accepted:
        return None
    return timezone.localdate(rows[-1].decided_at)


def rescreen(
    course: Course, held: Sequence[cadence.Held], on: date, screenings: Iterable[Screening]
) -> str:
    """Say why a new screening is needed after a long gap; "" where none is."""
    late = cadence.flag_interval(course.facts, held, on)
    if late is None or late.level != cadence.Lateness.RESCREEN:
        return ""
    last = max(visit.on for visit in held if visit.on <= on)
    since = [
        row
        for row in decided(screenings)
        if row.is_accepted and timezone.localdate(row.decided_at) > last
    ]
    return "" if since else sentence(late.reason)


@dataclass(frozen=True, slots=True)
class Said:
    """One answer of one day; `of` is the key of its screening, None for that of a visit."""

    on: date
    item: str
    answer: str
    of: int | None


@dataclass(frozen=True, slots=True)
class Answers:
    """Every answer of a patient in order, and the screening that stands behind the course."""

    said: tuple[Said, ...]
    accepted: Screening | None

    @classmethod
    def of(
        cls, course: Course, screenings: Collection[Screening], visits: Iterable[Visit]
    ) -> Answers:
        rows = [
            Said(answer.answered_on, answer.item, answer.answer, screening.pk)
            for screening in screenings
            for answer in screening.answers.all()
        ]
        rows += [
            Said(visit.held_on, answer.item, answer.answer, None)
            for visit in visits
            for answer in visit.answers.all()
        ]
        accepting = [row for row in decided(screenings) if row.is_accepted]
        return cls(
            tuple(sorted(rows, key=lambda row: row.on)),  # stable: of one day, visits come last
            accepting[-1] if accepting else None,
        )

    @property
    def last(self) -> Mapping[str, str]:
        """The latest answer to each item."""
        return {row.item: row.answer for row in self.said}

    @property
    def on(self) -> Mapping[str, date]:
        """The day of the latest answer to each item; "not known" does not count as answered."""
        return {row.item: row.on for row in self.said if row.answer != Answer.UNKNOWN}

    @property
    def since(self) -> Mapping[str, str]:
        """The latest answers that the accepted screening did not decide on."""
        accepted = self.accepted
        if accepted is None:
            return self.last
        day = timezone.localdate(accepted.decided_at)
        later = [row for row in self.said if row.on >= day and row.of != accepted.pk]
        return {row.item: row.answer for row in later}

    @property
    def yes_when_accepted(self) -> frozenset[str]:
        """The items that were "yes" in the screening that was accepted."""
        if self.accepted is None:
            return frozenset()
        rows = self.accepted.answers.all()
        return frozenset(row.item for row in rows if row.answer == Answer.YES)

    def allergies(self, listed: Collection[str]) -> frozenset[str]:
        """The allergens and conditions whose latest answer is "yes"."""
        known = {*listed, *Allergen.values, *AgentCondition.values}
        return frozenset(
            item for item, answer in self.last.items() if item in known and answer == Answer.YES
        )


# Visits -------------------------------------------------------------------------------------------


def visits_of(patient: Patient) -> QuerySet[Visit]:
    """Return the patient's standing visits of all courses with what hangs on them, in order."""
    weights = Measure.objects.filter(kind=MeasureKind.WEIGHT)
    return (
        Visit.objects.standing()
        .filter(course__patient=patient)
        .with_floor()
        .prefetch_related(
            "answers",
            "visit_areas",
            Prefetch("measures", queryset=weights, to_attr="weights"),
            "products__product__agents",
            "reactions__checks",
        )
        .order_by("held_on", "number", "pk")
    )


def weights_of(visits: Iterable[Visit], *, before: date) -> list[Decimal]:
    """Return the weights taken before a day, the oldest first."""
    return [
        row.value
        for visit in visits
        if visit.held_on < before
        for row in visit.weights  # type: ignore[attr-defined]
    ]


def doses_of(visits: Iterable[Visit]) -> Iterator[Given]:
    """List what was given at visits."""
    for visit in visits:
        for row in visit.products.all():
            yield Given(row.product.as_rule(), row.given_ml)


def is_documented(visit: Visit) -> bool:
    """Say whether it is on record what was given: products, and the agents in each of them."""
    rows = visit.products.all()
    contents = [row.product.is_diluent or bool(row.product.agents.all()) for row in rows]
    return bool(contents) and all(contents)


def reactions_of(visits: Sequence[Visit]) -> Iterator[ReactionFacts]:
    """List the reactions of visits, each with the session that it followed."""
    for visit in visits:
        for row in visit.reactions.all():
            yield reaction_facts(row, visit, session_before(visit, row.noticed, visits))


def session_before(visit: Visit, noticed: str, visits: Iterable[Visit]) -> Visit | None:
    """Return the session that a reaction followed: this one, or the one before it.

    What the patient reports "since the last session" belongs to the one before.
    """
    is_own = noticed == Noticed.NOW
    earlier = [
        each
        for each in visits
        if each.kind == VisitKind.TREATMENT
        and each.course_id == visit.course_id
        and (each == visit if is_own and visit.number else each.held_on < visit.held_on)
    ]
    return earlier[-1] if earlier else None


def reaction_facts(row: Reaction, visit: Visit, after: Visit | None) -> ReactionFacts:
    """Return a reaction as the rules read it."""
    return ReactionFacts(
        key=row.pk,
        kind=ReactionKind(row.kind),
        grade=row.grade,
        noted_on=visit.held_on,
        area=Area(row.area) if row.area else None,
        began_on=timezone.localdate(row.began_at) if row.began_at else None,
        after_on=after.held_on if after else None,
        products=frozenset(each.product_id for each in after.products.all())
        if after
        else frozenset(),
        related=Related(row.related) if row.related else None,
        looks=tuple(
            Look(check.checked_on, ReactionOutcome(check.outcome)) for check in row.checks.all()
        ),
    )


# What is proposed ---------------------------------------------------------------------------------


def drawn_lot(lot: Lot, confirmed_at: datetime | None) -> DrawnLot:
    """Return a lot that was fetched `with_left` as the gates read it."""
    facts = lot.as_rule(confirmed_at)
    return DrawnLot(key=lot.pk, number=lot.number, product=lot.product_id, facts=facts)


def proposed_of(visit: Visit) -> Proposed:
    """Return a saved session as it is proposed for signing. A constant number of queries."""
    rows = list(
        visit.products.select_related("product").prefetch_related("product__agents").order_by("pk")
    )
    wanted = Lot.objects.filter(uses__visit=visit).with_left(without=visit)
    confirmed = {row.lot_id: row.confirmed_at for row in rows}
    lots = {lot.pk: drawn_lot(lot, confirmed[lot.pk]) for lot in wanted.distinct()}
    weight = visit.measures.filter(kind=MeasureKind.WEIGHT).first()
    visits = [each for each in visits_of(visit.course.patient) if each != visit]
    reported = (
        visit.reactions.filter(noticed=Noticed.SINCE_LAST).prefetch_related("checks").order_by("pk")
    )
    before = session_before(visit, Noticed.SINCE_LAST, visits)
    return Proposed(
        on=visit.held_on,
        areas={Area(row.area): row.point_count for row in visit.visit_areas.all()},
        ml_per_point=visit.ml_per_point,
        products=tuple(
            Drawn(
                product=row.product.as_rule(),
                drawn_ml=row.drawn_ml,
                wasted_ml=row.wasted_ml,
                lot=lots.get(row.lot_id or 0),
                confirmed=bool(row.confirmed),
            )
            for row in rows
        ),
        answers={row.item: row.answer for row in visit.answers.all()},
        nothing_changed=visit.nothing_changed,
        skin_clear=visit.skin_clear,
        weight=weight.value if weight else None,
        reactions=tuple(reaction_facts(row, visit, before) for row in reported),
    )
