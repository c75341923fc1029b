"""Grading a pair blind."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.forms import ActionForm
from clinic.layout import Segmented
from clinic.models import User
from treatments.actions.ratings import rate_pair
from treatments.models import BlindRating, Photo
from treatments.rules.blind import Side

CANNOT_TELL = "unknown"
# Seven steps, as GAIS has them, of what is seen: the right one against the left.
STEPS = (
    ("-3", _("Left very much better")),
    ("-2", _("Left much better")),
    ("-1", _("Left better")),
    ("0", _("No difference")),
    ("1", _("Right better")),
    ("2", _("Right much better")),
    ("3", _("Right very much better")),
)


class BlindForm(ActionForm):
    """Which looks better, by how much, and which one is taken for the later."""

    better = forms.ChoiceField(
        label=_("Which looks better?"),
        choices=STEPS,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Say which one looks better, or that there is no difference.")
        },
    )
    later = forms.ChoiceField(
        label=_("Which one is the later one?"),
        choices=[
            (Side.LEFT.value, _("Left")),
            (Side.RIGHT.value, _("Right")),
            (CANNOT_TELL, _("Cannot tell")),
        ],
        widget=forms.RadioSelect,
        help_text=_("A guess. It is kept, to see how blind this was."),
        error_messages={"required": _("Make a guess, or say that you cannot tell.")},
    )

    def __init__(self, *args: Any, sides: tuple[Photo, Photo], address: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.left, self.right = sides
        self.address = address

    def layout(self) -> list[Any]:
        return [Segmented("better"), Segmented("later")]

    def act(self, by: User) -> BlindRating:
        chosen = self.cleaned_data
        return rate_pair(
            left=self.left,
            right=self.right,
            right_better=int(chosen["better"]),
            guess=None if chosen["later"] == CANNOT_TELL else Side(chosen["later"]),
            by=by,
        )

    def locate(self, result: Any) -> str:
        return self.address
