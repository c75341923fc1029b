"""The roof: screens that join apps. No models, and nobody imports it."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "desk"
    verbose_name = "Desk"

    def ready(self) -> None:
        from clinic.navigation import COUNTS
        from desk.worklists import waiting

        COUNTS["desk:follow-ups"] = waiting
