"""Write the pages of docs/ that are made from the program's own tables."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from patients.rules.page import rules_page
from patients.rules.safety_list import DRAFT
from treatments.rules.lifecycle_page import lifecycle_page
from treatments.rules.session_page import session_page

DOCS = settings.BASE_DIR / "docs"
PAGES = {
    "rules.md": lambda: rules_page(DRAFT),
    "lifecycle.md": lifecycle_page,
    "session_rules.md": session_page,
}


class Command(BaseCommand):
    """`manage.py write_docs`; with `--check` it writes nothing and ends with 1 when a page is
    not what it would write."""

    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only compare, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        old = []
        for name, write in PAGES.items():
            path, page = DOCS / name, write()
            if path.exists() and path.read_text(encoding="utf-8") == page:
                self.stdout.write(f"docs/{name} says what the program does.")
            elif options["check"]:
                old.append(f"docs/{name} is not current: run manage.py write_docs.")
            else:
                path.write_text(page, encoding="utf-8", newline="\n")
                self.stdout.write(f"docs/{name} is written.")
        if old:
            raise CommandError("\n".join(old))
