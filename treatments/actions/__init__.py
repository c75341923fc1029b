"""The only writers of this floor."""

from treatments.actions.courses import (
    change_course_state,
    open_course,
    project_due,
)
from treatments.actions.visits import obstacle, record_visit, void_visit

__all__ = [
    "change_course_state",
    "obstacle",
    "open_course",
    "project_due",
    "record_visit",
    "void_visit",
]
