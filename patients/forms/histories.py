"""The history as it is told: heredity, pregnancies, lifestyle, veins, weight, earlier treatment.

Nothing is preselected. A patient who was screened before finds her earlier answers filled in;
they count once somebody has gone through them with her and saved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django import forms
from django.forms import BoundField
from django.forms.models import model_to_dict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clinic.fields import DecimalEntry
from clinic.forms import Versioned, helper, submission_key
from clinic.models import User
from patients.actions import record_history
from patients.evidence import FEMALE_HISTORY, history_of
from patients.forms.answers import ANSWERS, count, day, one_of, some_of
from patients.models import Condition, EarlierMesotherapy, History, Procedure, Screening
from patients.terms import (
    Answer,
    Area,
    ConditionKind,
    ConditionState,
    Menopause,
    OnsetSpeed,
    ProcedureKind,
    Sex,
    WorseWith,
)

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Key of a section, its title, and its questions in the order in which they are asked.
SECTIONS: tuple[tuple[str, StrOrPromise, tuple[str, ...]], ...] = (
    ("heredity", _("Family"), ("mother_cellulite", "sister_cellulite", "grandmother_cellulite")),
    ("onset", _("How it began"), ("noticed_age", "onset_speed", "worse_with")),
    (
        "pregnancies",
        _("Pregnancies and hormones"),
        (
            "births",
            "last_birth_on",
            "takes_hormones",
            "hormones",
            "menopause",
            "last_period_on",
        ),
    ),
    (
        "veins",
        _("Lymph and veins"),
        (
            "heavy_legs",
            "evening_swelling",
            "varicose_veins",
            "lymph_node_surgery",
            "lymph_node_surgery_on",
            "radiotherapy",
            "radiotherapy_on",
        ),
    ),
    (
        "lifestyle",
        _("Everyday life"),
        (
            "has_smoked",
            "cigarettes_a_day",
            "alcohol_units",
            "diet_rating",
            "sitting_hours",
            "exercise_minutes",
        ),
    ),
    (
        "weight",
        _("Weight"),
        (
            "highest_weight_kg",
            "weight_year_ago_kg",
            "intentional_loss_kg",
            "weight_stable_3_months",
            "bariatric_surgery",
            "bariatric_on",
        ),
    ),
    ("medicines", _("Medicines"), ("has_medicines", "medicines")),
)
# The lists, each with the question that says whether it was asked, and how many lines it has.
LISTS = (
    ("procedures", "has_procedures", 6),
    ("conditions", "has_conditions", 5),
    ("mesotherapy", "had_mesotherapy", 3),
)
ANSWERED = {
    field.name: field.verbose_name
    for field in History._meta.fields
    if field.choices == Answer.choices
}
LIST_TITLES: Mapping[str, StrOrPromise] = {
    "procedures": _("Liposuction and other procedures"),
    "conditions": _("Infections, autoimmune and other illness"),
    "mesotherapy": _("Earlier mesotherapy"),
}


def text(label: StrOrPromise, length: int) -> forms.CharField:
    return forms.CharField(label=label, max_length=length, required=False)


def kilograms(label: StrOrPromise) -> DecimalEntry:
    return DecimalEntry(
        label=label, required=False, min_value=0, max_value=400, max_digits=4, decimal_places=1
    )


def choice(label: StrOrPromise, choices: list[tuple[str, Any]]) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=[("", "–"), *choices], required=False)


class LineForm(forms.Form):
    """One line of a list; a line in which nothing stands does not exist."""

    needed: tuple[str, StrOrPromise] | None = None

    @property
    def line(self) -> dict[str, Any] | None:
        """The line as the action takes it."""
        filled = any(value not in (None, "") for value in self.cleaned_data.values())
        return dict(self.cleaned_data) if filled else None

    @property
    def is_empty(self) -> bool:
        return not any(self[name].value() for name in self.fields)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.needed:
            name, sentence = self.needed
            if any(cleaned.values()) and not cleaned.get(name) and name not in self.errors:
                self.add_error(name, str(sentence))
        return cleaned


class ProcedureForm(LineForm):
    """Liposuction, another procedure, a scar or an injury."""

    needed = ("kind", _("Say what was done."))

    kind = choice(_("What"), ProcedureKind.choices)
    area = choice(_("Where"), Area.choices)
    done_on = day(_("When"))
    times = count(_("How often"), 50)
    details = text(_("Volume or product, clinic, complications"), 300)


class ConditionForm(LineForm):
    """One illness."""

    needed = ("name", _("Name the illness."))

    kind = choice(_("Kind"), ConditionKind.choices)
    name = text(_("Which"), 120)
    state = choice(_("Now"), ConditionState.choices)
    medicine = text(_("Medicine"), 120)
    last_flare_on = day(_("Last active"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("name") and not cleaned.get("kind"):
            cleaned["kind"] = ConditionKind.OTHER.value
        return cleaned


class MesotherapyForm(LineForm):
    """One earlier course of mesotherapy."""

    done_on = day(_("When"))
    agents = text(_("Agents, if known"), 200)
    result = text(_("Result"), 200)
    reaction = text(_("Reaction"), 200)


LINE_FORMS: Mapping[str, type[LineForm]] = {
    "procedures": ProcedureForm,
    "conditions": ConditionForm,
    "mesotherapy": MesotherapyForm,
}
LINE_MODELS: Mapping[str, Any] = {
    "procedures": Procedure,
    "conditions": Condition,
    "mesotherapy": EarlierMesotherapy,
}


@dataclass(frozen=True, slots=True)
class Section:
    """One section: its questions, those that are typed into standing beside each other."""

    key: str
    title: str
    fields: list[BoundField]

    @property
    def rows(self) -> list[tuple[bool, list[BoundField]]]:
        """The fields in runs of the same shape, each run with whether it is typed into."""

        def is_typed(field: BoundField) -> bool:
            return not isinstance(field.field.widget, forms.RadioSelect)

        return [(typed, list(run)) for typed, run in groupby(self.fields, is_typed)]


@dataclass(frozen=True, slots=True)
class Listed:
    """One list as it is drawn: its question, the lines in use with one more, and the rest."""

    key: str
    title: str
    question: BoundField
    shown: list[LineForm]
    folded: list[LineForm]

    @property
    def shown_count(self) -> int:
        return len(self.shown)


class HistoryForm(Versioned, forms.ModelForm):  # type: ignore[type-arg]
    """The whole history. `earlier` is the screening whose answers are offered when none is stored."""

    submission = submission_key()
    version = forms.IntegerField(widget=forms.HiddenInput)
    opened = forms.CharField(widget=forms.HiddenInput, required=False)

    noticed_age = count(_("Age when noticed"), 120)
    onset_speed = one_of(_("How it came"), OnsetSpeed.choices)
    worse_with = some_of(_("Worse with"), WorseWith.choices)
    births = count(_("Births"), 30)
    last_birth_on = day(_("Last birth"), _("The month is enough: take its first day."))
    hormones = text(_("Which"), 200)
    menopause = one_of(_("Menopause"), Menopause.choices)
    last_period_on = day(_("Last period"))
    cigarettes_a_day = count(_("Cigarettes a day"), 200)
    alcohol_units = count(_("Alcohol, units a week"), 500)
    diet_rating = count(_("Own rating of the diet"), 10, _("0 poor to 10 very good"))
    sitting_hours = count(_("Sitting, hours a day"), 24)
    exercise_minutes = count(_("Exercise, minutes a week"), 5000)
    lymph_node_surgery_on = day(_("When was the lymph node surgery"))
    radiotherapy_on = day(_("When was the radiotherapy"))
    highest_weight_kg = kilograms(_("Highest weight as an adult"))
    weight_year_ago_kg = kilograms(_("Weight a year ago"))
    intentional_loss_kg = kilograms(_("Lost on purpose"))
    bariatric_on = day(_("When was the bariatric surgery"))
    medicines = forms.CharField(
        label=_("Which, and since when"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    class Meta:
        model = History
        fields = [
            *(name for _key, _title, names in SECTIONS for name in names),
            *(question for _name, question, _lines in LISTS),
        ]

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        screening: Screening,
        earlier: Screening | None = None,
    ) -> None:
        self.screening = screening
        stored = history_of(screening)
        self.source = screening if stored else earlier
        told = stored or (history_of(earlier) if earlier else None)
        super().__init__(
            data,
            files,
            instance=History(screening=screening),
            initial={
                **(model_to_dict(told, fields=self.Meta.fields) if told else {}),
                "version": stored.version if stored else 0,
            },
        )
        self.is_unconfirmed = stored is None and told is not None
        for name, label in ANSWERED.items():
            self.fields[name] = one_of(label, ANSWERS)
        if screening.patient.sex_at_birth == Sex.MALE:
            for name in FEMALE_HISTORY:
                del self.fields[name]
        self.lists = {name: self._lines(name, lines, data) for name, _question, lines in LISTS}
        for part in self.parts():
            for field in part.fields.values():
                field.is_conditional = True  # nothing is "optional": it is asked or it is not
        self.helper = helper(self)
        self.remember()

    def _lines(self, name: str, lines: int, data: Any) -> list[LineForm]:
        """Make the forms of one list, filled from where the history comes from."""
        model, form = LINE_MODELS[name], LINE_FORMS[name]
        rows: Iterable[Any] = ()
        if self.source:
            rows = model.objects.filter(screening=self.source)
        known = [model_to_dict(row, fields=list(form.base_fields)) for row in rows]
        return [
            form(
                data,
                prefix=f"{name}-{place}",
                initial=known[place] if place < len(known) else None,
                use_required_attribute=False,
            )
            for place in range(lines)
        ]

    def is_valid(self) -> bool:
        # All of them, so that every error shows at once.
        valid = all([super().is_valid(), *(line.is_valid() for line in self.parts()[1:])])
        if valid:
            for name, question, _lines in LISTS:
                if self.told_lines(name) and self.cleaned_data[question] == Answer.NO:
                    self.add_error(
                        question, _("Something is written below. Answer yes, or empty the lines.")
                    )
                    valid = False
        return valid

    def parts(self) -> list[Any]:
        return [self, *(line for lines in self.lists.values() for line in lines)]

    def reopened(self) -> HistoryForm:
        stored = Screening.objects.with_findings().get(pk=self.screening.pk)
        return HistoryForm(screening=stored)

    def told_lines(self, name: str) -> list[dict[str, Any]]:
        """Return the lines of one list that were filled in."""
        return [form.line for form in self.lists[name] if form.line]

    @property
    def sections(self) -> list[Section]:
        return [
            Section(key, str(title), [self[name] for name in names if name in self.fields])
            for key, title, names in SECTIONS
        ]

    @property
    def listed(self) -> list[Listed]:
        found = []
        for name, question, _lines in LISTS:
            forms_ = self.lists[name]
            used = max((at for at, form in enumerate(forms_) if not form.is_empty), default=-1)
            found.append(
                Listed(
                    name,
                    str(LIST_TITLES[name]),
                    self[question],
                    forms_[: used + 2],
                    forms_[used + 2 :],
                )
            )
        return found

    def act(self, by: User) -> Screening:
        told = {name: self.cleaned_data[name] for name in self.Meta.fields if name in self.fields}
        told["worse_with"] = told.get("worse_with") or None
        for name, question, _lines in LISTS:
            if self.told_lines(name):
                told[question] = Answer.YES.value
        return record_history(
            screening=self.screening,
            version=self.cleaned_data["version"],
            told=told,
            procedures=self.told_lines("procedures"),
            conditions=self.told_lines("conditions"),
            mesotherapy=self.told_lines("mesotherapy"),
            by=by,
        )

    def locate(self, result: Any) -> str:
        return reverse("patients:screening-findings", args=[result.pk])
