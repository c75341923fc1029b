"""The database keeps a signed visit, and everything that hangs on it, as it was signed."""

from django.db import migrations

from clinic.triggers import append_only
from treatments.triggers import ADDED, CLOSED


class Migration(migrations.Migration):
    dependencies = [("treatments", "0006_no_product_texts"), ("clinic", "0004_signing")]

    operations = [
        *(append_only(table) for table in ADDED),
        *(final.operation() for final in CLOSED),
    ]
