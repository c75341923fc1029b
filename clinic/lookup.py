"""Fetch a record, see that this person may see it, and note the look, in a single call."""

from __future__ import annotations

from typing import Any, Protocol, Self, TypeVar, cast

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from clinic import audit
from clinic.models import User

M_co = TypeVar("M_co", bound=Model, covariant=True)


class Visible(Protocol[M_co]):
    """A queryset that knows which of its rows a person may see."""

    def visible_to(self, user: User) -> Self: ...

    def get(self, *args: Any, **kwargs: Any) -> M_co: ...


def person(request: HttpRequest) -> User:
    """Return the signed-in person; the policy has made sure that there is one."""
    return cast(User, request.user)


def fetch(request: HttpRequest, rows: Visible[M_co], *, viewed: str = "", **by: Any) -> M_co:
    """Return the one row of `rows` that matches and that the person may see, else 404.

    With `viewed` ("chart", "screening") the look is audited as "<viewed> viewed" under the
    record's `patient_code`.
    """
    visible = rows.visible_to(person(request))
    found = get_object_or_404(cast("QuerySet[Any]", visible), **by)
    if viewed:
        audit.record(
            f"{viewed} viewed",
            by=person(request),
            patient=found.patient_code,
            target=f"{found._meta.model_name} {found.pk}",
        )
    return cast(M_co, found)
