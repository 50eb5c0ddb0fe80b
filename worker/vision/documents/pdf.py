"""PDF, opened: its pages, and why it may show no face."""

from collections.abc import Iterator
from contextlib import contextmanager

from worker.vision.documents.mupdf import pymupdf
from worker.vision.documents.pages import Document, Page, UnreadablePage
from worker.vision.documents.pdf_pages import RenderedPage, ScannedPage
from worker.vision.documents.pdf_scan import scan_of
from worker.vision.documents.pdf_trace import ONE_PICTURE, drawing_of, kinds_of, may_show_a_picture
from worker.vision.documents.raster import RasterPage
from worker.vision.errors import (
    EmptyPdfError,
    EncryptedPdfError,
    NoFaceError,
    PdfAttachmentsError,
    PdfFormError,
    PortraitBeyondPageLimitError,
    UnreadablePdfError,
    VisionError,
    reading_error,
)
from worker.vision.stages import stage

pymupdf.TOOLS.mupdf_display_errors(False)  # noqa: FBT003 - a damaged file is the applicant's news, not the log's
pymupdf.TOOLS.mupdf_display_warnings(False)  # noqa: FBT003


@contextmanager
def open_pdf(data: bytes, max_pages: int, max_pixels: int) -> Iterator[Document]:
    """Open a PDF for as long as its pages are used.

    Raises
    ------
    EncryptedPdfError, EmptyPdfError, UnreadablePdfError, TooComplexError

    """
    try:
        document = pymupdf.open(stream=data, filetype="pdf")
    except Exception as error:
        raise reading_error(error, UnreadablePdfError) from error
    with document:
        if document.needs_pass:
            raise EncryptedPdfError("the PDF asks for a password")
        try:
            count = document.page_count
            faceless = _faceless(document, count > max_pages)
        except Exception as error:
            raise reading_error(error, UnreadablePdfError) from error
        if count == 0:
            raise EmptyPdfError("the PDF has no pages")
        yield Document([_page(document, index, max_pixels) for index in range(min(count, max_pages))], faceless)


def _faceless(document: pymupdf.Document, more_pages: bool) -> type[NoFaceError]:  # noqa: FBT001
    """Return what to say if the pages that are read show no face."""
    catalog = document.pdf_catalog()
    if document.embfile_count() or document.xref_get_key(catalog, "Collection")[0] != "null":
        return PdfAttachmentsError
    if document.xref_get_key(catalog, "AcroForm/XFA")[0] != "null":
        return PdfFormError
    return PortraitBeyondPageLimitError if more_pages else NoFaceError


@stage("open")
def _page(document: pymupdf.Document, index: int, max_pixels: int) -> Page:
    try:
        return _readable_page(document, index, max_pixels)
    except VisionError as error:
        return UnreadablePage(index + 1, error)
    except Exception as error:  # noqa: BLE001 - whatever a damaged page makes MuPDF raise
        return UnreadablePage(index + 1, reading_error(error, UnreadablePdfError))


def _readable_page(document: pymupdf.Document, index: int, max_pixels: int) -> Page:
    page = document.load_page(index)
    kinds = kinds_of(page)
    if kinds == ONE_PICTURE.kinds:
        scanned = _scanned(document, page, index + 1, max_pixels)
        if scanned is not None:
            return scanned
    drawing = drawing_of(page, kinds)
    return RenderedPage(page, index + 1, max_pixels, drawing, may_show_a_face=may_show_a_picture(page, drawing))


def _scanned(document: pymupdf.Document, page: pymupdf.Page, number: int, max_pixels: int) -> ScannedPage | None:
    rotation = page.rotation
    page.set_rotation(0)  # so that the scan is looked for in the frame it was placed in
    try:
        picture = scan_of(document, page)
    finally:
        page.set_rotation(rotation)
    if picture is None:
        return None
    scan = RasterPage(picture, number, max_pixels, quarters=-rotation // 90 % 4)  # a PDF turns clockwise
    return ScannedPage(scan, RenderedPage(page, number, max_pixels, ONE_PICTURE, size=scan.size))
