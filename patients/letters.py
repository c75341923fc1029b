"""What leaves the screening on paper: the letter of a referral, and the reasons of a verdict.

Both read the verdict as it is kept, so a letter printed next year says what was decided on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from clinic.models import User
from clinic.pdf import Document
from patients.differences import STAGES
from patients.models import Patient, Screening
from patients.terms import Cause, Level, Outcome, Primary, Treatable
from patients.verdict_words import OFFERED, Finding, by_region, proposed

SAFETY = "XRTCA"
# Said in the summary of an area already, or meant for the clinic and not for a colleague.
NOT_IN_A_LETTER = {
    "F_CELLULITE_PRESENT",
    "F_FLOOR_STAGE_I",
    "F_AREAS_DIFFER",
    "F_NO_TREATABLE_AREA",
    "E_EXPECTATIONS",
}


def letter(screening: Screening, verdict: dict[str, Any]) -> bytes:
    """Write the letter of a referral: to whom, what is asked, what was found, who signs."""
    document = Document(
        _("Referral"),
        reference=_reference(screening),
        subtitle=_day(screening.decided_at),
        made_at=screening.decided_at,
    )
    document.facts(
        [
            (_("To"), screening.referred_to),
            (_("From"), f"{screening.decided_by}, {settings.CLINIC_NAME}"),
            *_who(screening.patient),
        ]
    )
    document.heading(_("What is asked"))
    document.paragraph(screening.decision_reason)
    document.heading(_("What was found"))
    document.paragraph(
        _("Screened on %(day)s for: %(areas)s.")
        % {"day": date_format(screening.started_on), "areas": screening.areas_text}
    )
    overall = [row for row in verdict["reasons"] if row["code"][0] not in f"{SAFETY}S"]
    document.bullets(_sentences(_for_a_colleague(overall)))
    for finding in by_region(verdict["areas"]):
        document.heading(finding.name)
        document.paragraph(" ".join(_found(finding.row)))
        document.bullets(_sentences(_for_a_colleague(finding.row["reasons"])))
    _safety(document, verdict)
    _body(document, screening)
    _closing(document, screening, verdict)
    return document.render()


def reasons(screening: Screening, verdict: dict[str, Any]) -> bytes:
    """Write down a verdict with every reason; one that nobody decided on says so."""
    document = Document(
        _("Reasons of the screening"),
        reference=_reference(screening),
        subtitle=_("Not decided") if not screening.is_decided else _day(screening.decided_at),
        made_at=screening.decided_at,
    )
    document.facts([*_who(screening.patient), (_("Screened"), date_format(screening.started_on))])
    if not screening.is_decided:
        document.paragraph(
            _("Not decided: this is what the rules suggest today. A clinician has yet to decide."),
        )
    document.heading(_("Suggested: %(outcome)s") % {"outcome": Outcome(verdict["outcome"]).label})
    document.paragraph(" ".join(verdict["lead"]))
    document.bullets(_overall(verdict))
    if verdict["missing"]:
        document.heading(_("Missing"))
        document.bullets(row["sentence"] for row in verdict["missing"])
    for finding in by_region(verdict["areas"]):
        _area(document, finding, verdict)
    _safety(document, verdict)
    if screening.is_decided:
        document.heading(_("Decision"))
        document.facts(_decision(screening))
    _closing(document, screening, verdict)
    return document.render()


def _reference(screening: Screening) -> str:
    return f"{screening.patient_code}, {_('screening')} {screening.pk}"


def _day(moment: datetime | None) -> str:
    return date_format(timezone.localdate(moment)) if moment else ""


def _moment(moment: datetime | None) -> str:
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT") if moment else ""


def _who(patient: Patient) -> list[tuple[str, str]]:
    return [
        (_("Patient"), str(patient)),
        (_("Born"), date_format(patient.birth_date)),
        (_("Code"), patient.code),
    ]


def _sentences(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Return sentences, each with the rule that said it."""
    return [f"{row['sentence']} [{row['rule']}]" for row in rows]


def _for_a_colleague(rows: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
    return [row for row in rows if row["code"] not in NOT_IN_A_LETTER]


def _overall(verdict: Mapping[str, Any]) -> list[str]:
    return _sentences([row for row in verdict["reasons"] if row["code"][0] not in f"{SAFETY}S"])


def _area(document: Document, finding: Finding, verdict: dict[str, Any]) -> None:
    """Write one area, or both sides of a region that are alike: finding, reasons, what to do."""
    row = finding.row
    offered = row["treatable"] in OFFERED
    waits = offered and finding.areas[0] not in proposed(verdict)
    if row["treatable"] != Treatable.NO and verdict["outcome"] == Outcome.UNDECIDED:
        state = _("Not decided yet")
    else:
        state = _("Not now") if waits else str(Treatable(row["treatable"]).label)
    document.heading(f"{finding.name}: {state}")
    document.paragraph(" ".join(_found(row)))
    document.bullets(_sentences(row["reasons"]))
    document.paragraph(_("What to do: %(advice)s") % {"advice": row["advice"]})


def _found(row: Mapping[str, Any]) -> Iterator[str]:
    """Yield the main finding, stage and CSS, and what else is there."""
    yield f"{Primary(row['primary']).label}."
    if row["stage"] is not None:
        yield _("Stage %(stage)s.") % {"stage": STAGES[row["stage"]]}
    if row["css_total"] is not None:
        values = {"total": row["css_total"], "rest": row["css_without_laxity"]}
        yield _("CSS %(total)s of 15 (%(rest)s without laxity).") % values
    for cause, level in row["levels"].items():
        if cause != row["primary"] and level not in (Level.NONE, Level.UNKNOWN):
            yield f"{Cause(cause).label}: {Level(level).label}."


def _safety(document: Document, verdict: Mapping[str, Any]) -> None:
    document.heading(_("Safety"))
    found = [row for row in verdict["reasons"] if row["code"][0] in SAFETY]
    if found:
        document.bullets(_sentences(found))
    elif verdict["outcome"] == Outcome.UNDECIDED:
        document.paragraph(_("Nothing is recorded so far; questions are still open."))
    else:
        document.paragraph(_("No contraindication, caution or allergy that matters is recorded."))


def _body(document: Document, screening: Screening) -> None:
    sizes: Mapping[str, Any] = (screening.facts_read or {}).get("patient", {})
    rows = [
        (_("Height"), sizes.get("height_cm"), "cm"),
        (_("Weight"), sizes.get("weight_kg"), "kg"),
        (_("BMI"), sizes.get("bmi"), "kg/m²"),
    ]
    known = [(label, f"{value} {unit}") for label, value, unit in rows if value is not None]
    if known:
        document.space()
        document.facts(known)


def _decision(screening: Screening) -> list[tuple[str, str]]:
    rows = [
        (_("Decided"), screening.decision_label),
        (_("Areas"), capfirst(screening.accepted_areas_text)),
        (_("Referred to"), screening.referred_to),
        (
            _("Deferred until"),
            date_format(screening.deferred_until) if screening.deferred_until else "",
        ),
        (_("Reason"), screening.decision_reason),
        (_("By"), f"{_name(screening.decided_by)}, {_moment(screening.decided_at)}"),
    ]
    second = screening.answer_of_second
    if second:
        words = _("Agrees") if second.agrees else _("Does not agree")
        rows += [
            (_("Second person"), f"{words}: {second.by}, {_moment(second.at)}"),
            (_("Her or his reason"), second.reason),
        ]
    elif screening.is_waiting:
        rows.append((_("Second person"), _("Not answered yet. Until then it is not accepted.")))
    return [(label, value) for label, value in rows if value]


def _name(user: User | None) -> str:
    return str(user) if user else ""


def _closing(document: Document, screening: Screening, verdict: Mapping[str, Any]) -> None:
    document.space()
    document.paragraph(
        _(
            "Rule set %(rule_set)s; the codes in brackets name its rules. The rules suggest, a "
            "clinician decides. Evidence that mesotherapy improves cellulite is limited."
        )
        % {"rule_set": verdict["rule_set"]},
        muted=True,
    )
    if screening.is_decided:
        document.paragraph(
            _("Signed in the record by %(who)s, %(when)s.")
            % {"who": _name(screening.decided_by), "when": _moment(screening.decided_at)}
        )
