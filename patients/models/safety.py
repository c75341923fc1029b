"""The clinic's own safety lists: versions that the medical lead drafts and signs.

A signed version never changes: the actions refuse it, and so does the database. While none is
signed, the product's draft applies.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.lookups import IsNull
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.digests import digest_of
from clinic.models import User
from clinic.roles import Can
from patients.rules.facts import REQUIRED_ITEMS
from patients.rules.safety_list import DRAFT, ExclusionRow, SafetyList, SafetyRow
from patients.terms import SafetyBlock, SafetyGate, SafetyItem

LONGEST_SENTENCE = 400
LONGEST_HOLD = 3650  # days, ten years
FIXED_GATE = SafetyItem.AGE_UNDER_18  # it stays an absolute stop in every version
ALWAYS_REQUIRED = sorted(item.value for item in REQUIRED_ITEMS)


class SafetyListQuerySet(models.QuerySet["SafetyListVersion"]):
    """Versions, by whether they are signed; the newest first."""

    def visible_to(self, user: User) -> Self:
        """The open draft is for those who may change it."""
        if user.can(Can.SIGN_RULES):
            return self
        return self.signed() if user.can(Can.SEE_RULES) else self.none()

    def signed(self) -> Self:
        return self.filter(signed_at__isnull=False).order_by("-number")

    def drafts(self) -> Self:
        return self.filter(signed_at=None)

    def with_rows(self) -> Self:
        return self.select_related("drafted_by", "signed_by").prefetch_related("rows", "exclusions")


class SafetyListVersion(models.Model):
    """One version of the lists: a draft until the medical lead signs it."""

    number = models.PositiveIntegerField(_("version"), unique=True)
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    drafted_at = models.DateTimeField(default=timezone.now, editable=False)
    what_changed = models.CharField(_("what changed"), max_length=LONGEST_SENTENCE, blank=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    signed_at = models.DateTimeField(null=True, blank=True, editable=False)
    # SHA-256 of the rows as they were signed.
    digest = models.CharField(max_length=64, blank=True, editable=False)

    objects = SafetyListQuerySet.as_manager()

    class Meta:
        verbose_name = _("safety list")
        verbose_name_plural = _("safety lists")
        constraints = [
            models.CheckConstraint(
                condition=Q(signed_at=None, signed_by=None, digest="")
                | (
                    Q(signed_at__isnull=False, signed_by__isnull=False)
                    & ~Q(digest="")
                    & ~Q(what_changed="")
                ),
                name="safety_list_signed_at_by_and_why",
            ),
            models.UniqueConstraint(
                IsNull(models.F("signed_at"), True),
                condition=Q(signed_at=None),
                name="one_safety_draft",
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="safety_list_from_1"),
        ]

    def __str__(self) -> str:
        return f"safety list {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("patients:safety-version", args=[self.number])

    @property
    def is_signed(self) -> bool:
        return self.signed_at is not None

    def as_rules(self) -> SafetyList:
        """Return the list as the rules read it, without what is switched off."""
        return SafetyList(
            version=self.number,
            rows=tuple(row.as_rule() for row in self.rows.all() if not row.is_off),
            exclusions=tuple(row.as_rule() for row in self.exclusions.all() if not row.is_off),
        )

    def fingerprint(self) -> str:
        """Return the SHA-256 of all rows: what is signed is what was looked at."""
        # Not a version: each row has one of its own, so that two people edit different items at
        # once, and the signature has to stand for the words of all of them.
        said = [row.said() for row in (*self.rows.all(), *self.exclusions.all())]
        return digest_of(said)


class Listed(models.Model):
    """What items and agents have in common: their place in one version, and their words."""

    place = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=60)
    sentence = models.CharField(_("what the patient reads"), max_length=LONGEST_SENTENCE)
    is_off = models.BooleanField(_("switched off"), default=False)
    version = models.PositiveIntegerField(default=1, editable=False)  # for two who edit at once

    COLUMNS: tuple[str, ...]

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.code

    def columns(self) -> dict[str, Any]:
        """Return what the rules read of this row."""
        return {name: getattr(self, name) for name in self.COLUMNS}

    def said(self) -> list[Any]:
        """Return everything that is signed of this row, in plain values."""
        return [self.place, *(str(value) for value in self.columns().values()), self.is_off]


class SafetyListRow(Listed):
    """One item of one version; the columns are those of `SafetyRow`."""

    safety_list = models.ForeignKey(
        SafetyListVersion, on_delete=models.PROTECT, related_name="rows"
    )
    gate = models.CharField(_("what a “yes” means"), max_length=10, choices=SafetyGate)
    stem = models.CharField(max_length=60)
    question = models.CharField(_("question on the form"), max_length=160)
    block = models.CharField(_("asked under"), max_length=10, choices=SafetyBlock, blank=True)
    is_required = models.BooleanField(_("needed for a decision"), default=False)
    each_session = models.BooleanField(_("asked again before each session"), default=False)
    holds_days = models.PositiveSmallIntegerField(_("an answer holds for"), null=True, blank=True)
    wait_days = models.PositiveSmallIntegerField(
        _("screen again after, at the earliest"), null=True, blank=True
    )

    COLUMNS = (
        "code",
        "gate",
        "stem",
        "question",
        "sentence",
        "block",
        "is_required",
        "each_session",
        "holds_days",
        "wait_days",
    )

    class Meta:
        verbose_name = _("safety item")
        verbose_name_plural = _("safety items")
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(
                fields=["safety_list", "code"], name="safety_item_once_per_list"
            ),
            models.CheckConstraint(
                condition=Q(gate__in=SafetyGate.values), name="safety_row_gate_known"
            ),
            models.CheckConstraint(
                condition=Q(block__in=["", *SafetyBlock.values]), name="safety_row_block_known"
            ),
            models.CheckConstraint(
                condition=~Q(question="") & ~Q(sentence=""), name="safety_row_has_words"
            ),
            models.CheckConstraint(
                condition=~Q(code=FIXED_GATE) | Q(gate=SafetyGate.ABSOLUTE, is_off=False),
                name="age_under_18_always_stops",
            ),
            models.CheckConstraint(
                condition=~Q(code__in=ALWAYS_REQUIRED) | Q(is_required=True, is_off=False),
                name="required_item_stays_required",
            ),
            models.CheckConstraint(
                condition=(Q(holds_days=None) | Q(holds_days__lte=LONGEST_HOLD))
                & (Q(wait_days=None) | Q(wait_days__lte=LONGEST_HOLD)),
                name="safety_row_days_believable",
            ),
        ]

    def as_rule(self) -> SafetyRow:
        """Return the row as the rules read it."""
        typed = {
            "gate": SafetyGate(self.gate),
            "block": SafetyBlock(self.block) if self.block else None,
        }
        return SafetyRow(**self.columns() | typed)


class SafetyListExclusion(Listed):
    """One allergy or condition of one version; the columns are those of `ExclusionRow`."""

    safety_list = models.ForeignKey(
        SafetyListVersion, on_delete=models.PROTECT, related_name="exclusions"
    )
    label = models.CharField(_("allergy or condition"), max_length=160)
    agent = models.SlugField(_("agent that is left out"), max_length=60)
    needs_opinion = models.BooleanField(
        _("comes back only with the opinion of an allergy clinic"), default=False
    )

    COLUMNS = ("code", "label", "agent", "sentence", "needs_opinion")

    class Meta:
        verbose_name = _("excluded agent")
        verbose_name_plural = _("excluded agents")
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(fields=["safety_list", "code"], name="exclusion_once_per_list"),
            models.CheckConstraint(
                condition=~Q(label="") & ~Q(sentence="") & ~Q(agent=""), name="exclusion_has_words"
            ),
        ]

    def as_rule(self) -> ExclusionRow:
        """Return the row as the rules read it."""
        return ExclusionRow(**self.columns())


def current_list() -> SafetyList:
    """Return the list in force: the newest signed version, or the product's draft.

    Costs one query; the rows of a signed version never change, so a process reads them once.
    """
    newest = SafetyListVersion.objects.signed().values_list("number", "digest").first()
    return _signed_list(*newest) if newest else DRAFT


@lru_cache(maxsize=8)
def _signed_list(number: int, digest: str) -> SafetyList:
    return SafetyListVersion.objects.with_rows().get(number=number).as_rules()
