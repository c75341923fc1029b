"""How each gate of a session is found: what it is about, and the values of its sentence.

`when` of its row in `treatments.rules.gates.GATES` says what each of them finds. Some are made by a
function that is told what to look for: `at_status(AgentStatus.DRAFT)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal

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

# What a rule found: what it is about, and the values of its sentence.
Found = tuple[str, Mapping[str, Value]]
NOTHING: Mapping[str, Value] = {}
Finder = Callable[[Proposed, SessionFacts], Iterable[Found]]

ADULT = 18
ALLERGIES = "allergies"  # the question, beside the allergens that were named
UNLISTED_ALLERGEN = _("The patient does not tolerate something that is in it.")
# Signs that no safety list holds, and that may be answered with "something changed".
RED_FLAGS: Mapping[str, str] = {
    "new_unilateral_swelling": UNILATERAL_SWELLING,
    "suspicious_lesion": SUSPICIOUS_LESION,
    "actinic_keratosis": ACTINIC_KERATOSIS,
}


# Answers ------------------------------------------------------------------------------------------


def declared(gate: SafetyGate) -> Finder:
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


def red_flags(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    said = standing(proposed, facts)
    for code, text in RED_FLAGS.items():
        if said.get(code) == Answer.YES:
            yield code, {"sentence": Phrase(text)}


def not_asked(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    open_rows = checks.not_asked(due_today(proposed, facts), answers_today(proposed, facts))
    for row in open_rows:
        if row.stops:
            yield row.code, {"question": Phrase(row.question)}


def not_known(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    said = standing(proposed, facts)
    for row in facts.lists.rows:
        if row.stops and said.get(row.code) == Answer.UNKNOWN:
            yield row.code, {"question": Phrase(row.question)}


# Agents -------------------------------------------------------------------------------------------


def _agents(proposed: Proposed, facts: SessionFacts) -> list[tuple[str, AgentFacts | None]]:
    """List the agents that are drawn, once each, with what the formulary knows of them."""
    codes = dict.fromkeys(code for each in proposed.products for code in each.product.shares)
    return [(code, facts.formulary.agents.get(code)) for code in codes]


def at_status(status: AgentStatus) -> Finder:
    def find(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
        for code, agent in _agents(proposed, facts):
            if agent and agent.status == status:
                yield code, {"agent": agent.name, "why": agent.status_reason}

    return find


def unlisted(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
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


def excluded(needs_opinion: bool) -> Finder:
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


def allergies_open(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    is_answered = _said_of_allergies(proposed, facts) in (Answer.YES, Answer.NO)
    if not is_answered and not _allergies(proposed, facts):
        yield "", NOTHING


def allergy_unnamed(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
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


def unusable(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    for each, lot in _drawn_from(proposed):
        reason = why_not(lot.facts, proposed.on)
        if reason:
            yield _of_lot(each, lot, why=Sentence(reason.template, reason.values))


def emptied(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    for each, lot in _drawn_from(proposed):
        left = lot.facts.left_ml
        if 0 < left < each.drawn_ml:
            yield _of_lot(each, lot, left=left, drawn=each.drawn_ml)


def of_another_product(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    for each, lot in _drawn_from(proposed):
        if lot.product != each.product.key:
            yield _of_lot(each, lot)


def not_confirmed(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    for each, lot in _drawn_from(proposed):
        if not each.confirmed:
            yield _of_lot(each, lot)


def without_lot(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    for each in proposed.products:
        if each.lot is None:
            yield str(each.product.key), {"product": each.product.name}


def without_contents(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    for each in proposed.products:
        if not each.product.shares and not each.product.is_diluent:
            yield str(each.product.key), {"product": each.product.name}


# Doses --------------------------------------------------------------------------------------------


def lines(state: ledger.State, *scopes: ledger.Scope) -> Finder:
    def find(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
        for line in ledger_of(proposed, facts):
            if line.is_given and line.state == state and line.scope in scopes:
                yield (
                    f"{line.scope}.{line.substance}",
                    {
                        "substance": line.substance.replace("_", " "),
                        "amount": line.amount,
                        "ceiling": line.ceiling if line.ceiling is not None else "",
                        "unit": UNITS.get(line.unit, line.unit),
                    },
                )

    return find


UNITS = {"iu": "IU"}
OF_A_DAY = (ledger.Scope.ML, ledger.Scope.SESSION, ledger.Scope.KG)


def volume(level: dose.Volume) -> Finder:
    def find(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
        if dose.judge_volume(proposed.given_ml) == level:
            yield "", {"ml": proposed.given_ml, "limit": _LIMITS[level]}

    return find


_LIMITS = {dose.Volume.ASK: dose.ASK_ABOVE_ML, dose.Volume.REFUSE: dose.REFUSE_ABOVE_ML}


def area_volume(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    for area, ml in proposed.area_ml.items():
        if dose.is_much_for_area(ml):
            yield area.value, {"area": area, "ml": ml, "limit": dose.ASK_ABOVE_ML_IN_AREA}


def unusual_point(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    each = proposed.ml_per_point
    if each is not None and not dose.is_usual_point(each):
        low, high = dose.LEAST_ML_PER_POINT, dose.MOST_ML_PER_POINT
        yield "", {"ml": each, "low": low, "high": high}


def unaccounted(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    if proposed.points is None or proposed.ml_per_point is None or not proposed.products:
        return
    placed = proposed.points * proposed.ml_per_point
    drawn = sum((each.drawn_ml for each in proposed.products), Decimal(0))
    wasted = sum((each.wasted_ml for each in proposed.products), Decimal(0))
    if not dose.accounts_for(placed_ml=placed, wasted_ml=wasted, drawn_ml=drawn):
        yield "", {"points": proposed.points, "placed": placed, "wasted": wasted, "drawn": drawn}


# The patient and the course -----------------------------------------------------------------------


def under_age(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    if facts.age < ADULT:
        yield "", {"age": facts.age}


def told(why: Callable[[SessionFacts], str]) -> Finder:
    """Find a fact that is a sentence of its own."""

    def find(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
        if sentence := why(facts):
            yield "", {"why": sentence}

    return find


def declined(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    if facts.declined_on is not None:
        yield "", {"day": facts.declined_on}


def skin(answer: bool | None) -> Finder:
    def find(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
        if proposed.skin_clear is answer:
            yield "", NOTHING

    return find


def weight_changed(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    for before in (facts.weight_last, facts.weight_first):
        if before and proposed.weight is not None and is_weight_change(proposed.weight, before):
            yield "", {"weight": proposed.weight, "before": before}
            return


def needs_reason(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    if facts.needs_reason_to_continue:
        yield "", NOTHING


def reactions(
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


def severe(each: ReactionFacts, proposed: Proposed) -> bool:
    return each.grade >= SEVERE and each.may_be_ours


def suspicious(each: ReactionFacts, proposed: Proposed) -> bool:
    return is_suspicious(each, proposed.on)


def in_the_way(each: ReactionFacts, proposed: Proposed) -> bool:
    graver = severe(each, proposed) or suspicious(each, proposed)
    return not graver and hinders(each, frozenset(proposed.areas))


def repeated(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    repeated = repeated_products((*facts.reactions, *proposed.reactions))
    for each in proposed.products:
        if each.product.key in repeated:
            yield str(each.product.key), {"product": each.product.name}


def no_formulary(proposed: Proposed, facts: SessionFacts) -> Iterator[Found]:
    if not facts.formulary.version and any(each.product.shares for each in proposed.products):
        yield "", NOTHING
