"""The only writers of patients."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic import audit
from clinic.models import User
from clinic.refusal import Stale
from patients.models import Patient


@transaction.atomic
def register_patient(*, by: User, **details: Any) -> Patient:
    """Register a new patient with the given contact details."""
    patient = Patient(registered_by=by, **details)
    patient.search_key = patient.key_for_search()
    patient.save()
    audit.record("patient registered", by=by, patient=patient.code)
    return patient


@transaction.atomic
def change_patient(*, patient: Patient, version: int, by: User, **details: Any) -> Patient:
    """Change contact details, unless somebody saved them after `version` was read.

    Raises Stale.
    """
    current = Patient.objects.select_for_update().get(pk=patient.pk)
    if current.version != version:
        raise Stale(
            _("Somebody changed this patient while you were typing. Compare and save again."),
            version=current.version,
        )
    for name, value in details.items():
        setattr(current, name, value)
    current.search_key = current.key_for_search()
    current.version += 1
    current.save(update_fields=[*details, "search_key", "version"])
    audit.record("patient changed", by=by, patient=current.code)
    return current


@transaction.atomic
def archive_patient(*, patient: Patient, by: User) -> Patient:
    """Take a patient out of the lists; nothing is deleted.

    Whether she still has a course or a date is asked on the roof, by `desk.actions`.
    """
    current = Patient.objects.select_for_update().get(pk=patient.pk)
    current.archived_at, current.archived_by = timezone.now(), by
    current.save(update_fields=["archived_at", "archived_by"])
    audit.record("patient archived", by=by, patient=current.code)
    return current


@transaction.atomic
def restore_patient(*, patient: Patient, by: User) -> Patient:
    """Bring an archived patient back into the lists."""
    current = Patient.objects.select_for_update().get(pk=patient.pk)
    current.archived_at = current.archived_by = None
    current.save(update_fields=["archived_at", "archived_by"])
    audit.record("patient restored", by=by, patient=current.code)
    return current
