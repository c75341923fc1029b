"""Worklists: whom somebody should call or invite, and what to finish. One entry in `LISTS` each.

A row carries what the front desk may see. What is clinical is a field of its own, which the page
shows to clinical roles only. A list that is clinical as a whole names the grant that it needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appointments.models import Appointment
from appointments.terms import Kind
from clinic.models import User
from clinic.roles import Can
from patients.models import Patient, Screening
from treatments.models import Course, GateOverride, MissingItem, Reaction, Visit
from treatments.rules.gates import when_of
from treatments.rules.reactions import call_back_by
from treatments.rules.reviews import Gate, GateState
from treatments.selectors.progress import gate_name, gates_of
from treatments.selectors.session_facts import reaction_facts
from treatments.selectors.uses import uses_to_end
from treatments.terms import CourseState

AHEAD = timedelta(7)
OWED_FOR = timedelta(365)  # since the last session
REMEMBERED = timedelta(28)  # how long the medical lead reads what was signed with gaps


@dataclass(frozen=True, slots=True)
class Row:
    """One person on a list: since when (or from which day), the clinical why, and its page."""

    patient: Patient
    since: date
    reason: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Worklist:
    """One list: its words, how many stand on it, and its rows.

    `clinical_step` is the next step for those who may read why, where it differs.
    `link` names the clinical page of a row, which those with `link_can` may open. `can` is what a
    person needs to see the list at all; `books` whether the next step is an appointment.
    """

    label: str | Promise
    meaning: str | Promise
    next_step: str | Promise
    nobody: str | Promise
    why_empty: str | Promise
    link: str | Promise
    count: Callable[[date], int]
    rows: Callable[[date], list[Row]]
    link_can: Can = Can.SEE_CLINICAL
    clinical_step: str | Promise = ""
    can: Can = Can.SEE_PATIENTS
    books: bool = True
    # Counted on every page, in the navigation: only what an index answers.
    is_counted: bool = True


def to_rescreen(today: date) -> QuerySet[Screening]:
    """Return the deferred whose day has come, or comes within a week, with nothing booked."""
    booked = Appointment.objects.coming(timezone.now()).filter(
        kind=Kind.SCREENING, patient=OuterRef("patient")
    )
    rows = Screening.objects.due_again(today + AHEAD).filter(patient__archived_at=None)
    return rows.exclude(Exists(booked))


def rescreen_rows(today: date) -> list[Row]:
    found = to_rescreen(today).select_related("patient").order_by("deferred_until", "pk")
    return [
        Row(row.patient, row.deferred_until, row.decision_reason, row.get_absolute_url())
        for row in found
        if row.deferred_until
    ]


def to_call_back() -> QuerySet[Reaction]:
    """Return the open reactions that do not wait for the next visit."""
    return Reaction.objects.to_call_back().filter(visit__course__patient__archived_at=None)


def call_back_rows(today: date) -> list[Row]:
    """List whom to call back, each person once, by the first day that is due."""
    found = to_call_back().select_related("visit__course__patient").prefetch_related("checks")
    due: dict[Patient, list[tuple[date, Reaction]]] = {}
    for reaction in found:
        day = call_back_by(reaction_facts(reaction, reaction.visit, None))
        if day:
            of_patient = due.setdefault(reaction.visit.course.patient, [])
            of_patient.append((day, reaction))
    rows = []
    for patient, each in due.items():
        each.sort(key=lambda pair: (pair[0], pair[1].pk))
        reasons = ", ".join(str(reaction) for _day, reaction in each)
        rows.append(Row(patient, each[0][0], reasons, each[0][1].get_absolute_url()))
    return sorted(rows, key=lambda row: (row.since, row.patient.code))


def unsigned(today: date) -> QuerySet[Visit]:
    """Return the visits of earlier days that nobody has signed."""
    return Visit.objects.unsigned().filter(held_on__lt=today)


def unsigned_rows(today: date) -> list[Row]:
    found = unsigned(today).select_related("course__patient", "practitioner")
    return [
        Row(
            visit.course.patient,
            visit.held_on,
            f"{visit.title}, {visit.practitioner}",
            visit.get_absolute_url(),
        )
        for visit in found.order_by("held_on", "pk")
    ]


def signed_with_gaps(today: date) -> QuerySet[Visit]:
    """Return the visits of the last four weeks that were signed with something missing or passed."""
    missing = MissingItem.objects.filter(visit=OuterRef("pk"))
    passed = GateOverride.objects.filter(visit=OuterRef("pk"))
    start = datetime.combine(today - REMEMBERED, time.min, timezone.get_current_timezone())
    signed = Visit.objects.standing().filter(signed_at__gte=start)
    return signed.filter(Q(Exists(missing)) | Q(Exists(passed)))


def gap_rows(today: date) -> list[Row]:
    found = signed_with_gaps(today).select_related("course__patient", "practitioner")
    return [
        Row(
            visit.course.patient,
            timezone.localdate(visit.signed_at),
            gaps_of(visit),
            visit.get_absolute_url(),
        )
        for visit in found.prefetch_related("missing", "overrides").order_by("-signed_at", "pk")
    ]


def gaps_of(visit: Visit) -> str:
    """Say what a visit was signed without, and what was passed, with the reasons."""
    said = [
        _("Missing: %(what)s. Reason: %(why)s")
        % {"what": row.get_tick_display(), "why": row.reason}
        for row in visit.missing.all()
    ]
    said += [
        _("Passed: %(gate)s Reason: %(why)s") % {"gate": when_of(row.gate), "why": row.reason}
        for row in visit.overrides.all()
    ]
    return f"{visit.title}, {visit.practitioner}. " + " ".join(said)


def reviews_due(today: date) -> list[tuple[Course, Gate]]:
    """Return the courses whose review or check is due, or comes within a week, with nothing booked.

    One gate for each, the first that is open. A paused course waits with everything else; a year
    after its last session nobody is called for it any more.
    """
    held = Visit.objects.treatments().filter(course=OuterRef("pk"), held_on__gte=today - OWED_FOR)
    booked = Appointment.objects.coming(timezone.now()).filter(course=OuterRef("pk"))
    courses = (
        Course.objects.with_sessions()
        .exclude(state__in=(CourseState.PAUSED, CourseState.STOPPED))
        .filter(Exists(held), patient__archived_at=None)
        .exclude(Exists(booked))
        .order_by("pk")
    )
    found = [(course, gate) for course in courses if (gate := open_gate(course, today))]
    return sorted(found, key=lambda row: (row[1].due_on or today, row[0].pk))


def open_gate(course: Course, today: date) -> Gate | None:
    """Return the first gate of a course that is due by a week from now."""
    open_states = (GateState.DUE, GateState.AHEAD)
    waiting = [gate for gate in gates_of(course, today) if gate.state in open_states]
    return next((gate for gate in waiting if gate.due_on and gate.due_on <= today + AHEAD), None)


def review_rows(today: date) -> list[Row]:
    return [
        Row(
            course.patient,
            gate.due_on or today,
            _("Review: %(gate)s") % {"gate": gate_name(gate).lower()},
            reverse("treatments:course-progress", args=[course.pk]),
        )
        for course, gate in reviews_due(today)
    ]


def use_rows(today: date) -> list[Row]:
    """List the uses of photographs that are to be ended, the longest overdue first."""
    rows = [
        Row(
            use.export.patient,
            use.since or today,
            f"{use.export.purpose_text}, {use.export.whereto}. {use.ended_because}",
            reverse("treatments:photo-uses", args=[use.export.patient_code]),
        )
        for use in uses_to_end(today)
    ]
    return sorted(rows, key=lambda row: (row.since, row.patient.code))


LISTS: dict[str, Worklist] = {
    "rescreen": Worklist(
        label=gettext_lazy("Screen again"),
        meaning=gettext_lazy(
            "The day that was agreed has come, or comes within a week. Nothing is booked."
        ),
        next_step=gettext_lazy("Invite to a screening"),
        nobody=gettext_lazy("Nobody is to be invited to a screening now."),
        why_empty=gettext_lazy(
            "People who were deferred come onto this list a week before their day."
        ),
        link=gettext_lazy("Screening"),
        count=lambda today: to_rescreen(today).count(),
        rows=rescreen_rows,
    ),
    "reviews": Worklist(
        label=gettext_lazy("Reviews due"),
        meaning=gettext_lazy(
            "A review or a check after the course is due, or comes within a week. Nothing is booked."
        ),
        next_step=gettext_lazy("Invite to a review"),
        nobody=gettext_lazy("Nobody is to be invited to a review now."),
        why_empty=gettext_lazy(
            "Reviews follow a session; checks come onto this list a week before their day."
        ),
        link=gettext_lazy("Progress"),
        count=lambda today: len(reviews_due(today)),
        rows=review_rows,
        is_counted=False,
    ),
    # The front desk reads that somebody is to be called, and not what for.
    "call-back": Worklist(
        label=gettext_lazy("Call back"),
        meaning=gettext_lazy("Somebody asked that these people be called by this day."),
        next_step=gettext_lazy("To call back: ask the practitioner"),
        clinical_step=gettext_lazy("Call, and write down how it stands"),
        nobody=gettext_lazy("Nobody is to be called back now."),
        why_empty=gettext_lazy("People come onto this list when a visit asks for a call."),
        link=gettext_lazy("Look again"),
        link_can=Can.RECORD_VISITS,
        count=lambda today: to_call_back().values("visit__course__patient").distinct().count(),
        rows=call_back_rows,
    ),
    "unsigned": Worklist(
        label=gettext_lazy("Not signed"),
        meaning=gettext_lazy("These visits were held before today, and nobody has signed them."),
        next_step=gettext_lazy("Whoever held it signs it"),
        nobody=gettext_lazy("Every visit before today is signed."),
        why_empty=gettext_lazy("A visit comes onto this list the day after it was held."),
        link=gettext_lazy("Visit"),
        count=lambda today: unsigned(today).count(),
        rows=unsigned_rows,
        can=Can.SEE_CLINICAL,
        books=False,
    ),
    "gaps": Worklist(
        label=gettext_lazy("Signed with something missing"),
        meaning=gettext_lazy(
            "Visits of the last four weeks that were signed although something was missing, or "
            "past a safety gate, with the reasons."
        ),
        next_step=gettext_lazy("Read the reasons"),
        nobody=gettext_lazy("Nothing was signed with something missing."),
        why_empty=gettext_lazy("A visit stays on this list for four weeks from its signature."),
        link=gettext_lazy("Visit"),
        count=lambda today: signed_with_gaps(today).count(),
        rows=gap_rows,
        can=Can.OVERRIDE_STOP,
        books=False,
    ),
    "uses": Worklist(
        label=gettext_lazy("Photo uses to end"),
        meaning=gettext_lazy(
            "Pairs of photographs that left the house for a purpose that she no longer agrees to."
        ),
        next_step=gettext_lazy("End the use where it went, and write down how"),
        nobody=gettext_lazy("No use of photographs is to be ended."),
        why_empty=gettext_lazy(
            "A use comes onto this list when its consent is withdrawn, or on the day after it ends."
        ),
        link=gettext_lazy("Uses"),
        count=lambda today: len(uses_to_end(today)),
        rows=use_rows,
        can=Can.SEE_PHOTOS,
        link_can=Can.SEE_PHOTOS,
        books=False,
    ),
}


def lists_for(user: User) -> dict[str, Worklist]:
    """Return the lists that a person may see, by their key."""
    return {key: each for key, each in LISTS.items() if user.can(each.can)}


def waiting(user: User) -> int:
    """Count everybody on the lists whom somebody should call or invite, for the navigation."""
    today = timezone.localdate()
    lists = lists_for(user).values()
    return sum(each.count(today) for each in lists if each.books and each.is_counted)
