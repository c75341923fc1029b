"""A new clinic key: every data key is wrapped again, a few hundred at a time."""

from __future__ import annotations

from django.db import transaction

from clinic import audit, vault
from treatments.models import PhotoKey

AT_A_TIME = 200


def wrap_again() -> tuple[int, list[str]]:
    """Wrap by the newest clinic key what older ones wrapped.

    Returns how many were, and a sentence for each that could not be unwrapped.
    """
    done, locked, after = 0, [], None
    while True:
        with transaction.atomic():
            rows = PhotoKey.objects.select_for_update(of=("self",)).select_related("photo__course")
            rows = rows.order_by("photo_id")
            batch = list((rows.filter(photo_id__gt=after) if after else rows)[:AT_A_TIME])
            for row in batch:
                if vault.is_current(row.wrapped):
                    continue
                context = row.photo.vault_context
                try:
                    row.wrapped = vault.wrap(vault.unwrap(row.wrapped, context), context)
                except (vault.KeyMissing, vault.Damaged) as error:
                    locked.append(f"photo {row.photo_id}: {error}")
                    continue
                row.save(update_fields=["wrapped"])
                done += 1
        if len(batch) < AT_A_TIME:
            break
        after = batch[-1].photo_id
    audit.record("photo keys rotated", by=None, target=f"{done} keys by {vault.current_name()}")
    return done, locked
