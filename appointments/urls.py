"""Addresses of this floor."""

from django.urls import path

import clinic.converters  # noqa: F401  dates in addresses
from appointments import views

app_name = "appointments"
urlpatterns = [
    path("schedule/", views.day, name="day"),
    path("schedule/day/<isodate:day>/", views.day, name="day-on"),
    path("appointments/new/", views.add, name="appointment-add"),
    path("appointments/<int:pk>/", views.detail, name="appointment-detail"),
    path("appointments/<int:pk>/move/", views.move, name="appointment-move"),
    path("appointments/<int:pk>/cancel/", views.cancel, name="appointment-cancel"),
    path("appointments/<int:pk>/arrive/", views.arrive, name="appointment-arrive"),
    path("appointments/<int:pk>/done/", views.done, name="appointment-done"),
    path("appointments/<int:pk>/no-show/", views.no_show, name="appointment-no-show"),
    path("appointments/<int:pk>/reopen/", views.reopen, name="appointment-reopen"),
]
