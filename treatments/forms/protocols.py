"""Drafting a protocol and approving it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from crispy_forms.layout import Div
from django import forms
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.fields import DecimalEntry
from clinic.forms import ActionForm, Versioned, helper, offer
from clinic.layout import Chips, Plain, Segmented, Tick
from clinic.models import User
from patients.terms import Area
from treatments.actions import (
    approve_protocol,
    change_protocol,
    offer_protocol,
    start_protocol,
    start_protocol_draft,
)
from treatments.forms.approval import ApproveForm
from treatments.forms.formulary import heading
from treatments.models import Product, Protocol, ProtocolVersion
from treatments.models.said import plain
from treatments.terms import NeedleGauge, NeedleLength, Technique, View

PRODUCTS = 4  # rows


def days(label: Any, **kwargs: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=1, max_value=365, **kwargs)


def minutes(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=0, max_value=240)


def number(label: Any, *, most: str, places: int) -> DecimalEntry:
    return DecimalEntry(
        label=label,
        required=False,
        min_value=0,
        max_value=Decimal(most),
        decimal_places=places,
    )


class NewProtocolForm(ActionForm):
    """The name of a protocol that is to be drafted."""

    name = forms.CharField(label=_("Name"), max_length=80)

    def layout(self) -> list[Any]:
        return [Plain("name")]

    def act(self, by: User) -> ProtocolVersion:
        return start_protocol(name=self.cleaned_data["name"], by=by)

    def locate(self, result: Any) -> str:
        return reverse("treatments:protocol-change", args=[result.protocol_id, result.number])


class StartProtocolForm(ActionForm):
    """The button that opens the next version of a protocol."""

    def __init__(self, *args: Any, protocol: Protocol, **kwargs: Any) -> None:
        self.protocol = protocol
        super().__init__(*args, **kwargs)

    def act(self, by: User) -> ProtocolVersion:
        return start_protocol_draft(protocol=self.protocol, by=by)


class OfferProtocolForm(ActionForm):
    """The button that offers a protocol for new courses, or no longer."""

    is_active = forms.BooleanField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, protocol: Protocol, **kwargs: Any) -> None:
        self.protocol = protocol
        super().__init__(*args, initial={"is_active": not protocol.is_active}, **kwargs)

    def act(self, by: User) -> Protocol:
        return offer_protocol(
            protocol=self.protocol, is_active=self.cleaned_data["is_active"], by=by
        )

    def locate(self, result: Any) -> str:
        return reverse("treatments:protocols")


class ProtocolForm(Versioned, ActionForm):
    """The draft of a version; refuses to overwrite what somebody else saved."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    opened = forms.CharField(widget=forms.HiddenInput, required=False)
    sessions = forms.IntegerField(label=_("Sessions"), min_value=10, max_value=15)
    interval_min_days = days(_("Earliest"))
    interval_days = days(_("Usual"))
    interval_max_days = days(_("Latest"))
    review_after = forms.CharField(
        label=_("Reviews after sessions"),
        required=False,
        help_text=_("Numbers with commas, such as 5, 10. The end of the course has its own."),
    )
    missed_counts = forms.BooleanField(
        label=_("A session missed without word counts as held"), required=False
    )
    areas = forms.MultipleChoiceField(
        label=_("Areas"),
        choices=Area.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    views = forms.MultipleChoiceField(
        label=_("Photographs"),
        choices=View.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    technique = forms.ChoiceField(
        label=_("Technique"), choices=Technique.choices, required=False, widget=forms.RadioSelect
    )
    needle_gauge = forms.ChoiceField(
        label=_("Needle"), choices=NeedleGauge.choices, required=False, widget=forms.RadioSelect
    )
    needle_length = forms.ChoiceField(
        label=_("Length"), choices=NeedleLength.choices, required=False, widget=forms.RadioSelect
    )
    depth_mm = number(_("Depth"), most="13", places=1)
    ml_per_point = number(_("Per point"), most="2", places=3)
    spacing_cm = number(_("Spacing"), most="10", places=1)
    observation_minutes = minutes(_("Observation"))
    first_observation_minutes = minutes(_("After session 1"))
    aftercare = forms.CharField(
        label=_("Aftercare"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("One rule a line. It stands on the patient's copy."),
    )
    red_flags = forms.CharField(
        label=_("When to call"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("One sign a line, with the phone number printed beside."),
    )

    def __init__(self, *args: Any, draft: ProtocolVersion, **kwargs: Any) -> None:
        self.draft = draft
        initial = {name: plain(value) for name, value in draft.columns().items()}
        initial["review_after"] = ", ".join(str(each) for each in draft.review_after)
        initial["missed_counts"] = draft.missed_counts
        lines = list(draft.products.select_related("product").order_by("product__name"))
        for place, line in enumerate(lines):
            initial |= {f"product_{place}": str(line.product_id), f"ml_{place}": plain(line.ml)}
        super().__init__(*args, initial={**initial, "version": draft.version}, **kwargs)
        self.offered = {
            product.pk: product
            for product in Product.objects.all()
            if product.is_active or product in [line.product for line in lines]
        }
        for place in range(PRODUCTS):
            name = f"product_{place}"
            self.fields[name] = forms.ChoiceField(
                label=gettext("Product %(place)d") % {"place": place + 1}, required=False
            )
            offer(
                self, name, [("", "–"), *((str(pk), str(row)) for pk, row in self.offered.items())]
            )
            self.fields[f"ml_{place}"] = number(
                gettext("Drawn of product %(place)d") % {"place": place + 1}, most="60", places=1
            )
        self.helper = helper(self)
        self.remember()

    def layout(self) -> list[Any]:
        return [
            Div(
                Plain("sessions", width="short"),
                Plain("review_after"),
                css_class="row-fields",
            ),
            Div(
                *(
                    Plain(name, unit=str(_("days")), width="short")
                    for name in ("interval_min_days", "interval_days", "interval_max_days")
                ),
                css_class="row-fields",
            ),
            Tick("missed_counts"),
            Chips("areas"),
            Chips("views"),
            heading(_("What the first session proposes")),
            *(
                Div(
                    Plain(f"product_{place}"),
                    Plain(f"ml_{place}", unit="ml", width="short"),
                    css_class="row-fields",
                )
                for place in range(PRODUCTS)
                if f"product_{place}" in self.fields
            ),
            Segmented("technique"),
            Segmented("needle_gauge"),
            Segmented("needle_length"),
            Div(
                Plain("depth_mm", unit="mm", width="short"),
                Plain("ml_per_point", unit="ml", width="short"),
                Plain("spacing_cm", unit="cm", width="short"),
                css_class="row-fields",
            ),
            heading(_("Afterwards")),
            Div(
                Plain("observation_minutes", unit="min", width="short"),
                Plain("first_observation_minutes", unit="min", width="short"),
                css_class="row-fields",
            ),
            Plain("aftercare", width="full"),
            Plain("red_flags", width="full"),
        ]

    def clean_review_after(self) -> list[int]:
        words = [word for word in re.split(r"[,\s]+", self.cleaned_data["review_after"]) if word]
        if not all(re.fullmatch(r"[0-9]{1,2}", word) for word in words):
            raise forms.ValidationError(_("Write numbers with commas, such as 5, 10."))
        return sorted({int(word) for word in words})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        chosen = []
        for place in range(PRODUCTS):
            product, ml = cleaned.get(f"product_{place}"), cleaned.get(f"ml_{place}")
            if product and not ml and f"ml_{place}" not in self.errors:
                self.add_error(f"ml_{place}", _("Enter how much is drawn, in ml."))
            if ml and not product:
                self.add_error(f"product_{place}", _("Choose the product."))
            chosen += [product] if product else []
        if len(set(chosen)) < len(chosen):
            self.add_error(None, _("A product is chosen twice."))
        return cleaned

    @property
    def products(self) -> list[tuple[Product, Decimal]]:
        rows = (
            (self.cleaned_data[f"product_{place}"], self.cleaned_data[f"ml_{place}"])
            for place in range(PRODUCTS)
        )
        return [(self.offered[int(product)], ml) for product, ml in rows if product]

    def reopened(self) -> ProtocolForm:
        return ProtocolForm(draft=ProtocolVersion.objects.get(pk=self.draft.pk))

    def act(self, by: User) -> ProtocolVersion:
        columns = {name: self.cleaned_data[name] for name in ProtocolVersion.COLUMNS}
        return change_protocol(
            draft=self.draft,
            version=self.cleaned_data["version"],
            products=self.products,
            by=by,
            **columns,
        )


class ApproveProtocolForm(ApproveForm):
    """Approves a draft of a protocol."""

    def act(self, by: User) -> ProtocolVersion:
        return approve_protocol(by=by, **self.approval)
