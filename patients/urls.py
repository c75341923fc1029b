"""Addresses of this floor."""

from django.urls import path

import clinic.converters  # noqa: F401  patient codes in addresses
from patients.views import patients, screenings

app_name = "patients"
urlpatterns = [
    path("patients/new/", patients.register, name="patient-add"),
    path("patients/<patient:code>/edit/", patients.change, name="patient-change"),
    path("patients/<patient:code>/screenings/new/", screenings.start, name="screening-add"),
    path("screenings/<int:pk>/", screenings.detail, name="screening-detail"),
    path("screenings/<int:pk>/findings/", screenings.findings, name="screening-findings"),
    path("screenings/<int:pk>/decision/", screenings.decide, name="screening-decide"),
]
