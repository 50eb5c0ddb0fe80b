"""The search of a document: one pass over each page, and closer searches only where they are needed.

One pass over each page settles most documents. If no page shows a face, the pages are searched at larger sizes. If that
finds no face either, the first three pages are searched through filters. The filters are also used if every face
has low contrast: such a face may be a ghost image, and its portrait may be hidden under a stamp.
"""

from collections.abc import Sequence

from worker.vision.detection.detector import Detector
from worker.vision.detection.occluded_faces import add_occluded_faces, all_may_be_ghosts
from worker.vision.detection.page_search import NO_DETECTIONS, PageDetections, failed_page, search_page
from worker.vision.documents import Page
from worker.vision.errors import VisionError

_MAX_CLOSEST_PAGES = 3
"""Maximum number of pages that are searched at the closest size, and of pages that are searched through filters. This
limits the time. The first pages that may show a face are taken."""


def find_faces(pages: Sequence[Page], detector: Detector, *, portrait_only: bool = False) -> list[PageDetections]:
    """Find the faces of each page of a document, in the orientation that shows them best.

    Parameters
    ----------
    pages
        All pages of the document.
    detector
        Finds upright faces; its profile has the sizes and thresholds.
    portrait_only
        Whether a face that is certainly the portrait is enough, so that other faces can be omitted.

    Returns
    -------
    list[PageDetections]
        One for each page. For a page that cannot be decoded it has no faces and the error.

    Raises
    ------
    VisionError
        The only page cannot be decoded.

    """
    if portrait_only and len(pages) == 1:
        dominant = _find_dominant_face(pages[0], detector)
        if dominant is not None:
            return [dominant]
    with_pictures = [index for index, page in enumerate(pages) if page.may_show_a_face]
    found = _search_pages(pages, with_pictures, detector)
    if all_may_be_ghosts(found, detector.profile):
        # Pages with a face come first: the hidden portrait is most likely on the same page.
        for index in sorted(with_pictures, key=lambda index: not found[index].faces)[:_MAX_CLOSEST_PAGES]:
            if found[index].error is None:
                found[index] = add_occluded_faces(pages[index], found[index], detector)
    return [on_page if on_page.faces else _checked(page, on_page) for page, on_page in zip(pages, found, strict=True)]


def _search_pages(pages: Sequence[Page], with_pictures: Sequence[int], detector: Detector) -> list[PageDetections]:
    """Search the pages with pictures at increasing sizes until one shows a face, and then the other pages."""
    sizes = detector.profile.sizes
    found = [NO_DETECTIONS] * len(pages)
    for long_side in (sizes.page, sizes.closer, sizes.closest):
        for index in with_pictures[:_MAX_CLOSEST_PAGES] if long_side == sizes.closest else with_pictures:
            if found[index].error is None:
                found[index] = search_page(pages[index], detector, long_side)
        if any(on_page.faces for on_page in found):
            return found
    for index in set(range(len(pages))).difference(with_pictures):
        found[index] = search_page(pages[index], detector, sizes.page)
    return found


def _checked(page: Page, found: PageDetections) -> PageDetections:
    """Return the result for a page without a face; it carries the error if the page is damaged."""
    try:
        page.raise_if_damaged()
    except VisionError as error:
        return failed_page(error)
    return found


def _find_dominant_face(page: Page, detector: Detector) -> PageDetections | None:
    """Search a page at a small size, and return its faces if one of them is large, clear and upright.

    Such a face, as in a selfie, is the portrait, even if a search at a larger size would find further faces.
    """
    profile = detector.profile
    factor = max(page.size) / profile.sizes.dominant
    faces = [face.scaled(factor) for face in detector.detect(page.preview(profile.sizes.dominant))]
    is_dominant = any(
        face.score >= profile.scores.dominant
        and abs(face.roll) <= profile.scores.clear_roll
        and face.box.area >= profile.dominant_share**2 * page.size[0] * page.size[1]
        for face in faces
    )
    return PageDetections(faces, 0) if is_dominant else None
