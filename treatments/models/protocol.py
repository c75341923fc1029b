"""Protocols: how a course is run, in versions that the medical lead approves.

A course keeps the version it was opened with, so that a new one never rewrites a running course.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clinic.digests import digest_of
from clinic.models import ApprovedVersion
from clinic.roles import Can
from patients.terms import Area
from patients.wording import area_names
from treatments.models.said import plain
from treatments.models.stock import Product
from treatments.terms import NeedleGauge, NeedleLength, Technique

if TYPE_CHECKING:
    from clinic.models import User


class Protocol(models.Model):
    """One way to run a course, whatever its version."""

    name = models.CharField(_("protocol"), max_length=80, unique=True)
    is_active = models.BooleanField(_("offered for new courses"), default=True)

    class Meta:
        verbose_name = _("protocol")
        verbose_name_plural = _("protocols")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ProtocolQuerySet(models.QuerySet["ProtocolVersion"]):
    """Versions, by whether they are approved; the newest first."""

    def visible_to(self, user: User) -> Self:
        if user.can(Can.APPROVE_PROTOCOLS):
            return self
        return self.approved() if user.can(Can.SEE_PROTOCOLS) else self.none()

    def approved(self) -> Self:
        return self.filter(approved_at__isnull=False).order_by("protocol__name", "-number")

    def drafts(self) -> Self:
        return self.filter(approved_at=None)

    def in_force(self) -> Self:
        """The newest approved version of each protocol that is offered."""
        newest = (
            ProtocolVersion.objects.filter(
                protocol=models.OuterRef("protocol"), approved_at__isnull=False
            )
            .order_by("-number")
            .values("pk")[:1]
        )
        return self.filter(pk=models.Subquery(newest), protocol__is_active=True)

    def whole(self) -> Self:
        """With everything that a page of a version shows."""
        return self.select_related("protocol", "drafted_by", "approved_by").prefetch_related(
            "products__product"
        )


class ProtocolVersion(ApprovedVersion):
    """One version of a protocol: sessions, rhythm, reviews, technique and defaults."""

    protocol = models.ForeignKey(Protocol, on_delete=models.PROTECT, related_name="versions")
    sessions = models.PositiveSmallIntegerField(_("sessions"), default=12)
    interval_min_days = models.PositiveSmallIntegerField(_("earliest, days"), default=7)
    interval_days = models.PositiveSmallIntegerField(_("usual, days"), default=7)
    interval_max_days = models.PositiveSmallIntegerField(_("latest, days"), default=21)
    # Session numbers after which a review stands, besides the last one.
    review_after = models.JSONField(_("reviews after sessions"), default=list)
    # Codes of `patients.terms.Area` and `treatments.terms.View`, in their order.
    areas = models.JSONField(_("areas"), default=list)
    views = models.JSONField(_("views"), default=list)
    missed_counts = models.BooleanField(_("a missed session counts"), default=False)
    technique = models.CharField(_("technique"), max_length=16, choices=Technique, blank=True)
    depth_mm = models.DecimalField(
        _("depth, mm"), max_digits=3, decimal_places=1, null=True, blank=True
    )
    needle_gauge = models.CharField(_("needle"), max_length=2, choices=NeedleGauge, blank=True)
    needle_length = models.CharField(_("length"), max_length=2, choices=NeedleLength, blank=True)
    ml_per_point = models.DecimalField(
        _("ml per point"), max_digits=4, decimal_places=3, null=True, blank=True
    )
    spacing_cm = models.DecimalField(
        _("spacing, cm"), max_digits=3, decimal_places=1, null=True, blank=True
    )
    observation_minutes = models.PositiveSmallIntegerField(_("observation, minutes"), default=15)
    first_observation_minutes = models.PositiveSmallIntegerField(
        _("observation after session 1, minutes"), default=30
    )
    aftercare = models.TextField(_("aftercare"), blank=True)  # one rule a line
    red_flags = models.TextField(_("when to call"), blank=True)  # one sign a line
    version = models.PositiveIntegerField(default=1, editable=False)  # for two who edit at once

    objects = ProtocolQuerySet.as_manager()

    # What a new version takes over, and what is approved.
    COLUMNS = (
        "sessions",
        "interval_min_days",
        "interval_days",
        "interval_max_days",
        "review_after",
        "areas",
        "views",
        "missed_counts",
        "technique",
        "depth_mm",
        "needle_gauge",
        "needle_length",
        "ml_per_point",
        "spacing_cm",
        "observation_minutes",
        "first_observation_minutes",
        "aftercare",
        "red_flags",
    )

    class Meta:
        verbose_name = _("protocol version")
        verbose_name_plural = _("protocol versions")
        constraints = [
            ApprovedVersion.approval("protocol_approved_at_by_and_why"),
            models.UniqueConstraint(fields=["protocol", "number"], name="protocol_number_once"),
            models.UniqueConstraint(
                fields=["protocol"], condition=Q(approved_at=None), name="one_protocol_draft"
            ),
            models.CheckConstraint(
                condition=Q(sessions__gte=10, sessions__lte=15),
                name="protocol_10_to_15_sessions",
                violation_error_message=_("A course has 10 to 15 sessions."),
            ),
            models.CheckConstraint(
                condition=Q(
                    interval_min_days__gte=7,
                    interval_days__gte=F("interval_min_days"),
                    interval_max_days__gte=F("interval_days"),
                ),
                name="protocol_interval_in_order",
                violation_error_message=_(
                    "At least 7 days lie between sessions; earliest, usual and latest in this order."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.protocol}, version {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("treatments:protocol-version", args=[self.protocol_id, self.number])

    @property
    def areas_text(self) -> str:
        return area_names([Area(area) for area in self.areas])

    def columns(self) -> dict[str, Any]:
        """Return everything that can be said of the version, without its products."""
        return {name: getattr(self, name) for name in self.COLUMNS}

    def product_lines(self) -> list[tuple[str, str]]:
        """Return (product, ml) of each product it proposes, in the order of their names."""
        return sorted((str(row.product), plain(row.ml)) for row in self.products.all())

    def fingerprint(self) -> str:
        """Return the SHA-256 of the version: what is approved is what was looked at."""
        products = self.products.select_related("product").order_by("product__name")
        lines = [[str(row.product), plain(row.ml)] for row in products]
        return digest_of([plain(value) for value in self.columns().values()] + [lines])


class ProtocolProduct(models.Model):
    """A product that a protocol proposes for the first session, and how much of it."""

    protocol = models.ForeignKey(ProtocolVersion, on_delete=models.PROTECT, related_name="products")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    ml = models.DecimalField(_("drawn, ml"), max_digits=4, decimal_places=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["protocol", "product"], name="product_once_per_protocol"
            ),
            models.CheckConstraint(condition=Q(ml__gt=0), name="protocol_product_has_volume"),
        ]

    def __str__(self) -> str:
        return f"{self.protocol}: {self.product}"
