"""The fifteen open cases of the domain notes, as whole screenings."""

from __future__ import annotations

from typing import Any

import pytest
from rules_samples import vignettes

from patients.rules import assess
from patients.rules.case import read_case, write_result

COMPARED = ("areas", "outcome", "sub_outcome", "excluded_agents", "prescriber_review")


@pytest.mark.parametrize("case", vignettes(), ids=lambda case: case["id"])
def test_vignette_gives_the_expected_result(case: dict[str, Any]) -> None:
    given = write_result(case["id"], assess(read_case(case)))
    expected = case["expected"]
    assert {key: given[key] for key in COMPARED} == {key: expected[key] for key in COMPARED}


@pytest.mark.parametrize("case", vignettes(), ids=lambda case: case["id"])
def test_vignette_names_every_required_reason(case: dict[str, Any]) -> None:
    given = {reason.code for reason in assess(read_case(case)).reasons}
    assert set(case["expected"]["reasons_required"]) - given == set()


@pytest.mark.parametrize("case", vignettes(), ids=lambda case: case["id"])
def test_vignette_misses_no_answer(case: dict[str, Any]) -> None:
    assert assess(read_case(case)).missing == ()
