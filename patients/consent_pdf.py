"""The PDF of what was signed: each text in full with its answer, then the signature."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.pdf import Document
from patients.consents import day_of
from patients.models import ConsentEvent, ConsentRecord
from patients.terms import ConsentKind


def consent_pdf(record: ConsentRecord, answers: Iterable[ConsentEvent]) -> bytes:
    """Write what `record` signs. The same rows give the same bytes."""
    patient = record.patient
    document = Document(
        _("Consent"),
        reference=f"{patient.code}, {record.pk}",
        subtitle=f"{patient}, {patient.code}",
        # In one zone, so that a row that was read again gives the same bytes.
        made_at=record.signed_at.astimezone(UTC),
    )
    signed_at = timezone.localtime(record.signed_at)
    moment = f"{date_format(signed_at, 'j M Y, H:i:s')} {signed_at:%z} ({settings.TIME_ZONE})"
    document.facts(
        [
            (_("Patient"), str(patient)),
            (_("Birth date"), day_of(patient.birth_date)),
            (_("Code"), patient.code),
            (_("Signed"), moment),
            (_("Asked by"), f"{record.asked_by}, {record.asked_by.roles_text}".rstrip(", ")),
            (_("Interpreter"), record.interpreter or _("None named")),
            (
                _("Time to read"),
                _("Confirmed") if record.had_time_to_read else _("Not confirmed"),
            ),
            (
                _("Where"),
                _("Alone with the tablet")
                if record.was_handed_over
                else _("Together with the person who asked"),
            ),
        ]
    )
    for number, answer in enumerate(answers, start=1):
        text = answer.text
        document.heading(f"{number}. {text.title}")
        document.paragraph(
            _("Text for: %(purpose)s. Version %(version)d, from %(day)s.")
            % {
                "purpose": text.get_purpose_display(),
                "version": text.version,
                "day": day_of(text.effective_from),
            },
            muted=True,
        )
        for paragraph in text.body.split("\n\n"):
            document.paragraph(paragraph)
        document.facts([(_("Answer"), answer_words(answer))])
    document.heading(_("Signature"))
    document.paragraph(meaning())
    if record.strokes is None:
        document.facts([(_("Full name, typed"), record.typed_name)])
        caption = _("Typed by %(name)s, %(moment)s") % {"name": patient, "moment": moment}
        document.paragraph(caption, muted=True)
    else:
        caption = _("Drawn by %(name)s, %(moment)s") % {"name": patient, "moment": moment}
        document.signature(record.strokes, caption=caption)
    return document.render()


def meaning() -> str:
    """Say what the signature means, on the page and in the PDF alike."""
    return _(
        "The signature means: I have read these texts or had them read to me, I could ask "
        "everything I wanted, and these are my answers. I can change each of them at any time."
    )


def answer_words(answer: ConsentEvent) -> str:
    """Say one answer, with the last day of a yes."""
    if answer.kind == ConsentKind.YES and answer.valid_until:
        return _("Yes, to %(day)s") % {"day": day_of(answer.valid_until)}
    return str(answer.get_kind_display())
