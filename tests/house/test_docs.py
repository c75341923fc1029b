"""The pages of docs/ that are made from tables say what the tables say today."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from desk.management.commands import write_docs
from patients.rules.candidacy import CANDIDACY, RULE_SET
from patients.rules.causes import CAUSES, LIMITS
from patients.rules.legs import LEGS
from patients.rules.page import rules_page
from patients.rules.safety_list import DRAFT, SafetyList
from treatments.rules.gates import GATES
from treatments.rules.lifecycle import MOVES, Ask
from treatments.rules.lifecycle_page import lifecycle_page
from treatments.rules.measures import SCALES
from treatments.rules.session_page import WHO, session_page
from treatments.terms import ReactionKind, Tick

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = DOCS / "rules.md"


def test_rules_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == rules_page(DRAFT), "Run manage.py write_docs."


def test_rules_page_names_every_row_and_code() -> None:
    page = rules_page(DRAFT)
    rules = [*chain(*CAUSES.values()), *LIMITS, *LEGS, *CANDIDACY]
    rows = [f"| {rule.id} | {rule.says} |" for rule in rules]
    codes = [f"`{row.reason_code}`" for row in (*DRAFT.rows, *DRAFT.exclusions)]
    assert [wanted for wanted in [*rows, *codes, RULE_SET] if wanted not in page] == []


def test_rules_page_keeps_every_table_in_shape() -> None:
    lines = rules_page(DRAFT).splitlines()
    tables = [line for line in lines if line.startswith("|")]
    widths = {line.count("|") for line in tables}
    assert widths <= {3, 4, 5}
    assert [line for line in lines if line != line.rstrip()] == []


def test_rules_page_of_a_signed_list_says_its_version() -> None:
    signed = SafetyList(version=3, rows=DRAFT.rows, exclusions=DRAFT.exclusions)
    assert "safety list: version 3." in rules_page(signed)


def test_lifecycle_page_is_current() -> None:
    page = (DOCS / "lifecycle.md").read_text(encoding="utf-8")
    assert page == lifecycle_page(), "Run manage.py write_docs."


def test_lifecycle_page_draws_every_move_and_says_every_sentence() -> None:
    page = lifecycle_page()
    arrows = [
        f"    {before or '[*]'} --> {move.after or before}: {move.kind.label}\n"
        for move in MOVES
        for before in move.before or (None,)
    ]
    sentences = [sentence for ask in Ask for sentence in ask.sentences]
    assert [wanted for wanted in [*arrows, *sentences] if wanted not in page] == []
    assert page.count(" --> ") == len(arrows) + len(["completed", "stopped"])
    assert [line for line in page.splitlines() if line != line.rstrip()] == []


def test_session_page_is_current() -> None:
    page = (DOCS / "session_rules.md").read_text(encoding="utf-8")
    assert page == session_page(), "Run manage.py write_docs."


def test_session_page_names_every_gate_measure_and_reaction() -> None:
    page = session_page()
    rows = [f"| {rule.id} | `{rule.code}` | {rule.when} | {WHO[rule.who]} |" for rule in GATES]
    rows += [f"| {kind.label} |" for kind in ReactionKind]
    rows += [f"| {tick.label} |" for tick in Tick]
    rows += [f"| {kind.replace('_', ' ')} | {scale.low} to" for kind, scale in SCALES.items()]
    assert [wanted for wanted in rows if wanted not in page] == []
    assert {line.count("|") for line in page.splitlines() if line.startswith("|")} <= {3, 5, 6}
    assert [line for line in page.splitlines() if line != line.rstrip()] == []


def test_check_of_old_pages_names_each_and_ends_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_docs, "DOCS", tmp_path)
    with pytest.raises(CommandError) as refused:
        call_command("write_docs", "--check")
    assert refused.value.returncode == 1
    assert [line.partition(" ")[0] for line in str(refused.value).splitlines()] == [
        "docs/rules.md",
        "docs/lifecycle.md",
        "docs/session_rules.md",
    ]
    assert list(tmp_path.iterdir()) == []
    call_command("write_docs")
    call_command("write_docs", "--check")
