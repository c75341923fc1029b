"""Products, lots, what became of them, and telling patients about a recall."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from crispy_forms.layout import Div
from django import forms
from django.db.models import TextChoices
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.fields import DecimalEntry
from clinic.forms import ActionForm, Versioned, helper, offer
from clinic.layout import Plain, Segmented, Tick
from clinic.models import User
from patients.models import Patient
from treatments.actions import (
    add_product,
    change_product,
    correct_lot,
    log_contact,
    open_lot,
    recall_lot,
    receive_lot,
    receive_more,
    record_export,
    record_loss,
    retire_product,
)
from treatments.models import Lot, Product, RecallContact
from treatments.models.formulary import current_formulary
from treatments.models.said import plain
from treatments.terms import AgentStatus, ContactOutcome

DELIVERED = ("number", "expires_on", "received_on", "volume_ml", "discard_after_days")
AGENTS = 6  # rows
HUNDRED = Decimal(100)


def day_field(label: Any, **kwargs: Any) -> forms.DateField:
    return forms.DateField(
        label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **kwargs
    )


def ml_field(label: Any, **kwargs: Any) -> DecimalEntry:
    return DecimalEntry(
        label=label, min_value=Decimal("0.1"), max_digits=7, decimal_places=1, **kwargs
    )


# Products ----------------------------------------------------------------------------------------


class ProductFields(ActionForm):
    """A product and its agents, each with its share of the volume in percent."""

    name = forms.CharField(label=_("Product"), max_length=80)
    maker = forms.CharField(label=_("Maker"), max_length=80, required=False)
    is_diluent = forms.BooleanField(label=_("A diluent, without any agent"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = {str(value) for name, value in self.initial.items() if name.startswith("agent_")}
        offered = [
            (code, agent.name)
            for code, agent in current_formulary().agents.items()
            if agent.status != AgentStatus.BLOCKED or code in own
        ]
        for place in range(AGENTS):
            self.fields[f"agent_{place}"] = forms.ChoiceField(
                label=gettext("Agent %(place)d") % {"place": place + 1}, required=False
            )
            offer(self, f"agent_{place}", [("", "–"), *offered])
            self.fields[f"share_{place}"] = DecimalEntry(
                label=gettext("Share of agent %(place)d") % {"place": place + 1},
                required=False,
                min_value=Decimal("0.1"),
                max_value=HUNDRED,
                decimal_places=1,
            )
        self.helper = helper(self)

    def layout(self) -> list[Any]:
        return [
            Div(Plain("name"), Plain("maker"), css_class="row-fields"),
            Tick("is_diluent"),
            *(
                Div(
                    Plain(f"agent_{place}"),
                    Plain(f"share_{place}", unit="%", width="short"),
                    css_class="row-fields",
                )
                for place in range(AGENTS)
                if f"agent_{place}" in self.fields
            ),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        chosen = []
        for place in range(AGENTS):
            agent, share = cleaned.get(f"agent_{place}"), cleaned.get(f"share_{place}")
            if agent and not share and f"share_{place}" not in self.errors:
                self.add_error(
                    f"share_{place}", _("Enter how many parts of 100 it is of the volume.")
                )
            if share and not agent:
                self.add_error(f"agent_{place}", _("Choose the agent."))
            chosen += [agent] if agent else []
        if len(set(chosen)) < len(chosen):
            self.add_error(None, _("An agent is chosen twice."))
        return cleaned

    @property
    def details(self) -> dict[str, Any]:
        rows = (
            (self.cleaned_data[f"agent_{place}"], self.cleaned_data[f"share_{place}"])
            for place in range(AGENTS)
        )
        return {
            "name": self.cleaned_data["name"],
            "maker": self.cleaned_data["maker"],
            "is_diluent": self.cleaned_data["is_diluent"],
            "shares": {agent: share / HUNDRED for agent, share in rows if agent},
        }

    def locate(self, result: Any) -> str:
        return reverse("treatments:products")


class NewProductForm(ProductFields):
    """A product that is not on the list yet."""

    def act(self, by: User) -> Product:
        return add_product(by=by, **self.details)


class ProductForm(Versioned, ProductFields):
    """A product of which no lot came yet."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    opened = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, product: Product, **kwargs: Any) -> None:
        self.product = product
        initial = {
            "name": product.name,
            "maker": product.maker,
            "is_diluent": product.is_diluent,
            "version": product.version,
        }
        for place, row in enumerate(product.agents.all()):
            initial |= {
                f"agent_{place}": row.agent_code,
                f"share_{place}": plain(row.share * HUNDRED),
            }
        super().__init__(*args, initial=initial, **kwargs)
        self.remember()

    def reopened(self) -> ProductForm:
        return ProductForm(product=Product.objects.with_agents().get(pk=self.product.pk))

    def act(self, by: User) -> Product:
        version = self.cleaned_data["version"]
        return change_product(product=self.product, version=version, by=by, **self.details)


class RetireProductForm(ActionForm):
    """The button that takes a product out of use, or brings it back."""

    is_active = forms.BooleanField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, product: Product, **kwargs: Any) -> None:
        self.product = product
        super().__init__(*args, initial={"is_active": not product.is_active}, **kwargs)

    def act(self, by: User) -> Product:
        return retire_product(product=self.product, is_active=self.cleaned_data["is_active"], by=by)

    def locate(self, result: Any) -> str:
        return reverse("treatments:products")


# Lots --------------------------------------------------------------------------------------------


class LotFields(ActionForm):
    """What stands on the label and on the delivery note."""

    number = forms.CharField(label=_("Lot"), max_length=40)
    expires_on = day_field(_("Expires"))
    received_on = day_field(_("Received"))
    volume_ml = ml_field(_("Received in all"))
    discard_after_days = forms.IntegerField(
        label=_("Keeps, once opened, for"),
        required=False,
        min_value=1,
        max_value=3650,
        help_text=_("Empty: until it expires."),
    )

    def layout(self) -> list[Any]:
        return [
            *([Plain("product")] if "product" in self.fields else []),
            Div(Plain("number"), Plain("volume_ml", unit="ml"), css_class="row-fields"),
            Div(Plain("received_on"), Plain("expires_on"), css_class="row-fields"),
            *([Plain("opened_on", width="mid")] if "opened_on" in self.fields else []),
            Plain("discard_after_days", unit=str(_("days")), width="mid"),
        ]


class ReceiveForm(LotFields):
    """A lot that came into the house."""

    product = forms.ChoiceField(label=_("Product"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        initial = {"received_on": timezone.localdate(), **kwargs.pop("initial", {})}
        super().__init__(*args, initial=initial, **kwargs)
        self.products = {row.pk: row for row in Product.objects.in_use()}
        offer(
            self,
            "product",
            [("", "–"), *((str(pk), str(row)) for pk, row in self.products.items())],
        )

    def act(self, by: User) -> Lot:
        details = {name: self.cleaned_data[name] for name in DELIVERED}
        product = self.products[int(self.cleaned_data["product"])]
        return receive_lot(product=product, by=by, **details)


class CorrectForm(Versioned, LotFields):
    """Typing errors of a lot that no session drew from."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    opened = forms.CharField(widget=forms.HiddenInput, required=False)
    opened_on = day_field(_("Opened"), required=False, help_text=_("Empty: still closed."))

    def __init__(self, *args: Any, lot: Lot, **kwargs: Any) -> None:
        self.lot = lot
        initial = {name: getattr(lot, name) for name in (*DELIVERED, "opened_on", "version")}
        super().__init__(*args, initial=initial, **kwargs)
        self.remember()

    def reopened(self) -> CorrectForm:
        return CorrectForm(lot=Lot.objects.get(pk=self.lot.pk))

    def act(self, by: User) -> Lot:
        details = {name: self.cleaned_data[name] for name in (*DELIVERED, "opened_on")}
        return correct_lot(lot=self.lot, version=self.cleaned_data["version"], by=by, **details)


class LotActionForm(ActionForm):
    """A form about one lot that leads back to its page."""

    def __init__(self, *args: Any, lot: Lot, **kwargs: Any) -> None:
        self.lot = lot
        super().__init__(*args, **kwargs)

    def locate(self, result: Any) -> str:
        return self.lot.get_absolute_url()


class OpenForm(LotActionForm):
    """The day on which a lot was opened."""

    opened_on = day_field(_("Opened on"))
    discard_after_days = forms.IntegerField(
        label=_("Keeps from then on for"),
        required=False,
        min_value=1,
        max_value=3650,
        help_text=_("Empty: until it expires."),
    )

    def __init__(self, *args: Any, lot: Lot, **kwargs: Any) -> None:
        initial = {
            "opened_on": timezone.localdate(),
            "discard_after_days": lot.discard_after_days,
        }
        super().__init__(*args, lot=lot, initial=initial, **kwargs)

    def layout(self) -> list[Any]:
        return [
            Plain("opened_on", width="mid"),
            Plain("discard_after_days", unit=str(_("days")), width="mid"),
        ]

    def act(self, by: User) -> Lot:
        return open_lot(
            lot=self.lot,
            opened_on=self.cleaned_data["opened_on"],
            discard_after_days=self.cleaned_data["discard_after_days"],
            by=by,
        )


class Amount(TextChoices):
    """What changed the amount of a lot, apart from sessions."""

    LOST = "lost", _("Lost, thrown away or set apart")
    BACK = "back", _("Put back: it was entered wrongly")
    MORE = "more", _("More of the lot came")


class AmountForm(LotActionForm):
    """Volume that left a lot without a session, or came to it."""

    what = forms.ChoiceField(label=_("What"), choices=Amount.choices, widget=forms.RadioSelect)
    ml = ml_field(_("How much"))
    reason = forms.CharField(label=_("What became of it, and who knows"), max_length=300)

    def layout(self) -> list[Any]:
        return [
            Segmented("what"),
            Plain("ml", unit="ml", width="mid"),
            Plain("reason", width="full"),
        ]

    def act(self, by: User) -> Any:
        ml, reason = self.cleaned_data["ml"], self.cleaned_data["reason"]
        if self.cleaned_data["what"] == Amount.MORE:
            return receive_more(lot=self.lot, ml=ml, by=by)
        if self.cleaned_data["what"] == Amount.BACK:
            ml = -ml
        return record_loss(lot=self.lot, ml=ml, reason=reason, by=by)


class RecallForm(LotActionForm):
    """Why a lot is recalled."""

    reason = forms.CharField(
        label=_("Why, and where the notice came from"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def layout(self) -> list[Any]:
        return [Plain("reason", width="full")]

    def act(self, by: User) -> Lot:
        return recall_lot(lot=self.lot, reason=self.cleaned_data["reason"], by=by)


class ContactForm(LotActionForm):
    """What came of telling one patient about a recall."""

    outcome = forms.ChoiceField(
        label=_("What came of it"), choices=ContactOutcome.choices, widget=forms.RadioSelect
    )
    note = forms.CharField(label=_("Note"), max_length=300, required=False)

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        self.patient = patient
        # Several stand on one page, so each has names of its own.
        super().__init__(*args, prefix=patient.code, **kwargs)

    def layout(self) -> list[Any]:
        return [Segmented("outcome"), Plain("note", width="full")]

    def act(self, by: User) -> RecallContact:
        return log_contact(
            lot=self.lot,
            patient=self.patient,
            outcome=ContactOutcome(self.cleaned_data["outcome"]),
            note=self.cleaned_data["note"],
            by=by,
        )

    def locate(self, result: Any) -> str:
        return f"{self.lot.get_absolute_url()}#{self.patient.code}"


class Purpose(TextChoices):
    """What a list of patients leaves the house for."""

    CALLS = "calls", _("To call the patients")
    REPORT = "report", _("To report to the maker or the regulator")
    INSPECTION = "inspection", _("For an inspection")


class ExportForm(LotActionForm):
    """What the call list is exported for."""

    reason = forms.ChoiceField(
        label=_("What for"), choices=Purpose.choices, widget=forms.RadioSelect
    )

    def layout(self) -> list[Any]:
        return [Segmented("reason")]

    def _key(self) -> uuid.UUID:
        # The page stays after the download: a list that is sent again is noted again.
        return uuid.uuid4()

    def act(self, by: User) -> Lot:
        return record_export(lot=self.lot, reason=self.cleaned_data["reason"], by=by)
