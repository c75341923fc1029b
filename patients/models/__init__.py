"""Patients and their screenings."""

from patients.models.patient import Patient, PatientQuerySet
from patients.models.safety import SafetyListExclusion, SafetyListRow, SafetyListVersion
from patients.models.screening import AreaExam, SafetyAnswer, Screening

__all__ = [
    "AreaExam",
    "Patient",
    "PatientQuerySet",
    "SafetyAnswer",
    "SafetyListExclusion",
    "SafetyListRow",
    "SafetyListVersion",
    "Screening",
]
