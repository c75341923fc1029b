"""Real photographs for the benchmarks, and how both sides are compared before they are timed.

They are chosen from CORPUS_DIR by their header: JPEG of about 12 and about 24 megapixels. Each is
tried as it was found and, where that is progressive, as cameras write it: baseline, with its own
quantisation tables.
"""

from __future__ import annotations

import hashlib
import io
import math
import os
import resource
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops, ImageOps, ImageStat
from results import ROOT

MEGAPIXELS = (12, 24)
NEAR = 0.04  # of the megapixels wanted
LARGE_SIDE, SMALL_SIDE = 1280, 320
ROUNDS = 15
MOST_SPREAD = 2.0

Sizes = tuple[bytes, bytes]  # JPEG files with long sides of 1280 and 320 px


@dataclass(frozen=True, slots=True)
class RealPhoto:
    """One upload; `form` is "as found" or "baseline"."""

    name: str
    megapixels: float
    form: str
    data: bytes


def prepare() -> None:
    """Let the product be imported without a clinic around it."""
    sys.path.insert(0, str(ROOT))
    from django.conf import settings

    settings.configure(USE_I18N=False)


def real_photos() -> Iterator[RealPhoto]:
    """None, and a word about it, where CORPUS_DIR is not set. Stops when a size is missing."""
    folder = os.environ.get("CORPUS_DIR")
    if not folder:
        print("Skipped: CORPUS_DIR does not name a folder of real photographs.")
        return
    found = set()
    for path in sorted((Path(folder) / "photos").rglob("*.jp*g")):
        with Image.open(path) as picture:
            megapixels = picture.width * picture.height / 1e6
            wanted = [m for m in MEGAPIXELS if abs(megapixels - m) <= NEAR * m]
            if picture.format != "JPEG" or not wanted:
                continue
            found.update(wanted)
            yield RealPhoto(path.stem, megapixels, "as found", path.read_bytes())
            if picture.info.get("progressive"):
                yield RealPhoto(path.stem, megapixels, "baseline", baseline(picture))
    if missing := set(MEGAPIXELS) - found:
        raise SystemExit(f"{folder} holds no photograph of {missing} megapixels.")


def baseline(picture: Image.Image) -> bytes:
    """The photo as a camera stores it; its coefficients are rounded once more, nothing else."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality="keep", icc_profile=picture.info.get("icc_profile"))
    return file.getvalue()


def ours(upload: bytes) -> Sizes:
    """The clean original, its fingerprint and both sizes, in this process."""
    from treatments.imaging.child import pictures_of
    from treatments.imaging.clean import clean

    hashlib.sha256(upload).hexdigest()
    pictures = pictures_of(clean(upload))
    return pictures.large, pictures.small


def decibels(upload: bytes, sizes: Sizes) -> tuple[float, float]:
    """Peak signal to noise ratio of both sizes against a whole decode, shrunk by Lanczos.

    Stops where a size is not the one that was asked for.
    """
    with Image.open(io.BytesIO(upload)) as picture:
        whole = ImageOps.exif_transpose(picture).convert("RGB")
    told = []
    for side, file in zip((LARGE_SIDE, SMALL_SIDE), sizes, strict=True):
        shown = Image.open(io.BytesIO(file)).convert("RGB")
        exact = (whole.width * side / max(whole.size), whole.height * side / max(whole.size))
        if max(abs(a - b) for a, b in zip(shown.size, exact, strict=True)) > 1:
            raise SystemExit(f"Asked for {side} px, got {shown.size}.")
        wanted = whole.resize(shown.size, Image.Resampling.LANCZOS)
        errors = ImageStat.Stat(ImageChops.difference(shown, wanted)).rms
        told.append(10 * math.log10(255**2 / (sum(error**2 for error in errors) / 3)))
    return told[0], told[1]


def cpu_ms(side: Callable[[bytes], Sizes], upload: bytes) -> float:
    """Processor time of this process, its threads and the children it waited for, in ms."""
    before = _seconds()
    side(upload)
    return (_seconds() - before) * 1000


def _seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)
