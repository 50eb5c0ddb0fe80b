"""Opens a PDF: its pages, and the reason why it may show no face."""

from collections.abc import Iterator
from contextlib import contextmanager

from worker.vision.documents.pages import Document, Page, UnreadablePage
from worker.vision.documents.pdf.layers import refuse_conditional_layers
from worker.vision.documents.pdf.mupdf import pymupdf
from worker.vision.documents.pdf.pages import RenderedPage, ScannedPage
from worker.vision.documents.pdf.scan import find_scan
from worker.vision.documents.pdf.trace import ONE_PICTURE, drawing_operations, may_show_a_picture, trace_drawing
from worker.vision.documents.pictures.raster import RasterPage
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

_ATTACHMENT = 17  # PyMuPDF's PDF_ANNOT_FILE_ATTACHMENT, which is missing in its type stubs

pymupdf.TOOLS.mupdf_display_errors(False)  # noqa: FBT003 - damage is reported by errors, not in the log
pymupdf.TOOLS.mupdf_display_warnings(False)  # noqa: FBT003


@contextmanager
def open_pdf(data: bytes, max_pages: int, max_pixels: int) -> Iterator[Document]:
    """Open a PDF while its pages are used.

    Raises
    ------
    EncryptedPdfError, EmptyPdfError, PdfLayersError, UnreadablePdfError, TooComplexError

    """
    try:
        document = pymupdf.open(stream=data, filetype="pdf")
    except Exception as error:
        raise reading_error(error, UnreadablePdfError) from error
    with document:
        if document.needs_pass:
            raise EncryptedPdfError("the PDF requires a password")
        try:
            count = document.page_count
            refuse_conditional_layers(document)
        except VisionError:
            raise
        except Exception as error:
            raise reading_error(error, UnreadablePdfError) from error
        if count == 0:
            raise EmptyPdfError("the PDF has no pages")
        pages = [_page(document, index, max_pixels) for index in range(min(count, max_pages))]
        yield Document(pages, lambda: _no_face_error(document, max_pages))


def _no_face_error(document: pymupdf.Document, max_pages: int) -> type[NoFaceError]:
    """Return the error type for a document whose pages could be read and show no face."""
    catalog = document.pdf_catalog()
    read = range(min(document.page_count, max_pages))
    attached = any(True for index in read for _ in document[index].annots(types=[_ATTACHMENT]))
    if attached or document.embfile_count() or _has(document, catalog, "Collection") or _has(document, catalog, "AF"):
        return PdfAttachmentsError
    if _has(document, catalog, "AcroForm/XFA"):
        return PdfFormError
    return PortraitBeyondPageLimitError if document.page_count > max_pages else NoFaceError


def _has(document: pymupdf.Document, xref: int, key: str) -> bool:
    return str(document.xref_get_key(xref, key)[0]) != "null"


@stage("open")
def _page(document: pymupdf.Document, index: int, max_pixels: int) -> Page:
    try:
        return _readable_page(document, index, max_pixels)
    except VisionError as error:
        return UnreadablePage(index + 1, error)
    except Exception as error:  # noqa: BLE001 - MuPDF raises many types of errors for a damaged page
        return UnreadablePage(index + 1, reading_error(error, UnreadablePdfError))


def _readable_page(document: pymupdf.Document, index: int, max_pixels: int) -> Page:
    page = document.load_page(index)
    operations = drawing_operations(page)
    if operations == ONE_PICTURE.operations:
        scanned = _scanned(document, page, index + 1, max_pixels)
        if scanned is not None:
            return scanned
    drawing = trace_drawing(page, operations, max_pixels)
    return RenderedPage(page, index + 1, max_pixels, drawing, may_show_a_face=may_show_a_picture(page, drawing))


def _scanned(document: pymupdf.Document, page: pymupdf.Page, number: int, max_pixels: int) -> ScannedPage | None:
    rotation = page.rotation
    page.set_rotation(0)  # the scan is searched in the frame of the unrotated page
    try:
        picture = find_scan(document, page)
    finally:
        page.set_rotation(rotation)
    if picture is None:
        return None
    scan = RasterPage(picture, number, max_pixels, quarters=-rotation // 90 % 4)  # PDF rotation is clockwise
    return ScannedPage(scan, RenderedPage(page, number, max_pixels, ONE_PICTURE, size=scan.size))
