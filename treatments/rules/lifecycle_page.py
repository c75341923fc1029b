"""Writes docs/lifecycle.md: the life of a course, from the table that the actions follow."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from clinic.roles import GRANTS, Can, Role
from treatments.rules.cadence import FALLING_DUE
from treatments.rules.lifecycle import MOVES, WRONG_STATE, Move
from treatments.terms import CourseState


def lifecycle_page() -> str:
    """Write the whole page as Markdown."""
    return "\n".join(chain(_opening(), _diagram(), _states(), _moves(), _refusals())) + "\n"


def _opening() -> Iterator[str]:
    yield "# The life of a course"
    yield ""
    yield "Written by `manage.py write_docs` from `treatments/rules/lifecycle.py`; do not edit it."
    yield "Every move leaves a row with who, when and why, which nobody changes afterwards."
    yield ""


def _diagram() -> Iterator[str]:
    yield "```mermaid"
    yield "stateDiagram-v2"
    for move in MOVES:
        for before in move.before or (None,):
            after = move.after or before
            yield f"    {before or '[*]'} --> {after}: {move.kind.label}"
    for state in CourseState:
        if not any(state in move.before for move in MOVES):
            yield f"    {state} --> [*]"
    yield "```"
    yield ""


def _states() -> Iterator[str]:
    yield "| State | Falls due | Moves |"
    yield "|---|---|---|"
    for state in CourseState:
        moves = ", ".join(str(move.kind.label).lower() for move in MOVES if state in move.before)
        yield f"| {state} | {'yes' if state in FALLING_DUE else 'no'} | {moves or 'none'} |"
    yield ""


def _moves() -> Iterator[str]:
    yield "## Moves"
    yield ""
    yield "| Move | From | To | Who | What it means | What it asks |"
    yield "|---|---|---|---|---|---|"
    for move in MOVES:
        cells = (
            move.kind.label,
            ", ".join(move.before) or "nothing",
            move.after or "the same state",
            _who(move.who),
            move.says,
            "; ".join(ask.words for ask in move.asks) or "nothing",
        )
        yield f"| {' | '.join(str(cell) for cell in cells)} |"
    yield ""


def _refusals() -> Iterator[str]:
    yield "## What is refused, and in which words"
    yield ""
    yield "| Move | Sentences |"
    yield "|---|---|"
    yield f"| every move from a state that does not allow it | {WRONG_STATE} |"
    for move in MOVES:
        if sentences := _sentences(move):
            yield f"| {move.kind.label} | {'<br>'.join(sentences)} |"


def _sentences(move: Move) -> list[str]:
    return [sentence for ask in move.asks for sentence in ask.sentences]


def _who(can: Can) -> str:
    return ", ".join(str(role.label) for role in Role if can in GRANTS[role])
