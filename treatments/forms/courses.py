"""Opening a course, changing its plan, and changing where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from crispy_forms.layout import HTML, Div
from django import forms
from django.utils.html import escape
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.forms import ActionForm, helper, offer
from clinic.layout import Chips, Plain, Segmented, Tick
from clinic.models import User
from patients.models import Screening
from patients.terms import Area
from treatments.actions import (
    change_course_state,
    change_plan,
    open_course,
)
from treatments.actions.courses import Elsewhere
from treatments.models import Course, ProtocolVersion
from treatments.rules import cadence, lifecycle
from treatments.terms import CourseState

MISSED_COUNTS = _("A missed session counts as one of them")
MISSED_HELP = _(
    "Missed: nobody came, or it was cancelled less than 24 hours before. Printed on the patient’s copy."
)


def area_field(area: Area) -> forms.IntegerField:
    """Return the field for an area's own number of sessions; empty: as many as the course."""
    return forms.IntegerField(
        label=area.label, min_value=1, max_value=lifecycle.MOST_EXTENDED, required=False
    )


def fold(title: str, opens: str, *fields: Any) -> list[Any]:
    """Lay fields out under a line that opens them; `opens` names what the form says of that."""
    condition = "{% if form." + opens + " %} open{% endif %}"
    return [
        HTML(f'<details class="fold"{condition}><summary>{escape(title)}</summary>'),
        *fields,
        HTML("</details>"),
    ]


class AreaCounts(ActionForm):
    """The part of a form that holds one number for each area."""

    area_choices: Sequence[Area] = ()

    def add_areas(self, areas: Sequence[Area]) -> None:
        self.area_choices = areas
        for area in areas:
            self.fields[f"area_{area.value}"] = area_field(area)
        self.helper = helper(self)

    def areas_matter(self) -> bool:
        """Whether an area has a number of its own, or a wrong one."""
        names = [f"area_{area.value}" for area in self.area_choices]
        return any(self[name].value() or name in self.errors for name in names)

    def area_layout(self) -> list[Any]:
        rows = [Plain(f"area_{area.value}", width="short") for area in self.area_choices]
        help_text = gettext("Empty: as many as the course. Sessions held elsewhere count too.")
        return fold(
            gettext("Other numbers for single areas"),
            "areas_matter",
            HTML(f'<p class="help">{escape(help_text)}</p>'),
            Div(*rows, css_class="row-fields"),
        )

    def area_sessions(self) -> dict[Area, int | None]:
        return {area: self.cleaned_data[f"area_{area.value}"] for area in self.area_choices}


class CourseForm(AreaCounts):
    """The plan of a new course, for the areas that the screening accepted."""

    protocol = forms.ModelChoiceField(
        queryset=ProtocolVersion.objects.none(), required=False, widget=forms.HiddenInput
    )
    areas = forms.MultipleChoiceField(
        label=_("Areas"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one area.")},
    )
    planned_sessions = forms.IntegerField(
        label=_("Sessions"),
        min_value=10,
        max_value=15,
        initial=12,
        help_text=_("10 to 15. Reviews follow sessions 5 and 10 and the last one."),
        error_messages={
            "min_value": _("A course has 10 to 15 sessions."),
            "max_value": _("A course has 10 to 15 sessions; more need a new consent and review."),
        },
    )
    interval_days = forms.IntegerField(
        label=_("Days between sessions"),
        min_value=7,
        max_value=28,
        initial=7,
        help_text=_("At least 7 for the same area."),
        error_messages={"min_value": _("At least 7 days lie between sessions of the same area.")},
    )
    interval_min_days = forms.IntegerField(
        label=_("Earliest"),
        min_value=7,
        max_value=28,
        required=False,
        help_text=_("Empty: the usual distance."),
        error_messages={"min_value": _("At least 7 days lie between sessions of the same area.")},
    )
    interval_max_days = forms.IntegerField(
        label=_("Latest"),
        min_value=7,
        max_value=cadence.RESCREEN_AFTER_DAYS,
        required=False,
        help_text=_("Empty: three times the usual distance, at least 21."),
    )
    missed_counts = forms.BooleanField(label=MISSED_COUNTS, help_text=MISSED_HELP, required=False)
    practitioner = forms.ModelChoiceField(
        label=_("Practitioner"), queryset=User.objects.practitioners()
    )
    earlier_sessions = forms.IntegerField(
        label=_("Sessions already held"), min_value=1, max_value=14, required=False
    )
    earlier_from = forms.DateField(
        label=_("The first on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    earlier_until = forms.DateField(
        label=_("The last on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    earlier_where = forms.CharField(label=_("Where"), max_length=120, required=False)

    def __init__(
        self,
        *args: Any,
        screening: Screening,
        by: User,
        protocol: ProtocolVersion | None = None,
        **kwargs: Any,
    ) -> None:
        self.screening = screening
        accepted = screening.accepted_areas
        usual = [area.value for area in accepted if not protocol or area in protocol.areas]
        initial = {
            "areas": usual or [area.value for area in accepted],
            "practitioner": by.pk,
            **(proposed_by(protocol) if protocol else {}),
        }
        super().__init__(*args, initial=initial, **kwargs)
        offer(self, "areas", [(area.value, area.label) for area in accepted])
        offered = self.fields["protocol"]
        offered.queryset = ProtocolVersion.objects.in_force()  # type: ignore[attr-defined]
        offered.error_messages["invalid_choice"] = _(
            "This version of the protocol is not in force any more. Start again."
        )
        for name in ("interval_min_days", "interval_max_days"):
            self.fields[name].is_conditional = True  # type: ignore[attr-defined]
        self.add_areas(accepted)

    def layout(self) -> list[Any]:
        days = gettext("days")
        return [
            "protocol",
            Chips("areas"),
            Div(
                Plain("planned_sessions", width="short"),
                Plain("interval_days", width="short", unit=days),
                Plain("interval_min_days", width="short", unit=days),
                Plain("interval_max_days", width="short", unit=days),
                css_class="row-fields",
            ),
            Tick("missed_counts"),
            Plain("practitioner"),
            *self.area_layout(),
            *fold(
                gettext("Already begun elsewhere, or on paper"),
                "earlier_matters",
                Div(
                    Plain("earlier_sessions", width="short"),
                    Plain("earlier_from", width="short"),
                    Plain("earlier_until", width="short"),
                    Plain("earlier_where"),
                    css_class="row-fields",
                ),
            ),
        ]

    def earlier_matters(self) -> bool:
        """Whether something was said of sessions held elsewhere."""
        names = [name for name in self.fields if name.startswith("earlier_")]
        return any(self[name].value() or name in self.errors for name in names)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        low, usual, high = (
            cleaned.get(name)
            for name in ("interval_min_days", "interval_days", "interval_max_days")
        )
        if low and usual and low > usual:
            self.add_error("interval_min_days", _("The earliest cannot be after the usual day."))
        if high and usual and high < usual:
            self.add_error("interval_max_days", _("The latest cannot be before the usual day."))
        told = [cleaned.get(f"earlier_{name}") for name in ("sessions", "from", "until")]
        if any(told) != all(told) or (cleaned.get("earlier_where") and not all(told)):
            self.add_error("earlier_sessions", gettext(lifecycle.EARLIER_INCOMPLETE))
        return cleaned

    def act(self, by: User) -> Course:
        chosen = self.cleaned_data
        areas = [Area(area) for area in chosen["areas"]]
        return open_course(
            screening=self.screening,
            protocol=chosen["protocol"],
            areas=areas,
            planned_sessions=chosen["planned_sessions"],
            interval_days=chosen["interval_days"],
            interval_min_days=chosen["interval_min_days"],
            interval_max_days=chosen["interval_max_days"],
            missed_counts=chosen["missed_counts"],
            area_sessions={
                area: count for area, count in self.area_sessions().items() if area in areas
            },
            earlier=self.elsewhere(),
            practitioner=chosen["practitioner"],
            by=by,
        )

    def elsewhere(self) -> Elsewhere | None:
        chosen = self.cleaned_data
        sessions: int | None = chosen["earlier_sessions"]
        since: date | None = chosen["earlier_from"]
        until: date | None = chosen["earlier_until"]
        if sessions is None or since is None or until is None:
            return None
        return Elsewhere(sessions, since, until, chosen["earlier_where"])


def proposed_by(protocol: ProtocolVersion) -> dict[str, Any]:
    """Return what a protocol fills in."""
    return {
        "protocol": protocol.pk,
        "planned_sessions": protocol.sessions,
        "interval_min_days": protocol.interval_min_days,
        "interval_days": protocol.interval_days,
        "interval_max_days": protocol.interval_max_days,
        "missed_counts": protocol.missed_counts,
    }


class PlanForm(AreaCounts):
    """More or fewer sessions, other numbers for an area, and whether a missed one counts."""

    sessions = forms.IntegerField(
        label=_("Sessions"),
        min_value=1,
        max_value=lifecycle.MOST_EXTENDED,
        help_text=_("10 to 15. More need a review after session 10 and a consent signed after it."),
    )
    missed_counts = forms.BooleanField(label=MISSED_COUNTS, help_text=MISSED_HELP, required=False)
    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)

    def __init__(self, *args: Any, course: Course, **kwargs: Any) -> None:
        self.course = course
        own = {f"area_{row.area}": row.planned_sessions for row in course.course_areas.all()}
        initial = {
            "sessions": course.planned_sessions,
            "missed_counts": course.missed_counts,
            **own,
        }
        super().__init__(*args, initial=initial, **kwargs)
        self.fields["reason"].is_conditional = True  # type: ignore[attr-defined]
        self.add_areas(course.areas)

    def layout(self) -> list[Any]:
        return [
            Plain("sessions", width="short"),
            Tick("missed_counts"),
            *self.area_layout(),
            Plain("reason"),
        ]

    def act(self, by: User) -> Course:
        return change_plan(
            course=self.course,
            sessions=self.cleaned_data["sessions"],
            areas=self.area_sessions(),
            missed_counts=self.cleaned_data["missed_counts"],
            reason=self.cleaned_data["reason"],
            by=by,
        )


class CourseStateForm(ActionForm):
    """Pause, resume, complete or stop."""

    to = forms.ChoiceField(
        label=_("What now"), choices=CourseState.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        required=False,
        help_text=_("Needed to pause, to stop, or to complete with sessions left."),
    )

    def __init__(self, *args: Any, course: Course, to: str = "", **kwargs: Any) -> None:
        self.course = course
        now = CourseState(course.state)
        moves = [
            move for move in lifecycle.legal(now) if move.button and move.after not in (None, now)
        ]
        super().__init__(*args, initial={"to": to}, **kwargs)
        self.fields["reason"].is_conditional = True  # type: ignore[attr-defined]
        offer(self, "to", [(str(move.after), gettext(move.button)) for move in moves])

    def layout(self) -> list[Any]:
        return [Segmented("to"), Plain("reason")]

    def act(self, by: User) -> Course:
        return change_course_state(
            course=self.course,
            to=CourseState(self.cleaned_data["to"]),
            reason=self.cleaned_data["reason"],
            by=by,
        )
