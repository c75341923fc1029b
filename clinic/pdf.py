"""The one way to write a PDF: a quiet, tagged A4 document in the clinic's name.

Text is always text: there is no markup, so a value typed by a user stays what was typed. Every
mark on the page is tagged for screen readers, or is an artifact (header, footer, hairlines).
Lengths are millimetres, type sizes are points.
"""

from __future__ import annotations

import io
import math
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.enums import MethodReturnValue
from fpdf.prefs import ViewerPreferences
from fpdf.structure_tree import StructElem, StructureTreeBuilder
from fpdf.syntax import PDFObject

FONTS = settings.BASE_DIR / "static" / "vendor" / "fonts"
FACE = "dejavu"
MM_PER_POINT = 25.4 / 72
Colour = tuple[int, int, int]
# The light values of static/tokens.css.
INK: Colour = (0x1A, 0x24, 0x26)
MUTED: Colour = (0x54, 0x5E, 0x5E)
RULE: Colour = (0xD9, 0xD3, 0xC7)

SIDE, TOP, FOOT = 22.0, 28.0, 24.0
SIGNATURE_WIDTH, SIGNATURE_HEIGHT = 72.0, 24.0
KEPT_WITH_HEADING = 36.0  # a signature and one line of its caption
LACKING = "□"

Stroke = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Type:
    """A type style; `leading` is the height of one line."""

    size: float
    bold: bool = False
    colour: Colour = INK

    @property
    def leading(self) -> float:
        return self.size * MM_PER_POINT * 1.45


TITLE = Type(17, bold=True)
HEADING = Type(12, bold=True)
BODY = Type(10)
STRONG = Type(10, bold=True)
QUIET = Type(10, colour=MUTED)
SMALL = Type(8, colour=MUTED)


@dataclass(frozen=True, slots=True)
class Cell:
    """Wrapped lines at a place in a row, with the tag they get."""

    tag: str
    x: float
    lines: list[str]
    style: Type


class Tags(StructureTreeBuilder):
    """A structure tree with levels; fpdf2's own is flat and knows figures only."""

    def __iter__(self) -> Iterator[PDFObject]:
        yield self.struct_tree_root
        yield self.struct_tree_root.parent_tree
        waiting: list[StructElem] = [self.doc_struct_elem]
        while waiting:
            element = waiting.pop(0)
            yield element
            waiting += [kid for kid in element.k if isinstance(kid, StructElem)]


class Sheet(FPDF):
    """The pages: where text stands, when a page ends, how a mark is tagged."""

    def __init__(self, heading: str) -> None:
        super().__init__(format="A4")
        self.struct_builder = Tags()
        self.marks: dict[int, int] = {}
        for style, name in (("", "DejaVuSans.ttf"), ("B", "DejaVuSans-Bold.ttf")):
            self.add_font(FACE, style, FONTS / name)
        for font in self.fonts.values():
            # fpdf2 leaves the file open, also of a document that is never finished.
            reader = cast(Any, font).ttfont.reader
            reader.file.seek(0)
            content = io.BytesIO(reader.file.read())
            reader.file.close()
            reader.file = content
        self.known = frozenset.intersection(
            *(frozenset(cast(Any, font).cmap) for font in self.fonts.values())
        )
        self.letterhead = self.clean(heading)
        self.set_margins(SIDE, TOP, SIDE)
        self.c_margin = 0
        self.set_auto_page_break(False)
        self.add_page()

    @property
    def left(self) -> float:
        """Say how much height this page still has."""
        return self.h - FOOT - self.y

    def header(self) -> None:
        with self.artifact():
            self.say(SIDE, 13, self.shorten(self.letterhead, self.epw, SMALL), SMALL)
            self.hairline(18)

    def clean(self, text: object) -> str:
        """Return what the fonts can draw, with a box for each character that they lack."""
        lines = unicodedata.normalize("NFC", "\n".join(str(text).splitlines()))
        return "".join(self.drawn(char) for char in lines)

    def drawn(self, char: str) -> str:
        if char in "\n\t":
            return {"\n": "\n", "\t": " "}[char]
        kind = unicodedata.category(char)
        if kind in ("Cc", "Cf"):  # controls, joiners, direction overrides
            return ""
        if ord(char) in self.known:
            return char
        return "" if kind == "Mn" else LACKING  # an accent alone would be a box on its letter

    def use(self, style: Type) -> None:
        self.set_font(FACE, "B" if style.bold else "", style.size)
        self.set_text_color(*style.colour)

    def wrap(self, text: object, width: float, style: Type) -> list[str]:
        """Return the lines that `text` takes; a word longer than a line is broken."""
        self.use(style)
        lines = self.multi_cell(
            width, text=self.clean(text), align="L", dry_run=True, output=MethodReturnValue.LINES
        )
        return [line.rstrip() for line in cast(list[str], lines)] or [""]

    def shorten(self, text: str, width: float, style: Type) -> str:
        lines = self.wrap(text, width, style)
        if len(lines) == 1:
            return lines[0]
        return self.wrap(text, width - style.leading, style)[0] + "…"

    def width_of(self, text: object, style: Type) -> float:
        self.use(style)
        return max(self.get_string_width(line) for line in self.clean(text).split("\n"))

    def say(self, x: float, y: float, line: str, style: Type) -> None:
        """Write one line whose top is `y`."""
        self.use(style)
        if line:
            self.text(x, y + style.leading * 0.72, line)

    def hairline(self, y: float, colour: Colour = RULE, width: float = 0.2) -> None:
        self.set_draw_color(*colour)
        self.set_line_width(width)
        self.line(SIDE, y, self.w - SIDE, y)

    @contextmanager
    def artifact(self) -> Iterator[None]:
        """Mark what a screen reader leaves out."""
        self._out("/Artifact BMC")
        yield
        self._out("EMC")

    def group(self, tag: str, parent: StructElem | None = None) -> StructElem:
        """Add an element of the structure that holds others."""
        return self.add_element(tag, parent, [], "")

    @contextmanager
    def tagged(self, tag: str, parent: StructElem | None = None, alt: str = "") -> Iterator[None]:
        """Mark what is drawn inside; it must end on the page where it began."""
        number = self.marks.get(self.page, 0)
        self.marks[self.page] = number + 1
        element = self.add_element(tag, parent, [number], alt)
        # One parent tree entry a page, in the order of the numbers on that page.
        self.struct_builder.struct_tree_root.parent_tree.nums[self.page - 1].append(element)
        self.pages[self.page].struct_parents = self.page - 1
        self._out(f"/{tag} <</MCID {number}>> BDC")
        yield
        self._out("EMC")

    def add_element(
        self, tag: str, parent: StructElem | None, kids: list[int], alt: str
    ) -> StructElem:
        above = parent or self.struct_builder.doc_struct_elem
        element = StructElem(f"/{tag}", above, kids, page_number=self.page, alt=alt or None)
        element.pg = cast(Any, self.pages[self.page])
        above.k.append(element)
        return element

    def turn_if_less_than(self, height: float) -> bool:
        """Begin a new page unless `height` fits on this one."""
        if self.left >= height:
            return False
        self.add_page()
        return True

    def flow(self, tag: str, lines: list[str], style: Type) -> None:
        """Write lines one below the other, over as many pages as they need."""
        self.turn_if_less_than(min(2, len(lines)) * style.leading)
        while lines:
            fitting = max(1, int(self.left / style.leading + 1e-6))
            with self.tagged(tag):
                for line in lines[:fitting]:
                    self.say(SIDE, self.y, line, style)
                    self.y += style.leading
            lines = lines[fitting:]
            if lines:
                self.add_page()

    def row(
        self, cells: list[Cell], group: Callable[[], StructElem], *, turned: Callable[[], None]
    ) -> None:
        """Write cells side by side; only a row higher than a page is divided."""
        leading = max(cell.style.leading for cell in cells)
        depth = max(len(cell.lines) for cell in cells)
        fits_a_page = depth * leading < self.h - TOP - FOOT - 4 * QUIET.leading
        if self.turn_if_less_than((depth if fits_a_page else 3) * leading):
            turned()
        done = 0
        while done < depth:
            fitting = max(1, int(self.left / leading + 1e-6))
            parent = group()
            for cell in cells:
                with self.tagged(cell.tag, parent):
                    for place, line in enumerate(cell.lines[done : done + fitting]):
                        self.say(cell.x, self.y + place * leading, line, cell.style)
            self.y += min(fitting, depth - done) * leading
            done += fitting
            if done < depth:
                self.add_page()
                turned()


class Document:
    """One A4 document, written from top to bottom.

    `reference` stands at the foot of every page. With `made_at` the same calls give the same
    bytes.
    """

    def __init__(
        self, title: str, *, reference: str, subtitle: str = "", made_at: datetime | None = None
    ) -> None:
        self.sheet = Sheet(settings.CLINIC_NAME)
        self.reference = reference
        self.content = b""
        sheet = self.sheet
        sheet.set_title(" ".join(sheet.clean(title).split()))
        sheet.set_author(sheet.letterhead)
        sheet.set_lang(translation.get_language() or settings.LANGUAGE_CODE)
        sheet.set_creation_date(made_at or timezone.now())
        sheet.viewer_preferences = ViewerPreferences(display_doc_title=True)
        sheet.flow("H1", sheet.wrap(title, sheet.epw, TITLE), TITLE)
        if subtitle:
            sheet.flow("P", sheet.wrap(subtitle, sheet.epw, QUIET), QUIET)
        self.space()

    def heading(self, text: str) -> None:
        """Begin a section; it stays with the head of a table or the signature that follows."""
        lines = self.sheet.wrap(text, self.sheet.epw, HEADING)
        self.space()
        self.sheet.turn_if_less_than(len(lines) * HEADING.leading + KEPT_WITH_HEADING)
        self.sheet.flow("H2", lines, HEADING)
        self.sheet.y += 1

    def paragraph(self, text: str, *, muted: bool = False) -> None:
        style = QUIET if muted else BODY
        self.sheet.flow("P", self.sheet.wrap(text, self.sheet.epw, style), style)
        self.sheet.y += 2

    def facts(self, rows: Iterable[tuple[str, str]]) -> None:
        """Write labels and their values, one pair a row."""
        label_width = 50.0
        sheet, table = self.sheet, self.sheet.group("Table")
        sheet.y += 1
        for label, value in rows:
            cells = [
                Cell("TH", SIDE, sheet.wrap(label, label_width - 4, QUIET), QUIET),
                Cell(
                    "TD",
                    SIDE + label_width,
                    sheet.wrap(value, sheet.epw - label_width, BODY),
                    BODY,
                ),
            ]
            self.table_row(table, cells, turned=lambda: None)
        sheet.y += 2

    def bullets(self, lines: Iterable[str]) -> None:
        indent = 5.0
        sheet, points = self.sheet, self.sheet.group("L")
        for line in lines:
            cells = [
                Cell("Lbl", SIDE, ["•"], BODY),
                Cell("LBody", SIDE + indent, sheet.wrap(line, sheet.epw - indent, BODY), BODY),
            ]
            sheet.row(cells, lambda: sheet.group("LI", points), turned=lambda: None)
            sheet.y += 0.8
        sheet.y += 2

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Write a table; its head is repeated on each page. Every row is as long as the head."""
        sheet, table = self.sheet, self.sheet.group("Table")
        body = [list(row) for row in rows]
        widths = self.share(head, body)
        starts = [SIDE + sum(widths[:place]) for place in range(len(widths))]

        def cells(tag: str, values: Sequence[str], style: Type) -> list[Cell]:
            return [
                Cell(tag, x, sheet.wrap(value, width - 3, style), style)
                for x, width, value in zip(starts, widths, values, strict=True)
            ]

        def rule_head() -> None:
            with sheet.artifact():
                sheet.hairline(sheet.y + 0.6, INK, 0.4)
            sheet.y += 1.6

        def repeat_head() -> None:
            # Spoken once, at the top of the table; on later pages it is for the eye only.
            with sheet.artifact():
                top = sheet.y
                for cell in heads:
                    for place, line in enumerate(cell.lines):
                        sheet.say(cell.x, top + place * QUIET.leading, line, QUIET)
            sheet.y += max(len(cell.lines) for cell in heads) * QUIET.leading
            rule_head()

        # A head of more than a few lines would leave no room for the rows below it.
        heads = [
            Cell(cell.tag, cell.x, cell.lines[:4], cell.style) for cell in cells("TH", head, QUIET)
        ]
        sheet.turn_if_less_than(6 * BODY.leading)
        sheet.row(heads, lambda: sheet.group("TR", table), turned=lambda: None)
        rule_head()
        for row in body:
            self.table_row(table, cells("TD", row, BODY), turned=repeat_head)
        sheet.y += 2

    def table_row(
        self, table: StructElem, cells: list[Cell], *, turned: Callable[[], None]
    ) -> None:
        sheet = self.sheet
        sheet.row(cells, lambda: sheet.group("TR", table), turned=turned)
        with sheet.artifact():
            sheet.hairline(sheet.y + 0.8)
        sheet.y += 1.8

    def share(self, head: Sequence[str], body: list[list[str]]) -> list[float]:
        """Share the width of the page among columns by what stands in them."""
        sheet = self.sheet
        wishes = []
        for place in range(len(head)):
            texts = [head[place], *(row[place] for row in body)]
            wishes.append(max(16, 4 + max(sheet.width_of(text, BODY) for text in texts)))
        widths, left = [0.0] * len(wishes), sheet.epw
        # The narrow columns get what they ask for, the wide ones share what is left.
        for rank, place in enumerate(sorted(range(len(wishes)), key=wishes.__getitem__)):
            widths[place] = min(wishes[place], left / (len(wishes) - rank))
            left -= widths[place]
        return [width * sheet.epw / sum(widths) for width in widths]

    def signature(self, strokes: Sequence[Stroke], *, caption: str) -> None:
        """Draw a signature over its line, with the caption below; without strokes, the line alone.

        A stroke is a list of (x, y) from 0 to 1 of a box three times as wide as high, y downwards.
        """
        sheet = self.sheet
        lines = sheet.wrap(caption, sheet.epw, SMALL)
        sheet.turn_if_less_than(SIGNATURE_HEIGHT + 3 + min(len(lines), 12) * SMALL.leading)
        top = sheet.y
        with sheet.tagged("Figure", alt=_("Signature: %(of)s") % {"of": " ".join(lines)}):
            sheet.set_draw_color(*INK)
            sheet.set_fill_color(*INK)
            sheet.set_line_width(0.45)
            for stroke in strokes:
                points = [
                    (SIDE + within(x) * SIGNATURE_WIDTH, top + within(y) * SIGNATURE_HEIGHT)
                    for x, y in stroke
                    if math.isfinite(x) and math.isfinite(y)
                ]
                if len(points) > 1:
                    sheet.polyline(points)
                elif points:
                    sheet.circle(*points[0], 0.3, style="F")
            sheet.set_line_width(0.3)
            base = top + SIGNATURE_HEIGHT + 0.5
            sheet.line(SIDE, base, SIDE + SIGNATURE_WIDTH, base)
        sheet.y = top + SIGNATURE_HEIGHT + 2
        sheet.flow("P", lines, SMALL)
        sheet.y += 3

    def space(self) -> None:
        """Leave a gap, but none at the foot of a page."""
        self.sheet.y += min(4.0, max(0.0, self.sheet.left))

    def render(self) -> bytes:
        """Number the pages and return the file; nothing can be added after it."""
        if not self.content:
            for page in range(1, self.sheet.pages_count + 1):
                self.write_foot(page)
            self.content = bytes(self.sheet.output())
        return self.content

    def write_foot(self, page: int) -> None:
        sheet = self.sheet
        sheet.page = page
        # Each page has a graphics state of its own; what fpdf2 remembers is the last page's.
        sheet.line_width, sheet.draw_color = 0, sheet.DEFAULT_DRAW_COLOR
        sheet.fill_color = sheet.DEFAULT_FILL_COLOR
        sheet.current_font_is_set_on_page = False
        number = _("page %(page)s of %(pages)s") % {"page": page, "pages": sheet.pages_count}
        width = sheet.width_of(number, SMALL)
        top = sheet.h - 16
        with sheet.artifact():
            sheet.hairline(top - 2)
            name = sheet.shorten(self.reference, sheet.epw - width - 6, SMALL)
            sheet.say(SIDE, top, name, SMALL)
            sheet.say(sheet.w - SIDE - width, top, number, SMALL)


def within(share: float) -> float:
    return min(max(share, 0.0), 1.0)
