"""Grading blind as the browser does it: nothing tells the order, then everything is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core import signing
from django.http import HttpResponse
from django.test import Client

from clinic.models import AuditEvent, User
from clinic.roles import Role
from tests import make
from tests.http.test_policies import client_of
from tests.http.test_review_pages import complaints, read
from treatments.actions.ratings import rate_pair
from treatments.models import BlindRating, Course, Measure, Photo
from treatments.rules.blind import Side
from treatments.terms import MeasureKind
from treatments.views import rating as module

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def lin() -> User:
    return make.practitioner()


@pytest.fixture
def client(lin: User) -> Client:
    signed_in = Client()
    signed_in.force_login(lin)
    return signed_in


@pytest.fixture
def course(lin: User) -> Course:
    return make.course(visits=2, every=35, last_on=date(2026, 11, 10), by=lin)


@pytest.fixture
def pair(course: Course) -> tuple[Photo, Photo]:
    first, last = course.visits.treatments()
    return make.photo(first), make.photo(last)


def blind_url(pair: tuple[Photo, Photo], code: str = "") -> str:
    a, b = sorted(str(photo.pk) for photo in pair)
    return f"/patients/{code or pair[0].patient_code}/compare/blind/?a={a}&b={b}"


def opened(client: Client, pair: tuple[Photo, Photo]) -> tuple[str, str]:
    """Open the page anew and return the address with its order, and the page."""
    answer = client.get(blind_url(pair))
    assert answer.status_code == 302
    assert answer["Location"].startswith(blind_url(pair))
    page = client.get(answer["Location"])
    assert page.status_code == 200
    return answer["Location"], page.content.decode()


def shown(page: str) -> list[str]:
    return re.findall(r'<img src="/photos/([0-9a-f-]{36})/view/" alt="(\w+) photograph"', page)


def later_side(pair: tuple[Photo, Photo], page: str) -> Side:
    sides = {key: Side(side.lower()) for key, side in shown(page)}
    return sides[str(pair[1].pk)]


def grade(client: Client, url: str, **changed: str) -> HttpResponse:
    return client.post(
        url, {"submission": str(uuid4()), "better": "2", "later": "right", **changed}
    )


# Blind --------------------------------------------------------------------------------------------


def test_page_tells_nothing_of_the_order(client: Client, pair: tuple[Photo, Photo]) -> None:
    """With either order drawn, the pages differ in the two random keys and the token only."""
    pages = {}
    while len(pages) < 2:
        url, page = opened(client, pair)
        main = page.partition("<main")[2]
        order = re.search(r"order=([^&\"]+)", url)
        assert order is not None
        hidden = r'name="(?:csrfmiddlewaretoken|submission)" value="[^"]+"'
        neutral = re.sub(hidden, "", main).replace(order[1], "ORDER")
        for place, (key, _side) in enumerate(shown(page)):
            neutral = neutral.replace(key, f"KEY{place}")
        pages[later_side(pair, page)] = neutral
    assert pages[Side.LEFT] == pages[Side.RIGHT]
    for visit in (pair[0].at_visit, pair[1].at_visit):
        for told in (visit.title, f"{visit.held_on:%-d %b}", visit.held_on.isoformat()):
            assert told not in pages[Side.LEFT]
    assert "Session" not in pages[Side.LEFT]


def test_order_is_drawn_by_chance_and_kept_by_a_reload(
    client: Client, pair: tuple[Photo, Photo], monkeypatch: pytest.MonkeyPatch
) -> None:
    by_chance = module.secrets.choice

    def draw(place: int) -> None:
        """Let chance put the earlier (0) or the later (1) photograph on the left."""

        def choice(among: Any) -> Any:
            return among[place] if among == pair else by_chance(among)

        monkeypatch.setattr(module.secrets, "choice", choice)

    draw(1)
    url, page = opened(client, pair)
    assert [key for key, _side in shown(page)] == [str(pair[1].pk), str(pair[0].pk)]
    draw(0)
    for _each in range(3):
        assert shown(client.get(url).content.decode()) == shown(page)
    fresh = opened(client, pair)[1]
    assert [key for key, _side in shown(fresh)] == [str(pair[0].pk), str(pair[1].pk)]


def test_order_is_of_this_person_this_pair_and_this_hour(
    client: Client, pair: tuple[Photo, Photo], course: Course, lin: User
) -> None:
    url, _page = opened(client, pair)
    other = Client()
    other.force_login(make.practitioner("Dr Vega"))
    assert other.get(url).status_code == 302
    forged = f"{blind_url(pair)}&order={signing.dumps([lin.pk, 'x', 'y'], salt=module.SALT)}"
    assert client.get(forged).status_code == 302
    assert client.get(f"{url}x").status_code == 302
    wrong_salt = signing.dumps([lin.pk, str(pair[0].pk), str(pair[1].pk)])
    assert client.get(f"{blind_url(pair)}&order={wrong_salt}").status_code == 302
    with time_machine.travel(NOON + timedelta(seconds=3600), tick=False):
        client.force_login(lin)
        assert client.get(url).status_code == 200
    with time_machine.travel(NOON + timedelta(seconds=3602), tick=False):
        client.force_login(lin)
        assert client.get(url).status_code == 302
        answer = client.post(url, {"better": "2", "later": "left"}, follow=True)
    words = [str(message) for message in answer.context["messages"]]
    assert words == ["The page was open for too long. Look again: the sides may have changed."]
    assert not BlindRating.objects.exists()


def test_addresses_of_the_pair_stand_in_the_order_of_their_random_keys(
    client: Client, pair: tuple[Photo, Photo], course: Course
) -> None:
    compare = client.get(f"/patients/{course.patient.code}/compare/").content.decode()
    link = re.search(r'href="([^"]*/compare/blind/[^"]*)"', compare)
    assert link is not None
    assert link[1].replace("&amp;", "&") == blind_url(pair)


# Told ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("guess", ["right", "left", "unknown"])
def test_answer_tells_the_dates_the_grade_and_the_guess(
    client: Client, pair: tuple[Photo, Photo], guess: str
) -> None:
    url, page = opened(client, pair)
    later = later_side(pair, page)
    answer = grade(client, url, later=guess)
    assert (answer.status_code, answer["Location"]) == (302, blind_url(pair))
    text = read(client.get(answer["Location"]))
    words = "much better" if later == Side.RIGHT else "much worse"
    assert f"The later one against the earlier: {words}" in text
    assert "6 Oct" in text
    assert "10 Nov" in text
    assert "35 days between them" in text
    told = {
        later.value: "Your guess which one is the later was right.",
        later.other.value: "Your guess which one is the later was not right.",
        "unknown": "You could not tell which one is the later.",
    }
    assert told[guess] in text
    assert "Session 1, 6 Oct: Dr Lin (you)" in text


def test_grades_of_others_are_shown_after_ones_own_and_not_before(
    client: Client, pair: tuple[Photo, Photo]
) -> None:
    vega = make.practitioner("Dr Vega")
    rate_pair(left=pair[0], right=pair[1], right_better=-3, guess=Side.LEFT, by=vega)
    url, page = opened(client, pair)
    assert ("Dr Vega" in page, "Very much worse" in page) == (False, False)
    grade(client, url)
    text = read(client.get(blind_url(pair)))
    assert "Dr Vega Very much worse not right" in text


def test_second_grade_is_refused_in_words(client: Client, pair: tuple[Photo, Photo]) -> None:
    url, _page = opened(client, pair)
    grade(client, url)
    answer = grade(client, url, better="-3")
    assert complaints(answer) == [
        "You have graded this pair already. What was graded blind stays as it is."
    ]
    assert BlindRating.objects.count() == 1


def test_same_submit_sent_twice_is_one_grade(client: Client, pair: tuple[Photo, Photo]) -> None:
    url, _page = opened(client, pair)
    key = str(uuid4())
    locations = {grade(client, url, submission=key)["Location"] for _each in range(2)}
    assert locations == {blind_url(pair)}
    assert BlindRating.objects.count() == 1


def test_both_questions_have_to_be_answered(client: Client, pair: tuple[Photo, Photo]) -> None:
    url, page = opened(client, pair)
    answer = client.post(url, {"submission": str(uuid4())})
    assert complaints(answer) == [
        "Which looks better?: Say which one looks better, or that there is no difference.",
        "Which one is the later one?: Make a guess, or say that you cannot tell.",
    ]
    assert shown(answer.content.decode()) == shown(page)
    answer = client.post(url, {"submission": str(uuid4()), "better": "4", "later": "left"})
    assert len(complaints(answer)) == 1
    assert not BlindRating.objects.exists()


def test_pair_that_is_not_comparable_shows_why_and_no_photograph(
    client: Client, pair: tuple[Photo, Photo], course: Course
) -> None:
    for visit, kg in zip(course.visits.treatments(), ("61.5", "70.0"), strict=True):
        Measure.objects.create(visit=visit, kind=MeasureKind.WEIGHT, value=kg)
    answer = client.get(blind_url(pair))
    assert "The weight differs by more than 5 of 100." in read(answer)
    assert "/view/" not in answer.content.decode()
    compare = read(client.get(f"/patients/{course.patient.code}/compare/"))
    assert "Not comparable, so nobody grades by this pair." in compare


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.MANAGER])
def test_nobody_grades_who_records_no_visits(
    pair: tuple[Photo, Photo], role: Role, settings: Any
) -> None:
    settings.MANAGERS_SEE_PHOTOS = True
    client = client_of(role)
    assert client.get(blind_url(pair)).status_code == 403
    assert grade(client, blind_url(pair)).status_code == 403


def test_address_names_two_standing_photographs_of_this_patient(
    client: Client, pair: tuple[Photo, Photo], lin: User
) -> None:
    other = make.photo(make.course(visits=1, by=lin).visits.get())
    assert client.get(blind_url((pair[0], other))).status_code == 404
    assert client.get(blind_url((pair[0], pair[0]))).status_code == 404
    assert client.get(blind_url(pair, other.patient_code)).status_code == 404


def test_looking_is_on_record_without_telling_the_order(
    client: Client, pair: tuple[Photo, Photo]
) -> None:
    opened(client, pair)
    event = AuditEvent.objects.get(action="pair opened to grade blind")
    assert event.target == "photo {} {}".format(*sorted(str(photo.pk) for photo in pair))


# All of them --------------------------------------------------------------------------------------


def test_review_says_who_agrees_how_far_and_what_that_means(
    client: Client, pair: tuple[Photo, Photo]
) -> None:
    assert "Nobody has graded a pair blind yet." in read(client.get("/review/photographs/"))
    vega = make.practitioner("Dr Vega")
    rate_pair(left=pair[0], right=pair[1], right_better=-3, guess=Side.LEFT, by=vega)
    grade(client, opened(client, pair)[0], later="unknown")
    text = read(client.get("/review/photographs/"))
    assert "Pairs graded 1 Grades given 2 People who graded 2" in text
    assert "Dr Lin and Dr Vega 1 – too few pairs in common to say" in text
    assert "0 of 1 guesses right" in text
    assert "0 is no better than chance" in text
    assert "Very much worse 1" in text


def test_review_is_for_those_who_see_photographs(client: Client, settings: Any) -> None:
    link = 'href="/review/photographs/"'
    board = "/review/courses/"
    assert link in client.get(board).content.decode()
    manager = client_of(Role.MANAGER)
    assert manager.get("/review/photographs/").status_code == 403
    assert link not in manager.get(board).content.decode()
    settings.MANAGERS_SEE_PHOTOS = True
    assert manager.get("/review/photographs/").status_code == 200
    assert link in manager.get(board).content.decode()
