"""The clinic's own safety lists, the version a decision was taken with, and the age of answers."""

import django.db.models.deletion
import django.db.models.lookups
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models import OuterRef, Subquery

from patients.triggers import LISTS

def date_answers(apps, editor):
    """An answer of before was last asked when its screening began."""
    answers = apps.get_model("patients", "SafetyAnswer").objects.using(editor.connection.alias)
    screenings = apps.get_model("patients", "Screening").objects.using(editor.connection.alias)
    began = screenings.filter(pk=OuterRef("screening_id")).values("started_on")
    answers.update(answered_on=Subquery(began))


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0002_consents'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SafetyListExclusion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('place', models.PositiveSmallIntegerField()),
                ('code', models.CharField(max_length=60)),
                ('sentence', models.CharField(max_length=400, verbose_name='what the patient reads')),
                ('is_off', models.BooleanField(default=False, verbose_name='switched off')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('label', models.CharField(max_length=160, verbose_name='allergy or condition')),
                ('agent', models.SlugField(max_length=60, verbose_name='agent that is left out')),
                ('needs_opinion', models.BooleanField(default=False, verbose_name='comes back only with the opinion of an allergy clinic')),
            ],
            options={
                'verbose_name': 'excluded agent',
                'verbose_name_plural': 'excluded agents',
                'ordering': ['place'],
            },
        ),
        migrations.CreateModel(
            name='SafetyListRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('place', models.PositiveSmallIntegerField()),
                ('code', models.CharField(max_length=60)),
                ('sentence', models.CharField(max_length=400, verbose_name='what the patient reads')),
                ('is_off', models.BooleanField(default=False, verbose_name='switched off')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('gate', models.CharField(choices=[('absolute', 'Absolute: no treatment'), ('temporary', 'Temporary: screen again later'), ('caution', 'Caution: a prescriber reviews')], max_length=10, verbose_name='what a “yes” means')),
                ('stem', models.CharField(max_length=60)),
                ('question', models.CharField(max_length=160, verbose_name='question on the form')),
                ('block', models.CharField(blank=True, choices=[('now', 'Now'), ('illness', 'Illness'), ('medicines', 'Medicines and tendencies')], max_length=10, verbose_name='asked under')),
                ('is_required', models.BooleanField(default=False, verbose_name='needed for a decision')),
                ('each_session', models.BooleanField(default=False, verbose_name='asked again before each session')),
                ('holds_days', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='an answer holds for')),
                ('wait_days', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='screen again after, at the earliest')),
            ],
            options={
                'verbose_name': 'safety item',
                'verbose_name_plural': 'safety items',
                'ordering': ['place'],
            },
        ),
        migrations.CreateModel(
            name='SafetyListVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(unique=True, verbose_name='version')),
                ('drafted_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('what_changed', models.CharField(blank=True, max_length=400, verbose_name='what changed')),
                ('signed_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('digest', models.CharField(blank=True, editable=False, max_length=64)),
            ],
            options={
                'verbose_name': 'safety list',
                'verbose_name_plural': 'safety lists',
            },
        ),
        migrations.RemoveConstraint(
            model_name='safetyanswer',
            name='safety_item_known',
        ),
        migrations.AddField(
            model_name='safetyanswer',
            name='answered_on',
            field=models.DateField(default=django.utils.timezone.localdate),
        ),
        migrations.AddConstraint(
            model_name='safetyanswer',
            constraint=models.CheckConstraint(condition=models.Q(('item__in', ['age_under_18', 'active_cancer', 'insulin_treated_diabetes', 'therapeutic_anticoagulant', 'clotting_disorder', 'stroke_or_clot_history', 'serious_heart_disease', 'cardiac_arrhythmia', 'serious_kidney_disease', 'serious_liver_disease', 'organ_transplant', 'immunosuppression', 'uncontrolled_hiv', 'unavoidable_component_reaction', 'previous_mycobacterial_or_granulomatous_reaction', 'lymphoedema_of_limb', 'pregnancy', 'breastfeeding', 'trying_to_conceive', 'fever_or_infection', 'autoimmune_flare', 'sunburn_or_fresh_tan', 'liposuction_under_6_months', 'procedure_under_4_weeks', 'uncontrolled_blood_pressure', 'uncontrolled_thyroid', 'uncontrolled_diabetes', 'unhealed_reaction', 'consent_incomplete', 'vaccination_or_dental_sepsis', 'fitzpatrick_iv_vi', 'smoker', 'previous_anaphylaxis', 'cancer_remission_5_years_or_more', 'diet_or_tablet_diabetes', 'antiplatelet_or_nsaid', 'autoimmune_remission', 'gallstones', 'pacemaker', 'epilepsy', 'keloid_tendency', 'varicose_veins_over_site', 'isotretinoin_under_6_months', 'bmi_under_18_5', 'needle_faint', 'age_over_65', 'soya_anaphylaxis', 'egg_lecithin', 'benzyl_alcohol', 'hyaluronidase', 'bee_wasp_venom', 'collagenase', 'amide_anaesthetic', 'ester_anaesthetic', 'sulfite', 'parabens', 'iodine', 'xanthine', 'heart_block_or_antiarrhythmic', 'recent_brain_or_retinal_bleed', 'g6pd_deficiency_or_oxalate_stones', 'ragweed_or_bile_duct_obstruction', 'latex', 'chlorhexidine', 'adhesive', 'allergies']), ('item__startswith', 'own_'), _connector='OR'), name='safety_item_known'),
        ),
        migrations.AddField(
            model_name='safetylistversion',
            name='drafted_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='safetylistversion',
            name='signed_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='safetylistrow',
            name='safety_list',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rows', to='patients.safetylistversion'),
        ),
        migrations.AddField(
            model_name='safetylistexclusion',
            name='safety_list',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exclusions', to='patients.safetylistversion'),
        ),
        migrations.AddField(
            model_name='screening',
            name='safety_list',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='screenings', to='patients.safetylistversion'),
        ),
        migrations.AddConstraint(
            model_name='safetylistversion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('digest', ''), ('signed_at', None), ('signed_by', None)), models.Q(('signed_at__isnull', False), ('signed_by__isnull', False), models.Q(('digest', ''), _negated=True), models.Q(('what_changed', ''), _negated=True)), _connector='OR'), name='safety_list_signed_at_by_and_why'),
        ),
        migrations.AddConstraint(
            model_name='safetylistversion',
            constraint=models.UniqueConstraint(django.db.models.lookups.IsNull(models.F('signed_at'), True), condition=models.Q(('signed_at', None)), name='one_safety_draft'),
        ),
        migrations.AddConstraint(
            model_name='safetylistversion',
            constraint=models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='safety_list_from_1'),
        ),
        migrations.AddConstraint(
            model_name='safetylistrow',
            constraint=models.UniqueConstraint(fields=('safety_list', 'code'), name='safety_item_once_per_list'),
        ),
        migrations.AddConstraint(
            model_name='safetylistrow',
            constraint=models.CheckConstraint(condition=models.Q(('gate__in', ['absolute', 'temporary', 'caution'])), name='safety_row_gate_known'),
        ),
        migrations.AddConstraint(
            model_name='safetylistrow',
            constraint=models.CheckConstraint(condition=models.Q(('block__in', ['', 'now', 'illness', 'medicines'])), name='safety_row_block_known'),
        ),
        migrations.AddConstraint(
            model_name='safetylistrow',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('question', ''), _negated=True), models.Q(('sentence', ''), _negated=True)), name='safety_row_has_words'),
        ),
        migrations.AddConstraint(
            model_name='safetylistrow',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('code', 'age_under_18'), _negated=True), models.Q(('gate', 'absolute'), ('is_off', False)), _connector='OR'), name='age_under_18_always_stops'),
        ),
        migrations.AddConstraint(
            model_name='safetylistrow',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('code__in', ['active_cancer', 'autoimmune_flare', 'breastfeeding', 'cardiac_arrhythmia', 'clotting_disorder', 'fever_or_infection', 'immunosuppression', 'insulin_treated_diabetes', 'organ_transplant', 'pregnancy', 'serious_heart_disease', 'serious_kidney_disease', 'serious_liver_disease', 'stroke_or_clot_history', 'therapeutic_anticoagulant', 'uncontrolled_diabetes', 'uncontrolled_hiv']), _negated=True), models.Q(('is_off', False), ('is_required', True)), _connector='OR'), name='required_item_stays_required'),
        ),
        migrations.AddConstraint(
            model_name='safetylistrow',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('holds_days', None), ('holds_days__lte', 3650), _connector='OR'), models.Q(('wait_days', None), ('wait_days__lte', 3650), _connector='OR')), name='safety_row_days_believable'),
        ),
        migrations.AddConstraint(
            model_name='safetylistexclusion',
            constraint=models.UniqueConstraint(fields=('safety_list', 'code'), name='exclusion_once_per_list'),
        ),
        migrations.AddConstraint(
            model_name='safetylistexclusion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('label', ''), _negated=True), models.Q(('sentence', ''), _negated=True), models.Q(('agent', ''), _negated=True)), name='exclusion_has_words'),
        ),
        migrations.RunPython(date_answers, migrations.RunPython.noop),
        *(final.operation() for final in LISTS),
    ]
