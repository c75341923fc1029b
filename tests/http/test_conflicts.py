"""Two people on one record: nothing that either of them saved or typed is lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from clinic.merging import found_values
from clinic.models import AuditEvent
from clinic.roles import Role
from patients.models import SafetyAnswer, Screening
from tests import make
from treatments.models import Visit

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


# An unsigned note --------------------------------------------------------------------------------


def stale() -> str:
    """Who saved it last, and when, by the audit trail."""
    last = AuditEvent.objects.filter(action="visit changed").latest("pk")
    return (
        f"{last.by} saved this visit at {timezone.localtime(last.at):%H:%M}, after you opened it. "
        "What differs stands beside your answers."
    )


def note_of_today(client: Client) -> str:
    """Record a session of today through the form; return the address where it is changed."""
    course = make.course()
    url = f"/courses/{course.pk}/visits/new/"
    assert client.post(url, make.ready_session(course)).status_code == 302
    return f"/visits/{Visit.objects.get().pk}/change/"


def test_untouched_note_is_saved_as_it_is(sign_in: Any) -> None:
    clinician = sign_in(Role.PRACTITIONER)
    url = note_of_today(clinician)
    before = Visit.objects.values().get()
    assert clinician.post(url, opened(clinician, url)).status_code == 302
    assert Visit.objects.values().get() == before | {"version": 2}


def test_two_on_one_note_see_both_texts_and_the_second_save_decides(sign_in: Any) -> None:
    one, two = sign_in(Role.PRACTITIONER), sign_in(Role.PRACTITIONER)
    url = note_of_today(one)
    hers, mine = opened(one, url), opened(two, url)
    first = hers | {"note": "Hers.", "measure_weight": "62.0", "given-0-drawn_ml": "4.1"}
    assert one.post(url, first).status_code == 302
    second = mine | {"note": "Mine.", "measure_weight": "63.0", "given-0-drawn_ml": "4.2"}
    page = two.post(url, second | {"pain": "5"})
    form = page.context["form"]
    # The audit trail knows who it was; what is typed in conflict still counts on the page.
    assert form.errors == {"__all__": [stale()], "note": ["Saved meanwhile: Hers."]}
    assert form.measures.errors == {"measure_weight": ["Saved meanwhile: 62.0"]}
    assert form.given[0].errors == {"drawn_ml": ["Saved meanwhile: 4.1"]}
    html = page.content.decode()
    assert [text for text in ("Hers.", "Mine.") if text not in html] == []
    assert "Enter the weight" not in html
    stored = Visit.objects.get()
    assert (stored.note, stored.pain, stored.version) == ("Hers.", 2, 2)
    assert two.post(url, sent_again(form)).status_code == 302
    stored = Visit.objects.get()
    assert (stored.note, stored.pain, stored.version) == ("Mine.", 5, 3)
    assert str(stored.measures.get().value) == "63.0"
    assert str(stored.products.get().drawn_ml) == "4.2"


def test_second_of_two_on_one_note_keeps_what_the_first_saved(sign_in: Any) -> None:
    one, two = sign_in(Role.PRACTITIONER), sign_in(Role.PRACTITIONER)
    url = note_of_today(one)
    hers, mine = opened(one, url), opened(two, url)
    first = hers | {"points_buttock_left": "25", "reactions": ["bruise"]}
    first |= {"now_bruise-grade": "1", "since_last_itch-grade": "2", "late_reactions": ["itch"]}
    assert one.post(url, first).status_code == 302
    form = two.post(url, mine | {"depth_mm": "4"}).context["form"]
    assert form.non_field_errors() == [
        stale(),
        "Nothing collides: what they saved is filled in here.",
    ]
    assert two.post(url, sent_again(form)).status_code == 302
    stored = Visit.objects.get()
    assert str(stored.depth_mm) == "4.0"
    assert stored.visit_areas.get(area="buttock_left").point_count == 25
    kinds = stored.reactions.order_by("pk").values_list("kind", "grade", "noticed")
    assert list(kinds) == [("bruise", 1, "now"), ("itch", 2, "since_last")]


def test_opened_that_nobody_sent_is_merged_as_if_all_were_touched(sign_in: Any) -> None:
    one, two = sign_in(Role.PRACTITIONER), sign_in(Role.PRACTITIONER)
    url = note_of_today(one)
    hers, mine = opened(one, url), opened(two, url)
    assert one.post(url, hers | {"note": "Hers."}).status_code == 302
    for broken in ("[" * 100_000, "{", "[]", '{"note": "\\ud800"}'):
        form = two.post(url, mine | {"opened": broken}).context["form"]
        assert form.errors["note"] == ["Saved meanwhile: Hers."]


def test_note_that_was_signed_meanwhile_keeps_what_was_typed_on_the_page(sign_in: Any) -> None:
    clinician = sign_in(Role.PRACTITIONER)
    url = note_of_today(clinician)
    signing, late = opened(clinician, url), opened(clinician, url)
    for _ in range(2):  # a second click is answered as the first one
        answer = clinician.post(url, signing | {"then": "sign"})
        assert (answer.status_code, answer["Location"]) == (302, url.replace("change/", ""))
    form = clinician.post(url, late | {"note": "Later."}).context["form"]
    assert form.non_field_errors() == ["This visit is signed. Add to it instead of changing it."]
    assert form["note"].value() == "Later."
    assert Visit.objects.get().note == "Slept well."
    assert clinician.get(url)["Location"] == url.replace("change/", "")
