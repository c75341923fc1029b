"""The exam of one area and side, and the table that shows left and right side by side."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.db import models
from django.forms import BoundField
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from patients.forms.answers import SignsField, count, day, graded, one_of, pcss, yes_no
from patients.models import AreaExam
from patients.rules.stage import PCSS_REGIONS
from patients.terms import Area, LipoSign, SunSign

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Stored = TypeVar("Stored", bound=models.Model)

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
    (_("Liposuction"), ("lipo_here", "lipo_on", "lipo_count", "lipo_onset", "lipo_signs")),
    (_("Sun"), ("sun_grade", "sun_signs", "sun_border_at_clothing")),
    (
        _("Skin and fat"),
        ("localised_fat", "infection_or_inflammation", "suspicious_lesion", "actinic_keratosis"),
    ),
    (_("Other scales, if used"), ("cr_pcss", "pr_pcss")),
)
PCSS = ("cr_pcss", "pr_pcss")
# The answer that "nothing else seen here" gives. What makes the dents has to be looked at itself.
NOT_SEEN = {
    "visible_standing": "False",
    "visible_lying": "False",
    "visible_on_pinch": "False",
    "raised_nodules": "False",
    "css_laxity": "0",
    "crepey": "none",
    "recoil": "immediate",
    "scalloped_folds": "False",
    "lipo_here": "False",
    "sun_grade": "0",
    "localised_fat": "False",
    "infection_or_inflammation": "False",
    "suspicious_lesion": "False",
    "actinic_keratosis": "False",
}
# Questions that cannot matter before another answer, and which one.
FOLDED = {
    "lipo_on": "lipo",
    "lipo_count": "lipo",
    "lipo_onset": "lipo",
    "sun_signs": "sun",
    "sun_border_at_clothing": "sun",
}


class AreaExamForm(forms.Form):
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
            ("no_dimples", _("None")),
        ],
        _("Raise the skin above the dents: they clear, clear partly, stay; or there are none."),
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
    sun_signs = SignsField(_("Signs of sun"), SunSign.choices)
    sun_border_at_clothing = yes_no(_("Stops at the clothing line"))
    lipo_here = yes_no(_("Liposuction here"))
    lipo_onset = one_of(
        _("Dents began"),
        [("before", _("Before")), ("after", _("After"))],
        _("Before or after the liposuction"),
    )
    lipo_on = day(_("Last liposuction"))
    lipo_count = count(_("How many times"), 50)
    lipo_signs = SignsField(_("Traces of a procedure"), LipoSign.choices)
    cr_pcss = pcss(_("CR-PCSS"), _("Rated by the clinician on the licensed photographs"))
    pr_pcss = pcss(_("PR-PCSS"), _("Rated by the patient, before the clinician’s number is seen"))
    infection_or_inflammation = yes_no(
        _("Skin infection or inflammation"),
        _("Skin infection (cellulitis), herpes, open wound"),
    )
    suspicious_lesion = yes_no(_("Suspicious lesion"), _("A mole or spot that changes"))
    actinic_keratosis = yes_no(_("Rough scaly patch"), _("Actinic keratosis"))

    def __init__(
        self, data: Any = None, files: Any = None, *, exam: AreaExam, is_live: bool = False
    ) -> None:
        found = {name: getattr(exam, name) for name in self.base_fields}
        super().__init__(data, files, prefix=exam.area, initial=found)
        self.exam = exam
        # While somebody types, a contradiction is a question of the Why panel and no error yet.
        self.is_live = is_live
        self.area = Area(exam.area)
        if self.area.base not in PCSS_REGIONS:
            for name in PCSS:
                del self.fields[name]
        for field in self.fields.values():
            field.widget.attrs["data-area"] = self.area.value

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.is_live and cleaned.get("css_number") == 0 and cleaned.get("css_depth"):
            self.add_error("css_depth", _("No depression was counted, so the depth can only be 0."))
        return cleaned

    @property
    def seen(self) -> dict[str, Any]:
        """What was seen; None or empty where nobody looked."""
        return {name: self.cleaned_data[name] for name in self.fields}

    @property
    def examined(self) -> AreaExam:
        """The exam as it stands in the form, not saved; what cannot be read counts as not seen."""
        return filled(self.exam, {name: self.cleaned_data.get(name) for name in self.fields})


def filled(row: Stored, values: Mapping[str, Any]) -> Stored:
    """Return a copy of a row with these values, a missing text as the empty one."""
    changed = copy(row)
    for name, value in values.items():
        is_text = isinstance(row._meta.get_field(name), models.CharField)
        setattr(changed, name, "" if is_text and value is None else value)
    return changed


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the findings table: a label and the field of each side."""

    label: str
    help: str
    cells: tuple[tuple[str, BoundField], ...]
    layout: str
    rest: str
    folded: str


@dataclass(frozen=True, slots=True)
class Table:
    """The findings of one region, one or two sides next to each other."""

    name: str
    key: str
    sides: tuple[tuple[str, str], ...]
    groups: tuple[tuple[str, tuple[Row, ...]], ...]


# How a field of the exam is drawn, where it is not a row of segments.
LAYOUTS = {
    "sun_signs": "chips",
    "lipo_signs": "chips",
    "lipo_on": "entry",
    "lipo_count": "entry",
}


def table_of(name: str, base: str, exams: list[AreaExamForm]) -> Table:
    """Lay out the exams of one region, one row for each field, left before right."""
    words = {"left": _t("Left"), "right": _t("Right"), None: _t("Both sides")}
    sides = tuple((words[exam.area.side], exam.area.value) for exam in exams)
    groups = tuple(
        (str(title), tuple(row_of(exams, sides, field) for field in fields))
        for title, fields in GROUPS
        if fields[0] in exams[0].fields
    )
    return Table(name, base, sides, groups)


def row_of(exams: list[AreaExamForm], sides: tuple[tuple[str, str], ...], name: str) -> Row:
    """Lay out one field of every side."""
    first = exams[0][name]
    cells = tuple((side, exam[name]) for (side, _key), exam in zip(sides, exams, strict=True))
    return Row(
        label=str(first.label),
        help=str(first.help_text),
        cells=cells,
        layout=LAYOUTS.get(name, "segments"),
        rest=NOT_SEEN.get(name, ""),
        folded=FOLDED.get(name, ""),
    )
