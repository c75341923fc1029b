"""The form and the rows propose the same to the gates: what the page says is what signing asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.http import QueryDict
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from patients.terms import SafetyItem
from tests import make
from treatments.actions import change_visit, record_visit
from treatments.forms.visits import VisitForm
from treatments.models import Course, Visit
from treatments.rules.session import Proposed
from treatments.selectors.judging import judge_visit, last_before, proposed_from
from treatments.selectors.session_facts import proposed_of
from treatments.selectors.shelf import products_to_draw
from treatments.terms import VisitKind

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def course() -> Course:
    return make.course(visits=2, last_on=TODAY - timedelta(7))


def form_of(course: Course, typed: dict[str, Any], visit: Visit | None = None) -> VisitForm:
    """Return the form of a session, bound to what was typed."""
    data = QueryDict(mutable=True)
    for name, value in typed.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    stored = Visit.objects.for_form().get(pk=visit.pk) if visit else None
    return VisitForm(
        data,
        None,
        course=Course.objects.with_sessions().get(pk=course.pk),
        kind=VisitKind.TREATMENT,
        by=course.practitioner,
        shelf=products_to_draw(timezone.localdate(), for_visit=visit),
        visit=stored,
    )


def saved(form: VisitForm) -> Visit:
    """Save what stands on the form, without any question about it."""
    assert form.is_valid(), [part.errors for part in form.parts() if part.errors]
    if form.visit:
        return change_visit(
            visit=form.visit, version=form.visit.version, by=form.by, **form.details
        )
    return record_visit(course=form.course, kind=form.kind, by=form.by, **form.details)


def on_the_form(form: VisitForm) -> Proposed:
    return proposed_from(
        form.findings,
        on=form.cleaned_data["held_on"],
        shelf=form.shelf,
        last=last_before(form.course, form.visit),
    )


def alike(proposed: Proposed) -> Proposed:
    """Leave out what only a saved reaction has: its key. The order of rows says nothing."""
    reactions = sorted((replace(each, key=0) for each in proposed.reactions), key=repr)
    products = sorted(
        proposed.products,
        key=lambda each: (each.lot.key if each.lot else 0, each.drawn_ml, each.wasted_ml),
    )
    return replace(proposed, reactions=tuple(reactions), products=tuple(products))


def judged_alike(course: Course, typed: dict[str, Any], visit: Visit | None = None) -> Visit:
    """Assert that the form and the rows it leaves are judged the same; return what was saved."""
    form = form_of(course, typed, visit)
    page = form.judged
    assert page is not None
    made = Visit.objects.get(pk=saved(form).pk)
    assert alike(on_the_form(form)) == alike(proposed_of(made))
    rows = judge_visit(made)
    assert sorted(gate.key for gate in page.gates) == sorted(gate.key for gate in rows.gates)
    assert (page.ticks, page.lines) == (rows.ticks, rows.lines)
    return made


def some(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


COUNTS = some("", "0", "20", "300")
NAMES = ("buttock_left", "buttock_right", "thigh_posterior_left")


@st.composite
def sessions(draw: st.DrawFn) -> dict[str, Any]:
    """Draw what somebody may type of a session, half of it left out."""
    typed: dict[str, Any] = {
        "held_on": "2026-11-24",
        "nothing_changed": draw(some("", "True", "False")),
        "skin_clear": draw(some("", "True", "False")),
        "photos_before": draw(some("", "True")),
        "areas": draw(st.lists(some(*NAMES), min_size=1, unique=True)),
        "ml_per_point": draw(some("", "0.1", "0,05", "0.01", "1.5")),
        "reactions": ["none"],
        "pain": draw(some("", "0", "10")),
        "note": draw(some("", " ", "Slept well.")),
        "asked_pregnancy": draw(some("", "yes", "no", "unknown")),
        "asked_recent_sun": draw(some("", "yes", "no")),
        "measure_weight": draw(some("", "61.5", "62,0", "64.8")),
        "measure_hip": draw(some("", "98.0")),
        "measure_hip_2": draw(some("", "98.5")),
        "missing_measures": draw(some("", "The scale is broken.")),
    }
    typed |= {f"points_{area}": draw(COUNTS) for area in NAMES}
    for place in range(draw(st.integers(0, 2))):
        typed |= {
            f"given-{place}-product": "product",
            f"given-{place}-lot": draw(some("", f"lot {place}")),
            f"given-{place}-drawn_ml": draw(some("0.1", "4.0", "5,5", "9")),
            f"given-{place}-wasted_ml": draw(some("", "0", "0.1")),
            f"given-{place}-confirmed": draw(some("", "tap", "scan")),
        }
    for kind in draw(st.lists(some("bruise", "nodule", "infection"), max_size=2, unique=True)):
        typed["late_reactions"] = [*typed.get("late_reactions", []), kind]
        prefix = f"since_last_{kind}"
        typed |= {
            f"{prefix}-grade": draw(some("1", "2", "3")),
            f"{prefix}-area": draw(some("", *NAMES)),
            f"{prefix}-began_on": draw(some("", "2026-11-18")),
            f"{prefix}-action": "Looked at.",
        }
    return typed


def with_keys(typed: dict[str, Any], lots: list[Any]) -> dict[str, Any]:
    """Put the keys of this run's rows in place of their names."""
    keys = {"product": str(lots[0].product_id)}
    keys |= {f"lot {place}": str(lot.pk) for place, lot in enumerate(lots)}
    return {
        name: keys.get(value, value) if isinstance(value, str) else value
        for name, value in typed.items()
    }


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # each example writes a whole note
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(typed=sessions(), again=sessions())
def test_form_and_rows_propose_the_same(course: Course, typed: Any, again: Any) -> None:
    """Of a new session, and of the same one changed into any other."""
    with make.undone():
        first = make.shelf_of_one()
        lots = [first, make.lot(first.product, volume_ml=Decimal(5))]
        for held in course.visits.treatments():
            make.drawn(held, first, "1.0")
        visit = judged_alike(course, with_keys(typed, lots))
        judged_alike(course, with_keys(again, lots), visit)


def test_good_session_is_judged_good_by_both(course: Course) -> None:
    made = judged_alike(course, make.ready_session(course))
    judged = judge_visit(made)
    assert (judged.gates, judged.missing) == ((), [])


def test_older_session_is_judged_with_the_one_before_it(course: Course) -> None:
    """What was noticed since the last session is not laid to one that came later."""
    earlier = make.ready_session(
        course,
        held_on=(TODAY - timedelta(7)).isoformat(),
        late_reactions=["nodule"],
        **{"since_last_nodule-grade": "1"},
    )
    first, second = course.visits.treatments()
    make.drawn(first, make.shelf_of_one(), "1.0")
    make.visit(course, number=3, on=TODAY)
    made = judged_alike(course, earlier, second)
    (reported,) = proposed_of(made).reactions
    assert reported.after_on == first.held_on


def test_question_whose_answer_has_aged_can_be_answered_on_the_form() -> None:
    """Nobody passes a question that was not asked, so it has to stand somewhere."""
    make.safety_list(changed={SafetyItem.ACTIVE_CANCER: {"holds_days": 90}})
    with time_machine.travel(timezone.now() - timedelta(91)):
        source = make.accepted()
    course = make.course(visits=2, last_on=TODAY - timedelta(7), source=source)
    gate = f"not_asked:{SafetyItem.ACTIVE_CANCER}"
    silent = form_of(course, make.ready_session(course))
    # "Nothing changed" does not answer it, so it stands where it is seen all the same.
    assert [field.name for field in silent.aged_questions] == [f"asked_{SafetyItem.ACTIVE_CANCER}"]
    assert f"asked_{SafetyItem.ACTIVE_CANCER}" not in [each.name for each in silent.questions]
    assert silent.judged
    assert gate in [each.key for each in silent.judged.gates]
    typed = make.ready_session(course, **{f"asked_{SafetyItem.ACTIVE_CANCER}": "no"})
    answered = form_of(course, typed)
    assert answered.judged
    assert gate not in [each.key for each in answered.judged.gates]
