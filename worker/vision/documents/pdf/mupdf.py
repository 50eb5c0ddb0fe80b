"""PyMuPDF without its layout analysis, and MuPDF's own bindings for functions that PyMuPDF does not wrap.

``import pymupdf`` tries to import ``pymupdf.layout``, which loads neural networks. They are not used here, and would
take a third of a second at every start and memory in every process. A module that is None in ``sys.modules`` cannot be
imported (Python Language Reference, 5.3.1); PyMuPDF works without it.
"""

import sys
from typing import Any

sys.modules.setdefault("pymupdf.layout", None)  # type: ignore[arg-type] # None is documented, not typed

import pymupdf  # noqa: E402

Native = Any
"""An object of MuPDF's bindings, which have no type annotations."""

mupdf: Native = pymupdf.mupdf

__all__ = ["Native", "mupdf", "pymupdf"]
