"""The form at the bedside: a visit is logged, changed until it is signed, and kept as a draft."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from appointments.strips import strips_of
from clinic import drafts
from clinic.forms import submitted
from clinic.lookup import fetch, person
from clinic.models import Draft
from clinic.policy import allow
from clinic.roles import Can
from desk.forms import LogVisitForm, draft_of
from patients.consents import photo_consent, treatment_consent, words_of
from patients.terms import Purpose
from treatments.actions import obstacle
from treatments.actions.photos import why_not
from treatments.actions.sessions import meaning_of
from treatments.imaging.derive import LARGE_SIDE
from treatments.models import Course, PhotoSetup, Visit
from treatments.rules import cadence, pairs
from treatments.selectors.judging import last_before
from treatments.selectors.repeating import Values, proposed, repeated
from treatments.selectors.shelf import products_to_draw
from treatments.selectors.taking import marks_offered, setup_used_last
from treatments.terms import VisitKind


@allow(Can.RECORD_VISITS)
def log(request: HttpRequest, pk: int) -> HttpResponse:
    """Log a visit of a course; the address says which kind."""
    course = fetch(request, Course.objects.with_sessions(), viewed="visit form", pk=pk)
    kind = kind_of(request)
    reason = obstacle(course, kind)
    if reason and request.method == "GET":
        # At once, and not after everything was typed.
        messages.warning(request, reason)
        return redirect(course)
    return answer(request, course, kind, None)


@allow(Can.RECORD_VISITS)
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on with a visit that is not signed yet."""
    visit = fetch(request, Visit.objects.for_form(), viewed="visit form", pk=pk)
    if (visit.signed_at or visit.voided_at) and request.method == "GET":
        # A save that comes late is refused by the form, with what was typed still on the page.
        messages.info(request, _("This visit is closed. Add to it instead of changing it."))
        return redirect(visit)
    course = Course.objects.with_sessions().get(pk=visit.course_id)
    return answer(request, course, VisitKind(visit.kind), visit)


@allow(Can.RECORD_VISITS)
def keep_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what is typed into the form of a new visit as a draft, and say what it comes to."""
    course = fetch(request, Course.objects.with_sessions(), pk=pk)
    return kept(request, course, kind_of(request), None)


@allow(Can.RECORD_VISITS)
def keep(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what is typed over an unsigned visit as a draft, and say what it comes to."""
    visit = fetch(request, Visit.objects.for_form(), pk=pk)
    course = Course.objects.with_sessions().get(pk=visit.course_id)
    return kept(request, course, VisitKind(visit.kind), visit)


def kind_of(request: HttpRequest) -> VisitKind:
    kind = request.GET.get("kind", VisitKind.TREATMENT)
    if kind not in VisitKind.values:
        raise Http404
    return VisitKind(kind)


def answer(
    request: HttpRequest, course: Course, kind: VisitKind, visit: Visit | None
) -> HttpResponse:
    """Save or sign what was sent; else show the form, with what was typed and not saved."""
    user = person(request)
    last = last_session(course, visit)
    copied = to_copy(course, last)
    details: dict[str, Any] = {
        "course": course,
        "kind": kind,
        "by": user,
        "visit": visit,
        "shelf": products_to_draw(timezone.localdate(), for_visit=visit),
    }
    draft: Draft | None = None
    if request.method == "POST":
        form = LogVisitForm(*submitted(request), **details)
        if form.submit(by=user):
            messages.success(request, said(form))
            return redirect(form.location)
        if request.FILES and not request.headers.get("HX-Request"):
            words = _("Choose the photographs again: without scripts they are not kept.")
            form.add_error(None, words)
    else:
        draft = drafts.find(form=draft_of(course, kind, visit), by=user)
        typed = drafts.read(draft) if draft else None
        fill = copied if request.GET.get("repeat") and not draft else None
        form = LogVisitForm(typed, fill=fill, **details)
        if draft:
            form.hush()
    return render(
        request,
        "desk/visit_form.html",
        page_of(request, form, last)
        | {"draft": draft, "copied": copied, "photographs": photographs_of(form)},
    )


def kept(
    request: HttpRequest, course: Course, kind: VisitKind, visit: Visit | None
) -> HttpResponse:
    """Keep a draft, or throw it away; answer with the reckoning of what is typed."""
    back = reverse("desk:visit-change", args=[visit.pk]) if visit else new_url(course, kind)
    if request.method != "POST" or (visit and (visit.signed_at or visit.voided_at)):
        return redirect(back)
    user = person(request)
    if "discard" in request.POST:
        drafts.drop(form=draft_of(course, kind, visit), by=user)
        messages.success(request, _("The draft is gone. This is what was saved."))
        return redirect(back)
    form = LogVisitForm(
        request.POST,
        course=course,
        kind=kind,
        by=user,
        visit=visit,
        shelf=products_to_draw(timezone.localdate(), for_visit=visit),
    )
    draft = keep_draft(request, form)
    form.hush()
    last = last_session(course, visit)
    context = page_of(request, form, last) | {"draft": draft, "is_fragment": True}
    return render(request, "desk/_visit_live.html", context)


def new_url(course: Course, kind: VisitKind) -> str:
    return f"{reverse('desk:visit-add', args=[course.pk])}?kind={kind}"


def said(form: LogVisitForm) -> str:
    saved: Visit = form.result
    if saved is not None and saved.signed_at is not None:
        return _("Signed. It is closed; what comes later is added to it.")
    return _("Saved, not signed yet.")


def keep_draft(request: HttpRequest, form: LogVisitForm) -> Draft | None:
    """Keep what was sent, unless the save that it comes after was carried out meanwhile."""
    user = person(request)
    with transaction.atomic():
        # A save holds the course's lock: what was sent before it and comes late must see it done.
        Course.objects.select_for_update().filter(pk=form.course.pk).first()
        if form.is_answered(by=user):
            return None
        return drafts.keep(form=form.draft_name, data=request.POST, by=user)


def to_copy(course: Course, last: Visit | None) -> Values:
    """Return what the page can copy: the last session, or the protocol before the first."""
    if last is not None:
        return repeated(last, course.areas)
    return proposed(course.protocol, course.areas) if course.protocol else {}


def last_session(course: Course, visit: Visit | None) -> Visit | None:
    """Return the session before the one on the form."""
    last = last_before(course, visit)
    return Visit.objects.for_form().get(pk=last.pk) if last else None


def page_of(request: HttpRequest, form: LogVisitForm, last: Visit | None) -> dict[str, Any]:
    """Collect what the page shows around the form."""
    course, visit, today = form.course, form.visit, timezone.localdate()
    held_on = visit.held_on if visit else today
    if visit:
        live = reverse("desk:visit-draft", args=[visit.pk])
    else:
        live = f"{reverse('desk:visit-draft-new', args=[course.pk])}?kind={form.kind}"
    return {
        "form": form,
        "copied_now": {
            # What was copied and not touched since, as the page that was sent says it.
            step: form.data.get(f"copied_{step}") == "yes" if form.is_bound else form.is_filled
            for step in ("areas", "given")
        },
        "course": course,
        "patient": course.patient,
        "visit": visit,
        "number": form.number,
        "total": cadence.to_hold(course.facts, course.sessions),
        "last": last,
        "judged": form.judged,
        "map_rows": form.map_rows(last) if form.kind == VisitKind.TREATMENT else [],
        "days_since": (held_on - last.held_on).days if last else None,
        "strip": strips_of([course], today)[course.pk],
        "consent": treatment_consent(course.patient),
        "live_url": live,
        "meaning": meaning_of(form.kind),
        "is_scored": visit is not None and visit.scores.exists(),
        "may_sign": visit is None or visit.practitioner_id == person(request).pk,
    }


def photographs_of(form: LogVisitForm) -> dict[str, Any]:
    """Collect what the page needs to take photographs, or only why none may be taken."""
    course, visit = form.course, form.visit
    if not form.by.can(Can.TAKE_PHOTOS):
        return {}
    consent = photo_consent(course.patient, Purpose.RECORD_PHOTOS)
    if why := why_not(consent):
        return {"why_not": why}
    if visit:
        url = reverse("treatments:photo-add", args=[visit.pk])
    else:
        url = f"{reverse('treatments:photo-add-waiting', args=[course.pk])}?kind={form.kind}"
    setups = list(PhotoSetup.objects.in_force())
    return {
        "url": url,
        "consent": words_of(consent)[1],
        "setups": setups,
        "setup": setup_used_last(course, setups),
        "marks": marks_offered(form.kind),
        "due": len(form.due_slots),
        "taken": sum(slot.kept is not None for slot, _field in form.due_slots),
        "light_apart": pairs.LIGHT,
        "blurred": pairs.BLURRED,
        "least_side": LARGE_SIDE,
    }
