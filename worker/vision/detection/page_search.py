"""The search of one page at one size: its faces and its upright orientation.

The detector finds upright faces. A glance, which costs a third of a pass, settles most pages: it looks for a clear
upright face in each of the four orientations in turn, and stops at the first. If the best face is less clear, the
detector runs on a crop of that face in four quarter turns, which costs half of a pass and usually gives the
orientation. If the glance leaves doubt, one pass looks for an upright face on the whole page in the same way. If doubt
remains, the detector runs on the page in all four orientations, and on several crops of each possible face. In these
crops a portrait has a high score in one orientation, and printed patterns do not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from worker.vision.detection.detector import Detector
from worker.vision.detection.face_crops import orientation_scores, robust_orientation_scores
from worker.vision.documents import Page
from worker.vision.errors import VisionError
from worker.vision.geometry import Box, DetectedFace, Image
from worker.vision.page_face import PageFace
from worker.vision.quality import rms_contrast

_LONG_PAGE = 1.8
_LONGEST_PAGE = 16.0
"""Ratios of the longer to the shorter side. Above ``_LONG_PAGE`` a page is searched at more pixels: as many as a page
with this ratio has. Otherwise a screenshot of 1080 by 12000 pixels would be only 35 pixels wide at a long side of 384.
``_LONGEST_PAGE`` limits the cost; a page with a higher ratio is no document."""

_MAX_VERIFIED = 6  # faces of a page, those with the highest scores in any orientation, that are verified on one crop
_MAX_FINALISTS = 2  # of these, the number that are verified on all crops


@dataclass(frozen=True, slots=True)
class PageDetections:
    """The faces of a page.

    Attributes
    ----------
    faces
        In the frame of the page after ``quarters`` counter-clockwise quarter turns, at full resolution.
    quarters
        Quarter turns that make the page upright, 0..3.
    error
        Why the page could not be searched; None if it could.
    contrast
        The highest root mean square contrast of the faces, measured at the size of the search; 0 if no face has a score
        of at least ``ScoreThresholds.face``.

    """

    faces: list[DetectedFace]
    quarters: int
    error: VisionError | None = None
    contrast: float = 0.0

    @property
    def best_score(self) -> float:
        return max((face.score for face in self.faces), default=0.0)


NO_DETECTIONS = PageDetections([], 0)


def search_page(page: Page, detector: Detector, long_side: int) -> PageDetections:
    """Return the faces of a page at this size, or the reason why it cannot be searched."""
    try:
        return PageSearch(page, detector, long_side).run()
    except VisionError as error:
        return failed_page(error)


def failed_page(error: VisionError) -> PageDetections:
    """Return the result for a page that cannot be searched."""
    return PageDetections([], 0, error.with_traceback(None))  # frames of the traceback would keep the page's pixels


class PageSearch:
    """The search of one page at one size. Each orientation is detected at most once."""

    def __init__(self, page: Page, detector: Detector, long_side: int) -> None:
        ratio = min(max(page.size) / min(page.size), _LONGEST_PAGE)
        long_side = round(long_side * max(1.0, ratio / _LONG_PAGE) ** 0.5)
        self._page = page
        self._detector = detector
        self._thresholds = detector.profile.scores
        self._preview = page.preview(long_side)
        self._factor = max(page.size) / long_side
        self._detections: dict[int, PageDetections] = {}  # by quarter turns
        self._crop_scores: dict[tuple[Box, int], list[float]] = {}  # by the box of a face and quarter turns

    def run(self) -> PageDetections:
        """Return the faces of the page; no face if every score is too low."""
        found = self._upright()
        return replace(found, contrast=self._contrast(found))

    def detect(self, quarters: int) -> PageDetections:
        """Return all possible faces after this number of quarter turns, also those with low scores."""
        if quarters not in self._detections:
            self._detections[quarters] = self._on_page(self._detector.detect(self._turned(quarters)), quarters)
        return self._detections[quarters]

    def _turned(self, quarters: int) -> Image:
        return np.ascontiguousarray(np.rot90(self._preview, quarters))

    def _on_page(self, faces: Sequence[DetectedFace], quarters: int) -> PageDetections:
        return PageDetections([face.scaled(self._factor) for face in faces], quarters)

    def _upright(self) -> PageDetections:
        """Return the faces in the orientation in which the page is upright."""
        for quarters in range(4):
            seen = self._on_page(self._detector.glance(self._turned(quarters)), quarters)
            if self._is_upright(seen):
                return seen
        stored = self.detect(0)
        if self._is_upright(stored):
            return stored
        if stored.best_score >= self._thresholds.face:
            best = max(stored.faces, key=lambda face: face.score)
            suggested = self.detect(int(np.argmax(self._scores(best, 0))))
            if suggested.best_score >= self._thresholds.turned:
                return suggested
        return self._verified()

    def _is_upright(self, found: PageDetections) -> bool:
        """Return whether the best face shows beyond doubt that the page is upright in this orientation."""
        thresholds, is_stored = self._thresholds, found.quarters == 0
        if found.best_score < (thresholds.face if is_stored else thresholds.turned):
            return False
        best = max(found.faces, key=lambda face: face.score)
        if is_stored and best.score >= thresholds.clear and abs(best.roll) <= thresholds.clear_roll:
            return True
        if not is_stored and self._crop_agrees(best, found.quarters):
            return True
        scores = self._scores(best, found.quarters)
        return scores[0] >= thresholds.crop_clear and scores[0] >= max(scores[1:]) + thresholds.crop_margin

    def _contrast(self, found: PageDetections) -> float:
        """Return the highest contrast of the faces, 0 for none."""
        turned = np.rot90(self._preview, found.quarters)
        faces = [face for face in found.faces if face.score >= self._thresholds.face]
        boxes = [face.scaled(1 / self._factor).box for face in faces]
        parts = (turned[int(box.top) : int(box.bottom) + 1, int(box.left) : int(box.right) + 1] for box in boxes)
        return max(map(rms_contrast, parts), default=0.0)

    def _verified(self) -> PageDetections:
        """Return the faces in the orientation that has the highest score over several crops.

        Each face gets the higher of its score on the page and its score in the crop.
        """
        seen = [(face, quarters) for quarters in range(4) for face in self.detect(quarters).faces]
        seen.sort(key=lambda each: each[0].score, reverse=True)
        if seen and self._crop_agrees(*seen[0]):
            return self.detect(seen[0][1])
        in_crops = [(self._scores(face, quarters), face, quarters) for face, quarters in seen[:_MAX_VERIFIED]]
        in_crops.sort(key=lambda each: max(each[0]), reverse=True)
        best, upright = 0.0, 0
        for first, face, quarters in in_crops[:_MAX_FINALISTS]:
            scores = robust_orientation_scores(self._page_face(face, quarters), self._detector, first)
            if max(scores) > best:
                best, upright = max(scores), (quarters + int(np.argmax(scores))) % 4
        if best < self._thresholds.verified:
            return self._unverified(seen)
        faces = self.detect(upright).faces
        return PageDetections([replace(face, score=self._best_score(face, upright)) for face in faces], upright)

    def _crop_agrees(self, face: DetectedFace, quarters: int) -> bool:
        """Return whether a face that is clear on the page is clear in its crop too, in the same orientation."""
        if face.score < self._thresholds.clear:
            return False
        scores = self._scores(face, quarters)
        return scores[0] >= self._thresholds.crop_clear and scores[0] == max(scores)

    def _unverified(self, seen: Sequence[tuple[DetectedFace, int]]) -> PageDetections:
        """Return the orientation of the face with the highest score on the page, if that score is high enough.

        This applies if no face has a high score in its crops.
        """
        if not seen:
            return NO_DETECTIONS
        face, quarters = seen[0]
        threshold = self._thresholds.face if quarters == 0 else self._thresholds.turned
        return self.detect(quarters) if face.score >= threshold else NO_DETECTIONS

    def _best_score(self, face: DetectedFace, quarters: int) -> float:
        """Return the higher of the score on the page and the score in the crop, in this orientation."""
        return max(face.score, self._scores(face, quarters)[0])

    def _scores(self, face: DetectedFace, quarters: int) -> list[float]:
        """Return the scores of a face in its crop by orientation, measured once."""
        key = face.box, quarters
        if key not in self._crop_scores:
            self._crop_scores[key] = orientation_scores(self._page_face(face, quarters), self._detector)
        return self._crop_scores[key]

    def _page_face(self, face: DetectedFace, quarters: int) -> PageFace:
        return PageFace(self._page, face, quarters, self._detector.profile.geometry)
