"""Products and lots: what is on the shelf, who was given a lot, and who was told of a recall."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic import audit
from clinic.forms import submitted
from clinic.lookup import fetch, person
from clinic.policy import allow
from clinic.replies import csv_reply
from clinic.roles import Can
from patients.models import Patient
from treatments.forms.stock import (
    AmountForm,
    ContactForm,
    CorrectForm,
    ExportForm,
    NewProductForm,
    OpenForm,
    ProductForm,
    RecallForm,
    ReceiveForm,
    RetireProductForm,
)
from treatments.models import Lot, Product
from treatments.models.formulary import current_formulary
from treatments.rules.lots import why_not
from treatments.selectors.trail import (
    LotTrail,
    Recipient,
    compared_lots,
    lot_trail,
    patient_trail,
    recent_reactions,
    shared_lots,
)
from treatments.terms import LotState

PAGE = 50
USABLE = "usable"
MOST_SHARED = 100  # reactions that are offered to start from

# Products ----------------------------------------------------------------------------------------


@allow(Can.SEE_PROTOCOLS)
def products(request: HttpRequest) -> HttpResponse:
    """List the products with their agents."""
    agents = current_formulary().agents
    rows = [
        {
            "product": product,
            "agents": [
                (agents.get(row.agent_code), row.agent_code, row.share)
                for row in product.agents.all()
            ],
            "retire": RetireProductForm(product=product),
        }
        for product in Product.objects.with_agents()
        .annotate(lot_count=Count("lots"))
        .order_by("-is_active", "name")
    ]
    return render(request, "treatments/products.html", {"rows": rows})


@allow(Can.APPROVE_PROTOCOLS)
def add_product(request: HttpRequest) -> HttpResponse:
    """Add a product."""
    form = NewProductForm(*submitted(request))
    if form.submit(by=person(request)):
        messages.success(request, _("Added. Enter its lots under Stock."))
        return redirect(form.location)
    context = {"form": form, "title": _("Add a product")}
    return render(request, "treatments/product_form.html", context)


@allow(Can.APPROVE_PROTOCOLS)
def change_product(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a product of which no lot came yet."""
    product = fetch(request, Product.objects.with_agents(), pk=pk)
    form = ProductForm(*submitted(request), product=product)
    if form.submit(by=person(request)):
        messages.success(request, _("Saved."))
        return redirect(form.location)
    context = {"form": form, "title": product.name, "product": product}
    return render(request, "treatments/product_form.html", context)


@allow(Can.APPROVE_PROTOCOLS)
def retire_product(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a product out of use, or bring it back."""
    product = fetch(request, Product.objects.all(), pk=pk)
    form = RetireProductForm(*submitted(request), product=product)
    if form.submit(by=person(request)):
        messages.success(request, _("Saved. What was given of it stays in the records."))
        return redirect(form.location)
    return redirect("treatments:products")


# Lots --------------------------------------------------------------------------------------------


@allow(Can.SEE_STOCK)
def lots(request: HttpRequest) -> HttpResponse:
    """List the lots by how they stand; without a filter, those a session may draw from."""
    today = timezone.localdate()
    rows = Lot.objects.visible_to(person(request)).with_left().select_related("product")
    found = [(lot, lot.state_on(today)) for lot in rows.order_by("expires_on", "pk")]
    counts = {state: sum(each == state for _lot, each in found) for state in LotState}
    usable = [lot for lot, _state in found if why_not(lot.as_rule(), today) is None]
    chosen = request.GET.get("state", USABLE)
    if chosen not in (USABLE, *LotState.values):
        raise Http404
    shown = usable if chosen == USABLE else [lot for lot, state in found if state == chosen]
    tabs = [(USABLE, _("Can be drawn from"), len(usable))]
    tabs += [(state.value, str(state.label), counts[state]) for state in LotState]
    context = {
        "page": Paginator(shown, PAGE).get_page(request.GET.get("page")),
        "tabs": tabs,
        "chosen": chosen,
        "today": today,
    }
    return render(request, "treatments/lots.html", context)


@allow(Can.KEEP_STOCK)
def receive(request: HttpRequest) -> HttpResponse:
    """Enter a lot that came."""
    initial = {"product": request.GET.get("product", "")}
    form = ReceiveForm(*submitted(request), initial=initial)
    if form.submit(by=person(request)):
        messages.success(request, _("Entered. Sessions can draw from it."))
        return redirect(form.location)
    context = {"form": form, "title": _("Receive a lot"), "button": _("Enter the lot")}
    return render(request, "treatments/lot_form.html", context)


@allow(Can.SEE_STOCK)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show who was given the lot, what came after it, and who was told of a recall."""
    lot = found_lot(request, pk)
    audit.record("lot trail viewed", by=person(request), target=f"lot {lot.pk}")
    return render(request, "treatments/lot.html", traced(request, lot))


@allow(Can.KEEP_STOCK)
def contact(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """Log what came of telling one patient."""
    lot = found_lot(request, pk)
    if request.method != "POST":
        return redirect(lot)
    patient = fetch(request, Patient.objects.all(), code=code)
    form = ContactForm(*submitted(request), lot=lot, patient=patient)
    if form.submit(by=person(request)):
        messages.success(request, _("Logged."))
        return redirect(form.location)
    return render(request, "treatments/lot.html", traced(request, lot, form))


@allow(Can.KEEP_STOCK)
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct typing errors of a lot that no session drew from."""
    lot = found_lot(request, pk)
    form = CorrectForm(*submitted(request), lot=lot)
    return handled(request, lot, form, _("Correct the entry"), _("Save"))


@allow(Can.KEEP_STOCK)
def open_it(request: HttpRequest, pk: int) -> HttpResponse:
    """Note the day on which a lot was opened."""
    lot = found_lot(request, pk)
    form = OpenForm(*submitted(request), lot=lot)
    return handled(request, lot, form, _("Opened"), _("Note the day"))


@allow(Can.KEEP_STOCK)
def amount(request: HttpRequest, pk: int) -> HttpResponse:
    """Record what was lost of a lot, or came to it."""
    lot = found_lot(request, pk)
    form = AmountForm(*submitted(request), lot=lot)
    return handled(request, lot, form, _("Loss or delivery"), _("Record it"))


@allow(Can.KEEP_STOCK)
def recall(request: HttpRequest, pk: int) -> HttpResponse:
    """Recall a lot, which opens the list of whom to tell."""
    lot = found_lot(request, pk)
    if lot.recalled_at and request.method != "POST":
        return redirect(lot)
    form = RecallForm(*submitted(request), lot=lot)
    if form.submit(by=person(request)):
        messages.success(request, _("Recalled. No session can draw from it any more."))
        return redirect(form.location)
    context = {"form": form, "lot": lot, "trail": lot_trail(lot)}
    return render(request, "treatments/lot_recall.html", context)


@allow(Can.KEEP_STOCK)
def export(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand the list of patients out as a file, and note what for."""
    lot = found_lot(request, pk)
    form = ExportForm(*submitted(request), lot=lot)
    if form.submit(by=person(request)):
        return csv_reply(call_list(lot_trail(lot)), name=f"lot-{lot.number}")
    context = {"form": form, "lot": lot, "title": _("Export the list"), "button": _("Export")}
    return render(request, "treatments/lot_form.html", context)


@allow(Can.SEE_STOCK)
def shared(request: HttpRequest) -> HttpResponse:
    """Start from reactions: which lots were these patients given before them?"""
    today = timezone.localdate()
    reactions = list(recent_reactions(today)[:MOST_SHARED])
    wanted = set(request.GET.getlist("reaction"))
    chosen = [reaction for reaction in reactions if str(reaction.pk) in wanted]
    audit.record("shared lots viewed", by=person(request), target=f"{len(chosen)} reactions")
    context = {
        "rows": [(reaction, reaction in chosen) for reaction in reactions],
        "chosen": chosen,
        "patients": len({reaction.visit.course.patient_id for reaction in chosen}),
        "lots": shared_lots(chosen),
    }
    return render(request, "treatments/shared_lots.html", context)


@allow(Can.SEE_STOCK)
def of_patient(request: HttpRequest, code: str) -> HttpResponse:
    """Show every product and lot that a patient was given."""
    patient = fetch(request, Patient.objects.all(), viewed="lots", code=code)
    context = {"patient": patient, "uses": patient_trail(patient), "tab": "lots"}
    return render(request, "treatments/patient_lots.html", context)


def found_lot(request: HttpRequest, pk: int) -> Lot:
    """Return a lot with what is left of it."""
    rows = Lot.objects.with_left().select_related("product", "added_by", "recalled_by")
    return fetch(request, rows, pk=pk)


def handled(request: HttpRequest, lot: Lot, form: Any, title: str, button: str) -> HttpResponse:
    """Carry out a form about a lot and return to it, or show what is to be corrected."""
    if form.submit(by=person(request)):
        messages.success(request, _("Saved."))
        return redirect(form.location)
    context = {"form": form, "lot": lot, "title": title, "button": button}
    return render(request, "treatments/lot_form.html", context)


def traced(request: HttpRequest, lot: Lot, tried: ContactForm | None = None) -> dict[str, Any]:
    """Work out what the page of a lot shows; `tried` is a form to be corrected."""
    trail = lot_trail(lot)
    only_left = request.GET.get("show") == "left" and bool(lot.recalled_at)
    recipients = trail.to_tell if only_left else trail.recipients
    may_log = bool(lot.recalled_at) and person(request).can(Can.KEEP_STOCK)
    return {
        "lot": lot,
        "trail": trail,
        "rows": [(row, form_for(lot, row, tried) if may_log else None) for row in recipients],
        "tried": tried,
        "only_left": only_left,
        "losses": lot.losses.select_related("by"),
        "comparison": compared_lots(lot),
        "is_used": bool(trail.recipients) or trail.struck_out > 0,
        "today": timezone.localdate(),
    }


def form_for(lot: Lot, row: Recipient, tried: ContactForm | None) -> ContactForm | None:
    """Return the form of a patient who is still to be told."""
    if tried and tried.patient == row.patient:
        return tried
    return None if row.is_told else ContactForm(lot=lot, patient=row.patient)


def call_list(trail: LotTrail) -> Iterator[list[str]]:
    """Yield the rows of the file: one for each session, with whom to call and what came of it."""
    yield [
        _("Lot"),
        _("Product"),
        _("Code"),
        _("Given name"),
        _("Family name"),
        _("Phone"),
        _("Date"),
        _("Session"),
        _("Areas"),
        _("Given, ml"),
        _("Reactions after it"),
        _("Contact"),
        _("Contact on"),
        _("Contact by"),
    ]
    for row in trail.recipients:
        told = row.told
        for use in row.uses:
            yield [
                trail.lot.number,
                str(trail.lot.product),
                row.patient.code,
                row.patient.given_name,
                row.patient.family_name,
                row.patient.phone.as_international,
                use.visit.held_on.isoformat(),
                str(use.visit.number or ""),
                use.visit.areas_text,
                str(use.given_ml),
                "; ".join(str(reaction) for reaction in use.reactions),
                row.state,
                date_format(timezone.localtime(told.at), "Y-m-d H:i") if told else "",
                str(told.by) if told else "",
            ]
