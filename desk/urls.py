"""Addresses of the screens that join apps."""

from django.urls import path

import clinic.converters  # noqa: F401  patient codes and dates in addresses
from desk.views import board, chart, courses, follow_ups, patients, today, visits

app_name = "desk"
urlpatterns = [
    path("", today.today, name="today"),
    path("today/<isodate:day>/", today.today, name="today-on"),
    path("patients/", patients.patient_list, name="patient-list"),
    path("follow-ups/", follow_ups.follow_ups, name="follow-ups"),
    path("review/courses/", board.board, name="board"),
    path("patients/<patient:code>/", chart.chart, name="chart"),
    path("courses/<int:pk>/", courses.course, name="course"),
    path("courses/<int:pk>/copy/", courses.copy, name="course-copy"),
    path("courses/<int:pk>/copy.pdf", courses.copy_pdf, name="course-copy-pdf"),
    path("courses/<int:pk>/visits/new/", visits.log, name="visit-add"),
    path("courses/<int:pk>/visits/new/draft/", visits.keep_new, name="visit-draft-new"),
    path("visits/<int:pk>/change/", visits.change, name="visit-change"),
    path("visits/<int:pk>/draft/", visits.keep, name="visit-draft"),
    path("patients/<patient:code>/archive/", patients.archive, name="patient-archive"),
]
