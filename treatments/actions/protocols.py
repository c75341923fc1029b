"""The only writers of protocols: drafting a version, changing it, approving it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from clinic import audit
from clinic.models import User
from clinic.refusal import Refused
from treatments.actions.approval import approve, check_may_approve, check_version, open_draft
from treatments.models import Product, Protocol, ProtocolProduct, ProtocolVersion
from treatments.models.formulary import current_formulary
from treatments.rules import cadence, lifecycle
from treatments.terms import STANDARD_VIEWS, AgentStatus

Products = Iterable[tuple[Product, Decimal]]  # what is proposed, and how much is drawn, in ml
FLOOR_DAYS = 7


@transaction.atomic
def start_protocol(*, name: str, by: User) -> ProtocolVersion:
    """Start a protocol with an empty draft of version 1."""
    check_may_approve(by)
    if Protocol.objects.filter(name__iexact=name.strip()).exists():
        raise Refused(_("There is a protocol of that name. Draft its next version."), field="name")
    protocol = Protocol.objects.create(name=name.strip())
    draft = ProtocolVersion.objects.create(
        protocol=protocol, number=1, drafted_by=by, review_after=sorted(cadence.REVIEW_AFTER)
    )
    audit.record("protocol drafted", by=by, target=f"protocol {protocol.pk} version 1")
    return draft


@transaction.atomic
def start_protocol_draft(*, protocol: Protocol, by: User) -> ProtocolVersion:
    """Start the next version as a copy of the newest, or return the draft that is open."""
    check_may_approve(by)
    versions = protocol.versions.select_for_update()
    newest = versions.order_by("-number").first()
    if newest is None or not newest.is_approved:
        return newest or ProtocolVersion.objects.create(protocol=protocol, number=1, drafted_by=by)
    draft = ProtocolVersion.objects.create(
        protocol=protocol, number=newest.number + 1, drafted_by=by, **newest.columns()
    )
    _set_products(draft, ((row.product, row.ml) for row in newest.products.all()))
    audit.record("protocol drafted", by=by, target=_name(draft))
    return draft


@transaction.atomic
def change_protocol(
    *, draft: ProtocolVersion, version: int, by: User, products: Products, **columns: Any
) -> ProtocolVersion:
    """Change the draft; what it still lacks is asked for when it is approved."""
    current = open_draft(ProtocolVersion, draft, by)
    check_version(current.version, version)
    for name, value in columns.items():
        setattr(current, name, value)
    _check_numbers(current)
    current.version += 1
    current.save(update_fields=[*columns, "version"])
    _set_products(current, products)
    audit.record("protocol changed", by=by, target=_name(current))
    return current


@transaction.atomic
def approve_protocol(
    *, draft: ProtocolVersion, fingerprint: str, what_changed: str, by: User
) -> ProtocolVersion:
    """Approve the draft, which new courses are opened with from then on."""
    current = open_draft(ProtocolVersion, draft, by)
    if missing := missing_of(current):
        raise Refused(
            _("Still missing: %(what)s.") % {"what": get_text_list(missing, str(_("and")))}
        )
    _check_views(current)
    _check_products(current)
    before = current.protocol.versions.approved().first()
    if before and before.fingerprint() == current.fingerprint() == fingerprint:
        raise Refused(_("Nothing differs from the version in force."))
    return approve(current, fingerprint=fingerprint, what_changed=what_changed, by=by)


@transaction.atomic
def offer_protocol(*, protocol: Protocol, is_active: bool, by: User) -> Protocol:
    """Offer a protocol for new courses, or no longer; running courses keep their version."""
    check_may_approve(by)
    current = Protocol.objects.select_for_update().get(pk=protocol.pk)
    if current.is_active != is_active:
        current.is_active = is_active
        current.save(update_fields=["is_active"])
        word = "protocol offered" if is_active else "protocol no longer offered"
        audit.record(word, by=by, target=f"protocol {current.pk}")
    return current


def missing_of(draft: ProtocolVersion) -> list[str]:
    """Name what a version needs before it can be approved."""
    wanted = {
        _("the areas"): draft.areas,
        _("the views of the photographs"): draft.views,
        _("the aftercare"): draft.aftercare.strip(),
        _("when to call"): draft.red_flags.strip(),
    }
    return [name for name, value in wanted.items() if not value]


def _name(draft: ProtocolVersion) -> str:
    return f"protocol {draft.protocol_id} version {draft.number}"


def _set_products(draft: ProtocolVersion, products: Products) -> None:
    draft.products.all().delete()
    ProtocolProduct.objects.bulk_create(
        ProtocolProduct(protocol=draft, product=product, ml=ml)
        for product, ml in dict(products).items()
    )


def _check_views(draft: ProtocolVersion) -> None:
    """Refuse a set of views without the smallest one that can be compared later."""
    missing = [str(view.label) for view in STANDARD_VIEWS if view not in draft.views]
    if missing:
        raise Refused(
            _("Every set of photographs holds at least these views too: %(views)s.")
            % {"views": "; ".join(missing)}
        )


def _check_numbers(draft: ProtocolVersion) -> None:
    if not lifecycle.FEWEST <= draft.sessions <= lifecycle.MOST:
        raise Refused(_("A course has 10 to 15 sessions."), field="sessions")
    if draft.interval_min_days < FLOOR_DAYS:
        raise Refused(_("At least 7 days lie between sessions."), field="interval_min_days")
    if not draft.interval_min_days <= draft.interval_days <= draft.interval_max_days:
        raise Refused(_("Put the days in order: earliest, usual, latest."), field="interval_days")
    beyond = [number for number in draft.review_after if not 1 <= number < draft.sessions]
    if beyond:
        raise Refused(
            _("A review stands after session 1 to %(last)d; the end has its own.")
            % {"last": draft.sessions - 1},
            field="review_after",
        )


def _check_products(draft: ProtocolVersion) -> None:
    """Refuse products that no session could be given at this protocol's rhythm."""
    agents = current_formulary().agents
    for row in draft.products.select_related("product").prefetch_related("product__agents"):
        if not row.product.is_active:
            raise Refused(
                _("%(product)s is out of use. Propose another one.") % {"product": row.product}
            )
        for code in row.product.as_rule().shares:
            agent = agents.get(code)
            if agent is None or agent.status != AgentStatus.ACTIVE:
                raise Refused(
                    _("%(product)s contains %(agent)s, which is not active in the formulary.")
                    % {"product": row.product, "agent": agent.name if agent else code}
                )
            if agent.interval_days > draft.interval_min_days:
                raise Refused(
                    _(
                        "%(agent)s in %(product)s needs %(days)d days between sessions. "
                        "Set the earliest day to that, or propose another product."
                    )
                    % {"agent": agent.name, "product": row.product, "days": agent.interval_days}
                )
