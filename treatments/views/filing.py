"""Filing photographs from a camera's card: many at once, looked at in a table, then sent one by one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_integer
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.lookup import fetch, person
from clinic.policy import allow
from clinic.roles import Can
from patients.models import Patient
from treatments.imaging.exif import taken_at_in
from treatments.models import Photo, PhotoSetup, Visit
from treatments.rules.filing import Day, Place, propose
from treatments.terms import View

HEAD_BYTES = 128 * 1024  # of each file, where a camera writes when it was taken
MOST = 24  # heads in one request: DATA_UPLOAD_MAX_NUMBER_FILES


@allow(Can.TAKE_PHOTOS)
def file_many(request: HttpRequest, code: str) -> HttpResponse:
    """Show the page on which many photographs are dropped at once."""
    patient = fetch(request, Patient.objects.all(), viewed="photo filing", code=code)
    context = {
        "patient": patient,
        "tab": "photos",
        "has_visits": bool(_visits(request, patient)),
        "setups": PhotoSetup.objects.in_force(),
        "head_bytes": HEAD_BYTES,
        "most": MOST,
    }
    return render(request, "treatments/photo_filing.html", context)


@allow(Can.TAKE_PHOTOS)
@require_POST
def propose_places(request: HttpRequest, code: str) -> HttpResponse:
    """Answer with a table row for each file, from its first bytes; nothing is kept.

    `head` are the beginnings of the files, `name` their names in the same order, `start` the number
    of the first row.
    """
    patient = fetch(request, Patient.objects.all(), code=code)
    visits = _visits(request, patient)
    heads = request.FILES.getlist("head")[:MOST]
    names = request.POST.getlist("name")
    taken = [taken_at_in(head.read(HEAD_BYTES)) for head in heads]
    taken_views = _taken_views(visits)
    days = [Day(visit.pk, visit.held_on, _open_views(visit, taken_views)) for visit in visits]
    places = propose(taken, days)
    start = _whole(request.POST.get("start"))
    rows: list[dict[str, Any]] = [
        {
            "number": start + number,
            "name": names[number] if number < len(names) else "",
            "taken_at": at,
            "place": place,
            "why_not": _why_not(at.date() if at else None, place),
        }
        for number, (at, place) in enumerate(zip(taken, places, strict=True))
    ]
    rows.sort(key=lambda row: (row["taken_at"] is None, row["taken_at"] or datetime.min))
    context = {"rows": rows, "visits": visits, "views": View}
    return render(request, "treatments/_filing_rows.html", context)


def _visits(request: HttpRequest, patient: Patient) -> list[Visit]:
    """Return the visits that a photograph can belong to, the newest first."""
    rows = Visit.objects.visible_to(person(request)).standing()
    of_patient = rows.filter(course__patient=patient).select_related("course__protocol")
    return list(of_patient.order_by("-held_on", "-number", "-pk"))


def _taken_views(visits: Iterable[Visit]) -> dict[int, set[str]]:
    taken: dict[int, set[str]] = {}
    rows = Photo.objects.standing().filter(visit__in=list(visits))
    for visit, view in rows.values_list("visit_id", "view"):
        taken.setdefault(visit or 0, set()).add(view)
    return taken


def _open_views(visit: Visit, taken: dict[int, set[str]]) -> tuple[str, ...]:
    due = visit.course.views
    ordered = [*due, *(view for view in View if view not in due)]
    return tuple(view for view in ordered if view not in taken.get(visit.pk, set()))


def _why_not(on: date | None, place: Place) -> str:
    if on is None:
        return _("The file does not say when it was taken.")
    if place.day is None:
        return _("No visit is recorded on its day.")
    return "" if place.view else _("Every view of that visit is taken.")


def _whole(value: Any) -> int:
    try:
        validate_integer(value)
    except ValidationError:
        return 0
    return min(max(int(value), 0), 10_000)
