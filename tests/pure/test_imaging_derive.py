"""The two sizes: upright, right in colour, never enlarged."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image, ImageChops, ImageCms, ImageFile, ImageStat

from tests.pure import imaging_samples as samples
from treatments.imaging import Prepared, prepare
from treatments.imaging.icc import MAX_KEPT, SRGB, colour_of


def prepared(data: bytes) -> Prepared:
    return prepare(io.BytesIO(data))


def middle(data: bytes) -> tuple[int, ...]:
    image = samples.opened(data).convert("RGB")
    return image.getpixel((image.width // 2, image.height // 2))


def is_near(found: tuple[int, ...], wanted: tuple[int, ...], tolerance: int = 3) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(found, wanted, strict=True))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_ends_upright(kind: str, orientation: int) -> None:
    photo = prepared(samples.stored(orientation, kind))
    assert (photo.width, photo.height) == (480, 320)
    assert samples.is_upright(photo.large)
    assert samples.is_upright(photo.small)
    assert samples.opened(photo.large).size == (480, 320)
    assert samples.opened(photo.small).size == (320, 213)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(2, 9))
def test_master_without_room_for_an_orientation_is_turned(kind: str, orientation: int) -> None:
    master = prepared(samples.stored(orientation, kind)).master
    assert samples.is_upright(master)
    assert samples.opened(master).getexif() == {}
    assert samples.opened(master).format == kind


def test_turned_png_loses_no_pixel() -> None:
    master = prepared(samples.stored(6, "PNG")).master
    assert samples.opened(master).tobytes() == samples.picture().tobytes()


def test_turned_lossless_webp_loses_no_pixel() -> None:
    master = prepared(samples.stored(6, "WEBP", lossless=True)).master
    assert samples.opened(master).convert("RGB").tobytes() == samples.picture().tobytes()


def test_turned_16_bit_grey_keeps_16_bits() -> None:
    grey = Image.linear_gradient("L").resize((60, 40)).convert("I").point(lambda v: v * 257)
    exif = Image.Exif()
    exif[0x0112] = 6
    master = samples.opened(
        prepared(samples.encoded(grey.convert("I;16"), "PNG", exif=exif)).master
    )
    assert (master.mode, master.size) == ("I;16", (40, 60))


@pytest.mark.parametrize(
    ("size", "large", "small"),
    [
        ((4032, 3024), (1280, 960), (320, 240)),
        ((3024, 4032), (960, 1280), (240, 320)),
        ((1281, 1), (1280, 1), (320, 1)),
        ((1280, 720), (1280, 720), (320, 180)),
        ((200, 100), (200, 100), (200, 100)),
        ((1, 1), (1, 1), (1, 1)),
        ((2000, 1999), (1280, 1279), (320, 320)),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_long_side_is_bounded_and_never_enlarged(
    kind: str, size: tuple[int, int], large: tuple[int, int], small: tuple[int, int]
) -> None:
    photo = prepared(samples.encoded(samples.picture(*size), kind))
    assert (photo.width, photo.height) == size
    assert samples.opened(photo.large).size == large
    assert samples.opened(photo.small).size == small


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_derivatives_are_rgb_jpegs_without_anything_else(kind: str) -> None:
    photo = prepared(samples.encoded(samples.picture(), kind))
    for file in (photo.large, photo.small):
        image = samples.opened(file)
        assert (image.format, image.mode, image.getexif()) == ("JPEG", "RGB", {})
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"}


def test_progressive_jpeg_stays_progressive() -> None:
    upload = samples.encoded(samples.picture(1600, 1200), "JPEG", progressive=True)
    photo = prepared(upload)
    assert photo.master == upload
    assert samples.is_upright(photo.large)


def test_cmyk_keeps_its_colours() -> None:
    upload = samples.encoded(samples.picture().convert("CMYK"), "JPEG", quality=95)
    photo = prepared(upload)
    assert photo.master == upload
    assert samples.is_upright(photo.large)
    assert samples.is_upright(photo.small)


def test_grey_jpeg_stays_grey() -> None:
    photo = prepared(samples.encoded(Image.new("L", (50, 40), 90), "JPEG"))
    assert is_near(middle(photo.large), (90, 90, 90))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_transparency_is_flattened_on_white(kind: str) -> None:
    half = Image.new("RGBA", (50, 40), (0, 0, 200, 128))
    photo = prepared(samples.encoded(half, kind, lossless=True))
    assert is_near(middle(photo.large), (127, 127, 227))
    assert samples.opened(photo.master).mode == "RGBA"


def test_grey_with_alpha_is_flattened_on_white() -> None:
    photo = prepared(samples.encoded(Image.new("LA", (50, 40), (0, 128)), "PNG"))
    assert is_near(middle(photo.large), (127, 127, 127))


@pytest.mark.parametrize("mode", ["L", "RGB", "1"])
def test_transparent_colour_is_flattened_on_white(mode: str) -> None:
    clear = {"L": 7, "RGB": (7, 7, 7), "1": 0}[mode]
    upload = samples.encoded(Image.new(mode, (50, 40), clear), "PNG", transparency=clear)
    assert is_near(middle(prepared(upload).large), (255, 255, 255))


def test_palette_png_keeps_its_colours() -> None:
    photo = prepared(samples.encoded(samples.picture().quantize(4), "PNG"))
    assert samples.is_upright(photo.large)
    assert samples.opened(photo.master).mode == "P"


def test_palette_png_with_transparency_is_flattened_on_white() -> None:
    palette = Image.new("P", (50, 40), 1)
    palette.putpalette([0, 0, 0, 200, 0, 0])
    photo = prepared(samples.encoded(palette, "PNG", transparency=1))
    assert is_near(middle(photo.large), (255, 255, 255))


def test_turned_palette_png_keeps_its_transparency() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    palette = Image.new("P", (50, 40), 1)
    palette.putpalette([0, 0, 0, 200, 0, 0])
    master = prepared(samples.encoded(palette, "PNG", transparency=1, exif=exif)).master
    assert samples.opened(master).convert("RGBA").getpixel((5, 5))[3] == 0


@pytest.mark.parametrize("value", [0, 100 * 257, 200 * 257, 65535])
def test_16_bit_grey_is_not_clipped(value: int) -> None:
    data = zlib.compress((b"\x00" + struct.pack(">H", value) * 30) * 20)
    header = samples.chunk(b"IHDR", struct.pack(">IIBBBBB", 30, 20, 16, 0, 0, 0, 0))
    body = samples.chunk(b"IDAT", data) + samples.chunk(b"IEND", b"")
    photo = prepared(b"\x89PNG\r\n\x1a\n" + header + body)
    assert is_near(middle(photo.large), (value // 257,) * 3)
    assert samples.opened(photo.master).getpixel((3, 3)) == value


def test_16_bit_colour_is_shown() -> None:
    data = zlib.compress((b"\x00" + struct.pack(">HHH", 200 * 257, 100 * 257, 257) * 30) * 20)
    header = samples.chunk(b"IHDR", struct.pack(">IIBBBBB", 30, 20, 16, 2, 0, 0, 0))
    body = samples.chunk(b"IDAT", data) + samples.chunk(b"IEND", b"")
    assert is_near(middle(prepared(b"\x89PNG\r\n\x1a\n" + header + body).large), (200, 100, 1))


SKIN = (224, 172, 140)


def as_shown(data: bytes) -> tuple[int, ...]:
    """The sRGB colour that a colour-managed viewer shows in the middle."""
    image = samples.opened(data)
    profile = image.info.get("icc_profile")
    if profile:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        image = ImageCms.profileToProfile(
            image.convert("RGB"),
            source,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        )
    image = image.convert("RGB")
    return image.getpixel((image.width // 2, image.height // 2))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_wide_colour_profile_is_written_anew(kind: str) -> None:
    upload = samples.encoded(
        Image.new("RGB", (64, 48), SKIN), kind, icc_profile=samples.profile(), quality=95
    )
    photo = prepared(upload)
    kept = samples.opened(photo.master).info["icc_profile"]
    assert len(kept) <= MAX_KEPT
    assert samples.CANARY[:4] not in kept
    assert samples.opened(photo.master).tobytes() == samples.opened(upload).tobytes()
    assert is_near(as_shown(photo.master), as_shown(upload), tolerance=1)
    assert is_near(as_shown(photo.large), as_shown(upload))
    assert not is_near(as_shown(photo.large), SKIN)  # the conversion did something


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_turned_master_keeps_its_wide_colours(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.new("RGB", (64, 48), SKIN)
    upload = samples.encoded(image, kind, icc_profile=samples.profile(), exif=exif, quality=95)
    assert is_near(as_shown(prepared(upload).master), as_shown(upload))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_srgb_profile_is_dropped(kind: str) -> None:
    profile = samples.profile(samples.SRGB_PRIMARIES)
    upload = samples.encoded(Image.new("RGB", (64, 48), SKIN), kind, icc_profile=profile)
    master = samples.opened(prepared(upload).master)
    assert "icc_profile" not in master.info
    assert master.tobytes() == samples.opened(upload).tobytes()


def test_profile_made_of_tables_is_converted_away() -> None:
    long_curve = b"curv\x00\x00\x00\x00" + struct.pack(
        ">I4096H", 4096, *(round(65535 * (v / 4095) ** 1.8) for v in range(4096))
    )
    profile = samples.profile(curve=long_curve)
    upload = samples.encoded(
        Image.new("RGB", (64, 48), SKIN), "JPEG", icc_profile=profile, quality=95
    )
    photo = prepared(upload)
    assert "icc_profile" not in samples.opened(photo.master).info
    assert is_near(middle(photo.master), as_shown(upload))
    assert is_near(middle(photo.large), as_shown(upload))
    assert photo.master_type == "image/jpeg"


def test_grey_profile_is_converted_away() -> None:
    profile = samples.profile(curve=samples.gamma(1.0), space=b"GRAY")
    upload = samples.encoded(Image.new("L", (64, 48), 55), "JPEG", icc_profile=profile, quality=95)
    photo = prepared(upload)
    assert "icc_profile" not in samples.opened(photo.master).info
    assert is_near(middle(photo.large), (127, 127, 127), tolerance=4)  # linear 0.214 is middle grey


@pytest.mark.parametrize(
    "profile",
    [
        b"no profile",
        samples.profile()[:200],
        samples.profile(space=b"CMYK"),
        b"\x00" * 5000,
        samples.profile()[:128] + b"\xff" * 400,
    ],
    ids=["text", "cut", "other space", "zeros", "wild tag table"],
)
def test_unusable_profile_is_ignored(profile: bytes) -> None:
    upload = samples.encoded(Image.new("RGB", (64, 48), SKIN), "JPEG", icc_profile=profile)
    photo = prepared(upload)
    assert "icc_profile" not in samples.opened(photo.master).info
    assert is_near(middle(photo.large), SKIN)


@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.2, 563 / 256])
def test_profile_with_a_simple_gamma_is_kept(gamma: float) -> None:
    colour = colour_of(samples.profile(samples.SRGB_PRIMARIES, samples.gamma(gamma)), "RGB ")
    assert colour.kept == colour.source != b""
    ImageCms.ImageCmsProfile(io.BytesIO(colour.kept))


def test_pillows_own_srgb_profile_is_recognised() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert colour_of(profile, "RGB ") == SRGB


def test_truncated_images_are_never_completed() -> None:
    """Pillow would fill the missing part with grey, on a clinical photograph."""
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def apart(data: bytes, wanted: Image.Image) -> float:
    """How far the picture is from the wanted one: root mean square of 8-bit values."""
    difference = ImageChops.difference(samples.opened(data).convert("RGB"), wanted)
    return max(ImageStat.Stat(difference).rms)


@pytest.mark.parametrize("size", [(2600, 1700), (2601, 1701), (2599, 1703)])
def test_odd_sides_do_not_shift_the_picture(size: tuple[int, int]) -> None:
    """Shrinking while decoding halves an odd side to half a pixel more than there is."""
    upload = samples.encoded(dotted(size), "JPEG", quality=98)
    large = prepared(upload).large
    wanted = samples.opened(upload).resize(samples.opened(large).size, Image.Resampling.LANCZOS)
    assert apart(large, wanted) < 9


def dotted(size: tuple[int, int]) -> Image.Image:
    """Dark dots of 16 pixels on a light ground, so that half a pixel shows."""
    whole = Image.new("RGB", size, (230, 200, 180))
    for x in range(0, size[0], 32):
        for y in range(0, size[1], 32):
            whole.paste((90, 60, 50), (x, y, x + 16, y + 16))
    return whole


@pytest.mark.parametrize("size", [(480, 320), (1601, 1201)])
def test_jpeg_that_stores_rgb_keeps_its_colours(size: tuple[int, int]) -> None:
    """Adobe's marker says so, or without it the names of the components."""
    marked = samples.encoded(samples.picture(*size), "JPEG", quality=95, keep_rgb=True)
    at = marked.index(b"\xff\xee")
    named = marked[:at] + marked[at + 2 + int.from_bytes(marked[at + 2 : at + 4]) :]
    assert b"Adobe" not in named
    for upload in (marked, named):
        photo = prepared(upload)
        assert samples.is_upright(photo.large)
        assert samples.is_upright(photo.small)


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("size", [(480, 320), (2000, 1333), (2001, 1333)])
def test_colours_stay_where_they_are(size: tuple[int, int], subsampling: str) -> None:
    upload = samples.encoded(samples.picture(*size), "JPEG", quality=95, subsampling=subsampling)
    for file in (prepared(upload).large, prepared(upload).small):
        wanted = samples.picture(*size).resize(samples.opened(file).size, Image.Resampling.LANCZOS)
        assert apart(file, wanted) < 8
