"""The consents of the demo: signed on the opening day of each course, with a scribble and a PDF."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from math import sin
from random import Random

from django.utils.translation import gettext as _

from clinic.models import User
from clinic.pdf import Document
from desk.demo.diary import moment
from desk.demo.story import Chapter, Consents, before
from patients.actions.consents import Answered, answers_of, keep_signed
from patients.consent_pdf import consent_pdf
from patients.models import ConsentEvent, ConsentRecord, ConsentText, Patient
from patients.rules.signature import Stroke
from patients.terms import ConsentKind, Purpose

A_YEAR_AND_MORE = 400  # days, more than a consent to treatment lasts
FOR_CARE = (Purpose.TREATMENT, Purpose.RECORD_PHOTOS)
# What else was asked, and how often the answer is yes.
ALSO_ASKED = {
    Purpose.REVIEW: 0.8,
    Purpose.TEACHING_INSIDE: 0.5,
    Purpose.TEACHING_OUTSIDE: 0.2,
    Purpose.MARKETING_WEBSITE: 0.2,
    Purpose.MARKETING_SOCIAL: 0.1,
}
ONE_HOUR = timedelta(hours=1)


class Signed:
    """Writes what one patient was given to read, signed and withdrew."""

    def __init__(self, patient: Patient, who: User, today: date, stand_in: bytes) -> None:
        # Its own numbers, so that the rest of the clinic is the same with and without consents.
        self.rng = Random(f"consents of {patient.code}")  # noqa: S311
        self.patient, self.who, self.today, self.stand_in = patient, who, today, stand_in
        self.texts = ConsentText.objects.in_force(today)

    def write(self, chapter: Chapter, opened_on: date) -> None:
        """Write the history up to today, as the chapter tells it."""
        if chapter.consents == Consents.EXPIRED:
            opened_on = before(self.today, A_YEAR_AND_MORE, self.today)
            read_on = before(opened_on, 5, self.today)
            Patient.objects.filter(pk=self.patient.pk).update(registered_at=moment(read_on, 36))
        elif chapter.consents == Consents.REFLECTING:
            # The calendar day, as the hours run at weekends too.
            opened_on = read_on = self.today - timedelta(1)
        else:
            read_on = before(opened_on, 3, self.today)
        asked = [purpose for purpose in Purpose if purpose in (*FOR_CARE, *ALSO_ASKED)]
        self._note(ConsentKind.READ, FOR_CARE, moment(read_on, 10 * 4))
        signed_at = moment(opened_on, 10 * 4) + timedelta(minutes=self.rng.randrange(4, 25))
        answers = {
            purpose: purpose in FOR_CARE or self.rng.random() < ALSO_ASKED[purpose]
            for purpose in asked
            if purpose in FOR_CARE or self.rng.random() < 0.7
        }
        if chapter.consents == Consents.WITHDRAWN:
            answers[Purpose.MARKETING_SOCIAL] = True
        is_whole = chapter.consents != Consents.SIGNED or chapter.allergy is not None
        self._sign(answers, signed_at, is_whole=is_whole)
        if chapter.consents == Consents.WITHDRAWN:
            later = min(opened_on + timedelta(14), before(self.today, 1, self.today))
            self._note(
                ConsentKind.WITHDRAWN,
                [Purpose.MARKETING_SOCIAL],
                moment(later, 15 * 4),
                reason="does not want to be found there",
            )

    def _note(
        self,
        kind: ConsentKind,
        purposes: tuple[Purpose, ...] | list[Purpose],
        at: datetime,
        reason: str = "",
    ) -> None:
        ConsentEvent.objects.bulk_create(
            ConsentEvent(
                patient=self.patient,
                purpose=purpose,
                text=self.texts[purpose],
                kind=kind,
                at=at,
                by=self.who,
                reason=reason,
            )
            for purpose in purposes
        )

    def _sign(self, answers: dict[Purpose, bool], at: datetime, *, is_whole: bool) -> None:
        record = ConsentRecord(
            patient=self.patient,
            signed_at=at,
            asked_by=self.who,
            had_time_to_read=True,
            was_handed_over=self.rng.random() < 0.6,
        )
        if self.rng.random() < 0.2:
            record.typed_name = str(self.patient)
        else:
            record.strokes = scribble(self.rng)
        until = self.today.replace(day=1) + timedelta(365)
        events = answers_of(
            record,
            [Answered(self.texts[purpose], is_yes, until) for purpose, is_yes in answers.items()],
        )
        # A PDF takes a tenth of a second, and the demo has forty of them.
        keep_signed(record, events, consent_pdf(record, events) if is_whole else self.stand_in)


def stand_in() -> bytes:
    """Write the one PDF that most patients of the demo share."""
    document = Document(_("Consent"), reference=_("Demo"))
    document.paragraph(
        _(
            "Demo data. In a clinic this file holds each text in full with its version and the "
            "answer, the signature, the time and who asked. Here it is written for some patients "
            "only, to start faster."
        )
    )
    return document.render()


def scribble(rng: Random) -> list[Stroke]:
    """Return two strokes that look like a signature and are nobody's."""
    speed, height = rng.uniform(28, 44), rng.uniform(0.12, 0.24)
    name = [
        (
            round(0.12 + 0.6 * step / 60 + 0.02 * sin(speed * step / 40), 4),
            round(0.55 - height * sin(speed * step / 60) * (1 - step / 80), 4),
        )
        for step in range(61)
    ]
    flourish = [
        (round(0.3 + 0.5 * step / 12, 4), round(0.72 - 0.05 * sin(step / 4), 4))
        for step in range(13)
    ]
    return [name, flourish]
