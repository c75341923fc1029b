"""Grading a pair blind, what comes out afterwards, and how far people agree."""

from __future__ import annotations

import secrets

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from clinic import audit
from clinic.forms import submitted
from clinic.lookup import fetch, person
from clinic.models import User
from clinic.policy import allow
from clinic.roles import Can
from patients.models import Patient
from treatments.forms.ratings import BlindForm
from treatments.models import BlindRating, Photo
from treatments.rules.agreement import ENOUGH
from treatments.rules.pairs import days_between
from treatments.selectors.pairs import Judged, judged
from treatments.selectors.ratings import overview, ratings_of, why_not_graded
from treatments.views.uses import pair_in

SALT = "treatments.blind"
ORDER_HOLDS = 60 * 60  # seconds
Sides = tuple[Photo, Photo]


@allow(Can.RECORD_VISITS)
def blind(request: HttpRequest, code: str) -> HttpResponse:
    """Grade a pair in an order that nobody knows; once that is done, say which was which.

    The order is drawn anew for each look and signed into the address, so that a reload keeps it.
    The address tells nothing else: both photographs are named by their random keys, in the keys'
    own order.
    """
    patient = fetch(request, Patient.objects.all(), code=code)
    pair = judged(*pair_in(request, patient))
    user = person(request)
    rated = ratings_of(pair.first, pair.second).filter(rater=user).first()
    sides = sides_of(request, pair)
    form = BlindForm(*submitted(request), sides=sides, address=address(pair)) if sides else None
    if form is not None and form.submit(by=user):
        return redirect(form.location)
    if rated is not None:
        return answer(request, pair, rated, form)
    context = {"patient": patient, "pair": pair, "tab": "compare"}
    why_not = why_not_graded(pair)
    if why_not:
        context["why_not"] = why_not
        return render(request, "treatments/pair_blind.html", context)
    if form is None or sides is None:
        if request.method == "POST":
            messages.warning(
                request,
                _("The page was open for too long. Look again: the sides may have changed."),
            )
        return redirect(address(pair, order=drawn(user, pair)))
    left, right = sides
    audit.record(
        "pair opened to grade blind",
        by=user,
        patient=patient.code,
        target="photo {} {}".format(*sorted((str(left.pk), str(right.pk)))),
    )
    context |= {"left": left, "right": right, "form": form}
    return render(request, "treatments/pair_blind.html", context)


def answer(
    request: HttpRequest, pair: Judged, rated: BlindRating, form: BlindForm | None
) -> HttpResponse:
    """Show which was which, what this person graded, and only now what others did."""
    user = person(request)
    audit.record(
        "photos compared",
        by=user,
        patient=pair.first.patient_code,
        target=f"photo {pair.first.pk} {pair.second.pk}",
    )
    others = [row for row in ratings_of(pair.first, pair.second) if row.rater_id != user.pk]
    held = [pair.first.at_visit, pair.second.at_visit]
    context = {
        "patient": pair.first.course.patient,
        "pair": pair,
        "rated": rated,
        "others": others,
        "form": form,
        "days": days_between(held[0].held_on, held[1].held_on),
        "held_by": [(visit, visit.practitioner_id == user.pk) for visit in held],
        "tab": "compare",
    }
    return render(request, "treatments/pair_graded.html", context)


@allow(Can.SEE_PHOTOS)
def review(request: HttpRequest) -> HttpResponse:
    """Show how far people agree who graded the same pairs blind."""
    context = {"found": overview(), "enough": ENOUGH}
    return render(request, "treatments/photo_review.html", context)


# The order ----------------------------------------------------------------------------------------


def address(pair: Judged, **more: str) -> str:
    """Return the address of grading a pair; it does not tell which one is the later."""
    first, second = sorted((str(pair.first.pk), str(pair.second.pk)))
    query = urlencode({"a": first, "b": second, **more})
    return f"{reverse('treatments:pair-blind', args=[pair.first.patient_code])}?{query}"


def drawn(user: User, pair: Judged) -> str:
    """Draw which photograph stands on the left, and sign that for this person."""
    left = secrets.choice((pair.first, pair.second))
    right = pair.second if left == pair.first else pair.first
    return signing.dumps([user.pk, str(left.pk), str(right.pk)], salt=SALT)


def sides_of(request: HttpRequest, pair: Judged) -> Sides | None:
    """Return the photographs as the signed order in the address has them; None without one."""
    try:
        order = signing.loads(request.GET.get("order", ""), salt=SALT, max_age=ORDER_HOLDS)
    except signing.BadSignature:
        return None
    by_key = {str(photo.pk): photo for photo in (pair.first, pair.second)}
    if order[0] != person(request).pk or set(order[1:]) != set(by_key):
        return None
    return by_key[order[1]], by_key[order[2]]
