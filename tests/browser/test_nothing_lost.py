"""Five hundred characters into the note of a session, and then something goes wrong.

The product runs in a process of its own here, so that it can be killed. At most ten seconds of
typing may be lost, and the draft is offered to nobody but who typed it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from django.contrib.sessions.models import Session
from django.http import QueryDict
from playwright.sync_api import Page, expect

from clinic.models import Draft, User
from clinic.roles import Role
from tests import make
from tests.browser.bedside import PASSWORD, Bedside, bedside
from tests.browser.conftest import Watched
from tests.browser.serving import Server, served

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenPage = Callable[..., Watched]
MOST_SECONDS = 10
# Offline and restarted servers are logged by the browser as what they are.
NOISE = [
    "ERR_INTERNET_DISCONNECTED",
    "ERR_CONNECTION_REFUSED",
    "ERR_CONNECTION_RESET",
    "ERR_EMPTY_RESPONSE",
    "htmx:",
]
SENTENCE = "She slept well, the left thigh was sore for two days and is not any more. "
TEXT = (SENTENCE * 8)[:500]


@pytest.fixture
def room(transactional_db: None) -> Bedside:
    return bedside()


@pytest.fixture
def server(room: Bedside) -> Iterator[Server]:
    with served() as running:
        yield running


class Typing:
    """Types a text at a steady pace and knows what was typed by when."""

    def __init__(self, page: Page, text: str, *, pace: float = 0.03) -> None:
        self.page, self.text, self.pace = page, text, pace
        self.typed: list[tuple[float, int]] = []  # (monotonic second, characters so far)

    def type(self) -> None:
        field = self.page.locator("#id_note")
        field.focus()
        for place in range(0, len(self.text), 5):
            self.page.keyboard.type(self.text[place : place + 5], delay=self.pace * 1000)
            self.typed.append((time.monotonic(), place + 5))

    def lost_seconds(self, stored: str) -> float:
        """How long before the end the last character was typed that is stored."""
        assert self.text.startswith(stored)
        end = self.typed[-1][0]
        missing = [at for at, count in self.typed if count > len(stored)]
        return end - min(missing) if missing else 0.0


def watch(open_page: OpenPage, server: Server, user: User) -> Watched:
    watched = open_page(820, 1180)
    watched.base, watched.expected = server.url, [*NOISE]
    watched.sign_in(user.email, PASSWORD)
    return watched


def at_the_form(
    open_page: OpenPage, server: Server, at: Bedside, user: User | None = None
) -> Watched:
    watched = watch(open_page, server, user or at.clinician)
    watched.goto(f"/courses/{at.course.pk}/visits/new/")
    return watched


def drafted() -> str:
    """Return the note of the only draft, "" when there is none."""
    draft = Draft.objects.first()
    return str(QueryDict(draft.data)["note"]) if draft else ""


def note_of(watched: Watched) -> str:
    return watched.page.locator("#id_note").input_value()


def offered_to_the_author_alone(
    open_page: OpenPage, server: Server, at: Bedside, least: str
) -> None:
    """Assert that who typed is offered the text, and that a colleague and the desk are not."""
    same = at_the_form(open_page, server, at)
    expect(same.page.get_by_text("Not saved yet: what you typed")).to_be_visible()
    assert note_of(same) == least
    same.check()
    colleague = make.user(Role.PRACTITIONER, name="Dr Okafor", password=PASSWORD)
    other = at_the_form(open_page, server, at, colleague)
    expect(other.page.get_by_text("Not saved yet: what you typed")).to_have_count(0)
    assert note_of(other) == ""
    lead = make.user(Role.MEDICAL_LEAD, Role.PRACTITIONER, name="Dr Vega", password=PASSWORD)
    third = at_the_form(open_page, server, at, lead)
    assert note_of(third) == ""


def nothing_in_the_browser(page: Page) -> None:
    found = page.evaluate(
        """async () => [localStorage.length, sessionStorage.length,
            (await indexedDB.databases()).length, (await caches.keys()).length]"""
    )
    assert found == [0, 0, 0, 0]


def sign_in_again(watched: Watched, user: User) -> None:
    """Sign in in a second tab, as the banner asks; the form stays open in the first."""
    page = watched.page.context.new_page()
    page.goto(f"{watched.base}/accounts/login/")
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{watched.base}/")


def test_offline_for_fifteen_seconds_loses_nothing(
    open_page: OpenPage, server: Server, room: Bedside
) -> None:
    watched = at_the_form(open_page, server, room)
    page = watched.page
    Typing(page, TEXT[:250]).type()
    expect(page.locator("#visit-draft")).to_contain_text("Draft kept")
    page.context.set_offline(True)
    gone = time.monotonic()
    Typing(page, TEXT[250:]).type()
    expect(page.get_by_text("Not saved since")).to_be_visible()
    page.wait_for_timeout(max(0, 15_000 - (time.monotonic() - gone) * 1000))
    assert len(drafted()) < len(TEXT)
    assert note_of(watched) == TEXT
    page.context.set_offline(False)
    expect(page.get_by_text("Not saved since")).to_be_hidden(timeout=15_000)
    assert drafted() == TEXT
    nothing_in_the_browser(page)
    offered_to_the_author_alone(open_page, server, room, TEXT)


def test_lost_sign_in_loses_nothing(open_page: OpenPage, server: Server, room: Bedside) -> None:
    watched = at_the_form(open_page, server, room)
    page = watched.page
    first = Typing(page, TEXT[:250])
    first.type()
    page.context.clear_cookies(name="sessionid")
    rest = Typing(page, TEXT[250:])
    rest.type()
    expect(page.get_by_text("You were signed out. Nothing on this page is lost.")).to_be_visible(
        timeout=15_000
    )
    # Were the tablet lost now, too: what stands on the server is at most ten seconds old.
    stored = drafted()
    assert first.lost_seconds(stored) <= MOST_SECONDS
    sign_in_again(watched, room.clinician)
    expect(page.get_by_text("You were signed out.")).to_have_count(0, timeout=15_000)
    assert drafted() == TEXT
    nothing_in_the_browser(page)
    offered_to_the_author_alone(open_page, server, room, TEXT)


def test_sign_in_that_ran_out_on_the_server_loses_nothing(
    open_page: OpenPage, server: Server, room: Bedside
) -> None:
    watched = at_the_form(open_page, server, room)
    Typing(watched.page, TEXT[:250]).type()
    Session.objects.all().delete()
    Typing(watched.page, TEXT[250:]).type()
    expect(watched.page.get_by_text("You were signed out.")).to_be_visible(timeout=15_000)
    sign_in_again(watched, room.clinician)
    expect(watched.page.get_by_text("You were signed out.")).to_have_count(0, timeout=15_000)
    assert drafted() == TEXT


def test_killed_browser_loses_ten_seconds_at_most(
    open_page: OpenPage, server: Server, room: Bedside
) -> None:
    watched = at_the_form(open_page, server, room)
    typing = Typing(watched.page, TEXT)
    typing.type()
    nothing_in_the_browser(watched.page)
    # As a dead battery: no event of the page runs.
    session = watched.page.context.new_cdp_session(watched.page)
    session.send("Network.emulateNetworkConditions", OFFLINE)
    watched.page.context.close()
    stored = drafted()
    print(f"killed browser: {typing.lost_seconds(stored):.1f} s of typing lost")  # noqa: T201
    assert typing.lost_seconds(stored) <= MOST_SECONDS
    offered_to_the_author_alone(open_page, server, room, stored)


OFFLINE = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}


def test_killed_server_loses_ten_seconds_at_most(
    open_page: OpenPage, server: Server, room: Bedside
) -> None:
    watched = at_the_form(open_page, server, room)
    page = watched.page
    typing = Typing(page, TEXT)
    typing.type()
    server.kill()
    stored = drafted()
    print(f"killed server: {typing.lost_seconds(stored):.1f} s of typing lost")  # noqa: T201
    assert typing.lost_seconds(stored) <= MOST_SECONDS
    expect(page.get_by_text("Not saved since")).to_be_visible(timeout=15_000)
    server.start()
    # The page is still open and brings the rest by itself.
    expect(page.get_by_text("Not saved since")).to_be_hidden(timeout=20_000)
    assert drafted() == TEXT
    nothing_in_the_browser(page)
    offered_to_the_author_alone(open_page, server, room, TEXT)
