"""Serve the demo clinic: make its database and its patients once, then listen."""

from __future__ import annotations

import socket
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from clinic.demo import ACCOUNTS
from desk.demo.build import seed
from desk.management.commands.seed_demo import ONLY_IN_DEMO, PATIENTS, SEED, said

ADDRESS = "127.0.0.1:8000"


class Command(BaseCommand):
    """Serve the demo clinic, made on the first start. Ctrl-C ends it."""

    help = __doc__
    # The server it starts checks the same things.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "address",
            nargs="?",
            default=ADDRESS,
            metavar="ADDRESS:PORT",
            help=f"where to listen; {ADDRESS} unless said otherwise",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError(ONLY_IN_DEMO.format("demo"))
        address = options["address"]
        check_is_free(address)
        try:
            self.stdout.write("Preparing the demo clinic, the first time takes some seconds.")
            call_command("migrate", verbosity=0, interactive=False)
            made = seed(PATIENTS, SEED, timezone.localdate())
            self.stdout.write(said(made))
            if made.on and made.on < timezone.localdate():
                self.stdout.write(
                    "Its dates have aged since. For a fresh one, remove its database and photographs."
                )
            self.stdout.write(welcome(address))
            call_command("runserver", address, use_reloader=False)
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")
            sys.exit(0)


def check_is_free(address: str) -> None:
    """Refuse an address that cannot be listened on, before anything is written."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise CommandError(f"{address} is no address. Give one like {ADDRESS}.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host.strip("[]"), int(port)), family=family).close()
    except OSError as error:
        reason = str(error.strerror).partition(" (")[0].lower()
        raise CommandError(
            f"Cannot listen on {address}, {reason}: "
            "name another one, such as manage.py demo 127.0.0.1:8001."
        ) from error


def welcome(address: str) -> str:
    """Name the address and who may sign in."""
    width = max(len(account.email) for account in ACCOUNTS)
    rows = [
        f"  {account.email:<{width}}  {account.password}  {account.name}, {account.role}"
        for account in ACCOUNTS
    ]
    return "\n".join(["", f"Open http://{address}/ and sign in as one of:", *rows, ""])
