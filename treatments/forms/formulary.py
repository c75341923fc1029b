"""Drafting the formulary, agent by agent, and approving it."""

from __future__ import annotations

from typing import Any

from crispy_forms.layout import HTML, Div
from django import forms
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.fields import DecimalEntry
from clinic.forms import ActionForm, Versioned, helper
from clinic.layout import Plain, Segmented
from clinic.models import User
from patients.terms import Allergen
from treatments.actions import (
    add_agent,
    approve_formulary,
    change_agent,
    remove_agent,
    start_formulary_draft,
)
from treatments.forms.approval import ApproveForm
from treatments.models import Agent, Formulary
from treatments.models.formulary import ALWAYS_BLOCKED
from treatments.models.said import plain
from treatments.terms import AgentCategory, AgentStatus, Licence, Unit
from treatments.wording import allergen_names

INGREDIENTS = 8  # rows; more than any vial of the trade lists


def amount(label: Any, *, places: int, help_text: Any = "") -> DecimalEntry:
    return DecimalEntry(
        label=label,
        required=False,
        min_value=0,
        max_digits=8,
        decimal_places=places,
        help_text=help_text,
    )


class AgentFields(ActionForm):
    """What can be said of one agent."""

    name = forms.CharField(label=_("Agent"), max_length=80)
    category = forms.ChoiceField(
        label=_("Acts on"), choices=AgentCategory.choices, widget=forms.RadioSelect
    )
    substance = forms.CharField(
        label=_("Counted as"),
        max_length=60,
        help_text=_("Agents counted as the same add up, such as two strengths of lidocaine."),
    )
    unit = forms.ChoiceField(label=_("Unit"), choices=Unit.choices, initial=Unit.MG)
    strength = amount(_("Strength per ml"), places=2)
    ceiling_ml = amount(_("Most per session, in ml"), places=1)
    ceiling_session = amount(_("Most per session, in the unit"), places=2)
    ceiling_kg = amount(_("Most per kg of body weight and session"), places=3)
    ceiling_course = amount(_("Most per course, in the unit"), places=2)
    interval_days = forms.IntegerField(
        label=_("Days between two sessions with it"), min_value=1, max_value=365, initial=7
    )
    licence = forms.ChoiceField(
        label=_("Licence for this use"), choices=Licence.choices, widget=forms.RadioSelect
    )
    licence_note = forms.CharField(label=_("About the licence"), max_length=300, required=False)
    status = forms.ChoiceField(
        label=_("Status"), choices=AgentStatus.choices, widget=forms.RadioSelect
    )
    status_reason = forms.CharField(
        label=_("Why it is blocked"),
        max_length=300,
        required=False,
        help_text=_("Whoever looks for it reads this sentence."),
    )
    source = forms.CharField(label=_("Where the figures come from"), max_length=300, required=False)

    COLUMNS = tuple(name for name in Agent.COLUMNS if name != "code")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups = [("", "–"), *((value, allergen_names()[value]) for value in Allergen.values)]
        for place in range(INGREDIENTS):
            self.fields[f"ingredient_{place}"] = forms.CharField(
                label=gettext("Ingredient %(place)d") % {"place": place + 1},
                max_length=60,
                required=False,
            )
            self.fields[f"allergen_{place}"] = forms.ChoiceField(
                label=gettext("Allergen group of ingredient %(place)d") % {"place": place + 1},
                choices=groups,
                required=False,
            )
        self.helper = helper(self)

    def layout(self) -> list[Any]:
        return [
            Div(Plain("name"), Plain("substance"), css_class="row-fields"),
            Segmented("category"),
            heading(_("Strength and ceilings, set by the clinic")),
            Div(Plain("strength"), Plain("unit"), css_class="row-fields"),
            Div(Plain("ceiling_ml", unit="ml"), Plain("ceiling_session"), css_class="row-fields"),
            Div(Plain("ceiling_kg"), Plain("ceiling_course"), css_class="row-fields"),
            Plain("interval_days", unit=str(_("days")), width="mid"),
            heading(_("Ingredients, the agent itself included")),
            *(
                Div(
                    Plain(f"ingredient_{place}"),
                    Plain(f"allergen_{place}"),
                    css_class="row-fields ingredient",
                )
                for place in range(INGREDIENTS)
                if f"ingredient_{place}" in self.fields
            ),
            heading(_("Licence and status")),
            Segmented("licence"),
            Plain("licence_note", width="full"),
            Segmented("status"),
            Plain("status_reason", width="full"),
            Plain("source", width="full"),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for place in range(INGREDIENTS):
            if cleaned.get(f"allergen_{place}") and not cleaned.get(f"ingredient_{place}"):
                self.add_error(f"ingredient_{place}", _("Name the ingredient of this group."))
        names = [name.casefold() for name, _group in self.ingredients(cleaned)]
        if len(set(names)) < len(names):
            self.add_error(None, _("An ingredient is named twice."))
        return cleaned

    @staticmethod
    def ingredients(cleaned: dict[str, Any]) -> list[tuple[str, str]]:
        """Return (name, allergen group or "") of the rows that are filled in."""
        pairs = (
            (cleaned.get(f"ingredient_{place}", ""), cleaned.get(f"allergen_{place}", ""))
            for place in range(INGREDIENTS)
        )
        return [(name, group) for name, group in pairs if name]

    @property
    def details(self) -> dict[str, Any]:
        columns = {name: self.cleaned_data[name] for name in self.COLUMNS}
        return {**columns, "ingredients": self.ingredients(self.cleaned_data)}


def heading(words: Any) -> HTML:
    """A heading between the fields of a long form."""
    return HTML(f'<h2 class="section-head form-head">{words}</h2>')


class NewAgentForm(AgentFields):
    """An agent that the draft does not have yet."""

    def __init__(self, *args: Any, draft: Formulary, **kwargs: Any) -> None:
        self.draft = draft
        super().__init__(*args, **kwargs)

    def act(self, by: User) -> Agent:
        return add_agent(draft=self.draft, by=by, **self.details)

    def locate(self, result: Any) -> str:
        return f"{self.draft.get_absolute_url()}#{result.code}"


class AgentForm(Versioned, AgentFields):
    """An agent of the draft; refuses to overwrite what somebody else saved."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    opened = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, agent: Agent, **kwargs: Any) -> None:
        self.agent = agent
        initial = {name: plain(value) for name, value in agent.columns().items()}
        for place, (name, group) in enumerate(agent.ingredient_pairs()):
            initial |= {f"ingredient_{place}": name, f"allergen_{place}": group}
        super().__init__(*args, initial={**initial, "version": agent.version}, **kwargs)
        self.remember()

    @property
    def notes(self) -> list[str]:
        """Say what cannot be changed of this agent, and why."""
        if self.agent.code not in ALWAYS_BLOCKED:
            return []
        return [
            gettext(
                "Kept so that earlier treatment can be recorded. Cannot be made active, by anyone."
            )
        ]

    def reopened(self) -> AgentForm:
        return AgentForm(agent=Agent.objects.get(pk=self.agent.pk))

    def act(self, by: User) -> Agent:
        version = self.cleaned_data["version"]
        return change_agent(agent=self.agent, version=version, by=by, **self.details)

    def locate(self, result: Any) -> str:
        return f"{result.formulary.get_absolute_url()}#{result.code}"


class RemoveAgentForm(ActionForm):
    """The button that takes an agent out of the draft."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, agent: Agent, **kwargs: Any) -> None:
        self.agent = agent
        super().__init__(*args, initial={"version": agent.version}, **kwargs)

    def act(self, by: User) -> Formulary:
        return remove_agent(agent=self.agent, version=self.cleaned_data["version"], by=by)


class StartFormularyForm(ActionForm):
    """The button that opens the next version."""

    def act(self, by: User) -> Formulary:
        return start_formulary_draft(by=by)


class ApproveFormularyForm(ApproveForm):
    """Approves a draft of the formulary."""

    def act(self, by: User) -> Formulary:
        return approve_formulary(by=by, **self.approval)

    def locate(self, result: Any) -> str:
        return reverse("treatments:formulary")
