"""What happens at the bedside when things go wrong, and every screen in every size and scheme."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import expect

from appointments.models import Room
from appointments.terms import Kind, Status
from clinic.models import User
from clinic.roles import Role
from patients.actions import decide_screening
from patients.models.screening import Decision
from tests import make
from tests.browser.conftest import Watched
from treatments.models import Course, Visit
from treatments.terms import MeasureKind, ReactionKind, VisitKind

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "a long enough sentence"


@pytest.fixture
def clinician(transactional_db: None) -> User:
    Room.objects.create(name="Room 1")
    return make.user(Role.PRACTITIONER, name="Dr Lin", password=PASSWORD)


@pytest.fixture
def course(clinician: User) -> Course:
    """A course at 4 of 12 with measures, a severe reaction and a date today."""
    today = timezone.localdate()
    made = make.course(visits=4, last_on=today - timezone.timedelta(days=7), by=clinician)
    make.visit(
        made,
        kind=VisitKind.BASELINE,
        on=made.opened_on,
        measures={MeasureKind.WEIGHT: "62.0", MeasureKind.THIGH_LEFT: "58.5"},
    )
    Visit.objects.get(number=4).reactions.create(kind=ReactionKind.ALLERGY, grade=2)
    return made


def test_signed_out_visit_form_keeps_everything(
    open_page: Callable[..., Watched], clinician: User, course: Course
) -> None:
    watched = open_page(820, 1180)
    watched.sign_in(clinician.email, PASSWORD)
    watched.goto(f"/courses/{course.pk}/visits/new/")
    page, note = watched.page, watched.page.locator("#id_note")
    note.fill("Sore on the left for two days.")
    page.get_by_role("link", name="Repeat session 4").click()
    page.get_by_label("None", exact=True).check()
    Session.objects.all().delete()
    page.get_by_role("button", name="Save unsigned").click()
    expect(page.get_by_text("You were signed out. Nothing on this page is lost.")).to_be_visible()
    expect(note).to_have_value("Sore on the left for two days.")
    second = page.context.new_page()
    second.goto(watched.base + "/accounts/login/")
    second.get_by_label("E-mail").fill(clinician.email)
    second.get_by_label("Password").fill(PASSWORD)
    second.get_by_role("button", name="Sign in").click()
    second.wait_for_url(watched.base + "/")
    page.get_by_role("button", name="Save unsigned").click()
    page.wait_for_url(re.compile(r"/visits/\d+/$"))
    assert Visit.objects.get(number=5).note == "Sore on the left for two days."


def test_offline_screening_keeps_everything(
    open_page: Callable[..., Watched], clinician: User
) -> None:
    screening = make.screening(by=clinician, complete=False)
    watched = open_page(820, 1180)
    watched.sign_in(clinician.email, PASSWORD)
    watched.goto(f"/screenings/{screening.pk}/findings/")
    page = watched.page
    page.locator('input[name="pregnancy"][value="no"]').check()
    page.get_by_label("Weight", exact=False).first.fill("60,5")
    page.context.set_offline(True)
    watched.expected += ["ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:afterRequest"]
    page.get_by_role("button", name="Save and see the result").click()
    expect(page.get_by_text("Not saved: the connection is lost")).to_be_visible()
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_role("link", name="Leave").click()
    expect(page.get_by_role("heading", name="Safety first")).to_be_visible()
    assert asked == ["beforeunload"]
    page.context.set_offline(False)
    expect(page.locator("#draft-state")).to_contain_text("Draft kept")
    page.get_by_role("button", name="Save and see the result").click()
    page.wait_for_url(re.compile(r"/screenings/\d+/$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Cannot be decided yet")
    watched.check()
    screening.refresh_from_db()
    assert str(screening.weight_kg) == "60.5"
    assert screening.answers.get(item="pregnancy").answer == "no"


def test_answer_tapped_twice_is_taken_back(
    open_page: Callable[..., Watched], clinician: User
) -> None:
    screening = make.screening(by=clinician, complete=False)
    watched = open_page(820, 1180)
    watched.sign_in(clinician.email, PASSWORD)
    watched.goto(f"/screenings/{screening.pk}/findings/")
    no = watched.page.locator('input[name="pain_on_pressure"][value="False"]')
    no.check()
    expect(no).to_be_checked()
    no.click()
    expect(no).not_to_be_checked()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(320, 700), (390, 844), (1180, 820)])
def test_every_screen_is_clean_in_size_and_scheme(
    width: int,
    height: int,
    scheme: str,
    open_page: Callable[..., Watched],
    clinician: User,
    course: Course,
) -> None:
    start = timezone.now().replace(minute=0, second=0, microsecond=0)
    make.appointment(
        course=course,
        practitioner=clinician,
        starts_at=start,
        kind=Kind.SESSION,
        status=Status.ARRIVED,
        arrived_at=timezone.now(),
    )
    screening = make.screening(
        course.patient, by=clinician, said={"insulin_treated_diabetes": "yes"}
    )
    override = decide_screening(
        screening=make.screening(said=make.answers(insulin_treated_diabetes="yes")),
        decision=Decision.CHANGED,
        areas=make.BUTTOCKS,
        reason="Her endocrinologist agrees.",
        by=make.user(Role.MEDICAL_LEAD, name="Dr Okafor"),
    )
    deferred = decide_screening(
        screening=make.screening(said=make.answers(sunburn_or_fresh_tan="yes")),
        decision=Decision.DEFERRED,
        deferred_until=timezone.localdate() + timedelta(3),
        reason="Fresh tan.",
        by=clinician,
    )
    again = make.screening(deferred.patient, seen={"css_depth": 2})
    watched = open_page(width, height, scheme=scheme)
    watched.sign_in(clinician.email, PASSWORD)
    code = course.patient.code
    for path in (
        "/",
        "/?all=1",
        "/patients/",
        "/patients/?q=nobody",
        "/patients/new/",
        f"/patients/{code}/",
        f"/patients/{code}/edit/",
        f"/patients/{code}/photos/",
        f"/patients/{code}/compare/",
        f"/patients/{code}/screenings/new/",
        f"/screenings/{screening.pk}/findings/",
        f"/screenings/{screening.pk}/",
        f"/courses/{course.pk}/visits/new/",
        f"/courses/{course.pk}/state/",
        f"/visits/{Visit.objects.get(number=4).pk}/",
        "/schedule/",
        f"/appointments/new/?course={course.pk}",
        "/review/courses/",
        "/follow-ups/",
        override.get_absolute_url(),
        f"/screenings/{override.pk}/confirmation/",
        again.get_absolute_url(),
    ):
        watched.goto(path)
    page = watched.page
    page.goto(watched.base + again.get_absolute_url())
    expect(page.get_by_label("To whom")).to_be_hidden()
    page.get_by_label("Refer", exact=True).check()
    page.get_by_label("To whom").fill("Dr Achterberg")
    page.get_by_label("Change the areas").check()
    expect(page.get_by_label("To whom")).to_be_hidden()
    expect(page.get_by_label("Reason", exact=True)).to_be_visible()
    page.get_by_label("Refer", exact=True).check()
    expect(page.get_by_label("To whom")).to_have_value("Dr Achterberg")
    watched.check()
