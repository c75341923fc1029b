"""Screen the cases of a file with the same rules as the screens, and write the results as JSON."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from patients.models.safety import current_list
from patients.rules import assess
from patients.rules.case import CaseError, case_id, read_case, write_result
from patients.rules.safety_list import DRAFT, SafetyList

VERSION = 1
KEYS = ("version", "vignettes")
DIGITS = 20  # more than any answer has; Python refuses to read thousands of them


class Command(BaseCommand):
    """`manage.py screen FILE`: the case format in, one JSON list out; `-` reads standard input.

    The clinic's signed safety list applies when there is one, else the product's draft.
    No case can stop another: one that cannot be read gives its id and an error in its place, is
    named on standard error, and makes the exit status 1.
    """

    help = __doc__
    requires_system_checks: list[str] = []  # the rules need no database

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="a file of cases, or - for standard input")
        parser.add_argument(
            "--draft",
            action="store_true",
            help="use the product's draft of the safety lists, not the list this clinic signed",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        data = read_json(read_text(options["file"]))
        strange = [key for key in data if key not in KEYS] if isinstance(data, dict) else []
        for key in strange:
            # It holds no answer, so the cases are screened all the same.
            self.stderr.write(f"Unknown key “{plain(key)}” beside the cases.")
        cases = enumerate(cases_of(data), start=1)
        lists = DRAFT if options["draft"] else list_in_force()
        if lists.version:
            self.stderr.write(f"Safety list {lists.version}, signed in this clinic, is used.")
        results = [self.screen(place, case, lists) for place, case in cases]
        self.stdout.write(json.dumps(results, indent=1))
        if strange or any("error" in result for result in results):
            sys.exit(1)

    def screen(self, place: int, case: object, lists: SafetyList) -> dict[str, Any]:
        try:
            return write_result(case_id(case), assess(read_case(case, lists), lists))
        except CaseError as error:
            name = error.id or f"case {place}"
            self.stderr.write(f"{plain(name)}: {plain(error.field)}: {plain(error.sentence)}")
            return {"id": error.id or None, "error": f"{error.field}: {error.sentence}"}


def list_in_force() -> SafetyList:
    """Return the list that this clinic signed, or the draft where no database can be asked."""
    try:
        return current_list()
    except DatabaseError:
        return DRAFT


def plain(text: str) -> str:
    """Return text that cannot steer a terminal."""
    return "".join(char if char.isprintable() else "?" for char in text)


def read_text(name: str) -> str:
    """Read the file, or standard input when it is called "-"."""
    try:
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CommandError(f"{name} is not UTF-8 text.") from error


def read_json(text: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=unrepeated, parse_int=whole)
    except json.JSONDecodeError as error:
        raise CommandError(f"This is not JSON: {error}.") from error
    except RecursionError as error:
        raise CommandError("This is not a file of cases: it is nested too deeply.") from error


def cases_of(data: object) -> list[object]:
    """Return the cases of either form of a file, whose ids must all be different."""
    cases = data
    if isinstance(data, dict):
        version = data.get("version", VERSION)
        if isinstance(version, bool) or version != VERSION:
            raise CommandError(f"Expected version {VERSION} of the case format.")
        cases = data.get("vignettes")
    if not isinstance(cases, list):
        raise CommandError("Expected a list of cases, or an object with “vignettes”.")
    names = Counter(
        case["id"] for case in cases if isinstance(case, dict) and isinstance(case.get("id"), str)
    )
    for name, times in names.items():
        if times > 1 and name:
            raise CommandError(f"The id “{plain(name)}” is given to more than one case.")
    return cases


def unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Keep a key that stands twice visible, so that the case is refused: one answer would win
    over the other in silence."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        found[f"{key} (twice)" if key in found else key] = value
    return found


def whole(digits: str) -> int | float:
    """Read an integer; one too long for any answer becomes infinite, which every range refuses."""
    return int(digits) if len(digits) <= DIGITS else float("inf")
