"""What must be seen on every page about one patient."""

from __future__ import annotations

from django import template

from patients.allergies import standing_facts as facts_of
from patients.consents import strip_tag
from patients.models import Patient

register = template.Library()


@register.simple_tag
def standing_facts(patient: Patient) -> list[tuple[str, str]]:
    """Return the standing facts as (kind of tag, words): allergies, consent to treatment."""
    return [*facts_of(patient), strip_tag(patient)]
