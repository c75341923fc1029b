"""Consents: texts, what happened to them, what was signed; all three append-only.

Version 1 of each text is a model for the clinic's medical lead to replace. It is short, makes no
promise, and is no legal advice. Research has none: it is asked only for a study.
"""

from datetime import date
from textwrap import dedent

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

from clinic.triggers import append_only

TEXTS = [
    (
        "treatment",
        "Treatment by injections",
        """
        What is done. Small amounts of a mixture are injected into the skin and the fat below it,
        with fine needles, in the areas that you and your clinician choose together. A course is
        usually 10 to 15 sessions, about one a week. The mixture and its ingredients are named to
        you before the first session.

        What is known. The evidence that these injections change the look of cellulite is limited.
        Some people see a change and some see none. No result is promised, and a change may not
        last. Cellulite is common and harmless and does not have to be treated.

        Reactions that are common. Pain, burning, redness, itching, swelling and bruises. Most are
        gone within days, bruises within two weeks.

        Reactions that are uncommon or rare. Faintness, allergy which can be severe, hard lumps
        that last for weeks, infection of the skin that may appear weeks later, an open sore, a
        scar, a lasting change of colour. Call the clinic at once about fever, spreading redness,
        blisters or dark skin, a lump that grows, swelling of the face, or trouble with breathing.

        Other ways. Doing nothing. Weight management and exercise. Other treatments, which your
        clinician can name and some of which are done elsewhere.

        Your choice. You have time to think it over before the first session. You may ask anything,
        and you may stop at any time without giving a reason. Tell us before each session about
        pregnancy, new illness, new medicine and new allergy.
        """,
    ),
    (
        "record_photos",
        "Photographs in your record",
        """
        We would like to photograph the treated areas before, during and after the course, always
        in the same way. The pictures show no face. They help to judge whether anything has changed.

        They are part of your medical record, are kept as long as the record, and are seen only by
        people who care for you. Each look at them is noted.

        Without photographs the treatment is possible, but nobody can review it by pictures.
        You may withdraw at any time. Then no new picture is taken; those already taken for your
        care stay in the record.
        """,
    ),
    (
        "review",
        "Review of quality inside the clinic",
        """
        We would like to look at your photographs and notes, together with those of others, to
        check how well we work. Only people of this clinic see them. Nothing leaves the clinic.

        A no changes nothing about your care. You may withdraw at any time; from then on they are
        not used for this.
        """,
    ),
    (
        "teaching_inside",
        "Teaching inside the clinic",
        """
        We would like to show your photographs when we train people who work here. Your name is not
        shown. Nothing leaves the clinic.

        A no changes nothing about your care. You may withdraw at any time; from then on they are
        not used for this.
        """,
    ),
    (
        "teaching_outside",
        "Teaching and publication outside the clinic",
        """
        We would like to show your photographs to other professionals, in lectures and in journals.
        Your name is not shown, but a scar or a tattoo may let somebody recognise you. What is
        published can no longer be called back.

        A no changes nothing about your care. You may withdraw at any time; from then on they are
        not used again.
        """,
    ),
    (
        "marketing_website",
        "Advertising on our website",
        """
        We would like to show your photographs on the website of the clinic, until a day that you
        choose. Anybody can see and copy them there. Your name is not shown, but a scar or a tattoo
        may let somebody recognise you.

        A no changes nothing about your care, and you get nothing for a yes. You may withdraw at
        any time; then we take them down.
        """,
    ),
    (
        "marketing_social",
        "Advertising on social channels",
        """
        We would like to show your photographs on the social channels of the clinic, until a day
        that you choose. Anybody can see, copy and pass them on, and copies made by others cannot be
        called back. Your name is not shown, but a scar or a tattoo may let somebody recognise you.

        A no changes nothing about your care, and you get nothing for a yes. You may withdraw at
        any time; then we take down what we have put there.
        """,
    ),
    (
        "marketing_print",
        "Advertising in print",
        """
        We would like to print your photographs in leaflets and advertisements of the clinic, until
        a day that you choose. What has been handed out cannot be called back. Your name is not
        shown, but a scar or a tattoo may let somebody recognise you.

        A no changes nothing about your care, and you get nothing for a yes. You may withdraw at
        any time; then we print them no more.
        """,
    ),
]


def paragraphs(text):
    """One line a paragraph, an empty line between two."""
    parts = dedent(text).strip().split("\n\n")
    return "\n\n".join(" ".join(part.split()) for part in parts)


def load_texts(apps, editor):
    model = apps.get_model("patients", "ConsentText")
    model.objects.using(editor.connection.alias).bulk_create(
        model(
            purpose=purpose,
            version=1,
            title=title,
            body=paragraphs(body),
            # From the first day on, so that a history can be entered.
            effective_from=date(2020, 1, 1),
        )
        for purpose, title, body in TEXTS
    )


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ConsentRecord',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('signed_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('strokes', models.JSONField(editable=False, null=True)),
                ('typed_name', models.CharField(blank=True, max_length=200)),
                ('had_time_to_read', models.BooleanField(verbose_name='had time to read')),
                ('was_handed_over', models.BooleanField(default=False, verbose_name='signed alone with the tablet')),
                ('interpreter', models.CharField(blank=True, max_length=120, verbose_name='interpreter')),
                ('sha256', models.CharField(max_length=64, verbose_name='fingerprint of the PDF')),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='consent_records', to='patients.patient')),
            ],
            options={
                'verbose_name': 'signed consent',
                'verbose_name_plural': 'signed consents',
            },
        ),
        migrations.CreateModel(
            name='ConsentText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(choices=[('treatment', 'Treatment'), ('record_photos', 'Photographs in the record'), ('review', 'Review inside the clinic'), ('teaching_inside', 'Teaching in the clinic'), ('teaching_outside', 'Teaching and publication outside'), ('marketing_website', 'Marketing, website'), ('marketing_social', 'Marketing, social channels'), ('marketing_print', 'Marketing, print'), ('research', 'Research')], max_length=20, verbose_name='purpose')),
                ('version', models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(1)], verbose_name='version')),
                ('title', models.CharField(max_length=120, verbose_name='title')),
                ('body', models.TextField(verbose_name='text')),
                ('effective_from', models.DateField(default=django.utils.timezone.localdate, verbose_name='holds from')),
                ('written_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('written_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'consent text',
                'verbose_name_plural': 'consent texts',
            },
        ),
        migrations.CreateModel(
            name='ConsentEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(choices=[('treatment', 'Treatment'), ('record_photos', 'Photographs in the record'), ('review', 'Review inside the clinic'), ('teaching_inside', 'Teaching in the clinic'), ('teaching_outside', 'Teaching and publication outside'), ('marketing_website', 'Marketing, website'), ('marketing_social', 'Marketing, social channels'), ('marketing_print', 'Marketing, print'), ('research', 'Research')], max_length=20, verbose_name='purpose')),
                ('kind', models.CharField(choices=[('read', 'Text given to read'), ('yes', 'Yes'), ('no', 'No'), ('withdrawn', 'Withdrawn')], max_length=12)),
                ('at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('valid_until', models.DateField(blank=True, null=True, verbose_name='holds until')),
                ('reason', models.TextField(blank=True, verbose_name='reason')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='consent_events', to='patients.patient')),
                ('record', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='answers', to='patients.consentrecord')),
                ('text', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='patients.consenttext')),
            ],
            options={
                'verbose_name': 'consent event',
                'verbose_name_plural': 'consent events',
            },
        ),
        migrations.AddConstraint(
            model_name='consentrecord',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('strokes__isnull', False), ('typed_name', '')), models.Q(('strokes__isnull', True), models.Q(('typed_name', ''), _negated=True)), _connector='OR'), name='consent_drawn_or_typed'),
        ),
        migrations.AddConstraint(
            model_name='consentrecord',
            constraint=models.CheckConstraint(condition=models.Q(('sha256__regex', '^[0-9a-f]{64}$')), name='consent_has_its_pdf'),
        ),
        migrations.AddConstraint(
            model_name='consenttext',
            constraint=models.UniqueConstraint(fields=('purpose', 'version'), name='consent_version_once'),
        ),
        migrations.AddConstraint(
            model_name='consenttext',
            constraint=models.CheckConstraint(condition=models.Q(('purpose__in', ['treatment', 'record_photos', 'review', 'teaching_inside', 'teaching_outside', 'marketing_website', 'marketing_social', 'marketing_print', 'research'])), name='consent_text_purpose_known'),
        ),
        migrations.AddConstraint(
            model_name='consenttext',
            constraint=models.CheckConstraint(condition=models.Q(('version__gte', 1)), name='consent_version_from_1'),
        ),
        migrations.AddConstraint(
            model_name='consenttext',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('title', ''), _negated=True), models.Q(('body', ''), _negated=True)), name='consent_text_not_empty'),
        ),
        migrations.AddIndex(
            model_name='consentevent',
            index=models.Index(fields=['patient', 'purpose', 'at'], name='patients_co_patient_7a6a42_idx'),
        ),
        migrations.AddConstraint(
            model_name='consentevent',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['read', 'yes', 'no', 'withdrawn']), ('purpose__in', ['treatment', 'record_photos', 'review', 'teaching_inside', 'teaching_outside', 'marketing_website', 'marketing_social', 'marketing_print', 'research'])), name='consent_event_known'),
        ),
        migrations.AddConstraint(
            model_name='consentevent',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ('yes', 'no')), ('record__isnull', False)), models.Q(models.Q(('kind__in', ('yes', 'no')), _negated=True), ('record__isnull', True)), _connector='OR'), name='consent_answer_is_signed'),
        ),
        migrations.AddConstraint(
            model_name='consentevent',
            constraint=models.CheckConstraint(condition=models.Q(('valid_until__isnull', True), ('kind', 'yes'), _connector='OR'), name='consent_only_a_yes_ends'),
        ),
        migrations.AddConstraint(
            model_name='consentevent',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'yes'), ('purpose__in', ['marketing_website', 'marketing_social', 'marketing_print', 'treatment']), _negated=True), ('valid_until__isnull', False), _connector='OR'), name='consent_marketing_and_treatment_end'),
        ),
        migrations.AddConstraint(
            model_name='consentevent',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), ('kind', 'withdrawn'), _connector='OR'), name='consent_reason_of_withdrawal'),
        ),
        migrations.AddConstraint(
            model_name='consentevent',
            constraint=models.UniqueConstraint(condition=models.Q(('record__isnull', False)), fields=('record', 'purpose'), name='consent_purpose_once_per_signature'),
        ),
        # Before the triggers. Backwards nothing is unloaded, because the tables go.
        migrations.RunPython(load_texts, migrations.RunPython.noop),
        append_only("patients_consenttext"),
        append_only("patients_consentrecord"),
        append_only("patients_consentevent"),
    ]
