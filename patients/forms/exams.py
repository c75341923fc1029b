"""The exam of one area and side, and the table that shows left and right side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.forms import BoundField
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from patients.forms.answers import graded, one_of, some_of, yes_no
from patients.models import AreaExam
from patients.terms import Area, LipoSign, SunSign

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

GROUPS: tuple[tuple[StrOrPromise, tuple[str, ...]], ...] = (
    (
        _("Dents"),
        (
            "visible_standing",
            "visible_lying",
            "visible_on_pinch",
            "raised_nodules",
            "css_morphology",
            "css_number",
            "css_depth",
            "lift_test",
        ),
    ),
    (_("Looseness"), ("css_laxity", "crepey", "recoil", "scalloped_folds")),
    (_("Liposuction"), ("lipo_here", "lipo_on", "lipo_onset", "lipo_signs")),
    (_("Sun"), ("sun_grade", "sun_signs", "sun_border_at_clothing")),
    (
        _("Skin and fat"),
        ("localised_fat", "infection_or_inflammation", "suspicious_lesion", "actinic_keratosis"),
    ),
)


class AreaExamForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is seen on one area, one side. Nothing is preselected."""

    visible_standing = yes_no(_("Visible standing"))
    visible_lying = yes_no(_("Visible lying"))
    visible_on_pinch = yes_no(_("Visible on pinch or contraction"))
    raised_nodules = yes_no(_("Raised areas, nodules"))
    css_morphology = graded(
        _("Look of raised areas"), _("CSS c: none, orange peel, cottage cheese, mattress")
    )
    css_number = graded(_("Depressions, how many"), _("CSS a: none, 1 to 4, 5 to 9, 10 or more"))
    css_depth = graded(_("Depth"), _("CSS b: none, superficial, medium, deep"))
    css_laxity = graded(_("Laxity"), _("CSS d: none, slight, moderate, severe draping"))
    lift_test = one_of(
        _("Lift test"),
        [
            ("disappear", _("Clear")),
            ("partly_improve", _("Partly")),
            ("persist", _("Stay")),
            ("no_dimples", _("No dents")),
        ],
        _("Raise the skin above the dents: what do they do?"),
    )
    crepey = one_of(
        _("Crepe skin"), [("none", _("None")), ("slight", _("Slight")), ("marked", _("Marked"))]
    )
    recoil = one_of(
        _("Recoil after a pinch"),
        [("immediate", _("< 1 s")), ("delayed", _("1 to 2 s")), ("slow", _("> 2 s"))],
    )
    scalloped_folds = yes_no(_("Scalloped folds"))
    localised_fat = yes_no(_("Thick soft fat"), _("Smooth on pinching"))
    sun_grade = graded(
        _("Sun damage"),
        _(
            "None; few spots; spots, mottling and fine wrinkles; widespread with vessels or leathery"
        ),
    )
    sun_signs = some_of(_("Signs of sun"), SunSign.choices)
    sun_border_at_clothing = yes_no(_("Stops at the clothing line"))
    lipo_here = yes_no(_("Liposuction here"))
    lipo_onset = one_of(
        _("Dents began"),
        [("before", _("Before")), ("after", _("After"))],
        _("Before or after the liposuction"),
    )
    lipo_signs = some_of(_("Traces of liposuction"), LipoSign.choices)
    infection_or_inflammation = yes_no(
        _("Skin infection or inflammation"),
        _("Skin infection (cellulitis), herpes, open wound"),
    )
    suspicious_lesion = yes_no(_("Suspicious lesion"), _("A mole or spot that changes"))
    actinic_keratosis = yes_no(_("Rough scaly patch"), _("Actinic keratosis"))

    class Meta:
        model = AreaExam
        fields = [name for _title, names in GROUPS for name in names]
        widgets = {"lipo_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}
        labels = {"lipo_on": _("Last liposuction")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.area = Area(self.instance.area)
        side = str(self.area.label)
        for field in self.fields.values():
            field.widget.attrs["data-area"] = self.area.value
        self.spoken = side

    def clean_lipo_on(self) -> Any:
        day = self.cleaned_data["lipo_on"]
        if day and day > timezone.localdate():
            raise forms.ValidationError(_("The date lies in the future."))
        return day

    @property
    def seen(self) -> dict[str, Any]:
        """What was seen; sets that were left empty count as not asked."""
        values = {name: self.cleaned_data[name] for name in self.fields}
        for name in ("sun_signs", "lipo_signs"):
            values[name] = values[name] or None
        return values


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the findings table: a label and the field of each side."""

    label: str
    help: str
    cells: tuple[tuple[str, BoundField], ...]
    layout: str


@dataclass(frozen=True, slots=True)
class Table:
    """The findings of one region, one or two sides next to each other."""

    name: str
    key: str
    sides: tuple[tuple[str, str], ...]
    groups: tuple[tuple[str, tuple[Row, ...]], ...]


# How a field of the exam is drawn, where it is not a row of segments.
LAYOUTS = {"sun_signs": "chips", "lipo_signs": "chips", "lipo_on": "date"}


def table_of(name: str, base: str, exams: list[AreaExamForm]) -> Table:
    """Lay out the exams of one region, one row for each field, left before right."""
    words = {"left": _t("Left"), "right": _t("Right"), None: _t("Both sides")}
    sides = tuple((words[exam.area.side], exam.area.value) for exam in exams)
    groups = tuple(
        (str(title), tuple(row_of(exams, sides, field) for field in fields))
        for title, fields in GROUPS
    )
    return Table(name, base, sides, groups)


def row_of(exams: list[AreaExamForm], sides: tuple[tuple[str, str], ...], name: str) -> Row:
    """Lay out one field of every side."""
    first = exams[0][name]
    cells = tuple((side, exam[name]) for (side, _key), exam in zip(sides, exams, strict=True))
    return Row(str(first.label), str(first.help_text), cells, LAYOUTS.get(name, "segments"))
