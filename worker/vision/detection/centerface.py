"""The CenterFace detector and its profile.

The network (Xu et al., "CenterFace: Joint Face Detection and Alignment Using Face as Point", 2019) works on a grid of
cells of 4 by 4 pixels. For each cell it predicts whether a face is centred there, the logarithm of the size of that
face in cells, the offset of its centre within the cell, and five landmarks relative to its box.
"""

import cv2
import numpy as np

from worker.vision.detection.detector import (
    CandidateThresholds,
    CropSize,
    DetectorProfile,
    ScoreThresholds,
    SearchSizes,
)
from worker.vision.detection.network_input import network_input
from worker.vision.geometry import Box, DetectedFace, Image
from worker.vision.models.runtime import Array, Session
from worker.vision.page_face import FaceGeometry

_MIN_SCORE = 0.3
"""Faces with a lower score are not reported. None of 49 portraits in specimen documents has a lower score. At most one
of 13 pages without a portrait has a face with a higher score (measured at a long side of 384)."""

_STRIDE = 4  # pixels of the input in one cell of the output
_NMS_IOU = 0.3  # boxes with more overlap are one face; the value of the reference implementation

_SCORES = ScoreThresholds(
    # Glare across a face can lower the score in its crop, so a score on the upright page is enough. In other
    # orientations, which few pages have, printed patterns reach 0.5 too; `turned` applies there.
    face=0.5,
    # 25 upright specimen documents and 127 photographs: all but 2 have a clear face. The same pictures in the three
    # wrong orientations: 1 of 456 has one.
    clear=0.8,
    clear_roll=20.0,
    # A lower score can be print or glare, while the portrait has another orientation.
    turned=0.75,
    # With these two values, a card on an A4 scan is settled by one crop.
    crop_clear=0.7,
    crop_margin=0.15,
    # The lowest score in the labelled documents is 0.59, in a black-and-white fax.
    verified=0.55,
    dominant=0.85,
    # Hidden portraits have scores of 0.7 and more.
    occluded=0.65,
)

_SIZES = SearchSizes(
    # A search at this size costs a quarter of a search at 384.
    dominant=192,
    # Of the sizes from 320 to 640, only 384 gave the highest score to the right orientation in 49 of 49 specimen
    # documents. It costs a third of 640.
    page=384,
    # At 768, a face of 60 pixels in a photograph of 12 megapixels is found, with a low score. At 1152, a face of 30
    # pixels on a page of 1754 pixels is found. The third search takes half a second a page.
    closer=768,
    closest=1152,
    # Sides of 128 and 160 pixels with contexts from 1.7 to 2.2 were compared. This crop gave the right orientation for
    # 176 of 176 faces that were found upright. Of 402 faces that were found in a wrong orientation, it took none for
    # upright. A crop of 128 pixels takes 2 ms on one core.
    crop=CropSize(128, 2.0),
    # A face with glare, or with the hard black and white of a copier, is found at some sizes and not at others.
    more_crops=(CropSize(128, 3.0), CropSize(192, 2.0), CropSize(256, 2.0)),
)

_CANDIDATES = CandidateThresholds(
    # 25 specimen portraits have a contrast of 0.14 or more. Ghost images that were composed at 30 to 70% of the
    # contrast of their portrait have 0.04 to 0.11.
    min_contrast=0.12,
    min_relative_score=0.45,
    # 411 pairs of a portrait and its ghost on composed documents: the portrait is stronger in 406 pairs with these
    # weights, in 401 without contrast, and in 388 by score alone. Weights from 1 to 2 work as well (`python -m bench
    # selection`).
    size_weight=1.5,
    contrast_weight=1.5,
    # Rivals that are other people are often stronger by up to 0.7. Some ghosts are so damaged that their embedding is
    # that of another person; their portraits are stronger by 1.2 or more. With 0.8, a ghost was chosen in one more of
    # 1,155 composed documents.
    similar_strength=0.5,
)

_GEOMETRY = FaceGeometry(
    # With these margins, the head from chin to crown takes about three quarters of the height of the portrait, as in an
    # ICAO portrait (ISO/IEC 19794-5).
    margin_above=0.50,
    margin_below=0.45,
    inner_margin=0.1,
    # Within the noise of the landmarks and of how people hold their heads.
    min_roll=5.0,
    # With these two values, yaw and pitch of 25 specimen portraits are within 9 degrees of frontal.
    frontal_nose=0.55,
    nose_depth=0.45,
    landmark_square=(1.05, 0.05),
    alignment_context=3.0,
    # The page is reduced by area averaging to this size, which removes the raster of a printed photograph. For a
    # halftone of 100 pixels from eye to chin, 2.5% of the pairs are missed. With a factor of 2, the alignment reduces
    # the picture instead, and 7.1% are missed (`python -m bench verification FOLDER`). Photographs lose nothing.
    alignment_factor=1.0,
)

CENTERFACE = DetectorProfile(
    name="CenterFace",
    scores=_SCORES,
    sizes=_SIZES,
    candidates=_CANDIDATES,
    geometry=_GEOMETRY,
    # A selfie has a face of this size.
    dominant_share=0.25,
    # Nine ghosts on composed documents with a hidden portrait have a contrast of 0.04 to 0.17. Five of 25 specimen
    # portraits have as little contrast. They cost three more passes, 40 ms on a card.
    ghost_contrast=0.18,
    same_face_iou=0.3,
)


class CenterFaceDetector:
    """Finds upright faces with a roll of up to about 30 degrees."""

    profile = CENTERFACE

    def __init__(self, session: Session) -> None:
        self._session = session

    def detect(self, image: Image) -> list[DetectedFace]:
        """Find the faces in a picture. The cost is proportional to its number of pixels."""
        height, width = image.shape[:2]
        heat, scale, offset, landmarks = self._session.run(network_input(image))
        faces = _decode(heat[0, 0], scale[0], offset[0], landmarks[0])
        clipped = [DetectedFace(face.box.clipped(width, height), face.landmarks, face.score) for face in faces]
        return [face for face in clipped if face.box.area > 0]

    def glance(self, image: Image) -> list[DetectedFace]:  # noqa: ARG002
        """Return nothing: this detector has no faster way."""
        return []


def _decode(heat: Array, scale: Array, offset: Array, landmarks: Array) -> list[DetectedFace]:
    """Decode the four output maps ``(H/4, W/4)``, ``(2, ...)``, ``(2, ...)`` and ``(10, ...)`` into faces."""
    rows, columns = np.nonzero(heat >= _MIN_SCORE)
    if rows.size == 0:
        return []
    scores = heat[rows, columns]
    heights, widths = np.exp(scale[:, rows, columns]) * _STRIDE
    centre_y = (rows + offset[0, rows, columns] + 0.5) * _STRIDE
    centre_x = (columns + offset[1, rows, columns] + 0.5) * _STRIDE
    left, top = centre_x - widths / 2, centre_y - heights / 2
    # Ten maps: y and x of each of the five landmarks, as fractions of the box.
    relative = landmarks[:, rows, columns].reshape(5, 2, -1)
    points = np.stack([relative[:, 1] * widths + left, relative[:, 0] * heights + top], axis=-1).astype(np.float32)
    boxes = np.stack([left, top, widths, heights], axis=1)
    kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), _MIN_SCORE, _NMS_IOU)
    return [
        DetectedFace(
            Box(float(left[i]), float(top[i]), float(left[i] + widths[i]), float(top[i] + heights[i])),
            points[:, i],
            float(scores[i]),
        )
        for i in np.asarray(kept, dtype=np.intp).reshape(-1)
    ]
