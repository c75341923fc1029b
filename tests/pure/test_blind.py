"""What is seen, right against left, turned into the later against the earlier."""

from __future__ import annotations

import pytest

from treatments.rules.blind import Side, is_right, later_against_earlier


@pytest.mark.parametrize("right_better", range(-3, 4))
def test_grade_follows_the_later_one_whichever_side_it_stands_on(right_better: int) -> None:
    assert later_against_earlier(right_better, Side.RIGHT) == right_better
    assert later_against_earlier(right_better, Side.LEFT) == -right_better


@pytest.mark.parametrize("later", Side)
def test_guess_is_right_when_it_names_the_later_one(later: Side) -> None:
    assert is_right(later, later) is True
    assert is_right(later.other, later) is False
    assert is_right(None, later) is None
    assert later.other.other == later
