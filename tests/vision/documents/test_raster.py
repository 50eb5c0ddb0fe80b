"""JPEGs and PNGs of every colour type and orientation become the same upright RGB. Damaged files are refused."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from tests.support.compose import card, jpeg, png
from tests.support.encoding import saved
from tests.support.pages import as_stored, page_of, whole
from tests.support.unreadable import lying_png
from worker.vision.errors import ImageTooLargeError, UnreadableImageError

Picture = NDArray[np.uint8]


def decode(data: bytes) -> Picture:
    return whole(page_of(data))


@pytest.fixture(scope="module")
def scene() -> Picture:
    return card("astronaut")


def text_chunks(keyword: str, text: str) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text(keyword, text)
    return info


def raw_profile(exif: Image.Exif) -> str:
    """Return EXIF in ImageMagick's format for PNG: a name, a length, and hexadecimal lines."""
    data = exif.tobytes()
    return f"\nexif\n{len(data):8}\n{data.hex()}"


def test_the_orientation_of_a_png_is_undone(scene: Picture) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    turned = Image.fromarray(scene[::-1, ::-1].copy())
    assert np.array_equal(decode(saved(turned, "PNG", exif=exif)), scene)


@pytest.mark.parametrize("where", ["raw profile", "XMP"])
def test_an_orientation_that_browsers_ignore_is_ignored(scene: Picture, where: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    text = {
        "raw profile": text_chunks("Raw profile type exif", raw_profile(exif)),
        "XMP": text_chunks("XML:com.adobe.xmp", '<x tiff:Orientation="3"/>'),
    }[where]
    assert np.array_equal(decode(saved(Image.fromarray(scene), "PNG", pnginfo=text)), scene)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone(scene: Picture, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    page = page_of(jpeg(as_stored(scene, orientation), exif=exif))
    assert page.size == (scene.shape[1], scene.shape[0])
    assert np.abs(whole(page).astype(int) - scene).mean() < 3
    assert page.preview(200).shape[:2] == (126, 200)


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGB"])
def test_jpegs_of_all_colour_types_become_rgb(scene: Picture, mode: str) -> None:
    expected = np.asarray(Image.fromarray(scene).convert(mode).convert("RGB"))
    result = decode(saved(Image.fromarray(scene).convert(mode), "JPEG", quality=95))
    assert result.shape == scene.shape
    assert np.abs(result.astype(int) - expected).mean() < 3


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_pngs_of_all_colour_types_become_rgb(scene: Picture, mode: str) -> None:
    picture = Image.fromarray(scene).convert(mode)
    np.testing.assert_array_equal(decode(saved(picture, "PNG")), np.asarray(picture.convert("RGB")))


def test_16_bits_are_reduced_to_the_upper_8() -> None:
    grey = np.arange(0, 65536, 16, dtype=np.uint16).reshape(64, 64)
    result = decode(saved(Image.fromarray(grey), "PNG"))
    np.testing.assert_array_equal(result, np.repeat((grey >> 8).astype(np.uint8)[:, :, None], 3, axis=2))


def test_transparent_pixels_become_white() -> None:
    clear = Image.new("RGBA", (40, 30), (255, 0, 0, 0))
    np.testing.assert_array_equal(decode(saved(clear, "PNG")), 255)


def test_transparent_palette_entry_becomes_white() -> None:
    picture = Image.new("P", (40, 30), 0)
    picture.putpalette([10, 20, 30] * 256)
    np.testing.assert_array_equal(decode(saved(picture, "PNG", transparency=0)), 255)


def test_a_preview_of_a_large_photograph_equals_the_reduced_photograph(scene: Picture) -> None:
    large = np.asarray(Image.fromarray(scene).resize((4000, 2520)), np.uint8)
    page = page_of(jpeg(large))
    small = np.asarray(Image.fromarray(large).resize((384, 242), Image.Resampling.BOX), np.uint8)
    preview = page.preview(384)
    assert preview.shape == small.shape
    assert np.abs(preview.astype(int) - small).mean() < 4


@pytest.mark.parametrize("part", [0.02, 0.3, 0.6, 0.95])
@pytest.mark.parametrize("encode", [jpeg, png])
def test_a_truncated_picture_is_refused(scene: Picture, encode: object, part: float) -> None:
    data = encode(scene)  # type: ignore[operator]
    with pytest.raises(UnreadableImageError):
        decode(data[: int(len(data) * part)])


def test_a_jpeg_without_its_last_marker_is_read(scene: Picture) -> None:
    data = jpeg(scene)
    assert data.endswith(b"\xff\xd9")
    np.testing.assert_array_equal(decode(data[:-2]), decode(data))
    with pytest.raises(UnreadableImageError):
        decode(data[:-12])


def test_a_png_whose_header_declares_too_many_pixels_is_refused(scene: Picture) -> None:
    with pytest.raises(UnreadableImageError):
        decode(lying_png(scene, width=4 * scene.shape[1]))


def test_a_png_whose_header_declares_a_billion_pixels_is_refused_before_decoding(scene: Picture) -> None:
    with pytest.raises(ImageTooLargeError):
        decode(lying_png(scene, width=60_000, height=60_000))


def test_a_png_with_a_damaged_header_is_refused(scene: Picture) -> None:
    data = bytearray(png(scene))
    data[17] ^= 0xFF
    with pytest.raises(UnreadableImageError):
        decode(bytes(data))
