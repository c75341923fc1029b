"""Sessions for the tests of the gates and the ledger: nothing stands against them until a test
says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from patients.rules import DRAFT
from patients.terms import Area
from treatments.rules.checks import to_ask
from treatments.rules.formulary import AgentFacts, FormularyFacts, ProductFacts
from treatments.rules.gates import Gate, gates
from treatments.rules.ledger import Given
from treatments.rules.lots import LotFacts
from treatments.rules.reactions import ReactionFacts
from treatments.rules.session import Drawn, DrawnLot, Proposed, SessionFacts
from treatments.terms import AgentStatus, ReactionKind

TODAY = date(2026, 11, 24)
LEFT, RIGHT = Area.BUTTOCK_LEFT, Area.BUTTOCK_RIGHT


def ml(text: str) -> Decimal:
    return Decimal(text)


def agent(code: str = "caffeine", **changes: Any) -> AgentFacts:
    """An active agent of 10 mg/ml, of which 100 mg may be given in a session."""
    made = AgentFacts(
        code=code,
        name=code.capitalize(),
        substance=code,
        strength=Decimal(10),
        ceiling_session=Decimal(100),
    )
    return replace(made, **changes)


def formulary(*agents: AgentFacts) -> FormularyFacts:
    return FormularyFacts(version=1, agents={each.code: each for each in agents or (agent(),)})


def product(key: int = 1, name: str = "Formula B", **shares: str) -> ProductFacts:
    return ProductFacts(
        key=key,
        name=name,
        shares={code: Decimal(share) for code, share in (shares or {"caffeine": "1"}).items()},
    )


def lot(*, number: str = "L2409", of: int = 1, **changes: Any) -> DrawnLot:
    """A lot that keeps for three months and holds 50 ml."""
    good = LotFacts(
        received_on=TODAY - timedelta(28), expires_on=TODAY + timedelta(90), left_ml=Decimal(50)
    )
    return DrawnLot(key=7, number=number, product=of, facts=replace(good, **changes))


def drawn(of: ProductFacts | None = None, **changes: Any) -> Drawn:
    """6 ml drawn from a good lot that was confirmed, none of it wasted."""
    of = of or product()
    made = Drawn(product=of, drawn_ml=ml("6"), lot=lot(of=of.key), confirmed=True)
    return replace(made, **changes)


def given(of: ProductFacts, volume: str) -> Given:
    return Given(of, Decimal(volume))


def proposed(**changes: Any) -> Proposed:
    """60 points of 0.1 ml on both buttocks, 6 ml drawn, everything asked, nothing changed."""
    made = Proposed(
        on=TODAY,
        areas={LEFT: 30, RIGHT: 30},
        ml_per_point=ml("0.1"),
        products=(drawn(),),
        nothing_changed=True,
        skin_clear=True,
        weight=ml("62"),
    )
    return replace(made, **changes)


def facts(**changes: Any) -> SessionFacts:
    """A woman of 38 who was screened four weeks ago: every answer no, no allergy."""
    asked = {row.code: TODAY - timedelta(6) for row in DRAFT.rows}
    made = SessionFacts(
        age=38,
        sex="F",
        consent="",
        too_early="",
        rescreen="",
        declined_on=None,
        lists=DRAFT,
        formulary=formulary(),
        accepted=frozenset(),
        since={},
        last=dict.fromkeys(asked, "no"),
        answered_on=asked,
        allergies=frozenset(),
        allergies_asked="no",
        reactions=(),
        same_day=(),
        course=(),
        undocumented=0,
        weight_first=ml("62"),
        weight_last=ml("62"),
        needs_reason_to_continue=False,
    )
    return replace(made, **changes)


def reaction(
    kind: ReactionKind = ReactionKind.BRUISE, grade: int = 2, **changes: Any
) -> ReactionFacts:
    """A reaction on the left buttock, noted a week ago after the session of that day."""
    made = ReactionFacts(
        key=5,
        kind=kind,
        grade=grade,
        noted_on=TODAY - timedelta(7),
        area=LEFT,
        after_on=TODAY - timedelta(7),
        products=frozenset({1}),
    )
    return replace(made, **changes)


def found(session: Proposed | None = None, known: SessionFacts | None = None) -> list[Gate]:
    return list(gates(session or proposed(), known or facts()))


def keys(session: Proposed | None = None, known: SessionFacts | None = None) -> list[str]:
    return [gate.key for gate in found(session, known)]


def answered(**said: str) -> dict[str, str]:
    """Every question that is due today answered with no, but for what is said."""
    rows = to_ask(DRAFT, facts().answered_on, TODAY, "F")
    return {row.code: "no" for row in rows} | said


BLOCKED = agent("buflomedil", status=AgentStatus.BLOCKED, status_reason="Withdrawn in 2012.")
