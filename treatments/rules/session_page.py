"""Writes docs/session_rules.md: what a session is judged by, from the tables that decide."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from treatments.rules import dose, ledger, measures, reactions
from treatments.rules.gates import GATES, Who
from treatments.terms import ReactionKind, Tick

WHO = {
    Who.NOBODY: "nobody",
    Who.LEAD: "the medical lead, with a reason",
    Who.REASON: "who signs, with a reason",
    Who.TICK: "who signs, by a tick",
}
TICKS = {
    Tick.CHECKS: "Every question that is due today has an answer, and so has the skin.",
    Tick.AREAS: "Every treated area has its number of points.",
    Tick.LOTS: "Something was drawn, and every lot was confirmed.",
    Tick.MEASURES: "What is due was measured: the weight each time, girths at milestones.",
    Tick.PHOTOS: "Each view of the course's protocol was taken. Due at milestones only.",
    Tick.NOTE: "What was seen is written down, or reactions were asked for and there were none.",
}
CALL_BACKS = {
    reactions.CallBack.NONE: "none",
    reactions.CallBack.NEXT_VISIT: "at the next visit",
    reactions.CallBack.WITHIN_48_HOURS: "within 48 hours",
    reactions.CallBack.SAME_DAY: "the same day",
}
EFFECTS = {
    reactions.Effect.NONE: "goes on",
    reactions.Effect.PAUSE: "is paused",
    reactions.Effect.STOP: "is paused, and goes on only past the medical lead",
}
GRADES = range(1, 6)
PLACE = re.compile(r"%\((\w+)\)[sd]")
# Templates that are nothing but a sentence from elsewhere.
WHOLE = {
    "%(why)s": "(why the other rule refuses it)",
    "%(sentence)s": "(the sentence of the safety list)",
}


def session_page() -> str:
    """Write the whole page as Markdown."""
    parts = chain(_opening(), _gates(), _ticks(), _doses(), _measures(), _reactions())
    return "\n".join(parts).rstrip() + "\n"


def _opening() -> Iterator[str]:
    yield "# What a session is judged by"
    yield ""
    yield "Written by `manage.py write_docs` from the tables in `treatments/rules`; do not edit it."
    yield "All thresholds are proposals until the clinic's medical lead has confirmed them."
    yield ""
    yield "- Every gate is tried, so that everything is heard at once."
    yield "- A gate that is passed leaves a row with who, when and why; it is signed with the session."
    yield "- What was not asked, weighed or counted is never taken as normal."
    yield "- What is safe to draw is judged by the newest approved formulary, never by an older one."
    yield ""


def _gates() -> Iterator[str]:
    yield "## Gates"
    yield ""
    yield "| Gate | Code | When it stands | Who may pass it | What is said |"
    yield "|---|---|---|---|---|"
    for rule in GATES:
        yield from _row((rule.id, f"`{rule.code}`", rule.when, WHO[rule.who], _said(rule.template)))
    yield ""


def _said(template: str) -> str:
    """Show a template to somebody who reads no code: "Choose the lot of ‹product›."."""
    if template in WHOLE:
        return WHOLE[template]
    return PLACE.sub(r"‹\1›", template)


def _ticks() -> Iterator[str]:
    yield "## The six ticks"
    yield ""
    yield "None of them is a wall: what is missing is signed with a reason, which the medical lead"
    yield "sees. Milestones are the baseline, the sessions before a review, the last one, reviews and"
    yield "follow-ups."
    yield ""
    yield from _table(("Tick", "Done when"), [(str(tick.label), TICKS[tick]) for tick in Tick])


def _doses() -> Iterator[str]:
    yield "## Doses"
    yield ""
    yield "A dose is given ml x share of the volume x strength. Agents of one substance add up, and"
    yield "the lowest ceiling of those that were given counts; other sessions of the same day count"
    yield "too. A ceiling per kg needs the weight."
    yield ""
    yield from _table(
        ("Figure", "Value"),
        [
            ("Near a ceiling, from", f"{ledger.NEAR * 100:.0f} % of it"),
            ("One area, asked about above", f"{dose.ASK_ABOVE_ML_IN_AREA} ml"),
            ("One session, asked about above", f"{dose.ASK_ABOVE_ML} ml"),
            ("One session, not recorded above", f"{dose.REFUSE_ABOVE_ML} ml"),
            ("One point", f"{dose.LEAST_ML_PER_POINT} to {dose.MOST_ML_PER_POINT} ml"),
            (
                "Placed and wasted against drawn",
                f"within {dose.TOLERANCE * 100:.0f} % of the drawn",
            ),
        ],
    )


def _measures() -> Iterator[str]:
    yield "## Measures"
    yield ""
    yield "A girth is the mean of two readings, and of three where the first two differ by more than"
    yield f"{measures.THIRD_ABOVE} cm. A weight is asked about also when it changes by more than"
    yield f"{measures.WEIGHT_SHARE * 100:.0f} %. Sides that differ by more than"
    yield f"{measures.SIDES_APART} cm, or that look exchanged, are asked about."
    yield ""
    yield from _table(
        ("Measure", "Possible", "Asked about when it changes by more than", "Measuring error"),
        [
            (
                kind.replace("_", " "),
                f"{scale.low} to {scale.high} {scale.unit}",
                f"{scale.jump} {scale.unit}",
                f"{scale.noise_same} {scale.unit}, with another observer {scale.noise_other}",
            )
            for kind, scale in measures.SCALES.items()
        ],
    )


def _reactions() -> Iterator[str]:
    yield "## Reactions"
    yield ""
    yield "How soon somebody looks again, by kind and grade, until it is gone; and what becomes of the"
    yield "course."
    yield ""
    rows = [_reaction(kind) for kind in ReactionKind]
    yield from _table(("Reaction", "Expected", "Looked at again", "The course"), rows)
    yield f"- A mild nodule or sign of infection waits {reactions.LONG_DAYS} days at most."
    yield f"- {_filled(reactions.CULTURE)} This is for nodules and signs of infection."
    yield f"- {reactions.CHECK_LOT}"
    yield f"- {_filled(reactions.SWOLLEN)}"


def _reaction(kind: ReactionKind) -> tuple[str, ...]:
    expected = [grade for grade in GRADES if reactions.is_expected(kind, grade)]
    return (
        str(kind.label),
        f"up to grade {max(expected)}" if expected else "never",
        _by_grade(CALL_BACKS[reactions.call_back(kind, grade)] for grade in GRADES),
        _by_grade(EFFECTS[reactions.effect(kind, grade)] for grade in GRADES),
    )


def _by_grade(words: Iterable[str]) -> str:
    """Say what holds for each grade; equal ones are said once: "1: a; 2: b; 3 to 5: c"."""
    spans: list[tuple[int, int, str]] = []
    for grade, word in zip(GRADES, words, strict=True):
        if spans and spans[-1][2] == word:
            spans[-1] = (spans[-1][0], grade, word)
        else:
            spans.append((grade, grade, word))
    if len(spans) == 1:
        return spans[0][2]
    return "; ".join(
        f"{first}: {word}" if first == last else f"{first} to {last}: {word}"
        for first, last, word in spans
    )


def _filled(template: str) -> str:
    figures = {
        "long": reactions.LONG_DAYS,
        "late": reactions.LATE_DAYS,
        "days": reactions.SWOLLEN_DAYS,
    }
    return template % figures


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield from _row(head)
    yield "|" + "---|" * len(head)
    for row in rows:
        yield from _row(row)
    yield ""


def _row(cells: Sequence[str]) -> Iterator[str]:
    yield f"| {' | '.join(cells)} |"
