"""The screening: which areas, what was asked and seen, and what somebody decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.db import models
from django.forms import BoundField
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.fields import DecimalEntry
from clinic.forms import ActionForm, Versioned, helper, offer, submission_key
from clinic.layout import Chips, Plain
from clinic.models import User
from patients.actions import decide_screening, record_findings, start_screening
from patients.evidence import LEG_SIGNS, aged_in, in_order
from patients.forms.answers import ANSWERS, one_of, some_of, yes_no
from patients.forms.exams import AreaExamForm, Table, table_of
from patients.models import Patient, Screening
from patients.models.safety import current_list
from patients.models.screening import ALLERGIES_ASKED, Decision
from patients.rules.safety_list import questions
from patients.terms import (
    Answer,
    Area,
    Outcome,
    Treatable,
)
from patients.wording import BOTH_SIDES

if TYPE_CHECKING:
    pass


def field_name(name: str) -> str:
    """Return the words of a column of the screening."""
    column = Screening._meta.get_field(name)
    return str(column.verbose_name) if isinstance(column, models.Field) else name


class StartScreeningForm(ActionForm):
    """Why somebody came, and the regions that bother her; both sides are examined."""

    her_words = forms.CharField(
        label=_("Reason for the visit, in her or his own words"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    deadline_on = forms.DateField(
        label=_("Wanted by"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("A course of 10 to 15 weekly sessions takes about three months."),
    )
    regions = forms.MultipleChoiceField(
        label=_("Which areas?"),
        choices=[(base, capfirst(name)) for base, name in BOTH_SIDES.items()],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one area.")},
    )

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        self.patient = patient
        super().__init__(*args, **kwargs)

    def layout(self) -> list[Any]:
        return [
            Plain("her_words", width="full"),
            Chips("regions"),
            Plain("deadline_on", width="mid"),
        ]

    def clean_deadline_on(self) -> Any:
        day = self.cleaned_data["deadline_on"]
        if day and day < timezone.localdate():
            raise forms.ValidationError(_("This day has passed."))
        return day

    @property
    def areas(self) -> list[Area]:
        return [area for area in Area if area.base in self.cleaned_data["regions"]]

    def act(self, by: User) -> Screening:
        return start_screening(
            patient=self.patient,
            areas=self.areas,
            her_words=self.cleaned_data["her_words"],
            deadline_on=self.cleaned_data["deadline_on"],
            by=by,
        )

    def locate(self, result: Any) -> str:
        return reverse("patients:screening-findings", args=[result.pk])


class FindingsForm(Versioned, forms.ModelForm):  # type: ignore[type-arg]
    """Everything asked and seen, with one exam form for each area and side."""

    submission = submission_key()
    version = forms.IntegerField(widget=forms.HiddenInput)
    opened = forms.CharField(widget=forms.HiddenInput, required=False)
    fitzpatrick = forms.TypedChoiceField(
        label=_("Skin phototype (Fitzpatrick)"),
        choices=[
            (str(number), roman)
            for number, roman in enumerate(("I", "II", "III", "IV", "V", "VI"), 1)
        ],
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
        help_text=_("Ask: I always burns, never tans; VI never burns."),
    )
    expectations = one_of(
        _("What she or he hopes for"),
        [
            ("realistic", _("Realistic")),
            ("perfection", _("Perfectly smooth skin")),
            ("faster_than_course", _("Sooner than a course takes")),
        ],
    )
    bdd_screen_positive = yes_no(_("Body-image questionnaire positive"))
    major_weight_loss = yes_no(
        _("Large weight loss"), _("15 % or more of the body weight, or bariatric surgery")
    )
    stemmer = one_of(
        _("Stemmer sign"),
        [("negative", _("Negative")), ("positive", _("Positive"))],
        _("Positive: the fold over the second toe cannot be lifted."),
    )
    allergies_asked = one_of(_("Any allergy, intolerance, or one of these conditions?"), ANSWERS)
    allergens = some_of(_("To what"), [])

    class Meta:
        model = Screening
        fields = [
            "height_cm",
            "weight_kg",
            "fitzpatrick",
            "expectations",
            "bdd_screen_positive",
            "major_weight_loss",
            *LEG_SIGNS,
            "stemmer",
        ]

    height_cm = DecimalEntry(
        label=_("Height"),
        required=False,
        min_value=120,
        max_value=220,
        max_digits=4,
        decimal_places=1,
    )
    weight_kg = DecimalEntry(
        label=_("Weight"),
        required=False,
        min_value=30,
        max_value=250,
        max_digits=4,
        decimal_places=1,
    )

    def __init__(self, data: Any = None, files: Any = None, *, screening: Screening) -> None:
        lists = current_list()
        # What no longer holds is asked afresh.
        aged = aged_in(screening, timezone.localdate(), lists)
        said = {row.item: row.answer for row in screening.answers.all() if row.item not in aged}
        leave_out = [row.code for row in lists.exclusions]
        super().__init__(
            data,
            files,
            instance=screening,
            initial={
                "version": screening.version,
                "allergies_asked": said.get(ALLERGIES_ASKED, ""),
                "allergens": [code for code in leave_out if said.get(code) == Answer.YES],
            },
        )
        for name in LEG_SIGNS:
            self.fields[name] = yes_no(capfirst(field_name(name)))
        self.blocks: list[tuple[str, list[str]]] = []
        for block, rows in questions(lists, screening.patient.sex_at_birth):
            for row in rows:
                self.fields[row.code] = one_of(gettext(row.question), ANSWERS)
                self.fields[row.code].initial = said.get(row.code, "")
            self.blocks.append((str(block.label), [row.code for row in rows]))
        offer(self, "allergens", [(row.code, gettext(row.label)) for row in lists.exclusions])
        self.exams = [
            AreaExamForm(data, files, instance=exam, prefix=exam.area)
            for exam in in_order(screening)
        ]
        self.helper = helper(self)
        self.remember()

    def is_valid(self) -> bool:
        # All of them, so that every error shows at once.
        return all([super().is_valid(), *(exam.is_valid() for exam in self.exams)])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("allergens") and cleaned.get("allergies_asked") == Answer.NO:
            self.add_error(
                "allergies_asked", _("Allergens are ticked. Answer yes, or untick them.")
            )
        return cleaned

    def parts(self) -> list[forms.BaseForm]:
        return [self, *self.exams]

    def reopened(self) -> FindingsForm:
        stored = Screening.objects.with_findings().get(pk=self.instance.pk)
        return FindingsForm(screening=stored)

    @property
    def safety_blocks(self) -> list[tuple[str, list[BoundField]]]:
        return [(title, [self[name] for name in names]) for title, names in self.blocks]

    @property
    def leg_fields(self) -> list[BoundField]:
        return [self[name] for name in LEG_SIGNS]

    @property
    def tables(self) -> list[Table]:
        """The exams by region, left and right side by side."""
        found = []
        for base, name in BOTH_SIDES.items():
            exams = [exam for exam in self.exams if exam.area.base == base]
            if exams:
                found.append(table_of(str(name), base, exams))
        return found

    @property
    def answers(self) -> dict[str, str]:
        """Safety answers that were given; the rest counts as not asked."""
        names = [name for _title, block in self.blocks for name in block]
        said = {name: self.cleaned_data[name] for name in names if self.cleaned_data[name]}
        if self.cleaned_data["allergies_asked"]:
            said[ALLERGIES_ASKED] = self.cleaned_data["allergies_asked"]
        if self.cleaned_data["allergens"]:
            said[ALLERGIES_ASKED] = Answer.YES.value
        return said | dict.fromkeys(self.cleaned_data["allergens"], Answer.YES.value)

    def act(self, by: User) -> Screening:
        return record_findings(
            screening=self.instance,
            version=self.cleaned_data["version"],
            details={name: self.cleaned_data[name] for name in self.Meta.fields},
            answers=self.answers,
            exams={exam.area: exam.seen for exam in self.exams},
            by=by,
        )


class DecisionForm(ActionForm):
    """What the clinician makes of the proposal."""

    decision = forms.ChoiceField(
        label=_("Your decision"),
        choices=[
            (Decision.ACCEPTED.value, _("Accept for the areas below")),
            (Decision.REFERRED.value, _("Refer")),
            (Decision.DEFERRED.value, _("Defer")),
            (Decision.NOT_SUITABLE.value, _("Not suitable")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what you decide.")},
    )
    areas = forms.MultipleChoiceField(
        label=_("Areas"), required=False, widget=forms.CheckboxSelectMultiple
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Needed for anything but accepting what is suggested."),
    )

    def __init__(
        self, *args: Any, screening: Screening, verdict: dict[str, Any], **kwargs: Any
    ) -> None:
        self.screening = screening
        stopped = verdict["outcome"] == Outcome.CONTRAINDICATED_OR_DEFERRED
        offered = [
            row["area"]
            for row in verdict["areas"]
            if row["treatable"] in (Treatable.YES, Treatable.REDUCED) and not stopped
        ]
        super().__init__(*args, initial={"areas": offered}, **kwargs)
        self.fields["reason"].is_conditional = True  # type: ignore[attr-defined]
        offer(self, "areas", [(area.value, area.label) for area in screening.areas])

    def layout(self) -> list[Any]:
        return []

    def act(self, by: User) -> Screening:
        return decide_screening(
            screening=self.screening,
            decision=Decision(self.cleaned_data["decision"]),
            areas=[Area(area) for area in self.cleaned_data["areas"]],
            reason=self.cleaned_data["reason"],
            by=by,
        )
