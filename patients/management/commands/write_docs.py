"""Write the pages of docs/ that are made from the program's own tables."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from patients.rules.page import rules_page
from patients.rules.safety_list import DRAFT

RULES = settings.BASE_DIR / "docs" / "rules.md"


class Command(BaseCommand):
    """`manage.py write_docs`; with `--check` it writes nothing and ends with 1 when a page is
    not what it would write."""

    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only compare, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        page = rules_page(DRAFT)
        current = RULES.read_text(encoding="utf-8") if RULES.exists() else ""
        if page == current:
            self.stdout.write("docs/rules.md says what the rules do.")
        elif options["check"]:
            raise CommandError("docs/rules.md is not current: run manage.py write_docs.")
        else:
            RULES.write_text(page, encoding="utf-8", newline="\n")
            self.stdout.write("docs/rules.md is written.")
