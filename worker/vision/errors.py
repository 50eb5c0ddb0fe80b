"""Errors of documents and models. Each has a stable ``code``; the sentences for users are outside this package."""

from typing import ClassVar, Literal

Role = Literal["selfie", "id_photo"]
"""Which of the two pictures of a comparison."""


class VisionError(Exception):
    """The request cannot be fulfilled with this document. A retry cannot help."""

    code: ClassVar[str]

    def __init__(self, message: str, role: Role | None = None) -> None:
        super().__init__(message)
        self.role = role


class UnsupportedFormatError(VisionError):
    """The file has no supported format."""

    code = "unsupported_format"


class EmptyFileError(VisionError):
    """The file has no bytes."""

    code = "empty_file"


class UnreadableImageError(VisionError):
    """The picture is damaged or truncated."""

    code = "unreadable_image"


class ImageTooLargeError(VisionError):
    """The picture has more pixels than the limit."""

    code = "image_too_large"


class TooComplexError(VisionError):
    """Reading the document takes more memory or more decoder passes than an identity document can need."""

    code = "document_too_complex"


class UnreadablePdfError(VisionError):
    """The PDF is damaged."""

    code = "unreadable_pdf"


class EncryptedPdfError(VisionError):
    """The PDF requires a password."""

    code = "encrypted_pdf"


class PdfLayersError(VisionError):
    """The PDF shows its layers by conditions that are not supported."""

    code = "pdf_layers"


class EmptyPdfError(VisionError):
    """The PDF has no pages."""

    code = "empty_pdf"


class NoFaceError(VisionError):
    """No page shows a face that can be the holder's portrait."""

    code = "no_face"


class PortraitBeyondPageLimitError(NoFaceError):
    """No page up to the page limit shows a face, and the document has more pages."""

    code = "portrait_beyond_page_limit"


class PdfAttachmentsError(NoFaceError):
    """No page shows a face, and the PDF contains files: it is a portfolio, or the document is attached to it."""

    code = "pdf_attachments"


class PdfFormError(NoFaceError):
    """No page shows a face, and the PDF is an XFA form, whose pages are shown only by the software that made it."""

    code = "pdf_form"


def reading_error(error: Exception, otherwise: type[VisionError]) -> VisionError:
    """Convert a decoder's error: to ``TooComplexError`` if memory ran out, else to the given type."""
    return TooComplexError("not enough memory") if out_of_memory(error) else otherwise(str(error))


def out_of_memory(error: Exception) -> bool:
    """Return whether memory ran out.

    Besides Python's ``MemoryError``, this recognises the messages of libraries: MuPDF's ``malloc (...) failed``,
    onnxruntime's ``Failed to allocate``, OpenCV's ``Insufficient memory``.
    """
    message = str(error)
    return isinstance(error, MemoryError) or "alloc" in message or "Insufficient memory" in message


class ModelError(Exception):
    """A model is missing, differs from the pinned one, or cannot be prepared. The message has one line."""
