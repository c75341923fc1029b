"""A signed visit stays as it was signed, whatever is tried on the engine under test.

Each attempt is tried on an unsigned visit too, where it must go through: else it proves nothing.
"""

# ruff: noqa: S608  the statements are made of this module's own constants

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps as global_apps
from django.db import IntegrityError, OperationalError, connection, models, transaction
from django.db.migrations import RunPython
from django.db.migrations.state import ProjectState
from django.db.models import F, Model, ProtectedError
from django.utils import timezone

from clinic import triggers
from clinic.models import ChainHead, SignedNote
from tests import make
from tests.conftest import APPEND_ONLY, FINAL
from treatments.actions import add_addendum
from treatments.models import (
    Addendum,
    AreaOpinion,
    Measure,
    PatientOpinion,
    PhotoKey,
    ReactionCheck,
    Visit,
)
from treatments.triggers import FINAL as SIGNED
from treatments.triggers import PARTS, PHOTO

pytestmark = pytest.mark.django_db

IS_POSTGRESQL = connection.vendor == "postgresql"
HANGING = (
    "area",
    "product",
    "answer",
    "missing",
    "override",
    "measure",
    "reaction",
    "score",
    "opinion",
    "area opinion",
    "photo",
)


def refused(table: str, change: Callable[[], object]) -> bool:
    """Try a change; return whether the database refused it in its own words."""
    try:
        with transaction.atomic():
            change()
    except IntegrityError as error:
        return f"{table} is " in str(error)
    return False


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.fixture
def visit() -> Visit:
    return make.course(visits=1).visits.get()


# The row of the visit ----------------------------------------------------------------------------


def saved(visit: Visit) -> None:
    visit.note = "Somebody else's words."
    visit.save()


def saved_in_part(visit: Visit) -> None:
    visit.pain = 0
    visit.save(update_fields=["pain"])


def all_updated(visit: Visit) -> None:
    Visit.objects.update(note="")


def updated_to_itself(visit: Visit) -> None:
    Visit.objects.filter(pk=visit.pk).update(version=F("version") + 1)


def bulk_updated(visit: Visit) -> None:
    visit.technique = "nappage"
    Visit.objects.bulk_update([visit], ["technique"])


def given_to_another_course(visit: Visit) -> None:
    Visit.objects.filter(pk=visit.pk).update(course=make.course())


def unsigned(visit: Visit) -> None:
    Visit.objects.filter(pk=visit.pk).update(signed_at=None, signed_by=None)


def raw_updated(visit: Visit) -> None:
    run(f"UPDATE treatments_visit SET held_on = '2020-01-01' WHERE id = {visit.pk}")


def voided_and_changed(visit: Visit) -> None:
    Visit.objects.filter(pk=visit.pk).update(
        voided_at=timezone.now(), voided_by=visit.practitioner, void_reason="x", note="y"
    )


def written_over(visit: Visit) -> None:
    Visit.objects.bulk_create(
        [Visit.objects.get(pk=visit.pk)],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["note"],
    )


CHANGES = (
    saved,
    saved_in_part,
    all_updated,
    updated_to_itself,
    bulk_updated,
    given_to_another_course,
    unsigned,
    raw_updated,
    voided_and_changed,
    written_over,
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_signed_visit_is_not_changed(visit: Visit, change: Callable[[Visit], None]) -> None:
    make.sign(visit)
    visit.refresh_from_db()
    before = list(Visit.objects.values())
    assert refused("treatments_visit", lambda: change(visit))
    assert list(Visit.objects.values()) == before


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_control_unsigned_visit_is_changed(visit: Visit, change: Callable[[Visit], None]) -> None:
    change(visit)


def bare(of: Any = None) -> Visit:
    """Make a visit that nothing hangs on, so that nothing else keeps it from being deleted."""
    return make.visit(of or make.course(), kind="review", review_point="other")


def raw_deleted(visit: Visit) -> None:
    Visit.objects.filter(pk=visit.pk)._raw_delete("default")


def deleted_in_sql(visit: Visit) -> None:
    run(f"DELETE FROM treatments_visit WHERE id = {visit.pk}")


@pytest.mark.parametrize(
    "delete", [lambda visit: visit.delete(), raw_deleted, deleted_in_sql], ids=["orm", "raw", "sql"]
)
def test_signed_visit_is_not_deleted(delete: Callable[[Visit], None]) -> None:
    signed, other = make.sign(bare()), bare()
    assert refused("treatments_visit", lambda: delete(signed))
    delete(other)  # the control
    assert list(Visit.objects.values_list("pk", flat=True)) == [signed.pk]


@transaction.atomic
def course_deleted_in_sql(visit: Visit) -> None:
    run(f"DELETE FROM treatments_course WHERE id = {visit.course_id}")
    connection.check_constraints()


def test_nothing_above_a_signed_visit_takes_it_along(visit: Visit) -> None:
    make.sign(visit)
    for above in (visit.course.patient, visit.course, visit.practitioner):
        with pytest.raises(ProtectedError):
            above.delete()
    with pytest.raises(IntegrityError):
        course_deleted_in_sql(visit)
    assert Visit.objects.filter(pk=visit.pk).exists()


def test_no_visit_comes_into_being_signed() -> None:
    course = make.course()
    by = course.practitioner
    assert refused(
        "treatments_visit",
        lambda: make.visit(course, number=1, signed_at=timezone.now(), signed_by=by),
    )
    assert make.visit(course, number=1).signed_at is None  # the control


def test_signed_visit_is_struck_out_once(visit: Visit) -> None:
    make.sign(visit)
    rows = Visit.objects.filter(pk=visit.pk)
    reason = {
        "voided_at": timezone.now(),
        "voided_by": visit.practitioner,
        "void_reason": "Wrong day.",
    }
    assert rows.update(**reason) == 1
    assert refused("treatments_visit", lambda: rows.update(void_reason="Another."))
    assert refused(
        "treatments_visit", lambda: rows.update(**dict.fromkeys(reason, None) | {"void_reason": ""})
    )
    assert rows.get().void_reason == "Wrong day."


@pytest.mark.skipif(IS_POSTGRESQL, reason="SQLite only")
@pytest.mark.parametrize("pragma", ["ON", "OFF"])
def test_signed_visit_is_not_replaced(visit: Visit, pragma: str) -> None:
    """Without the pragma REPLACE deletes past every trigger, as another program would."""
    make.sign(visit)
    before = list(Visit.objects.values())
    columns = ", ".join(f'"{field.column}"' for field in Visit._meta.concrete_fields)
    other = columns.replace('"signed_at"', "NULL").replace('"signed_by_id"', "NULL")
    replace = f"REPLACE INTO treatments_visit ({columns}) SELECT {other} FROM treatments_visit"
    run(f"PRAGMA recursive_triggers = {pragma}")
    try:
        assert refused("treatments_visit", lambda: run(replace))
    finally:
        run("PRAGMA recursive_triggers = ON")
    assert list(Visit.objects.values()) == before


# What hangs on it --------------------------------------------------------------------------------


def hanging(visit: Visit, name: str) -> Model:
    """Hang everything on the visit, sign it, and return one of the rows."""
    rows = make.hung(visit)
    make.sign(visit)
    return rows[name]


def columns_of(row: Model) -> list[str]:
    return [field.attname for field in row._meta.concrete_fields if not field.primary_key]


def copy_of(row: Model, **changed: Any) -> Model:
    values = {name: getattr(row, name) for name in columns_of(row)}
    return type(row)(**values | changed)


def link_of(row: Model) -> str:
    return "opinion_id" if isinstance(row, AreaOpinion) else "visit_id"


def test_list_of_what_hangs_on_a_visit_is_complete() -> None:
    related = {
        relation.related_model._meta.db_table
        for relation in Visit._meta.related_objects
        if relation.name != "addenda" and relation.related_model._meta.app_label == "treatments"
    }
    beside = {"treatments_course"}  # the review that a longer plan rests on
    assert related - beside == {PHOTO.table, *(f"treatments_{part}" for part in PARTS)}


@pytest.mark.parametrize("name", HANGING)
def test_what_hangs_on_a_signed_visit_is_neither_changed_nor_deleted(
    visit: Visit, name: str
) -> None:
    row = hanging(visit, name)
    model, table = type(row), row._meta.db_table
    rows = model._default_manager.filter(pk=row.pk)
    before = list(model._default_manager.values())
    column = columns_of(row)[0]
    first = row._meta.concrete_fields[1].column
    key = f"'{row.pk.hex}'" if name == "photo" and not IS_POSTGRESQL else f"'{row.pk}'"
    for change in (
        row.save,
        lambda: row.save(update_fields=[row._meta.concrete_fields[1].name]),
        lambda: rows.update(**{column: F(column)}),
        lambda: model._default_manager.bulk_update([row], [row._meta.concrete_fields[1].name]),
        lambda: run(f"UPDATE {table} SET {first} = {first} WHERE id = {key}"),
        lambda: rows._raw_delete("default"),
        lambda: run(f"DELETE FROM {table} WHERE id = {key}"),
    ):
        assert refused(table, change)
    with pytest.raises((IntegrityError, ProtectedError)), transaction.atomic():
        row.delete()
    assert list(model._default_manager.values()) == before


@pytest.mark.parametrize("name", HANGING)
def test_nothing_is_added_or_moved_to_a_signed_visit(visit: Visit, name: str) -> None:
    other = make.visit(visit.course, number=2)
    loose = make.hung(other)[name]
    make.hung(visit)
    model, table, link = type(loose), loose._meta.db_table, link_of(loose)
    target = PatientOpinion.objects.get(visit=visit).pk if link == "opinion_id" else visit.pk
    # Unique columns would refuse it for their own reasons, so the visit's own row makes way.
    if name == "opinion":
        AreaOpinion.objects.filter(opinion__visit=visit).delete()
    PhotoKey.objects.filter(photo__visit=visit).delete()
    model._default_manager.filter(**{link: target}).delete()
    copy = copy_of(loose, **{link: target})

    def move() -> None:
        model._default_manager.filter(pk=loose.pk).update(**{link: target})

    with transaction.atomic():  # the controls, taken back
        copy.save(force_insert=True)
        transaction.set_rollback(True)
    with transaction.atomic():
        move()
        transaction.set_rollback(True)
    make.sign(visit)
    assert refused(table, lambda: copy_of(loose, **{link: target}).save(force_insert=True))
    assert refused(
        table, lambda: model._default_manager.bulk_create([copy_of(loose, **{link: target})])
    )
    assert refused(table, move)


@pytest.mark.parametrize("name", HANGING)
def test_control_what_hangs_on_an_unsigned_visit_changes(visit: Visit, name: str) -> None:
    row = make.hung(visit)[name]
    row.save()
    type(row)._default_manager.filter(pk=row.pk).update(
        **{columns_of(row)[0]: F(columns_of(row)[0])}
    )
    if name == "opinion":
        AreaOpinion.objects.all().delete()
    PhotoKey.objects.all().delete()
    row.delete()


# What comes later --------------------------------------------------------------------------------


def test_what_comes_after_signing_is_added_and_stays(visit: Visit) -> None:
    reaction = hanging(visit, "reaction")
    check = ReactionCheck.objects.create(
        reaction=reaction, outcome="resolved", by=visit.practitioner
    )
    add_addendum(visit=visit, text="She called.", reason="Called later.", by=visit.practitioner)
    addendum, note = Addendum.objects.get(), SignedNote.objects.first()
    for row in (check, addendum, note):
        rows = type(row)._default_manager.filter(pk=row.pk)
        table = row._meta.db_table
        column = columns_of(row)[0]
        assert refused(table, lambda rows=rows, column=column: rows.update(**{column: F(column)}))
        assert refused(table, row.delete)
        assert refused(table, lambda table=table: run(f"DELETE FROM {table}"))


def test_head_of_the_chain_only_counts_up(visit: Visit) -> None:
    make.sign(visit)
    table = "clinic_chainhead"
    assert refused(table, lambda: ChainHead.objects.update(mac="0" * 64))
    assert refused(table, lambda: ChainHead.objects.update(places=0))
    assert refused(table, lambda: ChainHead.objects.all().delete())
    assert ChainHead.objects.update(places=F("places") + 1) == 1  # the control


@pytest.mark.skipif(not IS_POSTGRESQL, reason="only PostgreSQL truncates")
@pytest.mark.parametrize("table", [*APPEND_ONLY, *sorted({final.table for final in FINAL})])
def test_table_is_not_truncated(table: str) -> None:
    assert refused(table, lambda: run(f"SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE {table} CASCADE"))


# The triggers themselves -------------------------------------------------------------------------


def standing() -> dict[str, str]:
    """Return every trigger of the database with what it does."""
    asked = (
        "SELECT t.tgname, pg_get_triggerdef(t.oid) || p.prosrc FROM pg_trigger t"
        " JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal AND t.tgenabled = 'O'"
        if IS_POSTGRESQL
        else "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return dict(cursor.fetchall())


def install() -> None:
    for table in APPEND_ONLY:
        triggers.install(connection, table)
    for final in FINAL:
        final.install(connection)


def remove() -> None:
    for table in APPEND_ONLY:
        triggers.remove(connection, table)
    for final in FINAL:
        final.remove(connection)


def test_triggers_after_migrate_are_those_of_today() -> None:
    """Fails when a migration lost one, or when a column came that one of them does not know."""
    found = standing()
    with transaction.atomic():
        remove()
        left = standing()
        install()
        expected = standing()
        transaction.set_rollback(True)
    assert found == expected
    names = {name for name in found if "_no_" in name or "_final_" in name or "_append" in name}
    assert set(found) - set(left) == names
    assert len(names) > 40


@pytest.mark.skipif(IS_POSTGRESQL, reason="only SQLite rebuilds tables")
@pytest.mark.django_db(transaction=True)
def test_migration_rebuilds_a_table_that_triggers_read(visit: Visit) -> None:
    """Altering the visit fails with its triggers in the way (the control), and works around them."""
    hanging(visit, "measure")
    longer = models.TextField(blank=True, default="")
    longer.set_attributes_from_name("note")
    note = Visit._meta.get_field("note")

    def alter(apps: Any, editor: Any) -> None:
        editor.alter_field(Visit, note, longer)

    def migrate(*operations: Any) -> None:
        state = ProjectState.from_apps(global_apps)
        # The inner block puts back what failed half-way, before the editor looks at the keys.
        with connection.schema_editor() as editor, transaction.atomic():
            for operation in operations:
                operation.database_forwards("treatments", editor, state, state)

    before = standing()
    with pytest.raises(OperationalError, match=r"no such table: main.treatments_visit"):
        migrate(RunPython(alter))
    migrate(*triggers.rebuilding(SIGNED, RunPython(alter)))
    assert standing() == before
    assert refused("treatments_visit", lambda: saved(visit))
    assert refused("treatments_measure", lambda: Measure.objects.update(value="70"))
