"""Consents: the texts by version, what happened to each, and what was signed together.

All three are append-only, by database trigger: a new answer is a new row.
"""

from __future__ import annotations

import uuid
from datetime import date
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.roles import Can
from patients.models.patient import Patient
from patients.rules.consent import Event
from patients.terms import MARKETING, ConsentKind, Purpose

if TYPE_CHECKING:
    from clinic.models import User

SIGNED = (ConsentKind.YES, ConsentKind.NO)


class ConsentTextQuerySet(models.QuerySet["ConsentText"]):
    """Texts, by when they hold."""

    def visible_to(self, user: User) -> Self:
        return self if user.can(Can.SEE_CLINICAL) else self.none()

    def in_force(self, on: date) -> dict[Purpose, ConsentText]:
        """The text of each purpose that is shown to sign on that day."""
        begun = self.filter(effective_from__lte=on).order_by("version")
        return {Purpose(text.purpose): text for text in begun}


class ConsentText(models.Model):
    """One version of what is read before an answer. Written once; a change is the next version."""

    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose)
    version = models.PositiveIntegerField(_("version"), validators=[MinValueValidator(1)])
    title = models.CharField(_("title"), max_length=120)
    body = models.TextField(_("text"))
    effective_from = models.DateField(_("holds from"), default=timezone.localdate)
    written_at = models.DateTimeField(default=timezone.now, editable=False)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = ConsentTextQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent text")
        verbose_name_plural = _("consent texts")
        constraints = [
            models.UniqueConstraint(fields=["purpose", "version"], name="consent_version_once"),
            models.CheckConstraint(
                condition=Q(purpose__in=Purpose.values), name="consent_text_purpose_known"
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="consent_version_from_1"),
            models.CheckConstraint(
                condition=~Q(title="") & ~Q(body=""), name="consent_text_not_empty"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} v{self.version}"

    @property
    def is_draft(self) -> bool:
        """Whether it came with the product, and nobody of the clinic has put a name to it."""
        return self.written_by_id is None


class ConsentRecordQuerySet(models.QuerySet["ConsentRecord"]):
    """What was signed together."""

    def visible_to(self, user: User) -> Self:
        return self if user.can(Can.SEE_CLINICAL) else self.none()


class ConsentRecord(models.Model):
    """One signature under one or more answers, with the PDF of what was signed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="consent_records")
    signed_at = models.DateTimeField(default=timezone.now, editable=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    # Strokes of normalised points, kept as drawn. Never queried.
    strokes = models.JSONField(null=True, editable=False)
    typed_name = models.CharField(max_length=200, blank=True)
    had_time_to_read = models.BooleanField(_("had time to read"))
    was_handed_over = models.BooleanField(_("signed alone with the tablet"), default=False)
    interpreter = models.CharField(_("interpreter"), max_length=120, blank=True)
    sha256 = models.CharField(_("fingerprint of the PDF"), max_length=64)

    objects = ConsentRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("signed consent")
        verbose_name_plural = _("signed consents")
        constraints = [
            models.CheckConstraint(
                condition=Q(strokes__isnull=False, typed_name="")
                | Q(strokes__isnull=True) & ~Q(typed_name=""),
                name="consent_drawn_or_typed",
            ),
            models.CheckConstraint(
                condition=Q(sha256__regex="^[0-9a-f]{64}$"), name="consent_has_its_pdf"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient.code} {self.signed_at:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        return reverse("patients:consent-pdf", args=[self.pk])

    @property
    def patient_code(self) -> str:
        return self.patient.code

    @property
    def file_name(self) -> str:
        """Where the private storage keeps the PDF: opaque, without name or date."""
        return f"{self.pk.hex[:2]}/{self.pk}.pdf"


class ConsentEventQuerySet(models.QuerySet["ConsentEvent"]):
    """What happened, in order."""

    def visible_to(self, user: User) -> Self:
        return self if user.can(Can.SEE_CLINICAL) else self.none()

    def of_patient(self, patient: Patient) -> Self:
        return self.filter(patient=patient).select_related("text").order_by("at", "pk")

    def facts(self) -> list[Event]:
        """Return them as the rules read them."""
        return [row.fact for row in self]


class ConsentEvent(models.Model):
    """One thing that happened to one consent of one patient."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="consent_events")
    # The purpose of `text`, repeated so that the constraints below can read it.
    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose)
    text = models.ForeignKey(ConsentText, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=12, choices=ConsentKind)
    at = models.DateTimeField(default=timezone.now, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    valid_until = models.DateField(_("holds until"), null=True, blank=True)
    record = models.ForeignKey(
        ConsentRecord, null=True, blank=True, on_delete=models.PROTECT, related_name="answers"
    )
    reason = models.TextField(_("reason"), blank=True)

    objects = ConsentEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent event")
        verbose_name_plural = _("consent events")
        indexes = [models.Index(fields=["patient", "purpose", "at"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(purpose__in=Purpose.values, kind__in=ConsentKind.values),
                name="consent_event_known",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=SIGNED, record__isnull=False)
                | ~Q(kind__in=SIGNED) & Q(record__isnull=True),
                name="consent_answer_is_signed",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(kind=ConsentKind.YES),
                name="consent_only_a_yes_ends",
            ),
            models.CheckConstraint(
                condition=~Q(kind=ConsentKind.YES, purpose__in=[*MARKETING, Purpose.TREATMENT])
                | Q(valid_until__isnull=False),
                name="consent_marketing_and_treatment_end",
            ),
            models.CheckConstraint(
                condition=Q(reason="") | Q(kind=ConsentKind.WITHDRAWN),
                name="consent_reason_of_withdrawal",
            ),
            models.UniqueConstraint(
                fields=["record", "purpose"],
                condition=Q(record__isnull=False),
                name="consent_purpose_once_per_signature",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.text}: {self.get_kind_display()}"

    @property
    def fact(self) -> Event:
        """The event as the rules read it."""
        return Event(
            Purpose(self.purpose),
            ConsentKind(self.kind),
            self.at,
            self.text.version,
            self.valid_until,
        )


def document_storage() -> Storage:
    """Return the private storage of signed documents; it has no public address."""
    return storages["documents"]
