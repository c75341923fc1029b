"""How a photograph is taken: room, camera, distance and light, under a name and in versions.

Dimples come and go with the lamp, so a pair is only worth something when both were taken with the
same setup (domain.md 6.3). A version never changes: a moved lamp is a new one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.roles import Can

if TYPE_CHECKING:
    from clinic.models import User


class PhotoSetupQuerySet(models.QuerySet["PhotoSetup"]):
    """Setups, by what may be used today."""

    def visible_to(self, user: User) -> Self:
        return self if user.can(Can.SEE_PROTOCOLS) else self.none()

    def in_force(self) -> Self:
        """The newest version of each name, unless it is put away."""
        newer = PhotoSetup.objects.filter(
            name=models.OuterRef("name"), number__gt=models.OuterRef("number")
        )
        return self.filter(~models.Exists(newer), retired_at=None).order_by("name")


class PhotoSetup(models.Model):
    """One version of a setup. Lengths are whole centimetres, the focal length is in mm (35 mm film)."""

    name = models.CharField(_("name"), max_length=60)
    number = models.PositiveSmallIntegerField(_("version"), default=1)
    room = models.CharField(_("room"), max_length=80)
    camera = models.CharField(_("camera and lens"), max_length=120)
    focal_mm = models.PositiveSmallIntegerField(_("focal length, mm"))
    distance_cm = models.PositiveSmallIntegerField(_("distance, cm"))
    height_cm = models.PositiveSmallIntegerField(_("height of the lens, cm"))
    light = models.CharField(_("light"), max_length=300)
    background = models.CharField(_("background"), max_length=120)
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    change = models.CharField(_("what changed"), max_length=300, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)
    retired_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = PhotoSetupQuerySet.as_manager()

    class Meta:
        verbose_name = _("photo setup")
        verbose_name_plural = _("photo setups")
        ordering = ["name", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["name", "number"], name="photo_setup_number_once"),
            models.CheckConstraint(
                condition=Q(focal_mm__gte=20, focal_mm__lte=300)
                & Q(distance_cm__gte=30, distance_cm__lte=600)
                & Q(height_cm__gte=10, height_cm__lte=250),
                name="photo_setup_believable",
            ),
            models.CheckConstraint(
                condition=Q(number=1) | ~Q(change=""), name="photo_setup_says_what_changed"
            ),
            models.CheckConstraint(
                condition=Q(retired_at=None, retired_by=None)
                | Q(retired_at__isnull=False, retired_by__isnull=False),
                name="photo_setup_retired_at_and_by",
            ),
        ]

    def __str__(self) -> str:
        return gettext("%(name)s, version %(number)d") % {
            "name": self.name,
            "number": self.number,
        }
