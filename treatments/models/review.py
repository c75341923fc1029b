"""What a review gate finds: the clinician's scores and the patient's own opinion, per area."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.terms import Area
from treatments.models.visit import Visit
from treatments.terms import OpinionMethod


def between(name: str, low: int, high: int) -> Q:
    """Return that a score was not given, or lies in its range."""
    return Q(**{name: None}) | Q(**{f"{name}__gte": low, f"{name}__lte": high})


class AreaScore(models.Model):
    """The clinician's scores of one area on one visit, on the scales of domain.md section 1.

    Four observations, from which the stage (CSS item e) is derived; CSS items a to d, 0 to 3;
    CR-PCSS 0 to 4; GAIS -3 to +3, never at the baseline. None: not scored.
    """

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="scores")
    area = models.CharField(_("area"), max_length=24, choices=Area)
    visible_lying = models.BooleanField(null=True, blank=True)
    visible_standing = models.BooleanField(null=True, blank=True)
    visible_contracted = models.BooleanField(null=True, blank=True)
    raised_or_nodules = models.BooleanField(null=True, blank=True)
    css_a = models.PositiveSmallIntegerField(null=True, blank=True)
    css_b = models.PositiveSmallIntegerField(null=True, blank=True)
    css_c = models.PositiveSmallIntegerField(null=True, blank=True)
    css_d = models.PositiveSmallIntegerField(null=True, blank=True)
    cr_pcss = models.PositiveSmallIntegerField(null=True, blank=True)
    gais = models.SmallIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = _("score")
        verbose_name_plural = _("scores")
        constraints = [
            models.UniqueConstraint(fields=["visit", "area"], name="score_once_per_visit_and_area"),
            models.CheckConstraint(condition=Q(area__in=Area.values), name="score_area_known"),
            models.CheckConstraint(
                condition=between("css_a", 0, 3)
                & between("css_b", 0, 3)
                & between("css_c", 0, 3)
                & between("css_d", 0, 3)
                & between("cr_pcss", 0, 4)
                & between("gais", -3, 3),
                name="scores_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.visit}: {self.get_area_display()}"


class PatientOpinion(models.Model):
    """What the patient thinks, asked before she sees the clinician's scores; or why not asked."""

    visit = models.OneToOneField(Visit, on_delete=models.PROTECT, related_name="opinion")
    method = models.CharField(_("judged with"), max_length=6, choices=OpinionMethod, blank=True)
    satisfaction = models.PositiveSmallIntegerField(
        _("satisfaction with her legs, 0 to 10"), null=True, blank=True
    )
    not_asked_reason = models.CharField(_("why not asked"), max_length=300, blank=True)
    given_at = models.DateTimeField(default=timezone.now, editable=False)
    # Who handed the tablet over.
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("patient's opinion")
        verbose_name_plural = _("patients' opinions")
        constraints = [
            models.CheckConstraint(
                condition=between("satisfaction", 0, 10), name="satisfaction_0_to_10"
            ),
            models.CheckConstraint(
                condition=(Q(method__in=OpinionMethod.values) & Q(not_asked_reason=""))
                | (Q(method="", satisfaction=None) & ~Q(not_asked_reason="")),
                name="opinion_given_or_why_not",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.visit}: opinion"


class AreaOpinion(models.Model):
    """The patient's own grade of one area: PR-PCSS 0 to 4, GAIS -3 to +3 against the start."""

    opinion = models.ForeignKey(PatientOpinion, on_delete=models.PROTECT, related_name="areas")
    area = models.CharField(_("area"), max_length=24, choices=Area)
    pr_pcss = models.PositiveSmallIntegerField(null=True, blank=True)
    gais = models.SmallIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["opinion", "area"], name="opinion_once_per_area"),
            models.CheckConstraint(condition=Q(area__in=Area.values), name="opinion_area_known"),
            models.CheckConstraint(
                condition=between("pr_pcss", 0, 4) & between("gais", -3, 3),
                name="opinions_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.opinion}: {self.get_area_display()}"
