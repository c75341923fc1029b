"""The WSGI entry point. Refuses to serve when a system check fails, which gunicorn never asks."""

import os

from django.core.checks import run_checks
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

application = get_wsgi_application()

serious = [message for message in run_checks() if message.is_serious()]
if serious:
    raise SystemExit("\n".join(str(message) for message in serious))
