"""The words of this floor, as they are stored and as people read them."""

from __future__ import annotations

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _


class VisitKind(TextChoices):
    """What somebody came for. Only treatments count towards the 10 to 15."""

    BASELINE = "baseline", _("Baseline")
    TREATMENT = "treatment", _("Session")
    REVIEW = "review", _("Review")
    FOLLOW_UP = "follow_up", _("Follow-up")


class MeasureKind(TextChoices):
    """A number taken with a tape or a scale."""

    WEIGHT = "weight", _("Weight")
    THIGH_LEFT = "thigh_left", _("Thigh left, 20 cm")
    THIGH_RIGHT = "thigh_right", _("Thigh right, 20 cm")
    HIP = "hip", _("Hip")
    WAIST = "waist", _("Waist")


class ReactionKind(TextChoices):
    """What was seen or reported after the injections."""

    REDNESS = "redness", _("Redness")
    BRUISE = "bruise", _("Bruise")
    SWELLING = "swelling", _("Swelling")
    ITCH = "itch", _("Itch")
    NODULE = "nodule", _("Nodule")
    FAINT = "faint", _("Faint")
    INFECTION = "infection", _("Skin infection sign")
    ALLERGY = "allergy", _("Allergic sign")


class View(TextChoices):
    """A standard view of the body, in the fixed order in which it is taken (domain.md 6.2)."""

    BACK_RELAXED = "back_relaxed", _("Back, relaxed")
    BACK_CONTRACTED = "back_contracted", _("Back, contracted")
    LEFT_RELAXED = "left_relaxed", _("Left side, relaxed")
    RIGHT_RELAXED = "right_relaxed", _("Right side, relaxed")
    LEFT_CONTRACTED = "left_contracted", _("Left side, contracted")
    RIGHT_CONTRACTED = "right_contracted", _("Right side, contracted")
    LEFT_OBLIQUE = "left_oblique", _("Left back, oblique")
    RIGHT_OBLIQUE = "right_oblique", _("Right back, oblique")
    FRONT_RELAXED = "front_relaxed", _("Front, relaxed")
    PRONE = "prone", _("Lying face down")
    PINCH = "pinch", _("Skin pinched")


# The smallest set that can be compared later; a protocol may ask for more (domain.md 6.2).
STANDARD_VIEWS = (View.BACK_RELAXED, View.BACK_CONTRACTED, View.LEFT_RELAXED, View.RIGHT_RELAXED)


class PhotoMark(TextChoices):
    """What whoever took a photograph saw that no lamp or tape tells (domain.md 6.5)."""

    BRUISE = "bruise", _("Bruise or swelling in view")
    TANNED = "tanned", _("Skin darker than at the baseline")
    PALER = "paler", _("Skin paler than at the baseline")
    CLOTHING = "clothing", _("Other underwear than at the baseline")
    IDENTIFYING = "identifying", _("Tattoo, scar or jewellery that could name her")


class ExportKind(TextChoices):
    """How a pair of photographs was taken out."""

    FILE = "file", _("File")
    PRINT = "print", _("Paper")


# Protocols and formulary (domain.md section 5) -----------------------------------------------


class AgentCategory(TextChoices):
    """What an agent is meant to act on."""

    CIRCULATION = "circulation", _("Circulation and drainage")
    FAT = "fat", _("Fat")
    SCAR = "scar", _("Scar tissue and enzymes")
    TISSUE = "tissue", _("Vitamins and tissue")
    ANAESTHETIC = "anaesthetic", _("Anaesthetic")


class AgentStatus(TextChoices):
    """Whether a session may draw on an agent. A draft waits for its ceiling or its approval."""

    ACTIVE = "active", _("Active")
    DRAFT = "draft", _("Draft")
    BLOCKED = "blocked", _("Blocked")


class Licence(TextChoices):
    """How an agent stands with the regulator for this use."""

    LICENSED = "licensed", _("licensed")
    OFF_LABEL = "off_label", _("off-label")
    UNLICENSED = "unlicensed", _("unlicensed")


class Unit(TextChoices):
    """In which unit an agent is counted."""

    MG = "mg", "mg"
    IU = "iu", "IU"


class Technique(TextChoices):
    """How the injections are placed."""

    POINT_BY_POINT = "point_by_point", _("Point by point")
    PAPULE = "papule", _("Papule")
    NAPPAGE = "nappage", _("Nappage")
    MESOPERFUSION = "mesoperfusion", _("Mesoperfusion")


class NeedleGauge(TextChoices):
    """Outer width of the needle."""

    G27 = "27", "27 G"
    G30 = "30", "30 G"
    G31 = "31", "31 G"
    G32 = "32", "32 G"
    G33 = "33", "33 G"


class NeedleLength(TextChoices):
    """Length of the needle."""

    MM4 = "4", "4 mm"
    MM6 = "6", "6 mm"
    MM13 = "13", "13 mm"


class Confirmed(TextChoices):
    """How a lot was confirmed at the bedside."""

    TAP = "tap", _("by a tap")
    SCAN = "scan", _("by scanner")


class LotState(TextChoices):
    """How a lot stands today. Not stored: it follows from its days and what was drawn."""

    CLOSED = "closed", _("Closed")
    OPENED = "opened", _("Opened")
    SOON = "soon", _("Expires soon")
    EXPIRED = "expired", _("Expired")
    DISCARD = "discard", _("To discard")
    EMPTY = "empty", _("Empty")
    RECALLED = "recalled", _("Recalled")


class ContactOutcome(TextChoices):
    """What came of telling a patient about a recall."""

    REACHED = "reached", _("Reached")
    IN_PERSON = "in_person", _("Told in person")
    NO_ANSWER = "no_answer", _("No answer")
    CALL_BACK = "call_back", _("Will call back, not told yet")
    LETTER = "letter", _("Letter sent")


# Sessions --------------------------------------------------------------------------------------


class Noticed(TextChoices):
    """When a reaction was noticed: now, or by the patient since the session before."""

    NOW = "now", _("Now")
    SINCE_LAST = "since_last", _("Since the last session")


class Related(TextChoices):
    """Whether a reaction is taken to come from the treatment (domain.md 4.5)."""

    UNRELATED = "unrelated", _("Unrelated")
    POSSIBLE = "possible", _("Possible")
    PROBABLE = "probable", _("Probable")
    DEFINITE = "definite", _("Definite")


class ReactionOutcome(TextChoices):
    """How a reaction stood when somebody looked again."""

    ONGOING = "ongoing", _("Still there")
    RESOLVED = "resolved", _("Gone")
    SEQUELAE = "sequelae", _("Gone, with a trace")


class Tick(TextChoices):
    """What must be done, or said to be missing, before a session is signed."""

    CHECKS = "checks", _("Today's checks")
    AREAS = "areas", _("Areas and points")
    LOTS = "lots", _("Lots")
    MEASURES = "measures", _("Measures")
    PHOTOS = "photos", _("Photographs")
    NOTE = "note", _("Note")


# Reviews ---------------------------------------------------------------------------------------


class ReviewPoint(TextChoices):
    """At which gate a review stands."""

    SESSION_5 = "session_5", _("Session 5")
    SESSION_10 = "session_10", _("Session 10")
    END = "end", _("End of the course")
    WEEKS_4 = "weeks_4", _("4 weeks after")
    MONTHS_3 = "months_3", _("3 months after")
    MONTHS_6 = "months_6", _("6 months after")
    OTHER = "other", _("In between")


class OpinionMethod(TextChoices):
    """With what the patient judged the area; one method per patient (domain.md 1.4)."""

    MIRROR = "mirror", _("Mirror")
    PHOTO = "photo", _("Photograph")


class Pcss(IntegerChoices):
    """A grade of CR-PCSS or PR-PCSS. The photographs are licensed: number and plain word only."""

    NONE = 0, _("None")
    ALMOST_NONE = 1, _("Almost none")
    MILD = 2, _("Mild")
    MODERATE = 3, _("Moderate")
    SEVERE = 4, _("Severe")


class Gais(IntegerChoices):
    """Today against the start, in the version of the cellulite trials: +3 to -3 (domain.md 1.5)."""

    VERY_MUCH_BETTER = 3, _("Very much better")
    MUCH_BETTER = 2, _("Much better")
    BETTER = 1, _("Better")
    NO_CHANGE = 0, _("No change")
    WORSE = -1, _("Worse")
    MUCH_WORSE = -2, _("Much worse")
    VERY_MUCH_WORSE = -3, _("Very much worse")


# Courses ---------------------------------------------------------------------------------------


class CourseState(TextChoices):
    """Where a course stands. A planned or active one falls due."""

    PLANNED = "planned", _("Planned")
    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    COMPLETED = "completed", _("Completed")
    STOPPED = "stopped", _("Stopped")


class MoveKind(TextChoices):
    """What somebody did with a course."""

    OPENED = "opened", _("Opened")
    TRANSFERRED = "transferred", _("Transferred in")
    BEGUN = "begun", _("Begun")
    PAUSED = "paused", _("Paused")
    RESUMED = "resumed", _("Resumed")
    EXTENDED = "extended", _("Plan changed")
    CONTINUED = "continued", _("Continued without a measurable change")
    COMPLETED = "completed", _("Completed")
    STOPPED = "stopped", _("Stopped")
