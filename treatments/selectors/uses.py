"""What left the house: what a pair may be taken out for, its sheet, and the uses to be ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients.consents import day_of, photo_consent, standings_of, standings_of_many, words_of
from patients.models import Patient
from patients.rules.consent import Standing, State
from patients.terms import Purpose
from treatments import photo_files
from treatments.imaging.pair_sheet import Caption, Line, pair_sheet
from treatments.models import PhotoExport
from treatments.models.pair import PURPOSES
from treatments.models.photo import Size
from treatments.rules.comparability import Pair
from treatments.rules.pairs import days_between
from treatments.rules.uses import INSIDE, Bar, bar
from treatments.selectors.pairs import Judged, marks_of
from treatments.terms import PhotoMark


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing that a pair may be taken out for; `why_not` is a sentence where it may not.

    `stands` is how the consent stands, as (kind of state, words), None where none is needed;
    `holds` whether it allows the purpose.
    """

    purpose: Purpose | None
    why_not: str = ""
    holds: bool = True
    stands: tuple[str, str] | None = None
    since: str = ""


def offers(pair: Judged, today: date) -> list[Offer]:
    """Return every purpose that pictures are consented to, then a copy for the patient herself."""
    standings = standings_of(pair.first.course.patient, today)
    found = []
    for purpose in PURPOSES:
        standing = standings[purpose]
        found.append(
            Offer(
                purpose,
                why_not=why_not(pair, purpose, standing),
                holds=standing.holds,
                stands=words_of(standing),
                since=day_of(standing.since),
            )
        )
    return [*found, Offer(None)]


def why_not(pair: Judged, purpose: Purpose | None, standing: Standing | None) -> str:
    """Say in a sentence why a pair may not be taken out for a purpose; "" if it may."""
    found = bar(
        purpose,
        holds=standing is not None and standing.holds,
        verdict=pair.judgement.pair,
        is_identifying=any(
            PhotoMark.IDENTIFYING in photo.marks for photo in (pair.first, pair.second)
        ),
    )
    if found == Bar.CONSENT:
        state = words_of(standing)[1] if standing else ""
        return _("Her consent to this does not hold. It stands at: %(state)s.") % {"state": state}
    if found == Bar.IDENTIFYING:
        return _("Something that could name her is in view, so strangers are not shown it.")
    if found == Bar.NOT_COMPARABLE:
        reasons = " ".join(pair.obstacles)
        return _("Not comparable, so it is never used for marketing. %(why)s") % {"why": reasons}
    return ""


# The sheet ----------------------------------------------------------------------------------------


def sheet_of(export: PhotoExport) -> bytes:
    """Return the sheet of an export as one JPEG, made anew from the photographs.

    Raises `photo_files.Missing`, `vault.Damaged` or `vault.KeyMissing`.
    """
    first, second = export.first, export.second
    marks = marks_of((first, second)).get((first.pk, second.pk))
    return pair_sheet(
        photo_files.read(first, Size.VIEW),
        photo_files.read(second, Size.VIEW),
        caption_of(export),
        (marks.on_first, marks.on_second) if marks else None,
    )


def caption_of(export: PhotoExport) -> Caption:
    """Write what is burnt into the sheet: never a name, and the code only inside the clinic."""
    first, second = export.first, export.second
    days = days_between(first.at_visit.held_on, second.at_visit.held_on)
    between = ngettext("%(n)d day between them.", "%(n)d days between them.", days) % {"n": days}
    lines = [
        Line(f"{first.get_view_display()}. {between}", is_bold=True),
        Line(verdict_text(Pair(export.verdict), len(export.caveats)), is_bold=True),
        *(Line(sentence, is_item=True) for sentence in export.caveats),
        Line(purpose_line(export)),
    ]
    if export.asked_for in INSIDE:
        lines.append(Line(_("Patient %(code)s.") % {"code": export.patient_code}))
    lines.append(Line(_("Exported %(day)s.") % {"day": day_of(export.made_at)}))
    return Caption(
        under=(day_of(first.at_visit.held_on), day_of(second.at_visit.held_on)),
        below=tuple(lines),
        if_laid=Line(
            _("The second is turned and scaled by two marks, so that it lies over the first.")
        ),
    )


def purpose_line(export: PhotoExport) -> str:
    """Say what it was taken out for, and since when she has agreed to that."""
    if export.asked_for is None:
        return f"{export.purpose_text}."
    standing = photo_consent(export.patient, export.asked_for, export.made_at)
    return _("For: %(purpose)s. Consent of %(day)s.") % {
        "purpose": export.asked_for.label,
        "day": day_of(standing.since),
    }


def verdict_text(verdict: Pair, caveats: int) -> str:
    """Say whether the two can be held against each other."""
    if verdict == Pair.NOT_COMPARABLE:
        return _("Not comparable:")
    if verdict == Pair.COMPARABLE:
        return _("Comparable.")
    return ngettext("Comparable with %(n)d caveat:", "Comparable with %(n)d caveats:", caveats) % {
        "n": caveats
    }


# Uses ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Use:
    """One export; `ended_because` says how the consent stands where it no longer holds."""

    export: PhotoExport
    ended_because: str = ""
    since: date | None = None

    @property
    def is_to_end(self) -> bool:
        return bool(self.ended_because)


def uses_of(patient: Patient, today: date) -> list[Use]:
    """Return everything of a patient that left the house, the newest first."""
    rows = list(PhotoExport.objects.of_patient(patient))
    return _judged(rows, {patient.pk: standings_of(patient, today)}, today)


def uses_to_end(today: date) -> list[Use]:
    """Return every use, of any patient, whose purpose she no longer consents to."""
    rows = list(
        PhotoExport.objects.running().select_related("first__course__patient").order_by("made_at")
    )
    patients = {row.first.course.patient_id for row in rows}
    found = _judged(rows, standings_of_many(patients, today), today)
    return [use for use in found if use.is_to_end]


def _judged(
    rows: Iterable[PhotoExport], standings: dict[int, dict[Purpose, Standing]], today: date
) -> list[Use]:
    found = []
    for row in rows:
        standing = (
            standings[row.first.course.patient_id][row.asked_for]
            if row.asked_for and row.ended_at is None
            else None
        )
        if standing is None or standing.holds:
            found.append(Use(row))
        else:
            found.append(Use(row, words_of(standing)[1], _stopped_on(standing, today)))
    return found


def _stopped_on(standing: Standing, today: date) -> date:
    """Return the first day on which a consent did not hold any more."""
    if standing.state == State.EXPIRED and standing.until:
        return standing.until + timedelta(1)
    return timezone.localdate(standing.since) if standing.since else today
