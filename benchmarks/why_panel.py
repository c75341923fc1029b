"""How long the Why panel takes to answer: `make bench`.

Seeds a demo clinic of its own, then sends whole forms of its screenings to the panel, as a browser
does after each answer, in turn with the plainest signed-in page. Prints and writes the median and
the 95th percentile in ms, and the ratio of the two medians. The panel may take 150 ms at the 95th
percentile. A run whose yardstick spreads more than twofold (p95 / p50) is thrown away.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from datetime import date
from statistics import median
from typing import Any

from results import ROOT, commit, p95, write

ROUNDS = 40
LIMIT = 150  # ms
MOST_SPREAD = 2.0


def prepare(folder: str) -> Any:
    """Point Django at a demo clinic of its own and seed it."""
    os.environ.update(
        DJANGO_SETTINGS_MODULE="clinic.settings",
        DEBUG="true",
        DEMO="true",
        DATABASE_URL=os.environ.get("BENCH_DATABASE_URL", f"sqlite:///{folder}/bench.sqlite3"),
        PHOTO_ROOT=f"{folder}/photos",
        DOCUMENT_ROOT=f"{folder}/documents",
    )
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.test import Client
    from django.utils import timezone

    from clinic.models import User
    from desk.demo.build import seed

    call_command("migrate", verbosity=0)
    seed(48, 1, timezone.localdate())
    settings.DEBUG = False  # no list of queries, as in production
    settings.ALLOWED_HOSTS = ["*"]
    client = Client()
    client.force_login(User.objects.get(email="practitioner@demo.test"))
    return client


def forms_to_send() -> list[tuple[str, dict[str, Any]]]:
    """Return the address and the whole form of every open screening, and of one with six areas."""
    from clinic.merging import found_values
    from clinic.models import User
    from patients.actions import start_screening
    from patients.forms.findings import FindingsForm
    from patients.models import Patient, Screening
    from patients.terms import Area

    by = User.objects.get(email="practitioner@demo.test")
    regions = ("buttock", "thigh_posterior", "thigh_lateral")
    start_screening(
        patient=Patient.objects.latest("pk"),
        areas=[area for area in Area if area.base in regions],
        her_words="",
        deadline_on=None,
        by=by,
    )
    found = []
    for screening in Screening.objects.undecided().with_findings():
        form = FindingsForm(screening=screening)
        data = {name: value for name, value in found_values(form).items() if value}
        found.append((f"/screenings/{screening.pk}/why/", {**data, "version": screening.version}))
    return found


def milliseconds(ask: Any) -> float:
    start = time.perf_counter()
    answer = ask()
    if answer.status_code != 200:
        raise SystemExit(f"The page answered {answer.status_code}.")
    return (time.perf_counter() - start) * 1000


def measure(client: Any) -> tuple[list[float], list[float]]:
    """Ask panel and yardstick in turn."""
    panel: list[float] = []
    plain: list[float] = []
    forms = forms_to_send()
    for url, data in forms:  # what is read once and then kept
        client.post(url, data)
    for _ in range(ROUNDS):
        for url, data in forms:
            panel.append(milliseconds(lambda url=url, data=data: client.post(url, data)))
            plain.append(milliseconds(lambda: client.get("/accounts/logout/")))
    return panel, plain


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        client = prepare(folder)
        from django.db import connection

        engine = connection.vendor
        panel, plain = measure(client)
    spread = p95(plain) / median(plain)
    line = (
        f"| {date.today()} | {commit()} | {engine} | {len(panel)} | {median(panel):.0f} | {p95(panel):.0f} "
        f"| {median(plain):.1f} | {median(panel) / median(plain):.1f} | {spread:.2f} |"
    )
    print(line)
    if spread > MOST_SPREAD:
        print(
            f"Thrown away: the yardstick spreads {spread:.2f}-fold. Try again on a quiet machine."
        )
        return 2
    write(HEAD, line)
    return 0 if p95(panel) <= LIMIT else 1


HEAD = """## Why panel

A whole screening form posted, judged, drawn and kept as a draft. Limit: 150 ms at p95. {machine}

| day | commit | engine | answers | p50 ms | p95 ms | plain page p50 ms | ratio | spread |
|---|---|---|---|---|---|---|---|---|
"""


if __name__ == "__main__":
    sys.exit(main())
