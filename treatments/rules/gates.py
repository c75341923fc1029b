"""The safety gates of a session: what stands against signing it, and who may pass that.

One row of `GATES` for each rule: its id, when it stands, who may pass it, and its sentence. All
rows are tried, so that everything is heard at once. Who may pass what follows domain.md 4: nobody
passes age, consent, agents and lots; absolute contraindications, red flags and ceilings are the
medical lead's; what is temporary or a caution takes a written reason, as at a screening.

Gates are for treatments. They judge what is proposed, not whether everything is filled in: that
is what the ticks are for (`checks.ticks`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_noop as _

from patients.terms import SafetyGate
from treatments.rules import dose, ledger
from treatments.rules import gate_finders as find
from treatments.rules.gate_finders import OF_A_DAY, Finder
from treatments.rules.sentence import Sentence
from treatments.rules.session import Proposed, SessionFacts
from treatments.terms import AgentStatus


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


# The table ----------------------------------------------------------------------------------------

GATES: tuple[GateRule, ...] = (
    GateRule(
        id="S1",
        code="age",
        who=Who.NOBODY,
        field=Field.COURSE,
        when="The patient is under 18 on the day.",
        template=_("She is %(age)d years old. Nobody under 18 is treated."),
        find=find.under_age,
    ),
    GateRule(
        id="S2",
        code="consent",
        who=Who.NOBODY,
        field=Field.COURSE,
        when="The consent to treatment does not hold, or the time to think it over runs.",
        template="%(why)s",
        find=find.told(lambda facts: facts.consent),
    ),
    GateRule(
        id="S3",
        code="too_early",
        who=Who.NOBODY,
        field=Field.DATE,
        when="The session comes closer to another one than the protocol or an agent allows.",
        template="%(why)s",
        find=find.told(lambda facts: facts.too_early),
    ),
    GateRule(
        id="S4",
        code="rescreen",
        who=Who.NOBODY,
        field=Field.DATE,
        when="More than 56 days have passed, and she was not screened again since.",
        template="%(why)s",
        find=find.told(lambda facts: facts.rescreen),
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
        find=find.declined,
    ),
    GateRule(
        id="S6",
        code="absolute",
        who=Who.LEAD,
        field=Field.CHECKS,
        when="An absolute contraindication is new since the screening (4.1).",
        template="%(sentence)s",
        find=find.declared(SafetyGate.ABSOLUTE),
    ),
    GateRule(
        id="S7",
        code="red_flag",
        who=Who.LEAD,
        field=Field.CHECKS,
        when="A red flag: new swelling of one leg, a suspicious mark, a scaly sun-damaged patch.",
        template="%(sentence)s",
        find=find.red_flags,
    ),
    GateRule(
        id="S8",
        code="temporary",
        who=Who.REASON,
        field=Field.CHECKS,
        when="A temporary contraindication holds today (4.2).",
        template="%(sentence)s",
        find=find.declared(SafetyGate.TEMPORARY),
    ),
    GateRule(
        id="S9",
        code="caution",
        who=Who.REASON,
        field=Field.CHECKS,
        when="A caution is new since the screening (4.3); the reason says what the prescriber said.",
        template=_("%(sentence)s Note what the prescriber says."),
        find=find.declared(SafetyGate.CAUTION),
    ),
    GateRule(
        id="S10",
        code="not_asked",
        who=Who.NOBODY,
        field=Field.CHECKS,
        when="A question that could stop the session is due today and was not asked.",
        template=_("Ask today: %(question)s."),
        find=find.not_asked,
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
        find=find.not_known,
    ),
    GateRule(
        id="S12",
        code="skin_not_asked",
        who=Who.NOBODY,
        field=Field.SKIN,
        when="Nobody said whether the skin of the areas is clear.",
        template=_("Look at the skin of each area, and say whether it is clear."),
        find=find.skin(None),
    ),
    GateRule(
        id="S13",
        code="skin_not_clear",
        who=Who.REASON,
        field=Field.SKIN,
        when="The skin of an area is not clear (4.2).",
        template=_("The skin is not clear. Let it heal first, or leave that area out."),
        find=find.skin(False),
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
        find=find.reactions(find.severe),
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
        find=find.reactions(find.suspicious),
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
        find=find.reactions(find.in_the_way),
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
        find=find.repeated,
    ),
    GateRule(
        id="S18",
        code="no_formulary",
        who=Who.NOBODY,
        field=Field.PRODUCTS,
        when="The clinic has approved no formulary.",
        template=_("No formulary is approved yet. The medical lead approves one first."),
        find=find.no_formulary,
    ),
    GateRule(
        id="S19",
        code="contents",
        who=Who.NOBODY,
        field=Field.PRODUCTS,
        when="It is not on record which agents are in a product.",
        template=_("What is in %(product)s is not on record. Enter its agents first."),
        find=find.without_contents,
    ),
    GateRule(
        id="S20",
        code="agent_unlisted",
        who=Who.NOBODY,
        field=Field.PRODUCTS,
        when="An agent does not stand in the formulary in force.",
        template=_("%(agent)s is not in the formulary. Use a product that is."),
        find=find.unlisted,
    ),
    GateRule(
        id="S21",
        code="agent_draft",
        who=Who.NOBODY,
        field=Field.PRODUCTS,
        when="An agent is a draft in the formulary in force.",
        template=_("%(agent)s is not active in the formulary yet. The medical lead activates it."),
        find=find.at_status(AgentStatus.DRAFT),
    ),
    GateRule(
        id="S22",
        code="agent_blocked",
        who=Who.NOBODY,
        field=Field.PRODUCTS,
        when="An agent is blocked in the formulary in force.",
        template=_("%(agent)s is blocked: %(why)s Use a product without it."),
        find=find.at_status(AgentStatus.BLOCKED),
    ),
    GateRule(
        id="S23",
        code="agent_excluded",
        who=Who.NOBODY,
        field=Field.PRODUCTS,
        when="An allergy or condition leaves an agent out (4.4).",
        template=_("%(agent)s is left out. %(sentence)s"),
        find=find.excluded(needs_opinion=False),
    ),
    GateRule(
        id="S24",
        code="agent_opinion",
        who=Who.LEAD,
        field=Field.PRODUCTS,
        when="An allergy leaves an agent out unless an allergy clinic has cleared it (4.4).",
        template=_("%(agent)s needs the opinion of an allergy clinic. %(sentence)s"),
        find=find.excluded(needs_opinion=True),
    ),
    GateRule(
        id="S25",
        code="allergies_open",
        who=Who.NOBODY,
        field=Field.CHECKS,
        when="Nobody has asked about allergies.",
        template=_("Ask about allergies: no answer is on record."),
        find=find.allergies_open,
    ),
    GateRule(
        id="S26",
        code="allergy_unnamed",
        who=Who.REASON,
        field=Field.CHECKS,
        when="There is an allergy, and none that the safety list knows was named.",
        template=_("An allergy is on record, but not to what. Name it, or say why it is harmless."),
        find=find.allergy_unnamed,
    ),
    GateRule(
        id="S27",
        code="lot_missing",
        who=Who.NOBODY,
        field=Field.PRODUCTS,
        when="A product has no lot.",
        template=_("Choose the lot of %(product)s."),
        find=find.without_lot,
    ),
    GateRule(
        id="S28",
        code="lot_of_another",
        who=Who.NOBODY,
        field=Field.PRODUCTS,
        when="A lot belongs to another product.",
        template=_("Lot %(lot)s is not one of %(product)s. Choose another one."),
        find=find.of_another_product,
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
        find=find.unusable,
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
        find=find.emptied,
    ),
    GateRule(
        id="S31",
        code="lot_unconfirmed",
        who=Who.NOBODY,
        field=Field.PRODUCTS,
        when="A lot was not confirmed at the bedside.",
        template=_("Confirm lot %(lot)s of %(product)s by a tap or a scan."),
        find=find.not_confirmed,
    ),
    GateRule(
        id="S32",
        code="ceiling",
        who=Who.LEAD,
        field=Field.PRODUCTS,
        when="A dose is over its ceiling: of the day, or of the course.",
        template=_("%(substance)s: %(amount)s %(unit)s, and the ceiling is %(ceiling)s %(unit)s."),
        find=find.lines(ledger.State.OVER, *ledger.Scope),
    ),
    GateRule(
        id="S33",
        code="dose_open",
        who=Who.LEAD,
        field=Field.WEIGHT,
        when="A ceiling of the day cannot be judged, for want of the weight or of a strength.",
        template=_("Whether %(substance)s is over its ceiling cannot be told. Enter the weight."),
        find=find.lines(ledger.State.UNKNOWN, *OF_A_DAY),
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
        find=find.lines(ledger.State.UNKNOWN, ledger.Scope.COURSE),
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
        find=find.volume(dose.Volume.REFUSE),
    ),
    GateRule(
        id="S36",
        code="volume_high",
        who=Who.TICK,
        field=Field.PRODUCTS,
        when="More than 20 ml are given in the session.",
        template=_("%(ml)s ml are given; more than %(limit)s ml in one session is unusual."),
        find=find.volume(dose.Volume.ASK),
    ),
    GateRule(
        id="S37",
        code="area_volume",
        who=Who.TICK,
        field=Field.AREAS,
        when="More than 10 ml go into one area.",
        template=_("%(area)s: %(ml)s ml; more than %(limit)s ml in one area is unusual."),
        find=find.area_volume,
    ),
    GateRule(
        id="S38",
        code="point_volume",
        who=Who.TICK,
        field=Field.AREAS,
        when="A point is smaller than 0.02 ml or larger than 0.5 ml.",
        template=_("%(ml)s ml for each point; usual are %(low)s to %(high)s ml."),
        find=find.unusual_point,
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
        find=find.unaccounted,
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
        find=find.weight_changed,
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
        find=find.needs_reason,
    ),
)
