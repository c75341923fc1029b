"""Write the demo clinic: invented patients, drawn photographs, dates that follow today."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from desk.demo.build import MOST, Made, seed

PATIENTS, SEED = 48, 1
ONLY_IN_DEMO = "This writes invented patients. Run it as: DEMO=true DEBUG=true python manage.py {}"


class Command(BaseCommand):
    """Write the demo clinic as it stands today, unless patients are registered already."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--patients",
            type=how_many,
            default=PATIENTS,
            help=f"how many, 1 to {MOST}; {PATIENTS} unless said otherwise",
        )
        parser.add_argument(
            "--seed", type=int, default=SEED, help="another number makes other people"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError(ONLY_IN_DEMO.format("seed_demo"))
        made = seed(options["patients"], options["seed"], timezone.localdate())
        self.stdout.write(said(made))


def how_many(text: str) -> int:
    """Read the number of patients."""
    if not text.isdecimal() or not 1 <= int(text) <= MOST:
        raise ArgumentTypeError(f"give a number from 1 to {MOST}")
    return int(text)


def said(made: Made) -> str:
    """Say what was made, or that nothing was."""
    counts = (
        f"{made.patients} patients, {made.courses} courses, {made.visits} visits, "
        f"{made.appointments} appointments, {made.photos} photographs"
    )
    if made.is_new:
        return f"Made the demo clinic: {counts}."
    since = f", made on {made.on:%d %b %Y}" if made.on else ""
    return f"Patients are here already, so nothing was written: {counts}{since}."
