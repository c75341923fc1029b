"""Photo setups: how photographs are taken, so that two of them can be held against each other."""

from __future__ import annotations

from itertools import groupby

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from clinic.forms import submitted
from clinic.lookup import fetch, person
from clinic.policy import allow
from clinic.roles import Can
from treatments.forms.setups import ChangeSetupForm, RetireSetupForm, SetupForm
from treatments.models import PhotoSetup


@allow(Can.SEE_PROTOCOLS)
def index(request: HttpRequest) -> HttpResponse:
    """List the setups, each with its versions, the newest first."""
    standing = Q(photos__voided_at=None, photos__visit__isnull=False)
    rows = (
        PhotoSetup.objects.select_related("made_by", "retired_by")
        .annotate(photo_count=Count("photos", filter=standing))
        .order_by("name", "-number")
    )
    named = [list(versions) for _name, versions in groupby(rows, key=lambda row: row.name)]
    setups = [
        {
            "newest": versions[0],
            "versions": versions,
            "retire": RetireSetupForm(setup=versions[0]),
        }
        for versions in sorted(named, key=lambda versions: versions[0].retired_at is not None)
    ]
    return render(request, "treatments/photo_setups.html", {"setups": setups})


@allow(Can.APPROVE_PROTOCOLS)
def add(request: HttpRequest) -> HttpResponse:
    """Add a setup."""
    form = SetupForm(*submitted(request))
    if form.submit(by=person(request)):
        messages.success(request, _("Added. Photographs name it from now on."))
        return redirect(form.location)
    context = {"form": form, "title": _("Add a setup")}
    return render(request, "treatments/photo_setup_form.html", context)


@allow(Can.APPROVE_PROTOCOLS)
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Write the next version of a setup."""
    setup = fetch(request, PhotoSetup.objects.all(), pk=pk)
    form = ChangeSetupForm(*submitted(request), setup=setup)
    if form.submit(by=person(request)):
        messages.success(request, _("Saved as the next version."))
        return redirect(form.location)
    context = {"form": form, "title": setup.name, "setup": setup}
    return render(request, "treatments/photo_setup_form.html", context)


@allow(Can.APPROVE_PROTOCOLS)
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a setup away."""
    setup = fetch(request, PhotoSetup.objects.all(), pk=pk)
    form = RetireSetupForm(*submitted(request), setup=setup)
    if form.submit(by=person(request)):
        messages.success(request, _("Put away. Photographs that were taken with it keep its name."))
    elif request.method == "POST":
        messages.error(request, str(form.non_field_errors()[0]))
    return redirect("treatments:photo-setups")
