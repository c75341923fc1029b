"""Finding, registering and changing patients."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from clinic import audit
from clinic.forms import submitted
from clinic.lookup import fetch, person
from clinic.policy import allow
from clinic.roles import Can
from patients.forms.patients import ChangePatientForm, PatientForm
from patients.models import Patient

PAGE = 25


@allow(Can.SEE_PATIENTS)
def search(request: HttpRequest) -> HttpResponse:
    """List the patients who match, or all of them by name."""
    text = request.GET.get("q", "").strip()
    shown = Patient.objects.visible_to(person(request)).order_by("family_name", "given_name", "pk")
    archived = request.GET.get("archived") == "1"
    shown = shown.filter(archived_at__isnull=not archived)
    total = shown.count()
    if text:
        shown = shown.matching(text)
        audit.record("patients searched", by=person(request))
    page = Paginator(shown, PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "text": text, "total": total, "archived": archived}
    return render(request, "patients/patient_list.html", context)


@allow(Can.EDIT_PATIENTS)
def register(request: HttpRequest) -> HttpResponse:
    """Register a patient."""
    form = PatientForm(
        *submitted(request), initial={"given_name": request.GET.get("name", "")[:80]}
    )
    if form.submit(by=person(request)):
        messages.success(request, _("Registered."))
        return redirect(form.location)
    return render(request, "patients/patient_form.html", {"form": form})


@allow(Can.EDIT_PATIENTS)
def change(request: HttpRequest, code: str) -> HttpResponse:
    """Change contact details."""
    patient = fetch(request, Patient.objects.all(), viewed="contact", code=code)
    form = ChangePatientForm(*submitted(request), instance=patient)
    if form.submit(by=person(request)):
        messages.success(request, _("Saved."))
        return redirect(form.location)
    return render(request, "patients/patient_form.html", {"form": form, "patient": patient})
