"""Logging a visit at the bedside."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.forms import BoundField
from django.forms.utils import ErrorDict
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from clinic.fields import DecimalEntry
from clinic.forms import Versioned, helper, offer, submission_key
from clinic.models import User
from clinic.refusal import Refused
from clinic.roles import Can
from patients.forms.answers import ANSWERS, one_of, some_of
from patients.models.safety import current_list
from patients.rules.safety_list import SafetyRow
from patients.terms import Answer, Area
from treatments.findings import Checks, Closing, Findings, Technique, Treated
from treatments.forms import given, reactions
from treatments.forms.marks import MarksField, marks_in
from treatments.forms.measures import MeasuresForm, history_of
from treatments.forms.reactions import NO_REACTION, ReactionForm
from treatments.forms.signing import BeforeSigning
from treatments.imaging import Prepared, check_bytes, prepare
from treatments.models import Course, Visit
from treatments.models.said import plain
from treatments.point_map import MOST_POINTS, MapRow
from treatments.rules.checks import askable
from treatments.rules.dose import ASK_ABOVE_ML, REFUSE_ABOVE_ML, Volume, judge_volume
from treatments.selectors.taking import Slot, Taking
from treatments.terms import (
    NeedleGauge,
    NeedleLength,
    Noticed,
    ReactionKind,
    ReviewPoint,
    Tick,
    View,
    VisitKind,
)
from treatments.terms import Technique as HowInjected

# Signs that no safety list holds, and that stop a session (treatments.rules.gate_finders).
NEW_SIGNS = {
    "new_unilateral_swelling": _("One leg swollen, warm or tender"),
    "suspicious_lesion": _("A mole or spot that changes"),
    "actinic_keratosis": _("A rough, scaly patch"),
}


def two_ways(label: Any, yes: Any, no: Any) -> forms.TypedChoiceField:
    """Return a check with two answers in words; not asked stays None."""
    return forms.TypedChoiceField(
        label=label,
        choices=[("True", yes), ("False", no)],
        coerce=lambda value: value == "True",
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )


class VisitForm(Versioned, BeforeSigning):
    """One visit: what was asked, done, measured, seen and photographed.

    `visit` is the note that is changed, None for a new one. Subclasses say what is done with it.
    """

    submission = submission_key()
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    opened = forms.CharField(widget=forms.HiddenInput, required=False)
    held_on = forms.DateField(
        label=_("Date"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    nothing_changed = two_ways(
        _("Illness, medicine, allergy, pregnancy, fever, sun"), _("Nothing changed"), _("Changed")
    )
    skin_clear = two_ways(_("Skin of each area, no fresh sun"), _("Clear"), _("Not clear"))
    photos_before = two_ways(_("Photographs before injecting"), _("Taken"), _("Not taken"))
    new_signs = some_of(
        _("New since then"),
        list(NEW_SIGNS.items()),
    )
    new_allergies = some_of(_("A new allergy or intolerance"), [])
    areas = forms.MultipleChoiceField(
        label=_("Areas treated"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose the areas that were treated.")},
    )
    technique = forms.ChoiceField(
        label=_("Technique"), choices=[("", "–"), *HowInjected.choices], required=False
    )
    depth_mm = DecimalEntry(
        label=_("Depth"),
        required=False,
        min_value=Decimal("0.5"),
        max_value=Decimal(13),
        max_digits=3,
        decimal_places=1,
        error_messages=dict.fromkeys(("min_value", "max_value"), _("Give 0.5 to 13 mm.")),
    )
    needle_gauge = forms.ChoiceField(
        label=_("Needle"), choices=[("", "–"), *NeedleGauge.choices], required=False
    )
    needle_length = forms.ChoiceField(
        label=_("Length"), choices=[("", "–"), *NeedleLength.choices], required=False
    )
    ml_per_point = DecimalEntry(
        label=_("Per point"),
        required=False,
        min_value=Decimal("0.001"),
        max_value=Decimal(2),
        max_digits=4,
        decimal_places=3,
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
    late_reactions = forms.MultipleChoiceField(
        label=_("What she noticed since the last session"),
        choices=ReactionKind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    note = forms.CharField(
        label=_("Note"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )
    aftercare_given = forms.BooleanField(label=_("Aftercare sheet given"), required=False)
    knows_whom_to_call = forms.BooleanField(label=_("Knows whom to call"), required=False)
    needles_discarded = forms.BooleanField(label=_("Needles single-use, discarded"), required=False)
    observed_well = forms.BooleanField(label=_("Observed, well"), required=False)
    # Holds what it confirms, so that an old tick does not cover a new doubt.
    confirmed = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        course: Course,
        kind: VisitKind,
        by: User,
        shelf: given.Shelf,
        visit: Visit | None = None,
        fill: dict[str, Any] | None = None,
    ) -> None:
        self.course, self.kind, self.by, self.visit, self.shelf = course, kind, by, visit, shelf
        self.doubts: list[str] = []
        self.is_filled = bool(fill)
        begun = {} if visit else {"areas": [area.value for area in course.areas]}
        super().__init__(data, files, initial=begun | initial_of(visit) | (fill or {}))
        self.lists = current_list()
        self._offer_areas()
        self.fields["held_on"].widget.attrs["max"] = timezone.localdate().isoformat()
        self._ask_again()
        self._ask_why_missing()
        self._add_photos()
        self._leave_out()
        # One of the six ticks asks for it, or for a reason why it stays open.
        self.fields["note"].is_conditional = kind == VisitKind.TREATMENT  # type: ignore[attr-defined]
        observer = visit.practitioner_id if visit else by.pk
        self.measures = MeasuresForm(
            data, history=history_of(course, visit), observer=observer, stored=visit
        )
        self.given = self._given(data)
        self.now = self._reactions(data, Noticed.NOW)
        self.late = self._reactions(data, Noticed.SINCE_LAST)
        self.helper = helper(self)
        if visit:
            self.remember()

    # What is asked -----------------------------------------------------------------------------

    def _offer_areas(self) -> None:
        offer(self, "areas", [(area.value, area.label) for area in self.course.areas])
        for area in self.course.areas:
            self.fields[f"points_{area}"] = forms.IntegerField(
                label=_t("Points, %(area)s") % {"area": area.label},
                required=False,
                min_value=0,
                max_value=MOST_POINTS,
                widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
            )
            self.fields[f"marks_{area}"] = MarksField(required=False)

    @property
    def asked_again(self) -> tuple[SafetyRow, ...]:
        """The safety items that can be due today; which of them are is for the gates to say."""
        return askable(self.lists, self.course.patient.sex_at_birth)

    def _ask_again(self) -> None:
        for row in self.asked_again:
            self.fields[f"asked_{row.code}"] = one_of(_t(row.question), ANSWERS)
        offer(self, "new_allergies", [(row.code, _t(row.label)) for row in self.lists.exclusions])

    def _ask_why_missing(self) -> None:
        for tick in Tick:
            self.fields[f"missing_{tick}"] = forms.CharField(
                label=_t("%(what)s: why not") % {"what": tick.label},
                required=False,
                max_length=300,
                widget=forms.TextInput(attrs={"class": "form-control", "data-keep": True}),
            )

    def _add_photos(self) -> None:
        for view in View if self.by.can(Can.TAKE_PHOTOS) else ():
            self.fields[f"photo_{view}"] = forms.FileField(
                label=view.label,
                required=False,
                widget=forms.FileInput(
                    attrs={"accept": "image/jpeg,image/png,image/webp", "capture": "environment"}
                ),
            )

    def _leave_out(self) -> None:
        """Ask a visit without injections only what belongs to it."""
        if self.kind == VisitKind.TREATMENT:
            self.fields["reactions"].required = True
            self.fields["reactions"].error_messages["required"] = _(
                "Choose “None”, or what you see."
            )
            return
        of_sessions = [
            name
            for name in self.fields
            if name.startswith(("asked_", "points_", "marks_", "missing_"))
        ]
        parts = (*Checks.__slots__, *Technique.__slots__, *Closing.__slots__)
        for name in (*of_sessions, *parts, "new_signs", "new_allergies", "areas", "pain"):
            del self.fields[name]

    def _given(self, data: Any) -> list[given.GivenForm]:
        if self.kind != VisitKind.TREATMENT:
            return []
        stored = self.visit.products.all() if self.visit else ()
        rows = given.rows_of(data, shelf=self.shelf, stored=stored)
        for row in rows:
            # What is copied or proposed by the server, where there is no script to do it.
            filled = {
                name: self.initial[row.add_prefix(name)]
                for name in row.fields
                if row.add_prefix(name) in self.initial
            }
            row.initial.update(filled)
        return rows

    def _reactions(self, data: Any, noticed: Noticed) -> dict[ReactionKind, ReactionForm]:
        stored = self.visit.reactions.all() if self.visit else ()
        return reactions.rows_of(data, noticed=noticed, areas=self.course.areas, stored=stored)

    def parts(self) -> list[Any]:
        return [self, self.measures, *self.given, *self.now.values(), *self.late.values()]

    def reopened(self) -> VisitForm:
        stored = Visit.objects.for_form().get(pk=self.visit.pk) if self.visit else None
        return type(self)(
            course=self.course, kind=self.kind, by=self.by, shelf=self.shelf, visit=stored
        )

    # What the page shows -----------------------------------------------------------------------

    def map_rows(self, last: Visit | None) -> list[MapRow]:
        """Return the areas as the body map shows them, beside those of the session before."""
        chosen = self["areas"].value() or []
        before = {row.area: row for row in last.visit_areas.all()} if last else {}
        return [
            MapRow(
                area,
                str(area.label),
                is_checked=area.value in chosen,
                count=whole(self[f"points_{area}"].value()),
                marks=marks_in(self[f"marks_{area}"].value()),
                last_count=before[area].point_count if area in before else None,
                last_marks=before[area].points if area in before else (),
                errors=[
                    *self[f"points_{area}"].errors,
                    *self[f"marks_{area}"].errors,
                ],
            )
            for area in self.course.areas
        ]

    @property
    def questions(self) -> list[BoundField]:
        """What is answered by "nothing changed", or one by one."""
        return [self[f"asked_{row.code}"] for row in self.asked_again if row not in self._aged]

    @property
    def aged_questions(self) -> list[BoundField]:
        """What "nothing changed" does not answer: an answer that has become too old by today."""
        return [self[f"asked_{row.code}"] for row in self._aged]

    @cached_property
    def _aged(self) -> list[SafetyRow]:
        rows = [row for row in self.asked_again if not row.each_session]
        if not rows:
            return []
        open_keys = {gate.key for gate in self._gates}
        return [
            row
            for row in rows
            if f"not_asked:{row.code}" in open_keys or self[f"asked_{row.code}"].value()
        ]

    @property
    def has_wrong_photo(self) -> bool:
        return any(f"photo_{view}" in self.errors for view in View)

    @cached_property
    def slots(self) -> list[tuple[Slot, BoundField]]:
        """The slots of photographs, each with the field that works without scripts."""
        taking = Taking(self.course, self.kind, self.visit, self.by)
        return [(slot, self[f"photo_{slot.view}"]) for slot in taking.slots()]

    @property
    def due_slots(self) -> list[tuple[Slot, BoundField]]:
        return [(slot, field) for slot, field in self.slots if slot.is_due]

    @property
    def other_slots(self) -> list[tuple[Slot, BoundField]]:
        return [(slot, field) for slot, field in self.slots if not slot.is_due]

    def hush(self) -> None:
        """Show what was typed without finding fault: nobody has asked for it to be saved."""
        self.is_valid()
        judged = self.judged  # while the errors still tell what cannot be read
        for part in self.parts():
            part._errors = ErrorDict()
        self.judged = judged

    # What is checked ---------------------------------------------------------------------------

    def is_valid(self) -> bool:
        # All of them, so that every error shows at once.
        valid = all([super().is_valid(), *(part.is_valid() for part in self.parts()[1:])])
        if self.is_bound and not hasattr(self, "photos"):
            self._check_together()
            valid = not any(part.errors for part in self.parts())
        return valid

    def _check_together(self) -> None:
        """Check what several parts say, and decode the photographs last: that is dear."""
        self._check_reactions()
        for name, value, sentence in self.measures.doubts():
            self._ask(self.measures, name, value, sentence)
        if self.kind == VisitKind.TREATMENT:
            self._check_volume()
        else:
            self._check_something()
        self.photos: dict[View, Prepared] = {}
        if self.is_signing and not any(part.errors for part in self.parts()):
            self._check_signing()
        if not any(part.errors for part in self.parts()):
            self._prepare_photos()

    def _ask(self, part: Any, name: str, value: Any, sentence: str) -> None:
        """Raise a doubt that the person may confirm with one tick."""
        doubt = f"{name}={value}"
        self.doubts.append(doubt)
        if doubt not in self._confirmed:
            said = part.cleaned_data.get(name)
            part.add_error(name, sentence)
            # An error takes the value away, and the doses would vanish just when there is too much.
            part.cleaned_data[name] = said

    @property
    def _confirmed(self) -> list[str]:
        return str(self.data.get("confirmed", "")).split("|")

    @property
    def is_confirmed(self) -> bool:
        """Whether the tick covers every doubt."""
        return set(self.doubts) <= set(self._confirmed)

    def _check_reactions(self) -> None:
        chosen = self.cleaned_data.get("reactions") or []
        if NO_REACTION in chosen and len(chosen) > 1:
            self.add_error("reactions", _("“None” and a reaction cannot both be right."))
        for row in self._ticked():
            row.check()

    def _ticked(self) -> list[ReactionForm]:
        now = self.cleaned_data.get("reactions") or []
        late = self.cleaned_data.get("late_reactions") or []
        return [
            *(self.now[ReactionKind(kind)] for kind in now if kind != NO_REACTION),
            *(self.late[ReactionKind(kind)] for kind in late),
        ]

    def _check_something(self) -> None:
        """Refuse a visit that says nothing; a note may say why nothing was taken."""
        given = [
            *self.measures.taken,
            *(name for name in ("reactions", "note") if self.cleaned_data.get(name)),
            *(view for view in View if self.cleaned_data.get(f"photo_{view}")),
            *self.taken,
        ]
        if not given and not self.visit and not any(part.errors for part in self.parts()):
            self.add_error(
                None,
                _(
                    "Nothing is entered yet. Take photographs or measures, or note why there are none."
                ),
            )

    def _check_volume(self) -> None:
        drawn = [row for row in self.given if row.cleaned_data.get("drawn_ml") is not None]
        total = sum((row.cleaned_data["drawn_ml"] for row in drawn), Decimal(0))
        judged = judge_volume(total)
        if judged == Volume.REFUSE and not any(row.errors for row in self.given):
            drawn[-1].add_error(
                "drawn_ml",
                _t("More than %(limit)s ml in one session is not recorded. Check the number.")
                % {"limit": REFUSE_ABOVE_ML},
            )
        elif judged == Volume.ASK:
            # Asked about, not unreadable: its doses are still reckoned.
            drawn[-1].is_unusual = not drawn[-1].errors
            self._ask(
                drawn[-1],
                "drawn_ml",
                total,
                _t(
                    "More than %(limit)s ml in one session is unusual. Correct it, or confirm below."
                )
                % {"limit": ASK_ABOVE_ML},
            )

    def _prepare_photos(self) -> None:
        for view in View:
            upload = self.cleaned_data.get(f"photo_{view}")
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
        """Return what can be read of what was said; all of it once the form is valid."""
        said = self.cleaned_data.get
        chosen = said("reactions") or []
        found: dict[str, Any] = {
            "measures": self.measures.taken,
            "is_without_reaction": chosen == [NO_REACTION] if chosen else None,
            "reactions": [row.seen for row in self._ticked() if not row.errors],
            "note": said("note") or "",
            "review_point": self._review_point(),
        }
        if self.kind == VisitKind.TREATMENT:
            found |= self._session()
        return Findings(**found)

    def _session(self) -> dict[str, Any]:
        said = self.cleaned_data.get
        why = {tick: (said(f"missing_{tick}") or "").strip() for tick in Tick}
        return {
            "checks": Checks(**{name: said(name) for name in Checks.__slots__}),
            "answers": self._answers(),
            "areas": {
                Area(area): Treated(said(f"points_{area}"), said(f"marks_{area}") or ())
                for area in said("areas") or ()
            },
            "technique": Technique(
                technique=said("technique") or "",
                depth_mm=said("depth_mm"),
                needle_gauge=said("needle_gauge") or "",
                needle_length=said("needle_length") or "",
                ml_per_point=said("ml_per_point"),
            ),
            "products": [row.drawn for row in self.given if row.is_readable and row.drawn],
            "pain": said("pain"),
            "closing": Closing(**{name: bool(said(name)) for name in Closing.__slots__}),
            "missing": {tick: reason for tick, reason in why.items() if reason},
        }

    @property
    def ml_per_point_now(self) -> Decimal | None:
        """The volume of a point as it stands in the field, where it can be read."""
        try:
            found: Decimal | None = self.fields["ml_per_point"].clean(self["ml_per_point"].value())
        except forms.ValidationError:
            return None
        return found

    def _review_point(self) -> ReviewPoint | None:
        stored = self.visit.review_point if self.visit else ""
        return ReviewPoint(stored) if stored else None

    def _answers(self) -> dict[str, Answer]:
        """Return what was said to single questions, and what is new and was not asked before."""
        said = self.cleaned_data.get
        new = [*(said("new_signs") or ()), *(said("new_allergies") or ())]
        asked = {
            row.code: Answer(answer)
            for row in self.asked_again
            if (answer := said(f"asked_{row.code}"))
        }
        return asked | dict.fromkeys(new, Answer.YES)

    @property
    def details(self) -> dict[str, Any]:
        """Everything that recording or changing the visit needs."""
        return {
            "held_on": self.cleaned_data["held_on"],
            "findings": self.findings,
            "photos": self.photos,
        }

    def locate(self, result: Any) -> str:
        if self.data.get("then") == "opinion":
            return reverse("treatments:visit-opinion", args=[result.pk])
        if self.data.get("then") in ("book", "sign_book"):
            return f"{reverse('appointments:appointment-add')}?course={self.course.pk}"
        return str(result.get_absolute_url())


def whole(typed: Any) -> int | None:
    """Return the number that stands in a field, None where there is none or one nobody can mean."""
    found = re.fullmatch(r"\s*(\d{1,6})\s*", str(typed))
    return int(found[1]) if found else None


def initial_of(visit: Visit | None) -> dict[str, Any]:
    """Return what a stored visit says, by the names of the form's fields."""
    if visit is None:
        return {"held_on": timezone.localdate()}
    seen = list(visit.reactions.all())
    names = (
        "held_on",
        "version",
        "pain",
        "note",
        *Checks.__slots__,
        *Technique.__slots__,
        *Closing.__slots__,
    )
    found = {name: getattr(visit, name) for name in names}
    # As it was typed: 0.1 ml, and not 0.100.
    found["ml_per_point"] = plain(visit.ml_per_point)
    areas = list(visit.visit_areas.all())
    found["areas"] = [row.area for row in areas]
    for row in areas:
        found |= {f"points_{row.area}": row.point_count, f"marks_{row.area}": row.points}
    found["reactions"] = [NO_REACTION] if visit.is_without_reaction else kinds(seen, Noticed.NOW)
    found["late_reactions"] = kinds(seen, Noticed.SINCE_LAST)
    found |= {f"asked_{row.item}": row.answer for row in visit.answers.all()}
    told = [row.item for row in visit.answers.all() if row.answer == Answer.YES]
    allergies = {row.code for row in current_list().exclusions}
    found["new_signs"] = [item for item in told if item in NEW_SIGNS]
    found["new_allergies"] = [item for item in told if item in allergies]
    found |= {f"missing_{row.tick}": row.reason for row in visit.missing.all()}
    return found


def kinds(seen: Iterable[Any], noticed: Noticed) -> list[str]:
    return [row.kind for row in seen if row.noticed == noticed]
