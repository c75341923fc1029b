"""Write one course of the demo: its sessions, reviews and checks, and the dates in the diary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import Any

from appointments.models import Appointment
from appointments.terms import Kind, Status
from clinic.models import User
from desk.demo import reviews, visits
from desk.demo.diary import Diary, moment
from desk.demo.setups import Setups
from desk.demo.stock import Shelf
from desk.demo.story import Chapter, Dates, Miss, after, before
from patients.models import Screening
from treatments.actions import change_course_state, open_course, record_visit
from treatments.actions.courses import Elsewhere
from treatments.findings import Findings, Seen
from treatments.imaging import Prepared
from treatments.models import Course, Photo, Visit, VisitProduct
from treatments.models.photo import Size
from treatments.terms import CourseState, MeasureKind, PhotoMark, ReactionKind, View, VisitKind

HOURS = range(9 * 4, 16 * 4, 2)  # every half hour, in quarter hours of the day
CHECKS = (28, 91)  # days after the end of a course
HALF_AN_HOUR = timedelta(minutes=30)


@dataclass(slots=True)
class Clinic:
    """Who works in the demo and what was written so far."""

    rng: Random
    today: date
    staff: list[User]
    desk: User
    diary: Diary
    files: list[str]
    stand_in: bytes  # the PDF that signed consents share
    shelf: Shelf
    setups: Setups
    courses: int = 0
    awaited: list[tuple[CourseStory, Appointment]] = field(default_factory=list)


class CourseStory:
    """One course, written in the order in which it happened."""

    def __init__(
        self, clinic: Clinic, chapter: Chapter, dates: Dates, screening: Screening
    ) -> None:
        self.clinic, self.chapter, self.dates = clinic, chapter, dates
        self.rng, self.today = clinic.rng, clinic.today
        self.hour = self.rng.choice(HOURS)
        self.patient = screening.patient
        first = chapter.who if chapter.came_from is None else chapter.came_from
        self.course = self._open(screening, clinic.staff[first])
        self.place = clinic.courses
        self.body = visits.Body.of(screening, self.place, self.rng)
        clinic.courses += 1

    def write(self) -> None:
        """Write everything up to today, and what is booked."""
        if not self.chapter.is_planned:
            self._baseline()
        for number, day in enumerate(self.dates.held, start=self.chapter.elsewhere + 1):
            if self.chapter.came_from is not None and number == self.chapter.done // 2 + 1:
                self._hand_over()
            self.held(number, self._book(day, Status.DONE))
        self._close()
        self._misses()
        if self.chapter.is_left_open:
            self._book(before(self.today, 1, self.today), Status.BOOKED)
        for day in self.dates.coming:
            promised = self._book(day, Status.BOOKED)
            if day == self.today:
                self.clinic.awaited.append((self, promised))

    # Sessions ----------------------------------------------------------------------------------

    def held(self, number: int, appointment: Appointment) -> None:
        """Record a session, with measures, photographs and a review where they are due."""
        found = visits.session(
            self.course,
            number,
            self.chapter.who,
            appointment.starts_on,
            self.clinic.shelf,
            self.rng,
        )
        step = visits.step_of(number, self.chapter.planned)
        weight = self.body.weighed(number / self.chapter.planned, self.rng)
        found = replace(found, measures=weight)
        photos: Mapping[View, Prepared] = {}
        is_review = number in visits.REVIEWED_AFTER
        if is_review:
            found = replace(found, measures=self._measured(number))
            photos = self._photos(step, appointment.starts_on)
        if photos and (self.chapter.body, step) == visits.BRUISED:
            found = reacted(found, ReactionKind.BRUISE, 1, "Bruise from last week, fading.")
        if self.chapter.has_swelling and number == self.chapter.done:
            found = reacted(found, ReactionKind.SWELLING, 2, "Both thighs swelled within the hour.")
        self._kept(appointment, VisitKind.TREATMENT, found, photos)
        if is_review:
            note = visits.review_note(self.body, found.measures)
            self._record(VisitKind.REVIEW, appointment.starts_on, Findings(note=note))

    def _baseline(self) -> None:
        found = Findings(measures=self._measured(0), note="Baseline. Consent signed.")
        photos = self._photos(0, self.dates.opened_on)
        self._record(VisitKind.BASELINE, self.dates.opened_on, found, photos)

    def _photos(self, step: int, day: date) -> Mapping[View, Prepared]:
        whose = f"{self.course.patient_code} {day}"
        return visits.photos(self.chapter.body, step, whose)

    def _measured(self, number: int) -> dict[MeasureKind, Any]:
        return self.body.measured(number / self.chapter.planned, self.rng)

    # The course itself -------------------------------------------------------------------------

    def _open(self, screening: Screening, who: User) -> Course:
        on, before = self.dates.opened_on, self.dates.elsewhere
        course = open_course(
            screening=screening,
            areas=screening.accepted_areas,
            planned_sessions=self.chapter.planned,
            interval_days=7,
            practitioner=who,
            by=who,
            earlier=Elsewhere(len(before), before[0], before[-1], "Hill Street Clinic")
            if before
            else None,
            on=on,
        )
        Course.objects.filter(pk=course.pk).update(opened_at=moment(on, self.hour))
        return course

    def _hand_over(self) -> None:
        self.course.practitioner = self.clinic.staff[self.chapter.who]
        self.course.save(update_fields=["practitioner"])

    def _close(self) -> None:
        """Pause, stop or complete the course some days after its last session; then the checks."""
        if self.chapter.state == CourseState.ACTIVE:
            return
        last = self.dates.held[-1]
        is_complete = self.chapter.state == CourseState.COMPLETED
        change_course_state(
            course=self.course,
            to=self.chapter.state,
            by=self.course.practitioner,
            reason=self.chapter.reason,
            on=last if is_complete else after(last, 5, self.today),
        )
        if is_complete:
            for place, days in enumerate(CHECKS[: self.chapter.follow_ups + 1]):
                self._check(after(last, days, self.today), is_held=place < self.chapter.follow_ups)

    def _check(self, day: date, *, is_held: bool) -> None:
        if not is_held:
            if day > self.today:
                self._book(day, Status.BOOKED, Kind.FOLLOW_UP)
            return
        measures = self._measured(self.chapter.planned)
        found = Findings(measures=measures, note=visits.check_note(self.body, measures))
        photos = self._photos(visits.LAST_STEP, day)
        appointment = self._book(day, Status.DONE, Kind.FOLLOW_UP)
        self._kept(appointment, VisitKind.FOLLOW_UP, found, photos)

    # Rows --------------------------------------------------------------------------------------

    def _book(self, day: date, status: Status, kind: Kind = Kind.SESSION) -> Appointment:
        return self.clinic.diary.book(
            self.patient,
            self.course.practitioner,
            kind,
            day,
            self.hour,
            course=self.course,
            status=status,
        )

    def _misses(self) -> None:
        for day in self.dates.missed:
            row = self._book(day, Status.NO_SHOW)
            if self.chapter.missed == Miss.CANCELLED_LATE and day == self.dates.missed[-1]:
                row.status = Status.CANCELLED
                row.cancelled_at = row.starts_at - timedelta(hours=3)
                row.cancelled_by = self.clinic.desk
                row.cancel_reason = "child is ill, rang in the morning"

    def _kept(
        self,
        appointment: Appointment,
        kind: VisitKind,
        found: Findings,
        photos: Mapping[View, Prepared],
    ) -> None:
        appointment.visit = self._record(kind, appointment.starts_on, found, photos)
        appointment.status = Status.DONE
        appointment.arrived_at = appointment.starts_at - timedelta(minutes=4)

    def _record(
        self,
        kind: VisitKind,
        day: date,
        found: Findings,
        photos: Mapping[View, Prepared] | None = None,
    ) -> Visit:
        """Record a visit by the real action, and date it back to its day."""
        visit = record_visit(
            course=self.course,
            kind=kind,
            held_on=day,
            findings=found,
            by=self.course.practitioner,
            photos=photos,
        )
        has_bruise = any(seen.kind == ReactionKind.BRUISE for seen in found.reactions)
        Photo.objects.filter(visit=visit).update(
            setup=self.clinic.setups.on(day), marks=[PhotoMark.BRUISE] if has_bruise else []
        )
        at = moment(day, self.hour) + HALF_AN_HOUR
        reviews.grade(visit, self.place, at)
        if day < self.today:
            Visit.objects.filter(pk=visit.pk).update(recorded_at=at)
            Photo.objects.filter(visit=visit).update(added_at=at)
            given = VisitProduct.objects.filter(visit=visit, confirmed_at__isnull=False)
            given.update(confirmed_at=at)
        self.clinic.files += [
            photo.file_name(size) for photo in visit.photos.all() for size in Size
        ]
        return visit


def reacted(found: Findings, kind: ReactionKind, grade: int, note: str) -> Findings:
    """The same visit with one reaction and a note about it."""
    seen = [Seen(kind=kind, grade=grade)]
    return replace(found, reactions=seen, is_without_reaction=False, note=note)
