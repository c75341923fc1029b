"""A real browser, and what every page must be free of."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = Path(__file__).parent.parent / "vendor" / "axe.min.js"
# Runs before each page's own scripts and needs no inline script: Playwright injects it.
LISTEN = """
window.__csp = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.__csp.push(`${event.violatedDirective} ${event.blockedURI}`);
});
"""
HOW = (
    "No browser found. On Debian: apt install chromium. Elsewhere set CHROMIUM to a Chrome or "
    "Chromium, or run: python -m playwright install chromium"
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the browser once; without one the tests are skipped, but in CI they fail."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    # Playwright's loop runs in this thread, and Django would refuse the database for it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        path = found or playwright.chromium.executable_path
        if not Path(path).exists():
            (pytest.fail if os.environ.get("CI") else pytest.skip)(HOW)
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


@dataclass
class Watched:
    """A page and everything that went wrong on it."""

    page: Page
    base: str
    errors: list[str] = field(default_factory=list)
    # Expected answers of 4xx, which Chromium also logs as console errors.
    expected: list[str] = field(default_factory=list)

    def goto(self, path: str) -> None:
        self.page.goto(self.base + path)
        self.check()

    def click(self, name: str, *, role: str = "link", nth: int = 0) -> None:
        """Follow a link or press a button by its name, and check the page that answers."""
        self.page.get_by_role(role, name=name).nth(nth).click()
        self.page.wait_for_load_state("networkidle")
        self.check()

    def sign_in(self, email: str, password: str) -> None:
        self.page.goto(self.base + "/accounts/login/")
        self.check()
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.click("Sign in", role="button")

    def check(self) -> None:
        """Assert that the page has no violation, no error, no stranger and no sideways scroll."""
        page = self.page
        assert page.evaluate("window.__csp") == [], page.url
        width = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert width[0] <= width[1], f"{page.url} scrolls sideways: {width}"
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate(
            "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map("
            "v => `${v.id}: ${v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(' | ')}`))"
        )
        assert found == [], page.url
        assert self.errors == [], page.url


@pytest.fixture
def open_page(live_server: Any, browser: Browser) -> Iterator[Callable[..., Watched]]:
    """Return a function that opens a watched page of a size and colour scheme."""
    contexts: list[BrowserContext] = []

    def opened(width: int, height: int, *, scheme: str = "light", **options: Any) -> Watched:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            locale="en-GB",
            **options,
        )
        contexts.append(context)
        context.add_init_script(LISTEN)
        page = context.new_page()
        watched = Watched(page, live_server.url)
        page.on("console", lambda said: note(watched, said.type, said.text))
        page.on("pageerror", lambda error: watched.errors.append(str(error)))
        page.on("request", lambda asked: stranger(watched, asked.url))
        return watched

    yield opened
    for context in contexts:
        if context.pages:
            # Or a page sends its last draft while the database is emptied.
            context.set_offline(True)
        context.close()


def note(watched: Watched, kind: str, text: str) -> None:
    if kind in ("error", "warning") and not any(known in text for known in watched.expected):
        watched.errors.append(text)


def stranger(watched: Watched, url: str) -> None:
    if not url.startswith((watched.base, "data:", "blob:")):
        watched.errors.append(f"asked {url}")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return a context manager that sets the server's clock to a local time.

    Only Django's: moving the process's clock would stop the browser's own timers.
    """

    @contextmanager
    def at(*moment: int) -> Iterator[None]:
        now = datetime(*moment, tzinfo=ZoneInfo(settings.TIME_ZONE))  # type: ignore[arg-type,misc]
        with monkeypatch.context() as patch:
            patch.setattr(timezone, "now", lambda: now)
            yield

    return at
