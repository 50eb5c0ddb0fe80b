"""PyMuPDF without its layout analysis, and MuPDF itself for what PyMuPDF does not wrap.

``import pymupdf`` imports ``pymupdf.layout`` if it can, which loads neural networks. Nothing here calls them, and they
would cost a third of a second at every start of a program and memory in each of its processes. A module that is None
in ``sys.modules`` cannot be imported (Python Language Reference, 5.3.1), and PyMuPDF does without it.
"""

import sys
from typing import Any

sys.modules.setdefault("pymupdf.layout", None)  # type: ignore[arg-type] # None is documented, not typed

import pymupdf  # noqa: E402

Native = Any
"""An object of MuPDF's bindings, which are generated without types."""

mupdf: Native = pymupdf.mupdf

__all__ = ["Native", "mupdf", "pymupdf"]
