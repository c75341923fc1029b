"""Patients, their screenings and their consents."""

from patients.models.consent import ConsentEvent, ConsentRecord, ConsentText
from patients.models.history import Condition, EarlierMesotherapy, History, Procedure
from patients.models.patient import Patient, PatientQuerySet
from patients.models.safety import SafetyListExclusion, SafetyListRow, SafetyListVersion
from patients.models.screening import AreaExam, Confirmation, SafetyAnswer, Screening

__all__ = [
    "AreaExam",
    "Condition",
    "Confirmation",
    "ConsentEvent",
    "ConsentRecord",
    "ConsentText",
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
