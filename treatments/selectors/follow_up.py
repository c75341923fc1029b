"""How reactions went on: what is open, by when somebody looks again, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from treatments.models import Lot, Reaction, ReactionCheck, Visit
from treatments.rules.reactions import (
    ReactionFacts,
    advice,
    call_back_by,
    is_expected,
)
from treatments.selectors.session_facts import reaction_facts, session_before, visits_of
from treatments.terms import Noticed
from treatments.wording import worded


@dataclass(frozen=True, slots=True)
class Followed:
    """One reaction with the session that it followed, and what it asks for on a day."""

    row: Reaction
    facts: ReactionFacts
    session: Visit | None
    today: date

    @property
    def looks(self) -> Sequence[ReactionCheck]:
        return list(self.row.checks.all())

    @property
    def is_open(self) -> bool:
        return self.facts.is_open

    @property
    def by(self) -> date | None:
        """The day by which somebody looks again."""
        return call_back_by(self.facts)

    @property
    def is_late(self) -> bool:
        return self.by is not None and self.by < self.today

    @property
    def is_expected(self) -> bool:
        return is_expected(self.facts.kind, self.facts.grade)

    @property
    def advice(self) -> list[str]:
        return [worded(said) for said in advice(self.facts, self.today)]

    @property
    def lots(self) -> list[Lot]:
        """The lots of the session that it followed."""
        rows = self.session.products.all() if self.session else ()
        return [row.lot for row in rows if row.lot]


def followed(reaction: Reaction, today: date) -> Followed:
    """Read one reaction with its course. A constant number of queries."""
    visit = reaction.visit
    visits = list(
        visits_of(visit.course.patient)
        .filter(course=visit.course_id)
        .prefetch_related("products__lot")
    )
    session = session_before(visit, Noticed(reaction.noticed), visits)
    return Followed(reaction, reaction_facts(reaction, visit, session), session, today)


def of_visit(visit: Visit, today: date) -> list[Followed]:
    """Return the reactions of one visit, without what the session before gave."""
    rows = visit.reactions.prefetch_related("checks__by").order_by("-grade", "pk")
    return [Followed(row, reaction_facts(row, visit, None), None, today) for row in rows]
