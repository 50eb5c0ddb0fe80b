"""Where the faces of a document are: a look at each page, and closer ones only where they are needed.

One look at each page settles most documents. Only where no page shows a face is there a closer look, and after it one
through filters that take away what lies across a face. Where every face found is pale, and so may be a ghost, the
filters are tried too: its portrait may lie under a stamp.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from worker.vision.detector import CenterFaceDetector
from worker.vision.documents import Page
from worker.vision.enhanced_page import FILTERS, EnhancedPage
from worker.vision.errors import VisionError
from worker.vision.geometry import Face
from worker.vision.page_search import CLEAR_ROLL, NOTHING, PageFaces, PageSearch

LONG_SIDE = 384
"""Pixels of the page's longer side for detection. Of the sizes from 320 to 640 it is the one whose best quarter turn
named the right way up for 49 of 49 specimen documents, and it costs a third of 640."""

CLOSER_LONG_SIDE = 768
CLOSEST_LONG_SIDE = 1152
"""Second and third look, where the one before has found nothing. At 768 a face of 60 pixels in a photo of 12
megapixels is seen, though unsurely; at 1152 one of 30 pixels on a page of 1754. The third look takes half a second
a page."""

_CLOSEST_PAGES = 3  # pages of a document, from the first, that get the third look: it bounds the time

GLANCE_LONG_SIDE = 192
_GLANCE_SCORE = 0.85
_GLANCE_SHARE = 0.25
"""First look where only the portrait is asked for: a face this sure, and whose box is this share of the page's side,
as in a selfie, is the portrait, also where a larger look would find others. It costs a quarter of that."""

_PALE = 0.18
"""Contrast below which a face may be a ghost. Nine ghosts on composed documents whose portrait was hidden had 0.04 to
0.17; five of 25 specimen portraits are as pale, and cost three further looks for it, 40 ms."""

_UNCOVERED_SCORE = 0.65
"""Score from which a face that a filter uncovers beside pale ones is one; hidden portraits had 0.7 and more."""

_SAME_FACE = 0.3  # intersection over union from which boxes of two looks are one face


def find_faces(pages: Sequence[Page], detector: CenterFaceDetector, *, portrait_only: bool = False) -> list[PageFaces]:
    """Find the faces of each page of a document, in whichever quarter turn shows them best.

    Parameters
    ----------
    pages
        All pages of the document.
    detector
        Finds upright faces.
    portrait_only
        A face that is the portrait for sure is enough; others need not be found.

    Returns
    -------
    list[PageFaces]
        One a page. A page that cannot be decoded has no faces, and says why.

    Raises
    ------
    VisionError
        The only page cannot be decoded.

    """
    if portrait_only and len(pages) == 1:
        glance = _glance(pages[0], detector)
        if glance is not None:
            return [glance]
    found = [NOTHING] * len(pages)
    for long_side in (LONG_SIDE, CLOSER_LONG_SIDE, CLOSEST_LONG_SIDE):
        most = _CLOSEST_PAGES if long_side == CLOSEST_LONG_SIDE else len(pages)
        for index, page in enumerate(pages[:most]):
            if page.may_show_a_face and found[index].error is None:
                found[index] = _searched(page, detector, long_side)
        if any(each.faces for each in found):
            found = _completed(pages, found, detector)
            break
    else:
        for index, page in enumerate(pages):
            if not page.may_show_a_face:
                found[index] = _searched(page, detector, LONG_SIDE)
            elif index < _CLOSEST_PAGES and found[index].error is None:
                found[index] = _enhanced(page, detector)
    return [of_page if of_page.faces else _checked(page, of_page) for page, of_page in zip(pages, found, strict=True)]


def _completed(pages: Sequence[Page], found: list[PageFaces], detector: CenterFaceDetector) -> list[PageFaces]:
    """Return what was found, with what filters uncover if it may be ghosts alone."""
    if max(each.contrast for each in found) >= _PALE:
        return found
    return [
        _merged(of_page, *_filtered(page, of_page.quarters, detector))
        if of_page.faces and number < _CLOSEST_PAGES
        else of_page
        for number, (page, of_page) in enumerate(zip(pages, found, strict=True))
    ]


def _filtered(page: Page, quarters: int, detector: CenterFaceDetector) -> Iterator[PageFaces]:
    """Yield the clear faces that each filter uncovers on a page whose way up is known."""
    for enhancement in FILTERS:
        look = PageSearch(EnhancedPage(page, enhancement), detector, LONG_SIDE).look(quarters)
        yield replace(look, faces=[face for face in look.faces if face.score >= _UNCOVERED_SCORE])


def _searched(page: Page, detector: CenterFaceDetector, long_side: int) -> PageFaces:
    try:
        search = PageSearch(page, detector, long_side)
        found = search.run()
        return replace(found, contrast=search.contrast(found))
    except VisionError as error:
        return _unreadable(error)


def _enhanced(page: Page, detector: CenterFaceDetector) -> PageFaces:
    """Return the faces that filters uncover, the way up of the surest of them."""
    return _merged(*(_searched(EnhancedPage(page, each), detector, LONG_SIDE) for each in FILTERS))


def _merged(*looks: PageFaces) -> PageFaces:
    """Return the faces of several looks at a page, each once, the way up of the surest of them."""
    surest = max(looks, key=lambda look: look.best_score)
    faces = [face for look in looks if look.quarters == surest.quarters for face in look.faces]
    return replace(surest, faces=_distinct(faces))


def _distinct(faces: list[Face]) -> list[Face]:
    """Return each face once, as the look that was surest of it has it."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: face.score, reverse=True):
        if all(face.box.iou(other.box) < _SAME_FACE for other in kept):
            kept.append(face)
    return kept


def _checked(page: Page, found: PageFaces) -> PageFaces:
    """Return what was found on a page without a face, or that the page is damaged."""
    try:
        page.raise_if_damaged()
    except VisionError as error:
        return _unreadable(error)
    return found


def _unreadable(error: VisionError) -> PageFaces:
    return PageFaces([], 0, error.with_traceback(None))  # its frames would keep the page's pixels


def _glance(page: Page, detector: CenterFaceDetector) -> PageFaces | None:
    """Return the faces of a page if one of them is large, sure and upright at first glance."""
    factor = max(page.size) / GLANCE_LONG_SIDE
    faces = [face.scaled(factor) for face in detector.detect(page.preview(GLANCE_LONG_SIDE))]
    large = any(
        face.score >= _GLANCE_SCORE
        and abs(face.roll) <= CLEAR_ROLL
        and face.box.area >= _GLANCE_SHARE**2 * page.size[0] * page.size[1]
        for face in faces
    )
    return PageFaces(faces, 0) if large else None
