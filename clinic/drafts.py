"""Drafts: what somebody typed into a long form, kept on the server until it is saved.

A draft belongs to one person and is offered to nobody else. It is kept as the browser sent it, so
half a date survives too. Nothing of it is ever stored in the browser.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.http import QueryDict
from django.utils import timezone

from clinic.models import Draft, User

KEPT = timedelta(days=7)
# What a draft never needs: the token is the session's, and the submission key may be spent by a
# save that this draft came after.
LEFT_OUT = ("csrfmiddlewaretoken", "submission")


def keep(*, form: str, data: QueryDict, by: User) -> Draft:
    """Keep what stands in the form `form` ("screening 12"), in place of what was kept before."""
    typed = data.copy()
    for name in LEFT_OUT:
        typed.pop(name, None)
    values = {"data": typed.urlencode(), "saved_at": timezone.now()}
    draft, _made = Draft.objects.update_or_create(by=by, form=form, defaults=values)
    return draft


def find(*, form: str, by: User) -> Draft | None:
    """Return this person's draft of a form, unless it is too old to be offered."""
    since = timezone.now() - KEPT
    return Draft.objects.filter(by=by, form=form, saved_at__gte=since).first()


def read(draft: Draft) -> QueryDict:
    """Return what was typed, as a form takes it, with a submission key of its own."""
    typed = QueryDict(draft.data, mutable=True)
    typed["submission"] = str(uuid.uuid4())
    return typed


def drop(*, form: str, by: User) -> None:
    """Forget a draft, because it was saved or thrown away; older ones go with it."""
    Draft.objects.filter(by=by, form=form).delete()
    Draft.objects.filter(saved_at__lt=timezone.now() - KEPT).delete()
