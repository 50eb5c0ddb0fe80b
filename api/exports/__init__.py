"""Exports of batch results: a CSV table and a ZIP archive of portraits."""
