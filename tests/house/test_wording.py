"""What the product says: no promise, no percentage, no blame, and two words never confused.

Every string that is marked for translation is read, in Python and in the templates, so a sentence
cannot be forgotten here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("clinic", "patients", "treatments", "appointments", "desk")
MARKERS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "pgettext", "ngettext_lazy"}
TRANSLATE = re.compile(r"""{%-?\s*(?:translate|trans)\s+(?:"([^"]*)"|'([^']*)')""")
BLOCKTRANSLATE = re.compile(
    r"{%\s*blocktrans(?:late)?\b[^%]*%}(.*?){%\s*endblocktrans(?:late)?\s*%}", re.DOTALL
)
PLACEHOLDER = re.compile(r"%\(\w+\)[.\d]*[a-z]|%[sd]|{{.*?}}|{%.*?%}")

PROMISES = (
    r"guarantee\w*|promis\w+|cures?|cured|miracle|perfect results?|risk-free|painless|success\w*"
)
BLAME = r"fail\w*|your fault|should have|to blame|non-?complian\w*|neglect\w*|naughty|lazy"
CLAIMS = r"toxins?|melts?|burns? fat|slimming"
UNWANTED = re.compile(rf"\b(?:{PROMISES}|{BLAME}|{CLAIMS})\b|%|per ?cent\b", re.IGNORECASE)
# A threshold that is asked about, and sentences that say there is no promise.
MEANT = re.compile(r"15 % or more|no result is promised|No promise and no blame")
INFECTION = "skin infection (cellulitis)"


def python_strings(path: Path) -> Iterator[str]:
    """Read every literal inside a call that marks text for translation."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if name in MARKERS:
                yield from (
                    given.value
                    for given in node.args
                    if isinstance(given, ast.Constant) and isinstance(given.value, str)
                )


def template_strings(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    for found in TRANSLATE.finditer(text):
        yield found[1] or found[2] or ""
    for found in BLOCKTRANSLATE.finditer(text):
        yield " ".join(found[1].split())


def said() -> list[tuple[str, str]]:
    """Every string of the product, with the file that says it."""
    found = []
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                found += [(str(path.relative_to(ROOT)), text) for text in python_strings(path)]
    for path in sorted((ROOT / "templates").rglob("*")):
        if path.suffix in (".html", ".txt"):
            found += [(str(path.relative_to(ROOT)), text) for text in template_strings(path)]
    return found


SAID = said()


def test_every_part_of_the_product_is_read() -> None:
    files = {place for place, _text in SAID}
    assert len(SAID) > 500
    assert {
        "patients/terms.py",
        "patients/rules/causes.py",
        "patients/rules/missing.py",
        "patients/rules/changes.py",
        "patients/rules/candidacy.py",
        "patients/rules/safety.py",
        "patients/rules/safety_list.py",
        "templates/base.html",
    } - files == set()


def test_nothing_promises_blames_or_gives_a_percentage() -> None:
    found = {(place, word) for place, text in SAID for word in unwanted(text)}
    assert found == set()


def test_cellulitis_is_always_the_skin_infection() -> None:
    """The word stands only inside “skin infection (cellulitis)”, in any case of its letters."""
    alone = [
        (place, text) for place, text in SAID if "cellulitis" in text.lower().replace(INFECTION, "")
    ]
    assert alone == []


def test_cellulite_and_cellulitis_never_stand_in_one_text() -> None:
    both = [text for _place, text in SAID if {"cellulite", "cellulitis"} <= words(text)]
    assert both == []


def unwanted(text: str) -> list[str]:
    bare = MEANT.sub("", PLACEHOLDER.sub("", text))
    return [match[0] for match in UNWANTED.finditer(bare)]


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.lower()))


@pytest.mark.parametrize(
    "text",
    [
        "80% of women",
        "It failed",
        "Guaranteed",
        "A success",
        "Treats toxins",
        "ten percent better",
    ],
)
def test_wording_check_finds_what_it_must(text: str) -> None:
    assert len(unwanted(text)) == 1


@pytest.mark.parametrize("text", ["CSS %(total)s of 15", "{{ name }} is booked", "Secure the dose"])
def test_wording_check_lets_plain_text_pass(text: str) -> None:
    assert unwanted(text) == []
