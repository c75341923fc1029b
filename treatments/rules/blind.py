"""Grading a pair without knowing which of the two is the later (domain.md 6.5).

What is graded is the right picture against the left, as it is seen. What is kept is the later
against the earlier, as GAIS has it: +3 very much better to -3 very much worse.
"""

from __future__ import annotations

from enum import StrEnum


class Side(StrEnum):
    """A place on the page."""

    LEFT = "left"
    RIGHT = "right"

    @property
    def other(self) -> Side:
        return Side.RIGHT if self == Side.LEFT else Side.LEFT


def later_against_earlier(right_better: int, later: Side) -> int:
    """Turn how much better the right one looks into how much better the later one does."""
    return right_better if later == Side.RIGHT else -right_better


def is_right(guess: Side | None, later: Side) -> bool | None:
    """Say whether the guess names the later one; None where nobody guessed."""
    return None if guess is None else guess == later
