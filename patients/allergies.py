"""What the patient strip says of allergies, on every page of a patient."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

from patients.models import Patient, SafetyAnswer, SafetyListExclusion
from patients.models.safety import current_list
from patients.models.screening import ALLERGIES_ASKED, KNOWN_ITEMS
from patients.rules.safety_list import DRAFT
from patients.terms import AgentCondition, Answer

# These leave agents out and are no allergies.
CONDITIONS = {
    AgentCondition.HEART_BLOCK.value,
    AgentCondition.RECENT_BLEED.value,
    AgentCondition.G6PD_OR_OXALATE.value,
}


def named(said: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Name the allergies, then the conditions, that leave agents out, also those unlisted now."""
    yes = {item for item, answer in said.items() if answer == Answer.YES}
    labels = {row.code: gettext(row.label) for row in DRAFT.exclusions}
    lists = current_list()
    labels |= {row.code: gettext(row.label) for row in lists.exclusions}
    known = {*labels, *KNOWN_ITEMS, *(row.code for row in lists.rows)}
    if switched_off := yes - known:
        # An agent went from the list; the allergy did not go from the patient.
        rows = SafetyListExclusion.objects.filter(code__in=switched_off).order_by("pk")
        labels |= dict(rows.values_list("code", "label"))
    return (
        [label for code, label in labels.items() if code in yes - CONDITIONS],
        [label for code, label in labels.items() if code in yes & CONDITIONS],
    )


def standing_facts(patient: Patient) -> list[tuple[str, str]]:
    """Allergies of the latest screening that asked for them, as tags for the patient strip."""
    # A screening that has just begun knows nothing yet, and must not hide what is known.
    asked = SafetyAnswer.objects.filter(
        screening=OuterRef("pk"), item=ALLERGIES_ASKED, answer__in=(Answer.YES, Answer.NO)
    )
    latest = (
        patient.screenings.filter(Exists(asked))
        .prefetch_related("answers")
        .order_by("-started_on", "-pk")
        .first()
    )
    if latest is None:
        return []
    said = {row.item: row.answer for row in latest.answers.all()}
    allergies, conditions = named(said)
    # All of them: one that is left out for want of room would be read as "none".
    tags = [("stop", gettext("Condition: %(name)s") % {"name": name}) for name in conditions]
    if allergies:
        tags.insert(0, ("stop", gettext("Allergy: %(names)s") % {"names": ", ".join(allergies)}))
    if tags:
        return tags
    if said.get(ALLERGIES_ASKED) == Answer.YES:
        return [("stop", gettext("Allergy: not named"))]
    if said.get(ALLERGIES_ASKED) == Answer.NO:
        today = timezone.localdate()
        if latest.started_on == today:
            return [("neutral", gettext("No allergies, asked today"))]
        same_year = latest.started_on.year == today.year
        day = date_format(latest.started_on, "j M" if same_year else "j M Y")
        return [("neutral", gettext("No allergies, asked %(day)s") % {"day": day})]
    return []
