"""The tables of this floor whose signed rows the database keeps as they are."""

from __future__ import annotations

from clinic.triggers import Final

LIST_IS_SIGNED = (
    "EXISTS (SELECT 1 FROM patients_safetylistversion signed"
    " WHERE signed.id = {row}.safety_list_id AND signed.signed_at IS NOT NULL)"
)
ALL = ("INSERT", "UPDATE", "DELETE")

DECISIONS = (
    Final("patients_screening", "{row}.decision <> ''"),
    Final("patients_areaexam", "{row}.is_accepted IS NOT NULL"),
)
LISTS = (
    Final("patients_safetylistversion", "{row}.signed_at IS NOT NULL"),
    Final("patients_safetylistrow", LIST_IS_SIGNED, ALL),
    Final("patients_safetylistexclusion", LIST_IS_SIGNED, ALL),
)
FINAL = (*LISTS, *DECISIONS)
