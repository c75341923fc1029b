"""No practitioner, room or patient is promised twice at the same time."""

from django.db import migrations

from appointments.overlap import no_overlap


class Migration(migrations.Migration):
    dependencies = [("appointments", "0001_initial")]

    operations = [no_overlap()]
