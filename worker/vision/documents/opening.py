"""Bytes in, pages out: formats are told apart by content, and read within bounds."""

from collections.abc import Iterator
from contextlib import contextmanager

from PIL.TiffImagePlugin import TiffImageFile

from worker.vision.documents.formats import PDF, read_picture, recognise
from worker.vision.documents.pages import Document, Limits, Page, UnreadablePage
from worker.vision.documents.pdf import open_pdf
from worker.vision.documents.pillow_picture import PillowPicture
from worker.vision.documents.raster import RasterPage
from worker.vision.errors import (
    EmptyFileError,
    NoFaceError,
    PortraitBeyondPageLimitError,
    TooComplexError,
    VisionError,
    out_of_memory,
)

_TIFF_SUBFILE, _THUMBNAIL = 254, 1  # tag and bit (TIFF 6.0, NewSubfileType)


@contextmanager
def open_document(data: bytes, limits: Limits) -> Iterator[Document]:
    """Open a document for as long as its pages are used.

    Parameters
    ----------
    data
        The whole file.
    limits
        Bounds on formats, pages and pixels.

    Yields
    ------
    Document
        Its pages. Looking at one may raise as well.

    Raises
    ------
    EmptyFileError, UnsupportedFormatError
        By the first bytes.
    UnreadableImageError, ImageTooLargeError
        By a picture.
    UnreadablePdfError, EncryptedPdfError, EmptyPdfError
        By a PDF as a whole.
    TooComplexError
        Memory ran out, here or while the pages were used.

    """
    if not data:
        raise EmptyFileError("the file has no bytes")
    name = recognise(data, limits.formats)
    try:
        if name == PDF:
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
    """Return the pages of a TIFF; thumbnails of a page are none."""
    pages: list[Page] = []
    frames, more = _tiff_pages(data, limits.max_pages)
    for number, frame in enumerate(frames, 1):
        try:
            pages.append(RasterPage(read_picture(data, "tiff", frame), number, limits.max_pixels))
        except VisionError as error:
            pages.append(UnreadablePage(number, error))
    return Document(pages, PortraitBeyondPageLimitError if more else NoFaceError)


def _tiff_pages(data: bytes, most: int) -> tuple[list[int], bool]:
    """Return the numbers of the frames that are pages, so many at most, and whether there are more."""
    frames: list[int] = []
    with PillowPicture(data, "TIFF").opened() as picture:
        for frame in range(2 * most + 1):
            try:
                picture.seek(frame)
            except Exception:  # noqa: BLE001 - there is no such frame, or no sound one
                break
            if not (isinstance(picture, TiffImageFile) and picture.tag_v2.get(_TIFF_SUBFILE, 0) & _THUMBNAIL):
                frames.append(frame)
    return frames[:most] or [0], len(frames) > most
