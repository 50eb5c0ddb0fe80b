"""Films for the browser's camera: one picture of a document or a face that is held into the guide."""

from pathlib import Path

import cv2
import numpy as np

from tests.labelled.faces import FACES
from tests.support.compose import card, paste
from tests.support.photos import Picture, photo
from worker.vision.geometry import Box

SIZE = (1280, 720)  # pixels
RATE = 10  # pictures per second
CARD = Box(165, 65, 1115, 655)  # inside the guide for documents
FACE_HEIGHT = 460  # pixels from hairline to chin, inside the guide for faces
TABLE = 90  # grey level


def show(film: Path, picture: Picture) -> None:
    """Write a film of this picture, as YUV4MPEG2, which Chromium repeats.

    Chromium shows this format at the film's rate, and Motion JPEG at 30 pictures per second, which costs more.
    """
    height, width = picture.shape[:2]
    header = f"YUV4MPEG2 W{width} H{height} F{RATE}:1 Ip A1:1 C420jpeg\nFRAME\n"
    film.write_bytes(header.encode() + cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420).tobytes())


def held_card() -> Picture:
    """Return an ID card on a table, in the guide."""
    frame = np.full((SIZE[1], SIZE[0], 3), TABLE, np.uint8)
    paste(frame, card("obama2"), CARD)
    return frame


def held_selfie() -> Picture:
    """Return a person whose face is in the guide."""
    face, picture = FACES["obama"], photo("obama")
    scale = FACE_HEIGHT / face.height
    x, y = (face.left + face.right) / 2, (face.top + face.bottom) / 2
    to_frame = np.array([[scale, 0, SIZE[0] / 2 - scale * x], [0, scale, SIZE[1] / 2 - scale * y]])
    frame = cv2.warpAffine(picture, to_frame, SIZE, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(frame, np.uint8)
