"""Two photographs of one view: how one lies over the other, who graded them blind, what left the house."""

from __future__ import annotations

from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.roles import Can
from patients.models import Patient
from patients.terms import Purpose
from treatments.models.photo import Photo
from treatments.rules.alignment import Mark
from treatments.terms import ExportKind, Gais

if TYPE_CHECKING:
    from clinic.models import User

# What a pair may be taken out for; the consent to treatment says nothing about pictures.
PURPOSES = [purpose for purpose in Purpose if purpose != Purpose.TREATMENT]


COORDINATES = tuple(
    f"{picture}_{mark}{axis}"
    for picture in ("first", "second")
    for mark in ("a", "b")
    for axis in ("x", "y")
)


def on_or_near(name: str) -> Q:
    """Return that a coordinate lies on the picture, or beside it where it was nudged there."""
    return Q(**{f"{name}__gte": -1, f"{name}__lte": 2})


class PhotoAlignment(models.Model):
    """The same two marks, A and B, on both photographs of a pair; the earlier one is `first`.

    Coordinates are shares of width and height, 0 to 1 from the upper left corner. Numbers only:
    the files stay as they are (`treatments.rules.alignment`).
    """

    first = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="alignments_after")
    second = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="alignments_before")
    first_ax = models.FloatField()
    first_ay = models.FloatField()
    first_bx = models.FloatField()
    first_by = models.FloatField()
    second_ax = models.FloatField()
    second_ay = models.FloatField()
    second_bx = models.FloatField()
    second_by = models.FloatField()
    set_at = models.DateTimeField(default=timezone.now, editable=False)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="pair_aligned_once"),
            models.CheckConstraint(condition=~Q(first=F("second")), name="pair_of_two"),
            models.CheckConstraint(
                condition=reduce(and_, map(on_or_near, COORDINATES)), name="marks_near_the_pictures"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} under {self.second_id}"

    @property
    def on_first(self) -> tuple[Mark, Mark]:
        return (self.first_ax, self.first_ay), (self.first_bx, self.first_by)

    @property
    def on_second(self) -> tuple[Mark, Mark]:
        return (self.second_ax, self.second_ay), (self.second_bx, self.second_by)


class BlindRatingQuerySet(models.QuerySet["BlindRating"]):
    """What was graded blind."""

    def visible_to(self, user: User) -> Self:
        return self if user.can(Can.SEE_PHOTOS) else self.none()

    def standing(self) -> Self:
        """Of pairs that still stand: neither photograph is struck out, nor its visit."""
        return self.filter(
            first__voided_at=None,
            second__voided_at=None,
            first__visit__voided_at=None,
            second__visit__voided_at=None,
        )


class BlindRating(models.Model):
    """One person's grade of a pair, given before the dates were shown.

    `grade` is the later photograph held against the earlier, +3 to -3 as GAIS has it, reckoned from
    the side it was shown on. `guessed_later` is whether the one that was taken for the later is the
    later; None: no guess.
    """

    first = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="ratings_after")
    second = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="ratings_before")
    rater = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    later_was_left = models.BooleanField()
    grade = models.SmallIntegerField()
    guessed_later = models.BooleanField(null=True, blank=True)
    at = models.DateTimeField(default=timezone.now, editable=False)

    objects = BlindRatingQuerySet.as_manager()

    class Meta:
        verbose_name = _("blind rating")
        verbose_name_plural = _("blind ratings")
        constraints = [
            models.UniqueConstraint(
                fields=["first", "second", "rater"],
                name="pair_rated_once_by_each",
                violation_error_message=_("You have graded this pair already."),
            ),
            models.CheckConstraint(condition=~Q(first=F("second")), name="rated_pair_of_two"),
            models.CheckConstraint(
                condition=Q(grade__gte=-3, grade__lte=3), name="blind_grade_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} and {self.second_id}: {self.grade:+d}"

    @property
    def grade_text(self) -> str:
        return str(Gais(self.grade).label)


class PhotoExportQuerySet(models.QuerySet["PhotoExport"]):
    """Pairs that were taken out."""

    def visible_to(self, user: User) -> Self:
        return self if user.can(Can.SEE_PHOTOS) else self.none()

    def whole(self) -> Self:
        """With everything that a line about it says."""
        return self.select_related(
            "first__course__patient",
            "first__visit",
            "second__course__patient",
            "second__visit",
            "made_by",
            "ended_by",
        )

    def of_patient(self, patient: Patient) -> Self:
        return self.whole().filter(first__course__patient=patient).order_by("-made_at", "-pk")

    def running(self) -> Self:
        """Uses that somebody may still have to end; her own copy is none."""
        return self.filter(ended_at=None).exclude(purpose="")


class PhotoExport(models.Model):
    """One pair that was taken out of the house, for which purpose, with which caveats.

    `purpose` is empty where the patient was given her own pair. Once she withdraws the purpose, the
    use has to be ended: `ended_at`, `ended_by` and `ended_how` are filled in then, once.
    """

    first = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="exports_after")
    second = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="exports_before")
    kind = models.CharField(max_length=5, choices=ExportKind)
    purpose = models.CharField(
        _("purpose"),
        max_length=20,
        choices=[(each.value, each.label) for each in PURPOSES],
        blank=True,
    )
    whereto = models.CharField(_("where it goes"), max_length=200)
    verdict = models.CharField(max_length=20)
    caveats = models.JSONField(default=list)  # the sentences as they are printed in it
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    ended_how = models.CharField(_("how it was ended"), max_length=300, blank=True)

    objects = PhotoExportQuerySet.as_manager()

    class Meta:
        verbose_name = _("exported pair")
        verbose_name_plural = _("exported pairs")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=ExportKind.values), name="export_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(purpose__in=["", *PURPOSES]), name="export_purpose_known"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None, ended_how="")
                | (Q(ended_at__isnull=False, ended_by__isnull=False) & ~Q(ended_how="")),
                name="export_ended_at_by_and_how",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} and {self.second_id}, {self.get_kind_display()}"

    def get_absolute_url(self) -> str:
        return reverse("treatments:export-detail", args=[self.pk])

    @property
    def patient(self) -> Patient:
        return self.first.course.patient

    @property
    def patient_code(self) -> str:
        return self.patient.code

    @property
    def asked_for(self) -> Purpose | None:
        """The purpose, None for her own copy."""
        return Purpose(self.purpose) if self.purpose else None

    @property
    def purpose_text(self) -> str:
        return str(self.get_purpose_display() or _("A copy for the patient herself"))
