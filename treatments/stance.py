"""How the patient stands for each view, as the camera says it (domain.md 6.3)."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from treatments.terms import View

FEET = _("Feet on the marks, knees straight")
ARMS = _("Arms crossed on the chest")
RELAXED = _("Muscles relaxed, weight even")
CONTRACTED = _("Buttocks tight, knees still straight")
LAMP = _("Room dark, the one lamp of the setup on")

STANCE: dict[View, tuple[str | Promise, ...]] = {
    View.BACK_RELAXED: (_("Her back to the camera"), FEET, ARMS, RELAXED, LAMP),
    View.BACK_CONTRACTED: (_("Her back to the camera"), FEET, ARMS, CONTRACTED, LAMP),
    View.LEFT_RELAXED: (_("Her left side to the camera"), FEET, ARMS, RELAXED, LAMP),
    View.RIGHT_RELAXED: (_("Her right side to the camera"), FEET, ARMS, RELAXED, LAMP),
    View.LEFT_CONTRACTED: (_("Her left side to the camera"), FEET, ARMS, CONTRACTED, LAMP),
    View.RIGHT_CONTRACTED: (_("Her right side to the camera"), FEET, ARMS, CONTRACTED, LAMP),
    View.LEFT_OBLIQUE: (_("Half turned, her left back to the camera"), FEET, ARMS, RELAXED, LAMP),
    View.RIGHT_OBLIQUE: (_("Half turned, her right back to the camera"), FEET, ARMS, RELAXED, LAMP),
    View.FRONT_RELAXED: (_("Facing the camera, no face in the picture"), FEET, ARMS, RELAXED, LAMP),
    View.PRONE: (_("Lying face down, legs together"), _("Muscles relaxed"), LAMP),
    View.PINCH: (
        _("Skin pinched between two flat hands"),
        FEET,
        _("The same place as at the baseline"),
        LAMP,
    ),
}
