"""What became of an appointment: icon, words and colour together."""

from __future__ import annotations

from django import template
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from appointments.models import Appointment
from appointments.terms import Status
from clinic.templatetags.components import icon

register = template.Library()


@register.simple_tag
def appointment_state(appointment: Appointment) -> SafeString:
    """Say what became of an appointment."""
    tone, name, words = said(appointment)
    drawn = icon(name) if name else ""
    return format_html('<span class="state state-{}">{}<span>{}</span></span>', tone, drawn, words)


def said(appointment: Appointment) -> tuple[str, str, str]:
    """Return the tone, the icon and the words."""
    match appointment.status:
        case Status.ARRIVED if appointment.arrived_at:
            time = time_format(timezone.localtime(appointment.arrived_at))
            return "fine", "person-check", _("Arrived %(time)s") % {"time": time}
        case Status.DONE:
            return "fine", "check-lg", _("Done")
        case Status.NO_SHOW:
            return "stop", "x-octagon", _("No-show")
        case Status.CANCELLED if appointment.is_late_cancel:
            return "stop", "x-lg", _("Cancelled late")
        case Status.CANCELLED:
            return "none", "x-lg", _("Cancelled")
    if appointment.ends_at <= timezone.now():
        return "attention", "exclamation-triangle", _("Not closed")
    return "plain", "", _("Booked")
