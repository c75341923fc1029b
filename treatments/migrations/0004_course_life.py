from django.conf import settings
from django.db import migrations, models
from django.db.models import F

from clinic.triggers import append_only

STATES = ("paused", "completed", "stopped")


def keep_the_earliest_day(apps, editor):
    """Until now the usual distance was the earliest one too."""
    apps.get_model("treatments", "Course").objects.update(interval_min_days=F("interval_days"))


def write_moves(apps, editor):
    """Write the moves of courses that are older than the table, as far as the rows know them."""
    course_move = apps.get_model("treatments", "CourseMove")
    told = list(course_move.objects.values_list("course", flat=True).distinct())
    for course in apps.get_model("treatments", "Course").objects.exclude(pk__in=told):
        visits = course.visits.filter(voided_at=None).order_by("held_on")
        first = visits.values_list("held_on", flat=True).first()
        moves = [("opened", course.opened_on, course.opened_at, course.opened_by_id, "")]
        if course.state != "planned" and (first or course.state != "stopped"):
            moves.append(
                ("begun", first or course.opened_on, course.opened_at, course.practitioner_id, "")
            )
        if course.state in STATES:
            event = (
                apps.get_model("clinic", "AuditEvent")
                .objects.filter(action=f"course {course.state}", target=f"course {course.pk}")
                .exclude(by=None)
                .order_by("at")
                .last()
            )
            moves.append(
                (
                    course.state,
                    course.state_changed_on or course.opened_on,
                    event.at if event else course.opened_at,
                    event.by_id if event else course.practitioner_id,
                    course.state_reason,
                )
            )
        course_move.objects.bulk_create(
            course_move(
                course=course,
                kind=kind,
                sessions=course.planned_sessions,
                on=on,
                at=at,
                by_id=by,
                reason=reason,
            )
            for kind, on, at, by, reason in moves
        )
    if editor.connection.vendor == "postgresql":
        editor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or no trigger can be made


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0005_decisions"),
        ("treatments", "0003_stock"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="course",
            name="course_interval_in_order",
        ),
        migrations.AddField(
            model_name="course",
            name="interval_min_days",
            field=models.PositiveSmallIntegerField(default=7, verbose_name="at least"),
        ),
        migrations.AlterField(
            model_name="course",
            name="state",
            field=models.CharField(
                choices=[
                    ("planned", "Planned"),
                    ("active", "Active"),
                    ("paused", "Paused"),
                    ("completed", "Completed"),
                    ("stopped", "Stopped"),
                ],
                default="planned",
                max_length=10,
            ),
        ),
        migrations.RunPython(keep_the_earliest_day, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="course",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("interval_days__gte", models.F("interval_min_days")),
                    ("interval_max_days__gte", models.F("interval_days")),
                    ("interval_min_days__gte", 7),
                ),
                name="course_interval_in_order",
                violation_error_message="At least 7 days lie between sessions.",
            ),
        ),
        migrations.RunPython(write_moves, migrations.RunPython.noop),
        append_only("treatments_coursemove"),
    ]
