"""`verify_notes`: whoever changes rows past the triggers is found, row by row."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from clinic import triggers
from clinic.models import ChainHead, NoteKind, SignedNote
from clinic.signing import seal_of, sha256_of
from tests import make
from tests.conftest import APPEND_ONLY, FINAL
from treatments.actions import add_addendum, void_visit
from treatments.models import (
    Addendum,
    AreaOpinion,
    Lot,
    Measure,
    Photo,
    Reaction,
    Visit,
    VisitArea,
    VisitProduct,
)
from treatments.selectors.notes import content_of

pytestmark = pytest.mark.django_db
GOOD = "All as they were signed."


def verified(**options: str) -> list[str]:
    """Run the command; return what it found."""
    out = io.StringIO()
    try:
        call_command("verify_notes", stdout=out, **options)
    except CommandError as error:
        assert GOOD not in out.getvalue()
        *found, count = str(error).splitlines()
        assert count == f"{len(found)} not as they were signed."
        return found
    assert GOOD in out.getvalue()
    return []


@pytest.fixture
def visits() -> tuple[Visit, Visit, Visit]:
    """Three signed sessions of one course, the middle one with everything on it."""
    one, two, three = make.course(visits=3).visits.order_by("number")
    make.hung(two)
    for visit in (one, two, three):
        make.sign(visit)
    return one, two, three


@pytest.fixture
def unguarded(visits: object) -> None:
    """Drop the triggers, as whoever owns the tables can."""
    for table in APPEND_ONLY:
        triggers.remove(connection, table)
    for final in FINAL:
        final.remove(connection)


def test_signed_visits_verify(visits: tuple[Visit, ...]) -> None:
    one, _, three = visits
    add_addendum(visit=one, text="She called.", reason="Called later.", by=one.practitioner)
    void_visit(visit=three, reason="Wrong day.", by=three.practitioner)
    out = io.StringIO()
    call_command("verify_notes", stdout=out)
    head = ChainHead.objects.get()
    assert out.getvalue().splitlines() == [
        "Checked 3 signed, 1 added later, 1 struck out.",
        f"Head 5:{head.mac}",
        GOOD,
    ]


def test_nothing_signed_is_nothing_wrong() -> None:
    assert verified() == []


EDITS: dict[str, tuple[Callable[[Visit], object], str]] = {
    "note": (
        lambda v: Visit.objects.filter(pk=v.pk).update(note="Rewritten.", pain=0),
        "note, pain",
    ),
    "unsigned": (
        lambda v: Visit.objects.filter(pk=v.pk).update(signed_at=None, signed_by=None),
        "signed_at, signed_by_id",
    ),
    "other patient": (
        lambda v: type(v.course).objects.filter(pk=v.course_id).update(patient=make.patient()),
        "course__patient__code",
    ),
    "point": (
        lambda v: VisitArea.objects.filter(visit=v, area="abdomen").update(points=[[0.5, 0.5]]),
        "areas {abdomen} (points)",
    ),
    "volume": (
        lambda v: VisitProduct.objects.filter(visit=v).update(drawn_ml="9.4"),
        "products {product} (drawn_ml)",
    ),
    "lot": (
        lambda v: Lot.objects.filter(uses__visit=v).update(number="L9999"),
        "products {product} (lot__number)",
    ),
    "measure gone": (
        lambda v: Measure.objects.filter(visit=v).delete(),
        "measures {measure} is missing",
    ),
    "reaction put in": (
        lambda v: Reaction.objects.create(pk=9999, visit=v, kind="itch", grade=1),
        "reactions 9999 was inserted",
    ),
    "photograph": (
        lambda v: Photo.objects.filter(visit=v).update(sha256="0" * 64),
        "photos {photo} (sha256)",
    ),
    "opinion": (
        lambda v: AreaOpinion.objects.filter(opinion__visit=v).update(gais=3),
        "opinion_areas {area opinion} (gais)",
    ),
}


@pytest.mark.usefixtures("unguarded")
@pytest.mark.parametrize("name", EDITS)
def test_edited_row_is_named(visits: tuple[Visit, ...], name: str) -> None:
    _, visit, _ = visits
    ids = {
        "abdomen": VisitArea.objects.get(visit=visit, area="abdomen").pk,
        "product": VisitProduct.objects.get().pk,
        "measure": Measure.objects.get().pk,
        "photo": Photo.objects.get().pk,
        "area opinion": AreaOpinion.objects.get().pk,
    }
    edit, said = EDITS[name]
    edit(visit)
    sentence = said.format(**ids)
    found = [f"visit {visit.pk}: edited since it was signed: {sentence}"]
    if name == "other patient":  # and every visit of that course with it
        found = [f"visit {v.pk}: edited since it was signed: {sentence}" for v in visits]
    assert verified() == found


@pytest.mark.usefixtures("unguarded")
def test_missing_visit_is_named(visits: tuple[Visit, ...]) -> None:
    pk = visits[0].pk
    visits[0].visit_areas.all().delete()
    visits[0].delete()
    assert verified() == [f"visit {pk}: is missing"]


@pytest.mark.usefixtures("unguarded")
def test_visit_that_left_its_rows_behind_is_named(visits: tuple[Visit, ...]) -> None:
    """A program that checks no foreign key deletes one row of the file, and nothing else."""
    pk = visits[1].pk
    with transaction.atomic(), connection.cursor() as cursor:
        deferred = {"sqlite": "PRAGMA defer_foreign_keys = ON"}
        cursor.execute(deferred.get(connection.vendor, "SET CONSTRAINTS ALL DEFERRED"))
        cursor.execute("DELETE FROM treatments_visit WHERE id = %s", [pk])
        assert verified() == [f"visit {pk}: is missing"]
        transaction.set_rollback(True)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL keeps to its types")
@pytest.mark.usefixtures("unguarded")
@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE treatments_visit SET held_on = '2026-13-45' WHERE id = %s",
        "UPDATE treatments_visit SET note = x'ff' WHERE id = %s",
        "UPDATE treatments_visitproduct SET drawn_ml = 'much' WHERE visit_id = %s",
        "UPDATE treatments_photo SET id = 'x' WHERE visit_id = %s",
    ],
)
def test_row_that_cannot_be_read_is_named_and_hides_no_other(
    visits: tuple[Visit, ...], edit: str
) -> None:
    one, two, _ = visits
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        cursor.execute("DELETE FROM treatments_photokey")  # it would name a photograph that is gone
        cursor.execute(edit, [two.pk])
        cursor.execute("PRAGMA ignore_check_constraints = OFF")
    Visit.objects.filter(pk=one.pk).update(pain=0)
    assert verified() == [
        f"visit {one.pk}: edited since it was signed: pain",
        f"visit {two.pk}: holds what cannot be read",
    ]


@pytest.mark.usefixtures("unguarded")
@pytest.mark.parametrize(
    "content",
    [
        "[",
        '{"schema": 1, "visit": 3}',
        '{"schema": 1, "visit": {"id": [2]}}',
        '{"schema": 1, "visit": {"id": "x"}}',
        '{"schema": 1, "visit": {"id": 2}, "areas": [1]}',
        '{"schema": 1, "visit": {"id": 2}, "areas": 1}',
        "[" * 100_000,
    ],
    ids=lambda content: content[:40],
)
def test_link_that_was_edited_into_anything_is_named(
    visits: tuple[Visit, ...], content: str
) -> None:
    SignedNote.objects.filter(place=2).update(content=content)
    assert f"{place(2)}: was edited, or written without the key" in verified()


@pytest.mark.usefixtures("unguarded")
def test_visit_that_nobody_signed_is_named(visits: tuple[Visit, ...]) -> None:
    by = visits[0].practitioner
    forged = make.visit(visits[0].course, number=4, signed_at=timezone.now(), signed_by=by)
    assert verified() == [f"visit {forged.pk}: says that it is signed, but nobody signed it"]


@pytest.mark.usefixtures("unguarded")
def test_addenda_are_compared(visits: tuple[Visit, ...]) -> None:
    one, two, three = visits
    by = one.practitioner
    for visit in visits:
        add_addendum(visit=visit, text="She called.", reason="Called later.", by=by)
    first, second, _ = Addendum.objects.all()
    Addendum.objects.filter(pk=first.pk).update(text="She never called.")
    second.delete()
    stray = Addendum.objects.create(visit=three, text="x", reason="y", by=by)
    assert verified() == [
        f"visit {one.pk}, Added later: edited since it was signed: text",
        f"visit {two.pk}, Added later: is gone, though it was signed",
        f"visit {three.pk}, addendum {stray.pk}: was not added by anybody who signed it",
    ]


@pytest.mark.usefixtures("unguarded")
def test_strikings_out_are_compared(visits: tuple[Visit, ...]) -> None:
    one, two, three = visits
    by = one.practitioner
    for visit in (three, two):
        void_visit(visit=visit, reason="Wrong day.", by=by)
    Visit.objects.filter(pk=three.pk).update(void_reason="She asked for it.")
    Visit.objects.filter(pk=two.pk).update(voided_at=None, voided_by=None, void_reason="")
    Visit.objects.filter(pk=one.pk).update(voided_at=timezone.now(), voided_by=by, void_reason="x")
    assert verified() == [
        f"visit {three.pk}, Entered in error: edited since it was signed: reason",
        f"visit {two.pk}, Entered in error: is gone, though it was signed",
        f"visit {one.pk}: was not struck out by anybody who signed it",
    ]


# The chain itself --------------------------------------------------------------------------------


def place(number: int) -> str:
    note = SignedNote.objects.get(place=number)
    return f"place {number} ({note.subject}, {note.kind})"


@pytest.mark.usefixtures("unguarded")
@pytest.mark.parametrize(
    "changed",
    [
        {"signer_name": "Dr Nobody"},
        {"meaning": "I watched this session"},
        {"utc_offset": "+05:00"},
        {"mac": "0" * 64},
        {"kind": NoteKind.ADDENDUM},
    ],
    ids=str,
)
def test_edited_link_is_named(visits: tuple[Visit, ...], changed: dict[str, str]) -> None:
    SignedNote.objects.filter(place=2).update(**changed)
    assert f"{place(2)}: was edited, or written without the key" in verified()


@pytest.mark.usefixtures("unguarded")
def test_note_whose_kind_was_changed_does_not_stop_the_others_from_being_read(
    visits: tuple[Visit, ...],
) -> None:
    one, _, three = visits
    add_addendum(visit=one, text="She called.", reason="Called later.", by=one.practitioner)
    SignedNote.objects.filter(place=2).update(kind=NoteKind.IN_ERROR)
    SignedNote.objects.filter(place=4).update(kind=NoteKind.SIGNED)
    Visit.objects.filter(pk=three.pk).update(note="Rewritten.")
    found = verified()
    assert f"{place(2)}: was edited, or written without the key" in found
    assert f"{place(4)}: was edited, or written without the key" in found
    assert f"visit {three.pk}: edited since it was signed: note" in found


@pytest.mark.usefixtures("unguarded")
def test_note_edited_together_with_its_visit_is_named(visits: tuple[Visit, ...]) -> None:
    """Whoever knows the code but not the key changes the row, its text and its SHA-256 alike."""
    Visit.objects.filter(pk=visits[1].pk).update(note="Rewritten.")
    content = content_of(visits[1])
    SignedNote.objects.filter(place=2).update(content=content, sha256=sha256_of(content))
    assert verified() == [f"{place(2)}: was edited, or written without the key"]


@pytest.mark.usefixtures("unguarded")
def test_missing_links_are_named(visits: tuple[Visit, ...]) -> None:
    SignedNote.objects.filter(place=2).delete()
    assert verified() == [
        "place 2: is missing from the chain",
        f"visit {visits[1].pk}: says that it is signed, but nobody signed it",
    ]


@pytest.mark.usefixtures("unguarded")
def test_links_that_changed_places_are_named(visits: tuple[Visit, ...]) -> None:
    for old, new in ((2, 20), (3, 2), (20, 3)):
        SignedNote.objects.filter(place=old).update(place=new)
    assert verified() == [
        f"{place(number)}: was edited, or written without the key" for number in (2, 3)
    ] + ["the head: does not fit the end of the chain, place 3"]


@pytest.mark.usefixtures("unguarded")
def test_end_that_was_cut_off_is_noticed(visits: tuple[Visit, ...]) -> None:
    """The visit goes with its link, and the head is set back: its seal cannot be."""
    three = visits[2]
    SignedNote.objects.filter(place=3).delete()
    three.visit_areas.all().delete()
    three.delete()
    assert verified() == ["place 3: is missing from the end of the chain"]
    last = SignedNote.objects.get(place=2)
    ChainHead.objects.update(places=2, mac=last.mac)
    assert verified() == ["the head: was edited, or written without the key"]
    ChainHead.objects.all().delete()
    assert verified() == ["the head: is missing, so the chain may have been longer"]


@pytest.mark.usefixtures("unguarded")
def test_head_kept_elsewhere_shows_a_chain_that_was_cut_and_grown_again(
    visits: tuple[Visit, ...],
) -> None:
    """An old copy of the whole database has a head that fits; only a head kept elsewhere tells."""
    kept = str(ChainHead.objects.get())
    assert verified(head=kept) == []
    three = visits[2]
    second = SignedNote.objects.get(place=2)
    SignedNote.objects.filter(place=3).delete()
    three.visit_areas.all().delete()
    three.delete()
    head = ChainHead(pk=1, places=2, mac=second.mac)
    head.seal = seal_of(head)  # as the copy had it
    head.save()
    assert verified() == []
    assert verified(head=kept) == [f"the chain does not go on from {kept}"]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has no one file")
@pytest.mark.django_db(transaction=True)
def test_row_edited_in_the_file_is_named() -> None:
    """Another program opens the file, drops a trigger and writes; Django is not asked."""
    visit = make.course(visits=1).visits.get()
    make.sign(visit)
    connection.close()
    with closing(sqlite3.connect(settings.DATABASES["default"]["NAME"])) as file, file:
        with pytest.raises(sqlite3.IntegrityError, match="treatments_visit is signed"):
            file.execute("UPDATE treatments_visit SET pain = 0")
        file.execute("DROP TRIGGER treatments_visit_final_UPDATE")
        file.execute("UPDATE treatments_visit SET pain = 0")
    assert verified() == [f"visit {visit.pk}: edited since it was signed: pain"]
