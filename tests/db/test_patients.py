"""Finding, registering, changing and archiving patients."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.test import Client

from appointments.terms import Status
from clinic.refusal import Refused, Stale
from clinic.roles import Role
from desk.actions import archive_patient
from patients.actions import change_patient, register_patient, restore_patient
from patients.models import Patient
from patients.models.patient import CODE_LETTERS, new_code
from tests import make
from treatments.models import Course
from treatments.models.course import CourseState

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
CONTACT = {
    "given_name": "Anna",
    "family_name": "Novak",
    "birth_date": "1990-05-06",
    "sex_at_birth": "F",
    "phone": "020 7946 0999",
    "language": "English",
}


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC)):
        yield


@pytest.fixture
def desk(sign_in: Any) -> Client:
    client: Client = sign_in(Role.FRONT_DESK)
    return client


def text_of(page: HttpResponse) -> str:
    """Return what can be read on a page."""
    main = page.content.decode().partition("<main")[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def names(page: HttpResponse) -> list[str]:
    return [
        unescape(n) for n in re.findall(r'class="row-link"[^>]*>(.*?)</a>', page.content.decode())
    ]


# Search ------------------------------------------------------------------------------------------


@pytest.fixture
def people() -> dict[str, Patient]:
    made = [
        make.patient(family_name="Sánchez", birth_date=date(1988, 3, 14), phone="+442079460123"),
        make.patient(given_name="Łucja", family_name="Wałęsa", birth_date=date(1990, 1, 2)),
        make.patient(given_name="Anna", family_name="Groß", birth_date=date(1988, 3, 14)),
        make.patient(given_name="Niamh", family_name="O’Neill", birth_date=date(1970, 12, 31)),
        make.patient(given_name="100%", family_name="Under_score", birth_date=date(1971, 1, 1)),
    ]
    return {patient.family_name: patient for patient in made}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Sanchez", ["Sánchez"]),
        ("sánchez", ["Sánchez"]),
        ("SANC", ["Sánchez"]),
        ("maria sanchez", ["Sánchez"]),
        ("sanchez maria", ["Sánchez"]),
        ("lucja", ["Wałęsa"]),
        ("walesa", ["Wałęsa"]),
        ("WAŁĘSA", ["Wałęsa"]),
        ("gross", ["Groß"]),
        ("groß", ["Groß"]),
        ("o'neill", ["O’Neill"]),
        ("oneill", ["O’Neill"]),
        ("O’Neill", ["O’Neill"]),
        ("020 7946 0123", ["Sánchez"]),
        ("02079460123", ["Sánchez"]),
        ("+44 20 7946 0123", ["Sánchez"]),
        ("0044 20 7946 0123", ["Sánchez"]),
        ("60123", ["Sánchez"]),
        ("14/03/1988", ["Groß", "Sánchez"]),
        ("14.03.1988", ["Groß", "Sánchez"]),
        ("1988-03-14", ["Groß", "Sánchez"]),
        ("anna 14/03/1988", ["Groß"]),
        ("100%", ["Under_score"]),
        ("under_score", ["Under_score"]),
        ("%", ["Under_score"]),
        ("_", ["Under_score"]),
        ("nobody", []),
        ("sanchez anna", []),
        ("15/03/1988", []),
        ("\x00", []),
        ("", []),
    ],
)
def test_search_finds_by_name_phone_and_birth_date(
    people: dict[str, Patient], typed: str, found: list[str]
) -> None:
    rows = Patient.objects.matching(typed).order_by("family_name")
    assert sorted(row.family_name for row in rows) == sorted(found)


def test_search_finds_the_code_in_either_case(people: dict[str, Patient]) -> None:
    for patient in people.values():
        for typed in (patient.code, patient.code.lower(), patient.code.replace("-", "")):
            assert list(Patient.objects.matching(typed)) == [patient]


def test_search_follows_a_change_of_name_and_phone(people: dict[str, Patient]) -> None:
    patient = people["Sánchez"]
    change_patient(
        patient=patient, version=1, family_name="Ruiz", phone="+442079460777", by=make.user()
    )
    assert list(Patient.objects.matching("sanchez")) == []
    assert list(Patient.objects.matching("ruiz 0777")) == [patient]


def test_search_reads_the_british_notation_with_a_zero_in_brackets(
    people: dict[str, Patient],
) -> None:
    assert list(Patient.objects.matching("+44 (0)20 7946 0123")) == [people["Sánchez"]]


def test_search_page_lists_the_found_and_keeps_what_was_typed(
    desk: Client, people: dict[str, Patient]
) -> None:
    page = desk.get("/patients/", {"q": "Sanchez"})
    assert names(page) == ["Maria Sánchez"]
    assert 'value="Sanchez"' in page.content.decode()


def test_search_page_that_finds_nobody_offers_to_register(desk: Client) -> None:
    page = desk.get("/patients/", {"q": "Zoë <b>"})
    assert "No patient matches “Zoë <b>”." in text_of(page)
    assert 'href="/patients/new/?name=Zo%C3%AB%20%3Cb%3E"' in page.content.decode()
    form = desk.get("/patients/new/", {"name": "Zoë <b>"}).content.decode()
    assert 'value="Zoë &lt;b&gt;"' in form


def test_search_page_leaves_archived_patients_to_their_own_list(
    desk: Client, people: dict[str, Patient]
) -> None:
    archive_patient(patient=people["Sánchez"], by=make.user())
    assert names(desk.get("/patients/", {"q": "Sanchez"})) == []
    assert names(desk.get("/patients/", {"q": "Sanchez", "archived": "1"})) == ["Maria Sánchez"]


NAUGHTY_QUERIES = [
    "q=%00",
    "q=%00Sanchez%00",
    "q=%FF%FE",
    "q=" + "a" * 3000,
    "q=%27%20OR%201%3D1%20--",
    "q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
    "q=%F0%9F%98%80",
    "q=%E2%80%AE",
    "q=%5C",
    "q=%25%25%25",
    "q=99999999999999999999999999",
    "q=9999-99-99",
    "q=%D9%A3%D9%A3",
    "page=0",
    "page=-1",
    "page=x",
    "page=99999999999999999999",
    "state=%00",
    "state=nonsense",
    "archived=%00",
]


@pytest.mark.parametrize("query", NAUGHTY_QUERIES, ids=lambda query: query[:30])
def test_search_page_takes_any_query(desk: Client, people: dict[str, Patient], query: str) -> None:
    page = desk.get(f"/patients/?{query}")
    assert page.status_code == 200
    assert "<h1>Patients</h1>" in page.content.decode()
    assert "<script>alert" not in page.content.decode()


# Registering -------------------------------------------------------------------------------------


def test_registered_patient_has_a_random_code_and_lands_on_her_chart(desk: Client) -> None:
    answer = desk.post("/patients/new/", CONTACT)
    made = Patient.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/patients/{made.code}/")
    assert re.fullmatch(f"P-[{CODE_LETTERS}]{{5}}", made.code)
    code = made.code.lower()
    assert (str(made), str(made.phone), made.birth_date) == (
        "Anna Novak",
        "+442079460999",
        date(1990, 5, 6),
    )
    assert made.search_key == f"anna novak {code} {code.replace('-', '')} 442079460999"


def test_codes_leave_out_letters_that_are_misheard() -> None:
    letters = {letter for _ in range(300) for letter in new_code()[2:]}
    assert letters <= set(CODE_LETTERS)
    assert letters & set("01IO") == set()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"birth_date": "2026-11-25"}, "The birth date lies in the future."),
        (
            {"birth_date": "1890-01-01"},
            "The birth date is more than 120 years ago. Check the year.",
        ),
        ({"birth_date": "31/02/1990"}, "Enter a valid date."),
        ({"birth_date": ""}, "Fill this in."),
        ({"given_name": ""}, "Fill this in."),
        ({"given_name": "   "}, "Fill this in."),
        ({"sex_at_birth": ""}, "Fill this in."),
        ({"sex_at_birth": "X"}, "Select a valid choice. X is not one of the available choices."),
        (
            {"phone": "12"},
            "Enter a valid phone number (e.g. 0121 234 5678) or a number with an international call prefix.",
        ),
        ({"email": "anna"}, "Enter a valid email address."),
        (
            {"may_be_emailed": "on"},
            "Give an e-mail address, or untick reminders by e-mail.",
        ),
        (
            {"given_name": "x" * 81},
            "Ensure this value has at most 80 characters (it has 81).",
        ),
    ],
)
def test_registration_is_refused_in_words(
    desk: Client, typed: dict[str, str], sentence: str
) -> None:
    page = desk.post("/patients/new/", CONTACT | typed)
    assert (page.status_code, Patient.objects.count()) == (200, 0)
    assert sentence in text_of(page)


@pytest.mark.parametrize("typed", ["06/05/1990", "6.5.1990", "6 May 1990", "1990-05-06"])
def test_birth_date_is_taken_in_the_notations_of_the_clinic(desk: Client, typed: str) -> None:
    desk.post("/patients/new/", CONTACT | {"birth_date": typed})
    assert Patient.objects.get().birth_date == date(1990, 5, 6)


def test_birth_today_is_taken(desk: Client) -> None:
    desk.post("/patients/new/", CONTACT | {"birth_date": TODAY.isoformat()})
    assert Patient.objects.get().age == 0


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(1988, 3, 14), date(2026, 3, 13), 37),
        (date(1988, 3, 14), date(2026, 3, 14), 38),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
    ],
)
def test_age_counts_full_years(born: date, day: date, age: int) -> None:
    assert Patient(birth_date=born).age_on(day) == age


# Registered already? -----------------------------------------------------------------------------

SAME = "Maybe the same person: 1 patient shares the name and birth date, or the phone."


@pytest.mark.parametrize(
    "typed",
    [
        {"given_name": "ANNA", "family_name": "Nóvák", "phone": "020 7946 0555"},
        {"given_name": "Eva", "family_name": "Stone", "birth_date": "1970-01-01"},
    ],
    ids=["same name and birth date", "same phone"],
)
def test_maybe_the_same_person_is_asked_about_and_then_registered(
    desk: Client, typed: dict[str, str]
) -> None:
    desk.post("/patients/new/", CONTACT)
    first = Patient.objects.get()
    page = desk.post("/patients/new/", CONTACT | typed)
    text = text_of(page)
    assert (page.status_code, Patient.objects.count(), SAME in text) == (200, 1, True)
    assert f"Anna Novak {first.code}, 6 May 1990, phone ends 09 99" in text
    assert f'href="/patients/{first.code}/"' in page.content.decode()

    again = desk.post("/patients/new/", CONTACT | typed | {"not_the_same": "on"})
    other = Patient.objects.exclude(pk=first.pk).get()
    assert again["Location"] == f"/patients/{other.code}/"
    assert other.code != first.code


def test_archived_patient_is_asked_about_too(desk: Client) -> None:
    desk.post("/patients/new/", CONTACT)
    archive_patient(patient=Patient.objects.get(), by=make.user())
    assert SAME in text_of(desk.post("/patients/new/", CONTACT))


@pytest.mark.parametrize(
    "typed",
    [
        {"birth_date": "1990-05-07", "phone": "020 7946 0555"},
        {"family_name": "Novakova", "phone": "020 7946 0555"},
    ],
    ids=["other birth date", "longer name"],
)
def test_somebody_else_is_registered_without_asking(desk: Client, typed: dict[str, str]) -> None:
    desk.post("/patients/new/", CONTACT)
    assert desk.post("/patients/new/", CONTACT | typed).status_code == 302
    assert Patient.objects.count() == 2


def test_change_asks_only_when_it_makes_her_like_somebody_else(desk: Client) -> None:
    for phone in ("020 7946 0999", "020 7946 0555"):
        desk.post("/patients/new/", CONTACT | {"phone": phone, "not_the_same": "on"})
    _first, second = Patient.objects.order_by("pk")
    url = f"/patients/{second.code}/edit/"
    form = CONTACT | {"phone": "020 7946 0555", "version": "1"}
    assert desk.post(url, form | {"language": "Czech"}).status_code == 302
    page = desk.post(url, form | {"phone": "020 7946 0999", "version": "2"})
    assert SAME in text_of(page)
    second.refresh_from_db()
    assert (str(second.phone), second.language) == ("+442079460555", "Czech")


# Changing ----------------------------------------------------------------------------------------


def test_change_from_an_old_page_is_refused_with_what_was_saved_meanwhile() -> None:
    patient, by = make.patient(language="Spanish"), make.user()
    change_patient(patient=patient, version=1, language="Catalan", by=by)
    with pytest.raises(Stale) as refused:
        change_patient(patient=patient, version=1, language="Basque", by=by)
    assert refused.value.version == 2
    change_patient(patient=patient, version=2, language="Basque", by=by)
    assert Patient.objects.get().language == "Basque"


def test_change_writes_only_what_was_given() -> None:
    patient = make.patient(email="maria@example.org")
    change_patient(patient=patient, version=1, language="Catalan", by=make.user())
    saved = Patient.objects.get()
    assert (saved.email, saved.given_name, saved.version) == ("maria@example.org", "Maria", 2)


# Archiving ---------------------------------------------------------------------------------------


def test_archive_is_refused_while_a_course_is_open(desk: Client) -> None:
    course = make.course()
    for state in (CourseState.ACTIVE, CourseState.PAUSED):
        Course.objects.update(state=state)
        page = desk.post(f"/patients/{course.patient.code}/archive/")
        assert "A course is open. Complete or stop it before archiving." in text_of(page)
    Course.objects.update(state=CourseState.COMPLETED)
    assert desk.post(f"/patients/{course.patient.code}/archive/").status_code == 302


def test_archive_is_refused_while_a_date_is_booked() -> None:
    booked = make.appointment(make.at(TODAY + timedelta(1), "10:00"))
    with pytest.raises(Refused) as refused:
        archive_patient(patient=booked.patient, by=make.user())
    assert refused.value.message == "A date is booked. Cancel it before archiving."


@pytest.mark.parametrize(
    ("day", "status"),
    [
        (TODAY + timedelta(1), Status.CANCELLED),
        (TODAY - timedelta(1), Status.BOOKED),
        (TODAY - timedelta(1), Status.DONE),
    ],
)
def test_archive_is_not_held_up_by_dates_that_are_over(day: date, status: Status) -> None:
    made = make.appointment(make.at(day, "10:00"), status=status)
    assert archive_patient(patient=made.patient, by=make.user()).archived_at is not None


def test_archived_patient_is_brought_back(desk: Client) -> None:
    patient = make.patient()
    url = f"/patients/{patient.code}/archive/"
    assert desk.post(url).status_code == 302
    patient.refresh_from_db()
    assert (patient.archived_at is None, patient.archived_by is None) == (False, False)
    assert names(desk.get("/patients/")) == []
    assert desk.post(url).status_code == 302
    patient.refresh_from_db()
    assert (patient.archived_at, patient.archived_by) == (None, None)
    assert names(desk.get("/patients/")) == ["Maria Sanchez"]


def test_nothing_new_begins_for_an_archived_patient(sign_in: Any) -> None:
    screening = make.accepted()
    archive_patient(patient=screening.patient, by=screening.started_by)
    client, code = sign_in(Role.PRACTITIONER), screening.patient.code
    urls = [f"/patients/{code}/{what}/new/" for what in ("screenings", "courses")]
    assert [client.get(url).status_code for url in urls] == [404, 404]
    assert client.get(f"/appointments/new/?patient={code}").status_code == 404
    with pytest.raises(Refused, match="This patient is archived"):
        make.screening(Patient.objects.get())
    restore_patient(patient=screening.patient, by=screening.started_by)
    assert [client.get(url).status_code for url in urls] == [200, 200]


# What the database itself refuses ----------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"sex_at_birth": "X"},
        {"archived_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"version": -1},
    ],
)
def test_patient_with_impossible_values_is_refused_by_the_database(wrong: dict[str, Any]) -> None:
    patient = make.patient()
    with pytest.raises(IntegrityError), transaction.atomic():
        Patient.objects.filter(pk=patient.pk).update(**wrong)


def test_code_is_given_only_once() -> None:
    patient = make.patient()
    with pytest.raises(IntegrityError), transaction.atomic():
        make.patient(code=patient.code)


# Naughty strings ---------------------------------------------------------------------------------

NAUGHTY = [
    "Anna\x00",
    "\x00",
    "😀 Emoji",
    "مريم",
    "\u202eannA",
    "O'Brien; DROP TABLE patients_patient; --",
    '"><script>alert(1)</script>',
    "{{ 7|add:7 }} {% now 'Y' %}",
    "\\' OR 1=1",
    "Ａｎｎａ",
    "Z͑ͫ̓ͪ̂a̴̵̜̰͔lg̶̡o",
    "-1",
    "=cmd|' /C calc'!A0",
    "　",
    "\t\r\n",
]
# One letter that is many once it is normalised.
EXPANDING = [pytest.param(text, id=text[:1]) for text in ("ß" * 80 + "|" + "ß" * 80, "ﷺ" * 80)]


@pytest.mark.parametrize("field", ["given_name", "language", "emergency_contact"])
@pytest.mark.parametrize("text", [*NAUGHTY, "x" * 300])
def test_naughty_text_comes_back_as_it_was_or_is_refused_in_words(
    desk: Client, field: str, text: str
) -> None:
    answer = desk.post("/patients/new/", CONTACT | {field: text})
    if answer.status_code == 302:
        made = Patient.objects.get()
        assert getattr(made, field) == text.strip()
        assert "<script>alert" not in desk.get(answer["Location"]).content.decode()
        form = desk.get(f"/patients/{made.code}/edit/").content.decode()
        found = re.findall(rf'<input [^>]*?name="{field}"[^>]*? value="(.*?)"', form, re.S)
        assert [unescape(value) for value in found] == ([text.strip()] if text.strip() else [])
    else:
        assert answer.status_code == 200
        assert "1 thing to correct" in text_of(answer)
        assert Patient.objects.count() == 0


@pytest.mark.parametrize("text", EXPANDING)
def test_name_that_grows_when_it_is_normalised_is_registered(text: str) -> None:
    given, _, family = text.partition("|")
    register_patient(
        by=make.user(),
        given_name=given,
        family_name=family or "Novak",
        birth_date=date(1990, 5, 6),
        sex_at_birth="F",
        phone="+442079460999",
    )
    assert Patient.objects.get().given_name == given


@pytest.mark.parametrize("field", [*CONTACT, "email", "submission", "not_the_same"])
@pytest.mark.parametrize("text", ["\x00", "😀", "-1", "9" * 400, "'\"<>"])
def test_any_field_takes_any_text_without_breaking(desk: Client, field: str, text: str) -> None:
    assert desk.post("/patients/new/", CONTACT | {field: text}).status_code in (200, 302)
