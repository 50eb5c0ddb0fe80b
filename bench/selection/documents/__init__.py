"""Composes documents with known positions of the portrait and other faces."""
