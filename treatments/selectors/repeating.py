"""What "Repeat session 4" copies: areas, points, products, volumes and technique.

Never measures, reactions, photographs, pain or a lot. The values have the names of the form's
fields, so that the page can fill them in by itself, and the server can where there is no script.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from patients.terms import Area
from treatments.findings import Technique
from treatments.models import ProtocolVersion, Visit
from treatments.models.said import plain

Values = dict[str, str | list[str]]


def repeated(last: Visit, areas: Iterable[Area]) -> Values:
    """Return what a session copies from the last one, for the areas that are still treated."""
    treated = {row.area: row for row in last.visit_areas.all() if row.area in set(areas)}
    values: Values = {"areas": list(treated)}
    for area, points in treated.items():
        values[f"points_{area}"] = plain(points.point_count)
        values[f"marks_{area}"] = json.dumps(points.points) if points.points else ""
    values |= {name: plain(getattr(last, name)) for name in Technique.__slots__}
    for place, row in enumerate(last.products.all()):
        values[f"given-{place}-product"] = str(row.product_id)
        values[f"given-{place}-drawn_ml"] = plain(row.drawn_ml)
        values[f"given-{place}-wasted_ml"] = plain(row.wasted_ml or None)
    return values


def proposed(protocol: ProtocolVersion, areas: Iterable[Area]) -> Values:
    """Return what a first session takes from its protocol."""
    values: Values = {"areas": [area.value for area in areas]}
    values |= {name: plain(getattr(protocol, name)) for name in Technique.__slots__}
    for place, row in enumerate(protocol.products.all()):
        values[f"given-{place}-product"] = str(row.product_id)
        values[f"given-{place}-drawn_ml"] = plain(row.ml)
    return values
