"""The only writers of what leaves the house: taking a pair out, opening it again, ending its use."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic import audit, vault
from clinic.models import User
from clinic.refusal import Refused
from patients.consents import photo_consent
from patients.models import Patient
from patients.terms import Purpose
from treatments import photo_files
from treatments.models import Photo, PhotoExport
from treatments.selectors.pairs import Judged, judged
from treatments.selectors.uses import sheet_of, why_not
from treatments.terms import ExportKind

logger = logging.getLogger(__name__)
# How long whoever took a pair out can open the sheet; after that only the row is left.
OPEN_FOR = timedelta(minutes=10)


@transaction.atomic
def export_pair(
    *,
    one: Photo,
    other: Photo,
    kind: ExportKind,
    purpose: Purpose | None,
    whereto: str,
    by: User,
) -> PhotoExport:
    """Take a pair out of the house; `purpose` None is a copy for the patient herself.

    What holds at this moment counts, whatever the page said: her consent, the marks, the verdict.
    """
    pair = locked_pair(one, other)
    check_may_leave(pair, purpose)
    if not whereto.strip():
        raise Refused(_("Say where it goes."), field="whereto")
    export = PhotoExport(
        first=pair.first,
        second=pair.second,
        kind=kind,
        purpose=purpose or "",
        whereto=whereto.strip(),
        verdict=pair.judgement.pair,
        caveats=[*pair.obstacles, *pair.caveats],
        made_by=by,
    )
    _sheet(export)  # no row of something that nobody could take out
    export.save(force_insert=True)
    audit.record(
        "pair exported", by=by, patient=export.patient_code, target=f"photo export {export.pk}"
    )
    return export


@transaction.atomic
def open_export(*, export: PhotoExport, by: User) -> bytes:
    """Return the sheet of an export once more, made anew, if it may still leave."""
    check_open(export, by)
    content = _sheet(export)
    audit.record(
        "exported pair opened",
        by=by,
        patient=export.patient_code,
        target=f"photo export {export.pk}",
    )
    return content


def check_open(export: PhotoExport, by: User) -> None:
    """Refuse to open an export again: to others, after a while, and once it may not leave any more."""
    if export.made_by_id != by.pk:
        raise Refused(_("Only %(name)s, who took it out, can open it.") % {"name": export.made_by})
    if export.ended_at:
        raise Refused(_("This use was ended."))
    if timezone.now() - export.made_at > OPEN_FOR:
        raise Refused(_("It could be opened for ten minutes. Take the pair out again."))
    check_may_leave(locked_pair(export.first, export.second), export.asked_for)


@transaction.atomic
def end_use(*, export: PhotoExport, how: str, by: User) -> PhotoExport:
    """Note how a use was ended: taken down, given back, destroyed."""
    current = PhotoExport.objects.select_for_update(of=("self",)).get(pk=export.pk)
    if not current.purpose:
        raise Refused(_("This copy is hers. It is not for the clinic to end."))
    if current.ended_at:
        raise Refused(_("This use was ended already."))
    if not how.strip():
        raise Refused(_("Say how it was ended."), field="how")
    current.ended_at, current.ended_by, current.ended_how = timezone.now(), by, how.strip()
    current.save(update_fields=["ended_at", "ended_by", "ended_how"])
    audit.record(
        "use of photos ended",
        by=by,
        patient=current.patient_code,
        target=f"photo export {current.pk}",
    )
    return current


def check_may_leave(pair: Judged, purpose: Purpose | None) -> None:
    """Refuse a purpose that she does not consent to now, or that these two are not fit for."""
    patient = pair.first.course.patient
    standing = photo_consent(patient, purpose) if purpose else None
    found = why_not(pair, purpose, standing)
    if found:
        raise Refused(found, field="purpose")


def locked_pair(one: Photo, other: Photo) -> Judged:
    """Judge two photographs as they stand now, and let nobody change that, or her consent, meanwhile.

    Refused once one of the two is struck out.
    """
    # The patient first: a withdrawal locks her too, and then nothing leaves after it.
    Patient.objects.select_for_update().get(pk=one.course.patient_id)
    rows = Photo.objects.standing().of_patient(one.course.patient_id)
    found = {row.pk: row for row in rows.filter(pk__in=[one.pk, other.pk])}
    if len(found) < 2:
        raise Refused(_("One of the two is struck out."))
    pair = judged(found[one.pk], found[other.pk])
    if pair.first.view != pair.second.view:
        raise Refused(_("These two show different views."))
    return pair


def _sheet(export: PhotoExport) -> bytes:
    try:
        return sheet_of(export)
    except (photo_files.Missing, vault.Damaged, vault.KeyMissing) as error:
        logger.error(
            "A pair cannot be taken out, %s and %s: %s", export.first_id, export.second_id, error
        )
        raise Refused(
            _("One of the two cannot be read, so no sheet is made. Tell the manager.")
        ) from error
