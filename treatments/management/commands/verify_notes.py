"""Compare every signed visit with what was signed, and the chain of signatures with its key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic.models import ChainHead, NoteKind, SignedNote
from treatments.selectors.verification import faults


class Command(BaseCommand):
    """Compare signed visits with what was signed; end with 1 and name each row that differs.

    The last line names the head. Kept elsewhere and given back by --head, it shows whether the
    chain was cut and grown again since.
    """

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--head", help="a head of an earlier run, as it was printed")

    def handle(self, *args: Any, **options: Any) -> None:
        found = [str(fault) for fault in faults()]
        if options["head"] and not holds(options["head"]):
            found.append(f"the chain does not go on from {options['head']}")
        counted = {kind: SignedNote.objects.filter(kind=kind).count() for kind in NoteKind}
        self.stdout.write(
            f"Checked {counted[NoteKind.SIGNED]} signed, {counted[NoteKind.ADDENDUM]} added later, "
            f"{counted[NoteKind.IN_ERROR]} struck out."
        )
        self.stdout.write(f"Head {ChainHead.objects.first() or '0:'}")
        if found:
            raise CommandError("\n".join([*found, f"{len(found)} not as they were signed."]))
        self.stdout.write("All as they were signed.")


def holds(head: str) -> bool:
    """Whether the chain still has this note at this place."""
    place, _, mac = head.partition(":")
    if place == "0":
        return True
    return place.isdecimal() and SignedNote.objects.filter(place=place, mac=mac).exists()
