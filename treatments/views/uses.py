"""What leaves the house: taking a pair out, its sheet, and the list of uses."""

from __future__ import annotations

from uuid import UUID

from csp.decorators import csp
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.forms import submitted
from clinic.lookup import fetch, person
from clinic.policy import allow
from clinic.refusal import Refused
from clinic.roles import Can
from patients.models import Patient
from treatments.actions.uses import check_open, open_export
from treatments.forms.uses import EndUseForm, ExportForm
from treatments.models import Photo, PhotoExport
from treatments.selectors.pairs import judged
from treatments.selectors.uses import uses_of, verdict_text
from treatments.terms import ExportKind


def pair_in(request: HttpRequest, patient: Patient) -> tuple[Photo, Photo]:
    """Return the two photographs that the address names by `a` and `b`.

    Raises Http404 unless they are two standing photographs of this patient.
    """
    keys = []
    for name in ("a", "b"):
        try:
            keys.append(UUID(request.GET.get(name, "")))
        except ValueError as error:
            raise Http404 from error
    if keys[0] == keys[1]:
        raise Http404
    rows = Photo.objects.standing().of_patient(patient.pk)
    return fetch(request, rows, pk=keys[0]), fetch(request, rows, pk=keys[1])


@allow(Can.EXPORT_PHOTOS)
def export(request: HttpRequest, code: str) -> HttpResponse:
    """Take a pair out, as a file or on paper."""
    patient = fetch(request, Patient.objects.all(), code=code)
    pair = judged(*pair_in(request, patient))
    form = ExportForm(*submitted(request), pair=pair)
    if form.submit(by=person(request)):
        return redirect(form.location)
    context = {
        "patient": patient,
        "pair": pair,
        "verdict": verdict_text(pair.judgement.pair, len(pair.caveats)),
        "form": form,
        "tab": "compare",
    }
    return render(request, "treatments/pair_export.html", context)


@allow(Can.EXPORT_PHOTOS)
def exported(request: HttpRequest, pk: int) -> HttpResponse:
    """Offer the sheet of an export to whoever just took it out; later only its row is listed."""
    row = fetch(request, PhotoExport.objects.whole(), pk=pk)
    try:
        check_open(row, person(request))
    except Refused as refused:
        messages.warning(request, refused.message)
        return redirect("treatments:photo-uses", row.patient_code)
    context = {"patient": row.patient, "export": row, "is_print": row.kind == ExportKind.PRINT}
    return render(request, "treatments/pair_exported.html", context)


@allow(Can.EXPORT_PHOTOS)
@csp({"default-src": ["'none'"], "sandbox": True})  # type: ignore[arg-type]
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the sheet of an export, made anew; 404 once it may not leave any more."""
    row = fetch(request, PhotoExport.objects.whole(), pk=pk)
    try:
        content = open_export(export=row, by=person(request))
    except Refused as refused:
        raise Http404 from refused
    how = "inline" if row.kind == ExportKind.PRINT else "attachment"
    response = HttpResponse(content, content_type="image/jpeg")
    # Neither name, code nor day: the file will lie in folders of others. The number finds its row.
    response["Content-Disposition"] = f'{how}; filename="pair-{row.pk}.jpg"'
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


@allow(Can.SEE_PHOTOS)
def uses(request: HttpRequest, code: str) -> HttpResponse:
    """List what left the house, those on top that have to be ended."""
    patient = fetch(request, Patient.objects.all(), code=code)
    return uses_page(request, patient)


@allow(Can.SEE_PHOTOS)
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Note how a use was ended."""
    row = fetch(request, PhotoExport.objects.whole(), pk=pk)
    if request.method != "POST":
        return redirect("treatments:photo-uses", row.patient_code)
    form = EndUseForm(*submitted(request), export=row)
    if form.submit(by=person(request)):
        messages.success(request, _("Ended. It stays on the list, with how and by whom."))
        return redirect(form.location)
    return uses_page(request, row.patient, form)


def uses_page(
    request: HttpRequest, patient: Patient, sent: EndUseForm | None = None
) -> HttpResponse:
    """Show the uses; `sent` is a form that came back."""
    found = uses_of(patient, timezone.localdate())
    rows = [
        (
            use,
            sent
            if sent is not None and sent.export.pk == use.export.pk
            else EndUseForm(export=use.export),
        )
        for use in found
    ]
    context = {
        "patient": patient,
        "to_end": [row for row in rows if row[0].is_to_end],
        "others": [row for row in rows if not row[0].is_to_end],
        "sent": sent,
        "tab": "photos",
    }
    return render(request, "treatments/photo_uses.html", context)
