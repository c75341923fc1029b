"""A submit keeps the digest of what was sent, so that its repetition is known from another one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clinic", "0004_signing")]

    operations = [
        migrations.AddField(
            model_name="submission",
            name="digest",
            field=models.CharField(blank=True, default="", max_length=64),
            preserve_default=False,
        ),
    ]
