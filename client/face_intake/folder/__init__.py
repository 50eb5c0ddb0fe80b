"""Processes a folder of documents. Each document is submitted once, even if the run is interrupted."""

from face_intake.folder.ledger import Counts, Ledger
from face_intake.folder.processor import FolderProcessor, ProcessingOptions, find_documents
from face_intake.folder.table import write_table

__all__ = ["Counts", "FolderProcessor", "Ledger", "ProcessingOptions", "find_documents", "write_table"]
