"""Faces that a stamp, hologram lines or grain hide: the pages are searched again through filters."""

from collections.abc import Sequence
from dataclasses import replace

from worker.vision.detection.centerface import CenterFaceDetector
from worker.vision.detection.filtered_page import filtered
from worker.vision.detection.page_search import LONG_SIDE, PageFaces, PageSearch, searched
from worker.vision.documents import Page
from worker.vision.errors import VisionError
from worker.vision.geometry import Face

_PALE = 0.18
"""Contrast below which a face may be a ghost. Nine ghosts on composed documents whose portrait was hidden had 0.04 to
0.17; five of 25 specimen portraits are as pale, and cost three further looks for it, 40 ms on a card."""

_UNCOVERED_SCORE = 0.65
"""Where pale faces were found, a face seen through a filter counts from this score; hidden portraits had 0.7 up."""

_SAME_FACE = 0.3  # intersection over union from which boxes of two looks are one face


def may_be_ghosts(found: Sequence[PageFaces]) -> bool:
    """Tell whether all faces of a document are so pale that their portrait may be hidden."""
    return max(of_page.contrast for of_page in found) < _PALE


def with_hidden_faces(page: Page, found: PageFaces, detector: CenterFaceDetector) -> PageFaces:
    """Return the faces of a page and those that filters uncover on it."""
    if not found.faces:
        return search_through_filters(page, detector)
    faces = list(found.faces)
    for seen in filtered(page):
        try:
            look = PageSearch(seen, detector, LONG_SIDE).look(found.quarters)
        except VisionError:
            break  # what was found before stands
        faces += [face for face in look.faces if face.score >= _UNCOVERED_SCORE and _is_new(face, faces)]
    return replace(found, faces=faces)


def search_through_filters(page: Page, detector: CenterFaceDetector) -> PageFaces:
    """Return the faces that filters uncover on a page, the way up of the surest; none with the error of a look."""
    looks = [searched(seen, detector, LONG_SIDE) for seen in filtered(page)]
    surest = max(looks, key=lambda look: look.best_score)
    if not surest.faces:
        return next((look for look in looks if look.error is not None), surest)
    faces: list[Face] = []
    same_way_up = (face for look in looks if look.quarters == surest.quarters for face in look.faces)
    for face in sorted(same_way_up, key=lambda face: face.score, reverse=True):
        if _is_new(face, faces):
            faces.append(face)
    return replace(surest, faces=faces)


def _is_new(face: Face, known: Sequence[Face]) -> bool:
    return all(face.box.iou(other.box) < _SAME_FACE for other in known)
