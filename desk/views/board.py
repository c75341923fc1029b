"""The course board: every open course, grouped by what needs a person."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.lookup import person
from clinic.models import User
from clinic.policy import allow
from clinic.roles import Can
from desk.standing import Group, standings
from treatments.models import Course

MAX_DIGITS = 10
# Each group with what it means, printed beside its count.
MEANINGS = {
    Group.OVERDUE: (_("Overdue"), _("due date passed, nothing booked")),
    Group.DUE: (_("Due, not booked"), _("the window is open, or the last date was missed")),
    Group.FINISHING: (_("Finishing"), _("two sessions or fewer left")),
    Group.ON_TRACK: (_("On track"), _("next session booked, or not due yet")),
    Group.PAUSED: (_("Paused"), _("nothing falls due")),
}


@allow(Can.SEE_BOARD)
def board(request: HttpRequest) -> HttpResponse:
    """Show the open courses, the most urgent group first, the latest in it on top."""
    user, today = person(request), timezone.localdate()
    courses = Course.objects.visible_to(user).open()
    chosen = request.GET.get("practitioner", "")
    if chosen.isdecimal() and len(chosen) < MAX_DIGITS:
        courses = courses.filter(practitioner=int(chosen))
    rows = sorted(
        standings(courses, today), key=lambda row: (row.course.due_by or today, row.course.pk)
    )
    groups = [
        (group, label, meaning, [row for row in rows if row.group == group])
        for group, (label, meaning) in MEANINGS.items()
    ]
    active = sum(row.group != Group.PAUSED for row in rows)
    on_track = sum(row.group in (Group.ON_TRACK, Group.FINISHING) for row in rows)
    context = {
        "groups": groups,
        "active": active,
        "on_track": on_track,
        "practitioners": User.objects.practitioners(),
        "chosen": chosen,
        "numbers": range(1, 16),
    }
    return render(request, "desk/board.html", context)
