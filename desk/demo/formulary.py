"""The formulary and the protocols of the demo: examples of how a clinic fills them in.

Strengths and ceilings are placeholders of an invented clinic. None of it is advice, and the
product itself ships none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from clinic.models import User
from patients.terms import Allergen, Area
from treatments.models import (
    Agent,
    Formulary,
    Ingredient,
    Product,
    Protocol,
    ProtocolProduct,
    ProtocolVersion,
)
from treatments.terms import (
    STANDARD_VIEWS,
    AgentCategory,
    AgentStatus,
    Licence,
    NeedleGauge,
    NeedleLength,
    Technique,
    Unit,
)

EXAMPLE = "Example of the demo, not advice."


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One agent of the demo: its columns, and (ingredient, allergen group or "") pairs."""

    code: str
    name: str
    category: AgentCategory
    licence: Licence
    strength: str | None = None
    ceiling_ml: str | None = None
    status: AgentStatus = AgentStatus.ACTIVE
    status_reason: str = ""
    interval_days: int = 7
    more: dict[str, Any] = field(default_factory=dict)
    ingredients: tuple[tuple[str, str], ...] = ()

    def write(self, formulary: Formulary) -> None:
        """Add the agent to a draft."""
        agent = Agent.objects.create(
            formulary=formulary,
            code=self.code,
            name=self.name,
            category=self.category,
            substance=self.code,
            strength=Decimal(self.strength) if self.strength else None,
            ceiling_ml=Decimal(self.ceiling_ml) if self.ceiling_ml else None,
            interval_days=self.interval_days,
            licence=self.licence,
            status=self.status,
            status_reason=self.status_reason,
            source=EXAMPLE,
            **self.more,
        )
        Ingredient.objects.bulk_create(
            Ingredient(agent=agent, name=name, allergen=allergen)
            for name, allergen in self.ingredients
        )


BUFLOMEDIL = Example(
    code="buflomedil",
    name="Buflomedil",
    category=AgentCategory.CIRCULATION,
    licence=Licence.UNLICENSED,
    status=AgentStatus.BLOCKED,
    status_reason="EU authorisations suspended, Nov 2011 and Feb 2012: toxic to heart and nerves.",
)
PHOSPHATIDYLCHOLINE = Example(
    code="phosphatidylcholine",
    name="Phosphatidylcholine mix",
    category=AgentCategory.FAT,
    licence=Licence.UNLICENSED,
    status=AgentStatus.BLOCKED,
    status_reason="Clinic decision: regulator's warning of Dec 2023, scars, cysts and knots. "
    "Not for thighs.",
    ingredients=(
        ("benzyl alcohol", Allergen.BENZYL_ALCOHOL),
        ("egg lecithin", Allergen.EGG_LECITHIN),
        ("soya lecithin", Allergen.SOYA_ANAPHYLAXIS),
    ),
)
HYALURONIDASE = Example(
    code="hyaluronidase",
    name="Hyaluronidase",
    category=AgentCategory.SCAR,
    licence=Licence.OFF_LABEL,
    strength="150",
    ceiling_ml="2.0",
    interval_days=21,
    more={"unit": Unit.IU},
    ingredients=(
        ("bovine or ovine protein", Allergen.BEE_WASP_VENOM),
        ("hyaluronidase", Allergen.HYALURONIDASE),
    ),
)
EXAMPLES = (
    Example(
        code="pentoxifylline",
        name="Pentoxifylline",
        category=AgentCategory.CIRCULATION,
        licence=Licence.OFF_LABEL,
        strength="20",
        ceiling_ml="5.0",
        ingredients=(("pentoxifylline", Allergen.XANTHINE),),
    ),
    Example(
        code="melilotus_rutin",
        name="Melilotus with rutin",
        category=AgentCategory.CIRCULATION,
        licence=Licence.UNLICENSED,
        strength="2",
        ceiling_ml="4.0",
    ),
    Example(
        code="artichoke",
        name="Artichoke extract",
        category=AgentCategory.CIRCULATION,
        licence=Licence.UNLICENSED,
        strength="20",
        ceiling_ml="5.0",
    ),
    BUFLOMEDIL,
    Example(
        code="caffeine",
        name="Caffeine",
        category=AgentCategory.FAT,
        licence=Licence.UNLICENSED,
        strength="50",
        ceiling_ml="4.0",
        ingredients=(("caffeine", Allergen.XANTHINE),),
    ),
    Example(
        code="l_carnitine",
        name="L-carnitine",
        category=AgentCategory.FAT,
        licence=Licence.OFF_LABEL,
        strength="200",
        ceiling_ml="5.0",
    ),
    Example(
        code="aminophylline",
        name="Aminophylline",
        category=AgentCategory.FAT,
        licence=Licence.OFF_LABEL,
        strength="25",
        status=AgentStatus.DRAFT,
        ingredients=(("aminophylline", Allergen.XANTHINE),),
    ),
    PHOSPHATIDYLCHOLINE,
    HYALURONIDASE,
    Example(
        code="collagenase",
        name="Collagenase",
        category=AgentCategory.SCAR,
        licence=Licence.UNLICENSED,
        status=AgentStatus.BLOCKED,
        status_reason="Clinic decision: the licensed product was discontinued in 2022.",
        ingredients=(("collagenase", Allergen.COLLAGENASE),),
    ),
    Example(
        code="vitamin_c",
        name="Vitamin C",
        category=AgentCategory.TISSUE,
        licence=Licence.OFF_LABEL,
        strength="100",
        ceiling_ml="2.0",
        ingredients=(("sodium metabisulfite", Allergen.SULFITE),),
    ),
    Example(
        code="organic_silicium",
        name="Organic silicium",
        category=AgentCategory.TISSUE,
        licence=Licence.UNLICENSED,
        strength="5",
        ceiling_ml="5.0",
    ),
    Example(
        code="lidocaine",
        name="Lidocaine",
        category=AgentCategory.ANAESTHETIC,
        licence=Licence.LICENSED,
        strength="10",
        more={"ceiling_kg": Decimal("4.5"), "ceiling_session": Decimal(300)},
        ingredients=(("lidocaine", Allergen.AMIDE_ANAESTHETIC),),
    ),
    Example(
        code="procaine",
        name="Procaine",
        category=AgentCategory.ANAESTHETIC,
        licence=Licence.LICENSED,
        strength="20",
        ceiling_ml="5.0",
        ingredients=(
            ("methylparaben", Allergen.PARABENS),
            ("procaine", Allergen.ESTER_ANAESTHETIC),
        ),
    ),
)
# What the clinic did differently at first.
FIRST = {
    "phosphatidylcholine": Example(
        code="phosphatidylcholine",
        name="Phosphatidylcholine mix",
        category=AgentCategory.FAT,
        licence=Licence.UNLICENSED,
        status=AgentStatus.DRAFT,
        interval_days=28,
        ingredients=PHOSPHATIDYLCHOLINE.ingredients,
    ),
    "hyaluronidase": Example(
        code="hyaluronidase",
        name="Hyaluronidase",
        category=AgentCategory.SCAR,
        licence=Licence.OFF_LABEL,
        strength="150",
        ceiling_ml="3.0",
        interval_days=14,
        more={"unit": Unit.IU},
        ingredients=HYALURONIDASE.ingredients,
    ),
    "aminophylline": None,
}
WHAT_CHANGED = (
    "First version, filled in by the medical lead of the demo.",
    "Phosphatidylcholine blocked after the regulator's warning; less hyaluronidase, less often; "
    "aminophylline entered as a draft.",
)


def fill_in(lead: User, first: datetime, second: datetime) -> None:
    """Write two approved versions of the formulary; nothing where the clinic has one."""
    if Formulary.objects.exists():
        return
    earlier = [FIRST.get(example.code, example) for example in EXAMPLES]
    versions = ([example for example in earlier if example], EXAMPLES)
    for number, (examples, at) in enumerate(zip(versions, (first, second), strict=True), start=1):
        draft = Formulary.objects.create(number=number, drafted_by=lead, drafted_at=at)
        for example in examples:
            example.write(draft)
        approve(draft, lead, at, WHAT_CHANGED[number - 1])


def approve(draft: Formulary | ProtocolVersion, lead: User, at: datetime, why: str) -> None:
    """Approve a draft in the past, which the actions do not."""
    draft.approved_by, draft.approved_at = lead, at
    draft.what_changed, draft.digest = why, draft.fingerprint()
    draft.save()


# Protocols ---------------------------------------------------------------------------------------

AFTERCARE = (
    "Keep the area clean and dry for 12 hours; then a short shower.",
    "No hot bath, sauna or pool for 3 days.",
    "No strenuous sport for 2 days.",
    "No sun on the area until every bruise has faded.",
    "No massage of the area for 3 days.",
)
RED_FLAGS = (
    "Fever, or redness that spreads.",
    "A blister, or skin that turns dark.",
    "A lump that grows after a week.",
    "Trouble breathing, or a swelling of the face.",
    "Pain in the calf.",
)


def write_protocol(
    name: str,
    product: Product,
    ml: str,
    *,
    lead: User,
    at: datetime,
    **columns: Any,
) -> ProtocolVersion:
    """Write one protocol with an approved first version."""
    draft = ProtocolVersion.objects.create(
        protocol=Protocol.objects.create(name=name),
        number=1,
        drafted_by=lead,
        drafted_at=at,
        review_after=[5, 10],
        areas=[str(area) for area in Area if area.is_leg_or_buttock],
        views=[str(view) for view in STANDARD_VIEWS],
        technique=Technique.POINT_BY_POINT,
        depth_mm=Decimal(4),
        needle_gauge=NeedleGauge.G30,
        needle_length=NeedleLength.MM4,
        ml_per_point=Decimal("0.1"),
        spacing_cm=Decimal(2),
        aftercare="\n".join(AFTERCARE),
        red_flags="\n".join(RED_FLAGS),
        **columns,
    )
    ProtocolProduct.objects.create(protocol=draft, product=product, ml=Decimal(ml))
    approve(draft, lead, at, "First version.")
    return draft
