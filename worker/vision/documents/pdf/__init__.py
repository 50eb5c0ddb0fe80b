"""PDF documents: their pages, rendered, or the scan that a page consists of."""
