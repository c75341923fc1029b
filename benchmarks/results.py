"""Where the figures of the benchmarks are kept: one table each in RESULTS.md."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path
from statistics import quantiles

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "RESULTS.md"
TITLE = """# Results

Written by `make bench`. Times differ from machine to machine; ratios and limits count.
"""


def write(head: str, line: str) -> None:
    """Add a line to the table that `head` begins; the first one writes the head as well."""
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}."
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else TITLE
    sections = text.split("\n## ")
    title = head.split("\n", 1)[0].removeprefix("## ")
    for place, section in enumerate(sections):
        if section.split("\n", 1)[0] == title:
            sections[place] = f"{section.rstrip()}\n{line}\n"
            break
    else:
        sections[-1] = f"{sections[-1].rstrip()}\n"
        sections.append(f"{head.format(machine=machine).removeprefix('## ').rstrip()}\n{line}\n")
    RESULTS.write_text("\n## ".join(sections), encoding="utf-8")


def commit() -> str:
    asked = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(
        asked, cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()


def p95(values: list[float]) -> float:
    return quantiles(values, n=20)[-1]
