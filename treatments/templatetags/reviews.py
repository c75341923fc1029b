"""Reviews in words: classes, gates, grades, and the steps of one visit."""

from __future__ import annotations

from typing import Any, NamedTuple

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.context import Grants
from treatments.models import Visit
from treatments.rules import reviews
from treatments.rules.outcome import Outcome
from treatments.rules.reviews import GateState
from treatments.rules.scores import HERE, Scores
from treatments.selectors.progress import GRADED, gate_name, opinion_of
from treatments.terms import Gais, Pcss
from treatments.wording import worded

register = template.Library()
register.filter("gate_name", gate_name)
register.filter("written", worded)

# The kind of state of each class, and its words.
OUTCOMES = {
    Outcome.CLEAR_RESPONSE: ("fine", gettext_lazy("Clear response")),
    Outcome.RESPONSE: ("fine", gettext_lazy("Response")),
    Outcome.MIXED: ("plain", gettext_lazy("Mixed")),
    Outcome.NO_CHANGE: ("plain", gettext_lazy("No measurable change")),
    Outcome.WORSE: ("attention", gettext_lazy("Worse")),
}
GATES = {
    GateState.WRITTEN: ("fine", gettext_lazy("written")),
    GateState.DUE: ("attention", gettext_lazy("due")),
    GateState.AHEAD: ("plain", gettext_lazy("ahead")),
    GateState.PASSED: ("none", gettext_lazy("passed by")),
}
STAGES = ("0", "I", "II", "III")
SEEN = {
    "visible_lying": gettext_lazy("visible lying"),
    "visible_standing": gettext_lazy("visible standing"),
    "visible_contracted": gettext_lazy("visible on pinch or contraction"),
    "raised_or_nodules": gettext_lazy("raised areas or nodules"),
}


class State(NamedTuple):
    """A kind of state and its words, for `state`."""

    kind: str
    words: str


@register.filter
def outcome_state(outcome: Outcome | None) -> State:
    """Return how a class is shown; None cannot be said."""
    if outcome is None:
        return State("unknown", _("Cannot be said"))
    kind, words = OUTCOMES[outcome]
    return State(kind, str(words))


@register.filter
def outcome_names(outcomes: tuple[Outcome, ...]) -> str:
    """Write several classes in one line."""
    return ", ".join(str(OUTCOMES[outcome][1]).lower() for outcome in outcomes)


@register.filter
def gate_state(gate: reviews.Gate) -> State:
    kind, words = GATES[gate.state]
    return State(kind, str(words))


@register.filter
def pcss_words(grade: int | str | None) -> str:
    """Write a PCSS grade: "2, mild". A start that is not there comes as an empty text."""
    return f"{grade}, {str(Pcss(grade).label).lower()}" if isinstance(grade, int) else ""


@register.filter
def gais_words(grade: int | str | None) -> str:
    """Write a GAIS grade with its sign: "+1, better"."""
    if not isinstance(grade, int):
        return ""
    sign = "+" if grade > 0 else "−" if grade < 0 else ""
    return f"{sign}{abs(grade)}, {str(Gais(grade).label).lower()}"


@register.filter
def stage_words(scores: Scores | str | None) -> str:
    """Write a derived stage; a stage III with the observation that made it."""
    if not isinstance(scores, Scores) or scores.stage.stage is None:
        return _("open")
    stage = STAGES[scores.stage.stage]
    if scores.stage.stage < 3:
        return stage
    return f"{stage}, {SEEN[HERE[scores.stage.made_by]]}"


@register.filter
def css_rest(scores: Scores | str | None) -> str:
    """Write the CSS without laxity, where all of it is known."""
    if not isinstance(scores, Scores) or scores.css is None:
        return ""
    return _("%(rest)d without laxity") % {"rest": scores.css_without_laxity}


@register.filter
def css_class_words(scores: Scores | str | None) -> str:
    """Write a CSS total with its class: "7 moderate"."""
    if not isinstance(scores, Scores) or scores.css is None or scores.css_class is None:
        return _("not complete")
    return f"{scores.css} {str(scores.css_class.label).lower()}"


@register.filter
def css_words(scores: Scores | str | None) -> str:
    """Write a CSS total with its class and the total without laxity."""
    return ", ".join(filter(None, (css_class_words(scores), css_rest(scores))))


@register.filter
def moved(now: int | str | None, before: int | str | None) -> str:
    """Write a change of a grade with its sign, nothing where one of the two is missing."""
    if not (isinstance(now, int) and isinstance(before, int)):
        return ""
    change = now - before
    return f"{'+' if change > 0 else '−' if change < 0 else '±'}{abs(change)}"


class Step(NamedTuple):
    """One step of a review: its words, where it stands, and its page while it can be opened."""

    words: str
    state: State
    url_name: str


@register.inclusion_tag("treatments/_review_steps.html")
def review_steps(visit: Visit, can: Grants) -> dict[str, Any]:
    """Show what a baseline, review or follow-up still needs: opinion, scores, outcome."""
    if visit.kind not in GRADED or visit.voided_at:
        return {"steps": []}
    opinion, scored = opinion_of(visit), visit.scores.exists()
    if opinion is None:
        asked = State("attention", _("not asked yet"))
    elif opinion.not_asked_reason:
        asked = State("none", _("not asked: %(why)s") % {"why": opinion.not_asked_reason})
    else:
        asked = State("fine", _("given"))
    found = State("fine", _("saved")) if scored else State("attention", _("not scored yet"))
    may = can.record_visits and not visit.signed_at
    is_open = not (opinion and opinion.method) and not scored
    return {
        "visit": visit,
        "steps": [
            Step(_("The patient’s opinion"), asked, "visit-opinion" if may and is_open else ""),
            Step(
                _("The clinician’s scores"),
                found,
                "visit-scores" if may and opinion is not None else "",
            ),
        ],
    }
