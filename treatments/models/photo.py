"""The photograph: three private files and what is known about them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.roles import Can
from treatments.models.visit import Visit
from treatments.terms import View

if TYPE_CHECKING:
    from clinic.models import User

EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


class Size(models.TextChoices):
    """The files of one photograph: long side 320, long side 1280, the cleaned original."""

    THUMB = "thumb", _("thumbnail")
    VIEW = "view", _("view")
    FULL = "full", _("full size")


class PhotoQuerySet(models.QuerySet["Photo"]):
    """Photographs; nobody without the right learns even how many there are."""

    def visible_to(self, user: User) -> Self:
        return self if user.can(Can.SEE_PHOTOS) else self.none()

    def standing(self) -> Self:
        return self.filter(visit__voided_at=None)

    def of_patient(self, patient_id: int) -> Self:
        found = self.filter(visit__course__patient_id=patient_id).select_related(
            "visit__course__patient"
        )
        return found.order_by("visit__held_on", "visit__number", "pk")


class Photo(models.Model):
    """One photograph of one view, taken at one visit. Its files never change."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="photos")
    view = models.CharField(_("view"), max_length=20, choices=View)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    media_type = models.CharField(max_length=12)
    # Naive, as the camera's clock had it: cameras know no time zone.
    taken_at_camera = models.CharField(max_length=19, blank=True)
    sha256 = models.CharField(_("fingerprint of the upload"), max_length=64)
    added_at = models.DateTimeField(default=timezone.now, editable=False)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    objects = PhotoQuerySet.as_manager()

    class Meta:
        verbose_name = _("photograph")
        verbose_name_plural = _("photographs")
        constraints = [
            models.UniqueConstraint(
                fields=["visit", "view"],
                name="view_once_per_visit",
                violation_error_message=_("This view is taken already."),
            ),
            models.CheckConstraint(condition=Q(view__in=View.values), name="photo_view_known"),
            models.CheckConstraint(condition=Q(media_type__in=EXTENSIONS), name="photo_type_known"),
        ]

    def __str__(self) -> str:
        return f"{self.visit}: {self.get_view_display()}"

    def get_absolute_url(self) -> str:
        return self.url(Size.VIEW)

    def url(self, size: Size) -> str:
        return reverse("treatments:photo-file", args=[self.pk, size.value])

    @property
    def thumb_url(self) -> str:
        return self.url(Size.THUMB)

    @property
    def view_url(self) -> str:
        return self.url(Size.VIEW)

    @property
    def patient_code(self) -> str:
        return self.visit.patient_code

    @property
    def vault_context(self) -> str:
        """What the wrapped key is bound to: this photograph of this patient."""
        return f"photo {self.pk} patient {self.visit.course.patient_id}"

    def type_of(self, size: Size) -> str:
        return self.media_type if size == Size.FULL else "image/jpeg"

    def file_name(self, size: Size) -> str:
        """Where the private storage keeps the file: opaque, without name, date, view or type."""
        return f"{self.pk.hex[:2]}/{self.pk}/{size.value}.sealed"


class PhotoKey(models.Model):
    """The data key of one photograph's files, wrapped by a key of the clinic.

    It stands apart from the photograph, because that is closed with its visit and a new clinic key
    wraps every data key again.
    """

    photo = models.OneToOneField(
        Photo, primary_key=True, on_delete=models.PROTECT, related_name="key"
    )
    wrapped = models.CharField(max_length=110)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(wrapped=""), name="photo_key_is_there"),
        ]

    def __str__(self) -> str:
        return f"key of {self.photo_id}"


def photo_storage() -> Storage:
    """Return the private storage of photographs; it has no public address."""
    return storages["photos"]
