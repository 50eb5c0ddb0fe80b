"""Where the faces of a document are: a look at each page, and closer ones only where they are needed.

One look at each page settles most documents. A closer look follows only where no page shows a face. If that finds none,
the first three pages are searched through filters. The filters are also used where every face found is pale: it may be
a ghost, and its portrait may lie under a stamp.
"""

from collections.abc import Sequence

from worker.vision.detection.centerface import CenterFaceDetector
from worker.vision.detection.occluded_faces import may_be_ghosts, with_hidden_faces
from worker.vision.detection.page_search import CLEAR_ROLL, LONG_SIDE, NOTHING, PageFaces, searched, unreadable
from worker.vision.documents import Page
from worker.vision.errors import VisionError

CLOSER_LONG_SIDE = 768
CLOSEST_LONG_SIDE = 1152
"""Second and third look, where the one before has found nothing. At 768 a face of 60 pixels in a photo of 12
megapixels is seen, though unsurely; at 1152 one of 30 pixels on a page of 1754. The third look takes half a second
a page."""

_CLOSEST_PAGES = 3
"""Pages of a document that get the third look, and that are searched through filters: it bounds the time. They are the
first that may show a face."""

GLANCE_LONG_SIDE = 192
_GLANCE_SCORE = 0.85
_GLANCE_SHARE = 0.25
"""First look where only the portrait is asked for: a face this sure, and whose box is this share of the page's side,
as in a selfie, is the portrait, also where a larger look would find others. It costs a quarter of that."""


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
    with_pictures = [index for index, page in enumerate(pages) if page.may_show_a_face]
    found = _look_at_all(pages, with_pictures, detector)
    if may_be_ghosts(found):
        # Pages with a face first: the hidden portrait is most likely on the same page.
        for index in sorted(with_pictures, key=lambda index: not found[index].faces)[:_CLOSEST_PAGES]:
            if found[index].error is None:
                found[index] = with_hidden_faces(pages[index], found[index], detector)
    return [of_page if of_page.faces else _checked(page, of_page) for page, of_page in zip(pages, found, strict=True)]


def _look_at_all(pages: Sequence[Page], with_pictures: Sequence[int], detector: CenterFaceDetector) -> list[PageFaces]:
    """Look at the pages that may show a face, more closely until one does, and then at the others."""
    found = [NOTHING] * len(pages)
    for long_side in (LONG_SIDE, CLOSER_LONG_SIDE, CLOSEST_LONG_SIDE):
        for index in with_pictures[:_CLOSEST_PAGES] if long_side == CLOSEST_LONG_SIDE else with_pictures:
            if found[index].error is None:
                found[index] = searched(pages[index], detector, long_side)
        if any(of_page.faces for of_page in found):
            return found
    for index in set(range(len(pages))).difference(with_pictures):
        found[index] = searched(pages[index], detector, LONG_SIDE)
    return found


def _checked(page: Page, found: PageFaces) -> PageFaces:
    """Return what was found on a page without a face, or that the page is damaged."""
    try:
        page.raise_if_damaged()
    except VisionError as error:
        return unreadable(error)
    return found


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
