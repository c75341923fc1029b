"""The words of this floor, as they are stored and as people read them."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class VisitKind(TextChoices):
    """What somebody came for. Only treatments count towards the 10 to 15."""

    BASELINE = "baseline", _("Baseline")
    TREATMENT = "treatment", _("Session")
    REVIEW = "review", _("Review")
    FOLLOW_UP = "follow_up", _("Follow-up")


class MeasureKind(TextChoices):
    """A number taken with a tape or a scale."""

    WEIGHT = "weight", _("Weight")
    THIGH_LEFT = "thigh_left", _("Thigh left, 20 cm")
    THIGH_RIGHT = "thigh_right", _("Thigh right, 20 cm")
    HIP = "hip", _("Hip")
    WAIST = "waist", _("Waist")


class ReactionKind(TextChoices):
    """What was seen or reported after the injections."""

    REDNESS = "redness", _("Redness")
    BRUISE = "bruise", _("Bruise")
    SWELLING = "swelling", _("Swelling")
    ITCH = "itch", _("Itch")
    NODULE = "nodule", _("Nodule")
    FAINT = "faint", _("Faint")
    INFECTION = "infection", _("Skin infection sign")
    ALLERGY = "allergy", _("Allergic sign")


class View(TextChoices):
    """A standard view of the body, in the fixed order in which it is taken (domain.md 6.2)."""

    BACK_RELAXED = "back_relaxed", _("Back, relaxed")
    BACK_CONTRACTED = "back_contracted", _("Back, contracted")
    LEFT_RELAXED = "left_relaxed", _("Left side, relaxed")
    RIGHT_RELAXED = "right_relaxed", _("Right side, relaxed")
    LEFT_CONTRACTED = "left_contracted", _("Left side, contracted")
    RIGHT_CONTRACTED = "right_contracted", _("Right side, contracted")
    LEFT_OBLIQUE = "left_oblique", _("Left back, oblique")
    RIGHT_OBLIQUE = "right_oblique", _("Right back, oblique")
    FRONT_RELAXED = "front_relaxed", _("Front, relaxed")


# The smallest set that can be compared later; the rest of the views may be added.
STANDARD_VIEWS = (View.BACK_RELAXED, View.BACK_CONTRACTED, View.LEFT_RELAXED, View.RIGHT_RELAXED)
