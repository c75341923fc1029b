"""Products on the shelf and their lots: what a session draws from, and what a recall traces."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.roles import Can
from patients.models import Patient
from treatments.rules.formulary import ProductFacts
from treatments.rules.lots import LotFacts, state_of, why_not
from treatments.terms import ContactOutcome, LotState
from treatments.wording import sentence

if TYPE_CHECKING:
    from clinic.models import User
    from treatments.models.visit import Visit

TENTH = Decimal("0.1")


class ProductQuerySet(models.QuerySet["Product"]):
    """Products, by whether they are still drawn from."""

    def visible_to(self, user: User) -> Self:
        return self if user.can(Can.SEE_PROTOCOLS) else self.none()

    def in_use(self) -> Self:
        return self.filter(is_active=True)

    def with_agents(self) -> Self:
        return self.prefetch_related("agents")


class Product(models.Model):
    """One thing that is drawn up: an agent, a mix, or a diluent without any agent.

    Its composition does not change once it has a lot: another mix is another product.
    """

    name = models.CharField(_("product"), max_length=80, unique=True)
    maker = models.CharField(_("maker"), max_length=80, blank=True)
    is_diluent = models.BooleanField(_("diluent"), default=False)
    is_active = models.BooleanField(_("in use"), default=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    added_at = models.DateTimeField(default=timezone.now, editable=False)

    version = models.PositiveIntegerField(default=1, editable=False)  # for two who edit at once

    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def as_rule(self) -> ProductFacts:
        """Return the product as the rules read it, from its prefetched agents."""
        return ProductFacts(
            key=self.pk,
            name=self.name,
            is_diluent=self.is_diluent,
            shares={row.agent_code: row.share for row in self.agents.all()},
        )


class ProductAgent(models.Model):
    """An agent of a product, and which share of its volume it is (0 to 1)."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="agents")
    agent_code = models.SlugField(_("agent"), max_length=60)
    share = models.DecimalField(_("share of the volume"), max_digits=4, decimal_places=3)

    class Meta:
        ordering = ["agent_code"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "agent_code"], name="agent_once_per_product"
            ),
            models.CheckConstraint(
                condition=Q(share__gt=0, share__lte=1), name="agent_share_up_to_1"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product}: {self.agent_code}"


class LotQuerySet(models.QuerySet["Lot"]):
    """Lots, by whether a session may draw from them."""

    def visible_to(self, user: User) -> Self:
        return self if user.can(Can.SEE_STOCK) else self.none()

    def recalled(self) -> Self:
        return self.filter(recalled_at__isnull=False)

    def with_left(self, *, without: Visit | None = None) -> Self:
        """Annotate what was drawn and lost, so that `left_ml` can be asked; no further query.

        A visit that is being changed stands `without` what it drew itself.
        """
        from treatments.models.visit import VisitProduct  # visits stand on lots

        drawn = VisitProduct.objects.filter(lot=OuterRef("pk"), visit__voided_at=None)
        if without is not None:
            drawn = drawn.exclude(visit=without)
        lost = LotLoss.objects.filter(lot=OuterRef("pk"))
        return self.annotate(drawn_ml=_total(drawn, "drawn_ml"), lost_ml=_total(lost, "ml"))


def _total(rows: models.QuerySet[Any], column: str) -> Coalesce:
    """Return the sum of a column over the rows of one lot, in ml."""
    summed = rows.order_by().values("lot").annotate(total=Sum(column)).values("total")
    ml: models.DecimalField[Any, Any] = models.DecimalField(max_digits=9, decimal_places=1)
    return Coalesce(Subquery(summed, output_field=ml), Decimal(0), output_field=ml)


class Lot(models.Model):
    """One batch of one product as it came into the house.

    `volume_ml` is what came; what is left is worked out from what was drawn and lost.
    """

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="lots")
    number = models.CharField(_("lot"), max_length=40)
    expires_on = models.DateField(_("expires"))
    received_on = models.DateField(_("received"), default=timezone.localdate)
    volume_ml = models.DecimalField(_("received, ml"), max_digits=7, decimal_places=1)
    opened_on = models.DateField(_("opened"), null=True, blank=True)
    discard_after_days = models.PositiveSmallIntegerField(
        _("days in use once opened"), null=True, blank=True
    )
    recalled_at = models.DateTimeField(null=True, blank=True, editable=False)
    recalled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    recall_reason = models.CharField(_("reason of the recall"), max_length=300, blank=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    added_at = models.DateTimeField(default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    # What `with_left` annotates.
    drawn_ml: Decimal
    lost_ml: Decimal

    objects = LotQuerySet.as_manager()

    class Meta:
        verbose_name = _("lot")
        verbose_name_plural = _("lots")
        constraints = [
            models.UniqueConstraint(
                fields=["product", "number"],
                name="lot_once_per_product",
                violation_error_message=_("This lot is entered already."),
            ),
            models.CheckConstraint(condition=Q(volume_ml__gt=0), name="lot_has_volume"),
            models.CheckConstraint(
                condition=Q(opened_on=None) | Q(opened_on__gte=F("received_on")),
                name="lot_opened_after_it_came",
                violation_error_message=_("A lot is opened on or after the day it came."),
            ),
            models.CheckConstraint(
                condition=Q(recalled_at=None, recalled_by=None, recall_reason="")
                | (Q(recalled_at__isnull=False, recalled_by__isnull=False) & ~Q(recall_reason="")),
                name="lot_recalled_at_by_and_why",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("treatments:lot-detail", args=[self.pk])

    @property
    def discard_on(self) -> date | None:
        """The last day on which the opened lot may be used."""
        if self.opened_on is None or self.discard_after_days is None:
            return None
        return self.opened_on + timedelta(self.discard_after_days)

    @property
    def usable_until(self) -> date:
        """The last day on which it may be drawn from, opened or not."""
        return min(self.expires_on, self.discard_on or self.expires_on)

    @property
    def left_ml(self) -> Decimal:
        """What is left of it, in ml, of a lot that was fetched `with_left`.

        Below 0 where more is recorded as drawn than came.
        """
        # SQLite sums in binary: a tenth of a millilitre is as fine as anybody reads.
        return (self.volume_ml - self.drawn_ml - self.lost_ml).quantize(TENTH)

    def as_rule(self, confirmed_at: datetime | None = None) -> LotFacts:
        """Return the lot as the rules read it, of a lot that was fetched `with_left`.

        `confirmed_at` is when a session held it against the vial: a recall after that moment
        comes too late to keep it from being given, and what was given must be signed.
        """
        is_recalled = self.recalled_at is not None and not (
            confirmed_at and confirmed_at < self.recalled_at
        )
        return LotFacts(
            received_on=self.received_on,
            expires_on=self.expires_on,
            left_ml=self.left_ml,
            is_opened=self.opened_on is not None,
            discard_on=self.discard_on,
            recalled_on=timezone.localdate(self.recalled_at) if is_recalled else None,
        )

    def why_not(self, on: date, confirmed_at: datetime | None = None) -> str:
        """Say why no session of that day may draw from it; "" where it may."""
        reason = why_not(self.as_rule(confirmed_at), on)
        return sentence(reason) if reason else ""

    def state_on(self, today: date) -> LotState:
        return state_of(self.as_rule(), today)


class LotLoss(models.Model):
    """Volume that left a lot without a session: a broken vial, what was thrown away or set apart.

    Below 0 it puts back what was entered wrongly. Append-only.
    """

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="losses")
    ml = models.DecimalField(_("lost, ml"), max_digits=7, decimal_places=1)
    reason = models.CharField(_("reason"), max_length=300)
    at = models.DateTimeField(default=timezone.now, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(ml=0) & ~Q(reason=""), name="lot_loss_and_why"),
        ]

    def __str__(self) -> str:
        return f"{self.lot}: {self.ml} ml"


class RecallContact(models.Model):
    """One attempt to tell a patient that a lot was recalled. Append-only."""

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="contacts")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(_("outcome"), max_length=12, choices=ContactOutcome)
    note = models.CharField(_("note"), max_length=300, blank=True)
    at = models.DateTimeField(default=timezone.now, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=ContactOutcome.values), name="recall_outcome_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lot}: {self.get_outcome_display()}"
