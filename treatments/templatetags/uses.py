"""Pairs of photographs in addresses."""

from __future__ import annotations

from django import template
from django.utils.http import urlencode

from treatments.models import Photo

register = template.Library()


@register.simple_tag
def pair_query(one: Photo, other: Photo) -> str:
    """Name a pair in an address, by its random keys in their own order: it tells nobody which one
    is the later."""
    first, second = sorted((str(one.pk), str(other.pk)))
    return urlencode({"a": first, "b": second})
