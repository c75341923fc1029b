"""Draw the session strip: `{% session_strip strip %}`, `{% session_strip strip size="small" %}`.

`large` is an ordered list whose sessions may be links; `medium` and `small` are one image with
one sentence. The course board widens the small one: `{% session_strip strip size="small" step=22 %}`.
Python works out where things stand, the templates hold the shapes, strip.css holds the colours.
"""

from __future__ import annotations

from dataclasses import dataclass

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from clinic import strip_words
from clinic.strip import Gate, GateState, Mark, State, Strip

register = template.Library()

Segments = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Size:
    """The measures of one size, in CSS pixels.

    `step` lies between two sessions, `lead` more before the first check. `zoom` scales the large
    shapes. `reach` is half the width of each shape, where the line has to stop.
    """

    name: str
    step: float
    lead: float
    zoom: float
    reach: dict[State, float]
    reach_check: dict[State, float]


LARGE_REACH = {
    State.DONE: 15.0,
    State.TODAY: 17.2,
    State.BOOKED: 15.0,
    State.OVERDUE: 14.5,
    State.MISSED: 15.0,
    State.NEXT: 16.5,
    State.FREE: 14.5,
}
LARGE_REACH_CHECK = {
    State.DONE: 15.0,
    State.TODAY: 17.5,
    State.BOOKED: 15.5,
    State.OVERDUE: 16.0,
    State.MISSED: 15.0,
    State.NEXT: 16.5,
    State.FREE: 13.0,
}
SMALL_REACH = {
    State.DONE: 5.0,
    State.TODAY: 7.0,
    State.BOOKED: 5.0,
    State.OVERDUE: 6.0,
    State.MISSED: 5.5,
    State.NEXT: 6.5,
    State.FREE: 2.5,
}
SMALL_REACH_CHECK = SMALL_REACH | {State.DONE: 5.5, State.BOOKED: 5.5, State.FREE: 3.0}

LARGE = Size("large", 57, 14, 1, LARGE_REACH, LARGE_REACH_CHECK)
MEDIUM = Size("medium", 29, 9, 25 / 34, LARGE_REACH, LARGE_REACH_CHECK)
SMALL = Size("small", 16, 7, 1, SMALL_REACH, SMALL_REACH_CHECK)
BOARD = Size("small", 22, 10, 1, SMALL_REACH, SMALL_REACH_CHECK)
SIZES: dict[tuple[str, int | None], Size] = {
    ("large", None): LARGE,
    ("medium", None): MEDIUM,
    ("small", None): SMALL,
    ("small", 16): SMALL,
    ("small", 22): BOARD,
}

LINES = {State.DONE: "held", State.TODAY: "held", State.BOOKED: "booked"}  # towards such a mark
ENDING = 8  # room for the bar of a course that was closed early
ROOM_FOR_MISS = 8  # half of the gap that a cross cuts into a large line


@dataclass(frozen=True, slots=True)
class Cross:
    """A rebooked miss on the line, `x` pixels from where its drawing starts."""

    x: str
    spoken: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """One mark with the crosses before it and with the line, the gate and the gap after it.

    `x` is its centre; what follows is measured from there. `line` names the kind of line.
    Numbers are text already, because a template would write them with the comma of a language.
    """

    mark: Mark
    is_check: bool
    x: str
    label: str
    spoken: str
    crosses: tuple[Cross, ...]
    line: str
    segments: Segments
    gate: GateState | None
    gate_x: str
    gap: Mark | None
    gap_x: str
    gap_y: str
    pause_x: str
    is_last_of_closed: bool


@register.simple_tag
def session_strip(strip: Strip, *, size: str = "large", step: int | None = None) -> SafeString:
    """Draw a strip: `large` (default), `medium` or `small`; `step` is 16 or 22 and for `small` only."""
    if not isinstance(strip, Strip):
        raise TypeError(f"session_strip draws a Strip, not {strip!r}")
    measures = SIZES.get((size, step))
    if measures is None:
        known = ", ".join(f"{name} {wide or ''}".strip() for name, wide in SIZES)
        raise ValueError(f"session_strip knows no size {size!r} with step {step!r}, only: {known}")
    context: dict[str, object] = {
        "strip": strip,
        "summary": strip_words.summary(strip),
        "ends": _ends(strip),
    }
    draw = _large if measures is LARGE else _image
    context |= draw(strip, measures)
    return render_to_string(f"components/strip_{measures.name}.html", context)


def _large(strip: Strip, size: Size) -> dict[str, object]:
    drawn = Drawing(strip, size).drawn()
    return {
        "sessions": drawn[: len(strip.marks)],
        "checks": drawn[len(strip.marks) :],
        "paused_spoken": strip_words.spoken_pause(strip),
        "checks_name": strip_words.checks_name(),
        "ending": strip_words.ending(strip) if strip.closed_after is not None else "",
    }


def _image(strip: Strip, size: Size) -> dict[str, object]:
    drawn = Drawing(strip, size).drawn()
    end = size.step * len(strip.marks)
    room = size.lead if strip.follow_ups else ENDING if strip.closed_after is not None else 0
    return {
        "drawn": drawn,
        "width": _px(size.step * len(drawn) + room),
        "zoom": _px(size.zoom),
        "is_paused_first": strip.paused_after == 0,
        "double_bar": _px(end + size.lead / 2 - 1),
        "end_bar": _px(end + (size.lead if strip.follow_ups else ENDING) / 2),
    }


def _ends(strip: Strip) -> str:
    if strip.closed_after is not None:
        return "bar"
    return "double" if strip.follow_ups else ""


class Drawing:
    """One strip in one size. A place counts sessions and checks together, from 0."""

    def __init__(self, strip: Strip, size: Size) -> None:
        self.strip = strip
        self.size = size
        self.sessions = len(strip.marks)
        self.marks = [*strip.marks, *(follow_up.mark for follow_up in strip.follow_ups)]
        self.gates = {gate.after: gate for gate in strip.gates}

    def drawn(self) -> list[Drawn]:
        return [self.draw(place) for place in range(len(self.marks))]

    def draw(self, place: int) -> Drawn:
        step = self.size.step
        gate = self.gate_after(place)
        line, segments = self.line_after(place)
        label, spoken = self.words(place)
        following = self.marks[place + 1] if place + 1 < len(self.marks) else None
        is_paused = self.strip.paused_after == place + 1 <= self.sessions
        return Drawn(
            mark=self.marks[place],
            is_check=self.is_check(place),
            x=_px(step / 2 + self.left_edge(place)),
            label=label,
            spoken=spoken,
            crosses=self.crosses_before(place),
            line=line,
            segments=segments,
            gate=gate.state if gate else None,
            gate_x=_px(step / 2),
            gap=following if following and following.gap is not None else None,
            gap_x=_px(step / 2 - (8 if gate else 0)),
            gap_y="-11" if gate else "-7",
            pause_x=_px(step / 2 + (self.aside if gate else 0)) if is_paused else "",
            is_last_of_closed=self.is_last_of_closed(place),
        )

    def words(self, place: int) -> tuple[str, str]:
        """What stands under a mark and what is read aloud; an image has one sentence for all."""
        if self.size is not LARGE:
            return "", ""
        mark = self.marks[place]
        if not self.is_check(place):
            return strip_words.label(mark), strip_words.spoken(mark, self.gate_after(place))
        follow_up = self.strip.follow_ups[place - self.sessions]
        return strip_words.label(mark, follow_up.key), strip_words.spoken_follow_up(follow_up)

    def line_after(self, place: int) -> tuple[str, Segments]:
        """The line from the edge of a mark to the edge of the next, cut where crosses lie."""
        step = self.size.step
        start = self.reach(place)
        if self.is_last_of_closed(place):
            return "held", ((_px(start), _px(step / 2 + ENDING / 2)),)
        if place + 1 == len(self.marks):
            return "", ()
        following = self.marks[place + 1]
        end = step + self.lead_before(place + 1) - self.reach(place + 1)
        segments = [(start, end)]
        if following.missed_before and self.size is LARGE:
            offsets = self.cross_offsets(place + 1)
            first, last = step / 2 + offsets[0], step / 2 + offsets[-1]
            segments = [(start, first - ROOM_FOR_MISS), (last + ROOM_FOR_MISS, end)]
        kind = LINES.get(following.state, "open")
        return kind, tuple((_px(a), _px(b)) for a, b in segments if b > a)

    def crosses_before(self, place: int) -> tuple[Cross, ...]:
        """In the list each cross is an item of its own, so it is measured from where that starts."""
        misses = self.marks[place].missed_before
        border = self.left_edge(place) if self.size is not LARGE else 0.0
        start = border - self.lead_before(place)
        return tuple(
            Cross(_px(start + x), strip_words.spoken_miss(miss))
            for x, miss in zip(self.cross_offsets(place), misses, strict=True)
        )

    def cross_offsets(self, place: int) -> list[float]:
        """Where crosses lie, measured from the border between a mark and the one before it.

        They give way to what else stands there: right of a gate or a double bar, left of a pause.
        """
        count = len(self.marks[place].missed_before)
        room = (self.size.step - 2 * self.size.reach[State.DONE] * self.size.zoom) / 2
        pitch = min(9.0, room / max(count - 1, 1))
        middle = 0.0
        if place == self.sessions:
            middle = self.size.lead + (5.0 if self.size is LARGE else 1.5)
        elif self.strip.paused_after == place:
            middle = -self.aside
        elif self.gate_after(place - 1):
            middle = self.aside
        elif place == 0:
            middle = 5.0
        return [middle + pitch * (number - (count - 1) / 2) for number in range(count)]

    @property
    def aside(self) -> float:
        """How far a thing moves away from a gate that stands at the same place."""
        return 8.0 if self.size is LARGE else 4.0

    def is_check(self, place: int) -> bool:
        return place >= self.sessions

    def is_last_of_closed(self, place: int) -> bool:
        is_last = place + 1 == len(self.marks) == self.sessions
        return is_last and self.strip.closed_after is not None

    def gate_after(self, place: int) -> Gate | None:
        return None if self.is_check(place) else self.gates.get(place + 1)

    def lead_before(self, place: int) -> float:
        return self.size.lead if place == self.sessions else 0

    def left_edge(self, place: int) -> float:
        return self.size.step * place + (self.size.lead if self.is_check(place) else 0)

    def reach(self, place: int) -> float:
        reach = self.size.reach_check if self.is_check(place) else self.size.reach
        return reach[self.marks[place].state] * self.size.zoom


def _px(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
