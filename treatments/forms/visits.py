"""Logging a visit at the bedside, and striking one out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.forms import BoundField
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from clinic.fields import DecimalEntry
from clinic.forms import ActionForm, offer
from clinic.layout import Plain
from clinic.models import User
from clinic.refusal import Refused
from patients.terms import Area
from treatments.actions import void_visit
from treatments.actions.visits import Findings
from treatments.imaging import Prepared, check_bytes, prepare
from treatments.models import Course, Visit
from treatments.rules import measures
from treatments.rules.dose import ASK_ABOVE_ML, REFUSE_ABOVE_ML, Volume, judge_volume
from treatments.terms import STANDARD_VIEWS, MeasureKind, ReactionKind, View, VisitKind

NO_REACTION = "none"


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """One line of the measures table: baseline, last and today, with the change."""

    field: BoundField
    unit: str
    baseline: Decimal | None
    last: Decimal | None
    last_on: date | None
    change: measures.Change | None


@dataclass(frozen=True, slots=True)
class History:
    """The measures before this visit, per kind."""

    baseline: dict[str, Decimal]
    last: dict[str, tuple[Decimal, date]]
    baseline_by: int | None


def history_of(course: Course) -> History:
    """Read the baseline and the last value of each measure of a course."""
    visits = course.visits.standing().order_by("held_on", "number").prefetch_related("measures")
    baseline: dict[str, Decimal] = {}
    last: dict[str, tuple[Decimal, date]] = {}
    by: int | None = None
    for visit in visits:
        for row in visit.measures.all():
            baseline.setdefault(row.kind, row.value)
            last[row.kind] = (row.value, visit.held_on)
            by = by or visit.practitioner_id
    return History(baseline, last, by)


class VisitForm(ActionForm):
    """One visit: what was done, measured, seen and photographed."""

    held_on = forms.DateField(
        label=_("Date"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    areas = forms.MultipleChoiceField(
        label=_("Areas treated"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose the areas that were treated.")},
    )
    product = forms.CharField(
        label=_("Product"), max_length=80, error_messages={"required": _("Name the product.")}
    )
    lot = forms.CharField(
        label=_("Lot"),
        max_length=40,
        error_messages={
            "required": _("Give the lot: without it nobody can be traced after a recall.")
        },
    )
    lot_expires_on = forms.DateField(
        label=_("Lot expires"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    volume_ml = DecimalEntry(
        label=_("Given, all areas"),
        error_messages={"required": _("Give the volume in ml.")},
        min_value=Decimal("0.1"),
        max_digits=4,
        decimal_places=1,
    )
    pain = forms.TypedChoiceField(
        label=_("Pain, 0 to 10"),
        choices=[(str(value), str(value)) for value in range(11)],
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )
    reactions = forms.MultipleChoiceField(
        label=_("Reactions now"),
        choices=[(NO_REACTION, _("None")), *ReactionKind.choices],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    note = forms.CharField(
        label=_("Note"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )
    # Holds what it confirms, so that an old tick does not cover a new doubt.
    confirmed = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any, files: Any, *, course: Course, kind: VisitKind) -> None:
        self.course, self.kind = course, kind
        self.history = history_of(course)
        self.doubts: list[str] = []
        initial: dict[str, Any] = {"held_on": timezone.localdate()}
        if kind == VisitKind.TREATMENT:
            initial["areas"] = [area.value for area in course.areas]
        super().__init__(data, files, initial=initial)
        offer(self, "areas", [(area.value, area.label) for area in course.areas])
        self.fields["held_on"].widget.attrs["max"] = timezone.localdate().isoformat()
        self._add_fields()

    def _add_fields(self) -> None:
        for kind in MeasureKind:
            self.fields[f"measure_{kind}"] = DecimalEntry(
                label=kind.label,
                required=False,
                decimal_places=1,
            )
        for reaction in ReactionKind:
            self.fields[f"grade_{reaction}"] = forms.TypedChoiceField(
                label=_("%(reaction)s, severity") % {"reaction": reaction.label},
                choices=[(str(grade), str(grade)) for grade in range(1, 6)],
                coerce=int,
                empty_value=None,
                required=False,
                widget=forms.RadioSelect,
                help_text=_("1 mild, 2 moderate, 3 severe, 4 life-threatening, 5 death"),
            )
        for view in View:
            self.fields[f"photo_{view}"] = forms.FileField(
                label=view.label,
                required=False,
                widget=forms.FileInput(
                    attrs={
                        "accept": "image/jpeg,image/png,image/webp",
                        "capture": "environment",
                        "data-preview": "yes",
                    }
                ),
            )
        if self.kind == VisitKind.TREATMENT:
            self.fields["reactions"].required = True
            self.fields["reactions"].error_messages["required"] = _(
                "Choose “None”, or what you see."
            )
        else:
            for name in ("areas", "product", "lot", "lot_expires_on", "volume_ml", "pain"):
                del self.fields[name]

    # What the page shows -----------------------------------------------------------------------

    @property
    def measure_rows(self) -> list[MeasureRow]:
        rows = []
        for kind in MeasureKind:
            field = self[f"measure_{kind}"]
            baseline = self.history.baseline.get(kind)
            last, last_on = self.history.last.get(kind, (None, None))
            rows.append(
                MeasureRow(
                    field,
                    measures.SCALES[kind].unit,
                    baseline,
                    last,
                    last_on,
                    self._change(kind, field, baseline),
                )
            )
        return rows

    def _change(
        self, kind: MeasureKind, field: BoundField, baseline: Decimal | None
    ) -> measures.Change | None:
        try:
            value = field.field.to_python(field.value())
        except forms.ValidationError:
            return None
        if baseline is None or value is None or not measures.is_possible(kind, value):
            return None
        return measures.change(kind, baseline, value, same_observer=True)

    @property
    def grades(self) -> list[BoundField]:
        return [self[f"grade_{reaction}"] for reaction in ReactionKind]

    @property
    def standard_slots(self) -> list[tuple[View, BoundField]]:
        return [(view, self[f"photo_{view}"]) for view in STANDARD_VIEWS]

    @property
    def other_slots(self) -> list[tuple[View, BoundField]]:
        return [(view, self[f"photo_{view}"]) for view in View if view not in STANDARD_VIEWS]

    # What is checked ---------------------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self._check_measures(cleaned)
        self._check_reactions(cleaned)
        if self.kind == VisitKind.TREATMENT:
            self._check_volume(cleaned)
        else:
            self._check_something(cleaned)
        self.photos: dict[View, Prepared] = {}
        if not self.errors:
            # Decoding is dear, and for nothing while the form comes back anyway.
            self._prepare_photos(cleaned)
        return cleaned

    def _ask(self, name: str, sentence: str) -> None:
        """Raise a doubt that the person may confirm with one tick."""
        doubt = f"{name}={self.cleaned_data.get(name)}"
        self.doubts.append(doubt)
        if doubt not in self._confirmed:
            self.add_error(name, sentence)

    @property
    def _confirmed(self) -> list[str]:
        return str(self.data.get("confirmed", "")).split("|")

    @property
    def is_confirmed(self) -> bool:
        """Whether the tick covers every doubt."""
        return set(self.doubts) <= set(self._confirmed)

    def _check_measures(self, cleaned: dict[str, Any]) -> None:
        for kind in MeasureKind:
            name, value = f"measure_{kind}", cleaned.get(f"measure_{kind}")
            if value is None:
                continue
            if not measures.is_possible(kind, value):
                self.add_error(name, self._impossible(kind, value))
                continue
            last, last_on = self.history.last.get(kind, (None, None))
            if last is not None and last_on is not None and measures.is_jump(kind, value, last):
                self._ask(
                    name,
                    _t(
                        "Differs by %(change)s %(unit)s from %(last)s on %(day)s. Correct it, or confirm below."
                    )
                    % {
                        "change": number_format(abs(value - last), 1),
                        "unit": measures.SCALES[kind].unit,
                        "last": number_format(last, 1),
                        "day": date_format(last_on, "j M"),
                    },
                )

    def _impossible(self, kind: MeasureKind, value: Decimal) -> str:
        scale = measures.SCALES[kind]
        sentence = _t("%(value)s is outside %(low)s to %(high)s %(unit)s.") % {
            "value": value,
            "low": scale.low,
            "high": scale.high,
            "unit": scale.unit,
        }
        meant = measures.likely_meant(kind, value)
        if meant is not None:
            sentence += " " + _t("Did you mean %(meant)s?") % {"meant": number_format(meant, 1)}
        return sentence

    def _check_reactions(self, cleaned: dict[str, Any]) -> None:
        chosen = cleaned.get("reactions") or []
        if NO_REACTION in chosen and len(chosen) > 1:
            self.add_error("reactions", _("“None” and a reaction cannot both be right."))
        for reaction in chosen:
            if reaction != NO_REACTION and not cleaned.get(f"grade_{reaction}"):
                self.add_error(f"grade_{reaction}", _("Give the severity, 1 to 5."))

    def _check_something(self, cleaned: dict[str, Any]) -> None:
        """Refuse a visit that says nothing; a note may say why nothing was taken."""
        names = [*(f"measure_{kind}" for kind in MeasureKind), *(f"photo_{view}" for view in View)]
        given = [name for name in (*names, "reactions", "note") if cleaned.get(name)]
        if not given and not self.errors:
            raise forms.ValidationError(
                _(
                    "Nothing is entered yet. Take photographs or measures, or note why there are none."
                )
            )

    def _check_volume(self, cleaned: dict[str, Any]) -> None:
        volume = cleaned.get("volume_ml")
        if volume is None:
            return
        judged = judge_volume(volume)
        if judged == Volume.REFUSE:
            self.add_error(
                "volume_ml",
                _t("More than %(limit)s ml in one session is not recorded. Check the number.")
                % {"limit": REFUSE_ABOVE_ML},
            )
        elif judged == Volume.ASK:
            self._ask(
                "volume_ml",
                _t(
                    "More than %(limit)s ml in one session is unusual. Correct it, or confirm below."
                )
                % {"limit": ASK_ABOVE_ML},
            )

    def _prepare_photos(self, cleaned: dict[str, Any]) -> None:
        for view in View:
            upload = cleaned.get(f"photo_{view}")
            if upload:
                try:
                    # The handler keeps only the limit's worth of a file, but knows its true size.
                    check_bytes(upload.size)
                    self.photos[view] = prepare(upload.file)
                except Refused as refused:
                    self.add_error(f"photo_{view}", refused.message)

    # What is done ------------------------------------------------------------------------------

    @property
    def findings(self) -> Findings:
        cleaned = self.cleaned_data
        chosen = cleaned["reactions"]
        return Findings(
            areas=[Area(area) for area in cleaned.get("areas", [])],
            product=cleaned.get("product", ""),
            lot=cleaned.get("lot", ""),
            lot_expires_on=cleaned.get("lot_expires_on"),
            volume_ml=cleaned.get("volume_ml"),
            pain=cleaned.get("pain"),
            is_without_reaction=chosen == [NO_REACTION] if chosen else None,
            reactions={ReactionKind(r): cleaned[f"grade_{r}"] for r in chosen if r != NO_REACTION},
            measures={
                kind: cleaned[f"measure_{kind}"]
                for kind in MeasureKind
                if cleaned[f"measure_{kind}"] is not None
            },
            note=cleaned["note"],
        )

    @property
    def details(self) -> dict[str, Any]:
        """Everything that recording the visit needs."""
        return {
            "course": self.course,
            "kind": self.kind,
            "held_on": self.cleaned_data["held_on"],
            "findings": self.findings,
            "photos": self.photos,
        }

    def locate(self, result: Any) -> str:
        if self.data.get("then") == "book":
            return f"{reverse('appointments:appointment-add')}?course={self.course.pk}"
        return super().locate(result)


class VoidForm(ActionForm):
    """Strike a visit out as entered in error."""

    reason = forms.CharField(label=_("What was wrong with it"), max_length=300)

    def __init__(self, *args: Any, visit: Visit, **kwargs: Any) -> None:
        self.visit = visit
        super().__init__(*args, **kwargs)

    def layout(self) -> list[Any]:
        return [Plain("reason")]

    def act(self, by: User) -> Visit:
        return void_visit(visit=self.visit, reason=self.cleaned_data["reason"], by=by)
