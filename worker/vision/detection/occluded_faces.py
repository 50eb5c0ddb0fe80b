"""Faces that a stamp, hologram lines or grain hide: a second search of the page, through filters."""

from collections.abc import Sequence
from dataclasses import replace

from worker.vision.detection.detector import Detector, DetectorProfile
from worker.vision.detection.filtered_page import filtered_pages
from worker.vision.detection.page_search import PageDetections, PageSearch, search_page
from worker.vision.documents import Page
from worker.vision.errors import VisionError
from worker.vision.geometry import DetectedFace


def all_may_be_ghosts(pages: Sequence[PageDetections], profile: DetectorProfile) -> bool:
    """Return whether every face of a document has so little contrast that the portrait may be hidden."""
    return max(found.contrast for found in pages) < profile.ghost_contrast


def add_occluded_faces(page: Page, found: PageDetections, detector: Detector) -> PageDetections:
    """Return the faces of a page and the further faces that the filters reveal."""
    if not found.faces:
        return _search_through_filters(page, detector)
    profile, faces = detector.profile, list(found.faces)
    for filtered in filtered_pages(page):
        try:
            detections = PageSearch(filtered, detector, profile.sizes.page).detect(found.quarters)
        except VisionError:
            break  # the faces found so far stay valid
        faces += [
            face for face in detections.faces if face.score >= profile.scores.occluded and _is_new(face, faces, profile)
        ]
    return replace(found, faces=faces)


def _search_through_filters(page: Page, detector: Detector) -> PageDetections:
    """Return the faces that the filters reveal on a page, in the orientation of the face with the highest score.

    If there is none, the result carries the error of a search that failed, if one did.
    """
    profile = detector.profile
    results = [search_page(filtered, detector, profile.sizes.page) for filtered in filtered_pages(page)]
    best = max(results, key=lambda found: found.best_score)
    if not best.faces:
        return next((found for found in results if found.error is not None), best)
    faces: list[DetectedFace] = []
    same_orientation = (face for found in results if found.quarters == best.quarters for face in found.faces)
    for face in sorted(same_orientation, key=lambda face: face.score, reverse=True):
        if _is_new(face, faces, profile):
            faces.append(face)
    return replace(best, faces=faces)


def _is_new(face: DetectedFace, known: Sequence[DetectedFace], profile: DetectorProfile) -> bool:
    return all(face.box.iou(other.box) < profile.same_face_iou for other in known)
