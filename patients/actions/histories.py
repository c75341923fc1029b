"""The only writer of histories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic import audit
from clinic.models import User
from clinic.refusal import Stale
from patients.actions.screenings import locked
from patients.models import Condition, EarlierMesotherapy, History, Procedure, Screening

Lines = Sequence[Mapping[str, Any]]


@transaction.atomic
def record_history(
    *,
    screening: Screening,
    version: int,
    told: Mapping[str, Any],
    procedures: Lines,
    conditions: Lines,
    mesotherapy: Lines,
    by: User,
) -> Screening:
    """Save what the patient told of her past; the lists are replaced as a whole.

    `version` is that of the history that was read, 0 when there was none. Refused once somebody
    decided, and when somebody saved meanwhile.
    """
    current = locked(screening)
    history = History.objects.filter(screening=current).first()
    stored = history.version if history else 0
    if stored != version:
        raise Stale(
            _("Somebody else saved this history while you were typing. Compare and save again."),
            version=stored,
        )
    values = {**told, "version": stored + 1, "asked_on": timezone.localdate(), "asked_by": by}
    History.objects.update_or_create(screening=current, defaults=values)
    for model, lines in (
        (Procedure, procedures),
        (Condition, conditions),
        (EarlierMesotherapy, mesotherapy),
    ):
        rows: Any = model._default_manager
        rows.filter(screening=current).delete()
        rows.bulk_create(
            model(screening=current, position=position, **line)
            for position, line in enumerate(lines, start=1)
        )
    audit.record(
        "screening history saved",
        by=by,
        patient=current.patient.code,
        target=f"screening {current.pk}",
    )
    return current
