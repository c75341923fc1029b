"""From what was asked and seen to a decision that stays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from html import unescape
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.test import Client

from clinic.models import User
from clinic.refusal import Refused, Stale
from clinic.roles import Role
from patients.actions import decide_screening, record_findings, start_screening
from patients.evidence import facts_of
from patients.models import AreaExam, SafetyAnswer, Screening
from patients.models.screening import ALLERGIES_ASKED, Decision
from patients.rules import assess
from patients.rules.candidacy import RULE_SET
from patients.rules.safety_list import DRAFT, FEMALE_ONLY
from patients.terms import Answer, Area, Outcome, SubOutcome
from patients.verdicts import kept, shown
from tests import make

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
DIFFERS = "This differs from the proposal. Choose to change it, with a reason."
# What each decision that declines needs beside its reason.
NEEDED: dict[Decision, dict[str, Any]] = {
    Decision.REFERRED: {"referred_to": "Lipoedema clinic"},
    Decision.DEFERRED: {"deferred_until": date(2027, 1, 5)},
    Decision.NOT_SUITABLE: {},
}


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def lead() -> User:
    return make.user(Role.MEDICAL_LEAD, name="Dr Okafor")


def decide(made: Screening, decision: Decision, **details: Any) -> Screening:
    values = {"reason": "", "areas": (), "by": make.practitioner(), **details}
    return decide_screening(screening=made, decision=decision, **values)


def accept(made: Screening, **details: Any) -> Screening:
    return decide(made, Decision.ACCEPTED, **{"areas": made.areas, **details})


def change(made: Screening, **details: Any) -> Screening:
    return decide(made, Decision.CHANGED, **{"areas": made.areas, **details})


def refusal(call: Any, *args: Any, **details: Any) -> tuple[str, str | None]:
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


# The textbook case -------------------------------------------------------------------------------


def test_textbook_case_is_a_good_candidate_and_is_accepted() -> None:
    made = make.screening()
    verdict = assess(facts_of(made, TODAY, DRAFT))
    assert (verdict.outcome, verdict.sub_outcome, verdict.missing) == (
        Outcome.GOOD_CANDIDATE,
        SubOutcome.GOOD,
        (),
    )
    by = make.practitioner()
    decided = accept(made, by=by)
    assert (decided.decision, decided.outcome, decided.rule_set) == (
        Decision.ACCEPTED,
        Outcome.GOOD_CANDIDATE,
        RULE_SET,
    )
    assert (decided.decided_by, decided.decided_at) == (by, datetime.now(UTC))
    assert decided.accepted_areas == [*make.BUTTOCKS, *make.THIGHS]


def test_fewer_areas_are_a_change_with_a_reason() -> None:
    made = make.screening()
    assert refusal(accept, made, areas=make.BUTTOCKS) == (DIFFERS, None)
    no_reason = ("This differs from the proposal. Give the reason.", "reason")
    assert refusal(change, made, areas=make.BUTTOCKS) == no_reason
    decided = change(made, areas=make.BUTTOCKS, reason="She wants the buttocks only.")
    assert decided.decision == Decision.CHANGED
    assert Screening.objects.accepted().get().accepted_areas == list(make.BUTTOCKS)
    left_out = decided.exams.filter(is_accepted=False).values_list("area", flat=True)
    assert sorted(left_out) == sorted(area.value for area in make.THIGHS)


def test_change_that_changes_nothing_is_stored_as_accepted() -> None:
    assert change(make.screening()).decision == Decision.ACCEPTED


def test_acceptance_needs_an_area() -> None:
    assert refusal(accept, make.screening(), areas=()) == ("Choose at least one area.", "areas")


def test_acceptance_of_an_area_that_is_not_suggested_needs_a_reason() -> None:
    made = make.screening(areas=make.BUTTOCKS)
    AreaExam.objects.filter(area=Area.BUTTOCK_RIGHT).update(
        lift_test="disappear", css_laxity=3, crepey="marked", recoil="slow", scalloped_folds=True
    )
    made = Screening.objects.get()
    sentence = ("This differs from the proposal. Give the reason.", "reason")
    assert refusal(accept, made) == (DIFFERS, None)
    assert refusal(change, made) == sentence
    assert change(made, reason="Seen together.").is_accepted


# Missing answers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "without",
    [
        {"complete": False},
        {"said": {}},
        {"said": make.answers(insulin_treated_diabetes="unknown")},
        {"seen": {"lift_test": "", "css_depth": None, "css_number": None}},
        {"height_cm": None, "weight_kg": None},
        {"bdd_screen_positive": None},
    ],
    ids=["nothing asked", "no safety answers", "not known", "not examined", "no BMI", "no BDD"],
)
def test_missing_answers_leave_it_undecided_and_not_to_be_accepted(
    without: dict[str, Any], lead: User
) -> None:
    made = make.screening(**without)
    verdict = assess(facts_of(made, TODAY, DRAFT))
    assert (verdict.outcome, verdict.sub_outcome) == (Outcome.UNDECIDED, SubOutcome.MISSING)
    assert len(verdict.missing) > 0
    sentence = "Answers are missing, so this cannot be accepted yet."
    for by in (make.practitioner(), lead):
        assert refusal(accept, made, by=by, reason="I know her.") == (sentence, None)
    assert not Screening.objects.get().is_decided


def test_page_of_an_undecided_screening_asks_for_what_is_missing() -> None:
    made = make.screening(said=make.answers(pregnancy="unknown"))
    page = client_of(made.started_by).get(made.get_absolute_url())
    assert "Cannot be decided yet" in text_of(page)
    assert f"/screenings/{made.pk}/findings/#" in page.content.decode()
    assert "Pregnancy: not answered yet." in text_of(page)


def test_undecided_screening_may_be_deferred_with_a_reason() -> None:
    made = make.screening(complete=False)
    assert refusal(decide, made, Decision.DEFERRED) == ("Give the reason.", "reason")
    decided = decide(
        made, Decision.DEFERRED, reason=" She left early. ", **NEEDED[Decision.DEFERRED]
    )
    assert (decided.decision, decided.outcome) == (Decision.DEFERRED, Outcome.UNDECIDED)
    assert decided.decision_reason == "She left early."


# Stops -------------------------------------------------------------------------------------------

INSULIN = {"insulin_treated_diabetes": "yes"}


def test_insulin_is_a_stop_that_only_the_lead_accepts_against(lead: User) -> None:
    made = make.screening(said=make.answers(**INSULIN))
    assert assess(facts_of(made, TODAY, DRAFT)).sub_outcome == SubOutcome.CONTRAINDICATED
    only_lead = ("Only the medical lead can accept against this stop.", None)
    assert refusal(change, made) == only_lead
    assert refusal(change, made, reason="Well controlled.") == only_lead
    no_reason = ("This differs from the proposal. Give the reason.", "reason")
    assert refusal(change, made, by=lead) == no_reason
    assert refusal(change, made, by=lead, reason="  ") == no_reason
    decided = change(made, by=lead, reason="Endocrinologist agrees.")
    assert (decided.decision, decided.outcome, decided.against_stop) == (
        Decision.CHANGED,
        Outcome.CONTRAINDICATED_OR_DEFERRED,
        True,
    )
    assert (decided.decided_by, decided.decision_reason) == (lead, "Endocrinologist agrees.")
    assert (decided.is_waiting, decided.is_accepted) == (True, False)


def test_red_flag_is_a_stop_for_the_practitioner(lead: User) -> None:
    made = make.screening(seen={"suspicious_lesion": True})
    assert assess(facts_of(made, TODAY, DRAFT)).sub_outcome == SubOutcome.DEFERRED_URGENT_REFERRAL
    message, _field = refusal(change, made, reason="It is a freckle.")
    assert message == "Only the medical lead can accept against this stop."
    assert change(made, by=lead, reason="Biopsy benign.").is_waiting


def test_pregnancy_defers_and_is_accepted_only_with_a_reason() -> None:
    made = make.screening(said=make.answers(pregnancy="yes"))
    assert assess(facts_of(made, TODAY, DRAFT)).sub_outcome == SubOutcome.DEFERRED
    sentence = ("This differs from the proposal. Give the reason.", "reason")
    assert refusal(change, made) == sentence


@pytest.mark.parametrize("decision", ["accepted", "changed"])
def test_practitioner_is_not_offered_to_accept_against_a_stop(decision: str) -> None:
    made = make.screening(said=make.answers(**INSULIN))
    form = {"decision": decision, "areas": ["buttock_left"], "reason": "Well controlled."}
    page = client_of(make.practitioner()).post(f"/screenings/{made.pk}/decision/", form)
    assert "This is not offered here. Look at the proposal again." in text_of(page)
    assert "Only the medical lead may accept against it" in text_of(page)
    assert not Screening.objects.get().is_decided


@pytest.mark.parametrize("decision", NEEDED)
def test_decision_other_than_acceptance_needs_a_reason(decision: Decision) -> None:
    made = make.screening()
    needed = NEEDED[decision]
    assert refusal(decide, made, decision, reason="  ", **needed) == ("Give the reason.", "reason")
    decided = decide(made, decision, reason="Painful legs.", areas=made.areas, **needed)
    assert (decided.decision, decided.accepted_areas) == (decision, [])


# Decided means closed ----------------------------------------------------------------------------


def findings(made: Screening, **details: Any) -> dict[str, Any]:
    return {
        "screening": made,
        "version": made.version,
        "details": {"weight_kg": None},
        "answers": make.answers(),
        "exams": {area: {} for area in made.areas},
        "by": made.started_by,
        **details,
    }


def test_decided_screening_no_longer_changes() -> None:
    made = make.accepted()
    before = list(Screening.objects.values()), list(SafetyAnswer.objects.order_by("pk").values())
    closed = "This screening is decided and no longer changes. Start a new one."
    assert refusal(record_findings, **findings(made)) == (closed, None)
    assert refusal(decide, made, Decision.DEFERRED, reason="x") == (
        "This screening is decided already.",
        None,
    )
    client = client_of(make.practitioner())
    url = f"/screenings/{made.pk}/findings/"
    for answer in (client.get(url), client.post(url, {"version": made.version, "weight_kg": "99"})):
        assert (answer.status_code, answer["Location"]) == (302, made.get_absolute_url())
    after = list(Screening.objects.values()), list(SafetyAnswer.objects.order_by("pk").values())
    assert after == before


def test_stored_verdict_keeps_sentences_rule_set_and_facts() -> None:
    made = make.screening()
    facts = facts_of(made, TODAY, DRAFT)
    decided = accept(made)
    stored = Screening.objects.get(pk=decided.pk)
    assert stored.verdict_shown == shown(assess(facts), facts)
    assert stored.facts_read == kept(facts)
    assert stored.verdict_shown["rule_set"] == RULE_SET
    sentences = [row["sentence"] for row in stored.verdict_shown["reasons"]]
    assert len(sentences) == len([s for s in sentences if s.endswith(".")]) > 0
    assert [row["area"] for row in stored.verdict_shown["areas"]] == [
        area.value for area in made.areas
    ]
    assert stored.facts_read["patient"] == {
        "age": 38,
        "sex": "F",
        "height_cm": "168.0",
        "weight_kg": "62.0",
        "bmi": 22.0,
        "fitzpatrick": 2,
        "glogau": None,
    }


def test_stored_verdict_is_shown_although_the_patient_grew_older() -> None:
    made = make.accepted()
    client = client_of(make.practitioner())
    before = text_of(client.get(made.get_absolute_url()))
    made.patient.birth_date = date(2015, 1, 1)  # would be a stop today
    made.patient.save()
    assert text_of(client.get(made.get_absolute_url())) == before
    assert "Good candidate" in before


# Asking ------------------------------------------------------------------------------------------


def test_men_are_not_asked_about_pregnancy() -> None:
    man = make.patient(sex_at_birth="M", given_name="Jan")
    answers = make.answers()
    for item in FEMALE_ONLY:
        answers.pop(item.value, None)
    made = make.screening(man, said=answers)
    assert assess(facts_of(made, TODAY, DRAFT)).missing == ()
    page = client_of(made.started_by).get(f"/screenings/{made.pk}/findings/").content.decode()
    asked = [item.value for item in FEMALE_ONLY if f'name="{item.value}"' in page]
    assert (asked, 'name="active_cancer"' in page) == ([], True)


def test_women_are_asked_about_pregnancy() -> None:
    made = make.screening(complete=False)
    page = client_of(made.started_by).get(f"/screenings/{made.pk}/findings/").content.decode()
    assert [item for item in FEMALE_ONLY if f'name="{item.value}"' not in page] == []


def test_answers_that_are_taken_back_count_as_not_asked() -> None:
    made = make.screening(complete=False)
    url, client = f"/screenings/{made.pk}/findings/", client_of(made.started_by)
    first = {"version": "1", "pregnancy": "no", "smoker": "yes", "allergens": ["egg_lecithin"]}
    assert client.post(url, first).status_code == 302
    said = dict(SafetyAnswer.objects.values_list("item", "answer"))
    assert said == {
        "pregnancy": Answer.NO,
        "smoker": Answer.YES,
        ALLERGIES_ASKED: Answer.YES,
        "egg_lecithin": Answer.YES,
    }
    assert client.post(url, {"version": "2", "smoker": "no"}).status_code == 302
    assert dict(SafetyAnswer.objects.values_list("item", "answer")) == {"smoker": Answer.NO}


def test_allergens_beside_a_no_are_refused() -> None:
    made = make.screening(complete=False)
    form = {"version": "1", "allergies_asked": "no", "allergens": ["egg_lecithin"]}
    page = client_of(made.started_by).post(f"/screenings/{made.pk}/findings/", form)
    assert "Allergens are ticked. Answer yes, or untick them." in text_of(page)
    assert SafetyAnswer.objects.count() == 0


def test_findings_from_the_page_are_stored_per_side() -> None:
    made = make.screening(complete=False, areas=make.BUTTOCKS)
    form = {
        "version": "1",
        "height_cm": "168",
        "fitzpatrick": "3",
        "feet_spared": "True",
        "easy_bruising": "False",
        "stemmer": "negative",
        "buttock_left-css_depth": "2",
        "buttock_left-visible_standing": "True",
        "buttock_left-lipo_on": "2026-01-02",
        "buttock_left-sun_signs": ["mottled", "lentigines"],
        "buttock_right-css_depth": "0",
        "buttock_right-visible_standing": "False",
    }
    answer = client_of(made.started_by).post(f"/screenings/{made.pk}/findings/", form)
    assert answer["Location"] == made.get_absolute_url()
    stored = Screening.objects.get()
    found = [stored.height_cm, stored.fitzpatrick, stored.feet_spared, stored.easy_bruising]
    assert (found, stored.cuff_sign, stored.stemmer) == ([168, 3, True, False], None, "negative")
    left, right = stored.exams.order_by("area")
    assert (left.css_depth, left.visible_standing, left.visible_lying) == (2, True, None)
    assert (left.lipo_on, sorted(left.sun_signs)) == (date(2026, 1, 2), ["lentigines", "mottled"])
    assert (right.css_depth, right.visible_standing, right.sun_signs) == (0, False, None)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"height_cm": "1.68"}, "Ensure that there are no more than 1 decimal place."),
        ({"height_cm": "16"}, "Give 120 to 220 cm."),
        ({"weight_kg": "620"}, "Give 30 to 250 kg."),
        ({"buttock_left-lipo_on": "2026-11-25"}, "The date lies in the future."),
        (
            {"buttock_right-css_depth": "4"},
            "Select a valid choice. 4 is not one of the available choices.",
        ),
    ],
)
def test_findings_that_cannot_be_are_refused_and_nothing_is_saved(
    typed: dict[str, str], sentence: str
) -> None:
    made = make.screening(complete=False, areas=make.BUTTOCKS)
    form = {"version": "1", "pregnancy": "no", **typed}
    page = client_of(made.started_by).post(f"/screenings/{made.pk}/findings/", form)
    assert (page.status_code, sentence in text_of(page)) == (200, True)
    assert Screening.objects.get().version == 1
    assert SafetyAnswer.objects.count() == 0


def test_findings_from_an_old_page_are_refused() -> None:
    made = make.screening(areas=make.BUTTOCKS)
    with pytest.raises(Stale) as refused:
        record_findings(**findings(made, version=1))
    assert refused.value.version == 2


def test_start_examines_both_sides_of_the_regions_chosen() -> None:
    patient, by = make.patient(), make.practitioner()
    form = {"her_words": "Before summer.", "regions": ["buttock", "abdomen"]}
    answer = client_of(by).post(f"/patients/{patient.code}/screenings/new/", form)
    made = Screening.objects.get()
    assert answer["Location"] == f"/screenings/{made.pk}/findings/"
    assert made.areas == [Area.BUTTOCK_LEFT, Area.BUTTOCK_RIGHT, Area.ABDOMEN]
    assert (made.her_words, made.started_by, made.started_on) == ("Before summer.", by, TODAY)


def test_start_without_a_region_is_refused() -> None:
    patient = make.patient()
    url = f"/patients/{patient.code}/screenings/new/"
    page = client_of(make.practitioner()).post(url, {"her_words": "Legs."})
    assert "Choose at least one area." in text_of(page)
    assert Screening.objects.count() == 0


# What the database itself refuses ----------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"decision": "accepted"},
        {"decision": "accepted", "decided_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"outcome": "good_candidate"},
        {"referred_to": "Somebody"},
        {"deferred_until": date(2027, 1, 1)},
        {"against_stop": True},
        {"fitzpatrick": 7},
        {"fitzpatrick": 0},
    ],
    ids=str,
)
def test_screening_with_impossible_values_is_refused_by_the_database(wrong: dict[str, Any]) -> None:
    make.screening()
    with pytest.raises(IntegrityError), transaction.atomic():
        Screening.objects.update(**wrong)


@pytest.mark.parametrize("wrong", [{"css_depth": 4}, {"sun_grade": 4}, {"area": "nose"}], ids=str)
def test_exam_with_impossible_values_is_refused_by_the_database(wrong: dict[str, Any]) -> None:
    make.screening(areas=[Area.ABDOMEN])
    with pytest.raises(IntegrityError), transaction.atomic():
        AreaExam.objects.update(**wrong)


@pytest.mark.parametrize("wrong", [{"item": "colour"}, {"answer": "maybe"}], ids=str)
def test_answer_with_impossible_values_is_refused_by_the_database(wrong: dict[str, Any]) -> None:
    made = make.screening(complete=False)
    values = {"item": "pregnancy", "answer": "no", **wrong}
    with pytest.raises(IntegrityError), transaction.atomic():
        SafetyAnswer.objects.create(screening=made, **values)


def test_question_is_answered_only_once() -> None:
    made = make.screening()
    with pytest.raises(IntegrityError), transaction.atomic():
        SafetyAnswer.objects.create(screening=made, item="pregnancy", answer="yes")


def test_screening_of_an_archived_patient_does_not_start() -> None:
    patient = make.patient(archived_at=datetime(2026, 1, 1, tzinfo=UTC), archived_by=make.user())
    details = {"areas": [Area.ABDOMEN], "her_words": "", "deadline_on": None, "by": make.user()}
    assert refusal(start_screening, patient=patient, **details) == (
        "This patient is archived. Bring the patient back first.",
        None,
    )
