"""One day of the clinic as a table: quarter hours down, practitioners across."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import timezone

from appointments.models import Appointment
from appointments.rules import slots
from appointments.strips import number_of, strips_of
from appointments.terms import LIVE, Status
from clinic.models import User
from clinic.strip import Strip
from treatments.models import Course


@dataclass(frozen=True, slots=True)
class Card:
    """One appointment in the diary; `number` is the session booked, `look` its class."""

    appointment: Appointment
    strip: Strip | None
    number: int | None
    look: str

    @property
    def is_off_grid(self) -> bool:
        """Whether the row that it starts in does not say its time."""
        return timezone.localtime(self.appointment.starts_at).minute % 15 != 0


@dataclass(frozen=True, slots=True)
class Cell:
    """Some quarter hours of one practitioner: appointments, a way to book, or neither."""

    practitioner: User
    clock: time
    rows: int = 1
    cards: tuple[Card, ...] = ()
    book_url: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One quarter hour; `cells` leaves out what a cell above still covers."""

    clock: time
    is_now: bool
    cells: tuple[Cell, ...]

    @property
    def is_hour(self) -> bool:
        return self.clock.minute == 0


@dataclass(frozen=True, slots=True)
class Column:
    """One practitioner's day."""

    practitioner: User
    cards: tuple[Card, ...]

    @property
    def rooms(self) -> str:
        return ", ".join(sorted({card.appointment.room.name for card in self.cards}))

    @property
    def visits(self) -> int:
        return sum(card.appointment.status in LIVE for card in self.cards)


@dataclass(frozen=True, slots=True)
class Diary:
    """A day: the table, and the same by hour for narrow screens."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    hours: tuple[tuple[time, tuple[Card, ...]], ...]


def diary_of(day: date, *, user: User, now: datetime, can_book: bool) -> Diary:
    """Lay out a day; a constant number of queries, however many come.

    What was called off in good time leaves no trace; what was missed stays, and its time is free.
    """
    rows = Appointment.objects.visible_to(user).on_day(day).for_day().order_by("starts_at", "pk")
    shown = [row for row in rows if row.status != Status.CANCELLED or row.is_late_cancel]
    courses = Course.objects.filter(pk__in={row.course_id for row in shown if row.course_id})
    strips = strips_of(courses.with_sessions(), timezone.localdate(now))
    cards = [card_of(row, strips.get(row.course_id or 0), now) for row in shown]
    treating = {user.pk: user for user in User.objects.practitioners()}
    treating |= {row.practitioner_id: row.practitioner for row in shown}
    columns = tuple(
        Column(who, tuple(card for card in cards if card.appointment.practitioner_id == who.pk))
        for who in sorted(treating.values(), key=lambda who: who.name)
    )
    return Diary(columns, table(day, columns, now, can_book), by_hour(cards))


def card_of(row: Appointment, strip: Strip | None, now: datetime) -> Card:
    is_over = row.status not in (Status.BOOKED, Status.ARRIVED) or row.ends_at <= now
    look = "here" if row.status == Status.ARRIVED else "past" if is_over else ""
    return Card(row, strip, number_of(row, strip), look)


def by_hour(cards: Sequence[Card]) -> tuple[tuple[time, tuple[Card, ...]], ...]:
    def hour(card: Card) -> time:
        return time(timezone.localtime(card.appointment.starts_at).hour)

    return tuple((clock, tuple(group)) for clock, group in groupby(cards, key=hour))


def table(day: date, columns: Sequence[Column], now: datetime, can_book: bool) -> tuple[Row, ...]:
    """Lay the columns out in rows of a quarter hour."""
    zone = timezone.get_current_timezone()
    spans = [spans_of(column, day, zone) for column in columns]
    shown = slots.grid(span for column in spans for span in column)
    book = reverse("appointments:appointment-add") if can_book else ""
    laid = [
        cells_of(column, slots.blocks(column_spans), shown, day, book, now)
        for column, column_spans in zip(columns, spans, strict=True)
    ]
    local = timezone.localtime(now)
    current = local.hour * 4 + local.minute // 15 if local.date() == day else None
    return tuple(
        Row(
            slots.clock_of(quarter),
            quarter == current,
            tuple(column[quarter] for column in laid if quarter in column),
        )
        for quarter in shown
    )


def spans_of(column: Column, day: date, zone: ZoneInfo) -> list[tuple[int, int]]:
    return [slots.quarters_of(card.appointment.slot, day, zone) for card in column.cards]


def cells_of(
    column: Column,
    blocks: Sequence[slots.Block],
    shown: range,
    day: date,
    book: str,
    now: datetime,
) -> dict[int, Cell]:
    """Return the cells of one column by the quarter hour in which they begin."""
    who = column.practitioner
    covered = {quarter for block in blocks for quarter in range(block.first, block.last)}
    cells = {
        quarter: Cell(who, slots.clock_of(quarter), book_url=book_url(book, who, day, quarter, now))
        for quarter in shown
        if quarter not in covered
    }
    for block in blocks:
        cards = tuple(column.cards[place] for place in block.entries)
        is_free = all(card.appointment.status not in LIVE for card in cards)
        cells[block.first] = Cell(
            who,
            slots.clock_of(block.first),
            block.last - block.first,
            cards,
            book_url(book, who, day, block.first, now) if is_free else "",
        )
    return cells


def book_url(book: str, who: User, day: date, quarter: int, now: datetime) -> str:
    """Return the address that books a quarter hour; "" once it has begun."""
    start = datetime.combine(day, slots.clock_of(quarter))
    if not book or timezone.make_aware(start) < now:
        return ""
    return (
        f"{book}?{urlencode({'at': start.isoformat(timespec='minutes'), 'practitioner': who.pk})}"
    )
