"""Replies that are files."""

from __future__ import annotations

import csv
from collections.abc import Iterable

from django.http import HttpResponse
from django.utils.text import slugify

# A spreadsheet takes a cell that begins with one of these for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def pdf_reply(content: bytes, *, name: str) -> HttpResponse:
    """Send a PDF to be looked at; `name` is what the browser offers when it is saved."""
    response = HttpResponse(content, content_type="application/pdf")
    # Letters, digits and hyphens only: nothing in a name can end the header or the quotation.
    response["Content-Disposition"] = f'inline; filename="{slugify(name) or "document"}.pdf"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def csv_reply(rows: Iterable[Iterable[str]], *, name: str) -> HttpResponse:
    """Send a table as a file that spreadsheets open without carrying out what is in its cells."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slugify(name) or "list"}.csv"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    response.write("\ufeff")  # so that spreadsheets read it as UTF-8
    writer = csv.writer(response, quoting=csv.QUOTE_ALL)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return response


def harmless(cell: str) -> str:
    """Put an apostrophe before what a spreadsheet would carry out."""
    return f"'{cell}" if cell.lstrip(" ").startswith(FORMULA) else cell
