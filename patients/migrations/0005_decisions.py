"""Whom, until when and against what a decision was taken; what it supersedes; a second person."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from clinic.triggers import append_only
from patients.triggers import DECISIONS


def fill_in(apps, editor):
    """Give the decisions of before a day and an addressee, and chain them in their order."""
    screenings = apps.get_model("patients", "Screening").objects
    screenings.filter(decision="referred").update(referred_to="Not recorded")
    before = {}
    decided = screenings.exclude(decision="").order_by("patient_id", "decided_at", "pk")
    for row in decided.only("patient_id", "decision", "decided_at"):
        if row.decision == "deferred":
            row.deferred_until = django.utils.timezone.localdate(row.decided_at)
        row.supersedes_id = before.get(row.patient_id)
        row.save(update_fields=["deferred_until", "supersedes"])
        before[row.patient_id] = row.pk
    screenings.filter(decision__in=["referred", "deferred", "not_suitable"], decision_reason="").update(
        decision_reason="Not recorded"
    )
    if editor.connection.vendor == "postgresql":
        # The constraints below alter the table, which waits for no foreign key.
        editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0004_history'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Confirmation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('agrees', models.BooleanField()),
                ('reason', models.CharField(max_length=500, verbose_name='reason')),
                ('at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'verbose_name': 'confirmation',
                'verbose_name_plural': 'confirmations',
            },
        ),
        migrations.RemoveConstraint(
            model_name='screening',
            name='screening_decided_at_by_and_on_what',
        ),
        migrations.AddField(
            model_name='screening',
            name='against_stop',
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddField(
            model_name='screening',
            name='deferred_until',
            field=models.DateField(blank=True, null=True, verbose_name='deferred until'),
        ),
        migrations.AddField(
            model_name='screening',
            name='referred_to',
            field=models.CharField(blank=True, max_length=200, verbose_name='referred to'),
        ),
        migrations.AddField(
            model_name='screening',
            name='supersedes',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='superseded_by', to='patients.screening'),
        ),
        migrations.AlterField(
            model_name='screening',
            name='decision',
            field=models.CharField(blank=True, choices=[('accepted', 'Accepted'), ('changed', 'Accepted with changes'), ('referred', 'Referred'), ('deferred', 'Deferred'), ('not_suitable', 'Not suitable')], max_length=12),
        ),
        migrations.RunPython(fill_in, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='screening',
            index=models.Index(condition=models.Q(('decision', 'deferred')), fields=['deferred_until'], name='screening_deferred_until'),
        ),
        migrations.AddConstraint(
            model_name='screening',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('decided_by', None), ('decision', ''), ('outcome', ''), ('rule_set', '')), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), ('decision__in', ['accepted', 'changed', 'referred', 'deferred', 'not_suitable']), models.Q(('outcome', ''), _negated=True), models.Q(('rule_set', ''), _negated=True)), _connector='OR'), name='screening_decided_at_by_and_on_what'),
        ),
        migrations.AddConstraint(
            model_name='screening',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decision', 'referred'), models.Q(('referred_to', ''), _negated=True)), models.Q(models.Q(('decision', 'referred'), _negated=True), ('referred_to', '')), _connector='OR'), name='screening_referred_to_somebody'),
        ),
        migrations.AddConstraint(
            model_name='screening',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decision', 'deferred'), ('deferred_until__isnull', False)), models.Q(models.Q(('decision', 'deferred'), _negated=True), ('deferred_until', None)), _connector='OR'), name='screening_deferred_until_a_day'),
        ),
        migrations.AddConstraint(
            model_name='screening',
            constraint=models.CheckConstraint(condition=models.Q(('decision__in', ['', 'accepted']), models.Q(('decision_reason', ''), _negated=True), _connector='OR'), name='screening_decision_has_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='screening',
            constraint=models.CheckConstraint(condition=models.Q(('against_stop', False), ('decision', 'changed'), _connector='OR'), name='screening_against_stop_is_a_change'),
        ),
        migrations.AddConstraint(
            model_name='screening',
            constraint=models.CheckConstraint(condition=models.Q(('supersedes', None), models.Q(('supersedes', models.F('id')), _negated=True), _connector='OR'), name='screening_supersedes_another'),
        ),
        migrations.AddField(
            model_name='confirmation',
            name='asked_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='confirmation',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='confirmation',
            name='screening',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='confirmation', to='patients.screening'),
        ),
        migrations.AddConstraint(
            model_name='confirmation',
            constraint=models.CheckConstraint(condition=models.Q(('by', models.F('asked_by')), _negated=True), name='confirmation_by_a_second_person'),
        ),
        migrations.AddConstraint(
            model_name='confirmation',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='confirmation_has_a_reason'),
        ),
        # Last: SQLite rebuilds a table for each constraint, and its triggers with it would be lost.
        append_only("patients_confirmation"),
        *(final.operation() for final in DECISIONS),
    ]
