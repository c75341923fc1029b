"""Taking photographs: each is sent by itself, as soon as it is taken or chosen."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.lookup import fetch, person
from clinic.policy import allow
from clinic.refusal import Refused
from clinic.roles import Can
from treatments.actions.photos import drop_photo
from treatments.forms.photos import PhotoForm
from treatments.models import Course, Photo, Visit
from treatments.terms import VisitKind


@allow(Can.TAKE_PHOTOS)
@require_POST
def add_waiting(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep one photograph for a visit of this course that is not saved yet; `?kind=` says which.

    Answers with its slot: 200 when it is kept, 422 with the sentence that says why it is not.
    """
    course = fetch(request, Course.objects.select_related("patient"), pk=pk)
    kind = request.GET.get("kind", VisitKind.TREATMENT)
    if kind not in VisitKind.values:
        raise Http404
    return _answer(request, PhotoForm(request.POST, request.FILES, course=course, kind=kind))


@allow(Can.TAKE_PHOTOS)
@require_POST
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add one photograph to a visit; a signed one takes it late, with the reason."""
    visit = fetch(request, Visit.objects.select_related("course__patient"), pk=pk)
    form = PhotoForm(request.POST, request.FILES, course=visit.course, kind=visit.kind, visit=visit)
    return _answer(request, form)


def _answer(request: HttpRequest, form: PhotoForm) -> HttpResponse:
    is_kept = form.keep(by=person(request))
    back = request.POST.get("next", "")
    if back and not request.headers.get("HX-Request"):
        return _back_to(request, back, form, is_kept)
    context = {
        "view": form.shown_view,
        "photo": form.photo,
        "error": form.first_error,
        "due": request.POST.get("due") == "yes",
    }
    status = 200 if is_kept else 422
    return render(request, "treatments/_taken.html", context, status=status)


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
    photo = fetch(request, Photo.objects.waiting().select_related("course__patient"), pk=photo_id)
    try:
        drop_photo(photo=photo, by=person(request))
    except Refused as refused:
        context = {"view": photo.view, "photo": photo, "error": refused.message}
        return render(request, "treatments/_taken.html", context, status=422)
    if request.headers.get("HX-Request"):
        return render(request, "treatments/_taken.html", {"view": photo.view})
    return redirect(photo.course)
