"""The words of this floor, as they are stored and as people read them."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Kind(TextChoices):
    """What the time is promised for."""

    SCREENING = "screening", _("Screening")
    SESSION = "session", _("Session")
    REVIEW = "review", _("Review")
    FOLLOW_UP = "follow_up", _("Follow-up")


# Minutes, unless somebody says otherwise.
LENGTHS = {Kind.SCREENING: 45, Kind.SESSION: 30, Kind.REVIEW: 30, Kind.FOLLOW_UP: 30}


class Status(TextChoices):
    """What became of the promise. A move keeps the row and its status."""

    BOOKED = "booked", _("Booked")
    ARRIVED = "arrived", _("Arrived")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")
    NO_SHOW = "no_show", _("No-show")


OPEN = (Status.BOOKED, Status.ARRIVED)
# These occupy the practitioner, the room and the patient; the database counts the same ones.
LIVE = (*OPEN, Status.DONE)
