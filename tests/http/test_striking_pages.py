"""Striking a photograph out: by whoever took it until the visit is signed, then by the lead."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import time_machine
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.context import Grants
from clinic.models import AuditEvent, User
from clinic.roles import Role
from patients.terms import Purpose
from tests import make
from tests.http.test_policies import client_of
from tests.http.test_review_pages import complaints, read
from treatments.actions.photos import void_photo
from treatments.actions.uses import export_pair
from treatments.models import Course, Photo, Visit
from treatments.models.photo import Size, photo_storage
from treatments.terms import ExportKind, VisitKind

pytestmark = pytest.mark.django_db

ONLY_LEAD = "Only the medical lead can strike out this photograph."


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), tick=False):
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
    return make.course(visits=2, by=lin)


@pytest.fixture
def photo(course: Course) -> Photo:
    return make.photo(course.visits.treatments()[0])


def void_url(photo: Photo) -> str:
    return f"/photos/{photo.pk}/void/"


def press(client: Client, photo: Photo, reason: str = "Wrong view.") -> HttpResponse:
    return client.post(void_url(photo), {"submission": str(uuid4()), "reason": reason})


def opens(client: Client, photo: Photo) -> list[int]:
    return [client.get(photo.url(size)).status_code for size in Size]


def test_own_photograph_is_struck_out_with_the_reason(
    client: Client, photo: Photo, lin: User
) -> None:
    page = client.get(void_url(photo))
    assert "Back, relaxed, Session 1, Tue 17 Nov" in read(page)
    assert photo.thumb_url in page.content.decode()
    answer = press(client, photo)
    assert (answer.status_code, answer["Location"]) == (
        302,
        f"/patients/{photo.patient_code}/photos/",
    )
    photo.refresh_from_db()
    assert (photo.voided_by, photo.void_reason) == (lin, "Wrong view.")


def test_reason_has_to_be_given(client: Client, photo: Photo) -> None:
    assert complaints(press(client, photo, " ")) == ["What was wrong with it: Fill this in."]
    photo.refresh_from_db()
    assert photo.voided_at is None


def test_photograph_of_somebody_else_is_for_the_lead(client: Client, photo: Photo) -> None:
    other = client_of(Role.PRACTITIONER)
    text = read(other.get(void_url(photo)))
    assert (ONLY_LEAD in text, "Cancel" in text) == (True, False)
    assert complaints(press(other, photo)) == [ONLY_LEAD]
    photo.refresh_from_db()
    assert photo.voided_at is None
    assert press(client_of(Role.MEDICAL_LEAD), photo).status_code == 302


def test_photograph_of_a_signed_visit_is_for_the_lead(
    client: Client, course: Course, lin: User
) -> None:
    visit = make.visit(course, kind=VisitKind.REVIEW)
    photo = make.photo(visit)
    make.sign(visit)
    assert complaints(press(client, photo)) == [ONLY_LEAD]
    assert press(client_of(Role.MEDICAL_LEAD), photo).status_code == 302


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.MANAGER])
def test_nobody_else_opens_the_page(photo: Photo, role: Role) -> None:
    client = client_of(role)
    assert client.get(void_url(photo)).status_code == 403
    assert press(client, photo).status_code == 403


def test_struck_out_files_stay_and_open_for_the_lead_only_each_look_on_record(
    client: Client, photo: Photo, lin: User
) -> None:
    assert opens(client, photo) == [200, 200, 200]
    void_photo(photo=photo, reason="Wrong view.", by=lin)
    assert all(photo_storage().exists(photo.file_name(size)) for size in Size)
    assert opens(client, photo) == [404, 404, 404]
    assert client.get(void_url(photo)).status_code == 404
    assert not AuditEvent.objects.filter(action="struck out photo opened").exists()
    lead = client_of(Role.MEDICAL_LEAD)
    text = read(lead.get(void_url(photo)))
    assert "Struck out by Dr Lin, 24 Nov 2026, 12:00 Wrong view." in text
    assert opens(lead, photo) == [200, 200, 200]
    events = AuditEvent.objects.filter(action="struck out photo opened")
    assert [event.target for event in events] == [f"photo {photo.pk}"] * 3
    assert complaints(press(lead, photo)) == ["This photograph is struck out already."]


def test_photograph_of_a_struck_out_visit_opens_for_the_lead_only(
    client: Client, photo: Photo
) -> None:
    visit = photo.at_visit
    Visit.objects.filter(pk=visit.pk).update(
        voided_at=timezone.now(), voided_by=visit.practitioner, void_reason="Wrong patient"
    )
    assert opens(client, photo) == [404, 404, 404]
    assert opens(client_of(Role.MEDICAL_LEAD), photo) == [200, 200, 200]
    assert AuditEvent.objects.filter(action="struck out photo opened").count() == 3


def test_struck_out_photograph_is_offered_nowhere(
    client: Client, course: Course, photo: Photo, lin: User
) -> None:
    others = [
        make.photo(visit)
        for visit in (course.visits.treatments()[1], make.visit(course, kind=VisitKind.REVIEW))
    ]
    void_photo(photo=photo, reason="Wrong view.", by=lin)
    code = photo.patient_code
    pages = [
        f"/patients/{code}/photos/?show=1",
        f"/patients/{code}/compare/?view=back_relaxed",
    ]
    for page in pages:
        text = client.get(page).content.decode()
        assert (str(photo.pk) in text, str(others[0].pk) in text) == (False, True)
    asked = f"?a={photo.pk}&b={others[0].pk}"
    assert client.get(f"/patients/{code}/compare/export/{asked}").status_code == 404


def test_page_says_what_left_the_house_with_it(
    client: Client, course: Course, photo: Photo, lin: User
) -> None:
    assert "It left the house" not in read(client.get(void_url(photo)))
    second = make.photo(course.visits.treatments()[1])
    make.signed(course.patient)
    export_pair(
        one=photo,
        other=second,
        kind=ExportKind.FILE,
        purpose=Purpose.RECORD_PHOTOS,
        whereto="Her file",
        by=lin,
    )
    text = read(client.get(void_url(photo)))
    assert "It left the house in 1 pair that is still in use." in text


def test_waiting_photograph_has_no_such_page(client: Client, course: Course) -> None:
    photo = make.photo(course.visits.treatments()[0])
    Photo.objects.filter(pk=photo.pk).update(visit=None, waiting_for=VisitKind.TREATMENT)
    assert client.get(void_url(photo)).status_code == 404


def test_link_leads_there_for_those_who_may(client: Client, photo: Photo, lin: User) -> None:
    def link(user: User) -> bool:
        context = {"photo": Photo.objects.select_related("visit").get(), "can": Grants(user)}
        page = render_to_string("treatments/_photo_actions.html", context)
        return reverse("treatments:photo-void", args=[photo.pk]) in page

    lead, manager = make.user(Role.MEDICAL_LEAD), make.user(Role.MANAGER)
    assert [link(user) for user in (lin, lead, manager)] == [True, True, False]
    void_photo(photo=photo, reason="Wrong view.", by=lin)
    assert [link(user) for user in (lin, lead, manager)] == [False, True, False]


def test_gallery_leads_to_striking_out_what_is_shown(
    client: Client, photo: Photo, lin: User
) -> None:
    gallery, link = f"/patients/{photo.patient_code}/photos/", f'href="{void_url(photo)}"'
    assert link not in client.get(gallery).content.decode()  # covered: nobody sees which one it is
    assert link in client.get(f"{gallery}?show=1").content.decode()
    void_photo(photo=photo, reason="Wrong view.", by=lin)
    assert link not in client.get(f"{gallery}?show=1").content.decode()
    assert link in client_of(Role.MEDICAL_LEAD).get(gallery).content.decode()
