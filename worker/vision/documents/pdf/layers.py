"""Refuses PDFs with layers that are shown by a condition, which MuPDF does not evaluate.

MuPDF omits a layer (optional content group) that is switched off, and so does this package. A membership dictionary can
make content depend on layers by the policy ``AllOn`` or by the expression ``VE`` (ISO 32000-1, section 8.11.2.2). MuPDF
1.28 shows such content even if viewers hide it: a person could see one face on the page, and the service could use
another.
"""

import re

from worker.vision.documents.pdf.mupdf import pymupdf
from worker.vision.errors import PdfLayersError

_CONDITION = re.compile(r"/(VE|AllOn)(?![\w.-])")


def refuse_conditional_layers(document: pymupdf.Document) -> None:
    """Refuse a PDF whose layers depend on a condition that MuPDF does not evaluate.

    Raises
    ------
    PdfLayersError

    """
    if document.xref_get_key(document.pdf_catalog(), "OCProperties")[0] == "null":
        return
    for xref in range(1, document.xref_length()):
        if _CONDITION.search(document.xref_object(xref, compressed=True)):
            raise PdfLayersError("content depends on layers by a condition")
