"""Photographs: the gallery, two side by side, and the files themselves."""

from __future__ import annotations

import logging
from dataclasses import dataclass
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
from treatments.models import Measure, Photo, Visit
from treatments.models.photo import EXTENSIONS, Size
from treatments.rules import comparability, measures
from treatments.terms import STANDARD_VIEWS, MeasureKind, View
from treatments.wording import worded

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


@dataclass(frozen=True, slots=True)
class MeasureLine:
    """One measure on both days, with the change."""

    label: str
    unit: str
    first: Measure
    second: Measure
    change: measures.Change


@allow(Can.SEE_PHOTOS)
def compare(request: HttpRequest, code: str) -> HttpResponse:
    """Put two photographs of one view side by side, with what stands between them.

    Everything is in the address: `view`, `a` and `b` (visits). Without them: the first view that
    was taken twice, its first and its last photograph.
    """
    patient = fetch(request, Patient.objects.all(), code=code)
    by_view: dict[str, list[Photo]] = {}
    for photo in Photo.objects.visible_to(person(request)).standing().of_patient(patient.pk):
        by_view.setdefault(photo.view, []).append(photo)
    views = [view for view in View if view in by_view]
    wanted = request.GET.get("view", "")
    pairable = [view for view in views if len(by_view[view]) > 1]
    view = View(wanted) if wanted in by_view else next(iter(pairable or views), None)
    photos = by_view.get(view, []) if view else []
    context = {"patient": patient, "views": views, "view": view, "photos": photos, "tab": "compare"}
    if len(photos) > 1:
        first = chosen(photos, request.GET.get("a"), photos[0])
        second = chosen(photos, request.GET.get("b"), photos[-1])
        audit.record(
            "photos compared",
            by=person(request),
            patient=patient.code,
            target=f"photo {first.pk} {second.pk}",
        )
        context |= {"first": first, "second": second, **between(first.at_visit, second.at_visit)}
    return render(request, "treatments/photo_compare.html", context)


def chosen(photos: list[Photo], visit: str | None, default: Photo) -> Photo:
    """Return the photograph of the visit that the address names; 404 when it has none."""
    if not visit:
        return default
    found = [photo for photo in photos if str(photo.visit_id) == visit]
    if not found:
        raise Http404
    return found[0]


def between(first: Visit, second: Visit) -> dict[str, object]:
    """Say what differs between two visits beside the photographs."""
    values = {
        visit.pk: {row.kind: row for row in visit.measures.all()} for visit in (first, second)
    }
    shots = [shot_of(visit, values[visit.pk].get(MeasureKind.WEIGHT)) for visit in (first, second)]
    same = first.practitioner_id == second.practitioner_id
    lines = [
        MeasureLine(
            str(kind.label),
            measures.SCALES[kind].unit,
            one,
            two,
            measures.change(kind, one.value, two.value, same_observer=same),
        )
        for kind in MeasureKind
        if (one := values[first.pk].get(kind)) and (two := values[second.pk].get(kind))
    ]
    caveats = [worded(caveat) for caveat in comparability.caveats(*shots)]
    days = abs((second.held_on - first.held_on).days)
    return {"measure_lines": lines, "caveats": caveats, "days_between": days, "same_observer": same}


def shot_of(visit: Visit, weight: Measure | None) -> comparability.Shot:
    """Collect what the comparability rule needs of one visit."""
    sessions = visit.course.visits.treatments().filter(held_on__lte=visit.held_on)
    return comparability.Shot(
        on=visit.held_on,
        sessions=tuple(sessions.values_list("held_on", flat=True)),
        weight_kg=weight.value if weight else None,
    )
