"""Follow-ups: the lists of people whom somebody should call or invite."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from clinic import audit
from clinic.lookup import person
from clinic.policy import allow
from clinic.roles import Can
from desk.worklists import lists_for


@allow(Can.SEE_PATIENTS)
def follow_ups(request: HttpRequest) -> HttpResponse:
    """Show one list; the clinical why only to those who may see it."""
    user, today = person(request), timezone.localdate()
    lists = lists_for(user)
    chosen = request.GET.get("list", next(iter(lists)))
    if chosen not in lists:
        raise Http404
    rows = lists[chosen].rows(today)
    if rows and user.can(Can.SEE_CLINICAL):
        audit.record("follow-ups viewed", by=user, target=chosen)
    context = {
        "chosen": lists[chosen],
        "rows": rows,
        "opens": user.can(lists[chosen].link_can),
        "tabs": [
            (key, each.label, len(rows) if key == chosen else each.count(today))
            for key, each in lists.items()
        ],
        "key": chosen,
        "today": today,
    }
    return render(request, "desk/follow_ups.html", context)
