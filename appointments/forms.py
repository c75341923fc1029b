"""Booking, moving, cancelling, and the buttons of one tap."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any, cast

from crispy_forms.layout import Div
from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from appointments import rhythm
from appointments.actions import (
    FURTHEST,
    book_appointment,
    cancel_appointment,
    mark_arrived,
    mark_done,
    mark_no_show,
    move_appointment,
    reopen_appointment,
)
from appointments.models import Appointment, Room
from appointments.rules import slots
from appointments.rules.slots import Reading, Slot
from appointments.terms import LENGTHS, Kind
from clinic.forms import ActionForm, Versioned, helper
from clinic.layout import Plain, Segmented
from clinic.models import User
from patients.models import Patient
from treatments.models import Course
from treatments.terms import CourseState


class CourseChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A course by its length and age: what is treated is not the desk's business."""

    def label_from_instance(self, course: Course) -> str:
        return gettext("%(planned)d sessions, opened %(day)s") % {
            "planned": course.planned_sessions,
            "day": date_format(course.opened_on),
        }


def offer(field: forms.Field, rows: QuerySet[Any]) -> None:
    """Let a field choose among `rows`."""
    cast("forms.ModelChoiceField[Any]", field).queryset = rows


class PlaceForm(ActionForm):
    """When, how long, with whom and where."""

    date = forms.DateField(
        label=_("Date"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    time = forms.TimeField(
        label=_("Time"), widget=forms.TimeInput(attrs={"type": "time", "step": 300}, format="%H:%M")
    )
    length = forms.IntegerField(
        label=_("Length"),
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "step": 5}),
        min_value=slots.SHORTEST,
        max_value=slots.LONGEST,
        error_messages={
            "min_value": _("An appointment takes at least 10 minutes."),
            "max_value": _("An appointment takes at most 180 minutes."),
        },
    )
    practitioner = forms.ModelChoiceField(
        label=_("Practitioner"), queryset=User.objects.none(), empty_label=_("Choose")
    )
    room = forms.ModelChoiceField(
        label=_("Room"), queryset=Room.objects.none(), empty_label=_("Choose")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["date"].widget.attrs["min"] = timezone.localdate().isoformat()
        offer(self.fields["practitioner"], User.objects.practitioners())
        offer(self.fields["room"], Room.objects.active().order_by("name"))

    def place(self) -> list[Any]:
        return [
            Div(
                Plain("date", width="mid"),
                Plain("time", width="short"),
                Plain("length", width="short", unit=gettext("min")),
                css_class="row-fields place",
            ),
            Div(
                Plain("practitioner", width="wide"),
                Plain("room", width="wide"),
                css_class="row-fields place",
            ),
        ]

    def clean_date(self) -> Any:
        day = self.cleaned_data["date"]
        today = timezone.localdate()
        if day < today:
            raise forms.ValidationError(_("This day has passed. Choose a day to come."))
        if day - today > FURTHEST:
            raise forms.ValidationError(_("This is more than two years ahead. Check the year."))
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("date") and cleaned.get("time"):
            self._read_clock(datetime.combine(cleaned["date"], cleaned["time"]))
        return cleaned

    def _read_clock(self, local: datetime) -> None:
        """Refuse a time that the clocks skip or show twice, rather than guess one."""
        zone = timezone.get_current_timezone()
        sentences = {
            Reading.NEVER: _(
                "The clocks go forward on %(day)s, so %(time)s does not exist. Choose another time."
            ),
            Reading.TWICE: _(
                "The clocks go back on %(day)s, so %(time)s comes twice. Choose another time."
            ),
        }
        sentence = sentences.get(slots.reading(local, zone))
        if sentence is not None:
            values = {"day": date_format(local.date()), "time": time_format(local.time())}
            self.add_error("time", sentence % values)
            return
        self.cleaned_data["starts_at"] = local.replace(tzinfo=zone)

    @property
    def chosen(self) -> dict[str, Any]:
        """The place, as the actions take it."""
        cleaned = self.cleaned_data
        return {
            "starts_at": cleaned["starts_at"],
            "minutes": cleaned["length"],
            "practitioner": cleaned["practitioner"],
            "room": cleaned["room"],
        }


class BookForm(PlaceForm):
    """A new appointment of one patient, prefilled with what her course suggests."""

    kind = forms.ChoiceField(label=_("For"), choices=Kind.choices, widget=forms.RadioSelect)
    course = CourseChoice(
        label=_("Course"), queryset=Course.objects.none(), required=False, empty_label=_("None")
    )

    def __init__(
        self,
        *args: Any,
        patient: Patient,
        course: Course | None = None,
        at: datetime | None = None,
        practitioner: User | None = None,
        **kwargs: Any,
    ) -> None:
        self.patient = patient
        initial = suggestion(patient, course, at, practitioner)
        super().__init__(*args, initial=initial, **kwargs)
        courses = patient.courses.exclude(state=CourseState.STOPPED).order_by("-opened_on", "-pk")
        offer(self.fields["course"], courses)
        if not courses:
            del self.fields["course"]
            self.helper = helper(self)

    def layout(self) -> list[Any]:
        course = [Plain("course")] if "course" in self.fields else []
        return [Segmented("kind"), *course, *self.place()]

    def act(self, by: User) -> Appointment:
        return book_appointment(
            patient=self.patient,
            course=self.cleaned_data.get("course"),
            kind=Kind(self.cleaned_data["kind"]),
            by=by,
            **self.chosen,
        )


class MoveForm(Versioned, PlaceForm):
    """Another time, practitioner or room for an appointment that is booked."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    opened = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, appointment: Appointment, **kwargs: Any) -> None:
        self.appointment = appointment
        local = timezone.localtime(appointment.starts_at)
        initial = {
            "date": local.date(),
            "time": local.time(),
            "length": appointment.minutes,
            "practitioner": appointment.practitioner_id,
            "room": appointment.room_id,
            "version": appointment.version,
        }
        super().__init__(*args, initial=initial, **kwargs)
        self.remember()

    def reopened(self) -> MoveForm:
        return MoveForm(appointment=Appointment.objects.get(pk=self.appointment.pk))

    def layout(self) -> list[Any]:
        return self.place()

    def act(self, by: User) -> Appointment:
        return move_appointment(
            appointment=self.appointment,
            version=self.cleaned_data["version"],
            by=by,
            **self.chosen,
        )


class ButtonForm(ActionForm):
    """One button on one appointment."""

    def __init__(self, *args: Any, appointment: Appointment, **kwargs: Any) -> None:
        self.appointment = appointment
        # A page may hold several of them, so the hidden key must not claim one id.
        super().__init__(*args, auto_id=False, **kwargs)


class ArriveForm(ButtonForm):
    """She is in the building."""

    def act(self, by: User) -> Appointment:
        return mark_arrived(appointment=self.appointment, by=by)


class DoneForm(ButtonForm):
    """The appointment was kept."""

    def act(self, by: User) -> Appointment:
        return mark_done(appointment=self.appointment, by=by)


class NoShowForm(ButtonForm):
    """Nobody came."""

    def act(self, by: User) -> Appointment:
        return mark_no_show(appointment=self.appointment, by=by)


class ReopenForm(ButtonForm):
    """Back to booked."""

    def act(self, by: User) -> Appointment:
        return reopen_appointment(appointment=self.appointment, by=by)


class CancelForm(ActionForm):
    """Cancel, and say why."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("Who called it off, and why. Everybody who books sees it: nothing clinical."),
    )

    def __init__(self, *args: Any, appointment: Appointment, **kwargs: Any) -> None:
        self.appointment = appointment
        super().__init__(*args, **kwargs)

    def layout(self) -> list[Any]:
        return [Plain("reason", width="full")]

    def act(self, by: User) -> Appointment:
        reason = self.cleaned_data["reason"]
        return cancel_appointment(appointment=self.appointment, reason=reason, by=by)


# What the booking form starts with ---------------------------------------------------------------


def suggestion(
    patient: Patient, course: Course | None, at: datetime | None, practitioner: User | None
) -> dict[str, Any]:
    """Suggest the next appointment: her usual time, practitioner and room in the next window.

    `at`, in local time without a zone, and `practitioner` were chosen in the diary and win.
    """
    kind = Kind.SCREENING
    if course is not None:
        is_full = rhythm.is_full(course)
        kind = Kind.SESSION if course.is_open and not is_full else Kind.FOLLOW_UP
    last = _last(patient, course)
    usual = timezone.localtime(last.starts_at).time() if last else None
    day = rhythm.next_day(course) if course and kind == Kind.SESSION else timezone.localdate()
    treats = (
        practitioner or (course.practitioner if course else None) or (last and last.practitioner)
    )
    suggested: dict[str, Any] = {
        "kind": kind,
        "course": course and course.pk,
        "date": at.date() if at else day,
        # Midnight: the diary named a day and no time.
        "time": at.time() if at and at.time() != time.min else usual,
        "length": LENGTHS[kind],
        "practitioner": treats and treats.pk,
    }
    if suggested["date"] == timezone.localdate() and not at and usual:
        # Her usual time may be over for today.
        suggested["time"] = usual if usual > timezone.localtime().time() else None
    if suggested["time"] is not None:
        suggested["room"] = _room(suggested, treats or None, last.room if last else None)
    return suggested


def _last(patient: Patient, course: Course | None) -> Appointment | None:
    rows = Appointment.objects.live().filter(patient=patient)
    if course is not None:
        rows = rows.filter(course=course)
    return rows.select_related("practitioner", "room").order_by("-starts_at").first()


def _room(suggested: dict[str, Any], practitioner: User | None, usual: Room | None) -> int | None:
    """Return a room that is free then: the practitioner's of that day, the usual one, any."""
    zone = timezone.get_current_timezone()
    start = datetime.combine(suggested["date"], suggested["time"], tzinfo=zone)
    wanted = Slot.lasting(start, suggested["length"])
    of_the_day = Appointment.objects.live().on_day(suggested["date"]).order_by("starts_at")
    rows = list(of_the_day)
    taken = {row.room_id for row in rows if slots.overlaps(row.slot, wanted)}
    own = [row.room_id for row in rows if practitioner and row.practitioner_id == practitioner.pk]
    active = list(Room.objects.active().order_by("name").values_list("pk", flat=True))
    preferred = [*own, *([usual.pk] if usual else []), *active]
    return next((pk for pk in preferred if pk in active and pk not in taken), None)
