"""Taking a pair out of the house, and ending a use of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.forms import ActionForm, offer
from clinic.layout import Plain, Segmented
from clinic.models import User
from patients.terms import Purpose
from treatments.actions.uses import end_use, export_pair
from treatments.models import PhotoExport
from treatments.selectors.pairs import Judged
from treatments.selectors.uses import Offer, offers
from treatments.terms import ExportKind

OWN_COPY = "patient"


class SomeDisabled(forms.RadioSelect):
    """Radio buttons of which some cannot be chosen; the page says why beside each."""

    disabled: frozenset[str] = frozenset()

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> Any:
        option = super().create_option(name, value, *args, **kwargs)
        option["attrs"]["aria-describedby"] = f"{name}_{value}_why"
        if value in self.disabled:
            option["attrs"]["disabled"] = True
        return option


class ExportForm(ActionForm):
    """What for, where to, and how. That it may leave is decided by the action, at the click."""

    purpose = forms.ChoiceField(
        label=gettext_lazy("What for"),
        widget=SomeDisabled,
        error_messages={"required": gettext_lazy("Say what it is for.")},
    )
    whereto = forms.CharField(
        label=gettext_lazy("Where it goes"),
        max_length=200,
        help_text=gettext_lazy(
            "So that it can be ended there: which page, which talk, whose hands."
        ),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("How"),
        choices=ExportKind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose a file or paper.")},
    )

    def __init__(self, *args: Any, pair: Judged, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pair = pair
        self.offers = offers(pair, timezone.localdate())
        offer(self, "purpose", [(value_of(each), label_of(each)) for each in self.offers])
        widget = self.fields["purpose"].widget
        widget.disabled = frozenset(value_of(each) for each in self.offers if each.why_not)

    def layout(self) -> list[Any]:
        return [Plain("whereto", width="full"), Segmented("kind")]

    @property
    def rows(self) -> Iterator[tuple[Any, Offer, str]]:
        """Each choice with its offer and the id of the words beside it."""
        for choice, each in zip(self["purpose"], self.offers, strict=True):
            yield choice, each, f"purpose_{value_of(each)}_why"

    def act(self, by: User) -> PhotoExport:
        chosen = self.cleaned_data
        purpose = chosen["purpose"]
        return export_pair(
            one=self.pair.first,
            other=self.pair.second,
            kind=ExportKind(chosen["kind"]),
            purpose=None if purpose == OWN_COPY else Purpose(purpose),
            whereto=chosen["whereto"],
            by=by,
        )


def value_of(each: Offer) -> str:
    return each.purpose.value if each.purpose else OWN_COPY


def label_of(each: Offer) -> str:
    return str(each.purpose.label) if each.purpose else _("A copy for the patient herself")


class EndUseForm(ActionForm):
    """How a use was ended."""

    how = forms.CharField(
        label=gettext_lazy("How it was ended"),
        max_length=300,
        help_text=gettext_lazy("Taken down, given back or destroyed, and how you know."),
    )

    def __init__(self, *args: Any, export: PhotoExport, **kwargs: Any) -> None:
        # Several of them stand on one page.
        super().__init__(*args, auto_id=f"id_{export.pk}_%s", **kwargs)
        self.export = export

    def layout(self) -> list[Any]:
        return [Plain("how", width="full")]

    def act(self, by: User) -> PhotoExport:
        return end_use(export=self.export, how=self.cleaned_data["how"], by=by)

    def locate(self, result: Any) -> str:
        return reverse("treatments:photo-uses", args=[self.export.patient_code])
