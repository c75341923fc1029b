"""The photograph: three private files and what is known about them.

It is uploaded by itself, often while the form of its visit is still being filled in: then it waits
for that visit, on its course, and joins it when the visit is saved.
"""

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
from treatments.models.course import Course
from treatments.models.setup import PhotoSetup
from treatments.models.visit import Visit
from treatments.rules.look import Look
from treatments.terms import PhotoMark, View, VisitKind

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

    def open_to(self, user: User) -> Self:
        """Photographs whose files a person may open: those struck out, alone or with their visit,
        only if they may strike out those of others."""
        if user.can(Can.VOID_PHOTOS):
            return self
        return self.filter(voided_at=None, visit__voided_at=None)

    def standing(self) -> Self:
        """Photographs of visits, neither struck out."""
        return self.filter(visit__isnull=False, visit__voided_at=None, voided_at=None)

    def waiting(self) -> Self:
        """Photographs whose visit is not saved yet."""
        return self.filter(visit=None)

    def of_patient(self, patient_id: int) -> Self:
        found = self.filter(course__patient_id=patient_id).select_related(
            "course__patient", "visit__course__patient", "setup"
        )
        return found.order_by("visit__held_on", "visit__number", "added_at", "pk")


class Photo(models.Model):
    """One photograph of one view. Its files never change.

    `visit` is empty while it waits; `waiting_for` then names the kind of visit that it was taken
    for. `late_reason` says why it was added after its visit was signed: it is not part of what was
    signed, an addendum holds its fingerprint.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="photos")
    visit = models.ForeignKey(
        Visit, null=True, blank=True, on_delete=models.PROTECT, related_name="photos"
    )
    waiting_for = models.CharField(max_length=10, choices=VisitKind, blank=True)
    view = models.CharField(_("view"), max_length=20, choices=View)
    setup = models.ForeignKey(
        PhotoSetup,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="photos",
        verbose_name=_("setup"),
    )
    # Codes of `treatments.terms.PhotoMark`: what whoever took it saw that makes comparing harder.
    marks = models.JSONField(default=list, blank=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    media_type = models.CharField(max_length=12)
    # Naive, as the camera's clock had it: cameras know no time zone.
    taken_at_camera = models.CharField(max_length=19, blank=True)
    sha256 = models.CharField(_("fingerprint of the upload"), max_length=64, db_index=True)
    # How it was taken, in the units of `treatments.rules.look.Look`; all empty where not measured.
    light = models.FloatField(null=True, blank=True)
    warmth = models.FloatField(null=True, blank=True)
    tint = models.FloatField(null=True, blank=True)
    slope_x = models.FloatField(null=True, blank=True)
    slope_y = models.FloatField(null=True, blank=True)
    sharpness = models.FloatField(null=True, blank=True)
    late_reason = models.CharField(_("why it was added late"), max_length=300, blank=True)
    added_at = models.DateTimeField(default=timezone.now, editable=False)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    voided_at = models.DateTimeField(null=True, blank=True, editable=False)
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    void_reason = models.CharField(_("reason"), max_length=300, blank=True)

    objects = PhotoQuerySet.as_manager()

    class Meta:
        verbose_name = _("photograph")
        verbose_name_plural = _("photographs")
        constraints = [
            models.UniqueConstraint(
                fields=["visit", "view"],
                condition=Q(voided_at=None),
                name="view_once_per_visit",
                violation_error_message=_("This view is taken already."),
            ),
            models.UniqueConstraint(
                fields=["course", "waiting_for", "view", "added_by"],
                condition=Q(visit=None),
                name="view_waits_once",
                violation_error_message=_("This view is taken already."),
            ),
            models.CheckConstraint(
                condition=(Q(visit=None, waiting_for__in=VisitKind.values, late_reason=""))
                | Q(visit__isnull=False, waiting_for=""),
                name="photo_waits_or_has_a_visit",
            ),
            models.CheckConstraint(
                condition=Q(voided_at=None, voided_by=None, void_reason="")
                | (
                    Q(visit__isnull=False, voided_at__isnull=False, voided_by__isnull=False)
                    & ~Q(void_reason="")
                ),
                name="photo_voided_at_by_and_why",
            ),
            models.CheckConstraint(condition=Q(view__in=View.values), name="photo_view_known"),
            models.CheckConstraint(condition=Q(media_type__in=EXTENSIONS), name="photo_type_known"),
        ]

    def __str__(self) -> str:
        return f"{self.visit or self.course}: {self.get_view_display()}"

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
        return self.course.patient_code

    @property
    def at_visit(self) -> Visit:
        """Its visit. Raises AttributeError while it waits for one."""
        if self.visit is None:
            raise AttributeError("This photograph waits for its visit.")
        return self.visit

    @property
    def is_struck_out(self) -> bool:
        """Whether it is struck out, alone or with its visit."""
        return bool(self.voided_at or (self.visit and self.visit.voided_at))

    @property
    def look(self) -> Look | None:
        """How it was taken, None where that was not measured."""
        values = [getattr(self, name) for name in Look.__slots__]
        return None if None in values else Look(*values)

    @property
    def marks_text(self) -> list[str]:
        return [str(PhotoMark(mark).label) for mark in self.marks]

    @property
    def vault_context(self) -> str:
        """What the wrapped key is bound to: this photograph of this patient."""
        return f"photo {self.pk} patient {self.course.patient_id}"

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
