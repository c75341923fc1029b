"""The only writers of the stock: products, lots, losses, recalls and who was told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic import audit
from clinic.models import User
from clinic.refusal import Refused
from clinic.roles import Can
from patients.models import Patient
from treatments.actions.approval import check_may_approve, check_version
from treatments.models import Lot, LotLoss, Product, ProductAgent, RecallContact, VisitProduct
from treatments.models.formulary import current_formulary
from treatments.terms import AgentStatus, ContactOutcome

Shares = Mapping[str, Decimal]  # by the agent's code
MOST_ML = Decimal("999999.9")  # what the column of a lot holds

# Products ----------------------------------------------------------------------------------------


@transaction.atomic
def add_product(*, name: str, maker: str, is_diluent: bool, shares: Shares, by: User) -> Product:
    """Add a product: its agents by code, and which share of its volume each is (0 to 1)."""
    check_may_approve(by)
    if Product.objects.filter(name__iexact=name.strip()).exists():
        raise Refused(_("There is a product of that name."), field="name")
    _check_shares(is_diluent, shares)
    product = Product.objects.create(
        name=name.strip(), maker=maker.strip(), is_diluent=is_diluent, added_by=by
    )
    _set_shares(product, shares)
    audit.record("product added", by=by, target=f"product {product.pk}")
    return product


@transaction.atomic
def change_product(
    *,
    product: Product,
    version: int,
    name: str,
    maker: str,
    is_diluent: bool,
    shares: Shares,
    by: User,
) -> Product:
    """Change a product of which no lot came yet; with one, its composition is history."""
    check_may_approve(by)
    current = Product.objects.select_for_update().get(pk=product.pk)
    check_version(current.version, version)
    if current.lots.exists():
        raise Refused(
            _("Lots of it are entered, so it stays as it is. Another mix is another product.")
        )
    others = Product.objects.exclude(pk=current.pk)
    if others.filter(name__iexact=name.strip()).exists():
        raise Refused(_("There is a product of that name."), field="name")
    _check_shares(is_diluent, shares)
    current.name, current.maker, current.is_diluent = name.strip(), maker.strip(), is_diluent
    current.version += 1
    current.save(update_fields=["name", "maker", "is_diluent", "version"])
    _set_shares(current, shares)
    audit.record("product changed", by=by, target=f"product {current.pk}")
    return current


@transaction.atomic
def retire_product(*, product: Product, is_active: bool, by: User) -> Product:
    """Take a product out of use, or bring it back; what was given of it stays."""
    check_may_approve(by)
    current = Product.objects.select_for_update().get(pk=product.pk)
    if current.is_active != is_active:
        current.is_active = is_active
        current.version += 1
        current.save(update_fields=["is_active", "version"])
        word = "product back in use" if is_active else "product out of use"
        audit.record(word, by=by, target=f"product {current.pk}")
    return current


def _check_shares(is_diluent: bool, shares: Shares) -> None:
    if is_diluent and shares:
        raise Refused(_("A diluent has no agent. Take the agents out."), field="is_diluent")
    if not is_diluent and not shares:
        raise Refused(_("Name at least one agent, or say that it is a diluent."), field="agent_0")
    if any(share <= 0 for share in shares.values()):
        raise Refused(_("A share is more than nothing."), field="agent_0")
    if sum(shares.values()) > 1:
        raise Refused(_("The shares add up to more than the whole."), field="agent_0")
    agents = current_formulary().agents
    for code in shares:
        agent = agents.get(code)
        if agent is None:
            raise Refused(
                _("%(agent)s is not in the formulary.") % {"agent": code}, field="agent_0"
            )
        if agent.status == AgentStatus.BLOCKED:
            raise Refused(
                _("%(agent)s is blocked: %(why)s")
                % {"agent": agent.name, "why": agent.status_reason},
                field="agent_0",
            )


def _set_shares(product: Product, shares: Shares) -> None:
    product.agents.all().delete()
    ProductAgent.objects.bulk_create(
        ProductAgent(product=product, agent_code=code, share=share)
        for code, share in shares.items()
    )


# Lots --------------------------------------------------------------------------------------------


@transaction.atomic
def receive_lot(*, product: Product, number: str, by: User, **columns: Any) -> Lot:
    """Enter a lot that came: `expires_on`, `received_on`, `volume_ml`, `discard_after_days`."""
    _check_may_keep(by)
    current = Product.objects.select_for_update().get(pk=product.pk)  # its composition is final now
    if not current.is_active:
        raise Refused(_("%(product)s is out of use.") % {"product": current}, field="product")
    lot = Lot(product=current, number=number.strip(), added_by=by, **columns)
    _check_lot(lot)
    lot.save(force_insert=True)
    audit.record("lot received", by=by, target=f"lot {lot.pk}")
    return lot


@transaction.atomic
def correct_lot(*, lot: Lot, version: int, by: User, **columns: Any) -> Lot:
    """Correct what was typed of a lot, until a session has drawn from it."""
    _check_may_keep(by)
    current = _locked(lot)
    check_version(current.version, version)
    if current.recalled_at:
        raise Refused(_("This lot is recalled; it stays as it is."))
    if VisitProduct.objects.filter(lot=current).exists():
        raise Refused(_("A session drew from this lot, so it stays as it is."))
    for name, value in columns.items():
        setattr(current, name, value)
    _check_lot(current)
    if current.opened_on and current.opened_on < current.received_on:
        raise Refused(_("A lot is opened on or after the day it came."), field="opened_on")
    if current.left_ml < 0:
        raise Refused(_("More is recorded as lost than came."), field="volume_ml")
    current.version += 1
    current.save(update_fields=[*columns, "version"])
    audit.record("lot corrected", by=by, target=f"lot {current.pk}")
    return current


@transaction.atomic
def open_lot(*, lot: Lot, opened_on: date, discard_after_days: int | None, by: User) -> Lot:
    """Note the day on which a lot was opened, and for how many days it keeps from then on."""
    _check_may_keep(by)
    current = _locked(lot)
    if current.opened_on:
        raise Refused(
            _("It was opened on %(day)s already.") % {"day": date_format(current.opened_on)}
        )
    if opened_on > timezone.localdate():
        raise Refused(_("This day lies ahead. Note it on the day."), field="opened_on")
    if opened_on < current.received_on:
        raise Refused(_("A lot is opened on or after the day it came."), field="opened_on")
    if why := current.why_not(opened_on):
        raise Refused(why, field="opened_on")
    current.opened_on, current.discard_after_days = opened_on, discard_after_days
    current.version += 1
    current.save(update_fields=["opened_on", "discard_after_days", "version"])
    audit.record("lot opened", by=by, target=f"lot {current.pk}")
    return current


@transaction.atomic
def record_loss(*, lot: Lot, ml: Decimal, reason: str, by: User) -> LotLoss:
    """Record what left a lot without a session: broken, thrown away, set apart. Millilitres.

    Below 0 puts back what was entered wrongly, up to what is entered as lost.
    """
    _check_may_keep(by)
    current = _locked(lot)
    if not reason.strip():
        raise Refused(_("Say what became of it."), field="reason")
    if ml == 0:
        raise Refused(_("Enter how much, in ml."), field="ml")
    if ml > current.left_ml:
        raise Refused(_("Only %(left)s ml are left of it.") % {"left": current.left_ml}, field="ml")
    if -ml > current.lost_ml:
        raise Refused(
            _("Only %(lost)s ml are entered as lost.") % {"lost": current.lost_ml.quantize(ml)},
            field="ml",
        )
    loss = LotLoss.objects.create(lot=current, ml=ml, reason=reason.strip(), by=by)
    audit.record("lot loss recorded", by=by, target=f"lot {current.pk}")
    return loss


@transaction.atomic
def receive_more(*, lot: Lot, ml: Decimal, by: User) -> Lot:
    """Enter another delivery of a lot that is here already. Millilitres."""
    _check_may_keep(by)
    current = _locked(lot)
    if current.recalled_at:
        raise Refused(_("This lot is recalled; it stays as it is."))
    if ml <= 0:
        raise Refused(_("Enter how much came, in ml."), field="ml")
    if current.volume_ml + ml > MOST_ML:
        raise Refused(
            _("A lot holds %(most)s ml at most. Check the number.") % {"most": MOST_ML}, field="ml"
        )
    current.volume_ml += ml
    current.version += 1
    current.save(update_fields=["volume_ml", "version"])
    audit.record("more of a lot received", by=by, target=f"lot {current.pk}, {ml} ml")
    return current


@transaction.atomic
def recall_lot(*, lot: Lot, reason: str, by: User) -> Lot:
    """Recall a lot: no session draws from it any more, and its patients are to be told."""
    _check_may_keep(by)
    current = _locked(lot)
    if current.recalled_at:
        raise Refused(_("This lot is recalled already."))
    if not reason.strip():
        raise Refused(_("Say why, and where the notice came from."), field="reason")
    current.recalled_at, current.recalled_by = timezone.now(), by
    current.recall_reason = reason.strip()
    current.version += 1
    current.save(update_fields=["recalled_at", "recalled_by", "recall_reason", "version"])
    audit.record("lot recalled", by=by, target=f"lot {current.pk}")
    return current


@transaction.atomic
def log_contact(
    *, lot: Lot, patient: Patient, outcome: ContactOutcome, note: str, by: User
) -> RecallContact:
    """Note what came of telling a patient about a recall."""
    _check_may_keep(by)
    current = _locked(lot)
    if not current.recalled_at:
        raise Refused(_("This lot is not recalled, so there is nobody to tell."))
    given = VisitProduct.objects.filter(
        lot=current, visit__voided_at=None, visit__course__patient=patient
    )
    if not given.exists():
        raise Refused(_("No session of this patient drew from the lot."))
    contact = RecallContact.objects.create(
        lot=current, patient=patient, outcome=outcome, note=note.strip(), by=by
    )
    audit.record("recall contact logged", by=by, patient=patient.code, target=f"lot {current.pk}")
    return contact


def record_export(*, lot: Lot, reason: str, by: User) -> Lot:
    """Note that the call list of a lot leaves the house, and what for (one of a few words)."""
    _check_may_keep(by)
    audit.record("call list exported", by=by, target=f"lot {lot.pk}, {reason}")
    return lot


def _check_may_keep(by: User) -> None:
    if not by.can(Can.KEEP_STOCK):
        raise Refused(_("Your role does not keep the stock. Ask a practitioner or the manager."))


def _locked(lot: Lot) -> Lot:
    Lot.objects.select_for_update().get(pk=lot.pk)
    return Lot.objects.with_left().select_related("product").get(pk=lot.pk)


def _check_lot(lot: Lot) -> None:
    """Refuse what nobody can have received."""
    if not lot.number:
        raise Refused(_("Enter the number that stands on the label."), field="number")
    same = Lot.objects.filter(product=lot.product, number__iexact=lot.number).exclude(pk=lot.pk)
    if same.exists():
        raise Refused(
            _("This lot is entered already. If more of it came, enter that on its page."),
            field="number",
        )
    if lot.received_on > timezone.localdate():
        raise Refused(_("This day lies ahead. Enter the lot when it is here."), field="received_on")
    if lot.expires_on < lot.received_on:
        raise Refused(_("It had expired before it came. Check both days."), field="expires_on")
    if lot.volume_ml <= 0:
        raise Refused(_("Enter how much came, in ml."), field="volume_ml")
