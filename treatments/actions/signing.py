"""The only writers of what is final: signing a visit, adding to it later, striking one out."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic import audit, signing
from clinic.models import NoteKind, User
from clinic.refusal import Refused
from clinic.roles import Can
from treatments.actions.courses import project_due
from treatments.models import Addendum, Course, Visit
from treatments.selectors import notes
from treatments.terms import VisitKind


@transaction.atomic
def close_visit(*, visit: Visit, by: User, meaning: str) -> Visit:
    """Sign a visit: from then on nothing of it changes, and the chain holds what it says.

    Only whoever held it signs it. What must be complete or safe is asked before, by the caller.
    """
    current = _locked(visit)
    if current.voided_at:
        raise Refused(_("This visit is struck out, so it cannot be signed."))
    if current.signed_at:
        raise Refused(_("This visit is signed already."))
    if current.practitioner_id != by.pk:
        raise Refused(
            _("Only %(name)s, who held this visit, can sign it.") % {"name": current.practitioner}
        )
    current.signed_at, current.signed_by = timezone.now(), by
    current.save(update_fields=["signed_at", "signed_by"])
    audit.record("visit signed", by=by, patient=current.patient_code, target=f"visit {current.pk}")
    signing.append(
        kind=NoteKind.SIGNED,
        subject=notes.subject_of(current),
        content=notes.content_of(current),
        by=by,
        meaning=meaning,
        at=current.signed_at,
    )
    return current


@transaction.atomic
def add_addendum(*, visit: Visit, text: str, reason: str, by: User) -> Addendum:
    """Add to a signed visit, dated now: the original stays as it was signed."""
    current = _locked(visit)
    if not current.signed_at:
        raise Refused(_("This visit is not signed yet. Change it in its form instead."))
    if not text.strip():
        raise Refused(_("Write what is to be added."), field="text")
    if not reason.strip():
        raise Refused(_("Say why this is added now."), field="reason")
    added = Addendum.objects.create(
        visit=current, text=text.strip(), reason=reason.strip(), by=by, at=timezone.now()
    )
    audit.record(
        "visit added to", by=by, patient=current.patient_code, target=f"visit {current.pk}"
    )
    signing.append(
        kind=NoteKind.ADDENDUM,
        subject=notes.subject_of(current),
        content=notes.addendum_of(added),
        by=by,
        meaning=_("I add this to the note"),
        at=added.at,
    )
    return added


@transaction.atomic
def void_visit(*, visit: Visit, reason: str, by: User) -> Visit:
    """Strike a visit out as entered in error; it stays legible and no longer counts.

    Only the last session of a course can be struck out: the numbers before it stay as they are.
    A signed one is struck out by its author or the medical lead, and the chain says so.
    """
    course = Course.objects.select_for_update().get(pk=visit.course_id)
    current = _locked(visit)
    if current.voided_at:
        raise Refused(_("This visit is struck out already."))
    if current.signed_by and current.signed_by != by and not by.can(Can.STRIKE_OUT_SIGNED):
        raise Refused(
            _("Only %(name)s, who signed this, or the medical lead can strike it out.")
            % {"name": current.signed_by}
        )
    if not reason.strip():
        raise Refused(_("Say what was wrong with it."), field="reason")
    later = course.visits.treatments().filter(number__gt=current.number or 0)
    if current.kind == VisitKind.TREATMENT and later.exists():
        raise Refused(_("Later sessions are recorded. Strike out the last one first."))
    current.voided_at, current.voided_by, current.void_reason = timezone.now(), by, reason.strip()
    current.save(update_fields=["voided_at", "voided_by", "void_reason"])
    project_due(course)
    audit.record(
        "visit struck out", by=by, patient=current.patient_code, target=f"visit {current.pk}"
    )
    if current.signed_at:
        signing.append(
            kind=NoteKind.IN_ERROR,
            subject=notes.subject_of(current),
            content=notes.voiding_of(current),
            by=by,
            meaning=_("I strike this out as entered in error"),
            at=current.voided_at,
        )
    return current


def _locked(visit: Visit) -> Visit:
    """Lock the visit's row and read it again."""
    rows = Visit.objects.select_related("course__patient", "practitioner", "signed_by")
    return rows.select_for_update(of=("self",)).get(pk=visit.pk)
