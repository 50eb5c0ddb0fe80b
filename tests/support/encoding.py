"""Encodes pictures in every format that the service reads."""

import io
from typing import Any

import pillow_heif
from PIL import Image

from tests.support.photos import Picture

PILLOW_NAMES = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "tiff": "TIFF", "avif": "AVIF"}
PICTURES = [*PILLOW_NAMES, "heic"]


def saved(picture: Image.Image, form: str, **options: object) -> bytes:
    """Return a picture in one of Pillow's formats."""
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def heic(picture: Picture, **options: object) -> bytes:
    """Return a picture as HEIC. Encodes faster than by default, and the files are larger."""
    buffer = io.BytesIO()
    options = {"quality": 90, "enc_params": {"preset": "ultrafast"}, **options}
    pillow_heif.from_pillow(Image.fromarray(picture)).save(buffer, **options)
    return buffer.getvalue()


def encoded(picture: Picture, name: str, **options: object) -> bytes:
    """Return a picture in a format of ``PICTURES``."""
    if name == "heic":
        return heic(picture, **options)
    return saved(Image.fromarray(picture), PILLOW_NAMES[name], quality=90, **options)


def tiff(*pictures: Image.Image, **options: Any) -> bytes:
    """Return a TIFF with one page for each picture."""
    first, *others = pictures
    return saved(first, "TIFF", save_all=True, append_images=others, **options)
