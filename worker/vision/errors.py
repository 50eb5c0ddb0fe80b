"""What can be wrong with a document or a model: a stable ``code`` each. The words for people are not this room's."""

from typing import ClassVar, Literal

Role = Literal["selfie", "id_photo"]
"""Which of the two pictures of a comparison."""


class VisionError(Exception):
    """A document cannot give what was asked of it; trying again cannot help."""

    code: ClassVar[str]

    def __init__(self, message: str, role: Role | None = None) -> None:
        super().__init__(message)
        self.role = role


class UnsupportedFormatError(VisionError):
    """The bytes are of no format that is read."""

    code = "unsupported_format"


class EmptyFileError(VisionError):
    """There are no bytes."""

    code = "empty_file"


class UnreadableImageError(VisionError):
    """A picture that is broken or cut off."""

    code = "unreadable_image"


class ImageTooLargeError(VisionError):
    """A picture of more pixels than the limit."""

    code = "image_too_large"


class TooComplexError(VisionError):
    """A document that takes more memory or more passes to read than a picture of an identity document can need."""

    code = "document_too_complex"


class UnreadablePdfError(VisionError):
    """A PDF that is broken."""

    code = "unreadable_pdf"


class EncryptedPdfError(VisionError):
    """A PDF that asks for a password."""

    code = "encrypted_pdf"


class PdfLayersError(VisionError):
    """A PDF whose layers are shown by conditions that cannot be followed."""

    code = "pdf_layers"


class EmptyPdfError(VisionError):
    """A PDF without pages."""

    code = "empty_pdf"


class NoFaceError(VisionError):
    """No page shows a face that can be the holder's portrait."""

    code = "no_face"


class PortraitBeyondPageLimitError(NoFaceError):
    """No page that is read shows a face, and there are more pages than are read."""

    code = "portrait_beyond_page_limit"


class PdfAttachmentsError(NoFaceError):
    """No page shows a face, and the PDF carries files: it is a portfolio, or the document is an attachment."""

    code = "pdf_attachments"


class PdfFormError(NoFaceError):
    """No page shows a face, and the PDF is a form (XFA) whose pages only its maker's program shows."""

    code = "pdf_form"


def reading_error(error: Exception, otherwise: type[VisionError]) -> VisionError:
    """Return what a decoder's error says of the document: that memory ran out or, whatever else it is, this kind."""
    return TooComplexError("not enough memory") if out_of_memory(error) else otherwise(str(error))


def out_of_memory(error: Exception) -> bool:
    """Tell whether memory ran out, which each library says in its own words.

    Beside Python's own error: MuPDF's ``malloc (...) failed``, onnxruntime's ``Failed to allocate``, OpenCV's
    ``Insufficient memory``.
    """
    words = str(error)
    return isinstance(error, MemoryError) or "alloc" in words or "Insufficient memory" in words


class ModelError(Exception):
    """A model is missing, is not the one that was pinned, or cannot be prepared: a fault of the set-up, one line."""
