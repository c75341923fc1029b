"""Two photographs of one view: how they are shown, what stands between them, how they are laid
over each other."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic import audit
from clinic.lookup import fetch, person
from clinic.policy import allow
from clinic.roles import Can
from clinic.templatetags.components import short_day
from patients.models import Patient
from treatments.forms.pairs import AlignForm
from treatments.models import Measure, Photo, PhotoAlignment, Visit
from treatments.models.pair import COORDINATES
from treatments.rules import measures
from treatments.rules.comparability import Pair
from treatments.rules.conditions import Subject
from treatments.rules.pairs import days_between
from treatments.selectors.film import where_to_take
from treatments.selectors.pairs import Judged, in_order, judged, marks_of
from treatments.terms import MeasureKind, View
from treatments.wording import worded

# In the order of the switch; the first is what a page without a script can show.
MODES: dict[str, Promise] = {
    "side": gettext_lazy("Side by side"),
    "slider": gettext_lazy("Slider"),
    "overlay": gettext_lazy("Overlay"),
    "blink": gettext_lazy("Blink"),
    "time": gettext_lazy("In time"),
}
LABELS: dict[Subject, Promise] = {
    Subject.LIGHT: gettext_lazy("Light"),
    Subject.WHITE: gettext_lazy("Colour of the light"),
    Subject.TAN: gettext_lazy("Tan"),
    Subject.WEIGHT: gettext_lazy("Weight"),
    Subject.VIEW: gettext_lazy("View and state"),
    Subject.SETUP: gettext_lazy("Setup"),
    Subject.SHARPNESS: gettext_lazy("Sharpness"),
    Subject.FRAMING: gettext_lazy("Framing and turn"),
    Subject.SESSION: gettext_lazy("Days since a session"),
    Subject.BRUISE: gettext_lazy("Bruise or swelling"),
    Subject.CLOTHING: gettext_lazy("Underwear"),
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the address names: the view, its photographs, and the two of them, the earlier first."""

    views: list[View]
    view: View | None
    photos: list[Photo]
    first: Photo | None
    second: Photo | None
    mode: str

    @property
    def query(self) -> str:
        if self.view is None or self.first is None or self.second is None:
            return ""
        a, b = self.first.visit_id, self.second.visit_id
        return f"view={self.view.value}&a={a}&b={b}"


@allow(Can.SEE_PHOTOS)
def compare(request: HttpRequest, code: str) -> HttpResponse:
    """Show two photographs of one view, with what stands between them.

    Everything is in the address: `view`, `a` and `b` (visits), `mode`. Without them: the first
    view that was taken twice, its first and its last photograph, side by side.
    """
    patient = fetch(request, Patient.objects.all(), code=code)
    if request.GET.getlist("pick"):
        return picked(request, patient)
    chosen = choose(request, patient)
    if chosen.first and chosen.second:
        audit.record(
            "photos compared",
            by=person(request),
            patient=patient.code,
            target=f"photo {chosen.first.pk} {chosen.second.pk}",
        )
    return page(request, patient, chosen)


def picked(request: HttpRequest, patient: Patient) -> HttpResponse:
    """Lead from two ticks on the film, `pick=<visit>:<view>` each, to the address of that pair."""
    ticks = [each.partition(":") for each in request.GET.getlist("pick")]
    visits, views = [tick[0] for tick in ticks], {tick[2] for tick in ticks}
    if len(visits) != 2 or len(views) != 1 or not all(map(str.isdecimal, visits)):
        messages.warning(request, _("Choose two photographs of the same view."))
        return redirect("treatments:photo-gallery", patient.code)
    url = reverse("treatments:photo-compare", args=[patient.code])
    query = urlencode({"view": views.pop(), "a": visits[0], "b": visits[1]})
    return redirect(f"{url}?{query}")


@allow(Can.TAKE_PHOTOS)
def align(request: HttpRequest, code: str) -> HttpResponse:
    """Keep the marks of the pair that the address names, as numbers, or reset them.

    Answers a script with the page as it is then, anything else with the way back to it.
    """
    patient = fetch(request, Patient.objects.all(), code=code)
    chosen = choose(request, patient)
    back = f"{reverse('treatments:photo-compare', args=[code])}?{chosen.query}&mode={chosen.mode}"
    if request.method != "POST":
        return redirect(back)
    if chosen.first is None or chosen.second is None:
        raise Http404
    form = AlignForm(request.POST, first=chosen.first, second=chosen.second)
    is_kept = form.keep(by=person(request))
    if request.headers.get("HX-Request"):
        return page(request, patient, chosen, refusal=form.refusal)
    if is_kept:
        messages.success(request, _("Kept. The original is untouched."))
    else:
        messages.warning(request, form.refusal)
    return redirect(back)


def choose(request: HttpRequest, patient: Patient) -> Chosen:
    """Read the address; 404 for a visit that has no photograph of the view."""
    by_view: dict[str, list[Photo]] = {}
    rows = Photo.objects.visible_to(person(request)).standing().of_patient(patient.pk)
    for photo in rows.select_related(
        "course__patient", "course__screening", "visit__course__screening", "setup", "key"
    ):
        by_view.setdefault(photo.view, []).append(photo)
    views = [view for view in View if view in by_view]
    wanted = request.GET.get("view", "")
    pairable = [view for view in views if len(by_view[view]) > 1]
    view = View(wanted) if wanted in by_view else next(iter(pairable or views), None)
    photos = by_view.get(view, []) if view else []
    first = second = None
    if len(photos) > 1:
        one = named(photos, request.GET.get("a"), photos[0])
        other = named(photos, request.GET.get("b"), photos[-1])
        if one == other:
            other = photos[-1] if one != photos[-1] else photos[0]
        first, second = in_order(one, other)
    mode = request.GET.get("mode", "")
    return Chosen(views, view, photos, first, second, mode if mode in MODES else "side")


def named(photos: list[Photo], visit: str | None, default: Photo) -> Photo:
    """Return the photograph of the visit that the address names; 404 when it has none."""
    if not visit:
        return default
    found = [photo for photo in photos if str(photo.visit_id) == visit]
    if not found:
        raise Http404
    return found[0]


def page(
    request: HttpRequest, patient: Patient, chosen: Chosen, *, refusal: str = ""
) -> HttpResponse:
    context: dict[str, Any] = {
        "patient": patient,
        "chosen": chosen,
        "views": chosen.views,
        "view": chosen.view,
        "photos": chosen.photos,
        "modes": MODES.items(),
        "mode": chosen.mode,
        "first": chosen.first,
        "second": chosen.second,
        "refusal": refusal,
        "tab": "compare",
    }
    if chosen.first and chosen.second:
        context |= between(chosen, chosen.first, chosen.second)
    elif chosen.view and person(request).can(Can.TAKE_PHOTOS):
        context["take_url"] = take_url(patient, chosen.view)
    return render(request, "treatments/photo_compare.html", context)


def take_url(patient: Patient, view: View) -> str:
    """Return where this view is taken today; "" when no open course waits for it."""
    for course in patient.courses.with_sessions().order_by("-opened_on", "-pk"):
        place = where_to_take(course)
        if place:
            return f"{place}#slot-{view.value}"
    return ""


def between(chosen: Chosen, first: Photo, second: Photo) -> dict[str, Any]:
    """Say what the two are judged as, what differs, and how they lie over each other."""
    pair = judged(first, second)
    return {
        "judgement": pair.judgement,
        "pair": pair,
        "verdict": verdict(pair),
        "conditions": [
            (LABELS[each.subject], each.is_fine, worded(each.found)) for each in pair.conditions
        ],
        "stage": stage(pair),
        "moments": moments(chosen.photos, second) if chosen.mode == "time" else "",
        "moved": moved(pair),
        "coordinates": COORDINATES,
        **measured(first.at_visit, second.at_visit),
    }


def verdict(pair: Judged) -> tuple[str, str, str]:
    """Return the kind of banner, its title, and the sentence below it."""
    to_mind = [LABELS[each.subject] for each in pair.conditions if not each.is_fine]
    names = ", ".join(str(each).lower() for each in to_mind)
    judgement = pair.judgement
    if judgement.pair == Pair.NOT_COMPARABLE:
        return "stop", _("Not comparable"), " ".join(pair.obstacles)
    if judgement.pair == Pair.COMPARABLE:
        return "fine", _("Comparable"), _("Nothing that is recorded or measured stands against it.")
    count = len(judgement.caveats)
    title = _("Comparable with 1 caveat")
    if count > 1:
        title = _("Comparable with %(count)d caveats") % {"count": count}
    if not names:
        return "attention", title, " ".join(pair.caveats)
    return (
        "attention",
        title,
        _("Read the change with care. Not the same, or not known: %(names)s.") % {"names": names},
    )


# What the script draws with -----------------------------------------------------------------------


def marks_list(marks: PhotoAlignment | None) -> list[float] | None:
    return [getattr(marks, name) for name in COORDINATES] if marks else None


def stage(pair: Judged) -> str:
    """Return the sizes of both pictures and their stored marks, for the page's script."""
    return json.dumps(
        {
            "first": [pair.first.width, pair.first.height],
            "second": [pair.second.width, pair.second.height],
            "marks": marks_list(pair.marks),
        }
    )


def moments(photos: list[Photo], second: Photo) -> str:
    """Return every visit of the course in its order: with the photograph of this view, or without.

    Each photograph lies over the first one by its stored marks.
    """
    of_course = [photo for photo in photos if photo.course_id == second.course_id]
    base = of_course[0]
    marks = marks_of(of_course)
    taken = {photo.visit_id: photo for photo in of_course}
    visits = second.course.visits.standing().order_by("held_on", "number", "pk")
    found = []
    for visit in visits:
        photo = taken.get(visit.pk)
        found.append(
            {
                "title": visit.title,
                "day": short_day(visit.held_on),
                "url": photo.view_url if photo else "",
                "size": [photo.width, photo.height] if photo else None,
                "marks": marks_list(marks.get((base.pk, photo.pk))) if photo else None,
            }
        )
    # A review on the day of a session has mostly no pictures of its own.
    days = {each["day"] for each in found if each["url"]}
    return json.dumps([each for each in found if each["url"] or each["day"] not in days])


def moved(pair: Judged) -> str:
    """Say how the second picture is moved to lie over the first."""
    framing = pair.framing
    if framing is None:
        return ""
    words = []
    scale = f"{framing.scale:.2f}"
    if scale != "1.00":
        words.append(_("%(scale)s times as large") % {"scale": scale})
    turned = {"degrees": f"{abs(framing.degrees):.1f}"}
    if framing.degrees >= 0.05:
        words.append(_("turned %(degrees)s° clockwise") % turned)
    elif framing.degrees <= -0.05:
        words.append(_("turned %(degrees)s° anticlockwise") % turned)
    return ", ".join(words) or _("moved")


# Measures -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MeasureLine:
    """One measure on both days, with the change."""

    label: str
    unit: str
    first: Measure
    second: Measure
    change: measures.Change


def measured(first: Visit, second: Visit) -> dict[str, Any]:
    """Return what was measured on both visits."""
    values: dict[int, dict[str, Measure]] = {first.pk: {}, second.pk: {}}
    for row in Measure.objects.filter(visit__in=[first, second]):
        values[row.visit_id][row.kind] = row
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
    return {
        "measure_lines": lines,
        "same_observer": same,
        "days_between": days_between(first.held_on, second.held_on),
    }
