"""Wrap the key of every photograph by the newest clinic key, so that older ones can be given up."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinic import vault
from treatments.actions.photo_keys import wrap_again


class Command(BaseCommand):
    """Wrap every data key by the first of PHOTO_KEYS; the files stay as they are.

    It may run while the clinic works, be broken off, and run again. Ends with 1 and names each
    photograph whose key cannot be unwrapped.
    """

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        done, locked = wrap_again()
        self.stdout.write(f"Wrapped {done} keys by {vault.current_name()}.")
        if locked:
            raise CommandError("\n".join([*locked, f"{len(locked)} keys could not be unwrapped."]))
        self.stdout.write("No photograph needs an older key.")
