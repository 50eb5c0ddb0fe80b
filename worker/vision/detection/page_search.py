"""The search of one page at one size: where its faces are, and which way up it is.

The detector finds upright faces. One pass over a clear upright page settles it. A face that leaves some doubt is
looked at by itself in four quarter turns, which costs half of a pass and names the right way up. Where that leaves
doubt too, or nothing was found, the page is searched in all four turns, and what may be a face is looked at by itself
in several sizes: a portrait scores high there in one turn, and print does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from worker.vision.detection.centerface import CenterFaceDetector
from worker.vision.detection.face_crops import sure_turn_scores, turn_scores
from worker.vision.documents import Page
from worker.vision.errors import VisionError
from worker.vision.geometry import Face
from worker.vision.portrait import PlacedFace
from worker.vision.selection.candidate_filter import rms_contrast

LONG_SIDE = 384
"""Pixels of the page's longer side for detection. Of the sizes from 320 to 640 it is the one whose best quarter turn
named the right way up for 49 of 49 specimen documents, and it costs a third of 640."""

_LONG_PAGE = 1.8
_LONGEST_PAGE = 16.0
"""Ratio of a page's sides from which it is looked at in more pixels: as many as a page of this ratio has. Of a
screenshot of 1080 by 12000 pixels a long side of 384 would leave 35 across. A page that is longer still is no document,
and would cost without bound."""

CLEAR_SCORE = 0.8
CLEAR_ROLL = 20.0
"""An upright pass with a face this sure and this little tilted (degrees) is taken at once. Of 25 upright specimen
documents and 127 photographs all but 2 pass; of the same in three wrong turns, 1 of 456."""

FACE_SCORE = 0.5
"""Score on the page from which a face of an upright page is one, although it may not be sure by itself: glare across a
face can do that. In another turn, which few pages lie in, print reaches it too: ``_NAMED_SCORE`` counts there."""

_NAMED_SCORE = 0.75
"""Score in the turn that a face by itself has named from which that turn is taken. Less can be print or glare,
while the portrait lies another way."""

_VERIFIED_SCORE = 0.55
"""Score by itself, the mean of the best three of four views, from which a doubtful face is one. Of the labelled
documents the least is 0.59, a fax in black and white."""

_CLEAR_BY_ITSELF = 0.7
_MARGIN = 0.15
"""Score by itself from which a face that is clear on the page leaves no doubt; one that is not as clear there must
also be surer upright than in any other turn, by the margin. A card on an A4 scan is settled so."""

_DOUBTFUL = 6  # faces of a page, the surest in any turn, that are looked at by themselves
_FINALISTS = 2  # of these, in all views


@dataclass(frozen=True, slots=True)
class PageFaces:
    """The faces of a page.

    Attributes
    ----------
    faces
        In the frame of the page after ``quarters`` counter-clockwise quarter turns, at its full resolution.
    quarters
        The turns that bring the page the right way up, 0..3.
    error
        Why the page could not be looked at, if it could not.
    contrast
        The highest of its faces', those of a score below ``FACE_SCORE`` left out: the standard deviation of the
        luminance over its mean, as the page was looked at.

    """

    faces: list[Face]
    quarters: int
    error: VisionError | None = None
    contrast: float = 0.0

    @property
    def best_score(self) -> float:
        return max((face.score for face in self.faces), default=0.0)


NOTHING = PageFaces([], 0)


def searched(page: Page, detector: CenterFaceDetector, long_side: int) -> PageFaces:
    """Return the faces of a page at this size, or why it cannot be looked at."""
    try:
        return PageSearch(page, detector, long_side).run()
    except VisionError as error:
        return unreadable(error)


def unreadable(error: VisionError) -> PageFaces:
    """Return what is known of a page that cannot be looked at."""
    return PageFaces([], 0, error.with_traceback(None))  # its frames would keep the page's pixels


class PageSearch:
    """The search of one page at one size; each turn is looked at once at most."""

    def __init__(self, page: Page, detector: CenterFaceDetector, long_side: int) -> None:
        ratio = min(max(page.size) / min(page.size), _LONGEST_PAGE)
        long_side = round(long_side * max(1.0, ratio / _LONG_PAGE) ** 0.5)
        self._page = page
        self._detector = detector
        self._preview = page.preview(long_side)
        self._factor = max(page.size) / long_side
        self._looks: dict[int, PageFaces] = {}
        self._close: dict[int, list[float]] = {}  # by the id of a face of one of the looks

    def run(self) -> PageFaces:
        """Return the faces of the page; none if no face is sure enough."""
        found = self._settled()
        return replace(found, contrast=self._contrast(found))

    def _settled(self) -> PageFaces:
        """Return the faces of the turn that is the right way up."""
        upright = self.look(0)
        if upright.best_score >= FACE_SCORE:
            best = max(upright.faces, key=lambda face: face.score)
            if best.score >= CLEAR_SCORE and abs(best.roll) <= CLEAR_ROLL:
                return upright
            scores = self._scores(best, 0)
            if scores[0] >= _CLEAR_BY_ITSELF and scores[0] >= max(scores[1:]) + _MARGIN:
                return upright
            named = self.look(int(np.argmax(scores)))
            if named.best_score >= _NAMED_SCORE:
                return named
        return self._verified()

    def _contrast(self, found: PageFaces) -> float:
        """Return the highest contrast of the faces, 0 for none."""
        turned = np.rot90(self._preview, found.quarters)
        boxes = [face.scaled(1 / self._factor).box for face in found.faces if face.score >= FACE_SCORE]
        parts = (turned[int(box.top) : int(box.bottom) + 1, int(box.left) : int(box.right) + 1] for box in boxes)
        return max(map(rms_contrast, parts), default=0.0)

    def look(self, quarters: int) -> PageFaces:
        """Return all that may be a face after so many quarter turns, sure or not."""
        if quarters not in self._looks:
            faces = self._detector.detect(np.ascontiguousarray(np.rot90(self._preview, quarters)))
            self._looks[quarters] = PageFaces([face.scaled(self._factor) for face in faces], quarters)
        return self._looks[quarters]

    def _verified(self) -> PageFaces:
        """Return the faces of the turn that the surest face by itself names, with the scores that they have there."""
        seen = [(face, quarters) for quarters in range(4) for face in self.look(quarters).faces]
        seen.sort(key=lambda each: each[0].score, reverse=True)
        if seen and self._agrees(*seen[0]):
            return self.look(seen[0][1])
        by_itself = [(self._scores(face, quarters), face, quarters) for face, quarters in seen[:_DOUBTFUL]]
        by_itself.sort(key=lambda each: max(each[0]), reverse=True)
        best, way_up = 0.0, 0
        for close, face, quarters in by_itself[:_FINALISTS]:
            scores = sure_turn_scores(PlacedFace(self._page, face, quarters), self._detector, close)
            if max(scores) > best:
                best, way_up = max(scores), (quarters + int(np.argmax(scores))) % 4
        if best < _VERIFIED_SCORE:
            return self._unverified(seen)
        faces = self.look(way_up).faces
        return PageFaces([replace(face, score=self._score(face, way_up)) for face in faces], way_up)

    def _agrees(self, face: Face, quarters: int) -> bool:
        """Tell whether a face that is clear on the page is as clear by itself, the same way up."""
        if face.score < CLEAR_SCORE:
            return False
        scores = self._scores(face, quarters)
        return scores[0] >= _CLEAR_BY_ITSELF and scores[0] == max(scores)

    def _unverified(self, seen: Sequence[tuple[Face, int]]) -> PageFaces:
        """Return the turn with the surest face of the page where no face is sure by itself, if it is sure enough."""
        if not seen:
            return NOTHING
        face, quarters = seen[0]
        enough = FACE_SCORE if quarters == 0 else _NAMED_SCORE
        return self.look(quarters) if face.score >= enough else NOTHING

    def _score(self, face: Face, quarters: int) -> float:
        """Return how sure the detector is of a face as it stands, on the page or by itself."""
        return max(face.score, self._scores(face, quarters)[0])

    def _scores(self, face: Face, quarters: int) -> list[float]:
        """Return the scores of a face by itself, measured once."""
        if id(face) not in self._close:
            self._close[id(face)] = turn_scores(PlacedFace(self._page, face, quarters), self._detector)
        return self._close[id(face)]
