"""Add a room that can be booked."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from appointments.actions import add_room
from appointments.models import Room


class Command(BaseCommand):
    """`manage.py add_room NAME`."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"].strip()
        if not name or len(name) > 40:
            raise CommandError("A room has a name of 1 to 40 characters.")
        if Room.objects.filter(name__iexact=name).exists():
            raise CommandError(f"There is a room {name} already.")
        self.stdout.write(f"{add_room(name=name, by=None)} can be booked.")
