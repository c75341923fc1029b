"""Photographs: the film of a course, and the files themselves."""

from __future__ import annotations

import logging
from uuid import UUID

from csp.decorators import csp
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from clinic import audit, vault
from clinic.lookup import fetch, person
from clinic.policy import allow
from clinic.roles import Can
from patients.models import Patient
from treatments import photo_files
from treatments.models import Photo, Visit
from treatments.models.photo import EXTENSIONS, Size
from treatments.terms import STANDARD_VIEWS, View

logger = logging.getLogger(__name__)


@allow(Can.SEE_PHOTOS)
def gallery(request: HttpRequest, code: str) -> HttpResponse:
    """Show a patient's photographs by visit: covered, until somebody asks to see them."""
    patient = fetch(request, Patient.objects.all(), code=code)
    uncovered = request.GET.get("show") == "1"
    if uncovered:
        audit.record("photos viewed", by=person(request), patient=patient.code)
    photos = Photo.objects.visible_to(person(request)).standing().of_patient(patient.pk)
    visits: dict[Visit, dict[str, Photo]] = {}
    for photo in photos:
        visits.setdefault(photo.at_visit, {})[photo.view] = photo
    films = [
        (
            visit,
            [(view, taken.get(view)) for view in View if view in taken or view in STANDARD_VIEWS],
        )
        for visit, taken in visits.items()
    ]
    context = {"patient": patient, "films": films, "uncovered": uncovered, "tab": "photos"}
    return render(request, "treatments/photo_gallery.html", context)


@allow(Can.SEE_PHOTOS)
@csp({"default-src": ["'none'"], "sandbox": True})  # type: ignore[arg-type]
def photo_file(request: HttpRequest, photo_id: UUID, size: str) -> HttpResponse:
    """Send one file of a photograph. Thumbnails and views are audited with their page, the full
    size on its own."""
    if size not in Size.values:
        raise Http404
    wanted = Size(size)
    rows = Photo.objects.select_related("course__patient", "visit", "key")
    photo = fetch(request, rows, viewed="photo" if wanted == Size.FULL else "", pk=photo_id)
    try:
        content = photo_files.read(photo, wanted)
    except (photo_files.Missing, vault.Damaged, vault.KeyMissing) as error:
        logger.error("Photograph %s, %s, cannot be read: %s", photo.pk, size, error)
        raise Http404 from error
    media_type = photo.type_of(wanted)
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = f'inline; filename="photo.{EXTENSIONS[media_type]}"'
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
