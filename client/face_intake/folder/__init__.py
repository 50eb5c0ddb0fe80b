"""A folder of documents through the service: each once, however often the work is interrupted."""

from face_intake.folder.ledger import Ledger, Tally
from face_intake.folder.processor import Intake, Plan, documents_in
from face_intake.folder.table import write_table

__all__ = ["Intake", "Ledger", "Plan", "Tally", "documents_in", "write_table"]
