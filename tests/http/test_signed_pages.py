"""The page of a signed visit: who signed it when, what was added, what was struck out, and by whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from clinic import triggers
from clinic.models import AuditEvent, SignedNote, User
from clinic.roles import Role
from tests import make
from tests.conftest import FINAL
from treatments.actions import add_addendum, record_visit, void_visit
from treatments.findings import Treated
from treatments.models import Addendum, ReactionCheck, Visit, VisitProduct
from treatments.terms import VisitKind

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 7, 1, 11, 0, tzinfo=UTC)
CHANGED = "This is not what was signed"


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def visit() -> Visit:
    return make.course(visits=1).visits.get()


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def words(answer: Any) -> str:
    """Return the text of a page as it reads, in one line."""
    page = answer.content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    return " ".join(re.sub(r"<[^>]+>", " ", main).replace("&#x27;", "'").split())


def shown(visit: Visit, user: User | None = None) -> str:
    return words(client_of(user or visit.practitioner).get(visit.get_absolute_url()))


# The signature -----------------------------------------------------------------------------------


def test_signature_shows_name_time_with_offset_meaning_and_fingerprint(visit: Visit) -> None:
    make.sign(visit)
    note = SignedNote.objects.get()
    page = shown(visit, make.practitioner("Dr Weber"))
    for said in (
        "Signed by Dr Lin, 1 Jul 2026",
        "“I performed this session”",
        "1 Jul 2026, 12:00:00 (UTC+01:00)",
        "Verified now, place 1 in the chain",
        f"Fingerprint {note.fingerprint}",
    ):
        assert said in page
    assert "Not signed" not in page
    assert CHANGED not in page


def test_edited_visit_says_so(visit: Visit) -> None:
    make.sign(visit)
    for final in FINAL:
        final.remove(connection)
    Visit.objects.filter(pk=visit.pk).update(note="Rewritten.")
    page = shown(visit)
    assert (CHANGED in page, "NOT as it was signed" in page, "Verified now" in page) == (
        True,
        True,
        False,
    )


def test_visit_that_nobody_signed_says_so(visit: Visit) -> None:
    for final in FINAL:
        final.remove(connection)
    Visit.objects.filter(pk=visit.pk).update(signed_at=NOON, signed_by=visit.practitioner)
    page = shown(visit)
    assert (CHANGED in page, "NOT signed by anybody the chain knows" in page) == (True, True)


def test_unsigned_visit_asks_its_practitioner(visit: Visit) -> None:
    Visit.objects.update(recorded_at=NOON)
    mine, other = shown(visit), shown(visit, make.practitioner("Dr Weber"))
    assert "Not signed Look it through and sign it" in mine
    assert "Not signed Only Dr Lin, who held it, can sign it." in other
    Visit.objects.update(recorded_at=NOON - timedelta(hours=24))
    assert "more than a day" not in shown(visit)
    Visit.objects.update(recorded_at=NOON - timedelta(hours=24, seconds=1))
    assert "Not signed for more than a day" in shown(visit)


def test_page_shows_everything_that_was_signed(visit: Visit) -> None:
    Visit.objects.filter(pk=visit.pk).update(
        technique="nappage",
        depth_mm="2.0",
        needle_gauge="31",
        needle_length="4",
        ml_per_point="0.100",
        nothing_changed=True,
        photos_before=False,
        note="Slept well.",
        aftercare_given=True,
    )
    rows = make.hung(visit)
    make.sign(visit)
    ReactionCheck.objects.create(
        reaction=rows["reaction"], outcome="resolved", note="Called her.", by=visit.practitioner
    )
    page = shown(visit)
    for said in (
        "Session 1 of 12",
        "Nothing changed Yes",
        "Skin of each area clear Not asked",
        "Photographs before injecting No",
        "Pregnant, or possibly pregnant No",
        "Nappage, 2.0 mm",
        "31 G, 4 mm",
        "Per point 0.1 ml",
        "Pain 2 of 10",
        "Abdomen 12 1.2 ml",
        "L2409 confirmed by scanner, 12:00 8.4 8.0 0.4",
        "This session, ml 8.4 8.0 0.4",
        "Photographs Missing Tablet was empty.",
        "Passed Faded. Dr Lin, 1 Jul 2026, 12:00",
        "71.5 cm mean of 71.4, 71.6",
        "Abdomen 2 – – – – 1 – 1",
        "Satisfaction 6 of 10",
        "Bruise, grade 2 , abdomen. Now, began 1 Jul, 12:00, 12 mm, from the treatment: probable.",
        "Blue. Done: Cooled.",
        "gone. Called her. (Dr Lin)",
        "Slept well.",
        "Aftercare sheet given",
        "Observed, well not ticked",
    ):
        assert said in page
    assert "Formula B" not in page  # the old text column


def test_lot_that_is_missing_is_said(visit: Visit) -> None:
    row = make.hung(visit)["product"]
    VisitProduct.objects.filter(pk=row.pk).update(lot=None, confirmed="", confirmed_at=None)
    assert "No lot" in shown(visit)


# Who signs, and what is posted -------------------------------------------------------------------


def test_what_is_posted_signs_for_nobody(visit: Visit) -> None:
    """A name in the data is no signature: the person who is signed in is."""
    make.sign(visit)
    author, other = visit.practitioner, make.practitioner("Dr Weber")
    forged = {
        "signed_by": author.pk,
        "practitioner": author.pk,
        "by": author.pk,
        "signer": author.pk,
        "signed_at": "2020-01-01",
        "added-text": "She called.",
        "added-reason": "Called later.",
        "added-by": author.pk,
        "added-at": "2020-01-01",
    }
    client = client_of(other)
    assert client.post(f"/visits/{visit.pk}/addenda/", forged).status_code == 302
    added, note = Addendum.objects.get(), SignedNote.objects.last()
    assert (added.by, added.at, note.signer, note.signed_at) == (other, NOON, other, NOON)
    stored = Visit.objects.get()
    assert (stored.signed_by, stored.signed_at, stored.practitioner) == (author, NOON, author)


def test_another_practitioner_cannot_strike_out_what_was_signed(visit: Visit) -> None:
    make.sign(visit)
    other = client_of(make.practitioner("Dr Weber"))
    page = words(other.post(f"/visits/{visit.pk}/void/", {"reason": "Mine now."}))
    assert "Only Dr Lin, who signed this, or the medical lead can strike it out." in page
    assert "Entered in error…" not in words(other.get(visit.get_absolute_url()))
    assert Visit.objects.get().voided_at is None


# Adding and striking out -------------------------------------------------------------------------


def test_addendum_stands_beside_the_note(visit: Visit) -> None:
    Visit.objects.update(note="Slept well.")
    make.sign(visit)
    client = client_of(visit.practitioner)
    answer = client.post(
        f"/visits/{visit.pk}/addenda/",
        {"added-text": "Slept <b>badly</b>.", "added-reason": "She called."},
    )
    assert answer["Location"] == visit.get_absolute_url()
    page = words(client.get(answer["Location"]))
    assert "Added. What was signed before stays as it was." in page
    assert (
        "Added later 1 Jul 2026, 12:00, Dr Lin. Why later: She called. Slept &lt;b&gt;badly&lt;/b&gt;. "
        "Verified now, place 2 in the chain"
    ) in page
    assert "Slept well." in page
    assert "1 addendum" in page


def test_addendum_without_a_reason_comes_back_with_its_text(visit: Visit) -> None:
    make.sign(visit)
    client = client_of(visit.practitioner)
    answer = client.post(f"/visits/{visit.pk}/addenda/", {"added-text": "Typed at length."})
    assert "Why now: Fill this in." in words(answer)
    assert "Typed at length." in words(answer)
    assert (Addendum.objects.count(), SignedNote.objects.count()) == (0, 1)


def test_edited_addendum_says_so(visit: Visit) -> None:
    make.sign(visit)
    by = visit.practitioner
    add_addendum(visit=visit, text="She called.", reason="Called later.", by=by)
    triggers.remove(connection, "treatments_addendum")
    Addendum.objects.update(text="She never called.")
    assert "She never called. NOT as it was signed" in shown(visit)


def test_unsigned_visit_offers_no_addendum(visit: Visit) -> None:
    page = shown(visit)
    assert "Add to this note" not in page
    answer = client_of(visit.practitioner).post(
        f"/visits/{visit.pk}/addenda/", {"added-text": "x", "added-reason": "y"}
    )
    assert "This visit is not signed yet. Change it in its form instead." in words(answer)


def test_struck_out_note_stays_legible_with_reason_and_author(visit: Visit) -> None:
    Visit.objects.update(note="Slept well.")
    make.sign(visit)
    lead = make.user(Role.MEDICAL_LEAD, name="Dr Okafor")
    client = client_of(lead)
    url = visit.get_absolute_url()
    assert "Wrong patient? Say only that, name nobody else here" in words(client.get(url))
    client.post(f"{url}void/", {"reason": "Wrong patient."})
    answer = client.get(url)
    page = words(answer)
    for said in (
        "Entered in error Wrong patient. Struck out by Dr Okafor, 1 Jul 2026",
        "Slept well.",
        "Struck out Dr Okafor , 1 Jul 2026, 12:00:00 (UTC+01:00)",
        "“I strike this out as entered in error”",
        "Verified now, place 2 in the chain",
    ):
        assert said in page
    struck = answer.content.decode().partition('<div class="struck">')[2]
    assert "Slept well." in struck
    assert "Entered in error…" not in page


def test_desk_opens_no_note(visit: Visit) -> None:
    make.sign(visit)
    desk = client_of(make.user(Role.FRONT_DESK, name="Jo"))
    for method, url in (("get", ""), ("post", "addenda/"), ("post", "void/")):
        answer = getattr(desk, method)(f"{visit.get_absolute_url()}{url}", {"reason": "x"})
        assert answer.status_code == 403


def test_manager_reads_and_adds_nothing(visit: Visit) -> None:
    make.sign(visit)
    manager = make.user(Role.MANAGER, name="Elif")
    page = shown(visit, manager)
    assert "Verified now" in page
    assert ("Add to this note" in page, "Entered in error…" in page) == (False, False)


def test_every_look_is_audited_once(visit: Visit) -> None:
    make.sign(visit)
    shown(visit)
    looks = AuditEvent.objects.filter(action="visit viewed", target=f"visit {visit.pk}")
    assert looks.count() == 1


def test_struck_out_unsigned_visit_has_no_signature(visit: Visit) -> None:
    void_visit(visit=visit, reason="Wrong day.", by=visit.practitioner)
    page = shown(visit)
    assert ("Signature" in page, "Not signed" in page, "Entered in error" in page) == (
        False,
        False,
        True,
    )


# What the medical lead passes --------------------------------------------------------------------


def over_its_ceiling() -> Visit:
    """A session of today that gives 6 ml of an agent whose ceiling is 5 ml."""
    course = make.course()
    (drawn,) = make.found(course).products
    return record_visit(
        course=course,
        kind=VisitKind.TREATMENT,
        held_on=timezone.localdate(),
        findings=make.found(
            course,
            areas={area: Treated(30) for area in make.BUTTOCKS},
            products=[replace(drawn, drawn_ml=Decimal(6))],
        ),
        by=course.practitioner,
    )


def test_lead_sees_and_passes_what_only_she_may_of_somebody_elses_session(sign_in: Any) -> None:
    visit = over_its_ceiling()
    url, title = visit.get_absolute_url(), "What only the medical lead may pass"
    assert title not in sign_in(Role.PRACTITIONER).get(url).content.decode()
    lead = sign_in(Role.MEDICAL_LEAD)
    page = lead.get(url)
    assert title in page.content.decode()
    ((sentence, form),) = page.context["lead_gates"]
    assert sentence == "Pentoxifylline: 6 ml, and the ceiling is 5 ml."
    sent = {
        "gate-submission": form["submission"].value(),
        "gate-gate": form["gate"].value(),
        "gate-reason": "",
    }
    back = lead.post(f"{url}gates/", sent)
    assert (back.status_code, "Fill this in." in back.content.decode()) == (200, True)
    answer = lead.post(f"{url}gates/", sent | {"gate-reason": "Agreed with the prescriber."})
    assert answer.status_code == 302
    assert visit.overrides.get().reason == "Agreed with the prescriber."
    assert title not in lead.get(url).content.decode()
