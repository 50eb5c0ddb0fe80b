"""PyMuPDF without its layout analysis.

``import pymupdf`` imports ``pymupdf.layout`` if it can, which loads neural networks. Nothing here calls them, and they
would cost a third of a second at every start of a program and memory in each of its processes. A module that is None
in ``sys.modules`` cannot be imported (Python Language Reference, 5.3.1), and PyMuPDF does without it.
"""

import sys

sys.modules.setdefault("pymupdf.layout", None)  # type: ignore[arg-type] # None is documented, not typed

import pymupdf  # noqa: E402

__all__ = ["pymupdf"]
