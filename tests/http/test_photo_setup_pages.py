"""The pages of photo setups."""

from __future__ import annotations

import pytest

from clinic.roles import Role
from tests import make
from tests.http.test_policies import client_of
from treatments.models import PhotoSetup

pytestmark = pytest.mark.django_db

ROOM = {
    "name": "Room 2, side lamp",
    "room": "Room 2",
    "camera": "Tablet on the tripod",
    "focal_mm": "50",
    "distance_cm": "180",
    "height_cm": "75",
    "light": "Side lamp at knee level",
    "background": "Matt blue",
}
INDEX = "/setup/photography/"


def test_setup_is_added_changed_and_put_away_on_its_pages() -> None:
    client = client_of(Role.MEDICAL_LEAD)
    assert "No setup yet" in client.get(INDEX).content.decode()
    assert client.post(f"{INDEX}new/", ROOM)["Location"] == INDEX
    made = PhotoSetup.objects.get()
    changed = ROOM | {"distance_cm": "150", "change": "A smaller room"}
    assert client.post(f"{INDEX}{made.pk}/", changed)["Location"] == INDEX
    page = client.get(INDEX).content.decode()
    assert "version 2" in page
    assert "A smaller room" in page
    newest = PhotoSetup.objects.get(number=2)
    assert client.post(f"{INDEX}{newest.pk}/retire/")["Location"] == INDEX
    assert "put away" in client.get(INDEX).content.decode()
    assert not PhotoSetup.objects.in_force().exists()


def test_distance_that_nobody_means_is_refused_beside_its_field() -> None:
    client = client_of(Role.MEDICAL_LEAD)
    answer = client.post(f"{INDEX}new/", ROOM | {"distance_cm": "18"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Ensure this value is greater than or equal to 30." in page
    assert "Side lamp at knee level" in page  # nothing typed is lost
    assert not PhotoSetup.objects.exists()


def test_whoever_may_not_change_setups_reads_them() -> None:
    made = make.setup()
    client = client_of(Role.PRACTITIONER)
    page = client.get(INDEX).content.decode()
    assert made.name in page
    assert "Add a setup" not in page
    assert "Put away" not in page
    assert client.post(f"{INDEX}{made.pk}/retire/").status_code == 403


def test_how_many_photographs_there_are_is_said_to_those_who_see_them() -> None:
    made = make.setup()
    make.photo(make.course(visits=1).visits.get(), setup=made)
    assert "1 photograph" in client_of(Role.PRACTITIONER).get(INDEX).content.decode()
    assert "1 photograph" not in client_of(Role.MANAGER).get(INDEX).content.decode()
