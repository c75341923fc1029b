"""The only writers of decisions on a screening, and of the answer of a second person."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic import audit
from clinic.models import User
from clinic.refusal import Refused
from clinic.roles import Can
from patients.actions.screenings import check_current
from patients.evidence import facts_of
from patients.models import Confirmation, Patient, Screening
from patients.models.safety import SafetyListVersion, current_list
from patients.models.screening import ACCEPTING, Decision
from patients.rules import Verdict, assess
from patients.rules.decision import Override, override_needed
from patients.terms import Area
from patients.verdicts import fingerprint, kept, shown


@transaction.atomic
def decide_screening(
    *,
    screening: Screening,
    decision: Decision,
    reason: str,
    by: User,
    areas: Collection[Area] = (),
    referred_to: str = "",
    deferred_until: date | None = None,
    version: int | None = None,
    seen: str = "",
) -> Screening:
    """Decide on the proposal, and keep what was read and the exact sentences that were shown.

    Accepting exactly the proposed areas needs no reason; everything else does. Against an absolute
    contraindication or a red flag only a medical lead accepts, and it counts once a second person
    agrees. What cannot be decided cannot be accepted. Refused when the findings were saved again
    after `version` was read, and when the proposal is no longer the one whose fingerprint is
    `seen`: the history, the safety list or the day may have changed it.
    """
    # The patient first: two decisions on one person take turns, so each replaces the one before.
    patient = Patient.objects.select_for_update().get(pk=screening.patient_id)
    current = Screening.objects.select_for_update(of=("self",)).get(pk=screening.pk)
    current.patient = patient
    if current.is_decided:
        raise Refused(_("This screening is decided already."))
    check_current(patient)
    if version is not None and version != current.version:
        raise Refused(
            _("The findings were saved again meanwhile. Look at the proposal before you decide.")
        )
    lists = current_list()
    facts = facts_of(current, timezone.localdate(), lists)
    verdict = assess(facts, lists)
    # The verdict is derived, so it has no version: a newer safety list or a later day changes it
    # while the findings stay.
    if seen and seen != fingerprint(shown(verdict, facts)):
        raise Refused(_("The proposal has changed meanwhile. Look at it before you decide."))
    if decision in ACCEPTING:
        decision = _acceptance(verdict, decision, areas, reason, by)
    else:
        _check_reason(reason)
        areas = ()
    current.decision, current.decision_reason = decision, reason.strip()
    current.referred_to = _referred_to(decision, referred_to)
    current.deferred_until = _deferred_until(decision, deferred_until)
    current.against_stop = (
        decision in ACCEPTING and override_needed(verdict, areas) == Override.LEAD
    )
    current.decided_at, current.decided_by = timezone.now(), by
    current.outcome, current.rule_set = verdict.outcome, verdict.rule_set
    current.safety_list = SafetyListVersion.objects.filter(number=lists.version).first()
    current.verdict_shown, current.facts_read = shown(verdict, facts), kept(facts)
    current.supersedes = patient.screenings.decided().order_by("decided_at", "pk").last()
    # The exams first: the database freezes the screening and its exams with their decision.
    for exam in current.exams.all():
        exam.is_accepted = exam.area in areas
        exam.save(update_fields=["is_accepted"])
    current.save(
        update_fields=[
            "decision",
            "decision_reason",
            "referred_to",
            "deferred_until",
            "against_stop",
            "decided_at",
            "decided_by",
            "outcome",
            "rule_set",
            "safety_list",
            "verdict_shown",
            "facts_read",
            "supersedes",
        ]
    )
    audit.record(
        f"screening {decision.value}",
        by=by,
        patient=patient.code,
        target=f"screening {current.pk}",
    )
    return current


@transaction.atomic
def confirm_screening(*, screening: Screening, agrees: bool, reason: str, by: User) -> Confirmation:
    """Answer, as the second person, an acceptance against a stop.

    Either answer stays. Refused to whoever accepted, and once a newer screening was decided.
    """
    # The patient first, as with a decision: a newer one waits for this answer, or this for it.
    Patient.objects.select_for_update().get(pk=screening.patient_id)
    current = (
        Screening.objects.select_for_update(of=("self",))
        .select_related("patient", "confirmation")
        .get(pk=screening.pk)
    )
    if not current.is_waiting:
        raise Refused(_("This screening does not wait for a second person."))
    if current.decided_by is None or by == current.decided_by or not by.can(Can.DECIDE):
        raise Refused(_("A second person who may decide has to answer, not the one who accepted."))
    if current.newer:
        raise Refused(_("A newer screening has been decided, so this one no longer counts."))
    _check_reason(reason)
    answer = Confirmation.objects.create(
        screening=current, asked_by=current.decided_by, by=by, agrees=agrees, reason=reason.strip()
    )
    audit.record(
        "override confirmed" if agrees else "override not confirmed",
        by=by,
        patient=current.patient_code,
        target=f"screening {current.pk}",
    )
    return answer


def _acceptance(
    verdict: Verdict, decision: Decision, areas: Collection[Area], reason: str, by: User
) -> Decision:
    """Check an acceptance; one that changes nothing is stored as accepted."""
    if not areas:
        raise Refused(_("Choose at least one area."), field="areas")
    needed = override_needed(verdict, areas)
    if needed == Override.IMPOSSIBLE:
        raise Refused(_("Answers are missing, so this cannot be accepted yet."))
    if needed == Override.LEAD and not by.can(Can.OVERRIDE_STOP):
        raise Refused(_("Only the medical lead can accept against this stop."))
    if needed == Override.NONE:
        return Decision.ACCEPTED
    if decision == Decision.ACCEPTED:
        raise Refused(_("This differs from the proposal. Choose to change it, with a reason."))
    if not reason.strip():
        raise Refused(_("This differs from the proposal. Give the reason."), field="reason")
    return Decision.CHANGED


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise Refused(_("Give the reason."), field="reason")


def _referred_to(decision: Decision, referred_to: str) -> str:
    if decision != Decision.REFERRED:
        return ""
    if not referred_to.strip():
        raise Refused(_("Say to whom."), field="referred_to")
    return referred_to.strip()


def _deferred_until(decision: Decision, day: date | None) -> date | None:
    if decision != Decision.DEFERRED:
        return None
    if day is None:
        raise Refused(_("Say until when."), field="deferred_until")
    if day <= timezone.localdate():
        raise Refused(_("The day must lie in the future."), field="deferred_until")
    return day
