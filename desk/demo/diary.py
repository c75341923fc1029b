"""The diary of the demo: who has time, and which room. Rows are collected and written at once."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from appointments.models import Appointment, Room
from appointments.terms import LENGTHS, Kind, Status
from clinic.models import User
from patients.models import Patient
from treatments.actions import note_missed

QUARTERS = range(9 * 4, 16 * 4 + 2)  # from 9:00 to 16:30, in quarter hours of the day


def moment(day: date, quarter: int) -> datetime:
    """The instant at which a quarter hour of a day begins by the clinic's clock."""
    return timezone.make_aware(datetime.combine(day, time(quarter // 4, quarter % 4 * 15)))


class Diary:
    """One room for each practitioner, so no room and nobody is ever promised twice."""

    def __init__(self, rooms: dict[User, Room], desk: User, today: date) -> None:
        self.rooms, self.desk, self.today = rooms, desk, today
        self.taken: dict[tuple[int, date], set[int]] = defaultdict(set)
        self.rows: list[Appointment] = []

    def book(
        self, patient: Patient, who: User, kind: Kind, day: date, wanted: int, **more: Any
    ) -> Appointment:
        """Take the free time nearest to the `wanted` quarter hour; `more` are other columns."""
        length = LENGTHS[kind] // 15
        quarter = self._nearest(self.taken[who.pk, day], wanted, length)
        starts_at = moment(day, quarter)
        row = Appointment(
            patient=patient,
            practitioner=who,
            room=self.rooms[who],
            kind=kind,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=LENGTHS[kind]),
            booked_at=min(starts_at - timedelta(7), moment(self.today - timedelta(1), 40)),
            booked_by=self.desk,
            **more,
        )
        if row.status in (Status.BOOKED, Status.DONE):
            self.taken[who.pk, day].update(range(quarter, quarter + length))
        self.rows.append(row)
        return row

    def write(self) -> None:
        """Write all rows, and tell the courses of those that were missed.

        The database looks for overlaps once more.
        """
        for row in Appointment.objects.bulk_create(self.rows):
            if row.course is not None and row.kind == Kind.SESSION and row.is_missed:
                note_missed(course=row.course, promise=row.pk, on=row.starts_on, by=self.desk)

    @staticmethod
    def _nearest(taken: set[int], wanted: int, length: int) -> int:
        free = [
            quarter
            for quarter in QUARTERS[: len(QUARTERS) - length + 1]
            if taken.isdisjoint(range(quarter, quarter + length))
        ]
        if not free:
            raise ValueError("A day of the demo is full: ask for fewer patients.")
        return min(free, key=lambda quarter: (abs(quarter - wanted), quarter))
