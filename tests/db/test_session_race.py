"""One session sent eight times at once, and one open in two tabs, through the form of the page."""

from __future__ import annotations

import uuid
from collections import Counter
from threading import Barrier
from typing import Any

import pytest
from django.http import QueryDict
from django.utils import timezone

from clinic.merging import found_values
from clinic.models import Submission, User
from desk.forms import LogVisitForm
from tests import make
from tests.db.test_booking_race import PATIENCE
from tests.db.test_submit_race import SENT, sent, together
from treatments.models import Course, Visit
from treatments.selectors.repeating import repeated
from treatments.terms import VisitKind

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 200


@pytest.fixture
def course() -> Course:
    """A course whose first session was a week ago, so that one more may be held today."""
    return make.course(visits=1, last_on=timezone.localdate() - timezone.timedelta(days=7))


# The same session, eight times -------------------------------------------------------------------


def logged(course: Course, keys: list[uuid.UUID]) -> Counter[Any]:
    """Send a repeated session once per key, all at once; count the answers."""
    typed = {
        "held_on": timezone.localdate().isoformat(),
        "reactions": "none",
        "note": "Slept well.",
        **repeated(course.visits.get(), course.areas),
    }
    return sent(course.practitioner, f"/courses/{course.pk}/visits/new/", typed, keys)


def test_eight_identical_sessions_make_one_and_eight_identical_answers(course: Course) -> None:
    answers = logged(course, [uuid.uuid4()] * SENT)
    visit = Visit.objects.get(number=2)
    assert answers == {(302, f"/visits/{visit.pk}/"): SENT}
    assert (Visit.objects.count(), Submission.objects.count()) == (2, 1)


def test_control_eight_pages_make_one_session_and_seven_refusals(course: Course) -> None:
    """The key is what makes the answers identical: without it a double tap reads a refusal."""
    answers = logged(course, [uuid.uuid4() for _ in range(SENT)])
    visit = Visit.objects.get(number=2)
    assert answers == {(302, f"/visits/{visit.pk}/"): 1, (200, ""): SENT - 1}


# Two tabs ----------------------------------------------------------------------------------------


class Tab:
    """One tab with the form of an unsigned visit: what it shows, and what it sends."""

    form_class = LogVisitForm

    def __init__(self, visit: Visit) -> None:
        self.pk, self.by = visit.pk, visit.practitioner
        self.conflicts = 0

    def form(self, data: QueryDict | None = None) -> LogVisitForm:
        visit = Visit.objects.for_form().get(pk=self.pk)
        course = Course.objects.with_sessions().get(pk=visit.course_id)
        kind = VisitKind(visit.kind)
        return self.form_class(data, course=course, kind=kind, by=self.by, visit=visit, shelf=())

    def open(self) -> QueryDict:
        """Return what the untouched page would send."""
        form = self.form()
        page = QueryDict(mutable=True)
        page.update({"version": str(form["version"].value()), "opened": form["opened"].value()})
        for name, value in found_values(form).items():
            page.setlist(name, value if isinstance(value, list) else [value])
        return page

    def save(self, page: QueryDict, line: str) -> None:
        """Add a line to the note and save; on the page with both texts, keep both and save again."""
        page["note"] = f"{page['note']}\n{line}"
        while True:
            page["submission"] = str(uuid.uuid4())
            form = self.form(page)
            if form.submit(by=self.by):
                return
            self.conflicts += 1
            page = form.data.copy()
            (told,) = form.errors["note"]
            page["note"] = told.removeprefix("Saved meanwhile: ") + f"\n{line}"


class CarelessForm(LogVisitForm):
    """Takes whatever version stands now for the one that was read."""

    def act(self, by: User) -> Visit:
        # Locked, or the other tab's save would come between and be noticed after all.
        stands = Visit.objects.select_for_update().get(pk=self.visit.pk)
        self.cleaned_data["version"] = stands.version
        return super().act(by)


class CarelessTab(Tab):
    form_class = CarelessForm


def in_two_tabs(visit: Visit, tabs: list[Tab]) -> int:
    """Let both tabs read, then both save, ROUNDS times; return how many lines are lost."""
    barrier = Barrier(2, timeout=PATIENCE)

    def run(place: int) -> None:
        for number in range(ROUNDS):
            barrier.wait()
            page = tabs[place].open()
            barrier.wait()
            tabs[place].save(page, f"{place}.{number}")

    together(run, 2)
    kept = set(Visit.objects.get(pk=visit.pk).note.split())
    return len({f"{place}.{number}" for place in range(2) for number in range(ROUNDS)} - kept)


@pytest.fixture
def follow_up(course: Course) -> Visit:
    return make.visit(course, kind=VisitKind.FOLLOW_UP, note="Begun.")


def test_none_of_400_saves_from_two_tabs_is_lost(follow_up: Visit) -> None:
    tabs = [Tab(follow_up), Tab(follow_up)]
    assert in_two_tabs(follow_up, tabs) == 0
    # Both read the same each time, so that one of them was told each time.
    assert sum(tab.conflicts for tab in tabs) == ROUNDS
    assert Visit.objects.get(pk=follow_up.pk).version == 2 * ROUNDS + 1


def test_control_without_the_version_saves_are_lost(follow_up: Visit) -> None:
    assert in_two_tabs(follow_up, [CarelessTab(follow_up), CarelessTab(follow_up)]) > ROUNDS // 2
