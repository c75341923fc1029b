"""Follow-ups: the lists of people whom somebody should call or invite."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from clinic import audit
from clinic.lookup import person
from clinic.policy import allow
from clinic.roles import Can
from desk.worklists import LISTS


@allow(Can.SEE_PATIENTS)
def follow_ups(request: HttpRequest) -> HttpResponse:
    """Show one list; the clinical why only to those who may see it."""
    user, today = person(request), timezone.localdate()
    chosen = request.GET.get("list", next(iter(LISTS)))
    if chosen not in LISTS:
        raise Http404
    rows = LISTS[chosen].rows(today)
    if rows and user.can(Can.SEE_CLINICAL):
        audit.record("follow-ups viewed", by=user, target=chosen)
    context = {
        "chosen": LISTS[chosen],
        "rows": rows,
        "tabs": [
            (key, each.label, len(rows) if key == chosen else each.count(today))
            for key, each in LISTS.items()
        ],
        "key": chosen,
        "today": today,
    }
    return render(request, "desk/follow_ups.html", context)
