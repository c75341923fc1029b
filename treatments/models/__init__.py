"""Courses, visits and photographs."""

from treatments.models.course import Course, CourseArea
from treatments.models.photo import Photo
from treatments.models.visit import Measure, Reaction, Visit, VisitArea

__all__ = ["Course", "CourseArea", "Measure", "Photo", "Reaction", "Visit", "VisitArea"]
