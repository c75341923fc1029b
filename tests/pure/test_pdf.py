"""PDF documents: readable by people and screen readers, and never broken by what was typed."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from clinic.pdf import Document
from clinic.replies import pdf_reply

MADE_AT = datetime(2026, 11, 24, 10, 2, tzinfo=UTC)
REFERENCE = "P-1001, consent 2"
HOSTILE = {
    "empty": "",
    "spaces": "   ",
    "lines": "\n\n\r\n\t",
    "long word": "W" * 3_000,
    "long text": "word " * 2_000,
    "markup": "**bold** <b>b</b> [link](x) {nb} \\",
    "emoji": "👩‍⚕️🎉",
    "right to left": "שלום مرحبا \u202eabc\u202c",
    "combining": "e\u0301\u0323 Z\u0351\u036b\u0343\u036a",
    "control": "a\x00b\x07c\x1b[31m\x7f\x85",
    "lone surrogate": "a\ud800b",
    "astral": "𝔘𝔫𝔦",
    "non-characters": "\ufffe\uffff\ufeff",
}


def document(title: str = "Plan", **more: Any) -> Document:
    return Document(title, reference=REFERENCE, made_at=MADE_AT, **more)


def read(content: Document) -> PdfReader:
    return PdfReader(io.BytesIO(content.render()), strict=True)


def text_of(content: Document) -> str:
    return "\n".join(page.extract_text() for page in read(content).pages)


def elements(node: Any) -> Iterator[tuple[str, Any]]:
    """Walk the structure tree from top to bottom, in reading order."""
    node = node.get_object()
    if "/S" in node:
        yield node["/S"], node
    for kid in node.get("/K", []):
        if not isinstance(kid, int):
            yield from elements(kid)


def tags(content: Document) -> list[str]:
    return [tag for tag, _node in elements(read(content).trailer["/Root"]["/StructTreeRoot"])]


WRITERS: dict[str, Callable[[Document, str], None]] = {
    "heading": lambda made, text: made.heading(text),
    "paragraph": lambda made, text: made.paragraph(text),
    "facts": lambda made, text: made.facts([(text, text), ("Label", text)]),
    "bullets": lambda made, text: made.bullets([text, text]),
    "table": lambda made, text: made.table(["Head", text], [[text, "x"], ["x", text]]),
    "signature": lambda made, text: made.signature([], caption=text),
}


def test_document_leaves_no_font_file_open_whether_it_is_finished_or_not() -> None:
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        pytest.skip("only Linux lists the files of a process there")
    kept = [document(), document()]
    kept[0].render()
    assert [path for path in folder.iterdir() if str(path.resolve()).endswith(".ttf")] == []


def test_title_reference_and_text_are_found() -> None:
    made = document("Your course plan", subtitle="Mara Lindqvist")
    made.heading("What was found")
    made.paragraph("Cellulite of both thighs, ≥ 3 cm → stage II.")
    made.facts([("Patient", "Mara Lindqvist")])
    made.bullets(["Drink enough"])
    made.table(["Day", "Area"], [["1", "Knee left"]])
    made.signature([[(0.1, 0.5), (0.9, 0.5)]], caption="Signed by Mara Lindqvist")
    found = text_of(made)
    for wanted in (
        "Your course plan",
        "Mara Lindqvist",
        "What was found",
        "Cellulite of both thighs, ≥ 3 cm → stage II.",
        "Drink enough",
        "Knee left",
        "Signed by Mara Lindqvist",
        REFERENCE,
        "page 1 of 1",
    ):
        assert wanted in found


def test_language_title_and_tags_are_set() -> None:
    reader = read(document("Your course plan"))
    root = reader.trailer["/Root"]
    assert root["/Lang"] == "en-gb"
    assert root["/MarkInfo"]["/Marked"] == True  # noqa: E712 - a PDF boolean, not Python's
    assert root["/ViewerPreferences"]["/DisplayDocTitle"] == True  # noqa: E712
    assert reader.metadata is not None
    assert reader.metadata.title == "Your course plan"
    assert reader.metadata.creation_date == MADE_AT


def test_page_is_a4() -> None:
    box = read(document()).pages[0].mediabox
    assert (round(box.width), round(box.height)) == (595, 842)


def test_structure_is_told_in_reading_order() -> None:
    made = document(subtitle="For the patient")
    made.heading("Dates")
    made.paragraph("Weekly.")
    made.table(["Day"], [["1"], ["2"]])
    made.bullets(["Rest"])
    made.signature([], caption="Signed")
    assert tags(made) == [
        *("/Document", "/H1", "/P", "/H2", "/P"),
        *("/Table", "/TR", "/TH", "/TR", "/TD", "/TR", "/TD"),
        *("/L", "/LI", "/Lbl", "/LBody", "/Figure", "/P"),
    ]


def test_signature_has_words_for_who_cannot_see_it() -> None:
    made = document()
    made.signature([[(0, 0), (1, 1)]], caption="Mara Lindqvist, 24 November")
    tree = read(made).trailer["/Root"]["/StructTreeRoot"]
    figures = [node for tag, node in elements(tree) if tag == "/Figure"]
    assert [figure["/Alt"] for figure in figures] == ["Signature: Mara Lindqvist, 24 November"]


def test_every_mark_belongs_to_one_element_of_its_page() -> None:
    made = document()
    made.paragraph("word " * 3_000)
    made.table(["A", "B"], [["x", "y " * 30]] * 60)
    reader = read(made)
    parents = reader.trailer["/Root"]["/StructTreeRoot"]["/ParentTree"]["/Nums"]
    listed = dict(zip(parents[::2], parents[1::2], strict=True))
    assert len(reader.pages) > 3
    for page in reader.pages:
        content = page.get_contents().get_data()
        owners = listed[page["/StructParents"]]
        assert content.count(b"/MCID") == len(owners)
        assert [owner.get_object()["/K"] for owner in owners] == [[n] for n in range(len(owners))]
        assert {owner.get_object().raw_get("/Pg").idnum for owner in owners} == {
            page.indirect_reference.idnum
        }
        assert content.count(b"BDC") + content.count(b"BMC") == content.count(b"EMC")


def test_reference_and_page_number_stand_on_every_page() -> None:
    made = document()
    made.table(["Day", "What"], [[str(n), "Something"] for n in range(150)])
    pages = [page.extract_text() for page in read(made).pages]
    assert len(pages) > 3
    for number, text in enumerate(pages, start=1):
        assert REFERENCE in text
        assert f"page {number} of {len(pages)}" in text
        assert "What" in text, "the head of the table is repeated"


def test_long_paragraph_keeps_every_word() -> None:
    words = [f"w{n}" for n in range(2_500)]
    made = document()
    made.paragraph(" ".join(words))
    found = text_of(made).split()
    assert [word for word in found if word in set(words)] == words


def test_row_higher_than_a_page_is_divided() -> None:
    made = document()
    made.table(["A", "B"], [["x", "y " * 5_000]])
    assert len(read(made).pages) > 1
    assert text_of(made).count("y") >= 5_000


def test_long_head_of_a_table_leaves_room_for_its_rows() -> None:
    made = document()
    made.table(["long head " * 400, "B"], [["x", "y"]] * 40)
    assert len(read(made).pages) < 5


FOLLOWERS: dict[str, Callable[[Document], None]] = {
    "paragraph": lambda made: made.paragraph("after\nafter"),
    "table": lambda made: made.table(["after"], [["x"]]),
    "signature": lambda made: made.signature([], caption="after"),
}


@pytest.mark.parametrize("follow", FOLLOWERS.values(), ids=FOLLOWERS)
def test_heading_stays_with_what_follows(follow: Callable[[Document], None]) -> None:
    for filled in range(33, 46):
        made = document()
        made.paragraph("\n".join(["line"] * filled))
        made.heading("Heading")
        follow(made)
        pages = [page.extract_text() for page in read(made).pages]
        assert [("Heading" in page) == ("after" in page) for page in pages] == [True] * len(pages)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_hostile_text_is_written(write: Callable[[Document, str], None], text: str) -> None:
    made = document(text, subtitle=text)
    write(made, text)
    assert REFERENCE in text_of(made)


def test_markup_stays_text() -> None:
    made = document()
    made.paragraph(HOSTILE["markup"])
    assert HOSTILE["markup"] in text_of(made)


def test_character_that_no_font_has_becomes_a_box() -> None:
    made = document()
    made.paragraph("a漢b🎉c\u202ed\u200be")
    assert "a□b□cde" in text_of(made)


def test_decomposed_letters_are_composed() -> None:
    made = document()
    made.paragraph("Zoe\u0308")
    assert "Zoë" in text_of(made)


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(), max_size=200))
def test_any_text_is_written(text: str) -> None:
    made = Document(text, reference=text, made_at=MADE_AT)
    made.paragraph(text)
    made.facts([(text, text)])
    assert len(read(made).pages) >= 1


@pytest.mark.parametrize(
    "strokes",
    [
        [],
        [[]],
        [[(0.5, 0.5)]],
        [[(math.nan, 0.1), (0.2, math.inf)]],
        [[(-3.0, 7.0), (1e300, -1e300)]],
        [[(n / 1000, 0.5) for n in range(1000)]] * 20,
    ],
    ids=["none", "empty", "dot", "not finite", "outside", "many"],
)
def test_any_strokes_are_drawn(strokes: list[list[tuple[float, float]]]) -> None:
    made = document()
    made.signature(strokes, caption="Signed")
    assert "Signed" in text_of(made)


def test_strokes_outside_stay_in_the_box() -> None:
    inside, outside = document(), document()
    inside.signature([[(0, 1), (1, 0)]], caption="Signed")
    outside.signature([[(-3, 7), (9, -9)]], caption="Signed")
    assert outside.render() == inside.render()


def test_long_reference_leaves_the_page_number_readable() -> None:
    made = Document("Plan", reference="R" * 400, made_at=MADE_AT)
    found = text_of(made)
    assert "RRR…" in found
    assert "page 1 of 1" in found


def test_same_input_gives_the_same_bytes() -> None:
    def make(when: datetime) -> bytes:
        made = Document("Plan", reference=REFERENCE, made_at=when)
        made.paragraph("Text")
        made.signature([[(0.2, 0.3), (0.4, 0.5)]], caption="Signed")
        return made.render()

    assert make(MADE_AT) == make(MADE_AT)
    assert make(MADE_AT) != make(MADE_AT.replace(year=2027))


def test_rendering_twice_gives_the_same_file() -> None:
    made = document()
    assert made.render() == made.render()


def test_row_shorter_than_the_head_is_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        document().table(["A", "B"], [["x", "y"], ["x", "y", "z"]])


def test_reply_is_a_pdf_shown_in_place() -> None:
    reply = pdf_reply(b"%PDF-1.7", name="Consent P-1001")
    assert reply["Content-Type"] == "application/pdf"
    assert reply["Content-Disposition"] == 'inline; filename="consent-p-1001.pdf"'
    assert reply["X-Content-Type-Options"] == "nosniff"
    assert reply.content == b"%PDF-1.7"


@pytest.mark.parametrize("name", ['a"; x=y', "../../etc/passwd", "a\r\nSet-Cookie: b", "Łódź", ""])
def test_reply_name_is_plain(name: str) -> None:
    disposition = pdf_reply(b"", name=name)["Content-Disposition"]
    stem = disposition.removeprefix('inline; filename="').removesuffix('.pdf"')
    assert stem.replace("-", "").isalnum()
    assert stem.isascii()
