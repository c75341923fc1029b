"""The roof: screens that join apps. No models, and nobody imports it."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "desk"
    verbose_name = "Desk"
