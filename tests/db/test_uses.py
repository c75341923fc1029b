"""What leaves the house: only what she agrees to at that moment, with its row, until it is ended."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from PIL import Image

from clinic.models import AuditEvent, User
from clinic.refusal import Refused
from clinic.roles import Role
from patients.actions.consents import withdraw_consent
from patients.models import Patient
from patients.terms import MARKETING, ConsentKind, Purpose
from tests import make
from treatments.actions.photos import void_photo
from treatments.actions.uses import end_use, export_pair, open_export
from treatments.models import Course, Measure, Photo, PhotoAlignment, PhotoExport, Visit
from treatments.models.pair import PURPOSES
from treatments.models.photo import Size, photo_storage
from treatments.rules.comparability import Pair
from treatments.rules.uses import INSIDE, TO_STRANGERS, Bar, bar
from treatments.selectors.pairs import judged
from treatments.selectors.uses import caption_of, offers, sheet_of, uses_of, uses_to_end
from treatments.terms import ExportKind, MeasureKind, View

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
WEBSITE = Purpose.MARKETING_WEBSITE


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def lin() -> User:
    return make.practitioner()


@pytest.fixture
def course(lin: User) -> Course:
    """Two sessions five weeks apart, of the same weight."""
    made = make.course(visits=2, every=35, by=lin)
    for visit in made.visits.treatments():
        Measure.objects.create(visit=visit, kind=MeasureKind.WEIGHT, value="61.5")
    return made


@pytest.fixture
def pair(course: Course) -> tuple[Photo, Photo]:
    first, last = course.visits.treatments()
    return make.photo(first), make.photo(last, content=make.legs(shade=2))


def agreed(patient: Patient, *purposes: Purpose, **details: Any) -> None:
    make.signed(patient, yes=(*make.FOR_CARE, *purposes), **details)


def taken_out(pair: tuple[Photo, Photo], by: User, **changed: Any) -> PhotoExport:
    details: dict[str, Any] = {
        "kind": ExportKind.FILE,
        "purpose": Purpose.TEACHING_INSIDE,
        "whereto": "Monday meeting",
        **changed,
    }
    return export_pair(one=pair[0], other=pair[1], by=by, **details)


def refused(pair: tuple[Photo, Photo], by: User, **changed: Any) -> tuple[str, str | None]:
    with pytest.raises(Refused) as caught, transaction.atomic():
        taken_out(pair, by, **changed)
    assert not PhotoExport.objects.exists()
    return caught.value.message, caught.value.field


def heavier(course: Course) -> None:
    Measure.objects.filter(visit=course.visits.treatments().last()).update(value="70.0")


def mark(photo: Photo, *marks: str) -> None:
    Photo.objects.filter(pk=photo.pk).update(marks=list(marks))


# Taking out ---------------------------------------------------------------------------------------


def test_pair_is_taken_out_with_its_row_and_the_audit(
    pair: tuple[Photo, Photo], course: Course, lin: User
) -> None:
    agreed(course.patient, Purpose.TEACHING_INSIDE)
    made = taken_out((pair[1], pair[0]), lin, whereto="  Monday meeting ")
    row = PhotoExport.objects.get()
    assert (row, row.first, row.second) == (made, *pair)  # the earlier one first, whatever was said
    assert (row.kind, row.purpose, row.whereto) == ("file", "teaching_inside", "Monday meeting")
    assert (row.verdict, row.made_by) == (Pair.WITH_CAVEATS, lin)
    assert row.caveats == judged(*pair).caveats
    assert len(row.caveats) > 1
    event = AuditEvent.objects.get(action="pair exported")
    assert (event.by, event.patient) == (lin, course.patient.code)
    assert event.target == f"photo export {row.pk}"


@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_purpose_needs_its_own_consent(
    pair: tuple[Photo, Photo], course: Course, lin: User, purpose: Purpose
) -> None:
    others = [each for each in PURPOSES if each != purpose and each != Purpose.RESEARCH]
    make.signed(course.patient, yes=(Purpose.TREATMENT, *others))
    message, field = refused(pair, lin, purpose=purpose)
    assert message == "Her consent to this does not hold. It stands at: Not asked."
    assert field == "purpose"


@pytest.mark.parametrize("purpose", [each for each in PURPOSES if each != Purpose.RESEARCH])
def test_every_purpose_is_enough_with_its_own_consent(
    pair: tuple[Photo, Photo], course: Course, lin: User, purpose: Purpose
) -> None:
    make.signed(course.patient, yes=(purpose,))
    assert taken_out(pair, lin, purpose=purpose).purpose == purpose


@pytest.mark.parametrize(
    ("how", "state"),
    [
        ("no", "No, since 21 Nov 2026"),
        ("withdrawn", "Withdrawn 24 Nov 2026"),
        ("expired", "Ended 23 Nov 2026"),
    ],
)
def test_consent_that_does_not_hold_refuses_and_says_how_it_stands(
    pair: tuple[Photo, Photo], course: Course, lin: User, how: str, state: str
) -> None:
    if how == "no":
        make.signed(course.patient, no=(WEBSITE,))
    else:
        until = TODAY - timedelta(1) if how == "expired" else None
        agreed(course.patient, WEBSITE, until=until)
    if how == "withdrawn":
        withdraw_consent(patient=course.patient, purpose=WEBSITE, reason="", by=lin)
    message, _field = refused(pair, lin, purpose=WEBSITE)
    assert message == f"Her consent to this does not hold. It stands at: {state}."


def test_last_day_of_a_consent_is_still_a_day_of_it(
    pair: tuple[Photo, Photo], course: Course, lin: User
) -> None:
    agreed(course.patient, WEBSITE, until=TODAY)
    assert taken_out(pair, lin, purpose=WEBSITE).purpose == WEBSITE


def test_her_own_copy_needs_no_consent_at_all(
    pair: tuple[Photo, Photo], course: Course, lin: User
) -> None:
    heavier(course)
    mark(pair[0], "identifying")
    row = taken_out(pair, lin, purpose=None, whereto="Handed to her")
    assert (row.purpose, row.verdict) == ("", Pair.NOT_COMPARABLE)
    assert row.caveats[0] == "The weight differs by more than 5 of 100."


def test_pair_that_is_not_comparable_is_refused_for_marketing_only(
    pair: tuple[Photo, Photo], course: Course, lin: User
) -> None:
    agreed(course.patient, *MARKETING, Purpose.TEACHING_OUTSIDE)
    heavier(course)
    for purpose in MARKETING:
        assert refused(pair, lin, purpose=purpose) == (
            "Not comparable, so it is never used for marketing. "
            "The weight differs by more than 5 of 100.",
            "purpose",
        )
    row = taken_out(pair, lin, purpose=Purpose.TEACHING_OUTSIDE)
    assert row.caveats[0] == "The weight differs by more than 5 of 100."
    said = [line.text for line in caption_of(row).below]
    assert said[1:3] == ["Not comparable:", "The weight differs by more than 5 of 100."]


@pytest.mark.parametrize("which", [0, 1])
def test_what_could_name_her_is_shown_to_no_stranger(
    pair: tuple[Photo, Photo], course: Course, lin: User, which: int
) -> None:
    agreed(course.patient, *TO_STRANGERS, Purpose.TEACHING_INSIDE)
    mark(pair[which], "identifying")
    for purpose in TO_STRANGERS:
        assert refused(pair, lin, purpose=purpose) == (
            "Something that could name her is in view, so strangers are not shown it.",
            "purpose",
        )
    assert taken_out(pair, lin).purpose == Purpose.TEACHING_INSIDE


def test_where_it_goes_has_to_be_said(pair: tuple[Photo, Photo], course: Course, lin: User) -> None:
    agreed(course.patient, Purpose.TEACHING_INSIDE)
    assert refused(pair, lin, whereto="  ") == ("Say where it goes.", "whereto")


def test_struck_out_photograph_does_not_leave(
    pair: tuple[Photo, Photo], course: Course, lin: User
) -> None:
    agreed(course.patient, Purpose.TEACHING_INSIDE)
    void_photo(photo=pair[0], reason="Wrong patient.", by=lin)
    assert refused(pair, lin) == ("One of the two is struck out.", None)


def test_photograph_of_a_struck_out_visit_does_not_leave(
    pair: tuple[Photo, Photo], course: Course, lin: User
) -> None:
    agreed(course.patient, Purpose.TEACHING_INSIDE)
    Visit.objects.filter(pk=pair[0].visit_id).update(
        voided_at=datetime.now(UTC), voided_by=lin, void_reason="Wrong chart."
    )
    assert refused(pair, lin)[0] == "One of the two is struck out."


def test_two_views_are_no_pair(course: Course, lin: User) -> None:
    agreed(course.patient, Purpose.TEACHING_INSIDE)
    first, last = course.visits.treatments()
    two = make.photo(first), make.photo(last, View.LEFT_RELAXED)
    assert refused(two, lin)[0] == "These two show different views."


def test_photographs_of_two_patients_are_no_pair(
    pair: tuple[Photo, Photo], course: Course, lin: User
) -> None:
    agreed(course.patient, Purpose.TEACHING_INSIDE)
    other = make.photo(make.course(visits=1).visits.get())
    assert refused((pair[0], other), lin)[0] == "One of the two is struck out."


def test_nothing_is_noted_where_a_file_is_gone(
    pair: tuple[Photo, Photo], course: Course, lin: User
) -> None:
    agreed(course.patient, Purpose.TEACHING_INSIDE)
    photo_storage().delete(pair[1].file_name(Size.VIEW))
    assert refused(pair, lin) == (
        "One of the two cannot be read, so no sheet is made. Tell the manager.",
        None,
    )
    assert not AuditEvent.objects.filter(action="pair exported").exists()


def test_rule_is_the_table_of_the_consents() -> None:
    """Every purpose against everything that can stand against it."""
    free = {"holds": True, "verdict": Pair.COMPARABLE, "is_identifying": False}
    for purpose in PURPOSES:
        assert bar(purpose, **free) is None
        assert bar(purpose, **{**free, "holds": False}) == Bar.CONSENT
        stranger = Bar.IDENTIFYING if purpose in TO_STRANGERS else None
        assert bar(purpose, **{**free, "is_identifying": True}) == stranger
        marketing = Bar.NOT_COMPARABLE if purpose in MARKETING else None
        assert bar(purpose, **{**free, "verdict": Pair.NOT_COMPARABLE}) == marketing
    assert bar(None, holds=False, verdict=Pair.NOT_COMPARABLE, is_identifying=True) is None


def test_page_offers_what_the_click_would_allow(
    pair: tuple[Photo, Photo], course: Course, lin: User
) -> None:
    agreed(course.patient, WEBSITE, Purpose.TEACHING_INSIDE, until=TODAY + timedelta(60))
    mark(pair[0], "identifying")
    photos = tuple(Photo.objects.of_patient(course.patient_id))
    for each in offers(judged(*photos), TODAY):
        if each.why_not:
            with pytest.raises(Refused) as caught, transaction.atomic():
                taken_out(pair, lin, purpose=each.purpose)
            assert caught.value.message == each.why_not
        else:
            taken_out(pair, lin, purpose=each.purpose)
    assert [row.purpose for row in PhotoExport.objects.order_by("pk")] == [
        "record_photos",
        "teaching_inside",
        "",
    ]


# The sheet ----------------------------------------------------------------------------------------


def test_sheet_says_everything_that_must_be_read_beside_it(
    pair: tuple[Photo, Photo], course: Course, lin: User
) -> None:
    agreed(course.patient, Purpose.TEACHING_INSIDE)
    row = taken_out(pair, lin)
    caption = caption_of(row)
    assert caption.under == ("20 Oct 2026", "24 Nov 2026")
    assert [line.text for line in caption.below] == [
        "Back, relaxed. 35 days between them.",
        f"Comparable with {len(row.caveats)} caveats:",
        *row.caveats,
        "For: Teaching in the clinic. Consent of 21 Nov 2026.",
        f"Patient {course.patient.code}.",
        "Exported 24 Nov 2026.",
    ]


@pytest.mark.parametrize(
    "purpose", [None, *(each for each in PURPOSES if each != Purpose.RESEARCH)]
)
def test_her_code_stands_only_where_the_sheet_stays_inside_and_her_name_nowhere(
    pair: tuple[Photo, Photo], course: Course, lin: User, purpose: Purpose | None
) -> None:
    make.signed(course.patient, yes=tuple(each for each in PURPOSES if each != Purpose.RESEARCH))
    caption = caption_of(taken_out(pair, lin, purpose=purpose))
    text = " ".join([*caption.under, *(line.text for line in caption.below)])
    assert (course.patient.code in text) == (purpose in INSIDE)
    for name in (course.patient.given_name, course.patient.family_name, lin.name):
        assert name not in text


def test_sheet_is_the_same_each_time_and_holds_both_photographs(
    pair: tuple[Photo, Photo], course: Course, lin: User
) -> None:
    agreed(course.patient, Purpose.TEACHING_INSIDE)
    row = taken_out(pair, lin)
    sheet = open_export(export=row, by=lin)
    assert sheet == open_export(export=PhotoExport.objects.get(), by=lin)
    with Image.open(io.BytesIO(sheet)) as picture:
        assert (picture.format, dict(picture.getexif())) == ("JPEG", {})
    assert AuditEvent.objects.filter(action="exported pair opened").count() == 2
    assert PhotoExport.objects.count() == 1


def test_stored_marks_lay_the_second_over_the_first(
    pair: tuple[Photo, Photo], course: Course, lin: User
) -> None:
    agreed(course.patient, Purpose.TEACHING_INSIDE)
    row = taken_out(pair, lin)
    as_they_are = sheet_of(row)
    marks = {f"{which}_a{axis}": 0.2 for which in ("first", "second") for axis in "xy"}
    marks |= {f"{which}_b{axis}": 0.8 for which in ("first", "second") for axis in "xy"}
    PhotoAlignment.objects.create(
        first=pair[0], second=pair[1], **{**marks, "second_bx": 0.75}, set_by=lin
    )
    laid = sheet_of(row)
    heights = [Image.open(io.BytesIO(sheet)).height for sheet in (as_they_are, laid)]
    assert laid != as_they_are
    assert heights[1] > heights[0]  # one more line says that it was turned


# Opening it again ----------------------------------------------------------------------------------


def opening(row: PhotoExport, by: User) -> str:
    with pytest.raises(Refused) as caught, transaction.atomic():
        open_export(export=PhotoExport.objects.get(pk=row.pk), by=by)
    return caught.value.message


def test_sheet_opens_for_its_maker_only(
    pair: tuple[Photo, Photo], course: Course, lin: User
) -> None:
    agreed(course.patient, Purpose.TEACHING_INSIDE)
    row = taken_out(pair, lin)
    other = make.user(Role.MEDICAL_LEAD, name="Dr Okafor")
    assert opening(row, other) == "Only Dr Lin, who took it out, can open it."


def test_sheet_opens_for_ten_minutes(pair: tuple[Photo, Photo], course: Course, lin: User) -> None:
    agreed(course.patient, Purpose.TEACHING_INSIDE)
    row = taken_out(pair, lin)
    with time_machine.travel(row.made_at + timedelta(minutes=10), tick=False):
        assert open_export(export=row, by=lin)
    with time_machine.travel(row.made_at + timedelta(minutes=10, seconds=1), tick=False):
        assert opening(row, lin).startswith("It could be opened for ten minutes.")


def test_withdrawn_purpose_closes_an_older_export_too(
    pair: tuple[Photo, Photo], course: Course, lin: User
) -> None:
    agreed(course.patient, WEBSITE)
    row = taken_out(pair, lin, purpose=WEBSITE)
    withdraw_consent(patient=course.patient, purpose=WEBSITE, reason="", by=lin)
    state = "Her consent to this does not hold. It stands at: Withdrawn 24 Nov 2026."
    assert opening(row, lin) == state
    assert not AuditEvent.objects.filter(action="exported pair opened").exists()


def test_struck_out_photograph_closes_an_older_export(
    pair: tuple[Photo, Photo], course: Course, lin: User
) -> None:
    agreed(course.patient, WEBSITE)
    row = taken_out(pair, lin, purpose=WEBSITE)
    void_photo(photo=pair[1], reason="Wrong view.", by=lin)
    assert opening(row, lin) == "One of the two is struck out."


def test_ended_use_is_not_opened(pair: tuple[Photo, Photo], course: Course, lin: User) -> None:
    agreed(course.patient, WEBSITE)
    row = taken_out(pair, lin, purpose=WEBSITE)
    end_use(export=row, how="Taken down.", by=lin)
    assert opening(row, lin) == "This use was ended."


# Ending -------------------------------------------------------------------------------------------


def test_use_is_to_be_ended_once_its_purpose_is_withdrawn(
    pair: tuple[Photo, Photo], course: Course, lin: User
) -> None:
    agreed(course.patient, WEBSITE, Purpose.TEACHING_INSIDE)
    site = taken_out(pair, lin, purpose=WEBSITE, whereto="Our website")
    taken_out(pair, lin)
    taken_out(pair, lin, purpose=None, whereto="Hers")
    assert uses_to_end(TODAY) == []
    withdraw_consent(patient=course.patient, purpose=WEBSITE, reason="", by=lin)
    [found] = uses_to_end(TODAY)
    assert (found.export, found.ended_because) == (site, "Withdrawn 24 Nov 2026")
    assert found.since == TODAY
    assert [use.is_to_end for use in uses_of(course.patient, TODAY)] == [False, False, True]
    end_use(export=site, how=" Taken down, seen gone. ", by=lin)
    row = PhotoExport.objects.get(pk=site.pk)
    assert (row.ended_by, row.ended_how) == (lin, "Taken down, seen gone.")
    assert uses_to_end(TODAY) == []
    assert AuditEvent.objects.filter(action="use of photos ended").count() == 1


def test_use_is_to_be_ended_on_the_day_after_its_last_one(
    pair: tuple[Photo, Photo], course: Course, lin: User
) -> None:
    last = TODAY + timedelta(30)
    agreed(course.patient, WEBSITE, until=last)
    taken_out(pair, lin, purpose=WEBSITE)
    assert uses_to_end(last) == []
    [found] = uses_to_end(last + timedelta(1))
    assert (found.ended_because, found.since) == ("Ended 24 Dec 2026", last + timedelta(1))


def test_uses_to_end_cost_the_same_queries_for_many_patients(
    lin: User, django_assert_num_queries: Any
) -> None:
    def one_more() -> None:
        made = make.course(visits=2, every=35, by=lin)
        first, last = made.visits.treatments()
        two = make.photo(first), make.photo(last)
        agreed(made.patient, WEBSITE)
        taken_out(two, lin, purpose=WEBSITE)
        make.consent_event(made.patient, ConsentKind.WITHDRAWN, WEBSITE)

    for patients in (1, 2, 3):
        one_more()
        with django_assert_num_queries(3):
            assert len(uses_to_end(TODAY)) == patients


@pytest.mark.parametrize(
    ("purpose", "how", "sentence"),
    [
        (WEBSITE, "  ", "Say how it was ended."),
        (None, "Torn up.", "This copy is hers. It is not for the clinic to end."),
    ],
)
def test_ending_is_refused_in_words(
    pair: tuple[Photo, Photo],
    course: Course,
    lin: User,
    purpose: Purpose | None,
    how: str,
    sentence: str,
) -> None:
    agreed(course.patient, WEBSITE)
    row = taken_out(pair, lin, purpose=purpose)
    with pytest.raises(Refused) as caught:
        end_use(export=row, how=how, by=lin)
    assert caught.value.message == sentence


def test_use_is_ended_once(pair: tuple[Photo, Photo], course: Course, lin: User) -> None:
    agreed(course.patient, WEBSITE)
    row = taken_out(pair, lin, purpose=WEBSITE)
    end_use(export=row, how="Taken down.", by=lin)
    with pytest.raises(Refused, match=r"^This use was ended already\.$"):
        end_use(export=row, how="Again.", by=lin)


def test_database_keeps_what_left_as_it_was_said(
    pair: tuple[Photo, Photo], course: Course, lin: User
) -> None:
    agreed(course.patient, WEBSITE)
    row = taken_out(pair, lin, purpose=WEBSITE)
    for changed in ({"whereto": "Nowhere"}, {"caveats": []}, {"purpose": ""}):
        with pytest.raises(DatabaseError), transaction.atomic():
            PhotoExport.objects.filter(pk=row.pk).update(**changed)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM treatments_photoexport")
