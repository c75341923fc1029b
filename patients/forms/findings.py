"""Everything asked and seen at a screening, on one page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.db import models
from django.forms import BoundField
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic import drafts
from clinic.fields import DecimalEntry
from clinic.forms import Versioned, helper, offer, submission_key
from clinic.models import Draft, User
from patients.actions import record_findings
from patients.evidence import LEG_SIGNS, aged_in, facts_of, in_order, told_in
from patients.forms.answers import ANSWERS, numbered, one_of, some_of, yes_no
from patients.forms.exams import AreaExamForm, Table, filled, table_of
from patients.models import Screening
from patients.models.safety import current_list
from patients.models.screening import ALLERGIES_ASKED
from patients.rules import ScreeningFacts
from patients.rules.history import Doubt, doubts
from patients.rules.safety_list import SafetyRow, no_longer_holding, questions
from patients.terms import Answer, Area
from patients.wording import BOTH_SIDES


def field_name(name: str) -> str:
    """Return the words of a column of the screening."""
    column = Screening._meta.get_field(name)
    return str(column.verbose_name) if isinstance(column, models.Field) else name


# The columns of the screening that the form asks for.
DETAILS = (
    "height_cm",
    "weight_kg",
    "fitzpatrick",
    "glogau",
    "expectations",
    "bdd_screen_positive",
    "major_weight_loss",
    *LEG_SIGNS,
    "stemmer",
)


@dataclass(frozen=True, slots=True)
class Block:
    """Questions that stand together; `before` holds what was answered at the screening before."""

    title: str
    fields: list[BoundField]
    before: Mapping[str, str]
    same: BoundField | None


class FindingsForm(Versioned, forms.Form):
    """Everything asked and seen, with one exam form for each area and side.

    `earlier` is the screening before this one, whose lasting answers one tick confirms.
    """

    submission = submission_key()
    version = forms.IntegerField(widget=forms.HiddenInput)
    opened = forms.CharField(widget=forms.HiddenInput, required=False)
    fitzpatrick = numbered(
        _("Skin phototype (Fitzpatrick)"),
        ("I", "II", "III", "IV", "V", "VI"),
        _("Ask: I always burns, never tans; VI never burns."),
    )
    glogau = numbered(
        _("Sun damage of the face (Glogau)"),
        ("I", "II", "III", "IV"),
        _("I hardly any; II wrinkles in motion; III wrinkles at rest, vessels; IV everywhere."),
    )
    expectations = one_of(
        _("What she or he hopes for"),
        [
            ("realistic", _("Realistic")),
            ("perfection", _("Perfection")),
            ("faster_than_course", _("Sooner")),
        ],
        _("Perfection: perfectly smooth skin. Sooner: a result before a course can end."),
    )
    bdd_screen_positive = yes_no(
        _("Body-image questionnaire positive"),
        _("Such as the BDDQ-AS: concerned, preoccupied, and distressed or held back by it"),
    )
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
    alike = forms.BooleanField(label=_("Left and right are alike"), required=False)

    height_cm = DecimalEntry(
        label=_("Height"),
        required=False,
        min_value=120,
        max_value=220,
        max_digits=4,
        decimal_places=1,
        error_messages=dict.fromkeys(
            ("min_value", "max_value", "max_whole_digits"), _("Give 120 to 220 cm.")
        ),
    )
    weight_kg = DecimalEntry(
        label=_("Weight"),
        required=False,
        min_value=30,
        max_value=250,
        max_digits=4,
        decimal_places=1,
        error_messages=dict.fromkeys(
            ("min_value", "max_value", "max_whole_digits"), _("Give 30 to 250 kg.")
        ),
    )

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        screening: Screening,
        earlier: Screening | None = None,
        is_live: bool = False,
    ) -> None:
        self.screening = screening
        self.lists = lists = current_list()
        # What no longer holds is asked afresh.
        aged = aged_in(screening, timezone.localdate(), lists)
        said = {item: answer for item, answer in said_in(screening).items() if item not in aged}
        self.asked = questions(lists, screening.patient.sex_at_birth)
        self.before = said_in(earlier) if earlier else {}
        if data is not None:
            data = self.filled_in(data, screening)
        super().__init__(
            data,
            files,
            initial={
                **{name: getattr(screening, name) for name in DETAILS},
                "version": screening.version,
                "allergies_asked": said.get(ALLERGIES_ASKED, ""),
                "allergens": [
                    row.code for row in lists.exclusions if said.get(row.code) == Answer.YES
                ],
            },
        )
        for name in LEG_SIGNS:
            self.fields[name] = yes_no(capfirst(field_name(name)))
        self._ask(said)
        self.exams = [
            AreaExamForm(data, files, exam=exam, is_live=is_live) for exam in in_order(screening)
        ]
        for name in ("height_cm", "weight_kg"):
            # Kept empty it stays open, and nothing is decided without it: not "optional".
            self.fields[name].is_conditional = True  # type: ignore[attr-defined]
        self.helper = helper(self)
        if not is_live:
            self.remember()

    def _ask(self, said: Mapping[str, str]) -> None:
        """Add the safety questions, and a tick for what can have stayed as it was."""
        for block, rows in self.asked:
            for row in rows:
                self.fields[row.code] = one_of(gettext(row.question), ANSWERS)
                self.fields[row.code].initial = said.get(row.code, "")
            if self._lasting(rows):
                self.fields[f"same_{block}"] = forms.BooleanField(
                    label=_("Asked again: the answers with a date are still right"), required=False
                )
        offer(self, "allergens", [(row.code, gettext(row.label)) for row in self.lists.exclusions])

    def _lasting(self, rows: list[SafetyRow]) -> dict[str, str]:
        """Return the answers of the screening before that can be confirmed in one go."""
        return {
            row.code: self.before[row.code]
            for row in rows
            if row.code in self.before and row.holds_days is None and not row.each_session
        }

    def filled_in(self, data: Any, screening: Screening) -> Any:
        """Return what was sent, the right side as the left one and answers confirmed where ticked."""
        sent = data.copy()
        if sent.get("alike"):
            for area in (each for each in screening.areas if each.side == "left"):
                mirror(sent, area)
        for block, rows in self.asked:
            if sent.get(f"same_{block}"):
                for code, answer in self._lasting(rows).items():
                    sent[code] = sent.get(code) or answer
        return sent

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
        stored = Screening.objects.with_findings().get(pk=self.screening.pk)
        return FindingsForm(screening=stored)

    def facts(self, today: date) -> ScreeningFacts:
        """Return what stands in the form now; an answer that cannot be read counts as not given."""
        if not self.is_bound:
            return facts_of(self.screening, today, self.lists)
        self.is_valid()
        return facts_of(
            filled(self.screening, {name: self.cleaned_data.get(name) for name in DETAILS}),
            today,
            self.lists,
            said=self.answers,
            exams=[exam.examined for exam in self.exams],
        )

    def doubts(self) -> tuple[Doubt, ...]:
        """Return the answers that do not fit the history; call `facts` first."""
        given = self.answers if self.is_bound else said_in(self.screening)
        loss = self.screening.major_weight_loss
        if self.is_bound:
            loss = self.cleaned_data.get("major_weight_loss")
        return doubts(told_in(self.screening), given, loss)

    @property
    def safety_blocks(self) -> list[Block]:
        return [
            Block(
                title=str(block.label),
                fields=[self[row.code] for row in rows],
                before=self._lasting(rows),
                same=self[f"same_{block}"] if f"same_{block}" in self.fields else None,
            )
            for block, rows in self.asked
        ]

    @property
    def leg_fields(self) -> list[BoundField]:
        return [self[name] for name in (*LEG_SIGNS, "stemmer", "major_weight_loss")]

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
    def has_two_sides(self) -> bool:
        return any(exam.area.side for exam in self.exams)

    @property
    def answers(self) -> dict[str, str]:
        """Safety answers that were given; the rest counts as not asked."""
        given = self.cleaned_data
        names = [row.code for _block, rows in self.asked for row in rows]
        said = {name: given[name] for name in names if given.get(name)}
        if given.get("allergies_asked"):
            said[ALLERGIES_ASKED] = given["allergies_asked"]
        allergens = given.get("allergens") or []
        if allergens:
            said[ALLERGIES_ASKED] = Answer.YES.value
        return said | dict.fromkeys(allergens, Answer.YES.value)

    def act(self, by: User) -> Screening:
        saved = record_findings(
            screening=self.screening,
            version=self.cleaned_data["version"],
            details={name: self.cleaned_data[name] for name in DETAILS},
            answers=self.answers,
            exams={exam.area: exam.seen for exam in self.exams},
            by=by,
        )
        drafts.drop(form=draft_of(saved), by=by)
        return saved

    def locate(self, result: Any) -> str:
        if "stay" in self.data:
            return reverse("patients:screening-findings", args=[result.pk])
        return str(result.get_absolute_url())


def draft_of(screening: Screening) -> str:
    """Name the draft of a screening's findings."""
    return f"screening {screening.pk}"


def drafted_in(draft: Draft) -> QueryDict:
    """Return what was typed, without the safety answers that no longer hold since."""
    typed, since = drafts.read(draft), timezone.localdate(draft.saved_at)
    aged = no_longer_holding(dict.fromkeys(typed, since), current_list(), timezone.localdate())
    for code in aged:
        del typed[code]
    return typed


def said_in(screening: Screening) -> dict[str, str]:
    """Return the safety answers of a screening by their code."""
    return {row.item: row.answer for row in screening.answers.all()}


def mirror(sent: Any, left: Area) -> None:
    """Give the right side what was sent for the left one."""
    right = left.mirrored.value
    for name in [key for key in sent if key.startswith(f"{right}-")]:
        del sent[name]
    for name in [key for key in sent if key.startswith(f"{left.value}-")]:
        sent.setlist(right + name[len(left.value) :], sent.getlist(name))
