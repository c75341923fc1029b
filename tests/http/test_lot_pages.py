"""The pages of the stock: lots by state, the trail of one, the recall and its calls, the file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clinic.models import AuditEvent, Submission
from clinic.replies import harmless
from clinic.roles import Role
from patients.models import Patient
from tests import make
from treatments.actions import recall_lot
from treatments.models import Lot, LotLoss, Reaction, RecallContact

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
DAY = timedelta(1)
STRANGE = "=cmd|'/c calc'!A1"


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC)):
        yield


@pytest.fixture
def client(sign_in: Any) -> Client:
    made: Client = sign_in(Role.PRACTITIONER)
    return made


@pytest.fixture
def lot() -> Lot:
    """A lot of two patients, three sessions and one reaction."""
    made = make.lot(make.product("Formula B"), "L2377", volume_ml=Decimal("200.0"))
    for name, visits in (("Maria", 2), ("Ines", 1)):
        patient = make.patient(given_name=name, family_name="Sanchez")
        course = make.course(patient, visits=visits, last_on=TODAY - 7 * DAY)
        for visit in course.visits.treatments():
            make.drawn(visit, made, "8.0", wasted="0.4")
    Reaction.objects.create(visit=visit, kind="nodule", grade=2)
    return made


def text(answer: Any) -> str:
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_lots_stand_by_state(client: Client) -> None:
    product = make.product("Formula B")
    make.lot(product, "L1")
    make.lot(product, "L2", expires_on=TODAY + DAY)
    make.lot(product, "L3", expires_on=TODAY - DAY)
    make.lot(product, "L4", opened_on=TODAY - 9 * DAY, discard_after_days=7)
    recall_lot(lot=make.lot(product, "L5"), reason="Seal.", by=make.practitioner())
    shown = {
        state: re.findall(r">(L\d)<", client.get(f"/stock/lots/?state={state}").content.decode())
        for state in ("usable", "closed", "soon", "expired", "discard", "recalled", "empty")
    }
    assert shown == {
        "usable": ["L2", "L1"],
        "closed": ["L1"],
        "soon": ["L2"],
        "expired": ["L3"],
        "discard": ["L4"],
        "recalled": ["L5"],
        "empty": [],
    }
    said = text(client.get("/stock/lots/"))
    assert "Can be drawn from 2" in said
    assert "L2 Formula B Expires soon 25 Nov – 200.0 ml 200.0 ml" in said


def test_lot_is_received_opened_and_partly_lost(client: Client) -> None:
    product = make.product("Formula B")
    sent = {
        "product": str(product.pk),
        "number": "L2377",
        "expires_on": "2027-03-31",
        "received_on": "2026-11-24",
        "volume_ml": "200",
        "discard_after_days": "28",
    }
    url = client.post("/stock/lots/new/", sent)["Location"]
    again = client.post("/stock/lots/new/", sent)
    assert again.context["form"].errors == {
        "number": ["This lot is entered already. If more of it came, enter that on its page."]
    }
    client.post(f"{url}open/", {"opened_on": "2026-11-24", "discard_after_days": "28"})
    for what, ml in (("lost", "5"), ("back", "2"), ("more", "100")):
        client.post(f"{url}amount/", {"what": what, "ml": ml, "reason": "Told by Vega."})
    said = text(client.get(url))
    assert "Opened 24 Nov, to be used up by 22 Dec" in said
    assert "0.0 given + 0.0 wasted + 3.0 lost + 297.0 left = 300.0 ml" in said
    refused = client.post(f"{url}amount/", {"what": "lost", "ml": "298", "reason": "All."})
    assert refused.context["form"].errors == {"ml": ["Only 297.0 ml are left of it."]}
    client.post(f"{url}correct/", {**sent, "volume_ml": "250", "version": "3"})
    assert Lot.objects.get().volume_ml == 250


def test_trail_shows_every_session_and_what_came_after(client: Client, lot: Lot) -> None:
    said = text(client.get(lot.get_absolute_url()))
    figures = "Patients 2 Sessions 3 Given 22.8 ml Left 176.0 ml Reactions recorded after it 1 of 3"
    assert figures in said
    assert "nodule, grade 2" in said
    assert "22.8 given + 1.2 wasted + 0.0 lost + 176.0 left = 200.0 ml" in said
    assert "L2377 3 1" in said
    assert "Too few to call a difference" in said
    assert "So the list stays open to 9 Feb 2027." in said
    assert "Contact about the recall" not in said


def test_recall_opens_the_list_of_whom_to_tell(client: Client, lot: Lot) -> None:
    url = lot.get_absolute_url()
    asked = text(client.get(f"{url}recall/"))
    assert "2 patients were given it." in asked
    empty = client.post(f"{url}recall/", {"reason": ""})
    assert empty.context["form"].errors == {"reason": ["Fill this in."]}
    assert client.post(f"{url}recall/", {"reason": "Seal defect."})["Location"] == url
    said = text(client.get(url))
    assert "Blocked since Tue 24 Nov, 12:00 by Dr Lin" in said
    assert "176.0 ml must still be set apart: record it as a loss." in said
    assert ("Call the 2 not told" in said, said.count("Not tried yet")) == (True, 2)


def test_call_is_logged_in_place(client: Client, lot: Lot) -> None:
    recall_lot(lot=lot, reason="Seal defect.", by=make.practitioner())
    maria, ines = Patient.objects.order_by("pk")
    url = lot.get_absolute_url()
    contact = f"{url}contacts/{maria.code}/"
    open_again = client.post(contact, {f"{maria.code}-outcome": ""})
    assert "1 thing to correct" in text(open_again)
    assert open_again.content.decode().count("<details open>") == 1
    for outcome in ("no_answer", "no_answer"):
        assert client.post(contact, {f"{maria.code}-outcome": outcome})["Location"] == (
            f"{url}#{maria.code}"
        )
    assert "No answer, 2 tries" in text(client.get(url))
    client.post(contact, {f"{maria.code}-outcome": "in_person", f"{maria.code}-note": "Well."})
    said = text(client.get(url))
    assert "Told in person 24 Nov 12:00, Dr Lin Well." in said
    assert "Told 1 of 2" in said
    left = client.get(f"{url}?show=left").content.decode()
    assert (maria.code in left, ines.code in left) == (False, True)


def test_double_tap_logs_one_call(client: Client, lot: Lot) -> None:
    recall_lot(lot=lot, reason="Seal defect.", by=make.practitioner())
    maria = Patient.objects.order_by("pk")[0]
    sent = {
        f"{maria.code}-outcome": "reached",
        f"{maria.code}-submission": "7b6d2b5e-0000-4000-8000-000000000001",
    }
    answers = [
        client.post(f"{lot.get_absolute_url()}contacts/{maria.code}/", sent) for _ in range(2)
    ]
    assert len({answer["Location"] for answer in answers}) == 1
    assert RecallContact.objects.count() == 1


def test_call_of_a_lot_that_is_not_recalled_is_refused(client: Client, lot: Lot) -> None:
    maria = Patient.objects.order_by("pk")[0]
    answer = client.post(
        f"{lot.get_absolute_url()}contacts/{maria.code}/", {f"{maria.code}-outcome": "reached"}
    )
    assert "This lot is not recalled, so there is nobody to tell." in text(answer)


def rows_of(answer: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_list_is_exported_with_a_reason_and_without_formulas(client: Client, lot: Lot) -> None:
    Patient.objects.filter(given_name="Maria").update(given_name=STRANGE)
    url = f"{lot.get_absolute_url()}export/"
    assert client.post(url, {}).context["form"].errors == {"reason": ["Fill this in."]}
    assert AuditEvent.objects.filter(action="call list exported").count() == 0
    answer = client.post(url, {"reason": "calls"})
    head, *rows = rows_of(answer)
    assert head[:6] == ["Lot", "Product", "Code", "Given name", "Family name", "Phone"]
    assert [row[3] for row in rows] == [f"'{STRANGE}", f"'{STRANGE}", "Ines"]
    assert all(row[5].startswith("'+44") for row in rows)
    assert {cell[:1] for row in rows for cell in row} & set("=+-@\t\r") == set()
    assert answer["Content-Disposition"] == 'attachment; filename="lot-l2377.csv"'
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    event = AuditEvent.objects.get(action="call list exported")
    assert event.target == f"lot {lot.pk}, calls"


def test_list_that_is_exported_again_from_the_same_page_is_noted_again(
    client: Client, lot: Lot
) -> None:
    """The page stays after a download, with the key that it was opened with."""
    url, key = f"{lot.get_absolute_url()}export/", "5e0f6c9e-7c3f-4a55-9d9b-0d8a1c3c1d11"
    for reason in ("calls", "report"):
        answer = client.post(url, {"reason": reason, "submission": key})
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
    events = AuditEvent.objects.filter(action="call list exported").order_by("pk")
    said = [f"lot {lot.pk}, calls", f"lot {lot.pk}, report"]
    assert list(events.values_list("target", flat=True)) == said


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1"])
def test_cell_that_a_spreadsheet_would_carry_out_is_made_harmless(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "Maria", "2026-11-24", "8.0", "O'Sullivan"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert harmless(cell) == cell


def test_patient_page_lists_her_lots(client: Client, lot: Lot) -> None:
    ines = Patient.objects.get(given_name="Ines")
    said = text(client.get(f"/patients/{ines.code}/lots/"))
    assert "17 Nov session 1 Formula B L2377 buttocks and back of thighs 7.6" in said
    assert "Nodule, grade 2" in said
    assert AuditEvent.objects.filter(action="lots viewed", patient=ines.code).count() == 1


def test_shared_lots_start_from_reactions(client: Client, lot: Lot) -> None:
    assert "Lots given to" not in text(client.get("/stock/shared/"))
    reaction = Reaction.objects.get()
    said = text(client.get(f"/stock/shared/?reaction={reaction.pk}"))
    assert "Lots given to 1 patient" in said
    assert "L2377 Formula B 1 of 1 1 2" in said


def test_get_writes_nothing_but_the_look(client: Client, lot: Lot) -> None:
    recall_lot(lot=lot, reason="Seal defect.", by=make.practitioner())
    before = [LotLoss.objects.count(), RecallContact.objects.count(), Submission.objects.count()]
    url = lot.get_absolute_url()
    for each in (url, f"{url}export/", f"{url}amount/", "/stock/lots/", "/stock/shared/"):
        assert client.get(each).status_code == 200
    after = [LotLoss.objects.count(), RecallContact.objects.count(), Submission.objects.count()]
    assert after == before


def test_desk_finds_no_stock(sign_in: Any, lot: Lot) -> None:
    desk = sign_in(Role.FRONT_DESK)
    assert desk.get(lot.get_absolute_url()).status_code == 403
    assert "/stock/" not in desk.get("/").content.decode()
    ines = Patient.objects.get(given_name="Ines")
    assert "/lots/" not in desk.get(ines.get_absolute_url()).content.decode()


def test_pages_cost_the_same_however_many_rows(client: Client) -> None:
    product = make.product("Formula B")
    lot = make.lot(product, volume_ml=Decimal(900))
    recall_lot(lot=lot, reason="Seal defect.", by=make.practitioner())
    found = []
    for rows in (1, 5):
        for _ in range(rows):
            make.lot(product)
            course = make.course(visits=1, last_on=TODAY)
            visit = course.visits.get()
            make.drawn(visit, lot)
            Reaction.objects.create(visit=visit, kind="bruise", grade=1)
            RecallContact.objects.create(
                lot=lot, patient=course.patient, outcome="no_answer", by=course.practitioner
            )
        costs = []
        for url in (
            lot.get_absolute_url(),
            "/stock/lots/",
            "/setup/products/",
            f"/stock/shared/?{'&'.join(f'reaction={row.pk}' for row in Reaction.objects.all())}",
        ):
            client.get(url)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(url).status_code == 200
            costs.append(len(queries))
        found.append(costs)
    assert found[0] == found[1]
