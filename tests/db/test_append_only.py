"""The audit trail: what is written stays, whatever is tried on the engine under test."""

# ruff: noqa: S608  the statements are made of this module's own constants

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from clinic import audit
from clinic.models import AuditEvent
from tests import make

pytestmark = pytest.mark.django_db

TABLE = "clinic_auditevent"
IS_POSTGRESQL = connection.vendor == "postgresql"


@pytest.fixture
def event() -> AuditEvent:
    made = audit.record("chart viewed", by=make.user(), patient="P-7K3Q9", target="patient 1")
    audit.record("chart viewed", by=None, patient="P-22222")
    return made


def saved(event: AuditEvent) -> None:
    event.action = "nothing happened"
    event.save()


def saved_in_part(event: AuditEvent) -> None:
    event.patient = ""
    event.save(update_fields=["patient"])


def deleted(event: AuditEvent) -> None:
    event.delete()


def all_updated(event: AuditEvent) -> None:
    AuditEvent.objects.update(by=None)


def updated_to_itself(event: AuditEvent) -> None:
    AuditEvent.objects.filter(pk=event.pk).update(action=F("action"))


def bulk_updated(event: AuditEvent) -> None:
    event.target = ""
    AuditEvent.objects.bulk_update([event], ["target"])


def written_over(event: AuditEvent) -> None:
    AuditEvent.objects.bulk_create(
        [AuditEvent(pk=event.pk, action="nothing happened")],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["action"],
    )


def all_deleted(event: AuditEvent) -> None:
    AuditEvent.objects.all().delete()


def raw_deleted(event: AuditEvent) -> None:
    AuditEvent.objects.all()._raw_delete("default")


def sql(statement: str) -> Callable[[AuditEvent], None]:
    def run(event: AuditEvent) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement.format(pk=event.pk))

    run.__name__ = statement
    return run


TAMPERING: list[Callable[[AuditEvent], None]] = [
    saved,
    saved_in_part,
    deleted,
    all_updated,
    updated_to_itself,
    bulk_updated,
    written_over,
    all_deleted,
    raw_deleted,
    sql(f"UPDATE {TABLE} SET action = 'x' WHERE id = {{pk}}"),
    sql(f"UPDATE {TABLE} SET address = NULL"),
    sql(f"DELETE FROM {TABLE} WHERE id = {{pk}}"),
    sql(f"DELETE FROM {TABLE}"),
]
BY_THE_BACK_DOOR = (
    # PostgreSQL truncates nothing while a foreign key waits to be checked.
    sql(f"SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE {TABLE}")
    if IS_POSTGRESQL
    else sql(f"REPLACE INTO {TABLE} VALUES ({{pk}}, '2026-01-01', 'x', '', '', '', NULL, NULL)")
)


def rows() -> list[Any]:
    return list(AuditEvent.objects.order_by("pk").values_list())


@pytest.mark.parametrize(
    "tamper",
    [
        *TAMPERING,
        BY_THE_BACK_DOOR,
    ],
    ids=lambda tamper: tamper.__name__,
)
def test_event_is_neither_changed_nor_deleted(
    event: AuditEvent, tamper: Callable[[AuditEvent], None]
) -> None:
    before = rows()
    assert len(before) == 2
    try:
        with transaction.atomic():
            tamper(event)
    except IntegrityError as refusal:
        assert f"{TABLE} is append-only" in str(refusal)  # noqa: PT017
    else:
        pytest.fail(f"nothing refused it: {len(before)} rows became {len(rows())}")
    assert rows() == before


def test_event_can_be_added(event: AuditEvent) -> None:
    before = rows()
    added = audit.record("chart viewed", by=None)
    assert rows()[:-1] == before
    assert (added.pk, rows()[-1][0]) == (AuditEvent.objects.latest("pk").pk, added.pk)


def test_triggers_stand_after_migrate() -> None:
    asked = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = %s::regclass AND tgenabled = 'O'"
        if IS_POSTGRESQL
        else "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(asked, [TABLE])
        found = sorted(name for (name,) in cursor.fetchall())
    verbs = ("append_only", "no_truncate") if IS_POSTGRESQL else ("no_DELETE", "no_UPDATE")
    assert found == [f"{TABLE}_{verb}" for verb in verbs]


def test_person_in_the_trail_cannot_be_deleted(event: AuditEvent) -> None:
    from django.db.models import ProtectedError

    with pytest.raises(ProtectedError):
        event.by.delete()
    assert AuditEvent.objects.filter(by=event.by).count() == 1
