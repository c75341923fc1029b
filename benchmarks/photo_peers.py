"""What three files of one photograph cost against what Django projects use: `make bench`.

The peers make 1280 and 320 px at the same JPEG qualities, by their own defaults, from a file in
memory and without their caches or tables; they leave the original as it is, with all it tells.
Ours makes both sizes and the clean original, in this process too. Processor time is taken in turn; peak
memory in a fresh process each, above what it held before the photograph came. The best peer is the
yardstick of either; a run in which it spreads more than twofold (p95 / p50) is thrown away.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import photos
from photos import MOST_SPREAD, ROUNDS, RealPhoto, Sizes, cpu_ms, decibels, ours
from results import ROOT, commit, p95, write

CPU_GOAL, MEMORY_GOAL = 0.20, 0.25
TRIES = 3  # fresh processes for each figure of memory
QUALITIES = {1280: 85, 320: 80}
PEERS = ("easy-thumbnails", "sorl-thumbnail", "django-imagekit")

HEAD = f"""## One photograph against thumbnail packages

Processor time and added peak memory of the clean original, 1280 px and 320 px, against the best peer making the two
sizes. Goals: ratio {CPU_GOAL:.2f} and {MEMORY_GOAL:.2f}. {", ".join(f"{name} {version(name)}" for name in PEERS)}. {{machine}}

| day | commit | photograph | MP | form | ours ms | best peer ms | ratio | ours MiB | best peer MiB | ratio | ours dB | peer dB | spread |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
"""


def prepare() -> None:
    """Let the peers find their settings; none of them opens a database."""
    sys.path.insert(0, str(ROOT))
    import django
    from django.conf import settings

    settings.configure(
        USE_I18N=False,
        INSTALLED_APPS=["easy_thumbnails", "sorl.thumbnail", "imagekit"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        STORAGES={
            name: {"BACKEND": "django.core.files.storage.InMemoryStorage"}
            for name in ("default", "easy_thumbnails")
        },
    )
    django.setup()


def easy_thumbnails(upload: bytes) -> Sizes:
    from django.core.files.base import ContentFile
    from easy_thumbnails.files import get_thumbnailer

    def made(side: int) -> bytes:
        thumbnailer = get_thumbnailer(ContentFile(upload, "photo.jpg"), relative_name="photo.jpg")
        options = {"size": (side, side), "quality": QUALITIES[side]}
        return bytes(thumbnailer.generate_thumbnail(options).read())

    return made(1280), made(320)


def sorl_thumbnail(upload: bytes) -> Sizes:
    """The steps of `ThumbnailBackend.get_thumbnail` between its look-up and its storage."""
    from django.core.files.base import ContentFile
    from sorl.thumbnail.base import ThumbnailBackend
    from sorl.thumbnail.conf import settings
    from sorl.thumbnail.engines.pil_engine import Engine
    from sorl.thumbnail.parsers import parse_geometry

    def made(side: int) -> bytes:
        engine = Engine()
        options = {**ThumbnailBackend.default_options, "format": "JPEG"}
        image = engine.prepare(engine.get_image(ContentFile(upload)), options)
        ratio = engine.get_image_ratio(image, options)
        shown = engine.create(image, parse_geometry(f"{side}x{side}", ratio), options)
        return bytes(
            engine._get_raw_data(
                shown,
                "JPEG",
                QUALITIES[side],
                image_info=engine.get_image_info(image),
                progressive=settings.THUMBNAIL_PROGRESSIVE,
            )
        )

    return made(1280), made(320)


def imagekit(upload: bytes) -> Sizes:
    from django.core.files.base import ContentFile
    from imagekit import ImageSpec
    from imagekit.processors import ResizeToFit, Transpose

    def made(side: int) -> bytes:
        class Spec(ImageSpec):
            processors = (Transpose(), ResizeToFit(side, side, upscale=False))
            format = "JPEG"
            options = {"quality": QUALITIES[side]}

        return bytes(Spec(source=ContentFile(upload, "photo.jpg")).generate().read())

    return made(1280), made(320)


SIDES: dict[str, Callable[[bytes], Sizes]] = {
    "ours": ours,
    **dict(zip(PEERS, (easy_thumbnails, sorl_thumbnail, imagekit), strict=True)),
}


def peak_mib(name: str, path: Path) -> float:
    """Run one side in a fresh process; return how far its memory rose, the median of some."""
    asked = [sys.executable, __file__, "--peak", name, str(path)]
    return median(
        float(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)
        for _ in range(TRIES)
    )


def tell_peak(name: str, path: Path) -> None:
    """Print the MiB by which this process grows; a small photo first, so that code is loaded."""
    prepare()
    upload = path.read_bytes()
    SIDES[name](small_jpeg())
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak starts again
    before = resident("VmRSS")
    SIDES[name](upload)
    print((resident("VmHWM") - before) / 1024)


def resident(field: str) -> int:
    """KiB, as Linux counts them."""
    told = Path("/proc/self/status").read_text(encoding="ascii")
    return int(told.partition(f"{field}:")[2].split()[0])


def small_jpeg() -> bytes:
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (64, 48), "white").save(file, "JPEG")
    return file.getvalue()


def measured(photo: RealPhoto, folder: Path) -> tuple[str, float, bool]:
    """Return the line of the table, how far the yardstick spreads, and whether both goals hold."""
    quality = {name: decibels(photo.data, side(photo.data)) for name, side in SIDES.items()}
    times: dict[str, list[float]] = {name: [] for name in SIDES}
    for _ in range(ROUNDS):
        for name, side in SIDES.items():
            times[name].append(cpu_ms(side, photo.data))
    upload = folder / "upload.jpg"
    upload.write_bytes(photo.data)
    peaks = {name: peak_mib(name, upload) for name in SIDES}
    quick = min(PEERS, key=lambda name: median(times[name]))
    slim = min(PEERS, key=lambda name: peaks[name])
    mine, its = median(times["ours"]), median(times[quick])
    spread = p95(times[quick]) / its
    shown = {name: f"{told[0]:.1f}, {told[1]:.1f}" for name, told in quality.items()}
    line = (
        f"| {date.today()} | {commit()} | {photo.name} | {photo.megapixels:.1f} | {photo.form} "
        f"| {mine:.0f} | {its:.0f} {quick} | {mine / its:.2f} "
        f"| {peaks['ours']:.0f} | {peaks[slim]:.0f} {slim} | {peaks['ours'] / peaks[slim]:.2f} "
        f"| {shown['ours']} | {shown[quick]} | {spread:.2f} |"
    )
    is_reached = mine <= CPU_GOAL * its and peaks["ours"] <= MEMORY_GOAL * peaks[slim]
    return line, spread, is_reached


def main() -> int:
    if sys.argv[1:2] == ["--peak"]:
        tell_peak(sys.argv[2], Path(sys.argv[3]))
        return 0
    prepare()
    is_missed = is_noisy = False
    with TemporaryDirectory() as folder:
        for photo in photos.real_photos():
            line, spread, is_reached = measured(photo, Path(folder))
            print(line)
            if spread > MOST_SPREAD:
                print("Thrown away: the yardstick spreads too far. Try again on a quiet machine.")
                is_noisy = True
                continue
            write(HEAD, line)
            is_missed |= not is_reached
    return 2 if is_noisy else int(is_missed)


if __name__ == "__main__":
    sys.exit(main())
