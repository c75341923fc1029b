"""Hostile, broken and simply wrong files: each is refused in one sentence."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from clinic.refusal import Refused
from tests.pure import imaging_samples as samples
from treatments.imaging import MAX_BYTES, check_bytes, prepare

DAMAGED = "This photo is damaged. Take or choose it again."
INCOMPLETE = "This photo is incomplete. Take or choose it again."
NO_PHOTO = "This file is not a JPEG, PNG or WebP photo."
ANIMATION = "This is an animation. Choose a single photo."
HEIC = (
    "This is an iPhone HEIC photo. Take it with the camera button, "
    "or choose 'Most compatible' in Settings > Camera > Formats."
)
TOO_MANY_PASSES = (
    "This JPEG is stored in too many passes. Save it as an ordinary JPEG and choose it again."
)
UNUSUAL = "This kind of JPEG cannot be shown. Save it as an ordinary JPEG and choose it again."
HIDDEN = "This PNG carries too much hidden text. Save it as a JPEG and choose it again."
SMALLER = "Set the camera to a lower resolution or choose a smaller copy."

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def refusal(data: bytes) -> str:
    """The sentence with which the file is refused."""
    with pytest.raises(Refused) as caught:
        prepare(io.BytesIO(data))
    assert caught.value.field is None
    return caught.value.message


def jpeg(**options: object) -> bytes:
    return samples.encoded(samples.picture(), "JPEG", **options)


def test_empty_file_is_refused() -> None:
    assert refusal(b"") == "This file is empty. Take or choose the photo again."


def test_file_of_26_mb_is_refused_with_its_size() -> None:
    assert refusal(jpeg().ljust(26 * 1024 * 1024, b"\x00")) == (
        f"Photo is 26.0 MB, the limit is 25 MB. {SMALLER}"
    )


def test_file_one_byte_too_big_is_not_said_to_be_as_big_as_the_limit() -> None:
    assert refusal(bytes(MAX_BYTES + 1)) == f"Photo is 25.1 MB, the limit is 25 MB. {SMALLER}"


def test_file_of_exactly_the_limit_is_accepted() -> None:
    upload = jpeg()
    assert prepare(io.BytesIO(upload.ljust(MAX_BYTES, b"\x00"))).master == upload


def test_size_can_be_checked_without_the_file() -> None:
    check_bytes(MAX_BYTES)
    with pytest.raises(Refused):
        check_bytes(MAX_BYTES + 1)


def test_file_is_read_from_its_start() -> None:
    file = io.BytesIO(jpeg())
    file.seek(100)
    assert prepare(file).width == 480


FOREIGN = {
    "svg": SVG,
    "gif": samples.encoded(samples.picture(), "GIF"),
    "bmp": samples.encoded(samples.picture(), "BMP"),
    "tiff": samples.encoded(samples.picture(), "TIFF"),
    "ico": samples.encoded(samples.picture(), "ICO"),
    "avif": samples.encoded(samples.picture(), "AVIF"),
    "html": b"<!doctype html><title>photo.jpg</title>",
    "pdf": b"%PDF-1.7\n%%EOF",
    "zip": b"PK\x03\x04" + bytes(40),
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n",
    "psd": b"8BPS\x00\x01" + bytes(40),
    "one byte": b"\xff",
    "riff sound": b"RIFF\x24\x00\x00\x00WAVEfmt ",
    "html, then a jpeg": b"<html>" + jpeg(),
}


@pytest.mark.parametrize("data", FOREIGN.values(), ids=FOREIGN.keys())
def test_other_file_type_is_refused_whatever_its_name(data: bytes) -> None:
    file = io.BytesIO(data)
    file.name = "photo.jpg"
    with pytest.raises(Refused) as caught:
        prepare(file)
    assert caught.value.message == NO_PHOTO


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1", b"msf1", b"hevc"])
def test_heic_is_refused_with_advice(brand: bytes) -> None:
    assert refusal(b"\x00\x00\x00\x18ftyp" + brand + b"\x00\x00\x00\x00mif1heic") == HEIC


# Bombs


def test_png_of_40000_px_square_is_refused_by_its_header() -> None:
    bomb = samples.png_of(40_000, 40_000, data=zlib.compress(bytes(50_000_000)))
    assert (
        refusal(bomb) == f"Photo is 40000 × 40000 pixels, the limit is 12000 on a side. {SMALLER}"
    )


def test_header_alone_is_enough_to_refuse() -> None:
    header = struct.pack(">IIBBBBB", 11_000, 11_000, 8, 2, 0, 0, 0)
    assert refusal(PNG_MAGIC + samples.chunk(b"IHDR", header)) == (
        f"Photo has 121.0 megapixels, the limit is 16. {SMALLER}"
    )


def resized(upload: bytes, width: int, height: int) -> bytes:
    """The JPEG with another size in its frame header."""
    at = upload.index(b"\xff\xc0") + 5
    return upload[:at] + struct.pack(">HH", height, width) + upload[at + 4 :]


@pytest.mark.parametrize(
    ("width", "height", "sentence"),
    [
        (12_001, 10, f"Photo is 12001 × 10 pixels, the limit is 12000 on a side. {SMALLER}"),
        (10, 65_535, f"Photo is 10 × 65535 pixels, the limit is 12000 on a side. {SMALLER}"),
        (8_000, 6_251, f"Photo has 50.1 megapixels, the limit is 50. {SMALLER}"),
        (0, 100, DAMAGED),
        (100, 0, DAMAGED),
    ],
)
def test_jpeg_header_beyond_the_limits_is_refused(width: int, height: int, sentence: str) -> None:
    assert refusal(resized(jpeg(), width, height)) == sentence


def test_webp_header_beyond_the_limits_is_refused() -> None:
    size = (11_999).to_bytes(3, "little") * 2
    bomb = samples.riff((b"VP8X", bytes(4) + size), (b"VP8L", b"\x2f" + bytes(20)))
    assert refusal(bomb) == f"Photo has 144.0 megapixels, the limit is 16. {SMALLER}"


def test_webp_whose_canvas_differs_from_its_image_is_refused() -> None:
    image = samples.encoded(samples.picture(), "WEBP")[20:]
    small = samples.riff((b"VP8X", bytes(4) + bytes(6)), (b"VP8 ", image))
    assert refusal(small) == DAMAGED


def test_jpeg_with_150_scans_is_refused() -> None:
    assert refusal(samples.with_scans(150)) == TOO_MANY_PASSES


def test_jpeg_with_40_scans_is_accepted() -> None:
    assert prepare(io.BytesIO(samples.with_scans(40))).width == 64


def test_many_scans_of_a_big_picture_are_refused_earlier() -> None:
    upload = samples.with_scans(40)
    at = upload.index(b"\xff\xc2") + 5
    big = upload[:at] + struct.pack(">HH", 6_000, 8_000) + upload[at + 4 :]
    assert refusal(big) == TOO_MANY_PASSES


def test_scan_marker_inside_a_segment_is_not_a_scan() -> None:
    comments = [samples.segment(0xFE, b"\xff\xda\x00\x08" * 16_000)] * 3
    assert prepare(io.BytesIO(samples.after_start(jpeg(), *comments))).master == jpeg()


BULK = zlib.compress(bytes(300_000_000), 9)
BOMBS = {
    "zTXt": samples.chunk(b"zTXt", b"Comment\x00\x00" + BULK),
    "iTXt": samples.chunk(b"iTXt", b"Comment\x00\x01\x00en\x00\x00" + BULK),
    "iCCP": samples.chunk(b"iCCP", b"sRGB\x00\x00" + BULK),
    "many zTXt": samples.chunk(b"zTXt", b"C\x00\x00" + zlib.compress(bytes(900_000))) * 5,
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_png_whose_text_inflates_is_refused(bomb: bytes) -> None:
    assert refusal(samples.before_data(samples.encoded(samples.picture(), "PNG"), bomb)) == HIDDEN


@pytest.mark.parametrize("name", [b"zTXt", b"iCCP", b"iTXt"])
def test_png_whose_text_is_no_zlib_data_is_accepted(name: bytes) -> None:
    text = samples.chunk(name, b"Comment\x00\x01 not compressed")
    plain = samples.encoded(samples.picture(), "PNG")
    assert prepare(io.BytesIO(samples.before_data(plain, text))).master == plain


def test_jpeg_cut_into_empty_segments_is_refused() -> None:
    assert refusal(samples.after_start(jpeg(), samples.segment(0xFE, b"") * 30_000)) == DAMAGED


def test_png_cut_into_empty_chunks_is_refused() -> None:
    plain = samples.encoded(samples.picture(), "PNG")
    assert refusal(samples.before_data(plain, samples.chunk(b"IDAT", b"") * 30_000)) == DAMAGED


# Animations


def test_animated_webp_is_refused() -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    animated = samples.encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    assert refusal(animated) == ANIMATION


def test_animated_png_is_refused() -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    animated = samples.encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])
    assert refusal(animated) == ANIMATION


# Broken files


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
def test_truncated_file_is_refused(kind: str, share: float) -> None:
    upload = samples.encoded(Image.effect_noise((300, 200), 90).convert("RGB"), kind)
    assert refusal(upload[: int(len(upload) * share)]) == INCOMPLETE


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_file_cut_at_any_byte_is_refused(kind: str) -> None:
    upload = samples.encoded(samples.picture(24, 16), kind)
    sentences = {refusal(upload[:cut]) for cut in range(12, len(upload))}
    assert sentences == {INCOMPLETE}


def test_truncated_data_inside_a_whole_png_is_refused() -> None:
    half = zlib.compress(bytes(101 * 100))[:-8]
    assert refusal(samples.png_of(100, 100, data=half)) in {DAMAGED, INCOMPLETE}


def test_truncated_data_inside_a_whole_webp_is_refused() -> None:
    noise = Image.effect_noise((300, 200), 90).convert("RGB")
    image = samples.encoded(noise, "WEBP")[20:]
    assert refusal(samples.riff((b"VP8 ", image[: len(image) // 3]))) in {DAMAGED, INCOMPLETE}


def test_html_with_png_magic_is_refused() -> None:
    assert refusal(PNG_MAGIC + b"<html><script>alert(1)</script></html>") in {DAMAGED, INCOMPLETE}


def test_html_with_jpeg_magic_is_refused() -> None:
    assert refusal(b"\xff\xd8\xff<html><script>alert(1)</script></html>") in {DAMAGED, INCOMPLETE}


def test_png_with_a_wrong_checksum_is_refused() -> None:
    upload = bytearray(samples.encoded(samples.picture(), "PNG"))
    upload[-20] ^= 1
    assert refusal(bytes(upload)) == DAMAGED


def test_png_with_an_unknown_critical_chunk_is_refused() -> None:
    plain = samples.encoded(samples.picture(), "PNG")
    assert refusal(samples.before_data(plain, samples.chunk(b"QQQQ", b""))) == DAMAGED


BROKEN_JPEGS = {
    "no scan": b"\xff\xd8\xff\xd9",
    "only a start": b"\xff\xd8\xff\xd8\xff\xd9",
    "two frames": jpeg().replace(
        b"\xff\xda", jpeg()[jpeg().index(b"\xff\xc0") :][:19] + b"\xff\xda", 1
    ),
    "scan before frame": jpeg().replace(b"\xff\xc0", b"\xff\xfe", 1),
    "second start": samples.after_start(jpeg(), b"\xff\xd8"),
    "segment shorter than its length": samples.after_start(jpeg(), b"\xff\xfe\x00\x01"),
    "reserved marker": samples.after_start(jpeg(), b"\xff\x40\x00\x04ab"),
    "bad tables": jpeg().replace(b"\xff\xdb\x00\x43\x00", b"\xff\xdb\x00\x43\x99", 1),
}


@pytest.mark.parametrize("data", BROKEN_JPEGS.values(), ids=BROKEN_JPEGS.keys())
def test_jpeg_that_contradicts_its_format_is_refused(data: bytes) -> None:
    assert refusal(data) == DAMAGED


@pytest.mark.parametrize("frame", [0xC3, 0xC5, 0xC9, 0xCA, 0xCF])
def test_jpeg_that_no_browser_shows_is_refused(frame: int) -> None:
    assert refusal(jpeg().replace(b"\xff\xc0", bytes((0xFF, frame)), 1)) == UNUSUAL


def test_jpeg_of_12_bits_is_refused() -> None:
    at = jpeg().index(b"\xff\xc0") + 4
    assert refusal(jpeg()[:at] + b"\x0c" + jpeg()[at + 1 :]) == UNUSUAL


def test_bytes_between_segments_are_skipped_and_dropped() -> None:
    upload = samples.after_start(jpeg(), b"junk", b"\xff\xff\xff", samples.segment(0xFE, b"x"))
    assert prepare(io.BytesIO(upload)).master == jpeg()
