"""Take the pictures of docs/screenshots: a fresh demo clinic, some twenty pages, three sizes, two schemes.

    .venv/bin/python scripts/take_screenshots.py [NAME ...]

Serves the demo on a free loopback port from a temporary folder and ends it again. Where Debian's
faketime is installed, the clinic's clock stands at a Tuesday morning, so that pictures compare.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parent.parent
OUT = ROOT / "docs" / "screenshots"
SIZES = {390: 844, 820: 1180, 1440: 900}
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
MORNING = "2026-11-24 10:14:00"
CAMERA = "camera"  # Chromium's own moving test picture stands in for her
PEOPLE = {"practitioner": "Dr Lin", "desk": "Jo", "manager": "Elif", "lead": "Dr Okafor"}


def main(wanted: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder, demo(Path(folder)) as base:
        pages = addresses(Path(folder))
        with sync_playwright() as playwright:
            found = os.environ.get("CHROMIUM") or shutil.which("chromium")
            browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
            for width in SIZES:
                for scheme in ("light", "dark"):
                    for who in PEOPLE:
                        shots = [row for row in pages if row[1] == who]
                        shoot(browser, base, who, width, scheme, shots, wanted)
            browser.close()


@contextmanager
def demo(folder: Path) -> Iterator[str]:
    """Serve a demo clinic whose data lies in `folder`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    os.environ |= {
        "DEMO": "true",
        "DEBUG": "true",
        "DATABASE_URL": f"sqlite:///{folder / 'demo.sqlite3'}",
        "PHOTO_ROOT": str(folder / "photos"),
        "DOCUMENT_ROOT": str(folder / "documents"),
    }
    clock = ["faketime", MORNING] if shutil.which("faketime") else []
    server = subprocess.Popen(
        [*clock, sys.executable, "manage.py", "demo", address],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(f"http://{address}/healthz")
        yield f"http://{address}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)  # faketime keeps the server as a child
        server.wait(10)


def wait_for(url: str) -> None:
    for _attempt in range(120):
        try:
            urllib.request.urlopen(url, timeout=2)
            return
        except OSError:
            time.sleep(0.5)
    raise SystemExit(f"{url} does not answer.")


def addresses(folder: Path) -> list[tuple[str, str, str]]:
    """Return (name, person, path) of each picture, for the patients of this demo."""
    sys.path.insert(0, str(ROOT))
    os.environ["DJANGO_SETTINGS_MODULE"] = "clinic.settings"
    import django

    django.setup()
    from django.db.models import Count
    from django.utils import timezone

    from clinic.models import User
    from patients.actions import start_screening
    from patients.models import Screening
    from treatments.actions.reviews import skip_opinion
    from treatments.models import Course, Lot, Photo, ProtocolVersion, Visit
    from treatments.selectors.trail import recent_reactions

    course = (
        Course.objects.active()
        .filter(visits__photos__isnull=False, practitioner__name=PEOPLE["practitioner"])
        .annotate(taken=Count("visits__photos"))
        .order_by("-taken")[0]
    )
    waiting = Screening.objects.waiting().get()
    newer = Screening.objects.decided().filter(supersedes__isnull=False).order_by("pk")[0]
    new = start_screening(
        patient=newer.patient,
        areas=newer.areas,
        her_words="The back of my legs, since I lost the weight. Before July.",
        deadline_on=None,
        by=User.objects.get(name=PEOPLE["practitioner"]),
    )
    lin = User.objects.get(name=PEOPLE["practitioner"])
    last = course.visits.treatments().last()
    unasked, unscored = (
        Visit.objects.create(
            course=course, kind="review", held_on=last.held_on, practitioner=lin, recorded_by=lin
        )
        for _number in range(2)
    )
    skip_opinion(visit=unscored, reason="Had to leave early.", by=lin)
    graded = Visit.objects.filter(kind="review", practitioner=lin, scores__isnull=False)
    review = graded.order_by("-review_point", "pk")[0]
    transferred = Course.objects.exclude(earlier_sessions=0)[0]
    declined = Screening.objects.exclude(decision__in=("", "accepted")).order_by("pk")[0]
    undecided = Screening.objects.undecided().order_by("pk")[0]
    code = course.patient.code
    taken = Photo.objects.standing().of_patient(course.patient_id).filter(view="back_relaxed")
    pair = f"a={taken[0].pk}&b={taken[len(taken) - 1].pk}"
    recalled = Lot.objects.recalled().get()
    protocol = ProtocolVersion.objects.in_force().first()
    shared = "&".join(f"reaction={row.pk}" for row in recent_reactions(timezone.localdate())[:4])
    return [
        ("today-practitioner", "practitioner", "/"),
        ("today-desk", "desk", "/"),
        ("chart", "practitioner", f"/patients/{code}/"),
        ("screening", "practitioner", f"/screenings/{undecided.pk}/findings/"),
        ("screening-start", "practitioner", f"/patients/{code}/screenings/new/"),
        ("screening-empty", "practitioner", f"/screenings/{new.pk}/findings/"),
        ("history", "practitioner", f"/screenings/{new.pk}/history/"),
        ("result-open", "practitioner", f"/screenings/{undecided.pk}/"),
        ("result", "practitioner", f"/screenings/{declined.pk}/"),
        ("result-differs", "practitioner", f"/screenings/{newer.pk}/"),
        ("result-confirm", "practitioner", f"/screenings/{waiting.pk}/confirmation/"),
        ("consents", "practitioner", f"/patients/{code}/consents/"),
        ("follow-ups", "desk", "/follow-ups/"),
        ("safety-list", "lead", "/setup/safety/"),
        ("course", "practitioner", f"/courses/{course.pk}/"),
        ("course-transferred", "practitioner", f"/courses/{transferred.pk}/"),
        ("course-plan", "practitioner", f"/courses/{course.pk}/plan/"),
        ("course-copy", "practitioner", f"/courses/{course.pk}/copy/"),
        ("formulary", "lead", "/setup/formulary/"),
        ("protocol", "lead", protocol.get_absolute_url()),
        ("products", "lead", "/setup/products/"),
        ("lots", "practitioner", "/stock/lots/"),
        ("lot-trace", "manager", recalled.get_absolute_url()),
        ("lots-shared", "practitioner", f"/stock/shared/?{shared}"),
        ("patient-lots", "practitioner", f"/patients/{code}/lots/"),
        ("session", "practitioner", f"/courses/{course.pk}/visits/new/"),
        ("progress", "practitioner", f"/courses/{review.course_id}/progress/?at={review.pk}"),
        ("scores", "practitioner", f"/visits/{unscored.pk}/scores/"),
        ("opinion", "practitioner", f"/visits/{unasked.pk}/opinion/"),
        ("reviews-due", "desk", "/follow-ups/?list=reviews"),
        ("review", "practitioner", f"/courses/{course.pk}/visits/new/?kind=review"),
        (CAMERA, "practitioner", f"/courses/{course.pk}/visits/new/?kind=review"),
        ("film", "practitioner", f"/patients/{code}/photos/?show=1"),
        ("compare", "practitioner", f"/patients/{code}/compare/?mode=slider"),
        ("compare-side", "practitioner", f"/patients/{code}/compare/"),
        ("compare-blind", "practitioner", f"/patients/{code}/compare/blind/?{pair}"),
        ("compare-export", "practitioner", f"/patients/{code}/compare/export/?{pair}"),
        ("photo-uses", "practitioner", f"/patients/{code}/photos/uses/"),
        ("photo-setups", "lead", "/setup/photography/"),
        ("graded-blind", "lead", "/review/photographs/"),
        ("day", "desk", "/schedule/"),
        ("patients", "desk", "/patients/"),
        ("board", "manager", "/review/courses/"),
    ]


def shoot(
    browser: Browser,
    base: str,
    who: str,
    width: int,
    scheme: str,
    shots: list[tuple[str, str, str]],
    wanted: list[str],
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": SIZES[width]},
        color_scheme="dark" if scheme == "dark" else "light",
        locale="en-GB",
    )
    page = context.new_page()
    sign_in(page, base, PEOPLE[who])
    for name, _who, path in shots:
        if not wanted or name in wanted:
            page.goto(base + path, wait_until="networkidle")
            if name == CAMERA:
                page.locator("[data-camera]").first.click()
                page.wait_for_timeout(1500)  # until the picture stands still
            page.screenshot(path=OUT / f"{name}-{width}-{scheme}.jpg", type="jpeg", quality=82)
    context.close()


def sign_in(page: Page, base: str, name: str) -> None:
    page.goto(base + "/accounts/login/")
    page.get_by_role("button", name=name).click()
    page.wait_for_url(base + "/")


if __name__ == "__main__":
    main(sys.argv[1:])
