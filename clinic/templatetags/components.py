"""Small components, built into every template: icon, state, tag, banner, empty, error summary."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.forms import BaseForm
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

register = template.Library()

STATES = {
    "fine": "check-lg",
    "attention": "exclamation-triangle",
    "stop": "x-octagon",
    "unknown": "question-circle",
    "none": "dash",
    "noise": "dash-circle-dotted",
    "waiting": "hourglass-split",
    "plain": "",
}
TAGS = {"fine", "attention", "stop", "neutral"}


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Draw an icon; decorative unless it has a spoken label."""
    address = f"{static('vendor/icons.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}"/></svg>', label, address
        )
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}"/></svg>', address)


@register.simple_tag
def state(kind: str, words: str) -> SafeString:
    """Say a state: icon, words and colour together, never colour alone."""
    drawn = icon(STATES[kind]) if STATES[kind] else ""
    return format_html('<span class="state state-{}">{}<span>{}</span></span>', kind, drawn, words)


@register.simple_tag
def tag(kind: str, words: str, icon_name: str = "") -> SafeString:
    """Show a standing fact that changes what may be done."""
    if kind not in TAGS:
        raise template.TemplateSyntaxError(f"tag: unknown kind {kind!r}")
    default = {"fine": "check-lg", "attention": "exclamation-triangle", "stop": "x-octagon"}
    name = icon_name or default.get(kind, "dash")
    return format_html('<span class="tag tag-{}">{}{}</span>', kind, icon(name), words)


@register.simple_block_tag
def banner(content: str, kind: str = "attention", title: str = "") -> SafeString:
    """Tell what happened in a bold first line, and what to do in the block."""
    return format_html(
        '<div class="banner banner-{}">{}<div><p class="banner-title">{}</p>{}</div></div>',
        kind,
        icon(STATES[kind]),
        title,
        content,
    )


@register.inclusion_tag("components/error_summary.html")
def error_summary(*forms: BaseForm) -> dict[str, Any]:
    """List what must be corrected, each line leading to its field."""
    lines = []
    for form in forms:
        lines += [("", message) for message in form.non_field_errors()]
        for name, messages in form.errors.items():
            if name == "__all__":
                continue
            field = form[name]
            lines += [
                (field.id_for_label or f"div_{field.auto_id}", f"{field.label}: {message}")
                for message in messages
            ]
    return {"lines": lines, "to_correct": sum(bool(target) for target, _message in lines)}


@register.inclusion_tag("components/error_summary.html")
def error_summary_of(forms: list[BaseForm]) -> dict[str, Any]:
    """List what must be corrected in several forms that are sent together."""
    return error_summary(*forms)


@register.filter
def signed(value: Decimal | float | None) -> str:
    """Write a change with its sign, with the true minus."""
    if value is None:
        return ""
    text = number_format(str(abs(value)), decimal_pos=1)
    return f"{'−' if value < 0 else '+' if value > 0 else '±'}{text}"


@register.filter
def day(value: date | datetime | None) -> str:
    """Write a date with its weekday: Tue 24 Nov, with the year when it is another one."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = timezone.localtime(value).date()
    same_year = value.year == timezone.localdate().year
    return date_format(value, "D j M" if same_year else "D j M Y")


@register.filter
def short_day(value: date | datetime | None) -> str:
    """Write a date without its weekday: 24 Nov."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = timezone.localtime(value).date()
    same_year = value.year == timezone.localdate().year
    return date_format(value, "j M" if same_year else "j M Y")


@register.filter
def answer(value: Any) -> Any:
    """Write an answer, and "Not asked" where there is none."""
    return _("Not asked") if value in (None, "") else value
