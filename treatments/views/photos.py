"""Photographs: the film of a course, and the files themselves."""

from __future__ import annotations

import logging
from uuid import UUID

from csp.decorators import csp
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import ngettext

from clinic import audit, vault
from clinic.lookup import fetch, person
from clinic.policy import allow
from clinic.roles import Can
from patients.models import Patient
from treatments import photo_files
from treatments.models import Photo, Visit
from treatments.models.photo import EXTENSIONS, Size
from treatments.selectors.film import Film, Hole, films_of
from treatments.terms import View

logger = logging.getLogger(__name__)


@allow(Can.SEE_PHOTOS)
def gallery(request: HttpRequest, code: str) -> HttpResponse:
    """Show a patient's photographs, views by days: covered, until somebody asks to see them.

    `?late=<visit>&view=<view>` opens the form that adds one to a signed visit.
    """
    patient = fetch(request, Patient.objects.all(), code=code)
    uncovered = request.GET.get("show") == "1"
    if uncovered:
        audit.record("photos viewed", by=person(request), patient=patient.code)
    photos = Photo.objects.visible_to(person(request)).of_patient(patient.pk)
    held = photos.filter(visit__isnull=False, visit__voided_at=None).select_related(
        "visit__course", "voided_by"
    )
    courses = patient.courses.with_sessions().order_by("-opened_on", "-pk")
    films = films_of(courses, held)
    context = {
        "patient": patient,
        "films": films,
        "counts": counts(films),
        "has_taken": any(film.taken for film in films),
        "uncovered": uncovered,
        "late": late(request, films),
        "tab": "photos",
    }
    return render(request, "treatments/photo_gallery.html", context)


def counts(films: list[Film]) -> str:
    """Say how many there are, and how many are not."""
    taken, today, wanted, missing = (
        sum(getattr(film, name) for film in films)
        for name in ("taken", "wanted_today", "wanted", "missing")
    )
    said = [ngettext("%d taken", "%d taken", taken) % taken]
    if today:
        said.append(ngettext("%d wanted today", "%d wanted today", today) % today)
    if wanted:
        said.append(ngettext("%d wanted", "%d wanted", wanted) % wanted)
    if missing:
        said.append(ngettext("%d missing", "%d missing", missing) % missing)
    return ", ".join(said) if films else ""


def late(request: HttpRequest, films: list[Film]) -> tuple[Visit, View] | None:
    """Return the hole that the address names, where a photograph may still be added late."""
    if not person(request).can(Can.TAKE_PHOTOS):
        return None
    wanted = (request.GET.get("late", ""), request.GET.get("view", ""))
    for film in films:
        for view, cells in film.rows:
            for cell in cells:
                visit = cell.column.visit
                if cell.hole == Hole.MISSING and visit and (str(visit.pk), view) == wanted:
                    return visit, view
    return None


@allow(Can.SEE_PHOTOS)
@csp({"default-src": ["'none'"], "sandbox": True})  # type: ignore[arg-type]
def photo_file(request: HttpRequest, photo_id: UUID, size: str) -> HttpResponse:
    """Send one file of a photograph. Thumbnails and views are audited with their page; the full
    size, and any of one that is struck out, on its own."""
    if size not in Size.values:
        raise Http404
    wanted = Size(size)
    rows = Photo.objects.open_to(person(request)).select_related("course__patient", "visit", "key")
    photo = fetch(request, rows, viewed="photo" if wanted == Size.FULL else "", pk=photo_id)
    if photo.is_struck_out:
        audit.record(
            "struck out photo opened",
            by=person(request),
            patient=photo.patient_code,
            target=f"photo {photo.pk}",
        )
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
