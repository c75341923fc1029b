"""What leaves a photo, and that its pixels do not change when it leaves."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
from PIL import Image, ImageChops

from tests.pure import imaging_samples as samples
from treatments.imaging import Prepared, prepare


def prepared(data: bytes) -> Prepared:
    return prepare(io.BytesIO(data))


def files(photo: Prepared) -> tuple[bytes, bytes, bytes]:
    return photo.master, photo.large, photo.small


def are_equal(first: Image.Image, second: Image.Image) -> bool:
    return (
        first.mode == second.mode
        and first.size == second.size
        and first.tobytes() == second.tobytes()
    )


TALKATIVE = {
    "jpeg": samples.talkative_jpeg,
    "progressive": lambda: samples.talkative_jpeg(progressive=True),
    "png": samples.talkative_png,
    "webp lossy": samples.talkative_webp,
    "webp lossless": lambda: samples.talkative_webp(lossless=True),
}
TRACES = (samples.CANARY, samples.CANARY[:4], b"ns.adobe.com", b"GPS", b"MPF\x00", b"8BIM", b"tEXt")


@pytest.mark.parametrize("build", TALKATIVE.values(), ids=TALKATIVE.keys())
def test_metadata_leave_every_file(build: samples.Build) -> None:
    upload = build()
    assert upload.count(samples.CANARY) >= 4
    for file in files(prepared(upload)):
        assert [trace for trace in TRACES if trace in file] == []


@pytest.mark.parametrize("build", TALKATIVE.values(), ids=TALKATIVE.keys())
def test_pixels_stay_when_metadata_leave(build: samples.Build) -> None:
    upload = build()
    assert are_equal(samples.opened(prepared(upload).master), samples.opened(upload))


@pytest.mark.parametrize("build", TALKATIVE.values(), ids=TALKATIVE.keys())
def test_capture_time_is_told(build: samples.Build) -> None:
    assert prepared(build()).taken_at == datetime(2024, 3, 5, 14, 15, 16)


@pytest.mark.parametrize("build", TALKATIVE.values(), ids=TALKATIVE.keys())
def test_cleaning_twice_changes_nothing(build: samples.Build) -> None:
    master = prepared(build()).master
    assert prepared(master).master == master


@pytest.mark.parametrize(
    "taken", [b"0000:00:00 00:00:00", b"    :  :     :  :  ", b"\xff" * 19, b"2024:13:01 00:00:00"]
)
def test_capture_time_of_an_unset_clock_is_none(taken: bytes) -> None:
    exif = samples.segment(0xE1, b"Exif\x00\x00" + samples.tiff(taken=taken))
    plain = samples.encoded(samples.picture(), "JPEG")
    assert prepared(samples.after_start(plain, exif)).taken_at is None


@pytest.mark.parametrize("order", ["<", ">"])
def test_jpeg_keeps_an_exif_block_of_26_bytes_only(order: str) -> None:
    turned = samples.picture().transpose(samples.STORED_AS[6])
    exif = samples.segment(0xE1, b"Exif\x00\x00" + samples.tiff(order=order, orientation=6))
    upload = samples.after_start(samples.encoded(turned, "JPEG"), exif)
    photo = prepared(upload)
    at = photo.master.index(b"Exif\x00\x00")
    assert photo.master.count(b"Exif") == 1
    assert photo.master[at - 4 : at] == b"\xff\xe1" + (2 + 6 + 26).to_bytes(2)
    assert samples.opened(photo.master).getexif() == {0x0112: 6}
    assert photo.taken_at == datetime(2024, 3, 5, 14, 15, 16)
    assert are_equal(samples.opened(photo.master), samples.opened(upload))


def test_jpeg_without_metadata_is_copied_byte_for_byte() -> None:
    upload = samples.encoded(samples.picture(), "JPEG")
    assert prepared(upload).master == upload


@pytest.mark.parametrize("cut", range(0, 160, 7))
def test_exif_cut_anywhere_is_never_an_error(cut: int) -> None:
    block = samples.tiff()[:cut]
    exif = samples.segment(0xE1, b"Exif\x00\x00" + block)
    upload = samples.after_start(samples.encoded(samples.picture(), "JPEG"), exif)
    assert samples.is_upright(prepared(upload).master)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_exif_orientation_out_of_range_means_upright(orientation: int) -> None:
    exif = samples.segment(0xE1, b"Exif\x00\x00" + samples.tiff(orientation=orientation))
    photo = prepared(samples.after_start(samples.encoded(samples.picture(), "JPEG"), exif))
    assert b"Exif" not in photo.master
    assert samples.is_upright(photo.large)


def test_mpo_keeps_its_first_frame_only() -> None:
    first, second = samples.picture(), Image.new("RGB", (480, 320), (1, 2, 3))
    upload = samples.mpo(first, second)
    photo = prepared(upload)
    with Image.open(io.BytesIO(photo.master)) as master:
        assert master.format == "JPEG"
        assert master.convert("RGB").tobytes() == samples.opened(upload).convert("RGB").tobytes()
    assert photo.master.count(b"\xff\xd8\xff") == 1
    assert photo.master.endswith(b"\xff\xd9")


TAILS = {
    "html": b"<html><script>alert(1)</script></html>",
    "php": b"<?php system($_GET['c']); ?>",
    "zip": b"PK\x03\x04 the directory PK\x05\x06" + bytes(18),
    "pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF",
}


@pytest.mark.parametrize("tail", TAILS.values(), ids=TAILS.keys())
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_polyglot_loses_its_tail(kind: str, tail: bytes) -> None:
    plain = samples.encoded(samples.picture(), kind)
    photo = prepared(plain + tail)
    assert photo.master == prepared(plain).master
    assert all(tail[:8] not in file for file in files(photo))


def test_polyglot_in_a_comment_loses_it() -> None:
    plain = samples.encoded(samples.picture(), "JPEG")
    upload = samples.after_start(plain, samples.segment(0xFE, TAILS["php"]))
    assert prepared(upload).master == plain


def test_adobe_segment_is_cut_to_its_twelve_bytes() -> None:
    upload = samples.encoded(samples.picture().convert("CMYK"), "JPEG")
    at = upload.index(b"\xff\xee")
    longer = samples.segment(0xEE, upload[at + 4 : at + 16] + samples.CANARY)
    photo = prepared(upload[:at] + longer + upload[at + 16 :])
    assert photo.master == upload


def test_adobe_rgb_encoded_jpeg_keeps_its_colours() -> None:
    upload = samples.encoded(samples.picture(), "JPEG", keep_rgb=True, quality=95)
    photo = prepared(upload)
    assert are_equal(samples.opened(photo.master), samples.opened(upload))
    assert samples.is_upright(photo.large)


def test_restart_markers_survive() -> None:
    upload = samples.encoded(samples.picture(), "JPEG", restart_marker_blocks=3)
    assert prepared(upload).master == upload


def test_png_keeps_the_chunks_that_change_how_pixels_look() -> None:
    upload = samples.before_data(
        samples.encoded(samples.picture(), "PNG"),
        samples.chunk(b"sRGB", b"\x00"),
        samples.chunk(b"gAMA", (45455).to_bytes(4)),
    )
    assert prepared(upload).master == upload


def test_webp_flags_tell_what_is_left() -> None:
    clear = Image.new("RGBA", (60, 40), (10, 20, 30, 128))
    exif = Image.Exif()
    exif[0x010F] = samples.CANARY.decode()
    master = prepared(samples.encoded(clear, "WEBP", exif=exif)).master
    assert (master[12:16], master[20]) == (b"VP8X", 0x10)
    assert samples.opened(master).mode == "RGBA"


def test_sha256_is_of_the_upload() -> None:
    upload = samples.talkative_jpeg()
    other = prepared(upload + b" ")
    photo = prepared(upload)
    assert (len(photo.sha256), photo.sha256 != other.sha256) == (64, True)
    assert photo.master == other.master


def test_difference_is_seen_by_the_pixel_comparison() -> None:
    """Control: the comparison these tests rest on notices one changed pixel."""
    one, two = samples.picture(), samples.picture()
    two.putpixel((5, 5), (0, 0, 0))
    assert not are_equal(one, two)
    assert ImageChops.difference(one, two).getbbox() == (5, 5, 6, 6)
