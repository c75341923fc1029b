"""The clinic's formulary: versions that the medical lead drafts and approves.

The product ships no doses: a clinic without an approved version records no treatment. An approved
version never changes; sessions are judged by the newest one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q
from django.db.models.lookups import IsNull
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clinic.digests import digest_of
from clinic.models import ApprovedVersion
from clinic.roles import Can
from patients.terms import Allergen
from treatments.models.said import plain
from treatments.rules.formulary import AgentFacts, FormularyFacts
from treatments.terms import AgentCategory, AgentStatus, Licence, Unit

if TYPE_CHECKING:
    from clinic.models import User

ALWAYS_BLOCKED = ("buflomedil",)  # EU authorisations suspended, 2011 and 2012 (domain.md 5)


class FormularyQuerySet(models.QuerySet["Formulary"]):
    """Versions, by whether they are approved; the newest first."""

    def visible_to(self, user: User) -> Self:
        """The open draft is for those who may change it."""
        if user.can(Can.APPROVE_PROTOCOLS):
            return self
        return self.approved() if user.can(Can.SEE_PROTOCOLS) else self.none()

    def approved(self) -> Self:
        return self.filter(approved_at__isnull=False).order_by("-number")

    def drafts(self) -> Self:
        return self.filter(approved_at=None)

    def with_agents(self) -> Self:
        return self.select_related("drafted_by", "approved_by").prefetch_related(
            "agents__ingredients"
        )


class Formulary(ApprovedVersion):
    """One version of the formulary."""

    objects = FormularyQuerySet.as_manager()

    class Meta:
        verbose_name = _("formulary")
        verbose_name_plural = _("formularies")
        constraints = [
            ApprovedVersion.approval("formulary_approved_at_by_and_why"),
            models.UniqueConstraint(fields=["number"], name="formulary_number_once"),
            models.UniqueConstraint(
                IsNull(models.F("approved_at"), True),
                condition=Q(approved_at=None),
                name="one_formulary_draft",
            ),
        ]

    def __str__(self) -> str:
        return f"formulary {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("treatments:formulary-version", args=[self.number])

    def fingerprint(self) -> str:
        """Return the SHA-256 of all agents: what is approved is what was looked at."""
        # Not a version: each agent has one of its own, so that two people edit different agents
        # at once, and the approval has to stand for all of them.
        agents = self.agents.order_by("code").prefetch_related("ingredients")
        return digest_of([agent.said() for agent in agents])

    def as_rules(self) -> FormularyFacts:
        """Return the version as the rules read it."""
        agents = {agent.code: agent.as_rule() for agent in self.agents.all()}
        return FormularyFacts(version=self.number, agents=agents)


class Agent(models.Model):
    """One agent of one version: what is in it, how strong it is, how much may be given.

    Strength and ceilings are in `unit`: per ml, per session, per kg and session, per course.
    `code` is the same in every version, and is what products and safety lists refer to.
    """

    formulary = models.ForeignKey(Formulary, on_delete=models.PROTECT, related_name="agents")
    code = models.SlugField(_("code"), max_length=60)
    name = models.CharField(_("agent"), max_length=80)
    category = models.CharField(_("category"), max_length=12, choices=AgentCategory)
    # What is counted: agents with the same substance add up ("lidocaine").
    substance = models.CharField(_("substance"), max_length=60)
    strength = models.DecimalField(
        _("strength per ml"), max_digits=8, decimal_places=2, null=True, blank=True
    )
    unit = models.CharField(_("unit"), max_length=4, choices=Unit, default=Unit.MG)
    ceiling_ml = models.DecimalField(
        _("most per session, ml"), max_digits=5, decimal_places=1, null=True, blank=True
    )
    ceiling_session = models.DecimalField(
        _("most per session"), max_digits=8, decimal_places=2, null=True, blank=True
    )
    ceiling_kg = models.DecimalField(
        _("most per kg and session"), max_digits=7, decimal_places=3, null=True, blank=True
    )
    ceiling_course = models.DecimalField(
        _("most per course"), max_digits=9, decimal_places=2, null=True, blank=True
    )
    interval_days = models.PositiveSmallIntegerField(_("days between"), default=7)
    licence = models.CharField(_("licence"), max_length=12, choices=Licence)
    licence_note = models.CharField(_("licence note"), max_length=300, blank=True)
    status = models.CharField(
        _("status"), max_length=8, choices=AgentStatus, default=AgentStatus.DRAFT
    )
    status_reason = models.CharField(_("why"), max_length=300, blank=True)
    source = models.CharField(_("source"), max_length=300, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)  # for two who edit at once

    # What a new version takes over, and what is approved.
    COLUMNS = (
        "code",
        "name",
        "category",
        "substance",
        "strength",
        "unit",
        "ceiling_ml",
        "ceiling_session",
        "ceiling_kg",
        "ceiling_course",
        "interval_days",
        "licence",
        "licence_note",
        "status",
        "status_reason",
        "source",
    )

    class Meta:
        verbose_name = _("agent")
        verbose_name_plural = _("agents")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["formulary", "code"], name="agent_once_per_formulary"),
            models.CheckConstraint(
                condition=Q(category__in=AgentCategory.values), name="agent_category_known"
            ),
            models.CheckConstraint(
                condition=Q(status__in=AgentStatus.values), name="agent_status_known"
            ),
            models.CheckConstraint(
                condition=Q(licence__in=Licence.values), name="agent_licence_known"
            ),
            models.CheckConstraint(condition=Q(unit__in=Unit.values), name="agent_unit_known"),
            models.CheckConstraint(
                condition=~Q(code__in=ALWAYS_BLOCKED) | Q(status="blocked"),
                name="agent_always_blocked",
                violation_error_message=_("This agent cannot be made active, by anyone."),
            ),
            models.CheckConstraint(
                # What compares with nothing is neither true nor false, and would pass.
                condition=~Q(status="active")
                | (
                    Q(strength__isnull=False, strength__gt=0)
                    & (
                        Q(ceiling_ml__isnull=False, ceiling_ml__gt=0)
                        | Q(ceiling_session__isnull=False, ceiling_session__gt=0)
                        | Q(ceiling_kg__isnull=False, ceiling_kg__gt=0)
                    )
                ),
                name="active_agent_has_strength_and_ceiling",
                violation_error_message=_("An active agent has a strength and a ceiling."),
            ),
            models.CheckConstraint(
                condition=~Q(status="blocked") | ~Q(status_reason=""),
                name="blocked_agent_says_why",
                violation_error_message=_("Say why it is blocked."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def columns(self) -> dict[str, Any]:
        """Return everything that can be said of the agent, without its ingredients."""
        return {name: getattr(self, name) for name in self.COLUMNS}

    def ingredient_pairs(self) -> list[tuple[str, str]]:
        """Return (name, allergen group or "") of each ingredient, from the prefetched rows."""
        return sorted((row.name, row.allergen) for row in self.ingredients.all())

    def said(self) -> list[Any]:
        """Return everything that is approved of this agent, in plain values."""
        values = [plain(value) for value in self.columns().values()]
        return [*values, self.ingredient_pairs()]

    def as_rule(self) -> AgentFacts:
        """Return the agent as the rules read it."""
        return AgentFacts(
            code=self.code,
            name=self.name,
            substance=self.substance,
            strength=self.strength,
            unit=Unit(self.unit),
            ceiling_ml=self.ceiling_ml,
            ceiling_session=self.ceiling_session,
            ceiling_kg=self.ceiling_kg,
            ceiling_course=self.ceiling_course,
            interval_days=self.interval_days,
            status=AgentStatus(self.status),
            status_reason=self.status_reason,
            allergens=frozenset(
                Allergen(row.allergen) for row in self.ingredients.all() if row.allergen
            ),
        )


class Ingredient(models.Model):
    """Something in an agent that a patient may not tolerate: an excipient, or itself."""

    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="ingredients")
    name = models.CharField(_("ingredient"), max_length=60)
    allergen = models.CharField(_("allergen group"), max_length=20, choices=Allergen, blank=True)

    class Meta:
        verbose_name = _("ingredient")
        verbose_name_plural = _("ingredients")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["agent", "name"], name="ingredient_once_per_agent"),
            models.CheckConstraint(
                condition=Q(allergen__in=["", *Allergen.values]), name="ingredient_allergen_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


def current_formulary() -> FormularyFacts:
    """Return the newest approved version, or an empty one. Two or three queries."""
    newest = Formulary.objects.approved().with_agents().first()
    return newest.as_rules() if newest else FormularyFacts()
