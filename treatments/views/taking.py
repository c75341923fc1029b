"""Taking photographs: each is sent by itself, as soon as it is taken or chosen."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clinic import audit
from clinic.lookup import fetch, person
from clinic.policy import allow
from clinic.refusal import Refused
from clinic.roles import Can
from treatments.actions.photos import drop_photo
from treatments.forms.photos import PhotoForm
from treatments.models import Course, Photo, Visit
from treatments.selectors.taking import Taking
from treatments.terms import View, VisitKind


@allow(Can.TAKE_PHOTOS)
@require_http_methods(["GET", "POST"])
def add_waiting(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep one photograph for a visit of this course that is not saved yet; `?kind=` says which.

    Answers with its slot: 200 when it is kept, 422 with the sentence that says why it is not.
    A GET answers with all slots; `?shown=yes` uncovers them, which is a look.
    """
    courses = Course.objects.select_related("patient", "protocol")
    course = fetch(request, courses, pk=pk)
    kind = request.GET.get("kind", VisitKind.TREATMENT)
    if kind not in VisitKind.values:
        raise Http404
    return _answer(request, Taking(course, VisitKind(kind), None, person(request)))


@allow(Can.TAKE_PHOTOS)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add one photograph to a visit; a signed one takes it late, with the reason.

    Answers as for a visit that is not saved yet.
    """
    rows = Visit.objects.select_related("course__patient", "course__protocol")
    visit = fetch(request, rows, pk=pk)
    taking = Taking(visit.course, VisitKind(visit.kind), visit, person(request))
    return _answer(request, taking)


def _answer(request: HttpRequest, taking: Taking) -> HttpResponse:
    course, kind, visit = taking.course, taking.kind, taking.visit
    if request.method == "POST":
        form = PhotoForm(request.POST, request.FILES, course=course, kind=kind, visit=visit)
        is_kept = form.keep(by=taking.by)
        back = request.POST.get("next", "")
        if back and not request.headers.get("HX-Request"):
            return _back_to(request, back, form, is_kept)
        return _slot(request, taking, form.shown_view, form.first_error, is_new=is_kept)
    slots, is_shown = taking.slots(), request.GET.get("shown") == "yes"
    is_shown = is_shown and taking.by.can(Can.SEE_PHOTOS)
    if is_shown and any(slot.kept or slot.first for slot in slots):
        audit.record("photos viewed", by=taking.by, patient=course.patient_code)
    context = {"slots": slots, "is_shown": is_shown, "due": request.GET.get("due") == "yes"}
    return render(request, "treatments/_slots.html", context)


def _slot(
    request: HttpRequest,
    taking: Taking,
    view: View | None,
    error: str = "",
    *,
    is_new: bool = False,
) -> HttpResponse:
    """Show one slot as it stands now, uncovered where the page is or what was just sent."""
    context = {
        "slot": next((slot for slot in taking.slots() if slot.view == view), None),
        "is_shown": request.POST.get("shown") == "yes",
        "is_new": is_new,
        "due": request.POST.get("due") == "yes",
        "error": error,
    }
    status = 422 if error else 200
    return render(request, "treatments/_slot_answer.html", context, status=status)


def _back_to(request: HttpRequest, back: str, form: PhotoForm, is_kept: bool) -> HttpResponse:
    """Answer a plain form with its own page again; 404 for an address of another house."""
    if not url_has_allowed_host_and_scheme(back, None) or not back.startswith("/"):
        raise Http404
    if is_kept:
        messages.success(request, _("The photograph is added."))
        return redirect(back)
    messages.warning(request, form.first_error)
    if form.visit is None or form.shown_view is None:
        return redirect(back)
    return redirect(f"{back}?late={form.visit.pk}&view={form.shown_view.value}")


@allow(Can.TAKE_PHOTOS)
@require_POST
def drop(request: HttpRequest, photo_id: str) -> HttpResponse:
    """Remove a photograph whose visit is not saved yet."""
    rows = Photo.objects.waiting().select_related("course__patient", "course__protocol")
    photo = fetch(request, rows, pk=photo_id)
    taking = Taking(photo.course, VisitKind(photo.waiting_for), None, person(request))
    try:
        drop_photo(photo=photo, by=taking.by)
    except Refused as refused:
        return _slot(request, taking, View(photo.view), refused.message)
    if request.headers.get("HX-Request"):
        return _slot(request, taking, View(photo.view))
    return redirect(photo.course)
