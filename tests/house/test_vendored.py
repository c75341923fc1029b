"""What is vendored is what VENDORED.md says it is, byte for byte."""

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "static" / "vendor"
RECORD = VENDOR / "VENDORED.md"
COLUMNS = ["file", "package and version", "source in the package", "licence", "changed", "sha256"]


def read_table() -> list[dict[str, str]]:
    lines = [line for line in RECORD.read_text(encoding="utf-8").splitlines() if line[:1] == "|"]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert [cell.lower() for cell in cells[0]] == COLUMNS
    return [dict(zip(COLUMNS, row, strict=True)) for row in cells[2:]]


ROWS = read_table()
FILES = [row["file"].strip("`") for row in ROWS]


def files_under(folder: Path) -> set[str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in found if path.name[0] != "."}


@pytest.mark.parametrize("row", ROWS, ids=FILES)
def test_file_is_as_recorded(row: dict[str, str]) -> None:
    content = (ROOT / row["file"].strip("`")).read_bytes()
    assert hashlib.sha256(content).hexdigest() == row["sha256"].strip("`")


@pytest.mark.parametrize("row", ROWS, ids=FILES)
def test_licence_text_is_kept(row: dict[str, str]) -> None:
    targets = re.findall(r"\]\(([^)]+)\)", row["licence"])
    assert targets
    assert all((VENDOR / target).read_text(encoding="utf-8").strip() for target in targets)


@pytest.mark.parametrize("name", FILES)
def test_no_source_map_is_named(name: str) -> None:
    assert b"sourceMappingURL" not in (ROOT / name).read_bytes()


def test_every_vendored_file_is_recorded_once() -> None:
    ours = {"static/vendor/VENDORED.md", *files_under(VENDOR / "licences")}
    shipped = files_under(VENDOR) - ours
    for_tests = files_under(ROOT / "tests" / "vendor") - {"tests/vendor/LICENSE-axe.txt"}
    assert sorted(FILES) == sorted(shipped | for_tests)
    assert "tests/vendor/axe.min.js" in FILES
