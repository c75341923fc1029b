"""When and with whom: rooms, appointments, the diary. Imports treatments, patients and clinic."""

from django.apps import AppConfig


class AppointmentsConfig(AppConfig):
    name = "appointments"
    verbose_name = "Appointments"
