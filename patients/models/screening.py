"""The screening: what was asked and seen before a course, and what somebody decided.

Answers and observations are facts; the finding is worked out by `patients.rules` whenever it is
shown, and stored with its sentences at the moment when it is acted upon.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.roles import Can
from patients.models.patient import Patient
from patients.rules.safety_list import OWN
from patients.terms import (
    AgentCondition,
    Allergen,
    Answer,
    Area,
    Crepe,
    Expectations,
    LiftTest,
    LipoOnset,
    Outcome,
    Recoil,
    SafetyItem,
    Stemmer,
)
from patients.wording import area_names

if TYPE_CHECKING:
    from clinic.models import User

ALLERGIES_ASKED = "allergies"
# What any safety list may ask; a clinic's own rows have codes of their own (`OWN`).
KNOWN_ITEMS = [
    *SafetyItem.values,
    *Allergen.values,
    *AgentCondition.values,
    ALLERGIES_ASKED,
]


class Decision(models.TextChoices):
    """What a clinician made of the proposal."""

    ACCEPTED = "accepted", _("Accepted")
    CHANGED = "changed", _("Accepted with changes")
    REFERRED = "referred", _("Referred")
    DEFERRED = "deferred", _("Deferred")
    NOT_SUITABLE = "not_suitable", _("Not suitable")


ACCEPTING = (Decision.ACCEPTED, Decision.CHANGED)


class ScreeningQuerySet(models.QuerySet["Screening"]):
    """Screenings, by where they stand."""

    def visible_to(self, user: User) -> Self:
        return self if user.can(Can.SEE_CLINICAL) else self.none()

    def undecided(self) -> Self:
        return self.filter(decision="")

    def decided(self) -> Self:
        return self.exclude(decision="")

    def accepted(self) -> Self:
        """Accepted as proposed or with changes; against a stop only once it is confirmed."""
        return self.filter(
            Q(against_stop=False) | Q(confirmation__agrees=True), decision__in=ACCEPTING
        )

    def waiting(self) -> Self:
        """Accepted against a stop, and nobody else has answered yet."""
        return self.filter(against_stop=True, confirmation=None)

    def standing(self) -> Self:
        """Those that no later decision has replaced."""
        return self.exclude(Exists(Screening.objects.decided().filter(supersedes=OuterRef("pk"))))

    def due_again(self, day: date) -> Self:
        """Deferred until `day` or earlier, and not replaced since."""
        return self.filter(decision=Decision.DEFERRED, deferred_until__lte=day).standing()

    def with_findings(self) -> Self:
        return self.select_related(
            "patient", "decided_by", "confirmation__by", "supersedes", "history"
        ).prefetch_related("exams", "answers", "procedures")


def grade(label: Any) -> models.PositiveSmallIntegerField[int | None, int | None]:
    """Return a 0 to 3 field; None means that it was not looked at."""
    return models.PositiveSmallIntegerField(label, null=True, blank=True)


def seen(label: Any) -> models.BooleanField[bool | None, bool | None]:
    """Return a yes / no field; None means not known or not asked."""
    return models.BooleanField(label, null=True, blank=True)


class Screening(models.Model):
    """One screening of one patient, open until somebody decides; then it never changes."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="screenings")
    started_on = models.DateField(default=timezone.localdate)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    her_words = models.TextField(_("in her or his own words"), blank=True)
    deadline_on = models.DateField(_("wanted by"), null=True, blank=True)
    expectations = models.CharField(
        _("expectations"), max_length=20, choices=Expectations, blank=True
    )
    height_cm = models.DecimalField(
        _("height"), max_digits=4, decimal_places=1, null=True, blank=True
    )
    weight_kg = models.DecimalField(
        _("weight"), max_digits=4, decimal_places=1, null=True, blank=True
    )
    fitzpatrick = models.PositiveSmallIntegerField(
        _("skin phototype (Fitzpatrick)"), null=True, blank=True
    )
    glogau = models.PositiveSmallIntegerField(
        _("sun damage of the face (Glogau)"), null=True, blank=True
    )
    bdd_screen_positive = seen(_("body-image questionnaire positive"))
    major_weight_loss = seen(_("large weight loss (15 % or more, or bariatric surgery)"))
    symmetric_disproportion = seen(_("legs large on both sides, out of proportion"))
    feet_spared = seen(_("feet spared"))
    cuff_sign = seen(_("cuff at the ankle"))
    easy_bruising = seen(_("bruises easily"))
    pain_on_pressure = seen(_("pain on pressure"))
    diet_resistant = seen(_("legs do not follow a diet"))
    hormonal_or_family_onset = seen(_("began with hormones, or runs in the family"))
    pitting_oedema = seen(_("pitting swelling"))
    foot_dorsum_swollen = seen(_("back of the foot swollen"))
    new_unilateral_swelling = seen(_("new swelling of one leg, warm or tender"))
    stemmer = models.CharField(_("Stemmer sign"), max_length=8, choices=Stemmer, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    decision = models.CharField(max_length=12, choices=Decision, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decision_reason = models.CharField(_("reason"), max_length=500, blank=True)
    referred_to = models.CharField(_("referred to"), max_length=200, blank=True)
    deferred_until = models.DateField(_("deferred until"), null=True, blank=True)
    # Accepted against an absolute contraindication or a red flag: counts once a second person
    # agrees (`Confirmation`).
    against_stop = models.BooleanField(default=False, editable=False)
    # The one decided before it. Written on the newer row, so the older one never changes.
    supersedes = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="superseded_by",
        editable=False,
    )
    outcome = models.CharField(max_length=32, choices=Outcome, blank=True)
    rule_set = models.CharField(max_length=12, blank=True)
    # The version that the decision was taken with; None while open, or by the product's draft.
    safety_list = models.ForeignKey(
        "patients.SafetyListVersion",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="screenings",
    )
    # What the rules read and the exact sentences shown, kept as they were. Never queried.
    verdict_shown = models.JSONField(null=True, blank=True, editable=False)
    facts_read = models.JSONField(null=True, blank=True, editable=False)

    objects = ScreeningQuerySet.as_manager()

    class Meta:
        verbose_name = _("screening")
        verbose_name_plural = _("screenings")
        indexes = [
            models.Index(fields=["patient", "-started_on"]),
            models.Index(
                fields=["deferred_until"],
                condition=Q(decision="deferred"),
                name="screening_deferred_until",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(decision="", decided_at=None, decided_by=None, outcome="", rule_set="")
                | (
                    Q(
                        decision__in=Decision.values,
                        decided_at__isnull=False,
                        decided_by__isnull=False,
                    )
                    & ~Q(outcome="")
                    & ~Q(rule_set="")
                ),
                name="screening_decided_at_by_and_on_what",
            ),
            models.CheckConstraint(
                condition=(Q(decision="referred") & ~Q(referred_to=""))
                | (~Q(decision="referred") & Q(referred_to="")),
                name="screening_referred_to_somebody",
            ),
            models.CheckConstraint(
                condition=Q(decision="deferred", deferred_until__isnull=False)
                | (~Q(decision="deferred") & Q(deferred_until=None)),
                name="screening_deferred_until_a_day",
            ),
            models.CheckConstraint(
                condition=Q(decision__in=["", "accepted"]) | ~Q(decision_reason=""),
                name="screening_decision_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(against_stop=False) | Q(decision="changed"),
                name="screening_against_stop_is_a_change",
            ),
            models.CheckConstraint(
                condition=Q(supersedes=None) | ~Q(supersedes=F("id")),
                name="screening_supersedes_another",
            ),
            models.CheckConstraint(
                condition=Q(fitzpatrick=None) | Q(fitzpatrick__gte=1, fitzpatrick__lte=6),
                name="phototype_1_to_6",
            ),
            models.CheckConstraint(
                condition=Q(glogau=None) | Q(glogau__gte=1, glogau__lte=4), name="glogau_1_to_4"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient_code} screening {self.started_on}"

    def get_absolute_url(self) -> str:
        return reverse("patients:screening-detail", args=[self.pk])

    @property
    def patient_code(self) -> str:
        return self.patient.code

    @property
    def is_decided(self) -> bool:
        return bool(self.decision)

    @property
    def answer_of_second(self) -> Confirmation | None:
        """What the second person said of an acceptance against a stop."""
        return getattr(self, "confirmation", None) if self.against_stop else None

    @property
    def is_waiting(self) -> bool:
        return self.against_stop and self.answer_of_second is None

    @property
    def is_accepted(self) -> bool:
        answer = self.answer_of_second
        agreed = answer is not None and answer.agrees
        return self.decision in ACCEPTING and (agreed or not self.against_stop)

    @property
    def newer(self) -> Screening | None:
        """The screening whose decision replaced this one; one query."""
        return self.superseded_by.decided().order_by("decided_at", "pk").last()

    @property
    def decision_label(self) -> str:
        """The decision in words; an override is named as one."""
        if self.against_stop:
            return gettext("Accepted against a stop")
        return str(self.get_decision_display())

    @property
    def decision_text(self) -> str:
        """Where the decision stands, in the words of a timeline."""
        if self.is_waiting:
            return gettext("waiting for a second person")
        if self.against_stop and not self.is_accepted:
            return gettext("not confirmed")
        return self.decision_label.lower()

    @property
    def areas(self) -> list[Area]:
        examined = {exam.area for exam in self.exams.all()}
        return [area for area in Area if area in examined]

    @property
    def accepted_areas(self) -> list[Area]:
        accepted = {exam.area for exam in self.exams.all() if exam.is_accepted}
        return [area for area in Area if area in accepted]

    @property
    def areas_text(self) -> str:
        return area_names(self.areas)

    @property
    def accepted_areas_text(self) -> str:
        return area_names(self.accepted_areas)


class Confirmation(models.Model):
    """What a second person says of an acceptance against a stop. Append-only, one for each."""

    screening = models.OneToOneField(
        Screening, on_delete=models.PROTECT, related_name="confirmation"
    )
    # Who accepted: kept here as well, so that the database can compare the two people.
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    agrees = models.BooleanField()
    reason = models.CharField(_("reason"), max_length=500)
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("confirmation")
        verbose_name_plural = _("confirmations")
        constraints = [
            models.CheckConstraint(
                condition=~Q(by=F("asked_by")), name="confirmation_by_a_second_person"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="confirmation_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.screening}: {'agrees' if self.agrees else 'does not agree'}"


class SafetyAnswer(models.Model):
    """One answer to one safety question, or one allergen that was named."""

    screening = models.ForeignKey(Screening, on_delete=models.PROTECT, related_name="answers")
    item = models.CharField(max_length=60)
    answer = models.CharField(max_length=8, choices=Answer)
    # When it was last asked or confirmed; some answers hold for a few days only.
    answered_on = models.DateField(default=timezone.localdate)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["screening", "item"], name="answer_once_per_screening"),
            models.CheckConstraint(
                condition=Q(item__in=KNOWN_ITEMS) | Q(item__startswith=OWN),
                name="safety_item_known",
            ),
            models.CheckConstraint(
                condition=Q(answer__in=Answer.values), name="safety_answer_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item}: {self.answer}"


class AreaExam(models.Model):
    """What was seen on one area, one side. Field names are those of `AreaFacts`."""

    screening = models.ForeignKey(Screening, on_delete=models.PROTECT, related_name="exams")
    area = models.CharField(_("area"), max_length=24, choices=Area)
    is_accepted = models.BooleanField(null=True, editable=False)
    visible_standing = seen(_("Visible standing"))
    visible_lying = seen(_("Visible lying"))
    visible_on_pinch = seen(_("Visible on pinch or contraction"))
    raised_nodules = seen(_("Raised areas, nodules"))
    css_number = grade(_("Depressions, how many"))
    css_depth = grade(_("Depth"))
    css_morphology = grade(_("Look of raised areas"))
    css_laxity = grade(_("Laxity"))
    lift_test = models.CharField(_("Lift test"), max_length=16, choices=LiftTest, blank=True)
    crepey = models.CharField(_("Crepe skin"), max_length=8, choices=Crepe, blank=True)
    recoil = models.CharField(_("Recoil after a pinch"), max_length=10, choices=Recoil, blank=True)
    scalloped_folds = seen(_("Scalloped folds"))
    localised_fat = seen(_("Thick soft fat, smooth on pinch"))
    infection_or_inflammation = seen(_("Skin infection or inflammation here"))
    sun_grade = grade(_("Sun damage"))
    sun_border_at_clothing = seen(_("Stops at the clothing line"))
    suspicious_lesion = seen(_("Changing or suspicious lesion"))
    actinic_keratosis = seen(_("Rough scaly patch (actinic keratosis)"))
    lipo_here = seen(_("Liposuction here"))
    lipo_on = models.DateField(_("Last liposuction"), null=True, blank=True)
    lipo_onset = models.CharField(_("Dents began"), max_length=8, choices=LipoOnset, blank=True)
    lipo_count = models.PositiveSmallIntegerField(_("How many times"), null=True, blank=True)
    # Numbers only: the photographs and wording of these scales are licensed (domain notes 1.4).
    cr_pcss = models.PositiveSmallIntegerField(_("CR-PCSS"), null=True, blank=True)
    pr_pcss = models.PositiveSmallIntegerField(_("PR-PCSS"), null=True, blank=True)
    # Sets of codes of one exam: read as a whole by the rules, never searched.
    sun_signs = models.JSONField(_("Signs of sun"), null=True, blank=True)
    lipo_signs = models.JSONField(_("Traces of liposuction"), null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["screening", "area"], name="exam_once_per_area"),
            models.CheckConstraint(condition=Q(area__in=Area.values), name="exam_area_known"),
            *(
                models.CheckConstraint(
                    condition=Q(**{name: None}) | Q(**{f"{name}__lte": 3}), name=f"{name}_0_to_3"
                )
                for name in ("css_number", "css_depth", "css_morphology", "css_laxity", "sun_grade")
            ),
            *(
                models.CheckConstraint(
                    condition=Q(**{name: None}) | Q(**{f"{name}__lte": 4}), name=f"{name}_0_to_4"
                )
                for name in ("cr_pcss", "pr_pcss")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.screening}: {self.get_area_display()}"

    @property
    def is_examined(self) -> bool:
        """Whether anything was answered about this area."""
        apart = {"id", "screening", "area", "is_accepted"}
        names = [field.name for field in self._meta.fields if field.name not in apart]
        return any(getattr(self, name) not in (None, "") for name in names)
