"""The only writer of blind ratings."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from clinic import audit
from clinic.models import User
from clinic.refusal import Refused
from treatments.actions.uses import locked_pair
from treatments.models import BlindRating, Photo
from treatments.rules.blind import Side, is_right, later_against_earlier
from treatments.selectors.ratings import why_not_graded


@transaction.atomic
def rate_pair(
    *, left: Photo, right: Photo, right_better: int, guess: Side | None, by: User
) -> BlindRating:
    """Keep what somebody graded before the dates were shown.

    `right_better`, +3 to -3: how much better the right one looks than the left. `guess`: the side
    that was taken for the later one, None for no guess.
    """
    pair = locked_pair(left, right)
    before = BlindRating.objects.filter(first=pair.first, second=pair.second, rater=by)
    if before.exists():
        raise Refused(_("You have graded this pair already. What was graded blind stays as it is."))
    why_not = why_not_graded(pair)
    if why_not:
        raise Refused(why_not)
    later = Side.LEFT if pair.second.pk == left.pk else Side.RIGHT
    rating = BlindRating.objects.create(
        first=pair.first,
        second=pair.second,
        rater=by,
        later_was_left=later == Side.LEFT,
        grade=later_against_earlier(right_better, later),
        guessed_later=is_right(guess, later),
    )
    audit.record(
        "pair graded blind",
        by=by,
        patient=pair.first.patient_code,
        target=f"blind rating {rating.pk}",
    )
    return rating
