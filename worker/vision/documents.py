"""Bytes in, pages out: JPEG, PNG and PDF, told apart by content, within bounds."""

from collections.abc import Iterator
from contextlib import contextmanager

from worker.vision.errors import (
    EmptyFileError,
    TooComplexError,
    UnsupportedFormatError,
    VisionError,
    out_of_memory,
)
from worker.vision.pages import Limits, Page
from worker.vision.pdf import open_pdf
from worker.vision.raster import RasterPage

_JPEG = b"\xff\xd8\xff"
_PNG = b"\x89PNG\r\n\x1a\n"
_PDF = b"%PDF-"
_PDF_HEADER_WITHIN = 1024  # bytes; readers accept a header that late (ISO 32000-1, annex H, note 13)


@contextmanager
def open_document(data: bytes, limits: Limits) -> Iterator[list[Page]]:
    """Open a document for as long as its pages are used.

    Parameters
    ----------
    data
        The whole file.
    limits
        Bounds on pages and pixels.

    Yields
    ------
    list[Page]
        At least one page. Reading them may raise as well.

    Raises
    ------
    EmptyFileError, UnsupportedFormatError
        By the first bytes.
    UnreadableImageError, ImageTooLargeError
        By a picture, at once or when it is decoded.
    UnreadablePdfError, EncryptedPdfError, EmptyPdfError
        By a PDF.
    TooComplexError
        Memory ran out, here or while the pages were used.

    """
    if not data:
        raise EmptyFileError("the file has no bytes")
    try:
        with _opened(data, limits) as pages:
            yield pages
    except VisionError:
        raise
    except Exception as error:
        if out_of_memory(error):
            raise TooComplexError("not enough memory") from error
        raise


@contextmanager
def _opened(data: bytes, limits: Limits) -> Iterator[list[Page]]:
    if data.startswith((_JPEG, _PNG)):
        yield [RasterPage(data, number=1, max_pixels=limits.max_pixels)]
    elif _PDF in data[:_PDF_HEADER_WITHIN]:
        with open_pdf(data, limits.max_pages, limits.max_pixels) as pages:
            yield pages
    else:
        raise UnsupportedFormatError("neither JPEG, PNG nor PDF by its first bytes")
