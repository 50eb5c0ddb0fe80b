"""Opens documents: bytes in, pages out. The format is detected by content, and limits apply."""

from collections.abc import Iterator
from contextlib import contextmanager

from worker.vision.documents.formats import PDF, detect_format, read_picture
from worker.vision.documents.pages import Document, Limits, Page, UnreadablePage
from worker.vision.documents.pictures import tiff
from worker.vision.documents.pictures.raster import RasterPage
from worker.vision.errors import (
    EmptyFileError,
    NoFaceError,
    PortraitBeyondPageLimitError,
    TooComplexError,
    UnreadableImageError,
    VisionError,
    out_of_memory,
)


def preload() -> None:
    """Import the PDF reader now instead of at the first PDF.

    PyMuPDF takes 0.8 s to import. It is imported late, so that programs that read no PDF do not pay for it. A process
    that forks others calls this first, so that they share its memory.
    """
    import worker.vision.documents.pdf.document  # noqa: F401, PLC0415


@contextmanager
def open_document(data: bytes, limits: Limits) -> Iterator[Document]:
    """Open a document while its pages are used.

    Parameters
    ----------
    data
        The whole file.
    limits
        Limits on formats, pages and pixels.

    Yields
    ------
    Document
        Its pages. Reading a page may raise too.

    Raises
    ------
    EmptyFileError, UnsupportedFormatError
        The file is empty or has no supported format.
    UnreadableImageError, ImageTooLargeError
        A picture cannot be read.
    UnreadablePdfError, EncryptedPdfError, EmptyPdfError, PdfLayersError
        A PDF cannot be read.
    TooComplexError
        Memory ran out, here or while the pages were used.

    """
    if not data:
        raise EmptyFileError("the file has no bytes")
    name = detect_format(data, limits.formats)
    try:
        if name == PDF:
            from worker.vision.documents.pdf.document import open_pdf  # noqa: PLC0415 - see `preload`

            with open_pdf(data, limits.max_pages, limits.max_pixels) as document:
                yield document
        elif name == "tiff":
            yield _tiff(data, limits)
        else:
            yield Document([RasterPage(read_picture(data, name), 1, limits.max_pixels)])
    except VisionError:
        raise
    except Exception as error:
        if out_of_memory(error):
            raise TooComplexError("not enough memory") from error
        raise


def _tiff(data: bytes, limits: Limits) -> Document:
    """Return the pages of a TIFF."""
    directories, more = tiff.pages(data, limits.max_pages)
    if not directories:
        raise UnreadableImageError("the TIFF has no page")
    found: list[Page] = []
    for number, directory in enumerate(directories, 1):
        try:
            picture = read_picture(tiff.page_file(data, directory), "tiff")
            found.append(RasterPage(picture, number, limits.max_pixels))
        except VisionError as error:
            found.append(UnreadablePage(number, error))
    return Document(found, lambda: PortraitBeyondPageLimitError if more else NoFaceError)
