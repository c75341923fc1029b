"""Open every photograph, and name the files that are missing, damaged or swapped."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from treatments.models.photo import photo_storage
from treatments.selectors.media import checked, orphans


class Command(BaseCommand):
    """Open every file of every photograph; end with 1 and name each that is not what was stored.

    Files that no row names are listed, and deleted with --remove-orphans; none younger than a day.
    """

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--remove-orphans", action="store_true", help="delete files that no row names"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        found, opened = [], 0
        for fault in checked():
            if fault is None:
                opened += 1
            else:
                found.append(str(fault))
        left_over = list(orphans())
        for name in left_over:
            if options["remove_orphans"]:
                photo_storage().delete(name)
            self.stdout.write(
                f"{name}: no row names it{', deleted' if options['remove_orphans'] else ''}"
            )
        self.stdout.write(f"Opened {opened} files; {len(left_over)} left over.")
        if found:
            raise CommandError("\n".join([*found, f"{len(found)} not as they were stored."]))
        self.stdout.write("All as they were stored.")
