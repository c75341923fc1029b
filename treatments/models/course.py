"""The course: a plan of 10 to 15 sessions for some areas of one patient."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.roles import Can
from patients.models import Patient, Screening
from patients.terms import Area
from patients.wording import area_names
from treatments.rules import cadence
from treatments.terms import VisitKind

if TYPE_CHECKING:
    from clinic.models import User
    from treatments.models.visit import Visit


class CourseState(models.TextChoices):
    """Where a course stands. Only an active one falls due."""

    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    COMPLETED = "completed", _("Completed")
    STOPPED = "stopped", _("Stopped")


OPEN = (CourseState.ACTIVE, CourseState.PAUSED)


class CourseQuerySet(models.QuerySet["Course"]):
    """Courses, by where they stand."""

    def visible_to(self, user: User) -> Self:
        # How many of how many is the desk's business too; what was done is not on this row.
        return self if user.can(Can.SEE_PATIENTS) else self.none()

    def open(self) -> Self:
        return self.filter(state__in=OPEN)

    def active(self) -> Self:
        return self.filter(state=CourseState.ACTIVE)

    def paused(self) -> Self:
        return self.filter(state=CourseState.PAUSED)

    def overdue(self, today: date) -> Self:
        """Active courses whose last day for the next session has passed, booked or not."""
        return self.active().filter(due_by__lt=today)

    def with_sessions(self) -> Self:
        """What a strip needs: patient, practitioner, areas and visits."""
        return self.select_related("patient", "practitioner").prefetch_related(
            "course_areas", "visits"
        )


class Course(models.Model):
    """One plan: so many sessions, at such an interval, for these areas. It photographs the
    protocol it was opened with, so that editing a protocol never rewrites a running course."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="courses")
    screening = models.ForeignKey(Screening, on_delete=models.PROTECT, related_name="courses")
    practitioner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="courses",
        verbose_name=_("practitioner"),
    )
    planned_sessions = models.PositiveSmallIntegerField(_("sessions"))
    interval_days = models.PositiveSmallIntegerField(_("days between sessions"), default=7)
    interval_max_days = models.PositiveSmallIntegerField(_("at most"), default=21)
    state = models.CharField(max_length=10, choices=CourseState, default=CourseState.ACTIVE)
    state_changed_on = models.DateField(null=True, blank=True)
    state_reason = models.CharField(_("reason"), max_length=300, blank=True)
    opened_on = models.DateField(default=timezone.localdate)
    opened_at = models.DateTimeField(default=timezone.now, editable=False)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    # The one stored projection: what `cadence.window` answers, so that worklists are index scans.
    # Its writer is `treatments.actions.courses.project_due`, its checker `check_projections`.
    due_from = models.DateField(null=True, editable=False)
    due_by = models.DateField(null=True, editable=False)

    objects = CourseQuerySet.as_manager()

    class Meta:
        verbose_name = _("course")
        verbose_name_plural = _("courses")
        indexes = [
            models.Index(
                fields=["due_by"], condition=Q(state="active"), name="course_active_due_by"
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(planned_sessions__gte=10, planned_sessions__lte=15),
                name="course_10_to_15_sessions",
                violation_error_message=_("A course has 10 to 15 sessions."),
            ),
            models.CheckConstraint(
                condition=Q(interval_days__gte=7, interval_max_days__gte=F("interval_days")),
                name="course_interval_in_order",
                violation_error_message=_("At least 7 days lie between sessions."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=CourseState.values), name="course_state_known"
            ),
            models.CheckConstraint(
                condition=Q(due_from=None, due_by=None)
                | Q(due_from__isnull=False, due_by__isnull=False, due_by__gte=F("due_from")),
                name="course_due_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient_code} {self.planned_sessions} sessions"

    def get_absolute_url(self) -> str:
        return reverse("desk:chart", args=[self.patient_code])

    @property
    def patient_code(self) -> str:
        return self.patient.code

    @property
    def areas(self) -> list[Area]:
        """The areas under treatment, in the order of the body map."""
        chosen = {row.area for row in self.course_areas.all()}
        return [area for area in Area if area in chosen]

    @property
    def areas_text(self) -> str:
        return area_names(self.areas)

    def held(self, kind: VisitKind) -> list[Visit]:
        """Return the standing visits of one kind in their order, from the prefetched rows."""
        rows = [visit for visit in self.visits.all() if visit.kind == kind and not visit.voided_at]
        return sorted(rows, key=lambda visit: (visit.held_on, visit.number or 0, visit.pk))

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_active(self) -> bool:
        return self.state == CourseState.ACTIVE

    @property
    def facts(self) -> cadence.CourseFacts:
        """What the cadence needs to know."""
        return cadence.CourseFacts(
            planned_sessions=self.planned_sessions,
            opened_on=self.opened_on,
            interval_days=self.interval_days,
            interval_max_days=self.interval_max_days,
            state=cadence.CourseState(self.state),
            changed_on=self.state_changed_on,
            reason=self.state_reason,
        )


class CourseArea(models.Model):
    """One area of one course. `is_open` follows the course, so that the database can refuse a
    second open course for the same area."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="course_areas")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    area = models.CharField(_("area"), max_length=24, choices=Area)
    is_open = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["course", "area"], name="area_once_per_course"),
            models.UniqueConstraint(
                fields=["patient", "area"],
                condition=Q(is_open=True),
                name="one_open_course_per_area",
                violation_error_message=_("A course for this area is open already."),
            ),
            models.CheckConstraint(condition=Q(area__in=Area.values), name="course_area_known"),
        ]

    def __str__(self) -> str:
        return f"{self.course}: {self.get_area_display()}"
