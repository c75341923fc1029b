"""What a session can draw from: products, their lots, and why a lot cannot be used."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Q

from treatments.models import Lot, Product, Visit
from treatments.rules.formulary import ProductFacts

# Lots that went out of use longer ago lie on no shelf, and are not offered with their reason.
LONG_GONE = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class LotToDraw:
    """One lot, what is left of it in ml, and why it cannot be used ("" where it can)."""

    lot: Lot
    left_ml: Decimal
    why_not: str = ""
    confirmed_at: datetime | None = None  # by the visit that is being changed


@dataclass(slots=True, kw_only=True)
class ProductToDraw:
    """One product with its lots: those to draw from, the first to expire first, and the others."""

    product: Product
    facts: ProductFacts
    lots: list[LotToDraw] = field(default_factory=list)
    set_aside: list[LotToDraw] = field(default_factory=list)

    def find(self, pk: int | None) -> LotToDraw | None:
        """Return the lot with this key, usable or not, if it is one of this product."""
        return next((row for row in (*self.lots, *self.set_aside) if row.lot.pk == pk), None)


def products_to_draw(on: date, *, for_visit: Visit | None = None) -> list[ProductToDraw]:
    """Return every product in use, by name, with its lots as they stand on the day.

    A visit that is being changed may draw again what it drew itself, and its own products and
    lots are always here. Three queries, and one more for a visit.
    """
    own = for_visit.products.values_list("product", "lot", "confirmed_at") if for_visit else []
    confirmed = {lot: at for _product, lot, at in own}
    wanted = Q(is_active=True) | Q(pk__in=[product for product, _lot, _at in own])
    found = {
        product.pk: ProductToDraw(product=product, facts=product.as_rule())
        for product in Product.objects.filter(wanted).with_agents()
    }
    lots = Lot.objects.filter(
        Q(expires_on__gte=on - LONG_GONE) | Q(pk__in=confirmed), product__in=found
    ).with_left(without=for_visit)
    for lot in lots.order_by("expires_on", "received_on", "pk"):
        at = confirmed.get(lot.pk)
        row = LotToDraw(lot=lot, left_ml=lot.left_ml, why_not=lot.why_not(on, at), confirmed_at=at)
        offered = found[lot.product_id]
        (offered.set_aside if row.why_not else offered.lots).append(row)
    return list(found.values())
