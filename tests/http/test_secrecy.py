"""What the front desk, the manager and strangers never find out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client

from clinic.models import User
from clinic.roles import Role
from patients.terms import Area
from tests import make
from tests.http.test_policies import EXPECTED, address, client_of
from tests.make import CANARY, Record
from treatments.actions import change_course_state
from treatments.models import Photo, PhotoKey, Reaction
from treatments.models.course import CourseState
from treatments.models.photo import Size

NOBODY = "0a1b2c3d-0000-4000-8000-000000000000"
JPEG_MAGIC = b"\xff\xd8\xff"
SVG = re.compile(r"<svg.*?</svg>", re.S)
# What the record holds beside its texts: an allergy, a finding, measures, a reaction.
CLINICAL_WORDS = (
    "Egg or lecithin",
    "Good candidate",
    "good candidate",
    "58.7",
    "63.4",
    "57.3",
    "8.4 ml",
    "Bruise",
    "struck out",
    "Entered in error",
)


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC)):
        yield


@pytest.fixture
def record(db: None) -> Record:
    return make.record()


def pair_of(record: Record) -> str:
    return f"a={record.before.pk}&b={record.after.pk}"


def addresses(record: Record) -> list[str]:
    """Return every address of the product for this record, with what can be asked of it."""
    plain = [address(name, record) for name in EXPECTED]
    chart, today = record.patient.get_absolute_url(), "/today/2026-11-24/"
    asked = [
        f"{chart}?course={record.course.pk}",
        f"{today}?all=1",
        "/?all=1",
        "/patients/?q=Sanchez",
        "/patients/?state=course",
        "/patients/?archived=1",
        "/follow-ups/?list=call-back",
        f"/appointments/new/?course={record.course.pk}",
        f"/appointments/new/?patient={record.patient.code}",
        "/appointments/new/?q=Sanchez",
        f"/courses/{record.course.pk}/visits/new/?kind=review",
        f"/patients/{record.patient.code}/photos/?show=1",
        f"/patients/{record.patient.code}/compare/?view=back_relaxed",
        f"/patients/{record.patient.code}/compare/export/?{pair_of(record)}",
        f"/patients/{record.patient.code}/compare/blind/?{pair_of(record)}",
        "/follow-ups/?list=uses",
    ]
    visits = [visit.get_absolute_url() for visit in record.course.visits.all()]
    return [*plain, *asked, *visits, record.decided.get_absolute_url()]


def pages(client: Client, record: Record) -> dict[str, str]:
    """Return what a client gets to read at every address, drawings left out."""
    found = {url: make.body(client.get(url)).decode(errors="replace") for url in addresses(record)}
    return {url: SVG.sub("", page) for url, page in found.items()}


def leaks(pages: dict[str, str], *words: str) -> dict[str, list[str]]:
    found = {url: [word for word in words if word in page] for url, page in pages.items()}
    return {url: words for url, words in found.items() if words}


def test_canaries_are_seen_by_those_who_may(record: Record) -> None:
    """The control: without it the tests below could pass by looking at nothing."""
    found = leaks(pages(client_of(Role.PRACTITIONER), record), CANARY, *CLINICAL_WORDS)
    assert {word for words in found.values() for word in words} == {CANARY, *CLINICAL_WORDS}
    text = "".join(pages(client_of(Role.PRACTITIONER), record).values())
    fields = ("baseline note", "note", "product", "lot", "struck out note", "void reason")
    assert [f for f in (*fields, "words", "reason") if f"{CANARY} {f}" not in text] == []


def test_front_desk_finds_nothing_clinical_on_any_page(record: Record) -> None:
    assert leaks(pages(client_of(Role.FRONT_DESK), record), CANARY, *CLINICAL_WORDS) == {}


def test_front_desk_finds_no_trace_of_photographs(record: Record) -> None:
    found = pages(client_of(Role.FRONT_DESK), record)
    assert leaks(found, "photo", "Photo", str(record.before.pk), str(record.after.pk)) == {}


def test_front_desk_reads_the_same_with_and_without_clinical_facts(record: Record) -> None:
    """Not even the existence of a note, a measure, a reaction or a photograph shows.

    Only that somebody is to be called back does; a mild reaction asks for no call.
    """
    Reaction.objects.update(grade=1)
    client = client_of(Role.FRONT_DESK)
    urls = [record.patient.get_absolute_url(), "/patients/", "/", "/schedule/"]

    def read() -> list[str]:
        hidden = r'name="csrfmiddlewaretoken" value="\w+"|[0-9a-f-]{36}'
        return [re.sub(hidden, "", client.get(url).content.decode()) for url in urls]

    before = read()
    PhotoKey.objects.all().delete()
    for visit in record.course.visits.all():
        visit.measures.all().delete()
        visit.reactions.all().delete()
        visit.products.all().delete()
        visit.photos.all().delete()
    record.course.visits.update(note="", pain=None)
    record.open.answers.all().delete()
    assert read() == before


def test_front_desk_learns_only_whether_the_screening_is_complete(record: Record) -> None:
    client = client_of(Role.FRONT_DESK)
    chart = client.get(record.patient.get_absolute_url()).content.decode()
    assert re.findall(r"<span>(Complete|Not complete)</span>", chart) == ["Complete"]
    other = make.screening().patient
    chart = client.get(other.get_absolute_url()).content.decode()
    assert re.findall(r"<span>(Complete|Not complete)</span>", chart) == ["Not complete"]


@pytest.mark.parametrize("to", [CourseState.PAUSED, CourseState.STOPPED])
def test_front_desk_does_not_read_why_a_course_rests(record: Record, to: CourseState) -> None:
    change_course_state(
        course=record.course, to=to, reason=f"{CANARY} pregnant", by=record.course.practitioner
    )
    assert leaks(pages(client_of(Role.FRONT_DESK), record), CANARY) == {}


def test_front_desk_does_not_read_which_areas_are_treated(record: Record) -> None:
    names = ["buttock", "Buttock", "thigh", *(str(area.label) for area in Area)]
    assert leaks(pages(client_of(Role.FRONT_DESK), record), *names) == {}


# Photographs -------------------------------------------------------------------------------------


def photo_urls(record: Record) -> list[str]:
    return [photo.url(size) for photo in (record.before, record.after) for size in Size]


def answers(client: Client, urls: list[str]) -> list[tuple[int, bool]]:
    """Return the status of each, and whether any byte of a picture came with it."""
    got = [client.get(url) for url in urls]
    return [(answer.status_code, JPEG_MAGIC in make.body(answer)) for answer in got]


def test_photo_is_sent_whole_to_a_practitioner(record: Record) -> None:
    assert answers(client_of(Role.PRACTITIONER), photo_urls(record)) == [(200, True)] * 6


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.MANAGER])
def test_photo_is_refused_without_a_byte_to_roles_that_may_not(record: Record, role: Role) -> None:
    client = client_of(role)
    assert answers(client, photo_urls(record)) == [(403, False)] * 6
    head = client.head(record.after.view_url)
    assert (head.status_code, head.content) == (403, b"")
    ranged = client.get(record.after.view_url, headers={"range": "bytes=0-99"})
    assert (ranged.status_code, JPEG_MAGIC in ranged.content) == (403, False)


def test_photo_is_sent_to_a_manager_where_the_clinic_lets_them(
    record: Record, settings: Any
) -> None:
    settings.MANAGERS_SEE_PHOTOS = True
    assert answers(client_of(Role.MANAGER), photo_urls(record)) == [(200, True)] * 6
    assert answers(client_of(Role.FRONT_DESK), photo_urls(record)) == [(403, False)] * 6


def test_photo_is_not_sent_to_a_stranger(record: Record) -> None:
    assert answers(Client(), photo_urls(record)) == [(302, False)] * 6


def test_photo_is_not_sent_after_signing_out(record: Record) -> None:
    client = client_of(Role.PRACTITIONER)
    key = client.cookies["sessionid"].value
    assert client.post("/accounts/logout/").status_code == 302
    client.cookies["sessionid"] = key  # somebody kept the cookie
    assert answers(client, photo_urls(record)) == [(302, False)] * 6


def test_photo_is_not_sent_to_somebody_who_no_longer_works_here(record: Record) -> None:
    client = client_of(Role.PRACTITIONER)
    User.objects.filter(role_grants__role=Role.PRACTITIONER).update(is_active=False)
    assert answers(client, photo_urls(record)) == [(302, False)] * 6


def test_photo_is_not_sent_after_the_role_is_taken_away(record: Record) -> None:
    client = client_of(Role.PRACTITIONER)
    user = User.objects.get(pk=client.session["_auth_user_id"])
    user.role_grants.all().delete()
    assert answers(client, photo_urls(record)) == [(403, False)] * 6


def test_photo_lies_at_no_other_address(record: Record) -> None:
    client = client_of(Role.PRACTITIONER)
    name = record.after.file_name(Size.FULL)
    urls = [f"/{prefix}{name}" for prefix in ("", "media/", "static/", "photos/", "var/photos/")]
    urls += [f"/photos/{record.after.pk}/{size}/" for size in ("original", "full.jpg", "..")]
    assert answers(client, urls) == [(404, False)] * len(urls)


def test_manager_reads_what_is_clinical_but_no_photograph(record: Record) -> None:
    client = client_of(Role.MANAGER)
    found = pages(client, record)
    visit, chart = record.last.get_absolute_url(), record.patient.get_absolute_url()
    assert f"{CANARY} note" in found[visit]
    assert f"{CANARY} reason" in found[record.decided.get_absolute_url()]
    assert leaks(found, CANARY, "57.3", "Bruise")[chart] == [CANARY, "57.3", "Bruise"]
    ids = [str(record.before.pk), str(record.after.pk)]
    assert leaks(found, "/photos/", "/compare/", *ids) == {}


# Ids of others -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "/patients/P-22222/",
        "/patients/P-22222/edit/",
        "/patients/P-22222/archive/",
        "/patients/P-22222/screenings/new/",
        "/patients/P-22222/courses/new/",
        "/patients/P-22222/photos/",
        "/patients/P-22222/compare/",
        "/patients/p-22222/",
        "/patients/1/",
        "/screenings/999999/",
        "/screenings/999999/findings/",
        "/screenings/999999/decision/",
        "/courses/999999/state/",
        "/courses/999999/visits/new/",
        "/visits/999999/",
        "/visits/999999/void/",
        "/visits/999999/change/",
        "/visits/999999/draft/",
        "/courses/999999/visits/new/draft/",
        "/visits/99999999999999999999999/",
        "/appointments/999999/",
        "/appointments/new/?patient=P-22222",
        "/appointments/new/?course=999999",
        f"/photos/{NOBODY}/full/",
        f"/photos/{NOBODY}/view/",
        "/photos/1/full/",
    ],
)
def test_unknown_ids_are_not_found(record: Record, url: str) -> None:
    assert client_of(Role.MEDICAL_LEAD).get(url).status_code == 404


def test_uses_to_end_are_counted_for_nobody_who_does_not_see_photographs(record: Record) -> None:
    """The list exists, with somebody on it, and whoever may not see it gets neither tab nor page."""
    make.exported(record)
    url = "/follow-ups/?list=uses"
    seen = client_of(Role.PRACTITIONER).get(url).content.decode()
    assert (record.patient.code in seen, f"{CANARY} whereto" in seen) == (True, True)
    for role in (Role.FRONT_DESK, Role.MANAGER):
        client = client_of(role)
        assert client.get(url).status_code == 404
        page = client.get("/follow-ups/").content.decode()
        assert ("list=uses" in page, "hoto" in page) == (False, False)


def test_compare_does_not_take_a_visit_of_another_patient(record: Record) -> None:
    other = make.record(make.patient(given_name="Anna"))
    url = f"/patients/{record.patient.code}/compare/?view=back_relaxed"
    client = client_of(Role.PRACTITIONER)
    own = client.get(f"{url}&a={record.first.pk}&b={record.last.pk}").content.decode()
    shown = re.findall(r"/photos/([0-9a-f-]{36})/", own)
    assert shown == [str(record.before.pk), str(record.after.pk)]
    for query in (f"a={other.first.pk}", f"b={other.last.pk}", "a=999999", "a=x"):
        assert client.get(f"{url}&{query}").status_code == 404


def test_course_is_not_opened_from_the_screening_of_another_patient(record: Record) -> None:
    other = make.accepted(make.patient(given_name="Anna"))
    client = client_of(Role.PRACTITIONER)
    url = f"/patients/{record.patient.code}/courses/new/?screening="
    assert client.get(f"{url}{record.decided.pk}").status_code == 200
    assert client.get(f"{url}{other.pk}").status_code == 404
    assert client.post(f"{url}{other.pk}", {"planned_sessions": 12}).status_code == 404


def test_chart_does_not_show_a_course_of_another_patient(record: Record) -> None:
    other = make.course(make.patient(given_name="Anna"), planned_sessions=15)
    chart = record.patient.get_absolute_url()
    client = client_of(Role.PRACTITIONER)
    asked = client.get(f"{chart}?course={other.pk}").content.decode()
    assert ("of 15 done" in asked, "2 of 12 done" in asked) == (False, True)


def test_appointment_is_not_booked_for_the_course_of_another_patient(record: Record) -> None:
    other = make.patient(given_name="Anna")
    url = f"/appointments/new/?patient={other.code}&course={record.course.pk}"
    assert client_of(Role.FRONT_DESK).get(url).status_code == 404


def test_photo_of_the_other_patient_is_not_on_the_gallery(record: Record) -> None:
    other = make.record(make.patient(given_name="Anna", birth_date=date(1990, 1, 2)))
    url = f"/patients/{record.patient.code}/photos/?show=1"
    gallery = client_of(Role.PRACTITIONER).get(url).content.decode()
    shown = set(re.findall(r"/photos/([0-9a-f-]{36})/thumb/", gallery))
    assert shown == {str(record.before.pk), str(record.after.pk)}
    assert Photo.objects.count() == 4
    assert other.patient.code not in gallery


def test_front_desk_is_led_to_no_page_that_refuses_it(sign_in: Any) -> None:
    course = make.course(visits=3)
    page = sign_in(Role.FRONT_DESK).get(f"/patients/{course.patient.code}/").content.decode()
    led_to = set(re.findall(r'href="(/(?:visits|screenings|photos|courses)/[^"]*)"', page))
    assert led_to == {f"/courses/{course.pk}/"}  # sessions done of planned, and the dates
    desk = sign_in(Role.FRONT_DESK)
    links = set(re.findall(r'<a [^>]*href="(/[^"?#]*)', page))
    assert len(links) > 5
    assert {url for url in links if desk.get(url).status_code == 403} == set()
    clinician = sign_in(Role.PRACTITIONER)
    page = clinician.get(f"/patients/{course.patient.code}/").content.decode()
    assert len(set(re.findall(r'href="(/visits/\d+/)"', page))) == 3
