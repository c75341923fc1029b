"""Who, and whether: patients, history, intake screening and its rules. Imports clinic."""

from django.apps import AppConfig


class PatientsConfig(AppConfig):
    name = "patients"
    verbose_name = "Patients"
