"""The method of the replaced service: HOG on the full-size picture, dlib's embedding, PDFs rendered at 144 dpi."""

import io
from collections.abc import Iterator

import face_recognition
import numpy as np
import pymupdf
from PIL import Image

from tests.support.photos import Picture

_DPI = 144


def extract(data: bytes) -> bytes:
    """Return the largest face of the first page with a face, as a JPEG."""
    for picture in _pictures(data):
        locations = face_recognition.face_locations(picture)
        if locations:
            top, right, bottom, left = max(locations, key=lambda box: (box[2] - box[0]) * (box[1] - box[3]))
            buffer = io.BytesIO()
            Image.fromarray(picture[max(0, top) : bottom, max(0, left) : right]).save(buffer, "JPEG")
            return buffer.getvalue()
    raise LookupError("no face")


def compare(first: bytes, second: bytes) -> float:
    """Return the distance between the first faces of two pictures."""
    one, other = (face_recognition.face_encodings(next(_pictures(data)))[0] for data in (first, second))
    return float(face_recognition.face_distance([one], other)[0])


def _pictures(data: bytes) -> Iterator[Picture]:
    if data.startswith(b"%PDF"):
        with pymupdf.open(stream=data) as document:
            for page in document:
                pixmap = page.get_pixmap(dpi=_DPI)
                yield np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.width, 3)
    else:
        yield face_recognition.load_image_file(io.BytesIO(data))
