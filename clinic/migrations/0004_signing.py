"""The chain of signed notes, which can only be added to, and its head, which counts up."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from clinic.triggers import CHAIN_HEAD, append_only


class Migration(migrations.Migration):

    dependencies = [
        ('clinic', '0003_drafts'),
    ]

    operations = [
        migrations.CreateModel(
            name='ChainHead',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('places', models.PositiveIntegerField(default=0)),
                ('mac', models.CharField(blank=True, max_length=64)),
                ('seal', models.CharField(max_length=64)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='one_chain_one_head')],
            },
        ),
        migrations.CreateModel(
            name='SignedNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('place', models.PositiveIntegerField(unique=True)),
                ('kind', models.CharField(choices=[('signed', 'Signed'), ('addendum', 'Added later'), ('in_error', 'Entered in error')], max_length=10)),
                ('subject', models.CharField(db_index=True, max_length=80)),
                ('content', models.TextField()),
                ('sha256', models.CharField(max_length=64)),
                ('signer_name', models.CharField(max_length=80)),
                ('signed_at', models.DateTimeField()),
                ('utc_offset', models.CharField(max_length=6)),
                ('meaning', models.CharField(max_length=200)),
                ('previous', models.CharField(blank=True, max_length=64)),
                ('mac', models.CharField(max_length=64)),
                ('signer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'signed note',
                'verbose_name_plural': 'signed notes',
                'ordering': ['place'],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['signed', 'addendum', 'in_error'])), name='note_kind_known'), models.CheckConstraint(condition=models.Q(models.Q(('place', 1), ('previous', '')), models.Q(('place__gt', 1), models.Q(('previous', ''), _negated=True)), _connector='OR'), name='note_hangs_on_the_one_before')],
            },
        ),
        append_only("clinic_signednote"),
        *(final.operation() for final in CHAIN_HEAD),
    ]
