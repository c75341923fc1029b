"""What differs between two screenings of one patient, in people's words.

Pure over what both of them keep: the facts that were read, the answers and the verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.evidence import LEG_SIGNS
from patients.models import AreaExam, Screening
from patients.models.screening import ALLERGIES_ASKED
from patients.rules.safety_list import DRAFT, SafetyList
from patients.terms import (
    Allergen,
    Answer,
    Area,
    Crepe,
    Expectations,
    LiftTest,
    LipoOnset,
    LipoSign,
    Outcome,
    Primary,
    Recoil,
    Stemmer,
    SubOutcome,
    SunSign,
    Treatable,
)
from patients.wording import region_name

STAGES = ("0", "I", "II", "III")
PHOTOTYPES = ("", "I", "II", "III", "IV", "V", "VI")
# The closed lists of answers, by the name of the fact.
CHOICES: Mapping[str, Any] = {
    "lift_test": LiftTest,
    "crepey": Crepe,
    "recoil": Recoil,
    "lipo_onset": LipoOnset,
    "stemmer": Stemmer,
    "expectations": Expectations,
    "sun_signs": SunSign,
    "lipo_signs": LipoSign,
    "primary": Primary,
    "treatable": Treatable,
    "outcome": Outcome,
    "sub_outcome": SubOutcome,
}
OWN_LABELS = {
    "css_nm": gettext_lazy("Stage"),
    "bmi": gettext_lazy("BMI"),
    "primary": gettext_lazy("Main finding"),
    "treatable": gettext_lazy("Can it be offered?"),
    "outcome": gettext_lazy("Suggested"),
    "sub_outcome": gettext_lazy("In practice"),
    ALLERGIES_ASKED: gettext_lazy("Any allergy or intolerance?"),
}
BODY = ("height_cm", "weight_kg", "fitzpatrick")
OVERALL = ("expectations", "bdd_screen_positive", "major_weight_loss")
# The months since liposuction grow by themselves, so they never differ by an answer.
SEEN = (
    "visible_standing",
    "visible_lying",
    "visible_on_pinch",
    "raised_nodules",
    "css_nm",
    "css_number",
    "css_depth",
    "css_morphology",
    "lift_test",
    "css_laxity",
    "crepey",
    "recoil",
    "scalloped_folds",
    "lipo_here",
    "lipo_onset",
    "lipo_signs",
    "sun_grade",
    "sun_signs",
    "sun_border_at_clothing",
    "localised_fat",
    "infection_or_inflammation",
    "suspicious_lesion",
    "actinic_keratosis",
)
GRADES = ("css_number", "css_depth", "css_morphology", "css_laxity", "sun_grade")


@dataclass(frozen=True, slots=True)
class Kept:
    """What one screening keeps: facts as `evidence.kept` writes them, answers, the verdict."""

    facts: Mapping[str, Any]
    answers: Mapping[str, str]
    verdict: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that was answered, seen or worked out differently."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Group:
    """The differences of one part: the suggestion, the answers, or an area."""

    title: str
    rows: tuple[Difference, ...]


def differences(before: Kept, after: Kept, lists: SafetyList = DRAFT) -> list[Group]:
    """Compare two screenings; parts without a difference are left out."""
    groups = [
        Group(_("Suggestion"), tuple(_changed(before.verdict, after.verdict, SUGGESTION))),
        Group(_("Answers"), tuple(_answers(before, after, lists))),
        *_merged(_areas(before, after)),
    ]
    return [group for group in groups if group.rows]


SUGGESTION = ("outcome", "sub_outcome")


def _changed(
    before: Mapping[str, Any], after: Mapping[str, Any], names: tuple[str, ...]
) -> Iterator[Difference]:
    for name in names:
        was, now = before.get(name), after.get(name)
        if was != now:
            yield Difference(label_of(name), words_of(name, was), words_of(name, now))


def _answers(before: Kept, after: Kept, lists: SafetyList) -> Iterator[Difference]:
    yield from _changed(before.facts["patient"], after.facts["patient"], BODY)
    yield from _changed(before.facts, after.facts, OVERALL)
    yield from _changed(before.facts["legs"], after.facts["legs"], (*LEG_SIGNS, "stemmer"))
    asked = [*dict.fromkeys([*before.answers, *after.answers])]
    known = [
        ALLERGIES_ASKED,
        *(str(row.code) for row in lists.rows),
        *(str(row.code) for row in lists.exclusions),
    ]
    for item in sorted(asked, key=lambda code: known.index(code) if code in known else len(known)):
        was, now = before.answers.get(item), after.answers.get(item)
        if was != now:
            yield Difference(label_of(item, lists), _said(item, was), _said(item, now))


def _areas(before: Kept, after: Kept) -> Iterator[tuple[Area, Group]]:
    was, now = (_by_area(kept) for kept in (before, after))
    for area in Area:
        if area not in was and area not in now:
            continue
        title = str(area.label)
        if area not in was or area not in now:
            examined, not_examined = _("Examined"), _("Not examined")
            row = Difference(
                _("This area"),
                examined if area in was else not_examined,
                examined if area in now else not_examined,
            )
            yield area, Group(title, (row,))
            continue
        rows = _changed(was[area], now[area], ("primary", "treatable", *SEEN))
        yield area, Group(title, tuple(rows))


def _by_area(kept: Kept) -> dict[Area, dict[str, Any]]:
    found = {row["area"]: row for row in kept.verdict["areas"]}
    return {
        Area(facts["area"]): {
            **facts,
            "primary": found[facts["area"]]["primary"],
            "treatable": found[facts["area"]]["treatable"],
        }
        for facts in kept.facts["areas"]
    }


def _merged(areas: Iterator[tuple[Area, Group]]) -> Iterator[Group]:
    """Say both sides of a region once where they changed alike."""
    found = dict(areas)
    said = set()
    for area, group in found.items():
        other = area.mirrored
        if area in said:
            continue
        if other != area and other in found and found[other].rows == group.rows:
            said.add(other)
            region = _("%(region)s, both") % {"region": region_name(area.base)}
            yield replace(group, title=capfirst(region))
        else:
            yield group


# Words -------------------------------------------------------------------------------------------


def label_of(name: str, lists: SafetyList = DRAFT) -> str:
    """Return what people call a fact or a question of the list; an unknown code stays as it is."""
    if name in OWN_LABELS:
        return str(OWN_LABELS[name])
    row = lists.row(name)
    if row:
        return _(row.question)
    for exclusion in lists.exclusions:
        if exclusion.code == name:
            return _(exclusion.label)
    for model in (AreaExam, Screening):
        fields = {field.name: field for field in model._meta.fields}
        if name in fields:
            return capfirst(str(fields[name].verbose_name))
    return name


def words_of(name: str, value: Any) -> str:
    """Return a value of a fact as people read it."""
    if value is None:
        return _("Not asked")
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if name == "css_nm":
        return STAGES[int(value)]
    if name == "fitzpatrick":
        return PHOTOTYPES[int(value)]
    if name in GRADES:
        return _("%(grade)s of 3") % {"grade": value}
    if name in CHOICES:
        values = value if isinstance(value, list | tuple) else [value]
        return ", ".join(str(CHOICES[name](code).label) for code in values) or _("None")
    unit = {"height_cm": "cm", "weight_kg": "kg"}.get(name)
    return f"{value} {unit}" if unit else str(value)


def _said(item: str, answer: str | None) -> str:
    if answer is None:
        return _("Not named") if item in Allergen.values else _("Not asked")
    return str(Answer(answer).label)
