"""Looking at a reaction again, at a visit or on the telephone."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.forms import submitted
from clinic.lookup import fetch, person
from clinic.policy import allow
from clinic.roles import Can
from treatments.forms.reaction_checks import ReactionCheckForm
from treatments.models import Reaction
from treatments.selectors.follow_up import followed


@allow(Can.RECORD_VISITS)
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one reaction with all looks at it, and write down the next one."""
    rows = Reaction.objects.standing().select_related("visit__course__patient")
    reaction = fetch(request, rows.prefetch_related("checks__by"), viewed="reaction", pk=pk)
    form = ReactionCheckForm(*submitted(request), reaction=reaction)
    if form.submit(by=person(request)):
        messages.success(request, _("Written down. It stays as it is."))
        return redirect(form.location)
    context = {
        "form": form,
        "patient": reaction.visit.course.patient,
        "reaction": reaction,
        "found": followed(reaction, timezone.localdate()),
    }
    return render(request, "treatments/reaction_check.html", context)
