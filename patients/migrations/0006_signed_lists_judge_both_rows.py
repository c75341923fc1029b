"""The triggers of signed safety lists judge a change by the row before it and the row after it.

Until now they looked at the row before only, so that a row could be moved into a signed list.
"""

from django.db import migrations

from patients.triggers import LISTS


def install_again(apps, schema_editor):
    """Put the triggers of today in the place of those that are installed."""
    for final in LISTS:
        final.remove(schema_editor.connection)
        final.install(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("patients", "0005_decisions")]

    operations = [migrations.RunPython(install_again, migrations.RunPython.noop)]
