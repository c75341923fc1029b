"""Who may do what, on one screen. When it may be done is a rule, and lives with the rules."""

from __future__ import annotations

from enum import Enum, auto

from django.conf import settings
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    """A job in the clinic; a person may hold several."""

    FRONT_DESK = "front_desk", _("front desk")
    PRACTITIONER = "practitioner", _("practitioner")
    MEDICAL_LEAD = "medical_lead", _("medical lead")
    MANAGER = "manager", _("manager")


class Can(Enum):
    """One thing that a person may be allowed to do."""

    USE_CLINIC = auto()  # Today, help: whoever is signed in
    SEE_PATIENTS = auto()  # names, contact, appointments, sessions done of planned
    EDIT_PATIENTS = auto()
    ARCHIVE_PATIENTS = auto()
    SEE_CLINICAL = auto()  # screening, notes, measures, reactions
    SCREEN = auto()
    DECIDE = auto()  # answer a proposal: accept, change, decline
    OVERRIDE_STOP = auto()  # accept against an absolute contraindication or a red flag
    MANAGE_COURSES = auto()  # open, pause, resume, stop
    RECORD_VISITS = auto()
    STRIKE_OUT_SIGNED = auto()  # a note that somebody else signed, as entered in error
    SEE_PHOTOS = auto()
    TAKE_PHOTOS = auto()
    EXPORT_PHOTOS = auto()  # take a pair out, on paper or as a file
    VOID_PHOTOS = auto()  # strike out one that somebody else took, or of a signed visit
    SEE_SCHEDULE = auto()
    BOOK = auto()
    SEE_BOARD = auto()
    SEE_RULES = auto()  # the safety lists, who signed them, what changed
    SIGN_RULES = auto()  # change and sign them
    ASK_CONSENT = auto()  # give to read, ask, sign, withdraw, hand the tablet over
    WRITE_CONSENT_TEXTS = auto()
    SEE_PROTOCOLS = auto()  # protocols, formulary, products, who approved them
    APPROVE_PROTOCOLS = auto()  # change and approve them
    SEE_STOCK = auto()  # lots, and who was given one
    KEEP_STOCK = auto()  # receive, open, discard, recall a lot; log who was told


DESK = {Can.USE_CLINIC, Can.SEE_PATIENTS, Can.SEE_SCHEDULE}
CARE = {
    *DESK,
    Can.EDIT_PATIENTS,
    Can.ARCHIVE_PATIENTS,
    Can.BOOK,
    Can.SEE_CLINICAL,
    Can.SCREEN,
    Can.DECIDE,
    Can.MANAGE_COURSES,
    Can.RECORD_VISITS,
    Can.SEE_PHOTOS,
    Can.TAKE_PHOTOS,
    Can.EXPORT_PHOTOS,
    Can.SEE_BOARD,
    Can.SEE_RULES,
    Can.ASK_CONSENT,
    Can.SEE_PROTOCOLS,
    Can.SEE_STOCK,
    Can.KEEP_STOCK,
}

GRANTS: dict[Role, frozenset[Can]] = {
    Role.FRONT_DESK: frozenset({*DESK, Can.EDIT_PATIENTS, Can.ARCHIVE_PATIENTS, Can.BOOK}),
    Role.PRACTITIONER: frozenset(CARE),
    Role.MEDICAL_LEAD: frozenset(
        {
            *CARE,
            Can.OVERRIDE_STOP,
            Can.STRIKE_OUT_SIGNED,
            Can.VOID_PHOTOS,
            Can.SIGN_RULES,
            Can.WRITE_CONSENT_TEXTS,
            Can.APPROVE_PROTOCOLS,
        }
    ),
    Role.MANAGER: frozenset(
        {
            *DESK,
            Can.SEE_CLINICAL,
            Can.SEE_BOARD,
            Can.SEE_RULES,
            Can.SEE_PROTOCOLS,
            Can.SEE_STOCK,
            Can.KEEP_STOCK,
        }
    ),
}


def grants_of(roles: frozenset[Role]) -> frozenset[Can]:
    """Return everything that a holder of `roles` may do, under the clinic's own settings."""
    granted = frozenset().union(*(GRANTS[role] for role in roles))
    if Role.MANAGER in roles and settings.MANAGERS_SEE_PHOTOS:
        granted |= {Can.SEE_PHOTOS}
    return granted
