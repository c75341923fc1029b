"""Pages that belong to no app: probes, the component gallery, errors."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import logout
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from clinic import audit, handover
from clinic.accounts import TakeBackForm
from clinic.forms import submitted
from clinic.lookup import person
from clinic.policy import allow, public
from clinic.roles import Can
from clinic.samples import READINGS, SAMPLES


@public("A probe: says only that the process answers.")
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


@public("A probe: says only whether the database is there and migrated.")
def readyz(request: HttpRequest) -> HttpResponse:
    try:
        executor = MigrationExecutor(connection)
        ready = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        ready = False
    return HttpResponse(
        "ok" if ready else "not ready", status=200 if ready else 503, content_type="text/plain"
    )


@public("Components with invented data, in DEBUG only.")
def gallery(request: HttpRequest) -> HttpResponse:
    """Show each component in each state."""
    if not settings.DEBUG:
        raise Http404
    return render(
        request,
        "clinic/gallery.html",
        {
            "samples": [(name, build()) for name, build in SAMPLES.items()],
            "readings": READINGS,
        },
    )


@allow(Can.USE_CLINIC)
def take_back(request: HttpRequest) -> HttpResponse:
    """Take the tablet back from a patient, with the password of whoever is signed in."""
    held = handover.current(request)
    if held is None:
        return redirect("desk:today")
    form = TakeBackForm(*submitted(request), request=request)
    if form.submit(by=person(request)):
        return redirect(form.location)
    if form.is_locked_out:
        audit.record(
            "signed out after wrong passwords", by=person(request), patient=held["patient"]
        )
        logout(request)
        return redirect(settings.LOGIN_URL)
    context = {"form": form, "page": held["page"], "is_done": held["is_done"]}
    return render(request, "clinic/take_back.html", context)


def refused(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """Say in words that a role does not open a page."""
    sentence = str(exception) if exception and str(exception) else ""
    return render(request, "403.html", {"sentence": sentence}, status=403)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Say what to do when a page is older than the sign-in it is sent under."""
    sentence = _("This page was opened before you signed in. Go back, reload it and send it again.")
    return render(request, "403.html", {"sentence": sentence}, status=403)
