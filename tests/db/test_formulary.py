"""Formulary and protocols: drafted, changed, approved, kept as they were; every refusal in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction

from clinic.models import AuditEvent, User
from clinic.refusal import Refused, Stale
from clinic.roles import Role
from patients.terms import Allergen
from tests import make
from treatments.actions import (
    add_agent,
    approve_formulary,
    approve_protocol,
    change_agent,
    change_protocol,
    offer_protocol,
    remove_agent,
    start_formulary_draft,
    start_protocol,
    start_protocol_draft,
)
from treatments.models import (
    Agent,
    Formulary,
    Ingredient,
    Product,
    Protocol,
    ProtocolProduct,
    ProtocolVersion,
)
from treatments.models.formulary import current_formulary
from treatments.rules.version_changes import differences
from treatments.terms import STANDARD_VIEWS, AgentStatus, View
from treatments.views.formulary import columns_of

pytestmark = pytest.mark.django_db

LIDOCAINE: dict[str, Any] = {
    "name": "Lidocaine",
    "category": "anaesthetic",
    "substance": "lidocaine",
    "strength": Decimal(10),
    "unit": "mg",
    "ceiling_kg": Decimal("4.5"),
    "licence": "licensed",
    "status": "active",
    "ingredients": [("lidocaine", Allergen.AMIDE_ANAESTHETIC), ("sodium chloride", "")],
}
ONLY_LEAD = "Only the medical lead changes and approves the formulary, protocols and products."
CHANGED = "The draft has changed since you opened this page. Look at it again."


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def lead() -> User:
    return make.user(Role.MEDICAL_LEAD, name="Dr Okafor")


def refusal(action: Callable[..., Any], /, **details: Any) -> tuple[str, str | None]:
    with pytest.raises(Refused) as refused, transaction.atomic():
        action(**details)
    return refused.value.message, refused.value.field


def approved(draft: Any, by: User, **details: Any) -> Any:
    action = approve_formulary if isinstance(draft, Formulary) else approve_protocol
    wanted = {"fingerprint": draft.fingerprint(), "what_changed": "What we do here."} | details
    return action(draft=draft, by=by, **wanted)


# The formulary ------------------------------------------------------------------------------------


def test_first_draft_holds_only_what_is_blocked_for_everybody(lead: User) -> None:
    draft = start_formulary_draft(by=lead)
    assert [(agent.code, agent.status) for agent in draft.agents.all()] == [
        ("buflomedil", "blocked")
    ]
    assert (current_formulary().version, current_formulary().agents) == (0, {})


def test_next_draft_copies_the_newest_version_with_its_ingredients(lead: User) -> None:
    first = make.formulary(make.agent("caffeine", allergens=[Allergen.XANTHINE]), by=lead)
    draft = start_formulary_draft(by=lead)
    before, after = columns_of(first), columns_of(draft)
    assert draft.number == 2
    assert [change.code for change in differences(before, after)] == ["buflomedil"]
    assert after["caffeine"]["allergens"] == ["xanthine"]
    assert start_formulary_draft(by=lead) == draft
    assert Formulary.objects.count() == 2


def test_approved_version_is_what_sessions_are_judged_by(lead: User) -> None:
    draft = start_formulary_draft(by=lead)
    add_agent(draft=draft, by=lead, **LIDOCAINE)
    made = approved(draft, lead)
    facts = current_formulary().agents["lidocaine"]
    assert (facts.strength, facts.ceiling_kg, facts.allergens) == (
        Decimal(10),
        Decimal("4.5"),
        frozenset({Allergen.AMIDE_ANAESTHETIC}),
    )
    assert (made.approved_by, made.approved_at, made.digest) == (
        lead,
        datetime.now(UTC),
        made.fingerprint(),
    )
    assert list(AuditEvent.objects.values_list("action", flat=True)) == [
        "formulary drafted",
        "agent added",
        "formulary approved",
    ]


@pytest.mark.parametrize(
    ("changed", "sentence", "field"),
    [
        (
            {"name": "Buflomedil", "substance": "x"},
            "Buflomedil cannot be made active, by anyone.",
            "status",
        ),
        (
            {"name": "Loftyl", "substance": "Buflomedil HCl"},
            "Buflomedil cannot be made active, by anyone.",
            "status",
        ),
        (
            {"strength": None},
            "An active agent has a strength. Enter it, or leave the agent a draft.",
            "strength",
        ),
        (
            {"ceiling_kg": None},
            "An active agent has a ceiling per session. Enter one, or leave the agent a draft.",
            "ceiling_ml",
        ),
        ({"status": "blocked"}, "Say why it is blocked.", "status_reason"),
        ({"name": "Caffeine"}, "This version has that agent already.", "name"),
        ({"name": "!!"}, "Give it a name of letters.", "name"),
        (
            {"substance": "caffeine", "unit": "iu"},
            "Caffeine is counted in mg; agents of one substance add up in one unit.",
            "unit",
        ),
    ],
)
def test_agent_that_no_version_may_hold_is_refused(
    lead: User, changed: dict[str, Any], sentence: str, field: str
) -> None:
    make.formulary(make.agent("caffeine"), by=lead)
    draft = start_formulary_draft(by=lead)
    if changed.get("name") == "Buflomedil":
        draft.agents.filter(code="buflomedil").delete()
    assert refusal(add_agent, draft=draft, by=lead, **(LIDOCAINE | changed)) == (sentence, field)


@pytest.mark.parametrize("status", [AgentStatus.ACTIVE, AgentStatus.DRAFT])
def test_buflomedil_is_never_made_active(lead: User, status: AgentStatus) -> None:
    agent = start_formulary_draft(by=lead).agents.get()
    sentence = "Buflomedil cannot be made active, by anyone."
    details = {"agent": agent, "version": 1, "by": lead, "ingredients": []}
    assert refusal(change_agent, status=status, **details) == (sentence, "status")
    with pytest.raises(IntegrityError), transaction.atomic():
        Agent.objects.update(status=status, strength=1, ceiling_ml=1)


def test_active_agent_without_ceiling_is_refused_by_the_database(lead: User) -> None:
    draft = start_formulary_draft(by=lead)
    agent = add_agent(draft=draft, by=lead, **LIDOCAINE)
    for columns in ({"strength": None}, {"strength": 0}, {"ceiling_kg": None}, {"ceiling_kg": 0}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Agent.objects.filter(pk=agent.pk).update(**columns)


def test_buflomedil_stays_in_every_version(lead: User) -> None:
    agent = start_formulary_draft(by=lead).agents.get()
    assert refusal(remove_agent, agent=agent, version=1, by=lead)[0] == (
        "Buflomedil stays in every version, so that earlier treatment can be recorded."
    )


def test_agent_is_removed_unless_a_product_in_use_contains_it(lead: User) -> None:
    make.formulary(make.agent("caffeine"), by=lead)
    agent = start_formulary_draft(by=lead).agents.get(code="caffeine")
    make.product("Formula B", {"caffeine": "0.5"})
    assert refusal(remove_agent, agent=agent, version=1, by=lead)[0] == (
        "Formula B contains it. Take that product out of use first, or block the agent instead."
    )
    Product.objects.update(is_active=False)
    draft = remove_agent(agent=agent, version=1, by=lead)
    assert [row.code for row in draft.agents.all()] == ["buflomedil"]
    assert refusal(remove_agent, agent=agent, version=1, by=lead)[0] == (
        "Somebody else took this agent out of the draft."
    )


def test_change_over_somebody_else_s_change_is_refused(lead: User) -> None:
    draft = start_formulary_draft(by=lead)
    agent = add_agent(draft=draft, by=lead, **LIDOCAINE)
    details = LIDOCAINE | {"ceiling_kg": Decimal(3)}
    changed = change_agent(agent=agent, version=1, by=lead, **details)
    assert (changed.version, changed.ceiling_kg) == (2, Decimal(3))
    with pytest.raises(Stale) as stale, transaction.atomic():
        change_agent(agent=agent, version=1, by=lead, **LIDOCAINE)
    assert (stale.value.version, stale.value.message) == (
        2,
        "Somebody else saved this while you were typing. Compare and save again.",
    )


def test_ingredients_are_replaced_as_they_are_typed(lead: User) -> None:
    draft = start_formulary_draft(by=lead)
    agent = add_agent(draft=draft, by=lead, **LIDOCAINE)
    change_agent(agent=agent, version=1, by=lead, ingredients=[(" lidocaine ", ""), ("", "x")])
    assert agent.ingredient_pairs() == [("lidocaine", "")]


def test_only_the_medical_lead_drafts_and_approves(lead: User) -> None:
    draft = start_formulary_draft(by=lead)
    agent = draft.agents.get()
    for by in (make.practitioner(), make.user(Role.MANAGER), make.user(Role.FRONT_DESK)):
        for action, details in (
            (start_formulary_draft, {}),
            (add_agent, {"draft": draft, **LIDOCAINE}),
            (change_agent, {"agent": agent, "version": 1, "ingredients": []}),
            (remove_agent, {"agent": agent, "version": 1}),
            (approve_formulary, {"draft": draft, "fingerprint": "", "what_changed": "x"}),
            (start_protocol, {"name": "Weekly"}),
        ):
            assert refusal(action, by=by, **details)[0] == ONLY_LEAD


def test_approval_needs_a_sentence_and_the_version_that_was_looked_at(lead: User) -> None:
    draft = start_formulary_draft(by=lead)
    assert refusal(approved, draft=draft, by=lead, what_changed=" ") == (
        "Say in a sentence what changed.",
        "what_changed",
    )
    seen = draft.fingerprint()
    add_agent(draft=draft, by=lead, **LIDOCAINE)
    assert refusal(approved, draft=draft, by=lead, fingerprint=seen)[0] == CHANGED
    approved(draft, lead)
    assert refusal(approved, draft=draft, by=lead)[0] == (
        "This version is approved and no longer changes. Start a new draft."
    )


def test_approval_of_what_does_not_differ_is_refused(lead: User) -> None:
    approved(start_formulary_draft(by=lead), lead)
    draft = start_formulary_draft(by=lead)
    assert (
        refusal(approved, draft=draft, by=lead)[0] == "Nothing differs from the version in force."
    )


@pytest.mark.parametrize(
    ("changed", "looser"),
    [
        ({"ceiling_ml": Decimal(4)}, False),
        ({"ceiling_ml": Decimal(6)}, True),
        ({"ceiling_ml": None, "ceiling_session": Decimal(1)}, True),
        ({"ceiling_course": Decimal(9)}, False),
        ({"interval_days": 6}, True),
        ({"interval_days": 8}, False),
        ({"status": "draft"}, False),
        ({"status": "blocked", "status_reason": "Why.", "interval_days": 6}, False),
        ({"allergens": []}, True),
        ({"name": "Caffeine citrate"}, False),
    ],
)
def test_change_that_lets_more_be_given_is_called_looser(
    changed: dict[str, Any], looser: bool
) -> None:
    plain = make.agent("caffeine", allergens=[Allergen.XANTHINE])
    first, second = make.formulary(plain), make.formulary(plain | changed)
    (change,) = differences(columns_of(first), columns_of(second))
    assert (change.kind, change.is_looser) == ("changed", looser)


def test_unblocking_is_looser_and_a_dropped_agent_is_named() -> None:
    blocked = make.agent("x", status="blocked", status_reason="Why.")
    first = make.formulary(blocked, make.agent("y"))
    second = make.formulary(make.agent("x"), make.agent("z"))
    found = differences(columns_of(first), columns_of(second))
    assert [(change.code, change.kind, change.is_looser) for change in found] == [
        ("x", "changed", True),
        ("z", "added", False),
        ("y", "dropped", False),
    ]


# Protocols ----------------------------------------------------------------------------------------

WEEKLY: dict[str, Any] = {
    "sessions": 12,
    "interval_min_days": 7,
    "interval_days": 7,
    "interval_max_days": 21,
    "review_after": [5, 10],
    "areas": ["buttock_left"],
    "views": list(STANDARD_VIEWS),
    "aftercare": "Keep it dry.",
    "red_flags": "Fever.",
}


def drafted(lead: User, products: Any = (), **changed: Any) -> ProtocolVersion:
    draft = start_protocol(name=f"Weekly {Protocol.objects.count()}", by=lead)
    return change_protocol(draft=draft, version=1, by=lead, products=products, **(WEEKLY | changed))


def test_protocol_is_drafted_and_approved(lead: User) -> None:
    make.formulary(by=lead)
    product = make.product("Formula B")
    made = approved(drafted(lead, [(product, Decimal(8))]), lead)
    assert ProtocolVersion.objects.in_force().get() == made
    draft = start_protocol_draft(protocol=made.protocol, by=lead)
    assert (draft.number, draft.columns(), draft.product_lines()) == (
        2,
        made.columns(),
        [("Formula B", "8")],
    )
    assert start_protocol_draft(protocol=made.protocol, by=lead) == draft
    assert (
        refusal(approved, draft=draft, by=lead)[0] == "Nothing differs from the version in force."
    )
    changed = change_protocol(draft=draft, version=1, by=lead, products=[], sessions=11)
    assert approved(changed, lead) == ProtocolVersion.objects.in_force().get()


@pytest.mark.parametrize(
    ("changed", "sentence", "field"),
    [
        ({"sessions": 9}, "A course has 10 to 15 sessions.", "sessions"),
        ({"sessions": 16}, "A course has 10 to 15 sessions.", "sessions"),
        ({"interval_min_days": 6}, "At least 7 days lie between sessions.", "interval_min_days"),
        ({"interval_days": 22}, "Put the days in order: earliest, usual, latest.", "interval_days"),
        (
            {"review_after": [5, 12]},
            "A review stands after session 1 to 11; the end has its own.",
            "review_after",
        ),
    ],
)
def test_protocol_with_numbers_out_of_range_is_refused(
    lead: User, changed: dict[str, Any], sentence: str, field: str
) -> None:
    draft = start_protocol(name="Weekly", by=lead)
    details = {"draft": draft, "version": 1, "by": lead, "products": ()}
    assert refusal(change_protocol, **details, **(WEEKLY | changed)) == (sentence, field)


def test_protocol_that_lacks_something_is_not_approved(lead: User) -> None:
    draft = drafted(lead, areas=[], views=[], aftercare=" ", red_flags="")
    assert refusal(approved, draft=draft, by=lead)[0] == (
        "Still missing: the areas, the views of the photographs, the aftercare and when to call."
    )


def test_protocol_proposes_only_what_can_be_given_at_its_rhythm(lead: User) -> None:
    make.formulary(
        make.agent("hyaluronidase", interval_days=21),
        make.agent("aminophylline", status="draft"),
        by=lead,
    )
    enzyme = make.product("Enzyme", {"hyaluronidase": "1"})
    unready = make.product("Unready", {"aminophylline": "1"})
    unknown = make.product("Unknown", {"yohimbine": "1"})
    retired = make.product("Retired", {"hyaluronidase": "1"})
    Product.objects.filter(pk=retired.pk).update(is_active=False)
    sentences = [
        refusal(approved, draft=drafted(lead, [(product, Decimal(8))]), by=lead)[0]
        for product in (enzyme, unready, unknown, retired)
    ]
    assert sentences == [
        "Hyaluronidase in Enzyme needs 21 days between sessions. "
        "Set the earliest day to that, or propose another product.",
        "Unready contains Aminophylline, which is not active in the formulary.",
        "Unknown contains yohimbine, which is not active in the formulary.",
        "Retired is out of use. Propose another one.",
    ]
    slow = {"interval_min_days": 21, "interval_days": 21}
    assert approved(drafted(lead, [(enzyme, Decimal(2))], **slow), lead).is_approved


def test_protocol_of_a_name_that_is_taken_is_refused(lead: User) -> None:
    start_protocol(name="Weekly", by=lead)
    assert refusal(start_protocol, name=" weekly ", by=lead) == (
        "There is a protocol of that name. Draft its next version.",
        "name",
    )


def test_protocol_that_is_not_offered_is_not_in_force(lead: User) -> None:
    made = make.protocol("Weekly", by=lead)
    offer_protocol(protocol=made.protocol, is_active=False, by=lead)
    assert list(ProtocolVersion.objects.in_force()) == []
    offer_protocol(protocol=made.protocol, is_active=True, by=lead)
    assert ProtocolVersion.objects.in_force().get() == made


# Approved versions are final ----------------------------------------------------------------------


@pytest.fixture
def versions(lead: User) -> None:
    make.formulary(make.agent("caffeine", allergens=[Allergen.XANTHINE]), by=lead)
    make.protocol("Weekly", products={make.product("Formula B"): "8"}, by=lead)


def own(model: Any, **columns: Any) -> Any:
    """Write one more row under an approved version."""
    row = model.objects.get()
    for name, value in columns.items():
        setattr(row, name, value)
    row.pk = None
    row.save(force_insert=True)


TAMPERING: dict[str, Callable[[], Any]] = {
    "formulary changed": lambda: Formulary.objects.update(what_changed="x"),
    "formulary reopened": lambda: Formulary.objects.update(
        approved_at=None, approved_by=None, digest=""
    ),
    "formulary deleted": lambda: Formulary.objects.all()._raw_delete("default"),
    "agent changed": lambda: Agent.objects.update(ceiling_ml=99),
    "agent deleted": lambda: Agent.objects.all()._raw_delete("default"),
    "agent added": lambda: own(Agent, code="x", name="X"),
    "ingredient changed": lambda: Ingredient.objects.update(allergen=""),
    "ingredient deleted": lambda: Ingredient.objects.all().delete(),
    "ingredient added": lambda: own(Ingredient, name="x"),
    "protocol changed": lambda: ProtocolVersion.objects.update(sessions=15),
    "protocol deleted": lambda: ProtocolVersion.objects.all()._raw_delete("default"),
    "product of a protocol changed": lambda: ProtocolProduct.objects.update(ml=60),
    "product of a protocol deleted": lambda: ProtocolProduct.objects.all().delete(),
    "product of a protocol added": lambda: own(ProtocolProduct, product=make.product()),
}


def all_rows() -> list[list[Any]]:
    models = (Formulary, Agent, Ingredient, ProtocolVersion, ProtocolProduct)
    return [list(model.objects.order_by("pk").values_list()) for model in models]


@pytest.mark.parametrize("name", TAMPERING)
def test_approved_version_is_final_in_the_database(versions: None, name: str) -> None:
    before = all_rows()
    with pytest.raises(IntegrityError, match="is signed"), transaction.atomic():
        TAMPERING[name]()
    assert all_rows() == before


@pytest.mark.parametrize("name", TAMPERING)
def test_draft_changes_freely(lead: User, name: str) -> None:
    """The control of the test above: the same statements on drafts are carried out."""
    draft = start_formulary_draft(by=lead)
    draft.agents.all().delete()
    add_agent(draft=draft, by=lead, **(LIDOCAINE | {"ingredients": [("a", "")]}))
    make.protocol("Weekly", products={make.product("Formula B"): "8"}, by=lead, approved=False)
    if "deleted" in name and name.split()[0] in ("formulary", "agent", "protocol"):
        with connection.constraint_checks_disabled(), transaction.atomic():
            Ingredient.objects.all().delete()
            ProtocolProduct.objects.all().delete()
            if name.startswith("formulary"):
                Agent.objects.all().delete()
            TAMPERING[name]()
        return
    TAMPERING[name]()


def test_protocol_keeps_the_views_without_which_nothing_can_be_compared(lead: User) -> None:
    views = [View.BACK_RELAXED, View.LEFT_RELAXED, View.PRONE]
    sentence = refusal(approved, draft=drafted(lead, views=views), by=lead)[0]
    assert sentence == (
        "Every set of photographs holds at least these views too: "
        "Back, contracted; Right side, relaxed."
    )
    wider = [*STANDARD_VIEWS, View.PRONE]
    made = approved(drafted(lead, views=wider), lead)
    course = make.course()
    assert course.views == list(STANDARD_VIEWS)
    course.protocol = made
    assert course.views == wider
