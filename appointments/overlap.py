"""The database itself refuses two live appointments of one person or room at the same time.

PostgreSQL gets exclusion constraints, SQLite triggers, so neither can stand in `Meta`. A table
that SQLite rebuilds in a migration loses its triggers; `tests/db/test_appointments.py` asks for
them after `migrate`.
"""

from __future__ import annotations

from django.db import IntegrityError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.operations.special import RunPython

TABLE = "appointments_appointment"
ONE_AT_A_TIME = ("practitioner", "room", "patient")
LIVE = "('booked', 'arrived', 'done')"

POSTGRESQL = f"""
ALTER TABLE {TABLE} ADD CONSTRAINT {{who}}_one_at_a_time
EXCLUDE USING gist ({{who}}_id WITH =, tstzrange(starts_at, ends_at, '[)') WITH &&)
WHERE (status IN {LIVE})
"""
# A new row has no key yet in a BEFORE INSERT trigger, and no older self either.
SQLITE = f"""
CREATE TRIGGER IF NOT EXISTS {TABLE}_overlap_on_{{verb}} BEFORE {{verb}} ON {TABLE}
WHEN NEW.status IN {LIVE}
BEGIN {{checks}} END
"""
SQLITE_CHECK = f"""
SELECT RAISE(ABORT, '{{who}}_one_at_a_time') WHERE EXISTS (
    SELECT 1 FROM {TABLE} AS other
    WHERE other.{{who}}_id = NEW.{{who}}_id AND other.status IN {LIVE}
    AND other.starts_at < NEW.ends_at AND NEW.starts_at < other.ends_at {{not_itself}}
);
"""  # noqa: S608  constants of this module only


def statements(vendor: str) -> list[str]:
    """Return the SQL that makes the table refuse overlaps."""
    if vendor == "postgresql":
        extension = "CREATE EXTENSION IF NOT EXISTS btree_gist"
        return [extension, *(POSTGRESQL.format(who=who) for who in ONE_AT_A_TIME)]
    not_itself = {"INSERT": "", "UPDATE": "AND other.id <> OLD.id"}
    return [
        SQLITE.format(
            verb=verb,
            checks="".join(SQLITE_CHECK.format(who=who, not_itself=sql) for who in ONE_AT_A_TIME),
        )
        for verb, sql in not_itself.items()
    ]


def install(connection: BaseDatabaseWrapper) -> None:
    """Make the table refuse overlaps."""
    with connection.cursor() as cursor:
        for sql in statements(connection.vendor):
            cursor.execute(sql)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Let appointments overlap; only a reversed migration and the control of a test do."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for who in ONE_AT_A_TIME:
                cursor.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT IF EXISTS {who}_one_at_a_time")
        else:
            for verb in ("INSERT", "UPDATE"):
                cursor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_overlap_on_{verb}")


def no_overlap() -> RunPython:
    """Return the migration operation that makes the table refuse overlaps."""
    return RunPython(
        lambda apps, editor: install(editor.connection),
        lambda apps, editor: remove(editor.connection),
    )


def is_refusal(error: IntegrityError) -> bool:
    """Tell whether the database refused an overlap, and nothing else."""
    return any(f"{who}_one_at_a_time" in str(error) for who in ONE_AT_A_TIME)
