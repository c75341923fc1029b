"""What drafting and approving a version has in common, of the formulary and of a protocol."""

from __future__ import annotations

from typing import TypeVar

from django.utils import timezone
from django.utils.translation import gettext as _

from clinic import audit
from clinic.models import User
from clinic.refusal import Refused, Stale
from clinic.roles import Can
from treatments.models import Formulary, ProtocolVersion

V = TypeVar("V", Formulary, ProtocolVersion)


def check_may_approve(by: User) -> None:
    """Refuse anybody but the medical lead."""
    if not by.can(Can.APPROVE_PROTOCOLS):
        raise Refused(
            _("Only the medical lead changes and approves the formulary, protocols and products.")
        )


def open_draft(model: type[V], draft: V, by: User) -> V:
    """Lock the draft; everything that changes it waits here."""
    check_may_approve(by)
    current = model.objects.select_for_update().get(pk=draft.pk)
    if current.is_approved:
        raise Refused(_("This version is approved and no longer changes. Start a new draft."))
    return current


def check_version(stored: int, opened: int) -> None:
    """Refuse what was typed over a row that somebody else saved meanwhile."""
    if stored != opened:
        raise Stale(
            _("Somebody else saved this while you were typing. Compare and save again."),
            version=stored,
        )


def approve(current: V, *, fingerprint: str, what_changed: str, by: User) -> V:
    """Approve a locked draft whose content the caller has checked.

    `fingerprint` is that of what was looked at: whatever somebody changed since then must be
    looked at first.
    """
    # Each row has a version of its own; the approval stands for all rows (see the models).
    if current.fingerprint() != fingerprint:
        raise Refused(_("The draft has changed since you opened this page. Look at it again."))
    if not what_changed.strip():
        raise Refused(_("Say in a sentence what changed."), field="what_changed")
    current.what_changed = what_changed.strip()
    current.approved_by, current.approved_at = by, timezone.now()
    current.digest = fingerprint
    current.save(update_fields=["what_changed", "approved_by", "approved_at", "digest"])
    audit.record(f"{current._meta.verbose_name} approved", by=by, target=str(current))
    return current
