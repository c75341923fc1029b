"""The patient's copy of her plan: one page in plain words, on screen, on paper and as PDF.

It promises nothing, and names no lot and no dose.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from appointments.models import Appointment
from appointments.rules.states import LATE_CANCEL
from clinic.pdf import Document
from treatments.models import Course
from treatments.rules import cadence
from treatments.wording import elsewhere_sentence

# Where the protocol of the course says nothing of its own (domain.md 4.6).
AFTERCARE = (
    gettext_lazy("Keep the skin clean. No shower for 12 hours."),
    gettext_lazy("No hot bath, sauna or whirlpool for 3 days, no swimming pool for a week."),
    gettext_lazy("No strenuous exercise for 2 days."),
    gettext_lazy("No massage of the area for 3 days."),
    gettext_lazy("No sun on the area for 2 days, and until bruises have faded."),
    gettext_lazy("No other treatment of the area for 2 weeks."),
)
RED_FLAGS = (
    gettext_lazy("fever"),
    gettext_lazy("redness that spreads"),
    gettext_lazy("a blister, or skin that turns dark"),
    gettext_lazy("a lump that grows after a week"),
    gettext_lazy("pain in the calf"),
)


@dataclass(frozen=True, slots=True)
class Leaflet:
    """What stands on the copy, in its order. `dates` are day, time, practitioner."""

    patient: str
    code: str
    course: int
    made_at: datetime
    plan: list[tuple[str, str]]
    rules: list[str]
    dates: list[tuple[str, str, str]]
    aftercare: list[str]
    red_flags: list[str]
    phone: str

    @property
    def title(self) -> str:
        return _("Your plan")

    @property
    def emergency(self) -> str:
        return _("Trouble breathing or a swollen face: call the emergency number at once.")

    @property
    def call(self) -> str:
        if self.phone:
            return _("Call us on %(phone)s, the same day, if you notice:") % {"phone": self.phone}
        return _("Call the clinic the same day if you notice:")

    @property
    def nothing_promised(self) -> str:
        return _(
            "Whether your skin will change cannot be said beforehand: what is known about this "
            "treatment is limited. You may stop at any time without giving a reason."
        )


def leaflet_of(course: Course, now: datetime) -> Leaflet:
    """Collect the copy of a course that comes from `with_sessions`. One query more."""
    coming = Appointment.objects.live().filter(course=course, starts_at__gte=now)
    rows = list(coming.not_done().select_related("practitioner").order_by("starts_at"))
    promises = [row.as_promise for row in rows]
    protocol = course.protocol
    return Leaflet(
        patient=str(course.patient),
        code=course.patient_code,
        course=course.pk,
        made_at=now,
        plan=list(_plan(course, timezone.localdate(now), promises)),
        rules=list(_rules(course)),
        dates=[_date(row) for row in rows],
        aftercare=_lines(protocol.aftercare if protocol else "", AFTERCARE),
        red_flags=_lines(protocol.red_flags if protocol else "", RED_FLAGS),
        phone=settings.CLINIC_PHONE,
    )


def pdf_of(leaflet: Leaflet) -> bytes:
    """Write the copy as a PDF."""
    document = Document(
        leaflet.title,
        reference=f"{leaflet.code}, {_('course')} {leaflet.course}",
        subtitle=_("Printed on %(day)s")
        % {"day": date_format(timezone.localtime(leaflet.made_at))},
        made_at=leaflet.made_at,
    )
    document.facts([(_("For"), leaflet.patient), *leaflet.plan])
    document.heading(_("Your dates"))
    if leaflet.dates:
        document.table([_("Day"), _("Time"), _("With")], leaflet.dates)
    else:
        document.paragraph(_("Nothing is booked yet."))
    document.heading(_("What we agreed"))
    document.bullets(leaflet.rules)
    document.heading(_("After each session"))
    document.bullets(leaflet.aftercare)
    document.heading(_("When to call us"))
    document.paragraph(leaflet.emergency)
    document.paragraph(leaflet.call)
    document.bullets(leaflet.red_flags)
    document.paragraph(leaflet.nothing_promised, muted=True)
    return document.render()


def _plan(
    course: Course, today: date, promises: list[cadence.Promise]
) -> Iterator[tuple[str, str]]:
    facts, held = course.facts, course.sessions
    yield _("Treated"), capfirst(course.areas_text)
    total = cadence.to_hold(facts, held)
    yield (
        _("Sessions"),
        _("%(total)d, of which %(done)d are held")
        % {"total": total, "done": cadence.done(facts, held)},
    )
    if facts.earlier:
        yield _("Held before"), elsewhere_sentence(facts.earlier)
    own = [row for row in course.course_areas.all() if row.planned_sessions]
    if own:
        counts = (
            _("%(area)s: %(count)d")
            % {"area": row.get_area_display(), "count": row.planned_sessions}
            for row in own
        )
        yield _("Fewer for"), "; ".join(counts)
    yield _("Rhythm"), _rhythm(facts)
    yield _("With"), str(course.practitioner)
    end = cadence.forecast(facts, held, today, promises)
    if end:
        yield _("Ends") if end.is_booked else _("Ends about"), date_format(end.on, "F Y")


def _rhythm(facts: cadence.CourseFacts) -> str:
    values = {
        "usual": facts.interval_days,
        "low": facts.interval_min_days,
        "high": facts.interval_max_days,
    }
    return _("About every %(usual)d days; at least %(low)d, at most %(high)d days apart") % values


def _rules(course: Course) -> Iterator[str]:
    facts, held = course.facts, course.sessions
    hours = int(LATE_CANCEL.total_seconds() // 3600)
    if course.missed_counts:
        yield _(
            "A session that you miss, or cancel less than %(hours)d hours before, counts as one of "
            "the %(total)d. It is not made up for."
        ) % {"hours": hours, "total": course.planned_sessions}
        if facts.missed:
            yield ngettext(
                "So far %(count)d session counts as missed.",
                "So far %(count)d sessions count as missed.",
                facts.missed,
            ) % {"count": facts.missed}
    else:
        yield _(
            "A session that you miss does not count: it is held later. If you cannot come, please "
            "tell us at least %(hours)d hours before."
        ) % {"hours": hours}
    yield _(
        "If more than %(late)d days have passed since a session, please call us for the next one. "
        "After more than %(again)d days we ask all questions again before going on."
    ) % {"late": facts.interval_max_days, "again": cadence.RESCREEN_AFTER_DAYS}
    last = cadence.to_hold(facts, held)
    places = sorted(place for place in facts.review_after if place < last)
    yield _(
        "After %(sessions)s we look together at what has changed, and you decide how to go on."
    ) % {"sessions": _sessions(places, last)}
    yield _(
        "Tell us before each session if anything is new: an illness, a medicine, an allergy, or if "
        "you may be pregnant."
    )


def _sessions(places: list[int], last: int) -> str:
    """Name sessions in a sentence: session 5, session 10 and session 12."""
    named = [_("session %(number)d") % {"number": place} for place in (*places, last)]
    if len(named) == 1:
        return named[0]
    return _("%(all)s and %(last)s") % {"all": ", ".join(named[:-1]), "last": named[-1]}


def _date(row: Appointment) -> tuple[str, str, str]:
    start = timezone.localtime(row.starts_at)
    return date_format(start, "l j F Y"), time_format(start, "H:i"), str(row.practitioner)


def _lines(text: str, default: tuple[object, ...]) -> list[str]:
    """Return one line each, from the protocol or else the product's own."""
    own = [line.strip() for line in text.splitlines() if line.strip()]
    return own or [str(line) for line in default]
