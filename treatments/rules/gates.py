"""The safety gates of a session: what stands against signing it, and who may pass that.

One row of `GATES` for each rule: its id, when it stands, who may pass it, and its sentence. All
rows are tried, so that everything is heard at once. Who may pass what follows domain.md 4: nobody
passes age, consent, agents and lots; absolute contraindications, red flags and ceilings are the
medical lead's; what is temporary or a caution takes a written reason, as at a screening.

Gates are for treatments. They judge what is proposed, not whether everything is filled in: that
is what the ticks are for (`checks.ticks`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from django.utils.translation import gettext_noop as _

from patients.rules.safety import (
    ACTINIC_KERATOSIS,
    SUSPICIOUS_LESION,
    UNILATERAL_SWELLING,
)
from patients.rules.safety_list import ExclusionRow, SafetyList
from patients.terms import AgentCondition, Allergen, Answer, SafetyGate
from treatments.rules import checks, dose, ledger
from treatments.rules.formulary import AgentFacts
from treatments.rules.lots import why_not
from treatments.rules.measures import is_weight_change
from treatments.rules.reactions import (
    SEVERE,
    ReactionFacts,
    hinders,
    is_suspicious,
    repeated_products,
)
from treatments.rules.sentence import Phrase, Sentence, Value
from treatments.rules.session import (
    Drawn,
    DrawnLot,
    Proposed,
    SessionFacts,
    answers_today,
    due_today,
    ledger_of,
    standing,
)
from treatments.terms import AgentStatus

ADULT = 18
ALLERGIES = "allergies"  # the question, beside the allergens that were named
# Signs that no safety list holds, and that may be answered with "something changed".
RED_FLAGS: Mapping[str, str] = {
    "new_unilateral_swelling": UNILATERAL_SWELLING,
    "suspicious_lesion": SUSPICIOUS_LESION,
    "actinic_keratosis": ACTINIC_KERATOSIS,
}


class Who(StrEnum):
    """Who may pass a gate: nobody; the medical lead or whoever signs, both with a reason in
    writing; or whoever signs, by a tick that the number is meant."""

    NOBODY = "nobody"
    LEAD = "lead"
    REASON = "reason"
    TICK = "tick"


class Field(StrEnum):
    """Where on the form the answer lies."""

    DATE = "held_on"
    CHECKS = "answers"
    SKIN = "skin_clear"
    AREAS = "areas"
    PRODUCTS = "products"
    WEIGHT = "weight"
    COURSE = "course"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One thing that stands against signing. `about` tells gates of one rule apart."""

    rule: str
    code: str
    about: str
    who: Who
    field: Field
    sentence: Sentence

    @property
    def key(self) -> str:
        """What an override is stored under: "agent_opinion:hyaluronidase"."""
        return f"{self.code}:{self.about}" if self.about else self.code


# What a rule found: what it is about, and the values of its sentence.
Found = tuple[str, Mapping[str, Value]]
NOTHING: Mapping[str, Value] = {}
Finder = Callable[[Proposed, SessionFacts], Iterable[Found]]


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRule:
    """One row: when it stands, who may pass it, the sentence, and how it is found."""

    id: str
    code: str
    who: Who
    field: Field
    when: str
    template: str
    find: Finder


def gates(proposed: Proposed, facts: SessionFacts) -> tuple[Gate, ...]:
    """Try every rule; return what stands against signing this session, in their order."""
    found = (
        Gate(
            rule=rule.id,
            code=rule.code,
            about=about,
            who=rule.who,
            field=rule.field,
            sentence=Sentence(rule.template, values),
        )
        for rule in GATES
        for about, values in rule.find(proposed, facts)
    )
    # One override is kept for each key, so each key stands once.
    return tuple({gate.key: gate for gate in found}.values())


def when_of(key: str) -> str:
    """Say of a stored key of an override when its gate stands; the key itself if it is unknown."""
    code = key.partition(":")[0]
    return next((rule.when for rule in GATES if rule.code == code), key)


def may_pass(gate: Gate, *, is_lead: bool) -> bool:
    """Say whether somebody who signs may pass the gate; `is_lead`: the person may override stops."""
    return gate.who in (Who.REASON, Who.TICK) or (gate.who == Who.LEAD and is_lead)


# Answers ------------------------------------------------------------------------------------------


def _declared(gate: SafetyGate) -> Finder:
    """Find the items of a gate that are "yes" today or since the screening.

    An absolute item or a caution that the screening accepted was decided there; a temporary one
    is asked about each time, because it has to pass.
    """

    def find(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
        said = standing(proposed, facts)
        decided = frozenset() if gate == SafetyGate.TEMPORARY else facts.accepted
        for row in facts.lists.at(gate):
            if said.get(row.code) == Answer.YES and row.code not in decided:
                yield row.code, {"sentence": Phrase(row.sentence)}

    return find


def _red_flags(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    said = standing(proposed, facts)
    for code, text in RED_FLAGS.items():
        if said.get(code) == Answer.YES:
            yield code, {"sentence": Phrase(text)}


def _not_asked(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    open_rows = checks.not_asked(due_today(proposed, facts), answers_today(proposed, facts))
    for row in open_rows:
        if row.stops:
            yield row.code, {"question": Phrase(row.question)}


def _not_known(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    said = standing(proposed, facts)
    for row in facts.lists.rows:
        if row.stops and said.get(row.code) == Answer.UNKNOWN:
            yield row.code, {"question": Phrase(row.question)}


# Agents -------------------------------------------------------------------------------------------


def _agents(proposed: Proposed, facts: SessionFacts) -> list[tuple[str, AgentFacts | None]]:
    """List the agents that are drawn, once each, with what the formulary knows of them."""
    codes = dict.fromkeys(code for each in proposed.products for code in each.product.shares)
    return [(code, facts.formulary.agents.get(code)) for code in codes]


def _at_status(status: AgentStatus) -> Finder:
    def find(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
        for code, agent in _agents(proposed, facts):
            if agent and agent.status == status:
                yield code, {"agent": agent.name, "why": agent.status_reason}

    return find


def _unlisted(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    if facts.formulary.version:
        for code, agent in _agents(proposed, facts):
            if agent is None:
                yield code, {"agent": code}


def _allergies(proposed: Proposed, facts: SessionFacts) -> frozenset[str]:
    """Return every allergen and condition that stands: what is said today counts last."""
    said = standing(proposed, facts)
    known = {row.code for row in facts.lists.exclusions}
    known |= {*Allergen.values, *AgentCondition.values}
    no_longer = {code for code in known if said.get(code) == Answer.NO}
    named = {code for code in known if said.get(code) == Answer.YES}
    return (facts.allergies - no_longer) | named


def excluded_by(
    code: str, agent: AgentFacts | None, allergies: frozenset[str], lists: SafetyList
) -> tuple[list[ExclusionRow], list[str]]:
    """Say what leaves an agent out (4.4): rows of the safety list, and allergens without a row.

    A row names the agent by its code or its substance, or an allergen that is in it. An allergen
    that is in it counts also where the clinic's list has no row for it.
    """
    names = {code} | ({agent.substance} if agent else set())
    inside = {str(allergen) for allergen in agent.allergens} if agent else set()
    rows = [
        row
        for row in lists.exclusions
        if row.code in allergies and (row.agent in names or row.code in inside)
    ]
    listed = {row.code for row in lists.exclusions}
    return rows, sorted(inside & allergies - listed)


def _excluded(needs_opinion: bool) -> Finder:
    """Find the agents that an allergy leaves out; the strictest row of an agent counts."""

    def find(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
        allergies = _allergies(proposed, facts)
        for code, agent in _agents(proposed, facts):
            rows, bare = excluded_by(code, agent, allergies, facts.lists)
            name = agent.name if agent else code
            is_strict = bool(bare) or any(not row.needs_opinion for row in rows)
            if not (rows or bare) or is_strict == needs_opinion:
                continue
            strictest = [row for row in rows if row.needs_opinion == needs_opinion]
            sentence = Phrase(strictest[0].sentence if strictest else UNLISTED_ALLERGEN)
            yield code, {"agent": name, "sentence": sentence}

    return find


UNLISTED_ALLERGEN = _("The patient does not tolerate something that is in it.")


def _allergies_open(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    is_answered = _said_of_allergies(proposed, facts) in (Answer.YES, Answer.NO)
    if not is_answered and not _allergies(proposed, facts):
        yield "", NOTHING


def _allergy_unnamed(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    if _said_of_allergies(proposed, facts) == Answer.YES and not _allergies(proposed, facts):
        yield "", NOTHING


def _said_of_allergies(proposed: Proposed, facts: SessionFacts) -> str | None:
    return standing(proposed, facts).get(ALLERGIES, facts.allergies_asked)


# Lots ---------------------------------------------------------------------------------------------


def _of_lot(each: Drawn, lot: DrawnLot, **values: Value) -> Found:
    return str(lot.key), {"lot": lot.number, "product": each.product.name, **values}


def _drawn_from(proposed: Proposed) -> Iterator[tuple[Drawn, DrawnLot]]:
    for each in proposed.products:
        if each.lot is not None:
            yield each, each.lot


def _unusable(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    for each, lot in _drawn_from(proposed):
        reason = why_not(lot.facts, proposed.on)
        if reason:
            yield _of_lot(each, lot, why=Sentence(reason.template, reason.values))


def _emptied(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    for each, lot in _drawn_from(proposed):
        left = lot.facts.left_ml
        if 0 < left < each.drawn_ml:
            yield _of_lot(each, lot, left=left, drawn=each.drawn_ml)


def _of_another_product(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    for each, lot in _drawn_from(proposed):
        if lot.product != each.product.key:
            yield _of_lot(each, lot)


def _not_confirmed(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    for each, lot in _drawn_from(proposed):
        if not each.confirmed:
            yield _of_lot(each, lot)


def _without_lot(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    for each in proposed.products:
        if each.lot is None:
            yield str(each.product.key), {"product": each.product.name}


def _without_contents(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    for each in proposed.products:
        if not each.product.shares and not each.product.is_diluent:
            yield str(each.product.key), {"product": each.product.name}


# Doses --------------------------------------------------------------------------------------------


def _lines(state: ledger.State, *scopes: ledger.Scope) -> Finder:
    def find(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
        for line in ledger_of(proposed, facts):
            if line.is_given and line.state == state and line.scope in scopes:
                yield (
                    f"{line.scope}.{line.substance}",
                    {
                        "substance": line.substance,
                        "amount": line.amount,
                        "ceiling": line.ceiling if line.ceiling is not None else "",
                        "unit": UNITS.get(line.unit, line.unit),
                    },
                )

    return find


UNITS = {"iu": "IU"}
OF_A_DAY = (ledger.Scope.ML, ledger.Scope.SESSION, ledger.Scope.KG)


def _volume(level: dose.Volume) -> Finder:
    def find(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
        if dose.judge_volume(proposed.given_ml) == level:
            yield "", {"ml": proposed.given_ml, "limit": _LIMITS[level]}

    return find


_LIMITS = {dose.Volume.ASK: dose.ASK_ABOVE_ML, dose.Volume.REFUSE: dose.REFUSE_ABOVE_ML}


def _area_volume(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    for area, ml in proposed.area_ml.items():
        if dose.is_much_for_area(ml):
            yield area.value, {"area": area, "ml": ml, "limit": dose.ASK_ABOVE_ML_IN_AREA}


def _unusual_point(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    each = proposed.ml_per_point
    if each is not None and not dose.is_usual_point(each):
        low, high = dose.LEAST_ML_PER_POINT, dose.MOST_ML_PER_POINT
        yield "", {"ml": each, "low": low, "high": high}


def _unaccounted(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    if proposed.points is None or proposed.ml_per_point is None or not proposed.products:
        return
    placed = proposed.points * proposed.ml_per_point
    drawn = sum((each.drawn_ml for each in proposed.products), Decimal(0))
    wasted = sum((each.wasted_ml for each in proposed.products), Decimal(0))
    if not dose.accounts_for(placed_ml=placed, wasted_ml=wasted, drawn_ml=drawn):
        yield "", {"points": proposed.points, "placed": placed, "wasted": wasted, "drawn": drawn}


# The patient and the course -----------------------------------------------------------------------


def _under_age(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    if facts.age < ADULT:
        yield "", {"age": facts.age}


def _told(why: Callable[[SessionFacts], str]) -> Finder:
    """Find a fact that is a sentence of its own."""

    def find(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
        if sentence := why(facts):
            yield "", {"why": sentence}

    return find


def _declined(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    if facts.declined_on is not None:
        yield "", {"day": facts.declined_on}


def _skin(answer: bool | None) -> Finder:
    def find(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
        if proposed.skin_clear is answer:
            yield "", NOTHING

    return find


def _weight_changed(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    for before in (facts.weight_last, facts.weight_first):
        if before and proposed.weight is not None and is_weight_change(proposed.weight, before):
            yield "", {"weight": proposed.weight, "before": before}
            return


def _needs_reason(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    if facts.needs_reason_to_continue:
        yield "", NOTHING


def _reactions(
    stands: Callable[[ReactionFacts, Proposed], bool],
) -> Finder:
    def find(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
        known = [(str(each.key), each) for each in facts.reactions]
        # What is only reported has no key of its own yet, and keeps its name once it is saved.
        told = [(f"{each.kind}.{each.area or ''}", each) for each in proposed.reactions]
        for about, each in (*known, *told):
            if stands(each, proposed):
                yield (
                    about,
                    {
                        "kind": each.kind,
                        "grade": each.grade,
                        "areas": (each.area,) if each.area else (),
                        "day": each.noted_on,
                    },
                )

    return find


def _is_severe(each: ReactionFacts, proposed: Proposed) -> bool:
    return each.grade >= SEVERE and each.may_be_ours


def _is_suspicious(each: ReactionFacts, proposed: Proposed) -> bool:
    return is_suspicious(each, proposed.on)


def _is_in_the_way(each: ReactionFacts, proposed: Proposed) -> bool:
    graver = _is_severe(each, proposed) or _is_suspicious(each, proposed)
    return not graver and hinders(each, frozenset(proposed.areas))


def _repeated(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    repeated = repeated_products((*facts.reactions, *proposed.reactions))
    for each in proposed.products:
        if each.product.key in repeated:
            yield str(each.product.key), {"product": each.product.name}


def _no_formulary(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    if not facts.formulary.version and any(each.product.shares for each in proposed.products):
        yield "", NOTHING


# The table ----------------------------------------------------------------------------------------

GATES: tuple[GateRule, ...] = (
    GateRule(
        id="S1",
        code="age",
        who=Who.NOBODY,
        field=Field.COURSE,
        when="The patient is under 18 on the day.",
        template=_("She is %(age)d years old. Nobody under 18 is treated."),
        find=_under_age,
    ),
    GateRule(
        id="S2",
        code="consent",
        who=Who.NOBODY,
        field=Field.COURSE,
        when="The consent to treatment does not hold, or the time to think it over runs.",
        template="%(why)s",
        find=_told(lambda facts: facts.consent),
    ),
    GateRule(
        id="S3",
        code="too_early",
        who=Who.NOBODY,
        field=Field.DATE,
        when="The session comes closer to another one than the protocol or an agent allows.",
        template="%(why)s",
        find=_told(lambda facts: facts.too_early),
    ),
    GateRule(
        id="S4",
        code="rescreen",
        who=Who.NOBODY,
        field=Field.DATE,
        when="More than 56 days have passed, and she was not screened again since.",
        template="%(why)s",
        find=_told(lambda facts: facts.rescreen),
    ),
    GateRule(
        id="S5",
        code="declined",
        who=Who.LEAD,
        field=Field.COURSE,
        when="A newer screening has been decided, and not for a course.",
        template=_(
            "The screening of %(day)s was not decided for a course. Stop this one, or screen again."
        ),
        find=_declined,
    ),
    GateRule(
        id="S6",
        code="absolute",
        who=Who.LEAD,
        field=Field.CHECKS,
        when="An absolute contraindication is new since the screening (4.1).",
        template="%(sentence)s",
        find=_declared(SafetyGate.ABSOLUTE),
    ),
    GateRule(
        id="S7",
        code="red_flag",
        who=Who.LEAD,
        field=Field.CHECKS,
        when="A red flag: new swelling of one leg, a suspicious mark, a scaly sun-damaged patch.",
        template="%(sentence)s",
        find=_red_flags,
    ),
    GateRule(
        id="S8",
        code="temporary",
        who=Who.REASON,
        field=Field.CHECKS,
        when="A temporary contraindication holds today (4.2).",
        template="%(sentence)s",
        find=_declared(SafetyGate.TEMPORARY),
    ),
    GateRule(
        id="S9",
        code="caution",
        who=Who.REASON,
        field=Field.CHECKS,
        when="A caution is new since the screening (4.3); the reason says what the prescriber said.",
        template=_("%(sentence)s Note what the prescriber says."),
        find=_declared(SafetyGate.CAUTION),
    ),
    GateRule(
        id="S10",
        code="not_asked",
        who=Who.NOBODY,
        field=Field.CHECKS,
        when="A question that could stop the session is due today and was not asked.",
        template=_("Ask today: %(question)s."),
        find=_not_asked,
    ),
    GateRule(
        id="S11",
        code="not_known",
        who=Who.REASON,
        field=Field.CHECKS,
        when="A question that could stop the session was answered with “not known”.",
        template=_(
            "“%(question)s” is not known. Find out, or write down why the session can go on."
        ),
        find=_not_known,
    ),
    GateRule(
        id="S12",
        code="skin_not_asked",
        who=Who.NOBODY,
        field=Field.SKIN,
        when="Nobody said whether the skin of the areas is clear.",
        template=_("Look at the skin of each area, and say whether it is clear."),
        find=_skin(None),
    ),
    GateRule(
        id="S13",
        code="skin_not_clear",
        who=Who.REASON,
        field=Field.SKIN,
        when="The skin of an area is not clear (4.2).",
        template=_("The skin is not clear. Let it heal first, or leave that area out."),
        find=_skin(False),
    ),
    GateRule(
        id="S14",
        code="severe",
        who=Who.LEAD,
        field=Field.AREAS,
        when="A reaction of grade 3 or more, gone or not, that may come from the treatment (4.7).",
        template=_(
            "%(kind)s of grade %(grade)d was noted on %(day)s. Such a reaction stops the course."
        ),
        find=_reactions(_is_severe),
    ),
    GateRule(
        id="S15",
        code="suspicious",
        who=Who.LEAD,
        field=Field.AREAS,
        when="A nodule or a sign of infection lasts over 2 weeks, or came over 1 week after (4.5).",
        template=_(
            "%(kind)s, noted on %(day)s, may be more than it seems. Arrange culture or biopsy, "
            "mycobacteria included, and check the other patients of the lot."
        ),
        find=_reactions(_is_suspicious),
    ),
    GateRule(
        id="S16",
        code="reaction",
        who=Who.REASON,
        field=Field.AREAS,
        when=(
            "A reaction in an area of today is not gone: grade 2 or more, or a nodule, a sign of "
            "infection or an allergic sign of any grade (4.2)."
        ),
        template=_(
            "%(kind)s of grade %(grade)d, noted on %(day)s, is not said to be gone. Look at it and "
            "note how it stands, or leave that area out."
        ),
        find=_reactions(_is_in_the_way),
    ),
    GateRule(
        id="S17",
        code="repeated",
        who=Who.LEAD,
        field=Field.PRODUCTS,
        when="The product was followed by grade 2 or more in two sessions (4.7).",
        template=_(
            "%(product)s was followed by reactions of grade 2 or more in two sessions. Use "
            "another one, or stop the course."
        ),
        find=_repeated,
    ),
    GateRule(
        id="S18",
        code="no_formulary",
        who=Who.NOBODY,
        field=Field.PRODUCTS,
        when="The clinic has approved no formulary.",
        template=_("No formulary is approved yet. The medical lead approves one first."),
        find=_no_formulary,
    ),
    GateRule(
        id="S19",
        code="contents",
        who=Who.NOBODY,
        field=Field.PRODUCTS,
        when="It is not on record which agents are in a product.",
        template=_("What is in %(product)s is not on record. Enter its agents first."),
        find=_without_contents,
    ),
    GateRule(
        id="S20",
        code="agent_unlisted",
        who=Who.NOBODY,
        field=Field.PRODUCTS,
        when="An agent does not stand in the formulary in force.",
        template=_("%(agent)s is not in the formulary. Use a product that is."),
        find=_unlisted,
    ),
    GateRule(
        id="S21",
        code="agent_draft",
        who=Who.NOBODY,
        field=Field.PRODUCTS,
        when="An agent is a draft in the formulary in force.",
        template=_("%(agent)s is not active in the formulary yet. The medical lead activates it."),
        find=_at_status(AgentStatus.DRAFT),
    ),
    GateRule(
        id="S22",
        code="agent_blocked",
        who=Who.NOBODY,
        field=Field.PRODUCTS,
        when="An agent is blocked in the formulary in force.",
        template=_("%(agent)s is blocked: %(why)s Use a product without it."),
        find=_at_status(AgentStatus.BLOCKED),
    ),
    GateRule(
        id="S23",
        code="agent_excluded",
        who=Who.NOBODY,
        field=Field.PRODUCTS,
        when="An allergy or condition leaves an agent out (4.4).",
        template=_("%(agent)s is left out. %(sentence)s"),
        find=_excluded(needs_opinion=False),
    ),
    GateRule(
        id="S24",
        code="agent_opinion",
        who=Who.LEAD,
        field=Field.PRODUCTS,
        when="An allergy leaves an agent out unless an allergy clinic has cleared it (4.4).",
        template=_("%(agent)s needs the opinion of an allergy clinic. %(sentence)s"),
        find=_excluded(needs_opinion=True),
    ),
    GateRule(
        id="S25",
        code="allergies_open",
        who=Who.NOBODY,
        field=Field.CHECKS,
        when="Nobody has asked about allergies.",
        template=_("Ask about allergies: no answer is on record."),
        find=_allergies_open,
    ),
    GateRule(
        id="S26",
        code="allergy_unnamed",
        who=Who.REASON,
        field=Field.CHECKS,
        when="There is an allergy, and none that the safety list knows was named.",
        template=_("An allergy is on record, but not to what. Name it, or say why it is harmless."),
        find=_allergy_unnamed,
    ),
    GateRule(
        id="S27",
        code="lot_missing",
        who=Who.NOBODY,
        field=Field.PRODUCTS,
        when="A product has no lot.",
        template=_("Choose the lot of %(product)s."),
        find=_without_lot,
    ),
    GateRule(
        id="S28",
        code="lot_of_another",
        who=Who.NOBODY,
        field=Field.PRODUCTS,
        when="A lot belongs to another product.",
        template=_("Lot %(lot)s is not one of %(product)s. Choose another one."),
        find=_of_another_product,
    ),
    GateRule(
        id="S29",
        code="lot_unusable",
        who=Who.NOBODY,
        field=Field.PRODUCTS,
        when=(
            "A lot was recalled by then, is past its last day or past its days in use, came after "
            "the session, or is empty."
        ),
        template=_("Lot %(lot)s cannot be used. %(why)s. Choose another one."),
        find=_unusable,
    ),
    GateRule(
        id="S30",
        code="lot_emptied",
        who=Who.NOBODY,
        field=Field.PRODUCTS,
        when="More is drawn than a lot still holds.",
        template=_(
            "%(drawn)s ml are drawn from lot %(lot)s, which holds %(left)s ml. Correct it, or add "
            "a second lot."
        ),
        find=_emptied,
    ),
    GateRule(
        id="S31",
        code="lot_unconfirmed",
        who=Who.NOBODY,
        field=Field.PRODUCTS,
        when="A lot was not confirmed at the bedside.",
        template=_("Confirm lot %(lot)s of %(product)s by a tap or a scan."),
        find=_not_confirmed,
    ),
    GateRule(
        id="S32",
        code="ceiling",
        who=Who.LEAD,
        field=Field.PRODUCTS,
        when="A dose is over its ceiling: of the day, or of the course.",
        template=_("%(substance)s: %(amount)s %(unit)s, and the ceiling is %(ceiling)s %(unit)s."),
        find=_lines(ledger.State.OVER, *ledger.Scope),
    ),
    GateRule(
        id="S33",
        code="dose_open",
        who=Who.LEAD,
        field=Field.WEIGHT,
        when="A ceiling of the day cannot be judged, for want of the weight or of a strength.",
        template=_("Whether %(substance)s is over its ceiling cannot be told. Enter the weight."),
        find=_lines(ledger.State.UNKNOWN, *OF_A_DAY),
    ),
    GateRule(
        id="S34",
        code="course_open",
        who=Who.REASON,
        field=Field.PRODUCTS,
        when="The ceiling of a course cannot be judged: earlier doses are not on record.",
        template=_(
            "%(substance)s: at least %(amount)s %(unit)s of %(ceiling)s %(unit)s for the course, and "
            "earlier sessions without their doses on record."
        ),
        find=_lines(ledger.State.UNKNOWN, ledger.Scope.COURSE),
    ),
    GateRule(
        id="S35",
        code="volume",
        who=Who.NOBODY,
        field=Field.PRODUCTS,
        when="More than 60 ml are given in the session.",
        template=_(
            "%(ml)s ml are given. More than %(limit)s ml in one session is not recorded. Check the "
            "numbers."
        ),
        find=_volume(dose.Volume.REFUSE),
    ),
    GateRule(
        id="S36",
        code="volume_high",
        who=Who.TICK,
        field=Field.PRODUCTS,
        when="More than 20 ml are given in the session.",
        template=_("%(ml)s ml are given; more than %(limit)s ml in one session is unusual."),
        find=_volume(dose.Volume.ASK),
    ),
    GateRule(
        id="S37",
        code="area_volume",
        who=Who.TICK,
        field=Field.AREAS,
        when="More than 10 ml go into one area.",
        template=_("%(area)s: %(ml)s ml; more than %(limit)s ml in one area is unusual."),
        find=_area_volume,
    ),
    GateRule(
        id="S38",
        code="point_volume",
        who=Who.TICK,
        field=Field.AREAS,
        when="A point is smaller than 0.02 ml or larger than 0.5 ml.",
        template=_("%(ml)s ml for each point; usual are %(low)s to %(high)s ml."),
        find=_unusual_point,
    ),
    GateRule(
        id="S39",
        code="unaccounted",
        who=Who.REASON,
        field=Field.AREAS,
        when="Points x ml per point and what was wasted differ by over 10 % from what was drawn.",
        template=_(
            "%(points)d points come to %(placed)s ml, and %(wasted)s ml are wasted, but %(drawn)s ml "
            "were drawn. Correct the numbers, or say why."
        ),
        find=_unaccounted,
    ),
    GateRule(
        id="S40",
        code="weight",
        who=Who.REASON,
        field=Field.WEIGHT,
        when="The weight differs by more than 5 % from the last one, or from the first.",
        template=_(
            "%(weight)s kg, and %(before)s kg before. Check it, and ask why the weight changed."
        ),
        find=_weight_changed,
    ),
    GateRule(
        id="S41",
        code="continue",
        who=Who.REASON,
        field=Field.COURSE,
        when="The review after session 10 found no measurable change, and nobody wrote why to go on.",
        template=_(
            "The review after session 10 found no measurable change. Write why the course goes on."
        ),
        find=_needs_reason,
    ),
)
