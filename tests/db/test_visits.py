"""Recording a visit and striking it out: what the rules refuse, and what the database refuses."""

from __future__ import annotations

import io
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from clinic import files
from clinic.models import AuditEvent
from clinic.refusal import Refused
from patients.terms import Answer, Area
from tests import make
from treatments import photo_files
from treatments.actions import record_visit, void_visit
from treatments.findings import (
    Checks,
    Closing,
    Drawn,
    Findings,
    Seen,
    Technique,
    Treated,
)
from treatments.imaging import Prepared, prepare
from treatments.models import (
    Course,
    CourseArea,
    Measure,
    Photo,
    Reaction,
    Visit,
    VisitArea,
    VisitProduct,
)
from treatments.models.course import CourseState
from treatments.models.photo import Size
from treatments.terms import (
    Confirmed,
    MeasureKind,
    Noticed,
    ReactionKind,
    Tick,
    View,
    VisitKind,
)

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
GIVEN = Findings(
    areas={area: Treated() for area in make.BUTTOCKS},
    pain=2,
    is_without_reaction=True,
    note="Slept well.",
)


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), tick=False):
        yield


def recorded(course: Course, **details: Any) -> Visit:
    values = {
        "kind": VisitKind.TREATMENT,
        "held_on": TODAY,
        "findings": GIVEN,
        "by": course.practitioner,
    }
    return record_visit(course=course, **{**values, **details})


def refusal(call: Any, *args: Any, **details: Any) -> tuple[str, str | None]:
    before = Visit.objects.count()
    with pytest.raises(Refused) as refused:
        call(*args, **details)
    assert Visit.objects.count() == before
    return refused.value.message, refused.value.field


def held(days_ago: int, visits: int = 1, **details: Any) -> Course:
    """Make a course whose last session was so many days ago."""
    return make.course(visits=visits, last_on=TODAY - timedelta(days_ago), **details)


# What is stored ----------------------------------------------------------------------------------


def test_session_is_stored_with_everything_that_was_found() -> None:
    course, lot = held(7), make.lot(name="L2409")
    findings = Findings(
        checks=Checks(nothing_changed=False, skin_clear=True, photos_before=None),
        answers={"pregnancy": Answer.NO},
        areas={
            Area.BUTTOCK_LEFT: Treated(3, [(0.123456, 0.5), (0.2, 0.3)]),
            Area.BUTTOCK_RIGHT: Treated(),
        },
        technique=Technique(
            technique="papule",
            depth_mm=Decimal("4.0"),
            needle_gauge="30",
            needle_length="4",
            ml_per_point=Decimal("0.1"),
        ),
        products=[
            Drawn(
                product=lot.product,
                lot=lot,
                drawn_ml=Decimal("8.4"),
                wasted_ml=Decimal("0.4"),
                confirmed=Confirmed.SCAN,
            )
        ],
        measures={
            MeasureKind.WEIGHT: [Decimal("61.5")],
            MeasureKind.HIP: [Decimal("98.0"), Decimal("98.5")],
        },
        pain=2,
        is_without_reaction=False,
        reactions=[
            Seen(kind=ReactionKind.BRUISE, grade=2, area=Area.BUTTOCK_LEFT, size_mm=12),
            Seen(
                kind=ReactionKind.ITCH,
                grade=1,
                noticed=Noticed.SINCE_LAST,
                began_at=datetime(2026, 11, 18, 12, tzinfo=UTC),
                action="Cooled.",
            ),
        ],
        note="Slept well.",
        closing=Closing(aftercare_given=True, observed_well=True),
        missing={Tick.AREAS: "She was in a hurry."},
    )
    made = recorded(course, findings=findings)
    stored = Visit.objects.get(pk=made.pk)
    assert (stored.number, stored.held_on, stored.areas) == (2, TODAY, list(make.BUTTOCKS))
    assert (stored.recorded_by, stored.recorded_at) == (course.practitioner, timezone.now())
    columns = ("nothing_changed", "skin_clear", "photos_before", "pain", "is_without_reaction")
    assert [getattr(stored, name) for name in columns] == [False, True, None, 2, False]
    how = ("technique", "depth_mm", "needle_gauge", "needle_length", "ml_per_point")
    assert [getattr(stored, name) for name in how] == [
        "papule",
        Decimal("4.0"),
        "30",
        "4",
        Decimal("0.1"),
    ]
    closing = ("aftercare_given", "knows_whom_to_call", "needles_discarded", "observed_well")
    assert [getattr(stored, name) for name in closing] == [True, False, False, True]
    assert (stored.note, stored.version, stored.signed_at) == ("Slept well.", 1, None)
    assert list(stored.answers.values_list("item", "answer")) == [("pregnancy", "no")]
    assert list(stored.visit_areas.order_by("pk").values_list("area", "point_count", "points")) == [
        ("buttock_left", 3, [[0.1235, 0.5], [0.2, 0.3]]),
        ("buttock_right", None, []),
    ]
    assert list(
        stored.products.values_list(
            "product", "lot", "drawn_ml", "wasted_ml", "confirmed", "confirmed_at"
        )
    ) == [
        (lot.product_id, lot.pk, Decimal("8.4"), Decimal("0.4"), "scan", timezone.now()),
    ]
    assert list(stored.measures.order_by("pk").values_list("kind", "value", "readings")) == [
        ("weight", Decimal("61.5"), ["61.5"]),
        ("hip", Decimal("98.3"), ["98.0", "98.5"]),
    ]
    seen = stored.reactions.order_by("pk").values_list(
        "kind", "grade", "area", "noticed", "began_at", "size_mm", "action"
    )
    assert list(seen) == [
        ("bruise", 2, "buttock_left", "now", None, 12, ""),
        ("itch", 1, "", "since_last", datetime(2026, 11, 18, 12, tzinfo=UTC), None, "Cooled."),
    ]
    assert list(stored.missing.values_list("tick", "reason")) == [("areas", "She was in a hurry.")]


def test_sessions_are_numbered_in_their_order() -> None:
    course = held(14, visits=2)
    assert [recorded(course, held_on=TODAY - timedelta(days)).number for days in (7, 0)] == [3, 4]


def test_other_visits_have_no_number() -> None:
    course = held(7)
    kinds = (VisitKind.BASELINE, VisitKind.REVIEW, VisitKind.FOLLOW_UP)
    made = [recorded(course, kind=kind, findings=Findings()) for kind in kinds]
    assert [visit.number for visit in made] == [None, None, None]
    assert [str(visit.title) for visit in made] == ["Baseline", "Review", "Follow-up"]


# When --------------------------------------------------------------------------------------------


def test_visit_in_the_future_is_refused() -> None:
    sentence = "The visit lies in the future. Record it on the day."
    assert refusal(recorded, held(7), held_on=TODAY + timedelta(1)) == (sentence, "held_on")


def test_visit_before_the_course_was_opened_is_refused() -> None:
    course = make.course(last_on=TODAY)  # opened a week ago
    sentence = "The course was opened on 17 Nov 2026; a visit cannot be earlier."
    assert refusal(recorded, course, held_on=TODAY - timedelta(8)) == (sentence, "held_on")
    assert recorded(course, held_on=TODAY - timedelta(7)).number == 1


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        (
            6,
            "Session 1 was 6 days earlier, on 18 Nov 2026; at least 7 days are needed between sessions.",
        ),
        (
            1,
            "Session 1 was the day before, on 23 Nov 2026; at least 7 days are needed between sessions.",
        ),
        (
            0,
            "Session 1 was held the same day, on 24 Nov 2026; at least 7 days are needed between sessions.",
        ),
    ],
)
def test_session_too_early_is_refused(days: int, sentence: str) -> None:
    assert refusal(recorded, held(days)) == (sentence, "held_on")


@pytest.mark.parametrize("days", [7, 21, 22, 56])
def test_session_is_taken_from_day_7_to_day_56(days: int) -> None:
    assert recorded(held(days)).number == 2


def test_review_may_follow_a_session_at_once() -> None:
    assert recorded(held(1), kind=VisitKind.REVIEW, findings=Findings()).kind == VisitKind.REVIEW


def test_session_before_the_last_one_is_refused() -> None:
    course = held(3)
    Course.objects.update(opened_on=TODAY - timedelta(60))
    sentence = "Session 1 was held on 21 Nov 2026. Enter sessions in their order."
    assert refusal(recorded, course, held_on=TODAY - timedelta(20)) == (sentence, "held_on")


def test_session_after_56_days_needs_a_new_screening() -> None:
    with time_machine.travel(timezone.now() - timedelta(90)):
        source = make.accepted()
    course = held(57, source=source)
    sentence = "Session 1 was 57 days earlier, on 28 Sep 2026; after more than 56 days she is screened again."
    assert refusal(recorded, course) == (sentence, "held_on")
    deferred = make.screening(course.patient)
    assert refusal(recorded, course)[0] == sentence
    assert deferred.is_decided is False
    make.accepted(course.patient)
    assert recorded(course).number == 2


# What --------------------------------------------------------------------------------------------


def test_lot_that_cannot_be_used_is_recorded_all_the_same() -> None:
    """What was given must be on record for a recall; signing is what refuses it."""
    lot = make.lot(expires_on=TODAY - timedelta(1))
    drawn = Drawn(product=lot.product, lot=lot, drawn_ml=Decimal(4))
    made = recorded(held(7), findings=replace(GIVEN, products=[drawn]))
    assert made.products.get().lot == lot


def test_area_that_has_had_its_own_count_is_refused_beside_the_areas() -> None:
    course = held(7, visits=2)
    left = CourseArea.objects.filter(course=course, area=Area.BUTTOCK_LEFT)
    left.update(planned_sessions=2)
    sentence = "Buttock, left has had its 2 sessions. Leave it out, or change its count."
    assert refusal(recorded, course) == (sentence, "areas")
    others = replace(GIVEN, areas={Area.BUTTOCK_RIGHT: Treated()})
    assert recorded(course, findings=others).number == 3


def test_sessions_held_elsewhere_count_for_an_area_with_its_own_count() -> None:
    course = make.transferred(sessions=4, until=TODAY - timedelta(7))
    make.signed(course.patient)
    left = CourseArea.objects.filter(course=course, area=Area.BUTTOCK_LEFT)
    left.update(planned_sessions=4)
    sentence = "Buttock, left has had its 4 sessions. Leave it out, or change its count."
    assert refusal(recorded, course) == (sentence, "areas")
    left.update(planned_sessions=5)
    assert recorded(course).number == 5


def test_area_with_a_session_of_its_own_count_left_is_taken() -> None:
    course = held(7, visits=2)
    CourseArea.objects.filter(course=course).update(planned_sessions=3)
    assert recorded(course).number == 3


def test_session_in_which_an_area_was_left_out_does_not_count_for_it() -> None:
    course = held(7, visits=2)
    CourseArea.objects.filter(course=course).update(planned_sessions=2)
    first = course.visits.treatments().first()
    assert first is not None
    first.visit_areas.filter(area__in=make.BUTTOCKS).delete()
    assert recorded(course).number == 3


def test_grave_reaction_pauses_the_course() -> None:
    course = held(7)
    grave = [Seen(kind=ReactionKind.SWELLING, grade=3, action="Sent to hospital.")]
    recorded(course, findings=replace(GIVEN, is_without_reaction=False, reactions=grave))
    course.refresh_from_db()
    assert course.state == CourseState.PAUSED


def test_session_beyond_the_plan_is_refused() -> None:
    course = held(7, visits=10, planned_sessions=10)
    assert refusal(recorded, course) == ("All planned sessions are recorded.", None)
    assert recorded(course, kind=VisitKind.FOLLOW_UP, findings=Findings()).number is None


def test_session_of_a_paused_course_is_refused() -> None:
    course = held(7)
    Course.objects.update(state=CourseState.PAUSED)
    sentence = "The course is paused. Resume it before the next session."
    assert refusal(recorded, course) == (sentence, None)
    assert recorded(course, kind=VisitKind.REVIEW, findings=Findings()).pk


@pytest.mark.parametrize("state", [CourseState.COMPLETED, CourseState.STOPPED])
def test_closed_course_takes_follow_ups_only(state: CourseState) -> None:
    course = held(7)
    Course.objects.update(state=state)
    for kind in (VisitKind.TREATMENT, VisitKind.REVIEW, VisitKind.BASELINE):
        assert refusal(recorded, course, kind=kind) == ("This course is closed.", None)
    assert recorded(course, kind=VisitKind.FOLLOW_UP, findings=Findings()).pk


def test_second_baseline_is_refused_until_the_first_is_struck_out() -> None:
    course = held(7)
    first = recorded(course, kind=VisitKind.BASELINE, findings=Findings())
    sentence = ("The baseline is recorded already.", None)
    assert refusal(recorded, course, kind=VisitKind.BASELINE, findings=Findings()) == sentence
    void_visit(visit=first, reason="Wrong patient.", by=course.practitioner)
    assert recorded(course, kind=VisitKind.BASELINE, findings=Findings()).pk != first.pk


# Striking out ------------------------------------------------------------------------------------


def test_struck_out_visit_stays_legible_and_frees_its_number() -> None:
    course = held(7)
    made = recorded(course, findings=replace(GIVEN, measures={MeasureKind.HIP: [Decimal("98.5")]}))
    struck = void_visit(visit=made, reason=" Wrong day. ", by=course.practitioner)
    stored = Visit.objects.get(pk=made.pk)
    assert (stored.number, stored.note) == (2, "Slept well.")
    assert (stored.voided_at, stored.voided_by, stored.void_reason) == (
        timezone.now(),
        course.practitioner,
        "Wrong day.",
    )
    assert (stored.measures.count(), struck.pk) == (1, made.pk)
    again = recorded(course)
    assert (again.number, [v.pk for v in course.visits.treatments()][1:]) == (2, [again.pk])


def test_striking_out_needs_a_reason_and_happens_once() -> None:
    course = held(7)
    made, by = recorded(course), course.practitioner
    assert refusal(void_visit, visit=made, reason="  ", by=by) == (
        "Say what was wrong with it.",
        "reason",
    )
    void_visit(visit=made, reason="Wrong day.", by=by)
    assert refusal(void_visit, visit=made, reason="Again.", by=by) == (
        "This visit is struck out already.",
        None,
    )


def test_only_the_last_session_is_struck_out() -> None:
    course = held(7)
    first = course.visits.treatments().first()
    second = recorded(course)
    sentence = "Later sessions are recorded. Strike out the last one first."
    assert refusal(void_visit, visit=first, reason="x", by=course.practitioner) == (sentence, None)
    void_visit(visit=second, reason="x", by=course.practitioner)
    assert void_visit(visit=first, reason="x", by=course.practitioner).voided_at


# What the database itself refuses ----------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": None},
        {"kind": "review"},
        {"kind": "chat"},
        {"pain": 11},
        {"ml_per_point": Decimal("0.000")},
        {"ml_per_point": Decimal("2.001")},
        {"review_point": "later"},
        {"signed_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"voided_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"void_reason": "x"},
    ],
    ids=str,
)
def test_visit_with_impossible_values_is_refused_by_the_database(wrong: dict[str, Any]) -> None:
    held(7)
    with pytest.raises(IntegrityError), transaction.atomic():
        Visit.objects.update(**wrong)


def test_same_session_twice_is_refused_by_the_database() -> None:
    course = held(7)
    with pytest.raises(IntegrityError), transaction.atomic():
        make.visit(course, number=1, on=TODAY)


def test_second_baseline_is_refused_by_the_database() -> None:
    course = held(7)
    make.visit(course, kind=VisitKind.BASELINE)
    with pytest.raises(IntegrityError), transaction.atomic():
        make.visit(course, kind=VisitKind.BASELINE)


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (Measure, {"kind": "weight", "value": Decimal("29.9")}),
        (Measure, {"kind": "weight", "value": Decimal("250.1")}),
        (Measure, {"kind": "nose", "value": Decimal("50")}),
        (Reaction, {"kind": "bruise", "grade": 0}),
        (Reaction, {"kind": "bruise", "grade": 6}),
        (VisitArea, {"area": "nose"}),
        (VisitArea, {"area": "buttock_left"}),
    ],
    ids=str,
)
def test_finding_with_impossible_values_is_refused_by_the_database(
    model: Any, values: dict[str, Any]
) -> None:
    visit = held(7).visits.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.create(visit=visit, **values)


@pytest.mark.parametrize(
    "wrong",
    [
        {"drawn_ml": Decimal("60.1")},
        {"drawn_ml": Decimal("0.0")},
        {"drawn_ml": Decimal("4.0"), "wasted_ml": Decimal("4.1")},
        {"wasted_ml": Decimal("-0.1")},
        {"confirmed": "tap", "confirmed_at": None},
        {"confirmed": "", "confirmed_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"confirmed": "look"},
        {"lot": None},
    ],
    ids=str,
)
def test_product_with_impossible_values_is_refused_by_the_database(wrong: dict[str, Any]) -> None:
    row = make.drawn(held(7).visits.get(), make.lot())
    with pytest.raises(IntegrityError), transaction.atomic():
        VisitProduct.objects.filter(pk=row.pk).update(**wrong)


def test_lot_twice_in_one_visit_is_refused_by_the_database() -> None:
    visit, lot = held(7).visits.get(), make.lot()
    make.drawn(visit, lot)
    with pytest.raises(IntegrityError), transaction.atomic():
        make.drawn(visit, lot)


def test_reaction_of_an_unknown_kind_is_refused_by_the_database() -> None:
    visit = held(7).visits.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Reaction.objects.create(visit=visit, kind="sneeze", grade=1)


# Photographs -------------------------------------------------------------------------------------


def agreed() -> Course:
    """Make a course whose patient agreed to photographs."""
    course = held(7)
    make.signed(course.patient)
    return course


def prepared(**changed: Any) -> Prepared:
    return replace(prepare(io.BytesIO(make.jpeg())), **changed)


def stored_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_photograph_is_three_private_files_and_a_row(private_photos: Path) -> None:
    picture = prepared()
    visit = recorded(agreed(), photos={View.BACK_RELAXED: picture})
    photo = Photo.objects.get()
    contents = {Size.FULL: picture.master, Size.VIEW: picture.large, Size.THUMB: picture.small}
    stored = {size: private_photos / photo.file_name(size) for size in Size}
    assert {size: photo_files.read(photo, size) for size in Size} == contents
    assert stored_files(private_photos) == sorted(stored.values())
    modes = {stat.S_IMODE(path.stat().st_mode) for path in stored_files(private_photos)}
    folders = {stat.S_IMODE(p.stat().st_mode) for p in private_photos.rglob("*") if p.is_dir()}
    assert (modes, folders) == ({0o600}, {0o700})
    assert (photo.visit, photo.view, photo.sha256) == (visit, View.BACK_RELAXED, picture.sha256)
    assert (photo.width, photo.height, photo.media_type) == (60, 80, "image/jpeg")
    assert visit.patient_code not in str(stored[Size.FULL])


@pytest.mark.parametrize(
    "wrong", [{"width": -1}, {"master_type": "image/gif"}], ids=["no width", "no known type"]
)
def test_row_that_cannot_be_written_leaves_no_file_behind(
    private_photos: Path, wrong: dict[str, Any]
) -> None:
    other = prepared(sha256="0" * 64, **wrong)
    photos = {View.BACK_RELAXED: prepared(), View.LEFT_RELAXED: other}
    course = agreed()
    before = AuditEvent.objects.count()
    with pytest.raises(IntegrityError), transaction.atomic():
        recorded(course, photos=photos)
    assert (stored_files(private_photos), Photo.objects.count()) == ([], 0)
    assert (Visit.objects.count(), AuditEvent.objects.count()) == (1, before)


def recorded_in_vain(course: Course) -> None:
    """Record a visit in a transaction whose next step refuses, as when a date cannot be closed."""
    with files.following_rows(), transaction.atomic():
        recorded(course, photos={View.BACK_RELAXED: prepared()})
        assert Photo.objects.count() == 1
        raise Refused("The appointment cannot be closed.")


def test_rollback_after_the_photographs_leaves_no_file_behind(private_photos: Path) -> None:
    with pytest.raises(Refused, match="cannot be closed"):
        recorded_in_vain(agreed())
    assert (Photo.objects.count(), Visit.objects.count()) == (0, 1)
    assert stored_files(private_photos) == []


def test_view_is_taken_once_per_visit() -> None:
    visit = held(7).visits.get()
    make.photo(visit, View.BACK_RELAXED)
    with pytest.raises(IntegrityError), transaction.atomic():
        make.photo(visit, View.BACK_RELAXED)
