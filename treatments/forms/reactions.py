"""One reaction on the form of a visit: how severe, where, how large, what was done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.forms.answers import count, day
from patients.terms import Area
from treatments.findings import Seen
from treatments.models import Reaction
from treatments.rules.reactions import is_grave
from treatments.terms import Noticed, ReactionKind

NO_REACTION = "none"


class ReactionForm(forms.Form):
    """The details of one kind of reaction, noticed now or since the last session."""

    grade = forms.TypedChoiceField(
        label=_("Severity"),
        choices=[(str(grade), str(grade)) for grade in range(1, 6)],
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
        help_text=_("1 mild, 2 moderate, 3 severe, 4 life-threatening, 5 death"),
    )
    area = forms.ChoiceField(label=_("Where"), required=False)
    size_mm = count(_("Size, mm"), 500)
    began_on = day(_("Since"))
    action = forms.CharField(label=_("What was done"), required=False, max_length=300)

    def __init__(
        self,
        data: Any,
        *,
        kind: ReactionKind,
        noticed: Noticed,
        areas: Iterable[Area],
        stored: Reaction | None,
    ) -> None:
        self.kind, self.noticed = kind, noticed
        super().__init__(data, prefix=f"{noticed}_{kind}", initial=_initial(stored))
        self.fields["area"].choices = [  # type: ignore[attr-defined]
            ("", _("No single area")),
            *((area.value, area.label) for area in areas),
        ]
        self.fields["grade"].label = _("%(reaction)s, severity") % {"reaction": kind.label}
        self.fields["action"].is_conditional = True  # type: ignore[attr-defined]
        if noticed == Noticed.NOW:
            del self.fields["began_on"]

    def check(self) -> None:
        """Ask for what a ticked reaction needs. Only after validation."""
        given = self.cleaned_data
        if not given.get("grade"):
            if "grade" not in self.errors:
                self.add_error("grade", _("Give the severity, 1 to 5."))
        elif is_grave(self.kind, given["grade"]) and not given.get("action"):
            words = _("Needed for the %(reaction)s: it stops the injections.")
            self.add_error("action", words % {"reaction": str(self.kind.label).lower()})

    @property
    def seen(self) -> Seen:
        """Return the reaction as it was described. Only after validation."""
        given = self.cleaned_data
        began = given.get("began_on")
        return Seen(
            kind=self.kind,
            grade=given["grade"],
            area=Area(given["area"]) if given.get("area") else None,
            noticed=self.noticed,
            began_at=timezone.make_aware(datetime.combine(began, time(12))) if began else None,
            size_mm=given.get("size_mm"),
            action=given.get("action", ""),
        )


def _initial(stored: Reaction | None) -> dict[str, Any]:
    if stored is None:
        return {}
    began = timezone.localtime(stored.began_at).date() if stored.began_at else None
    return {
        "grade": stored.grade,
        "area": stored.area,
        "size_mm": stored.size_mm,
        "began_on": began,
        "action": stored.action,
    }


def rows_of(
    data: Any, *, noticed: Noticed, areas: Iterable[Area], stored: Iterable[Reaction]
) -> dict[ReactionKind, ReactionForm]:
    """Return a form for each kind of reaction."""
    kept: Mapping[str, Reaction] = {row.kind: row for row in stored if row.noticed == noticed}
    places = list(areas)
    return {
        kind: ReactionForm(data, kind=kind, noticed=noticed, areas=places, stored=kept.get(kind))
        for kind in ReactionKind
    }
