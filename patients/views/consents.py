"""Consents: the sheet, what was signed, withdrawal, the tablet in her hands, the texts."""

from __future__ import annotations

import hashlib
import logging
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic import handover
from clinic.forms import submitted
from clinic.lookup import fetch, person
from clinic.policy import allow
from clinic.replies import pdf_reply
from clinic.roles import Can
from patients.consent_pdf import meaning
from patients.consents import judged, standings_of, words_of
from patients.forms.consents import (
    SIGNING_PAGE,
    ConsentForm,
    ConsentTextForm,
    GiveForm,
    HandOverForm,
    SigningForm,
    WithdrawForm,
)
from patients.models import ConsentEvent, ConsentRecord, ConsentText, Patient
from patients.models.consent import document_storage
from patients.rules.consent import CONSEQUENCES, State
from patients.terms import Purpose

logger = logging.getLogger(__name__)


@allow(Can.SEE_CLINICAL)
def sheet(request: HttpRequest, code: str) -> HttpResponse:
    """Show where every consent stands, ready to be asked for those who may ask."""
    patient = fetch(request, Patient.objects.all(), viewed="consents", code=code)
    return render(
        request, "patients/consent_sheet.html", shown(patient, ConsentForm(patient=patient))
    )


@allow(Can.ASK_CONSENT)
def sign(request: HttpRequest, code: str) -> HttpResponse:
    """Keep the answers that were signed; what is wrong with them shows on the sheet."""
    patient = fetch(request, Patient.objects.current(), code=code)
    if request.method != "POST":
        return redirect("patients:consent-list", patient.code)
    form = ConsentForm(*submitted(request), patient=patient)
    if form.submit(by=person(request)):
        messages.success(request, _("Signed and kept, with its PDF."))
        return redirect(form.location)
    return render(request, "patients/consent_sheet.html", shown(patient, form))


def shown(patient: Patient, form: ConsentForm) -> dict[str, Any]:
    """Return what the sheet shows beside its form."""
    return {
        "patient": patient,
        "form": form,
        "give_form": GiveForm(patient=patient),
        "treatment": judged(form.standings[Purpose.TREATMENT], timezone.now()),
        "hours": settings.REFLECTION_HOURS,
        "drafts": sum(text.is_draft for text in form.texts.values()),
        "signatures": ConsentRecord.objects.filter(patient=patient).count(),
        "meaning": meaning(),
        "now": timezone.now(),
        "tab": "consents",
    }


@allow(Can.ASK_CONSENT)
def give(request: HttpRequest, code: str) -> HttpResponse:
    """Note that she was given the texts to read."""
    patient = fetch(request, Patient.objects.current(), code=code)
    if request.method != "POST":
        return redirect("patients:consent-list", patient.code)
    form = GiveForm(*submitted(request), patient=patient)
    if form.submit(by=person(request)):
        messages.success(request, _("Noted: the texts were given to read."))
        return redirect(form.location)
    sheet_form = ConsentForm(patient=patient)
    context = {**shown(patient, sheet_form), "give_form": form}
    return render(request, "patients/consent_sheet.html", context)


@allow(Can.ASK_CONSENT)
def withdraw(request: HttpRequest, code: str, purpose: str) -> HttpResponse:
    """Say what a withdrawal means, and withdraw."""
    patient = fetch(request, Patient.objects.current(), viewed="consents", code=code)
    wanted = known(purpose)
    standing = standings_of(patient, timezone.localdate())[wanted]
    form = WithdrawForm(*submitted(request), patient=patient, purpose=wanted)
    if form.submit(by=person(request)):
        messages.success(request, _("Withdrawn, from now on."))
        return redirect(form.location)
    context = {
        "patient": patient,
        "form": form,
        "purpose": wanted,
        "state": words_of(standing),
        "is_possible": standing.state in (State.YES, State.TEXT_CHANGED),
        "consequences": [_(sentence) for sentence in CONSEQUENCES[wanted]],
        "tab": "consents",
    }
    return render(request, "patients/consent_withdraw.html", context)


def known(purpose: str) -> Purpose:
    if purpose not in Purpose.values:
        raise Http404
    return Purpose(purpose)


@allow(Can.SEE_CLINICAL)
def history(request: HttpRequest, code: str) -> HttpResponse:
    """List everything that happened to the consents, the latest first, with every PDF."""
    patient = fetch(request, Patient.objects.all(), viewed="consent history", code=code)
    events = (
        ConsentEvent.objects.visible_to(person(request))
        .of_patient(patient)
        .select_related("by", "record")
        .reverse()
    )
    records = (
        ConsentRecord.objects.visible_to(person(request))
        .filter(patient=patient)
        .select_related("asked_by")
        .prefetch_related(Prefetch("answers", ConsentEvent.objects.of_patient(patient)))
        .order_by("-signed_at")
    )
    context = {"patient": patient, "events": events, "records": records, "tab": "consents"}
    return render(request, "patients/consent_history.html", context)


@allow(Can.SEE_CLINICAL)
def signed_pdf(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send what was signed, if the file is still the one whose fingerprint was kept."""
    rows = ConsentRecord.objects.select_related("patient")
    record = fetch(request, rows, viewed="signed consent", pk=pk)
    storage = document_storage()
    content = b""
    if storage.exists(record.file_name):
        with storage.open(record.file_name) as file:
            content = file.read()
    if hashlib.sha256(content).hexdigest() != record.sha256:
        logger.error("The file of signed consent %s is missing or was changed", record.pk)
        context = {"patient": record.patient, "is_missing": not content}
        return render(request, "patients/consent_damaged.html", context, status=409)
    return pdf_reply(content, name=f"consent {record.patient.code} {record.signed_at:%Y-%m-%d}")


# The tablet in her hands --------------------------------------------------------------------------


@allow(Can.ASK_CONSENT)
def hand_over(request: HttpRequest, code: str) -> HttpResponse:
    """Choose what she sees, then hand the tablet over."""
    patient = fetch(request, Patient.objects.current(), viewed="consents", code=code)
    form = HandOverForm(*submitted(request), patient=patient, request=request)
    if form.submit(by=person(request)):
        return redirect(form.location)
    context = {"patient": patient, "form": form, "tab": "consents"}
    return render(request, "patients/consent_hand_over.html", context)


@allow(Can.ASK_CONSENT)
def signing(request: HttpRequest) -> HttpResponse:
    """The one page that she sees: her texts, her answers, the pad."""
    held = handover.current(request)
    if held is None or held["page"] != SIGNING_PAGE:
        return redirect("desk:today")
    if held["is_done"]:
        return render(request, "patients/consent_thanks.html")
    patient = fetch(request, Patient.objects.all(), code=held["patient"])
    form = SigningForm(
        *submitted(request),
        patient=patient,
        purposes=[Purpose(value) for value in held["facts"]["purposes"]],
        interpreter=held["facts"]["interpreter"],
    )
    if form.submit(by=person(request)):
        handover.finish(request)
        return redirect(form.location)
    context = {"patient": patient, "form": form, "meaning": meaning()}
    return render(request, "patients/consent_signing.html", context)


# The texts ----------------------------------------------------------------------------------------


@allow(Can.WRITE_CONSENT_TEXTS)
def texts(request: HttpRequest) -> HttpResponse:
    """List the text of every purpose with its versions."""
    today = timezone.localdate()
    in_force = ConsentText.objects.in_force(today)
    versions: dict[str, list[ConsentText]] = {}
    for text in ConsentText.objects.select_related("written_by").order_by("-version"):
        versions.setdefault(text.purpose, []).append(text)
    context = {
        "rows": [
            (purpose, in_force.get(purpose), versions.get(purpose.value, [])) for purpose in Purpose
        ],
        "today": today,
        "drafts": sum(text.is_draft for text in in_force.values()),
    }
    return render(request, "patients/consent_texts.html", context)


@allow(Can.WRITE_CONSENT_TEXTS)
def write_text(request: HttpRequest, purpose: str) -> HttpResponse:
    """Write the next version of a text."""
    wanted = known(purpose)
    newest = ConsentText.objects.filter(purpose=wanted).order_by("-version").first()
    form = ConsentTextForm(*submitted(request), purpose=wanted, newest=newest)
    if form.submit(by=person(request)):
        messages.success(request, _("Written. Earlier versions stay with what was signed."))
        return redirect(form.location)
    context = {"form": form, "purpose": wanted, "newest": newest}
    return render(request, "patients/consent_text_form.html", context)
