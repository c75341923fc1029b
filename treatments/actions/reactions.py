"""What is done about reactions afterwards: looking again, and pausing the course."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic import audit
from clinic.models import User
from clinic.refusal import Refused
from treatments.actions.courses import change_course_state
from treatments.models import Course, Reaction, ReactionCheck, Visit
from treatments.rules.reactions import Effect, effect
from treatments.terms import CourseState, ReactionKind, ReactionOutcome, Related


@transaction.atomic
def check_reaction(
    *, reaction: Reaction, outcome: ReactionOutcome, note: str, on: date, by: User
) -> ReactionCheck:
    """Write down how a reaction stood when somebody looked again, or called, on a day.

    Nothing of it changes afterwards; what comes back is looked at once more. Refused on a day
    before the note or in the future, and where a trace remains that nobody describes.
    """
    # The course first, as everywhere; two people who look at once both stay on record.
    Course.objects.select_for_update().get(visits__reactions=reaction.pk)
    current = Reaction.objects.select_related("visit__course__patient").get(pk=reaction.pk)
    if current.visit.voided_at:
        raise Refused(_("The visit of this reaction is struck out."))
    if on > timezone.localdate():
        raise Refused(_("The day lies in the future."), field="checked_on")
    if on < current.visit.held_on:
        raise Refused(
            _("The reaction was noted on %(day)s; nobody looked again before that.")
            % {"day": date_format(current.visit.held_on)},
            field="checked_on",
        )
    last = current.last_look
    if last and on < last.checked_on:
        raise Refused(
            _("Somebody looked on %(day)s already. Write down what was found since.")
            % {"day": date_format(last.checked_on)},
            field="checked_on",
        )
    if last and not current.is_open and outcome != ReactionOutcome.ONGOING:
        raise Refused(_("It was gone already. Write it down only if it has come back."))
    if outcome == ReactionOutcome.SEQUELAE and not note.strip():
        raise Refused(_("Describe what remains."), field="note")
    looked = ReactionCheck.objects.create(
        reaction=current, outcome=outcome, checked_on=on, note=note.strip(), by=by
    )
    audit.record(
        "reaction checked", by=by, patient=current.patient_code, target=f"reaction {current.pk}"
    )
    return looked


@transaction.atomic
def grave_reactions(visit: Visit) -> list[Reaction]:
    """List the reactions of a visit that pause a course, the gravest first."""
    return [
        row
        for row in visit.reactions.exclude(related=Related.UNRELATED).order_by("-grade", "pk")
        if effect(ReactionKind(row.kind), row.grade) != Effect.NONE
    ]


def react_to(*, visit: Visit, by: User, known: Iterable[Reaction] = ()) -> Course | None:
    """Pause an active course whose visit brought a reaction that says so; return it if paused.

    An allergic sign, a sign of infection, or grade 3 and more (domain.md 4.7). Whether the course
    stops for good is for a person to decide; meanwhile no session can be recorded. What was
    `known` before this save, and has become no worse, was decided then: a typo that is corrected
    in the note does not pause the course again.
    """
    before = {(row.kind, row.area, row.noticed): row.grade for row in known}
    course = Course.objects.select_for_update().get(pk=visit.course_id)
    grave = [
        row
        for row in grave_reactions(visit)
        if row.grade > before.get((row.kind, row.area, row.noticed), 0)
    ]
    if not grave or course.state != CourseState.ACTIVE:
        return None
    reason = _("%(reaction)s, noted on %(day)s. Settle it before the course goes on.") % {
        "reaction": grave[0],
        "day": date_format(visit.held_on),
    }
    return change_course_state(course=course, to=CourseState.PAUSED, reason=reason, by=by)
