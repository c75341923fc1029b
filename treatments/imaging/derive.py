"""Make the two sizes that screens show: upright, sRGB, JPEG, from fresh pixels.

A photo is shrunk while it is decoded, then turned: turning 1.2 megapixels instead of 12 is what
makes this three times cheaper than `exif_transpose` and `thumbnail`. Where a JPEG stores brightness
and colour apart they stay apart: most of the time goes into the filter, and the JPEG written
afterwards keeps a quarter of the colour. Decoders only ever see a file that `clean` has written.
"""

from __future__ import annotations

import contextlib
import io
import struct
import warnings
import zlib
from collections.abc import Iterator

from PIL import Image, ImageCms
from PIL.JpegImagePlugin import JpegImageFile

from treatments.imaging import guard, webp
from treatments.imaging.clean import Cleaned

LARGE_SIDE, LARGE_QUALITY = 1280, 85
SMALL_SIDE, SMALL_QUALITY = 320, 80
FRESH_QUALITY = 95

# An MPO opens through JPEG. Without the list Pillow tries all its forty decoders on any upload.
DECODERS = ("JPEG", "PNG", "WEBP")

DECODER_ERRORS = (
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
    EOFError,
    OSError,  # UnidentifiedImageError and "image file is truncated" among them
    SyntaxError,  # what Pillow's PNG and JPEG readers raise for a broken header
    ValueError,
    struct.error,
    zlib.error,
)

# Process-wide on purpose: warnings.catch_warnings() is not safe between threads.
warnings.simplefilter("error", Image.DecompressionBombWarning)

_SRGB = ImageCms.createProfile("sRGB")
_WHITE = 255
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def derive(photo: Cleaned) -> tuple[bytes, bytes]:
    """Return the large (long side 1280 px) and the small (320 px) JPEG; nothing is ever enlarged.

    Raises Refused when the picture cannot be decoded to its end.
    """
    with _decoding(photo) as picture:
        # The exact target lets libjpeg skip as much as it can: a square box would measure the
        # short side, and decode four times the pixels.
        target = _fitted(picture.size, LARGE_SIDE)
        is_apart = not photo.colour.source and _has_planes(picture)
        drafted = picture.draft("YCbCr" if is_apart else None, target)
        # Half of an odd side ends in the middle of a pixel, which libjpeg fills up.
        box = drafted[1] if drafted else None
        shrunk = _shrunk(_plain(picture), target, box)
    large = _fresh(_upright(_srgb(shrunk, photo.colour.source), photo))
    small = _shrunk(large, _fitted(large.size, SMALL_SIDE))
    return _jpeg(large, LARGE_QUALITY), _jpeg(small, SMALL_QUALITY)


def fresh_master(photo: Cleaned) -> bytes:
    """Encode the whole picture anew, upright, in its own format.

    For the few files whose orientation or colours cannot be kept by copying. PNG and lossless WebP
    lose nothing but the low bytes of 16-bit colour; JPEG and WebP are written at FRESH_QUALITY.
    """
    # One name for each step: with 50 megapixels every copy that stays alive costs 200 MB.
    with _decoding(photo) as opened:
        picture = _plain(opened)
    del opened
    if photo.colour.is_convertible_only:
        picture = _srgb(picture, photo.colour.source)
    picture = _upright(picture, photo)
    picture.info = {}  # Pillow's writers fall back on what the reader left here
    return _encoded(picture, photo)


def _encoded(picture: Image.Image, photo: Cleaned) -> bytes:
    file = io.BytesIO()
    match photo.anatomy.media_type:
        case "image/jpeg":
            picture.save(file, "JPEG", quality=FRESH_QUALITY, subsampling=0)
        case "image/png":
            picture.save(file, "PNG", icc_profile=photo.colour.kept or None)
        case "image/webp":
            # `quality` means effort when lossless; more of it took ten seconds for 20 megapixels.
            is_lossless = webp.is_lossless(photo.anatomy)
            quality, method = (20, 0) if is_lossless else (FRESH_QUALITY, 2)
            picture.save(
                file,
                "WEBP",
                lossless=is_lossless,
                quality=quality,
                method=method,
                icc_profile=photo.colour.kept,
            )
    return file.getvalue()


@contextlib.contextmanager
def _decoding(photo: Cleaned) -> Iterator[Image.Image]:
    """Open a cleaned file; whatever a decoder raises meanwhile becomes a refusal."""
    try:
        with Image.open(io.BytesIO(photo.data), formats=DECODERS) as picture:
            if picture.size != (photo.anatomy.width, photo.anatomy.height):
                raise guard.damaged()
            yield picture
    except DECODER_ERRORS as error:
        raise guard.incomplete() if "truncated" in str(error) else guard.damaged() from error


def _fitted(size: tuple[int, int], side: int) -> tuple[int, int]:
    """The size, in pixels, with the long side at most `side` and the same proportions."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _has_planes(picture: Image.Image) -> bool:
    """Whether a JPEG stores YCbCr, as libjpeg guesses it; no where libjpeg itself is in doubt."""
    if not isinstance(picture, JpegImageFile) or picture.mode != "RGB":
        return False
    if "jfif" in picture.info:
        return True
    if "adobe_transform" in picture.info:
        return bool(picture.info["adobe_transform"] == 1)
    return [component[0] for component in picture.layer] == [1, 2, 3]


def _shrunk(
    picture: Image.Image,
    size: tuple[int, int],
    box: tuple[float, float, float, float] | None = None,
) -> Image.Image:
    """The picture at this size in pixels; of YCbCr the colours at half of it, as JPEG keeps them.

    `box` is the part of the picture to take, in its pixels; None for all of it.
    """
    if picture.mode != "YCbCr" or picture.size == size:
        return picture.resize(size, Image.Resampling.LANCZOS, box, reducing_gap=2.0)
    half = (size[0] + 1) // 2, (size[1] + 1) // 2
    planes = [picture.getchannel(0).resize(size, Image.Resampling.LANCZOS, box, reducing_gap=2.0)]
    for number in (1, 2):
        colour = picture.getchannel(number)
        coarse = colour.resize(half, Image.Resampling.LANCZOS, box, reducing_gap=1.0)
        planes.append(coarse.resize(size, Image.Resampling.NEAREST))
    return Image.merge("YCbCr", planes)


def _plain(picture: Image.Image) -> Image.Image:
    """Replace palettes and transparent colours by real pixels, which can be resized and turned."""
    if picture.mode in {"RGBA", "LA", "I;16"}:  # 16-bit grey loses a transparent colour, no grey
        picture.load()
        return picture
    if picture.has_transparency_data:
        return picture.convert("RGBA")
    if picture.mode in {"1", "P"}:
        return picture.convert("L" if picture.mode == "1" else "RGB")
    picture.load()
    return picture


def _upright(picture: Image.Image, photo: Cleaned) -> Image.Image:
    turn = _TURNS.get(photo.capture.orientation)
    return picture if turn is None else picture.transpose(turn)


def _srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Flatten on white and convert to 8-bit sRGB; YCbCr came without a profile and stays."""
    opaque = _opaque(_eight_bit(picture))
    if profile:
        opaque = _converted(opaque, profile)
    return opaque if opaque.mode in {"RGB", "YCbCr"} else opaque.convert("RGB")


def _fresh(picture: Image.Image) -> Image.Image:
    """The same pixels in an image that has seen no file."""
    fresh = Image.new(picture.mode, picture.size)
    fresh.paste(picture)
    return fresh


def _eight_bit(picture: Image.Image) -> Image.Image:
    """Keep the high byte of 16-bit grey: Pillow's own conversion would clip everything to white."""
    if picture.mode != "I;16":
        return picture
    return Image.frombytes("L", picture.size, picture.tobytes()[1::2])


def _opaque(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture
    mode = picture.mode.removesuffix("A")
    ground = Image.new(mode, picture.size, (_WHITE,) * len(mode))
    ground.paste(picture.convert(mode), mask=picture.getchannel("A"))
    return ground


def _converted(picture: Image.Image, profile: bytes) -> Image.Image:
    """Convert with the photo's own profile; one that LittleCMS rejects is ignored, as browsers do."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(
            picture,
            source,
            _SRGB,
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
        )
    except (ImageCms.PyCMSError, OSError):  # refused by the transform, refused by the reader
        return picture
    return picture if converted is None else converted


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()
