"""The only writers of this floor."""

from patients.actions.patients import (
    archive_patient,
    change_patient,
    register_patient,
    restore_patient,
)
from patients.actions.screenings import (
    decide_screening,
    record_findings,
    start_screening,
)

__all__ = [
    "archive_patient",
    "change_patient",
    "decide_screening",
    "record_findings",
    "register_patient",
    "restore_patient",
    "start_screening",
]
