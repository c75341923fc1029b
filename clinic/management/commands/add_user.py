"""Add a person who may sign in, with the roles they hold."""

from __future__ import annotations

import getpass
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from clinic import audit
from clinic.models import User
from clinic.roles import Role


class Command(BaseCommand):
    """`manage.py add_user EMAIL --name NAME --role ROLE [--role ROLE]`; asks for the password."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", required=True)
        parser.add_argument("--role", action="append", required=True, choices=Role.values)

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.filter(email__iexact=options["email"]).exists():
            raise CommandError(f"{options['email']} signs in already.")
        password = getpass.getpass("Password (15 characters or more): ")
        person = User(email=options["email"], name=options["name"])
        try:
            person.clean_fields(exclude=["password"])
            validate_password(password, person)
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        made = User.objects.create_user(
            options["email"],
            password,
            name=options["name"],
            roles=tuple(Role(role) for role in options["role"]),
        )
        audit.record("person added", by=None, target=f"user {made.pk}")
        self.stdout.write(f"{made.name} may sign in as {made.roles_text}.")
