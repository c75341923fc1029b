"""The only writers of screenings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from clinic import audit
from clinic.models import User
from clinic.refusal import Refused, Stale
from patients.models import AreaExam, Patient, SafetyAnswer, Screening
from patients.models.safety import current_list
from patients.models.screening import ALLERGIES_ASKED, KNOWN_ITEMS
from patients.terms import Area
from patients.wording import area_names


def locked(screening: Screening) -> Screening:
    """Lock a screening that is to be changed; refused once decided, and for an archived patient."""
    current = Screening.objects.select_for_update().select_related("patient").get(pk=screening.pk)
    if current.is_decided:
        raise Refused(_("This screening is decided and no longer changes. Start a new one."))
    check_current(current.patient)
    return current


def check_current(patient: Patient) -> None:
    """Refuse to write to the record of somebody who is archived."""
    if patient.archived_at:
        raise Refused(_("This patient is archived. Bring the patient back first."))


@transaction.atomic
def start_screening(
    *, patient: Patient, areas: Collection[Area], her_words: str, deadline_on: date | None, by: User
) -> Screening:
    """Start a screening for the areas that bother the patient, in her own words."""
    check_current(patient)
    screening = Screening.objects.create(
        patient=patient,
        her_words=her_words,
        deadline_on=deadline_on,
        started_by=by,
        supersedes=patient.screenings.decided().order_by("decided_at", "pk").last(),
    )
    AreaExam.objects.bulk_create(AreaExam(screening=screening, area=area) for area in areas)
    audit.record(
        "screening started", by=by, patient=patient.code, target=f"screening {screening.pk}"
    )
    return screening


@transaction.atomic
def change_reason(
    *,
    screening: Screening,
    areas: Collection[Area],
    her_words: str,
    deadline_on: date | None,
    drop_examined: bool,
    by: User,
) -> Screening:
    """Change the reason or the areas of an open screening.

    Refused when an area that was examined would go, unless `drop_examined` says so.
    """
    current = locked(screening)
    gone = [exam for exam in current.exams.all() if exam.area not in areas]
    examined = [Area(exam.area) for exam in gone if exam.is_examined]
    if examined and not drop_examined:
        raise Refused(
            _("%(areas)s: something was seen there. Tick that it may go, or keep the area.")
            % {"areas": capfirst(area_names(examined))},
            field="drop_examined",
        )
    here = {exam.area for exam in current.exams.all()}
    current.exams.filter(pk__in=[exam.pk for exam in gone]).delete()
    AreaExam.objects.bulk_create(
        AreaExam(screening=current, area=area) for area in areas if area not in here
    )
    current.her_words, current.deadline_on = her_words, deadline_on
    # A page of the findings that is open elsewhere shows other areas, so it is an old one now.
    current.version += 1
    current.save(update_fields=["her_words", "deadline_on", "version"])
    audit.record(
        "screening reason changed",
        by=by,
        patient=current.patient.code,
        target=f"screening {current.pk}",
    )
    return current


@transaction.atomic
def record_findings(
    *,
    screening: Screening,
    version: int,
    details: Mapping[str, Any],
    answers: Mapping[str, str],
    exams: Mapping[Area, Mapping[str, Any]],
    by: User,
) -> Screening:
    """Save what was asked and seen; answers that are left out count as not asked.

    Refused once somebody decided, and when somebody saved after `version` was read.
    """
    current = locked(screening)
    if current.version != version:
        raise Stale(
            _("Somebody else saved this screening while you were typing. Compare and save again."),
            version=current.version,
        )
    for name, value in details.items():
        setattr(current, name, value)
    current.version += 1
    current.save(update_fields=[*details, "version"])
    _check_known(answers)
    for item, answer in answers.items():
        # Saving confirms an answer too: the form does not show one that no longer holds.
        SafetyAnswer.objects.update_or_create(
            screening=current,
            item=item,
            defaults={"answer": answer, "answered_on": timezone.localdate()},
        )
    # What the list no longer asks stays: an allergy is not forgotten because its agent went.
    current.answers.filter(item__in=asked_now()).exclude(item__in=answers).delete()
    for exam in current.exams.all():
        seen = exams.get(Area(exam.area), {})
        for name, value in seen.items():
            setattr(exam, name, value)
        exam.save(update_fields=list(seen))
    audit.record(
        "screening findings saved",
        by=by,
        patient=current.patient.code,
        target=f"screening {current.pk}",
    )
    return current


def asked_now() -> set[str]:
    """Return the items that the form asks under the list in force."""
    lists = current_list()
    asked = [row.code for row in lists.rows] + [row.code for row in lists.exclusions]
    return {ALLERGIES_ASKED, *map(str, asked)}


def _check_known(items: Iterable[str]) -> None:
    """Refuse an item that no safety list asks."""
    if unknown := set(items) - {*KNOWN_ITEMS, *asked_now()}:
        raise Refused(_("Nobody asks this: %(items)s.") % {"items": ", ".join(sorted(unknown))})
