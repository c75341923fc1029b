"""Draw the demo photographs: computed relief, no person's picture.

The demo clinic needs before-and-after photographs, and no photograph of a person may ship with
the project. So each file here is computed: a height field in centimetres (smooth tapered forms
of the lower body, elliptic dimples, a soft undulation, a fine grain) lit by ONE tangential lamp
from above, the way a clinic lights relief for documentation. A centimetre scale, a grey card,
plain briefs and a matt blue-grey ground stand in the frame. No texture, scan or picture of
anybody or anything was used; every value comes from the seeds and the curves below.

Three bodies, four views, seven steps. The dimples soften a little from step to step, by an
honest and modest amount; those of body 3 do not change at all. Framing, turn and light vary
slightly, as they do in practice, and body 1 has a bruise at step 3 in the back views.

    python scripts/draw_demo_photos.py                      # all 84 files
    python scripts/draw_demo_photos.py --only body1-back    # those whose name starts so
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Field = NDArray[np.floating[Any]]
Points = tuple[tuple[float, float], ...]

OUT = Path(__file__).resolve().parent.parent / "desk" / "demo" / "photos"
WIDTH, HEIGHT = 900, 1200
PX = 20.0  # pixels to the centimetre: the frame is 45 x 60 cm
FOLD_Y = 24.6  # where the gluteal fold lies below the upper edge, cm
STEPS = 7
CARE = (0.2, 1.0, 0.6, 0.8, 1.0, 0.5, 0.4)  # how far each step strays from the ideal pose
QUALITY = 82
BUDGET = 4_500_000
SEED = 20260519

SKIN_SIZE = 64.0  # the unrolled skin is a square of so many centimetres
SKIN_TOP = -3.0
BACK_MIDDLE = 16.0  # where the middle of each leg lies on the unrolled skin, cm


@dataclass(frozen=True)
class Body:
    """One invented body: tone, build and the character of its relief."""

    number: int
    tone: tuple[float, float, float]  # sRGB of the lit skin, 0 to 255
    build: float  # 1 is the drawn outline; more is fuller
    touch: float  # how far the thighs press together, cm; below 0 they stand apart
    dimples: int  # on each leg
    depth: float  # of a typical dimple, cm
    undulation: float  # cm
    softening: float  # share of the depth gone at the last step
    roll: float  # the soft bank below the fold, cm
    gloss: float


@dataclass(frozen=True)
class View:
    """What the camera sees, and with which tension."""

    name: str
    aspect: str  # back, left or right
    contracted: bool = False


@dataclass(frozen=True)
class Pose:
    """What differs between two visits although nobody meant it to."""

    turn: float  # degrees
    shift_x: float  # cm
    shift_y: float
    zoom: float
    azimuth: float  # degrees from the vertical, lamp towards the left
    elevation: float  # degrees above the skin
    exposure: float
    warmth: float


@dataclass
class Form:
    """The bare form on the pixel grid, before the relief."""

    z: Field  # height towards the camera, cm
    across: Field  # place on the unrolled skin, cm
    down: Field
    inside: Field  # distance from the outline, cm; below 0 outside
    outline: Field  # the same from the outer outline alone, cm
    cloth: Field  # distance from the edge of the briefs, cm; above 0 covered


BODIES = (
    Body(1, (226, 184, 160), 1.00, 0.75, 66, 0.150, 0.034, 0.30, 0.10, 0.030),
    Body(2, (190, 146, 120), 0.93, 0.05, 54, 0.125, 0.028, 0.20, 0.00, 0.040),
    Body(3, (124, 88, 71), 1.06, 1.35, 82, 0.165, 0.034, 0.00, 0.22, 0.060),
)
VIEWS = (
    View("back_relaxed", "back"),
    View("back_contracted", "back", contracted=True),
    View("left_relaxed", "left"),
    View("right_relaxed", "right"),
)

# Outlines, as (distance below the upper edge, distance from the midline), cm.
BACK_OUTER: Points = (
    (-6, 15.0), (0, 16.6), (6, 17.9), (11, 18.3), (16, 18.2), (21, 18.5), (26, 18.2),
    (32, 17.0), (40, 15.1), (48, 13.4), (55, 12.3), (60, 11.9), (70, 12.3),
)  # fmt: skip
BACK_INNER: Points = (
    (-6, 0.0), (24, 0.0), (28, 0.05), (34, 0.4), (40, 0.9), (46, 1.3), (52, 1.5),
    (58, 1.4), (62, 1.2), (70, 1.1),
)  # fmt: skip
SIDE_FRONT: Points = (
    (-6, -10.2), (0, -10.6), (8, -11.0), (16, -11.3), (24, -11.2), (32, -10.6), (40, -9.7),
    (48, -8.6), (55, -7.6), (61, -7.2), (70, -7.4),
)  # fmt: skip
SIDE_REAR: Points = (
    (-6, 7.2), (0, 9.4), (5, 11.5), (10, 12.7), (15, 12.8), (19, 11.9), (22.5, 10.1),
    (24.6, 8.9), (27, 8.8), (31, 8.8), (37, 8.2), (44, 7.0), (51, 5.7), (57, 4.9), (61, 4.8),
    (70, 5.2),
)  # fmt: skip
# The edge of the briefs, as (distance from the midline or towards the rear, height), cm.
BRIEFS_BACK: Points = (
    (-4, 27.5), (0, 27.0), (1.0, 25.8), (2.0, 21.4), (3.6, 16.4), (6, 11.8), (9, 8.0), (13, 4.8),
    (17, 2.6), (20, 1.4), (26, 0.0),
)  # fmt: skip
BRIEFS_SIDE: Points = (
    (-16, 15.0), (-12, 11.6), (-8, 7.6), (-4, 4.4), (0, 3.0), (4, 4.0), (8, 7.0), (12, 10.8),
    (17, 15.0),
)  # fmt: skip


# --- small tools -------------------------------------------------------------------------------


def rng_for(*key: int) -> np.random.Generator:
    return np.random.default_rng([SEED, *key])


def smoothstep(low: float, high: float, value: Field) -> Field:
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


@lru_cache(maxsize=32)
def rounded(points: Points, softness: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The polyline through the points, rounded by a Gaussian of that many centimetres."""
    xs, ys = np.array(points).T
    grid = np.arange(xs[0], xs[-1], 0.05)
    reach = np.arange(-4 * softness, 4 * softness + 0.05, 0.05)
    kernel = np.exp(-0.5 * (reach / softness) ** 2)
    padded = np.pad(np.interp(grid, xs, ys), len(reach) // 2, mode="edge")
    return grid, np.convolve(padded, kernel / kernel.sum(), mode="same")[
        len(reach) // 2 : len(reach) // 2 + len(grid)
    ]


def curve(points: Points, at: Field, softness: float = 1.6) -> Field:
    grid, values = rounded(points, softness)
    return np.interp(at, grid, values).astype(np.float32)


def resized(field: Field, size: tuple[int, int]) -> Field:
    picture = Image.fromarray(field.astype(np.float32))
    return np.asarray(picture.resize(size, Image.Resampling.BICUBIC), dtype=np.float32)


def reduced(field: Field, factor: int) -> Field:
    return np.asarray(Image.fromarray(field.astype(np.float32)).reduce(factor), dtype=np.float32)


def taps(field: Field, sigma: float, axis: int) -> Field:
    reach = max(1, int(np.ceil(3 * sigma)))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    pad = [(reach, reach) if a == axis else (0, 0) for a in range(2)]
    padded = np.pad(field, pad, mode="reflect", reflect_type="odd")  # keeps the slope
    length = field.shape[axis]
    total = np.zeros_like(field, dtype=np.float32)
    for i, weight in enumerate(weights.astype(np.float32)):
        window = slice(i, i + length)
        total += weight * (padded[window] if axis == 0 else padded[:, window])
    return total


def blur(field: Field, sigma: float) -> Field:
    """A Gaussian blur, sigma in pixels; a wide one is worked on a smaller grid."""
    if sigma > 5:
        common = math.gcd(*field.shape)
        factor = max(f for f in range(1, int(sigma / 2.5) + 1) if common % f == 0)
        pad = 4 * factor
        wide = np.pad(field, pad, mode="reflect", reflect_type="odd")
        small = reduced(wide, factor)
        spread = taps(taps(small, sigma / factor, 0), sigma / factor, 1)
        return resized(spread, (wide.shape[1], wide.shape[0]))[pad:-pad, pad:-pad]
    return taps(taps(field, sigma, 0), sigma, 1)


def band_noise(
    rng: np.random.Generator, size: int, fine: float, coarse: float, stretch: float = 1.0
) -> Field:
    """Periodic noise of unit spread with wavelengths from fine to coarse, in pixels."""
    fy = np.fft.fftfreq(size)[:, None] * stretch
    fx = np.fft.rfftfreq(size)[None, :]
    f = np.hypot(fx, fy)
    shape = np.exp(-((f * fine) ** 2)) * (1 - np.exp(-((f * coarse) ** 2)))
    spectrum = np.fft.rfft2(rng.standard_normal((size, size))) * shape
    noise = np.fft.irfft2(spectrum, s=(size, size))
    return (noise / noise.std()).astype(np.float32)


def sample(texture: Field, col: Field, row: Field) -> Field:
    """Read a periodic texture between its pixels."""
    size = texture.shape[0]
    c0, r0 = np.floor(col), np.floor(row)
    fc, fr = (col - c0).astype(np.float32), (row - r0).astype(np.float32)
    c, r = c0.astype(np.int32) % size, r0.astype(np.int32) % size
    c1, r1 = (c + 1) % size, (r + 1) % size
    upper = texture[r, c] * (1 - fc) + texture[r, c1] * fc
    lower = texture[r1, c] * (1 - fc) + texture[r1, c1] * fc
    return upper * (1 - fr) + lower * fr


# --- the unrolled skin: dimples, undulation, tone ----------------------------------------------

SKIN_PX = int(SKIN_SIZE * PX)


@dataclass(frozen=True)
class Skin:
    """What belongs to one body seen from one aspect, the same at every step."""

    dimples: Field  # depth, cm
    yielding: Field  # the part of it that softens, before the body's own share
    undulation: Field
    grain: Field
    ripple: Field  # shows under tension
    mottle: Field
    marks: Field  # moles and freckles, 0 to 1
    bruise: Field
    halo: Field


def dimple_places(rng: np.random.Generator, body: Body, aspect: str) -> NDArray[np.float64]:
    """Places on one leg, denser on the upper and outer thigh, never too close to one another."""
    places: list[tuple[float, float]] = []
    for _ in range(body.dimples * 60):
        across, down = rng.uniform(-11, 11), rng.uniform(6, 57)
        height = np.exp(-(((down - 27) / 17) ** 2))
        width = 1.0 if aspect == "back" else np.exp(-(((across - 2.0) / 8) ** 2))
        apart = all((across - a) ** 2 + ((down - d) * 1.15) ** 2 > 1.75**2 for a, d in places)
        if apart and abs(down - FOLD_Y) > 1.3 and rng.random() < height * width:
            places.append((across, down))
        if len(places) == body.dimples:
            break
    return np.array(places)


def press(
    field: Field, place: tuple[float, float], shape: NDArray[np.float64], warp: Field
) -> None:
    """Add one soft elliptic depression, its outline bent by the warp."""
    depth, long, short, angle = shape
    reach = int(3.2 * long * PX)
    col, row = int((place[0] + SKIN_SIZE / 2) * PX), int((place[1] - SKIN_TOP) * PX)
    rows = slice(max(row - reach, 0), min(row + reach, SKIN_PX))
    cols = slice(max(col - reach, 0), min(col + reach, SKIN_PX))
    yy, xx = np.mgrid[rows, cols].astype(np.float32) / PX
    xx = xx - col / PX + warp[rows, cols]
    yy = yy - row / PX + warp.T[rows, cols]
    a = (xx * np.cos(angle) + yy * np.sin(angle)) / long
    b = (yy * np.cos(angle) - xx * np.sin(angle)) / short
    r2 = a * a + b * b
    field[rows, cols] += depth * ((1 - 0.12 * r2) * np.exp(-0.6 * r2)).astype(np.float32)


def draw_dimples(rng: np.random.Generator, body: Body, aspect: str) -> tuple[Field, Field]:
    depth = np.zeros((SKIN_PX, SKIN_PX), dtype=np.float32)
    yielding = np.zeros_like(depth)
    warp = 0.17 * band_noise(rng, SKIN_PX, 60, 130)
    middles = (-BACK_MIDDLE, BACK_MIDDLE) if aspect == "back" else (0.0,)
    for middle in middles:
        for across, down in dimple_places(rng, body, aspect):
            long = rng.uniform(0.75, 1.6)
            slant = rng.normal(0.25 * np.sign(middle or 1), 0.45)
            weight = body.depth * min(rng.lognormal(-0.1, 0.45), 1.5) * (0.4 + 0.6 * long)
            shape = np.array([weight, long, long * rng.uniform(0.55, 0.92), slant])
            press(depth, (across + middle, down), shape, warp)
            shape[0] *= rng.uniform(0.3, 1.7)
            press(yielding, (across + middle, down), shape, warp)
    return depth, yielding


def draw_marks(rng: np.random.Generator, count: int) -> Field:
    """A few moles and freckles, small and soft."""
    yy, xx = np.mgrid[0:SKIN_PX, 0:SKIN_PX].astype(np.float32)
    marks = np.zeros((SKIN_PX, SKIN_PX), dtype=np.float32)
    for _ in range(count):
        col, row = rng.uniform(0, SKIN_PX, 2)
        size = rng.choice([1.0, 1.3, 1.6, 2.4], p=[0.45, 0.3, 0.2, 0.05])
        rows = slice(int(max(row - 12, 0)), int(row + 12))
        cols = slice(int(max(col - 12, 0)), int(col + 12))
        r2 = ((xx[rows, cols] - col) ** 2 + (yy[rows, cols] - row) ** 2) / size**2
        marks[rows, cols] += rng.uniform(0.15, 0.6) * np.exp(-((r2 / 2) ** 1.3))
    return np.clip(marks, 0, 1)


def draw_bruise(rng: np.random.Generator) -> tuple[Field, Field]:
    """Two soft patches on the left thigh: a purple middle and the yellow that outlasts it."""
    yy, xx = np.mgrid[0:SKIN_PX, 0:SKIN_PX].astype(np.float32) / PX
    bend = 0.35 * band_noise(rng, SKIN_PX, 80, 180)
    fray = 0.62 + 0.38 * np.tanh(0.4 + 0.7 * band_noise(rng, SKIN_PX, 22, 60))
    core, halo = np.zeros_like(xx), np.zeros_like(xx)
    for across, down, size in ((-19.6, 34.4, 2.0), (-17.4, 38.0, 1.15)):
        dx = xx - SKIN_SIZE / 2 - across + bend
        dy = yy + SKIN_TOP - down + bend.T
        r = np.hypot(dx / 1.25, dy) / size
        core += np.exp(-((r / 0.95) ** 2.4)) * fray
        halo += np.exp(-((r / 1.6) ** 2.6))
    return np.clip(core, 0, 1), np.clip(halo, 0, 1)


@lru_cache(maxsize=1)
def skin_of(body: Body, aspect: str) -> Skin:
    rng = rng_for(body.number, ("back", "left", "right").index(aspect))
    dimples, yielding = draw_dimples(rng, body, aspect)
    swell = band_noise(rng, SKIN_PX, 62, 170)
    bruise, halo = draw_bruise(rng)
    return Skin(
        dimples=dimples,
        yielding=yielding,
        undulation=body.undulation * (swell - 0.3 * np.maximum(swell, 0) ** 2),
        grain=band_noise(rng, SKIN_PX, 2.6, 5),
        ripple=band_noise(rng, SKIN_PX, 34, 80, stretch=0.8),
        mottle=band_noise(rng, SKIN_PX, 34, 130),
        marks=draw_marks(rng, 90),
        bruise=bruise,
        halo=halo,
    )


# --- the forms ---------------------------------------------------------------------------------


def scene_grid(pose: Pose) -> tuple[Field, Field]:
    """For each pixel its place in the scene, cm: x from the midline, y from the upper edge."""
    rows, cols = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    x = (cols - WIDTH / 2 + 0.5) / PX / pose.zoom - pose.shift_x
    y = (rows - HEIGHT / 2 + 0.5) / PX / pose.zoom - pose.shift_y
    turn = np.float32(np.radians(pose.turn))
    return x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn) + 30


def bulge(above: Field, length: Field) -> Field:
    """Rises from 0 at the fold to 1 above it; the break at the fold is rounded a little."""
    soft = 0.15
    run = soft * np.logaddexp(0, above / soft)
    return 1 - np.exp(-run / length)


def back_leg(body: Body, x: Field, y: Field, contracted: bool) -> tuple[Field, Field, Field]:
    """One leg from behind, x growing outwards: height, place across the skin, distance inside."""
    outer = curve(BACK_OUTER, y) * body.build
    inner = curve(BACK_INNER, y) - body.touch * (1 - smoothstep(30, 62, y))
    middle, half = (outer + inner) / 2, (outer - inner) / 2
    u = np.clip((x - middle) / half, -1, 1)
    z = 0.86 * half * np.sqrt(np.maximum(1 - np.abs(u) ** 2.05, 0))
    fold = FOLD_Y - 0.022 * (x - 6.0) ** 2
    length = 2.3 + 9.0 * smoothstep(5.5, 15.5, x)
    seat = np.exp(-(np.abs((x - 8.3) / 8.2) ** 2.6)) * np.exp(
        -(np.abs(np.minimum(y - 14, 0) / 15) ** 2)
    )
    z += (3.9 if contracted else 3.5) * body.build * seat * bulge(fold - y, length)
    bank = np.exp(-(((y - fold - 2.0) / 1.5) ** 2)) * np.exp(-(((x - 7) / 5) ** 2))
    z += body.roll * bank
    z += back_muscles(x - middle, y, 1.0 if contracted else 0.45)
    return z, half * np.arcsin(u), (1 - np.abs((x - middle) / half)) * half


def back_muscles(off: Field, y: Field, strength: float) -> Field:
    """The hamstrings towards the knee, and the hollow behind the hip under tension."""
    low = smoothstep(34, 60, y)
    groove = -0.32 * np.exp(-(((off - 0.3) / 1.5) ** 2)) * low
    cords = 0.16 * (np.exp(-(((off - 3.1) / 1.3) ** 2)) + np.exp(-(((off + 2.8) / 1.3) ** 2)))
    hollow = -1.1 * np.exp(-(((off - 5.2) / 2.8) ** 2) - ((y - 15.5) / 5.0) ** 2)
    return strength * (groove + cords * low) + max(strength - 0.45, 0) * hollow


def back_form(body: Body, x: Field, y: Field, contracted: bool) -> Form:
    left = back_leg(body, -x, y, contracted)
    right = back_leg(body, x, y, contracted)
    mine = right[0] > left[0]
    outside_both = np.maximum(left[2], right[2]) <= 0
    mine = np.where(outside_both, x > 0, mine)
    across = np.where(mine, BACK_MIDDLE + right[1], -BACK_MIDDLE - left[1])
    edge = curve(BRIEFS_BACK, np.abs(x), 0.7)
    slope = np.abs(np.gradient(edge, axis=1)) * PX
    cloth = (edge - y) / np.sqrt(1 + slope**2)
    z = np.maximum(left[0], right[0])
    inside = np.maximum(left[2], right[2])
    outline = curve(BACK_OUTER, y) * body.build - np.abs(x)
    return Form(z, across.astype(np.float32), y, inside, outline, cloth)


def side_form(body: Body, x: Field, y: Field) -> Form:
    """One leg from the side, x growing towards the rear."""
    front = curve(SIDE_FRONT, y) * body.build
    rear = curve(SIDE_REAR, y, 1.1) * body.build
    middle, half = (front + rear) / 2, (rear - front) / 2
    u = np.clip((x - middle) / half, -1, 1)
    z = (0.5 * half + 3.6) * np.sqrt(np.maximum(1 - np.abs(u) ** 2.3, 0))
    fold = FOLD_Y - 0.3 - 0.035 * np.maximum(9.2 * body.build - x, 0) ** 2
    length = 1.8 + 6.5 * (1 - smoothstep(1.0, 8.5, x))
    seat = np.exp(-(np.abs((x - 7.5) / 8.0) ** 2.4)) * np.exp(
        -(np.abs(np.minimum(y - 14, 0) / 14) ** 2)
    )
    z += 1.9 * body.build * seat * bulge(fold - y, length)
    z += 0.75 * body.build * np.exp(-(((x + 0.5) / 5.5) ** 2) - ((y - 23) / 7.5) ** 2)
    z -= 0.45 * np.exp(-(((x - 1.5) / 3.2) ** 2) - ((y - 13.5) / 4.2) ** 2)
    z -= 0.28 * np.exp(-(((x - 1.2 - 0.02 * (50 - y)) / 1.3) ** 2)) * smoothstep(34, 58, y)
    edge = curve(BRIEFS_SIDE, x, 1.0)
    slope = np.abs(np.gradient(edge, axis=1)) * PX
    cloth = (edge - y) / np.sqrt(1 + slope**2)
    inside = (1 - np.abs((x - middle) / half)) * half
    return Form(z, half * np.arcsin(u), y, inside, inside, cloth)


def form_of(body: Body, view: View, x: Field, y: Field) -> Form:
    if view.aspect == "back":
        return back_form(body, x, y, view.contracted)
    if view.aspect == "left":
        return side_form(body, x, y)
    form = side_form(body, -x, y)
    form.across = -form.across
    return form


# --- relief and cloth on the form --------------------------------------------------------------


def add_relief(form: Form, skin: Skin, body: Body, view: View, step: int) -> Field:
    """The height with its dimples; deeper under tension, a little softer at each step."""
    share = body.softening * step / (STEPS - 1)
    tension = 1.4 if view.contracted else 1.0
    relief = -tension * (skin.dimples - share * skin.yielding)
    relief = relief + (1.25 if view.contracted else 1.0) * skin.undulation
    if view.contracted:
        relief = relief + 0.05 * body.depth * skin.ripple
    col, row = (form.across + SKIN_SIZE / 2) * PX, (form.down - SKIN_TOP) * PX
    away = smoothstep(0.0, 1.6, np.abs(form.down - FOLD_Y)) * 0.5 + 0.5
    rim = smoothstep(0.0, 1.2, form.inside)
    return form.z + rim * (away * sample(relief, col, row) + 0.0028 * sample(skin.grain, col, row))


def add_cloth(z: Field, form: Form, folds: Field) -> Field:
    """Lay the briefs over the form: taut over the hollows, with a hem and faint creases."""
    taut = np.maximum(np.maximum(blur(z, 60) + 0.3, blur(z, 26)), blur(z, 9))
    tight = smoothstep(0.3, 4.5, form.outline) * (1 - 0.15 * smoothstep(18, 25, form.down))
    taut = z + (blur(taut, 6) - z) * tight
    taut = taut + 0.06 + 0.012 * folds
    hem = 0.05 * (smoothstep(0.0, 0.12, form.cloth) - smoothstep(0.55, 0.72, form.cloth))
    bite = (
        0.07
        * np.exp(-((form.cloth / 0.5) ** 2))
        * (form.cloth < 0)
        * smoothstep(0.3, 1.5, form.inside)
    )
    on = smoothstep(-0.04, 0.06, form.cloth)
    return (z + bite) * (1 - on) + (taut + hem) * on


# --- light -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Light:
    """The lamp on the form: the direct light, the fill, the gloss, each 0 to about 1."""

    direct: Field
    fill: Field
    gloss: Field


def lamp_direction(pose: Pose) -> tuple[float, float, float]:
    azimuth, elevation = np.radians(pose.azimuth), np.radians(pose.elevation)
    flat = np.cos(elevation)
    return -np.sin(azimuth) * flat, -np.cos(azimuth) * flat, float(np.sin(elevation))


def cast_shadow(z: Field, pose: Pose) -> Field:
    """How much of the lamp each point sees: the horizon towards the lamp against its height."""
    factor = 2
    small = reduced(z, factor)
    lx, ly, lz = lamp_direction(pose)
    flat = float(np.hypot(lx, ly))
    pad = 170
    padded = np.pad(small, pad, mode="edge")
    horizon = np.full_like(small, -9)
    for reach in np.geomspace(2, 160, 40):
        dx, dy = round(reach * lx / flat), round(reach * ly / flat)
        moved = padded[pad + dy : pad + dy + small.shape[0], pad + dx : pad + dx + small.shape[1]]
        run = np.hypot(dx, dy) * factor / PX
        horizon = np.maximum(horizon, (moved - small) / run)
    seen = smoothstep(-0.24, 0.20, lz / flat - horizon)
    return resized(blur(seen, 1.2), (z.shape[1], z.shape[0]))


def openness(z: Field) -> Field:
    """How open each point lies: 1 on the flat, less in a crease or hollow."""
    small = reduced(z, 2)
    closed = np.zeros_like(small)
    for sigma, weight in ((3, 0.5), (8, 0.6), (24, 0.5)):
        closed += weight * np.maximum(blur(small, sigma) - small, 0) / (sigma * 2 / PX)
    return resized(np.clip(1 / (1 + 1.6 * closed), 0, 1), (z.shape[1], z.shape[0]))


def lit(z: Field, pose: Pose, y: Field) -> Light:
    dy, dx = np.gradient(z, 1 / (PX * pose.zoom))
    nz = 1 / np.sqrt(1 + dx * dx + dy * dy)
    nx, ny = -dx * nz, -dy * nz
    lx, ly, lz = lamp_direction(pose)
    facing = nx * lx + ny * ly + nz * lz
    soft = 0.09  # the lamp has a size: the terminator is a band, not a line
    direct = soft * np.logaddexp(0, facing / soft) * cast_shadow(z, pose)
    direct = direct * (1.06 - 0.0035 * y)
    half = np.array([lx, ly, lz + 1])
    half /= np.linalg.norm(half)
    gloss = np.maximum(nx * half[0] + ny * half[1] + nz * half[2], 0) ** 14
    fill = (0.62 + 0.38 * nz - 0.12 * ny) * openness(z)
    return Light(direct, fill, gloss * np.minimum(direct * 2, 1))


# --- colour ------------------------------------------------------------------------------------


def linear(srgb: tuple[float, float, float]) -> NDArray[np.float32]:
    c = np.array(srgb, dtype=np.float32) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4).astype(np.float32)


def encoded(light: Field) -> Field:
    c = np.clip(light, 0, None)
    c = np.where(c > 0.6, 0.6 + 0.4 * np.tanh((c - 0.6) / 0.4), c)
    return np.where(c <= 0.0031308, 12.92 * c, 1.055 * c ** (1 / 2.4) - 0.055)


def skin_colour(form: Form, skin: Skin, body: Body, bruised: bool) -> Field:
    col, row = (form.across + SKIN_SIZE / 2) * PX, (form.down - SKIN_TOP) * PX
    mottle = np.tanh(sample(skin.mottle, col, row) * 0.6)[..., None]
    marks = sample(skin.marks, col, row)[..., None]
    colour = linear(body.tone) * (1 + mottle * np.array([0.02, -0.045, -0.045], np.float32))
    colour = colour * (1 - marks * np.array([0.42, 0.58, 0.62], np.float32))
    if bruised:
        core = sample(skin.bruise, col, row)[..., None]
        halo = sample(skin.halo, col, row)[..., None]
        colour = colour * (1 - halo * np.array([0.07, 0.10, 0.33], np.float32))
        colour = colour * (1 - core * np.array([0.46, 0.62, 0.36], np.float32))
    return colour


def shade(colour: Field, light: Light, gloss: float) -> Field:
    """Light on skin: it wanders under the surface, red furthest, so red edges are softest."""
    channels = []
    for i, wander in enumerate((3.2, 1.6, 1.0)):
        direct = 0.65 * blur(light.direct, wander) + 0.35 * light.direct
        tint = (1.0, 0.965, 0.92)[i]
        fill = (0.150, 0.142, 0.142)[i]
        channels.append(colour[..., i] * (1.6 * tint * direct + fill * light.fill))
    return np.stack(channels, -1) + gloss * light.gloss[..., None]


def ground(x: Field, y: Field, rng: np.random.Generator) -> Field:
    """A matt paper ground, blue-grey, lit a little more towards the lamp."""
    fall = 1.25 - 0.011 * y - 0.004 * x
    cloud = resized(blur(rng.standard_normal((60, 45)).astype(np.float32), 3), (WIDTH, HEIGHT))
    return linear((47, 57, 68)) * (fall * (1 + 0.12 * cloud))[..., None]


# --- scale and grey card -----------------------------------------------------------------------


def draw_scale(draw: ImageDraw.ImageDraw, left: float, top: float, unit: float) -> None:
    """A 25 cm scale standing upright: blocks of one centimetre, ticks and figures."""

    def box(x0: float, y0: float, x1: float, y1: float, grey: int) -> None:
        at = [(left + x0) * unit, (top + y0) * unit, (left + x1) * unit, (top + y1) * unit]
        draw.rectangle(at, fill=(grey, grey, grey, 255))

    box(0, -0.5, 2.0, 25.5, 226)
    font = ImageFont.load_default(size=0.78 * unit)
    for cm in range(25):
        box(0, cm, 0.55, cm + 1, 24 if cm % 2 == 0 else 226)
        box(0.55, cm - 0.02, 1.05 if cm % 5 == 0 else 0.8, cm + 0.04, 24)
        box(0.55, cm + 0.48, 0.68, cm + 0.52, 24)
    box(0.55, 24.96, 1.05, 25.02, 24)
    for cm in range(0, 26, 5):
        at = ((left + 1.52) * unit, (top + 25 - cm) * unit)
        draw.text(at, str(cm), fill=(24, 24, 24, 255), font=font, anchor="mm")


def draw_card(draw: ImageDraw.ImageDraw, left: float, top: float, unit: float) -> None:
    """A grey card: white, 18 % grey and black, in a thin frame."""
    for x0, y0, x1, y1, grey in (
        (0, 0, 4.2, 7.0, 205),
        (0.2, 0.2, 4.0, 4.6, 118),
        (0.2, 4.8, 2.0, 6.8, 236),
        (2.2, 4.8, 4.0, 6.8, 34),
    ):
        at = [(left + x0) * unit, (top + y0) * unit, (left + x1) * unit, (top + y1) * unit]
        draw.rectangle(at, fill=(grey, grey, grey, 255))


def aids(pose: Pose) -> tuple[Field, Field]:
    """Scale and card in the pose of the picture: linear colour and coverage."""
    over = 2
    unit = PX * over
    size = (WIDTH * over, HEIGHT * over)
    sheet = Image.new("RGBA", size, (90, 90, 90, 0))
    draw = ImageDraw.Draw(sheet)
    draw_scale(draw, 22.5 + 18.9, 32.5, unit)
    draw_card(draw, 22.5 - 21.3, 50.6, unit)
    x, y = scene_grid(pose)
    c, r = np.array([0, WIDTH - 1]), np.array([0, HEIGHT - 1])
    ax = (x[0, c[1]] - x[0, 0]) / c[1] * unit
    bx = (x[r[1], 0] - x[0, 0]) / r[1] * unit
    ay = (y[0, c[1]] - y[0, 0]) / c[1] * unit
    by = (y[r[1], 0] - y[0, 0]) / r[1] * unit
    start = ((x[0, 0] + 22.5) * unit, y[0, 0] * unit)
    matrix = (ax / over, bx / over, start[0], ay / over, by / over, start[1])
    placed = sheet.transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC)
    pixels = np.asarray(placed.reduce(over), dtype=np.float32)
    return linear_field(pixels[..., :3]) * 0.78, pixels[..., 3] / 255


def linear_field(srgb: Field) -> Field:
    return (np.maximum(srgb, 0) / 255) ** np.float32(2.2)


# --- the picture -------------------------------------------------------------------------------


def pose_of(body: Body, view: View, step: int) -> Pose:
    rng = rng_for(body.number, 10 + VIEWS.index(view), step)
    turn, dx, dy, zoom, azimuth, elevation, exposure, warmth = rng.uniform(-1, 1, 8) * CARE[step]
    return Pose(
        turn=1.5 * turn,
        shift_x=0.35 * dx,
        shift_y=0.35 * dy,
        zoom=1 + 0.012 * zoom,
        azimuth=21 + 2.5 * azimuth,
        elevation=25 + 1.2 * elevation,
        exposure=1 + 0.05 * exposure,
        warmth=0.02 * warmth,
    )


def picture(body: Body, view: View, step: int) -> Image.Image:
    pose = pose_of(body, view, step)
    skin = skin_of(body, view.aspect)
    x, y = scene_grid(pose)
    form = form_of(body, view, x, y)
    col, row = (x + SKIN_SIZE / 2) * PX, (y - SKIN_TOP) * PX
    z = add_cloth(
        add_relief(form, skin, body, view, step), form, sample(skin.ripple, col, row)
    ).astype(np.float32)
    z -= np.minimum(4 * np.maximum(-form.inside, 0), 9)  # the ground lies far behind
    light = lit(z, pose, y)
    colour = skin_colour(form, skin, body, body.number == 1 and step == 3)
    on = smoothstep(-0.02, 0.05, form.cloth)[..., None]
    colour = colour * (1 - on) + linear((118, 124, 132)) * on
    body_light = shade(colour, light, body.gloss)
    rng = rng_for(body.number, 50 + VIEWS.index(view), step)
    scene = ground(x, y, rng)
    aid, cover = aids(pose)
    scene = scene * (1 - cover[..., None]) + aid * cover[..., None]
    inside = np.clip(form.inside * PX * 0.7 + 0.5, 0, 1)[..., None]
    return developed(scene * (1 - inside) + body_light * inside, pose, rng)


def developed(scene: Field, pose: Pose, rng: np.random.Generator) -> Image.Image:
    """The lens, the exposure and the sensor."""
    balance = np.array([1 + pose.warmth, 1, 1 - pose.warmth], np.float32) * pose.exposure
    soft = np.stack([blur(scene[..., i], 0.6) for i in range(3)], -1)
    rows, cols = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    vignette = (1 - 0.10 * (rows**2 + 0.6 * cols**2))[..., None]
    noise = rng.standard_normal((HEIGHT, WIDTH, 1)).astype(np.float32) * 0.5
    pixels = encoded(soft * balance * vignette) * 255 + noise
    return Image.fromarray(np.clip(pixels + 0.5, 0, 255).astype(np.uint8), "RGB")


def draw_set(job: tuple[Body, View, str]) -> list[int]:
    """All steps of one view of one body; returns the sizes of the files."""
    body, view, only = job
    sizes = []
    for step in range(STEPS):
        path = OUT / f"body{body.number}-{view.name}-{step}.jpg"
        if path.name.startswith(only):
            picture(body, view, step).save(path, quality=QUALITY, optimize=True, progressive=True)
            sizes.append(path.stat().st_size)
    return sizes


def jobs(only: str) -> Iterator[tuple[Body, View, str]]:
    for body in BODIES:
        for view in VIEWS:
            yield body, view, only


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the demo photographs.")
    parser.add_argument("--only", default="", help="draw the files whose name starts so")
    only = parser.parse_args().only
    OUT.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    with ProcessPoolExecutor() as pool:
        sizes = [size for part in pool.map(draw_set, jobs(only)) for size in part]
    took = time.perf_counter() - began
    print(f"{len(sizes)} files, {sum(sizes) / 1e6:.2f} MB, {took:.0f} s")
    if sum(sizes) > BUDGET:
        raise SystemExit(f"More than {BUDGET / 1e6} MB: lower QUALITY or the grain.")


if __name__ == "__main__":
    main()
