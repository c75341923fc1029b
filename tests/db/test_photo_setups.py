"""Photo setups: versions that never change, one in force for each name."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from clinic.models import AuditEvent, User
from clinic.refusal import Refused
from clinic.roles import Role
from tests import make
from treatments.actions.setups import COLUMNS, add_setup, change_setup, retire_setup
from treatments.models import PhotoSetup

pytestmark = pytest.mark.django_db

ROOM: dict[str, Any] = {
    "room": "Room 2",
    "camera": "Tablet on the tripod",
    "focal_mm": 50,
    "distance_cm": 180,
    "height_cm": 75,
    "light": "Side lamp at knee level",
    "background": "Matt blue",
}


@pytest.fixture
def lead() -> User:
    return make.user(Role.MEDICAL_LEAD)


def refusal(call: Any, **details: Any) -> tuple[str, str | None]:
    before = PhotoSetup.objects.count()
    with pytest.raises(Refused) as refused:
        call(**details)
    assert PhotoSetup.objects.count() == before
    return refused.value.message, refused.value.field


def test_setup_is_changed_by_a_new_version_and_the_old_one_stays(lead: User) -> None:
    first = add_setup(name=" Room 2 ", by=lead, **ROOM)
    second = change_setup(
        setup=first, change="The lamp stands lower.", by=lead, **ROOM | {"height_cm": 60}
    )
    assert (str(first), str(second)) == ("Room 2, version 1", "Room 2, version 2")
    assert list(PhotoSetup.objects.in_force()) == [second]
    first.refresh_from_db()
    assert {name: getattr(first, name) for name in COLUMNS} == ROOM
    assert list(AuditEvent.objects.order_by("pk").values_list("action", flat=True)) == [
        "photo setup added",
        "photo setup changed",
    ]


def test_setup_that_is_put_away_is_not_offered_and_keeps_its_name(lead: User) -> None:
    made = add_setup(name="Room 2", by=lead, **ROOM)
    retire_setup(setup=made, by=lead)
    assert not PhotoSetup.objects.in_force().exists()
    again = "This setup is put away already."
    assert refusal(retire_setup, setup=made, by=lead) == (again, None)
    assert refusal(change_setup, setup=made, change="x", by=lead, **ROOM) == (
        "This setup is put away.",
        None,
    )
    assert refusal(add_setup, name="ROOM 2", by=lead, **ROOM) == (
        "There is a setup of this name already. Change it, or take another name.",
        "name",
    )


def test_version_says_what_changed_and_changes_something(lead: User) -> None:
    made = add_setup(name="Room 2", by=lead, **ROOM)
    assert refusal(change_setup, setup=made, change=" ", by=lead, **ROOM) == (
        "Say what changed, for whoever compares across it.",
        "change",
    )
    assert refusal(change_setup, setup=made, change="Nothing", by=lead, **ROOM) == (
        "Nothing differs from the version in use.",
        None,
    )
    change_setup(setup=made, change="Lower", by=lead, **ROOM | {"height_cm": 60})
    sentence, _field = refusal(
        change_setup, setup=made, change="Higher", by=lead, **ROOM | {"height_cm": 90}
    )
    assert sentence == ("Somebody made version 2 meanwhile. Look at it, then change that one.")


def test_database_keeps_a_version_as_it_was_written(lead: User) -> None:
    made = add_setup(name="Room 2", by=lead, **ROOM)
    for change in (
        lambda: PhotoSetup.objects.update(distance_cm=90),
        lambda: PhotoSetup.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    retire_setup(setup=made, by=lead)
    with pytest.raises(IntegrityError), transaction.atomic():
        PhotoSetup.objects.update(retired_at=None, retired_by=None)
