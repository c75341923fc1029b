"""The list of patients with their courses, and archiving."""

from __future__ import annotations

from collections import Counter
from datetime import date

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic import audit
from clinic.forms import submitted
from clinic.lookup import fetch, person
from clinic.policy import allow
from clinic.roles import Can
from desk.forms import ArchiveForm
from desk.standing import Group, Standing, standings
from patients.models import Patient, PatientQuerySet
from treatments.models import Course

PAGE = 25
FILTERS = {
    "": gettext_lazy("All"),
    "course": gettext_lazy("In a course"),
    "overdue": gettext_lazy("Overdue"),
    "due": gettext_lazy("Due, not booked"),
    "paused": gettext_lazy("Paused"),
}


@allow(Can.SEE_PATIENTS)
def patient_list(request: HttpRequest) -> HttpResponse:
    """Find patients: by what was typed, or by where their course stands."""
    user, today = person(request), timezone.localdate()
    text, chosen = request.GET.get("q", "").strip(), request.GET.get("state", "")
    archived = request.GET.get("archived") == "1"
    shown = Patient.objects.visible_to(user).filter(archived_at__isnull=not archived)
    total = shown.count()
    by_patient = open_standings(today)
    groups = {pk: standing.group for pk, standing in by_patient.items()}
    counts = {"": total, "course": len(groups), **Counter(map(str, groups.values()))}
    if text:
        audit.record("patients searched", by=user)
        shown = shown.matching(text)
    elif chosen in FILTERS:
        shown = filtered(shown, chosen, groups)
    page = Paginator(shown.order_by("family_name", "given_name", "pk"), PAGE).get_page(
        request.GET.get("page")
    )
    chips = [(key, label, counts.get(key, 0)) for key, label in FILTERS.items()]
    context = {
        "page": page,
        "rows": [(patient, by_patient.get(patient.pk)) for patient in page],
        "text": text,
        "chosen": chosen,
        "chips": chips,
        "total": total,
        "archived": archived,
    }
    return render(request, "desk/patient_list.html", context)


def open_standings(today: date) -> dict[int, Standing]:
    """Return where each patient in a course stands; of several courses the most urgent one."""
    rows = standings(Course.objects.open(), today)
    rows.sort(key=lambda row: list(Group).index(row.group), reverse=True)
    return {row.course.patient_id: row for row in rows}


def filtered(shown: PatientQuerySet, chosen: str, groups: dict[int, Group]) -> PatientQuerySet:
    if not chosen:
        return shown
    wanted = [pk for pk, group in groups.items() if chosen in ("course", group)]
    return shown.filter(pk__in=wanted)


@allow(Can.ARCHIVE_PATIENTS)
def archive(request: HttpRequest, code: str) -> HttpResponse:
    """Archive a patient, or bring an archived one back."""
    patient = fetch(request, Patient.objects.all(), code=code)
    form = ArchiveForm(*submitted(request), patient=patient)
    if form.submit(by=person(request)):
        messages.success(request, _("Brought back.") if patient.archived_at else _("Archived."))
        return redirect(form.location)
    return render(request, "desk/patient_archive.html", {"form": form, "patient": patient})
