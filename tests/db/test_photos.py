"""Photographs by themselves: waiting, joining, taken again, late, dropped, struck out, refused."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from clinic.models import AuditEvent, User
from clinic.refusal import Refused
from clinic.roles import Role
from patients.terms import ConsentKind, Purpose
from tests import make
from treatments import photo_files
from treatments.actions import change_visit, record_visit, void_visit
from treatments.actions import photos as actions
from treatments.actions.photos import (
    Shown,
    add_late_photo,
    add_photo,
    drop_photo,
    keep_waiting,
    void_photo,
)
from treatments.actions.signing import close_visit
from treatments.findings import Findings
from treatments.imaging import Prepared, prepare
from treatments.models import Addendum, Course, Photo, Visit
from treatments.models.photo import Size
from treatments.selectors import notes
from treatments.selectors.verification import faults
from treatments.terms import PhotoMark, View, VisitKind

pytestmark = pytest.mark.django_db

BACK = Shown(view=View.BACK_RELAXED)
ALREADY = "This same file is stored already: Back, relaxed, "


def picture(width: int = 60) -> Prepared:
    """Return a small photograph; another width is another file."""
    return prepare(io.BytesIO(make.jpeg(width)), isolated=False)


@pytest.fixture
def course() -> Course:
    made = make.course()
    make.signed(made.patient)
    return made


def wait(course: Course, width: int = 60, shown: Shown = BACK, **details: Any) -> Photo:
    values = {"kind": VisitKind.BASELINE, "by": course.practitioner, **details}
    return keep_waiting(course=course, shown=shown, prepared=picture(width), **values)


def baseline(course: Course, **details: Any) -> Visit:
    values: dict[str, Any] = {
        "kind": VisitKind.BASELINE,
        "held_on": timezone.localdate(),
        "findings": Findings(note="Baseline."),
        "by": course.practitioner,
    }
    return record_visit(course=course, **{**values, **details})


def signed(course: Course) -> Visit:
    return close_visit(visit=baseline(course), by=course.practitioner, meaning="I held it")


def refusal(call: Callable[..., Any], **details: Any) -> tuple[str, str | None]:
    before = Photo.objects.count(), AuditEvent.objects.count()
    with pytest.raises(Refused) as refused:
        call(**details)
    assert (Photo.objects.count(), AuditEvent.objects.count()) == before
    return refused.value.message, refused.value.field


def stored(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


def actions_said() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


# Waiting -----------------------------------------------------------------------------------------


def test_photograph_waits_for_its_visit_and_joins_it(course: Course) -> None:
    setup = make.setup()
    shown = Shown(view=View.BACK_RELAXED, setup=setup, marks=[PhotoMark.BRUISE])
    photo = wait(course, shown=shown)
    assert (photo.visit, photo.waiting_for, photo.setup) == (None, "baseline", setup)
    assert (photo.marks, photo.look) == (["bruise"], picture().look)
    assert not Photo.objects.standing().exists()
    content = photo_files.read(photo, Size.FULL)
    visit = baseline(course)
    photo.refresh_from_db()
    assert (photo.visit, photo.waiting_for) == (visit, "")
    assert Photo.objects.standing().get() == photo
    assert photo_files.read(photo, Size.FULL) == content == picture().master
    assert actions_said()[-2:] == ["photo added", "visit recorded"]


def test_only_own_photographs_of_this_kind_join_a_visit(course: Course) -> None:
    mine = wait(course)
    hers = wait(course, 61, by=make.practitioner(name="Dr Vu"))
    later = wait(course, 62, kind=VisitKind.FOLLOW_UP)
    visit = baseline(course)
    assert list(visit.photos.all()) == [mine]
    assert set(Photo.objects.waiting()) == {hers, later}


def test_photograph_of_the_next_visit_does_not_join_one_that_is_changed(course: Course) -> None:
    visit = baseline(course, kind=VisitKind.REVIEW)
    waiting = wait(course, kind=VisitKind.REVIEW)
    found = Findings(note="A word more.")
    change_visit(
        visit=visit,
        version=visit.version,
        held_on=visit.held_on,
        findings=found,
        by=course.practitioner,
    )
    assert (list(visit.photos.all()), list(Photo.objects.waiting())) == ([], [waiting])


def test_waiting_photograph_of_a_view_is_replaced_by_a_second(
    course: Course, private_photos: Path, django_capture_on_commit_callbacks: Any
) -> None:
    wait(course)
    with django_capture_on_commit_callbacks(execute=True):
        second = wait(course, 61)
    assert Photo.objects.get() == second
    assert stored(private_photos) == 3


def test_same_file_sent_again_is_the_same_photograph(course: Course) -> None:
    first = wait(course)
    events = AuditEvent.objects.count()
    assert wait(course) == first
    assert (Photo.objects.count(), AuditEvent.objects.count()) == (1, events)
    visit = baseline(course)
    by = course.practitioner
    assert add_photo(visit=visit, shown=BACK, prepared=picture(), by=by) == first


def test_dropped_photograph_leaves_nothing(
    course: Course, private_photos: Path, django_capture_on_commit_callbacks: Any
) -> None:
    photo = wait(course)
    with django_capture_on_commit_callbacks(execute=True):
        drop_photo(photo=photo, by=course.practitioner)
    assert (Photo.objects.count(), stored(private_photos)) == (0, 0)
    assert actions_said()[-1] == "photo dropped"


def test_only_who_took_a_photograph_drops_it_and_only_while_it_waits(course: Course) -> None:
    photo = wait(course)
    other = make.practitioner(name="Dr Vu")
    sentence, _field = refusal(drop_photo, photo=photo, by=other)
    assert sentence == f"Only {course.practitioner.name}, who took it, can drop it."
    baseline(course)
    sentence, _field = refusal(drop_photo, photo=photo, by=course.practitioner)
    assert sentence == "It belongs to a visit now. Strike it out instead, with the reason."


# On a visit --------------------------------------------------------------------------------------


def test_view_is_taken_again_by_striking_out_the_first(course: Course) -> None:
    visit, by = baseline(course), course.practitioner
    first = add_photo(visit=visit, shown=BACK, prepared=picture(), by=by)
    details = {"visit": visit, "shown": BACK, "prepared": picture(61), "by": by}
    sentence, _field = refusal(add_photo, **details)
    assert sentence == "This view is taken already. Take it again to replace it."
    second = add_photo(**details, again=True)
    first.refresh_from_db()
    assert (first.void_reason, first.voided_by) == ("Taken again.", by)
    assert list(Photo.objects.standing()) == [second]
    assert photo_files.read(first, Size.FULL) == picture().master


def test_signed_visit_takes_a_photograph_only_late(course: Course) -> None:
    visit, by = signed(course), course.practitioner
    details = {"visit": visit, "shown": BACK, "prepared": picture(), "by": by}
    sentence, _field = refusal(add_photo, **details)
    assert sentence == "This visit is signed. Add the photograph late, with the reason."
    sentence, field = refusal(add_late_photo, **details, reason=" ")
    assert (sentence, field) == ("Say why this is added now.", "reason")
    before = notes.content_of(visit)
    photo = add_late_photo(**details, reason="The camera's card was read in the evening.")
    assert photo.late_reason.startswith("The camera")
    # What was signed stays as it was, and the chain holds the fingerprint of what came after it.
    assert notes.content_of(visit) == before
    assert picture().sha256 in Addendum.objects.get().text
    assert not list(faults())
    again = details | {"prepared": picture(61)}
    sentence, _field = refusal(add_late_photo, **again, reason="Again")
    assert sentence == "This view is taken already, and the visit is signed."


def test_late_photograph_of_an_open_visit_is_refused(course: Course) -> None:
    sentence, _field = refusal(
        add_late_photo,
        visit=baseline(course),
        shown=BACK,
        prepared=picture(),
        reason="Late",
        by=course.practitioner,
    )
    assert sentence == "This visit is not signed yet. Add the photograph to it as it is."


def test_database_lets_nothing_into_a_signed_visit_but_what_says_why(course: Course) -> None:
    waiting = wait(course)
    visit = signed(make_other := make.course())
    make.signed(make_other.patient)
    changes: list[Callable[[], object]] = [
        lambda: make.photo(visit),
        lambda: Photo.objects.filter(pk=waiting.pk).update(visit=visit, waiting_for=""),
    ]
    for change in changes:
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    late = make.photo(visit, late_reason="Found on the card.")
    with pytest.raises(IntegrityError), transaction.atomic():
        Photo.objects.filter(pk=late.pk).update(late_reason="")


def test_struck_out_visit_takes_no_photograph(course: Course) -> None:
    visit = baseline(course)
    void_visit(visit=visit, reason="Wrong day", by=course.practitioner)
    details = {"shown": BACK, "prepared": picture(), "by": course.practitioner}
    assert refusal(add_photo, visit=visit, **details)[0] == "This visit is struck out."


# Striking out ------------------------------------------------------------------------------------


def test_own_photograph_is_struck_out_until_its_visit_is_signed(course: Course) -> None:
    wait(course)
    visit, by = baseline(course), course.practitioner
    photo = Photo.objects.get()
    other = make.practitioner(name="Dr Vu")
    only = "Only the medical lead can strike out this photograph."
    assert refusal(void_photo, photo=photo, reason="Blurred", by=other)[0] == only
    assert refusal(void_photo, photo=photo, reason=" ", by=by) == (
        "Say what was wrong with it.",
        "reason",
    )
    close_visit(visit=visit, by=by, meaning="I held it")
    assert refusal(void_photo, photo=photo, reason="Blurred", by=by)[0] == only
    lead = make.user(Role.MEDICAL_LEAD)
    before = notes.content_of(visit)
    void_photo(photo=photo, reason="Wrong patient", by=lead)
    assert notes.content_of(visit) == before
    assert not Photo.objects.standing().exists()
    sentence = "This photograph is struck out already."
    assert refusal(void_photo, photo=photo, reason="Again", by=lead)[0] == sentence
    with pytest.raises(IntegrityError), transaction.atomic():
        Photo.objects.update(voided_at=None, voided_by=None, void_reason="")


def test_waiting_photograph_is_dropped_and_not_struck_out(course: Course) -> None:
    sentence, _field = refusal(
        void_photo, photo=wait(course), reason="Blurred", by=course.practitioner
    )
    assert sentence == "Its visit is not saved yet. Drop it instead."


# What is refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("consent", "state"),
    [
        (None, "Not asked"),
        (ConsentKind.NO, "No, since"),
        (ConsentKind.WITHDRAWN, "Withdrawn"),
    ],
)
def test_nobody_is_photographed_who_did_not_agree(consent: ConsentKind | None, state: str) -> None:
    course = make.course()
    if consent == ConsentKind.NO:
        make.signed(course.patient, yes=[], no=[Purpose.RECORD_PHOTOS])
    if consent == ConsentKind.WITHDRAWN:
        make.signed(course.patient)
        make.consent_event(course.patient, ConsentKind.WITHDRAWN, Purpose.RECORD_PHOTOS)
    sentence, _field = refusal(wait, course=course)
    wanted = "No photograph without her consent for the record. It stands at: "
    assert sentence.startswith(wanted + state)
    refused = refusal(baseline, course=course, photos={View.BACK_RELAXED: picture()})
    assert refused[0] == sentence
    assert not Visit.objects.exists()


def test_one_file_is_one_view_of_one_patient(course: Course) -> None:
    wait(course)
    side = Shown(view=View.LEFT_RELAXED)
    unsaved = ALREADY + "the visit that is not saved yet."
    assert refusal(wait, course=course, shown=side)[0] == unsaved
    visit = baseline(course)
    assert refusal(wait, course=course, shown=side)[0] == ALREADY + "Baseline."
    other = make.course()
    make.signed(other.patient)
    elsewhere = (
        "This same file is stored for another patient. Choose the right one, or strike out that "
        "one first."
    )
    assert refusal(wait, course=other)[0] == elsewhere
    void_photo(photo=visit.photos.get(), reason="Wrong patient", by=course.practitioner)
    assert wait(other).course == other


def test_more_photographs_than_a_day_has_are_refused(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "PER_DAY", 2)
    yesterday = wait(course)
    Photo.objects.filter(pk=yesterday.pk).update(added_at=timezone.now() - timedelta(1))
    for width, view in ((61, View.LEFT_RELAXED), (62, View.RIGHT_RELAXED)):
        wait(course, width, Shown(view=view))
    sentence, _field = refusal(wait, course=course, width=63, shown=Shown(view=View.PRONE))
    who = course.practitioner
    assert sentence == f"{who} has added 2 photographs today, which is the limit of a day."
    # Those that come with the form, without scripts, count alike.
    other = {View.PRONE: picture(63)}
    assert refusal(baseline, course=course, photos=other)[0] == sentence


def test_reserve_of_the_disk_is_left_alone(course: Course, settings: Any) -> None:
    settings.PHOTO_RESERVE_MB = 10**12
    sentence, _field = refusal(wait, course=course)
    assert sentence == "The disk is nearly full, so no photograph is taken. Tell the manager."


def test_row_that_cannot_be_written_leaves_no_file(course: Course, private_photos: Path) -> None:
    wrong = replace(picture(), width=-1)
    with pytest.raises(IntegrityError), transaction.atomic():
        keep_waiting(
            course=course,
            kind=VisitKind.BASELINE,
            shown=BACK,
            prepared=wrong,
            by=course.practitioner,
        )
    assert (Photo.objects.count(), stored(private_photos)) == (0, 0)


def test_user_without_the_right_sees_no_waiting_photograph(course: Course) -> None:
    wait(course)
    desk: User = make.user(Role.FRONT_DESK)
    assert not Photo.objects.visible_to(desk).exists()


def test_today_names_photographs_whose_visit_is_not_saved(client: Client, course: Course) -> None:
    wait(course)
    wait(course, 61, Shown(view=View.LEFT_RELAXED))
    client.force_login(course.practitioner)
    page = client.get("/").content.decode()
    assert "2 photographs wait until their baseline is saved" in page
    assert f"/courses/{course.pk}/visits/new/?kind=baseline" in page
    client.force_login(make.practitioner(name="Dr Vu"))
    assert "wait until" not in client.get("/").content.decode()
    baseline(course)
    client.force_login(course.practitioner)
    assert "wait until" not in client.get("/").content.decode()
