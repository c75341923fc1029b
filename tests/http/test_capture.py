"""Photographs taken in the form of a visit: what its slots say, and what each request answers."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from PIL import Image, ImageEnhance, ImageFilter

from clinic.models import AuditEvent, User
from clinic.roles import Role
from patients.terms import ConsentKind, Purpose
from tests import make
from tests.http.test_forms import SESSION, summary
from treatments.actions import photos as actions
from treatments.actions.signing import close_visit
from treatments.models import Course, Photo, Visit
from treatments.terms import STANDARD_VIEWS, View, VisitKind

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
DRAWN = settings.BASE_DIR / "desk" / "demo" / "photos"


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC)):
        yield


@pytest.fixture
def doctor() -> User:
    return make.practitioner()


@pytest.fixture
def client(doctor: User) -> Client:
    return of(doctor)


def of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def course(doctor: User) -> Course:
    """Return a course with a baseline of one photograph, whose patient agreed to being photographed."""
    made = make.course(visits=1, last_on=TODAY - timedelta(7), by=doctor)
    baseline = make.visit(made, kind=VisitKind.BASELINE, on=TODAY - timedelta(14))
    make.photo(baseline, View.BACK_RELAXED, make.jpeg(90))
    make.signed(made.patient, yes=[Purpose.RECORD_PHOTOS])
    return made


def file(width: int = 60) -> SimpleUploadedFile:
    return SimpleUploadedFile("IMG_1.jpg", make.jpeg(width), "image/jpeg")


def sent(client: Client, to: Course | Visit, kind: str = "review", **said: Any) -> HttpResponse:
    """Send a photograph as the page does, for a visit or for one that is not saved yet."""
    data = {"view": "back_relaxed", "file": file(), **said}
    path = f"/courses/{to.pk}" if isinstance(to, Course) else f"/visits/{to.pk}"
    return client.post(f"{path}/photos/?kind={kind}", data, headers={"HX-Request": "true"})


def new_form(client: Client, course: Course, kind: str = "review") -> str:
    return client.get(f"/courses/{course.pk}/visits/new/?kind={kind}").content.decode()


def slot(html: str, view: str = "back_relaxed") -> str:
    """Return what a page shows of one view, up to the next slot."""
    found = re.search(rf'id="slot-{view}".*?</template>', html, re.S)
    return found[0] if found else ""


def state(html: str, view: str = "back_relaxed") -> str:
    found = re.search(r'class="slot-state">(.*?)</p>', slot(html, view), re.S)
    return re.sub(r"<[^>]+>|\s+", " ", found[1]).strip() if found else ""


def wrong(answer: HttpResponse) -> str:
    found = re.search(r'class="wrong"[^>]*>.*?<span>(.*?)</span>', answer.content.decode(), re.S)
    return found[1] if found else ""


def looks() -> int:
    return AuditEvent.objects.filter(action="photos viewed").count()


# What the form shows --------------------------------------------------------------------------


def test_slots_are_the_views_of_the_protocol_in_their_order_then_the_others(
    client: Client, course: Course
) -> None:
    course.protocol = make.protocol("Lying, too", views=["prone", "back_relaxed"])
    course.save(update_fields=["protocol"])
    html = new_form(client, course)
    views = re.findall(r'data-slot="(\w+)"', html)
    assert views[:5] == [*STANDARD_VIEWS, "prone"]
    assert sorted(views) == sorted(View.values)
    assert (state(html, "prone"), state(html, "pinch")) == ("Missing", "Not taken, optional today")


def test_photographs_are_covered_until_somebody_shows_them(client: Client, course: Course) -> None:
    sent(client, course)
    html = new_form(client, course)
    assert "/thumb/" not in html
    assert "data-first-url" not in html
    assert looks() == 0
    url = f"/courses/{course.pk}/photos/?kind=review"
    assert "/thumb/" not in client.get(url).content.decode()
    assert looks() == 0
    shown = client.get(f"{url}&shown=yes").content.decode()
    assert (shown.count("/thumb/"), shown.count("data-first-url")) == (2, 1)
    assert looks() == 1


def test_nothing_to_see_is_no_look(client: Client, doctor: User) -> None:
    bare = make.course(visits=1, by=doctor)
    assert client.get(f"/courses/{bare.pk}/photos/?shown=yes").status_code == 200
    assert looks() == 0


def test_baseline_is_the_first_photograph_of_the_view_before_this_visit(
    client: Client, course: Course
) -> None:
    visit = make.visit(course, kind=VisitKind.REVIEW, on=TODAY)
    make.photo(visit, View.BACK_RELAXED, make.jpeg(91))
    html = client.get(f"/visits/{visit.pk}/change/").content.decode()
    assert 'data-first="Baseline 10 Nov"' in slot(html)
    baseline = course.visits.get(kind=VisitKind.BASELINE)
    html = client.get(f"/visits/{baseline.pk}/change/").content.decode()
    assert state(html).startswith("Taken")
    assert "data-first" not in slot(html)


def test_without_consent_no_slot_opens_and_the_page_says_why(
    client: Client, course: Course
) -> None:
    make.consent_event(course.patient, ConsentKind.WITHDRAWN, Purpose.RECORD_PHOTOS)
    html = new_form(client, course)
    assert "No photograph without her consent for the record. It stands at: Withdrawn" in html
    assert f"/patients/{course.patient.code}/consents/" in html
    assert 'type="file"' not in html
    assert 'id="camera"' not in html


def test_setup_of_the_last_photograph_is_proposed(client: Client, course: Course) -> None:
    assert "data-photo-setup>" not in new_form(client, course)
    old, other = make.setup(), make.setup("Other room")
    assert "Choose the setup" in new_form(client, course)
    sent(client, course, setup=old.pk, marks=["bruise", "tanned"])
    photo = Photo.objects.waiting().get()
    assert (photo.setup, photo.marks) == (old, ["bruise", "tanned"])
    html = new_form(client, course)
    chosen = re.search(r"data-photo-setup>(.*?)</select>", html, re.S)
    assert chosen is not None
    assert re.findall(r'value="(\d*)" selected', chosen[1]) == [str(old.pk)]
    assert f'value="{other.pk}">' in chosen[1]


def test_only_setup_is_proposed_for_the_first_photograph(client: Client, course: Course) -> None:
    only = make.setup()
    assert f'value="{only.pk}" selected' in new_form(client, course)


def test_baseline_offers_only_what_can_be_seen_without_one(client: Client, doctor: User) -> None:
    bare = make.course(by=doctor)
    make.signed(bare.patient)
    offered = r'value="(\w+)" data-photo-mark'
    assert re.findall(offered, new_form(client, bare, "baseline")) == ["bruise", "identifying"]
    assert "tanned" in re.findall(offered, new_form(client, bare, "treatment"))


# Keeping one ----------------------------------------------------------------------------------


def test_photograph_waits_and_stands_on_every_page_of_its_form(
    client: Client, course: Course
) -> None:
    answer = sent(client, course, due="yes")
    assert answer.status_code == 200
    photo = Photo.objects.waiting().get()
    # Whoever sent it sees it; what it is held against stays covered.
    assert photo.thumb_url in answer.content.decode()
    assert answer.content.decode().count("/thumb/") == 1
    for html in (answer.content.decode(), new_form(client, course), new_form(client, course)):
        assert state(html) == "Taken 24 Nov, 12:00"
        assert f'data-kept="{photo.pk}"' in slot(html)
    assert "1 of 4 taken" in new_form(client, course)
    # After an answer of the whole form with an error in it, too.
    url = f"/courses/{course.pk}/visits/new/?kind=review"
    page = client.post(url, {"held_on": "nonsense"}, headers={"HX-Request": "true"})
    assert summary(page)
    assert state(page.content.decode()) == "Taken 24 Nov, 12:00"


def test_photograph_of_another_day_asks_whether_it_belongs_here(
    client: Client, course: Course
) -> None:
    sent(client, course)
    with time_machine.travel(datetime(2026, 11, 26, 12, 0, tzinfo=UTC)):
        client.force_login(User.objects.get(pk=course.practitioner_id))
        said = state(new_form(client, course))
    assert said == "Taken 24 Nov, not today. Drop it unless it belongs to this visit."


def test_waiting_photograph_is_something_and_joins_the_visit_that_is_saved(
    client: Client, course: Course
) -> None:
    url = f"/courses/{course.pk}/visits/new/?kind=review"
    typed = {"held_on": TODAY.isoformat(), "then": "save"}
    page = client.post(url, typed, headers={"HX-Request": "true"})
    assert summary(page)[0].startswith("Nothing is entered yet.")
    sent(client, course)
    assert "HX-Redirect" in client.post(url, typed, headers={"HX-Request": "true"})
    made = Visit.objects.get(held_on=TODAY)
    assert [photo.view for photo in made.photos.all()] == ["back_relaxed"]
    html = client.get(f"/visits/{made.pk}/change/").content.decode()
    assert state(html) == "Taken 24 Nov, 12:00"
    # It belongs to the visit now: it is not dropped any more.
    assert "data-drop" not in slot(html)


def test_waiting_photographs_are_counted_before_signing_and_signed_with_the_visit(
    client: Client, doctor: User
) -> None:
    due = make.course(visits=4, last_on=TODAY - timedelta(7), by=doctor)
    make.signed(due.patient)
    typed = make.ready_session(due)
    url = f"/courses/{due.pk}/visits/new/"
    left = 'href="#photos"'
    assert left in client.post(f"{url}draft/", typed).content.decode()
    for at, view in enumerate(due.views):
        assert (
            sent(client, due, "treatment", view=view.value, file=file(60 + at)).status_code == 200
        )
    assert left not in client.post(f"{url}draft/", typed).content.decode()
    typed |= {"missing_measures": "Tape not at hand.", "then": "sign"}
    answer = client.post(url, typed, headers={"HX-Request": "true"})
    assert "HX-Redirect" in answer, summary(answer)
    signed = Visit.objects.get(number=5)
    assert signed.signed_at
    assert signed.photos.count() == 4
    assert not signed.missing.filter(tick="photos").exists()


def test_photograph_of_somebody_else_neither_shows_nor_joins(
    client: Client, course: Course
) -> None:
    colleague = of(make.practitioner("Dr Okafor"))
    sent(colleague, course)
    assert state(new_form(client, course)) == "Missing"
    url = f"/courses/{course.pk}/visits/new/?kind=review"
    typed = {"held_on": TODAY.isoformat(), "note": "Seen.", "then": "save"}
    client.post(url, typed, headers={"HX-Request": "true"})
    assert Visit.objects.get(held_on=TODAY).photos.count() == 0
    assert Photo.objects.waiting().count() == 1


def test_same_file_sent_again_is_the_same_photograph(client: Client, course: Course) -> None:
    visit = make.visit(course, kind=VisitKind.FOLLOW_UP, on=TODAY)
    for width, to in ((70, course), (71, visit)):
        answers = [sent(client, to, file=file(width)).status_code for _try in range(2)]
        assert answers == [200, 200]
    assert (Photo.objects.waiting().count(), visit.photos.count()) == (1, 1)


def test_second_one_of_a_view_on_a_visit_must_be_meant(client: Client, course: Course) -> None:
    visit = make.visit(course, kind=VisitKind.REVIEW, on=TODAY)
    sent(client, visit)
    refused = sent(client, visit, file=file(61))
    assert (refused.status_code, wrong(refused)) == (
        422,
        "This view is taken already. Take it again to replace it.",
    )
    # What stands there still stands in the answer.
    assert state(refused.content.decode()) == "Taken 24 Nov, 12:00"
    assert sent(client, visit, file=file(61), again="yes").status_code == 200
    assert visit.photos.filter(voided_at=None).count() == 1
    assert visit.photos.count() == 2


def test_signed_visit_takes_one_late_with_a_reason(client: Client, course: Course) -> None:
    visit = make.visit(course, kind=VisitKind.REVIEW, on=TODAY)
    close_visit(visit=visit, by=course.practitioner, meaning="I held it")
    refused = sent(client, visit)
    assert (refused.status_code, wrong(refused)) == (422, "Say why this is added now.")
    assert sent(client, visit, reason="The card was in the other camera.").status_code == 200
    assert visit.photos.get().late_reason == "The card was in the other camera."


# Refusing one ---------------------------------------------------------------------------------


def refused_at(course: Course, client: Client, **said: Any) -> str:
    kind = said.pop("kind", "review")
    before = Photo.objects.count()
    answer = sent(client, course, kind, **said)
    assert (answer.status_code, Photo.objects.count()) == (422, before)
    return wrong(answer)


def test_refused_photograph_says_why_in_its_slot(client: Client, course: Course) -> None:
    text = SimpleUploadedFile("a.jpg", b"no photograph", "image/jpeg")
    answer = sent(client, course, file=text)
    assert (answer.status_code, wrong(answer)) == (
        422,
        "This file is not a JPEG, PNG or WebP photo.",
    )
    assert slot(answer.content.decode())
    assert refused_at(course, client, view="nothing")
    assert refused_at(course, client, file="") == (
        "No photograph arrived. Take or choose it again."
    )


def test_nobody_is_photographed_whose_consent_does_not_hold(client: Client, course: Course) -> None:
    make.consent_event(course.patient, ConsentKind.WITHDRAWN, Purpose.RECORD_PHOTOS)
    assert refused_at(course, client).startswith("No photograph without her consent")


def test_visit_that_cannot_be_recorded_takes_no_photograph(client: Client, course: Course) -> None:
    sentence = "The baseline is recorded already."
    assert refused_at(course, client, kind="baseline") == sentence


def test_more_than_a_days_photographs_are_refused(
    client: Client, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "PER_DAY", Photo.objects.count() + 1)
    sent(client, course)
    assert "which is the limit of a day" in refused_at(course, client, file=file(61))


def test_kind_of_visit_that_there_is_not_is_not_found(client: Client, course: Course) -> None:
    assert sent(client, course, "party").status_code == 404


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.MANAGER])
def test_wrong_role_takes_sends_and_drops_nothing(
    client: Client, course: Course, role: Role
) -> None:
    sent(client, course)
    photo = Photo.objects.waiting().get()
    other = of(make.user(role))
    assert sent(other, course, file=file(61)).status_code == 403
    assert other.get(f"/courses/{course.pk}/photos/?shown=yes").status_code == 403
    assert other.post(f"/photos/{photo.pk}/drop/").status_code == 403
    assert Photo.objects.waiting().get() == photo


@pytest.mark.parametrize("path", ["/courses/999999/photos/", "/visits/999999/photos/"])
def test_record_that_there_is_not_is_not_found(client: Client, path: str) -> None:
    data = {"view": "back_relaxed", "file": file()}
    assert client.post(path, data, headers={"HX-Request": "true"}).status_code == 404


def test_signed_out_upload_answers_with_the_banner_and_keeps_nothing(course: Course) -> None:
    answer = sent(Client(), course)
    assert answer["HX-Retarget"] == "#page-alert"
    assert not Photo.objects.waiting().exists()


# Dropping one ---------------------------------------------------------------------------------


def test_waiting_photograph_is_dropped_by_who_took_it(client: Client, course: Course) -> None:
    sent(client, course)
    photo = Photo.objects.waiting().get()
    url = f"/photos/{photo.pk}/drop/"
    colleague = of(make.practitioner("Dr Okafor"))
    refused = colleague.post(url, headers={"HX-Request": "true"})
    assert (refused.status_code, wrong(refused)) == (
        422,
        f"Only {course.practitioner}, who took it, can drop it.",
    )
    answer = client.post(url, {"due": "yes"}, headers={"HX-Request": "true"})
    assert (answer.status_code, state(answer.content.decode())) == (200, "Missing")
    assert not Photo.objects.waiting().exists()
    assert client.post(url).status_code == 404


def test_photograph_of_a_visit_is_not_dropped(client: Client, course: Course) -> None:
    photo = Photo.objects.get()
    assert client.post(f"/photos/{photo.pk}/drop/").status_code == 404
    assert Photo.objects.get() == photo


# Without scripts ------------------------------------------------------------------------------


def test_without_scripts_the_files_come_with_the_form(client: Client, course: Course) -> None:
    url = f"/courses/{course.pk}/visits/new/?kind=treatment"
    answer = client.post(url, {**SESSION, "photo_prone": file()})
    assert answer.status_code == 302
    assert Visit.objects.get(held_on=TODAY).photos.get().view == "prone"


# Held against the baseline, while she still stands there ----------------------------------------


def drawn(name: str, enhance: float = 1.0, blur: float = 0.0) -> SimpleUploadedFile:
    """Return a drawing of the demo, as another lamp or a trembling hand would have it."""
    picture = Image.open(DRAWN / name)
    picture = ImageEnhance.Brightness(picture).enhance(enhance)
    if blur:
        picture = picture.filter(ImageFilter.GaussianBlur(blur))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=92)
    return SimpleUploadedFile("IMG_1.jpg", out.getvalue(), "image/jpeg")


@pytest.mark.parametrize(
    ("name", "how", "said"),
    [
        ("body1-back_relaxed-3.jpg", {}, ["Can be held against the baseline"]),
        (
            "body1-back_relaxed-3.jpg",
            {"enhance": 1.35},
            ["Not like the baseline", "Light differs: the later one is brighter."],
        ),
        (
            "body1-back_relaxed-3.jpg",
            {"blur": 6.0},
            [
                "Cannot be held against the baseline",
                "One of the two is too blurred to show dimples.",
            ],
        ),
        (
            "body1-left_relaxed-3.jpg",
            {},
            [
                "Cannot be held against the baseline",
                "They do not show the same scene. Is one of them filed wrongly?",
            ],
        ),
    ],
)
def test_slot_says_at_once_whether_it_can_be_held_against_the_baseline(
    client: Client, doctor: User, name: str, how: dict[str, float], said: list[str]
) -> None:
    course, setup = make.course(by=doctor), make.setup()
    make.signed(course.patient, yes=[Purpose.RECORD_PHOTOS])
    baseline = make.visit(course, kind=VisitKind.BASELINE, on=TODAY - timedelta(14))
    first = (DRAWN / "body1-back_relaxed-0.jpg").read_bytes()
    make.photo(baseline, View.BACK_RELAXED, first, setup=setup)
    answer = sent(client, course, file=drawn(name, **how), setup=setup.pk)
    assert answer.status_code == 200
    assert against(answer.content.decode()) == said
    # A page that lies covered says nothing of the pictures; one that is shown says the same again.
    assert against(new_form(client, course)) == []
    shown = client.get(f"/courses/{course.pk}/photos/?kind=review&shown=yes").content.decode()
    assert against(shown) == said


def against(html: str) -> list[str]:
    found = re.search(r'class="slot-against small">(.*?)</div>', slot(html), re.S)
    lines = re.sub(r"<svg.*?</svg>|<[^>]+>", "\n", found[1], flags=re.S) if found else ""
    return [line.strip() for line in lines.splitlines() if line.strip()]
