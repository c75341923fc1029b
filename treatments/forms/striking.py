"""Striking a photograph out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clinic.forms import ActionForm
from clinic.layout import Plain
from clinic.models import User
from treatments.actions.photos import void_photo
from treatments.models import Photo


class VoidPhotoForm(ActionForm):
    """Strike a photograph out as taken or filed in error."""

    reason = forms.CharField(
        label=_("What was wrong with it"),
        max_length=300,
        help_text=_("Wrong patient, wrong view, somebody else in the picture. Name nobody here."),
    )

    def __init__(self, *args: Any, photo: Photo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.photo = photo

    def layout(self) -> list[Any]:
        return [Plain("reason", width="full")]

    def act(self, by: User) -> Photo:
        return void_photo(photo=self.photo, reason=self.cleaned_data["reason"], by=by)

    def locate(self, result: Any) -> str:
        return reverse("treatments:photo-gallery", args=[self.photo.patient_code])
