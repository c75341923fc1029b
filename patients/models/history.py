"""The history: what a screening learnt of the patient's past (domain notes, section 3).

Family, pregnancies and everyday life explain and warn, and decide nothing; liposuction and weight
stand in for the same answers of the exam. Every answer may be missing, and "none" is an answer of
its own: a list has a question that says whether it was asked.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from patients.models.screening import Screening
from patients.terms import (
    Answer,
    Area,
    ConditionKind,
    ConditionState,
    Menopause,
    OnsetSpeed,
    ProcedureKind,
)


def said(label: Any) -> models.CharField[str, str]:
    """Return a yes / no / not known field; empty means not asked."""
    return models.CharField(label, max_length=8, choices=Answer, blank=True)


def amount(label: Any) -> models.PositiveSmallIntegerField[int | None, int | None]:
    """Return a whole number; None means not asked."""
    return models.PositiveSmallIntegerField(label, null=True, blank=True)


def weight(label: Any) -> models.DecimalField[Any, Any]:
    """Return a weight in kg; None means not asked."""
    return models.DecimalField(label, max_digits=4, decimal_places=1, null=True, blank=True)


def month(label: Any) -> models.DateField[Any, Any]:
    """Return a day that is often known to the month only; None means not known."""
    return models.DateField(label, null=True, blank=True)


class History(models.Model):
    """The history as it was told at one screening, last confirmed by `asked_by`."""

    screening = models.OneToOneField(
        Screening, on_delete=models.PROTECT, related_name="history", primary_key=True
    )
    mother_cellulite = said(_("Mother"))
    sister_cellulite = said(_("Sister"))
    grandmother_cellulite = said(_("Grandmother"))

    noticed_age = amount(_("Age when noticed"))
    onset_speed = models.CharField(_("How it came"), max_length=8, choices=OnsetSpeed, blank=True)
    # A set of codes, read as a whole and never searched.
    worse_with = models.JSONField(_("Worse with"), null=True, blank=True)

    births = amount(_("Births"))
    last_birth_on = month(_("Last birth"))
    takes_hormones = said(_("Contraceptive, hormone replacement or other hormones"))
    hormones = models.CharField(_("Which"), max_length=200, blank=True)
    menopause = models.CharField(_("Menopause"), max_length=8, choices=Menopause, blank=True)
    last_period_on = models.DateField(_("Last period"), null=True, blank=True)

    has_smoked = said(_("Smoked before"))
    cigarettes_a_day = amount(_("Cigarettes a day"))
    alcohol_units = amount(_("Alcohol, units a week"))
    diet_rating = amount(_("Her or his own rating of the diet"))
    sitting_hours = amount(_("Sitting, hours a day"))
    exercise_minutes = amount(_("Exercise, minutes a week"))

    heavy_legs = said(_("Heavy legs"))
    evening_swelling = said(_("Ankles swell in the evening"))
    varicose_veins = said(_("Varicose veins"))
    lymph_node_surgery = said(_("Surgery on lymph nodes"))
    lymph_node_surgery_on = month(_("When"))
    radiotherapy = said(_("Radiotherapy"))
    radiotherapy_on = month(_("When"))

    highest_weight_kg = weight(_("Highest weight as an adult"))
    weight_year_ago_kg = weight(_("Weight a year ago"))
    intentional_loss_kg = weight(_("Lost on purpose"))
    bariatric_surgery = said(_("Bariatric surgery"))
    bariatric_on = month(_("When"))
    weight_stable_3_months = said(_("Weight steady for three months"))

    has_procedures = said(_("Liposuction or another procedure, ever"))
    has_conditions = said(_("Long infections, autoimmune or other illness"))
    has_medicines = said(_("Medicines or supplements"))
    medicines = models.TextField(_("Which, and since when"), max_length=1000, blank=True)
    had_mesotherapy = said(_("Mesotherapy before"))

    version = models.PositiveIntegerField(default=1, editable=False)
    asked_on = models.DateField(editable=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )

    class Meta:
        verbose_name = _("history")
        verbose_name_plural = _("histories")
        constraints = [
            models.CheckConstraint(
                condition=Q(diet_rating=None) | Q(diet_rating__lte=10), name="diet_rating_0_to_10"
            ),
            models.CheckConstraint(
                condition=Q(sitting_hours=None) | Q(sitting_hours__lte=24),
                name="sitting_hours_of_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.screening}: history"


class HistoryLine(models.Model):
    """One line of one of the lists of a history, in the order in which it was written."""

    position = models.PositiveSmallIntegerField()

    class Meta:
        abstract = True
        ordering = ["position"]


class Procedure(HistoryLine):
    """One procedure or injury: what, where and when."""

    screening = models.ForeignKey(Screening, on_delete=models.PROTECT, related_name="procedures")
    kind = models.CharField(_("What"), max_length=16, choices=ProcedureKind)
    area = models.CharField(_("Where"), max_length=24, choices=Area, blank=True)
    done_on = month(_("When"))
    times = amount(_("How often"))
    details = models.CharField(
        _("Volume or product, clinic, complications"), max_length=300, blank=True
    )

    class Meta(HistoryLine.Meta):
        constraints = [
            models.UniqueConstraint(fields=["screening", "position"], name="procedure_position"),
            models.CheckConstraint(
                condition=Q(kind__in=ProcedureKind.values), name="procedure_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(area="") | Q(area__in=Area.values), name="procedure_area_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.screening}: {self.kind} {self.area}"


class Condition(HistoryLine):
    """One illness: an infection, an autoimmune disease or another."""

    screening = models.ForeignKey(Screening, on_delete=models.PROTECT, related_name="conditions")
    kind = models.CharField(_("Kind"), max_length=12, choices=ConditionKind)
    name = models.CharField(_("Which"), max_length=120)
    state = models.CharField(_("Now"), max_length=8, choices=ConditionState, blank=True)
    medicine = models.CharField(_("Medicine"), max_length=120, blank=True)
    last_flare_on = month(_("Last active"))

    class Meta(HistoryLine.Meta):
        constraints = [
            models.UniqueConstraint(fields=["screening", "position"], name="condition_position"),
            models.CheckConstraint(
                condition=Q(kind__in=ConditionKind.values), name="condition_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.screening}: {self.name}"


class EarlierMesotherapy(HistoryLine):
    """One earlier course of mesotherapy, wherever it was."""

    screening = models.ForeignKey(
        Screening, on_delete=models.PROTECT, related_name="earlier_mesotherapy"
    )
    done_on = month(_("When"))
    agents = models.CharField(_("Agents"), max_length=200, blank=True)
    result = models.CharField(_("Result"), max_length=200, blank=True)
    reaction = models.CharField(_("Reaction"), max_length=200, blank=True)

    class Meta(HistoryLine.Meta):
        verbose_name_plural = _("earlier mesotherapy")
        constraints = [
            models.UniqueConstraint(fields=["screening", "position"], name="mesotherapy_position"),
        ]

    def __str__(self) -> str:
        return f"{self.screening}: {self.agents}"
