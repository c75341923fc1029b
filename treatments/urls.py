"""Addresses of this floor."""

from django.urls import path

import clinic.converters  # noqa: F401  patient codes in addresses
from treatments.views import courses, photos, visits

app_name = "treatments"
urlpatterns = [
    path("patients/<patient:code>/courses/new/", courses.add, name="course-add"),
    path("courses/<int:pk>/state/", courses.change_state, name="course-state"),
    path("visits/<int:pk>/", visits.detail, name="visit-detail"),
    path("visits/<int:pk>/void/", visits.void, name="visit-void"),
    path("patients/<patient:code>/photos/", photos.gallery, name="photo-gallery"),
    path("patients/<patient:code>/compare/", photos.compare, name="photo-compare"),
    path("photos/<uuid:photo_id>/<str:size>/", photos.photo_file, name="photo-file"),
]
