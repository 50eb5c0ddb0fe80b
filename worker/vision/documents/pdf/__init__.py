"""PDF documents: rendered pages, and pages that consist of one scan."""
