"""Replies that are files."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.text import slugify


def pdf_reply(content: bytes, *, name: str) -> HttpResponse:
    """Send a PDF to be looked at; `name` is what the browser offers when it is saved."""
    response = HttpResponse(content, content_type="application/pdf")
    # Letters, digits and hyphens only: nothing in a name can end the header or the quotation.
    response["Content-Disposition"] = f'inline; filename="{slugify(name) or "document"}.pdf"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
