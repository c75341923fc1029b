"""The form of a screening: its live reasons, its draft, its short cuts, its areas."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic.merging import found_values
from clinic.models import AuditEvent, Draft, User
from clinic.roles import Role
from patients.actions import record_history
from patients.forms.findings import FindingsForm
from patients.models import AreaExam, Patient, Screening
from patients.terms import Area
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor() -> User:
    return make.practitioner()


@pytest.fixture
def client(doctor: User) -> Client:
    made = Client()
    made.force_login(doctor)
    return made


def address(screening: Screening, page: str) -> str:
    return f"/screenings/{screening.pk}/{page}/"


def sent(screening: Screening, **changed: Any) -> dict[str, Any]:
    """Return what a browser would send for the untouched page, with some answers changed."""
    form = FindingsForm(screening=Screening.objects.with_findings().get(pk=screening.pk))
    hidden = {name: form[name].value() for name in ("version", "opened")}
    untouched = {name: value for name, value in found_values(form).items() if value}
    return {**hidden, **untouched, **changed}


def words(page: HttpResponse) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.content.decode())).split())


def why(client: Client, screening: Screening, **changed: Any) -> str:
    answer = client.post(
        address(screening, "why"), sent(screening, **changed), headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    return words(answer)


# The panel ---------------------------------------------------------------------------------------


def test_panel_says_what_follows_from_the_answers_so_far(client: Client, doctor: User) -> None:
    screening = make.screening(by=doctor, areas=make.BUTTOCKS)
    assert why(client, screening).startswith("Good candidate The buttocks can be offered.")
    stopped = why(client, screening, pregnancy="yes")
    assert stopped.startswith("Not suitable now Something that passes stands in the way now.")
    assert "1 stop" in stopped
    loose = why(client, screening, **{"buttock_left-css_laxity": "3"})
    assert "Buttock, left: looseness leads" in loose
    assert "L1" in loose
    unknown = why(client, screening, **{"buttock_left-lift_test": ""})
    assert unknown.startswith("Cannot be decided yet 1 answer is missing. So far: Buttock, right")
    assert "No stop so far" in unknown


def test_panel_says_both_sides_once_while_answers_are_missing(client: Client, doctor: User) -> None:
    screening = make.screening(by=doctor, areas=make.BUTTOCKS)
    assert why(client, screening, pregnancy="").startswith(
        "Cannot be decided yet 1 answer is missing. So far: Buttocks, both: cellulite leads."
    )


def test_panel_says_which_observation_made_the_stage(client: Client, doctor: User) -> None:
    screening = make.screening(by=doctor, areas=[Area.ABDOMEN])
    assert "Stage II, because visible standing." in why(client, screening)
    raised = why(client, screening, **{"abdomen-raised_nodules": "True"})
    assert "Stage III, because raised areas or nodules." in raised


def test_panel_asks_about_answers_that_do_not_fit(client: Client, doctor: User) -> None:
    screening = make.screening(by=doctor, areas=[Area.ABDOMEN])
    asked = why(client, screening, **{"abdomen-css_number": "0", "abdomen-css_depth": "2"})
    assert "Abdomen: No depression was counted, so the depth can only be 0." in asked


def test_panel_asks_about_answers_that_do_not_fit_the_history(client: Client, doctor: User) -> None:
    screening = make.screening(by=doctor, areas=[Area.ABDOMEN])
    record_history(
        screening=screening,
        version=0,
        told={"cigarettes_a_day": 10, "highest_weight_kg": "95"},
        procedures=[],
        conditions=[{"kind": "autoimmune", "name": "Psoriasis", "state": "active"}],
        mesotherapy=[],
        by=doctor,
    )
    asked = why(client, screening)
    sentences = [
        "The history says how many cigarettes are smoked",
        "The history names an autoimmune disease that is active",
        "The weights of the history are a large weight loss",
    ]
    assert [sentence for sentence in sentences if sentence not in asked] == []
    agreed = why(client, screening, smoker="yes", autoimmune_flare="yes", major_weight_loss="True")
    assert [sentence for sentence in sentences if sentence in agreed] == []


def test_panel_says_the_bmi_that_follows_from_height_and_weight(
    client: Client, doctor: User
) -> None:
    screening = make.screening(by=doctor, areas=[Area.ABDOMEN])
    assert "BMI 22.0 kg/m²" in why(client, screening)
    assert "BMI 30.1 kg/m²" in why(client, screening, weight_kg="85")


def test_every_missing_answer_leads_to_a_field_of_the_page(client: Client, doctor: User) -> None:
    screening = make.screening(by=doctor, complete=False)
    page = client.get(address(screening, "findings")).content.decode()
    anchors = set(re.findall(r'href="#([^"]+)"', page)) - {"main"}
    ids = set(re.findall(r'\bid="([^"]+)"', page))
    assert anchors - ids == set()
    assert {"reason", "safety", "legs", "buttock", "thigh_posterior"} <= anchors


def test_panel_neither_stores_an_answer_nor_decides(client: Client, doctor: User) -> None:
    screening = make.screening(by=doctor, areas=make.BUTTOCKS)
    before = list(Screening.objects.values()), list(AreaExam.objects.values())
    why(client, screening, pregnancy="yes", weight_kg="80", **{"buttock_left-css_depth": "3"})
    assert (list(Screening.objects.values()), list(AreaExam.objects.values())) == before
    assert screening.answers.get(item="pregnancy").answer == "no"


def test_answer_that_cannot_be_read_counts_as_missing(client: Client, doctor: User) -> None:
    screening = make.screening(by=doctor, areas=make.BUTTOCKS)
    found = why(client, screening, height_cm="one metre", weight_kg="-3")
    assert found.startswith("Cannot be decided yet")
    assert "Height: not recorded yet." in found
    assert "Weight: not recorded yet." in found


@pytest.mark.parametrize("junk", ["\x00", "<script>", "٣", "9" * 400, "🦵"])
def test_panel_survives_whatever_is_sent(client: Client, doctor: User, junk: str) -> None:
    screening = make.screening(by=doctor, areas=make.BUTTOCKS)
    names = ["pregnancy", "height_cm", "fitzpatrick", "allergens", "buttock_left-lipo_on", "opened"]
    found = why(client, screening, **dict.fromkeys(names, junk))
    assert "<script>" not in found
    assert found.startswith("Cannot be decided yet")


def test_panel_costs_the_same_for_two_and_for_six_areas(client: Client, doctor: User) -> None:
    regions = ("thigh_lateral", "knee")
    few = make.screening(by=doctor, areas=make.BUTTOCKS)
    more = [area for area in Area if area.base in regions] + list(make.BUTTOCKS)
    many = make.screening(by=doctor, areas=more)
    costs = []
    for screening in (few, many):
        answers = sent(screening)
        client.post(address(screening, "why"), answers)
        with CaptureQueriesContext(connection) as queries:
            client.post(address(screening, "why"), answers)
        costs.append(len(queries))
    assert costs[0] == costs[1]
    assert costs[1] <= 20


def test_panel_of_a_decided_screening_leads_back(client: Client, doctor: User) -> None:
    screening = make.accepted(by=doctor)
    answer = client.post(address(screening, "why"), {"pregnancy": "yes"})
    assert (answer.status_code, Draft.objects.count()) == (302, 0)


# The draft ---------------------------------------------------------------------------------------


def test_draft_is_filled_in_for_its_author_and_nobody_else(client: Client, doctor: User) -> None:
    screening = make.screening(by=doctor, complete=False)
    why(client, screening, weight_kg="62,", **{"buttock_left-css_depth": "2"})
    mine = client.get(address(screening, "findings"))
    assert mine.context["form"]["weight_kg"].value() == "62,"  # half a number survives too
    assert "Not saved yet: what you answered" in words(mine)
    other = Client()
    other.force_login(make.practitioner("Dr Okafor"))
    theirs = other.get(address(screening, "findings"))
    assert (theirs.context["draft"], theirs.context["form"].is_bound) == (None, False)


def test_saving_ends_the_draft(client: Client, doctor: User) -> None:
    screening = make.screening(by=doctor, complete=False)
    why(client, screening, weight_kg="62")
    client.post(address(screening, "findings"), sent(screening, weight_kg="62"))
    assert Draft.objects.count() == 0
    assert not client.get(address(screening, "findings")).context["form"].is_bound


def test_answers_that_arrive_after_their_save_leave_no_draft(client: Client, doctor: User) -> None:
    screening = make.screening(by=doctor, complete=False)
    late = sent(screening, weight_kg="62", submission=str(uuid4()))
    assert client.post(address(screening, "findings"), late).status_code == 302
    assert client.post(address(screening, "why"), late).status_code == 200
    assert Draft.objects.count() == 0


def test_draft_can_be_thrown_away(client: Client, doctor: User) -> None:
    screening = make.screening(by=doctor, complete=False)
    why(client, screening, weight_kg="62")
    client.get(address(screening, "draft"))
    assert Draft.objects.count() == 1  # GET changes nothing
    client.post(address(screening, "draft"))
    assert Draft.objects.count() == 0


def test_draft_meets_what_a_colleague_saved_meanwhile(client: Client, doctor: User) -> None:
    screening = make.screening(by=doctor, complete=False)
    why(client, screening, weight_kg="62")
    colleague = Client()
    colleague.force_login(make.practitioner("Dr Okafor"))
    colleague.post(address(screening, "findings"), sent(screening, height_cm="170"))
    form = client.get(address(screening, "findings")).context["form"]
    merged = client.post(address(screening, "findings"), form.data).context["form"]
    assert client.post(address(screening, "findings"), merged.data).status_code == 302
    screening.refresh_from_db()
    assert (str(screening.height_cm), str(screening.weight_kg)) == ("170.0", "62.0")


def test_draft_that_came_after_its_save_can_be_saved(client: Client, doctor: User) -> None:
    screening = make.screening(by=doctor, areas=make.BUTTOCKS)
    typed = sent(screening, submission=str(uuid4()), weight_kg="70")
    client.post(address(screening, "findings"), typed)
    client.post(address(screening, "why"), typed)  # it was still on its way
    key = client.get(address(screening, "findings")).context["form"]["submission"].value()
    again = typed | {"submission": key, "version": screening.version + 1, "weight_kg": "71"}
    client.post(address(screening, "findings"), again)
    screening.refresh_from_db()
    assert screening.weight_kg == 71


def test_draft_asks_afresh_what_no_longer_holds(client: Client, doctor: User) -> None:
    lead = make.user(Role.MEDICAL_LEAD)
    make.safety_list(by=lead, changed={"pregnancy": {"holds_days": 1}})
    screening = make.screening(by=doctor, areas=make.BUTTOCKS, said={})
    client.post(address(screening, "why"), sent(screening, pregnancy="no", keloid_tendency="no"))
    Draft.objects.update(saved_at=timezone.now() - timedelta(2))
    form = client.get(address(screening, "findings")).context["form"]
    assert (form["pregnancy"].value(), form["keloid_tendency"].value()) == (None, "no")


def test_draft_holds_no_token_and_the_audit_no_answer(client: Client, doctor: User) -> None:
    screening = make.screening(by=doctor, complete=False)
    why(client, screening, csrfmiddlewaretoken="secret", weight_kg="62")
    assert "csrf" not in Draft.objects.get().data
    assert AuditEvent.objects.filter(target__contains="62").count() == 0


# Short cuts --------------------------------------------------------------------------------------


def test_alike_keeps_the_right_side_as_the_left(client: Client, doctor: User) -> None:
    screening = make.screening(by=doctor, areas=[*make.BUTTOCKS, Area.ABDOMEN])
    answers = {
        "alike": "on",
        "buttock_left-css_depth": "3",
        "buttock_right-css_depth": "0",
        "buttock_left-sun_signs": ["mottled"],
        "abdomen-css_depth": "1",
    }
    client.post(address(screening, "findings"), sent(screening, **answers))
    depths = dict(screening.exams.values_list("area", "css_depth"))
    assert depths == {"buttock_left": 3, "buttock_right": 3, "abdomen": 1}
    assert screening.exams.get(area="buttock_right").sun_signs == ["mottled"]


def test_sign_looked_for_and_not_found_differs_from_not_looked_for(
    client: Client, doctor: User
) -> None:
    screening = make.screening(by=doctor, areas=[Area.ABDOMEN])
    both = sent(screening, **{"abdomen-lipo_signs": ["none", "adherent"]})
    page = client.post(address(screening, "findings"), both)
    assert "“None of these” and a sign are both ticked." in words(page)
    client.post(address(screening, "findings"), sent(screening, **{"abdomen-lipo_signs": "none"}))
    assert screening.exams.get().lipo_signs == []
    page = client.get(address(screening, "findings"))
    assert page.context["form"].exams[0]["lipo_signs"].value() == ["none"]


def test_liposuction_that_left_no_trace_can_be_recorded(client: Client, doctor: User) -> None:
    """Rule P3: without this answer such a screening stayed open for ever."""
    screening = make.screening(by=doctor, areas=[Area.ABDOMEN])
    here = {
        "abdomen-lipo_here": "True",
        "abdomen-lipo_on": "2019-05-01",
        "abdomen-lipo_onset": "before",
        "abdomen-lipo_signs": ["none"],
    }
    assert why(client, screening, **here).startswith("Good candidate")


def test_returning_patient_confirms_lasting_answers_with_one_tick(
    client: Client, doctor: User
) -> None:
    before = make.answers(gallstones="no", epilepsy="yes", pregnancy="no")
    first = make.accept(make.screening(by=doctor, said=before))
    second = make.screening(first.patient, by=doctor, said={})
    page = client.get(address(second, "findings")).content.decode()
    assert 'data-was="yes"' in page  # epilepsy, as a hint and not as an answer
    client.post(address(second, "findings"), sent(second, same_illness="on"))
    said = dict(second.answers.values_list("item", "answer"))
    assert said["gallstones"] == "no"
    assert said["epilepsy"] == "yes"
    assert "pregnancy" not in said  # asked every time
    assert "therapeutic_anticoagulant" not in said


def test_answer_given_today_beats_the_confirmed_one(client: Client, doctor: User) -> None:
    first = make.accept(make.screening(by=doctor, said=make.answers(epilepsy="no")))
    second = make.screening(first.patient, by=doctor, said={})
    client.post(address(second, "findings"), sent(second, same_illness="on", epilepsy="yes"))
    assert second.answers.get(item="epilepsy").answer == "yes"


# Reason and areas --------------------------------------------------------------------------------


def reason(**changed: Any) -> dict[str, Any]:
    return {"her_words": "Also the belly.", "regions": ["buttock", "abdomen"], **changed}


def test_areas_change_and_what_was_examined_stays(client: Client, doctor: User) -> None:
    screening = make.screening(by=doctor, areas=make.BUTTOCKS)
    answer = client.post(address(screening, "reason"), reason())
    assert answer["Location"] == address(screening, "findings")
    changed = Screening.objects.get()
    assert changed.areas == [*make.BUTTOCKS, Area.ABDOMEN]
    assert changed.exams.get(area="buttock_left").css_depth == 1
    assert (changed.her_words, changed.version) == ("Also the belly.", screening.version + 1)


def test_area_that_was_examined_goes_only_when_said(client: Client, doctor: User) -> None:
    screening = make.screening(by=doctor)
    page = client.post(address(screening, "reason"), reason())
    assert "Back of thighs: something was seen there." in words(page)
    assert Screening.objects.get().areas == screening.areas
    assert client.post(address(screening, "reason"), reason(drop_examined="on")).status_code == 302
    assert Screening.objects.get().areas == [*make.BUTTOCKS, Area.ABDOMEN]


def test_areas_of_a_decided_screening_stay(client: Client, doctor: User) -> None:
    screening = make.accepted(by=doctor)
    answer = client.post(address(screening, "reason"), reason(drop_examined="on"))
    assert answer["Location"] == screening.get_absolute_url()
    assert Screening.objects.get().areas == screening.areas


def test_findings_of_an_area_that_went_meanwhile_do_no_harm(client: Client, doctor: User) -> None:
    screening = make.screening(by=doctor)
    old = sent(screening, weight_kg="70")
    client.post(address(screening, "reason"), reason(drop_examined="on"))
    form = client.post(address(screening, "findings"), old).context["form"]
    assert "Somebody else saved this screening while you were typing." in str(form.errors)
    assert client.post(address(screening, "findings"), form.data).status_code == 302
    assert str(Screening.objects.get().weight_kg) == "70.0"


# What must not slip through ----------------------------------------------------------------------


def test_result_names_answers_that_are_not_saved_and_takes_no_decision(
    client: Client, doctor: User
) -> None:
    screening = make.screening(by=doctor, areas=make.BUTTOCKS)
    url = f"/screenings/{screening.pk}/"
    assert "did not save" not in words(client.get(url))
    why(client, screening, pregnancy="yes")
    assert "Not in this result: what you answered" in words(client.get(url))
    page = client.get(url).context["form"]
    sent_form = {name: page[name].value() for name in ("version", "seen")}
    refused = client.post(f"{url}decision/", {**sent_form, "decision": "accepted"})
    assert "You answered something that is not saved yet." in words(refused)
    assert not Screening.objects.get().is_decided
    client.post(address(screening, "draft"))
    assert client.post(f"{url}decision/", {**sent_form, "decision": "accepted"}).status_code == 302


def test_screening_of_an_archived_patient_takes_no_answer(client: Client, doctor: User) -> None:
    screening = make.screening(by=doctor, areas=make.BUTTOCKS)
    answers = sent(screening, weight_kg="80")
    Patient.objects.update(archived_at=timezone.now(), archived_by=doctor)
    page = client.post(address(screening, "findings"), answers)
    assert "This patient is archived. Bring the patient back first." in words(page)
    assert str(Screening.objects.get().weight_kg) == "62.0"


def test_height_and_weight_say_what_can_be(client: Client, doctor: User) -> None:
    screening = make.screening(by=doctor, areas=make.BUTTOCKS)
    page = client.post(
        address(screening, "findings"), sent(screening, height_cm="16", weight_kg="999")
    )
    assert "Height: Give 120 to 220 cm." in words(page)
    assert "Weight: Give 30 to 250 kg." in words(page)
