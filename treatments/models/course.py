"""The course: a plan of 10 to 15 sessions for some areas of one patient."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Self

from django.apps import apps
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
from treatments.models.protocol import ProtocolVersion
from treatments.rules import cadence
from treatments.rules.cadence import FALLING_DUE
from treatments.rules.lifecycle import MOST_EXTENDED, OPEN
from treatments.terms import STANDARD_VIEWS, CourseState, MoveKind, View, VisitKind

if TYPE_CHECKING:
    from clinic.models import User
    from treatments.models.visit import Visit


class CourseQuerySet(models.QuerySet["Course"]):
    """Courses, by where they stand."""

    def visible_to(self, user: User) -> Self:
        # How many of how many is the desk's business too; what was done is not on this row.
        return self if user.can(Can.SEE_PATIENTS) else self.none()

    def open(self) -> Self:
        return self.filter(state__in=OPEN)

    def active(self) -> Self:
        return self.filter(state=CourseState.ACTIVE)

    def falling_due(self) -> Self:
        return self.filter(state__in=FALLING_DUE)

    def paused(self) -> Self:
        return self.filter(state=CourseState.PAUSED)

    def overdue(self, today: date) -> Self:
        """Courses whose last day for the next session has passed, booked or not."""
        return self.falling_due().filter(due_by__lt=today)

    def with_sessions(self) -> Self:
        """What a strip needs: patient, practitioner, protocol, areas, visits and misses."""
        visits = apps.get_model("treatments", "Visit")._default_manager.all()
        return self.select_related(
            "patient", "practitioner", "protocol__protocol"
        ).prefetch_related(
            "course_areas",
            models.Prefetch("visits", visits.with_floor()),
            "missed",
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
    interval_min_days = models.PositiveSmallIntegerField(_("at least"), default=7)
    interval_days = models.PositiveSmallIntegerField(_("days between sessions"), default=7)
    interval_max_days = models.PositiveSmallIntegerField(_("at most"), default=21)
    # What it was opened with; the version is final, so this is the course's photograph of it.
    protocol = models.ForeignKey(
        ProtocolVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="courses"
    )
    # The review after which the plan went beyond 15 sessions.
    extended_after = models.ForeignKey(
        "treatments.Visit", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    missed_counts = models.BooleanField(_("a missed session counts"), default=False)
    # Sessions held elsewhere or on paper, before the course was entered here: they have no record,
    # but the numbers and dates go on from them.
    earlier_sessions = models.PositiveSmallIntegerField(_("sessions already held"), default=0)
    earlier_from = models.DateField(_("the first of them"), null=True, blank=True)
    earlier_until = models.DateField(_("the last of them"), null=True, blank=True)
    earlier_where = models.CharField(_("where"), max_length=120, blank=True)
    state = models.CharField(max_length=10, choices=CourseState, default=CourseState.PLANNED)
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
                fields=["due_by"],
                condition=Q(state__in=["planned", "active"]),
                name="course_falling_due_by",
            )
        ]
        constraints = [
            models.CheckConstraint(
                # More than 15 only by an extension, which asks for a new consent and a review.
                condition=Q(planned_sessions__gte=10, planned_sessions__lte=15)
                | Q(
                    planned_sessions__gt=15,
                    planned_sessions__lte=MOST_EXTENDED,
                    extended_after__isnull=False,
                ),
                name="course_10_to_15_sessions",
                violation_error_message=_("A course has 10 to 15 sessions."),
            ),
            models.CheckConstraint(
                condition=Q(
                    earlier_sessions=0, earlier_from=None, earlier_until=None, earlier_where=""
                )
                | Q(
                    earlier_sessions__gte=1,
                    earlier_sessions__lt=F("planned_sessions"),
                    earlier_from__isnull=False,
                    earlier_until__gte=F("earlier_from"),
                    earlier_until__lte=F("opened_on"),
                ),
                name="course_earlier_sessions_dated",
            ),
            models.CheckConstraint(
                condition=Q(
                    interval_min_days__gte=7,
                    interval_days__gte=F("interval_min_days"),
                    interval_max_days__gte=F("interval_days"),
                ),
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
    def views(self) -> list[View]:
        """The views that its photographs are due in, in the order in which they are taken."""
        wanted = self.protocol.views if self.protocol else STANDARD_VIEWS
        return [view for view in View if view in wanted or view in STANDARD_VIEWS]

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
    def sessions(self) -> list[cadence.Held]:
        """The sessions recorded here as the cadence reads them, from the prefetched rows."""
        return [visit.as_held for visit in self.held(VisitKind.TREATMENT)]

    @property
    def falls_due(self) -> bool:
        return self.state in FALLING_DUE

    @property
    def missed_that_count(self) -> int:
        if not self.missed_counts:
            return 0
        return sum(missed.taken_back_at is None for missed in self.missed.all())

    @property
    def earlier(self) -> cadence.Earlier | None:
        """The sessions held elsewhere before."""
        if not self.earlier_from or not self.earlier_until:
            return None
        return cadence.Earlier(self.earlier_sessions, self.earlier_from, self.earlier_until)

    @property
    def facts(self) -> cadence.CourseFacts:
        """What the cadence needs to know."""
        return cadence.CourseFacts(
            planned_sessions=self.planned_sessions,
            opened_on=self.opened_on,
            interval_min_days=self.interval_min_days,
            interval_days=self.interval_days,
            interval_max_days=self.interval_max_days,
            state=CourseState(self.state),
            changed_on=self.state_changed_on,
            reason=self.state_reason,
            earlier=self.earlier,
            missed=self.missed_that_count,
            areas={row.area: row.planned_sessions for row in self.course_areas.all()},
            review_after=frozenset(self.protocol.review_after)
            if self.protocol
            else cadence.REVIEW_AFTER,
        )


class CourseArea(models.Model):
    """One area of one course. `is_open` follows the course, so that the database can refuse a
    second open course for the same area."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="course_areas")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    area = models.CharField(_("area"), max_length=24, choices=Area)
    is_open = models.BooleanField(default=True)
    # How many sessions for this area, where that differs from the course.
    planned_sessions = models.PositiveSmallIntegerField(_("sessions"), null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["course", "area"], name="area_once_per_course"),
            models.CheckConstraint(
                condition=Q(planned_sessions=None)
                | Q(planned_sessions__gte=1, planned_sessions__lte=MOST_EXTENDED),
                name="area_sessions_believable",
            ),
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


class CourseMove(models.Model):
    """One change of a course: who, when, why, and the plan before and after. Append-only."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="moves")
    kind = models.CharField(max_length=12, choices=MoveKind)
    sessions = models.PositiveSmallIntegerField()  # planned after the move
    on = models.DateField()
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    at = models.DateTimeField(default=timezone.now, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=MoveKind.values), name="move_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.course}: {self.get_kind_display()}"


class MissedSession(models.Model):
    """A session that somebody did not come to, as the diary reported it.

    `promise` is the key of the appointment, which lives on a higher floor. Taken back when the
    diary takes its entry back.
    """

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="missed")
    promise = models.PositiveBigIntegerField()
    missed_on = models.DateField()
    noted_at = models.DateTimeField(default=timezone.now, editable=False)
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    taken_back_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["missed_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["promise"], condition=Q(taken_back_at=None), name="promise_missed_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course}: {self.missed_on}"
