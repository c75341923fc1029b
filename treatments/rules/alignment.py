"""Lay one photograph over another by the same two marks on both: turn, scale, shift, nothing else.

A similarity keeps shapes as they are, so that no alignment can flatter. Two marks determine it.
Coordinates are shares of a picture's width and height, 0 to 1 from its upper left corner.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass

Mark = tuple[float, float]
# Marks nearer to each other than this share of the height make a turn out of a trembling finger.
APART = 0.1


class TooClose(ValueError):
    """Two marks of one picture lie too near to each other to tell its turn and scale."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The size of a picture in pixels."""

    width: int
    height: int

    def at(self, mark: Mark) -> complex:
        return complex(mark[0] * self.width, mark[1] * self.height)

    def mark(self, point: complex) -> Mark:
        return point.real / self.width, point.imag / self.height


@dataclass(frozen=True, slots=True)
class Alignment:
    """z -> turn * z + shift takes pixels of the second picture to pixels of the first."""

    turn: complex
    shift: complex

    @property
    def scale(self) -> float:
        """By how much the second picture must be enlarged; both pictures in their own pixels."""
        return abs(self.turn)

    @property
    def degrees(self) -> float:
        """By how much it must be turned, clockwise as seen."""
        return math.degrees(cmath.phase(self.turn))

    def __call__(self, point: complex) -> complex:
        return self.turn * point + self.shift


def align(
    first: Frame, second: Frame, on_first: tuple[Mark, Mark], on_second: tuple[Mark, Mark]
) -> Alignment:
    """Return what lays the second picture over the first. Raises TooClose."""
    for frame, marks in ((first, on_first), (second, on_second)):
        if abs(frame.at(marks[0]) - frame.at(marks[1])) < APART * frame.height:
            raise TooClose("Set the two marks further apart.")
    a, b = (first.at(mark) for mark in on_first)
    c, d = (second.at(mark) for mark in on_second)
    turn = (a - b) / (c - d)
    return Alignment(turn=turn, shift=a - turn * c)


def framing(alignment: Alignment, first: Frame, second: Frame) -> tuple[float, float]:
    """Say how differently the two were framed: enlargement of what is seen, and turn in degrees.

    A photograph of half as many pixels that shows the same is not framed differently, so the scale
    is taken relative to the heights.
    """
    return alignment.scale * second.height / first.height, alignment.degrees
