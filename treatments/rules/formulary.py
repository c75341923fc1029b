"""What the rules know of an agent and of a product. Amounts in the agent's own unit, mg or IU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from patients.terms import Allergen
from treatments.terms import AgentStatus, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFacts:
    """One agent as the formulary in force has it.

    `strength` is per ml. Ceilings: ml per session, amount per session, per kg and session, per
    course; None where the clinic set none. `interval_days` is the floor between two sessions.
    """

    code: str
    name: str
    substance: str
    strength: Decimal | None
    unit: Unit = Unit.MG
    ceiling_ml: Decimal | None = None
    ceiling_session: Decimal | None = None
    ceiling_kg: Decimal | None = None
    ceiling_course: Decimal | None = None
    interval_days: int = 7
    status: AgentStatus = AgentStatus.ACTIVE
    status_reason: str = ""
    allergens: frozenset[Allergen] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFacts:
    """One product: the share of its volume that each agent is, by the agent's code."""

    key: int
    name: str
    is_diluent: bool = False
    shares: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormularyFacts:
    """One approved version of the formulary; version 0 is a clinic that has approved none."""

    version: int = 0
    agents: Mapping[str, AgentFacts] = field(default_factory=dict)
