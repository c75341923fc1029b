"""What a review asks: the patient with the tablet in her hands, then the clinician, by area."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic import handover
from clinic.forms import ActionForm, Versioned, helper, submission_key
from clinic.layout import Plain, Segmented, Tick
from clinic.models import User
from patients.forms.answers import graded, pcss, yes_no
from patients.forms.exams import Table, row_of
from patients.forms.findings import mirror
from patients.terms import Area
from patients.wording import BOTH_SIDES
from treatments.actions.reviews import (
    Opinion,
    Own,
    check_may_ask,
    continue_course,
    record_opinion,
    record_scores,
    skip_opinion,
)
from treatments.models import AreaScore, Course, CourseMove, PatientOpinion, Visit
from treatments.rules.comparability import can_grade
from treatments.rules.scores import NAMES, Scores, conflicts, has_pcss, is_jump
from treatments.selectors.progress import REVIEWS, gate_of, judgement_of, last_css, method_before
from treatments.terms import Gais, OpinionMethod, Pcss, ReviewPoint, VisitKind

ANSWER_PAGE = "treatments:opinion-answer"


def progress_url(visit: Visit) -> str:
    return f"{reverse('treatments:course-progress', args=[visit.course_id])}?at={visit.pk}"


def with_sign(grade: int) -> str:
    """Write a grade of the GAIS: +1, −1, and 0 without a sign."""
    return f"{grade:+d}".replace("-", "−") if grade else "0"


def chosen(label: Any, choices: Iterable[tuple[Any, Any]]) -> forms.TypedChoiceField:
    """Return a question with one whole number as its answer; a missing one stays None."""
    return forms.TypedChoiceField(
        label=label,
        choices=[(str(value), words) for value, words in choices],
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )


# The patient --------------------------------------------------------------------------------------


class AskForm(ActionForm):
    """Hands the tablet over: with what she judges, the same as before unless somebody confirms."""

    method = forms.ChoiceField(
        label=_("Judged with"),
        choices=OpinionMethod.choices,
        widget=forms.RadioSelect,
        help_text=_("One way for each patient, so that the grades can be compared."),
        error_messages={"required": _("Choose mirror or photograph.")},
    )
    changes_method = forms.BooleanField(
        label=_("Judged another way than before, and that is meant"), required=False
    )

    def __init__(self, *args: Any, visit: Visit, request: HttpRequest, **kwargs: Any) -> None:
        self.visit, self.request = visit, request
        self.earlier = method_before(visit)
        super().__init__(*args, **kwargs)
        self.fields["method"].initial = self.earlier.value if self.earlier else ""

    def layout(self) -> list[Any]:
        # The tick only matters where there is an earlier method.
        return [Segmented("method"), *([Tick("changes_method")] if self.earlier else [])]

    def act(self, by: User) -> Visit:
        cleaned = self.cleaned_data
        method = OpinionMethod(cleaned["method"])
        check_may_ask(self.visit, method, changes_method=cleaned["changes_method"])
        handover.begin(
            self.request,
            page=ANSWER_PAGE,
            patient=self.visit.patient_code,
            back=reverse("treatments:visit-scores", args=[self.visit.pk]),
            facts={
                "visit": self.visit.pk,
                "method": method.value,
                "changes_method": cleaned["changes_method"],
            },
        )
        return self.visit

    def locate(self, result: Any) -> str:
        return reverse(ANSWER_PAGE)


class NotAskedForm(ActionForm):
    """Notes why she was not asked."""

    reason = forms.CharField(
        label=_("Why the patient is not asked"),
        max_length=300,
        help_text=_("An answer may still follow, until the scores are written."),
    )

    def __init__(self, *args: Any, visit: Visit, **kwargs: Any) -> None:
        # It stands on one page with the form that hands the tablet over.
        super().__init__(*args, auto_id="skip_%s", **kwargs)
        self.visit = visit

    def layout(self) -> list[Any]:
        return [Plain("reason", width="full")]

    def act(self, by: User) -> PatientOpinion:
        return skip_opinion(visit=self.visit, reason=self.cleaned_data["reason"], by=by)

    def locate(self, result: Any) -> str:
        return reverse("treatments:visit-scores", args=[self.visit.pk])


@dataclass(frozen=True, slots=True)
class Asked:
    """The questions about one area on her page."""

    side: str
    fields: list[BoundField]


class OpinionForm(ActionForm):
    """Her own grades, in large plain words. Each may stay open; nothing is filled in."""

    satisfaction = chosen(
        _("How content are you with your legs today? 0 is not at all, 10 is entirely."),
        ((value, value) for value in range(11)),
    )

    def __init__(
        self,
        *args: Any,
        visit: Visit,
        method: OpinionMethod,
        changes_method: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.visit, self.method, self.changes_method = visit, method, changes_method
        is_baseline = visit.kind == VisitKind.BASELINE
        for area in visit.course.areas:
            if has_pcss(area):
                words = [(grade.value, f"{grade.value}  {grade.label}") for grade in Pcss]
                self.fields[f"pcss_{area.value}"] = chosen(
                    _("How much dimpling do you see?"), words
                )
            if not is_baseline:
                self.fields[f"gais_{area.value}"] = chosen(
                    _("Compared with the start of the course, it is"), Gais.choices
                )

    @property
    def regions(self) -> list[tuple[str, list[Asked]]]:
        """The questions by region, left before right."""
        sides = {"left": gettext("Left"), "right": gettext("Right"), None: ""}
        found = []
        for base, name in BOTH_SIDES.items():
            areas = [area for area in self.visit.course.areas if area.base == base]
            asked = [Asked(sides[area.side], self._questions(area)) for area in areas]
            if any(each.fields for each in asked):
                found.append((capfirst(str(name)), [each for each in asked if each.fields]))
        return found

    def _questions(self, area: Area) -> list[BoundField]:
        names = (f"pcss_{area.value}", f"gais_{area.value}")
        return [self[name] for name in names if name in self.fields]

    @property
    def opinion(self) -> Opinion:
        cleaned = self.cleaned_data
        return Opinion(
            method=self.method,
            satisfaction=cleaned["satisfaction"],
            areas={
                area: Own(cleaned.get(f"pcss_{area.value}"), cleaned.get(f"gais_{area.value}"))
                for area in self.visit.course.areas
            },
            changes_method=self.changes_method,
        )

    def act(self, by: User) -> PatientOpinion:
        return record_opinion(visit=self.visit, opinion=self.opinion, by=by)

    def locate(self, result: Any) -> str:
        return reverse(ANSWER_PAGE)


# The clinician ------------------------------------------------------------------------------------

GROUPS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (
        _("Stage, from four observations"),
        ("visible_standing", "visible_lying", "visible_contracted", "raised_or_nodules"),
    ),
    (_("Cellulite Severity Scale"), ("css_a", "css_b", "css_c", "css_d")),
    (_("Photo scale"), ("cr_pcss",)),
    (_("Against the photographs of the start"), ("gais",)),
)


class AreaScoreForm(forms.Form):
    """What the clinician scores of one area, one side. Nothing is preselected.

    `confirmed` names the doubts that somebody ticked as looked at again.
    """

    visible_standing = yes_no(_("Visible standing"))
    visible_lying = yes_no(_("Visible lying"))
    visible_contracted = yes_no(_("Visible on pinch or contraction"))
    raised_or_nodules = yes_no(_("Raised areas, nodules"))
    css_a = graded(_("Depressions, how many (a)"), _("None, 1 to 4, 5 to 9, 10 or more"))
    css_b = graded(_("Depth (b)"), _("None, superficial, medium, deep"))
    css_c = graded(_("Look of raised areas (c)"), _("None, orange peel, cottage cheese, mattress"))
    css_d = graded(_("Laxity (d)"), _("None, slight, moderate, severe draping"))
    cr_pcss = pcss(
        _("CR-PCSS"), _("None, almost none, mild, moderate, severe, on the licensed photographs")
    )
    gais = forms.TypedChoiceField(
        label=_("GAIS"),
        choices=[(str(grade.value), with_sign(grade)) for grade in Gais],
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
        help_text=_("+3 very much better, 0 no change, −3 very much worse. Or leave it open."),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        row: AreaScore,
        has_gais: bool,
        last: int | None,
        confirmed: tuple[str, ...] = (),
    ) -> None:
        found = {name: getattr(row, name) for name in self.base_fields}
        super().__init__(data, prefix=row.area, initial=found)
        self.area, self.last = Area(row.area), last
        self.confirmed = confirmed
        self.doubts: list[str] = []
        if not has_pcss(self.area):
            del self.fields["cr_pcss"]
        if not has_gais:
            del self.fields["gais"]
        for field in self.fields.values():
            field.widget.attrs["data-area"] = self.area.value

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.doubts = []
        scored = self.scored(cleaned)
        for conflict in conflicts(scored):
            if conflict.must:
                self.add_error(conflict.field, gettext(conflict.template))
            else:
                self._ask(conflict.field, gettext(conflict.template))
        if is_jump(self.last, scored.css):
            self._ask(
                "css_a",
                gettext("CSS %(now)d, last time %(before)d. Look again, or confirm below.")
                % {"now": scored.css, "before": self.last},
            )
        return cleaned

    def _ask(self, name: str, sentence: str) -> None:
        doubt = f"{self.add_prefix(name)}={self[name].value()}"
        self.doubts.append(doubt)
        if doubt not in self.confirmed:
            self.add_error(name, sentence)

    def scored(self, values: Mapping[str, Any]) -> Scores:
        """Return the scores that these values make; what cannot be read counts as not scored."""
        return Scores(area=self.area, **{name: values.get(name) for name in (*NAMES, "cr_pcss")})

    @property
    def shown(self) -> Scores:
        """The scores as they stand on the page."""
        if not self.is_bound:
            return self.scored(self.initial)
        self.is_valid()
        # A field with an error has left the cleaned data, and is read again for what was meant.
        fields = {name: self.fields[name].clean for name in NAMES}
        return self.scored({name: read(self[name].value()) for name, read in fields.items()})

    @property
    def columns(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.fields}


class ScoresForm(Versioned, forms.Form):
    """The clinician's scores of every area of the course, left and right side by side."""

    submission = submission_key()
    version = forms.IntegerField(widget=forms.HiddenInput)
    opened = forms.CharField(widget=forms.HiddenInput, required=False)
    alike = forms.BooleanField(label=_("Left and right are alike"), required=False)
    point = forms.ChoiceField(
        label=_("Review gate"), choices=ReviewPoint.choices, widget=forms.Select
    )

    def __init__(self, data: Any = None, files: Any = None, *, visit: Visit) -> None:
        self.visit = visit
        stored = {row.area: row for row in visit.scores.all()}
        areas = visit.course.areas
        if data is not None and data.get("alike"):
            data = data.copy()
            for area in (each for each in areas if each.side == "left" and each.mirrored in areas):
                mirror(data, area)
        super().__init__(
            data, files, initial={"version": visit.version, "point": gate_of(visit).value}
        )
        if visit.kind not in REVIEWS:
            del self.fields["point"]
        self.judgement = judgement_of(visit)
        self.pair = self.judgement.pair
        confirmed = tuple(str(data.get("confirmed", "")).split("|")) if data else ()
        last = last_css(visit)
        self.areas = [
            AreaScoreForm(
                data,
                row=stored.get(area) or AreaScore(visit=visit, area=area),
                has_gais=visit.kind in REVIEWS and can_grade(self.pair),
                last=last.get(area),
                confirmed=confirmed,
            )
            for area in areas
        ]
        self.helper = helper(self)
        self.remember()

    def is_valid(self) -> bool:
        # All of them, so that every error shows at once.
        return all([super().is_valid(), *(area.is_valid() for area in self.areas)])

    def parts(self) -> list[Any]:
        return [self, *self.areas]

    def reopened(self) -> ScoresForm:
        stored = Visit.objects.select_related("course__patient", "course__screening")
        return ScoresForm(visit=stored.get(pk=self.visit.pk))

    @property
    def doubts(self) -> list[str]:
        return [doubt for area in self.areas for doubt in area.doubts]

    @property
    def is_confirmed(self) -> bool:
        """Whether the tick covers every doubt."""
        return set(self.doubts) <= set(str(self.data.get("confirmed", "")).split("|"))

    @property
    def tables(self) -> list[tuple[Table, list[tuple[str, Scores]]]]:
        """The areas by region, left and right side by side, each with what is derived."""
        found = []
        for base, name in BOTH_SIDES.items():
            areas = [form for form in self.areas if form.area.base == base]
            if areas:
                found.append(self._table(str(name), base, areas))
        return found

    def _table(
        self, name: str, base: str, areas: list[AreaScoreForm]
    ) -> tuple[Table, list[tuple[str, Scores]]]:
        words = {"left": gettext("Left"), "right": gettext("Right"), None: gettext("Both sides")}
        sides = tuple((words[form.area.side], form.area.value) for form in areas)
        groups = tuple(
            (str(title), tuple(row_of(areas, sides, field) for field in fields))  # type: ignore[arg-type]
            for title, fields in GROUPS
            if fields[0] in areas[0].fields
        )
        derived = [(side, form.shown) for (side, _key), form in zip(sides, areas, strict=True)]
        return Table(name, base, sides, groups), derived

    @property
    def has_two_sides(self) -> bool:
        return any(form.area.side for form in self.areas)

    def act(self, by: User) -> Visit:
        point = self.cleaned_data.get("point")
        return record_scores(
            visit=self.visit,
            version=self.cleaned_data["version"],
            point=ReviewPoint(point) if point else None,
            scores={form.area: form.columns for form in self.areas},
            by=by,
        )

    def locate(self, result: Any) -> str:
        return progress_url(result)


class ContinueForm(ActionForm):
    """Writes down why a course goes on after session 10 without a measurable change."""

    review = forms.IntegerField(widget=forms.HiddenInput, required=False)
    reason = forms.CharField(
        label=_("Why the course goes on"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It stands in the course with your name and the day."),
        error_messages={"required": _("Give the reason for going on.")},
    )

    def __init__(self, *args: Any, course: Course, review: Visit | None, **kwargs: Any) -> None:
        self.course = course
        super().__init__(*args, initial={"review": review.pk if review else None}, **kwargs)

    def layout(self) -> list[Any]:
        return [Plain("reason", width="full")]

    def act(self, by: User) -> CourseMove:
        read = self.cleaned_data["review"]
        review = self.course.visits.filter(pk=read).first() if read else None
        return continue_course(
            course=self.course, review=review, reason=self.cleaned_data["reason"], by=by
        )

    def locate(self, result: Any) -> str:
        return reverse("treatments:course-progress", args=[self.course.pk])
