"""From the bytes of a file to pages that can be looked at: formats, bounds, colours, orientation."""

from worker.vision.documents.formats import FORMATS
from worker.vision.documents.opening import open_document, preload
from worker.vision.documents.pages import Document, Limits, Page

__all__ = ["FORMATS", "Document", "Limits", "Page", "open_document", "preload"]
