"""The result of a screening: the proposal with its reasons, the decision, and what follows it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic import drafts
from clinic.forms import submitted
from clinic.lookup import fetch, person
from clinic.models import User
from clinic.policy import allow
from clinic.replies import pdf_reply
from clinic.roles import Can
from clinic.strip import Gate, GateState, Mark, State, Strip
from patients import letters
from patients.differences import SEEN, Kept, differences, label_of, words_of
from patients.evidence import facts_of
from patients.forms.decisions import ConfirmationForm, DecisionForm
from patients.forms.findings import draft_of
from patients.models import Screening
from patients.models.safety import current_list
from patients.models.screening import Decision
from patients.rules import assess
from patients.rules.plan import PROPOSED
from patients.rules.stage import inconsistencies
from patients.terms import Answer, Area
from patients.verdict_words import by_region, in_a_sentence, proposed, with_words
from patients.verdicts import kept, shown

# First letters of the codes of safety reasons: those that stop, that defer, and all of them.
STOPPING, DEFERRING = "XR", "T"
SAFETY = "XRTCAS"


@allow(Can.SEE_CLINICAL)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the proposal with its reasons."""
    screening = fetch(request, Screening.objects.with_findings(), viewed="screening result", pk=pk)
    return render(request, "patients/screening_detail.html", proposal(screening, person(request)))


@allow(Can.DECIDE)
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the decision; what is wrong with it shows beside the proposal."""
    screening = fetch(request, Screening.objects.with_findings(), pk=pk)
    if request.method != "POST":
        return redirect(screening)
    by = person(request)
    context = proposal(screening, by)
    form = DecisionForm(*submitted(request), screening=screening, verdict=context["verdict"], by=by)
    if form.submit(by=by):
        messages.success(request, _("Decision kept, with the reasons as they stood."))
        return redirect(form.location)
    return render(request, "patients/screening_detail.html", {**context, "form": form})


@allow(Can.DECIDE)
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask a second person about an acceptance against a stop; the one who accepted reads it only."""
    screening = fetch(request, Screening.objects.with_findings(), viewed="override", pk=pk)
    if not screening.is_waiting and request.method != "POST":
        return redirect(screening)
    by = person(request)
    form = ConfirmationForm(*submitted(request), screening=screening)
    if form.submit(by=by):
        messages.success(request, _("Your answer is kept."))
        return redirect(form.location)
    context = {
        "screening": screening,
        "patient": screening.patient,
        "areas": in_a_sentence(screening.accepted_areas),
        "stops": [row for row in read_of(screening)[0]["reasons"] if row["code"][0] in "XR"],
        "form": None if by == screening.decided_by else form,
    }
    return render(request, "patients/screening_confirm.html", context)


@allow(Can.SEE_CLINICAL)
def letter(request: HttpRequest, pk: int) -> HttpResponse:
    """Print the letter of a referral."""
    rows = Screening.objects.with_findings().filter(decision=Decision.REFERRED)
    screening = fetch(request, rows, viewed="referral letter", pk=pk)
    verdict, _facts = read_of(screening)
    return pdf_reply(
        letters.letter(screening, verdict), name=f"referral-{screening.patient_code}-{pk}"
    )


@allow(Can.SEE_CLINICAL)
def reasons(request: HttpRequest, pk: int) -> HttpResponse:
    """Print the verdict with every reason."""
    rows = Screening.objects.with_findings()
    screening = fetch(request, rows, viewed="screening reasons", pk=pk)
    verdict, _facts = read_of(screening)
    return pdf_reply(
        letters.reasons(screening, verdict), name=f"reasons-{screening.patient_code}-{pk}"
    )


def seen_on(areas: tuple[Area, ...], facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what was seen, label and value; each side by itself where the two differ."""
    sides = [row for row in facts["areas"] if row["area"] in areas]
    found = []
    for name in SEEN:
        if all(row.get(name) is None for row in sides):
            continue
        words = [words_of(name, row.get(name)) for row in sides]
        if len(set(words)) > 1:
            left_right = (_("left: %(left)s, right: %(right)s"), ("left", "right"))
            words = [left_right[0] % dict(zip(left_right[1], words, strict=True))]
        found.append((label_of(name), words[0]))
    return found


def safety_of(verdict: dict[str, Any]) -> dict[str, Any]:
    """Pick the safety reasons of a verdict, and count stops, reasons to wait, and cautions."""
    reasons = [row for row in verdict["reasons"] if row["code"][0] in SAFETY]
    letters = [row["code"][0] for row in reasons]
    stops, waits, cautions = (
        sum(letter in kind for letter in letters) for kind in (STOPPING, DEFERRING, "CA")
    )
    words = [
        ngettext("%(n)d stop", "%(n)d stops", stops) % {"n": stops} if stops else "",
        ngettext("%(n)d reason to wait", "%(n)d reasons to wait", waits) % {"n": waits}
        if waits
        else "",
        ngettext("%(n)d caution", "%(n)d cautions", cautions) % {"n": cautions} if cautions else "",
    ]
    counts = [said for said in words if said] or [
        _("No stop, no caution") if reasons else _("Nothing so far")
    ]
    kind = "stop" if stops else "attention" if waits or cautions else "fine"
    return {
        "reasons": reasons,
        "forbids": bool(stops or waits),
        "kind": "unknown" if kind == "fine" and not reasons else kind,
        "words": ", ".join(counts),
    }


def answers_of(screening: Screening) -> list[tuple[str, list[str]]]:
    """Return the safety answers by what was said: yes first, no last."""
    said: dict[str, list[str]] = {answer: [] for answer in ("yes", "unknown", "no")}
    lists = current_list()
    for row in screening.answers.all():
        said[row.answer].append(label_of(row.item, lists))
    return [(str(Answer(answer).label), labels) for answer, labels in said.items() if labels]


def plan_of(screening: Screening) -> dict[str, Any]:
    """Lay out the plan that goes with the proposal, from the day of the decision or today."""
    start = (
        timezone.localdate(screening.decided_at) if screening.decided_at else timezone.localdate()
    )
    ends_on = PROPOSED.ends_on(start)
    numbers = range(1, PROPOSED.sessions + 1)
    return {
        "rule": PROPOSED,
        "start": start,
        "ends_on": ends_on,
        "fits": screening.deadline_on is None or ends_on <= screening.deadline_on,
        "strip": Strip(
            planned=PROPOSED.sessions,
            marks=tuple(Mark(number, State.FREE) for number in numbers),
            gates=tuple(Gate(number, GateState.AHEAD) for number in PROPOSED.reviews),
        ),
    }


def read_of(screening: Screening) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the verdict and the facts it read: as they were kept, or today's while it is open."""
    verdict, read = screening.verdict_shown, screening.facts_read
    if verdict is not None and read is not None:
        # Decisions of before the sentences were kept have none.
        return verdict if "lead" in verdict else with_words(verdict), read
    lists = current_list()
    facts = facts_of(screening, timezone.localdate(), lists)
    return shown(assess(facts, lists), facts), kept(facts)


def kept_of(screening: Screening) -> Kept:
    """Return everything that a comparison with another screening reads."""
    verdict, read = read_of(screening)
    return Kept(read, {row.item: row.answer for row in screening.answers.all()}, verdict)


def conflicts(screening: Screening) -> list[tuple[Any, str]]:
    """Return the answers that do not fit together, while they can still be corrected."""
    if screening.is_decided:
        return []
    facts = facts_of(screening, timezone.localdate(), current_list())
    return [
        (area.area.label, _(row.template)) for area in facts.areas for row in inconsistencies(area)
    ]


def proposal(screening: Screening, by: User) -> dict[str, Any]:
    """Work out what the result page shows: the kept verdict, or today's while it is open."""
    verdict, read = read_of(screening)
    earlier = screening.supersedes
    return {
        "screening": screening,
        "patient": screening.patient,
        "verdict": verdict,
        "overall": [row for row in verdict["reasons"] if row["code"][0] not in SAFETY],
        "safety": safety_of(verdict),
        "answers": answers_of(screening),
        "findings": [
            (finding, seen_on(finding.areas, read)) for finding in by_region(verdict["areas"])
        ],
        "plan": plan_of(screening)
        if (screening.is_accepted if screening.is_decided else proposed(verdict))
        else None,
        "newer": screening.newer,
        "earlier": earlier,
        "differences": differences(kept_of(earlier), kept_of(screening), current_list())
        if earlier
        else [],
        "questions": conflicts(screening),
        "draft": None if screening.is_decided else drafts.find(form=draft_of(screening), by=by),
        "form": None
        if screening.is_decided
        else DecisionForm(screening=screening, verdict=verdict, by=by),
    }
