"""The pages of docs/ that are made from tables say what the tables say today."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from patients.management.commands import write_docs
from patients.rules.candidacy import CANDIDACY, RULE_SET
from patients.rules.causes import CAUSES, LIMITS
from patients.rules.legs import LEGS
from patients.rules.page import rules_page
from patients.rules.safety_list import DRAFT, SafetyList

PAGE = Path(__file__).resolve().parents[2] / "docs" / "rules.md"


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


def test_check_of_an_old_page_ends_with_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_docs, "RULES", tmp_path / "rules.md")
    with pytest.raises(CommandError) as refused:
        call_command("write_docs", "--check")
    assert refused.value.returncode == 1
    assert not (tmp_path / "rules.md").exists()
    call_command("write_docs")
    call_command("write_docs", "--check")
