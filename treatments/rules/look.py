"""What the numbers of a picture say about how it was taken."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """How one photograph was taken.

    `light`: mean luma, 0 to 255. `warmth`, `tint`: log2 of mean red over green, and of blue over
    green; one stop of difference is 1. `slope_x`, `slope_y`: mean luma of the left half less the
    right, of the upper half less the lower. `sharpness`: variance of the Laplacian of luma at a
    long side of at most 1280 px.
    """

    light: float
    warmth: float
    tint: float
    slope_x: float
    slope_y: float
    sharpness: float
