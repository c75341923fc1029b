"""A withdrawal while a pair is taken out, and one pair graded in eight tabs, on real connections."""

from __future__ import annotations

import uuid
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from clinic.models import User
from patients.actions.consents import withdraw_consent
from patients.models import Patient
from patients.terms import Purpose
from tests import make
from tests.db.test_submit_race import SENT, client_of, sent, together
from treatments.actions import uses
from treatments.models import BlindRating, Photo, PhotoExport
from treatments.selectors.uses import uses_to_end
from treatments.terms import ExportKind

pytestmark = pytest.mark.django_db(transaction=True)

WEBSITE = Purpose.MARKETING_WEBSITE
LONG = 20  # seconds: never waited for in full
WHILE = 1.5  # seconds in which an unhindered withdrawal is long done


@pytest.fixture
def lin() -> User:
    return make.practitioner()


@pytest.fixture
def pair(lin: User) -> tuple[Photo, Photo]:
    course = make.course(visits=2, every=35, by=lin)
    make.signed(course.patient, yes=(*make.FOR_CARE, WEBSITE))
    first, last = course.visits.treatments()
    return make.photo(first), make.photo(last)


def withdrawn_meanwhile(
    pair: tuple[Photo, Photo], by: User, monkeypatch: pytest.MonkeyPatch
) -> bool:
    """Take a pair out and withdraw at the same time, once the consent was looked at; say whether
    the withdrawal was done before the pair was noted as taken out."""
    looked, done, overtook = Event(), Event(), []

    def slow(export: PhotoExport) -> bytes:
        looked.set()
        overtook.append(done.wait(WHILE))
        return b""

    monkeypatch.setattr(uses, "_sheet", slow)

    def work(place: int) -> Any:
        if place == 0:
            return uses.export_pair(
                one=pair[0],
                other=pair[1],
                kind=ExportKind.FILE,
                purpose=WEBSITE,
                whereto="Our website",
                by=by,
            )
        assert looked.wait(LONG)
        event = withdraw_consent(patient=pair[0].course.patient, purpose=WEBSITE, reason="", by=by)
        done.set()
        return event

    export, event = together(work, 2)
    [use] = uses_to_end(event.at.date())
    assert use.export == export
    return overtook[0]


def test_nothing_leaves_after_a_withdrawal_that_came_in_between(
    pair: tuple[Photo, Photo], lin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert withdrawn_meanwhile(pair, lin, monkeypatch) is False


@pytest.mark.postgres
@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="On SQLite there is one writer at a time anyway"
)
def test_control_without_the_lock_a_withdrawal_is_overtaken(
    pair: tuple[Photo, Photo], lin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlocked = SimpleNamespace(objects=SimpleNamespace(select_for_update=Patient.objects.all))
    monkeypatch.setattr(uses, "Patient", unlocked)
    assert withdrawn_meanwhile(pair, lin, monkeypatch) is True


def test_eight_tabs_make_one_grade_and_the_rest_read_why(
    pair: tuple[Photo, Photo], lin: User
) -> None:
    a, b = sorted(str(photo.pk) for photo in pair)
    url = f"/patients/{pair[0].patient_code}/compare/blind/?a={a}&b={b}"
    ordered = client_of(lin).get(url)["Location"]
    answers = sent(
        lin, ordered, {"better": "1", "later": "unknown"}, [uuid.uuid4() for _each in range(SENT)]
    )
    assert answers == {(302, url): 1, (200, ""): SENT - 1}
    assert BlindRating.objects.count() == 1
