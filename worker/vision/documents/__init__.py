"""Reads documents: from the bytes of a file to pages, with formats, limits, colours and orientation."""

from worker.vision.documents.formats import FORMATS
from worker.vision.documents.opening import open_document, preload
from worker.vision.documents.pages import Document, Limits, Page

__all__ = ["FORMATS", "Document", "Limits", "Page", "open_document", "preload"]
