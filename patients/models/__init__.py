"""Patients and their screenings."""

from patients.models.history import Condition, EarlierMesotherapy, History, Procedure
from patients.models.patient import Patient, PatientQuerySet
from patients.models.safety import SafetyListExclusion, SafetyListRow, SafetyListVersion
from patients.models.screening import AreaExam, SafetyAnswer, Screening

__all__ = [
    "AreaExam",
    "Condition",
    "EarlierMesotherapy",
    "History",
    "Patient",
    "PatientQuerySet",
    "Procedure",
    "SafetyAnswer",
    "SafetyListExclusion",
    "SafetyListRow",
    "SafetyListVersion",
    "Screening",
]
