"""The only writers of photo setups: a new one, a new version of one, putting one away."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic import audit
from clinic.models import User
from clinic.refusal import Refused
from treatments.models import PhotoSetup

COLUMNS = (
    "room",
    "camera",
    "focal_mm",
    "distance_cm",
    "height_cm",
    "light",
    "background",
)


@transaction.atomic
def add_setup(*, name: str, by: User, **columns: str | int) -> PhotoSetup:
    """Add a setup under a name that no other bears, whatever its letters' size."""
    name = name.strip()
    if PhotoSetup.objects.filter(name__iexact=name).exists():
        raise Refused(
            _("There is a setup of this name already. Change it, or take another name."),
            field="name",
        )
    made = PhotoSetup.objects.create(name=name, number=1, made_by=by, **columns)
    audit.record("photo setup added", by=by, target=_target(made))
    return made


@transaction.atomic
def change_setup(*, setup: PhotoSetup, change: str, by: User, **columns: str | int) -> PhotoSetup:
    """Write the next version of a setup. Photographs keep the version that they were taken with."""
    newest = _newest(setup)
    if newest.pk != setup.pk:
        raise Refused(
            _("Somebody made version %(number)d meanwhile. Look at it, then change that one.")
            % {"number": newest.number}
        )
    if newest.retired_at:
        raise Refused(_("This setup is put away."))
    if not change.strip():
        raise Refused(_("Say what changed, for whoever compares across it."), field="change")
    if all(getattr(newest, name) == columns[name] for name in COLUMNS):
        raise Refused(_("Nothing differs from the version in use."))
    made = PhotoSetup.objects.create(
        name=newest.name, number=newest.number + 1, change=change.strip(), made_by=by, **columns
    )
    audit.record("photo setup changed", by=by, target=_target(made))
    return made


@transaction.atomic
def retire_setup(*, setup: PhotoSetup, by: User) -> PhotoSetup:
    """Put a setup away: it is not offered any more, and its name stays taken."""
    newest = _newest(setup)
    if newest.retired_at:
        raise Refused(_("This setup is put away already."))
    newest.retired_at, newest.retired_by = timezone.now(), by
    newest.save(update_fields=["retired_at", "retired_by"])
    audit.record("photo setup put away", by=by, target=_target(newest))
    return newest


def _newest(setup: PhotoSetup) -> PhotoSetup:
    # All versions of the name are locked, so that two do not both become the next one.
    rows = PhotoSetup.objects.select_for_update(of=("self",)).filter(name=setup.name)
    return max(rows, key=lambda row: row.number)


def _target(setup: PhotoSetup) -> str:
    return f"photo setup {setup.pk}"
