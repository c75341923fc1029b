#!/usr/bin/env python
"""Courseline's command line."""

import os
import sys

# Naming any of these means that somebody configures the product on purpose.
CONFIGURED_BY = (
    "DEBUG",
    "DEMO",
    "SECRET_KEY",
    "NOTE_KEY",
    "PHOTO_KEYS",
    "DATABASE_URL",
    "ALLOWED_HOSTS",
)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    if sys.argv[1:2] == ["demo"]:
        os.environ.setdefault("DEMO", "true")
        os.environ.setdefault("DEBUG", "true")
    elif not any(name in os.environ for name in CONFIGURED_BY):
        os.environ["DEBUG"] = "true"
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
