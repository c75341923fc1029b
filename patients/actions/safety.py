"""The only writers of the safety lists: drafting a version, changing it, signing it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from clinic import audit
from clinic.models import User
from clinic.refusal import Refused, Stale
from clinic.roles import Can
from patients.models.safety import (
    ALWAYS_REQUIRED,
    FIXED_GATE,
    SafetyListExclusion,
    SafetyListRow,
    SafetyListVersion,
    current_list,
)
from patients.rules.safety_changes import differences
from patients.rules.safety_list import DRAFT, OWN
from patients.terms import SafetyGate

L = TypeVar("L", SafetyListRow, SafetyListExclusion)


@transaction.atomic
def start_safety_draft(*, by: User) -> SafetyListVersion:
    """Start the next version as a copy of the newest, or return the draft that is open.

    Items that the product has and the signed version does not know come along switched off.
    """
    check_may_sign(by)
    versions = SafetyListVersion.objects.select_for_update()
    newest = versions.order_by("-number").first()
    if newest and not newest.is_signed:
        return newest
    draft = SafetyListVersion.objects.create(
        number=newest.number + 1 if newest else 1, drafted_by=by
    )
    rows = [(row.columns(), row.is_off) for row in newest.rows.all()] if newest else []
    agents = [(row.columns(), row.is_off) for row in newest.exclusions.all()] if newest else []
    rows += _unknown_yet(DRAFT.rows, rows)
    agents += _unknown_yet(DRAFT.exclusions, agents)
    SafetyListRow.objects.bulk_create(
        SafetyListRow(safety_list=draft, place=place, is_off=is_off, **columns)
        for place, (columns, is_off) in enumerate(rows)
    )
    SafetyListExclusion.objects.bulk_create(
        SafetyListExclusion(safety_list=draft, place=place, is_off=is_off, **columns)
        for place, (columns, is_off) in enumerate(agents)
    )
    audit.record("safety list drafted", by=by, target=str(draft))
    return draft


def _unknown_yet(
    drafted: tuple[Any, ...], known: list[tuple[dict[str, Any], bool]]
) -> list[tuple[dict[str, Any], bool]]:
    """Return the product's rows that a version lacks; the first version takes them as they are."""
    codes = {columns["code"] for columns, _is_off in known}
    return [
        (_columns(row), bool(known) and row.code not in ALWAYS_REQUIRED)
        for row in drafted
        if row.code not in codes
    ]


def _columns(row: Any) -> dict[str, Any]:
    columns = asdict(row)
    if "block" in columns:
        columns["block"] = columns["block"] or ""
    return columns


@transaction.atomic
def add_safety_row(*, draft: SafetyListVersion, by: User, **columns: Any) -> SafetyListRow:
    """Add an item of the clinic's own, for any gate."""
    current = _open_draft(draft, by)
    if current.rows.filter(question__iexact=columns["question"]).exists():
        raise Refused(_("This version asks that already."), field="question")
    code = _own_code(columns["question"])
    place = current.rows.aggregate(last=Max("place"))["last"]
    row = SafetyListRow.objects.create(
        safety_list=current, place=place + 1, code=code, stem=code.upper(), **columns
    )
    audit.record("safety item added", by=by, target=f"{current}: {code}")
    return row


@transaction.atomic
def add_safety_exclusion(
    *, draft: SafetyListVersion, by: User, **columns: Any
) -> SafetyListExclusion:
    """Add an allergy or condition of the clinic's own, and the agent that it leaves out."""
    current = _open_draft(draft, by)
    if current.exclusions.filter(label__iexact=columns["label"]).exists():
        raise Refused(_("This version has that already."), field="label")
    code = _own_code(columns["label"])
    place = current.exclusions.aggregate(last=Max("place"))["last"]
    row = SafetyListExclusion.objects.create(
        safety_list=current, place=place + 1, code=code, **columns
    )
    audit.record("safety item added", by=by, target=f"{current}: {code}")
    return row


def _own_code(words: str) -> str:
    """Make a code of the words, with a number when it is taken in any version."""
    slug = slugify(words).replace("-", "_")[:40].strip("_") or "item"
    taken = {
        *SafetyListRow.objects.filter(code__startswith=OWN).values_list("code", flat=True),
        *SafetyListExclusion.objects.filter(code__startswith=OWN).values_list("code", flat=True),
    }
    codes = (f"{OWN}{slug}" if count == 1 else f"{OWN}{slug}_{count}" for count in range(1, 1000))
    return next(code for code in codes if code not in taken)


@transaction.atomic
def change_safety_row(
    *, row: SafetyListRow, version: int, by: User, **columns: Any
) -> SafetyListRow:
    """Change an item of the draft.

    Age under 18 stays an absolute stop; what a decision always needs stays required and on.
    """
    current = _locked(SafetyListRow, row, version, by)
    if current.code == FIXED_GATE and (
        columns.get("gate", SafetyGate.ABSOLUTE) != SafetyGate.ABSOLUTE or columns.get("is_off")
    ):
        raise Refused(_("Age under 18 is an absolute stop in every version."))
    if current.code in ALWAYS_REQUIRED and (
        columns.get("is_off") or not columns.get("is_required", True)
    ):
        raise Refused(_("No decision is safe without this answer, so it stays required."))
    return _change(current, by, columns)


@transaction.atomic
def change_safety_exclusion(
    *, row: SafetyListExclusion, version: int, by: User, **columns: Any
) -> SafetyListExclusion:
    """Change an allergy or condition of the draft."""
    return _change(_locked(SafetyListExclusion, row, version, by), by, columns)


def _locked(model: type[L], row: L, version: int, by: User) -> L:
    _open_draft(row.safety_list, by)
    current = model.objects.select_for_update().get(pk=row.pk)
    if current.version != version:
        raise Stale(
            _("Somebody else saved this item while you were typing. Compare and save again."),
            version=current.version,
        )
    return current


def _change(current: L, by: User, columns: dict[str, Any]) -> L:
    for name, value in columns.items():
        setattr(current, name, value)
    current.version += 1
    current.save(update_fields=[*columns, "version"])
    audit.record("safety item changed", by=by, target=f"{current.safety_list}: {current.code}")
    return current


@transaction.atomic
def sign_safety_list(
    *, draft: SafetyListVersion, fingerprint: str, what_changed: str, by: User
) -> SafetyListVersion:
    """Sign the draft, which then applies to every screening that is not decided yet.

    `fingerprint` is that of the rows that were looked at: whatever somebody changed since then
    must be looked at first.
    """
    current = _open_draft(draft, by)
    # Each row has a version of its own; the signature stands for all rows (see the model).
    if current.fingerprint() != fingerprint:
        raise Refused(_("The draft has changed since you opened this page. Look at it again."))
    if not what_changed.strip():
        raise Refused(_("Say in a sentence what changed."), field="what_changed")
    if current.number > 1 and not differences(current_list(), current.as_rules()):
        raise Refused(_("Nothing differs from the version in force."))
    current.what_changed = what_changed.strip()
    current.signed_by, current.signed_at = by, timezone.now()
    current.digest = fingerprint
    current.save(update_fields=["what_changed", "signed_by", "signed_at", "digest"])
    audit.record("safety list signed", by=by, target=str(current))
    return current


def check_may_sign(by: User) -> None:
    """Refuse anybody but the medical lead."""
    if not by.can(Can.SIGN_RULES):
        raise Refused(_("Only the medical lead changes and signs the safety lists."))


def _open_draft(draft: SafetyListVersion, by: User) -> SafetyListVersion:
    """Lock the draft; everything that changes it waits here."""
    check_may_sign(by)
    current = SafetyListVersion.objects.select_for_update().get(pk=draft.pk)
    if current.is_signed:
        raise Refused(_("This version is signed and no longer changes. Start a new draft."))
    return current
