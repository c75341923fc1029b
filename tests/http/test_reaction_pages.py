"""The page of a reaction, and the lists of whom to call back and what to finish."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic.models import AuditEvent
from clinic.roles import Role
from desk.worklists import LISTS
from tests import make
from tests.make import CANARY
from treatments.actions import close_visit
from treatments.models import Reaction, ReactionCheck, Visit
from treatments.rules.gates import GATES
from treatments.terms import ReactionKind, ReactionOutcome, Tick

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
DAY = timedelta(1)
URL = "/follow-ups/"


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), tick=False):
        yield


def noted(days_ago: int = 0, kind: ReactionKind = ReactionKind.BRUISE, **details: Any) -> Reaction:
    """Make a reaction at the only session of a course."""
    course = make.course(visits=1, last_on=TODAY - days_ago * DAY)
    values = {"grade": 2, "description": f"{CANARY} blue", **details}
    return Reaction.objects.create(visit=course.visits.get(), kind=kind, **values)


def text(answer: Any) -> str:
    assert answer.status_code == 200
    return unescape(" ".join(answer.content.decode().split()))


def codes(client: Client, key: str) -> list[str]:
    main = text(client.get(f"{URL}?list={key}")).partition("<main")[2]
    return re.findall(r'<span class="small num">(P-\w{5})</span>', main)


def counted(client: Client) -> list[str]:
    bar = re.findall(r'<a href="/follow-ups/".*?</a>', text(client.get("/")))
    return [found for link in bar for found in re.findall(r'class="count">(\d+)<', link)]


# The page of a reaction ---------------------------------------------------------------------------


def test_page_shows_what_was_noted_and_by_when_to_look_again(sign_in: Any) -> None:
    reaction = noted()
    from_lot = make.lot()
    make.drawn(reaction.visit, from_lot)
    found = text(sign_in(Role.PRACTITIONER).get(reaction.get_absolute_url()))
    for words in (
        "<h1>Bruise, grade 2</h1>",
        "Noted on Tue 24 Nov, after session 1 of Tue 24 Nov",
        "Look again by 26 Nov",
        f"{CANARY} blue",
        "Yes, in this strength",
        from_lot.number,
        "Nobody yet.",
        f'href="tel:{reaction.visit.course.patient.phone}"',
    ):
        assert words in found
    assert AuditEvent.objects.filter(action="reaction viewed").count() == 1


def test_page_of_a_nodule_that_lasts_asks_for_more_than_a_call(sign_in: Any) -> None:
    reaction = noted(15, ReactionKind.NODULE, grade=1)
    found = text(sign_in(Role.PRACTITIONER).get(reaction.get_absolute_url()))
    for words in (
        "To be looked at since 23 Nov",
        "This asks for more than a call",
        "arrange culture or biopsy, mycobacteria included.",
        "Check the other patients who were given the same lots.",
        "No, unexpected",
    ):
        assert words in found


def test_mild_bruise_waits_for_the_next_visit(sign_in: Any) -> None:
    reaction = noted(grade=1)
    found = text(sign_in(Role.PRACTITIONER).get(reaction.get_absolute_url()))
    assert "Look again at the next visit" in found


def test_look_is_written_down_once_and_shown(sign_in: Any) -> None:
    reaction, client = noted(2), sign_in(Role.PRACTITIONER)
    url = reaction.get_absolute_url()
    sent = {
        "outcome": "resolved",
        "checked_on": "2026-11-23",
        "note": "No trace.",
        "submission": "6f1c1f1e-0000-4000-8000-000000000001",
    }
    for _twice in range(2):
        answer = client.post(url, sent)
        assert (answer.status_code, answer["Location"]) == (302, url)
    looked = ReactionCheck.objects.get()
    assert (looked.outcome, looked.note) == (ReactionOutcome.RESOLVED, "No trace.")
    found = text(client.get(url))
    assert "Gone, 23 Nov" in found
    assert "<b>Gone</b>, Mon 23 Nov" in found


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"checked_on": "2026-11-24"}, "How it stands: Say how it stands."),
        (
            {"outcome": "sequelae", "checked_on": "2026-11-24"},
            "What was seen or said: Describe what remains.",
        ),
        (
            {"outcome": "ongoing", "checked_on": "2026-11-25"},
            "Seen or called on: The day lies in the future.",
        ),
    ],
)
def test_what_is_missing_is_said_beside_its_field(
    sign_in: Any, sent: dict[str, str], sentence: str
) -> None:
    reaction = noted()
    found = text(sign_in(Role.PRACTITIONER).post(reaction.get_absolute_url(), sent))
    assert sentence in found
    assert ReactionCheck.objects.count() == 0


def test_reaction_of_a_visit_that_was_struck_out_has_no_page(sign_in: Any) -> None:
    reaction = noted()
    by = reaction.visit.practitioner
    Visit.objects.update(voided_at=timezone.now(), voided_by=by, void_reason="x")
    assert sign_in(Role.PRACTITIONER).get(reaction.get_absolute_url()).status_code == 404


@pytest.mark.parametrize(
    ("role", "may"), [(Role.PRACTITIONER, True), (Role.MEDICAL_LEAD, True), (Role.MANAGER, False)]
)
def test_visit_shows_how_its_reactions_stand(sign_in: Any, role: Role, may: bool) -> None:
    reaction = noted(5)
    Visit.objects.update(is_without_reaction=False)
    found = text(sign_in(role).get(reaction.visit.get_absolute_url()))
    assert "To be looked at since 21 Nov" in found
    assert (reaction.get_absolute_url() in found) is may


# Whom to call back --------------------------------------------------------------------------------


def test_call_backs_begin_with_those_who_wait_longest(sign_in: Any) -> None:
    later, first = noted(0), noted(9)
    noted(grade=1)
    client = sign_in(Role.FRONT_DESK)
    wanted = [first.visit.patient_code, later.visit.patient_code]
    assert (codes(client, "call-back"), counted(client)) == (wanted, ["2", "2"])


def test_patient_with_two_reactions_is_called_once(sign_in: Any) -> None:
    reaction = noted(3)
    Reaction.objects.create(visit=reaction.visit, kind=ReactionKind.SWELLING, grade=3)
    client = sign_in(Role.PRACTITIONER)
    assert codes(client, "call-back") == [reaction.visit.patient_code]
    assert counted(client) == ["1", "1"]
    found = text(client.get(f"{URL}?list=call-back"))
    assert "Swelling, grade 3, Bruise, grade 2" in found


def test_call_back_ends_when_the_reaction_is_gone(sign_in: Any) -> None:
    reaction, client = noted(3), sign_in(Role.PRACTITIONER)
    client.post(reaction.get_absolute_url(), {"outcome": "resolved", "checked_on": "2026-11-24"})
    assert codes(client, "call-back") == []
    assert "Nobody is to be called back now." in text(client.get(f"{URL}?list=call-back"))


def test_archived_patient_is_not_called_back(sign_in: Any) -> None:
    reaction = noted(3)
    patient = reaction.visit.course.patient
    patient.archived_at, patient.archived_by = timezone.now(), reaction.visit.practitioner
    patient.save()
    client = sign_in(Role.FRONT_DESK)
    assert (codes(client, "call-back"), counted(client)) == ([], [])


def test_front_desk_reads_whom_to_call_and_not_what_for(sign_in: Any) -> None:
    reaction = noted(3)
    patient = reaction.visit.course.patient
    found = text(sign_in(Role.FRONT_DESK).get(f"{URL}?list=call-back"))
    for words in (
        "Maria S.",
        f'href="tel:{patient.phone}"',
        "To call back: ask the practitioner",
        "Somebody asked that these people be called by this day.",
    ):
        assert words in found
    for words in (CANARY, "ruise", "eaction", "grade", "/visits/", "Reason"):
        assert words not in found
    assert AuditEvent.objects.filter(action="follow-ups viewed").count() == 0


@pytest.mark.parametrize(
    ("role", "opens"),
    [(Role.PRACTITIONER, True), (Role.MEDICAL_LEAD, True), (Role.MANAGER, False)],
)
def test_clinical_roles_read_what_for(sign_in: Any, role: Role, opens: bool) -> None:
    reaction = noted(3)
    found = text(sign_in(role).get(f"{URL}?list=call-back"))
    assert "Bruise, grade 2" in found
    assert "Call, and write down how it stands" in found
    assert (reaction.get_absolute_url() in found) is opens


def test_own_day_leads_to_the_reaction_until_it_is_gone(sign_in: Any) -> None:
    reaction, client = noted(3), Client()
    client.force_login(reaction.visit.practitioner)
    assert f'href="{reaction.get_absolute_url()}"' in text(client.get("/"))
    reaction.checks.create(outcome=ReactionOutcome.RESOLVED, by=reaction.visit.practitioner)
    assert reaction.get_absolute_url() not in text(client.get("/"))


# What to finish -----------------------------------------------------------------------------------


def signed(days_ago: int = 0, **hung: str) -> Visit:
    """Make a signed session with a missing tick, or an override, and its reason."""
    course = make.course(visits=1, last_on=TODAY - days_ago * DAY)
    visit = course.visits.get()
    if "missing" in hung:
        visit.missing.create(tick=Tick.PHOTOS, reason=hung["missing"])
    if "passed" in hung:
        visit.overrides.create(
            gate="ceiling:session.x", reason=hung["passed"], by=visit.practitioner
        )
    with time_machine.travel(timezone.now() - days_ago * DAY, tick=False):
        return close_visit(visit=visit, by=visit.practitioner, meaning="I performed it")


def test_visits_of_earlier_days_that_nobody_signed_are_listed(sign_in: Any) -> None:
    later, first = noted(1).visit, noted(9).visit
    noted(0)
    signed(4)
    client = sign_in(Role.PRACTITIONER)
    assert codes(client, "unsigned") == [first.patient_code, later.patient_code]
    found = text(client.get(f"{URL}?list=unsigned"))
    assert (f'href="{first.get_absolute_url()}"' in found, "Session 1, Dr Lin" in found) == (
        True,
        True,
    )


def test_lead_reads_what_was_signed_with_gaps_and_why(sign_in: Any) -> None:
    without, past = signed(2, missing="Camera broken."), signed(1, passed="Weighed twice.")
    signed(1)
    client = sign_in(Role.MEDICAL_LEAD)
    assert codes(client, "gaps") == [past.patient_code, without.patient_code]
    found = text(client.get(f"{URL}?list=gaps"))
    (ceiling,) = [rule for rule in GATES if rule.code == "ceiling"]
    assert "Missing: Photographs. Reason: Camera broken." in found
    assert f"Passed: {ceiling.when} Reason: Weighed twice." in found


@pytest.mark.parametrize(("days", "listed"), [(28, True), (29, False)])
def test_gaps_stay_on_the_list_for_four_weeks(sign_in: Any, days: int, listed: bool) -> None:
    visit = signed(days, missing="Camera broken.")
    client = sign_in(Role.MEDICAL_LEAD)
    assert codes(client, "gaps") == ([visit.patient_code] if listed else [])


@pytest.mark.parametrize(
    ("role", "keys"),
    [
        (Role.FRONT_DESK, ["rescreen", "reviews", "call-back"]),
        (Role.PRACTITIONER, ["rescreen", "reviews", "call-back", "unsigned", "uses"]),
        (Role.MANAGER, ["rescreen", "reviews", "call-back", "unsigned"]),
        (Role.MEDICAL_LEAD, ["rescreen", "reviews", "call-back", "unsigned", "gaps", "uses"]),
    ],
)
def test_everybody_is_offered_the_lists_of_the_role(
    sign_in: Any, role: Role, keys: list[str]
) -> None:
    client = sign_in(role)
    assert re.findall(r'href="\?list=([\w-]+)"', text(client.get(URL))) == keys
    found = {key: client.get(f"{URL}?list={key}").status_code for key in LISTS}
    assert found == {key: 200 if key in keys else 404 for key in LISTS}


def test_lists_of_what_to_finish_are_not_counted_as_people_to_call(sign_in: Any) -> None:
    noted(3, grade=1)
    signed(1, missing="x")
    assert counted(sign_in(Role.MEDICAL_LEAD)) == []


@pytest.mark.parametrize("key", ["call-back", "unsigned", "gaps"])
def test_list_costs_the_same_with_one_and_with_six_rows(sign_in: Any, key: str) -> None:
    client, found = sign_in(Role.MEDICAL_LEAD), []
    for more in (1, 5):
        for _number in range(more):
            signed(1, missing="x") if key == "gaps" else noted(1)
        codes(client, key)
        with CaptureQueriesContext(connection) as queries:
            rows = len(codes(client, key))
        found.append((rows, len(queries)))
    (one, first), (six, then) = found
    assert (one, six, then) == (1, 6, first)
