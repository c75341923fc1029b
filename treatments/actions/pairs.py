"""The only writer of how one photograph lies over another. The files stay as they are."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic import audit
from clinic.models import User
from clinic.refusal import Refused
from treatments.models import Photo, PhotoAlignment
from treatments.models.pair import COORDINATES
from treatments.rules.alignment import Frame, Mark, TooClose, align

Marks = tuple[Mark, Mark]
# A mark may be nudged beside its picture, as far as the database has it.
NEAR = (-1.0, 2.0)


@transaction.atomic
def align_pair(
    *, first: Photo, second: Photo, on_first: Marks, on_second: Marks, by: User
) -> PhotoAlignment:
    """Keep the two marks on both photographs of a pair, the earlier one first.

    Refused for marks that lie too near to each other, or far off a picture.
    """
    _check_pair(first, second)
    values = [value for mark in (*on_first, *on_second) for value in mark]
    if not all(NEAR[0] <= value <= NEAR[1] for value in values):
        raise Refused(_("A mark lies too far off the picture. Set the marks again."))
    try:
        align(
            Frame(first.width, first.height),
            Frame(second.width, second.height),
            on_first,
            on_second,
        )
    except TooClose:
        raise Refused(
            _("The two marks are too near to each other. Set them further apart.")
        ) from None
    kept, _made = PhotoAlignment.objects.update_or_create(
        first=first,
        second=second,
        defaults={
            **dict(zip(COORDINATES, values, strict=True)),
            "set_at": timezone.now(),
            "set_by": by,
        },
    )
    _note("pair aligned", first, second, by)
    return kept


@transaction.atomic
def reset_alignment(*, first: Photo, second: Photo, by: User) -> None:
    """Show a pair as it was taken again."""
    removed, _rows = PhotoAlignment.objects.filter(first=first, second=second).delete()
    if removed:
        _note("pair alignment reset", first, second, by)


def _check_pair(first: Photo, second: Photo) -> None:
    if first.pk == second.pk:
        raise Refused(_("A photograph is not aligned with itself."))
    if first.course.patient_id != second.course.patient_id:
        raise Refused(_("These are photographs of two patients."))
    if first.view != second.view:
        raise Refused(_("These are two views, which are not laid over each other."))
    if first.voided_at or second.voided_at:
        raise Refused(_("One of the two is struck out."))


def _note(action: str, first: Photo, second: Photo, by: User) -> None:
    audit.record(action, by=by, patient=first.patient_code, target=f"photo {first.pk} {second.pk}")
