"""Photo setups: where the camera stands, and which lamp is on."""

from __future__ import annotations

from typing import Any

from crispy_forms.layout import Div
from django import forms
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clinic.forms import ActionForm
from clinic.layout import Plain
from clinic.models import User
from treatments.actions.setups import COLUMNS, add_setup, change_setup, retire_setup
from treatments.models import PhotoSetup


def whole(label: Any, least: int, most: int) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


class SetupForm(ActionForm):
    """A new setup."""

    name = forms.CharField(
        label=_("Name"), max_length=60, help_text=_("Short, as it is said: Room 2, side lamp.")
    )
    room = forms.CharField(label=_("Room"), max_length=80)
    camera = forms.CharField(label=_("Camera and lens"), max_length=120)
    focal_mm = whole(_("Focal length"), 20, 300)
    distance_cm = whole(_("Distance"), 30, 600)
    height_cm = whole(_("Height of the lens"), 10, 250)
    light = forms.CharField(
        label=_("Light"),
        max_length=300,
        help_text=_(
            "Which lamp stands where, and what is dark. One lamp from the side shows dimples; "
            "never mix two kinds of light in a pair."
        ),
    )
    background = forms.CharField(label=_("Background"), max_length=120)

    def layout(self) -> list[Any]:
        return [
            *([Plain("name")] if "name" in self.fields else []),
            Div(Plain("room"), Plain("camera"), css_class="row-fields"),
            Div(
                Plain("focal_mm", unit="mm", width="short"),
                Plain("distance_cm", unit="cm", width="short"),
                Plain("height_cm", unit="cm", width="short"),
                css_class="row-fields",
            ),
            Plain("light"),
            Plain("background"),
            *([Plain("change")] if "change" in self.fields else []),
        ]

    @property
    def columns(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in COLUMNS}

    def act(self, by: User) -> PhotoSetup:
        return add_setup(name=self.cleaned_data["name"], by=by, **self.columns)

    def locate(self, result: Any) -> str:
        return reverse("treatments:photo-setups")


class ChangeSetupForm(SetupForm):
    """The next version of a setup."""

    change = forms.CharField(
        label=_("What changed"),
        max_length=300,
        help_text=_("Pairs that were taken across it are marked."),
    )

    def __init__(self, *args: Any, setup: PhotoSetup, **kwargs: Any) -> None:
        self.setup = setup
        super().__init__(*args, initial={name: getattr(setup, name) for name in COLUMNS}, **kwargs)
        del self.fields["name"]

    def act(self, by: User) -> PhotoSetup:
        return change_setup(
            setup=self.setup, change=self.cleaned_data["change"], by=by, **self.columns
        )


class RetireSetupForm(ActionForm):
    """Put a setup away."""

    def __init__(self, *args: Any, setup: PhotoSetup, **kwargs: Any) -> None:
        self.setup = setup
        super().__init__(*args, **kwargs)

    def act(self, by: User) -> PhotoSetup:
        return retire_setup(setup=self.setup, by=by)

    def locate(self, result: Any) -> str:
        return reverse("treatments:photo-setups")
