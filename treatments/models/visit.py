"""The visit: what was done, measured and seen on one day."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.roles import Can
from patients.terms import Answer, Area
from patients.wording import area_names
from treatments.models.course import Course
from treatments.models.formulary import Agent, Formulary
from treatments.models.stock import Lot, Product
from treatments.rules import cadence
from treatments.rules.reactions import ALWAYS_LOOKED_AT, MODERATE, is_grave
from treatments.terms import (
    Confirmed,
    MeasureKind,
    NeedleGauge,
    NeedleLength,
    Noticed,
    ReactionKind,
    ReactionOutcome,
    Related,
    ReviewPoint,
    Technique,
    Tick,
    VisitKind,
)

if TYPE_CHECKING:
    from clinic.models import User


class VisitQuerySet(models.QuerySet["Visit"]):
    """Visits, by what they count for."""

    def visible_to(self, user: User) -> Self:
        return self if user.can(Can.SEE_CLINICAL) else self.none()

    def standing(self) -> Self:
        """Visits that were not struck out as entered in error."""
        return self.filter(voided_at=None)

    def treatments(self) -> Self:
        return self.standing().filter(kind=VisitKind.TREATMENT).order_by("held_on", "number")

    def unsigned(self) -> Self:
        """Visits that nobody has closed yet."""
        return self.standing().filter(signed_at=None)

    def for_form(self) -> Self:
        """With everything that the form of a visit shows."""
        return self.select_related("course__patient", "practitioner").prefetch_related(
            "visit_areas",
            "measures",
            "reactions",
            "answers",
            "missing",
            models.Prefetch(
                "products",
                VisitProduct.objects.select_related("product", "lot__product").order_by("pk"),
            ),
        )

    def with_floor(self) -> Self:
        """With the days that must pass after each: the most that an agent given asks for.

        As the newest approved formulary has them; 0 where it has none of the agents.
        """
        newest = Formulary.objects.approved().values("pk")[:1]
        given = VisitProduct.objects.filter(
            visit=models.OuterRef(models.OuterRef("pk")), drawn_ml__gt=F("wasted_ml")
        ).values("product__agents__agent_code")
        most = (
            Agent.objects.filter(formulary=models.Subquery(newest), code__in=given)
            .order_by("-interval_days")
            .values("interval_days")[:1]
        )
        return self.annotate(floor_days=Coalesce(models.Subquery(most), 0))

    def for_chart(self) -> Self:
        return self.select_related("practitioner", "course").prefetch_related(
            "visit_areas",
            "measures",
            "reactions",
            models.Prefetch(
                "products",
                VisitProduct.objects.select_related("product", "lot").order_by("pk"),
            ),
        )


class Visit(models.Model):
    """One visit of a course: baseline, treatment, review or follow-up."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="visits")
    kind = models.CharField(max_length=10, choices=VisitKind)
    number = models.PositiveSmallIntegerField(_("session"), null=True, blank=True)
    held_on = models.DateField(_("date"))
    practitioner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="visits",
        verbose_name=_("practitioner"),
    )
    technique = models.CharField(_("technique"), max_length=16, choices=Technique, blank=True)
    depth_mm = models.DecimalField(
        _("depth, mm"), max_digits=3, decimal_places=1, null=True, blank=True
    )
    needle_gauge = models.CharField(_("needle"), max_length=2, choices=NeedleGauge, blank=True)
    needle_length = models.CharField(_("length"), max_length=2, choices=NeedleLength, blank=True)
    ml_per_point = models.DecimalField(
        _("ml per point"), max_digits=4, decimal_places=3, null=True, blank=True
    )
    # Today's checks. None: not asked.
    nothing_changed = models.BooleanField(_("nothing changed"), null=True, blank=True)
    skin_clear = models.BooleanField(_("skin of each area clear"), null=True, blank=True)
    photos_before = models.BooleanField(_("photos before injecting"), null=True, blank=True)
    pain = models.PositiveSmallIntegerField(_("pain"), null=True, blank=True)
    # None: not asked. A list of reactions that is empty says nothing by itself.
    is_without_reaction = models.BooleanField(null=True, blank=True)
    note = models.TextField(_("note"), blank=True)
    # Closing.
    aftercare_given = models.BooleanField(_("aftercare sheet given"), default=False)
    knows_whom_to_call = models.BooleanField(_("knows whom to call"), default=False)
    needles_discarded = models.BooleanField(_("needles single-use, discarded"), default=False)
    observed_well = models.BooleanField(_("observed, well"), default=False)
    review_point = models.CharField(_("gate"), max_length=12, choices=ReviewPoint, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    # Signed means closed: from then on the database refuses changes.
    signed_at = models.DateTimeField(null=True, blank=True, editable=False)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    voided_at = models.DateTimeField(null=True, blank=True, editable=False)
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    void_reason = models.CharField(_("reason"), max_length=300, blank=True)

    objects = VisitQuerySet.as_manager()

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        indexes = [models.Index(fields=["course", "held_on"])]
        constraints = [
            models.UniqueConstraint(
                fields=["course", "number"],
                condition=Q(voided_at=None),
                name="session_number_once_per_course",
                violation_error_message=_("This session is recorded already."),
            ),
            models.UniqueConstraint(
                fields=["course"],
                condition=Q(voided_at=None, kind="baseline"),
                name="one_baseline_per_course",
                violation_error_message=_("The baseline is recorded already."),
            ),
            models.CheckConstraint(
                condition=Q(kind="treatment", number__isnull=False)
                | (~Q(kind="treatment") & Q(number=None)),
                name="only_treatments_are_numbered",
            ),
            models.CheckConstraint(condition=Q(kind__in=VisitKind.values), name="visit_kind_known"),
            models.CheckConstraint(condition=Q(pain=None) | Q(pain__lte=10), name="pain_0_to_10"),
            models.CheckConstraint(
                condition=Q(voided_at=None, voided_by=None, void_reason="")
                | (Q(voided_at__isnull=False, voided_by__isnull=False) & ~Q(void_reason="")),
                name="visit_voided_at_by_and_why",
            ),
            models.CheckConstraint(
                condition=Q(signed_at=None, signed_by=None)
                | Q(signed_at__isnull=False, signed_by__isnull=False),
                name="visit_signed_at_and_by",
            ),
            models.CheckConstraint(
                condition=Q(review_point__in=["", *ReviewPoint.values]),
                name="visit_review_point_known",
            ),
            models.CheckConstraint(
                condition=Q(ml_per_point=None) | Q(ml_per_point__gt=0, ml_per_point__lte=2),
                name="visit_ml_per_point_believable",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course}: {self.title} {self.held_on}"

    def get_absolute_url(self) -> str:
        return reverse("treatments:visit-detail", args=[self.pk])

    @property
    def patient_code(self) -> str:
        return self.course.patient_code

    @property
    def title(self) -> str:
        """ "Session 4", or the kind of visit."""
        if self.kind == VisitKind.TREATMENT:
            return gettext("Session %(number)d") % {"number": self.number}
        return self.get_kind_display()

    @property
    def areas(self) -> list[Area]:
        chosen = {row.area for row in self.visit_areas.all()}
        return [area for area in Area if area in chosen]

    @property
    def areas_text(self) -> str:
        return area_names(self.areas)

    @cached_property
    def floor_days(self) -> int:
        """Days that must pass after it because of its agents. `with_floor` saves the query."""
        return Visit.objects.with_floor().only("pk").get(pk=self.pk).floor_days

    @property
    def as_held(self) -> cadence.Held:
        """What the cadence needs to know; the areas are left out, which means any."""
        return cadence.Held(
            self.number or 0, self.held_on, self.get_absolute_url(), floor_days=self.floor_days
        )

    @property
    def as_held_in_areas(self) -> cadence.Held:
        """The same with its areas."""
        return replace(self.as_held, areas=frozenset(row.area for row in self.visit_areas.all()))


class VisitArea(models.Model):
    """One area that was treated: how many points, and where those marked on the map lie.

    `points` are pairs [x, y] from 0 to 1 of the drawing of the area's view, so that zoom and
    paper do not matter. There may be fewer of them than `point_count`: a number may be typed.
    """

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="visit_areas")
    area = models.CharField(_("area"), max_length=24, choices=Area)
    point_count = models.PositiveSmallIntegerField(_("points"), null=True, blank=True)
    points = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["visit", "area"], name="area_once_per_visit"),
            models.CheckConstraint(condition=Q(area__in=Area.values), name="visit_area_known"),
        ]

    def __str__(self) -> str:
        return f"{self.visit}: {self.get_area_display()}"


class VisitProduct(models.Model):
    """One product of one session: which lot, how much was drawn, how much of it thrown away."""

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="products")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    lot = models.ForeignKey(
        Lot, null=True, blank=True, on_delete=models.PROTECT, related_name="uses"
    )
    drawn_ml = models.DecimalField(_("drawn"), max_digits=4, decimal_places=1)
    wasted_ml = models.DecimalField(_("wasted"), max_digits=4, decimal_places=1, default=0)
    # The lot was held against the vial: by a tap, or by the scanner.
    confirmed = models.CharField(max_length=4, choices=Confirmed, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["visit", "product", "lot"], name="lot_once_per_visit"),
            models.CheckConstraint(
                condition=Q(drawn_ml__gt=0, drawn_ml__lte=60, wasted_ml__gte=0)
                & Q(wasted_ml__lte=F("drawn_ml")),
                name="drawn_up_to_60_ml",
            ),
            models.CheckConstraint(
                condition=Q(confirmed="", confirmed_at=None)
                | (
                    Q(confirmed__in=Confirmed.values)
                    & Q(confirmed_at__isnull=False, lot__isnull=False)
                ),
                name="lot_confirmed_how_and_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.drawn_ml} ml"

    @property
    def given_ml(self) -> Decimal:
        """What went into the skin."""
        return self.drawn_ml - self.wasted_ml


class VisitAnswer(models.Model):
    """A safety question that was asked again on the day, and what was said."""

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="answers")
    item = models.CharField(max_length=60)  # a code of the safety list
    answer = models.CharField(max_length=8, choices=Answer)
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["visit", "item"], name="item_once_per_visit"),
            models.CheckConstraint(
                condition=Q(answer__in=Answer.values), name="visit_answer_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item}: {self.answer}"


class MissingItem(models.Model):
    """Something a session was signed without, and why; it shows on the medical lead's list."""

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="missing")
    tick = models.CharField(max_length=8, choices=Tick)
    reason = models.CharField(_("reason"), max_length=300)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["visit", "tick"], name="missing_once_per_visit"),
            models.CheckConstraint(
                condition=Q(tick__in=Tick.values) & ~Q(reason=""), name="missing_known_and_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.visit}: {self.get_tick_display()}"


class GateOverride(models.Model):
    """A safety gate that somebody who may do so passed by a written reason."""

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="overrides")
    gate = models.CharField(max_length=80)  # the code of the gate, with what it is about
    reason = models.CharField(_("reason"), max_length=300)
    at = models.DateTimeField(default=timezone.now, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["visit", "gate"], name="gate_once_per_visit"),
            models.CheckConstraint(
                condition=~Q(gate="") & ~Q(reason=""), name="override_gate_and_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.visit}: {self.gate}"


class Measure(models.Model):
    """One number of one visit, in the unit of its kind: cm, or kg for the weight.

    `value` is the mean of the readings, where more than one was taken.
    """

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="measures")
    kind = models.CharField(max_length=12, choices=MeasureKind)
    value = models.DecimalField(max_digits=4, decimal_places=1)
    # All readings in the order in which they were taken, as text with one decimal.
    readings = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["visit", "kind"], name="measure_once_per_visit"),
            models.CheckConstraint(
                condition=Q(kind__in=MeasureKind.values, value__gte=30, value__lte=250),
                name="measure_possible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.value}"


class ReactionQuerySet(models.QuerySet["Reaction"]):
    """Reactions, by whether somebody has to look again."""

    def visible_to(self, user: User) -> Self:
        return self if user.can(Can.SEE_CLINICAL) else self.none()

    def standing(self) -> Self:
        """Those of visits that were not struck out."""
        return self.filter(visit__voided_at=None)

    def open(self) -> Self:
        """Those that nobody has found gone, or that came back."""
        looks = ReactionCheck.objects.filter(reaction=models.OuterRef("pk"))
        last = looks.order_by("-at", "-pk").values("outcome")[:1]
        gone = (ReactionOutcome.RESOLVED, ReactionOutcome.SEQUELAE)
        return (
            self.standing()
            .alias(last=Coalesce(models.Subquery(last), models.Value("")))
            .exclude(last__in=gone)
        )

    def to_call_back(self) -> Self:
        """Open ones that do not wait for the next visit: those of which the rule gives a day."""
        return self.open().filter(Q(grade__gte=MODERATE) | Q(kind__in=ALWAYS_LOOKED_AT))


class Reaction(models.Model):
    """One reaction, graded 1 to 5 (CTCAE general grades), on the visit where it was recorded."""

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="reactions")
    kind = models.CharField(max_length=12, choices=ReactionKind)
    grade = models.PositiveSmallIntegerField(_("severity"))
    # Blank: not in one area (a faint).
    area = models.CharField(_("area"), max_length=24, choices=Area, blank=True)
    noticed = models.CharField(_("noticed"), max_length=10, choices=Noticed, default=Noticed.NOW)
    began_at = models.DateTimeField(_("began"), null=True, blank=True)
    size_mm = models.PositiveSmallIntegerField(_("size, mm"), null=True, blank=True)
    description = models.CharField(_("what is seen"), max_length=300, blank=True)
    action = models.CharField(_("what was done"), max_length=300, blank=True)
    related = models.CharField(_("from the treatment"), max_length=10, choices=Related, blank=True)

    objects = ReactionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["visit", "kind", "area", "noticed"], name="reaction_once_per_visit_and_area"
            ),
            models.CheckConstraint(
                condition=Q(grade__gte=1, grade__lte=5), name="reaction_grade_1_to_5"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=ReactionKind.values), name="reaction_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(area__in=["", *Area.values]), name="reaction_area_known"
            ),
        ]

    def __str__(self) -> str:
        return gettext("%(reaction)s, grade %(grade)d") % {
            "reaction": self.get_kind_display(),
            "grade": self.grade,
        }

    def get_absolute_url(self) -> str:
        return reverse("treatments:reaction-check", args=[self.pk])

    @property
    def patient_code(self) -> str:
        return self.visit.patient_code

    @property
    def last_look(self) -> ReactionCheck | None:
        """What somebody found who looked again, from the prefetched rows."""
        return next(reversed(self.checks.all()), None)

    @property
    def is_open(self) -> bool:
        """Whether nobody has found it gone, from the prefetched rows."""
        last = self.last_look
        return last is None or last.outcome == ReactionOutcome.ONGOING

    @property
    def is_severe(self) -> bool:
        """Whether nobody goes on injecting with it."""
        return is_grave(ReactionKind(self.kind), self.grade)


class ReactionCheck(models.Model):
    """Somebody looked at a reaction again, or called: how it stood. Append-only."""

    reaction = models.ForeignKey(Reaction, on_delete=models.PROTECT, related_name="checks")
    outcome = models.CharField(_("how it stands"), max_length=10, choices=ReactionOutcome)
    checked_on = models.DateField(_("seen or called on"), default=timezone.localdate)
    note = models.CharField(_("note"), max_length=300, blank=True)
    at = models.DateTimeField(default=timezone.now, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=ReactionOutcome.values), name="reaction_outcome_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reaction}: {self.get_outcome_display()}"


class Addendum(models.Model):
    """What was added to a signed visit, dated now and labelled as late. Append-only."""

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="addenda")
    text = models.TextField(_("addendum"))
    reason = models.CharField(_("why now"), max_length=300)
    at = models.DateTimeField(default=timezone.now, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(text="") & ~Q(reason=""), name="addendum_text_and_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.visit}: addendum"
