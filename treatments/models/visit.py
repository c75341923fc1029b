"""The visit: what was done, measured and seen on one day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.roles import Can
from patients.terms import Area
from patients.wording import area_names
from treatments.models.course import Course
from treatments.rules import cadence
from treatments.terms import MeasureKind, ReactionKind, VisitKind

if TYPE_CHECKING:
    from clinic.models import User


SEVERE_GRADE = 3


class VisitQuerySet(models.QuerySet["Visit"]):
    """Visits, by what they count for."""

    def visible_to(self, user: User) -> Self:
        return self if user.can(Can.SEE_CLINICAL) else self.none()

    def standing(self) -> Self:
        """Visits that were not struck out as entered in error."""
        return self.filter(voided_at=None)

    def treatments(self) -> Self:
        return self.standing().filter(kind=VisitKind.TREATMENT).order_by("held_on", "number")

    def for_chart(self) -> Self:
        return self.select_related("practitioner", "course").prefetch_related(
            "visit_areas", "measures", "reactions"
        )


class Visit(models.Model):
    """One visit of a course: baseline, treatment, review or follow-up."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="visits")
    kind = models.CharField(max_length=10, choices=VisitKind)
    number = models.PositiveSmallIntegerField(_("session"), null=True, blank=True)
    held_on = models.DateField(_("date"))
    practitioner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="visits",
        verbose_name=_("practitioner"),
    )
    product = models.CharField(_("product"), max_length=80, blank=True)
    lot = models.CharField(_("lot"), max_length=40, blank=True)
    lot_expires_on = models.DateField(_("expires"), null=True, blank=True)
    volume_ml = models.DecimalField(
        _("given"), max_digits=4, decimal_places=1, null=True, blank=True
    )
    pain = models.PositiveSmallIntegerField(_("pain"), null=True, blank=True)
    # None: not asked. A list of reactions that is empty says nothing by itself.
    is_without_reaction = models.BooleanField(null=True, blank=True)
    note = models.TextField(_("note"), blank=True)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    voided_at = models.DateTimeField(null=True, blank=True, editable=False)
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    void_reason = models.CharField(_("reason"), max_length=300, blank=True)

    objects = VisitQuerySet.as_manager()

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        indexes = [models.Index(fields=["course", "held_on"])]
        constraints = [
            models.UniqueConstraint(
                fields=["course", "number"],
                condition=Q(voided_at=None),
                name="session_number_once_per_course",
                violation_error_message=_("This session is recorded already."),
            ),
            models.UniqueConstraint(
                fields=["course"],
                condition=Q(voided_at=None, kind="baseline"),
                name="one_baseline_per_course",
                violation_error_message=_("The baseline is recorded already."),
            ),
            models.CheckConstraint(
                condition=Q(kind="treatment", number__isnull=False)
                | (~Q(kind="treatment") & Q(number=None)),
                name="only_treatments_are_numbered",
            ),
            models.CheckConstraint(condition=Q(kind__in=VisitKind.values), name="visit_kind_known"),
            models.CheckConstraint(condition=Q(pain=None) | Q(pain__lte=10), name="pain_0_to_10"),
            models.CheckConstraint(
                condition=Q(volume_ml=None) | Q(volume_ml__gt=0, volume_ml__lte=60),
                name="volume_up_to_60_ml",
            ),
            models.CheckConstraint(
                condition=Q(voided_at=None, voided_by=None, void_reason="")
                | (Q(voided_at__isnull=False, voided_by__isnull=False) & ~Q(void_reason="")),
                name="visit_voided_at_by_and_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course}: {self.title} {self.held_on}"

    def get_absolute_url(self) -> str:
        return reverse("treatments:visit-detail", args=[self.pk])

    @property
    def patient_code(self) -> str:
        return self.course.patient_code

    @property
    def title(self) -> str:
        """ "Session 4", or the kind of visit."""
        if self.kind == VisitKind.TREATMENT:
            return gettext("Session %(number)d") % {"number": self.number}
        return self.get_kind_display()

    @property
    def areas(self) -> list[Area]:
        chosen = {row.area for row in self.visit_areas.all()}
        return [area for area in Area if area in chosen]

    @property
    def areas_text(self) -> str:
        return area_names(self.areas)

    @property
    def as_held(self) -> cadence.Held:
        return cadence.Held(self.number or 0, self.held_on, self.get_absolute_url())


class VisitArea(models.Model):
    """One area that was treated."""

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="visit_areas")
    area = models.CharField(_("area"), max_length=24, choices=Area)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["visit", "area"], name="area_once_per_visit"),
            models.CheckConstraint(condition=Q(area__in=Area.values), name="visit_area_known"),
        ]

    def __str__(self) -> str:
        return f"{self.visit}: {self.get_area_display()}"


class Measure(models.Model):
    """One number of one visit, in the unit of its kind: cm, or kg for the weight."""

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="measures")
    kind = models.CharField(max_length=12, choices=MeasureKind)
    value = models.DecimalField(max_digits=4, decimal_places=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["visit", "kind"], name="measure_once_per_visit"),
            models.CheckConstraint(
                condition=Q(kind__in=MeasureKind.values, value__gte=30, value__lte=250),
                name="measure_possible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.value}"


class Reaction(models.Model):
    """One reaction, graded 1 to 5 (CTCAE general grades), on the visit where it was recorded."""

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="reactions")
    kind = models.CharField(max_length=12, choices=ReactionKind)
    grade = models.PositiveSmallIntegerField(_("severity"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["visit", "kind"], name="reaction_once_per_visit"),
            models.CheckConstraint(
                condition=Q(grade__gte=1, grade__lte=5), name="reaction_grade_1_to_5"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=ReactionKind.values), name="reaction_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return gettext("%(reaction)s, grade %(grade)d") % {
            "reaction": self.get_kind_display(),
            "grade": self.grade,
        }

    @property
    def is_severe(self) -> bool:
        """Whether the course should stop or pause for it (domain.md 4.7)."""
        return self.grade >= SEVERE_GRADE or self.kind == ReactionKind.ALLERGY
