"""Finds the faces on the pages of a document, and the upright orientation of each page."""
