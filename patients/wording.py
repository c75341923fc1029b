"""Areas in words: both sides of one region are said as one."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.terms import Area

BOTH_SIDES = {
    "buttock": gettext_lazy("buttocks"),
    "thigh_posterior": gettext_lazy("back of thighs"),
    "thigh_lateral": gettext_lazy("outer thighs"),
    "thigh_anterior": gettext_lazy("front of thighs"),
    "thigh_medial": gettext_lazy("inner thighs"),
    "knee": gettext_lazy("knees"),
    "hip": gettext_lazy("hips"),
    "abdomen": gettext_lazy("abdomen"),
    "arm": gettext_lazy("arms"),
}


def region_name(base: str) -> str:
    """Name a region without its side: "back of thighs"."""
    return str(BOTH_SIDES[base])


def area_names(areas: Collection[Area]) -> str:
    """Name areas in the order of the body map: "buttocks and back of thigh, left"."""
    names: list[str] = []
    for base in BOTH_SIDES:
        here = [area for area in Area if area in areas and area.base == base]
        if len(here) == 2 or (here and here[0].side is None):
            names.append(region_name(base))
        else:
            names += [str(area.label)[:1].lower() + str(area.label)[1:] for area in here]
    return get_text_list(names, _("and")) if names else ""
