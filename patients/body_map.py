"""The body map: two figures with a zone for each region that can be examined.

Half a figure is drawn, on a canvas of 200 x 300, and mirrored at x = 100. A zone only points at
the checkbox of its region, so the page works without it.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from patients.terms import Area
from patients.wording import region_name

OUTLINES = (
    # outer line from the ribs to the calf, inner line of the leg, arm
    "M138 0 C134 20 130 34 132 48 C135 68 154 86 158 112 C161 142 152 190 146 230 "
    "C143 254 148 274 142 300",
    "M100 154 C104 182 107 210 109 234 C110 258 108 280 112 300",
    "M150 0 C155 32 160 62 166 96 M182 92 C181 60 176 28 170 0",
)
CREASES = {
    "back": "M100 86 L100 154 M100 150 C116 158 134 156 150 142",
    "front": "M100 128 C112 130 130 120 146 104",
}
# View -> region -> half shape. The abdomen is drawn whole.
ZONES = {
    "front": {
        "abdomen": "M74 44 C86 40 114 40 126 44 C131 62 129 82 121 98 C111 112 89 112 79 98 "
        "C71 82 69 62 74 44 Z",
        "hip": "M134 54 C138 70 151 86 155 106 C155 113 153 117 149 117 C141 112 134 100 131 86 "
        "C130 72 132 62 134 54 Z",
        "thigh_anterior": "M119 141 C127 132 137 125 148 124 C150 160 144 196 139 222 L123 222 "
        "C120 196 118 170 119 141 Z",
        "thigh_medial": "M103 158 C106 151 110 146 116 143 C115 172 117 198 120 222 L111 222 "
        "C108 200 105 180 103 158 Z",
        "knee": "M112 228 L143 228 C145 244 144 256 142 264 L114 264 C112 252 111 240 112 228 Z",
        "arm": "M153 4 C156 24 159 42 163 62 L176 60 C175 40 172 22 168 4 Z",
    },
    "back": {
        "buttock": "M103 94 C116 84 142 88 152 110 C155 128 149 144 132 149 C118 152 106 150 103 146 Z",
        "thigh_posterior": "M105 160 C117 163 130 162 140 157 C142 182 138 208 133 226 L113 226 "
        "C111 206 108 184 105 160 Z",
        "thigh_lateral": "M145 152 C150 149 154 142 157 130 C158 160 150 200 145 226 L138 226 "
        "C142 205 145 178 145 152 Z",
    },
}


@dataclass(frozen=True, slots=True)
class Zone:
    """One shape of one region; `is_mirrored` draws it on the other side."""

    region: str
    name: str
    path: str
    is_mirrored: bool


@dataclass(frozen=True, slots=True)
class Figure:
    """One view of the body: its name, which side is left in it, its lines and zones."""

    name: str
    left: str
    right: str
    outlines: tuple[str, ...]
    zones: tuple[Zone, ...]


def figures() -> list[Figure]:
    """Return the front and the back, as the examiner sees them."""
    views = {"front": (_("Front"), _("R"), _("L")), "back": (_("Back"), _("L"), _("R"))}
    return [
        Figure(name, left, right, (*OUTLINES, CREASES[view]), tuple(_zones(view)))
        for view, (name, left, right) in views.items()
    ]


def _zones(view: str) -> list[Zone]:
    paired = {area.base for area in Area if area.side}
    return [
        Zone(region, region_name(region), path, mirrored)
        for region, path in ZONES[view].items()
        for mirrored in ((False, True) if region in paired else (False,))
    ]
