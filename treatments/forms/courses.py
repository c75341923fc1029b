"""Opening a course and changing where it stands."""

from __future__ import annotations

from typing import Any

from crispy_forms.layout import Div
from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.forms import ActionForm, offer
from clinic.layout import Chips, Plain, Segmented
from clinic.models import User
from patients.models import Screening
from patients.terms import Area
from treatments.actions import change_course_state, open_course
from treatments.actions.courses import MOVES
from treatments.models import Course
from treatments.models.course import CourseState


class CourseForm(ActionForm):
    """The plan of a new course, for the areas that the screening accepted."""

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
    practitioner = forms.ModelChoiceField(
        label=_("Practitioner"), queryset=User.objects.practitioners()
    )

    def __init__(self, *args: Any, screening: Screening, by: User, **kwargs: Any) -> None:
        self.screening = screening
        accepted = [area.value for area in screening.accepted_areas]
        super().__init__(*args, initial={"areas": accepted, "practitioner": by.pk}, **kwargs)
        offer(self, "areas", [(area.value, area.label) for area in screening.accepted_areas])

    def layout(self) -> list[Any]:
        return [
            Chips("areas"),
            Div(
                Plain("planned_sessions", width="short"),
                Plain("interval_days", width="short", unit=gettext("days")),
                css_class="row-fields",
            ),
            Plain("practitioner"),
        ]

    def act(self, by: User) -> Course:
        chosen = self.cleaned_data
        return open_course(
            screening=self.screening,
            areas=[Area(area) for area in chosen["areas"]],
            planned_sessions=chosen["planned_sessions"],
            interval_days=chosen["interval_days"],
            practitioner=chosen["practitioner"],
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

    def __init__(self, *args: Any, course: Course, **kwargs: Any) -> None:
        self.course = course
        super().__init__(*args, **kwargs)
        words = {
            CourseState.PAUSED: _("Pause"),
            CourseState.ACTIVE: _("Resume"),
            CourseState.COMPLETED: _("Complete"),
            CourseState.STOPPED: _("Stop early"),
        }
        allowed = MOVES[CourseState(course.state)]
        self.fields["reason"].is_conditional = True  # type: ignore[attr-defined]
        offer(self, "to", [(to.value, words[to]) for to in CourseState if to in allowed])

    def layout(self) -> list[Any]:
        return [Segmented("to"), Plain("reason")]

    def act(self, by: User) -> Course:
        return change_course_state(
            course=self.course,
            to=CourseState(self.cleaned_data["to"]),
            reason=self.cleaned_data["reason"],
            by=by,
        )
