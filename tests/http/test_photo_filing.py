"""Filing many photographs: what the server reads from their first bytes, and proposes."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from clinic.roles import Role
from tests import make
from tests.http.test_policies import client_of
from tests.pure import imaging_samples as samples
from treatments.models import Course, Photo, Visit
from treatments.terms import View, VisitKind

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return client_of(Role.PRACTITIONER)


@pytest.fixture
def visit() -> Visit:
    made = make.course()
    make.signed(made.patient)
    return make.visit(made, kind=VisitKind.BASELINE, on=timezone.localdate())


def proposed(client: Client, course: Course, *heads: bytes, start: int = 0) -> str:
    names = [f"IMG_{number}.jpg" for number in range(len(heads))]
    answer = client.post(
        f"/patients/{course.patient_code}/photos/propose/",
        {
            "start": start,
            "head": [
                SimpleUploadedFile(name, head) for name, head in zip(names, heads, strict=True)
            ],
            "name": names,
        },
    )
    assert answer.status_code == 200
    return answer.content.decode()


def chosen(row: str) -> list[str]:
    return re.findall(r'<option value="([^"]+)"[^>]* selected>', row)


def talking_jpeg(day: date, hour: int) -> bytes:
    """Return a JPEG whose camera says that it was taken then."""
    whole = samples.talkative_jpeg()
    stamp = re.search(rb"\d{4}:\d\d:\d\d \d\d:\d\d:\d\d", whole)
    assert stamp
    return whole.replace(stamp[0], f"{day:%Y:%m:%d} {hour:02}:00:00".encode())


def test_first_bytes_tell_where_a_photograph_belongs(client: Client, visit: Visit) -> None:
    make.photo(visit, View.BACK_RELAXED)
    today = visit.held_on
    page = proposed(
        client, visit.course, talking_jpeg(today, 11)[:4000], talking_jpeg(today, 9)[:4000], start=4
    )
    # As the clock has them, whatever the order of the files.
    earlier, later = re.findall(r"<tr data-file.*?</tr>", page, re.S)
    assert chosen(later) == [str(visit.pk), "left_relaxed"]
    assert chosen(earlier) == [str(visit.pk), "back_contracted"]
    assert ('data-file="4"' in later, "IMG_1.jpg" in earlier) == (True, True)
    assert f"taken {today:%-d %b %Y}, 09:00" in earlier
    assert Photo.objects.count() == 1  # nothing is kept


def test_row_says_what_does_not_tell(client: Client, visit: Visit) -> None:
    other = talking_jpeg(visit.held_on - timedelta(3), 9)
    page = proposed(client, visit.course, make.jpeg(), other, b"no picture", b"")
    assert page.count("The file does not say when it was taken.") == 3
    assert page.count("No visit is recorded on its day.") == 1
    assert chosen(page) == []


def test_file_name_cannot_write_into_the_page(client: Client, visit: Visit) -> None:
    answer = client.post(
        f"/patients/{visit.patient_code}/photos/propose/",
        {
            "start": "naughty",
            "head": SimpleUploadedFile("x.jpg", make.jpeg()),
            "name": "<script>alert(1)</script>",
        },
    )
    page = answer.content.decode()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_page_offers_no_visit_of_another_patient_and_none_struck_out(
    client: Client, visit: Visit
) -> None:
    other = make.visit(make.course(), kind=VisitKind.BASELINE)
    gone = make.visit(visit.course, kind=VisitKind.FOLLOW_UP)
    Visit.objects.filter(pk=gone.pk).update(
        voided_at=timezone.now(), voided_by=gone.practitioner, void_reason="Wrong day"
    )
    page = proposed(client, visit.course, make.jpeg())
    assert f'value="{visit.pk}"' in page
    assert f'value="{other.pk}"' not in page
    assert f'value="{gone.pk}"' not in page


def test_photograph_is_filed_by_the_address_of_its_visit(client: Client, visit: Visit) -> None:
    setup = make.setup()
    answer = client.post(
        f"/visits/{visit.pk}/photos/",
        {
            "file": SimpleUploadedFile("IMG_1.jpg", samples.talkative_jpeg()),
            "view": "left_relaxed",
            "setup": setup.pk,
        },
        headers={"HX-Request": "true"},
    )
    assert answer.status_code == 200
    photo = visit.photos.get()
    assert (photo.view, photo.setup) == ("left_relaxed", setup)


def test_page_without_a_visit_says_what_to_do_first(client: Client) -> None:
    patient = make.patient()
    page = client.get(f"/patients/{patient.code}/photos/file/").content.decode()
    assert "No visit to file them with" in page
