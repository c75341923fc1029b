"""What a picture's numbers say of how it was taken, on drawn and on real photographs."""

from __future__ import annotations

import io
from itertools import combinations

import pytest
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from tests.pure.real_photos import CORPUS, DRAWN
from treatments.imaging.look import likeness, look_of
from treatments.rules.look import Look

SESSIONS = range(7)


def jpeg(picture: Image.Image, side: int = 1280) -> bytes:
    picture = picture.convert("RGB")
    picture.thumbnail((side, side))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=88)
    return out.getvalue()


def drawn(view: str, session: int = 0, body: int = 1) -> Image.Image:
    return Image.open(DRAWN / f"body{body}-{view}-{session}.jpg").convert("RGB")


def real(name: str) -> Image.Image:
    if CORPUS is None:
        pytest.skip("CORPUS_DIR does not name a folder of real photographs")
    with Image.open(CORPUS / "exif-samples" / "jpg" / "hdr" / name) as opened:
        return ImageOps.exif_transpose(opened).convert("RGB")


def test_look_of_plain_grey() -> None:
    grey = jpeg(Image.new("RGB", (300, 400), (128, 128, 128)))
    found = look_of(grey)
    assert found == Look(
        light=pytest.approx(128, abs=1),
        warmth=pytest.approx(0, abs=0.01),
        tint=pytest.approx(0, abs=0.01),
        slope_x=pytest.approx(0, abs=0.5),
        slope_y=pytest.approx(0, abs=0.5),
        sharpness=pytest.approx(0, abs=0.5),
    )


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 3), (1280, 1), (1, 1280)])
def test_picture_without_an_inside_is_measured_all_the_same(size: tuple[int, int]) -> None:
    found = look_of(jpeg(Image.new("RGB", size, (128, 128, 128))))
    assert (round(found.light), round(found.sharpness)) == (128, 0)


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("light", lambda picture: ImageEnhance.Brightness(picture).enhance(1.25)),
        (
            "warmth",
            lambda picture: picture.convert("RGB", (1.15, 0, 0, 0, *(0, 1, 0, 0), *(0, 0, 1, 0))),
        ),
        (
            "tint",
            lambda picture: picture.convert("RGB", (1, 0, 0, 0, *(0, 1, 0, 0), *(0, 0, 1.15, 0))),
        ),
    ],
)
def test_each_change_shows_in_its_own_figure(name: str, changed: object) -> None:
    before = look_of(jpeg(drawn("back_relaxed")))
    after = look_of(jpeg(changed(drawn("back_relaxed"))))  # type: ignore[operator]
    assert getattr(after, name) > getattr(before, name) + (10 if name == "light" else 0.1)


@pytest.mark.parametrize("source", ["drawn", "iphone_hdr_NO.jpg", "canon_hdr_NO.jpg"])
def test_blurred_copy_is_far_less_sharp(source: str) -> None:
    picture = drawn("back_relaxed") if source == "drawn" else real(source)
    picture.thumbnail((1280, 1280))
    blurred = picture.filter(ImageFilter.GaussianBlur(2))
    assert look_of(jpeg(blurred)).sharpness < look_of(jpeg(picture)).sharpness / 2


@pytest.mark.parametrize("view", ["back_relaxed", "left_relaxed"])
def test_same_view_of_one_body_is_alike_through_a_whole_course(view: str) -> None:
    small = [jpeg(drawn(view, session), 320) for session in SESSIONS]
    assert min(likeness(one, other) for one, other in combinations(small, 2)) > 0.9


def test_back_and_side_are_not_alike() -> None:
    back, side = (jpeg(drawn(view), 320) for view in ("back_relaxed", "left_relaxed"))
    assert likeness(back, side) < 0.5


def test_hdr_pairs_show_one_scene_in_another_light() -> None:
    for make in ("iphone", "canon"):
        pair = [real(f"{make}_hdr_{answer}.jpg") for answer in ("NO", "YES")]
        assert likeness(*(jpeg(picture.copy(), 320) for picture in pair)) > 0.7
        off, on = (look_of(jpeg(picture)) for picture in pair)
        assert abs(off.light - on.light) > 25


def test_two_scenes_are_not_alike() -> None:
    one, other = real("iphone_hdr_NO.jpg"), real("canon_hdr_NO.jpg")
    assert likeness(jpeg(one, 320), jpeg(other, 320)) < 0.5


def test_only_what_this_house_encoded_is_measured() -> None:
    with pytest.raises(OSError, match="cannot identify"):
        look_of(b"GIF89a not a picture of this house")
