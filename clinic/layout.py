"""The field shapes of the product, for the crispy layouts of the forms.

Each is a crispy `Field` with its own template under `templates/components/fields/`.
"""

from __future__ import annotations

from typing import Any

from crispy_forms.layout import Field


class Plain(Field):  # type: ignore[misc]
    """A label above, the control, its unit inside right, help and error below."""

    template = "components/fields/plain.html"

    def __init__(self, name: str, *, unit: str = "", width: str = "", **attrs: Any) -> None:
        super().__init__(name, **attrs)
        self.extra = {"unit": unit, "width": width}

    def render(
        self,
        form: Any,
        context: Any,
        template_pack: Any = "bootstrap5",
        extra_context: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Any:
        extra = {**self.extra, **(extra_context or {})}
        return super().render(form, context, template_pack, extra_context=extra, **kwargs)


class Segmented(Plain):
    """Radio buttons in one row, nothing preselected, for yes / no / ? and for grades."""

    template = "components/fields/segmented.html"


class Chips(Plain):
    """Checkboxes for a set, as chips."""

    template = "components/fields/chips.html"


class Tick(Plain):
    """One checkbox with its sentence."""

    template = "components/fields/tick.html"
