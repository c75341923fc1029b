"""Audit events can only be added; the shared cache gets its table."""

from django.core.management import call_command
from django.db import migrations

from clinic.triggers import append_only


def create_cache_table(apps, editor):
    call_command("createcachetable", database=editor.connection.alias, verbosity=0)


def drop_cache_table(apps, editor):
    editor.execute("DROP TABLE IF EXISTS clinic_cache")


class Migration(migrations.Migration):
    dependencies = [("clinic", "0001_initial")]

    operations = [
        append_only("clinic_auditevent"),
        migrations.RunPython(create_cache_table, drop_cache_table),
    ]
