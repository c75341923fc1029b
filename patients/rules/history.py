"""Where the history and the safety answers do not fit together: a question, never a correction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

from patients.terms import Answer, SafetyItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the history says that a safety question also asks; None where it was not asked."""

    smokes: bool | None = None
    has_active_infection: bool | None = None
    has_active_autoimmune_disease: bool | None = None
    has_quiet_autoimmune_disease: bool | None = None
    had_large_weight_loss: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """One answer to look at again: the question that asked it, and a sentence."""

    field: str
    template: str


# Fact of the history -> the safety question that must agree, and what to say when it does not.
PAIRS: Mapping[str, tuple[SafetyItem, str]] = {
    "smokes": (
        SafetyItem.SMOKER,
        _("The history says how many cigarettes are smoked, the safety answers do not say so."),
    ),
    "has_active_infection": (
        SafetyItem.FEVER_OR_INFECTION,
        _("The history names an infection that is active, the safety answers do not."),
    ),
    "has_active_autoimmune_disease": (
        SafetyItem.AUTOIMMUNE_FLARE,
        _("The history names an autoimmune disease that is active, the safety answers do not."),
    ),
    "has_quiet_autoimmune_disease": (
        SafetyItem.AUTOIMMUNE_REMISSION,
        _("The history names an autoimmune disease that is quiet, the safety answers do not."),
    ),
}
WEIGHT = _("The weights of the history are a large weight loss, and the answer here is no.")


def doubts(
    told: Told, said: Mapping[str, str], major_weight_loss: bool | None
) -> tuple[Doubt, ...]:
    """Compare the history with the answers (code -> yes, no or unknown) and ask."""
    return tuple(_doubts(told, said, major_weight_loss))


def _doubts(told: Told, said: Mapping[str, str], major_weight_loss: bool | None) -> Iterator[Doubt]:
    for name, (item, sentence) in PAIRS.items():
        if getattr(told, name) and said.get(item) != Answer.YES:
            yield Doubt(field=item.value, template=sentence)
    if told.had_large_weight_loss and major_weight_loss is False:
        yield Doubt(field="major_weight_loss", template=WEIGHT)
