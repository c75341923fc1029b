from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("treatments", "0005_products_as_rows")]

    operations = [
        migrations.RemoveConstraint(model_name="visit", name="volume_up_to_60_ml"),
        migrations.RemoveField(model_name="visit", name="product"),
        migrations.RemoveField(model_name="visit", name="lot"),
        migrations.RemoveField(model_name="visit", name="lot_expires_on"),
        migrations.RemoveField(model_name="visit", name="volume_ml"),
    ]
