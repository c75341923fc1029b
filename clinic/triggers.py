"""Triggers that make a table append-only, or its signed rows final, on both engines.

A table that SQLite rebuilds in a migration loses its triggers; `tests/db/test_append_only.py`
asks for them after `migrate`. Triggers that read another table stand in the way of rebuilding
that one: drop them first.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper
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
FINAL_SQLITE = """
CREATE TRIGGER IF NOT EXISTS {table}_final_{verb} BEFORE {verb} ON {table} WHEN {condition}
BEGIN SELECT RAISE(ABORT, '{table} is signed'); END;
"""


@dataclass(frozen=True, slots=True)
class Final:
    """A table whose signed rows nobody changes; `condition` says of {row} when it is signed."""

    table: str
    condition: str
    verbs: tuple[str, ...] = ("UPDATE", "DELETE")

    def install(self, connection: BaseDatabaseWrapper) -> None:
        sql = FINAL_POSTGRESQL if connection.vendor == "postgresql" else FINAL_SQLITE
        with connection.cursor() as cursor:
            for verb in self.verbs:
                row = "NEW" if verb == "INSERT" else "OLD"
                cursor.execute(
                    sql.format(
                        table=self.table,
                        verb=verb,
                        condition=self.condition.format(row=row),
                        returned="OLD" if verb == "DELETE" else "NEW",
                    )
                )

    def remove(self, connection: BaseDatabaseWrapper) -> None:
        """Let signed rows change; only a reversed migration and the test suite's flush do."""
        on = f" ON {self.table}" if connection.vendor == "postgresql" else ""
        with connection.cursor() as cursor:
            for verb in self.verbs:
                cursor.execute(f"DROP TRIGGER IF EXISTS {self.table}_final_{verb}{on}")

    def operation(self) -> RunPython:
        """Return the migration operation that makes the signed rows final."""
        return RunPython(
            lambda apps, editor: self.install(editor.connection),
            lambda apps, editor: self.remove(editor.connection),
        )
