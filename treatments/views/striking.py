"""Striking a photograph out."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from clinic.forms import submitted
from clinic.lookup import fetch, person
from clinic.policy import allow
from clinic.refusal import Refused
from clinic.roles import Can
from treatments.actions.photos import check_may_void
from treatments.forms.striking import VoidPhotoForm
from treatments.models import Photo, PhotoExport


@allow(Can.TAKE_PHOTOS)
def void(request: HttpRequest, photo_id: UUID) -> HttpResponse:
    """Strike a photograph out; the medical lead also looks here at one that is struck out."""
    rows = Photo.objects.open_to(person(request)).exclude(visit=None)
    rows = rows.select_related("course__patient", "visit__course", "added_by", "voided_by")
    photo = fetch(request, rows, viewed="photo", pk=photo_id)
    form = VoidPhotoForm(*submitted(request), photo=photo)
    if form.submit(by=person(request)):
        messages.success(request, _("Struck out. Its files stay, and nobody is shown them."))
        return redirect(form.location)
    uses = PhotoExport.objects.filter(Q(first=photo) | Q(second=photo), ended_at=None)
    context = {
        "patient": photo.course.patient,
        "photo": photo,
        "form": form,
        "refusal": refusal(photo, request),
        "uses": uses.count(),
        "tab": "photos",
    }
    return render(request, "treatments/photo_void.html", context)


def refusal(photo: Photo, request: HttpRequest) -> str:
    """Say why this person cannot strike it out; "" if they can."""
    try:
        check_may_void(photo, person(request))
    except Refused as refused:
        return refused.message
    return ""
