"""What three files of one photograph cost against libvips: `make bench`.

Ours is what `treatments.imaging.prepare` does for the clean original, 1280 px and 320 px, in this
process. The yardstick is the same with libvips: shrink-on-load to 1280 px, 320 px from that, one
thread. libvips cannot take metadata out without encoding anew, so it gets our clean original for the
same price. Whole is `prepare` as the product calls it: decoded in a process of its own, and measured
how it was taken.

Both sizes are compared first: ours may be 0.3 dB worse. A run whose yardstick spreads more than
twofold (p95 / p50) is thrown away.
"""

from __future__ import annotations

import hashlib
import io
import os
import sys
from datetime import date
from statistics import median

os.environ["VIPS_CONCURRENCY"] = "1"  # read once, when libvips is loaded

import photos
import pyvips
from photos import MOST_SPREAD, ROUNDS, RealPhoto, Sizes, cpu_ms, decibels, ours
from PIL import Image, features
from results import commit, p95, write

GOAL = 1.0
MOST_WORSE = 0.3  # dB

HEAD = f"""## One photograph against libvips

Processor time for the clean original, 1280 px and 320 px, in this process; whole: as the product does it, in a process
of its own and with the measures of how it was taken. Photographs in sRGB; goal: ratio 1.0. Pillow {Image.__version__} with
libjpeg-turbo {features.version("libjpeg_turbo")}, libvips {".".join(str(pyvips.version(n)) for n in range(3))}. {{machine}}

| day | commit | photograph | MP | form | ours ms | libvips ms | ratio | whole ms | ours dB | libvips dB | spread |
|---|---|---|---|---|---|---|---|---|---|---|---|
"""


def libvips(upload: bytes) -> Sizes:
    from treatments.imaging.clean import clean

    photo = clean(upload)
    if photo.colour.source:
        raise SystemExit("This comparison is of photographs in sRGB.")
    hashlib.sha256(upload).hexdigest()
    large = pyvips.Image.thumbnail_buffer(photo.data, 1280, height=1280, size="down").copy_memory()
    small = large.thumbnail_image(320, height=320, size="down")
    return large.jpegsave_buffer(Q=85, keep=0), small.jpegsave_buffer(Q=80, keep=0)


def as_the_product(upload: bytes) -> Sizes:
    from treatments.imaging import prepare

    photo = prepare(io.BytesIO(upload))
    return photo.large, photo.small


def compare(photo: RealPhoto) -> str:
    """Stop where our sizes are worse than the yardstick's; return both figures for the table."""
    told = [decibels(photo.data, side(photo.data)) for side in (ours, libvips)]
    for mine, its in zip(*told, strict=True):
        if mine < its - MOST_WORSE:
            raise SystemExit(f"{photo.name}: ours has {mine:.2f} dB, libvips {its:.2f} dB.")
    return " | ".join(f"{large:.1f}, {small:.1f}" for large, small in told)


def in_turn(upload: bytes) -> tuple[list[float], list[float]]:
    """Time both; each goes first in half of the rounds, as the first finds the caches cold."""
    sides = (ours, libvips)
    times: dict[object, list[float]] = {side: [] for side in sides}
    for side in sides:
        side(upload)
    for number in range(ROUNDS):
        for side in sides if number % 2 else reversed(sides):
            times[side].append(cpu_ms(side, upload))
    return times[ours], times[libvips]


def main() -> int:
    photos.prepare()
    pyvips.cache_set_max(0)
    is_missed = is_noisy = False
    for photo in photos.real_photos():
        quality = compare(photo)
        mine, its = in_turn(photo.data)
        whole = median(cpu_ms(as_the_product, photo.data) for _ in range(ROUNDS))
        spread = p95(its) / median(its)
        ratio = median(mine) / median(its)
        line = (
            f"| {date.today()} | {commit()} | {photo.name} | {photo.megapixels:.1f} | {photo.form} "
            f"| {median(mine):.0f} | {median(its):.0f} | {ratio:.2f} | {whole:.0f} | {quality} | {spread:.2f} |"
        )
        print(line)
        if spread > MOST_SPREAD:
            print("Thrown away: the yardstick spreads too far. Try again on a quiet machine.")
            is_noisy = True
            continue
        write(HEAD, line)
        is_missed |= ratio > GOAL
    return 2 if is_noisy else int(is_missed)


if __name__ == "__main__":
    sys.exit(main())
