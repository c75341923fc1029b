"""What addresses hold beside numbers. Importing this module makes them known to `path`."""

from __future__ import annotations

from datetime import date

from django.urls import register_converter

FIRST_YEAR, LAST_YEAR = 1900, 2200


class IsoDate:
    """2026-11-24 in an address, a date in the view; an impossible or absurd date is none."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        day = date.fromisoformat(value)
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValueError(value)
        return day

    def to_url(self, value: date) -> str:
        return value.isoformat()


class PatientCode:
    """P-7K3Q9, as `patients.models.patient.new_code` makes them."""

    regex = r"P-[2-9A-Z]{5}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(IsoDate, "isodate")
register_converter(PatientCode, "patient")
