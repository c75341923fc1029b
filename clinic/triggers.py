"""Triggers that make a table append-only, or its signed rows final, on both engines.

A table that SQLite rebuilds in a migration loses its triggers; `tests/db/test_append_only.py`
asks for them after `migrate`. Triggers that read another table stand in the way of rebuilding
that one. Put the operations of such a migration inside `rebuilding(FINALS, ...)`, which takes the
triggers away before them and puts them back after. A column that comes later belongs to the
triggers only once they are made again: that is the same test, and the same cure.

Who can change the tables can drop the triggers: `manage.py verify_notes` finds what was done then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.special import RunPython

POSTGRESQL = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END
$$ LANGUAGE plpgsql;
CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""
SQLITE = """
CREATE TRIGGER IF NOT EXISTS {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;
"""


def statements(vendor: str, table: str) -> list[str]:
    """Return the SQL that makes `table` append-only."""
    if vendor == "postgresql":
        return [POSTGRESQL.format(table=table)]
    return [SQLITE.format(table=table, verb=verb) for verb in ("UPDATE", "DELETE")]


def install(connection: BaseDatabaseWrapper, table: str) -> None:
    """Make `table` append-only."""
    with connection.cursor() as cursor:
        for sql in statements(connection.vendor, table):
            cursor.execute(sql)


def remove(connection: BaseDatabaseWrapper, table: str) -> None:
    """Let `table` change again; only a reversed migration and the test suite's flush do."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for name in ("append_only", "no_truncate"):
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_{name} ON {table}")
        else:
            for verb in ("UPDATE", "DELETE"):
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")


def append_only(table: str) -> RunPython:
    """Return the migration operation that makes `table` append-only."""
    return RunPython(
        lambda apps, editor: install(editor.connection, table),
        lambda apps, editor: remove(editor.connection, table),
    )


FINAL_POSTGRESQL = """
CREATE OR REPLACE FUNCTION {table}_refuse_{verb}() RETURNS trigger AS $$
BEGIN
  IF {condition} THEN
    RAISE EXCEPTION '{table} is signed' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN {returned};
END
$$ LANGUAGE plpgsql;
CREATE OR REPLACE TRIGGER {table}_final_{verb} BEFORE {verb} ON {table}
FOR EACH ROW EXECUTE FUNCTION {table}_refuse_{verb}();
"""
TRUNCATE_POSTGRESQL = """
CREATE OR REPLACE FUNCTION refuse_truncate() RETURNS trigger AS $$
BEGIN RAISE EXCEPTION '% is signed', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END
$$ LANGUAGE plpgsql;
CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();
"""
FINAL_SQLITE = """
CREATE TRIGGER IF NOT EXISTS {table}_final_{verb} BEFORE {verb} ON {table} WHEN {condition}
BEGIN SELECT RAISE(ABORT, '{table} is signed'); END;
"""


@dataclass(frozen=True, slots=True)
class Final:
    """A table whose signed rows nobody changes; `condition` says of {row} when it is signed.

    A condition that reads another table ends that query with {lock}: on PostgreSQL a row beside it
    then waits for whoever is signing, and is refused once that is done. With INSERT among the
    verbs, an update is judged by both the old and the new row, so that none moves into a signed
    record. `once` names columns that may still be filled in, together, while the first is null.
    `late` says of {row} when it may be added to a signed record all the same.
    """

    table: str
    condition: str
    verbs: tuple[str, ...] = ("UPDATE", "DELETE")
    once: tuple[str, ...] = ()
    late: str = ""

    def install(self, connection: BaseDatabaseWrapper) -> None:
        is_postgresql = connection.vendor == "postgresql"
        sql = FINAL_POSTGRESQL if is_postgresql else FINAL_SQLITE
        with connection.cursor() as cursor:
            for verb in self.verbs:
                cursor.execute(
                    sql.format(
                        table=self.table,
                        verb=verb,
                        condition=self._when(verb, connection),
                        returned="OLD" if verb == "DELETE" else "NEW",
                    )
                )
            if is_postgresql and "DELETE" in self.verbs:
                cursor.execute(TRUNCATE_POSTGRESQL.format(table=self.table))

    def _when(self, verb: str, connection: BaseDatabaseWrapper) -> str:
        """Return the condition, in SQL, under which `verb` is refused."""
        lock = " FOR KEY SHARE" if connection.vendor == "postgresql" else ""
        rows = {"INSERT": ["NEW"], "DELETE": ["OLD"], "UPDATE": ["OLD"]}[verb]
        if verb == "UPDATE" and "INSERT" in self.verbs:
            rows = ["OLD", "NEW"]
        refused = " OR ".join(f"({self.condition.format(row=row, lock=lock)})" for row in rows)
        if verb == "INSERT" and self.late:
            refused = f"({refused}) AND NOT ({self.late.format(row='NEW')})"
        if verb == "UPDATE" and self.once:
            refused = f"({refused}) AND NOT ({self._fills(connection)})"
        return refused

    def _fills(self, connection: BaseDatabaseWrapper) -> str:
        """Return, in SQL, that an update fills the columns of `once` and leaves the others."""
        same = "IS NOT DISTINCT FROM" if connection.vendor == "postgresql" else "IS"
        with connection.cursor() as cursor:
            found = connection.introspection.get_table_description(cursor, self.table)
        others = sorted(column.name for column in found if column.name not in self.once)
        first = f"OLD.{self.once[0]} IS NULL AND NEW.{self.once[0]} IS NOT NULL"
        return " AND ".join([first, *(f"OLD.{name} {same} NEW.{name}" for name in others)])

    def remove(self, connection: BaseDatabaseWrapper) -> None:
        """Let signed rows change; only a migration and the test suite's flush do."""
        is_postgresql = connection.vendor == "postgresql"
        names = [f"{self.table}_final_{verb}" for verb in self.verbs]
        if is_postgresql:
            names.append(f"{self.table}_no_truncate")
        with connection.cursor() as cursor:
            for name in names:
                on = f" ON {self.table}" if is_postgresql else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")

    def operation(self) -> RunPython:
        """Return the migration operation that makes the signed rows final."""
        return RunPython(
            lambda apps, editor: self.install(editor.connection),
            lambda apps, editor: self.remove(editor.connection),
        )

    def lifted(self) -> RunPython:
        """Return the migration operation that lets them change; reversed, it is `operation`."""
        return RunPython(
            lambda apps, editor: self.remove(editor.connection),
            lambda apps, editor: self.install(editor.connection),
        )


def rebuilding(finals: Iterable[Final], *operations: Operation) -> list[Operation]:
    """Return a migration's operations with the triggers away before them and back after them."""
    finals = tuple(finals)
    away, back = [final.lifted() for final in finals], [final.operation() for final in finals]
    return [*away, *operations, *back]


# The head of the chain of signed notes counts up by one, and stays.
CHAIN_HEAD = (
    Final("clinic_chainhead", "NEW.places <> OLD.places + 1", ("UPDATE",)),
    Final("clinic_chainhead", "OLD.id = 1", ("DELETE",)),
)
