"""What is done: course, visit, measures, reactions, photographs. Imports patients and clinic."""

from django.apps import AppConfig


class TreatmentsConfig(AppConfig):
    name = "treatments"
    verbose_name = "Treatments"
