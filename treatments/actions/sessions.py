"""Signing a session: nobody signs past a safety gate, and what is missing is said."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from clinic import audit
from clinic.models import User
from clinic.refusal import Refused
from clinic.roles import Can
from treatments.actions.signing import close_visit
from treatments.models import Course, GateOverride, PatientOpinion, Visit
from treatments.rules.gates import Gate, Who, may_pass
from treatments.selectors.judging import Judged, judge_visit
from treatments.terms import VisitKind
from treatments.wording import worded


@transaction.atomic
def sign_visit(*, visit: Visit, by: User, passed: Mapping[str, str] | None = None) -> Visit:
    """Sign a visit: from then on nothing of it changes.

    `passed` holds a written reason for each gate that is passed knowingly, by the gate's key.
    Refused by a gate that nobody passed, and while something that is due is missing without a
    reason. Only who held the visit signs it.
    """
    # The course first, as everywhere: two sessions of it are not judged side by side.
    Course.objects.select_for_update().get(pk=visit.course_id)
    current = Visit.objects.select_for_update(of=("self",)).for_form().get(pk=visit.pk)
    if current.kind == VisitKind.TREATMENT and not current.signed_at and not current.voided_at:
        judged = judge_visit(current)
        pass_gates(current, judged, passed or {}, by)
        _check_ticks(current, judged)
    if current.kind == VisitKind.REVIEW:
        _check_review(current)
    return close_visit(visit=current, by=by, meaning=meaning_of(current.kind))


@transaction.atomic
def pass_gates(visit: Visit, judged: Judged, passed: Mapping[str, str], by: User) -> None:
    """Write down which gates are passed, by whom and why; refuse those that are not."""
    before = set(visit.overrides.values_list("gate", flat=True))
    for gate in judged.gates:
        if gate.key in before:
            continue
        reason = passed.get(gate.key, "").strip()
        if not reason or not may_pass(gate, is_lead=by.can(Can.OVERRIDE_STOP)):
            raise Refused(refusal_of(gate))
        _write_down(visit, gate, reason, by)


@transaction.atomic
def pass_gate(*, visit: Visit, key: str, reason: str, by: User) -> Visit:
    """Let the medical lead pass one gate of a session that somebody else holds, and signs."""
    if not by.can(Can.OVERRIDE_STOP):
        raise Refused(_("Only the medical lead may pass this."))
    if not reason.strip():
        raise Refused(_("Give the reason in writing."), field="reason")
    Course.objects.select_for_update().get(pk=visit.course_id)
    current = Visit.objects.select_for_update(of=("self",)).for_form().get(pk=visit.pk)
    if current.signed_at or current.voided_at or current.kind != VisitKind.TREATMENT:
        raise Refused(_("There is nothing left to pass on this visit."))
    stands = {gate.key: gate for gate in judge_visit(current).gates}
    if key not in stands or current.overrides.filter(gate=key).exists():
        raise Refused(_("This does not stand against signing any more. Look at the visit again."))
    if stands[key].who != Who.LEAD:
        raise Refused(refusal_of(stands[key]))
    _write_down(current, stands[key], reason.strip(), by)
    return current


def _write_down(visit: Visit, gate: Gate, reason: str, by: User) -> None:
    GateOverride.objects.create(visit=visit, gate=gate.key, reason=reason, by=by)
    audit.record(
        "gate passed", by=by, patient=visit.patient_code, target=f"visit {visit.pk} {gate.code}"
    )


def refusal_of(gate: Gate) -> str:
    """Say why it cannot be signed, and who could pass it."""
    said = worded(gate.sentence)
    more = {
        Who.NOBODY: "",
        Who.LEAD: _("The medical lead may pass this with a written reason."),
        Who.REASON: _("Correct it, or give the reason in writing."),
        Who.TICK: _("Correct it, or confirm that it is meant."),
    }[gate.who]
    return f"{said} {more}".strip()


def _check_ticks(visit: Visit, judged: Judged) -> None:
    reasons = {row.tick for row in visit.missing.all()}
    for tick in judged.missing:
        if tick not in reasons:
            raise Refused(
                _("%(what)s: complete this, or say why it is missing.") % {"what": tick.label},
                field=f"missing_{tick}",
            )


def _check_review(visit: Visit) -> None:
    """Refuse a review without the patient's opinion and the clinician's scores: it is closed then."""
    if not PatientOpinion.objects.filter(visit=visit).exists():
        raise Refused(_("Ask for the patient’s opinion first, or write why it was not asked."))
    if not visit.scores.exists():
        raise Refused(_("Score the areas first. What is signed cannot be scored any more."))


def meaning_of(kind: str) -> str:
    """Return what the signature of a visit of this kind says."""
    if kind == VisitKind.TREATMENT:
        return _("I performed this session and this is my record of it")
    return _("I held this visit and this is my record of it")
