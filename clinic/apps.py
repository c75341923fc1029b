"""The ground floor: settings, roles, policies, audit, forms, components. Imports no app."""

from django.apps import AppConfig


class ClinicConfig(AppConfig):
    name = "clinic"
    verbose_name = "Clinic"

    def ready(self) -> None:
        from clinic import checks, policy  # noqa: F401  registers the system checks
