"""What was drawn up in a session: one row for each product, with its lot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from clinic.fields import DecimalEntry
from clinic.forms import offer
from treatments.findings import Drawn
from treatments.models import VisitProduct
from treatments.selectors.shelf import LotToDraw, ProductToDraw
from treatments.terms import Confirmed

ROWS = 5


Shelf = Sequence[ProductToDraw]


def lot_words(row: LotToDraw) -> str:
    """Write "L2409, to Mar 2027, 14.0 ml left", or why it cannot be used."""
    if row.why_not:
        return f"{row.lot.number}: {row.why_not}"
    return _t("%(lot)s, to %(month)s, %(left)s ml left") % {
        "lot": row.lot.number,
        "month": date_format(row.lot.usable_until, "M Y"),
        "left": number_format(row.left_ml, 1),
    }


class LotSelect(forms.Select):
    """Lots by product; those that cannot be used show the reason and cannot be chosen."""

    rows: Mapping[str, LotToDraw] = {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        row = self.rows.get(str(value))
        if row is not None:
            option["attrs"] |= {
                "data-product": row.lot.product_id,
                "data-lot-number": row.lot.number,
            }
            # A lot that was chosen stays chosen: it is a fact, and signing refuses it.
            if row.why_not:
                option["attrs"] |= {"data-why": row.why_not}
                option["attrs"] |= {} if option["selected"] else {"disabled": True}
        return option


class GivenForm(forms.Form):
    """One product of one session. A row without a product and a volume is empty."""

    product = forms.ChoiceField(
        label=_("Product"),
        required=False,
        widget=forms.Select(attrs={"data-product-choice": True}),
    )
    lot = forms.ChoiceField(
        label=_("Lot"), required=False, widget=LotSelect(attrs={"data-lot-choice": True})
    )
    drawn_ml = DecimalEntry(
        label=_("Drawn"),
        required=False,
        min_value=Decimal("0.1"),
        max_value=Decimal(60),
        max_digits=4,
        decimal_places=1,
        error_messages={
            "max_value": _("More than 60 ml in one session is not recorded. Check the number."),
        },
    )
    wasted_ml = DecimalEntry(
        label=_("Wasted"),
        required=False,
        min_value=Decimal(0),
        max_digits=4,
        decimal_places=1,
    )
    confirmed = forms.ChoiceField(
        label=_("Confirmed"),
        choices=[
            ("", _("Not yet")),
            (Confirmed.TAP.value, _("Held against the vial")),
            (Confirmed.SCAN.value, _("Scanned")),
        ],
        required=False,
        widget=forms.Select(attrs={"data-lot-confirmed": True}),
    )

    def __init__(
        self, data: Any, *, place: int, shelf: Shelf, stored: VisitProduct | None = None
    ) -> None:
        self.place, self.stored = place, stored
        self.is_unusual = False
        super().__init__(data, prefix=f"given-{place}", initial=_initial(stored))
        self.products = {str(row.product.pk): row for row in shelf}
        self.lots = {str(lot.lot.pk): lot for row in shelf for lot in (*row.lots, *row.set_aside)}
        self._offer(shelf)
        self.fields["drawn_ml"].widget.attrs["data-drawn"] = True
        self.fields["wasted_ml"].widget.attrs["data-wasted"] = True

    def _offer(self, shelf: Shelf) -> None:
        names = [(str(row.product.pk), row.product.name) for row in shelf]
        offer(self, "product", [("", _("Choose")), *names])
        groups = [
            (
                row.product.name,
                [(str(lot.lot.pk), lot_words(lot)) for lot in (*row.lots, *row.set_aside)],
            )
            for row in shelf
        ]
        offer(self, "lot", [("", _("Choose the lot")), *groups])
        self.fields["lot"].widget.rows = self.lots

    @property
    def is_empty(self) -> bool:
        """Whether nothing of the row was filled in."""
        names = ("product", "lot", "drawn_ml", "wasted_ml")
        return not any(self[name].value() for name in names)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.is_empty or self.errors:
            return cleaned
        product, lot = cleaned.get("product"), self.lots.get(cleaned.get("lot", ""))
        if not product:
            if lot is None:
                self.add_error("product", _("Name the product."))
            else:
                cleaned["product"] = str(lot.lot.product_id)
        elif lot and str(lot.lot.product_id) != product:
            self.add_error("lot", _("This lot belongs to another product. Choose one of its own."))
        drawn, wasted = cleaned.get("drawn_ml"), cleaned.get("wasted_ml")
        if drawn is None:
            self.add_error("drawn_ml", _("Give the volume in ml."))
        elif wasted and wasted > drawn:
            self.add_error("wasted_ml", _("More was wasted than was drawn."))
        return cleaned

    @property
    def is_readable(self) -> bool:
        """Whether what the row says is clear, be it unusual."""
        return self.is_unusual or not self.errors

    @property
    def drawn(self) -> Drawn | None:
        """Return what the row says, None when it is empty. Only after validation."""
        if self.is_empty or not self.cleaned_data.get("drawn_ml"):
            return None
        given = self.cleaned_data
        lot = self.lots[given["lot"]].lot if given.get("lot") else None
        return Drawn(
            product=self.products[given["product"]].product,
            lot=lot,
            drawn_ml=given["drawn_ml"],
            wasted_ml=given["wasted_ml"] or Decimal(0),
            confirmed=Confirmed(given["confirmed"]) if lot and given["confirmed"] else None,
        )


def _initial(stored: VisitProduct | None) -> dict[str, Any]:
    if stored is None:
        return {}
    return {
        "product": str(stored.product_id),
        "lot": str(stored.lot_id or ""),
        "drawn_ml": stored.drawn_ml,
        "wasted_ml": stored.wasted_ml or None,
        "confirmed": stored.confirmed,
    }


def rows_of(data: Any, *, shelf: Shelf, stored: Iterable[VisitProduct] = ()) -> list[GivenForm]:
    """Return the rows of the form: what is stored, and room for more."""
    kept = list(stored)
    places = range(max(ROWS, len(kept) + 1))
    return [
        GivenForm(data, place=place, shelf=shelf, stored=kept[place] if place < len(kept) else None)
        for place in places
    ]
