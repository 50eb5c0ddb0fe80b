"""Pictures of every colour space are converted to sRGB. If the true colours are unknown, they are approximate."""

import struct
import zlib

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from tests.support.colour_profiles import SPACES, in_space, matrix_profile
from tests.support.encoding import saved
from tests.support.pages import page_of, whole
from tests.support.photos import photo
from worker.vision.documents.pictures.colours import colours_of
from worker.vision.geometry import Box

Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def scene() -> Picture:
    """Return a picture with strong colours: an orange suit, and the same suit in blue."""
    picture = photo("astronaut")[:400, :400]
    return np.ascontiguousarray(np.hstack([picture, picture[..., ::-1]]))


def is_approximate(data: bytes) -> bool:
    page = page_of(data)
    return page.approximate_colours(Box(0, 0, *page.size))


def difference(data: bytes, scene: Picture) -> float:
    return float(np.abs(whole(page_of(data)).astype(int) - scene).mean())


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("space", sorted(SPACES))
def test_a_profile_is_converted_to_srgb(scene: Picture, form: str, space: str) -> None:
    stored, icc = in_space(scene, space)
    data = saved(Image.fromarray(stored), form, icc_profile=icc, quality=95)
    unconverted = np.abs(stored.astype(int) - scene).mean()
    assert difference(data, scene) < 0.6 * unconverted
    assert not is_approximate(data)


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_an_srgb_profile_does_not_change_colours(scene: Picture, mode: str) -> None:
    picture = Image.fromarray(scene).convert(mode)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert colours_of(profile, "RGB").convert is None
    with_profile, without = saved(picture, "PNG", icc_profile=profile), saved(picture, "PNG")
    np.testing.assert_array_equal(whole(page_of(with_profile)), whole(page_of(without)))


def test_another_profile_with_the_name_of_srgb_is_converted(scene: Picture) -> None:
    stored, _ = in_space(scene, "Display P3")
    icc = matrix_profile(SPACES["Display P3"], name="sRGB IEC61966-2.1")
    assert difference(saved(Image.fromarray(stored), "PNG", icc_profile=icc), scene) < 2


def test_a_grey_profile_is_converted(scene: Picture) -> None:
    linear = matrix_profile(None, gamma=1.0)
    grey = np.asarray(Image.fromarray(scene).convert("L"))
    stored = np.round(255 * np.where(grey <= 10, grey / 255 / 12.92, ((grey / 255 + 0.055) / 1.055) ** 2.4))
    data = saved(Image.fromarray(stored.astype(np.uint8)), "PNG", icc_profile=linear)
    expected = np.repeat(grey[..., None], 3, axis=2)
    bright = expected > 60  # dark greys have few levels in linear light
    assert np.abs(whole(page_of(data)).astype(int) - expected)[bright].mean() < 2


def test_cmyk_without_a_profile_is_approximate(scene: Picture) -> None:
    assert is_approximate(saved(Image.fromarray(scene).convert("CMYK"), "JPEG", quality=95))


@pytest.mark.parametrize("icc", [b"no profile", b"\0" * 200])
def test_colours_are_approximate_if_the_profile_is_damaged(scene: Picture, icc: bytes) -> None:
    data = saved(Image.fromarray(scene), "JPEG", icc_profile=icc, quality=95)
    assert difference(data, scene) < 3
    assert is_approximate(data)


def test_colours_are_approximate_if_the_profile_is_of_another_space(scene: Picture) -> None:
    data = saved(Image.fromarray(scene), "JPEG", icc_profile=matrix_profile(None), quality=95)
    assert difference(data, scene) < 3
    assert is_approximate(data)


def test_lab_is_converted_without_a_profile(scene: Picture) -> None:
    to_lab = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
    lab = ImageCms.applyTransform(Image.fromarray(scene), to_lab)
    assert lab is not None
    assert difference(saved(lab, "TIFF"), scene) < 3


@pytest.mark.parametrize(("primaries", "transfer", "approximate"), [(1, 13, False), (9, 16, True), (12, 13, True)])
def test_colours_are_approximate_if_an_avif_declares_other_primaries_or_transfer_than_srgb(
    scene: Picture, primaries: int, transfer: int, *, approximate: bool
) -> None:
    data = saved(Image.fromarray(scene), "AVIF", quality=90)
    at = data.index(b"colrnclx") + len(b"colrnclx")
    numbered = data[:at] + struct.pack(">HH", primaries, transfer) + data[at + 4 :]
    assert is_approximate(numbered) is approximate


@pytest.mark.parametrize(
    ("kind", "content", "approximate"),
    [
        (b"gAMA", struct.pack(">I", 45455), False),
        (b"gAMA", struct.pack(">I", 100000), True),
        (b"cICP", bytes((1, 13, 0, 1)), False),
        (b"cICP", bytes((12, 13, 0, 1)), True),
    ],
)
def test_colours_are_approximate_if_a_png_declares_that_they_are_not_srgb(
    scene: Picture, kind: bytes, content: bytes, *, approximate: bool
) -> None:
    data = saved(Image.fromarray(scene), "PNG")
    added = struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    assert is_approximate(data[:33] + added + data[33:]) is approximate
