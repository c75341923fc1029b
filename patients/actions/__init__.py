"""The only writers of this floor."""

from patients.actions.consents import (
    give_to_read,
    sign_consents,
    withdraw_consent,
    write_consent_text,
)
from patients.actions.decisions import confirm_screening, decide_screening
from patients.actions.histories import record_history
from patients.actions.patients import (
    archive_patient,
    change_patient,
    register_patient,
    restore_patient,
)
from patients.actions.safety import (
    add_safety_exclusion,
    add_safety_row,
    change_safety_exclusion,
    change_safety_row,
    sign_safety_list,
    start_safety_draft,
)
from patients.actions.screenings import change_reason, record_findings, start_screening

__all__ = [
    "add_safety_exclusion",
    "add_safety_row",
    "archive_patient",
    "change_patient",
    "change_reason",
    "change_safety_exclusion",
    "change_safety_row",
    "confirm_screening",
    "decide_screening",
    "give_to_read",
    "record_findings",
    "record_history",
    "register_patient",
    "restore_patient",
    "sign_consents",
    "sign_safety_list",
    "start_safety_draft",
    "start_screening",
    "withdraw_consent",
    "write_consent_text",
]
