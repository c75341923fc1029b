"""What a decision needs, what supersedes it, and the second person of an override."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.http import HttpResponse
from django.test import Client
from pypdf import PdfReader

from clinic.models import User
from clinic.refusal import Refused
from clinic.roles import Role
from patients.actions import confirm_screening, decide_screening, start_screening
from patients.models import AreaExam, Confirmation, Screening
from patients.models.screening import Decision
from patients.terms import Area
from tests import make
from treatments.actions import open_course
from treatments.models import Course

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
INSULIN = make.answers(insulin_treated_diabetes="yes")


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def lead() -> User:
    return make.user(Role.MEDICAL_LEAD, name="Dr Okafor")


@pytest.fixture
def waiting(lead: User) -> Screening:
    """Give a screening that the lead accepted against a stop."""
    made = make.screening(said=INSULIN, by=make.practitioner("Dr Vega"))
    return decide_screening(
        screening=made,
        decision=Decision.CHANGED,
        areas=make.BUTTOCKS,
        reason="Endocrinologist agrees.",
        by=lead,
    )


def decide(made: Screening, decision: Decision, **details: Any) -> Screening:
    values = {"reason": "Her wish.", "by": make.practitioner(), **details}
    return decide_screening(screening=made, decision=decision, **values)


def confirm(made: Screening, **details: Any) -> Confirmation:
    values = {"agrees": True, "reason": "I read the letter.", **details}
    values.setdefault("by", make.practitioner("Dr Adeyemi"))
    return confirm_screening(screening=made, **values)


def refusal(call: Callable[..., Any], *args: Any, **details: Any) -> tuple[str, str | None]:
    with pytest.raises(Refused) as refused:
        call(*args, **details)
    return refused.value.message, refused.value.field


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(page: HttpResponse) -> str:
    main = page.content.decode().partition("<main")[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def opened(source: Screening) -> Course:
    return open_course(
        screening=Screening.objects.get(pk=source.pk),
        areas=[Area.BUTTOCK_LEFT],
        planned_sessions=12,
        interval_days=7,
        practitioner=make.practitioner(),
        by=make.practitioner(),
    )


# What each decision needs ------------------------------------------------------------------------


def test_referral_keeps_to_whom() -> None:
    made = make.screening()
    assert refusal(decide, made, Decision.REFERRED) == ("Say to whom.", "referred_to")
    assert refusal(decide, made, Decision.REFERRED, referred_to="  ")[0] == "Say to whom."
    decided = decide(made, Decision.REFERRED, referred_to=" Dr Achterberg ", deferred_until=TODAY)
    assert (decided.referred_to, decided.deferred_until) == ("Dr Achterberg", None)


@pytest.mark.parametrize(
    ("until", "sentence"),
    [
        (None, "Say until when."),
        (TODAY, "The day must lie in the future."),
        (TODAY - timedelta(1), "The day must lie in the future."),
    ],
    ids=str,
)
def test_deferral_needs_a_day_in_the_future(until: date | None, sentence: str) -> None:
    made = make.screening()
    found = refusal(decide, made, Decision.DEFERRED, deferred_until=until)
    assert found == (sentence, "deferred_until")


def test_deferral_until_tomorrow_is_kept() -> None:
    tomorrow = TODAY + timedelta(1)
    decided = decide(make.screening(), Decision.DEFERRED, deferred_until=tomorrow)
    assert Screening.objects.get().deferred_until == tomorrow
    assert decided.referred_to == ""


@pytest.mark.parametrize(
    ("said", "prefilled"),
    [
        ({"sunburn_or_fresh_tan": "yes"}, "2026-12-22"),
        ({"pregnancy": "yes"}, ""),
        ({"sunburn_or_fresh_tan": "yes", "pregnancy": "yes"}, ""),
        ({}, ""),
    ],
    ids=str,
)
def test_day_of_a_deferral_is_filled_in_where_the_rules_know_it(
    said: dict[str, str], prefilled: str
) -> None:
    made = make.screening(said=make.answers(**said))
    page = client_of(made.started_by).get(made.get_absolute_url()).content.decode()
    (field,) = re.findall(r'<input [^>]*name="deferred_until"[^>]*>', page)
    assert re.findall(r'value="([^"]*)"', field) == ([prefilled] if prefilled else [])


def test_day_of_a_deferral_after_liposuction_counts_from_its_date() -> None:
    made = make.screening(
        areas=make.BUTTOCKS,
        seen={"lipo_here": True, "lipo_on": date(2026, 8, 24), "lipo_onset": "before"},
    )
    page = client_of(made.started_by).get(made.get_absolute_url()).content.decode()
    assert 'value="2027-02-24"' in page


def test_decision_on_findings_that_were_saved_again_is_refused() -> None:
    made = make.screening()
    words = "The findings were saved again meanwhile. Look at the proposal before you decide."
    assert refusal(decide, made, Decision.NOT_SUITABLE, version=1) == (words, None)
    client, url = client_of(made.started_by), f"/screenings/{made.pk}/decision/"
    page = client.post(url, {"decision": "accepted", "version": 1})
    assert (words in text_of(page), Screening.objects.get().decision) == (True, "")
    assert client.post(url, {"decision": "accepted", "version": 2}).status_code == 302


def test_decision_on_a_proposal_that_changed_is_refused_and_then_taken(lead: User) -> None:
    made = make.screening(said=make.answers(smoker="yes"))
    client = client_of(made.started_by)
    url = f"/screenings/{made.pk}/decision/"

    def hidden(page: HttpResponse) -> dict[str, Any]:
        form = page.context["form"]
        return {name: form[name].value() for name in ("version", "seen")}

    opened = hidden(client.get(made.get_absolute_url()))
    make.safety_list(by=lead, changed={"keloid_tendency": {"wait_days": 7}})
    page = client.post(url, {"decision": "accepted", **opened})
    words = "The proposal has changed meanwhile. Look at it before you decide."
    assert (words in text_of(page), Screening.objects.get().decision) == (True, "")
    assert client.post(url, {"decision": "accepted", **hidden(page)}).status_code == 302


# What the page offers ----------------------------------------------------------------------------


def offered(made: Screening, by: User) -> list[str]:
    page = client_of(by).get(made.get_absolute_url()).content.decode()
    return re.findall(r'<input type="radio" name="decision" value="(\w+)"', page)


def test_page_offers_to_accept_the_proposed_areas_by_name() -> None:
    made = make.screening(areas=make.BUTTOCKS)
    everything = ["accepted", "changed", "referred", "deferred", "not_suitable"]
    assert offered(made, made.started_by) == everything
    assert "Accept: buttocks" in text_of(client_of(made.started_by).get(made.get_absolute_url()))


def test_page_offers_no_acceptance_where_nothing_is_proposed(lead: User) -> None:
    by = make.practitioner()
    rest = ["referred", "deferred", "not_suitable"]
    assert offered(make.screening(complete=False), lead) == rest
    stopped = make.screening(said=INSULIN)
    assert offered(stopped, by) == rest
    assert offered(stopped, lead) == ["changed", *rest]
    pregnant = make.screening(said=make.answers(pregnancy="yes"))
    assert offered(pregnant, by) == ["changed", *rest]


def test_page_says_who_decided_what_when_and_why() -> None:
    made = decide(make.screening(), Decision.REFERRED, referred_to="Dr Achterberg")
    page = text_of(client_of(made.started_by).get(made.get_absolute_url()))
    assert "Decided Referred To Dr Achterberg By Dr Lin, 24 Nov 2026, 12:00" in page
    assert "Reason Her wish. Rule set 2026.1" in page


def test_page_of_a_man_who_only_reads_offers_nothing() -> None:
    made = make.screening()
    assert offered(made, make.user(Role.MANAGER)) == []


# The second person -------------------------------------------------------------------------------


def test_override_counts_once_a_second_person_agrees(waiting: Screening) -> None:
    assert (waiting.is_waiting, waiting.is_accepted) == (True, False)
    assert list(Screening.objects.accepted()) == []
    assert refusal(opened, waiting)[0] == "A course starts with an accepted screening."
    second = make.practitioner("Dr Adeyemi")
    answer = confirm(waiting, by=second)
    assert (answer.asked_by, answer.by, answer.agrees) == (waiting.decided_by, second, True)
    now = Screening.objects.accepted().get()
    assert (now.is_waiting, now.is_accepted) == (False, True)
    assert opened(now).areas == [Area.BUTTOCK_LEFT]


def test_override_that_is_not_confirmed_stays_and_is_not_accepted(waiting: Screening) -> None:
    confirm(waiting, agrees=False, reason="Her sugar is too high.")
    now = Screening.objects.get()
    assert (now.decision, now.is_waiting, now.is_accepted) == ("changed", False, False)
    assert list(Screening.objects.accepted()) == []
    assert refusal(opened, now)[0] == "A course starts with an accepted screening."
    page = text_of(client_of(now.started_by).get(now.get_absolute_url()))
    assert "Does not agree: not accepted" in page
    assert "Her sugar is too high." in page


def test_override_is_not_confirmed_by_the_one_who_accepted(waiting: Screening, lead: User) -> None:
    words = "A second person who may decide has to answer, not the one who accepted."
    assert refusal(confirm, waiting, by=lead) == (words, None)
    client, url = client_of(lead), f"/screenings/{waiting.pk}/confirmation/"
    page = client.get(url)
    assert "You took this decision yourself." in text_of(page)
    assert 'name="agrees"' not in page.content.decode()
    page = client.post(url, {"agrees": "yes", "reason": "I am sure."})
    assert (page.status_code, Confirmation.objects.count()) == (200, 0)


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.MANAGER])
def test_override_is_not_confirmed_by_who_may_not_decide(waiting: Screening, role: Role) -> None:
    words = "A second person who may decide has to answer, not the one who accepted."
    assert refusal(confirm, waiting, by=make.user(role))[0] == words
    answer = client_of(make.user(role)).get(f"/screenings/{waiting.pk}/confirmation/")
    assert answer.status_code == 403


def test_override_is_answered_once_and_with_a_reason(waiting: Screening) -> None:
    assert refusal(confirm, waiting, reason=" ") == ("Give the reason.", "reason")
    confirm(waiting)
    words = "This screening does not wait for a second person."
    assert refusal(confirm, waiting, agrees=False) == (words, None)


def test_override_of_a_screening_that_was_superseded_is_not_confirmed(waiting: Screening) -> None:
    make.accepted(waiting.patient)
    words = "A newer screening has been decided, so this one no longer counts."
    assert refusal(confirm, waiting) == (words, None)


def test_ordinary_acceptance_waits_for_nobody() -> None:
    made = make.accepted()
    assert (made.is_waiting, made.answer_of_second) == (False, None)
    assert refusal(confirm, made)[0] == "This screening does not wait for a second person."
    answer = client_of(make.practitioner()).get(f"/screenings/{made.pk}/confirmation/")
    assert answer["Location"] == made.get_absolute_url()


def test_second_person_reads_the_stops_and_the_reason_and_answers(waiting: Screening) -> None:
    client, url = client_of(make.practitioner()), f"/screenings/{waiting.pk}/confirmation/"
    page = text_of(client.get(url))
    (stop,) = [r for r in waiting.verdict_shown["reasons"] if r["code"][0] == "X"]
    for words in (stop["sentence"], "Endocrinologist agrees.", "Dr Okafor accepted the buttocks"):
        assert words in page
    wrong = text_of(client.post(url, {}))
    assert "Choose your answer." in wrong
    assert "Give the reason." in wrong
    answer = client.post(url, {"agrees": "yes", "reason": "I read the letter."})
    assert answer["Location"] == waiting.get_absolute_url()
    assert Confirmation.objects.get().agrees is True


def test_override_stands_on_the_day_of_others_who_may_decide(
    waiting: Screening, lead: User
) -> None:
    words = "Second person asked: Dr Okafor accepted against a stop"
    other = make.practitioner()
    assert words in text_of(client_of(other).get("/"))
    assert words not in text_of(client_of(lead).get("/"))
    for role in (Role.FRONT_DESK, Role.MANAGER):
        assert words not in text_of(client_of(make.user(role)).get("/"))
    confirm(waiting)
    assert words not in text_of(client_of(other).get("/"))


def test_chart_says_where_an_override_stands(waiting: Screening) -> None:
    client, chart = client_of(make.practitioner()), waiting.patient.get_absolute_url()
    page = text_of(client.get(chart))
    assert "Not suitable now, waiting for a second person" in page
    assert "Open a course" not in page
    confirm(waiting)
    page = text_of(client.get(chart))
    assert "Not suitable now, accepted against a stop" in page
    assert "Open a course" in page


def test_same_person_twice_is_refused_by_the_database(waiting: Screening, lead: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Confirmation.objects.create(
            screening=waiting, asked_by=lead, by=lead, agrees=True, reason="x"
        )


@pytest.mark.parametrize(
    "tamper",
    [
        lambda: Confirmation.objects.update(agrees=True),
        lambda: Confirmation.objects.all().delete(),
    ],
    ids=["update", "delete"],
)
def test_answer_of_the_second_person_stays(
    waiting: Screening, tamper: Callable[[], object]
) -> None:
    confirm(waiting, agrees=False)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        tamper()


# Superseding -------------------------------------------------------------------------------------


def test_new_screening_supersedes_the_one_decided_before() -> None:
    first = make.accepted()
    second = make.screening(first.patient)
    assert second.supersedes == first
    assert first.newer is None  # an open one replaces nothing
    assert [*Screening.objects.decided().standing()] == [first]
    decide(second, Decision.NOT_SUITABLE)
    assert first.newer == second
    assert [*Screening.objects.decided().standing()] == [second]


def test_two_that_were_open_at_once_replace_each_other_in_the_order_of_decisions() -> None:
    one = make.screening()
    other = make.screening(one.patient)
    assert (one.supersedes, other.supersedes) == (None, None)
    by = make.practitioner()
    decide_screening(
        screening=other, decision=Decision.ACCEPTED, reason="", areas=other.areas, by=by
    )
    decide(one, Decision.NOT_SUITABLE)
    assert Screening.objects.get(pk=one.pk).supersedes == other
    assert [*Screening.objects.standing()] == [Screening.objects.get(pk=one.pk)]


def test_screening_of_somebody_else_supersedes_nothing() -> None:
    make.accepted()
    assert make.accepted(make.patient(given_name="Anna")).supersedes is None


def test_superseded_screening_opens_no_course() -> None:
    first = make.accepted()
    second = make.accepted(first.patient)
    words = "The screening of 24 Nov 2026 has superseded this one. Start from that one."
    assert refusal(opened, first)[0] == words
    client, code = client_of(make.practitioner()), first.patient.code
    answer = client.get(f"/patients/{code}/courses/new/?screening={first.pk}")
    assert answer["Location"] == second.get_absolute_url()
    page = text_of(client.get(first.get_absolute_url()))
    words = "Superseded by the screening of Tue 24 Nov"
    assert (words in page, "Open a course" in page) == (True, False)
    assert "Open a course" in text_of(client.get(second.get_absolute_url()))
    assert opened(second).screening == second


def test_course_starts_from_the_latest_that_stands() -> None:
    first = make.accepted()
    decide(make.screening(first.patient), Decision.NOT_SUITABLE)
    url = f"/patients/{first.patient.code}/courses/new/"
    answer = client_of(make.practitioner()).get(url)
    assert answer["Location"] == f"/patients/{first.patient.code}/screenings/new/"


def test_new_screening_shows_what_differs() -> None:
    first = decide(
        make.screening(said=make.answers(sunburn_or_fresh_tan="yes"), weight_kg=65),
        Decision.DEFERRED,
        deferred_until=TODAY + timedelta(28),
    )
    second = make.screening(
        first.patient, said=make.answers(sunburn_or_fresh_tan="no"), seen={"css_depth": 2}
    )
    page = text_of(client_of(second.started_by).get(second.get_absolute_url()))
    rows = page.partition("What differs from 24 Nov")[2]
    for words in (
        "Suggested Not suitable now Good candidate",
        "Sunburn or fresh tan Yes No",
        "Weight 65.0 kg 62.0 kg",
        "Buttocks, both",
        "Depth 1 of 3 2 of 3",
    ):
        assert words in rows
    assert "Height" not in rows


def test_new_screening_without_a_difference_says_so() -> None:
    first = make.accepted()
    second = make.screening(first.patient)
    page = text_of(client_of(second.started_by).get(second.get_absolute_url()))
    assert "Nothing differs." in page


# A decided screening never changes ---------------------------------------------------------------


@pytest.mark.parametrize(
    "tamper",
    [
        lambda made: Screening.objects.update(her_words="x"),
        lambda made: Screening.objects.update(decision="", decided_at=None, decided_by=None),
        lambda made: Screening.objects.update(verdict_shown={}),
        lambda made: made.save(),
        lambda made: Screening.objects.all()._raw_delete("default"),
        lambda made: AreaExam.objects.update(css_depth=0),
        lambda made: AreaExam.objects.update(is_accepted=None),
        lambda made: AreaExam.objects.all().delete(),
    ],
    ids=["words", "decision", "verdict", "save", "delete", "exam", "thaw", "delete exam"],
)
@pytest.mark.parametrize("decision", [Decision.ACCEPTED, Decision.NOT_SUITABLE])
def test_decided_screening_is_frozen_by_the_database(
    tamper: Callable[[Screening], Any], decision: Decision
) -> None:
    made = decide(make.screening(), decision, areas=[*make.BUTTOCKS, *make.THIGHS])
    before = [*Screening.objects.values()], [*AreaExam.objects.order_by("pk").values()]
    with pytest.raises(IntegrityError, match="is signed"), transaction.atomic():
        tamper(made)
    assert ([*Screening.objects.values()], [*AreaExam.objects.order_by("pk").values()]) == before


def test_open_screening_is_not_frozen() -> None:
    make.screening()
    assert Screening.objects.update(her_words="Other words.") == 1
    assert AreaExam.objects.update(css_depth=2) == 4


def test_triggers_that_freeze_stand_after_migrate() -> None:
    asked = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE '%final%'"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%final%'"
    )
    with connection.cursor() as cursor:
        cursor.execute(asked)
        found = {name.lower() for (name,) in cursor.fetchall()}
    tables = ("patients_areaexam", "patients_screening")
    verbs = ("DELETE", "UPDATE")
    assert {f"{table}_final_{verb}".lower() for table in tables for verb in verbs} - found == set()


def test_start_after_a_decision_knows_what_it_follows() -> None:
    first = make.accepted()
    details = {"areas": [Area.ABDOMEN], "her_words": "", "deadline_on": None}
    started = start_screening(patient=first.patient, by=make.practitioner(), **details)
    assert started.supersedes == first


# On paper ----------------------------------------------------------------------------------------


def paper(client: Client, url: str) -> tuple[Any, str]:
    answer = client.get(url)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    pages = PdfReader(io.BytesIO(answer.content)).pages
    return answer, " ".join(" ".join(page.extract_text().split()) for page in pages)


def test_letter_says_to_whom_who_what_was_found_what_is_asked_and_who_signs() -> None:
    made = make.screening(seen={"css_laxity": 3, "lift_test": "disappear"}, her_words="Secret.")
    decide(
        made,
        Decision.REFERRED,
        referred_to="Dr Achterberg",
        reason="Please give your opinion.",
        by=make.practitioner("Dr Vega"),
    )
    client = client_of(made.started_by)
    answer, text = paper(client, f"/screenings/{made.pk}/letter.pdf")
    code = made.patient.code
    for words in (
        "Referral",
        "Dr Achterberg",
        "Maria Sanchez",
        code,
        "Please give your opinion.",
        "Buttocks, both Looseness leads. Stage II. CSS 10 of 15 (7 without laxity). Cellulite: "
        "present.",
        "Severe draping (laxity 3 of 3)",
        "[L1]",
        "Signed in the record by Dr Vega, 24 Nov 2026, 12:00.",
    ):
        assert words in text
    name = f"referral-{code.lower()}-{made.pk}.pdf"
    assert (answer["Content-Disposition"], "Secret." in text) == (
        f'inline; filename="{name}"',
        False,
    )
    again, _text = paper(client, f"/screenings/{made.pk}/letter.pdf")
    assert again.content == answer.content


@pytest.mark.parametrize("decision", [Decision.ACCEPTED, Decision.NOT_SUITABLE])
def test_letter_is_for_referrals_only(decision: Decision) -> None:
    made = decide(make.screening(), decision, areas=[*make.BUTTOCKS, *make.THIGHS])
    client = client_of(made.started_by)
    assert client.get(f"/screenings/{made.pk}/letter.pdf").status_code == 404
    assert "letter.pdf" not in client.get(made.get_absolute_url()).content.decode()


def test_reasons_of_an_open_screening_are_marked_as_not_decided() -> None:
    made = make.screening(complete=False)
    _answer, text = paper(client_of(made.started_by), f"/screenings/{made.pk}/reasons.pdf")
    assert "Not decided: this is what the rules suggest today." in text
    assert "Suggested: Cannot be decided yet" in text
    assert "Pregnancy: not answered yet." in text


def test_reasons_of_a_decision_name_it_and_the_second_person(waiting: Screening) -> None:
    client, url = client_of(waiting.started_by), f"/screenings/{waiting.pk}/reasons.pdf"
    _answer, text = paper(client, url)
    assert "Not answered yet. Until then it is not accepted." in text
    confirm(waiting)
    _answer, text = paper(client, url)
    for words in (
        "Accepted against a stop",
        "Endocrinologist agrees.",
        "Agrees: Dr Adeyemi, 24 Nov 2026, 12:00",
        "I read the letter.",
        "Rule set 2026.1",
    ):
        assert words in text
    assert "Not decided" not in text
