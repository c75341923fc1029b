"""Two people on one record: nothing that either of them saved or typed is lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from clinic.merging import found_values
from clinic.roles import Role
from patients.models import SafetyAnswer, Screening
from tests import make

pytestmark = pytest.mark.django_db


def opened(client: Client, url: str) -> dict[str, Any]:
    """Return what a browser would send for the untouched page."""
    form = client.get(url).context["form"]
    hidden = {name: form[name].value() for name in ("version", "opened", "submission")}
    return hidden | {name: value for name, value in found_values(form).items() if value}


def sent_again(form: Any) -> dict[str, list[str]]:
    """Return what a browser would send after the page came back with both texts."""
    return dict(form.data.lists())


def test_second_of_two_keeps_what_the_first_saved(sign_in: Any) -> None:
    desk, patient = sign_in(Role.FRONT_DESK), make.patient(email="first@example.org")
    url = f"/patients/{patient.code}/edit/"
    one, two = opened(desk, url), opened(desk, url)
    first = one | {"phone": "020 7946 0777", "may_be_texted": "on"}
    assert desk.post(url, first).status_code == 302
    refused = desk.post(url, two | {"email": "second@example.org"})
    form = refused.context["form"]
    assert form.non_field_errors() == [
        "Somebody changed this patient while you were typing. Compare and save again.",
        "Nothing collides: what they saved is filled in here.",
    ]
    assert list(form.errors) == ["__all__"]
    assert desk.post(url, sent_again(form)).status_code == 302
    patient.refresh_from_db()
    assert (patient.email, str(patient.phone), patient.may_be_texted) == (
        "second@example.org",
        "+442079460777",
        True,
    )


def test_field_that_both_changed_shows_both_texts(sign_in: Any) -> None:
    desk, patient = sign_in(Role.FRONT_DESK), make.patient(email="first@example.org")
    url = f"/patients/{patient.code}/edit/"
    one, two = opened(desk, url), opened(desk, url)
    assert desk.post(url, one | {"email": "hers@example.org"}).status_code == 302
    form = desk.post(url, two | {"email": "mine@example.org"}).context["form"]
    assert form.errors["email"] == ["Saved meanwhile: hers@example.org"]
    assert form["email"].value() == "mine@example.org"
    assert desk.post(url, sent_again(form)).status_code == 302
    patient.refresh_from_db()
    assert patient.email == "mine@example.org"


def test_two_on_one_screening_lose_no_answer(sign_in: Any) -> None:
    clinician = sign_in(Role.PRACTITIONER)
    screening = make.screening(complete=False)
    url = f"/screenings/{screening.pk}/findings/"
    one, two = opened(clinician, url), opened(clinician, url)
    first = one | {"pregnancy": "no", "weight_kg": "62.0", "buttock_left-css_depth": "2"}
    assert clinician.post(url, first).status_code == 302
    second = two | {"breastfeeding": "no", "buttock_left-css_depth": "1"}
    form = clinician.post(url, second).context["form"]
    assert form.exams[0].errors == {"css_depth": ["Saved meanwhile: 2"]}
    assert clinician.post(url, sent_again(form)).status_code == 302
    said = dict(SafetyAnswer.objects.values_list("item", "answer"))
    assert said == {"pregnancy": "no", "breastfeeding": "no"}
    stored = Screening.objects.get()
    assert str(stored.weight_kg) == "62.0"
    assert stored.exams.get(area="buttock_left").css_depth == 1
