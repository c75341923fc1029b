"""The history: kept as it was told, confirmed by a returning patient, never deciding by itself."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from clinic.merging import found_values
from clinic.models import User
from clinic.refusal import Refused, Stale
from patients.actions import record_history
from patients.evidence import facts_of, history_of
from patients.forms.histories import HistoryForm
from patients.models import Condition, History, Procedure, Screening
from patients.rules import assess
from patients.rules.safety_list import DRAFT
from patients.terms import Area, LipoOnset, Outcome
from tests import make

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)


@pytest.fixture
def doctor() -> User:
    return make.practitioner()


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address(screening: Screening) -> str:
    return f"/screenings/{screening.pk}/history/"


def told(screening: Screening, **changed: Any) -> dict[str, Any]:
    """Return what a browser would send for the untouched page, with some answers changed."""
    form = HistoryForm(screening=Screening.objects.with_findings().get(pk=screening.pk))
    hidden = {name: form[name].value() for name in ("version", "opened")}
    untouched = {name: value for name, value in found_values(form).items() if value}
    return {**hidden, **untouched, **changed}


def record(screening: Screening, by: User, **details: Any) -> Screening:
    empty: dict[str, Any] = {"procedures": [], "conditions": [], "mesotherapy": []}
    lists = {name: details.pop(name, empty[name]) for name in empty}
    version = details.pop("version", 0)
    return record_history(screening=screening, version=version, told=details, by=by, **lists)


def stored(screening: Screening) -> Screening:
    return Screening.objects.with_findings().get(pk=screening.pk)


def test_history_from_the_page_is_kept(doctor: User) -> None:
    screening = make.screening(by=doctor)
    sent = told(
        screening,
        mother_cellulite="yes",
        sister_cellulite="unknown",
        births="2",
        last_birth_on="2021-05-01",
        highest_weight_kg="71,5",
        worse_with=["pregnancy", "weight"],
        medicines="Thyroxine since 2015",
        **{
            "procedures-0-kind": "liposuction",
            "procedures-0-area": "thigh_medial_left",
            "procedures-0-done_on": "2020-03-01",
            "procedures-0-times": "1",
            "conditions-0-name": "Hashimoto",
            "conditions-0-kind": "autoimmune",
            "conditions-0-state": "quiet",
        },
    )
    answer = client_of(doctor).post(address(screening), sent)
    assert answer["Location"] == f"/screenings/{screening.pk}/findings/"
    history = History.objects.get()
    assert (history.mother_cellulite, history.sister_cellulite) == ("yes", "unknown")
    assert history.grandmother_cellulite == ""  # not asked
    assert (history.births, str(history.highest_weight_kg)) == (2, "71.5")
    assert (history.worse_with, history.asked_by) == (["pregnancy", "weight"], doctor)
    assert (history.has_procedures, history.has_conditions) == ("yes", "yes")
    assert history.had_mesotherapy == ""
    procedure, condition = Procedure.objects.get(), Condition.objects.get()
    assert (procedure.kind, procedure.area, procedure.times) == (
        "liposuction",
        "thigh_medial_left",
        1,
    )
    assert (condition.name, condition.kind, condition.state) == ("Hashimoto", "autoimmune", "quiet")


def test_none_and_not_asked_differ(doctor: User) -> None:
    screening = make.screening(by=doctor)
    client_of(doctor).post(address(screening), told(screening, has_procedures="no"))
    history = History.objects.get()
    assert (history.has_procedures, history.has_conditions) == ("no", "")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (
            {"procedures-0-kind": "filler", "has_procedures": "no"},
            "Something is written below. Answer yes, or empty the lines.",
        ),
        ({"procedures-0-details": "at St Mary"}, "Say what was done."),
        ({"conditions-0-medicine": "methotrexate"}, "Name the illness."),
        ({"last_birth_on": "2027-01-01"}, "The date lies in the future."),
        ({"sitting_hours": "25"}, "Ensure this value is less than or equal to 24."),
    ],
)
def test_history_that_cannot_be_is_refused_and_nothing_is_lost(
    doctor: User, typed: dict[str, str], sentence: str
) -> None:
    screening = make.screening(by=doctor)
    page = client_of(doctor).post(address(screening), told(screening, births="3", **typed))
    assert (page.status_code, History.objects.count()) == (200, 0)
    assert sentence in page.content.decode()
    form = page.context["form"]
    assert form["births"].value() == "3"
    assert [form.data.get(name) for name in typed] == list(typed.values())


def test_man_is_not_asked_about_births(doctor: User) -> None:
    man = make.patient(sex_at_birth="M", given_name="Jan")
    page = client_of(doctor).get(address(make.screening(man, by=doctor))).content.decode()
    asked = [name for name in ("births", "menopause", "heavy_legs") if f'name="{name}"' in page]
    assert asked == ["heavy_legs"]


# What follows from it ----------------------------------------------------------------------------


def test_history_alone_never_changes_the_verdict(doctor: User) -> None:
    screening = make.screening(by=doctor)
    before = assess(facts_of(stored(screening), TODAY, DRAFT))
    record(
        screening,
        doctor,
        mother_cellulite="yes",
        sister_cellulite="yes",
        births=4,
        cigarettes_a_day=20,
        sitting_hours=14,
        heavy_legs="yes",
        weight_stable_3_months="no",
    )
    facts = facts_of(stored(screening), TODAY, DRAFT)
    assert (facts.mother_or_sister_cellulite, facts.pregnancies) == (True, 4)
    assert assess(facts) == before


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"highest_weight_kg": "72.9"}, None),  # 14.9 % of it, and surgery not asked
        ({"highest_weight_kg": "72.9", "bariatric_surgery": "no"}, False),
        ({"highest_weight_kg": "73.0"}, True),  # 15.1 %
        ({"highest_weight_kg": "0"}, None),  # nobody weighed that
        ({"bariatric_surgery": "yes"}, True),
        ({}, None),
    ],
    ids=str,
)
def test_large_weight_loss_follows_from_the_weights(
    doctor: User, answers: dict[str, Any], expected: bool | None
) -> None:
    screening = make.screening(by=doctor, major_weight_loss=None)
    record(screening, doctor, **answers)
    assert facts_of(stored(screening), TODAY, DRAFT).major_weight_loss is expected


def test_liposuction_of_the_history_is_not_asked_again(doctor: User) -> None:
    screening = make.screening(
        by=doctor, areas=[Area.THIGH_LATERAL_LEFT], seen={"lipo_here": None, "lipo_signs": None}
    )
    line = {"kind": "liposuction", "area": "thigh_lateral_left", "done_on": date(2026, 7, 1)}
    record(screening, doctor, procedures=[line])
    facts = facts_of(stored(screening), TODAY, DRAFT)
    area = facts.areas[0]
    assert (area.lipo_here, area.lipo_months_ago, area.lipo_count) == (True, 4, 1)
    verdict = assess(facts)
    assert verdict.outcome == Outcome.CONTRAINDICATED_OR_DEFERRED
    assert "T_RECENT_LIPOSUCTION" in {reason.code for reason in verdict.reasons}


def test_exam_is_believed_where_it_and_the_history_differ(doctor: User) -> None:
    screening = make.screening(
        by=doctor, areas=[Area.ABDOMEN], seen={"lipo_here": False, "lipo_onset": LipoOnset.BEFORE}
    )
    record(screening, doctor, procedures=[{"kind": "liposuction", "area": "abdomen"}])
    assert facts_of(stored(screening), TODAY, DRAFT).areas[0].lipo_here is False


# A patient who comes back ------------------------------------------------------------------------


def test_returning_patient_finds_her_history_and_confirms_it(doctor: User) -> None:
    first = make.screening(by=doctor)
    record(first, doctor, mother_cellulite="yes", births=2, procedures=[{"kind": "filler"}])
    make.accept(first)
    second = make.screening(first.patient, by=doctor)
    client = client_of(doctor)
    page = client.get(address(second))
    form = page.context["form"]
    assert form.is_unconfirmed
    assert (form["births"].value(), form["mother_cellulite"].value()) == (2, "yes")
    assert form.lists["procedures"][0]["kind"].value() == "filler"
    assert history_of(stored(second)) is None  # offered, not taken over
    assert facts_of(stored(second), TODAY, DRAFT).pregnancies is None
    sent = {
        name: value
        for name, value in {**found_values(form), "version": form["version"].value()}.items()
        if value not in (None, [], "")
    }
    assert client.post(address(second), sent).status_code == 302
    confirmed = history_of(stored(second))
    assert confirmed is not None
    assert (confirmed.births, confirmed.asked_by) == (2, doctor)
    assert Procedure.objects.filter(screening=second).count() == 1
    assert History.objects.filter(screening=first).count() == 1


# Two people, and closed screenings ---------------------------------------------------------------


def test_history_from_an_old_page_is_refused(doctor: User) -> None:
    screening = make.screening(by=doctor)
    record(screening, doctor, births=1)
    with pytest.raises(Stale) as refused:
        record(screening, doctor, births=2)
    assert refused.value.version == 1
    assert History.objects.get().births == 1


def test_two_people_lose_no_answer(doctor: User) -> None:
    screening, client = make.screening(by=doctor), client_of(doctor)
    one, two = told(screening, births="2"), told(screening, **{"conditions-0-name": "Psoriasis"})
    assert client.post(address(screening), one).status_code == 302
    form = client.post(address(screening), two).context["form"]
    assert "Nothing collides: what they saved is filled in here." in form.non_field_errors()
    again = dict(form.data.lists())
    assert client.post(address(screening), again).status_code == 302
    assert (History.objects.get().births, Condition.objects.get().name) == (2, "Psoriasis")


def test_decided_screening_takes_no_history(doctor: User) -> None:
    screening = make.accepted(by=doctor)
    with pytest.raises(Refused):
        record(screening, doctor, births=1)
    assert client_of(doctor).get(address(screening)).status_code == 302


@pytest.mark.parametrize("wrong", [{"diet_rating": 11}, {"sitting_hours": 25}], ids=str)
def test_history_with_impossible_values_is_refused_by_the_database(
    doctor: User, wrong: dict[str, int]
) -> None:
    record(make.screening(by=doctor), doctor)
    with pytest.raises(IntegrityError), transaction.atomic():
        History.objects.update(**wrong)
