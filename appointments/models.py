"""Rooms, and the appointments made in them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments.rules.slots import Slot
from appointments.rules.states import is_late_cancel
from appointments.terms import LIVE, OPEN, Kind, Status
from clinic.roles import Can
from patients.models import Patient
from treatments.models import Course, Visit
from treatments.rules import cadence

if TYPE_CHECKING:
    from clinic.models import User


class RoomQuerySet(models.QuerySet["Room"]):
    """Rooms, by whether they are in use."""

    def active(self) -> Self:
        return self.filter(is_active=True)


class Room(models.Model):
    """One room in which one patient is treated at a time."""

    name = models.CharField(
        _("name"),
        max_length=40,
        unique=True,
        error_messages={"unique": _("There is a room of this name.")},
    )
    is_active = models.BooleanField(_("in use"), default=True)

    objects = RoomQuerySet.as_manager()

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")

    def __str__(self) -> str:
        return self.name


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    """Appointments, by what became of them and when they are."""

    def visible_to(self, user: User) -> Self:
        return self if user.can(Can.SEE_SCHEDULE) else self.none()

    def live(self) -> Self:
        """Those that occupy their time: booked, arrived, done."""
        return self.filter(status__in=LIVE)

    def not_done(self) -> Self:
        return self.exclude(status=Status.DONE)

    def on_day(self, day: date) -> Self:
        """Those that start on a day of the clinic's clock."""
        start, end = (
            timezone.make_aware(datetime.combine(day + timedelta(days), time.min))
            for days in (0, 1)
        )
        return self.filter(starts_at__gte=start, starts_at__lt=end)

    def coming(self, now: datetime) -> Self:
        """Open appointments of the day of `now` and later ones."""
        today = timezone.localtime(now).replace(
            hour=0, minute=0, second=0, microsecond=0, tzinfo=None
        )
        return self.filter(status__in=OPEN, starts_at__gte=timezone.make_aware(today))

    def for_day(self) -> Self:
        """With the people, the room and the course that a diary or a page names."""
        return self.select_related("patient", "practitioner", "room", "course")


class Appointment(models.Model):
    """One promise of time: a practitioner and a room for a patient, and what became of it."""

    # The indexes below begin with these four, so none of them needs one of its own.
    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, related_name="appointments", db_index=False
    )
    course = models.ForeignKey(
        Course,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="appointments",
        verbose_name=_("course"),
        db_index=False,
    )
    practitioner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="appointments",
        verbose_name=_("practitioner"),
        db_index=False,
    )
    room = models.ForeignKey(
        Room,
        on_delete=models.PROTECT,
        related_name="appointments",
        verbose_name=_("room"),
        db_index=False,
    )
    kind = models.CharField(_("for"), max_length=10, choices=Kind)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))
    status = models.CharField(max_length=10, choices=Status, default=Status.BOOKED)
    version = models.PositiveIntegerField(default=1, editable=False)
    booked_at = models.DateTimeField(default=timezone.now, editable=False)
    booked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    arrived_at = models.DateTimeField(null=True, blank=True, editable=False)
    cancelled_at = models.DateTimeField(null=True, blank=True, editable=False)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    cancel_reason = models.CharField(_("reason"), max_length=300, blank=True)
    # The clinical fact that fulfilled the promise, once it is recorded.
    visit = models.OneToOneField(
        Visit, null=True, blank=True, on_delete=models.PROTECT, related_name="appointment"
    )

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        indexes = [
            models.Index(fields=["starts_at"]),
            models.Index(fields=["practitioner", "starts_at"]),
            models.Index(fields=["room", "starts_at"]),
            models.Index(fields=["patient", "starts_at"]),
            models.Index(fields=["course", "starts_at"]),
        ]
        # No overlap of a practitioner, a room or a patient: see `appointments.overlap`.
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="appointment_ends_after_it_starts",
                violation_error_message=_("The end must be later than the start."),
            ),
            models.CheckConstraint(
                condition=Q(kind__in=Kind.values), name="appointment_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="appointment_status_known"
            ),
            models.CheckConstraint(
                condition=(
                    Q(status="cancelled", cancelled_at__isnull=False, cancelled_by__isnull=False)
                    & ~Q(cancel_reason="")
                )
                | (
                    ~Q(status="cancelled")
                    & Q(cancelled_at=None, cancelled_by=None, cancel_reason="")
                ),
                name="appointment_cancelled_at_by_and_why",
            ),
            models.CheckConstraint(
                condition=~Q(status="arrived") | Q(arrived_at__isnull=False),
                name="appointment_arrived_at",
            ),
            models.CheckConstraint(
                condition=Q(visit=None) | Q(status="done"), name="appointment_with_visit_is_done"
            ),
            models.CheckConstraint(
                condition=~Q(kind="session") | Q(course__isnull=False),
                name="appointment_session_has_course",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {timezone.localtime(self.starts_at):%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("appointments:appointment-detail", args=[self.pk])

    @property
    def patient_code(self) -> str:
        return self.patient.code

    @property
    def slot(self) -> Slot:
        return Slot(self.starts_at, self.ends_at)

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds() // 60)

    @property
    def starts_on(self) -> date:
        """The day by the clinic's clock."""
        return timezone.localtime(self.starts_at).date()

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def is_coming(self) -> bool:
        return self.is_open and self.starts_on >= timezone.localdate()

    @property
    def is_late_cancel(self) -> bool:
        """Cancelled less than 24 hours before."""
        return self.cancelled_at is not None and is_late_cancel(self.starts_at, self.cancelled_at)

    @property
    def is_missed(self) -> bool:
        """A no-show or a late cancellation."""
        return self.status == Status.NO_SHOW or self.is_late_cancel

    @property
    def as_promise(self) -> cadence.Promise:
        """What the cadence needs to know."""
        local = timezone.localtime(self.starts_at)
        status = cadence.PromiseStatus.MISSED if self.is_missed else PROMISED[Status(self.status)]
        kind = PROMISED_KINDS.get(Kind(self.kind), cadence.PromiseKind.OTHER)
        return cadence.Promise(local.date(), local.time(), status, kind, self.get_absolute_url())


PROMISED = {
    Status.BOOKED: cadence.PromiseStatus.BOOKED,
    Status.ARRIVED: cadence.PromiseStatus.ARRIVED,
    Status.DONE: cadence.PromiseStatus.DONE,
    Status.CANCELLED: cadence.PromiseStatus.CANCELLED,
}
PROMISED_KINDS = {
    Kind.SESSION: cadence.PromiseKind.SESSION,
    Kind.FOLLOW_UP: cadence.PromiseKind.FOLLOW_UP,
}
